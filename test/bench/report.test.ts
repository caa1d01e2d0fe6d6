// From samples to a judgement: medians, ratios and budgets, in both directions.
import { describe, expect, it } from "vitest";
import { median } from "./figure.ts";
import type { Figure, Measured } from "./figure.ts";
import { probes, slowness } from "./probes.ts";
import { failed, judge, report } from "./report.ts";

const figure: Figure = {
  name: "test.rows",
  what: ["测试", "a test"],
  unit: "rows/s",
  better: "higher",
  baseline: ["逐行", "a row at a time"],
  budget: { value: 3000, asked: "3,000 rows a second", scaledBy: "copy" },
  probes: ["copy"],
  open: async () => ({ value: async () => 1, baseline: async () => 1 }),
};
const lower: Figure = {
  ...figure,
  name: "test.ms",
  unit: "ms",
  better: "lower",
  budget: { value: 10, asked: "10 ms" },
};

function measured(samples: number[], copy = probes.copy.reference): Measured {
  return { samples, baselineSamples: [100], probes: { copy: [copy] }, notes: [] };
}

describe("median", () => {
  it("is the middle value, however the samples come", () => {
    expect(median([5, 1, 3])).toBe(3);
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });
});

describe("slowness", () => {
  it("counts how many times slower than the reference, and never below one", () => {
    expect(slowness("copy", probes.copy.reference / 4)).toBe(4);
    expect(slowness("p256", probes.p256.reference * 2)).toBe(2);
    expect(slowness("p256", probes.p256.reference / 2)).toBe(1);
  });
});

describe("judge", () => {
  it("holds a figure against its budget on a machine as fast as the reference", () => {
    expect(judge(figure, measured([2999, 3000, 9000]))).toMatchObject({
      value: 3000,
      ratio: 30,
      budget: 3000,
      ok: true,
    });
    expect(judge(figure, measured([2999, 2999, 9000])).ok).toBe(false);
  });

  it("eases the budget on a slower machine and makes it no harder on a faster one", () => {
    const { reference } = probes.copy;
    expect(judge(figure, measured([1500], reference / 2))).toMatchObject({ budget: 1500, ok: true });
    expect(judge(figure, measured([1499], reference / 2)).ok).toBe(false);
    expect(judge(figure, measured([3000], reference * 10))).toMatchObject({ budget: 3000, ok: true });
  });

  it("turns everything around where less is better", () => {
    expect(judge(lower, measured([10]))).toMatchObject({ value: 10, ratio: 10, budget: 10, ok: true });
    expect(judge(lower, measured([10.1])).ok).toBe(false);
  });

  it("has no budget where none is asked for", () => {
    const { budget: _, ...free } = figure;
    expect(judge(free, measured([1]))).toMatchObject({ budget: null, ok: true });
  });

  it("does not take a figure that could not be measured for a good one", () => {
    const result = failed(figure, "its process ended with 1");
    expect(result).toMatchObject({ value: null, budget: null, ok: false });
    expect(report([{ figure, result }])).toContain("its process ended with 1");
  });
});
