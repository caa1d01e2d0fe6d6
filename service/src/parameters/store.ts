import type { Queryable } from "../db.ts";
import type { Parameter } from "./parameter.ts";

const columns = `code, valid_from as "validFrom", value, source`;

export async function newestUntil(db: Queryable, code: string, date: string): Promise<Parameter | undefined> {
  const { rows } = await db.query<Parameter>(
    `select ${columns} from parameter where code = $1 and valid_from <= $2 order by valid_from desc limit 1`,
    [code, date],
  );
  return rows[0];
}

export async function history(db: Queryable, code: string): Promise<Parameter[]> {
  const { rows } = await db.query<Parameter>(`select ${columns} from parameter where code = $1 order by valid_from`, [
    code,
  ]);
  return rows;
}

/** Inserts the row when its code and day are free; tells whether the row that stands there now has the same value. */
export async function insert(db: Queryable, row: Parameter): Promise<{ same: boolean }> {
  const value = JSON.stringify(row.value);
  await db.query(
    "insert into parameter (code, valid_from, value, source) values ($1, $2, $3, $4) on conflict do nothing",
    [row.code, row.validFrom, value, row.source],
  );
  const { rows } = await db.query<{ same: boolean }>(
    "select value = $3::jsonb as same from parameter where code = $1 and valid_from = $2",
    [row.code, row.validFrom, value],
  );
  return rows[0]!;
}
