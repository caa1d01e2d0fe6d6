// What a figure is, and how it is measured.
//
// To add one: write a file beside this one that exports a `Figure`, and name it in figures.ts. `open` prepares what is not
// timed and returns two functions: `value` takes one sample of ours, `baseline` one sample of what it is compared with, both
// in the figure's unit. Each figure runs in a process of its own; the runner warms up, then takes `context.rounds` rounds of
// probe, value and baseline in turn, so that a machine that slows down slows all three. Ten minutes are all that a figure gets,
// unless it is measured only by name.
import type { ProbeName } from "./probes.ts";

/** A sentence in Chinese and in English. */
export type Words = readonly [zh: string, en: string];

export interface Budget {
  /** the worst value that is good enough, in the figure's unit, on a machine as fast as the reference */
  value?: number;
  /** as it was asked for, for people */
  asked: string;
  /** a slower machine, by this probe, gets a proportionally easier budget; a faster one gets no harder one */
  scaledBy?: ProbeName;
  /** in place of `value`, for what is asked as a ratio: the worst value that is good enough beside what this run measured */
  beside?(run: { baseline: number; probes: Partial<Record<ProbeName, number>> }): number;
}

export interface Figure {
  /** as on the command line: `domain.what` */
  name: string;
  what: Words;
  unit: string;
  better: "higher" | "lower";
  /** what the baseline is; its sample comes from `baseline` */
  baseline: Words;
  budget?: Budget;
  /** probes that say how fast this machine is at what the figure depends on */
  probes: readonly ProbeName[];
  /** needs the benchmark's own Postgres */
  postgres?: boolean;
  /** too long for every run: measured only when it is named, in one round, within this many minutes */
  minutesByName?: number;
  open(context: FigureContext): Promise<OpenFigure>;
}

export interface FigureContext {
  /** samples to take; the median is shown */
  rounds: number;
  /** a tenth of the work and fewer rounds: to see that all of it runs. Its values are not comparable. */
  quick: boolean;
  /** where prepared data is kept, .bench/ in the repository */
  folder: string;
  /** address of a database of the benchmark's Postgres; only for figures that ask for one */
  databaseUrl: (database: string) => string;
  /** shows that something goes on */
  progress: (line: string) => void;
}

export interface OpenFigure {
  /** one sample, in the figure's unit */
  value(): Promise<number>;
  /** one sample of the baseline, in the same unit */
  baseline(): Promise<number>;
  /** what is done before the first round, when one sample of `value` would take too long */
  warmUp?(): Promise<void>;
  close?(): Promise<void>;
  /** what else was seen: sizes, further baselines. Called after the last round. */
  notes?(): readonly string[];
}

/** What one run of a figure gave. */
export interface Measured {
  samples: number[];
  baselineSamples: number[];
  probes: Partial<Record<ProbeName, number[]>>;
  notes: readonly string[];
}

/** The middle value; of an even number the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Milliseconds that the work took. */
export async function milliseconds(work: () => unknown): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Milliseconds of processor time that the work took in this process: what one core needs, whoever else is on the machine. */
export async function processorMilliseconds(work: () => unknown): Promise<number> {
  const started = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(started);
  return (user + system) / 1000;
}
