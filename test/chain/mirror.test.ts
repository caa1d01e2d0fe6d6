// The mirror reads a real chain without gap or double, and comes out the same however often it begins anew.
import { describe, expect, it } from "vitest";
import { ensureContracts } from "../../scripts/stack/deploy.ts";
import { encodeAnchor } from "../../service/src/chain/checkpoint-anchor.ts";
import { createChainClient, httpTransport } from "../../service/src/chain/client.ts";
import type { ChainClient } from "../../service/src/chain/client.ts";
import { mirrorAge, startMirror, trustList } from "../../service/src/chain/mirror.ts";
import { ownerCalls } from "../../service/src/chain/registry.ts";
import { listen } from "../../service/src/jobs.ts";
import { testKey } from "../helpers/chain.ts";
import { freshDatabase } from "../helpers/database.ts";
import { anchor, anchoredSizes, mirrorOf, mirrorTables, readAll, rootOf, useChain, write } from "./harness.ts";

const on = useChain();

describe("reading", () => {
  it("comes out the same from block 0, in one range or block by block", async () => {
    for (let size = 1; size <= 12; size++) await anchor(on, size);
    const one = mirrorOf(on);
    await readAll(one);
    await anchor(on, 13);
    await readAll(one);
    const expected = await mirrorTables(on.pool);
    expect(expected.events.length).toBeGreaterThan(13 + 12);
    for (const options of [{ startBlock: 0 }, { startBlock: 0, rangeBlocks: 1 }, { startBlock: 0, rangeBlocks: 3 }]) {
      const other = await freshDatabase();
      await readAll(mirrorOf(on, { ...options, pool: other.pool }));
      expect(await mirrorTables(other.pool)).toEqual(expected);
    }
  });

  it("stays behind the head by the confirmations, and says how old it is", async () => {
    const at = new Date("2026-05-01T00:00:00Z");
    const one = mirrorOf(on, { confirmations: 2, now: () => at });
    await anchor(on, 1);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([]);
    await on.chain.client.call("anvil_mine", ["0x2"]);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1]);
    expect(await mirrorAge(on.pool, new Date(at.getTime() + 4_500))).toBe(4.5);
  });

  it("goes on after an outage between any two requests, without a gap", async () => {
    for (let size = 1; size <= 5; size++) await anchor(on, size);
    for (let cut = 0; cut < 4; cut++) {
      const { pool: own } = await freshDatabase();
      const send = httpTransport(on.chain.url, 5_000);
      let requests = 0;
      const client = createChainClient({
        url: on.chain.url,
        transport: (body) => (requests++ === cut ? Promise.reject(new Error("cut")) : send(body)),
      });
      const broken = mirrorOf(on, { client, pool: own });
      let failed = 0;
      for (let answer: unknown = "again"; answer !== undefined;)
        answer = await broken.step().catch(() => {
          failed++;
          return "again";
        });
      expect(failed).toBe(requests > cut ? 1 : 0);
      const { rows } = await own.query("select size from mirror_anchor order by size");
      expect(rows.map((row: { size: string }) => Number(row.size))).toEqual([1, 2, 3, 4, 5]);
    }
  });

  it("asks for less when the node refuses a range", async () => {
    for (let size = 1; size <= 5; size++) await anchor(on, size);
    const limited: ChainClient = {
      ...on.chain.client,
      async call(method, params) {
        const { fromBlock, toBlock } = (params[0] ?? {}) as { fromBlock?: string; toBlock?: string };
        if (method === "eth_getLogs" && BigInt(toBlock!) - BigInt(fromBlock!) >= 2n)
          return on.chain.client.call("eth_noSuchMethod", []); // any refusal of the node
        return on.chain.client.call(method, params);
      },
    };
    const one = mirrorOf(on, { client: limited });
    for (let answer: unknown = "again"; answer !== undefined;) answer = await one.step().catch(() => "again");
    expect(await anchoredSizes(on.pool)).toEqual([1, 2, 3, 4, 5]);
  });

  it("writes nothing twice when replicas read at once", async () => {
    for (let size = 1; size <= 5; size++) await anchor(on, size);
    const replicas = [1, 2, 3].map(() => mirrorOf(on, { rangeBlocks: 2 }));
    for (let answers: unknown[] = ["again"]; answers.includes("again");)
      answers = await Promise.all(replicas.map((one) => one.step()));
    expect(await anchoredSizes(on.pool)).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads a contract from the block that names it, and the old one still", async () => {
    const one = mirrorOf(on);
    await anchor(on, 1);
    await readAll(one);
    // A second registry's contract stands for a newer version: same code, another address.
    const newer = await ensureContracts({
      url: on.chain.url,
      deployerKey: testKey("other deployer"),
      centres: [on.chain.centres[0]!.registered],
    });
    const { anchorer } = on.chain.centres[0]!;
    await write(on, anchorer, newer.checkpointAnchor, encodeAnchor(1, 100n, rootOf(100)));
    await write(
      on,
      on.chain.deployer,
      on.chain.contracts.registry,
      ownerCalls.setContract("CheckpointAnchor", newer.checkpointAnchor),
    );
    await write(on, anchorer, newer.checkpointAnchor, encodeAnchor(1, 101n, rootOf(101)));
    await anchor(on, 2);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1, 101, 2]);
    expect((await trustList(on.pool)).contracts.checkpointAnchor).toBe(newer.checkpointAnchor);

    const other = await freshDatabase();
    await readAll(mirrorOf(on, { pool: other.pool }));
    expect(await mirrorTables(other.pool)).toEqual(await mirrorTables(on.pool));
  });

  it("refuses a database that mirrors another chain or registry", async () => {
    await readAll(mirrorOf(on));
    await expect(mirrorOf(on, { chainId: 1 }).step()).rejects.toThrow(/another chain/);
    await expect(mirrorOf(on, { registry: on.chain.contracts.blacklist }).step()).rejects.toThrow(/another registry/);
  });

  it("tells listeners, from the background", async () => {
    const heard: (string | undefined)[] = [];
    const listener = listen({
      pool: on.pool,
      channel: "chain_event",
      onNotification: (payload) => heard.push(payload),
    });
    await expect.poll(() => heard).toEqual([undefined]);
    const loop = startMirror({
      pool: on.pool,
      client: on.chain.client,
      chainId: on.chain.chainId,
      registry: on.chain.contracts.registry,
      startBlock: on.chain.contracts.startBlock,
      confirmations: 0,
      now: () => new Date(),
      intervalMs: 20,
    });
    await expect.poll(() => heard.length).toBe(2);
    await anchor(on, 1);
    await expect.poll(() => heard.length).toBe(3);
    await loop.stop();
    await listener.stop();
    expect(await anchoredSizes(on.pool)).toEqual([1]);
  });
});
