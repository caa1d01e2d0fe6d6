// The mirror reads a real chain, undoes what the chain takes back, and comes out the same however often it begins anew.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { startChain } from "../../scripts/stack/chain.ts";
import { ensureContracts } from "../../scripts/stack/deploy.ts";
import { encodeLift, encodeList, encodeSuspend, readListing } from "../../service/src/chain/blacklist.ts";
import { encodeReinstate, encodeRevoke, readIsRevoked } from "../../service/src/chain/certificate-status.ts";
import { encodeAnchor, readLatestCheckpoint } from "../../service/src/chain/checkpoint-anchor.ts";
import { createChainClient, fromQuantity, httpTransport, quantity, toData } from "../../service/src/chain/client.ts";
import type { ChainClient } from "../../service/src/chain/client.ts";
import { createMirror, findCursor, mirrorAge, startMirror, trustList } from "../../service/src/chain/mirror.ts";
import type { Mirror, MirrorOptions } from "../../service/src/chain/mirror.ts";
import { createSender, enqueueWrite, findWrite, outboxSummary } from "../../service/src/chain/outbox.ts";
import type { Sender } from "../../service/src/chain/outbox.ts";
import { guardianCalls, ownerCalls } from "../../service/src/chain/registry.ts";
import { createSigner } from "../../service/src/chain/transaction.ts";
import type { Signer } from "../../service/src/chain/transaction.ts";
import type { Pool } from "../../service/src/db.ts";
import { listen } from "../../service/src/jobs.ts";
import { readTrustList } from "../../service/src/proof/trust-list.ts";
import { freshChain, testCentre, testKey } from "../helpers/chain.ts";
import type { TestChain } from "../helpers/chain.ts";
import { freshDatabase } from "../helpers/database.ts";

let chain: TestChain;
let pool: Pool;
beforeAll(async () => {
  chain = await freshChain();
});
beforeEach(async () => {
  await chain.reset();
  ({ pool } = await freshDatabase());
});

function mirror(overrides: Partial<MirrorOptions> = {}): Mirror {
  const { registry, startBlock } = chain.contracts;
  return createMirror({
    pool,
    client: chain.client,
    chainId: chain.chainId,
    registry,
    startBlock,
    confirmations: 0,
    now: () => new Date(),
    ...overrides,
  });
}

async function readAll(one: Mirror): Promise<void> {
  for (let steps = 0; (await one.step()) !== undefined; steps++) expect(steps).toBeLessThan(1_000);
}

/** Sends one call and waits until it is in a block. @throws when it reverts */
async function write(signer: Signer, to: string, data: Uint8Array, client: ChainClient = chain.client): Promise<void> {
  const nonce = fromQuantity(await client.call("eth_getTransactionCount", [toData(signer.account), "latest"]));
  const { bytes, hash } = signer.sign({
    chainId: chain.chainId,
    nonce,
    to: Buffer.from(to.slice(2), "hex"),
    data,
    gasLimit: 1_000_000n,
  });
  await client.call("eth_sendRawTransaction", [toData(bytes)]);
  let receipt: { status?: unknown } | null = null;
  await expect
    .poll(async () => (receipt = (await client.call("eth_getTransactionReceipt", [toData(hash)])) as typeof receipt), {
      interval: 5,
    })
    .not.toBeNull();
  expect(receipt).toMatchObject({ status: "0x1" });
}

const tables = async (db: Pool) => ({
  blocks: (await db.query("select * from chain_block order by number")).rows as unknown[],
  events: (await db.query("select * from chain_event order by block_number, log_index")).rows as unknown[],
  cursor: (await db.query("select chain_id, registry, number, hash, time from chain_cursor")).rows as unknown[],
});

const root = (size: number) => Buffer.alloc(32, size);
const anchor = (size: number) =>
  write(chain.centres[0]!.anchorer, chain.contracts.checkpointAnchor, encodeAnchor(1, BigInt(size), root(size)));
const anchored = async () =>
  (await pool.query<{ size: string }>("select size from mirror_anchor order by block_number, log_index")).rows.map(
    ({ size }) => Number(size),
  );

describe("what the views say", () => {
  it("centres, keys and contracts as the registry has them, as a trust list", async () => {
    const { registry } = chain.contracts;
    const [hainan, taiyuan] = chain.centres.map(({ code }) => code) as [string, string];
    const key = chain.centres[0]!.registered.keys.find(({ kind }) => kind === "seal")!;
    const qr = chain.centres[0]!.registered.keys.find(({ kind }) => kind === "qr")!;
    await write(chain.centres[0]!.guardian, registry, guardianCalls.distrust(hainan, "seal", key.value));
    await write(chain.deployer, registry, ownerCalls.distrustSince(hainan, "seal", key.value, 1_600_000_000));
    await write(chain.deployer, registry, ownerCalls.distrustSince(hainan, "qr", qr.value, 1_600_000_000));
    await write(chain.deployer, registry, ownerCalls.retrust(hainan, "qr", qr.value));
    await write(chain.deployer, registry, ownerCalls.endKey(hainan, "qr", qr.value, 4_000_000_000));
    await write(chain.deployer, registry, ownerCalls.setServiceUrl(hainan, "https://hainan.example/"));
    await write(chain.deployer, registry, ownerCalls.setLogEpoch(taiyuan, 2));
    await write(chain.deployer, registry, ownerCalls.remove(taiyuan));
    await write(chain.deployer, registry, ownerCalls.addKey(hainan, "bank", Buffer.from([1, 2]), 5, 6));
    await readAll(mirror());

    const list = await trustList(pool);
    expect(readTrustList(JSON.parse(JSON.stringify(list)))).toEqual(list);
    expect(list).toMatchObject({
      chainId: chain.chainId,
      registry,
      contracts: {
        checkpointAnchor: chain.contracts.checkpointAnchor,
        certificateStatus: chain.contracts.certificateStatus,
        blacklist: chain.contracts.blacklist,
      },
      witnessQuorum: 1,
    });
    const of = (code: string) => list.centres.find((centre) => centre.code === code)!;
    expect(of(hainan)).toMatchObject({
      name: chain.centres[0]!.registered.name,
      creditCode: chain.centres[0]!.registered.creditCode,
      serviceUrl: "https://hainan.example",
      logEpoch: 1,
      removed: false,
    });
    const keyOf = (kind: string) => of(hainan).keys.find((one) => one.kind === kind);
    expect(keyOf("seal")).toEqual({
      kind: "seal",
      value: Buffer.from(key.value).toString("hex"),
      from: 1_535_731_200,
      until: 0,
      distrustedSince: 1_600_000_000,
    });
    expect(keyOf("qr")).toMatchObject({ until: 4_000_000_000, distrustedSince: 0 });
    expect(keyOf("bank")).toEqual({ kind: "bank", value: "0102", from: 5, until: 6, distrustedSince: 0 });
    expect(of(taiyuan)).toMatchObject({ logEpoch: 2, removed: true });
  });

  it("pauses and accounts of a centre", async () => {
    const { registry } = chain.contracts;
    const one = mirror();
    const centre = async () =>
      (await pool.query("select paused, encode(anchorer, 'hex') as anchorer from mirror_centre where code = 'C46010'"))
        .rows[0] as unknown;
    const accounts = chain.centres[0]!.registered.accounts;
    await write(chain.centres[0]!.guardian, registry, guardianCalls.pause("C46010"));
    await readAll(one);
    expect(await centre()).toEqual({ paused: true, anchorer: accounts.anchorer.slice(2) });
    const anchorer = createSigner(testKey("other")).account;
    await write(chain.deployer, registry, ownerCalls.unpause("C46010"));
    await write(
      chain.deployer,
      registry,
      ownerCalls.setAccounts("C46010", { ...accounts, anchorer: toData(anchorer) }),
    );
    await readAll(one);
    expect(await centre()).toEqual({ paused: false, anchorer: anchorer.toString("hex") });
  });

  it("checkpoints, revocations and listings, the same as the contracts say", async () => {
    const { checkpointAnchor, certificateStatus, blacklist } = chain.contracts;
    const { statusWriter, lister, guardian } = chain.centres[0]!;
    const [a, b, c] = [1, 2, 3].map((n) => Buffer.alloc(32, n)) as [Buffer, Buffer, Buffer];
    await anchor(3);
    await anchor(9);
    await write(statusWriter, certificateStatus, encodeRevoke([7n, 8n, 9_007_199_254_740_993n], 2));
    await write(guardian, certificateStatus, encodeReinstate([8n]));
    await write(lister, blacklist, encodeList(a, root(1)));
    await write(lister, blacklist, encodeList(b, root(2)));
    await write(lister, blacklist, encodeList(c, root(3)));
    await write(lister, blacklist, encodeSuspend(b));
    await write(lister, blacklist, encodeLift(c, 2));
    await readAll(mirror());

    const { rows: anchors } = await pool.query<{ size: string; root: Buffer; block_time: Date }>(
      "select size, root, block_time from mirror_anchor where centre = 'C46010' and epoch = 1 order by size desc",
    );
    const latest = (await readLatestCheckpoint(chain.client, checkpointAnchor, "C46010", 1))!;
    expect(anchors).toHaveLength(2);
    expect(anchors[0]).toEqual({
      size: latest.size.toString(),
      root: latest.root,
      block_time: new Date(latest.time * 1000),
    });

    const { rows: revoked } = await pool.query<{ index: string; reason: number }>(
      "select index, reason from mirror_revocation where centre = 'C46010' order by index",
    );
    expect(revoked).toEqual([
      { index: "7", reason: 2 },
      { index: "9007199254740993", reason: 2 },
    ]);
    for (const index of [7n, 8n, 9_007_199_254_740_993n])
      expect(await readIsRevoked(chain.client, certificateStatus, "C46010", index)).toBe(
        revoked.some((row) => BigInt(row.index) === index),
      );

    for (const [id, state, reason] of [
      [a, "listed", null],
      [b, "suspended", null],
      [c, "lifted", 2],
    ] as const) {
      const { rows } = await pool.query(
        "select centre, state, commitment, lift_reason from mirror_listing where id = $1",
        [id],
      );
      const onChain = await readListing(chain.client, blacklist, id);
      expect(rows).toEqual([{ centre: "C46010", state, commitment: onChain.commitment, lift_reason: reason }]);
      expect(onChain).toMatchObject({ centre: "C46010", state });
    }
  });

  it("nothing before the registry is read", async () => {
    await expect(trustList(pool)).rejects.toMatchObject({ code: "CHAIN_NOT_READ" });
    expect(await mirrorAge(pool, new Date())).toBeUndefined();
    expect(await findCursor(pool)).toBeUndefined();
  });
});

describe("reading", () => {
  it("comes out the same from block 0, in one range or block by block", async () => {
    for (let size = 1; size <= 12; size++) await anchor(size);
    const one = mirror();
    await readAll(one);
    await anchor(13);
    await readAll(one);
    const expected = await tables(pool);
    expect(expected.events.length).toBeGreaterThan(13 + 12);
    for (const options of [{ startBlock: 0 }, { startBlock: 0, rangeBlocks: 1 }, { startBlock: 0, rangeBlocks: 3 }]) {
      const other = await freshDatabase();
      await readAll(mirror({ ...options, pool: other.pool }));
      expect(await tables(other.pool)).toEqual(expected);
    }
  });

  it("stays behind the head by the confirmations, and says how old it is", async () => {
    const at = new Date("2026-05-01T00:00:00Z");
    const one = mirror({ confirmations: 2, now: () => at });
    await anchor(1);
    await readAll(one);
    expect(await anchored()).toEqual([]);
    await chain.client.call("anvil_mine", ["0x2"]);
    await readAll(one);
    expect(await anchored()).toEqual([1]);
    expect(await mirrorAge(pool, new Date(at.getTime() + 4_500))).toBe(4.5);
  });

  it("goes on after an outage between any two requests, without a gap", async () => {
    for (let size = 1; size <= 5; size++) await anchor(size);
    for (let cut = 0; cut < 4; cut++) {
      const { pool: own } = await freshDatabase();
      const send = httpTransport(chain.url, 5_000);
      let requests = 0;
      const client = createChainClient({
        url: chain.url,
        transport: (body) => (requests++ === cut ? Promise.reject(new Error("cut")) : send(body)),
      });
      const broken = mirror({ client, pool: own });
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
    for (let size = 1; size <= 5; size++) await anchor(size);
    const limited: ChainClient = {
      ...chain.client,
      async call(method, params) {
        const { fromBlock, toBlock } = (params[0] ?? {}) as { fromBlock?: string; toBlock?: string };
        if (method === "eth_getLogs" && BigInt(toBlock!) - BigInt(fromBlock!) >= 2n)
          return chain.client.call("eth_noSuchMethod", []); // any refusal of the node
        return chain.client.call(method, params);
      },
    };
    const one = mirror({ client: limited });
    for (let answer: unknown = "again"; answer !== undefined;) answer = await one.step().catch(() => "again");
    expect(await anchored()).toEqual([1, 2, 3, 4, 5]);
  });

  it("writes nothing twice when replicas read at once", async () => {
    for (let size = 1; size <= 5; size++) await anchor(size);
    const replicas = [1, 2, 3].map(() => mirror({ rangeBlocks: 2 }));
    for (let answers: unknown[] = ["again"]; answers.includes("again");)
      answers = await Promise.all(replicas.map((one) => one.step()));
    expect(await anchored()).toEqual([1, 2, 3, 4, 5]);
  });

  it("reads a contract from the block that names it, and the old one still", async () => {
    const one = mirror();
    await anchor(1);
    await readAll(one);
    // A second registry's contract stands for a newer version: same code, another address.
    const newer = await ensureContracts({
      url: chain.url,
      deployerKey: testKey("other deployer"),
      centres: [chain.centres[0]!.registered],
    });
    const { anchorer } = chain.centres[0]!;
    await write(anchorer, newer.checkpointAnchor, encodeAnchor(1, 100n, root(100)));
    await write(
      chain.deployer,
      chain.contracts.registry,
      ownerCalls.setContract("CheckpointAnchor", newer.checkpointAnchor),
    );
    await write(anchorer, newer.checkpointAnchor, encodeAnchor(1, 101n, root(101)));
    await anchor(2);
    await readAll(one);
    expect(await anchored()).toEqual([1, 101, 2]);
    expect((await trustList(pool)).contracts.checkpointAnchor).toBe(newer.checkpointAnchor);

    const other = await freshDatabase();
    await readAll(mirror({ pool: other.pool }));
    expect(await tables(other.pool)).toEqual(await tables(pool));
  });

  it("refuses a database that mirrors another chain or registry", async () => {
    await readAll(mirror());
    await expect(mirror({ chainId: 1 }).step()).rejects.toThrow(/another chain/);
    await expect(mirror({ registry: chain.contracts.blacklist }).step()).rejects.toThrow(/another registry/);
  });

  it("tells listeners, from the background", async () => {
    const heard: (string | undefined)[] = [];
    const listener = listen({ pool, channel: "chain_event", onNotification: (payload) => heard.push(payload) });
    await expect.poll(() => heard).toEqual([undefined]);
    const loop = startMirror({
      pool,
      client: chain.client,
      chainId: chain.chainId,
      registry: chain.contracts.registry,
      startBlock: chain.contracts.startBlock,
      confirmations: 0,
      now: () => new Date(),
      intervalMs: 20,
    });
    await expect.poll(() => heard.length).toBe(2);
    await anchor(1);
    await expect.poll(() => heard.length).toBe(3);
    await loop.stop();
    await listener.stop();
    expect(await anchored()).toEqual([1]);
  });
});

describe("a chain that takes back blocks", () => {
  it("is undone and read again", async () => {
    const undone: bigint[] = [];
    const one = mirror({
      onReorganised: async (tx, block) => {
        undone.push(block);
        // Events above are gone already in this transaction.
        const { rows } = await tx.query("select 1 from chain_event where block_number > $1", [block]);
        expect(rows).toEqual([]);
      },
    });
    await anchor(1);
    const standing = fromQuantity(await chain.client.call("eth_blockNumber", []));
    await anchor(2);
    await anchor(3);
    await readAll(one);
    expect(await anchored()).toEqual([1, 2, 3]);

    // Two blocks are replaced by three empty ones with other hashes.
    await chain.client.call("anvil_reorg", [2, []]);
    await chain.client.call("anvil_mine", ["0x1"]);
    await readAll(one);
    expect(await anchored()).toEqual([1]);
    expect(undone).toEqual([standing]);

    await anchor(5);
    await readAll(one);
    expect(await anchored()).toEqual([1, 5]);
    const other = await freshDatabase();
    await readAll(mirror({ pool: other.pool }));
    expect(await tables(other.pool)).toEqual(await tables(pool));
  });

  it("takes nothing back that still stands, when only the cursor's block is replaced", async () => {
    const one = mirror();
    await anchor(1);
    await chain.client.call("anvil_mine", ["0x3"]);
    await readAll(one);
    const before = await tables(pool);
    // Without a transaction of its own, a block made in the same second would be the same block.
    const { guardian } = chain.centres[0]!;
    const unsigned = {
      chainId: chain.chainId,
      nonce: 0n,
      to: guardian.account,
      data: Buffer.alloc(0),
      gasLimit: 21_000n,
    };
    await chain.client.call("anvil_reorg", [2, [[toData(guardian.sign(unsigned).bytes), 0]]]);
    await readAll(one);
    const after = await tables(pool);
    expect({ ...after, cursor: null }).toEqual({ ...before, cursor: null });
    expect(after.cursor).not.toEqual(before.cursor);
  });

  it("goes back to the very beginning when it is another chain from there on", async () => {
    const one = mirror();
    await anchor(1);
    await readAll(one);
    await pool.query("update chain_block set hash = sha256(hash)");
    await pool.query("update chain_cursor set hash = sha256(hash)");
    await readAll(one);
    const other = await freshDatabase();
    await readAll(mirror({ pool: other.pool }));
    expect(await tables(pool)).toEqual(await tables(other.pool));
  });

  it("gets the outbox's writes again", async () => {
    const now = { at: Date.now() };
    const sender = createSender({
      pool,
      client: chain.client,
      chainId: chain.chainId,
      lane: "anchor",
      signer: chain.centres[0]!.anchorer,
      confirmations: 0,
      now: () => new Date(now.at),
    });
    const one = mirror();
    for (const size of [1, 2, 3]) {
      await enqueueAnchor(size);
      await drain(sender);
    }
    await readAll(one);
    expect(await anchored()).toEqual([1, 2, 3]);
    await chain.client.call("anvil_reorg", [2, []]);
    await readAll(one);
    expect(await anchored()).toEqual([1]);
    now.at += 10_000;
    await drain(sender);
    await readAll(one);
    expect(await anchored()).toEqual([1, 2, 3]);
    expect(await outboxSummary(pool)).toMatchObject({ failed: 0 });
    const { rows } = await pool.query<{ state: string; block_hash: Buffer; real: Buffer }>(
      `select w.state, w.block_hash, b.hash as real from chain_write w left join chain_block b on b.number = w.block_number`,
    );
    for (const row of rows) expect(row).toMatchObject({ state: "final", block_hash: row.real });
  });
});

describe("anvil killed and started from an older dump", () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-mirror-test-"));
  afterAll(() => fs.rmSync(dir, { recursive: true, force: true }));

  it("has every write again, once, and the mirror agrees", async () => {
    let node = await startChain({ dir, chainId: chain.chainId, keepDumping: false });
    const centre = testCentre("C46010", "http://127.0.0.1:1");
    const deploy = () =>
      ensureContracts({ url: node.url, deployerKey: testKey("deployer"), centres: [centre.registered] });
    const { registry, startBlock, checkpointAnchor } = await deploy();
    const client = createChainClient({ url: node.url });
    const now = { at: Date.now() };
    const sender = createSender({
      pool,
      client,
      chainId: chain.chainId,
      lane: "anchor",
      signer: centre.anchorer,
      confirmations: 0,
      now: () => new Date(now.at),
    });
    const one = createMirror({
      pool,
      client,
      chainId: chain.chainId,
      registry,
      startBlock,
      confirmations: 0,
      now: () => new Date(now.at),
    });
    for (const size of [1, 2]) await enqueueAnchor(size);
    await drain(sender);
    await node.dump();
    for (const size of [3, 4, 5]) await enqueueAnchor(size);
    await drain(sender);
    await readAll(one);
    process.kill(node.pid, "SIGKILL");
    await node.ended;
    await enqueueAnchor(6);
    await expect(sender.step()).rejects.toMatchObject({ name: "ChainUnreachable" });
    await expect(one.step()).rejects.toMatchObject({ name: "ChainUnreachable" });

    node = await startChain({ dir, chainId: chain.chainId, keepDumping: false });
    expect(await readLatestCheckpoint(client, checkpointAnchor, "C46010", 1)).toMatchObject({ size: 2n });
    expect((await deploy()).sent).toBe(0);
    await readAll(one);
    expect(await anchored()).toEqual([1, 2]);
    now.at += 10_000;
    await drain(sender);
    await readAll(one);
    expect(await anchored()).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await findWrite(pool, "anchor/1/6")).toMatchObject({ state: "final" });
    const { rows } = await pool.query("select nonce from chain_write order by id");
    expect(rows).toEqual([0n, 1n, 2n, 3n, 4n, 5n].map((nonce) => ({ nonce })));
    expect(await client.call("eth_getTransactionCount", [toData(centre.anchorer.account), "latest"])).toBe(quantity(6));
    await node.stop();
  });
});

const enqueueAnchor = (size: number) =>
  enqueueWrite(pool, {
    lane: "anchor",
    key: `anchor/1/${size}`,
    to: chain.contracts.checkpointAnchor,
    data: encodeAnchor(1, BigInt(size), root(size)),
  });

async function drain(sender: Sender): Promise<void> {
  await expect
    .poll(
      async () => {
        await sender.step();
        const { queued, inFlight } = await outboxSummary(pool);
        return queued + inFlight;
      },
      { timeout: 20_000, interval: 10 },
    )
    .toBe(0);
}
