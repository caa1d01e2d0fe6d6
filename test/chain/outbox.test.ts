// The outbox writes to a real chain and is cut off at every step: a write has its effect once, whatever happens.
import { Transaction } from "ethers";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { encodeAnchor, readLatestCheckpoint } from "../../service/src/chain/checkpoint-anchor.ts";
import { createChainClient, fromQuantity, httpTransport, toData } from "../../service/src/chain/client.ts";
import type { Transport } from "../../service/src/chain/client.ts";
import { enqueueWrite, createSender, findWrite, outboxSummary, startOutbox } from "../../service/src/chain/outbox.ts";
import type { FailedWrite, Sender, SenderOptions } from "../../service/src/chain/outbox.ts";
import { createSigner } from "../../service/src/chain/transaction.ts";
import type { Pool } from "../../service/src/db.ts";
import { transaction } from "../../service/src/db.ts";
import { freshChain, testKey } from "../helpers/chain.ts";
import type { TestChain } from "../helpers/chain.ts";
import { freshDatabase } from "../helpers/database.ts";

let chain: TestChain;
let pool: Pool;
const root = (size: number) => Buffer.alloc(32, size);

async function enqueueAnchor(size: number, rootByte = size): Promise<bigint> {
  return transaction(pool, (tx) =>
    enqueueWrite(tx, {
      lane: "anchor",
      key: `anchor/1/${size}/${rootByte}`,
      to: chain.contracts.checkpointAnchor,
      data: encodeAnchor(1, BigInt(size), root(rootByte)),
    }),
  );
}

function sender(overrides: Partial<SenderOptions> = {}): Sender {
  return createSender({
    pool,
    client: chain.client,
    chainId: chain.chainId,
    lane: "anchor",
    signer: chain.centres[0]!.anchorer,
    confirmations: 0,
    now: () => new Date(),
    ...overrides,
  });
}

/** Steps until nothing is open. */
async function drain(one: Sender): Promise<void> {
  await expect
    .poll(
      async () => {
        await one.step();
        const { queued, inFlight } = await outboxSummary(pool);
        return queued + inFlight;
      },
      { timeout: 20_000, interval: 10 },
    )
    .toBe(0);
}

const used = async () =>
  fromQuantity(
    await chain.client.call("eth_getTransactionCount", [toData(chain.centres[0]!.anchorer.account), "latest"]),
  );
const latest = async () => readLatestCheckpoint(chain.client, chain.contracts.checkpointAnchor, "C46010", 1);
const nonces = async () =>
  (await pool.query<{ nonce: bigint }>("select nonce from chain_write order by id")).rows.map(({ nonce }) => nonce);

beforeAll(async () => {
  chain = await freshChain();
});

beforeEach(async () => {
  await chain.reset();
  ({ pool } = await freshDatabase());
});

describe("putting a write into the outbox", () => {
  it("is idempotent by key, and a key cannot be used for anything else", async () => {
    const first = await enqueueAnchor(1);
    expect(await enqueueAnchor(1)).toBe(first);
    const other = { lane: "anchor", key: "anchor/1/1/1", to: chain.contracts.checkpointAnchor } as const;
    await expect(enqueueWrite(pool, { ...other, data: encodeAnchor(1, 2n, root(2)) })).rejects.toThrow(/invariant/);
    await expect(enqueueWrite(pool, { ...other, lane: "status", data: encodeAnchor(1, 1n, root(1)) })).rejects.toThrow(
      /invariant/,
    );
  });

  it("happens only if the caller's transaction commits", async () => {
    await expect(
      transaction(pool, async (tx) => {
        await enqueueWrite(tx, {
          lane: "anchor",
          key: "k",
          to: chain.contracts.blacklist,
          data: Buffer.from("01020304", "hex"),
        });
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    expect(await findWrite(pool, "k")).toBeUndefined();
  });

  it("keeps what was written: the database refuses to change or remove it", async () => {
    await enqueueAnchor(1);
    await drain(sender());
    for (const sql of [
      "update chain_write set data = '\\x00000000'",
      "update chain_write set key = 'other'",
      "update chain_write set signed_transaction = '\\x00'",
      "delete from chain_write",
      "truncate chain_write",
    ])
      await expect(pool.query(sql)).rejects.toMatchObject({ code: "CZC01" });
  });
});

describe("sending", () => {
  it("sends in order with nonces without a gap, many at once", async () => {
    for (let size = 1; size <= 200; size++) await enqueueAnchor(size);
    const started = performance.now();
    await drain(sender());
    const perSecond = 200 / ((performance.now() - started) / 1000);
    expect(perSecond).toBeGreaterThan(50);
    expect(await nonces()).toEqual(Array.from({ length: 200 }, (_, i) => BigInt(i)));
    expect(await latest()).toMatchObject({ size: 200n, root: root(200) });
    expect(await findWrite(pool, "anchor/1/200/200")).toMatchObject({ state: "final", error: null });
  });

  it("marks a reverted write failed, says why, and goes on", async () => {
    const failed: FailedWrite[] = [];
    await enqueueAnchor(5);
    await drain(sender());
    await enqueueAnchor(5, 6);
    await enqueueAnchor(7);
    await drain(sender({ onFailed: (write) => failed.push(write) }));
    expect(failed).toEqual([
      { id: expect.anything(), lane: "anchor", key: "anchor/1/5/6", error: expect.stringMatching(/^Fork\(/) },
    ]);
    expect(await findWrite(pool, "anchor/1/5/6")).toMatchObject({ state: "failed" });
    expect(await latest()).toMatchObject({ size: 7n });
    expect(await outboxSummary(pool)).toMatchObject({ queued: 0, inFlight: 0, failed: 1 });
  });

  it("is final only under enough blocks", async () => {
    await enqueueAnchor(1);
    const one = sender({ confirmations: 3 });
    await expect
      .poll(async () => {
        await one.step();
        return (await findWrite(pool, "anchor/1/1/1"))!.state;
      })
      .toBe("mined");
    await one.step();
    expect(await findWrite(pool, "anchor/1/1/1")).toMatchObject({ state: "mined" });
    await chain.client.call("anvil_mine", ["0x3"]);
    await one.step();
    expect(await findWrite(pool, "anchor/1/1/1")).toMatchObject({ state: "final" });
  });

  it("keeps going by itself in the background, woken by the commit", async () => {
    const { anchorer, statusWriter, lister } = chain.centres[0]!;
    const outbox = startOutbox({
      pool,
      client: chain.client,
      chainId: chain.chainId,
      signers: { anchor: anchorer, status: statusWriter, listing: lister },
      confirmations: 0,
      now: () => new Date(),
    });
    await enqueueAnchor(1);
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
        await enqueueAnchor(1);
        await enqueueAnchor(1, 9); // reverts as a fork, so that eth_call is reached
        await enqueueAnchor(3);
        const broken = breakingOnce(chain.url, method, done);
        const first = sender({ client: createChainClient({ url: chain.url, transport: broken.transport }) });
        await expect
          .poll(async () => {
            await first.step().catch(() => undefined);
            return broken.happened();
          })
          .toBe(true);
        // A new process knows only what Postgres says.
        await drain(sender());
        expect(await nonces()).toEqual([0n, 1n, 2n]);
        expect(await used()).toBe(3n);
        expect(await latest()).toMatchObject({ size: 3n, root: root(3) });
        expect(await findWrite(pool, "anchor/1/1/9")).toMatchObject({ state: "failed" });
      });

  for (const statement of ["storeSigned", "markSent", "storeOutcomes"] as const)
    for (const done of [false, true])
      it(`at the database's ${statement}, ${done ? "failed but done" : "failed and not done"}`, async () => {
        await enqueueAnchor(1);
        await enqueueAnchor(2);
        const broken = poolBreakingOnce(pool, statement, done);
        const first = sender({ pool: broken.pool });
        await expect
          .poll(async () => {
            await first.step().catch(() => undefined);
            return broken.happened();
          })
          .toBe(true);
        await drain(sender());
        expect(await used()).toBe(2n);
        expect(await latest()).toMatchObject({ size: 2n });
        expect(await nonces()).toEqual([0n, 1n]);
      });

  it("an outage of the chain loses nothing", async () => {
    await enqueueAnchor(1);
    const gone = createChainClient({ url: "http://127.0.0.1:1" });
    await expect(sender({ client: gone }).step()).rejects.toMatchObject({ name: "ChainUnreachable" });
    await drain(sender());
    expect(await latest()).toMatchObject({ size: 1n });
  });
});

describe("a chain that forgot", () => {
  it("gets everything again, in order, with the effect once", async () => {
    const snapshot = await chain.client.call("evm_snapshot", []);
    const now = { at: Date.now() };
    const one = sender({ now: () => new Date(now.at) });
    for (let size = 1; size <= 5; size++) await enqueueAnchor(size);
    await drain(one);
    const before = await pool.query("select id, nonce, signed_transaction from chain_write order by id");
    await chain.client.call("evm_revert", [snapshot]);
    expect(await latest()).toBeNull();

    await enqueueAnchor(6);
    await one.step();
    now.at += 10_000;
    await drain(one);
    expect(await latest()).toMatchObject({ size: 6n });
    expect(await used()).toBe(6n);
    const after = await pool.query("select id, nonce, signed_transaction from chain_write order by id limit 5");
    expect(after.rows).toEqual(before.rows);
  });

  it("gets a write again that it had accepted and dropped", async () => {
    await chain.client.call("evm_setAutomine", [false]);
    await enqueueAnchor(1);
    const now = { at: Date.now() };
    const one = sender({ now: () => new Date(now.at) });
    await one.step();
    await chain.client.call("anvil_dropAllTransactions", []);
    await chain.client.call("evm_setAutomine", [true]);
    await one.step();
    expect(await used()).toBe(0n);
    now.at += 6_000;
    await drain(one);
    expect(await latest()).toMatchObject({ size: 1n });
  });
});

describe("an account that somebody else used", () => {
  it("goes on after the chain's nonce, and signs anew what lost its nonce", async () => {
    const { anchorer } = chain.centres[0]!;
    await enqueueAnchor(1);
    await enqueueAnchor(2);
    // Signed and stored, but the node gets another transaction with the first nonce before ours.
    const deaf = breakingOnce(chain.url, "eth_sendRawTransaction", false);
    const now = { at: Date.now() };
    const client = createChainClient({ url: chain.url, transport: deaf.transport });
    await sender({ client, now: () => new Date(now.at) })
      .step()
      .catch(() => undefined);
    // Another gas limit makes it another transaction; it does what a lost failover would have done.
    const foreign = anchorer.sign({
      chainId: chain.chainId,
      nonce: 0n,
      to: Buffer.from(chain.contracts.checkpointAnchor.slice(2), "hex"),
      data: encodeAnchor(1, 1n, root(1)),
      gasLimit: 400_000n,
    });
    await chain.client.call("eth_sendRawTransaction", [toData(foreign.bytes)]);
    await expect.poll(used).toBe(1n);
    const one = sender({ now: () => new Date(now.at) });
    await expect
      .poll(
        async () => {
          await one.step();
          now.at += 6_000;
          const { queued, inFlight } = await outboxSummary(pool);
          return queued + inFlight;
        },
        { interval: 20 },
      )
      .toBe(0);
    expect(await latest()).toMatchObject({ size: 2n });
  });

  it("a lane whose account was rotated signs its open writes anew", async () => {
    await chain.client.call("evm_setAutomine", [false]);
    await enqueueAnchor(1);
    await sender().step();
    await chain.client.call("anvil_dropAllTransactions", []);
    await chain.client.call("evm_setAutomine", [true]);
    const other = createSigner(testKey("another anchorer"));
    await sender({ signer: other }).step();
    const { rows } = await pool.query<{ account: Buffer; nonce: bigint }>("select account, nonce from chain_write");
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
      sender({ client: createChainClient({ url: chain.url, transport: spy(chain.url) }), inFlight: 8 }),
    );
    for (let size = 1; size <= 60; size++) await enqueueAnchor(size);
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

/** Fails the first request with this method: before it is carried out, or after, when its answer is lost. */
function breakingOnce(url: string, method: string, done: boolean): { transport: Transport; happened(): boolean } {
  const send = httpTransport(url, 5_000);
  let happened = false;
  return {
    happened: () => happened,
    async transport(body) {
      if (happened || !body.includes(`"${method}"`)) return send(body);
      happened = true;
      if (done) await send(body);
      throw new Error("the connection was cut");
    },
  };
}

const statements = {
  storeSigned: /set state = 'signed', account/,
  markSent: /set sent_at =/,
  storeOutcomes: /set state = o\.state/,
};

/** A pool whose first such statement fails: before it is carried out, or after its commit. */
function poolBreakingOnce(
  real: Pool,
  statement: keyof typeof statements,
  done: boolean,
): { pool: Pool; happened(): boolean } {
  let happened = false;
  let pending = false;
  const wrap =
    (query: (...args: never[]) => Promise<unknown>) =>
    async (...args: never[]): Promise<unknown> => {
      const text = String(args[0]);
      const hit = !happened && statements[statement].test(text);
      if (hit && !done) {
        happened = true;
        throw new Error("the connection was cut");
      }
      const result = await query(...args);
      if (hit) pending = true;
      // Inside a transaction the loss that matters is that of the answer to COMMIT; outside, that of the statement.
      if (pending && (text === "commit" || (hit && statement !== "storeSigned"))) {
        pending = false;
        happened = true;
        throw new Error("the answer was lost");
      }
      return result;
    };
  const pool = new Proxy(real, {
    get(target, name) {
      if (name === "query") return wrap(target.query.bind(target) as never);
      if (name === "connect")
        return async () => {
          const client = await target.connect();
          return new Proxy(client, {
            get(inner, member) {
              if (member === "query") return wrap(inner.query.bind(inner) as never);
              const value = Reflect.get(inner, member) as unknown;
              return typeof value === "function" ? value.bind(inner) : value;
            },
          });
        };
      const value = Reflect.get(target, name) as unknown;
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { pool, happened: () => happened };
}
