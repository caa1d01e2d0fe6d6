-- Levels of a seal above B-B (FORMAT.md §9). What is stored never changes; which certificate is to be raised next does.

-- /Contents ends in zeros, room for a time-stamp that comes later. They are not kept: `padding_length` of them stood at
-- `padding_at` of the suffix. Files of earlier versions were kept whole.
alter table certificate_issue add column padding_at integer not null default 0;
alter table certificate_issue add column padding_length integer not null default 0;
alter table certificate_issue add constraint certificate_padding
  check (padding_length >= 0 and padding_at between 0 and octet_length(suffix));

-- The sealed file at level B-B, byte for byte.
create function certificate_file(prefix bytea, suffix bytea, padding_at integer, padding_length integer) returns bytea
  language sql immutable parallel safe
  return prefix || substring(suffix from 1 for padding_at) || convert_to(repeat('0', padding_length), 'UTF8')
    || substring(suffix from padding_at + 1);

-- Certificates, revocation lists and OCSP answers that stand in stores: many files hold the same ones, they are kept once.
create table seal_evidence (
  id bigint generated always as identity primary key,
  kind text not null check (kind in ('certificate', 'crl', 'ocsp')),
  der bytea not null,
  digest bytea not null constraint seal_evidence_once unique,
  -- of a list: where it was fetched, and when it ends
  url text,
  next_update timestamptz,
  fetched_at timestamptz not null,
  constraint seal_evidence_digest check (digest = sha256(der))
);
alter table seal_evidence alter column der set storage external;
create index seal_evidence_of_url on seal_evidence (url, id desc) where url is not null;

-- Each step that a file was raised by, in the order in which it was. 1 is the token of B-T; those after it are additions,
-- which follow the file in this order. A renewal adds further steps of level B-LTA.
create table certificate_level (
  certificate_id text collate "C" not null references certificate_issue,
  step smallint not null check (step >= 1),
  level text not null check (level in ('B-T', 'B-LT', 'B-LTA')),
  -- the token, or the addition's bytes, packed: service/src/sealing/packing.ts
  packed bytea not null,
  -- SHA-256 of the whole file after this step
  file_digest bytea not null check (octet_length(file_digest) = 32),
  raised_at timestamptz not null,
  primary key (certificate_id, step),
  constraint certificate_level_begins check ((step = 1) = (level = 'B-T'))
);
alter table certificate_level alter column packed set storage external;
create trigger certificate_level_append_only before update or delete on certificate_level for each row execute function certificate_guard();
create trigger certificate_level_no_truncate before truncate on certificate_level for each statement execute function certificate_guard();
create trigger seal_evidence_append_only before update or delete on seal_evidence for each row execute function certificate_guard();
create trigger seal_evidence_no_truncate before truncate on seal_evidence for each statement execute function certificate_guard();

-- When each file is to be raised or renewed next. Only files with room for a time-stamp are here.
create table certificate_raise (
  certificate_id text collate "C" primary key references certificate_issue,
  level text not null default 'B-B' check (level in ('B-B', 'B-T', 'B-LT', 'B-LTA')),
  -- 'infinity' while there is nothing to do
  due_at timestamptz not null,
  failures integer not null default 0,
  -- of the newest time-stamp: by which hash and kind of key it is signed
  algorithm text
);
create index certificate_raise_due on certificate_raise (due_at) where due_at < 'infinity';

-- What an authority's tokens take, as last seen: so that room is reserved also while it cannot be asked.
create table time_stamp_authority (
  url text primary key,
  token_length integer not null check (token_length > 0),
  seen_at timestamptz not null
);
