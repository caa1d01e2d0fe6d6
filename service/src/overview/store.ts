// Counts for the overview.
import type { Queryable } from "../db.ts";

export interface Counts {
  activeListings: number;
  barred: number;
  held: number;
  casesToConfirm: number;
}

export async function counts(db: Queryable): Promise<Counts> {
  const { rows } = await db.query<Record<keyof Counts, bigint>>(
    `select (select count(*) from blacklist_opening where ended_at is null) as "activeListings",
       (select count(*) from withdrawal where state = 'barred') as barred,
       (select count(*) from withdrawal where state = 'held') as held,
       (select count(*) from blacklist_case where confirmed_by is null) as "casesToConfirm"`,
  );
  const row = rows[0]!;
  return {
    activeListings: Number(row.activeListings),
    barred: Number(row.barred),
    held: Number(row.held),
    casesToConfirm: Number(row.casesToConfirm),
  };
}
