-- Repayments of loans as imported, and two terms of the contract that a repayment plan needs.

alter table import drop constraint import_kind;
alter table import add constraint import_kind
  check (kind in ('units', 'depositors', 'remittance', 'loans', 'repayments'));

-- Null where the register came without them: then nothing is reckoned from them.
alter table loan add column repayment_method char(2)
  constraint loan_repayment_method check (repayment_method in ('01', '02', '03', '04', '99'));
alter table loan add column repayment_day integer
  constraint loan_repayment_day check (repayment_day between 1 and 31);

comment on column loan.repayment_method is
  'DKHKFS 贷款还款方式, table A.11: 01 equal instalments, 02 equal principal, 03 once at the end, 04 free, 99 other';
comment on column loan.repayment_day is 'YDHKR 约定还款日, day of the month; the last one of a shorter month';

create table loan_repayment (
  loan_id text collate "C" not null constraint loan_repayment_loan references loan,
  -- from 1 in the order in which the repayments were made
  seq integer not null constraint loan_repayment_seq check (seq > 0),
  business_number text collate "C" not null,
  kind char(2) not null constraint loan_repayment_kind check (kind in ('02', '03', '04', '05', '06')),
  term integer not null constraint loan_repayment_term check (term > 0),
  paid_on date not null,
  amount_fen bigint not null constraint loan_repayment_amount check (amount_fen > 0),
  principal_fen bigint not null constraint loan_repayment_principal check (principal_fen >= 0),
  interest_fen bigint not null constraint loan_repayment_interest check (interest_fen >= 0),
  penalty_fen bigint not null constraint loan_repayment_penalty check (penalty_fen >= 0),
  balance_fen bigint not null constraint loan_repayment_balance check (balance_fen >= 0),
  created_at timestamptz not null default now(),
  primary key (loan_id, seq),
  constraint loan_repayment_once unique (loan_id, business_number),
  constraint loan_repayment_parts check (amount_fen = principal_fen + interest_fen + penalty_fen)
);

create trigger loan_repayment_kept before update or truncate on loan_repayment
  for each statement execute function ledger_refuse_change();

comment on table loan_repayment is
  'Repayments as imported; the first one known need not be the first one made. No row changes; the auditor walks the balances';
comment on column loan_repayment.business_number is 'YWLSH 业务流水号';
comment on column loan_repayment.kind is
  'DKYWMXLX 贷款业务明细类型, table A.15: 02 as planned, 03 early, 04 overdue, 05 from the fund account, 06 settlement';
comment on column loan_repayment.term is 'DQQC 当期期次';
comment on column loan_repayment.paid_on is 'YWFSRQ 业务发生日期';
comment on column loan_repayment.amount_fen is 'FSE 发生额';
comment on column loan_repayment.principal_fen is 'BJJE 本金金额';
comment on column loan_repayment.interest_fen is 'LXJE 利息金额';
comment on column loan_repayment.penalty_fen is 'FXJE 罚息金额';
comment on column loan_repayment.balance_fen is 'DKYE 贷款余额 after this repayment';
