import type { Queryable } from "../db.ts";
import { monthsBetween } from "./month.ts";
import type { DepositorFacts, LoanFacts } from "./snapshot.ts";

interface FactsRow extends Omit<DepositorFacts, "loans" | "consecutiveMonths"> {
  loansKnown: boolean;
  loanCount: number;
  unsettledCount: number;
  totalAmountFen: bigint;
  unsettledBalanceFen: bigint;
}

// One look-up by primary key for each table that stands behind a depositor; nothing walks through lines or entries. Months
// come as days and are cut to months here: Postgres takes longer to format them than to find them.
const factsSql = `
  select d.id as "depositorId", p.id as "personId", p.name as "personName",
    p.document_type as "documentType", p.document_number as "documentNumber",
    d.account_number as "accountNumber", d.ledger_account_id as "ledgerAccountId",
    u.id as "unitId", u.name as "unitName", u.account_number as "unitAccountNumber", u.credit_code as "unitCreditCode",
    d.opened_on as "openedOn", d.state, d.frozen, d.base_fen as "baseFen",
    u.unit_ratio_bp as "unitRatioBp", u.person_ratio_bp as "personRatioBp",
    d.unit_month_fen as "unitMonthFen", d.person_month_fen as "personMonthFen",
    d.paid_to_month as "paidToMonth", d.first_month as "firstMonth",
    d.run_from_month as "consecutiveFrom", d.run_to_month as "consecutiveTo",
    case when $2::bigint is null then a.balance_fen else coalesce(at_entry.balance_after_fen, 0) end as "balanceFen",
    case when $2::bigint is null then a.last_entry else coalesce(at_entry.number, 0) end as "entryNumber",
    exists (select from import where kind = 'loans') as "loansKnown",
    loans.count as "loanCount", loans.unsettled_count as "unsettledCount",
    loans.amount_fen as "totalAmountFen", loans.balance_fen as "unsettledBalanceFen"
  from unnest($1::text[]) with ordinality as asked(id, ord)
  join depositor d on d.id = asked.id
  join person p on p.id = d.person_id
  join unit u on u.id = d.unit_id
  join account a on a.id = d.ledger_account_id
  left join lateral (
    select e.number, e.balance_after_fen from entry e
    where $2::bigint is not null and e.account_id = d.ledger_account_id and e.number <= $2
    order by e.number desc limit 1
  ) at_entry on true
  cross join lateral (
    select count(*)::int as count, (count(*) filter (where settled_on is null))::int as unsettled_count,
      coalesce(sum(amount_fen), 0)::bigint as amount_fen,
      coalesce(sum(l.balance_fen) filter (where settled_on is null), 0)::bigint as balance_fen
    from loan l
    where l.borrower_document_type = p.document_type and l.borrower_document_number = p.document_number
      and l.state in ('2', '3', '4', '5')
  ) loans
  order by asked.ord`;

export async function facts(
  db: Queryable,
  depositorIds: readonly string[],
  atEntry: bigint | undefined,
): Promise<DepositorFacts[]> {
  const { rows } = await db.query<FactsRow>({
    name: "depositor-facts",
    text: factsSql,
    values: [depositorIds, atEntry ?? null],
  });
  return rows.map(({ loansKnown, loanCount, unsettledCount, totalAmountFen, unsettledBalanceFen, ...fact }) => {
    const loans: LoanFacts = { count: loanCount, unsettledCount, totalAmountFen, unsettledBalanceFen };
    const [consecutiveFrom, consecutiveTo] = [monthOfDay(fact.consecutiveFrom), monthOfDay(fact.consecutiveTo)];
    return {
      ...fact,
      paidToMonth: monthOfDay(fact.paidToMonth),
      firstMonth: monthOfDay(fact.firstMonth),
      consecutiveFrom,
      consecutiveTo,
      consecutiveMonths: consecutiveFrom && consecutiveTo ? monthsBetween(consecutiveFrom, consecutiveTo) + 1 : 0,
      loans: loansKnown ? loans : null,
    };
  });
}

/** YYYY-MM of YYYY-MM-DD. */
function monthOfDay(day: string | null): string | null {
  return day && day.slice(0, 7);
}
