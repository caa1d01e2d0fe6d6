// The centre's rules as dated rows. A row holds from its day until the next row of the same code begins; history stays,
// so that a remittance of an earlier year is judged by that year's limits.
import { DomainError, refusals } from "../errors.ts";
import type { Queryable } from "../db.ts";
import * as store from "./store.ts";

/** Rounding of month amounts (domain rule: the national standard says whole yuan for each part; some centres differ). */
export interface RoundingRule {
  /** amounts are multiples of this: 100 (one yuan), 10 (0.1 yuan) or 1 (0.01 yuan); always half up */
  unitFen: 1 | 10 | 100;
  /** `part`: unit and person are rounded each; `total`: the sum is rounded once */
  scope: "part" | "total";
}

/** The values behind each code. Money is a decimal string of fen, because JSON numbers are floats. */
export interface ParameterValues {
  /** lowest and highest base a month */
  "deposit.base_limits": { lowerFen: string; upperFen: string };
  /** lowest and highest ratio of each part, in basis points: 500 is 5 % */
  "deposit.ratio_limits": { lowerBp: number; upperBp: number };
  "deposit.rounding": RoundingRule;
  /** month in which the contribution year begins, 1 to 12 */
  "deposit.year_start": { month: number };
  /** days for which a certificate is valid, by kind; `default` for the kinds that are not named */
  "certificate.validity_days": { default: number } & Record<string, number>;
  /**
   * the opening and closing sentences of the kinds whose wording no authority has laid down, by kind; `{name}` stands for a
   * value of the kind. What is not set stays as the kind proposes it.
   */
  "certificate.wording": Record<string, { opening?: string; closing?: string }>;
  /** whom other centres ask and where a reply slip goes back to, as certificates print it */
  "certificate.contact": { office: string; phone: string };
  /**
   * the day of the following month after which a month that is not remitted counts as in arrears (欠缴); where it is not set,
   * certificates say that arrears are unknown
   */
  "deposit.arrears_after": { day: number };
  /** whether a certificate for a loan elsewhere freezes the account, and until when; where it is not set, it does not */
  "loan_elsewhere.freeze": { mode: "none" | "until_reply" | "until_settled" };
  /**
   * when the terms of a loan fall due: on this day of the month, where the register of loans has no day of its own (YDHKR), and
   * from so many months after the disbursement; without it no plan of repayment is reckoned
   */
  "loan.due_day": { day: number | "disbursement"; firstAfterMonths: number };
}
export type ParameterCode = keyof ParameterValues;

/** A dated row. */
export interface Parameter<C extends ParameterCode = ParameterCode> {
  code: C;
  /** YYYY-MM-DD */
  validFrom: string;
  value: ParameterValues[C];
  /** where the rule stands, or that it is a demonstration value */
  source: string;
}

export const parameterRefusals = refusals({
  PARAMETER_NOT_SET: {
    status: 409,
    zh: "中心参数 {code} 在 {date} 没有设定。请先由管理员设定该参数。",
    en: "The centre's parameter {code} is not set for {date}. Ask an administrator to set it.",
  },
  PARAMETER_EXISTS_WITH_DIFFERENT_CONTENT: {
    status: 409,
    zh: "参数 {code} 自 {date} 起已有另一设定。请改用以后的生效日期。",
    en: "Parameter {code} is set otherwise from {date}. Use a later day.",
  },
});

/**
 * The value of `code` on a day (YYYY-MM-DD).
 * @throws DomainError PARAMETER_NOT_SET when no row has begun by then
 */
export async function parameterOn<C extends ParameterCode>(
  db: Queryable,
  code: C,
  date: string,
): Promise<ParameterValues[C]> {
  const row = await store.newestUntil(db, code, date);
  if (!row) throw new DomainError("PARAMETER_NOT_SET", { code, date });
  return row.value as ParameterValues[C];
}

/** All rows of a code, oldest first, for callers that judge many dates at once: see `valueOn`. */
export async function parameterHistory<C extends ParameterCode>(db: Queryable, code: C): Promise<Parameter<C>[]> {
  return (await store.history(db, code)) as Parameter<C>[];
}

/** The value that holds on a day (YYYY-MM-DD) among rows of one code sorted oldest first. @throws as `parameterOn` */
export function valueOn<C extends ParameterCode>(
  rows: readonly Parameter<C>[],
  code: C,
  date: string,
): ParameterValues[C] {
  const row = rows.findLast((candidate) => candidate.validFrom <= date);
  if (!row) throw new DomainError("PARAMETER_NOT_SET", { code, date });
  return row.value;
}

/**
 * Adds dated rows. A row that is there with the same value changes nothing.
 * @throws DomainError PARAMETER_EXISTS_WITH_DIFFERENT_CONTENT; rows are never changed, a later day overrides them
 */
export async function setParameters(db: Queryable, rows: readonly Parameter[]): Promise<void> {
  for (const row of rows) {
    const { same } = await store.insert(db, row);
    if (!same)
      throw new DomainError("PARAMETER_EXISTS_WITH_DIFFERENT_CONTENT", { code: row.code, date: row.validFrom });
  }
}
