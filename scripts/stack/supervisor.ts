// Keeps the parts of the stack running: a part that ends is started again after a pause that grows while it keeps failing.
// Nothing is assumed about what a part is: a child process, or a server that was found running and taken over.
import { spawn } from "node:child_process";
import fs from "node:fs";
import type { ProcessRecord } from "./stack-file.ts";
import { processStart } from "./stack-file.ts";

/** One running instance of a part. */
export interface Running {
  pid: number;
  /** resolves, with words for the terminal, when it has ended, however it ended */
  ended: Promise<string>;
  /** ends it in order and waits for the end; a second call waits for the same end */
  stop(): Promise<void>;
}

export interface Part {
  name: string;
  /** Starts it and resolves when it answers. When `cancelled` is aborted meanwhile it may end what it began and throw. */
  start(cancelled: AbortSignal): Promise<Running>;
  /** Called after each restart that worked, before it is reported; a throw counts as a failed start. */
  restarted?(running: Running): Promise<void> | void;
}

export interface Supervised {
  name: string;
  /** the instance that runs now; undefined while it is down */
  current(): Running | undefined;
  /** Ends the instance that runs, without starting another; waits for a start under way. */
  stop(): Promise<void>;
  /** Ends the instance that runs; the supervisor starts the next one at once. */
  restart(): Promise<void>;
}

export interface SuperviseOptions {
  say: (line: string) => void;
  /** pause before attempt n (1, 2, …) to start again, in milliseconds */
  backOff?: (attempt: number) => number;
  /** a part that ran this long (ms) has recovered: its next end counts as the first again */
  recoveredAfter?: number;
  clock?: () => number;
  /** cancels the first start */
  cancelled?: AbortSignal;
}

/** 0.2 s, then doubling up to 30 s. */
export function growingPause(attempt: number): number {
  return Math.min(200 * 2 ** (attempt - 1), 30_000);
}

/** Starts a part and keeps it running until `stop`. @throws what the first start throws */
export async function supervise(part: Part, options: SuperviseOptions): Promise<Supervised> {
  const { say, backOff = growingPause, recoveredAfter = 60_000, clock = () => performance.now() } = options;
  const stopping = new AbortController();
  let asked = false; // an end that we asked for ourselves is not a failure
  const first = options.cancelled ? AbortSignal.any([options.cancelled, stopping.signal]) : stopping.signal;
  let current: Running | undefined = await part.start(first);
  const loop = keepRunning();

  async function keepRunning(): Promise<void> {
    let attempt = 0;
    let startedAt = clock();
    while (current) {
      const how = await current.ended;
      current = undefined;
      if (stopping.signal.aborted) return;
      if (clock() - startedAt > recoveredAfter) attempt = 0;
      if (!asked) say(`${part.name} ${how}; it is started again`);
      while (!current) {
        const pause = asked ? 0 : backOff(++attempt);
        asked = false;
        await interruptiblePause(pause, stopping.signal);
        if (stopping.signal.aborted) return;
        const started = await part.start(stopping.signal).catch((error: Error) => {
          if (!stopping.signal.aborted) say(`${part.name} could not be started again: ${error.message}`);
          return undefined;
        });
        if (!started) continue;
        if (stopping.signal.aborted) return started.stop();
        try {
          await part.restarted?.(started);
        } catch (error) {
          say(`${part.name} started again, and then: ${(error as Error).message}`);
          await started.stop();
          continue;
        }
        startedAt = clock();
        current = started;
        say(`${part.name} runs again (process ${current.pid})`);
      }
    }
  }

  return {
    name: part.name,
    current: () => current,
    async stop() {
      stopping.abort();
      await current?.stop();
      await loop;
    },
    async restart() {
      asked = current !== undefined;
      await current?.stop();
    },
  };
}

function interruptiblePause(ms: number, until: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (until.aborted) return resolve();
    const timer = setTimeout(done, ms);
    until.addEventListener("abort", done, { once: true });
    function done() {
      clearTimeout(timer);
      until.removeEventListener("abort", done);
      resolve();
    }
  });
}

export interface ServiceProcess {
  name: string;
  /** the module to run, with its arguments */
  command: readonly string[];
  /** asked at each start */
  env: () => Record<string, string | undefined>;
  logFile: string;
  /** answers 200 when the service is ready */
  readyUrl: string;
  record: ProcessRecord;
  /** how long it may take to answer, and to end after SIGTERM, in milliseconds */
  patience?: { ready: number; end: number };
}

/**
 * A service as a part: a Node process with an IPC channel, which it watches: when the launcher is killed the channel
 * closes and the service ends by itself. It runs in a process group of its own, so that a Ctrl-C in the terminal reaches
 * the launcher alone. It writes to its log file itself, so that its last words are kept whatever happens to us.
 */
export function servicePart(service: ServiceProcess): Part {
  return {
    name: service.name,
    async start(cancelled) {
      const patience = service.patience ?? { ready: 60_000, end: 15_000 };
      const log = fs.openSync(service.logFile, "a", 0o600);
      const child = spawn(process.execPath, service.command, {
        env: service.env(),
        stdio: ["ignore", log, log, "ipc"],
        detached: true,
      });
      fs.closeSync(log);
      const ended = new Promise<string>((resolve) => {
        child.once("error", (error) => resolve(`could not be run: ${error.message}`));
        child.once("exit", (code, how) => resolve(how ? `was ended by ${how}` : `ended with code ${code}`));
      });
      const { pid } = child;
      if (pid === undefined) throw new Error(`${service.name} ${await ended}`);
      service.record.add(service.name, pid);
      let end: string | undefined;
      const gone = ended.then((how) => {
        end = how;
        service.record.remove(pid);
        return how;
      });
      const stop = async () => {
        if (end !== undefined) return;
        child.kill("SIGTERM");
        const late = setTimeout(() => child.kill("SIGKILL"), patience.end);
        await gone;
        clearTimeout(late);
      };
      const lookThere = () => `its log is ${service.logFile}, and ends with:\n${lastLines(service.logFile, 8)}`;
      const deadline = performance.now() + patience.ready;
      while (!(await isReady(service.readyUrl))) {
        if (end !== undefined) throw new Error(`${service.name} ${end} before it was ready; ${lookThere()}`);
        if (performance.now() > deadline) {
          await stop();
          throw new Error(`${service.name} was not ready after ${patience.ready / 1000} s; ${lookThere()}`);
        }
        await interruptiblePause(50, cancelled);
        if (cancelled.aborted) {
          await stop();
          throw new Error("its start was cancelled");
        }
      }
      // Another program on the same port may have answered in place of a child that has just ended.
      if (end !== undefined) throw new Error(`${service.name} ${end} before it was ready; ${lookThere()}`);
      return { pid, ended: gone, stop };
    },
  };
}

function lastLines(file: string, count: number): string {
  const lines = fs.readFileSync(file, "utf8").trimEnd().split("\n").slice(-count);
  return lines.map((line) => `  ${line.slice(0, 500)}`).join("\n");
}

async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false; // it does not listen yet
  }
}

/** Resolves when a process that is not our child has ended. */
export async function whenEnded(pid: number): Promise<string> {
  while (processStart(pid) !== undefined) await new Promise((resolve) => setTimeout(resolve, 100));
  return "ended";
}

/** Keeps a log file below `maxBytes` while a process appends to it: the old content is copied to `<file>.1`, then cut off. */
export function boundLog(file: string, maxBytes: number): void {
  if (!fs.existsSync(file) || fs.statSync(file).size <= maxBytes) return;
  fs.copyFileSync(file, `${file}.1`);
  fs.truncateSync(file);
}

/** Begins a new log file; the one of the last run becomes `<file>.1`. */
export function rotateLog(file: string): void {
  if (fs.existsSync(file)) fs.renameSync(file, `${file}.1`);
}
