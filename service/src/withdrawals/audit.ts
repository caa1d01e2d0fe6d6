// The auditor of withdrawals: what was paid against the ledger, and the checks on which it rests. It changes nothing.
import type { Queryable } from "../db.ts";
import type { Finding } from "../finding.ts";
import { runChecks } from "../ledger/audit.ts";

const checks: Record<string, string> = {
  "withdrawals.paid_is_posted": `
    select w.id as subject, 'says ' || w.amount_fen || ' fen; its account was debited ' || coalesce(sum(e.amount_fen), 0) as detail
    from withdrawal w
    join depositor d on d.id = w.depositor_id
    left join entry e on e.posting_id = w.posting_id and e.account_id = d.ledger_account_id
    where w.state = 'paid'
    group by w.id, w.amount_fen having coalesce(sum(e.amount_fen), 0) <> w.amount_fen`,
  "withdrawals.posting_has_withdrawal": `
    select p.id as subject, 'no withdrawal stands behind it' as detail
    from posting p where p.kind = 'withdrawal' and not exists (select from withdrawal w where w.posting_id = p.id)`,
  "withdrawals.check_allows": `
    select w.id as subject, w.state || ' after a check that said ' || c.result as detail
    from withdrawal w join blacklist_check c on c.id = w.check_id
    where (w.state = 'paid') <> (c.result in ('clear', 'flagged')) or (w.state in ('barred', 'refused') and c.result <> 'barred')
       or c.business_number <> w.business_number or c.person_id is distinct from w.person_id`,
};

/** Every disagreement between withdrawals, their checks and the ledger. */
export function auditWithdrawals(db: Queryable): Promise<Finding[]> {
  return runChecks(db, checks);
}
