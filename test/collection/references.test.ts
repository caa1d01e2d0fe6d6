// What the database refuses to anyone about depositors and lines, and what the auditor finds when guards were off.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditCollection } from "../../service/src/collection/audit.ts";
import type { Pool } from "../../service/src/db.ts";
import { makeDemonstrationData } from "../../scripts/demo/import.ts";
import { freshDatabase } from "../helpers/database.ts";

const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-demo-"));
let pool: Pool;

beforeAll(async () => {
  ({ pool } = await freshDatabase());
  const now = () => new Date("2026-11-22T04:00:00Z");
  await makeDemonstrationData(pool, "C14010", { size: { units: 6, depositors: 12, months: 2 }, folder, now });
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const newDepositor = (person: string, unit: string, state = "01") =>
  `insert into depositor (id, account_number, person_id, unit_id, base_fen, unit_month_fen, person_month_fen, opened_on, state,
     ledger_account_id)
   select 'dep_new', 'NEW', ${person}, ${unit}, 1, 1, 1, '2026-01-01', '${state}', 'acct_depositor_new' from person limit 1`;
const anyUnit = "(select id from unit limit 1)";

describe("the register refuses", () => {
  it.each([
    ["23503", newDepositor("'pers_none'", anyUnit)],
    ["23503", newDepositor("person.id", "'unit_none'", "03")],
    ["23505", newDepositor("person.id", anyUnit)],
    ["23503", "update depositor set person_id = 'pers_none' where id = (select min(id) from depositor)"],
    ["23503", "update depositor set unit_id = 'unit_none'"],
    ["23503", "delete from person"],
    ["23503", "delete from unit"],
    ["23503", "update person set id = id || '0'"],
    ["CZL05", "update remittance_line set unit_fen = unit_fen + 1"],
    ["CZL05", "truncate remittance_line"],
    ["23514", "update depositor set run_from_month = run_to_month + interval '1 month'"],
    ["23514", "update depositor set run_to_month = null where run_from_month is not null"],
  ])("with %s: %s", async (code, sql) => {
    await expect(pool.query(sql)).rejects.toMatchObject({ code });
    expect(await auditCollection(pool)).toEqual([]);
  });
});

describe("the auditor finds", () => {
  async function tampered(...sql: string[]): Promise<string[]> {
    const client = await pool.connect();
    try {
      await client.query("begin");
      for (const statement of sql) await client.query(statement);
      return (await auditCollection(client)).map((finding) => finding.check);
    } finally {
      await client.query("rollback");
      client.release();
    }
  }

  it("a run that the lines do not show", async () => {
    const checks = await tampered(
      "update depositor set run_from_month = '2020-01-01' where run_from_month is not null",
    );
    expect(new Set(checks)).toEqual(new Set(["collection.run"]));
  });

  it("a guard that is switched off, and orphans that came by", async () => {
    const checks = await tampered(
      "alter table depositor disable trigger depositor_references",
      "alter table depositor disable trigger depositor_moves",
      "update depositor set unit_id = 'unit_none'",
    );
    expect(checks).toEqual(expect.arrayContaining(["collection.guard", "collection.depositor_references"]));
  });
});
