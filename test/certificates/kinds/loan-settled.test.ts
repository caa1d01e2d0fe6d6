import { beforeAll, describe, expect, it } from "vitest";
import { wishOf } from "../../../service/src/certificates/ask.ts";
import { loanSettledKind } from "../../../service/src/certificates/kinds/loan-settled.ts";
import { allSound } from "../world.ts";
import type { CentreWorld } from "../world.ts";
import { addLoan, ask, canLook, expectFigures, issued, makeKindCentre, pagesOf } from "./world.ts";

let world: CentreWorld;
beforeAll(async () => {
  world = await makeKindCentre(loanSettledKind, 2);
  const { pool } = world.certificates;
  const settled = { state: "3", balanceFen: 0n, settledOn: "2026-09-01" };
  await addLoan(pool, { id: "loan_settled", ...settled });
  await addLoan(pool, { id: "loan_open" });
  await addLoan(pool, { id: "loan_paid", balanceFen: 0n });
  await addLoan(pool, { id: "loan_stranger", person: 0, ...settled });
});

describe("the settlement certificate", () => {
  it("says in the words of the trade what was lent and when it was paid back", async () => {
    const { face, pdf, personId, ledgerEntry } = await issued(world, loanSettledKind, "loan_settled");
    expect(face.fields).toEqual({
      name: "测试1",
      documentType: "01",
      documentNumber: expect.stringMatching(/^\d{17}[\dX]$/),
      loanNumber: "DK-loan_settled",
      amountYuan: "300000.00",
      termMonths: 240,
      disbursedOn: "2020-06-01",
      settledOn: "2026-09-01",
    });
    expect([personId, ledgerEntry]).toEqual(["pers_1", "0"]);
    const figures = loanSettledKind.qrSummary(face);
    expect(figures).toEqual([30_000_000, 240, 20200601, 20260901]);
    expectFigures("loan-settled", figures);
    if (!canLook) return;
    const [page, ...more] = pagesOf(pdf);
    expect(more).toEqual([]);
    const text = page!.replaceAll(/\s/g, "");
    for (const words of [
      "客户：测试1您的个人住房公积金贷款已于2026年9月1日结清，详细情况如下：",
      "借款人测试1",
      "借款金额叁拾万元整（￥：300,000.00）",
      "借款期限240期",
      "放款日期2020年6月1日",
      "根据《借款合同》约定，借款人贷款结清后，借款合同终止。本证明仅作为贷款结清使用，不做他用。",
      "特此证明！",
      "打印日期2026年11月22日",
    ])
      expect(text).toContain(words);
    await allSound(world);
  });

  it("is issued to a borrower whom the register of persons does not know", async () => {
    expect(await issued(world, loanSettledKind, "loan_stranger")).toMatchObject({
      personId: null,
      face: { fields: { name: "异乡人" } },
    });
  });

  it("is asked for by the number of the loan, by its borrower alone", async () => {
    const { certificates } = world;
    await certificates.pool.query(
      `insert into import (id, centre_code, kind, file_sha256, encoding, row_count, added_count, changed_count, imported_at)
       values ('imp_000000000001', 'C46010', 'loans', sha256('loans'), 'utf-8', 4, 4, 0, now())`,
    );
    const asks = (personId: string, details?: unknown) =>
      wishOf(
        certificates,
        { kind: "loan-settled" as never, dkzh: "DK-loan_settled", details },
        { personId, requestedBy: personId, requestKey: "k" },
      );
    expect(await asks("pers_1")).toMatchObject({ subjectId: "loan_settled", purpose: "贷款结清" });
    await expect(asks("pers_2")).rejects.toMatchObject({ code: "LOAN_NOT_FOUND" });
    await expect(asks("pers_1", {})).rejects.toMatchObject({ code: "INVALID_REQUEST" });
  });

  it.each([
    ["loan_open", "LOAN_NOT_SETTLED"],
    ["loan_paid", "LOAN_NOT_SETTLED"],
    ["loan_none", "LOAN_NOT_FOUND"],
  ])("is refused for %s: %s", async (id, code) => {
    expect(await ask(world, loanSettledKind, id)).toBe(code);
  });
});
