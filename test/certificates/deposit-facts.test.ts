import { describe, expect, it } from "vitest";
import type { DepositorFacts } from "../../service/src/collection/snapshot.ts";
import { depositFieldsOf } from "../../service/src/certificates/kinds/deposit-facts.ts";

const facts: DepositorFacts = {
  depositorId: "dep_1",
  personId: "pers_1",
  personName: "林海棠",
  documentType: "01",
  documentNumber: "00010119900307123X",
  accountNumber: "460100000001",
  ledgerAccountId: "acct_depositor_1",
  unitId: "unit_1",
  unitName: "演示单位",
  unitAccountNumber: "4601000001",
  unitCreditCode: null,
  openedOn: "2024-09-10",
  state: "01",
  frozen: false,
  baseFen: 1_000_000n,
  unitRatioBp: 750,
  personRatioBp: 1200,
  unitMonthFen: 75_000n,
  personMonthFen: 120_000n,
  paidToMonth: "2026-10",
  firstMonth: "2024-09",
  consecutiveMonths: 26,
  consecutiveFrom: "2024-09",
  consecutiveTo: "2026-10",
  balanceFen: 5_000_000n,
  entryNumber: 7n,
  loans: null,
};
const months = (change: Partial<DepositorFacts>) => {
  const { monthsInARow, monthsInARowIsLeast } = depositFieldsOf({ ...facts, ...change }, "2026-11-22");
  return [monthsInARow, monthsInARowIsLeast ?? false];
};

describe("months in a row on a certificate", () => {
  it("are those that the lines show, when the account is no older than they are", () =>
    expect(months({})).toEqual([26, false]));

  it("are the least that is certain, when the account is older than its first known month", () =>
    expect(months({ openedOn: "2021-06-10" })).toEqual([26, true]));

  it("are certain again after a gap that is on record", () =>
    expect(months({ openedOn: "2021-06-10", consecutiveMonths: 3, consecutiveFrom: "2026-08" })).toEqual([3, false]));

  it("are unknown when no line is on record, or the lines end before the month that is paid to", () => {
    const none = { consecutiveMonths: 0, consecutiveFrom: null, consecutiveTo: null };
    expect(months({ ...none, paidToMonth: "2026-08", firstMonth: null })).toEqual([null, false]);
    expect(months({ ...none, paidToMonth: null, firstMonth: null })).toEqual([null, false]);
    expect(months({ consecutiveTo: "2026-09" })).toEqual([null, false]);
  });
});
