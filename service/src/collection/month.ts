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

/** A day `YYYY-MM-DD` of `YYYYMMDD` or `YYYY-MM-DD`, or undefined when there is no such day. */
export function dayOf(text: string): string | undefined {
  const match = /^(\d{4})(?:-(\d{2})-(\d{2})|(\d{2})(\d{2}))$/.exec(text);
  if (!match) return undefined;
  const day = `${match[1]}-${match[2] ?? match[4]}-${match[3] ?? match[5]}`;
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day) ? day : undefined;
}

/** The day in China at an instant: the trade's days and months are those of UTC+8, wherever the service runs. */
export function dayInChina(instant: Date): string {
  return new Date(instant.getTime() + 8 * 3_600_000).toISOString().slice(0, 10);
}
