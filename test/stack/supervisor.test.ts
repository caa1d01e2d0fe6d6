// The supervisor with small processes in place of services: they answer, fail, refuse to end, or die when asked to.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { recordProcesses } from "../../scripts/stack/stack-file.ts";
import { boundLog, growingPause, rotateLog, servicePart, supervise } from "../../scripts/stack/supervisor.ts";
import type { Part, Running, Supervised } from "../../scripts/stack/supervisor.ts";
import { freePorts, runs, until } from "./helpers.ts";

let dir: string;
let supervised: Supervised | undefined;
const said: string[] = [];
const say = (line: string) => void said.push(line);
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-supervisor-"));
  said.length = 0;
});
afterEach(async () => {
  await supervised?.stop();
  supervised = undefined;
  fs.rmSync(dir, { recursive: true });
});

const answers = `require("http").createServer((q, r) => r.end()).listen(process.env.PORT, "127.0.0.1");`;
const endsWithItsParent = `process.on("disconnect", () => process.exit(0));`;

function service(port: number, script: string, patience = { ready: 10_000, end: 500 }): Part {
  return servicePart({
    name: "service",
    command: ["-e", script],
    env: () => ({ PATH: process.env.PATH, PORT: String(port) }),
    logFile: path.join(dir, "service.log"),
    readyUrl: `http://127.0.0.1:${port}/readyz`,
    record: recordProcesses(dir),
    patience,
  });
}

describe("a supervised service", () => {
  it("is started again after it was killed, under another process number", async () => {
    const port = await freePorts(1);
    supervised = await supervise(service(port, answers + endsWithItsParent), { say, backOff: () => 10 });
    const first = supervised.current()!.pid;
    process.kill(first, "SIGKILL");
    await until("it runs again", () => ![first, undefined].includes(supervised!.current()?.pid));
    expect(said).toEqual([
      "service was ended by SIGKILL; it is started again",
      `service runs again (process ${supervised.current()!.pid})`,
    ]);
  });

  it("ends on stop, is killed when it does not, and is not started again", async () => {
    const port = await freePorts(1);
    const stubborn = `process.on("SIGTERM", () => {}); ${answers}`;
    supervised = await supervise(service(port, stubborn), { say, backOff: () => 10 });
    const { pid } = supervised.current()!;
    await Promise.all([supervised.stop(), supervised.stop()]);
    expect([runs(pid), said]).toEqual([false, []]);
  });

  it("says where to look when it ends before it is ready", async () => {
    const part = service(await freePorts(1), `console.log("no keys"); process.exit(2)`);
    await expect(supervise(part, { say })).rejects.toThrow(/ended with code 2 before it was ready.*service\.log/);
    expect(fs.readFileSync(path.join(dir, "service.log"), "utf8")).toBe("no keys\n");
  });

  it("is ended when it is never ready", async () => {
    const part = service(await freePorts(1), `setInterval(() => {}, 1000)`, { ready: 300, end: 500 });
    await expect(supervise(part, { say })).rejects.toThrow(/not ready after/);
    expect(JSON.parse(fs.readFileSync(path.join(dir, "processes.json"), "utf8"))).toEqual([]);
  });
});

describe("the supervisor", () => {
  /** A part whose instances end when the test says so, and whose starts fail when the test says so. */
  function scripted() {
    const instances: { end: (how: string) => void }[] = [];
    const state = { failing: false, starts: 0 };
    const part: Part = {
      name: "part",
      async start() {
        state.starts++;
        if (state.failing) throw new Error("no");
        let end!: (how: string) => void;
        const ended = new Promise<string>((resolve) => (end = resolve));
        instances.push({ end });
        return { pid: instances.length, ended, stop: async () => end("stopped") } satisfies Running;
      },
    };
    return { part, instances, state };
  }

  it("waits longer with each failure in a row, and begins anew after recovery", async () => {
    const { part, instances, state } = scripted();
    const pauses: number[] = [];
    let time = 0;
    const backOff = (attempt: number) => {
      pauses.push(attempt);
      if (attempt === 3) state.failing = false;
      return 0;
    };
    supervised = await supervise(part, { say, backOff, recoveredAfter: 1_000, clock: () => time });
    state.failing = true;
    instances[0]!.end("fell over");
    await until("it runs again", () => instances.length === 2 && supervised!.current()?.pid === 2);
    expect(pauses).toEqual([1, 2, 3]);
    time = 5_000;
    instances[1]!.end("fell over");
    await until("it runs again", () => supervised!.current()?.pid === 3);
    expect(pauses).toEqual([1, 2, 3, 1]);
  });

  it("can be stopped while it waits to start again", async () => {
    const { part, instances, state } = scripted();
    supervised = await supervise(part, { say, backOff: () => 60_000 });
    instances[0]!.end("fell over");
    await until("it is down", () => supervised!.current() === undefined);
    await supervised.stop();
    expect(state.starts).toBe(1);
  });

  it("restarts when asked, without a word about a failure", async () => {
    const { part } = scripted();
    supervised = await supervise(part, { say });
    await supervised.restart();
    await until("the next one runs", () => supervised!.current()?.pid === 2);
    expect(said).toEqual(["part runs again (process 2)"]);
  });

  it("counts a start as failed when what follows it fails", async () => {
    const { part, instances } = scripted();
    let first = true;
    part.restarted = () => {
      if (first) {
        first = false;
        throw new Error("the contracts are missing");
      }
    };
    supervised = await supervise(part, { say, backOff: () => 0 });
    instances[0]!.end("fell over");
    await until("it runs again", () => supervised!.current()?.pid === 3);
    expect(said[1]).toBe("part started again, and then: the contracts are missing");
  });

  it("waits from 0.2 s up to 30 s", () => {
    expect([1, 2, 3, 8, 9, 50].map(growingPause)).toEqual([200, 400, 800, 25_600, 30_000, 30_000]);
  });
});

describe("log files", () => {
  it("keep the last run's, and stay within bounds while they are written to", () => {
    const file = path.join(dir, "C46010.log");
    fs.writeFileSync(file, "last run");
    rotateLog(file);
    expect([fs.existsSync(file), fs.readFileSync(`${file}.1`, "utf8")]).toEqual([false, "last run"]);
    const log = fs.openSync(file, "a");
    fs.writeSync(log, "x".repeat(100));
    boundLog(file, 50);
    fs.writeSync(log, "after");
    fs.closeSync(log);
    expect([fs.readFileSync(file, "utf8"), fs.statSync(`${file}.1`).size]).toEqual(["after", 100]);
  });
});
