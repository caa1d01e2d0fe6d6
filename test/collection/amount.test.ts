import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { monthAmounts } from "../../service/src/collection/amount.ts";
import type { RoundingRule } from "../../service/src/parameters/parameter.ts";

const wholeYuan: RoundingRule = { unitFen: 100, scope: "part" };

describe("month amounts of real centres", () => {
  it.each<[string, bigint, number, RoundingRule, bigint]>([
    ["白银 24207 × 12%", 2420700n, 1200, wholeYuan, 290500n],
    ["白银 1960 × 5%", 196000n, 500, wholeYuan, 9800n],
    ["北京 36348 × 12%", 3634800n, 1200, wholeYuan, 436200n],
    ["北京 36348 × 11%", 3634800n, 1100, wholeYuan, 399800n],
    ["北京 36348 × 5%", 3634800n, 500, wholeYuan, 181700n],
    ["定西 22046 × 12%, to 0.1 yuan", 2204600n, 1200, { unitFen: 10, scope: "part" }, 264550n],
    ["to the fen", 2204600n, 1200, { unitFen: 1, scope: "part" }, 264552n],
  ])("%s", (_, baseFen, ratioBp, rule, fen) => {
    expect(monthAmounts(baseFen, ratioBp, ratioBp, rule)).toEqual({ unitFen: fen, personFen: fen });
  });

  it("中山 27282 × 24% is rounded once, on the total: 6548", () => {
    const { unitFen, personFen } = monthAmounts(2728200n, 1200, 1200, { unitFen: 100, scope: "total" });
    expect(unitFen + personFen).toBe(654800n);
    expect(unitFen).toBe(327400n);
  });

  it("the person's part takes the remainder of a total that does not split", () => {
    const amounts = monthAmounts(1000000n, 500, 1200, { unitFen: 100, scope: "total" });
    expect(amounts).toEqual({ unitFen: 50000n, personFen: 120000n });
    expect(monthAmounts(100100n, 500, 700, { unitFen: 100, scope: "total" })).toEqual({
      unitFen: 5000n,
      personFen: 7000n,
    });
  });

  it("are multiples of the rounding unit and never half of it away from base × ratio", () => {
    const rule = fc.record({
      unitFen: fc.constantFrom(1 as const, 10 as const, 100 as const),
      scope: fc.constant("part" as const),
    });
    fc.assert(
      fc.property(
        fc.bigInt({ min: 0n, max: 10n ** 8n }),
        fc.integer({ min: 0, max: 1200 }),
        rule,
        (base, bp, rounding) => {
          const { unitFen } = monthAmounts(base, bp, bp, rounding);
          const step = BigInt(rounding.unitFen);
          expect(unitFen % step).toBe(0n);
          const off = unitFen * 10_000n - base * BigInt(bp);
          expect(2n * (off < 0n ? -off : off) <= step * 10_000n).toBe(true);
        },
      ),
    );
  });
});
