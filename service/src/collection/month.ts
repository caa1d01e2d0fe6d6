// Calendar months as `YYYY-MM` strings, which sort as text; the database keeps them as the first day of the month.

const monthForm = /^(\d{4})-(0[1-9]|1[0-2])$/;

/** A month `YYYY-MM` of `YYYY-MM` or `YYYYMM`, or undefined. */
export function monthOf(text: string): string | undefined {
  const month = /^\d{6}$/.test(text) ? `${text.slice(0, 4)}-${text.slice(4)}` : text;
  return monthForm.test(month) && month >= "1990-01" ? month : undefined;
}

/** The month that lies `count` months later, or earlier when it is negative. */
export function addMonths(month: string, count: number): string {
  const index = Number(month.slice(0, 4)) * 12 + Number(month.slice(5)) - 1 + count;
  return `${String(Math.floor(index / 12)).padStart(4, "0")}-${String((index % 12) + 1).padStart(2, "0")}`;
}

/** Months from `from` to `to`, 0 for the same month. */
export function monthsBetween(from: string, to: string): number {
  return (Number(to.slice(0, 4)) - Number(from.slice(0, 4))) * 12 + Number(to.slice(5)) - Number(from.slice(5));
}

/** First day of a month, as the database keeps it. */
export function firstDay(month: string): string {
  return `${month}-01`;
}

const dayForm = /^\d{4}(?:-\d{2}-\d{2}|\d{4})$/;
const daysOfMonth = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/** A day `YYYY-MM-DD` of `YYYYMMDD` or `YYYY-MM-DD`, or undefined when there is no such day. */
export function dayOf(text: string): string | undefined {
  if (!dayForm.test(text)) return undefined;
  const day = text.length === 8 ? `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6)}` : text;
  const year = Number(day.slice(0, 4));
  const month = Number(day.slice(5, 7));
  const inMonth = Number(day.slice(8));
  const isLeap = year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  // No month 0 or 13 has days.
  const days = month === 2 && isLeap ? 29 : (daysOfMonth[month - 1] ?? 0);
  return inMonth >= 1 && inMonth <= days ? day : undefined;
}

/** The day in China at an instant: the trade's days and months are those of UTC+8, wherever the service runs. */
export function dayInChina(instant: Date): string {
  return new Date(instant.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
}
