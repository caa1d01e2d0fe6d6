import { randomBytes } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { auditCollection } from "../../service/src/collection/audit.ts";
import { idMaker } from "../../service/src/collection/ids.ts";
import {
  depositorsOf,
  findDepositor,
  findPerson,
  loansOf,
  personsWithPhone,
} from "../../service/src/collection/register.ts";
import { remit } from "../../service/src/collection/remittance.ts";
import { depositorFacts } from "../../service/src/collection/snapshot.ts";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { audit, balanceAt, lastEntry } from "../../service/src/ledger/ledger.ts";
import { demonstrationPersons, makeDemonstrationData } from "../../scripts/demo/import.ts";
import { demonstrationSizes, generateFiles } from "../../scripts/demo/generate.ts";
import { freshDatabase } from "../helpers/database.ts";

const now = () => new Date("2026-11-22T04:00:00Z");
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-demo-"));
let pool: Pool;

beforeAll(async () => {
  ({ pool } = await freshDatabase());
  await makeDemonstrationData(pool, "C14010", { size: "small", folder, now });
});
afterAll(() => fs.rmSync(folder, { recursive: true, force: true }));

const person = (role: string) => demonstrationPersons("C14010").find((candidate) => candidate.role === role)!;
async function factsOf(role: string) {
  const depositor = await findDepositor(pool, person(role).accountNumber);
  return (await depositorFacts(pool, { depositorIds: [depositor!.id] }))[0]!;
}

describe("demonstration data", () => {
  it("is sound, and made once", async () => {
    expect(await audit(pool)).toEqual([]);
    expect(await auditCollection(pool)).toEqual([]);
    expect(await makeDemonstrationData(pool, "C14010", { size: "small", folder, now })).toBeUndefined();
  });

  it("is the same for the same seed and day", () => {
    const twice = [1, 2].map(() => generateFiles("C37170", demonstrationSizes.small, "2026-11-22"));
    expect(twice[0]).toEqual(twice[1]);
    expect(generateFiles("C63010", demonstrationSizes.small, "2026-11-22")).not.toEqual(twice[0]);
  });

  it("knows one person at two centres, and everyone by document and phone", async () => {
    const shared = demonstrationPersons("C46010").find((one) => one.role === "two-centres")!;
    expect(shared.idNumber).toBe(person("two-centres").idNumber);
    const found = await findPerson(pool, { documentType: "01", documentNumber: shared.idNumber.toLowerCase() });
    expect(found?.name).toBe("周同舟");
    expect(await personsWithPhone(pool, shared.phone)).toEqual([found]);
    expect(await depositorsOf(pool, found!.id)).toHaveLength(1);
  });
});

describe("facts for a certificate", () => {
  it("state months in a row, balance and loans", async () => {
    expect(await factsOf("regular")).toMatchObject({
      personName: "郭晋平",
      state: "01",
      paidToMonth: "2026-10",
      consecutiveMonths: 14,
      consecutiveFrom: "2025-09",
      consecutiveTo: "2026-10",
      loans: { count: 0, unsettledCount: 0 },
    });
    expect((await factsOf("settled")).loans).toMatchObject({ count: 1, unsettledCount: 0, unsettledBalanceFen: 0n });
    expect((await factsOf("two-loans")).loans).toMatchObject({ count: 2, unsettledCount: 1 });
    expect((await factsOf("sealed")).state).toBe("02");
    expect((await factsOf("rare-name")).personName).toBe("刘䶮");
  });

  it("count months in a row only after the newest gap", async () => {
    const regular = await findDepositor(pool, person("regular").accountNumber);
    const client = await pool.connect();
    try {
      await client.query("begin");
      await client.query(
        "delete from remittance_line where depositor_id = $1 and month in ('2026-06-01', '2025-10-01')",
        [regular!.id],
      );
      const [facts] = await depositorFacts(client, { depositorIds: [regular!.id] });
      expect(facts).toMatchObject({ consecutiveMonths: 4, consecutiveFrom: "2026-07", consecutiveTo: "2026-10" });
      await client.query("delete from remittance_line where depositor_id = $1", [regular!.id]);
      const [none] = await depositorFacts(client, { depositorIds: [regular!.id] });
      expect(none).toMatchObject({ consecutiveMonths: 0, consecutiveFrom: null, consecutiveTo: null });
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  it("keep the run as months come: one after the other, after a gap, and a back payment that closes it", async () => {
    const { depositorId } = await factsOf("loan");
    const client = await pool.connect();
    const pay = async (...months: [month: string, kind: "01" | "02"][]) => {
      await client.query(
        `insert into remittance_line (remittance_id, depositor_id, month, kind, base_fen, unit_fen, person_fen)
         select 'rem_test' || kind || month, $1, month, kind, 100, 1, 1 from unnest($2::date[], $3::text[]) as m(month, kind)`,
        [depositorId, months.map(([month]) => `${month}-01`), months.map(([, kind]) => kind)],
      );
      const [facts] = await depositorFacts(client, { depositorIds: [depositorId] });
      const runs = (await auditCollection(client)).filter((finding) => finding.check === "collection.run");
      expect(runs).toEqual([]);
      return [facts!.consecutiveMonths, facts!.consecutiveFrom, facts!.consecutiveTo, facts!.paidToMonth];
    };
    try {
      await client.query("begin");
      expect(await pay(["2026-11", "01"])).toEqual([15, "2025-09", "2026-11", "2026-11"]);
      expect(await pay(["2027-01", "01"], ["2027-02", "01"])).toEqual([2, "2027-01", "2027-02", "2027-02"]);
      expect(await pay(["2026-11", "02"])).toEqual([2, "2027-01", "2027-02", "2027-02"]);
      expect(await pay(["2026-12", "02"])).toEqual([18, "2025-09", "2027-02", "2027-02"]);
      expect(await pay(["2027-04", "01"], ["2027-06", "01"])).toEqual([1, "2027-06", "2027-06", "2027-06"]);
      expect(await pay(["2027-07", "02"])).toEqual([2, "2027-06", "2027-07", "2027-07"]);
    } finally {
      await client.query("rollback");
      client.release();
    }
  });

  it("name an entry at which the balance stays what it was, while months go on", async () => {
    const before = await factsOf("regular");
    const everything = await lastEntry(pool);
    const unit = await pool.query("select unit_id from depositor where id = $1", [before.depositorId]);
    const november = {
      unitId: unit.rows[0].unit_id as string,
      month: "2026-11",
      businessNumber: "HJ-NOV",
      eventAt: now(),
      lines: [{ depositorId: before.depositorId, baseFen: 1000000n, unitFen: 50000n, personFen: 50000n }],
    };
    await transaction(pool, (tx) => remit(tx, [november]));
    const after = await factsOf("regular");
    expect(after).toMatchObject({
      balanceFen: before.balanceFen + 100000n,
      paidToMonth: "2026-11",
      consecutiveMonths: 15,
    });
    expect(await balanceAt(pool, before.ledgerAccountId, before.entryNumber)).toBe(before.balanceFen);
    const [past] = await depositorFacts(pool, { depositorIds: [before.depositorId], atEntry: everything });
    expect(past).toMatchObject({ balanceFen: before.balanceFen, entryNumber: before.entryNumber });

    await expect(transaction(pool, (tx) => remit(tx, [{ ...november, businessNumber: "HJ-2" }]))).rejects.toMatchObject(
      {
        code: "MONTH_ALREADY_REMITTED",
      },
    );
    expect(await auditCollection(pool)).toEqual([]);
  });

  it("come in the order asked, without ids that do not exist", async () => {
    const ids = [(await factsOf("loan")).depositorId, "dep_none", (await factsOf("regular")).depositorId];
    const facts = await depositorFacts(pool, { depositorIds: ids });
    expect(facts.map((one) => one.depositorId)).toEqual([ids[0], ids[2]]);
  });

  it("know nothing of loans as long as no register was imported", async () => {
    const other = (await freshDatabase()).pool;
    const newId = idMaker(randomBytes, now);
    await other.query("insert into person (id, name, document_type, document_number) values ($1, '甲', '01', 'X')", [
      newId("pers_"),
    ]);
    expect(await loansOf(other, { documentType: "01", documentNumber: "X" })).toBeNull();
  });
});
