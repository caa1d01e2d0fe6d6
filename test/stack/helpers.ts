// A stack of its own for a test: `scripts/start.ts` as a process, in a scratch folder, on ports of its own.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { processStart } from "../../scripts/stack/stack-file.ts";
import type { StackFile } from "../../scripts/stack/stack-file.ts";

const start = fileURLToPath(new URL("../../scripts/start.ts", import.meta.url));

export interface Launch {
  child: ChildProcess;
  /** everything it has printed so far */
  output(): string;
  /** resolves with the content of the READY line; rejects when the launcher ends before it */
  ready: Promise<{ centres: { code: string; name: string; url: string }[] }>;
  /** resolves when the launcher has ended */
  ended: Promise<{ code: number | null; signal: string | null }>;
}

export function scratchFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-stack-"));
}

/** Starts a stack, or tries to. */
export function launch(args: readonly string[]): Launch {
  // No npm_lifecycle_event: this launcher's parent is the test.
  const { npm_lifecycle_event: _, ...env } = process.env;
  const child = spawn(process.execPath, [start, ...args], { env, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let text = "";
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) =>
    child.once("close", (code, signal) => resolve({ code, signal })),
  );
  const ready = new Promise<{ centres: { code: string; name: string; url: string }[] }>((resolve, reject) => {
    const read = (chunk: Buffer) => {
      text += chunk.toString();
      const line = /^READY (.+)\n/m.exec(text)?.[1];
      if (line) resolve(JSON.parse(line) as never);
    };
    child.stdout!.on("data", read);
    child.stderr!.on("data", read);
    void ended.then(() => reject(new Error(`the start ended before READY:\n${text}`)));
  });
  ready.catch(() => undefined); // a test that expects a refusal looks at `ended`
  return { child, output: () => text, ready, ended };
}

/** The first of `count` free ports in a row, away from those that the system gives out by itself. */
export async function freePorts(count: number): Promise<number> {
  for (let first = 20_000 + (process.pid % 500) * 20; first < 32_000; first += count) {
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)));
    if (free.every(Boolean)) return first;
  }
  throw new Error("no free ports");
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

export function stackFile(dataDir: string): StackFile {
  return JSON.parse(fs.readFileSync(path.join(dataDir, "stack.json"), "utf8")) as StackFile;
}

/** The processes of a stack, by name: "launcher", "postgres", "anvil" and the centres' codes. */
export function processesOf(dataDir: string): Record<string, number> {
  const read = (file: string) => fs.readFileSync(path.join(dataDir, file), "utf8");
  const services = JSON.parse(read("processes.json")) as { name: string; pid: number }[];
  return {
    launcher: (JSON.parse(read("lock.json")) as { pid: number }).pid,
    postgres: Number(read("postgres/data/postmaster.pid").split("\n")[0]),
    anvil: (JSON.parse(read("chain/anvil.json")) as { pid: number }).pid,
    ...Object.fromEntries(services.map(({ name, pid }) => [name, pid])),
  };
}

export function runs(pid: number): boolean {
  return processStart(pid) !== undefined;
}

/** Asks until the answer is true. @throws when it is not within the time */
export async function until(what: string, ask: () => boolean | Promise<boolean>, withinMs = 60_000): Promise<void> {
  const deadline = performance.now() + withinMs;
  while (!(await ask())) {
    if (performance.now() > deadline) throw new Error(`not within ${withinMs / 1000} s: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

/** Whether a service takes requests. */
export async function isReady(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) });
    await response.arrayBuffer();
    return response.status === 200;
  } catch {
    return false; // nobody listens yet
  }
}
