// The arithmetic of a repayment plan (domain rules §3.5): equal instalments A = P·i(1+i)^n / ((1+i)^n − 1), or equal principal
// P/n with interest on what is still owed; i is a twelfth of the yearly rate. Each instalment, principal and interest is
// rounded half up to the whole fen; the last term takes what is left, so that the principals sum to P.

import { equalInstalments } from "../../collection/codes.ts";
import { addMonths, dayOf } from "../../collection/month.ts";
import { invariant } from "../../errors.ts";
import { divideHalfUp } from "../../ledger/money.ts";

/** One term of a plan, in fen. */
export interface PlannedTerm {
  amountFen: bigint;
  principalFen: bigint;
  interestFen: bigint;
  /** owed after it */
  balanceFen: bigint;
}

/** Months of a year times the unit of `rateE7`. */
const monthlyRateUnit = 120_000_000n;

/**
 * The terms that pay `owedFen` back.
 * @param method table A.11: `01` equal instalments, `02` equal principal
 * @param rateE7 yearly rate times ten million
 * @param terms at least one
 */
export function planOf(method: "01" | "02", owedFen: bigint, rateE7: number, terms: number): PlannedTerm[] {
  invariant(
    owedFen > 0n && rateE7 >= 0 && Number.isInteger(terms) && terms > 0,
    "a plan pays back something in some terms",
  );
  const rate = BigInt(rateE7);
  const equal =
    method === equalInstalments ? instalment(owedFen, rate, BigInt(terms)) : divideHalfUp(owedFen, BigInt(terms));
  let balanceFen = owedFen;
  return Array.from({ length: terms }, (_, index) => {
    const interestFen = divideHalfUp(balanceFen * rate, monthlyRateUnit);
    const wanted = method === equalInstalments ? equal - interestFen : equal;
    const isLast = index === terms - 1;
    // A few fen over many terms, where half a fen is rounded up each time, are paid back before the last term.
    const principalFen = isLast || wanted > balanceFen ? balanceFen : wanted;
    balanceFen -= principalFen;
    return { amountFen: principalFen + interestFen, principalFen, interestFen, balanceFen };
  });
}

/** The equal instalment, exact until it is rounded: with i = r/u it is P·r·(u+r)^n / (u·((u+r)^n − u^n)). */
function instalment(owedFen: bigint, rate: bigint, terms: bigint): bigint {
  if (rate === 0n) return divideHalfUp(owedFen, terms);
  const unit = monthlyRateUnit;
  const grown = (unit + rate) ** terms;
  return divideHalfUp(owedFen * rate * grown, unit * (grown - unit ** terms));
}

/** When terms fall due: on a day of the month, from so many months after the disbursement. */
export interface DueRule {
  /** 1 to 31; the last day of a month that is shorter */
  day: number;
  /** 1: the first term falls due in the month after the disbursement */
  firstAfterMonths: number;
}

/** The day on which a term falls due. @param term from 1 */
export function dueOn(disbursedOn: string, term: number, rule: DueRule): string {
  const month = addMonths(disbursedOn.slice(0, 7), rule.firstAfterMonths + term - 1);
  for (let day = rule.day; ; day--) {
    const due = dayOf(`${month}-${String(day).padStart(2, "0")}`);
    if (due !== undefined) return due;
  }
}

/** The first term that falls due after a day, from 1; above the loan's number of terms when all have. */
export function firstTermAfter(disbursedOn: string, today: string, rule: DueRule): number {
  let term = 1;
  while (dueOn(disbursedOn, term, rule) <= today) term++;
  return term;
}
