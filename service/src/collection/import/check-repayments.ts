import { repaidAsPlanned } from "../codes.ts";
import { firstDifference, shown } from "./check.ts";
import type { Check } from "./check.ts";
import type { Row } from "./columns.ts";
import type { LoanRepayments, Register, RepaymentStanding } from "./register.ts";
import type { NewLoan, NewRepayment } from "./store.ts";

/**
 * Checks lists of repayments and plans those that are new. The rows of a loan stand in the order in which it was repaid, in one
 * file or in several given in that order, and go on where the last list ended. The first list of a loan may begin in the middle
 * of its life. `checkRepaymentEnds` follows when all files are read.
 */
export function checkRepayments(check: Check, rows: readonly Row<"repayments">[]): void {
  const lines = new Map<string, number>();
  for (const row of rows) {
    const isWhole = checkParts(check, row);
    if (row.DKZH === undefined) continue;
    const loan = check.register.loans.get(row.DKZH);
    if (!loan) {
      // The loan's own row in this run is wrong and has been named: what hangs on it is not told again.
      if (!check.register.faultyLoans.has(row.DKZH)) check.problem(row.line, "DKZH", row.DKZH, "LOAN_UNKNOWN");
      continue;
    }
    const key = `${row.DKZH} ${row.YWLSH}`;
    const before = lines.get(key);
    if (row.YWLSH !== undefined && before !== undefined) {
      check.problem(row.line, "YWLSH", row.YWLSH, "TWICE_IN_FILE", { line: before });
      continue;
    }
    lines.set(key, row.line);
    checkRepayment(check, row, isWhole, loan);
  }
}

/**
 * Every list ends at the balance of the register of loans: a newer register comes before, or together with, its repayments. Told
 * at the newest row of each loan that got any.
 */
export function checkRepaymentEnds(register: Register): void {
  for (const { standing } of register.repayments.values()) {
    if (!standing || standing.balanceFen === undefined || standing.balanceFen === standing.loan.balanceFen) continue;
    standing.problem?.("BALANCE_DIFFERS_FROM_LOAN", { expected: shown(standing.loan.balanceFen) });
  }
}

/** True when the row is complete and its parts add up to its amount. */
function checkParts(check: Check, row: Row<"repayments">): boolean {
  let right = !row.faulty;
  if (row.FSE === 0n) {
    check.problem(row.line, "FSE", "0.00", "REPAYMENT_ZERO");
    right = false;
  }
  if (row.FSE === undefined || row.BJJE === undefined || row.LXJE === undefined) return false;
  // A penalty that cannot be read leaves the sum open.
  if (row.faulty && row.FXJE === undefined) return right;
  const sum = row.BJJE + row.LXJE + (row.FXJE ?? 0n);
  if (sum === row.FSE) return right;
  check.problem(row.line, "FSE", shown(row.FSE), "REPAYMENT_PARTS", { expected: shown(sum) });
  return false;
}

function checkRepayment(check: Check, row: Row<"repayments">, isWhole: boolean, loan: NewLoan): void {
  const known = check.register.repayments.get(loan.id)!;
  const same = row.YWLSH === undefined ? undefined : known.byNumber.get(row.YWLSH);
  if (same) {
    if (!isWhole) return;
    const difference = differenceOf(row, same);
    if (difference) check.problem(row.line, difference[0], shown(difference[1]), "EXISTS_WITH_DIFFERENT_CONTENT");
    else check.tally.unchanged++;
    return;
  }
  const standing = (known.standing ??= firstStanding(loan, known));
  const follows = checkOrder(check, row, standing);
  const continues = checkBalance(check, row, standing);
  standing.seq++;
  standing.term = Math.max(standing.term, row.DQQC ?? 0);
  if (row.YWFSRQ !== undefined && row.YWFSRQ > standing.paidOn) standing.paidOn = row.YWFSRQ;
  standing.balanceFen = row.DKYE;
  standing.problem = (reason, params) => check.problem(row.line, "DKYE", shown(row.DKYE), reason, params);
  if (!isWhole || !follows || !continues) return;
  const repayment = repaymentOf(row, loan, standing.seq);
  known.byNumber.set(repayment.businessNumber, repayment);
  check.tally.added++;
  check.plan.repayments.push(repayment);
}

function firstStanding(loan: NewLoan, { last }: LoanRepayments): RepaymentStanding {
  return {
    loan,
    seq: last?.seq ?? 0,
    term: last?.term ?? 1,
    paidOn: last?.paidOn ?? loan.disbursedOn,
    balanceFen: last?.balanceFen,
    problem: undefined,
  };
}

/** True when term and day do not go back. */
function checkOrder(check: Check, row: Row<"repayments">, { loan, term, paidOn }: RepaymentStanding): boolean {
  let right = true;
  if (row.DQQC !== undefined && (row.DQQC < term || row.DQQC > loan.termMonths)) {
    check.problem(row.line, "DQQC", shown(row.DQQC), "TERM_OUT_OF_ORDER", { before: term, last: loan.termMonths });
    right = false;
  }
  if (row.YWFSRQ === undefined) return false;
  if (row.YWFSRQ < paidOn) check.problem(row.line, "YWFSRQ", row.YWFSRQ, "REPAID_BEFORE", { before: paidOn });
  else if (row.YWFSRQ > check.today) check.problem(row.line, "YWFSRQ", row.YWFSRQ, "DATE_IN_FUTURE");
  else return right;
  return false;
}

/** True when the balance falls by the principal, from where it stood or, on a first row, from no more than was lent. */
function checkBalance(check: Check, row: Row<"repayments">, { loan, seq, balanceFen }: RepaymentStanding): boolean {
  if (row.DKYE === undefined || row.BJJE === undefined) return false;
  if (balanceFen !== undefined) {
    if (row.DKYE + row.BJJE === balanceFen) return true;
    const expected = balanceFen - row.BJJE;
    check.problem(row.line, "DKYE", shown(row.DKYE), "BALANCE_DOES_NOT_FOLLOW", { expected: shown(expected) });
    return false;
  }
  // Behind a row whose balance cannot be read there is nothing to follow from.
  if (seq > 0 || row.DKYE + row.BJJE <= loan.amountFen) return true;
  check.problem(row.line, "DKYE", shown(row.DKYE), "BALANCE_ABOVE_AMOUNT");
  return false;
}

function repaymentOf(row: Row<"repayments">, loan: NewLoan, seq: number): NewRepayment {
  return {
    loanId: loan.id,
    seq,
    businessNumber: row.YWLSH!,
    kind: row.DKYWMXLX ?? repaidAsPlanned,
    term: row.DQQC!,
    paidOn: row.YWFSRQ!,
    amountFen: row.FSE!,
    principalFen: row.BJJE!,
    interestFen: row.LXJE!,
    penaltyFen: row.FXJE ?? 0n,
    balanceFen: row.DKYE!,
  };
}

/** The first column in which a row differs from what is registered under its business number. */
function differenceOf(row: Row<"repayments">, known: NewRepayment) {
  return firstDifference([
    ["DKYWMXLX", row.DKYWMXLX ?? repaidAsPlanned, known.kind],
    ["DQQC", row.DQQC, known.term],
    ["YWFSRQ", row.YWFSRQ, known.paidOn],
    ["FSE", row.FSE, known.amountFen],
    ["BJJE", row.BJJE, known.principalFen],
    ["LXJE", row.LXJE, known.interestFen],
    ["FXJE", row.FXJE ?? 0n, known.penaltyFen],
    ["DKYE", row.DKYE, known.balanceFen],
  ]);
}
