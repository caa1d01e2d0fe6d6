// What the kill tests share: a stack whose services die on demand, people who keep asking for certificates and remember
// every answer, and the reckoning afterwards.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { auditCentre } from "../../scripts/audit.ts";
import { httpSources } from "../../service/src/verify/http-sources.ts";
import { verifyFile } from "../../service/src/verify/verify.ts";
import { askForCertificate, newKey, personClient, personOf, sha256, untilAnswered } from "../helpers/api.ts";
import type { Client } from "../helpers/api.ts";
import { isReady, startTestStack, until } from "../helpers/stack.ts";
import type { TestStack } from "../helpers/stack.ts";

/** The steps at which a service can be told to die, in the order of a certificate's life. */
export const steps = ["drawn", "sealed", "issuing", "issued", "closed", "submitted"] as const;
export type StepName = (typeof steps)[number] | "fed";

const planOf = (dataDir: string, code: string) => path.join(dataDir, `crash-${code}`);

export function startKillStack(centres = 3): Promise<TestStack> {
  return startTestStack({
    centres,
    entry: fileURLToPath(new URL("crashing-service.ts", import.meta.url)),
    settings: (code, dataDir) => ({ CRASH_PLAN: planOf(dataDir, code) }),
  });
}

/** Tells a centre's service to die at this step; resolves when it did and another runs and is ready. */
export async function crashAt(stack: TestStack, code: string, step: StepName): Promise<void> {
  const before = stack.process(code);
  const plan = planOf(stack.dataDir, code);
  fs.rmSync(`${plan}.done`, { force: true });
  // By rename: the service must never read half a word.
  fs.writeFileSync(`${plan}.new`, step);
  fs.renameSync(`${plan}.new`, plan);
  await until(`${code} comes to ${step}`, () => fs.existsSync(`${plan}.done`), 90_000);
  await until(`${code} is started again`, () => runsAnew(stack, code, before), 90_000);
  await until(`${code} is ready`, () => isReady(stack.url(code)), 90_000);
}

/** Kills a process; resolves when another does its work. */
export async function killAndWait(stack: TestStack, name: string, meanwhile?: () => void): Promise<void> {
  const before = stack.process(name);
  process.kill(before, "SIGKILL");
  meanwhile?.();
  await until(`${name} is started again`, () => runsAnew(stack, name, before), 90_000);
  for (const code of stack.codes) await until(`${code} is ready`, () => isReady(stack.url(code)), 90_000);
}

/** Whether another process than this one does the work of this name now. */
export function runsAnew(stack: TestStack, name: string, before: number): boolean {
  try {
    return stack.process(name) !== before;
  } catch {
    return false; // nothing runs under this name at this moment
  }
}

export interface Answered {
  centre: string;
  key: string;
  id: string;
  serial: string;
  /** SHA-256 of the file as issued (B-B), as it was handed out */
  file: string;
}

/** Seals are raised by themselves soon after issuing; at one level a file has the same bytes for good. */
const asIssued = (id: string) => `/api/v1/certificates/${id}/file?level=B-B`;

/** Somebody at one centre who asks for one certificate after the other, and asks again until there is an answer. */
export interface Asking {
  answered: Answered[];
  /** keys under which anything was asked */
  keys: string[];
  /** lets the running request be answered and ends */
  stop(): Promise<void>;
}

export async function startAsking(stack: TestStack, code: string): Promise<Asking> {
  const client = await clientAt(stack, code);
  const answered: Answered[] = [];
  const keys: string[] = [];
  const stopping = new AbortController();
  let failure: unknown;
  const run = async () => {
    while (!stopping.signal.aborted) {
      const key = newKey();
      keys.push(key);
      const { id, serial } = await untilAnswered(() => askForCertificate(client, personOf(code), key), 90_000);
      const file = await untilAnswered(() => client.bytes(asIssued(id)), 90_000);
      answered.push({ centre: code, key, id, serial, file: sha256(file) });
      // A person's pace: each of these is verified afterwards, and a machine would be given hundreds a second.
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  };
  const ended = run().catch((error: unknown) => (failure = error));
  return {
    answered,
    keys,
    async stop() {
      stopping.abort();
      await ended;
      if (failure) throw failure;
    },
  };
}

const clients = new WeakMap<TestStack, Map<string, Promise<Client>>>();

/** One session for each centre, kept over all crashes: sessions are in the database, too. */
export function clientAt(stack: TestStack, code: string): Promise<Client> {
  const known = clients.get(stack) ?? new Map<string, Promise<Client>>();
  clients.set(stack, known);
  const client = known.get(code) ?? personClient(stack.url(code), personOf(code));
  known.set(code, client);
  return client;
}

/** Runs `work` while people ask at these centres; returns all that was answered, with at least `atLeast` after the work. */
export async function whileAsking(
  stack: TestStack,
  codes: readonly string[],
  work: () => Promise<void>,
  atLeast = 2,
): Promise<{ answered: Answered[]; keys: Map<string, string[]> }> {
  const asking = await Promise.all(codes.map((code) => startAsking(stack, code)));
  try {
    await until("the first are answered", () => asking.every(({ answered }) => answered.length > 0), 90_000);
    await work();
    const then = asking.map(({ answered }) => answered.length);
    await until(
      "more are answered afterwards",
      () => asking.every(({ answered }, i) => answered.length >= then[i]! + atLeast),
      90_000,
    );
  } finally {
    await Promise.all(asking.map((one) => one.stop()));
  }
  return {
    answered: asking.flatMap(({ answered }) => answered),
    keys: new Map(codes.map((code, i) => [code, asking[i]!.keys])),
  };
}

/** How many certificates of a centre are not issued, not in the log or not under an anchored checkpoint. */
export async function notAnchored(stack: TestStack, code: string): Promise<number> {
  const { rows } = await stack.database(code).query<{ count: bigint }>(
    `select count(*) as count from certificate c
     left join certificate_issue i on i.certificate_id = c.id
     left join log_leaf l on l.id = i.leaf_id
     where l.leaf_index is null
       or l.leaf_index >= (select coalesce(max(size), 0) from log_checkpoint where state = 'anchored')`,
  );
  return Number(rows[0]!.count);
}

/**
 * The reckoning: every certificate that was ever handed out is there with the same bytes, verifies, also raised, and is
 * anchored, none stands twice, and the auditors of all centres find nothing, neither in the databases nor on the chain.
 */
export async function reckon(
  stack: TestStack,
  { answered, keys }: { answered: readonly Answered[]; keys: ReadonlyMap<string, readonly string[]> },
): Promise<void> {
  for (const code of stack.codes)
    await until(
      `all certificates of ${code} are anchored`,
      async () => (await untilDatabase(() => notAnchored(stack, code))) === 0,
      120_000,
    );
  const sources = httpSources(stack.file.centres.map(({ code, url }) => ({ code, url })));
  await severalAtOnce(answered, async ({ centre, key, id, serial, file }) => {
    const client = await clientAt(stack, centre);
    const again = await untilAnswered(() => askForCertificate(client, personOf(centre), key));
    expect(again).toMatchObject({ id, serial });
    const bytes = await untilAnswered(() => client.bytes(asIssued(id)));
    expect(sha256(bytes)).toBe(file);
    const raised = await untilAnswered(() => client.bytes(`/api/v1/certificates/${id}/file`));
    for (const [level, found] of Object.entries({ "as issued": bytes, "at its highest level": raised }))
      await until(
        `${serial} is genuine ${level}`,
        async () => (await verifyFile(found, sources, new Date())).headline === "genuine",
        60_000,
      );
  });
  for (const [code, asked] of keys)
    expect(await seenOnce(stack, code, asked)).toEqual({ wishes: asked.length, twice: 0 });
  // The chain itself is asked, too: a mirror alone would agree with what it mirrored wrongly.
  const { url: chainUrl, registry } = stack.file.chain;
  for (const code of stack.codes)
    expect(await auditCentre({ ...stack.centre(code), chainUrl, registry }, new Date())).toEqual([]);
}

/** Does the same with all of them, eight at a time. */
async function severalAtOnce<T>(all: readonly T[], work: (one: T) => Promise<void>): Promise<void> {
  const waiting = [...all];
  const worker = async () => {
    for (let one = waiting.pop(); one !== undefined; one = waiting.pop()) await work(one);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}

/** How many of the wishes have their certificate, and how many serials, status indexes or leaves stand twice. */
async function seenOnce(stack: TestStack, code: string, keys: readonly string[]) {
  const { rows } = await stack.database(code).query<{ wishes: bigint; twice: bigint }>(
    `select (select count(*) from certificate where request_key = any ($1)) as wishes,
       (select count(*) - count(distinct serial) from certificate)
       + (select count(*) - count(distinct status_index) from certificate)
       + (select count(*) - count(distinct leaf_id) from certificate_issue)
       + (select count(*) - count(distinct digest) from log_leaf)
       + (select count(*) - count(distinct leaf::jsonb ->> 'serial') from certificate_issue) as twice`,
    [keys],
  );
  return { wishes: Number(rows[0]!.wishes), twice: Number(rows[0]!.twice) };
}

/** Asks a database again while it is being started. */
async function untilDatabase<T>(ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch {
    return undefined; // the caller asks again until its own deadline
  }
}
