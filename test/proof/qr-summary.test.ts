import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError, concat, fromHex, toHex, utf8 } from "../../service/src/proof/bytes.ts";
import { encodeCbor } from "../../service/src/proof/cbor.ts";
import * as q from "../../service/src/proof/qr-summary.ts";
import type { QrSummary } from "../../service/src/proof/qr-summary.ts";
import { p256 } from "../verify/keys.ts";
import { unlessRefused } from "./unless-refused.ts";
import { flipped } from "../verify/world.ts";

const key = p256("qr test");
const summary: QrSummary = {
  centre: "C46010",
  kind: "deposit",
  serial: "1165.11460000MB1234567A.2026112100000118.001.M",
  statusIndex: 118,
  maskedName: "林**",
  maskedNumber: "000***********0012",
  figures: [12_345_678, 850_000, 102_000, 102_000, 36, null],
  issuedDay: 20_778,
  validUntilDay: 20_808,
  recordDigest: new Uint8Array(32).fill(5),
};

function signed(change: Partial<QrSummary> = {}): Uint8Array {
  const { signed, finish } = q.prepareQr({ ...summary, ...change }, q.qrKeyId(key.point));
  return finish(key.sign(signed));
}

describe("COSE_Sign1", () => {
  it("verifies the example of RFC 9052 Appendix C.2.1", async () => {
    const point = concat(
      Uint8Array.of(4),
      fromHex("bac5b11cad8f99f9c72b05cf4b9e26d244dc189f745228255a219a86d6a09eff"),
      fromHex("20138bf82dc1b6d562be0fa54ab7804a3a64b6d72ccfed6b6fb6ed28bbfc117e"),
    );
    const structure = encodeCbor(["Signature1", fromHex("a10126"), new Uint8Array(), utf8("This is the content.")]);
    const signature = fromHex(
      "8eb33e4ca31d1c465ab05aac34cc6b23d58fef5c083106c4d25a91aef0b0117e2af9a291aa32e14ab834dc56ed2a223444547e01f11d3b0916e5a4c345cacb36",
    );
    const message = { summary, keyId: new Uint8Array(8), signed: structure, signature };
    expect(await q.verifyQr(message, point)).toBe(true);
    expect(await q.verifyQr({ ...message, signature: flipped(signature, 9) }, point)).toBe(false);
    expect(await q.verifyQr(message, point.subarray(1))).toBe(false);
    expect(await q.verifyQr(message, new Uint8Array(65).fill(4))).toBe(false);
  });
});

describe("the QR summary", () => {
  it("reads what was signed, to the member, and fits the code", async () => {
    const message = signed();
    const read = q.readQr(message);
    expect(read.summary).toEqual(summary);
    expect(toHex(read.keyId)).toBe(toHex(q.qrKeyId(key.point)));
    expect(await q.verifyQr(read, key.point)).toBe(true);
    expect(await q.verifyQr(read, p256("another").point)).toBe(false);
    expect(message.length).toBeLessThanOrEqual(q.longestQrMessage);
  });

  it("goes through decimal digits and back, with its leading zeros", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 297 }), (message) => {
        const digits = q.toDigits(message);
        expect(digits).toMatch(/^[1-9][0-9]*$/);
        expect(toHex(q.fromDigits(digits))).toBe(toHex(message));
      }),
    );
    expect(q.toDigits(new Uint8Array(2))).toBe("65536");
  });

  it.each(["", "0", "01", "2", "255", "256x", "-1", " 1", "9".repeat(801)])("refuses the digits %s", (digits) => {
    expect(() => q.fromDigits(digits)).toThrow(FormatError);
  });

  it("has no bit that can change: the form or the signature fails", async () => {
    const message = signed();
    for (let bit = 0; bit < 8 * message.length; bit++) {
      const other = flipped(message, bit);
      const read = unlessRefused(() => q.readQr(other));
      if (!read) continue;
      const sameKey = toHex(read.keyId) === toHex(q.qrKeyId(key.point));
      expect(sameKey && (await q.verifyQr(read, key.point))).toBe(false);
    }
  });

  it.each<[string, Partial<QrSummary>]>([
    ["a centre of another form", { centre: "X46010" }],
    ["a name that is not masked", { maskedName: "林海棠" }],
    ["a name that turns the text around", { maskedName: "\u202e*" }],
    ["a name of asterisks alone", { maskedName: "**" }],
    ["a number that is not masked", { maskedNumber: "000101199003071233" }],
    ["a negative figure", { figures: [-2] }],
    ["thirteen figures", { figures: Array.from({ length: 13 }, () => 1) }],
    ["a day beyond the calendar", { validUntilDay: 2_932_897 }],
    ["a status index below 0", { statusIndex: -1 }],
    ["a short digest", { recordDigest: new Uint8Array(31) }],
  ])("is not signed with %s", (_, change) => {
    expect(() => q.prepareQr({ ...summary, ...change }, q.qrKeyId(key.point))).toThrow(FormatError);
  });

  it("masks names and numbers in the form that readers demand", () => {
    expect(q.maskName("林海棠")).toBe("林**");
    expect(q.maskName("𠮷")).toBe("𠮷*");
    expect(q.maskName("a".repeat(40))).toBe(`a${"*".repeat(8)}`);
    expect(q.maskNumber("00010119900307123X")).toBe("000***********123X");
    expect(q.maskNumber("E12345678")).toBe("*******78");
    expect(() => q.maskName("")).toThrow(FormatError);
    expect(() => q.maskNumber("")).toThrow(FormatError);
    for (const maskedName of ["林**", "𠮷*", "\u{f0000}*"])
      expect(q.readQr(signed({ maskedName })).summary.maskedName).toBe(maskedName);
    for (const number of ["E12345678", "AB", "12345678901234567890"])
      expect(q.readQr(signed({ maskedNumber: q.maskNumber(number) })).summary.maskedNumber).toBe(q.maskNumber(number));
  });
});
