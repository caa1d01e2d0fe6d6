import type { Queryable } from "../db.ts";
import type { LoanFacts, RepaidLoan, Repayment } from "./loans.ts";
import { loanColumns } from "./register-store.ts";

const factsSql = `
  select ${loanColumns}, (
      select p.id from person p
      where p.document_number = borrower_document_number and p.document_type = borrower_document_type
    ) as "personId", asked.ord
  from unnest($1::text[]) with ordinality as asked(loan_id, ord)
  join loan on loan.id = asked.loan_id`;

export async function facts(db: Queryable, loanIds: readonly string[]): Promise<LoanFacts[]> {
  const { rows } = await db.query<Ordered<LoanFacts>>({
    name: "loan-facts",
    text: `${factsSql} order by asked.ord`,
    values: [loanIds],
  });
  return rows.map(withoutOrder);
}

type Ordered<T> = T & { ord?: bigint };
type RepaidRow = LoanFacts & { repayments: (string | number)[][] };

// Amounts travel as text: a JSON number is a float.
const repaidSql = `
  select facts.*, coalesce(made.repayments, '[]') as repayments
  from (${factsSql}) facts
  left join lateral (
    select json_agg(json_build_array(r.seq, r.business_number, r.kind, r.term, r.paid_on, r.amount_fen::text,
      r.principal_fen::text, r.interest_fen::text, r.penalty_fen::text, r.balance_fen::text) order by r.seq) as repayments
    from loan_repayment r where r.loan_id = facts.id
  ) made on true
  order by facts.ord`;

export async function repaid(db: Queryable, loanIds: readonly string[]): Promise<RepaidLoan[]> {
  const { rows } = await db.query<Ordered<RepaidRow>>({ name: "repaid-loans", text: repaidSql, values: [loanIds] });
  return rows.map((row) => ({ ...withoutOrder(row), repayments: row.repayments.map(repaymentOf) }));
}

function repaymentOf([seq, number, kind, term, paidOn, ...fen]: (string | number)[]): Repayment {
  const [amountFen, principalFen, interestFen, penaltyFen, balanceFen] = fen.map(BigInt) as [
    bigint,
    bigint,
    bigint,
    bigint,
    bigint,
  ];
  return {
    seq: Number(seq),
    businessNumber: String(number),
    kind: String(kind),
    term: Number(term),
    paidOn: String(paidOn),
    amountFen,
    principalFen,
    interestFen,
    penaltyFen,
    balanceFen,
  };
}

function withoutOrder<T>(row: Ordered<T>): T {
  delete row.ord;
  return row;
}
