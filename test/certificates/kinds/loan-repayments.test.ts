import { beforeAll, describe, expect, it } from "vitest";
import { loanRepaymentsKind } from "../../../service/src/certificates/kinds/loan-repayments.ts";
import type { LoanRepaymentsFields, RepaymentRow } from "../../../service/src/certificates/kinds/loan-repayments.ts";
import { addMonths } from "../../../service/src/collection/month.ts";
import { fenOfYuan } from "../../../service/src/ledger/money.ts";
import { allSound } from "../world.ts";
import type { CentreWorld } from "../world.ts";
import { addLoan, ask, canLook, drawn, expectFigures, issued, makeKindCentre, pagesOf } from "./world.ts";

let world: CentreWorld;
/** Repayments of 100 yuan each month from 2020-07, with 2.60 interest; the third one is late. */
async function repay(loanId: string, count: number, balanceFen: bigint, firstTerm = 1): Promise<void> {
  await world.certificates.pool.query(
    `insert into loan_repayment (loan_id, seq, business_number, kind, term, paid_on, amount_fen, principal_fen, interest_fen,
       penalty_fen, balance_fen)
     select $1, n, 'HK' || n, case n when 3 then '04' else '02' end, n + $4 - 1, ('2020-06-15'::date + n * interval '1 month'),
       10260 + case n when 3 then 30 else 0 end, 10000, 260, case n when 3 then 30 else 0 end,
       $3::bigint + ($2 - n) * 10000
     from generate_series(1, $2::int) as n`,
    [loanId, count, balanceFen, firstTerm],
  );
}
beforeAll(async () => {
  world = await makeKindCentre(loanRepaymentsKind, 1);
  const { pool } = world.certificates;
  const amountFen = 20_000_000n + 48n * 10_000n;
  await addLoan(pool, { id: "loan_full", amountFen });
  await repay("loan_full", 48, 20_000_000n);
  await addLoan(pool, { id: "loan_part", amountFen: 30_000_000n });
  await repay("loan_part", 1, 20_000_000n);
  // As many terms as were missing paid interest only: the balance does not tell that they are.
  await addLoan(pool, { id: "loan_fifth", amountFen: 20_000_000n + 3n * 10_000n });
  await repay("loan_fifth", 3, 20_000_000n, 5);
  await addLoan(pool, { id: "loan_behind" });
  await repay("loan_behind", 3, 20_010_000n);
  await addLoan(pool, { id: "loan_bare" });
  await addLoan(pool, { id: "loan_long", amountFen: 30_000_000n });
  await repay("loan_long", 601, 20_000_000n);
});

describe("the repayments of a loan", () => {
  it("are stated as imported, with their sums, from the disbursement to today", async () => {
    const { face, pdf, personId } = await issued(world, loanRepaymentsKind, "loan_full");
    const { rows, ...fields } = face.fields;
    expect(fields).toMatchObject({
      loanNumber: "DK-loan_full",
      balanceYuan: "200000.00",
      principalYuan: "4800.00",
      interestYuan: "124.80",
      penaltyYuan: "0.30",
      fromDisbursement: true,
      toToday: true,
    });
    expect(personId).toBe("pers_1");
    expect(rows).toHaveLength(48);
    expect(rows[2]).toEqual([3, "2020-09-15", "04", "102.90", "100.00", "2.60", "0.30", "204500.00"]);
    let before = fenOfYuan("204800.00")!;
    for (const [, , , amount, principal, interest, penalty, balance] of rows) {
      expect(fenOfYuan(principal)! + fenOfYuan(interest)! + fenOfYuan(penalty)!).toBe(fenOfYuan(amount));
      expect(fenOfYuan(balance)).toBe((before -= fenOfYuan(principal)!));
    }
    const figures = loanRepaymentsKind.qrSummary(face);
    expect(figures).toEqual([20_000_000, 48, 480_000, 12_480, 30, 20240615]);
    expectFigures("loan-repayments", figures);
    if (!canLook) return;
    const pages = pagesOf(pdf);
    expect(pages).toHaveLength(2);
    const text = pages.join("").replaceAll(/\s/g, "");
    expect(text).toContain("明细范围2020年7月15日至2024年6月15日，共48笔（放款至今全部还款）");
    expect(text).toContain("明细合计本金4,800.00元，利息124.80元，罚息0.30元");
    expect(pages[0]).toMatch(/3\s+2020-09-15\s+逾期还款\s+102\.90\s+100\.00\s+2\.60\s+0\.30\s+204,500\.00/);
    expect(pages[1]).toMatch(/48\s+2024-06-15\s+正常还款\s+102\.60\s+100\.00\s+2\.60\s+0\.00\s+200,000\.00/);
    await allSound(world);
  });

  it("of some months leave out the others and say so", async () => {
    const range = async (id: string, details?: object) => {
      const { face } = await issued(world, loanRepaymentsKind, id, details);
      return [face.fields.rows.length, loanRepaymentsKind.values(face).range];
    };
    expect(await range("loan_full", { from: "2021-01", to: "2021-12" })).toEqual([
      12,
      "2021年1月15日至2021年12月15日，共 12 笔（自第 7 期起，不含以后的还款）",
    ]);
    expect(await range("loan_full", { from: "2024-01" })).toEqual([
      6,
      "2024年1月15日至2024年6月15日，共 6 笔（自第 43 期起）",
    ]);
    expect(await range("loan_full", { to: "2020-07" })).toEqual([
      1,
      "2020年7月15日至2020年7月15日，共 1 笔（不含以后的还款）",
    ]);
    // A list that begins in the middle of the loan's life does not pass for all of it.
    expect(await range("loan_part")).toEqual([1, "2020年7月15日至2020年7月15日，共 1 笔（不含以前的还款）"]);
    expect(await range("loan_part", { to: "2020-07" })).toEqual([
      1,
      "2020年7月15日至2020年7月15日，共 1 笔（不含以前的还款）",
    ]);
    // The balance before its first row is the loan's amount, and yet four terms are missing.
    expect(await range("loan_fifth")).toEqual([3, "2020年7月15日至2020年9月15日，共 3 笔（自第 5 期起）"]);
    expect(await range("loan_fifth", { to: "2020-07" })).toEqual([
      1,
      "2020年7月15日至2020年7月15日，共 1 笔（自第 5 期起，不含以后的还款）",
    ]);
  });

  it.each<[string, object | undefined, string]>([
    ["loan_bare", undefined, "REPAYMENTS_NOT_ON_RECORD"],
    ["loan_full", { from: "2025-01" }, "REPAYMENTS_NOT_ON_RECORD"],
    ["loan_behind", undefined, "REPAYMENTS_BEHIND_BALANCE"],
    ["loan_full", { from: "2021-02", to: "2021-01" }, "MONTHS_INVALID"],
    ["loan_full", { to: "2026-12" }, "MONTHS_INVALID"],
    ["loan_full", { from: "2026-12" }, "MONTHS_INVALID"],
    ["loan_long", undefined, "TOO_MANY_ROWS"],
    ["loan_none", undefined, "LOAN_NOT_FOUND"],
  ])("of %s in %j are refused: %s", async (id, details, code) => {
    expect(await ask(world, loanRepaymentsKind, id, details)).toBe(code);
  });

  it("fill one page or many, each with its head", async () => {
    if (!canLook) return;
    const row = (n: number): RepaymentRow => {
      const balance = `${1_000_000 - 1000 * n}.00`;
      return [n, `${addMonths("2000-01", n)}-15`, "05", "1002.60", "1000.00", "2.60", "0.00", balance];
    };
    const fields = (count: number): LoanRepaymentsFields => ({
      name: "刘䶮𠮷㛃",
      documentType: "01",
      documentNumber: "000101199003071233",
      loanNumber: "DK4601".padEnd(30, "0"),
      amountYuan: "1000000.00",
      termMonths: 360,
      disbursedOn: "2000-01-01",
      balanceYuan: "700000.00",
      principalYuan: "300000.00",
      interestYuan: "780.00",
      penaltyYuan: "0.00",
      fromDisbursement: true,
      toToday: true,
      rows: Array.from({ length: count }, (_, i) => row(i + 1)),
    });
    for (const [count, pageCount] of [
      [1, 1],
      [40, 2],
      [300, 8],
    ] as const) {
      const pages = pagesOf(await drawn(loanRepaymentsKind, fields(count)));
      expect(pages).toHaveLength(pageCount);
      for (const page of pages) expect(page.replaceAll(/\s/g, "")).toContain("期次还款日期业务类型发生额（元）");
      expect(pages[0]).toContain("刘䶮𠮷㛃");
      const numbers = pages
        .join("")
        .match(/^ *\d+ +\d{4}-\d\d-15/gm)!
        .map((line) => Number.parseInt(line, 10));
      expect(numbers).toEqual(Array.from({ length: count }, (_, i) => i + 1));
    }
  });
});
