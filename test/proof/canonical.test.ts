import canonicalize from "canonicalize";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FormatError, toHex } from "../../service/src/proof/bytes.ts";
import { canonicalBytes, canonicalDigest, canonicalText } from "../../service/src/proof/canonical.ts";
import type { CanonicalValue } from "../../service/src/proof/canonical.ts";

describe("canonical JSON", () => {
  it("sorts members by UTF-16 code units, as the example of RFC 8785 §3.2.3 does", () => {
    const sample = {
      "\u20ac": "Euro Sign",
      "\r": "Carriage Return",
      "\ufb33": "Hebrew Letter Dalet With Dagesh",
      "1": "One",
      "\ud83d\ude00": "Emoji: Grinning Face",
      "\u0080": "Control",
      "\u00f6": "Latin Small Letter O With Diaeresis",
    };
    expect(canonicalText(sample)).toBe(
      '{"\\r":"Carriage Return","1":"One","\u0080":"Control","ö":"Latin Small Letter O With Diaeresis",' +
        '"€":"Euro Sign","😀":"Emoji: Grinning Face","\ufb33":"Hebrew Letter Dalet With Dagesh"}',
    );
  });

  it("escapes as §3.2.2.2 does and writes UTF-8", () => {
    expect(canonicalText('€$\u000f\nA\'B"\\\\"/')).toBe('"€$\\u000f\\nA\'B\\"\\\\\\\\\\"/"');
    expect(toHex(canonicalBytes("存"))).toBe("22e5ad9822");
    expect(toHex(canonicalDigest({}))).toBe("44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a");
  });

  it("agrees with another implementation on everything that a record may hold", () => {
    const leaf = fc.oneof(fc.string({ unit: "binary" }), fc.maxSafeInteger(), fc.boolean(), fc.constant(null));
    const { value } = fc.letrec<{ value: CanonicalValue }>((tie) => ({
      value: fc.oneof(
        { maxDepth: 4 },
        leaf as fc.Arbitrary<CanonicalValue>,
        fc.array(tie("value")),
        fc.dictionary(fc.string({ unit: "binary" }), tie("value")),
      ),
    }));
    fc.assert(
      fc.property(value, (record) => {
        expect(canonicalText(record)).toBe(canonicalize(record));
      }),
    );
  });

  it("is the same after reading it back", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (record) => {
        expect(canonicalText(JSON.parse(canonicalText(record)) as CanonicalValue)).toBe(canonicalText(record));
      }),
    );
  });

  it.each([
    0.5,
    2 ** 53,
    NaN,
    Infinity,
    "\ud800",
    undefined,
    1n,
    { a: undefined },
    [undefined],
    new Date(0),
    new Map(),
  ])("refuses %s", (value) => expect(() => canonicalText(value as CanonicalValue)).toThrow(FormatError));

  it("refuses a sparse array, of which JSON knows nothing", () => {
    const sparse: number[] = [1];
    sparse[2] = 3;
    expect(() => canonicalText(sparse)).toThrow(FormatError);
  });
});
