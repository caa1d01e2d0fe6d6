import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fit, LEADING, ShapedText } from "../../service/src/pdf/text.ts";

function shape(text: string): ShapedText {
  const shaped = new ShapedText();
  for (const character of text) {
    const codePoint = character.codePointAt(0)!;
    shaped.add(codePoint, 0, 1, codePoint < 0x80 ? 500 : 1000);
  }
  return shaped;
}

function lines(text: string, width: number, height: number, size = 10): string[] | undefined {
  const fitted = fit(shape(text), width, height, size, 5);
  const characters = [...text];
  return fitted?.starts.slice(0, -1).map((start, i) => characters.slice(start, fitted.starts[i + 1]).join(""));
}

describe("fitting text", () => {
  it("keeps one line when there is room", () => {
    expect(lines("住房公积金", 50, 10)).toEqual(["住房公积金"]);
  });

  it("wraps when the height holds two lines", () => {
    expect(lines("住房公积金管理局", 50, 24)).toEqual(["住房公积金", "管理局"]);
  });

  it("shrinks when the height holds one", () => {
    const fitted = fit(shape("住房公积金管理局"), 50, 12, 10, 5)!;
    expect(fitted.starts).toEqual([0, 8]);
    expect(fitted.size).toBe(6.25);
  });

  it("begins no line with a closing mark, ends none with an opening one", () => {
    expect(lines("住房公积金，管理局", 50, 24)).toEqual(["住房公积", "金，管理局"]);
    expect(lines("住房公积（金管）", 50, 24)).toEqual(["住房公积", "（金管）"]);
  });

  it("does not tear numbers and addresses apart", () => {
    expect(lines("余额为人民币123.45元", 75, 24)).toEqual(["余额为人民币", "123.45元"]);
  });

  it.each([
    ["有效期至2026年12月21日。", 100, ["有效期至", "2026年12月21日。"]],
    ["连续缴存 136 个月", 75, ["连续缴存 ", "136 个月"]],
    ["共还款若干 44 期", 65, ["共还款若干 ", "44 期"]],
    ["缴存余额为30万元", 75, ["缴存余额为", "30万元"]],
    ["2015年7月（或更早）—2026年10月", 130, ["2015年7月（或更早）—", "2026年10月"]],
  ])("keeps dates, and numbers with what they count, together: %s", (text, width, expected) => {
    expect(lines(text, width, 24)).toEqual(expected);
  });

  it("tears a date that alone is longer than the line, but no number in it", () => {
    expect(lines("2026年12月21日", 50, 24)).toEqual(["2026年12月", "21日"]);
  });

  it("shrinks to one line before it wraps, where it is told to", () => {
    const label = shape("统一社会信用代码");
    expect(fit(label, 73.7, 30, 10.5, 5, 8.5)).toEqual({ size: 9, starts: [0, 8] });
    expect(fit(label, 73.7, 30, 10.5, 5)).toEqual({ size: 10.5, starts: [0, 7, 8] });
    expect(fit(shape("统一社会信用代码证"), 73.7, 30, 10.5, 5, 8.5)!.starts).toHaveLength(3);
  });

  it("leaves out one half of two full-width marks in a row", () => {
    const widthOf = (text: string) => shape(text).widthOf(0, text.length);
    for (const [pair, width] of [
      ["）：", 1500],
      ["）。", 1500],
      ["，“", 1500],
      ["（《", 1500],
      ["（）", 2000],
      ["）中", 2000],
      ["中，", 2000],
      ["）》。", 2000],
    ] as const)
      expect([pair, widthOf(pair)]).toEqual([pair, width]);
  });

  it("tears a code that alone is longer than the line", () => {
    expect(lines("ABCDEFGHIJKLMNOP", 50, 24)).toEqual(["ABCDEFGHIJ", "KLMNOP"]);
  });

  it("gives up below the smallest size", () => {
    expect(lines("住".repeat(60), 50, 12)).toBeUndefined();
  });

  it("never leaves the box and loses no character", () => {
    const texts = fc.string({ unit: fc.constantFrom(..."住房公积金，。（）12.A "), maxLength: 120 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 20, max: 400 }), fc.integer({ min: 8, max: 80 }), (text, width, height) => {
        const shaped = shape(text);
        const fitted = fit(shaped, width, height, 12, 5);
        if (!fitted) return;
        const { size, starts } = fitted;
        expect(starts[0]).toBe(0);
        expect(starts.at(-1)).toBe(shaped.length);
        for (let i = 1; i < starts.length; i++) {
          expect(shaped.widthOf(starts[i - 1]!, starts[i]!) * size).toBeLessThanOrEqual(1000 * width + 1e-6);
        }
        // One line may stand in a box lower than itself: the caller chose size and height together.
        const taken = starts.length > 2 ? (starts.length - 2) * LEADING * size + size : 0;
        expect(taken).toBeLessThanOrEqual(height);
      }),
    );
  });
});
