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
