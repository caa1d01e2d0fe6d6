import { randomBytes } from "node:crypto";
import { Value } from "typebox/value";
import { beforeAll, describe, expect, it } from "vitest";
import {
  accountOfDepositor,
  bankAccount,
  depositorAccount,
  unitAccounts,
} from "../../../service/src/collection/accounts.ts";
import { wishOf } from "../../../service/src/certificates/ask.ts";
import { depositDetailKind } from "../../../service/src/certificates/kinds/deposit-detail.ts";
import type { DepositDetailFields, DetailRow } from "../../../service/src/certificates/kinds/deposit-detail.ts";
import { addMonths } from "../../../service/src/collection/month.ts";
import { remit } from "../../../service/src/collection/remittance.ts";
import { transaction } from "../../../service/src/db.ts";
import { fill, refusalOf } from "../../../service/src/errors.ts";
import { history, openAccounts, post } from "../../../service/src/ledger/ledger.ts";
import { fenOfYuan, yuanOfFen } from "../../../service/src/ledger/money.ts";
import { accountNumber } from "../../withdrawals/world.ts";
import { allSound } from "../world.ts";
import type { CentreWorld } from "../world.ts";
import { ask, canLook, drawn, expectFigures, issued, makeKindCentre, pagesOf } from "./world.ts";

let world: CentreWorld;
const pool = () => world.certificates.pool;

/** Remittances of dep_1 month by month; what was paid last stands in the ledger as a certificate has it. */
async function pay(depositor: string, from: string, count: number): Promise<void> {
  await transaction(pool(), (tx) =>
    remit(
      tx,
      Array.from({ length: count }, (_, i) => ({
        unitId: "unit_1",
        month: addMonths(from, i),
        businessNumber: `HJ-${depositor}-${addMonths(from, i)}`,
        eventAt: new Date(`${addMonths(from, i)}-20T01:00:00Z`),
        lines: [{ depositorId: depositor, baseFen: 1_000_000n, unitFen: 120_001n, personFen: 120_000n }],
      })),
    ),
  );
}
async function withdraw(depositor: string, amountFen: bigint, at: string): Promise<void> {
  await transaction(pool(), (tx) =>
    post(tx, [
      {
        id: `post_wd_${randomBytes(6).toString("hex")}`,
        kind: "withdrawal",
        businessNumber: "TQ1",
        eventAt: new Date(at),
        transfers: [{ debit: depositorAccount(depositor), credit: bankAccount, amountFen }],
      },
    ]),
  );
}
/** The ledger's own account of it, oldest first. */
const ledgerOf = async (depositor: string) =>
  (await history(pool(), depositorAccount(depositor), { limit: 2000 })).toReversed();

beforeAll(async () => {
  world = await makeKindCentre(depositDetailKind, 3);
  await openAccounts(pool(), unitAccounts("unit_1"));
  await pay("dep_1", "2023-12", 34);
  await withdraw("dep_1", 654_321n, "2026-10-08T01:00:00Z");
  await pay("dep_1", "2026-10", 1);
});

describe("the account statement", () => {
  it("is the ledger's, to the fen, with what the remittances say", async () => {
    const { face, ledgerEntry, personId, pdf } = await issued(world, depositDetailKind, "dep_1", {
      from: "2023-12",
      to: "2026-11",
    });
    const { rows, ...fields } = face.fields;
    const [opening, ...entries] = await ledgerOf("dep_1");
    expect(rows).toHaveLength(36);
    expect(rows.map(([, , change, , , , balance]) => [fenOfYuan(change.replace("-", "")), fenOfYuan(balance)])).toEqual(
      entries.map(({ changeFen, balanceAfterFen }) => [changeFen < 0n ? -changeFen : changeFen, balanceAfterFen]),
    );
    expect(ledgerEntry).toBe(String(entries.at(-1)!.number));
    expect(rows[0]).toEqual(["2023-12-20", "01", "2400.01", "1200.01", "1200.00", "2023-12", "3634.57", 0]);
    const left = yuanOfFen(entries.at(-2)!.balanceAfterFen);
    expect(rows.at(-2)).toEqual(["2026-10-08", "11", "-6543.21", null, null, null, left, null]);
    const closing = entries.at(-1)!.balanceAfterFen;
    expect(fields).toMatchObject({
      name: "测试1",
      phone: "19900000001",
      frozen: false,
      openingYuan: yuanOfFen(opening!.balanceAfterFen),
      takenOverOn: "2026-11-01",
      inYuan: yuanOfFen(35n * 240_001n),
      outYuan: "6543.21",
      closingYuan: yuanOfFen(closing),
      balanceYuan: yuanOfFen(closing),
      units: [["海口测试单位", "46010001"]],
    });
    expect(personId).toBe("pers_1");
    const figures = depositDetailKind.qrSummary(face);
    expect(figures).toEqual([123_456, 35 * 240_001, 654_321, Number(closing), 36, 202312, 202611]);
    expectFigures("deposit-detail", figures);
    if (!canLook) return;
    const pages = pagesOf(pdf);
    const text = pages.join("").replaceAll(/\s/g, "");
    expect(text).toContain("兹证明下列住房公积金账户2023年12月至2026年11月的明细如下（单位：元）：");
    for (const words of ["邮箱未知", "个人存款账号未知", "开户银行未知", "是否冻结否", "承前余额1,234.56元"])
      expect(text).toContain(words);
    expect(text).toContain("2023年12月至2026年11月；此前明细不在册，承前余额于2026年11月1日接转登记");
    expect(text).toMatch(/承前余额1,234\.562026-11-01接转，此前明细不在册/);
    expect(text).not.toContain("期初余额");
    expect(pages[0]).toMatch(
      /1\s+2023-12-20\s+汇缴\s+2,400\.01\s+1,200\.01\s+1,200\.00\s+2023-12\s+3,634\.57\s+海口测试单位 \/ 46010001/,
    );
    await allSound(world);
  });

  it("of some months brings forward what was before", async () => {
    const { face } = await issued(world, depositDetailKind, "dep_1", { from: "2024-02", to: "2024-03" });
    const ledger = await ledgerOf("dep_1");
    expect(face.fields.rows.map(([day]) => day)).toEqual(["2024-02-20", "2024-03-20"]);
    expect(face.fields).not.toHaveProperty("takenOverOn");
    expect(depositDetailKind.values(face).range).toBe("2024年2月至2024年3月");
    expect(depositDetailKind.tables!(face).entries![0]).toEqual(["", "", "承前余额", "", "", "", "", "6,034.58", ""]);
    expect(face.fields.openingYuan).toBe(yuanOfFen(ledger[2]!.balanceAfterFen));
    expect(face.fields.closingYuan).toBe(yuanOfFen(ledger[4]!.balanceAfterFen));
    expect(face.fields.balanceYuan).toBe(yuanOfFen(ledger.at(-1)!.balanceAfterFen));
  });

  it("of an account without entries is one line, of a frozen or closed one says what it is", async () => {
    await pool().query("update depositor set state = '05', frozen = true where id = 'dep_2'");
    const { face } = await issued(world, depositDetailKind, "dep_2", { from: "2026-11", to: "2026-11" });
    expect(face.fields).toMatchObject({ rows: [], openingYuan: "1234.56", closingYuan: "1234.56", frozen: true });
    expect(depositDetailKind.values(face).range).toContain("此前明细不在册，承前余额于2026年11月1日接转登记");
    expect(depositDetailKind.tables!(face).entries).toHaveLength(1);
  });

  it("states no month before the first one on record, and names that one", async () => {
    const details = (from: string, to: string) => [{ subjectId: "dep_1", details: { from, to } }];
    const read = (from: string, to: string) =>
      transaction(pool(), (tx) =>
        depositDetailKind.read(tx, details(from, to), { today: "2026-11-21", now: new Date(), centreCode: "C46010" }),
      );
    for (const [from, to] of [
      ["1990-01", "1990-02"],
      ["2023-01", "2023-11"],
      ["2015-01", "2026-11"],
    ] as const)
      expect(await read(from, to)).toEqual([
        expect.objectContaining({ code: "ENTRIES_NOT_ON_RECORD", params: { first: "2023-12" } }),
      ]);
    const { zh, en } = refusalOf("ENTRIES_NOT_ON_RECORD");
    expect(fill(zh, { first: "2023-12" })).toContain("起始年月最早为 2023-12");
    expect(fill(en, { first: "2023-12" })).toContain("from 2023-12 on");
    expect(await read("2023-12", "2023-12")).toMatchObject([{ fields: { takenOverOn: "2026-11-01" } }]);
  });

  it("of an account that is on record from its opening says nothing of a takeover", async () => {
    await pool().query(
      `insert into person (id, name, document_type, document_number) values ('pers_9', '测试9', '01', '000101199001010018');
       insert into depositor (id, account_number, person_id, unit_id, base_fen, unit_month_fen, person_month_fen, opened_on, state,
         ledger_account_id)
       values ('dep_9', '460100000009', 'pers_9', 'unit_1', 1000000, 120001, 120000, '2026-11-07', '01', '${depositorAccount("dep_9")}')`,
    );
    await openAccounts(pool(), [accountOfDepositor("dep_9")]);
    await pay("dep_9", "2026-11", 1);
    const { face } = await issued(world, depositDetailKind, "dep_9", { from: "2026-11", to: "2026-11" });
    expect(face.fields).toMatchObject({ openingYuan: "0.00", closingYuan: "2400.01" });
    expect(face.fields).not.toHaveProperty("takenOverOn");
    expect(await ask(world, depositDetailKind, "dep_9", { from: "2026-10", to: "2026-11" })).toBe(
      "ENTRIES_NOT_ON_RECORD",
    );
  });

  it.each<[string, object, string]>([
    ["dep_1", { from: "2026-02", to: "2026-01" }, "MONTHS_INVALID"],
    ["dep_1", { from: "2026-01", to: "2026-12" }, "MONTHS_INVALID"],
    ["dep_1", { from: "2027-01", to: "2027-02" }, "MONTHS_INVALID"],
    ["dep_2", { from: "2026-10", to: "2026-11" }, "ENTRIES_NOT_ON_RECORD"],
    ["dep_none", { from: "2026-01", to: "2026-10" }, "DEPOSITOR_NOT_FOUND"],
  ])("of %s in %j is refused: %s", async (id, details, code) => {
    expect(await ask(world, depositDetailKind, id, details)).toBe(code);
  });

  it("with more rows than a certificate holds is refused, a part of it is issued", async () => {
    for (let n = 0; n < 601; n++) await withdraw("dep_3", 1n, "2026-05-01T01:00:00Z");
    expect(await ask(world, depositDetailKind, "dep_3", { from: "2026-05", to: "2026-10" })).toBe("TOO_MANY_ROWS");
    expect(await issued(world, depositDetailKind, "dep_3", { from: "2026-06", to: "2026-10" })).toMatchObject({
      face: { fields: { rows: [], openingYuan: "1228.55" } },
    });
  });

  it("asks for two months", async () => {
    const asks = (details?: unknown) =>
      wishOf(
        world.certificates,
        { kind: "deposit-detail" as never, grzh: accountNumber(1), details },
        { personId: "pers_1", requestedBy: "pers_1", requestKey: "k" },
      );
    const months = { from: "2025-01", to: "2026-10" };
    expect(await asks(months)).toMatchObject({ subjectId: "dep_1", details: months });
    await expect(asks()).rejects.toMatchObject({ code: "INVALID_REQUEST" });
    const details = depositDetailKind.details!;
    expect(Value.Check(details, { from: "2025-01", to: "2026-10" })).toBe(true);
    for (const wrong of [
      {},
      { from: "2025-01" },
      { from: "2025-13", to: "2026-10" },
      { from: "2025-01", to: "2026-10", x: 1 },
    ])
      expect(Value.Check(details, wrong)).toBe(false);
  });

  it("fits on its pages with many rows, long names of units and rare characters", async () => {
    if (!canLook) return;
    const longest = "海口琼崖翡翠咖啡种植与加工出口贸易（集团）股份有限公司".padEnd(120, "长");
    const fields = (count: number): DepositDetailFields => ({
      name: "刘䶮𠮷㛃",
      documentType: "01",
      documentNumber: "000101199003071233",
      accountNumber: "460100012345678",
      phone: null,
      frozen: false,
      balanceYuan: "1234567.89",
      asOf: "2026-11-21",
      from: "2000-01",
      to: "2026-11",
      openingYuan: "5000.00",
      takenOverOn: "2026-11-20",
      inYuan: "1234567.89",
      outYuan: "0.00",
      closingYuan: "1234567.89",
      units: [
        ["海口𠮷䶮㛃有限公司", "46010002"],
        [longest, "46010003"],
      ],
      rows: Array.from({ length: count }, (_, i): DetailRow => {
        const month = addMonths("2000-01", i);
        return [`${month}-20`, "01", "23456.78", "12345.67", "11111.11", month, "1234567.89", i % 20 === 7 ? 1 : 0];
      }),
    });
    for (const count of [0, 1, 40, 300]) {
      const pages = pagesOf(await drawn(depositDetailKind, fields(count)));
      const last = pages.at(-1)!.replaceAll(/\s/g, "");
      expect(last).toContain(`第${pages.length}页共${pages.length}页`);
      for (const page of pages) expect(page.replaceAll(/\s/g, "")).toContain("序号记账日期业务类型发生额单位发生额");
      // No amount or day is broken over two lines.
      const whole = pages
        .join("")
        .match(/\d{4}-\d\d-20 +汇缴 +23,456\.78 +12,345\.67 +11,111\.11 +\d{4}-\d\d +1,234,567\.89/g);
      expect(whole ?? []).toHaveLength(count);
    }
  });
});
