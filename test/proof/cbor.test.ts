import { Decoder, Encoder } from "cbor-x";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError, fromHex, toHex } from "../../service/src/proof/bytes.ts";
import { decodeCbor, encodeCbor } from "../../service/src/proof/cbor.ts";
import type { Cbor } from "../../service/src/proof/cbor.ts";
import { unlessRefused } from "./unless-refused.ts";

const oracle = new Decoder({ mapsAsObjects: false, int64AsNumber: true } as ConstructorParameters<typeof Decoder>[0]);
const { value: anything } = fc.letrec<{ value: Cbor }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.integer() as fc.Arbitrary<Cbor>,
    fc.maxSafeInteger(),
    fc.string({ unit: "binary" }),
    fc.uint8Array(),
    fc.array(tie("value")),
    fc.array(fc.tuple(fc.integer(), tie("value"))).map((entries) => new Map(entries)),
  ),
}));

/** Maps as pairs and bytes as hex, to compare values of two libraries. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return { bytes: toHex(value) };
  if (value instanceof Map) return { map: [...value].map(([key, item]) => [Number(key), plain(item)]) };
  if (Array.isArray(value)) return value.map(plain);
  return typeof value === "bigint" ? Number(value) : value;
}

describe("CBOR", () => {
  it.each<[Cbor, string]>([
    [0, "00"],
    [23, "17"],
    [24, "1818"],
    [100, "1864"],
    [1000, "1903e8"],
    [1_000_000, "1a000f4240"],
    [1_000_000_000_000, "1b000000e8d4a51000"],
    [-1, "20"],
    [-100, "3863"],
    [-1000, "3903e7"],
    ["", "60"],
    ["\u6c34", "63e6b0b4"],
    ["\ud800\udd51", "64f0908591"],
    [fromHex("01020304"), "4401020304"],
    [[1, [2, 3], [4, 5]], "8301820203820405"],
    [
      new Map([
        [1, 2],
        [3, 4],
      ]),
      "a201020304",
    ],
  ])("writes the examples of RFC 8949 Appendix A: %s", (value, hex) => {
    expect(toHex(encodeCbor(value))).toBe(hex);
    expect(plain(decodeCbor(fromHex(hex)))).toEqual(plain(value));
  });

  it("sorts map keys by their bytes (§4.2.1)", () => {
    expect(
      toHex(
        encodeCbor(
          new Map([
            [-1, 0],
            [100, 0],
            [10, 0],
          ]),
        ),
      ),
    ).toBe("a30a001864002000");
  });

  it("is read by another library, and reads back what it wrote", () => {
    fc.assert(
      fc.property(anything, (value) => {
        const bytes = encodeCbor(value);
        expect(plain(decodeCbor(bytes))).toEqual(plain(decodeCbor(encodeCbor(decodeCbor(bytes)))));
        expect(plain(oracle.decode(bytes))).toEqual(plain(decodeCbor(bytes)));
      }),
    );
  });

  it("reads what another library wrote, as far as that is deterministic", () => {
    const encoder = new Encoder({
      useRecords: false,
      variableMapSize: true,
      tagUint8Array: false,
    } as ConstructorParameters<typeof Encoder>[0]);
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.integer(), fc.string())), (value) => {
        expect(decodeCbor(encoder.encode(value))).toEqual(value);
      }),
    );
  });

  it.each([
    ["a number in more bytes than it needs", "1817"],
    ["a length in more bytes than it needs", "780161"],
    ["indefinite length", "9fff"],
    ["keys out of order", "a203040102"],
    ["a key twice", "a201020103"],
    ["a text as key", "a1616100"],
    ["a tag", "d28400"],
    ["a float", "f93c00"],
    ["null", "f6"],
    ["bytes that follow", "0000"],
    ["a cut text", "6261"],
    ["a cut array of four thousand million", "9affffffff"],
    ["2^53", "1b0020000000000000"],
    ["-2^53", "3b001fffffffffffff"],
    ["text that is not UTF-8", "61ff"],
    ["nothing", ""],
    ["nesting without end", "81".repeat(20) + "00"],
  ])("refuses %s", (_, hex) => {
    expect(() => decodeCbor(fromHex(hex))).toThrow(FormatError);
  });

  it("never throws anything but FormatError, and what it reads it would have written", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        const value = unlessRefused(() => decodeCbor(bytes));
        expect(value === undefined || toHex(encodeCbor(value)) === toHex(bytes)).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it.each([0.5, -0.5, NaN, 2 ** 53, "\udc00"])("does not write %s", (value) => {
    expect(() => encodeCbor(value)).toThrow(FormatError);
  });
});
