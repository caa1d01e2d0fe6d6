// Which ledger accounts collection uses. Their ids follow from the ids of units and depositors, which are random and
// say nothing about a person.
import type { NewAccount } from "../ledger/ledger.ts";

/** What lies in the bank (住房公积金存款), one account for the centre. */
export const bankAccount = "acct_bank";
/** Counterpart of the balances taken over from an earlier system, one for the centre. */
export const openingAccount = "acct_opening";

/** Money of a unit on its way to its depositors; zero after each remittance. */
export const clearingAccount = (unitId: string) => `acct_clearing_${unitId.slice("unit_".length)}`;
/** Money of a unit that is not allotted yet (暂收未分摊). */
export const unallocatedAccount = (unitId: string) => `acct_unallocated_${unitId.slice("unit_".length)}`;
/** A depositor's own money. */
export const depositorAccount = (depositorId: string) => `acct_depositor_${depositorId.slice("dep_".length)}`;

/** The accounts that a centre has once. The bank's and the opening account may go negative: they mirror the outside. */
export const centreAccounts: NewAccount[] = [
  { id: bankAccount, kind: "bank", owner: "centre", normalSide: "debit", mayGoNegative: true },
  { id: openingAccount, kind: "opening", owner: "centre", normalSide: "debit", mayGoNegative: true },
];

/** The accounts of a unit. Each unit has its own, so that units posted at the same time do not wait for each other. */
export function unitAccounts(unitId: string): NewAccount[] {
  return [
    { id: clearingAccount(unitId), kind: "unit_clearing", owner: unitId, normalSide: "credit" },
    { id: unallocatedAccount(unitId), kind: "unit_unallocated", owner: unitId, normalSide: "credit" },
  ];
}

/** The account of a depositor. */
export function accountOfDepositor(depositorId: string): NewAccount {
  return { id: depositorAccount(depositorId), kind: "depositor", owner: depositorId, normalSide: "credit" };
}
