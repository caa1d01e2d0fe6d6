// What every check of rows shares: the rules of the centre, the day, and a way to say what is wrong.
import { yuanOfFen } from "../../ledger/money.ts";
import { valueOn } from "../../parameters/parameter.ts";
import type { Parameter, RoundingRule } from "../../parameters/parameter.ts";
import { monthAmounts } from "../amount.ts";
import { idCard } from "../codes.ts";
import { idNumberFault } from "../identity-number.ts";
import { firstDay } from "../month.ts";
import type { Fault, Problem, Reason } from "./problem.ts";
import type { Place, Plan, Register } from "./register.ts";

/** The centre's dated rules, read once for a run. */
export interface Rules {
  baseLimits: Parameter<"deposit.base_limits">[];
  ratioLimits: Parameter<"deposit.ratio_limits">[];
  rounding: Parameter<"deposit.rounding">[];
}

/** How the rows of a file fared. */
export interface Tally {
  added: number;
  unchanged: number;
  changed: number;
}

/** Everything that the checks of one file need. */
export interface Check {
  /** name of the file */
  file: string;
  register: Register;
  plan: Plan;
  rules: Rules;
  /** YYYY-MM-DD in China */
  today: string;
  now: Date;
  newId: (prefix: string) => string;
  tally: Tally;
  problem(line: number, column: string, value: string, reason: Reason, params?: Fault["params"]): void;
}

/** A check whose problems go to `problems` under the file's name. */
export function checkOf(file: string, problems: Problem[], shared: Omit<Check, "file" | "tally" | "problem">): Check {
  return {
    ...shared,
    file,
    tally: { added: 0, unchanged: 0, changed: 0 },
    problem: (line, column, value, reason, params) =>
      problems.push({ file, line, column, value, reason, ...(params ? { params } : {}) }),
  };
}

const documentFaults = { form: "ID_NUMBER_FORM", date: "ID_NUMBER_DATE", check: "ID_NUMBER_CHECK" } as const;

/** True when the document number is right for its type; says so when it is not. */
export function checkDocument(check: Check, line: number, column: string, type: string, number: string): boolean {
  if (type === idCard) {
    const fault = idNumberFault(number, check.today);
    if (fault) check.problem(line, column, number, documentFaults[fault]);
    return !fault;
  }
  const legal = /^[0-9A-Z()-]{1,18}$/.test(number);
  if (!legal) check.problem(line, column, number, "DOCUMENT_NUMBER_ILLEGAL");
  return legal;
}

/** True when the ratio lies within the limits of that day. */
export function checkRatio(check: Check, line: number, column: string, ratioBp: number, day: string): boolean {
  const { lowerBp, upperBp } = valueOn(check.rules.ratioLimits, "deposit.ratio_limits", day);
  if (ratioBp >= lowerBp && ratioBp <= upperBp) return true;
  check.problem(line, column, String(ratioBp / 10_000), "RATIO_OUT_OF_RANGE", {
    lower: lowerBp / 100,
    upper: upperBp / 100,
  });
  return false;
}

/** The figures of one depositor's month. */
export interface MonthFigures {
  baseFen: bigint;
  unitRatioBp: number;
  personRatioBp: number;
  unitFen: bigint;
  personFen: bigint;
}

/** What holds for the figures of one month. */
interface MonthRules {
  lower: bigint;
  upper: bigint;
  rounding: RoundingRule;
}

// A file has a handful of months and many rows: what holds in a month is looked up once for each set of rules.
const monthRules = new WeakMap<Rules, Map<string, MonthRules>>();

function rulesOfMonth(rules: Rules, month: string): MonthRules {
  let months = monthRules.get(rules);
  if (!months) monthRules.set(rules, (months = new Map()));
  let found = months.get(month);
  if (!found) {
    const day = firstDay(month);
    const { lowerFen, upperFen } = valueOn(rules.baseLimits, "deposit.base_limits", day);
    const rounding = valueOn(rules.rounding, "deposit.rounding", day);
    months.set(month, (found = { lower: BigInt(lowerFen), upper: BigInt(upperFen), rounding }));
  }
  return found;
}

/** True when base and amounts follow the centre's rules of that month. */
export function checkFigures(check: Check, line: number, figures: MonthFigures, month: string): boolean {
  const { lower, upper, rounding } = rulesOfMonth(check.rules, month);
  let right = true;
  const wrong = (column: string, fen: bigint, reason: Reason, params: Fault["params"]) => {
    check.problem(line, column, yuanOfFen(fen), reason, params);
    right = false;
  };
  if (figures.baseFen < lower) wrong("GRJCJS", figures.baseFen, "BASE_TOO_LOW", { limit: yuanOfFen(lower) });
  if (figures.baseFen > upper) wrong("GRJCJS", figures.baseFen, "BASE_TOO_HIGH", { limit: yuanOfFen(upper) });
  const due = monthAmounts(figures.baseFen, figures.unitRatioBp, figures.personRatioBp, rounding);
  if (figures.unitFen !== due.unitFen)
    wrong("DWYJCE", figures.unitFen, "AMOUNT_WRONG", { expected: yuanOfFen(due.unitFen) });
  if (figures.personFen !== due.personFen)
    wrong("GRYJCE", figures.personFen, "AMOUNT_WRONG", { expected: yuanOfFen(due.personFen) });
  return right;
}

/** Says that this row comes a second time, and where the first one stands: in this file, or in another one of the run. */
export function comesTwice(check: Check, line: number, column: string, value: string, first: Place): void {
  if (first.file === check.file) check.problem(line, column, value, "TWICE_IN_FILE", { line: first.line });
  else check.problem(line, column, value, "TWICE_IN_RUN", { file: first.file, line: first.line });
}

/** The first column in which two rows differ, when one does. */
export function firstDifference(pairs: readonly (readonly [column: string, found: unknown, known: unknown])[]) {
  return pairs.find(([, found, known]) => found !== known);
}

/** A value as the file would show it. */
export function shown(value: unknown): string {
  return typeof value === "bigint" ? yuanOfFen(value) : String(value ?? "");
}
