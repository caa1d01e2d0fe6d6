-- Identity: staff, sessions, one-time codes, failed sign-ins, and the answers kept for Idempotency-Key.
-- Persons stand in 0002. Nothing here holds an ID number, a phone number, a token, a code or a password in clear.

create table staff (
  id text collate "C" primary key constraint staff_id_form check (id ~ '^staff_[A-Za-z0-9]{1,40}$'),
  name text not null constraint staff_name_once unique constraint staff_name_form check (name ~ '^[a-z0-9][a-z0-9._-]{1,39}$'),
  display_name text not null constraint staff_display_name_not_blank check (btrim(display_name) <> ''),
  roles text[] not null
    constraint staff_roles check (roles <@ array['clerk', 'checker', 'administrator', 'auditor'] and cardinality(roles) > 0),
  password_hash text not null constraint staff_password_hash check (password_hash like '$argon2id$%'),
  active boolean not null default true,
  created_at timestamptz not null,
  changed_at timestamptz not null
);

comment on table staff is 'Who works at the centre. Somebody who leaves is made inactive, never deleted: their acts name them';
comment on column staff.name is 'What is typed to sign in';

create table session (
  token_hash bytea primary key constraint session_token_hash check (length(token_hash) = 32),
  person_id text collate "C" constraint session_person references person,
  staff_id text collate "C" constraint session_staff references staff,
  created_at timestamptz not null,
  seen_at timestamptz not null,
  ends_at timestamptz not null,
  constraint session_one_actor check (num_nonnulls(person_id, staff_id) = 1),
  constraint session_order check (created_at <= seen_at and created_at < ends_at)
);

create index session_of_person on session (person_id) where person_id is not null;
create index session_of_staff on session (staff_id) where staff_id is not null;
create index session_end on session (ends_at);

comment on table session is 'Who is signed in. Deleted at sign-out; rows past their end are swept';
comment on column session.token_hash is 'SHA-256 of the cookie''s 32 random bytes: a copy of this table opens no session';
comment on column session.seen_at is 'Last use, written at most once a minute; idle time counts from here';
comment on column session.ends_at is 'Absolute end, whatever the use';

-- One row. Blinds document numbers and staff names below, also of those whom we do not know.
create table sign_in_pepper (
  one boolean primary key default true constraint sign_in_pepper_one check (one),
  pepper bytea not null constraint sign_in_pepper_length check (length(pepper) = 32)
);

insert into sign_in_pepper (pepper)
values (sha256(convert_to(gen_random_uuid()::text || gen_random_uuid()::text || gen_random_uuid()::text, 'UTF8')));

create table sign_in_code (
  challenge_hash bytea primary key constraint sign_in_code_challenge_hash check (length(challenge_hash) = 32),
  subject bytea not null constraint sign_in_code_subject check (length(subject) = 32),
  person_id text collate "C" constraint sign_in_code_person references person,
  code_hash bytea not null constraint sign_in_code_code_hash check (length(code_hash) = 32),
  tries integer not null default 0 constraint sign_in_code_tries check (tries between 0 and 5),
  created_at timestamptz not null,
  expires_at timestamptz not null,
  used_at timestamptz
);

create index sign_in_code_of_subject on sign_in_code (subject, created_at);
create index sign_in_code_created on sign_in_code (created_at);

comment on table sign_in_code is 'One-time codes by SMS. A row is written whether or not the person is known, so that nobody can tell; swept after a day';
comment on column sign_in_code.challenge_hash is 'SHA-256 of the challenge that only the asking browser holds';
comment on column sign_in_code.subject is 'HMAC-SHA-256 under the pepper of document type and number: counts the codes sent';
comment on column sign_in_code.code_hash is 'HMAC-SHA-256 of the code under the challenge: six digits cannot be searched for without the challenge';
comment on column sign_in_code.person_id is 'Empty when nobody has this document or no phone is known: such a code never opens a session';

create table sign_in_failure (
  subject bytea primary key constraint sign_in_failure_subject check (length(subject) = 32),
  failures integer not null constraint sign_in_failure_failures check (failures >= 0),
  last_at timestamptz not null,
  locked_until timestamptz
);

comment on table sign_in_failure is 'Failed sign-ins of staff by blinded name, known or not; gone after a success or a day';

create table sign_in_event (
  id bigint generated always as identity primary key,
  at timestamptz not null,
  person_id text collate "C" constraint sign_in_event_person references person,
  staff_id text collate "C" constraint sign_in_event_staff references staff,
  outcome text not null constraint sign_in_event_outcome check (outcome in ('signed_in', 'refused', 'locked', 'signed_out')),
  constraint sign_in_event_one_actor check (num_nonnulls(person_id, staff_id) = 1)
);

create index sign_in_event_of_staff on sign_in_event (staff_id, at) where staff_id is not null;
create index sign_in_event_of_person on sign_in_event (person_id, at) where person_id is not null;

comment on table sign_in_event is 'Who signed in and out, and whose sign-in was refused, for the auditor';

create function sign_in_event_is_append_only() returns trigger language plpgsql as $$
begin
  raise exception 'sign_in_event is append-only' using errcode = 'CZ020';
end $$;

create trigger sign_in_event_append_only before update or delete or truncate on sign_in_event
  for each statement execute function sign_in_event_is_append_only();

create table idempotency (
  id bytea primary key constraint idempotency_id check (length(id) = 32),
  request_digest bytea not null constraint idempotency_request_digest check (length(request_digest) = 32),
  status integer constraint idempotency_status check (status between 200 and 499),
  answer bytea,
  created_at timestamptz not null,
  constraint idempotency_answered check ((status is null) = (answer is null))
);

create index idempotency_created on idempotency (created_at);

comment on table idempotency is 'What was answered to a request with an Idempotency-Key, written in the transaction of the work; swept after two days';
comment on column idempotency.id is 'SHA-256 of actor and key: the key itself is not kept';
comment on column idempotency.request_digest is 'HMAC-SHA-256 under the client''s key of method, route, address and body: without the key nothing can be guessed from it';
comment on column idempotency.answer is 'The answer, AES-256-GCM under a key derived from the client''s: only who sends the key again can read it';
