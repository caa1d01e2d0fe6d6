// What a verdict means on the page: tone and shape, steps with their sentences, lines to compare, facts.
import { sentenceOf } from "../../../../service/src/verify/messages.ts";
import type { Detail, Headline, Verdict } from "../../../../service/src/verify/verdict.ts";
import { serialRoot } from "../../../../service/src/proof/qr-summary.ts";
import { day, dayNumber, moment, moneyOfFen, month } from "../../format.ts";
import type { names as namesShape } from "../../messages/zh-CN/names.ts";
import type { verify as verifyShape } from "../../messages/zh-CN/verify.ts";
import type { Step } from "../../parts/CheckSteps.vue";
import { fill, settings } from "../../settings.ts";
import type { CompareLine } from "./CompareLines.vue";
import type { Checked } from "./run.ts";
import type { Shape, Tone } from "./VerdictBanner.vue";

type Texts = typeof verifyShape;
type Names = typeof namesShape;

const looks: Record<Headline, { tone: Tone; shape: Shape }> = {
  genuine: { tone: "good", shape: "tick" },
  "not-anchored": { tone: "wait", shape: "clock" },
  "standing-unknown": { tone: "wait", shape: "question" },
  "no-longer-valid": { tone: "wait", shape: "ended" },
  "not-genuine": { tone: "bad", shape: "cross" },
};

export function toneOf(headline: Headline): { tone: Tone; shape: Shape } {
  return looks[headline];
}

/** A step that was never begun, because one before it failed, is nothing that could not be found out. */
function stateOf(step: Verdict["steps"][number]): "passed" | "failed" | "unknown" | "waiting" {
  return step.code === "not-reached" ? "waiting" : step.outcome;
}

/** How many passed, failed and are open, in words. */
export function tallyOf(verdict: Verdict, t: Texts): string {
  const states = verdict.steps.map(stateOf);
  if (states.every((state) => state === "passed")) return fill(t.summary.all, { passed: states.length });
  return (["passed", "failed", "unknown", "waiting"] as const)
    .map((state) => ({ state: t.states[state], count: states.filter((found) => found === state).length }))
    .filter(({ count }) => count > 0)
    .map((part) => fill(t.summary.one, part))
    .join(t.summary.between);
}

export function stepsOf({ verdict, file }: Checked, t: Texts, nameOf: (code: string) => string): Step[] {
  return verdict.steps.map((step) => ({
    key: step.step,
    name: t.stepNames[step.step],
    state: stateOf(step),
    mild: step.step === "standing",
    stateName: t.states[stateOf(step)],
    reason:
      step.step === "file" && file?.size === 0
        ? t.emptyReason
        : sentenceOf(step.code, named(step.detail, nameOf), settings.language === "en" ? "en" : "zh"),
  }));
}

/** A size in bytes as people know it. Rounded up, so that what is over a limit never reads as the limit itself. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KB`;
  return `${(Math.ceil((bytes * 10) / (1024 * 1024)) / 10).toFixed(1)} MB`;
}

/**
 * What it means, and what to do, when the file itself is no certificate file at all: mostly a mishap and no forgery, so it gets
 * words of its own. Undefined when the headline's own sentences say it.
 */
export function fileMishap({ verdict, file }: Checked, t: Texts): { meaning: string; next: string } | undefined {
  const step = verdict.steps.find((found) => found.step === "file" && found.outcome === "failed");
  if (!step || !file) return undefined;
  const why = file.size === 0 ? "empty" : step.code;
  const words = (t.mishaps as Record<string, { meaning: string; next: string }>)[why];
  return words && { meaning: fill(words.meaning, { size: sizeText(file.size) }), next: words.next };
}

/** Codes of centres in a detail as their names: nobody at a counter knows C46010. */
function named(detail: Detail, nameOf: (code: string) => string): Detail {
  return Object.fromEntries(
    Object.entries(detail).map(([key, value]) => [
      key,
      typeof value === "string" && /^C\d{5}( C\d{5})*$/.test(value)
        ? value
            .split(" ")
            .map(nameOf)
            .join(settings.language === "en" ? ", " : "、")
        : value,
    ]),
  );
}

/** Why a certificate is no longer valid, as the end of a sentence. */
export function endedBecause(verdict: Verdict, t: Texts): string {
  const standing = verdict.steps.find((step) => step.step === "standing");
  if (standing?.outcome !== "failed") return t.ended.other;
  if (standing.code === "expired") return t.ended.expired;
  if (standing.code === "superseded") return t.ended.superseded;
  return t.ended.revoked;
}

/** Money, months and a month, in the order of FORMAT.md §4 for each kind. */
const figureForms: Record<string, readonly ("money" | "months" | "month")[]> = {
  deposit: ["money", "money", "money", "money", "months", "month"],
};

/** Every line that the QR signs, to be compared with the paper. */
export function comparedLines(verdict: Verdict, t: Texts, names: Names): CompareLine[] {
  const summary = verdict.summary;
  if (!summary || verdict.headline === "not-genuine") return [];
  const labels = (names.figures as Record<string, readonly string[]>)[summary.kind] ?? [];
  const forms = figureForms[summary.kind] ?? [];
  const figures = summary.figures.map((value, i): CompareLine => {
    const form = forms[i];
    const text =
      value === null
        ? names.units.noData
        : form === "money"
          ? moneyOfFen(value)
          : form === "months"
            ? fill(names.units.months, { count: value })
            : form === "month"
              ? month(String(value))
              : String(value);
    return {
      key: `figure-${i}`,
      label: labels[i] ?? `${i + 1}`,
      value: text,
      money: form === "money" && value !== null,
    };
  });
  return [
    { key: "name", label: t.fields.name, value: summary.maskedName },
    { key: "number", label: t.fields.number, value: summary.maskedNumber },
    ...figures,
    { key: "kind", label: t.fields.kind, value: (names.kinds as Record<string, string>)[summary.kind] ?? summary.kind },
    { key: "serial", label: t.fields.serial, value: serialRoot + summary.serial },
    { key: "issued", label: t.fields.issued, value: dayNumber(summary.issuedDay) },
    { key: "valid", label: t.fields.valid, value: dayNumber(summary.validUntilDay) },
  ];
}

export interface Fact {
  label: string;
  value: string;
}

export function factsOf(checked: Checked, t: Texts, nameOf: (code: string) => string): Fact[] {
  const { verdict } = checked;
  const facts: Fact[] = [];
  if (checked.file) facts.push({ label: t.fact.file, value: `${checked.file.name} · ${sizeText(checked.file.size)}` });
  const certificate = verdict.certificate;
  if (certificate) {
    facts.push(
      { label: t.fact.serial, value: certificate.serial },
      { label: t.fact.centre, value: nameOf(certificate.centre) },
      { label: t.fact.issued, value: moment(certificate.issuedAt) },
      { label: t.fact.valid, value: day(certificate.validUntil) },
    );
  }
  const ends = verdict.steps.find((step) => step.step === "standing" && step.outcome === "failed");
  const since = ends?.detail.time;
  if (typeof since === "string" && since !== "-") facts.push({ label: t.fact.since, value: moment(since) });
  const through = checked.readThrough.slice(0, 2).map(nameOf);
  // Nobody is asked about a file whose seal is broken.
  const asked = verdict.steps.some(({ step, code }) => step === "standing" && code !== "not-reached");
  if (!asked) return facts;
  facts.push({
    label: t.fact.readThrough,
    value:
      through.length === 2
        ? fill(t.readThrough, { centres: through.join(settings.language === "en" ? " and " : "、") })
        : t.readThroughNone,
  });
  return facts;
}
