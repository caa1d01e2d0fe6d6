-- Collection: persons, units, depositors, remittances; the register of loans; imports; the centre's dated parameters.
-- Names and codes follow JGJ/T 320; a comment gives the item code of each column that has one.
-- Account numbers and ID numbers are personal data: nothing outside the database is keyed by them, rows carry random ids.
--
-- What machines compare has collation "C": bytes, not a language's order, which makes an index several times as fast.
-- Forms are checked as in 0001: by looking for one foreign character, with the length apart.

create domain calendar_month as date
  constraint calendar_month_first_day check (extract(day from value) = 1);

create table import (
  id text collate "C" primary key constraint import_id_form check (id ~ '^imp_[a-z0-9]+$' and length(id) between 12 and 44),
  centre_code text not null constraint import_centre_code check (centre_code ~ '^C[0-9]{5}$'),
  kind text not null constraint import_kind check (kind in ('units', 'depositors', 'remittance', 'loans')),
  file_sha256 bytea not null constraint import_file_sha256 check (length(file_sha256) = 32),
  encoding text not null,
  row_count integer not null,
  added_count integer not null,
  changed_count integer not null,
  imported_at timestamptz not null,
  constraint import_once unique (centre_code, kind, file_sha256)
);

comment on table import is 'Files taken over, each once: the same bytes again change nothing';
comment on column import.added_count is 'Rows that were new; the others were there already with the same content';

create table person (
  id text collate "C" primary key constraint person_id_form check (starts_with(id, 'pers_') and substr(id, 6) !~ '[^A-Za-z0-9]' and octet_length(id) between 6 and 45),
  name text not null constraint person_name_not_blank check (btrim(name) <> ''),
  document_type char(2) not null constraint person_document_type check (document_type in ('01', '02', '03', '04', '99')),
  document_number text collate "C" not null
    constraint person_document_number check (document_number !~ '[^0-9A-Z()-]' and octet_length(document_number) between 1 and 18),
  phone text collate "C" constraint person_phone check (phone !~ '[^0-9+-]' and octet_length(phone) between 5 and 20),
  created_at timestamptz not null default now(),
  -- The number first: nearly all types are the same.
  constraint person_document_once unique (document_number, document_type)
);

create index person_phone on person (phone);

comment on column person.name is 'XingMing 姓名';
comment on column person.document_type is 'ZJLX 证件类型, table A.1';
comment on column person.document_number is 'ZJHM 证件号码, capital X';
comment on column person.phone is 'SJHM 手机号码, for signing in by SMS; several persons may share one';

create table unit (
  id text collate "C" primary key constraint unit_id_form check (starts_with(id, 'unit_') and substr(id, 6) !~ '[^A-Za-z0-9]' and octet_length(id) between 6 and 45),
  account_number text collate "C" not null constraint unit_account_number_once unique
    constraint unit_account_number_form check (account_number !~ '[^0-9A-Za-z-]' and octet_length(account_number) between 1 and 20),
  name text not null constraint unit_name_not_blank check (btrim(name) <> ''),
  credit_code text collate "C"
    constraint unit_credit_code check (credit_code !~ '[^0-9A-Z-]' and octet_length(credit_code) between 9 and 20),
  opened_on date not null,
  state char(2) not null constraint unit_state check (state in ('01', '02', '03', '04', '05', '99')),
  unit_ratio_bp integer not null constraint unit_unit_ratio check (unit_ratio_bp between 0 and 10000),
  person_ratio_bp integer not null constraint unit_person_ratio check (person_ratio_bp between 0 and 10000),
  paid_to_month calendar_month,
  clearing_account_id text not null,
  created_at timestamptz not null default now()
);

create index unit_credit_code on unit (credit_code);

comment on column unit.account_number is 'DWZH 单位账号';
comment on column unit.name is 'DWMC 单位名称';
comment on column unit.credit_code is 'ZZJGDM 组织机构代码: today the unified social credit code, GB 32100';
comment on column unit.opened_on is 'DWKHRQ 单位开户日期';
comment on column unit.state is 'DWZHZT 单位账户状态, table A.4: 01 normal, 02 opened, 03 deferred, 04 closed, 05 sealed, 99 other';
comment on column unit.unit_ratio_bp is 'DWJCBL 单位缴存比例, in basis points: 1200 is 12 %';
comment on column unit.person_ratio_bp is 'GRJCBL 个人缴存比例, in basis points';
comment on column unit.paid_to_month is 'JZNY 缴至年月';
comment on column unit.clearing_account_id is 'Ledger account through which this unit''s remittances pass; each unit has its own, so that units do not wait for each other';

create table depositor (
  id text collate "C" primary key constraint depositor_id_form check (starts_with(id, 'dep_') and substr(id, 5) !~ '[^A-Za-z0-9]' and octet_length(id) between 5 and 44),
  account_number text collate "C" not null constraint depositor_account_number_once unique
    constraint depositor_account_number_form check (account_number !~ '[^0-9A-Za-z-]' and octet_length(account_number) between 1 and 20),
  person_id text collate "C" not null, -- person and unit: see depositor_references below
  unit_id text collate "C" not null,
  base_fen bigint not null constraint depositor_base check (base_fen >= 0),
  unit_month_fen bigint not null constraint depositor_unit_month check (unit_month_fen >= 0),
  person_month_fen bigint not null constraint depositor_person_month check (person_month_fen >= 0),
  opened_on date not null,
  state char(2) not null constraint depositor_state check (state in ('01', '02', '03', '04', '05', '06', '99')),
  frozen boolean not null default false,
  paid_to_month calendar_month,
  first_month calendar_month,
  run_from_month calendar_month,
  run_to_month calendar_month,
  closed_on date,
  opening_fen bigint not null default 0 constraint depositor_opening check (opening_fen >= 0),
  ledger_account_id text collate "C" not null,
  created_at timestamptz not null default now(),
  constraint depositor_run check ((run_from_month is null) = (run_to_month is null) and run_from_month <= run_to_month)
) with (fillfactor = 45); -- months move for everyone at once: the new row finds room beside the old, and no index is touched

-- One person, one account (条例 Art. 13), among the accounts that are not closed (03 merged, 04 moved out, 05 withdrawn):
-- a closed one is told apart by its id. The same index finds a person's accounts.
create unique index depositor_one_person_one_account
  on depositor (person_id, (case when state in ('03', '04', '05') then id else '' end));
create index depositor_of_unit on depositor (unit_id);

comment on column depositor.account_number is 'GRZH 个人账号';
comment on column depositor.base_fen is 'GRJCJS 个人缴存基数';
comment on column depositor.unit_month_fen is 'DWYJCE 单位月缴存额';
comment on column depositor.person_month_fen is 'GRYJCE 个人月缴存额';
comment on column depositor.opened_on is 'KHRQ 开户日期';
comment on column depositor.state is 'GRZHZT 个人账户状态, table A.6: 01 normal, 02 sealed, 03 merged, 04 moved out, 05 withdrawn and closed, 06 frozen, 99 other';
comment on column depositor.frozen is '冻结: kept beside the state, because a frozen account still has one';
comment on column depositor.paid_to_month is 'JZNY 缴至年月, the newest month deposited';
comment on column depositor.first_month is 'The first month deposited that we know of';
comment on column depositor.run_from_month is 'First of the months deposited in a row up to run_to_month; kept by collection_lines_written';
comment on column depositor.run_to_month is 'Newest month among the remittance lines, null when there is none; kept by collection_lines_written';
comment on column depositor.ledger_account_id is 'Follows from the id, so it needs no index of its own';
comment on column depositor.closed_on is 'XHRQ 销户日期';
comment on column depositor.opening_fen is 'GRZHYE 个人账户余额 at the take-over; today''s balance stands in the ledger';

-- A depositor's person and unit exist. Foreign keys would ask for each row by itself and lock the row they find, which
-- took a third of the time of an import; these triggers ask once for a whole statement and raise the same error. What they
-- do not see is a person or unit removed by another transaction at the same moment: the auditor does.
-- (No trigger can name both columns and a transition table, so an update asks row by row. It is rare: staff who move.)

create function collection_depositor_references() returns trigger language plpgsql
-- The plan is made once for a session, for one row or for many; so it is told to use the indexes.
set enable_hashjoin = off set enable_mergejoin = off
as $$
begin
  if exists (select from opened where not exists (select from person where person.id = opened.person_id)) then
    raise foreign_key_violation using constraint = 'depositor_person', message = 'a depositor''s person does not exist';
  end if;
  if exists (select from opened where not exists (select from unit where unit.id = opened.unit_id)) then
    raise foreign_key_violation using constraint = 'depositor_unit', message = 'a depositor''s unit does not exist';
  end if;
  return null;
end $$;

create function collection_depositor_moves() returns trigger language plpgsql as $$
begin
  if not exists (select from person where id = new.person_id) or not exists (select from unit where id = new.unit_id) then
    raise foreign_key_violation using constraint = 'depositor_references', message = 'person or unit does not exist';
  end if;
  return null;
end $$;

create function collection_depositor_needs() returns trigger language plpgsql as $$
begin
  if tg_table_name = 'person' and exists (select from depositor where person_id = old.id)
    or tg_table_name = 'unit' and exists (select from depositor where unit_id = old.id)
  then
    raise foreign_key_violation using constraint = 'depositor_' || tg_table_name, message = 'a depositor needs it';
  end if;
  return null;
end $$;

create trigger depositor_references after insert on depositor referencing new table as opened
  for each statement execute function collection_depositor_references();
create trigger depositor_moves after update of person_id, unit_id on depositor
  for each row execute function collection_depositor_moves();
create trigger person_needed after delete or update of id on person
  for each row execute function collection_depositor_needs();
create trigger unit_needed after delete or update of id on unit
  for each row execute function collection_depositor_needs();

create table remittance (
  id text collate "C" primary key constraint remittance_id_form check (starts_with(id, 'rem_') and substr(id, 5) !~ '[^A-Za-z0-9]' and octet_length(id) between 5 and 44),
  unit_id text collate "C" not null constraint remittance_unit references unit,
  month calendar_month not null,
  kind char(2) not null default '01' constraint remittance_kind check (kind in ('01', '02')),
  business_number text collate "C" not null constraint remittance_business_number_once unique,
  depositor_count integer not null constraint remittance_depositor_count check (depositor_count > 0),
  amount_fen bigint not null constraint remittance_amount check (amount_fen > 0),
  event_at timestamptz not null,
  posting_id text collate "C" not null constraint remittance_posting_once unique,
  created_at timestamptz not null default now()
);

-- A month is remitted once; back payments (补缴) may follow.
create unique index remittance_month_once on remittance (unit_id, month) where kind = '01';

comment on column remittance.month is 'HBJNY 汇补缴年月';
comment on column remittance.kind is 'YWMXLX 业务明细类型, table A.5: 01 remittance, 02 back payment';
comment on column remittance.business_number is 'YWLSH 业务流水号';
comment on column remittance.amount_fen is 'FSE 发生额: sum of the lines';
comment on column remittance.depositor_count is 'FSRS 发生人数: number of lines';

-- No foreign keys to remittance and depositor: the lines are the hot path of a month's remittance; they are written in
-- one statement with both ends looked up in the same transaction, and the auditor looks for orphans.
create table remittance_line (
  remittance_id text collate "C" not null,
  depositor_id text collate "C" not null,
  month calendar_month not null,
  kind char(2) not null,
  base_fen bigint not null,
  unit_fen bigint not null constraint remittance_line_unit check (unit_fen >= 0),
  person_fen bigint not null constraint remittance_line_person check (person_fen >= 0),
  primary key (remittance_id, depositor_id),
  constraint remittance_line_positive check (unit_fen + person_fen > 0)
);

-- A depositor's month is remitted once, whichever unit does it; also the path to consecutive months.
create unique index remittance_line_month_once on remittance_line (depositor_id, month) where kind = '01';
create index remittance_line_back_payment on remittance_line (depositor_id, month) where kind = '02';

comment on column remittance_line.base_fen is 'GRJCJS 个人缴存基数 in that month';
comment on column remittance_line.unit_fen is 'DWYJCE 单位月缴存额 paid';
comment on column remittance_line.person_fen is 'GRYJCE 个人月缴存额 paid';

-- Months deposited in a row -------------------------------------------------------------------------------------------
-- A certificate states how many months in a row were deposited up to the newest one. That run is kept beside the depositor
-- as its lines are written, so that nobody has to walk through years of lines; the auditor walks and compares.

-- The run as the lines have it: the newest month, and the first month before it without a gap between; nulls without lines.
create function collection_run(depositor text, out from_month date, out to_month date)
language sql stable strict
as $$
  -- Numbered newest first, month + number stays the same as long as no month is missing.
  select min(month), max(month)
  from (
    select month, at + row_number() over (order by month desc) as run, max(at) over () + 1 as newest_run
    from (
      select month, (extract(year from month) * 12 + extract(month from month))::int as at
      from (
        select l.month::date from remittance_line l where l.depositor_id = collection_run.depositor and l.kind = '01'
        union
        select l.month::date from remittance_line l where l.depositor_id = collection_run.depositor and l.kind = '02'
      ) deposited
    ) numbered
  ) runs
  where run = newest_run
$$;

-- Lines were written: the months paid to move forward, never back, and the run grows or begins anew. Months without a gap
-- that follow the run, or lie after a gap, need no look at older lines; everything else (a back payment) is counted anew.
create function collection_lines_written() returns trigger language plpgsql
set enable_mergejoin = off
as $$
begin
  update depositor d
  set paid_to_month = greatest(d.paid_to_month, l.newest),
    first_month = least(d.first_month, l.oldest),
    run_to_month = greatest(d.run_to_month, l.newest),
    run_from_month = case
      when l.is_block and l.oldest = (d.run_to_month + interval '1 month')::date then d.run_from_month
      when l.is_block and (d.run_to_month is null or l.oldest > d.run_to_month + interval '1 month') then l.oldest
      else (select run.from_month from collection_run(d.id) run)
    end
  from (
    select depositor_id, oldest, newest,
      months = 1 + (extract(year from newest) - extract(year from oldest)) * 12
        + extract(month from newest) - extract(month from oldest) as is_block
    from (
      -- A month comes once among the lines of kind 01.
      select depositor_id, min(month) as oldest, max(month) as newest, count(*) filter (where kind = '01') as months
      from written
      group by depositor_id
    ) months
  ) l
  where d.id = l.depositor_id;
  return null;
end $$;

create function collection_lines_removed() returns trigger language plpgsql as $$
begin
  update depositor d
  set run_from_month = run.from_month, run_to_month = run.to_month
  from (select distinct depositor_id from removed) l
  cross join lateral collection_run(l.depositor_id) run
  where d.id = l.depositor_id;
  return null;
end $$;

create trigger remittance_line_written after insert on remittance_line referencing new table as written
  for each statement execute function collection_lines_written();
create trigger remittance_line_removed after delete on remittance_line referencing old table as removed
  for each statement execute function collection_lines_removed();
create trigger remittance_line_kept before update or truncate on remittance_line
  for each statement execute function ledger_refuse_change();

create table loan (
  id text collate "C" primary key constraint loan_id_form check (starts_with(id, 'loan_') and substr(id, 6) !~ '[^A-Za-z0-9]' and octet_length(id) between 6 and 45),
  account_number text collate "C" not null constraint loan_account_number_once unique,
  contract_number text not null,
  borrower_name text not null,
  borrower_document_type char(2) not null default '01'
    constraint loan_document_type check (borrower_document_type in ('01', '02', '03', '04', '99')),
  borrower_document_number text collate "C" not null constraint loan_document_number
    check (borrower_document_number !~ '[^0-9A-Z()-]' and octet_length(borrower_document_number) between 1 and 18),
  amount_fen bigint not null constraint loan_amount check (amount_fen > 0),
  disbursed_on date not null,
  balance_fen bigint not null constraint loan_balance check (balance_fen between 0 and amount_fen),
  term_months integer not null constraint loan_term check (term_months between 1 and 600),
  rate_e7 integer not null constraint loan_rate check (rate_e7 between 0 and 10000000),
  settled_on date constraint loan_settled check (settled_on >= disbursed_on),
  overdue_terms integer not null default 0 constraint loan_overdue_terms check (overdue_terms >= 0),
  state char(1) not null constraint loan_state check (state in ('0', '1', '2', '3', '4', '5', '6', '8')),
  created_at timestamptz not null default now(),
  changed_at timestamptz not null default now(),
  constraint loan_settled_is_paid check ((settled_on is not null) = (state = '3') and (settled_on is null or balance_fen = 0))
);

create index loan_borrower on loan (borrower_document_number, borrower_document_type);

comment on table loan is
  'Register of loans as imported. A borrower need not be a depositor here; found by document type and number';
comment on column loan.account_number is 'DKZH 贷款账号';
comment on column loan.contract_number is 'JKHTBH 借款合同编号';
comment on column loan.borrower_name is 'JKRXM 借款人姓名';
comment on column loan.borrower_document_type is 'JKRZJLX 借款人证件类型, table A.1';
comment on column loan.borrower_document_number is 'JKRZJH 借款人证件号';
comment on column loan.amount_fen is 'HTDKJE 合同贷款金额';
comment on column loan.disbursed_on is 'DKFFRQ 贷款发放日期';
comment on column loan.balance_fen is 'DKYE 贷款余额';
comment on column loan.term_months is 'DKQS 贷款期数';
comment on column loan.rate_e7 is 'DKLL 贷款利率, yearly, times ten million: 0.0310000 is 310000';
comment on column loan.settled_on is 'DKJQRQ 贷款结清日期';
comment on column loan.overdue_terms is 'LJYQQS 累计逾期期数';
comment on column loan.state is 'Loan account status (local table): 0 to be signed, 1 to be disbursed, 2 normal, 3 settled, 4 bad, 5 overdue, 6 to be confirmed, 8 void';

-- Rules of the centre as dated rows: a row holds from its day until the next row of the same code begins.
create table parameter (
  code text collate "C" not null constraint parameter_code_form check (code ~ '^[a-z_]+(\.[a-z0-9_]+)*$'),
  valid_from date not null,
  value jsonb not null,
  source text not null constraint parameter_source_not_blank check (btrim(source) <> ''),
  created_at timestamptz not null default now(),
  primary key (code, valid_from)
);

comment on column parameter.source is 'Where the rule stands: the notice and its date, or that it is a demonstration value';
