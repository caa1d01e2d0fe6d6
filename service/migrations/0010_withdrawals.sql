-- Withdrawals: applied for, checked against the blacklist, then paid from the ledger, held, or refused by a person.
create table withdrawal (
  id text collate "C" primary key constraint withdrawal_id_form check (id ~ '^wd_[a-z0-9]{16,40}$'),
  business_number text not null constraint withdrawal_business_number_once unique,
  person_id text collate "C" not null references person,
  depositor_id text collate "C" not null references depositor,
  -- TQYY 提取原因, table A.7
  reason char(2) not null,
  kind text not null check (kind in ('rent')),
  amount_fen bigint not null check (amount_fen > 0),
  -- barred and held wait for a person; paid and refused are final
  state text not null check (state in ('paid', 'barred', 'held', 'refused')),
  check_id text not null references blacklist_check,
  posting_id text collate "C" constraint withdrawal_posting_once unique references posting,
  requested_by text not null,
  request_key text not null,
  request_digest bytea not null check (octet_length(request_digest) = 32),
  applied_at timestamptz not null,
  decided_by text,
  decided_at timestamptz,
  note text,
  constraint withdrawal_request_once unique (requested_by, request_key),
  constraint withdrawal_posted check ((state = 'paid') = (posting_id is not null)),
  constraint withdrawal_refused check ((state = 'refused') = (decided_by is not null and decided_at is not null))
);
create index withdrawal_of_person on withdrawal (person_id, applied_at desc);
create index withdrawal_open on withdrawal (applied_at) where state in ('barred', 'held');

create function withdrawal_guard() returns trigger language plpgsql as $$
begin
  if tg_op = 'UPDATE' and old.state in ('barred', 'held')
     and (new.id, new.business_number, new.person_id, new.depositor_id, new.reason, new.kind, new.amount_fen, new.check_id,
          new.requested_by, new.request_key, new.request_digest, new.applied_at)
       = (old.id, old.business_number, old.person_id, old.depositor_id, old.reason, old.kind, old.amount_fen, old.check_id,
          old.requested_by, old.request_key, old.request_digest, old.applied_at) then
    return new;
  end if;
  raise exception 'a withdrawal that is decided stays' using errcode = 'CZA01';
end $$;
create trigger withdrawal_stays before update or delete on withdrawal for each row execute function withdrawal_guard();
create trigger withdrawal_no_truncate before truncate on withdrawal for each statement execute function withdrawal_guard();
