import { beforeAll, describe, expect, it } from "vitest";
import { loanScheduleKind } from "../../../service/src/certificates/kinds/loan-schedule.ts";
import { transaction } from "../../../service/src/db.ts";
import { fenOfYuan } from "../../../service/src/ledger/money.ts";
import { allSound } from "../world.ts";
import type { CentreWorld } from "../world.ts";
import { addLoan, ask, canLook, expectFigures, issued, makeKindCentre, pagesOf, setDueDay } from "./world.ts";

let world: CentreWorld;
beforeAll(async () => {
  world = await makeKindCentre(loanScheduleKind, 2);
  const { pool } = world.certificates;
  await addLoan(pool, { id: "loan_equal" });
  await setDueDay(pool, { day: "disbursement", firstAfterMonths: 1 });
});

describe("the plan of a loan", () => {
  it("pays the balance back from today in the terms that remain", async () => {
    const { face, pdf, personId } = await issued(world, loanScheduleKind, "loan_equal");
    const { rows, ...fields } = face.fields;
    // Due from 2020-07-15 on the 15th: 77 terms until 2026-11-15, so the next is the 78th of 240.
    expect(rows).toHaveLength(163);
    expect(rows[0]!.slice(0, 2)).toEqual([78, "2026-12-15"]);
    expect(rows.at(-1)!.slice(0, 2)).toEqual([240, "2040-06-15"]);
    expect(rows.at(-1)!.at(-1)).toBe("0.00");
    expect(fields).toMatchObject({ balanceYuan: "200000.00", method: "01", ratePercent: "2.6", asOf: "2026-11-22" });
    const sum = (at: 2 | 3 | 4) => rows.reduce((total, row) => total + fenOfYuan(row[at])!, 0n);
    expect(sum(3)).toBe(20_000_000n);
    expect(sum(2)).toBe(20_000_000n + fenOfYuan(fields.interestYuan)!);
    expect(personId).toBe("pers_1");
    const figures = loanScheduleKind.qrSummary(face);
    expect(figures).toEqual([20_000_000, 163, Number(fenOfYuan(rows[0]![2])), Number(sum(4)), 20261215, 20400615]);
    expectFigures("loan-schedule", figures);
    if (!canLook) return;
    const pages = pagesOf(pdf);
    expect(pages).toHaveLength(5);
    const text = pages.join("").replaceAll(/\s/g, "");
    expect(text).toContain(
      "以下还款计划自2026年11月22日起，按本中心登记的贷款余额、剩余期数、还款方式和现行利率推算：",
    );
    expect(text).toContain("还款方式等额本息");
    expect(text).toContain("现行年利率2.6%");
    expect(text).toContain("本计划为推算结果，不改变借款合同；提前还款、逾期或利率调整后，以调整后的为准。");
    await allSound(world);
  });

  it("follows the contract's day, else the centre's rule", async () => {
    const { pool } = world.certificates;
    await addLoan(pool, { id: "loan_day", disbursedOn: "2026-10-31", day: null, method: "02", termMonths: 12 });
    const first = async (id: string) => (await issued(world, loanScheduleKind, id)).face.fields.rows[0]!.slice(0, 2);
    expect(await first("loan_day")).toEqual([1, "2026-11-30"]);
    await transaction(pool, (tx) =>
      tx.query("update parameter set value = $1 where code = 'loan.due_day'", [{ day: 20, firstAfterMonths: 1 }]),
    );
    expect(await first("loan_day")).toEqual([2, "2026-12-20"]);
    expect(await first("loan_equal")).toEqual([78, "2026-12-15"]);
  });

  it.each<[string, Parameters<typeof addLoan>[1]]>([
    ["REPAYMENT_METHOD_UNKNOWN", { id: "loan_a", method: null }],
    ["REPAYMENT_METHOD_WITHOUT_PLAN", { id: "loan_b", method: "03" }],
    ["REPAYMENT_METHOD_WITHOUT_PLAN", { id: "loan_c", method: "04" }],
    ["LOAN_NOT_BEING_REPAID", { id: "loan_d", state: "3", balanceFen: 0n, settledOn: "2026-09-01" }],
    ["LOAN_NOT_BEING_REPAID", { id: "loan_e", state: "5" }],
    ["LOAN_TERM_OVER", { id: "loan_f", disbursedOn: "2016-11-01", termMonths: 120 }],
  ])("is refused: %s", async (code, loan) => {
    await addLoan(world.certificates.pool, loan);
    expect(await ask(world, loanScheduleKind, loan.id)).toBe(code);
  });

  it("is refused where the centre has no rule for the days on which terms fall due", async () => {
    await world.certificates.pool.query("delete from parameter where code = 'loan.due_day'");
    expect(await ask(world, loanScheduleKind, "loan_equal")).toBe("PARAMETER_NOT_SET");
  });
});
