// The process: it starts from settings, says so in one line, and ends in order, however it is told to.
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { centreKeys, consortiumKeys } from "../../scripts/stack/keys.ts";
import { freshChain } from "../helpers/chain.ts";
import { freshDatabase } from "../helpers/database.ts";

describe("the process of a centre", async () => {
  const { url } = await freshDatabase();
  const chain = await freshChain();
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-server-"));
  afterAll(() => fs.rmSync(dir, { recursive: true }));
  const centre = { code: "C46010", name: "海南省住房公积金管理局" };
  const now = () => new Date();
  const { tagFile } = await consortiumKeys(dir, now);
  const keys = await centreKeys(dir, centre, now);
  const settings = {
    NODE_ENV: "test",
    CENTRE_CODE: centre.code,
    CENTRE_NAME: centre.name,
    CREDIT_CODE: "12460000000000000C",
    PUBLIC_URL: "http://127.0.0.1:8080",
    PORT: "0",
    DATABASE_URL: url,
    CHAIN_URL: chain.url,
    CHAIN_ID: String(chain.chainId),
    CHAIN_START_BLOCK: String(chain.contracts.startBlock),
    REGISTRY_ADDRESS: chain.contracts.registry,
    KEYS_DIR: keys.dir,
    TAG_KEY_FILE: tagFile,
  };

  function start(env: Record<string, string>): { child: ChildProcess; lines: () => string[]; errors: () => string } {
    const child = spawn(process.execPath, [path.resolve("service/src/server.ts")], {
      env: { PATH: process.env["PATH"] ?? "", ...env },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    let out = "";
    let err = "";
    child.stdout!.on("data", (chunk: Buffer) => (out += chunk.toString("utf8")));
    child.stderr!.on("data", (chunk: Buffer) => (err += chunk.toString("utf8")));
    return { child, lines: () => out.split("\n").filter(Boolean), errors: () => err };
  }

  async function listening({ child, lines }: ReturnType<typeof start>): Promise<number> {
    for (;;) {
      const line = lines().find((candidate) => candidate.includes('"listening"'));
      if (line) return (JSON.parse(line) as { port: number }).port;
      // Each piece of output is looked at; an early end is one too.
      await Promise.race([once(child.stdout!, "data"), once(child, "exit")]);
      if (child.exitCode !== null) throw new Error(`ended early: ${lines().join("\n")}`);
    }
  }

  for (const [how, tell] of [
    ["SIGTERM", (child: ChildProcess) => child.kill("SIGTERM")],
    ["SIGINT", (child: ChildProcess) => child.kill("SIGINT")],
    ["the end of its parent", (child: ChildProcess) => child.disconnect()],
  ] as const) {
    it(`listens, answers, and ends in order on ${how}`, async () => {
      const service = start(settings);
      const port = await listening(service);
      expect(await (await fetch(`http://127.0.0.1:${port}/healthz`)).json()).toEqual({ status: "ok" });
      expect((await fetch(`http://127.0.0.1:${port}/readyz`)).headers.get("content-type")).toContain(
        "application/json",
      );
      const ended = once(service.child, "exit");
      tell(service.child);
      expect((await ended)[0]).toBe(0);
      const said = service.lines().map((line) => (JSON.parse(line) as { msg: string }).msg);
      expect(said.filter((msg) => msg === "listening")).toHaveLength(1);
      expect(said).toContain("stopping");
      expect(service.errors()).toBe("");
    });
  }

  it("does not start with wrong settings and says which", async () => {
    const service = start({ ...settings, CENTRE_CODE: "x", PORT: "x" });
    expect((await once(service.child, "exit"))[0]).toBe(2);
    expect(service.errors()).toContain("CENTRE_CODE");
    expect(service.errors()).toContain("PORT");
  });

  it("does not start without its database, and ends instead of hanging", async () => {
    const service = start({ ...settings, DATABASE_URL: "postgres://nobody:s3cret@127.0.0.1:1/none" });
    expect((await once(service.child, "exit"))[0]).toBe(1);
    expect(service.lines().join("\n")).toContain("the service could not start");
    expect(service.lines().join("\n")).not.toContain("s3cret");
  });
});
