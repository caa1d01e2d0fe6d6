import { dueOn, firstTermAfter, planOf } from "../../service/src/certificates/kinds/loan-schedule-plan.ts";
import type { PlannedTerm } from "../../service/src/certificates/kinds/loan-schedule-plan.ts";
import { addMonths } from "../../service/src/collection/month.ts";
import { yuanOfFen } from "../../service/src/ledger/money.ts";
import type { DemonstrationCentre } from "./centres.ts";
import { csv } from "./csv.ts";
import type { DemonstrationDepositor } from "./generate.ts";
import type { SeededRandom } from "./random.ts";

const loanColumns = "DKZH,JKHTBH,JKRXM,JKRZJLX,JKRZJH,HTDKJE,DKFFRQ,DKYE,DKQS,DKLL,DKJQRQ,LJYQQS,DKHKFS,YDHKR".split(
  ",",
);
const repaymentColumns = "DKZH,YWLSH,DKYWMXLX,DQQC,YWFSRQ,FSE,BJJE,LXJE,FXJE,DKYE".split(",");

/** Terms of which others than the demonstration persons have repayments on record; those have them from the first one on. */
const termsOnRecord = 12;
const dueRule = { day: 15, firstAfterMonths: 1 };

/**
 * The register of loans and the list of their repayments: about one depositor in seven has a loan, and the demonstration
 * persons have what their role says. Loans are repaid as planned; some are settled early, three days after a term.
 */
export function generateLoans(
  centre: DemonstrationCentre,
  depositors: readonly DemonstrationDepositor[],
  today: string,
  random: SeededRandom,
): { loans: string; repayments: string } {
  const loans: string[][] = [];
  const repayments: string[][] = [];
  const add = (depositor: DemonstrationDepositor, settled: boolean) => {
    const number = String(loans.length + 1).padStart(8, "0");
    const loanNumber = `DK${centre.code.slice(1, 5)}${number}`;
    const disbursedOn = `${Number(today.slice(0, 4)) - random.between(4, 10)}-${String(random.between(1, 12)).padStart(2, "0")}-15`;
    const amountFen = BigInt(random.between(15, 80)) * 1_000_000n;
    const terms = random.pick([180, 240, 300, 360]);
    const rateE7 = random.pick([260_000, 285_000, 310_000]);
    const method = random.pick(["01", "01", "02"] as const);
    const settledOn = settled ? `${addMonths(today.slice(0, 7), -random.between(2, 20))}-18` : undefined;
    const plan = planOf(method, amountFen, rateE7, terms);
    const paid = firstTermAfter(disbursedOn, settledOn ?? today, dueRule) - 1;
    const balanceFen = paid === 0 ? amountFen : plan[paid - 1]!.balanceFen;
    loans.push([
      loanNumber,
      `HT${centre.code.slice(1, 5)}${disbursedOn.slice(0, 4)}${number}`,
      depositor.name,
      "01",
      depositor.idNumber,
      yuanOfFen(amountFen),
      disbursedOn.replaceAll("-", ""),
      yuanOfFen(settledOn ? 0n : balanceFen),
      String(terms),
      (rateE7 / 10_000_000).toFixed(7),
      settledOn?.replaceAll("-", "") ?? "",
      String(random.chance(10) ? random.between(1, 4) : 0),
      method,
      String(dueRule.day),
    ]);
    const repay = (kind: string, term: number, day: string, planned: PlannedTerm) =>
      repayments.push([
        loanNumber,
        `HK${number}${String(term).padStart(3, "0")}${kind}`,
        kind,
        String(term),
        day.replaceAll("-", ""),
        yuanOfFen(planned.amountFen),
        yuanOfFen(planned.principalFen),
        yuanOfFen(planned.interestFen),
        "0.00",
        yuanOfFen(planned.balanceFen),
      ]);
    const first = depositor.role === undefined ? Math.max(1, paid - termsOnRecord + 1) : 1;
    for (let term = first; term <= paid; term++) repay("02", term, dueOn(disbursedOn, term, dueRule), plan[term - 1]!);
    if (!settledOn) return;
    const interestFen = (balanceFen * BigInt(rateE7) * 3n) / 3_600_000_000n;
    const rest = { amountFen: balanceFen + interestFen, principalFen: balanceFen, interestFen, balanceFen: 0n };
    repay("06", paid, settledOn, rest);
  };
  for (const depositor of depositors) {
    if (depositor.role === "loan") add(depositor, false);
    else if (depositor.role === "settled") add(depositor, true);
    else if (depositor.role === "two-loans") {
      add(depositor, true);
      add(depositor, false);
    } else if (depositor.role === undefined && random.chance(14)) add(depositor, random.chance(30));
  }
  return { loans: csv(loanColumns, loans, "\r\n"), repayments: csv(repaymentColumns, repayments, "\n") };
}
