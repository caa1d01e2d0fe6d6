import { idCard, loanNormal, loanSettled } from "../codes.ts";
import { checkDocument, firstDifference, shown } from "./check.ts";
import type { Check } from "./check.ts";
import type { Row } from "./columns.ts";
import { documentKey } from "./register.ts";
import type { NewLoan } from "./store.ts";

/** Checks a register of loans; plans new loans, and newer balances of known ones. */
export function checkLoans(check: Check, rows: readonly Row<"loans">[]): void {
  const lines = new Map<string, number>();
  for (const row of rows) checkLoan(check, row, lines);
}

function checkLoan(check: Check, row: Row<"loans">, lines: Map<string, number>): void {
  const { register, problem } = check;
  const { line } = row;
  let right = !row.faulty;
  const wrong = (...args: Parameters<Check["problem"]>) => {
    problem(...args);
    right = false;
  };
  const type = row.JKRZJLX ?? idCard;
  if (row.JKRZJH !== undefined) {
    right = checkDocument(check, line, "JKRZJH", type, row.JKRZJH) && right;
    const person = register.persons.get(documentKey(type, row.JKRZJH));
    if (person && row.JKRXM !== undefined && person.name !== row.JKRXM) wrong(line, "JKRXM", row.JKRXM, "NAME_DIFFERS");
  }
  if (row.DKFFRQ !== undefined && row.DKFFRQ > check.today) wrong(line, "DKFFRQ", row.DKFFRQ, "DATE_IN_FUTURE");
  if (row.HTDKJE === 0n) wrong(line, "HTDKJE", "0.00", "AMOUNT_ZERO");
  if (row.DKQS !== undefined && (row.DKQS < 1 || row.DKQS > 600))
    wrong(line, "DKQS", shown(row.DKQS), "INTEGER_ILLEGAL");
  if (row.HTDKJE !== undefined && row.DKYE !== undefined && row.DKYE > row.HTDKJE)
    wrong(line, "DKYE", shown(row.DKYE), "BALANCE_ABOVE_AMOUNT");
  if (row.DKJQRQ !== undefined) {
    if (row.DKJQRQ > check.today) wrong(line, "DKJQRQ", row.DKJQRQ, "DATE_IN_FUTURE");
    if (row.DKFFRQ !== undefined && row.DKJQRQ < row.DKFFRQ)
      wrong(line, "DKJQRQ", row.DKJQRQ, "SETTLED_BEFORE_DISBURSED");
    if (row.DKYE !== undefined && row.DKYE !== 0n) wrong(line, "DKYE", shown(row.DKYE), "SETTLED_WITH_BALANCE");
  } else if (row.DKYE === 0n && !row.faulty) wrong(line, "DKJQRQ", "", "SETTLEMENT_DATE_MISSING");
  if (row.DKZH === undefined) return;
  const before = lines.get(row.DKZH);
  if (before !== undefined) {
    problem(line, "DKZH", row.DKZH, "TWICE_IN_FILE", { line: before });
    return;
  }
  lines.set(row.DKZH, line);
  const known = register.loans.get(row.DKZH);
  if (!right) {
    if (!known) register.faultyLoans.add(row.DKZH);
    return;
  }
  const loan: NewLoan = {
    id: known?.id ?? check.newId("loan_"),
    accountNumber: row.DKZH,
    contractNumber: row.JKHTBH!,
    borrowerName: row.JKRXM!,
    borrowerDocumentType: type,
    borrowerDocumentNumber: row.JKRZJH!,
    amountFen: row.HTDKJE!,
    disbursedOn: row.DKFFRQ!,
    balanceFen: row.DKYE!,
    termMonths: row.DKQS!,
    rateE7: row.DKLL!,
    settledOn: row.DKJQRQ ?? null,
    overdueTerms: row.LJYQQS ?? 0,
    state: row.DKJQRQ === undefined ? loanNormal : loanSettled,
    // A register that leaves these columns out says nothing about them.
    repaymentMethod: row.DKHKFS ?? known?.repaymentMethod ?? null,
    repaymentDay: row.YDHKR ?? known?.repaymentDay ?? null,
  };
  if (!known) check.tally.added++;
  else if (!goesForward(check, line, loan, known)) return;
  else if (isSameLoan(loan, known)) {
    check.tally.unchanged++;
    return;
  } else check.tally.changed++;
  register.loans.set(loan.accountNumber, loan);
  check.plan.loans.push(loan);
}

function isSameLoan(loan: NewLoan, known: NewLoan): boolean {
  return (
    loan.balanceFen === known.balanceFen &&
    loan.settledOn === known.settledOn &&
    loan.rateE7 === known.rateE7 &&
    loan.overdueTerms === known.overdueTerms &&
    loan.repaymentMethod === known.repaymentMethod &&
    loan.repaymentDay === known.repaymentDay
  );
}

/** A known loan may be paid down and settled; everything else about it stays as it was contracted. */
function goesForward(check: Check, line: number, loan: NewLoan, known: NewLoan): boolean {
  const difference = firstDifference([
    ["JKHTBH", loan.contractNumber, known.contractNumber],
    ["JKRXM", loan.borrowerName, known.borrowerName],
    ["JKRZJH", loan.borrowerDocumentNumber, known.borrowerDocumentNumber],
    ["HTDKJE", loan.amountFen, known.amountFen],
    ["DKFFRQ", loan.disbursedOn, known.disbursedOn],
    ["DKQS", loan.termMonths, known.termMonths],
  ]);
  if (difference) {
    check.problem(line, difference[0], shown(difference[1]), "EXISTS_WITH_DIFFERENT_CONTENT");
    return false;
  }
  if (loan.balanceFen > known.balanceFen || (known.settledOn !== null && loan.settledOn !== known.settledOn)) {
    check.problem(line, "DKYE", shown(loan.balanceFen), "LOAN_GOES_BACK");
    return false;
  }
  return true;
}
