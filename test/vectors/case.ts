// A case of the vectors: a certificate, its log and what the centres would answer, with one thing broken.
import type { Code } from "../../service/src/verify/messages.ts";
import type { Headline, StepName } from "../../service/src/verify/verdict.ts";
import type { Recorded } from "../verify/replay.ts";
import * as w from "../verify/world.ts";
import type { World, WorldOptions } from "../verify/world.ts";

export interface VectorCase {
  id: string;
  input: { file: Uint8Array } | { qr: string };
  recorded: Recorded;
  headline: Headline;
  /** the step that decides, and this verifier's reason code */
  step: StepName;
  code: Code;
  teaches: string;
  catches: string;
}

export type Expectation = [headline: Headline, step: StepName, code: Code];
export type Build = (world: World) => { file?: Uint8Array; qr?: string; recorded?: Recorded } | void;

export const vectorCases: VectorCase[] = [];

/** One case: the expectation, what it teaches, which mistake it catches, and the one thing that is otherwise. */
export function add(
  kind: "file" | "qr",
  id: string,
  [headline, step, code]: Expectation,
  teaches: string,
  catches: string,
  options: WorldOptions = {},
  build: Build = () => undefined,
): void {
  const world = w.makeWorld(options);
  const built = build(world) ?? {};
  const recorded = built.recorded ?? world.recorded;
  const input = kind === "file" ? { file: built.file ?? world.pdf } : { qr: built.qr ?? world.qr };
  vectorCases.push({ id, input, recorded, headline, step, code, teaches, catches });
}

export const edit = (bytes: Uint8Array, change: (copy: Buffer) => void) => {
  const copy = Buffer.from(bytes);
  change(copy);
  return copy;
};
export const latin1 = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
export const replaced = (bytes: Uint8Array, from: string, to: string) =>
  Buffer.from(latin1(bytes).replace(from, to), "latin1");
export const eachChain = (world: World, change: (state: Recorded["chain"][string]) => void) =>
  Object.values(world.recorded.chain).forEach(change);
export const eachList = (world: World, change: (list: Recorded["trustLists"][string]) => void) =>
  Object.values(world.recorded.trustLists).forEach(change);
export const keyOf = (list: Recorded["trustLists"][string], kind: string, code: string = w.issuer) =>
  list.centres.find((centre) => centre.code === code)!.keys.find((key) => key.kind === kind)!;
export const setReceipt = (world: World, receipt: unknown) => {
  world.recorded.receipts[w.urlOf(w.issuer)] = { [world.sealedDigest]: receipt, [world.token]: receipt };
};
export const revoke = (world: World, reason: number) =>
  eachChain(world, (state) =>
    state.revocations.push({ centre: w.issuer, index: w.statusIndex, reason, at: w.anchoredAt + 3600, block: 4800 }),
  );
export const bad = (step: StepName, code: Code): Expectation => ["not-genuine", step, code];
export const unsure = (step: StepName, code: Code): Expectation => ["standing-unknown", step, code];
export const away = (world: World) => {
  world.recorded.chain = {};
};
