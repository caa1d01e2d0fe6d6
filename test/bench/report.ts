// From samples to a judgement, and from judgements to what people and programs read.
import { table } from "../../scripts/stack/progress.ts";
import { median } from "./figure.ts";
import type { Figure, Measured } from "./figure.ts";
import { probes, slowness } from "./probes.ts";
import type { ProbeName } from "./probes.ts";

/** One figure of `--json`. */
export interface Result {
  name: string;
  /** median; null when the figure could not be measured */
  value: number | null;
  unit: string;
  /** median of the baseline in the same unit */
  baseline: number | null;
  /** how many times better than the baseline, above 1 is better whichever way the figure counts */
  ratio: number | null;
  /** the worst value that is good enough on this machine in this run; null where none is asked for */
  budget: number | null;
  /** false when the budget is missed or the figure could not be measured */
  ok: boolean;
  /** what the baseline is */
  against: string;
  /** the budget before it was scaled to this machine */
  budgetAsked: number | null;
  samples: readonly number[];
  /** medians of the probes taken between the samples */
  probes: Partial<Record<ProbeName, number>>;
  notes: readonly string[];
  /** why it could not be measured */
  error?: string;
}

type Judged = Pick<Figure, "name" | "unit" | "better" | "baseline" | "budget">;

export function judge(figure: Judged, measured: Measured): Result {
  const value = median(measured.samples);
  const baseline = median(measured.baselineSamples);
  const higher = figure.better === "higher";
  const taken: Result["probes"] = {};
  for (const [name, values] of Object.entries(measured.probes)) taken[name as ProbeName] = median(values);
  const asked = figure.budget?.beside?.({ baseline, probes: taken }) ?? figure.budget?.value ?? null;
  const scaledBy = figure.budget?.scaledBy;
  const factor = scaledBy && taken[scaledBy] !== undefined ? slowness(scaledBy, taken[scaledBy]) : 1;
  const budget = asked === null ? null : higher ? asked / factor : asked * factor;
  return {
    name: figure.name,
    value,
    unit: figure.unit,
    baseline,
    ratio: higher ? value / baseline : baseline / value,
    budget,
    ok: budget === null || (higher ? value >= budget : value <= budget),
    against: figure.baseline[1],
    budgetAsked: asked,
    samples: measured.samples,
    probes: taken,
    notes: measured.notes,
  };
}

export function failed(figure: Judged, error: string): Result {
  return {
    name: figure.name,
    value: null,
    unit: figure.unit,
    baseline: null,
    ratio: null,
    budget: null,
    ok: false,
    against: figure.baseline[1],
    budgetAsked: figure.budget?.value ?? null,
    samples: [],
    probes: {},
    notes: [],
    error,
  };
}

/** Three or four significant digits, with separators for thousands. */
export function shown(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : Math.abs(value) >= 1 ? 2 : 3;
  return value.toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** The table that people read: figures, then what each is and was compared with, then the probes. */
export function report(results: readonly { figure: Figure; result: Result }[]): string {
  const rows = [
    ["", "中位数 median", "最低–最高 range", "单位 unit", "基线 baseline", "倍数 ratio", "预算 budget", ""],
  ];
  for (const { figure, result } of results) {
    const { value, baseline, ratio, samples } = result;
    rows.push([
      result.name,
      value === null ? "—" : shown(value),
      samples.length ? `${shown(Math.min(...samples))}–${shown(Math.max(...samples))}` : "",
      result.unit,
      baseline === null ? "" : shown(baseline),
      ratio === null ? "" : `×${shown(ratio)}`,
      budgetText(figure, result),
      result.error ? "失败 failed" : result.budget === null ? "" : result.ok ? "达标 met" : "未达标 missed",
    ]);
  }
  const details = results.flatMap(({ figure, result }) => [
    `  ${figure.name}: ${figure.what[0]} / ${figure.what[1]}`,
    `    基线 baseline: ${figure.baseline[0]} / ${figure.baseline[1]}`,
    ...(result.error ? [`    失败 failed: ${result.error}`] : []),
    ...result.notes.map((note) => `    ${note}`),
  ]);
  return [table(rows), "", ...details, "", ...probeLines(results.map(({ result }) => result))].join("\n");
}

function budgetText(figure: Figure, { budget, budgetAsked }: Result): string {
  if (budget === null || budgetAsked === null) return "";
  const sign = figure.better === "higher" ? "≥" : "≤";
  const factor = figure.better === "higher" ? budgetAsked / budget : budget / budgetAsked;
  // A factor that would be shown as 1.00 says nothing.
  return factor < 1.005
    ? `${sign} ${shown(budget)}`
    : `${sign} ${shown(budget)} (${shown(budgetAsked)}, ×${shown(factor)} slower)`;
}

/** What this machine did in this run, beside what the budgets were set on. */
function probeLines(results: readonly Result[]): string[] {
  const names = Object.keys(probes) as ProbeName[];
  const rows = names.flatMap((name) => {
    const values = results.flatMap((result) => result.probes[name] ?? []);
    if (values.length === 0) return [];
    const { unit, reference, what } = probes[name];
    return [[name, `${shown(median(values))} ${unit}`, `${shown(reference)} ${unit}`, what]];
  });
  return rows.length === 0 ? [] : [table([["", "本机 here", "参考 reference", ""], ...rows])];
}
