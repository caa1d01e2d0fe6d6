// The import against a real database: good files, every kind of bad row, and files that come twice.
import { randomBytes } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { auditCollection } from "../../../service/src/collection/audit.ts";
import { idMaker } from "../../../service/src/collection/ids.ts";
import { importFiles } from "../../../service/src/collection/import/import.ts";
import { reportLines } from "../../../service/src/collection/import/report.ts";
import { depositorFacts } from "../../../service/src/collection/snapshot.ts";
import { transaction } from "../../../service/src/db.ts";
import type { Pool } from "../../../service/src/db.ts";
import { audit } from "../../../service/src/ledger/ledger.ts";
import { setParameters } from "../../../service/src/parameters/parameter.ts";
import { demonstrationParameters } from "../../../scripts/demo/centres.ts";
import { encodeGb18030 } from "../../../scripts/demo/gb18030.ts";
import { syntheticCreditCode, syntheticIdNumber } from "../../../scripts/demo/persons.ts";
import { freshDatabase } from "../../helpers/database.ts";
import { depositors, good, id, loans, remittance, units } from "./files.ts";

const now = new Date("2026-11-22T04:00:00Z");

let pool: Pool;
const file = (name: string, content: string | Uint8Array) => ({
  name,
  // In small pieces, so that characters are cut in the middle.
  async *open() {
    const bytes = Buffer.from(content as string);
    for (let from = 0; from < bytes.length; from += 7) yield bytes.subarray(from, from + 7);
  },
});
const importAll = (files: Record<string, string | Uint8Array>, centreCode = "C46010") =>
  importFiles({
    pool,
    centreCode,
    files: Object.entries(files).map(([name, content]) => file(name, content)),
    now: () => now,
    newId: idMaker(randomBytes, () => now),
  });

async function emptyDatabase(): Promise<void> {
  ({ pool } = await freshDatabase());
  await transaction(pool, (tx) => setParameters(tx, demonstrationParameters("C46010")));
}
async function contents(): Promise<Record<string, bigint>> {
  const { rows } = await pool.query(
    `select (select count(*) from unit) as units, (select count(*) from depositor) as depositors,
       (select count(*) from person) as persons, (select count(*) from remittance_line) as lines,
       (select count(*) from loan) as loans, (select count(*) from entry) as entries,
       (select coalesce(sum(balance_fen), 0)::bigint from account where kind = 'depositor') as fen`,
  );
  return rows[0];
}
async function expectSound(): Promise<void> {
  expect(await audit(pool)).toEqual([]);
  expect(await auditCollection(pool)).toEqual([]);
}
async function factsOf(accountNumber: string) {
  const { rows } = await pool.query("select id from depositor where account_number = $1", [accountNumber]);
  return (await depositorFacts(pool, { depositorIds: [rows[0].id] }))[0]!;
}

describe("good files", () => {
  beforeAll(emptyDatabase);

  it("are posted, whatever their order, and certificates can be drawn from them", async () => {
    const { "units.csv": first, ...rest } = good;
    const report = await importAll({ ...rest, "units.csv": first });
    expect(report.problems).toEqual([]);
    expect(report.imported).toBe(true);
    expect(await contents()).toMatchObject({ units: 2n, depositors: 3n, lines: 4n, loans: 2n, fen: 1407800n });
    await expectSound();
    expect(await factsOf("G1")).toMatchObject({
      personName: "李𠮷安",
      unitAccountNumber: "U1",
      baseFen: 1000000n,
      unitRatioBp: 1200,
      paidToMonth: "2026-10",
      consecutiveMonths: 2,
      consecutiveFrom: "2026-09",
      balanceFen: 980000n,
      loans: { count: 2, unsettledCount: 1, totalAmountFen: 80000000n, unsettledBalanceFen: 28000055n },
    });
  });

  it("imported again change nothing and say so", async () => {
    const before = await contents();
    const report = await importAll(good);
    expect(report.imported).toBe(true);
    expect(report.files.every((one) => one.alreadyImported)).toBe(true);
    expect(await contents()).toEqual(before);
  });

  it("with the same rows in other bytes change nothing either", async () => {
    const before = await contents();
    const others = Object.entries(good).map(([name, text], index): [string, Uint8Array] => {
      const windows = text.replaceAll("\n", "\r\n");
      return [name, index % 2 ? encodeGb18030(windows) : Buffer.from(`\ufeff${windows}`)];
    });
    const report = await importAll(Object.fromEntries(others));
    expect(report.problems).toEqual([]);
    expect(report.files.map((one) => [one.encoding, one.alreadyImported, one.added, one.unchanged])).toEqual([
      ["utf-8", false, 0, 2],
      ["gb18030", false, 0, 3],
      ["utf-8", false, 0, 4],
      ["gb18030", false, 0, 2],
    ]);
    expect(await contents()).toEqual(before);
    await expectSound();
  });

  it("of another centre are refused", async () => {
    await expect(importAll(good, "C14010")).rejects.toMatchObject({ code: "IMPORT_BELONGS_TO_ANOTHER_CENTRE" });
  });

  it("a loan moves forward, never back", async () => {
    const paid = loans.replace("280000.55", "270000");
    expect((await importAll({ "loans.csv": paid })).files[0]).toMatchObject({ changed: 1, unchanged: 1 });
    const back = await importAll({ "loans.csv": loans.replace("280000.55", "275000") });
    expect(back.problems).toMatchObject([{ line: 3, column: "DKYE", reason: "LOAN_GOES_BACK" }]);
  });

  it("what is registered is not changed by an import", async () => {
    const report = await importAll({
      "units.csv": units.replace("一号", "壹号"),
      "depositors.csv": depositors.replace(",5000.00\n", ",6000.00\n"),
      "remittance.csv": remittance.replace(/10000,1200,1200\n/, "11000,1320,1320\n"),
    });
    expect(report.problems.map(({ file, line, column, reason }) => [file, line, column, reason])).toEqual([
      ["units.csv", 2, "DWMC", "EXISTS_WITH_DIFFERENT_CONTENT"],
      ["depositors.csv", 2, "GRZHYE", "EXISTS_WITH_DIFFERENT_CONTENT"],
      ["remittance.csv", 2, "HBJNY", "MONTH_ALREADY_REMITTED"],
      ["remittance.csv", 3, "HBJNY", "MONTH_ALREADY_REMITTED"],
    ]);
  });

  it("nor is a phone passed over in silence, nor a remitted month under another name", async () => {
    const report = await importAll({
      "depositors.csv": depositors.replace("19900000001", "19900000009"),
      "remittance.csv": remittance.replace("2026-10,HJ2,20261018,G2,刘䶮", "2026-10,HJ2,20261018,G2,刘某"),
    });
    expect(report.imported).toBe(false);
    expect(report.problems.map(({ file, line, column, reason }) => [file, line, column, reason])).toEqual([
      ["depositors.csv", 2, "SJHM", "EXISTS_WITH_DIFFERENT_CONTENT"],
      ["remittance.csv", 5, "XingMing", "NAME_DIFFERS"],
    ]);
  });

  it("what is registered and comes twice in a file is a duplicate there, under whatever name", async () => {
    const twice = (text: string, row: number, from: string, to: string) => {
      const rows = text.trimEnd().split("\n");
      return [...rows, rows[row]!.replace(from, to)].join("\n");
    };
    const report = await importAll({
      "units.csv": twice(units, 2, "海口演示二号", "海口演示别号"),
      "depositors.csv": twice(depositors, 1, "李𠮷安", "李某"),
    });
    expect(
      report.problems.map(({ file, line, column, reason, params }) => [file, line, column, reason, params]),
    ).toEqual([
      ["units.csv", 4, "DWZH", "TWICE_IN_FILE", { line: 3 }],
      ["depositors.csv", 5, "GRZH", "TWICE_IN_FILE", { line: 2 }],
    ]);
    const other = await importAll({ "depositors.csv": twice(depositors, 1, "G1,李𠮷安", "G9,李某") });
    expect(other.problems).toMatchObject([
      { line: 5, column: "ZJHM", reason: "PERSON_TWICE_IN_FILE", params: { line: 2 } },
    ]);
  });

  it("a month before the one paid to is refused, as is a second account and another unit's depositor", async () => {
    const report = await importAll({
      "remittance.csv": `DWZH,HBJNY,GRZH,XingMing,ZJHM,GRJCJS,DWYJCE,GRYJCE
U1,2026-08,G1,李𠮷安,${id(1)},10000,1200,1200
U2,2026-10,G1,李𠮷安,${id(1)},10000,500,500
`,
      "depositors.csv": `GRZH,XingMing,ZJLX,ZJHM,DWZH,KHRQ,GRZHZT,GRJCJS,DWYJCE,GRYJCE
G9,李𠮷安,01,${id(1)},U1,20200110,01,10000,1200,1200
`,
    });
    expect(report.problems.map(({ line, column, reason }) => [line, column, reason])).toEqual([
      [2, "HBJNY", "MONTH_BEFORE_PAID_TO"],
      [3, "DWZH", "DEPOSITOR_OF_ANOTHER_UNIT"],
      [3, "HBJNY", "MONTH_ALREADY_REMITTED"],
      [2, "ZJHM", "PERSON_HAS_ACCOUNT"],
    ]);
  });
});

describe("bad rows", () => {
  beforeAll(emptyDatabase);
  let before: Record<string, bigint>;
  beforeEach(async () => {
    before = await contents();
  });

  type Change = [kind: keyof typeof good, from: string | RegExp, to: string];
  it.each<[reason: string, line: number, column: string, ...Change]>([
    ["EMPTY", 2, "DWMC", "units.csv", "海口演示一号有限公司", ""],
    ["CREDIT_CODE_CHECK", 2, "ZZJGDM", "units.csv", syntheticCreditCode(1), `${syntheticCreditCode(1).slice(0, 17)}9`],
    ["CREDIT_CODE_FORM", 2, "ZZJGDM", "units.csv", syntheticCreditCode(1), "12345"],
    ["DATE_ILLEGAL", 2, "DWKHRQ", "units.csv", "20150301", "20150231"],
    ["DATE_IN_FUTURE", 2, "DWKHRQ", "units.csv", "20150301", "20261123"],
    ["CODE_UNKNOWN", 2, "DWZHZT", "units.csv", "20150301,01", "20150301,07"],
    ["RATIO_ILLEGAL", 2, "DWJCBL", "units.csv", "0.12,0.12", "12%,0.12"],
    ["RATIO_OUT_OF_RANGE", 3, "GRJCBL", "units.csv", "0.05,0.05", "0.05,0.13"],
    ["TWICE_IN_FILE", 3, "DWZH", "units.csv", "\nU2,", "\nU1,"],
    ["ACCOUNT_NUMBER_ILLEGAL", 3, "DWZH", "units.csv", "\nU2,", "\nU 2,"],
    ["FIELD_COUNT", 3, "", "units.csv", "0.05,0.05", "0.05,0.05,"],
    ["CONTROL_CHARACTER", 2, "DWMC", "units.csv", "一号", "一\u0007号"],
    ["CONTROL_CHARACTER", 2, "XingMing", "depositors.csv", "李𠮷安", "李\u200b𠮷安"],
    ["ID_NUMBER_CHECK", 2, "ZJHM", "depositors.csv", id(1), `${id(1).slice(0, 17)}${id(1).endsWith("0") ? 1 : 0}`],
    ["ID_NUMBER_DATE", 2, "ZJHM", "depositors.csv", id(1), syntheticIdNumber(1, "19900231", 1)],
    ["ID_NUMBER_FORM", 2, "ZJHM", "depositors.csv", id(1), "123"],
    ["PHONE_ILLEGAL", 2, "SJHM", "depositors.csv", "19900000001", "0898123456"],
    ["UNIT_UNKNOWN", 2, "DWZH", "depositors.csv", "19900000001,U1", "19900000001,U7"],
    ["CODE_UNKNOWN", 2, "GRZHZT", "depositors.csv", "01,10000.00", "08,10000.00"],
    ["CODE_UNKNOWN", 2, "ZJLX", "depositors.csv", `01,${id(1)}`, `05,${id(1)}`],
    ["MONEY_ILLEGAL", 2, "GRZHYE", "depositors.csv", "5000.00\n", "-5000.00\n"],
    ["MONEY_ILLEGAL", 2, "GRZHYE", "depositors.csv", "5000.00\n", '"5,000.00"\n'],
    ["BASE_TOO_LOW", 2, "GRJCJS", "depositors.csv", "10000.00,1200.00,1200.00", "2000.00,240.00,240.00"],
    ["BASE_TOO_HIGH", 2, "GRJCJS", "depositors.csv", "10000.00,1200.00,1200.00", "30453.00,3654.00,3654.00"],
    ["AMOUNT_WRONG", 3, "GRYJCE", "depositors.csv", "1067.00,1067.00", "1067.00,1066.67"],
    ["TWICE_IN_FILE", 3, "GRZH", "depositors.csv", "\nG2,", "\nG1,"],
    ["PERSON_TWICE_IN_FILE", 4, "ZJHM", "depositors.csv", `王㛃,01,${id(3)}`, `刘䶮,01,${id(2)}`],
    ["PERSON_TWICE_IN_FILE", 4, "ZJHM", "depositors.csv", `王㛃,01,${id(3)}`, `王㛃,01,${id(2)}`],
    [
      "NAME_DIFFERS_IN_FILE",
      4,
      "XingMing",
      "depositors.csv",
      `王㛃,01,${id(3)},,U2,20210110,02,3000,150,150,10`,
      `王㛃,01,${id(2)},,U2,20210110,05,3000,150,150,0`,
    ],
    ["TWICE_IN_FILE", 3, "DWZH", "units.csv", "\nU2,海口演示二号有限公司", "\nU1,海口演示三号有限公司"],
    ["TWICE_IN_FILE", 3, "GRZH", "depositors.csv", "\nG2,刘䶮", "\nG1,刘某"],
    ["BALANCE_OF_CLOSED_ACCOUNT", 4, "GRZHYE", "depositors.csv", "02,3000", "05,3000"],
    ["DEPOSITOR_UNKNOWN", 2, "GRZH", "remittance.csv", "G1,李𠮷安", "G8,李𠮷安"],
    ["NAME_DIFFERS", 2, "XingMing", "remittance.csv", "李𠮷安", "李吉安"],
    ["DOCUMENT_DIFFERS", 2, "ZJHM", "remittance.csv", id(1), id(4)],
    ["AMOUNT_WRONG", 3, "DWYJCE", "remittance.csv", "8888.88,1067,1067", "8888.88,1066,1067"],
    ["MONTH_ILLEGAL", 2, "HBJNY", "remittance.csv", "2026-09", "2026-9"],
    [
      "TWICE_IN_FILE",
      3,
      "GRZH",
      "remittance.csv",
      `G2,刘䶮,${id(2)},8888.88,1067,1067`,
      `G1,李𠮷安,${id(1)},10000,1200,1200`,
    ],
    ["BUSINESS_NUMBER_DIFFERS", 3, "YWLSH", "remittance.csv", "HJ1,20260918,G2", "HJ9,20260918,G2"],
    ["BUSINESS_NUMBER_USED", 4, "YWLSH", "remittance.csv", /HJ2/g, "HJ1"],
    ["BALANCE_ABOVE_AMOUNT", 3, "DKYE", "loans.csv", "280000.55", "300000.01"],
    ["SETTLED_WITH_BALANCE", 2, "DKYE", "loans.csv", "20200601,0,", "20200601,1,"],
    ["SETTLED_BEFORE_DISBURSED", 2, "DKJQRQ", "loans.csv", "20250601", "20200531"],
    ["SETTLEMENT_DATE_MISSING", 3, "DKJQRQ", "loans.csv", "280000.55", "0"],
    ["TWICE_IN_FILE", 3, "DKZH", "loans.csv", "\nD2", "\nD1"],
    ["RATE_ILLEGAL", 3, "DKLL", "loans.csv", "0.026", "2.6"],
    ["INTEGER_ILLEGAL", 3, "DKQS", "loans.csv", "240,0.026", "240.5,0.026"],
  ])("%s in line %i %s: nothing is imported", async (reason, line, column, kind, from, to) => {
    const changed = good[kind].replace(from, to);
    expect(changed).not.toBe(good[kind]);
    const report = await importAll({ ...good, [kind]: changed });
    expect(report.imported).toBe(false);
    const own = report.problems.filter((problem) => problem.file === kind);
    expect(own.map((problem) => [problem.line, problem.column, problem.reason])).toContainEqual([line, column, reason]);
    expect(await contents()).toEqual(before);
  });

  it("three of them are all listed, and no more than them", async () => {
    const report = await importAll({
      ...good,
      "depositors.csv": depositors
        .replace("1200.00,1200.00", "1200.00,1201.00")
        .replace("1067.00,1067.00", "1067.00,x")
        .replace("王㛃,01", "王㛃,1"),
    });
    expect(report.problems.map(({ line, column, reason }) => [line, column, reason])).toEqual([
      [2, "GRYJCE", "AMOUNT_WRONG"],
      [3, "GRYJCE", "MONEY_ILLEGAL"],
      [4, "ZJLX", "CODE_UNKNOWN"],
    ]);
    expect(report.problems[0]!.params).toEqual({ expected: "1200.00" });
    expect(await contents()).toEqual(before);
  });

  it("that hang on another bad row are listed in the same run, for what is wrong with themselves", async () => {
    const report = await importAll({
      ...good,
      "units.csv": units.replace("20150301", "20990301"),
      "depositors.csv": depositors.replace("1200.00,1200.00", "1200.00,1201.00").replace("19900000001", "no phone"),
      "remittance.csv": remittance.replace("8888.88,1067,1067", "8888.88,1067,1"),
    });
    expect(report.problems.map(({ file, line, column, reason }) => [file, line, column, reason])).toEqual([
      ["units.csv", 2, "DWKHRQ", "DATE_IN_FUTURE"],
      ["depositors.csv", 2, "SJHM", "PHONE_ILLEGAL"],
      ["depositors.csv", 2, "GRYJCE", "AMOUNT_WRONG"],
      ["remittance.csv", 3, "GRYJCE", "AMOUNT_WRONG"],
    ]);
    expect(await contents()).toEqual(before);
  });

  it("a month paid to before the month of opening is told with both", async () => {
    const withMonths = (months: string[]) =>
      depositors
        .trimEnd()
        .split("\n")
        .map((row, i) => `${row},${i === 0 ? "JZNY" : months[i - 1]}`)
        .join("\n");
    const report = await importAll({ ...good, "depositors.csv": withMonths(["2019-12", "2020-01", ""]) });
    expect(report.problems).toEqual([
      {
        file: "depositors.csv",
        line: 2,
        column: "JZNY",
        value: "2019-12",
        reason: "PAID_TO_BEFORE_OPENING",
        params: { opened: "2020-01" },
      },
    ]);
    expect(reportLines(report, "plain")[0]).toContain(
      'JZNY "2019-12": 缴至年月早于开户月份 2020-01 / the month paid to lies before',
    );
    expect(await contents()).toEqual(before);
  });

  it("the same account, person or unit in a second file of the run is told with that file's name", async () => {
    const again = (number: string, name: string, person: string) =>
      `${depositors.split("\n")[0]}\n${number},${name},01,${person},,U1,20200110,01,8888.88,1067.00,1067.00,\n`;
    const report = await importAll({
      ...good,
      "more-units.csv": units.replace("U1", "U7").replace("海口演示一号", "海口演示七号"),
      "more.csv": again("G2", "刘某", id(7)),
      "third.csv": again("G8", "刘䶮", id(2)),
    });
    expect(
      report.problems.map(({ file, line, column, reason, params }) => [file, line, column, reason, params]),
    ).toEqual([
      ["more-units.csv", 3, "DWZH", "TWICE_IN_RUN", { file: "units.csv", line: 3 }],
      ["more.csv", 2, "GRZH", "TWICE_IN_RUN", { file: "depositors.csv", line: 3 }],
      ["third.csv", 2, "ZJHM", "TWICE_IN_RUN", { file: "depositors.csv", line: 3 }],
    ]);
  });

  it("a bad row after many that were written already takes all of them back", async () => {
    const many = Array.from({ length: 12_000 }, (_, index) => {
      const person = syntheticIdNumber(2, `19${String(70 + Math.floor(index / 1000))}0101`, index % 1000);
      const number = index === 11_000 ? "M10" : `M${index}`;
      return `${number},王一,01,${person},,U1,20200110,01,10000,1200,1200,1`;
    });
    const report = await importAll({ ...good, "depositors.csv": `${depositors}${many.join("\n")}\n` });
    // The first row of that number stands in line 15, two chunks before.
    expect(report.problems).toMatchObject([{ line: 11_005, reason: "TWICE_IN_FILE", params: { line: 15 } }]);
    expect(report.imported).toBe(false);
    expect(await contents()).toEqual(before);
  });

  it("a future month is refused", async () => {
    const report = await importAll({ ...good, "remittance.csv": remittance.replaceAll("2026-10", "2026-12") });
    expect(report.problems.map(({ line, reason }) => [line, reason])).toEqual([
      [4, "MONTH_IN_FUTURE"],
      [5, "MONTH_IN_FUTURE"],
    ]);
  });

  it.each<[string, string | Uint8Array, string]>([
    ["wrong column name", units.replace("DWKHRQ", "DWKHRG"), "COLUMN_MISSING"],
    ["a column twice", units.replace("GRJCBL", "DWJCBL"), "COLUMN_TWICE"],
    ["no known columns", "a,b,c\n1,2,3\n", "KIND_UNKNOWN"],
    ["a header alone", units.split("\n")[0]! + "\n", "FILE_EMPTY"],
    ["an open quote", units.replace("海口演示一号", '"海口演示一号'), "CSV_BROKEN"],
    ["bytes of no encoding", Buffer.from([...Buffer.from(units), 0xff, 0xff]), "ENCODING_UNKNOWN"],
  ])("a file with %s is refused", async (_, content, reason) => {
    const report = await importAll({ "units.csv": content });
    expect(report.imported).toBe(false);
    expect(report.problems.map((problem) => problem.reason)).toContain(reason);
  });

  it("are told in both languages; masked lines hold no name and no number", async () => {
    const report = await importAll({ ...good, "remittance.csv": remittance.replace("李𠮷安", "李吉安") });
    const [plain] = reportLines(report, "plain");
    expect(plain).toContain('remittance.csv:2 XingMing "李吉安": 姓名与登记不符 / the name differs');
    const masked = reportLines(report, "masked").join("\n");
    expect(masked).toContain('"李**"');
    expect(masked).not.toContain("吉安");
  });

  it("and after them the corrected files go in", async () => {
    expect((await importAll(good)).imported).toBe(true);
    await expectSound();
  });
});
