// How facts are put into words on a certificate. Codes are those of JGJ/T 320.

import { invariant } from "../../errors.ts";
import type { Day, Month, Yuan } from "./kind.ts";

export const UNKNOWN = "未知";

/** JGJ/T 320 A.1 个人证件类型 */
export const DOCUMENT_TYPES = {
  "01": "居民身份证",
  "02": "军官证",
  "03": "护照",
  "04": "外国人永久居留身份证",
  "99": "其他证件",
} as const;
export type DocumentType = keyof typeof DOCUMENT_TYPES;

/** JGJ/T 320 A.6 个人账户状态 */
export const ACCOUNT_STATUSES = {
  "01": "正常",
  "02": "封存",
  "03": "合并销户",
  "04": "外部转出销户",
  "05": "提取销户",
  "06": "冻结",
  "99": "其他",
} as const;
export type AccountStatus = keyof typeof ACCOUNT_STATUSES;

/** `12345.67` as `12,345.67 元`. */
export function money(yuan: Yuan | null): string {
  if (yuan === null) return UNKNOWN;
  invariant(/^-?\d+\.\d\d$/.test(yuan), "an amount has two decimal places");
  return `${yuan.replace(/\B(?=(\d{3})+\.)/g, ",")} 元`;
}

/** `12345.67` as 1234567 fen. */
export function fen(yuan: Yuan | null): number | null {
  if (yuan === null) return null;
  const value = Number(yuan.replace(".", ""));
  invariant(
    /^\d+\.\d\d$/.test(yuan) && Number.isSafeInteger(value),
    "a figure of the QR code is a whole number of fen",
  );
  return value;
}

/** `12` or `7.5` as `12%`, `7.5%`. */
export function percent(ratio: string | null): string {
  return ratio === null ? UNKNOWN : `${ratio}%`;
}

/** `2026-11-21` as `2026年11月21日`. */
export function day(value: Day | null): string {
  if (value === null) return UNKNOWN;
  const match = /^(\d{4})-(\d\d)-(\d\d)$/.exec(value);
  invariant(match, "a day is written YYYY-MM-DD");
  return `${match[1]}年${Number(match[2])}月${Number(match[3])}日`;
}

/** `2026-10` as `2026年10月`. */
export function month(value: Month | null): string {
  if (value === null) return UNKNOWN;
  const match = /^(\d{4})-(\d\d)$/.exec(value);
  invariant(match, "a month is written YYYY-MM");
  return `${match[1]}年${Number(match[2])}月`;
}

/** Text as given; 未知 when there is none. */
export function textOrUnknown(value: string | null): string {
  return value === null || value === "" ? UNKNOWN : value;
}
