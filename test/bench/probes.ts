// Probes: small fixed pieces of work that say how fast this machine is right now, at what the figures depend on.
//
// Each has a reference, the value on the machine on which the budgets were set (two virtual cores, Linux). A machine that is
// slower than its reference gets proportionally easier absolute budgets; ratios to a baseline need no probe.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { Client } from "pg";
import { copyIn } from "./copy.ts";
import { median } from "./figure.ts";

export type ProbeName = "p256" | "rsa2048" | "fdatasync" | "copy";

export interface Probe {
  unit: string;
  better: "higher" | "lower";
  /** value on the reference machine */
  reference: number;
  /** where the reference comes from */
  source: string;
  what: string;
}

export const probes: Record<ProbeName, Probe> = {
  p256: {
    unit: "µs",
    better: "lower",
    reference: 55,
    source: "findings on PDF and seal: a raw P-256 signature takes 0.035-0.055 ms; the slow end",
    what: "one P-256 signature over 300 bytes with node:crypto",
  },
  rsa2048: {
    unit: "µs",
    better: "lower",
    reference: 750,
    source: "findings on PDF and seal: a raw RSA-2048 signature takes 0.44-0.75 ms; the slow end",
    what: "one RSA-2048 signature over 300 bytes with node:crypto",
  },
  fdatasync: {
    unit: "ms",
    better: "lower",
    reference: 0.25,
    source: "this probe on the machine of the findings, 2026-11-22: the best of twelve",
    what: "8 kB written and fdatasync",
  },
  copy: {
    unit: "rows/s",
    better: "higher",
    reference: 100_000,
    source: "this probe on the machine of the findings, 2026-11-22: the best of twelve, others at work beside it",
    what: "COPY of 50,000 rows of about 110 bytes into a table with a primary key, committed",
  },
};

/** How many times slower than the reference this machine is; 1 when it is as fast or faster. */
export function slowness(name: ProbeName, value: number): number {
  const { better, reference } = probes[name];
  return Math.max(1, better === "lower" ? value / reference : reference / value);
}

export interface ProbeContext {
  folder: string;
  databaseUrl: (database: string) => string;
}

/** Takes one sample of a probe. */
export async function probe(name: ProbeName, context: ProbeContext): Promise<number> {
  if (name === "p256") return rawSignature(p256Key(), 50);
  if (name === "rsa2048") return rawSignature(rsaKey(), 5);
  if (name === "fdatasync") return fdatasync(context.folder);
  return copyRows(context.databaseUrl("postgres"));
}

const keys: { p256?: KeyObject; rsa?: KeyObject } = {};
const p256Key = () => (keys.p256 ??= generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey);
const rsaKey = () => (keys.rsa ??= generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey);
const message = Buffer.alloc(300, 7);

/** Processor time, as the figures that are held against it count it. */
function rawSignature(key: KeyObject, each: number): number {
  const times: number[] = [];
  for (let batch = 0; batch < 20; batch++) {
    const started = process.cpuUsage();
    for (let i = 0; i < each; i++) sign("sha256", message, key);
    const { user, system } = process.cpuUsage(started);
    times.push((user + system) / each);
  }
  return median(times);
}

function fdatasync(folder: string): number {
  const file = path.join(folder, `fdatasync-${process.pid}`);
  const page = Buffer.alloc(8192, 7);
  const descriptor = fs.openSync(file, "w");
  try {
    const times: number[] = [];
    for (let i = 0; i < 40; i++) {
      const started = performance.now();
      fs.writeSync(descriptor, page);
      fs.fdatasyncSync(descriptor);
      times.push(performance.now() - started);
    }
    return median(times);
  } finally {
    fs.closeSync(descriptor);
    fs.rmSync(file);
  }
}

const copiedRows = 50_000;
let copyData: Buffer | undefined;

async function copyRows(url: string): Promise<number> {
  copyData ??= Buffer.from(
    Array.from({ length: copiedRows }, (_, i) => {
      const digest = createHash("sha256").update(String(i)).digest("hex");
      return `${digest}\t${i}\t2026-11-21\t${100_000 + i}\tprobe\n`;
    }).join(""),
  );
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    await client.query("drop table if exists bench_probe");
    await client.query(
      "create table bench_probe (id text primary key, number bigint, day date, fen bigint, word text)",
    );
    const started = performance.now();
    await copyIn(client, "copy bench_probe from stdin", copyData);
    return copiedRows / ((performance.now() - started) / 1000);
  } finally {
    await client.query("drop table if exists bench_probe");
    await client.end();
  }
}
