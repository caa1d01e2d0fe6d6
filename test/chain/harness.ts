// What the chain's tests share: one chain for a test file, set back before each test, and a database of its own for each.
import { beforeAll, beforeEach, expect } from "vitest";
import { encodeAnchor } from "../../service/src/chain/checkpoint-anchor.ts";
import { fromQuantity, toData } from "../../service/src/chain/client.ts";
import { createMirror } from "../../service/src/chain/mirror.ts";
import type { Mirror, MirrorOptions } from "../../service/src/chain/mirror.ts";
import { createSender, enqueueWrite, outboxSummary } from "../../service/src/chain/outbox.ts";
import type { Sender, SenderOptions } from "../../service/src/chain/outbox.ts";
import type { Signer } from "../../service/src/chain/transaction.ts";
import type { Pool } from "../../service/src/db.ts";
import { freshChain } from "../helpers/chain.ts";
import type { TestChain } from "../helpers/chain.ts";
import { freshDatabase } from "../helpers/database.ts";

export interface Harness {
  readonly chain: TestChain;
  readonly pool: Pool;
}

/** Call it once at the top of a test file. */
export function useChain(): Harness {
  const state: { chain?: TestChain; pool?: Pool } = {};
  beforeAll(async () => {
    state.chain = await freshChain();
  });
  beforeEach(async () => {
    await state.chain!.reset();
    state.pool = (await freshDatabase()).pool;
  });
  return {
    get chain() {
      return state.chain!;
    },
    get pool() {
      return state.pool!;
    },
  };
}

export function mirrorOf({ chain, pool }: Harness, overrides: Partial<MirrorOptions> = {}): Mirror {
  const { client, chainId, contracts } = chain;
  const { registry, startBlock } = contracts;
  return createMirror({
    pool,
    client,
    chainId,
    registry,
    startBlock,
    confirmations: 0,
    now: () => new Date(),
    ...overrides,
  });
}

/** Steps until everything is read. */
export async function readAll(mirror: Mirror): Promise<void> {
  for (let steps = 0; (await mirror.step()) !== undefined; steps++) expect(steps).toBeLessThan(1_000);
}

/** Sender of the first centre's anchors. */
export function senderOf({ chain, pool }: Harness, overrides: Partial<SenderOptions> = {}): Sender {
  const { client, chainId, centres } = chain;
  return createSender({
    pool,
    client,
    chainId,
    lane: "anchor",
    signer: centres[0]!.anchorer,
    confirmations: 0,
    now: () => new Date(),
    ...overrides,
  });
}

/** Steps until nothing is open. */
export async function drain(pool: Pool, sender: Sender): Promise<void> {
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

/** A root that tells its size, for sizes up to 255. */
export const rootOf = (size: number) => Buffer.alloc(32, size);

/** Puts an anchor into the outbox, under a key of its size and root. */
export function enqueueAnchor({ chain, pool }: Harness, size: number, rootByte = size): Promise<bigint> {
  return enqueueWrite(pool, {
    lane: "anchor",
    key: `anchor/1/${size}/${rootByte}`,
    to: chain.contracts.checkpointAnchor,
    data: encodeAnchor(1, BigInt(size), rootOf(rootByte)),
  });
}

/** Sends one call without an outbox and waits until it is in a block. @throws when it reverts */
export async function write({ chain }: Harness, signer: Signer, to: string, data: Uint8Array): Promise<void> {
  const { client, chainId } = chain;
  const nonce = fromQuantity(await client.call("eth_getTransactionCount", [toData(signer.account), "latest"]));
  const contract = Buffer.from(to.slice(2), "hex");
  const { bytes, hash } = signer.sign({ chainId, nonce, to: contract, data, gasLimit: 1_000_000n });
  await client.call("eth_sendRawTransaction", [toData(bytes)]);
  const receipt = async () => client.call("eth_getTransactionReceipt", [toData(hash)]);
  await expect.poll(receipt, { interval: 5 }).not.toBeNull();
  expect(await receipt()).toMatchObject({ status: "0x1" });
}

/** Anchors directly, in a block of its own. */
export const anchor = (harness: Harness, size: number) =>
  write(
    harness,
    harness.chain.centres[0]!.anchorer,
    harness.chain.contracts.checkpointAnchor,
    encodeAnchor(1, BigInt(size), rootOf(size)),
  );

/** Sizes of the mirrored anchors in their order. */
export async function anchoredSizes(pool: Pool): Promise<number[]> {
  const { rows } = await pool.query<{ size: string }>(
    "select size from mirror_anchor order by block_number, log_index",
  );
  return rows.map(({ size }) => Number(size));
}

/** All that the mirror knows and that must not depend on how it was read. */
export async function mirrorTables(pool: Pool): Promise<{ blocks: unknown[]; events: unknown[]; cursor: unknown[] }> {
  return {
    blocks: (await pool.query("select * from chain_block order by number")).rows,
    events: (await pool.query("select * from chain_event order by block_number, log_index")).rows,
    cursor: (await pool.query("select chain_id, registry, number, hash, time from chain_cursor")).rows,
  };
}
