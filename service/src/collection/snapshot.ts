// What a certificate may state about depositors: one consistent reading of register, remittances, ledger and loans.
import type { Queryable } from "../db.ts";
import * as store from "./snapshot-store.ts";

/** Loans of a person in this centre's register; as borrower, voided and undisbursed ones left out. */
export interface LoanFacts {
  count: number;
  unsettledCount: number;
  /** sum of the contract amounts */
  totalAmountFen: bigint;
  /** sum of the balances that are still owed */
  unsettledBalanceFen: bigint;
}

/** The facts of one depositor. Months are YYYY-MM, days YYYY-MM-DD, ratios basis points (1200 is 12 %). */
export interface DepositorFacts {
  depositorId: string;
  personId: string;
  personName: string;
  /** table A.1 */
  documentType: string;
  documentNumber: string;
  /** GRZH */
  accountNumber: string;
  ledgerAccountId: string;
  unitId: string;
  unitName: string;
  /** DWZH */
  unitAccountNumber: string;
  unitCreditCode: string | null;
  openedOn: string;
  /** table A.6 */
  state: string;
  frozen: boolean;
  baseFen: bigint;
  unitRatioBp: number;
  personRatioBp: number;
  unitMonthFen: bigint;
  personMonthFen: bigint;
  paidToMonth: string | null;
  firstMonth: string | null;
  /** months in a row, counted back from the newest month deposited; 0 when none is known */
  consecutiveMonths: number;
  /** first and last of those months */
  consecutiveFrom: string | null;
  consecutiveTo: string | null;
  /** balance as of `entryNumber` */
  balanceFen: bigint;
  /**
   * The newest entry of this depositor's account within the reading (0: none). The balance as of this number is final:
   * `balanceAt(db, ledgerAccountId, entryNumber)` gives the same figure at any later time.
   */
  entryNumber: bigint;
  /** null: this centre has imported no register of loans, so nothing is known */
  loans: LoanFacts | null;
}

/**
 * The facts of depositors, in the order asked, in one statement and so in one snapshot; ids that do not exist are left
 * out. With `atEntry` the balance is that of an earlier moment: after the newest entry whose number is not above it (the
 * other facts are of now). Set-based: ask for hundreds at a time. A second call answers anew.
 */
export function depositorFacts(
  db: Queryable,
  ask: { depositorIds: readonly string[]; atEntry?: bigint },
): Promise<DepositorFacts[]> {
  return store.facts(db, ask.depositorIds, ask.atEntry);
}

/**
 * Months in a row up to the month that is paid to, as far as the lines of remittances show them. An account that was taken
 * over from another system has earlier months that we do not know: then the number is the least that is certain, and with
 * no line at all nothing is (null).
 */
export function monthsInARow(facts: DepositorFacts): { months: number | null; isLeast: boolean } {
  const { consecutiveMonths, consecutiveFrom, consecutiveTo, paidToMonth, firstMonth, openedOn } = facts;
  if (consecutiveMonths === 0 || consecutiveTo !== paidToMonth) return { months: null, isLeast: false };
  const isLeast = consecutiveFrom === firstMonth && openedOn.slice(0, 7) < consecutiveFrom!;
  return { months: consecutiveMonths, isLeast };
}
