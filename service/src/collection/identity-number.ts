// The two numbers by which persons and units are known: GB 11643 and GB 32100, each with its check character.
import { dayOf } from "./month.ts";

const weights = [7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2];

/** The check character (ISO 7064 MOD 11-2) of the first 17 digits of an ID number. */
export function idNumberCheck(first17: string): string {
  let sum = 0;
  for (let i = 0; i < 17; i++) sum += weights[i]! * (first17.charCodeAt(i) - 48);
  return "10X98765432"[sum % 11]!;
}

export type IdNumberFault = "form" | "date" | "check";

/**
 * What is wrong with an ID number (居民身份号码, GB 11643: 18 characters), or undefined when nothing is.
 * The day of birth must exist, lie between 1900 and `today` (YYYY-MM-DD). Region codes are not looked up.
 */
export function idNumberFault(number: string, today: string): IdNumberFault | undefined {
  if (!/^\d{17}[\dX]$/.test(number)) return "form";
  const born = dayOf(number.slice(6, 14));
  if (!born || born < "1900-01-01" || born > today) return "date";
  return idNumberCheck(number) === number[17] ? undefined : "check";
}

const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";

/** The check character of the first 17 characters of a unified social credit code (GB 32100, weights 3^i mod 31). */
export function creditCodeCheck(first17: string): string {
  let sum = 0;
  for (let i = 0, weight = 1; i < 17; i++, weight = (weight * 3) % 31) {
    sum += creditAlphabet.indexOf(first17[i]!) * weight;
  }
  return creditAlphabet[(31 - (sum % 31)) % 31]!;
}

/** What is wrong with a unified social credit code (统一社会信用代码, GB 32100), or undefined when nothing is. */
export function creditCodeFault(code: string): "form" | "check" | undefined {
  if (!/^[0-9A-HJ-NPQRTUWXY]{2}\d{6}[0-9A-HJ-NPQRTUWXY]{10}$/.test(code)) return "form";
  return creditCodeCheck(code) === code[17] ? undefined : "check";
}
