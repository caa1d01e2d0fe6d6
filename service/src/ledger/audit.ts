// The ledger's auditor: recomputes what the posting function keeps, and looks at the guards. It changes nothing.
// Run it in one repeatable read transaction, or on a ledger at rest: each question is a query of its own.
import type { Queryable } from "../db.ts";

/** Something that should not be. Names rows by their ids, never by personal data. */
export interface Finding {
  /** which check found it, stable */
  check: string;
  /** id of the row */
  subject: string;
  /** what was found, with the figures (fen) */
  detail: string;
}

// Each query answers with (subject, detail) rows, none when all is well. At most a hundred of each: the first is reason enough.
const checks: Record<string, string> = {
  "ledger.posting_balances": `
    select posting_id as subject, 'entries sum to ' || sum(amount_fen) as detail
    from entry group by posting_id having sum(amount_fen) <> 0`,
  "ledger.total_balances": `
    select 'ledger' as subject, 'all entries sum to ' || sum(amount_fen) as detail
    from entry having sum(amount_fen) <> 0`,
  "ledger.posting_has_entries": `
    select p.id as subject, 'has no entries' as detail
    from posting p where not exists (select from entry e where e.posting_id = p.id)`,
  "ledger.entry_has_posting": `
    select e.number::text as subject, 'its posting does not exist' as detail
    from entry e where not exists (select from posting p where p.id = e.posting_id)`,
  "ledger.entry_has_account": `
    select e.number::text as subject, 'its account does not exist' as detail
    from entry e where not exists (select from account a where a.id = e.account_id)`,
  "ledger.posting_sequence": `
    select posting_id as subject, 'its entries are not numbered 1 to ' || count(*) as detail
    from entry group by posting_id having min(seq) <> 1 or max(seq) <> count(*)`,
  "ledger.balance_chain": `
    select number::text as subject, 'balance after is ' || balance_after_fen || ', not ' || expected as detail
    from (
      select e.number, e.balance_after_fen,
        sum(case a.normal_side when 'debit' then e.amount_fen else -e.amount_fen end)
          over (partition by e.account_id order by e.number) as expected
      from entry e join account a on a.id = e.account_id
    ) chain
    where balance_after_fen <> expected`,
  "ledger.account_balance": `
    select a.id as subject, 'balance is ' || a.balance_fen || ', its entries say ' || coalesce(e.balance_fen, 0) as detail
    from account a
    left join (
      select e.account_id, sum(case a.normal_side when 'debit' then e.amount_fen else -e.amount_fen end) as balance_fen,
        max(e.number) as last_entry
      from entry e join account a on a.id = e.account_id
      group by e.account_id
    ) e on e.account_id = a.id
    where a.balance_fen <> coalesce(e.balance_fen, 0) or a.last_entry <> coalesce(e.last_entry, 0)`,
  "ledger.negative": `
    select e.number::text as subject, 'balance after is ' || e.balance_after_fen as detail
    from entry e join account a on a.id = e.account_id
    where e.balance_after_fen < 0 and not a.may_go_negative`,
  "ledger.guard": `
    select wanted.guard as subject, 'is missing or switched off' as detail
    from (values
      ('posting', 'posting_append_only'), ('posting', 'posting_by_posting'),
      ('entry', 'entry_append_only'), ('entry', 'entry_by_posting'),
      ('account', 'account_kept'), ('account', 'account_identity_kept'),
      ('account', 'account_balance_by_posting'), ('account', 'account_starts_empty')
    ) as wanted(kept, guard)
    left join pg_trigger t on t.tgname = wanted.guard and t.tgrelid = wanted.kept::regclass and t.tgenabled = 'A'
    where t.oid is null`,
};

/** Every finding of the ledger; none means: entries sum to zero for each posting and overall, balances match entries. */
export async function audit(db: Queryable): Promise<Finding[]> {
  return runChecks(db, checks);
}

/** Runs named queries that answer with (subject, detail) rows; the other auditors use it too. */
export async function runChecks(db: Queryable, queries: Record<string, string>): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const [check, sql] of Object.entries(queries)) {
    const { rows } = await db.query<{ subject: string; detail: string }>(`select * from (${sql}) found limit 100`);
    findings.push(...rows.map((row) => ({ check, subject: row.subject, detail: row.detail })));
  }
  return findings;
}
