// What a data folder remembers about the stack that runs, or ran, on it: the lock, stack.json, and the processes to look for
// after a kill -9. A process is named by its number and its start time, because numbers are used again.
import { execFileSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";

/**
 * Version of the layout of a data folder. Raised when a later program must convert what an earlier one left; an older
 * folder is converted at the next start, a newer one is refused. Databases have their own migrations besides.
 */
export const dataVersion = 1;

export interface StackFile {
  version: number;
  /** process of the launcher while the stack runs, null after an orderly stop */
  pid: number | null;
  /** port of the first centre's service */
  port: number;
  chain: { url: string; chainId: number; registry: string };
  /** the development authority; absent in folders of an earlier version */
  authority?: { port: number; timeStampUrl: string; listUrls: string[] };
  centres: StackCentre[];
}

export interface StackCentre {
  code: string;
  name: string;
  url: string;
  databaseUrl: string;
  keysDir: string;
}

/** Another launcher runs on this data folder. */
export class StackRunning extends Error {
  override readonly name = "StackRunning";
  readonly pid: number;
  readonly address: string;
  constructor(pid: number, address: string) {
    super(`a stack already runs on this data at ${address} (process ${pid})`);
    this.pid = pid;
    this.address = address;
  }
}

interface ProcessName {
  pid: number;
  startedAt: string;
}

/** When the process started, in a form that only equality is asked of; undefined when there is no such process. */
export function processStart(pid: number): string | undefined {
  if (process.platform === "linux") {
    const stat = readIfThere(`/proc/${pid}/stat`);
    // The second field is the command in parentheses and may hold anything; state and start time follow the last one.
    const fields = stat?.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields && fields[0] !== "Z" && fields[0] !== "X" ? fields[19] : undefined;
  }
  try {
    return execFileSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" }).trim() || undefined;
  } catch {
    return undefined; // ps answers 1 for a process that does not exist
  }
}

function isRunning(named: ProcessName): boolean {
  return processStart(named.pid) === named.startedAt;
}

export interface Lock {
  /** Gives the lock back; a second call changes nothing. */
  release(): void;
}

/**
 * Takes `file` for this process. A lock whose process has ended is stale and taken over; of several that try at once, one
 * gets it. `address` tells the others where to look.
 * @throws StackRunning when a running process holds it
 */
export function takeLock(file: string, address: string): Lock {
  const own = JSON.stringify({ pid: process.pid, startedAt: processStart(process.pid), address });
  const mine = `${file}.${process.pid}.${randomBytes(4).toString("hex")}`;
  fs.writeFileSync(mine, own, { mode: 0o600 });
  try {
    // A link is made whole or not at all, so nobody ever reads half a lock.
    while (!linked(mine, file)) {
      const found = readIfThere(file);
      if (found === undefined) continue;
      const holder = parseLock(found);
      if (holder && isRunning(holder)) throw new StackRunning(holder.pid, holder.address);
      setAside(file, found);
    }
  } finally {
    fs.rmSync(mine);
  }
  let held = true;
  return {
    release() {
      if (held && readIfThere(file) === own) fs.rmSync(file);
      held = false;
    },
  };
}

function linked(from: string, to: string): boolean {
  try {
    fs.linkSync(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

/** Removes a stale lock. When another process was faster and what we moved is its new lock, it is put back. */
function setAside(file: string, stale: string): void {
  const aside = `${file}.stale.${randomBytes(4).toString("hex")}`;
  try {
    fs.renameSync(file, aside);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  if (readIfThere(aside) !== stale) linked(aside, file);
  fs.rmSync(aside);
}

function parseLock(text: string): (ProcessName & { address: string }) | undefined {
  try {
    const lock = JSON.parse(text) as ProcessName & { address: string };
    return Number.isInteger(lock.pid) ? lock : undefined;
  } catch {
    return undefined; // not a lock of ours: as good as stale
  }
}

/** What stack.json says, or undefined when there is none. */
export function readStackFile(dataDir: string): StackFile | undefined {
  const text = readIfThere(path.join(dataDir, "stack.json"));
  return text === undefined ? undefined : (JSON.parse(text) as StackFile);
}

/** Writes stack.json (it names database passwords: mode 0600), whole or not at all. */
export function writeStackFile(dataDir: string, stack: StackFile): void {
  writeWhole(path.join(dataDir, "stack.json"), `${JSON.stringify(stack, undefined, 2)}\n`);
}

export interface ProcessRecord {
  /** Remembers a child, so that the next start finds it after a kill -9 of this one. */
  add(name: string, pid: number): void;
  remove(pid: number): void;
}

const recordFile = (dataDir: string) => path.join(dataDir, "processes.json");

/** A record of the children of this launcher in `dataDir`; it begins empty. */
export function recordProcesses(dataDir: string): ProcessRecord {
  const children = new Map<number, ProcessName & { name: string }>();
  const write = () => writeWhole(recordFile(dataDir), JSON.stringify([...children.values()]));
  write();
  return {
    add(name, pid) {
      const startedAt = processStart(pid);
      if (startedAt === undefined) return; // it has ended already
      children.set(pid, { name, pid, startedAt });
      write();
    },
    remove(pid) {
      if (children.delete(pid)) write();
    },
  };
}

/**
 * Ends the children that a killed launcher left: they notice its end by themselves and get `patienceMs` for that, then
 * they are killed. Returns the names of those that were still there.
 */
export async function endLeftovers(dataDir: string, patienceMs = 10_000): Promise<string[]> {
  const text = readIfThere(recordFile(dataDir));
  const left = (text ? (JSON.parse(text) as (ProcessName & { name: string })[]) : []).filter(isRunning);
  const deadline = Date.now() + patienceMs;
  while (left.some(isRunning) && Date.now() < deadline) await pause(50);
  for (const one of left.filter(isRunning)) signal(one.pid, "SIGKILL");
  while (left.some(isRunning)) await pause(50);
  return left.map((one) => one.name);
}

/**
 * Kills the server that a pid file names, if it runs and is what we think it is (the number may be somebody else's by now).
 * For data that are thrown away: nothing is saved.
 */
export async function endServer(
  pidFile: string,
  command: string,
  pidOf: (text: string) => string | number | undefined,
): Promise<void> {
  const text = readIfThere(pidFile);
  const pid = text === undefined ? Number.NaN : Number(pidOf(text));
  if (!(pid > 1)) return;
  const line = process.platform === "linux" ? (readIfThere(`/proc/${pid}/cmdline`) ?? "") : command;
  if (!line.includes(command)) return;
  signal(pid, "SIGKILL");
  while (processStart(pid) !== undefined) await pause(20);
}

/** Sends a signal; a process that has ended meanwhile needs none. */
export function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

/** Writes a file of mode 0600 so that a reader, or a crash, sees the old content or the new. */
export function writeWhole(file: string, content: string): void {
  const next = `${file}.new`;
  fs.writeFileSync(next, content, { mode: 0o600 });
  fs.renameSync(next, file);
}

function readIfThere(file: string): string | undefined {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" || code === "ESRCH") return undefined;
    throw error;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
