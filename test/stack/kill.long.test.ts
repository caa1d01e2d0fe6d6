// The larger matrix: each process of the stack is killed while the stack runs, and the launcher after it, in rounds; and
// the launcher is killed during its first start. After each the same command goes on, and nothing that was written is lost.
import fs from "node:fs";
import { Client } from "pg";
import { afterAll, describe, expect, it } from "vitest";
import { freePorts, isReady, launch, processesOf, runs, scratchFolder, stackFile, until } from "./helpers.ts";
import type { Launch } from "./helpers.ts";

const limit = 600_000;

/** Runs one statement in the database of every centre. */
async function everywhere(dataDir: string, sql: string): Promise<unknown[][]> {
  const answers: unknown[][] = [];
  for (const { databaseUrl } of stackFile(dataDir).centres) {
    const client = new Client({ connectionString: databaseUrl });
    await client.connect();
    try {
      answers.push((await client.query({ text: sql, rowMode: "array" })).rows.map((row: unknown[]) => row[0]));
    } finally {
      await client.end();
    }
  }
  return answers;
}

describe("a stack whose processes are killed", () => {
  const dataDir = scratchFolder();
  let running: Launch | undefined;

  afterAll(async () => {
    running?.child.kill("SIGTERM");
    await running?.ended;
    fs.rmSync(dataDir, { recursive: true, force: true });
  }, limit);

  async function start(port: number): Promise<Launch> {
    running = launch(["--data", dataDir, "--port", String(port)]);
    await running.ready;
    return running;
  }

  it(
    "has its demonstration data once, however often the first start was cut off",
    async () => {
      const port = await freePorts(4);
      const steps = ["development keys: done", "contracts and registry …", "databases …", "services …"];
      for (const step of steps) {
        const cut = launch(["--data", dataDir, "--port", String(port)]);
        await until(step, () => cut.output().includes(step) || cut.child.exitCode !== null, 120_000);
        expect(cut.output()).toContain(step);
        cut.child.kill("SIGKILL");
        await cut.ended;
      }
      await start(port);
      const imports = "select count(*)::int from import where kind in ('units', 'depositors')";
      expect(await everywhere(dataDir, imports)).toEqual([[2], [2], [2], [2]]);
      expect(await everywhere(dataDir, "select count(*)::int from staff")).toEqual([[4], [4], [4], [4]]);
    },
    limit,
  );

  it.each(["C46010", "C14010", "C63010", "C37170", "postgres", "anvil"])(
    "goes on when %s is killed, and when the launcher is killed right after",
    async (name) => {
      const port = stackFile(dataDir).port;
      await everywhere(dataDir, "create table if not exists remembered (text text)");
      await everywhere(dataDir, `insert into remembered values ('${name}')`);
      process.kill(processesOf(dataDir)[name]!, "SIGKILL");
      process.kill(processesOf(dataDir).launcher!, "SIGKILL");
      await running!.ended;
      await start(port);
      for (let i = 0; i < 4; i++) await until("all are ready", () => isReady(`http://localhost:${port + i}`));
      for (const texts of await everywhere(dataDir, "select text from remembered")) expect(texts).toContain(name);
      expect(Object.values(processesOf(dataDir)).every(runs)).toBe(true);
    },
    limit,
  );

  it(
    "comes up again when everything is killed at once",
    async () => {
      const port = stackFile(dataDir).port;
      const before = await everywhere(dataDir, "select text from remembered order by text");
      for (const pid of Object.values(processesOf(dataDir))) process.kill(pid, "SIGKILL");
      await running!.ended;
      await start(port);
      expect(await everywhere(dataDir, "select text from remembered order by text")).toEqual(before);
    },
    limit,
  );

  it(
    "is thrown away by --fresh, with servers that were left running",
    async () => {
      const port = stackFile(dataDir).port;
      process.kill(processesOf(dataDir).launcher!, "SIGKILL");
      await running!.ended;
      running = launch(["--data", dataDir, "--port", String(port), "--fresh"]);
      await running.ready;
      expect(await everywhere(dataDir, "select to_regclass('remembered')::text")).toEqual([
        [null],
        [null],
        [null],
        [null],
      ]);
    },
    limit,
  );
});
