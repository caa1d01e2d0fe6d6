// What kinds with a table of many rows share: how many rows one certificate holds, the months a reader may ask for, and how
// amounts stand in a column.

import { Type } from "typebox";
import { DomainError, invariant, refusals } from "../../errors.ts";
import type { Yuan } from "./kind.ts";

export const rowRefusals = refusals({
  TOO_MANY_ROWS: {
    status: 409,
    zh: "所选范围有 {rows} 行明细，一份证明最多载明 {most} 行。请缩短起止年月，分次开具。",
    en: "The months asked for have {rows} rows; a certificate holds {most} at most. Ask for fewer months at a time.",
  },
  MONTHS_INVALID: {
    status: 400,
    zh: "起止年月有误：起始年月不能晚于截止年月，截止年月不能晚于本月。请更正后重试。",
    en: "The months are not valid: the first may not be after the last, nor the last after this month. Correct them and try again.",
  },
});

/**
 * Rows of one certificate at most. They are part of its hashed record and every verification carries them, so their number is
 * bounded: 600 are fifty years of monthly deposits, the longest term that the register of loans knows, and some twenty pages.
 */
export const MOST_ROWS = 600;

/** @returns the refusal when there are more rows than a certificate holds */
export function tooMany(rows: number): DomainError | undefined {
  return rows > MOST_ROWS ? new DomainError("TOO_MANY_ROWS", { rows, most: MOST_ROWS }) : undefined;
}

/** A month as a request names it, YYYY-MM. */
export const MonthSchema = (description: string) =>
  Type.String({ pattern: "^(19|20)\\d{2}-(0[1-9]|1[0-2])$", description });

/** @returns the refusal when the months lie the wrong way round or in the future; a month that is not given is fine */
export function monthsFault({ from, to }: { from?: string; to?: string }, today: string): DomainError | undefined {
  const thisMonth = today.slice(0, 7);
  const isWrong = (from ?? "") > (to ?? thisMonth) || (to ?? "") > thisMonth;
  return isWrong ? new DomainError("MONTHS_INVALID") : undefined;
}

/** What a cell holds to which the row has nothing to say. A fact that is missing is 未知 instead. */
export const NONE = "—";

/** `-12345.67` as `-12,345.67`, for columns whose head names the unit. */
export function amount(yuan: Yuan | null): string {
  if (yuan === null) return NONE;
  invariant(/^-?\d+\.\d\d$/.test(yuan), "an amount has two decimal places");
  return yuan.replace(/\B(?=(\d{3})+\.)/g, ",");
}
