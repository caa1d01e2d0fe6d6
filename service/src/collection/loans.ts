// What a certificate may state about loans: one consistent reading of the register and of the repayments imported with it.
import type { Queryable } from "../db.ts";
import * as store from "./loans-store.ts";
import type { Loan } from "./register.ts";

/** A repayment as imported. Amounts in fen. */
export interface Repayment {
  /** from 1, in the order in which they were made, as far as they are on record */
  seq: number;
  /** YWLSH */
  businessNumber: string;
  /** table A.15, 02 to 06 */
  kind: string;
  /** 期次 */
  term: number;
  /** YYYY-MM-DD */
  paidOn: string;
  /** principal, interest and penalty together */
  amountFen: bigint;
  principalFen: bigint;
  interestFen: bigint;
  penaltyFen: bigint;
  /** what was owed after it */
  balanceFen: bigint;
}

export interface LoanFacts extends Loan {
  /** null: the register of persons does not know the borrower */
  personId: string | null;
}

/**
 * Loans by id, in the order asked; ids that do not exist are left out. Set-based: ask for hundreds at a time. A second call
 * answers anew.
 */
export function loanFacts(db: Queryable, loanIds: readonly string[]): Promise<LoanFacts[]> {
  return store.facts(db, loanIds);
}

export interface RepaidLoan extends LoanFacts {
  /** all that are on record, oldest first */
  repayments: Repayment[];
}

/**
 * Loans with their repayments, in one statement and so in one snapshot: an import that commits meanwhile cannot come between
 * a balance and the repayments that led to it. Otherwise as `loanFacts`.
 */
export function repaidLoans(db: Queryable, loanIds: readonly string[]): Promise<RepaidLoan[]> {
  return store.repaid(db, loanIds);
}
