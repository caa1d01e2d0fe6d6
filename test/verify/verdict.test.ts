import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { headlines, messages, sentenceOf } from "../../service/src/verify/messages.ts";
import type { Code } from "../../service/src/verify/messages.ts";
import { fileSteps, headlineOf, qrSteps } from "../../service/src/verify/verdict.ts";
import type { Outcome, Step } from "../../service/src/verify/verdict.ts";

const stepsOf = (outcomes: Outcome[], code: Code = "not-reached"): Step[] =>
  outcomes.map((outcome, i) => ({ step: fileSteps[i]!, outcome, code, detail: {} }));
const outcome = fc.constantFrom<Outcome>("passed", "failed", "unknown");

describe("the headline", () => {
  it("is genuine when all passed and never otherwise", () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 7, maxLength: 7 }), (outcomes) => {
        expect(headlineOf(stepsOf(outcomes)) === "genuine").toBe(outcomes.every((one) => one === "passed"));
      }),
      { numRuns: 1000 },
    );
    expect(headlineOf([])).not.toBe("genuine");
  });

  it("condemns only for what failed", () => {
    fc.assert(
      fc.property(fc.array(outcome, { minLength: 7, maxLength: 7 }), (outcomes) => {
        const headline = headlineOf(stepsOf(outcomes));
        expect(headline === "not-genuine").toBe(outcomes.slice(0, 6).includes("failed"));
        expect(headline === "no-longer-valid").toBe(
          !outcomes.slice(0, 6).includes("failed") && outcomes[6] === "failed",
        );
      }),
      { numRuns: 1000 },
    );
  });

  it("says not anchored only for a receipt whose leaf nobody else has seen", () => {
    const steps = stepsOf(["passed", "passed", "passed", "passed", "unknown", "passed", "passed"], "not-anchored-yet");
    expect(headlineOf(steps)).toBe("not-anchored");
    expect(
      headlineOf(
        stepsOf(
          steps.map((step) => step.outcome),
          "chain-unreachable",
        ),
      ),
    ).toBe("standing-unknown");
    expect(headlineOf(steps.with(2, { ...steps[2]!, outcome: "unknown" }))).toBe("standing-unknown");
  });

  it("has the steps of the format in their order", () => {
    expect(fileSteps.slice(2)).toEqual(qrSteps.slice(1));
  });
});

describe("messages", () => {
  it("have a sentence in both languages for every code and headline", () => {
    for (const { zh, en } of Object.values(messages)) {
      expect(zh).toMatch(/[\u4e00-\u9fff].*。$/u);
      expect(en).toMatch(/^[A-Z{].*\.$/u);
      expect((zh.match(/\{\w+\}/g) ?? []).toSorted()).toEqual((en.match(/\{\w+\}/g) ?? []).toSorted());
    }
    expect(Object.values(headlines).map(({ title }) => title.zh)).toEqual([
      "真实有效",
      "真件已失效",
      "尚未上链",
      "状态未知",
      "不是真件",
    ]);
  });

  it("fill in details, and write a dash for what is missing", () => {
    expect(sentenceOf("expired", { validUntil: "2026-12-21" }, "en")).toBe("The certificate expired after 2026-12-21.");
    expect(sentenceOf("expired", {}, "en")).toBe("The certificate expired after -.");
    expect(sentenceOf("centre-not-listed", { centre: "{centre}$&" }, "en")).toContain("{centre}$&");
  });
});
