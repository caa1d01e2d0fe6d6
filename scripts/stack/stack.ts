// Brings a whole consortium up in one data folder, and down again: Postgres, chain, keys, contracts, databases, services.
//
// Everything here may be cut off at any point and is done again by the next start: each step first looks at what is there.
// Services are ended first, then the chain, then Postgres, so that nobody loses what it is writing to.
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { createChainClient } from "../../service/src/chain/client.ts";
import { createPool, migrate } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { makeDemonstrationData } from "../demo/import.ts";
import type { DemonstrationCentre } from "./centres.ts";
import { startChain } from "./chain.ts";
import type { EmbeddedChain } from "./chain.ts";
import { startAuthority } from "./authority.ts";
import { ensureContracts } from "./deploy.ts";
import type { Deployment } from "./deploy.ts";
import { authorityKeys, centreKeys, consortiumKeys } from "./keys.ts";
import type { PublicKeys } from "./keys.ts";
import { startPostgres } from "./postgres.ts";
import type { EmbeddedPostgres } from "./postgres.ts";
import type { Progress } from "./progress.ts";
import { ensureDemonstrationStaff } from "./staff.ts";
import {
  dataVersion,
  endLeftovers,
  endServer,
  readStackFile,
  recordProcesses,
  takeLock,
  writeStackFile,
} from "./stack-file.ts";
import type { StackFile } from "./stack-file.ts";
import { boundLog, rotateLog, servicePart, supervise } from "./supervisor.ts";
import type { Running, Supervised } from "./supervisor.ts";
import { chainId, serviceEnvironment, wantedCentre } from "./wanted.ts";

/** Something that the person who started us can put right; the message says how. */
export class StackProblem extends Error {
  override readonly name = "StackProblem";
}

export interface StackOptions {
  dataDir: string;
  /** port of the first centre; the others follow */
  port: number;
  centres: readonly DemonstrationCentre[];
  /** throws away what the data folder holds and begins anew */
  fresh: boolean;
  progress: Progress;
  /** aborted when the person wants to stop while we still start */
  cancelled: AbortSignal;
  now: () => Date;
  /** how much data the demonstration begins with; "full" if not given */
  demonstrationSize?: "full" | "small";
  /** another program in the service's place, and settings for it beside or instead of ours: for the tests that kill it */
  service?: { entry?: string; settings?: (centreCode: string) => Record<string, string> };
}

export interface Stack {
  file: StackFile;
  /** Ends everything in order. A second call waits for the same end. */
  stop(): Promise<void>;
}

const server = fileURLToPath(new URL("../../service/src/server.ts", import.meta.url));
const logLimit = 20_000_000;

/**
 * Starts the consortium and keeps it running. @throws StackRunning when it runs already, StackProblem for what the person
 * can put right; whatever was started by then is ended first
 */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { progress } = options;
  const dataDir = path.resolve(options.dataDir);
  const origin = (position: number) => `http://localhost:${options.port + position}`;
  refuseForeignFolder(dataDir);
  fs.mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const lock = takeLock(path.join(dataDir, "lock.json"), origin(0));

  // What runs, in the order of starting; it is ended in the opposite order.
  const parts: Supervised[][] = [];
  const timers: NodeJS.Timeout[] = [];
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= stopAll());
  async function stopAll() {
    timers.forEach(clearInterval);
    for (const together of parts.toReversed()) {
      await Promise.all(
        together.map((part) =>
          part.stop().catch((error: Error) => progress.say(`${part.name} did not stop in order: ${error.message}`)),
        ),
      );
      progress.say(`stopped: ${together.map((part) => part.name).join(", ")}`);
    }
    const last = readStackFile(dataDir);
    if (last) writeStackFile(dataDir, { ...last, pid: null });
    lock.release();
  }
  const goOn = () => {
    if (options.cancelled.aborted) throw new StackProblem("stopped before everything was started");
  };

  try {
    for (const name of await endLeftovers(dataDir)) progress.say(`ended what a killed start left running: ${name}`);
    await refusePortsInUse(options.port, options.centres.length);
    if (options.fresh) await progress.step("throwing the old data away", () => beginAnew(dataDir));
    const last = readStackFile(dataDir);
    if (last && last.version > dataVersion)
      throw new StackProblem(
        `the data in ${dataDir} were written by a newer program (version ${last.version}, this one knows ${dataVersion}). ` +
          "Use that program, or another folder (--data DIR).",
      );
    goOn();

    const keysDir = path.join(dataDir, "keys");
    const [postgres, chain, keys] = await allOrNone(
      progress.step("Postgres 18", async (report) => {
        const part = await supervisePostgres(dataDir, last, progress);
        parts[0] = [...(parts[0] ?? []), part];
        report(`answers on port ${part.server().port}${part.server().adopted ? ", taken over" : ""}`);
        return part;
      }),
      progress.step("chain", async (report) => {
        const part = await superviseChain(dataDir, progress, () => redeploy());
        parts[1] = [...(parts[1] ?? []), part];
        report(`answers on port ${part.server().port}${part.server().adopted ? ", taken over" : ""}`);
        return part;
      }),
      progress.step("development keys", () => allKeys(keysDir, options.centres, options.now)),
    );
    goOn();

    const redeploy = (): Promise<Deployment> =>
      ensureContracts({
        url: chain.server().url,
        deployerKey: keys.deployer,
        centres: options.centres.map((centre, i) => wantedCentre(centre, keys, keys.centres[i]!, origin(i))),
      });
    const deployment = await progress.step("contracts and registry", async (report) => {
      const done = await redeploy();
      report(done.sent ? `${done.sent} transactions` : "as wanted");
      return done;
    });
    goOn();

    await progress.step("databases", async (report) => {
      const news = await allOrNone(
        ...options.centres.map((centre) => prepareDatabase(postgres.server(), centre, dataDir, options)),
      );
      const made = news.filter((one) => one.demonstrationData).length;
      const migrated = news.reduce((sum, one) => sum + one.migrations, 0);
      report(
        [made && `demonstration data for ${made} centres`, migrated && `${migrated} migrations`]
          .filter(Boolean)
          .join(", ") || "up to date",
      );
    });
    goOn();

    const authority = await progress.step("development authority", async (report) => {
      const port = last?.authority?.port;
      const part = await startAuthority({ keys: keys.authority, now: options.now, ...(port ? { port } : {}) });
      parts[1]!.push(asPart("development authority", part));
      report(`time-stamps and revocation lists on port ${part.port}`);
      return part;
    });
    goOn();

    const file: StackFile = {
      version: dataVersion,
      pid: process.pid,
      port: options.port,
      chain: { url: chain.server().url, chainId, registry: deployment.registry },
      authority: { port: authority.port, timeStampUrl: authority.timeStampUrl, listUrls: authority.listUrls },
      centres: options.centres.map((centre, i) => ({
        code: centre.code,
        name: centre.name,
        url: origin(i),
        databaseUrl: postgres.server().url(databaseName(centre)),
        keysDir: keys.centres[i]!.dir,
      })),
    };
    const logs = path.join(dataDir, "logs");
    fs.mkdirSync(logs, { recursive: true, mode: 0o700 });
    const logFile = (code: string) => path.join(logs, `${code}.log`);
    const record = recordProcesses(dataDir);
    await progress.step("services", async (report) => {
      parts[2] = [];
      await allOrNone(
        ...options.centres.map(async (centre, i) => {
          rotateLog(logFile(centre.code));
          const part = servicePart({
            name: centre.code,
            command: [options.service?.entry ?? server],
            // Read at each start: Postgres may have come back on another port.
            env: () => ({
              ...serviceEnvironment(centre, { ...file.centres[i]!, port: options.port + i }, deployment, {
                databaseUrl: postgres.server().url(databaseName(centre)),
                chainUrl: chain.server().url,
                authority,
              }),
              ...options.service?.settings?.(centre.code),
            }),
            logFile: logFile(centre.code),
            readyUrl: `${origin(i)}/readyz`,
            record,
          });
          parts[2]!.push(await supervise(part, { say: progress.say, cancelled: options.cancelled }));
        }),
      );
      report(`${options.centres.length} ready`);
    });
    timers.push(
      setInterval(() => options.centres.forEach(({ code }) => boundLog(logFile(code), logLimit)), 10_000).unref(),
    );
    // A chain of validators makes blocks also when nothing happens. Ours makes one for each write, and a verifier does not
    // believe a chain whose newest block is a day old.
    await mineBlock(chain.server().url);
    const mine = () =>
      mineBlock(chain.server().url).catch((error: Error) => progress.say(`no block was made: ${error.message}`));
    timers.push(setInterval(() => void mine(), 3_600_000).unref());
    writeStackFile(dataDir, file);
    goOn();
    return { file, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function mineBlock(url: string): Promise<void> {
  await createChainClient({ url }).call("evm_mine", []);
}

/** A server that is supervised, and how to reach the one that runs now, or ran last. */
type SupervisedServer<Server> = Supervised & { server(): Server };

async function supervisePostgres(
  dataDir: string,
  last: StackFile | undefined,
  progress: Progress,
): Promise<SupervisedServer<EmbeddedPostgres>> {
  const lastPort = last?.centres[0] && Number(new URL(last.centres[0].databaseUrl).port);
  let running: EmbeddedPostgres | undefined;
  const part = await supervise(
    {
      name: "Postgres",
      async start() {
        const port = running?.port ?? lastPort;
        running = await startPostgres({ dir: path.join(dataDir, "postgres"), ...(port ? { port } : {}) });
        return asRunning(running);
      },
    },
    { say: progress.say },
  );
  return { ...part, server: () => running! };
}

async function superviseChain(
  dataDir: string,
  progress: Progress,
  afterRestart: () => Promise<unknown>,
): Promise<SupervisedServer<EmbeddedChain>> {
  let running: EmbeddedChain | undefined;
  const log = {
    info: () => undefined,
    warn: (details: object, message: string) => progress.say(`chain: ${message} ${JSON.stringify(details)}`),
    error: (details: object, message: string) => progress.say(`chain: ${message} ${JSON.stringify(details)}`),
  };
  const part = await supervise(
    {
      name: "chain",
      async start() {
        running = await startChain({ dir: path.join(dataDir, "chain"), chainId, log });
        return asRunning(running);
      },
      // A chain killed right after the deployment may have forgotten it.
      restarted: async () => void (await afterRestart()),
    },
    { say: progress.say },
  );
  return { ...part, server: () => running! };
}

function asRunning(server: { pid: number; ended: Promise<void>; stop(): Promise<void> }): Running {
  return { pid: server.pid, ended: server.ended.then(() => "ended"), stop: () => server.stop() };
}

async function allKeys(dir: string, centres: readonly DemonstrationCentre[], now: () => Date) {
  const { deployer } = await consortiumKeys(dir, now);
  const made: PublicKeys[] = [];
  for (const centre of centres) made.push(await centreKeys(dir, centre, now));
  return { deployer, authority: await authorityKeys(dir, now), centres: made };
}

/** A part in our own process: it ends when we do, and is never started again. */
function asPart(name: string, { stop }: { stop(): Promise<void> }): Supervised {
  return { name, current: () => undefined, stop, restart: async () => undefined };
}

function databaseName(centre: { code: string }): string {
  return `cunzheng_${centre.code.toLowerCase()}`;
}

async function prepareDatabase(
  postgres: EmbeddedPostgres,
  centre: DemonstrationCentre,
  dataDir: string,
  { now, demonstrationSize }: StackOptions,
): Promise<{ migrations: number; demonstrationData: boolean }> {
  await postgres.createDatabase(databaseName(centre));
  const pool: Pool = createPool({ url: postgres.url(databaseName(centre)), max: 4, name: "cunzheng start" });
  try {
    const migrations = (await migrate(pool)).length;
    const folder = path.join(dataDir, "demonstration", centre.code);
    // One transaction writes all of it: cut off in the middle it leaves nothing, and done once it is not done again.
    const size = demonstrationSize ?? "full";
    const demonstrationData = (await makeDemonstrationData(pool, centre.code, { folder, now, size })) !== undefined;
    await ensureDemonstrationStaff(pool, now);
    return { migrations, demonstrationData };
  } finally {
    await pool.end();
  }
}

const ourEntries = ["postgres", "chain", "keys", "logs", "demonstration", "stack.json", "processes.json"];

/** --fresh deletes and a start writes: neither into a folder that somebody uses for something else. */
function refuseForeignFolder(dataDir: string): void {
  if (fs.existsSync(dataDir) && !fs.statSync(dataDir).isDirectory())
    throw new StackProblem(`${dataDir} is a file. Give a folder with --data DIR; it is made when it is not there.`);
  const names = fs.existsSync(dataDir) ? fs.readdirSync(dataDir) : [];
  const foreign = names.filter((name) => !ourEntries.includes(name) && !/^(lock\.json|.*\.new)/.test(name));
  if (foreign.length > 0 && !names.some((name) => ["stack.json", "lock.json", "postgres"].includes(name)))
    throw new StackProblem(`${dataDir} holds other files (${foreign[0]}, …). Give an empty folder with --data DIR.`);
}

async function beginAnew(dataDir: string): Promise<void> {
  await endServer(path.join(dataDir, "postgres/data/postmaster.pid"), "postgres", (text) => text.split("\n")[0]);
  await endServer(path.join(dataDir, "chain/anvil.json"), "anvil", (text) => (JSON.parse(text) as { pid: number }).pid);
  for (const name of ourEntries) fs.rmSync(path.join(dataDir, name), { recursive: true, force: true });
}

async function refusePortsInUse(first: number, count: number): Promise<void> {
  const inUse: number[] = [];
  for (let port = first; port < first + count; port++) if (!(await isFree(port))) inUse.push(port);
  if (inUse.length > 0)
    throw new StackProblem(
      `port ${inUse.join(", ")} is in use by another program. End that program, or choose other ports with --port N ` +
        `(${count} in a row are needed).`,
    );
}

/** Whether nobody listens on the port, on either loopback address; a machine without IPv6 has only one. */
async function isFree(port: number): Promise<boolean> {
  const tries = ["127.0.0.1", "::1"].map(
    (host) =>
      new Promise<boolean>((resolve) => {
        const probe = net.createServer();
        probe.once("error", (error: NodeJS.ErrnoException) =>
          resolve(error.code === "EADDRNOTAVAIL" || error.code === "EAFNOSUPPORT"),
        );
        probe.listen({ port, host, exclusive: true }, () => probe.close(() => resolve(true)));
      }),
  );
  return (await Promise.all(tries)).every(Boolean);
}

/** Like Promise.all, but waits for all to settle first: what one of them has started is known before we stop everything. */
async function allOrNone<T extends readonly Promise<unknown>[]>(
  ...work: T
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(work);
  return Promise.all(work) as never;
}
