// A chain that takes blocks back, or lost its last ones: the mirror undoes them, the outbox writes again.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { startChain } from "../../scripts/stack/chain.ts";
import { ensureContracts } from "../../scripts/stack/deploy.ts";
import { readLatestCheckpoint } from "../../service/src/chain/checkpoint-anchor.ts";
import { createChainClient, fromQuantity, quantity, toData } from "../../service/src/chain/client.ts";
import { createMirror } from "../../service/src/chain/mirror.ts";
import { createSender, findWrite, outboxSummary } from "../../service/src/chain/outbox.ts";
import { testCentre, testKey } from "../helpers/chain.ts";
import { freshDatabase } from "../helpers/database.ts";
import { anchor, anchoredSizes, drain, enqueueAnchor, mirrorOf, mirrorTables, readAll, useChain } from "./harness.ts";

const on = useChain();

describe("a chain that takes back blocks", () => {
  it("is undone and read again", async () => {
    const undone: bigint[] = [];
    const one = mirrorOf(on, {
      onReorganised: async (tx, block) => {
        undone.push(block);
        // Events above are gone already in this transaction.
        const { rows } = await tx.query("select 1 from chain_event where block_number > $1", [block]);
        expect(rows).toEqual([]);
      },
    });
    await anchor(on, 1);
    const standing = fromQuantity(await on.chain.client.call("eth_blockNumber", []));
    await anchor(on, 2);
    await anchor(on, 3);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1, 2, 3]);

    // Two blocks are replaced by three empty ones with other hashes.
    await on.chain.client.call("anvil_reorg", [2, []]);
    await on.chain.client.call("anvil_mine", ["0x1"]);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1]);
    expect(undone).toEqual([standing]);

    await anchor(on, 5);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1, 5]);
    const other = await freshDatabase();
    await readAll(mirrorOf(on, { pool: other.pool }));
    expect(await mirrorTables(other.pool)).toEqual(await mirrorTables(on.pool));
  });

  it("takes nothing back that still stands, when only the cursor's block is replaced", async () => {
    const one = mirrorOf(on);
    await anchor(on, 1);
    await on.chain.client.call("anvil_mine", ["0x3"]);
    await readAll(one);
    const before = await mirrorTables(on.pool);
    // Without a transaction of its own, a block made in the same second would be the same block.
    const { guardian } = on.chain.centres[0]!;
    const unsigned = {
      chainId: on.chain.chainId,
      nonce: 0n,
      to: guardian.account,
      data: Buffer.alloc(0),
      gasLimit: 21_000n,
    };
    await on.chain.client.call("anvil_reorg", [2, [[toData(guardian.sign(unsigned).bytes), 0]]]);
    await readAll(one);
    const after = await mirrorTables(on.pool);
    expect({ ...after, cursor: null }).toEqual({ ...before, cursor: null });
    expect(after.cursor).not.toEqual(before.cursor);
  });

  it("goes back to the very beginning when it is another chain from there on", async () => {
    const one = mirrorOf(on);
    await anchor(on, 1);
    await readAll(one);
    await on.pool.query("update chain_block set hash = sha256(hash)");
    await on.pool.query("update chain_cursor set hash = sha256(hash)");
    await readAll(one);
    const other = await freshDatabase();
    await readAll(mirrorOf(on, { pool: other.pool }));
    expect(await mirrorTables(on.pool)).toEqual(await mirrorTables(other.pool));
  });

  it("gets the outbox's writes again", async () => {
    const now = { at: Date.now() };
    const sender = createSender({
      pool: on.pool,
      client: on.chain.client,
      chainId: on.chain.chainId,
      lane: "anchor",
      signer: on.chain.centres[0]!.anchorer,
      confirmations: 0,
      now: () => new Date(now.at),
    });
    const one = mirrorOf(on);
    for (const size of [1, 2, 3]) {
      await enqueueAnchor(on, size);
      await drain(on.pool, sender);
    }
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1, 2, 3]);
    await on.chain.client.call("anvil_reorg", [2, []]);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1]);
    now.at += 10_000;
    await drain(on.pool, sender);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1, 2, 3]);
    expect(await outboxSummary(on.pool)).toMatchObject({ failed: 0 });
    const { rows } = await on.pool.query<{ state: string; block_hash: Buffer; real: Buffer }>(
      `select w.state, w.block_hash, b.hash as real from chain_write w left join chain_block b on b.number = w.block_number`,
    );
    for (const row of rows) expect(row).toMatchObject({ state: "final", block_hash: row.real });
  });
});

describe("anvil killed and started from an older dump", () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-mirror-test-"));
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  it("has every write again, once, and the mirror agrees", async () => {
    let node = await startChain({ dir, chainId: on.chain.chainId, keepDumping: false });
    const centre = testCentre("C46010", "http://127.0.0.1:1");
    const deploy = () =>
      ensureContracts({ url: node.url, deployerKey: testKey("deployer"), centres: [centre.registered] });
    const { registry, startBlock, checkpointAnchor } = await deploy();
    const client = createChainClient({ url: node.url });
    const now = { at: Date.now() };
    const sender = createSender({
      pool: on.pool,
      client,
      chainId: on.chain.chainId,
      lane: "anchor",
      signer: centre.anchorer,
      confirmations: 0,
      now: () => new Date(now.at),
    });
    const one = createMirror({
      pool: on.pool,
      client,
      chainId: on.chain.chainId,
      registry,
      startBlock,
      confirmations: 0,
      now: () => new Date(now.at),
    });
    for (const size of [1, 2]) await enqueueAnchor(on, size);
    await drain(on.pool, sender);
    await node.dump();
    for (const size of [3, 4, 5]) await enqueueAnchor(on, size);
    await drain(on.pool, sender);
    await readAll(one);
    process.kill(node.pid, "SIGKILL");
    await node.ended;
    await enqueueAnchor(on, 6);
    await expect(sender.step()).rejects.toMatchObject({ name: "ChainUnreachable" });
    await expect(one.step()).rejects.toMatchObject({ name: "ChainUnreachable" });

    node = await startChain({ dir, chainId: on.chain.chainId, keepDumping: false });
    expect(await readLatestCheckpoint(client, checkpointAnchor, "C46010", 1)).toMatchObject({ size: 2n });
    expect((await deploy()).sent).toBe(0);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1, 2]);
    now.at += 10_000;
    await drain(on.pool, sender);
    await readAll(one);
    expect(await anchoredSizes(on.pool)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await findWrite(on.pool, "anchor/1/6/6")).toMatchObject({ state: "final" });
    const { rows } = await on.pool.query("select nonce from chain_write order by id");
    expect(rows).toEqual([0n, 1n, 2n, 3n, 4n, 5n].map((nonce) => ({ nonce })));
    expect(await client.call("eth_getTransactionCount", [toData(centre.anchorer.account), "latest"])).toBe(quantity(6));
    await node.stop();
  });
});
