import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { endLeftovers, processStart, recordProcesses, StackRunning, takeLock } from "../../scripts/stack/stack-file.ts";
import { runs, until } from "./helpers.ts";

let dir: string;
beforeEach(() => void (dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-lock-"))));
afterEach(() => fs.rmSync(dir, { recursive: true }));

/** A process that does nothing until it is ended. */
function idle(): Promise<number> {
  const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"], { stdio: "ignore" });
  return new Promise((resolve) => child.once("spawn", () => resolve(child.pid!)));
}

describe("the lock", () => {
  const file = () => path.join(dir, "lock.json");

  it("is held by one, who is named to the others, and given back", () => {
    const lock = takeLock(file(), "http://localhost:1");
    expect(() => takeLock(file(), "http://localhost:2")).toThrow(StackRunning);
    expect(() => takeLock(file(), "http://localhost:2")).toThrow(`at http://localhost:1 (process ${process.pid})`);
    lock.release();
    lock.release();
    takeLock(file(), "http://localhost:2").release();
    expect(fs.readdirSync(dir)).toEqual([]);
  });

  it("is taken over from a process that has ended", async () => {
    const pid = await idle();
    fs.writeFileSync(file(), JSON.stringify({ pid, startedAt: processStart(pid), address: "old" }));
    expect(() => takeLock(file(), "new")).toThrow(StackRunning);
    process.kill(pid, "SIGKILL");
    await until("it has ended", () => !runs(pid));
    takeLock(file(), "new").release();
  });

  it("is taken over when its process number belongs to another process by now", () => {
    fs.writeFileSync(file(), JSON.stringify({ pid: process.pid, startedAt: "another time", address: "old" }));
    expect(takeLock(file(), "new")).toBeDefined();
  });

  it("is taken over when it says nothing", () => {
    fs.writeFileSync(file(), "");
    expect(takeLock(file(), "new")).toBeDefined();
  });
});

describe("what a killed launcher left", () => {
  it("is ended when it does not end by itself", async () => {
    const [one, two] = [await idle(), await idle()];
    const record = recordProcesses(dir);
    record.add("C46010", one);
    record.add("C14010", two);
    record.remove(two);
    expect(await endLeftovers(dir, 100)).toEqual(["C46010"]);
    expect([runs(one), runs(two)]).toEqual([false, true]);
    process.kill(two, "SIGKILL");
  });

  it("is nothing where nothing ran", async () => {
    expect(await endLeftovers(dir)).toEqual([]);
  });
});
