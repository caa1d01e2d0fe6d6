import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dueOn, firstTermAfter, planOf } from "../../../service/src/certificates/kinds/loan-schedule-plan.ts";
import type { PlannedTerm } from "../../../service/src/certificates/kinds/loan-schedule-plan.ts";

const sum = (plan: readonly PlannedTerm[], part: "principalFen" | "interestFen" | "amountFen") =>
  plan.reduce((total, term) => total + term[part], 0n);

describe("a plan in equal instalments", () => {
  it("has the instalments that the trade reckons", () => {
    // Vectors of the domain rules §3.5: 1,000,000 at 2.6 % over 360 months, 500,000 at 2.1 % over 60.
    expect(planOf("01", 100_000_000n, 260_000, 360)[0]).toEqual({
      amountFen: 400_340n,
      principalFen: 400_340n - 216_667n,
      interestFen: 216_667n,
      balanceFen: 100_000_000n - 183_673n,
    });
    expect(planOf("01", 50_000_000n, 210_000, 60)[0]!.amountFen).toBe(878_577n);
  });

  it("changes the last instalment only, by less than half a fen for each term with its interest", () => {
    const plan = planOf("01", 100_000_000n, 260_000, 360);
    expect(new Set(plan.slice(0, -1).map(({ amountFen }) => amountFen))).toEqual(new Set([400_340n]));
    const difference = Number(plan.at(-1)!.amountFen - 400_340n);
    expect(Math.abs(difference)).toBeLessThan(360);
  });

  it("of a loan without interest is the amount in equal parts", () => {
    expect(planOf("01", 1000n, 0, 3).map(({ amountFen }) => amountFen)).toEqual([333n, 333n, 334n]);
    expect(planOf("01", 1001n, 0, 3).map(({ amountFen }) => amountFen)).toEqual([334n, 334n, 333n]);
  });

  it("of one term is the amount with one month's interest", () => {
    expect(planOf("01", 1_000_000n, 120_000, 1)).toEqual([
      { amountFen: 1_001_000n, principalFen: 1_000_000n, interestFen: 1_000n, balanceFen: 0n },
    ]);
  });
});

describe("a plan with equal principal", () => {
  it("pays the same principal each time and less interest", () => {
    const plan = planOf("02", 120_000n, 260_000, 12);
    expect(plan.map(({ principalFen }) => principalFen)).toEqual(Array(12).fill(10_000n));
    // 1,200 yuan at 2.6 % owe 2.60 in the first month, 100 yuan owe 0.2167 in the last.
    expect([plan[0]!.interestFen, plan[1]!.interestFen, plan.at(-1)!.interestFen]).toEqual([260n, 238n, 22n]);
  });
});

describe("every plan", () => {
  const loans = fc.record({
    method: fc.constantFrom("01" as const, "02" as const),
    owedFen: fc.oneof(fc.bigInt({ min: 1n, max: 500n }), fc.bigInt({ min: 1n, max: 10n ** 12n })),
    rateE7: fc.oneof(fc.constant(0), fc.integer({ min: 1, max: 1_000_000 })),
    terms: fc.integer({ min: 1, max: 600 }),
  });

  it("pays back what is owed, to the fen, and owes interest on what is left", () => {
    fc.assert(
      fc.property(loans, ({ method, owedFen, rateE7, terms }) => {
        const plan = planOf(method, owedFen, rateE7, terms);
        expect(plan).toHaveLength(terms);
        expect(sum(plan, "principalFen")).toBe(owedFen);
        expect(sum(plan, "amountFen")).toBe(owedFen + sum(plan, "interestFen"));
        let balance = owedFen;
        for (const term of plan) {
          // Half up: twice the exact interest lies within one of twice the rounded one, and a tie goes up.
          const twice = 2n * balance * BigInt(rateE7) - 2n * term.interestFen * 120_000_000n;
          expect(twice >= -120_000_000n && twice < 120_000_000n).toBe(true);
          expect(term.principalFen >= 0n).toBe(true);
          balance -= term.principalFen;
          expect(term.balanceFen).toBe(balance);
        }
        expect(balance).toBe(0n);
      }),
      { numRuns: 60 },
    );
  });

  it("in equal instalments is the same each time, until the last or until nothing is left", () => {
    fc.assert(
      fc.property(loans, ({ owedFen, rateE7, terms }) => {
        const plan = planOf("01", owedFen, rateE7, terms).slice(0, -1);
        const whole = plan.filter(({ balanceFen }) => balanceFen > 0n);
        expect(new Set(whole.map(({ amountFen }) => amountFen)).size).toBeLessThanOrEqual(1);
      }),
      { numRuns: 60 },
    );
  });

  it("has an instalment that is right to half a fen, reckoned in another way", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1_000_000 }), fc.integer({ min: 2, max: 480 }), (rateE7, terms) => {
        const owed = 1e8;
        const i = rateE7 / 1.2e8;
        const exact = (owed * i) / -Math.expm1(-terms * Math.log1p(i));
        expect(Math.abs(Number(planOf("01", BigInt(owed), rateE7, terms)[0]!.amountFen) - exact)).toBeLessThan(0.501);
      }),
      { numRuns: 60 },
    );
  });
});

describe("terms fall due", () => {
  it("on the day of the month, or on its last where it is shorter", () => {
    const rule = { day: 31, firstAfterMonths: 1 };
    expect([1, 2, 3, 15].map((term) => dueOn("2026-11-15", term, rule))).toEqual([
      "2026-12-31",
      "2027-01-31",
      "2027-02-28",
      "2028-02-29",
    ]);
    expect(dueOn("2026-11-15", 1, { day: 20, firstAfterMonths: 0 })).toBe("2026-11-20");
  });

  it("one after the other, and those of today have fallen due", () => {
    const rule = { day: 15, firstAfterMonths: 1 };
    expect(firstTermAfter("2026-01-10", "2026-01-10", rule)).toBe(1);
    expect(firstTermAfter("2026-01-10", "2026-02-14", rule)).toBe(1);
    expect(firstTermAfter("2026-01-10", "2026-02-15", rule)).toBe(2);
    expect(firstTermAfter("2026-01-10", "2027-01-14", rule)).toBe(12);
  });
});
