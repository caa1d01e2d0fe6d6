// Lists of repayments against a real database: good ones, every kind of bad row, and lists that go on.
import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { auditCollection } from "../../../service/src/collection/audit.ts";
import { idMaker } from "../../../service/src/collection/ids.ts";
import { importFiles } from "../../../service/src/collection/import/import.ts";
import { reportLines } from "../../../service/src/collection/import/report.ts";
import { repaidLoans } from "../../../service/src/collection/loans.ts";
import type { Pool } from "../../../service/src/db.ts";
import { syntheticIdNumber } from "../../../scripts/demo/persons.ts";
import { freshDatabase } from "../../helpers/database.ts";

const now = new Date("2026-11-22T04:00:00Z");
const id = (sequence: number) => syntheticIdNumber(1, "19900101", sequence);

const loanColumns = "DKZH,JKHTBH,JKRXM,JKRZJH,HTDKJE,DKFFRQ,DKYE,DKQS,DKLL,DKJQRQ,LJYQQS,DKHKFS,YDHKR\n";
const loans = `${loanColumns}D1,H1,李𠮷安,${id(1)},1200.00,20260715,900.00,12,0.0260000,,0,02,15
D2,H2,刘䶮,${id(2)},500000,20200601,0,240,0.0310000,20260901,1,,
`;
const columns = "DKZH,YWLSH,DKYWMXLX,DQQC,YWFSRQ,FSE,BJJE,LXJE,FXJE,DKYE\n";
const first = ["D1,HK1,02,1,20260815,102.60,100.00,2.60,,1100.00", "D1,HK2,02,2,20260915,102.38,100.00,2.38,0,1000.00"];
const third = "D1,HK3,04,3,20261018,102.47,100.00,2.17,0.30,900.00";
const settled = "D2,HK9,06,75,20260901,401000.00,400000.00,1000.00,,0.00";
const list = (...rows: string[]) => `${columns}${rows.join("\n")}\n`;
const repayments = list(first[0]!, settled, first[1]!, third);
const good = { "loans.csv": loans, "repayments.csv": repayments };

let pool: Pool;
const emptyDatabase = async () => void ({ pool } = await freshDatabase());
const importAll = (files: Record<string, string>) =>
  importFiles({
    pool,
    centreCode: "C46010",
    files: Object.entries(files).map(([name, content]) => ({
      name,
      async *open() {
        yield Buffer.from(content);
      },
    })),
    now: () => now,
    newId: idMaker(randomBytes, () => now),
  });
const faults = (report: Awaited<ReturnType<typeof importAll>>) =>
  report.problems.map(({ file, line, column, reason, params }) => [file, line, column, reason, params]);
async function known(number: string) {
  const { rows } = await pool.query<{ id: string }>("select id from loan where account_number = $1", [number]);
  return (await repaidLoans(pool, [rows[0]!.id]))[0]!;
}
const count = async () =>
  Number((await pool.query("select count(*) as n from loan_repayment")).rows[0].n as bigint | string);

describe("a list of repayments", () => {
  beforeAll(emptyDatabase);

  it("is taken over with its loans, whatever the order of the files", async () => {
    const report = await importAll({ "repayments.csv": repayments, "loans.csv": loans });
    expect(report.problems).toEqual([]);
    expect(report.files.map(({ name, added }) => [name, added])).toEqual([
      ["repayments.csv", 4],
      ["loans.csv", 2],
    ]);
    expect(reportLines(report, "masked")).toContain(
      "repayments.csv: 还款明细 repayments, 4 行 rows, utf-8: 新增 added 4, 更新 changed 0, 未变 unchanged 0",
    );
    const loan = await known("D1");
    expect(loan).toMatchObject({ repaymentMethod: "02", repaymentDay: 15, balanceFen: 90000n, personId: null });
    expect(loan.repayments).toEqual([
      {
        seq: 1,
        businessNumber: "HK1",
        kind: "02",
        term: 1,
        paidOn: "2026-08-15",
        amountFen: 10260n,
        principalFen: 10000n,
        interestFen: 260n,
        penaltyFen: 0n,
        balanceFen: 110000n,
      },
      {
        seq: 2,
        businessNumber: "HK2",
        kind: "02",
        term: 2,
        paidOn: "2026-09-15",
        amountFen: 10238n,
        principalFen: 10000n,
        interestFen: 238n,
        penaltyFen: 0n,
        balanceFen: 100000n,
      },
      {
        seq: 3,
        businessNumber: "HK3",
        kind: "04",
        term: 3,
        paidOn: "2026-10-18",
        amountFen: 10247n,
        principalFen: 10000n,
        interestFen: 217n,
        penaltyFen: 30n,
        balanceFen: 90000n,
      },
    ]);
    expect(await known("D2")).toMatchObject({
      repaymentMethod: null,
      repaymentDay: null,
      repayments: [{ seq: 1, term: 75, balanceFen: 0n }],
    });
    expect(await auditCollection(pool)).toEqual([]);
  });

  it("changes nothing when it comes again, in the same bytes or in others", async () => {
    expect((await importAll(good)).files.every((one) => one.alreadyImported)).toBe(true);
    const others = await importAll({ "repayments.csv": repayments.replaceAll("\n", "\r\n") });
    expect(others.problems).toEqual([]);
    expect(others.files[0]).toMatchObject({ added: 0, unchanged: 4, alreadyImported: false });
    expect(await count()).toBe(4);
  });

  it("does not change what is registered", async () => {
    const report = await importAll({ "repayments.csv": list(third.replace("20261018", "20261019")) });
    expect(faults(report)).toEqual([["repayments.csv", 2, "YWFSRQ", "EXISTS_WITH_DIFFERENT_CONTENT", undefined]]);
  });

  it("goes on where the last one ended, with the newer register, in one list or in several", async () => {
    const newer = loans.replace(",900.00,12,", ",700.00,12,");
    const fourth = "D1,HK4,,4,20261115,101.95,100.00,1.95,,800.00";
    const fifth = "D1,HK5,03,4,20261120,100.00,100.00,0.00,,700.00";
    const missing = await importAll({ "loans.csv": newer, "a.csv": list(third, fourth) });
    expect(faults(missing)).toEqual([["a.csv", 3, "DKYE", "BALANCE_DIFFERS_FROM_LOAN", { expected: "700.00" }]]);
    const without = await importAll({ "a.csv": list(fourth, fifth) });
    expect(faults(without)).toEqual([["a.csv", 3, "DKYE", "BALANCE_DIFFERS_FROM_LOAN", { expected: "900.00" }]]);
    const report = await importAll({ "a.csv": list(third, fourth), "b.csv": list(fourth, fifth), "loans.csv": newer });
    expect(report.problems).toEqual([]);
    expect(report.files.map(({ added, unchanged, changed }) => [added, unchanged, changed])).toEqual([
      [1, 1, 0],
      [1, 1, 0],
      [0, 1, 1],
    ]);
    expect((await known("D1")).repayments.map(({ seq, term }) => [seq, term])).toEqual([
      [1, 1],
      [2, 2],
      [3, 3],
      [4, 4],
      [5, 4],
    ]);
    expect(await auditCollection(pool)).toEqual([]);
  });

  it("keeps method and day of a loan when a newer register leaves them out, and takes new ones", async () => {
    const bare = `DKZH,JKHTBH,JKRXM,JKRZJH,HTDKJE,DKFFRQ,DKYE,DKQS,DKLL\nD1,H1,李𠮷安,${id(1)},1200.00,20260715,700.00,12,0.0260000\n`;
    expect((await importAll({ "loans.csv": bare })).files[0]).toMatchObject({ unchanged: 1 });
    const changed = `${loanColumns}D1,H1,李𠮷安,${id(1)},1200.00,20260715,700.00,12,0.0260000,,0,01,08\n`;
    expect((await importAll({ "loans.csv": changed })).files[0]).toMatchObject({ changed: 1 });
    expect(await known("D1")).toMatchObject({ repaymentMethod: "01", repaymentDay: 8 });
  });

  it("stays as it is, whoever is connected", async () => {
    for (const sql of ["update loan_repayment set term = 9", "truncate loan_repayment"])
      await expect(pool.query(sql)).rejects.toMatchObject({ code: "CZL05" });
  });

  it("is walked by the auditor", async () => {
    await pool.query("delete from loan_repayment where seq = 2");
    expect((await auditCollection(pool)).map(({ check }) => check)).toEqual(["collection.repayment_follows"]);
  });
});

describe("bad rows", () => {
  beforeAll(emptyDatabase);

  it.each<
    [reason: string, line: number, column: string, file: keyof typeof good, from: string, to: string, params?: object]
  >([
    ["LOAN_UNKNOWN", 2, "DKZH", "repayments.csv", "D1,HK1", "D7,HK1"],
    ["TWICE_IN_FILE", 4, "YWLSH", "repayments.csv", "HK2", "HK1", { line: 2 }],
    ["EMPTY", 4, "YWLSH", "repayments.csv", "HK2", ""],
    ["NOT_A_REPAYMENT", 4, "DKYWMXLX", "repayments.csv", "HK2,02", "HK2,01"],
    ["TERM_OUT_OF_ORDER", 4, "DQQC", "repayments.csv", "HK2,02,2", "HK2,02,0", { before: 1, last: 12 }],
    ["TERM_OUT_OF_ORDER", 5, "DQQC", "repayments.csv", "HK3,04,3", "HK3,04,13", { before: 2, last: 12 }],
    ["TERM_OUT_OF_ORDER", 2, "DQQC", "repayments.csv", "HK1,02,1", "HK1,02,0", { before: 1, last: 12 }],
    ["REPAID_BEFORE", 4, "YWFSRQ", "repayments.csv", "20260915", "20260814", { before: "2026-08-15" }],
    ["REPAID_BEFORE", 2, "YWFSRQ", "repayments.csv", "20260815", "20260714", { before: "2026-07-15" }],
    ["DATE_IN_FUTURE", 5, "YWFSRQ", "repayments.csv", "20261018", "20261123"],
    ["REPAYMENT_PARTS", 5, "FSE", "repayments.csv", "102.47", "102.17", { expected: "102.47" }],
    ["REPAYMENT_PARTS", 2, "FSE", "repayments.csv", "102.60", "102.61", { expected: "102.60" }],
    ["BALANCE_DOES_NOT_FOLLOW", 4, "DKYE", "repayments.csv", "1000.00\n", "1000.01\n", { expected: "1000.00" }],
    ["BALANCE_DIFFERS_FROM_LOAN", 5, "DKYE", "loans.csv", "900.00,12", "899.99,12", { expected: "899.99" }],
    ["BALANCE_ABOVE_AMOUNT", 2, "DKYE", "repayments.csv", "1100.00\n", "1100.01\n"],
    ["MONEY_ILLEGAL", 2, "BJJE", "repayments.csv", "100.00,2.60", "-100.00,2.60"],
    ["CODE_UNKNOWN", 2, "DKHKFS", "loans.csv", ",02,15", ",05,15"],
    ["DAY_OF_MONTH_ILLEGAL", 2, "YDHKR", "loans.csv", ",02,15", ",02,32"],
  ])("%s in line %i %s: nothing is imported", async (reason, line, column, file, from, to, params) => {
    const changed = good[file].replace(from, to);
    expect(changed).not.toBe(good[file]);
    const report = await importAll({ ...good, [file]: changed });
    expect(report.imported).toBe(false);
    expect(report.problems).toContainEqual(
      expect.objectContaining({ line, column, reason, ...(params ? { params } : {}) }),
    );
    expect(await count()).toBe(0);
  });

  it("are told once: what hangs on a bad row is judged for itself", async () => {
    const unreadable = await importAll({ ...good, "repayments.csv": repayments.replace("1100.00\n", "x\n") });
    expect(faults(unreadable)).toEqual([["repayments.csv", 2, "DKYE", "MONEY_ILLEGAL", undefined]]);
    const broken = await importAll({ ...good, "repayments.csv": repayments.replace("1000.00\n", "1000.01\n") });
    expect(faults(broken).map(([, line]) => line)).toEqual([4, 5]);
    const noLoan = await importAll({ ...good, "loans.csv": loans.replace("0.0260000", "2.6") });
    expect(faults(noLoan)).toEqual([["loans.csv", 2, "DKLL", "RATE_ILLEGAL", undefined]]);
    expect(await count()).toBe(0);
  });

  it("without a column that is needed is told by its name", async () => {
    const report = await importAll({ "repayments.csv": repayments.replace(",BJJE", ",SNJZFSE") });
    expect(report.problems.map(({ reason }) => reason)).toEqual(["COLUMN_MISSING", "COLUMN_UNKNOWN"]);
  });
});
