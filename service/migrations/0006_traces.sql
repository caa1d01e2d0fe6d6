-- Traces: the record of every look at a person's data and of every check, each a leaf of the log.
create table trace (
  id text collate "C" primary key constraint trace_id_form check (id ~ '^trc_[a-z0-9]{16,40}$'),
  kind text not null,
  actor text not null,
  -- whose data, when the person has an account here
  person_id text collate "C",
  business_number text,
  record text not null,
  record_digest bytea not null constraint trace_record_digest check (record_digest = sha256(convert_to(record, 'UTF8'))),
  leaf text not null,
  leaf_id bigint not null constraint trace_leaf_once unique references log_leaf,
  created_at timestamptz not null
);
create index trace_of_person on trace (person_id, created_at desc) where person_id is not null;

create function trace_guard() returns trigger language plpgsql as $$
begin
  raise exception 'traces are append-only' using errcode = 'CZ601';
end $$;
create trigger trace_append_only before update or delete on trace for each row execute function trace_guard();
create trigger trace_no_truncate before truncate on trace for each statement execute function trace_guard();

-- Requests of other centres that were accepted, so that none is accepted twice.
create table member_request (
  issuer text not null,
  token_id text not null,
  expires_at timestamptz not null,
  primary key (issuer, token_id)
);
create index member_request_expiry on member_request (expires_at);
