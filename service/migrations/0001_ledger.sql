-- The ledger: accounts, postings, entries, and the one function that writes them.
--
-- A posting is a balanced set of entries. The caller asks for transfers (debit account, credit account, positive amount
-- in fen) and makes the posting's id; the function writes one entry for each account and side with the balance after it.
-- Nothing is ever changed or removed: a correction is a new posting.
--
-- Rules kept here, whoever is connected:
--   * posting and entry are append-only, and written by ledger_post alone; account balances move in ledger_post alone;
--   * the same posting id with the same content changes nothing, with other content it is refused;
--   * an account that may not go negative never does, not even between two postings of one call.
--
-- SQLSTATEs raised here (class CZ is ours). Callers match on them and never on the message text:
--   CZL01  the call is malformed: array lengths, an id's form, an empty posting, an amount that is not positive,
--          a debit account equal to its credit account, the same posting id twice in one call
--   CZL02  a posting with this id exists with different content              (detail: the posting id)
--   CZL03  an account does not exist                                         (detail: the posting id)
--   CZL04  an account would go negative that may not                         (detail: the posting id)
--   CZL05  a write that goes around ledger_post, or a change of what is append-only
--
-- No foreign key leads from entry to posting or account: with four of them on this path set-based posting fell from
-- 24,776 to 12,803 member postings a second. ledger_post writes both ends in one statement chain under the accounts'
-- locks, the guard refuses every other writer, and the auditor looks for orphans.

-- Forms are checked by looking for one foreign character, with the length apart: that is three times as fast as a
-- regular expression for the whole, and sixteen times as fast as one with counted repetition ({1,80}). Every row passes
-- here when it is written, and an account again whenever its balance moves.

create table account (
  id text collate "C" primary key
    constraint account_id_form check (starts_with(id, 'acct_') and id !~ '[^A-Za-z0-9_-]' and octet_length(id) between 6 and 85),
  kind text not null
    constraint account_kind_form check (kind !~ '[^a-z_]' and not starts_with(kind, '_') and octet_length(kind) between 2 and 41),
  owner text not null,
  normal_side text not null
    constraint account_normal_side check (normal_side in ('debit', 'credit')),
  may_go_negative boolean not null default false,
  balance_fen bigint not null default 0
    constraint account_not_negative check (may_go_negative or balance_fen >= 0),
  last_entry bigint not null default 0,
  created_at timestamptz not null default now()
) with (fillfactor = 45);
-- Half of each page is left free, so that a posting of a whole unit, or of everyone's interest, finds room for all new
-- balances beside the old ones: no index is touched then, and moving a balance costs a third.

comment on table account is 'A ledger account; the id is made by the caller';
comment on column account.kind is
  'depositor, unit_clearing, unit_unallocated, bank, opening, …; a later domain brings its own';
comment on column account.owner is 'Whose account it is: the id of a depositor, a unit, or the centre''s own name for it';
comment on column account.normal_side is 'The side on which the account grows: debit for what the centre has, credit for what it owes';
comment on column account.balance_fen is 'Balance in fen, counted in the direction of normal_side; kept by ledger_post';
comment on column account.last_entry is 'Number of the newest entry of this account, 0 when there is none; kept by ledger_post';

create table posting (
  id text collate "C" primary key
    constraint posting_id_form check (starts_with(id, 'post_') and id !~ '[^A-Za-z0-9_-]' and octet_length(id) between 6 and 105),
  kind text not null
    constraint posting_kind_form check (kind !~ '[^a-z_]' and not starts_with(kind, '_') and octet_length(kind) between 2 and 41),
  business_number text collate "C" not null
    constraint posting_business_number_form check (business_number !~ '[^A-Za-z0-9_-]' and octet_length(business_number) between 1 and 60),
  event_at timestamptz not null,
  created_at timestamptz not null default now(),
  request_digest bytea not null
);

create index posting_business_number on posting (business_number);

comment on column posting.business_number is 'YWLSH 业务流水号';
comment on column posting.event_at is 'When it happened; created_at is when we wrote it';
comment on column posting.request_digest is 'SHA-256 of kind, business number, event_at and the transfers in their order';

-- Numbers are given while the accounts are locked: the entries of one account carry rising numbers in the order in which
-- they were committed. Across accounts numbers may become visible out of order, so "as of entry N" is final for an
-- account exactly when N is not above that account's last_entry. Numbers may have gaps (a rolled-back call).
create sequence entry_number as bigint;

create table entry (
  number bigint primary key,
  posting_id text collate "C" not null,
  seq integer not null,
  account_id text collate "C" not null,
  amount_fen bigint not null constraint entry_amount_not_zero check (amount_fen <> 0),
  balance_after_fen bigint not null,
  unique (posting_id, seq)
);

create unique index entry_of_account on entry (account_id, number);

comment on column entry.number is 'Rises over the whole ledger; certificates state figures as of an entry number';
comment on column entry.amount_fen is 'In fen, debit positive and credit negative: the entries of a posting sum to zero';
comment on column entry.balance_after_fen is 'Balance of the account after this entry, in the direction of its normal side';

-- The guards ---------------------------------------------------------------------------------------------------------
-- A setting that only ledger_post carries opens them. It guards against mistakes of any connection; against intent
-- stands the deployment, where the service's role owns none of these tables and may only execute ledger_post.

create function ledger_refuse_change() returns trigger language plpgsql as $$
begin
  raise exception '% of % is refused: the ledger is append-only', tg_op, tg_table_name using errcode = 'CZL05';
end $$;

create function ledger_only_posting() returns trigger language plpgsql as $$
begin
  if coalesce(current_setting('cunzheng.posting', true), '') <> 'on' then
    raise exception '% of % is refused outside ledger_post', tg_op, tg_table_name using errcode = 'CZL05';
  end if;
  return null;
end $$;

create function ledger_account_starts_empty() returns trigger language plpgsql as $$
begin
  if exists (select from opened where balance_fen <> 0 or last_entry <> 0) then
    raise exception 'an account starts empty' using errcode = 'CZL05';
  end if;
  return null;
end $$;

create trigger posting_append_only before update or delete or truncate on posting
  for each statement execute function ledger_refuse_change();
create trigger entry_append_only before update or delete or truncate on entry
  for each statement execute function ledger_refuse_change();
create trigger account_kept before delete or truncate on account
  for each statement execute function ledger_refuse_change();
create trigger account_identity_kept before update of id, kind, owner, normal_side, may_go_negative, created_at on account
  for each statement execute function ledger_refuse_change();
create trigger account_balance_by_posting before update of balance_fen, last_entry on account
  for each statement execute function ledger_only_posting();
create trigger account_starts_empty after insert on account referencing new table as opened
  for each statement execute function ledger_account_starts_empty();
create trigger posting_by_posting before insert on posting
  for each statement execute function ledger_only_posting();
create trigger entry_by_posting before insert on entry
  for each statement execute function ledger_only_posting();

-- "Always": a session that plays replica does not slip past them.
alter table posting enable always trigger posting_append_only;
alter table posting enable always trigger posting_by_posting;
alter table entry enable always trigger entry_append_only;
alter table entry enable always trigger entry_by_posting;
alter table account enable always trigger account_kept;
alter table account enable always trigger account_identity_kept;
alter table account enable always trigger account_balance_by_posting;
alter table account enable always trigger account_starts_empty;

-- Posting ------------------------------------------------------------------------------------------------------------

-- Posts any number of postings, each a set of transfers, in the order given. Either everything is posted or nothing.
--   posting_*          one element for each posting
--   transfer_posting   for each transfer the position of its posting, from 1
--   transfer_debit, transfer_credit, transfer_amount_fen   from the first the second is owed: positive fen
-- Returns the ids that this call posted; ids that are not returned existed with the same content and nothing was done.
-- Inside a posting an account receives before it gives, so that only the balance after the posting matters.
create function ledger_post(
  posting_ids text[],
  posting_kinds text[],
  posting_business_numbers text[],
  posting_event_ats timestamptz[],
  transfer_posting integer[],
  transfer_debit text[],
  transfer_credit text[],
  transfer_amount_fen bigint[]
) returns setof text
language plpgsql security definer
set search_path = pg_catalog, public, pg_temp
set cunzheng.posting = 'on'
-- The arrays' lengths decide the plan (ten rows or three hundred thousand), so it is made for each call.
set plan_cache_mode = force_custom_plan
set jit = off
-- Nothing is known of how often a value comes in an array, and the guess makes merging sorted texts look better than
-- hashing them, which it is not.
set enable_mergejoin = off
-- A month's remittance of a large unit is sorted a few times: in memory, not on disk.
set work_mem = '64MB'
as $$
declare
  postings constant integer := coalesce(cardinality(posting_ids), 0);
  transfers constant integer := coalesce(cardinality(transfer_posting), 0);
  digests bytea[];
  new_ids text[];
  account_ids text[];
  locked_ids text[];
  locked_signs integer[];
  locked_may_go_negative boolean[];
  locked_balances bigint[];
  offender text;
begin
  if cardinality(posting_kinds) is distinct from postings
    or cardinality(posting_business_numbers) is distinct from postings
    or cardinality(posting_event_ats) is distinct from postings
    or cardinality(transfer_debit) is distinct from transfers
    or cardinality(transfer_credit) is distinct from transfers
    or cardinality(transfer_amount_fen) is distinct from transfers
  then
    raise exception 'arrays of unequal length' using errcode = 'CZL01';
  end if;
  if postings = 0 and transfers = 0 then
    return;
  end if;
  if (select count(distinct id) from unnest(posting_ids) id) <> postings then
    raise exception 'a posting id is missing or comes twice' using errcode = 'CZL01';
  end if;
  if exists (
    select from unnest(transfer_posting, transfer_debit, transfer_credit, transfer_amount_fen)
      as t(posting, debit, credit, amount_fen)
    where (posting between 1 and postings and debit <> credit and amount_fen > 0) is not true
  ) then
    raise exception 'a transfer is not valid' using errcode = 'CZL01';
  end if;
  if (select count(distinct posting) from unnest(transfer_posting) posting) <> postings then
    raise exception 'a posting has no transfers' using errcode = 'CZL01';
  end if;

  -- The id forms leave out the separators used here, so two requests have one text only when they are the same.
  -- (A transfer whose account id has another form finds no account below, and an unknown form of the rest no row.)
  with lines as (
    select t.posting, string_agg(t.debit || '>' || t.credit || '=' || t.amount_fen, ',' order by t.ord) as text
    from unnest(transfer_posting, transfer_debit, transfer_credit, transfer_amount_fen)
      with ordinality as t(posting, debit, credit, amount_fen, ord)
    group by t.posting
  )
  select array_agg(
    sha256(convert_to(
      concat_ws('|', p.kind, p.business_number, (extract(epoch from p.event_at) * 1000000)::bigint, l.text), 'UTF8'
    )) order by p.ord
  )
  into digests
  from unnest(posting_kinds, posting_business_numbers, posting_event_ats)
    with ordinality as p(kind, business_number, event_at, ord)
  join lines l on l.posting = p.ord;

  -- In id order, so that two calls with the same postings wait for each other instead of deadlocking. A posting that
  -- another transaction is writing is waited for here.
  begin
    with written as (
      insert into posting (id, kind, business_number, event_at, request_digest)
      select id, kind, business_number, event_at, request_digest
      from unnest(posting_ids, posting_kinds, posting_business_numbers, posting_event_ats, digests)
        as p(id, kind, business_number, event_at, request_digest)
      order by id collate "C"
      on conflict (id) do nothing
      returning id
    )
    select coalesce(array_agg(id), '{}') into new_ids from written;
  exception when check_violation or not_null_violation then
    raise exception 'a posting''s id, kind, business number or time is not valid' using errcode = 'CZL01';
  end;

  if cardinality(new_ids) < postings then
    select p.id into offender
    from unnest(posting_ids, digests) as p(id, request_digest)
    join posting existing on existing.id = p.id
    where existing.request_digest <> p.request_digest
    order by p.id
    limit 1;
    if found then
      raise exception 'a posting with this id exists with different content' using errcode = 'CZL02', detail = offender;
    end if;
    if cardinality(new_ids) = 0 then
      return;
    end if;
  end if;

  -- What is posted already leaves the arrays, so that below their lengths tell the planner how many rows there are.
  if cardinality(new_ids) < postings then
    select array_agg(t.posting order by t.ord), array_agg(t.debit order by t.ord), array_agg(t.credit order by t.ord),
      array_agg(t.amount_fen order by t.ord)
    into transfer_posting, transfer_debit, transfer_credit, transfer_amount_fen
    from unnest(transfer_posting, transfer_debit, transfer_credit, transfer_amount_fen)
      with ordinality as t(posting, debit, credit, amount_fen, ord)
    join unnest(posting_ids) with ordinality as p(id, ord) on p.ord = t.posting
    where p.id = any (new_ids);
  end if;

  -- Read once, while they are locked: nothing below looks at what somebody else may have changed.
  account_ids := array(select unnest(transfer_debit) union select unnest(transfer_credit));
  select coalesce(array_agg(id), '{}'), array_agg(case normal_side when 'debit' then 1 else -1 end),
    array_agg(may_go_negative), array_agg(balance_fen)
  into locked_ids, locked_signs, locked_may_go_negative, locked_balances
  from (
    select id, normal_side, may_go_negative, balance_fen from account
    where id = any (account_ids) order by id for no key update
  ) locked;
  if cardinality(locked_ids) < cardinality(account_ids) then
    select p.id into offender
    from unnest(transfer_posting, transfer_debit, transfer_credit) as t(posting, debit, credit)
    join unnest(posting_ids) with ordinality as p(id, ord) on p.ord = t.posting
    where not exists (select from account where id = t.debit) or not exists (select from account where id = t.credit)
    order by t.posting
    limit 1;
    raise exception 'an account does not exist' using errcode = 'CZL03', detail = offender;
  end if;

  with side as (
    select posting, account_id, sum(amount_fen)::bigint as amount_fen, min(ord) as ord
    from (
      select t.posting, t.debit, t.amount_fen, t.ord
      from unnest(transfer_posting, transfer_debit, transfer_amount_fen)
        with ordinality as t(posting, debit, amount_fen, ord)
      union all
      select t.posting, t.credit, -t.amount_fen, t.ord
      from unnest(transfer_posting, transfer_credit, transfer_amount_fen)
        with ordinality as t(posting, credit, amount_fen, ord)
    ) sides(posting, account_id, amount_fen, ord)
    group by posting, account_id, amount_fen > 0
  ),
  in_order as (
    select side.posting, side.account_id, side.amount_fen, side.amount_fen * locked.sign as change_fen,
      locked.place, locked.may_go_negative, locked.balance_fen,
      row_number() over (
        partition by side.posting order by side.amount_fen * locked.sign < 0, side.ord, side.amount_fen < 0
      )::integer as seq
    from side
    join unnest(locked_ids, locked_signs, locked_may_go_negative, locked_balances)
      with ordinality as locked(id, sign, may_go_negative, balance_fen, place) on locked.id = side.account_id
    order by side.posting, seq
  ),
  numbered as materialized (
    select nextval('entry_number') as number, in_order.* from in_order
  ),
  placed as materialized (
    select number, posting, seq, account_id, amount_fen, may_go_negative,
      (balance_fen + sum(change_fen) over account_so_far)::bigint as balance_after_fen,
      lead(number) over account_so_far is null as is_newest
    from numbered
    window account_so_far as (
      partition by place order by number rows between unbounded preceding and current row
    )
  ),
  negative as materialized (
    select posting, number from placed where balance_after_fen < 0 and not may_go_negative
  ),
  written as (
    insert into entry (number, posting_id, seq, account_id, amount_fen, balance_after_fen)
    select placed.number, p.id, placed.seq, placed.account_id, placed.amount_fen, placed.balance_after_fen
    from placed
    join unnest(posting_ids) with ordinality as p(id, ord) on p.ord = placed.posting
    order by placed.number
  ),
  updated as (
    update account
    set balance_fen = placed.balance_after_fen, last_entry = placed.number
    from placed
    where account.id = placed.account_id and placed.is_newest and not exists (select from negative)
  )
  select p.id into offender
  from negative
  join unnest(posting_ids) with ordinality as p(id, ord) on p.ord = negative.posting
  order by negative.number
  limit 1;
  if found then
    raise exception 'an account would go negative' using errcode = 'CZL04', detail = offender;
  end if;

  return query select unnest(new_ids);
end $$;

-- Reading ------------------------------------------------------------------------------------------------------------

-- The balance in fen of an account as of an entry number: after its last entry whose number is not above it.
-- Final when the number is not above the account's last_entry (see entry_number).
create function ledger_balance_at(account text, entry_number bigint) returns bigint
language sql stable strict
as $$
  select coalesce((
    select e.balance_after_fen from entry e
    where e.account_id = ledger_balance_at.account and e.number <= ledger_balance_at.entry_number
    order by e.number desc limit 1
  ), 0)
$$;

-- The history of accounts, one row for each entry; ask with account_id, and number <= N for "as of entry N".
create view account_history as
select e.account_id, e.number, e.posting_id, e.seq, p.kind, p.business_number, p.event_at, p.created_at,
  case a.normal_side when 'debit' then e.amount_fen else -e.amount_fen end as change_fen,
  e.balance_after_fen
from entry e
join account a on a.id = e.account_id
join posting p on p.id = e.posting_id;

comment on column account_history.change_fen is 'In fen: positive when the balance grew';
