-- Certificates: drawn in one transaction, issued in a second one; what is written here never changes again.

-- The number of a certificate in the centre's status bitmap on the chain. Gaps are harmless; a number is never used twice.
create sequence certificate_status_index as bigint minvalue 0 start 0;

-- The fixed part of a kind's files, kept so that a file can be put together for as long as certificates of it exist.
create table certificate_template (
  id text primary key check (id ~ '^[0-9a-f]{64}$'),
  kind text not null,
  prefix bytea not null check (encode(sha256(prefix), 'hex') = id),
  created_at timestamptz not null
);
alter table certificate_template alter column prefix set storage external;

create table certificate (
  id text collate "C" primary key constraint certificate_id_form check (id ~ '^cert_[a-z0-9]{16,40}$'),
  kind text not null,
  serial text not null constraint certificate_serial_once unique,
  status_index bigint not null constraint certificate_status_index_once unique check (status_index >= 0),
  person_id text collate "C" not null references person,
  depositor_id text collate "C" references depositor,
  -- who asked, and the key under which the same wish may be repeated
  requested_by text not null,
  request_key text not null,
  request_digest bytea not null check (octet_length(request_digest) = 32),
  -- the canonical record (FORMAT.md §3), salt included
  record text not null,
  record_digest bytea not null constraint certificate_record_digest check (record_digest = sha256(convert_to(record, 'UTF8'))),
  standing_token bytea not null constraint certificate_token_once unique check (octet_length(standing_token) = 16),
  ledger_entry bigint not null,
  drawn_at timestamptz not null,
  valid_until date not null,
  constraint certificate_request_once unique (requested_by, request_key)
);
create index certificate_of_person on certificate (person_id, drawn_at desc);
create index certificate_by_time on certificate (drawn_at desc, id);

create table certificate_issue (
  certificate_id text collate "C" primary key references certificate,
  template_id text not null references certificate_template,
  suffix bytea not null,
  sealed_digest bytea not null constraint certificate_sealed_digest_once unique check (octet_length(sealed_digest) = 32),
  signature_digest bytea not null check (octet_length(signature_digest) = 32),
  signer bytea not null check (octet_length(signer) = 32),
  -- canonical JSON of the leaf (FORMAT.md §2)
  leaf text not null,
  leaf_id bigint not null constraint certificate_leaf_once unique references log_leaf,
  issued_at timestamptz not null
);
create index certificate_issue_by_time on certificate_issue (issued_at);
-- Signed files do not get smaller by compression worth its time.
alter table certificate_issue alter column suffix set storage external;

create table certificate_revocation (
  certificate_id text collate "C" primary key references certificate,
  reason smallint not null check (reason between 1 and 6),
  note text not null,
  proposed_by text not null,
  proposed_at timestamptz not null,
  confirmed_by text,
  confirmed_at timestamptz,
  chain_write_id bigint,
  -- four eyes: nobody confirms their own proposal
  constraint certificate_revocation_four_eyes check (confirmed_by <> proposed_by),
  constraint certificate_revocation_confirmed check ((confirmed_by is null) = (confirmed_at is null) and (confirmed_by is null) = (chain_write_id is null))
);

create function certificate_guard() returns trigger language plpgsql as $$
begin
  raise exception '% is append-only', tg_table_name using errcode = 'CZ501';
end $$;
create trigger certificate_append_only before update or delete on certificate for each row execute function certificate_guard();
create trigger certificate_no_truncate before truncate on certificate for each statement execute function certificate_guard();
create trigger certificate_issue_append_only before update or delete on certificate_issue for each row execute function certificate_guard();
create trigger certificate_issue_no_truncate before truncate on certificate_issue for each statement execute function certificate_guard();
create trigger certificate_template_append_only before update or delete on certificate_template for each row execute function certificate_guard();

-- A revocation may be confirmed once; it is never taken back here (the guardian's undo stands on the chain).
create function certificate_revocation_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.confirmed_by is null and new.certificate_id = old.certificate_id and new.reason = old.reason
     and new.note = old.note and new.proposed_by = old.proposed_by and new.proposed_at = old.proposed_at then
    return new;
  end if;
  raise exception 'a revocation is confirmed once and stays' using errcode = 'CZ502';
end $$;
create trigger certificate_revocation_stays before update or delete on certificate_revocation for each row execute function certificate_revocation_guard();
