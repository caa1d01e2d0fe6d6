import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { divideHalfUp, fenOfYuan, yuanOfFen } from "../../service/src/ledger/money.ts";

describe("yuan", () => {
  it.each([
    ["0", 0n],
    ["0.01", 1n],
    ["12.5", 1250n],
    ["30452.67", 3045267n],
    ["9999999999999999.99", 999999999999999999n],
  ])("%s is read as fen", (yuan, fen) => expect(fenOfYuan(yuan)).toBe(fen));

  it.each(["", " 1", "1 ", "-1", "+1", "01", "1.", ".5", "1.234", "1,000", "1e3", "１２", "NaN", "0x10"])(
    "%j is not an amount",
    (text) => expect(fenOfYuan(text)).toBeUndefined(),
  );

  it("is written with two places, and read back", () => {
    expect(yuanOfFen(-1205n)).toBe("-12.05");
    expect(yuanOfFen(5n)).toBe("0.05");
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 17n }), (fen) => {
        expect(fenOfYuan(yuanOfFen(fen))).toBe(fen);
      }),
    );
  });
});

describe("half up", () => {
  it("is at most half away, and up at the half", () => {
    expect(divideHalfUp(5n, 10n)).toBe(1n);
    expect(divideHalfUp(4n, 10n)).toBe(0n);
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 15n }), fc.bigInt({ min: 1n, max: 10n ** 6n }), (n, d) => {
        const twiceOff = 2n * (divideHalfUp(n, d) * d - n);
        expect(twiceOff <= d && twiceOff > -d).toBe(true);
      }),
    );
  });
});
