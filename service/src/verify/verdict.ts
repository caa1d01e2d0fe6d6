// FORMAT.md §10: what a verification answers, and the rule that makes one headline of its steps.
import type { QrSummary } from "../proof/qr-summary.ts";
import type { Code } from "./messages.ts";

export type StepName = "file" | "seal" | "qr" | "receipt" | "inclusion" | "anchor" | "trust" | "standing";
export type Outcome = "passed" | "failed" | "unknown";
export type Headline = "genuine" | "no-longer-valid" | "not-anchored" | "standing-unknown" | "not-genuine";

/** Values that fill the sentence of a code. Never a person's data. */
export type Detail = Record<string, string | number>;

export interface Step {
  step: StepName;
  outcome: Outcome;
  /** why, with a sentence in messages.ts */
  code: Code;
  detail: Detail;
}

/** What the issuer's log says about the certificate; there only when the receipt fits what was presented. */
export interface VerifiedCertificate {
  centre: string;
  centreName: string;
  /** 证照标识 in full */
  serial: string;
  statusIndex: number;
  /** RFC 3339, +08:00 */
  issuedAt: string;
  /** last day of validity */
  validUntil: string;
}

/** Level of the file (FORMAT.md §9): the highest of which it has everything, and all that the lower ones have. */
export type Level = "B-B" | "B-T" | "B-LT" | "B-LTA";

export interface TimeStamp {
  /** what the authority says, RFC 3339, +08:00 */
  time: string;
  /** SHA-256 of the authority's certificate, hex */
  authority: string;
  /** over the seal's signature value, or over the whole document */
  over: "seal" | "document";
  /** is the authority one that the issuing centre uses, trusted at that time? False while the centre is not known. */
  trusted: boolean;
}

export interface Verdict {
  headline: Headline;
  /** in the order of FORMAT.md §10 */
  steps: Step[];
  certificate?: VerifiedCertificate;
  /** of a file whose steps `file` and `seal` passed; information, no step hangs on them but the time of existence */
  level?: Level;
  timeStamps?: TimeStamp[];
  /** what the QR says; there only when its signature is good */
  summary?: QrSummary;
}

export const fileSteps: readonly StepName[] = ["file", "seal", "receipt", "inclusion", "anchor", "trust", "standing"];
export const qrSteps: readonly StepName[] = ["qr", "receipt", "inclusion", "anchor", "trust", "standing"];

/** What a check found wrong. Thrown inside a step, it becomes the step's outcome `failed`. */
export class CheckFailed extends Error {
  override readonly name = "CheckFailed";
  readonly code: Code;
  readonly detail: Detail;
  constructor(code: Code, detail: Detail = {}) {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}

/** What a check could not find out. Thrown inside a step, it becomes the step's outcome `unknown`. */
export class CheckUnknown extends Error {
  override readonly name = "CheckUnknown";
  readonly code: Code;
  readonly detail: Detail;
  constructor(code: Code, detail: Detail = {}) {
    super(code);
    this.code = code;
    this.detail = detail;
  }
}

/** Codes of step anchor that mean: there is a receipt, and the log has not been anchored over it yet. */
const notAnchoredYet: ReadonlySet<Code> = new Set<Code>(["not-in-log-yet", "not-anchored-yet"]);

/** The headline of FORMAT.md §10. Nothing but `passed` everywhere is genuine. */
export function headlineOf(steps: readonly Step[]): Headline {
  const failed = steps.filter((step) => step.outcome === "failed");
  if (failed.some((step) => step.step !== "standing")) return "not-genuine";
  if (failed.length > 0) return "no-longer-valid";
  if (steps.length > 0 && steps.every((step) => step.outcome === "passed")) return "genuine";
  const receipt = steps.find((step) => step.step === "receipt");
  const anchor = steps.find((step) => step.step === "anchor");
  if (receipt?.outcome === "passed" && anchor && notAnchoredYet.has(anchor.code)) return "not-anchored";
  return "standing-unknown";
}
