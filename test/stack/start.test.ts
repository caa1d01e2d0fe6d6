// npm start, as somebody at a terminal sees it: one stack is started, killed in pieces, and started again.
import fs from "node:fs";
import net from "node:net";
import path from "node:path";
import { Client } from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { freePorts, isReady, launch, processesOf, runs, scratchFolder, stackFile, until } from "./helpers.ts";
import type { Launch } from "./helpers.ts";

const startLimit = 170_000;

describe("npm start", () => {
  const dataDir = scratchFolder();
  let port: number;
  let running: Launch;
  const args = () => ["--data", dataDir, "--port", String(port), "--centres", "3"];

  beforeAll(async () => {
    port = await freePorts(6);
    running = launch(args());
    await running.ready;
  }, startLimit);

  afterAll(async () => {
    // Whatever went wrong above, nothing is left running.
    if (running && running.child.exitCode === null) {
      running.child.kill("SIGTERM");
      await running.ended;
    }
    fs.rmSync(dataDir, { recursive: true, force: true });
  }, startLimit);

  /** Something that a restart must not lose, in the first centre's database. */
  async function remember(text: string): Promise<void> {
    await ask(`create table if not exists remembered (text text primary key)`);
    await ask(`insert into remembered values ('${text}')`);
  }
  async function remembered(): Promise<string[]> {
    return (await ask("select text from remembered order by text")).map((row) => String(row.text));
  }
  async function ask(sql: string): Promise<Record<string, unknown>[]> {
    const client = new Client({ connectionString: stackFile(dataDir).centres[0]!.databaseUrl });
    await client.connect();
    try {
      return (await client.query(sql)).rows as Record<string, unknown>[];
    } finally {
      await client.end();
    }
  }

  it("ends its start with READY and the centres, which answer", async () => {
    const { centres } = await running.ready;
    expect(centres).toEqual([
      { code: "C46010", name: "海南省住房公积金管理局", url: `http://localhost:${port}` },
      { code: "C14010", name: "太原市住房公积金管理中心", url: `http://localhost:${port + 1}` },
      { code: "C63010", name: "西宁住房公积金管理中心", url: `http://localhost:${port + 2}` },
    ]);
    expect(running.output().trimEnd().split("\n").at(-1)).toMatch(/^READY /);
    for (const { url } of centres) expect(await isReady(url)).toBe(true);
  });

  it("writes down where everything is, for its owner only", () => {
    const stack = stackFile(dataDir);
    expect(stack).toMatchObject({ version: 1, pid: running.child.pid, port, chain: { chainId: 20260 } });
    expect(stack.centres.map(({ code }) => code)).toEqual(["C46010", "C14010", "C63010"]);
    const secret = [
      "stack.json",
      "keys/C46010/seal.pem",
      "keys/C46010/DEVELOPMENT-KEYS",
      "keys/consortium/deployer.key",
    ];
    expect(secret.filter((file) => (fs.statSync(path.join(dataDir, file)).mode & 0o777) !== 0o600)).toEqual([]);
  });

  it("refuses a second start on the same data, and says where the first one answers", async () => {
    const second = launch(args());
    expect((await second.ended).code).toBe(2);
    expect(second.output()).toContain(`http://localhost:${port}`);
    expect(runs(running.child.pid!)).toBe(true);
  });

  it("names the port that another program uses", async () => {
    const other = scratchFolder();
    const taken = net.createServer();
    const first = await freePorts(8);
    await new Promise<void>((resolve) => taken.listen(first + 1, "127.0.0.1", resolve));
    const refused = launch(["--data", other, "--port", String(first), "--centres", "3"]);
    expect((await refused.ended).code).toBe(2);
    expect(refused.output()).toContain(`port ${first + 1} is in use`);
    taken.close();
    fs.rmSync(other, { recursive: true });
  });

  it("starts a killed service again", async () => {
    const { C14010: killed } = processesOf(dataDir);
    process.kill(killed!, "SIGKILL");
    await until("another process serves", () => ![killed, undefined].includes(processesOf(dataDir).C14010));
    await until("it is ready", () => isReady(`http://localhost:${port + 1}`));
    await until("it is said", () => running.output().includes("C14010 runs again"));
    expect(running.output()).toContain("C14010 was ended by SIGKILL; it is started again");
  });

  it("starts a killed Postgres again, at the same address, with what it held", async () => {
    await remember("before Postgres was killed");
    const { postgres: killed } = processesOf(dataDir);
    process.kill(killed!, "SIGKILL");
    await until("it runs again", () => running.output().includes("Postgres runs again"));
    for (let i = 0; i < 3; i++) await until("the service is ready", () => isReady(`http://localhost:${port + i}`));
    expect(await remembered()).toEqual(["before Postgres was killed"]);
  });

  it("starts a killed chain again, with the contracts on it", async () => {
    const { registry, url } = stackFile(dataDir).chain;
    process.kill(processesOf(dataDir).anvil!, "SIGKILL");
    await until("it runs again", () => running.output().includes("chain runs again"));
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ jsonrpc: "2.0", id: 1, method: "eth_getCode", params: [registry, "latest"] }),
    });
    expect(((await response.json()) as { result: string }).result.length).toBeGreaterThan(1000);
  });

  it(
    "ends in order on Ctrl-C, also when it is pressed again, and leaves no process",
    async () => {
      const processes = Object.values(processesOf(dataDir));
      expect(processes.every(runs)).toBe(true);
      running.child.kill("SIGINT");
      running.child.kill("SIGINT");
      expect(await running.ended).toEqual({ code: 0, signal: null });
      expect(processes.filter(runs)).toEqual([]);
      expect(stackFile(dataDir).pid).toBeNull();
      const stopped = [...running.output().matchAll(/stopped: (.+)/g)].map((match) => match[1]);
      expect(stopped).toEqual([expect.stringMatching(/^C\d{5}, /), "chain, development authority", "Postgres"]);
    },
    startLimit,
  );

  it(
    "keeps the data over a restart on another port, which the registry learns",
    async () => {
      port += 3;
      running = launch(args());
      const { centres } = await running.ready;
      expect(centres[0]!.url).toBe(`http://localhost:${port}`);
      expect(running.output()).toContain("contracts and registry: 3 transactions");
      expect(running.output()).toContain("databases: up to date");
      expect(await remembered()).toEqual(["before Postgres was killed"]);
    },
    startLimit,
  );

  it(
    "goes on after the launcher was killed: services end by themselves, servers are taken over",
    async () => {
      const before = processesOf(dataDir);
      await remember("before the launcher was killed");
      running.child.kill("SIGKILL");
      await running.ended;
      running = launch(args());
      await running.ready;
      const after = processesOf(dataDir);
      expect(["launcher", "C46010", "C14010", "C63010"].filter((name) => runs(before[name]!))).toEqual([]);
      expect(after.postgres).toBe(before.postgres);
      expect(await remembered()).toContain("before the launcher was killed");
    },
    startLimit,
  );

  it("refuses data of a newer program", async () => {
    const newer = scratchFolder();
    fs.writeFileSync(path.join(newer, "stack.json"), JSON.stringify({ ...stackFile(dataDir), version: 99 }));
    const refused = launch(["--data", newer, "--port", String(await freePorts(3)), "--centres", "3"]);
    expect((await refused.ended).code).toBe(2);
    expect(refused.output()).toContain("newer program");
    fs.rmSync(newer, { recursive: true });
  });
});

describe("the command line", () => {
  async function said(...args: string[]): Promise<{ code: number | null; output: string }> {
    const { ended, output } = launch(args);
    return { code: (await ended).code, output: output() };
  }

  it("refuses what it does not know", async () => {
    expect(await said("--sentres", "4")).toMatchObject({ code: 2, output: expect.stringContaining("--sentres") });
    expect(await said("--port", "many")).toMatchObject({ code: 2, output: expect.stringContaining("whole number") });
    expect(await said("--centres", "2")).toMatchObject({ code: 2, output: expect.stringContaining("at least 3") });
    expect(await said("--centres", "5")).toMatchObject({ code: 2, output: expect.stringContaining("has 4 centres") });
  });

  it("explains itself", async () => {
    expect(await said("--help")).toMatchObject({ code: 0, output: expect.stringContaining("--fresh") });
  });

  it("touches no folder that holds other files", async () => {
    const other = scratchFolder();
    fs.writeFileSync(path.join(other, "letter.txt"), "dear …");
    expect(await said("--data", other, "--fresh")).toMatchObject({
      code: 2,
      output: expect.stringContaining("letter.txt"),
    });
    expect(fs.readdirSync(other)).toEqual(["letter.txt"]);
    fs.rmSync(other, { recursive: true });
  });
});
