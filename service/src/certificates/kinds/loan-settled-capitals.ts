// 大写金额: amounts in Chinese capitals, as the rules for filling in notes have it (支付结算办法, appendix 1): `整` behind an
// amount that ends with 元, nothing behind 分 or 角; one 零 for any run of zeros between digits, none at the end.

import { invariant } from "../../errors.ts";

const DIGITS = "零壹贰叁肆伍陆柒捌玖";
const PLACES = ["", "拾", "佰", "仟"];
const GROUPS = ["", "万", "亿"];

/**
 * 300,000.00 yuan as 叁拾万元整, 1,409.50 as 壹仟肆佰零玖元伍角.
 * @param fen not negative, below 10^12 yuan, where the names of the places begin anew
 */
export function capitals(fen: bigint): string {
  invariant(fen >= 0n && fen < 10n ** 14n, "an amount in capitals is not negative and below 10^12 yuan");
  const yuan = fen / 100n;
  const jiao = Number((fen / 10n) % 10n);
  const fraction = Number(fen % 10n);
  const whole = yuan > 0n ? `${wholeInCapitals(yuan)}元` : "";
  if (jiao === 0 && fraction === 0) return `${whole || "零元"}整`;
  // 元零伍分: a place that is skipped inside the amount is named; in front of it there is nothing to skip.
  const tens = jiao > 0 ? `${DIGITS[jiao]}角` : whole ? "零" : "";
  return whole + tens + (fraction > 0 ? `${DIGITS[fraction]}分` : "");
}

/** Groups of four digits, each with its places and its name; a 零 wherever digits between two others are zero. */
function wholeInCapitals(yuan: bigint): string {
  const digits = [...yuan.toString()].map(Number);
  let text = "";
  let zeros = false;
  for (const [i, digit] of digits.entries()) {
    const place = digits.length - 1 - i;
    if (digit > 0) {
      text += (zeros ? "零" : "") + DIGITS[digit]! + PLACES[place % 4]!;
      zeros = false;
    } else zeros = text !== "";
    const group = place / 4;
    if (Number.isInteger(group) && digits.slice(Math.max(0, i - 3), i + 1).some((one) => one > 0))
      text += GROUPS[group]!;
  }
  return text;
}
