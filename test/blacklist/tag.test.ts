import { describe, expect, it } from "vitest";
import { canonicalDocument, tagOf } from "../../service/src/blacklist/tag.ts";
import { idNumber, tagSecret } from "./world.ts";

const today = "2026-11-22";
const key = { version: 1, secret: tagSecret };
const tag = (type: string, number: string) =>
  Buffer.from(tagOf(key, canonicalDocument({ type, number }, today))).toString("hex");

describe("a document", () => {
  it("of 15 digits and its form of 18 are one person", () => {
    const long = idNumber(7);
    expect(tag("01", long.slice(0, 6) + long.slice(8, 17))).toBe(tag("01", long));
  });

  it("is the same whatever the case, spaces, brackets and hyphens, and full-width characters", () => {
    const one = tag("04", "H1234567(8)");
    for (const spelling of ["h12345678", "H1234567 (8)", "H-1234567-8", "Ｈ１２３４５６７（８）"])
      expect(tag("04", spelling), spelling).toBe(one);
    expect(tag("02", "H12345678")).not.toBe(one);
  });

  it("that cannot be one is refused", () => {
    for (const number of ["", "1", "000101198513010010", `${idNumber(7).slice(0, 17)}A`, idNumber(7).slice(1)])
      expect(() => tag("01", number), number).toThrow("DOCUMENT_NUMBER_INVALID");
    for (const number of ["A1", "护照12345", "A".repeat(19)])
      expect(() => tag("03", number), number).toThrow("DOCUMENT_NUMBER_INVALID");
  });

  it("has another tag under another key or version", () => {
    const document = canonicalDocument({ type: "01", number: idNumber(7) }, today);
    expect(tagOf({ ...key, version: 2 }, document)).not.toEqual(tagOf(key, document));
    expect(tagOf({ ...key, secret: new Uint8Array(32) }, document)).not.toEqual(tagOf(key, document));
    expect(() => tagOf({ ...key, secret: new Uint8Array(16) }, document)).toThrow("invariant broken");
  });
});
