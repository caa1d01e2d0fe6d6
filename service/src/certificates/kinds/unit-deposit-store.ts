import type { Queryable } from "../../db.ts";

/** What the registers hold of a unit. Months are YYYY-MM, days YYYY-MM-DD, ratios basis points. */
export interface UnitFacts {
  unitId: string;
  name: string;
  creditCode: string | null;
  /** DWZH */
  accountNumber: string;
  openedOn: string;
  /** table A.4 */
  state: string;
  unitRatioBp: number;
  personRatioBp: number;
  paidToMonth: string | null;
  /** accounts by state (table A.6): 01, 02, and 06 or 99; closed ones are not counted */
  normal: number;
  sealed: number;
  others: number;
  /** what the normal accounts have to be paid each month, both parts */
  monthlyFen: bigint;
  /** months without a remittance between the first and the last one on record */
  gaps: number;
}

/** The facts of units in the order asked, in one statement and so in one snapshot; ids that do not exist are left out. */
export async function unitFacts(db: Queryable, unitIds: readonly string[]): Promise<UnitFacts[]> {
  const { rows } = await db.query<UnitFacts>({
    name: "unit-facts",
    text: `
      select u.id as "unitId", u.name, u.credit_code as "creditCode", u.account_number as "accountNumber",
        u.opened_on as "openedOn", u.state, u.unit_ratio_bp as "unitRatioBp", u.person_ratio_bp as "personRatioBp",
        to_char(u.paid_to_month, 'YYYY-MM') as "paidToMonth",
        accounts.normal, accounts.sealed, accounts.others, accounts.monthly_fen as "monthlyFen", months.gaps
      from unnest($1::text[]) with ordinality as asked(id, ord)
      join unit u on u.id = asked.id
      cross join lateral (
        select (count(*) filter (where state = '01'))::int as normal, (count(*) filter (where state = '02'))::int as sealed,
          (count(*) filter (where state in ('06', '99')))::int as others,
          coalesce(sum(unit_month_fen + person_month_fen) filter (where state = '01'), 0)::bigint as monthly_fen
        from depositor d where d.unit_id = u.id
      ) accounts
      cross join lateral (
        select coalesce((extract(year from age(max(month), min(month))) * 12 + extract(month from age(max(month), min(month)))
          + 1 - count(*))::int, 0) as gaps
        from remittance r where r.unit_id = u.id and r.kind = '01'
      ) months
      order by asked.ord`,
    values: [unitIds],
  });
  return rows;
}
