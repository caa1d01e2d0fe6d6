// What a verification comes to: steps with their outcomes, and the headline that follows from them (FORMAT.md §10).

export type StepName = "file" | "seal" | "qr" | "receipt" | "inclusion" | "anchor" | "trust" | "standing";

export interface Outcome {
  outcome: "passed" | "failed" | "unknown";
  /** stable reason code; its sentences stand in reasons.ts */
  code: string;
  /** centres that said otherwise than the others, or other particulars for a person; never personal data */
  note?: string;
}

export interface Step extends Outcome {
  step: StepName;
}

export type Headline = "genuine" | "not-genuine" | "no-longer-valid" | "not-anchored" | "standing-unknown";

export const passed = (code: string, note?: string): Outcome => ({
  outcome: "passed",
  code,
  ...(note ? { note } : {}),
});
export const failed = (code: string, note?: string): Outcome => ({
  outcome: "failed",
  code,
  ...(note ? { note } : {}),
});
export const unknown = (code: string, note?: string): Outcome => ({
  outcome: "unknown",
  code,
  ...(note ? { note } : {}),
});

/** For a step whose input an earlier one did not give. */
export const notReached: Outcome = unknown("not-reached");

/** A check that does not hold. It ends its step, never the program: `judge` turns it into an outcome. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly code: string;
  constructor(code: string, note?: string) {
    super(note ?? code);
    this.code = code;
  }
}

/** Ends the step as failed unless the condition holds. */
export function demand(condition: unknown, code: string, note?: string): asserts condition {
  if (!condition) throw new Refused(code, note);
}

/** The first row of §10's table that fits. */
export function headlineOf(steps: readonly Step[]): Headline {
  const of = (name: StepName) => steps.find((step) => step.step === name);
  if (steps.some((step) => step.step !== "standing" && step.outcome === "failed")) return "not-genuine";
  if (of("standing")?.outcome === "failed") return "no-longer-valid";
  if (steps.length > 0 && steps.every((step) => step.outcome === "passed")) return "genuine";
  const anchor = of("anchor");
  const waits = anchor?.code === "not-in-log-yet" || anchor?.code === "not-anchored-yet";
  if (of("receipt")?.outcome === "passed" && waits) return "not-anchored";
  return "standing-unknown";
}

/** 0 genuine, 1 not genuine, 2 no longer valid, 3 not anchored yet or standing unknown. */
export const exitCodes: Readonly<Record<Headline, number>> = {
  genuine: 0,
  "not-genuine": 1,
  "no-longer-valid": 2,
  "not-anchored": 3,
  "standing-unknown": 3,
};

/** The exit code for several verdicts: the worst, and a forgery is worse than a certificate that ran out. */
export function worstExit(headlines: readonly Headline[]): number {
  const order = [0, 3, 2, 1];
  return headlines
    .map((headline) => exitCodes[headline])
    .reduce((worst, code) => (order.indexOf(code) > order.indexOf(worst) ? code : worst), 0);
}
