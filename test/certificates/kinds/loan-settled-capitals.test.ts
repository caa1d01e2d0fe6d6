import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { capitals } from "../../../service/src/certificates/kinds/loan-settled-capitals.ts";
import { fenOfYuan } from "../../../service/src/ledger/money.ts";

describe("an amount in capitals", () => {
  it.each([
    // The examples of the rules for filling in notes (支付结算办法, appendix 1).
    ["1409.50", "壹仟肆佰零玖元伍角"],
    ["6007.14", "陆仟零柒元壹角肆分"],
    ["1680.32", "壹仟陆佰捌拾元叁角贰分"],
    ["107000.53", "壹拾万零柒仟元伍角叁分"],
    ["16409.02", "壹万陆仟肆佰零玖元零贰分"],
    ["325.04", "叁佰贰拾伍元零肆分"],
    ["300000.00", "叁拾万元整"],
    ["0.00", "零元整"],
    ["0.01", "壹分"],
    ["0.30", "叁角"],
    ["0.34", "叁角肆分"],
    ["1.00", "壹元整"],
    ["10.00", "壹拾元整"],
    ["20.05", "贰拾元零伍分"],
    ["100.10", "壹佰元壹角"],
    ["1001.00", "壹仟零壹元整"],
    ["10001.00", "壹万零壹元整"],
    ["10010.00", "壹万零壹拾元整"],
    ["100000.05", "壹拾万元零伍分"],
    ["1010101.01", "壹佰零壹万零壹佰零壹元零壹分"],
    ["10000000.00", "壹仟万元整"],
    ["10010000.00", "壹仟零壹万元整"],
    ["100000000.00", "壹亿元整"],
    ["100000001.00", "壹亿零壹元整"],
    ["100010000.00", "壹亿零壹万元整"],
    ["123456789012.34", "壹仟贰佰叁拾肆亿伍仟陆佰柒拾捌万玖仟零壹拾贰元叁角肆分"],
  ])("%s is %s", (yuan, text) => {
    expect(capitals(fenOfYuan(yuan)!)).toBe(text);
  });

  it("says the amount and nothing else, with no two zeros side by side and none at the end", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 14n - 1n }), (fen) => {
        const text = capitals(fen);
        expect(amountOf(text)).toBe(fen);
        expect(text).not.toMatch(/零零|零[元万亿角分]|零整/);
        expect(text.endsWith("整")).toBe(fen % 100n === 0n);
      }),
    );
  });

  it("is not made of what has no place in it", () => {
    expect(() => capitals(-1n)).toThrow(/not negative/);
    expect(() => capitals(10n ** 14n)).toThrow(/below/);
  });
});

/** Reads capitals back: each digit counts by the places behind it. */
function amountOf(text: string): bigint {
  const places: Record<string, bigint> = { 拾: 10n, 佰: 100n, 仟: 1000n };
  let total = 0n;
  let group = 0n;
  let digit = 0n;
  for (const character of text) {
    const value = "零壹贰叁肆伍陆柒捌玖".indexOf(character);
    if (value >= 0) digit = BigInt(value);
    else if (character in places) {
      group += digit * places[character]!;
      digit = 0n;
    } else if (character === "万" || character === "亿" || character === "元") {
      const unit = { 万: 10n ** 6n, 亿: 10n ** 10n, 元: 100n }[character];
      total += (group + digit) * unit;
      group = digit = 0n;
    } else if (character !== "整") {
      total += digit * (character === "角" ? 10n : 1n);
      digit = 0n;
    }
  }
  return total;
}
