// The auditor of collection: register against ledger. It changes nothing; run it like the ledger's.
import type { Queryable } from "../db.ts";
import { runChecks } from "../ledger/audit.ts";
import type { Finding } from "../ledger/audit.ts";

const checks: Record<string, string> = {
  "collection.remittance_lines": `
    select r.id as subject,
      'says ' || r.depositor_count || ' lines, ' || r.amount_fen || ' fen; its lines are '
        || count(l.depositor_id) || ', ' || coalesce(sum(l.unit_fen + l.person_fen), 0) as detail
    from remittance r left join remittance_line l on l.remittance_id = r.id
    group by r.id, r.depositor_count, r.amount_fen
    having count(l.depositor_id) <> r.depositor_count or coalesce(sum(l.unit_fen + l.person_fen), 0) <> r.amount_fen`,
  "collection.remittance_posted": `
    select r.id as subject, 'says ' || r.amount_fen || ' fen; the ledger has ' || coalesce(sum(e.amount_fen), 0) as detail
    from remittance r left join entry e on e.posting_id = r.posting_id and e.account_id = 'acct_bank'
    group by r.id, r.amount_fen having coalesce(sum(e.amount_fen), 0) <> r.amount_fen`,
  "collection.line_posted": `
    select coalesce(line.posting_id, booked.posting_id) as subject,
      'lines say ' || coalesce(line.fen, 0) || ' for ' || coalesce(line.account_id, booked.account_id)
        || ', the ledger ' || coalesce(booked.fen, 0) as detail
    from (
      select r.posting_id, d.ledger_account_id as account_id, l.unit_fen + l.person_fen as fen
      from remittance r
      join remittance_line l on l.remittance_id = r.id
      left join depositor d on d.id = l.depositor_id
    ) line
    full join (
      select e.posting_id, e.account_id, -e.amount_fen as fen
      from entry e
      join posting p on p.id = e.posting_id
      join account a on a.id = e.account_id
      where p.kind = 'remittance' and a.kind = 'depositor'
    ) booked on booked.posting_id = line.posting_id and booked.account_id = line.account_id
    where line.fen is distinct from booked.fen`,
  "collection.posting_has_remittance": `
    select p.id as subject, 'no remittance stands behind it' as detail
    from posting p
    where p.kind = 'remittance' and not exists (select from remittance r where r.posting_id = p.id)`,
  "collection.line_has_remittance": `
    select l.remittance_id as subject, 'a line without its remittance' as detail
    from remittance_line l where not exists (select from remittance r where r.id = l.remittance_id)`,
  "collection.clearing_empty": `
    select id as subject, 'holds ' || balance_fen || ' fen at rest' as detail
    from account where kind = 'unit_clearing' and balance_fen <> 0`,
  "collection.depositor_account": `
    select d.id as subject, 'its ledger account is missing or another''s' as detail
    from depositor d left join account a on a.id = d.ledger_account_id and a.kind = 'depositor' and a.owner = d.id
    where a.id is null`,
  "collection.depositor_references": `
    select d.id as subject, 'its person or unit does not exist' as detail
    from depositor d
    where not exists (select from person p where p.id = d.person_id) or not exists (select from unit u where u.id = d.unit_id)`,
  "collection.line_has_depositor": `
    select l.remittance_id as subject, 'a line without its depositor' as detail
    from remittance_line l where not exists (select from depositor d where d.id = l.depositor_id)`,
  "collection.guard": `
    select wanted.guard as subject, 'is missing or switched off' as detail
    from (values
      ('depositor', 'depositor_references'), ('depositor', 'depositor_moves'),
      ('person', 'person_needed'), ('unit', 'unit_needed'),
      ('remittance_line', 'remittance_line_written'), ('remittance_line', 'remittance_line_removed'),
      ('remittance_line', 'remittance_line_kept'), ('loan_repayment', 'loan_repayment_kept')
    ) as wanted(kept, guard)
    left join pg_trigger t on t.tgname = wanted.guard and t.tgrelid = wanted.kept::regclass and t.tgenabled in ('O', 'A')
    where t.oid is null`,
  // The months deposited in a row up to the newest one: month less its number stays the same as long as none is missing.
  "collection.run": `
    select d.id as subject, 'run is ' || coalesce(d.run_from_month || ' to ' || d.run_to_month, 'empty') || ', lines say '
      || coalesce(run.from_month || ' to ' || run.to_month, 'nothing') as detail
    from depositor d
    left join (
      select distinct on (depositor_id) depositor_id, min(month) as from_month, max(month) as to_month
      from (
        select depositor_id, month,
          month - make_interval(months => (row_number() over (partition by depositor_id order by month))::int) as block
        from (select distinct depositor_id, month::date as month from remittance_line) months
      ) numbered
      group by depositor_id, block
      order by depositor_id, max(month) desc
    ) run on run.depositor_id = d.id
    where (d.run_from_month, d.run_to_month) is distinct from (run.from_month, run.to_month)`,
  // What is owed falls by the principal from one repayment to the next, and none is missing between them.
  "collection.repayment_follows": `
    select loan_id || ' ' || seq as subject, 'leaves ' || balance_fen || ' fen; before it ' || coalesce(before, amount_fen)
      || ', principal ' || principal_fen as detail
    from (
      select r.loan_id, r.seq, r.balance_fen, r.principal_fen, l.amount_fen,
        lag(r.balance_fen) over in_order as before, lag(r.seq, 1, 0) over in_order as seq_before
      from loan_repayment r join loan l on l.id = r.loan_id
      window in_order as (partition by r.loan_id order by r.seq)
    ) walked
    where seq <> seq_before + 1 or balance_fen + principal_fen <> before
      or before is null and balance_fen + principal_fen > amount_fen`,
  "collection.paid_to": `
    select d.id as subject, 'paid to ' || coalesce(d.paid_to_month::text, 'never') || ', lines say ' || l.month as detail
    from depositor d
    join (select depositor_id, max(month) as month from remittance_line group by depositor_id) l on l.depositor_id = d.id
    where d.paid_to_month is null or d.paid_to_month < l.month`,
};

/** Every disagreement between the register of collection and the ledger. */
export function auditCollection(db: Queryable): Promise<Finding[]> {
  return runChecks(db, checks);
}
