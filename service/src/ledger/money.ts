// Money is a whole number of fen inside and a decimal string in yuan at the edges. It never passes through a float.
import { invariant } from "../errors.ts";

const yuanForm = /^(0|[1-9]\d{0,15})(?:\.(\d{1,2}))?$/;

/** Fen of a decimal string in yuan such as `1234.5`, or undefined when it is not one: no sign, no spaces, no separators. */
export function fenOfYuan(yuan: string): bigint | undefined {
  const match = yuanForm.exec(yuan);
  if (!match) return undefined;
  return BigInt(match[1]!) * 100n + BigInt((match[2] ?? "").padEnd(2, "0"));
}

/** Decimal string in yuan with two places, `-12.05` for -1205 fen. */
export function yuanOfFen(fen: bigint): string {
  const digits = (fen < 0n ? -fen : fen).toString().padStart(3, "0");
  return `${fen < 0n ? "-" : ""}${digits.slice(0, -2)}.${digits.slice(-2)}`;
}

/**
 * numerator / denominator rounded half up to a whole number.
 * @param numerator not negative: which way "up" leads below zero is a question that must not arise here
 */
export function divideHalfUp(numerator: bigint, denominator: bigint): bigint {
  invariant(numerator >= 0n && denominator > 0n, "divideHalfUp takes no negative numbers");
  return (2n * numerator + denominator) / (2n * denominator);
}
