// What a verdict means on the page: tone and shape, steps with their sentences, lines to compare, facts.
import { sentenceOf } from "../../../../service/src/verify/messages.ts";
import type { Detail, Headline, StepName, Verdict } from "../../../../service/src/verify/verdict.ts";
import type { FigureUnit } from "../../../../service/src/proof/figures.ts";
import { serialRoot } from "../../../../service/src/proof/qr-summary.ts";
import { count, day, dayNumber, moment, moneyOfFen, month } from "../../format.ts";
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

export function stepsOf(checked: Checked, t: Texts, nameOf: (code: string) => string): Step[] {
  const mishap = mishapOf(checked, t);
  return checked.verdict.steps.map((step, i) => ({
    key: step.step,
    name: t.stepNames[step.step],
    state: stateOf(step),
    mild: step.step === "standing",
    stateName: t.states[stateOf(step)],
    reason:
      (i === 0 && mishap?.reason) ||
      sentenceOf(step.code, named(step.detail, nameOf), settings.language === "en" ? "en" : "zh"),
  }));
}

/** A size in bytes as people know it. Rounded up, so that what is over a limit never reads as the limit itself. */
export function sizeText(bytes: number): string {
  if (bytes < 1024) return `${bytes} B`;
  if (bytes < 1024 * 1024) return `${Math.ceil(bytes / 1024)} KB`;
  return `${(Math.ceil((bytes * 10) / (1024 * 1024)) / 10).toFixed(1)} MB`;
}

interface Mishap {
  /** for the step, where the verifier's own sentence does not fit */
  reason?: string;
  meaning: string;
  next: string;
}

/**
 * What it means, and what to do, when nothing could be read of what was presented, or it is no certificate file or code at all:
 * mostly a mishap and no forgery, so it gets words of its own. Undefined when the headline's own sentences say it.
 */
export function mishapOf({ verdict, file, unread }: Checked, t: Texts): Mishap | undefined {
  const [first] = verdict.steps;
  if (!file || !first || first.outcome === "passed") return undefined;
  const why = unread ?? (first.step === "file" && file.size === 0 ? "empty" : first.code);
  const words = (t.mishaps as Record<string, Mishap>)[why];
  return words && { ...words, meaning: fill(words.meaning, { size: sizeText(file.size) }) };
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

/** How a figure of each unit is written. */
const written: Record<FigureUnit, (value: number, units: Names["units"]) => string> = {
  fen: (value) => moneyOfFen(value),
  count: (value) => count(value),
  months: (value, units) => fill(units.months, { count: value }),
  month: (value) => month(String(value)),
  day: (value) => day(String(value).replace(/^(\d{4})(\d\d)(\d\d)$/, "$1-$2-$3")),
};

/** What a kind is called; its own code where this page does not know it, even if objects have something of that name. */
function kindNameOf(kind: string, { kinds }: Pick<Names, "kinds">): string {
  return Object.hasOwn(kinds, kind) ? kinds[kind as keyof typeof kinds] : kind;
}

/** Kinds that are about a unit and no person. */
const ofUnits: ReadonlySet<string> = new Set(["unit-deposit"]);

/** Every line that the QR signs, to be compared with the paper. */
export function comparedLines({ verdict, figures: known = [] }: Checked, t: Texts, names: Names): CompareLine[] {
  const summary = verdict.summary;
  if (!summary || verdict.headline === "not-genuine") return [];
  const [name, number] = ofUnits.has(summary.kind)
    ? [t.fields.unitName, t.fields.unitNumber]
    : [t.fields.name, t.fields.number];
  const figures = summary.figures.map((value, i): CompareLine => {
    const figure = known[i];
    const text =
      value === null ? names.units.noData : figure ? written[figure.unit](value, names.units) : String(value);
    return {
      key: `figure-${i}`,
      label: figure?.[settings.language === "en" ? "en" : "zh"] ?? `${i + 1}`,
      value: text,
      money: figure?.unit === "fen" && value !== null,
    };
  });
  return [
    { key: "name", label: name, value: summary.maskedName },
    { key: "number", label: number, value: summary.maskedNumber },
    ...figures,
    { key: "kind", label: t.fields.kind, value: kindNameOf(summary.kind, names) },
    { key: "serial", label: t.fields.serial, value: serialRoot + summary.serial },
    { key: "issued", label: t.fields.issued, value: dayNumber(summary.issuedDay) },
    { key: "valid", label: t.fields.valid, value: dayNumber(summary.validUntilDay) },
  ];
}

export interface Fact {
  label: string;
  value: string;
}

/**
 * Level and time-stamps of a file, and since when the certificate is known to have existed. Of a file that no log knows nothing is
 * said of them: a time-stamp rescues none.
 */
function stampFacts(verdict: Verdict, t: Texts): Fact[] {
  if (verdict.headline === "not-genuine" && !verdict.certificate) return [];
  const { level, timeStamps = [] } = verdict;
  const step = (name: StepName) => verdict.steps.find((found) => found.step === name);
  // The issuer is known once it is asked for the receipt; before that nobody knows which authorities it uses.
  const checked = step("receipt")?.code !== "not-reached";
  const facts: Fact[] = level ? [{ label: t.level, value: t.levels[level] }] : [];
  for (const { over, time, trusted } of timeStamps)
    facts.push({
      label: t.stamps[over],
      value: fill(t.stampBy[trusted ? "trusted" : checked ? "foreign" : "unchecked"], { time: moment(time) }),
    });
  // Without log and anchor the time is the time of judging, which shows nothing.
  const existence = step("trust")?.detail.time;
  const shown = (["inclusion", "anchor"] as const).every((name) => step(name)?.outcome === "passed");
  if (!shown || typeof existence !== "string") return facts;
  const by = timeStamps.some(({ trusted, time }) => trusted && time === existence) ? "stamp" : "log";
  facts.push({ label: t.existed, value: fill(t.existedBy[by], { time: moment(existence) }) });
  return facts;
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
  facts.push(...stampFacts(verdict, t));
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
