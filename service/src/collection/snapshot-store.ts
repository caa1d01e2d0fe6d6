import type { Queryable } from "../db.ts";
import type { DepositorFacts, LoanFacts } from "./snapshot.ts";

interface FactsRow extends Omit<DepositorFacts, "loans"> {
  loansKnown: boolean;
  loanCount: number;
  unsettledCount: number;
  totalAmountFen: bigint;
  unsettledBalanceFen: bigint;
}

// Consecutive months: numbered newest first, month + number stays the same as long as no month is missing.
const factsSql = `
  select d.id as "depositorId", p.id as "personId", p.name as "personName",
    p.document_type as "documentType", p.document_number as "documentNumber",
    d.account_number as "accountNumber", d.ledger_account_id as "ledgerAccountId",
    u.id as "unitId", u.name as "unitName", u.account_number as "unitAccountNumber", u.credit_code as "unitCreditCode",
    d.opened_on as "openedOn", d.state, d.frozen, d.base_fen as "baseFen",
    u.unit_ratio_bp as "unitRatioBp", u.person_ratio_bp as "personRatioBp",
    d.unit_month_fen as "unitMonthFen", d.person_month_fen as "personMonthFen",
    to_char(d.paid_to_month, 'YYYY-MM') as "paidToMonth", to_char(d.first_month, 'YYYY-MM') as "firstMonth",
    run.months as "consecutiveMonths",
    to_char(run.from_month, 'YYYY-MM') as "consecutiveFrom", to_char(run.to_month, 'YYYY-MM') as "consecutiveTo",
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
  cross join lateral (
    select count(*)::int as months, min(month) as from_month, max(month) as to_month
    from (
      select month, at + row_number() over (order by month desc) as run, max(at) over () + 1 as newest_run
      from (
        select month, (extract(year from month) * 12 + extract(month from month))::int as at
        from (
          select month from remittance_line where depositor_id = d.id and kind = '01'
          union
          select month from remittance_line where depositor_id = d.id and kind = '02'
        ) deposited
      ) numbered
    ) runs
    where run = newest_run
  ) run
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
    return { ...fact, loans: loansKnown ? loans : null };
  });
}
