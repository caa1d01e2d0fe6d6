// Measures one figure in a process of its own, so that no figure meets the heap, the compiled code or the crash of another.
// Started by bench.ts with an IPC channel: gets an order, answers with lines of progress and what it measured.
import { invariant } from "../../service/src/errors.ts";
import type { Measured } from "./figure.ts";
import { figures } from "./figures.ts";
import { probe } from "./probes.ts";
import type { ProbeName } from "./probes.ts";

export interface Order {
  name: string;
  rounds: number;
  quick: boolean;
  folder: string;
  /** address of the benchmark's Postgres with `*` in the place of the database */
  postgres: string | undefined;
}

export type Answer = { kind: "progress"; line: string } | { kind: "measured"; measured: Measured };

/** Of the ten minutes that a figure gets, what its rounds may take. */
const timeForRounds = 8 * 60_000;

const answer = (message: Answer) => process.send!(message);

// bench.ts is gone, so nobody wants the answer.
const abandoned = () => process.exit(1);
process.once("disconnect", abandoned);
process.once("message", (order) => void run(order as Order));

async function run(order: Order): Promise<void> {
  answer({ kind: "measured", measured: await measure(order) });
  process.off("disconnect", abandoned);
  process.disconnect();
}

async function measure(order: Order): Promise<Measured> {
  const figure = figures.find(({ name }) => name === order.name);
  invariant(figure, `no figure ${order.name}`);
  const databaseUrl = (database: string) => {
    invariant(order.postgres, `${order.name} does not ask for Postgres`);
    return order.postgres.replace("*", database);
  };
  const progress = (line: string) => void answer({ kind: "progress", line });
  const context = { ...order, databaseUrl, progress };

  progress("preparing");
  const open = await figure.open(context);
  progress("warming up");
  await (open.warmUp ?? open.value)();
  const started = performance.now();
  const measured: Measured = { samples: [], baselineSamples: [], probes: {}, notes: [] };
  for (let round = 1; round <= order.rounds; round++) {
    progress(`round ${round} of ${order.rounds}`);
    for (const name of figure.probes) addTo(measured.probes, name, await probe(name, context));
    collectGarbage();
    measured.samples.push(await open.value());
    collectGarbage();
    measured.baselineSamples.push(await open.baseline());
    // On a machine that is much too slow, fewer rounds are better than none.
    const spent = performance.now() - started;
    if (spent + spent / round > timeForRounds) break;
  }
  const short =
    measured.samples.length < order.rounds ? [`only ${measured.samples.length} rounds: the machine is too slow`] : [];
  const quick = order.quick ? ["measured with --quick: not comparable"] : [];
  measured.notes = [...(open.notes?.() ?? []), ...short, ...quick];
  await open.close?.();
  return measured;
}

function addTo(probes: Measured["probes"], name: ProbeName, value: number): void {
  (probes[name] ??= []).push(value);
}

/** One part's garbage is not collected in the other's time. There with --expose-gc. */
function collectGarbage(): void {
  (globalThis as { gc?: () => void }).gc?.();
}
