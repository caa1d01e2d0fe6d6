import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as b from "../../service/src/proof/bytes.ts";

describe("bytes", () => {
  it("agree with Node about hex and base64", () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(b.toHex(bytes)).toBe(Buffer.from(bytes).toString("hex"));
        expect(b.fromHex(b.toHex(bytes))).toEqual(bytes);
        expect(b.toBase64(bytes)).toBe(Buffer.from(bytes).toString("base64"));
        expect(b.fromBase64(b.toBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  it.each(["A", "0", "0g", "00 ", "00\n", "AB"])("refuse %j as hexadecimal", (text) => {
    expect(() => b.fromHex(text)).toThrow(b.FormatError);
  });

  it("refuse megabytes that are nearly hexadecimal, in no time", () => {
    expect(() => b.fromHex(`${"00".repeat(4_000_000)}zz`)).toThrow(b.FormatError);
  });

  it.each(["A", "AB", "AB==\n", "AB=", "AA-_", "QR==", "A===", "QQ"])("refuse %j as base64", (text) => {
    expect(() => b.fromBase64(text)).toThrow(b.FormatError);
  });

  it("refuse text that is not UTF-8, and keep a byte order mark", () => {
    expect(() => b.fromUtf8(Uint8Array.of(0xff))).toThrow(b.FormatError);
    expect(b.fromUtf8(b.utf8("\ufeffa"))).toBe("\ufeffa");
  });

  it("know members and texts of untrusted JSON", () => {
    expect(() => b.textOf(["C1"], /^C1$/, "code")).toThrow(b.FormatError);
    expect(() => b.membersOf({ a: 1, b: 2 }, ["a"], "it")).toThrow(b.FormatError);
    expect(() => b.membersOf({ toString: 1 }, ["constructor"], "it")).toThrow(b.FormatError);
    expect(b.membersOf({ a: 1 }, ["a"], "it")).toEqual({ a: 1 });
    expect([0, 2 ** 53 - 1].every(b.isCount) && ![-1, 0.5, 2 ** 53, "1", null].some(b.isCount)).toBe(true);
  });
});
