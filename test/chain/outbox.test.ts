// The outbox writes to a real chain and is cut off at every step: a write has its effect once, whatever happens.
import { Transaction } from "ethers";
import { describe, expect, it } from "vitest";
import { encodeAnchor, readLatestCheckpoint } from "../../service/src/chain/checkpoint-anchor.ts";
import { createChainClient, fromQuantity, httpTransport, toData } from "../../service/src/chain/client.ts";
import type { Transport } from "../../service/src/chain/client.ts";
import { enqueueWrite, findWrite, outboxSummary, startOutbox } from "../../service/src/chain/outbox.ts";
import type { FailedWrite } from "../../service/src/chain/outbox.ts";
import { createSigner } from "../../service/src/chain/transaction.ts";
import { transaction } from "../../service/src/db.ts";
import { testKey } from "../helpers/chain.ts";
import { breakingOnce, poolBreakingOnce } from "./faults.ts";
import { drain, enqueueAnchor, rootOf, senderOf, useChain } from "./harness.ts";

const on = useChain();

const used = async () =>
  fromQuantity(
    await on.chain.client.call("eth_getTransactionCount", [toData(on.chain.centres[0]!.anchorer.account), "latest"]),
  );
const latest = async () => readLatestCheckpoint(on.chain.client, on.chain.contracts.checkpointAnchor, "C46010", 1);
const nonces = async () =>
  (await on.pool.query<{ nonce: bigint }>("select nonce from chain_write order by id")).rows.map(({ nonce }) => nonce);

describe("putting a write into the outbox", () => {
  it("is idempotent by key, and a key cannot be used for anything else", async () => {
    const first = await enqueueAnchor(on, 1);
    expect(await enqueueAnchor(on, 1)).toBe(first);
    const other = { lane: "anchor", key: "anchor/1/1/1", to: on.chain.contracts.checkpointAnchor } as const;
    await expect(enqueueWrite(on.pool, { ...other, data: encodeAnchor(1, 2n, rootOf(2)) })).rejects.toThrow(
      /invariant/,
    );
    await expect(
      enqueueWrite(on.pool, { ...other, lane: "status", data: encodeAnchor(1, 1n, rootOf(1)) }),
    ).rejects.toThrow(/invariant/);
  });

  it("happens only if the caller's transaction commits", async () => {
    await expect(
      transaction(on.pool, async (tx) => {
        await enqueueWrite(tx, {
          lane: "anchor",
          key: "k",
          to: on.chain.contracts.blacklist,
          data: Buffer.from("01020304", "hex"),
        });
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    expect(await findWrite(on.pool, "k")).toBeUndefined();
  });

  it("keeps what was written: the database refuses to change or remove it", async () => {
    await enqueueAnchor(on, 1);
    await drain(on.pool, senderOf(on));
    for (const sql of [
      "update chain_write set data = '\\x00000000'",
      "update chain_write set key = 'other'",
      "update chain_write set signed_transaction = '\\x00'",
      "delete from chain_write",
      "truncate chain_write",
    ])
      await expect(on.pool.query(sql)).rejects.toMatchObject({ code: "CZC01" });
  });
});

describe("sending", () => {
  it("sends in order with nonces without a gap, many at once", async () => {
    for (let size = 1; size <= 200; size++) await enqueueAnchor(on, size);
    const started = performance.now();
    await drain(on.pool, senderOf(on));
    const perSecond = 200 / ((performance.now() - started) / 1000);
    expect(perSecond).toBeGreaterThan(50);
    expect(await nonces()).toEqual(Array.from({ length: 200 }, (_, i) => BigInt(i)));
    expect(await latest()).toMatchObject({ size: 200n, root: rootOf(200) });
    expect(await findWrite(on.pool, "anchor/1/200/200")).toMatchObject({ state: "final", error: null });
  });

  it("marks a reverted write failed, says why, and goes on", async () => {
    const failed: FailedWrite[] = [];
    await enqueueAnchor(on, 5);
    await drain(on.pool, senderOf(on));
    await enqueueAnchor(on, 5, 6);
    await enqueueAnchor(on, 7);
    await drain(on.pool, senderOf(on, { onFailed: (write) => failed.push(write) }));
    expect(failed).toEqual([
      { id: expect.anything(), lane: "anchor", key: "anchor/1/5/6", error: expect.stringMatching(/^Fork\(/) },
    ]);
    expect(await findWrite(on.pool, "anchor/1/5/6")).toMatchObject({ state: "failed" });
    expect(await latest()).toMatchObject({ size: 7n });
    expect(await outboxSummary(on.pool)).toMatchObject({ queued: 0, inFlight: 0, failed: 1 });
  });

  it("is final only under enough blocks", async () => {
    await enqueueAnchor(on, 1);
    const one = senderOf(on, { confirmations: 3 });
    await expect
      .poll(async () => {
        await one.step();
        return (await findWrite(on.pool, "anchor/1/1/1"))!.state;
      })
      .toBe("mined");
    await one.step();
    expect(await findWrite(on.pool, "anchor/1/1/1")).toMatchObject({ state: "mined" });
    await on.chain.client.call("anvil_mine", ["0x3"]);
    await one.step();
    expect(await findWrite(on.pool, "anchor/1/1/1")).toMatchObject({ state: "final" });
  });

  it("keeps going by itself in the background, woken by the commit", async () => {
    const { anchorer, statusWriter, lister } = on.chain.centres[0]!;
    const outbox = startOutbox({
      pool: on.pool,
      client: on.chain.client,
      chainId: on.chain.chainId,
      signers: { anchor: anchorer, status: statusWriter, listing: lister },
      confirmations: 0,
      now: () => new Date(),
    });
    await enqueueAnchor(on, 1);
    const started = performance.now();
    await expect.poll(async () => (await latest())?.size, { interval: 10 }).toBe(1n);
    expect(performance.now() - started).toBeLessThan(900);
    await outbox.stop();
  });
});

describe("a step that is cut off", () => {
  const methods = [
    "eth_getTransactionCount",
    "eth_sendRawTransaction",
    "eth_getTransactionReceipt",
    "eth_call",
  ] as const;

  for (const method of methods)
    for (const done of [false, true])
      it(`at ${method}, ${done ? "failed but done" : "failed and not done"}`, async () => {
        await enqueueAnchor(on, 1);
        await enqueueAnchor(on, 1, 9); // reverts as a fork, so that eth_call is reached
        await enqueueAnchor(on, 3);
        const broken = breakingOnce(on.chain.url, method, done);
        const first = senderOf(on, { client: createChainClient({ url: on.chain.url, transport: broken.transport }) });
        await expect
          .poll(async () => {
            await first.step().catch(() => undefined);
            return broken.happened();
          })
          .toBe(true);
        // A new process knows only what Postgres says.
        await drain(on.pool, senderOf(on));
        expect(await nonces()).toEqual([0n, 1n, 2n]);
        expect(await used()).toBe(3n);
        expect(await latest()).toMatchObject({ size: 3n, root: rootOf(3) });
        expect(await findWrite(on.pool, "anchor/1/1/9")).toMatchObject({ state: "failed" });
      });

  for (const statement of ["storeSigned", "markSent", "storeOutcomes"] as const)
    for (const done of [false, true])
      it(`at the database's ${statement}, ${done ? "failed but done" : "failed and not done"}`, async () => {
        await enqueueAnchor(on, 1);
        await enqueueAnchor(on, 2);
        const broken = poolBreakingOnce(on.pool, statement, done);
        const first = senderOf(on, { pool: broken.pool });
        await expect
          .poll(async () => {
            await first.step().catch(() => undefined);
            return broken.happened();
          })
          .toBe(true);
        await drain(on.pool, senderOf(on));
        expect(await used()).toBe(2n);
        expect(await latest()).toMatchObject({ size: 2n });
        expect(await nonces()).toEqual([0n, 1n]);
      });

  it("an outage of the chain loses nothing", async () => {
    await enqueueAnchor(on, 1);
    const gone = createChainClient({ url: "http://127.0.0.1:1" });
    await expect(senderOf(on, { client: gone }).step()).rejects.toMatchObject({ name: "ChainUnreachable" });
    await drain(on.pool, senderOf(on));
    expect(await latest()).toMatchObject({ size: 1n });
  });
});

describe("a chain that forgot", () => {
  it("gets everything again, in order, with the effect once", async () => {
    const snapshot = await on.chain.client.call("evm_snapshot", []);
    const now = { at: Date.now() };
    const one = senderOf(on, { now: () => new Date(now.at) });
    for (let size = 1; size <= 5; size++) await enqueueAnchor(on, size);
    await drain(on.pool, one);
    const before = await on.pool.query("select id, nonce, signed_transaction from chain_write order by id");
    await on.chain.client.call("evm_revert", [snapshot]);
    expect(await latest()).toBeNull();

    await enqueueAnchor(on, 6);
    await one.step();
    now.at += 10_000;
    await drain(on.pool, one);
    expect(await latest()).toMatchObject({ size: 6n });
    expect(await used()).toBe(6n);
    const after = await on.pool.query("select id, nonce, signed_transaction from chain_write order by id limit 5");
    expect(after.rows).toEqual(before.rows);
  });

  it("gets a write again that it had accepted and dropped", async () => {
    await on.chain.client.call("evm_setAutomine", [false]);
    await enqueueAnchor(on, 1);
    const now = { at: Date.now() };
    const one = senderOf(on, { now: () => new Date(now.at) });
    await one.step();
    await on.chain.client.call("anvil_dropAllTransactions", []);
    await on.chain.client.call("evm_setAutomine", [true]);
    await one.step();
    expect(await used()).toBe(0n);
    now.at += 6_000;
    await drain(on.pool, one);
    expect(await latest()).toMatchObject({ size: 1n });
  });
});

describe("an account that somebody else used", () => {
  it("goes on after the chain's nonce, and signs anew what lost its nonce", async () => {
    const { anchorer } = on.chain.centres[0]!;
    await enqueueAnchor(on, 1);
    await enqueueAnchor(on, 2);
    // Signed and stored, but the node gets another transaction with the first nonce before ours.
    const deaf = breakingOnce(on.chain.url, "eth_sendRawTransaction", false);
    const now = { at: Date.now() };
    const client = createChainClient({ url: on.chain.url, transport: deaf.transport });
    await senderOf(on, { client, now: () => new Date(now.at) })
      .step()
      .catch(() => undefined);
    // Another gas limit makes it another transaction; it does what a lost failover would have done.
    const foreign = anchorer.sign({
      chainId: on.chain.chainId,
      nonce: 0n,
      to: Buffer.from(on.chain.contracts.checkpointAnchor.slice(2), "hex"),
      data: encodeAnchor(1, 1n, rootOf(1)),
      gasLimit: 400_000n,
    });
    await on.chain.client.call("eth_sendRawTransaction", [toData(foreign.bytes)]);
    await expect.poll(used).toBe(1n);
    const one = senderOf(on, { now: () => new Date(now.at) });
    await expect
      .poll(
        async () => {
          await one.step();
          now.at += 6_000;
          const { queued, inFlight } = await outboxSummary(on.pool);
          return queued + inFlight;
        },
        { interval: 20 },
      )
      .toBe(0);
    expect(await latest()).toMatchObject({ size: 2n });
  });

  it("a lane whose account was rotated signs its open writes anew", async () => {
    await on.chain.client.call("evm_setAutomine", [false]);
    await enqueueAnchor(on, 1);
    await senderOf(on).step();
    await on.chain.client.call("anvil_dropAllTransactions", []);
    await on.chain.client.call("evm_setAutomine", [true]);
    const other = createSigner(testKey("another anchorer"));
    await senderOf(on, { signer: other }).step();
    const { rows } = await on.pool.query<{ account: Buffer; nonce: bigint }>("select account, nonce from chain_write");
    expect(rows).toEqual([{ account: other.account, nonce: 0n }]);
  });
});

describe("two replicas", () => {
  it("never send other bytes for a nonce, even when both believe to lead", async () => {
    const seen = new Map<string, Set<string>>();
    const spy = (url: string): Transport => {
      const send = httpTransport(url, 5_000);
      return (body) => {
        for (const { method, params } of JSON.parse(body) as { method: string; params: string[] }[])
          if (method === "eth_sendRawTransaction") {
            const nonce = nonceOf(params[0]!);
            seen.set(nonce, (seen.get(nonce) ?? new Set()).add(params[0]!));
          }
        return send(body);
      };
    };
    const replicas = [1, 2, 3].map(() =>
      senderOf(on, { client: createChainClient({ url: on.chain.url, transport: spy(on.chain.url) }), inFlight: 8 }),
    );
    for (let size = 1; size <= 60; size++) await enqueueAnchor(on, size);
    await expect
      .poll(
        async () => {
          await Promise.all(replicas.map((replica) => replica.step()));
          return (await latest())?.size;
        },
        { timeout: 20_000, interval: 5 },
      )
      .toBe(60n);
    expect(seen.size).toBe(60);
    for (const bytes of seen.values()) expect(bytes.size).toBe(1);
    expect(await used()).toBe(60n);
  });
});

function nonceOf(raw: string): string {
  return String(Transaction.from(raw).nonce);
}
