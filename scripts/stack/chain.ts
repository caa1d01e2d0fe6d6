// The embedded chain: one anvil node for the centres of a demonstration, run in a folder of ours, with zero gas price, so
// that no account needs funds. In production the chain is Hyperledger Besu with QBFT.
//
// anvil keeps its chain in memory. Its own dump (--state) truncates the file before it writes and dumps every interval,
// changed or not. So we ask for the dump ourselves, about every second when there are new blocks, and put it in
// place by rename: the file is always whole, and the one before it is kept. The dump holds every block ever made and
// grows by about 4.4 kB a block and transaction; the pause between dumps grows with the time that one takes (0.4 s for
// 2,000 transactions).
//
// anvil 1.7 has a race: a transaction that comes in while the one before it is mined may wait for ever for a nonce that is
// used already, and everything of its account behind it. Giving it to the node again does not help, so we look out for it,
// take the account's waiting transactions out of the node's pool and put them back.
//
// What a crash leaves: kill -9 of anvil loses what came after the last dump, and the services' outboxes write it again;
// kill -9 of the starter leaves anvil running, and the next start adopts it.
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import path from "node:path";
import zlib from "node:zlib";
import { promisify } from "node:util";
import { createChainClient, fromQuantity } from "../../service/src/chain/client.ts";
import type { ChainClient } from "../../service/src/chain/client.ts";
import { startLoop } from "../../service/src/jobs.ts";
import type { JobLog, Loop } from "../../service/src/jobs.ts";
import { freePort } from "./postgres.ts";
import { processStart, signal, writeWhole } from "./stack-file.ts";

export interface EmbeddedChain {
  /** JSON-RPC address. anvil answers its own dangerous methods too: never show this port to anybody but the services. */
  url: string;
  pid: number;
  port: number;
  /** true when a node of an earlier, killed run was found and taken over */
  adopted: boolean;
  /** writes a dump now, if there are new blocks since the last one */
  dump(): Promise<void>;
  /** dumps and stops the node; a second call waits for the same end */
  stop(): Promise<void>;
  /** resolves when the node has ended, however it ended */
  ended: Promise<void>;
}

export interface ChainOptions {
  /** folder that holds the dumps, the port and the node's log */
  dir: string;
  /** the port of the last run, else a free one, if not given */
  port?: number;
  chainId?: number;
  /** false in tests that do not restart the chain: nothing is dumped until `dump` or `stop` */
  keepDumping?: boolean;
  log?: JobLog;
}

interface Running {
  pid: number;
  port: number;
  /** tells the node from another process that got its number later */
  startedAt: string | undefined;
}

/** Starts the chain of `dir` from its newest whole dump, or adopts the node that is still running there. */
export async function startChain(options: ChainOptions): Promise<EmbeddedChain> {
  const dir = path.resolve(options.dir);
  fs.mkdirSync(dir, { recursive: true });
  const chainId = options.chainId ?? 20260;
  const runningFile = path.join(dir, "anvil.json");
  const last = readRunning(runningFile);
  if (last && isAlive(last)) {
    if (await answersAs(last.port, chainId)) return handle(dir, last, true, whenGone(last), options);
    signal(last.pid, "SIGKILL"); // it hangs: two nodes must not write dumps of one chain
    await whenGone(last);
  }

  const port = options.port ?? (last && (await isFree(last.port)) ? last.port : await freePort());
  const dump = newestWholeDump(dir);
  const log = fs.openSync(path.join(dir, "anvil.log"), "a");
  const flags = `--host 127.0.0.1 --port ${port} --chain-id ${chainId} --hardfork cancun --quiet --no-cors --accounts 0
    --gas-price 0 --base-fee 0 --disable-min-priority-fee --disable-default-create2-deployer`.split(/\s+/);
  const child = spawn(binary(), [...flags, ...(dump ? ["--load-state", dump] : [])], {
    cwd: dir,
    env: { PATH: process.env.PATH ?? "" },
    stdio: ["ignore", log, log],
    // Its own process group: a Ctrl-C in the terminal reaches the starter alone, which stops the services first.
    detached: true,
  });
  fs.closeSync(log);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const running = { pid: child.pid ?? 0, port, startedAt: child.pid ? processStart(child.pid) : undefined };
  // Before it answers: a starter that is killed now leaves a node that the next one finds.
  if (child.pid) writeWhole(runningFile, JSON.stringify(running));
  await waitUntilItAnswers(child, port, chainId, path.join(dir, "anvil.log"));
  return handle(dir, running, false, ended, options);
}

/** The platform's binary, found as the package's own launcher finds it, without a process between us and the node. */
function binary(): string {
  const platform = process.platform === "win32" ? "win32" : process.platform;
  const arch = process.arch === "x64" ? "amd64" : process.arch;
  const name = `@foundry-rs/anvil-${platform}-${arch}`;
  const file = process.platform === "win32" ? "anvil.exe" : "anvil";
  return createRequire(import.meta.url).resolve(`${name}/bin/${file}`);
}

function handle(
  dir: string,
  running: Running,
  adopted: boolean,
  ended: Promise<void>,
  options: ChainOptions,
): EmbeddedChain {
  const url = `http://127.0.0.1:${running.port}`;
  const client = createChainClient({ url, timeoutMs: 120_000 });
  const dumper = createDumper(dir, client);
  const log = options.log ? { log: options.log } : {};
  const loops: Loop[] = [
    startLoop({ name: "free stuck transactions", intervalMs: 100, ...log, step: createUnsticker(client) }),
  ];
  if (options.keepDumping ?? true) {
    let notBefore = 0;
    const step = async () => {
      if (performance.now() < notBefore) return;
      const started = performance.now();
      if (!(await dumper.dumpIfNew())) return;
      notBefore = performance.now() + 10 * (performance.now() - started);
    };
    loops.push(startLoop({ name: "dump the chain", intervalMs: 1_000, ...log, step }));
  }
  const stopLoops = () => Promise.all(loops.map((loop) => loop.stop()));
  void ended.then(stopLoops);
  let stopped: Promise<void> | undefined;
  const stop = async () => {
    await stopLoops();
    if (!isAlive(running)) return ended;
    await dumper.dumpIfNew();
    signal(running.pid, "SIGTERM");
    await ended;
  };
  return {
    pid: running.pid,
    port: running.port,
    url,
    adopted,
    ended,
    dump: async () => void (await dumper.dumpIfNew()),
    stop: () => (stopped ??= stop()),
  };
}

/** A step that puts back an account's transactions when the first of them has waited through two looks for nothing. */
function createUnsticker(client: ChainClient): () => Promise<void> {
  let suspects = new Set<unknown>();
  return async () => {
    const { queued } = (await client.call("txpool_status", [])) as { queued: string };
    const seen = suspects;
    suspects = new Set();
    if (fromQuantity(queued) === 0n) return;
    const pool = (await client.call("txpool_content", [])) as Record<"pending" | "queued", PoolContent>;
    for (const [account, waiting] of Object.entries(pool.queued)) {
      const transactions = { ...waiting, ...pool.pending[account] };
      const nonces = Object.keys(transactions)
        .map(Number)
        .sort((a, b) => a - b);
      const first = transactions[nonces[0]!]!;
      const used = fromQuantity(await client.call("eth_getTransactionCount", [account, "latest"]));
      if (BigInt(nonces[0]!) !== used) continue;
      if (!seen.has(first.hash)) suspects.add(first.hash);
      else
        await putBack(
          client,
          account,
          nonces.map((nonce) => transactions[nonce]!.hash),
        );
    }
  };
}

type PoolContent = Record<string, Record<string, { hash: string }>>;

async function putBack(client: ChainClient, account: string, hashes: string[]): Promise<void> {
  const raw = await client.batch(hashes.map((hash) => ({ method: "eth_getRawTransactionByHash", params: [hash] })));
  await client.call("anvil_removePoolTransactions", [account]);
  // What was mined meanwhile is refused now, which is as well.
  await client.batch(
    raw.flatMap((answer) =>
      "result" in answer && answer.result ? [{ method: "eth_sendRawTransaction", params: [answer.result] }] : [],
    ),
  );
}

const gunzip = promisify(zlib.gunzip);

function createDumper(dir: string, client: ChainClient): { dumpIfNew(): Promise<boolean> } {
  let dumpedHash: unknown;
  let turn: Promise<unknown> = Promise.resolve();
  const dumpIfNew = async (): Promise<boolean> => {
    const head = (await client.call("eth_getBlockByNumber", ["latest", false])) as { hash?: unknown };
    if (head.hash === dumpedHash) return false;
    const state = (await client.call("anvil_dumpState", [])) as string;
    const bytes = await gunzip(Buffer.from(state.slice(2), "hex"));
    const current = path.join(dir, currentDump);
    const fresh = path.join(dir, freshDump);
    writeSynced(fresh, bytes);
    if (fs.existsSync(current)) fs.renameSync(current, path.join(dir, previousDump));
    fs.renameSync(fresh, current); // a crash just before this leaves the fresh one whole beside the previous one
    dumpedHash = head.hash; // blocks that came during the dump make the next one due
    return true;
  };
  return {
    dumpIfNew() {
      const result = turn.then(dumpIfNew);
      turn = result.catch(() => undefined); // the caller has the error; the next turn must not fail with it
      return result;
    },
  };
}

const currentDump = "state.json";
const freshDump = "state.fresh.json";
const previousDump = "state.previous.json";

/** The file of the newest dump that is whole; undefined when there is none and the chain begins anew. */
function newestWholeDump(dir: string): string | undefined {
  const found = [currentDump, freshDump, previousDump]
    .map((name) => path.join(dir, name))
    .filter((file) => fs.existsSync(file));
  const whole = found.find(isWhole);
  // Beginning anew over dumps that we cannot read would throw a chain away: somebody must look first.
  if (!whole && found.some((file) => path.basename(file) !== freshDump))
    throw new Error(`no dump of the chain in ${dir} can be read; move them away to begin anew`);
  return whole;
}

function isWhole(file: string): boolean {
  try {
    const state = JSON.parse(fs.readFileSync(file, "utf8")) as { blocks?: unknown; accounts?: unknown };
    return Array.isArray(state.blocks) && typeof state.accounts === "object";
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}

function writeSynced(file: string, bytes: Uint8Array): void {
  const descriptor = fs.openSync(file, "w", 0o600);
  try {
    fs.writeFileSync(descriptor, bytes);
    fs.fsyncSync(descriptor);
  } finally {
    fs.closeSync(descriptor);
  }
}

function readRunning(file: string): Running | undefined {
  if (!fs.existsSync(file)) return undefined;
  const { pid, port, startedAt } = JSON.parse(fs.readFileSync(file, "utf8")) as Partial<Running>;
  return pid && port && startedAt ? { pid, port, startedAt } : undefined;
}

function isAlive({ pid, startedAt }: Running): boolean {
  return startedAt !== undefined && processStart(pid) === startedAt;
}

/** Does a node of our chain answer there? */
async function answersAs(port: number, chainId: number): Promise<boolean> {
  const client = createChainClient({ url: `http://127.0.0.1:${port}`, timeoutMs: 2_000 });
  try {
    return fromQuantity(await client.call("eth_chainId", [])) === BigInt(chainId);
  } catch {
    return false;
  }
}

async function waitUntilItAnswers(
  child: ReturnType<typeof spawn>,
  port: number,
  chainId: number,
  log: string,
): Promise<void> {
  let ended: string | undefined;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, signal) => (ended = `it ended with ${signal ?? code}`));
  const deadline = Date.now() + 60_000;
  while (!(await answersAs(port, chainId))) {
    if (ended) throw new Error(`the chain did not start: ${ended}. Its log is ${log}`);
    if (Date.now() > deadline) throw new Error(`the chain did not answer within 60 s. Its log is ${log}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function whenGone(running: Running): Promise<void> {
  while (isAlive(running)) await new Promise((resolve) => setTimeout(resolve, 100));
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}
