// The key figures of a code (FORMAT.md §4): how many each kind has, in which units, and their names for people.
import { isDay } from "./bytes.ts";

/** Fen; a number of things; a number of months; a month YYYYMM; a day YYYYMMDD. */
type Unit = "fen" | "count" | "months" | "month" | "day";
type Figure = readonly [zh: string, en: string, unit: Unit];

const balance: Figure = ["余额", "balance", "fen"];
const base: Figure = ["缴存基数", "base", "fen"];
const owed: Figure = ["贷款余额", "balance of the loan", "fen"];

/** §4's table, row by row. */
const figuresOf: ReadonlyMap<string, readonly Figure[]> = new Map<string, readonly Figure[]>([
  [
    "deposit",
    [
      balance,
      base,
      ["单位月缴存额", "unit's monthly amount", "fen"],
      ["个人月缴存额", "person's monthly amount", "fen"],
      ["连续缴存月数不少于", "months in a row, at least", "months"],
      ["缴至年月", "paid to", "month"],
    ],
  ],
  [
    "loan-elsewhere",
    [
      balance,
      base,
      ["月缴存额", "monthly amount of both parts", "fen"],
      ["最近连续缴存自不晚于", "latest months in a row, from no later than", "month"],
      ["最近连续缴存至", "latest months in a row, to", "month"],
      ["公积金贷款次数", "fund loans taken", "count"],
    ],
  ],
  [
    "unit-deposit",
    [
      ["缴存人数", "depositors", "count"],
      ["封存人数", "sealed accounts", "count"],
      ["月缴存额", "monthly amount", "fen"],
      ["缴至年月", "paid to", "month"],
      ["欠缴月数", "months in arrears", "months"],
      ["欠缴金额", "amount in arrears", "fen"],
    ],
  ],
  [
    "deposit-detail",
    [
      ["承前余额", "balance brought forward", "fen"],
      ["增加合计", "sum of what came in", "fen"],
      ["减少合计", "sum of what went out", "fen"],
      ["期末余额", "closing balance", "fen"],
      ["明细笔数", "entries", "count"],
      ["起始年月", "first month", "month"],
      ["截止年月", "last month", "month"],
    ],
  ],
  [
    "loan-settled",
    [
      ["借款金额", "amount of the loan", "fen"],
      ["借款期限", "term", "months"],
      ["放款日期", "disbursed on", "day"],
      ["结清日期", "settled on", "day"],
    ],
  ],
  [
    "loan-repayments",
    [
      owed,
      ["还款笔数", "repayments", "count"],
      ["已还本金", "principal repaid", "fen"],
      ["已还利息", "interest repaid", "fen"],
      ["已还罚息", "penalty repaid", "fen"],
      ["末笔还款日期", "last repayment on", "day"],
    ],
  ],
  [
    "loan-schedule",
    [
      owed,
      ["剩余期数", "terms that remain", "count"],
      ["下期还款额", "next instalment", "fen"],
      ["剩余利息合计", "interest of all that remain", "fen"],
      ["下期还款日期", "next instalment on", "day"],
      ["末期还款日期", "last instalment on", "day"],
    ],
  ],
]);

const dashed = (value: number): string =>
  String(value)
    .replace(/^(\d{4})(\d\d)(\d\d)?$/, "$1-$2-$3")
    .replace(/-$/, "");

/** Whether a figure that is there can be one of its unit; whole and at least 0 it is anyhow. */
function isOf(unit: Unit, value: number): boolean {
  if (unit === "month") return value <= 999912 && isDay(`${dashed(value)}-01`);
  if (unit === "day") return value <= 99991231 && isDay(dashed(value));
  return true;
}

/** Whether they are as many as the kind has, and each month and day is in the calendar. Of an unknown kind any are. */
export function areFiguresOf(kind: string, figures: readonly number[]): boolean {
  const known = figuresOf.get(kind);
  if (!known) return true;
  return figures.length === known.length && figures.every((value, i) => value === -1 || isOf(known[i]![2], value));
}

const written: Record<Unit, (value: number) => string> = {
  fen: (fen) => `${Math.floor(fen / 100)}.${String(fen % 100).padStart(2, "0")} 元 yuan`,
  count: String,
  months: (value) => `${value} 个月 months`,
  month: dashed,
  day: dashed,
};

/** Figures of a code, named and written for people; those of an unknown kind have a number for a name. */
export function showFigures(kind: string, figures: readonly number[]): [name: string, value: string][] {
  const known = figuresOf.get(kind);
  return figures.map((value, i) => {
    const [zh, en, unit] = known?.[i] ?? [String(i + 1), "", "count" as const];
    return [`${zh} ${en}`.trimEnd(), value === -1 ? "无数据 no data" : written[unit](value)];
  });
}
