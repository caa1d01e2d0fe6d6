import { describe, expect, it } from "vitest";
import { DomainError } from "../../service/src/errors.ts";
import { glyphFor, loadFonts } from "../../service/src/pdf/fonts.ts";
import { readOutline } from "../../service/src/pdf/simplify.ts";
import { characterMapOf, TrueTypeFont } from "../../service/src/pdf/truetype.ts";

const fonts = await loadFonts();
const codePointsOf = (text: string): number[] => Array.from(text, (character) => character.codePointAt(0)!);

describe("the fonts", () => {
  it("have every character of the basic block and Extension A in the main font", () => {
    const lacking: string[] = [];
    for (const [first, last] of [
      [0x4e00, 0x9fef],
      [0x3400, 0x4db5],
    ] as const) {
      for (let codePoint = first; codePoint <= last; codePoint++) {
        if (fonts.main.font.glyphOf(codePoint) === 0) lacking.push(codePoint.toString(16));
      }
    }
    expect(lacking).toEqual([]);
  });

  it("find rare characters of names in the fallback", () => {
    for (const character of "𪚥𬀩𫍯") {
      const { glyph, face } = glyphFor(fonts, character.codePointAt(0)!);
      expect(face.font.outline(glyph).length).toBeGreaterThan(10);
    }
    expect(glyphFor(fonts, "𪚥".codePointAt(0)!).face.name).toBe("HanaMinB");
    expect(glyphFor(fonts, "家".codePointAt(0)!).face.name).toBe("NotoSerifSC-Regular");
  });

  it("have the fallback at hand without waiting, once it was unpacked in the background", async () => {
    await fonts.complete;
    const start = performance.now();
    expect(fonts.fallback().name).toBe("HanaMinB");
    expect(performance.now() - start).toBeLessThan(20);
  });

  it("have digits of one width, so that amounts line up", () => {
    const { font } = fonts.main;
    const glyphs = codePointsOf("0123456789").map((codePoint) => font.glyphOf(codePoint));
    const outlines = glyphs.map((glyph) => Buffer.from(font.outline(glyph)));
    expect(glyphs.map((glyph) => font.advance(glyph))).toEqual(glyphs.map(() => 560));
    // The one stands in the middle of its width.
    const [left, right] = [outlines[1]!.readInt16BE(2), outlines[1]!.readInt16BE(6)];
    expect(Math.abs(left + right - 0.56 * font.unitsPerEm)).toBeLessThanOrEqual(10);
    expect(
      readOutline(outlines[1]!)
        .flat()
        .map(({ x }) => x),
    ).toSatisfy((xs: number[]) => Math.min(...xs) === left && Math.max(...xs) === right);
    font.alignDigits();
    expect(glyphs.map((glyph) => Buffer.from(font.outline(glyph)))).toEqual(outlines);
  });

  it("name a character that no font has", () => {
    expect(() => glyphFor(fonts, 0x31350)).toThrow(
      expect.objectContaining({
        code: "CHARACTER_WITHOUT_GLYPH",
        params: { character: String.fromCodePoint(0x31350), codePoint: "U+31350" },
      }),
    );
    expect(() => glyphFor(fonts, 0x0600)).toThrow(DomainError);
  });
});

describe("a subset", () => {
  const text = codePointsOf("海南省住房公积金 A1·");
  const glyphs = text.map((codePoint) => fonts.main.font.glyphOf(codePoint));
  const bytes = fonts.main.font.subset(glyphs, { characterMap: characterMapOf([...text].sort((a, b) => a - b)) });

  it("has the outlines and widths of its glyphs, in their order after .notdef", () => {
    const subset = new TrueTypeFont(bytes);
    expect(subset.glyphCount).toBe(glyphs.length + 1);
    for (const [index, glyph] of glyphs.entries()) {
      const outline = fonts.main.font.outline(glyph);
      expect(Buffer.compare(subset.outline(index + 1).subarray(0, outline.length), outline)).toBe(0);
      expect(subset.advance(index + 1)).toBe(fonts.main.font.advance(glyph));
    }
  });

  it("has a sound checksum", () => {
    let sum = 0;
    for (let at = 0; at < bytes.length; at += 4) sum = (sum + bytes.readUInt32BE(at)) >>> 0;
    expect(sum).toBe(0xb1b0afba);
  });

  it("maps characters to glyphs when it carries a map", () => {
    const sorted = [...text].sort((a, b) => a - b);
    const subset = new TrueTypeFont(bytes);
    expect(sorted.map((codePoint) => subset.glyphOf(codePoint))).toEqual(sorted.map((_, index) => index + 1));
    expect([...subset.codePoints()]).toEqual(sorted);
  });
});
