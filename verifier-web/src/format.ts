// How figures and dates are written in the chosen language.
import { settings } from "./settings.ts";

/** A decimal text in yuan as ¥12,345.67. What is no amount is shown as it came. */
export function money(yuan: string): string {
  const match = /^(-?)(\d+)(?:\.(\d{1,2}))?$/.exec(yuan);
  if (!match) return yuan;
  const whole = match[2]!.replace(/\B(?=(\d{3})+$)/g, ",");
  return `${match[1]}¥${whole}.${(match[3] ?? "").padEnd(2, "0")}`;
}

export function moneyOfFen(fen: number | bigint): string {
  const text = String(fen).padStart(3, "0");
  return money(`${text.slice(0, -2)}.${text.slice(-2)}`);
}

/** Takes YYYY-MM-DD or a full time; the day is the day in Asia/Shanghai. */
export function day(text: string | null | undefined): string {
  if (!text) return "—";
  const plain = /^(\d{4})-(\d{2})-(\d{2})/.exec(
    text.length > 10 && !text.endsWith("+08:00") ? inShanghai(new Date(text)) : text,
  );
  if (!plain) return text;
  const [, year, month, date] = plain;
  return settings.language === "en" ? `${year}-${month}-${date}` : `${year}年${Number(month)}月${Number(date)}日`;
}

/** YYYY-MM or YYYYMM. */
export function month(text: string | null | undefined): string {
  const match = /^(\d{4})-?(\d{2})/.exec(text ?? "");
  if (!match) return text ?? "—";
  return settings.language === "en" ? `${match[1]}-${match[2]}` : `${match[1]}年${Number(match[2])}月`;
}

function inShanghai(time: Date): string {
  if (Number.isNaN(time.getTime())) return "";
  return new Date(time.getTime() + 8 * 3_600_000).toISOString();
}

/** Day and minute in Asia/Shanghai. */
export function moment(time: string | number | Date | null | undefined): string {
  if (time === null || time === undefined) return "—";
  const iso = inShanghai(new Date(time));
  return iso ? `${day(iso.slice(0, 10))} ${iso.slice(11, 16)}` : String(time);
}

/** Days since 1970-01-01 as a day. */
export function dayNumber(days: number): string {
  return day(new Date(days * 86_400_000).toISOString().slice(0, 10));
}

export function count(value: number): string {
  return value.toLocaleString("en-US");
}
