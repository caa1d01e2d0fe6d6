// The outbox: how this centre writes to the chain, so that every write has its effect once.
//
// One lane is one account with one order of nonces. A step of a lane's sender, each part of which may be the last before
// a crash, after which the same step goes on from what Postgres says:
//
//   1. ask the chain how many transactions it has of the account; what we saw in blocks beyond that, it forgot
//   2. give queued writes their nonces, sign them and store the bytes          <- commit point: only these bytes are
//      ever sent for the nonce, whoever sends them
//   3. send what was not sent, or not mined for a while, in the order of nonces
//   4. ask for receipts and write down in which block each write is, and whether it reverted
//
// Sent at least once, with an effect that happens once: the chain takes a nonce once, and the calls themselves change
// nothing the second time. A reverted write is a failed one: it is reported and holds up nobody.
// A stuck transaction is sent again as the same bytes; a replacement at a higher price would only matter on a chain
// with prices, and ours has none.
import type { Pool, Queryable } from "../db.ts";
import { transaction } from "../db.ts";
import { invariant } from "../errors.ts";
import { listen, startLoop, withLeadership } from "../jobs.ts";
import type { JobLog } from "../jobs.ts";
import { describeRevert, fromData, fromQuantity, quantity, resultOf, revertData, toData } from "./client.ts";
import type { ChainClient } from "./client.ts";
import * as store from "./outbox-store.ts";
import { intrinsicGas } from "./transaction.ts";
import type { Signer } from "./transaction.ts";

export { resetWritesAbove } from "./outbox-store.ts";

/** Which of the centre's accounts sends. */
export type Lane = "anchor" | "status" | "listing";
export const lanes: readonly Lane[] = ["anchor", "status", "listing"];
export type WriteState = "queued" | "signed" | "mined" | "final" | "failed";

export interface Write {
  lane: Lane;
  /** made by the caller from what is written, 1 to 200 characters, such as `anchor/1/4711` */
  key: string;
  /** address of the contract, 0x and hex */
  to: string;
  /** the ABI-encoded call */
  data: Uint8Array;
  /** at most this much gas; 500,000 if not given */
  gasLimit?: bigint;
}

/**
 * Puts a write into the outbox, in the caller's transaction: it will be sent if that commits, and never otherwise.
 * Writes of a lane are sent in the order of their ids. A second identical call changes nothing and returns the same id.
 * The same key for another lane, contract or call is a bug.
 */
export async function enqueueWrite(tx: Queryable, write: Write): Promise<bigint> {
  const contract = fromData(write.to, 20);
  const gasLimit = write.gasLimit ?? 500_000n;
  invariant(gasLimit >= intrinsicGas(write.data), "the gas limit does not even cover the call's data");
  const id = await store.insertWrite(tx, { lane: write.lane, key: write.key, contract, data: write.data, gasLimit });
  if (id !== undefined) return id;
  const known = await store.findByKey(tx, write.key);
  invariant(
    known && known.lane === write.lane && known.contract.equals(contract) && known.data.equals(write.data),
    `the key ${write.key} was used for another write to the chain`,
  );
  return known.id;
}

/** What became of a write, or undefined when nobody put it here. */
export function findWrite(db: Queryable, key: string): Promise<store.StoredWrite | undefined> {
  return store.findByKey(db, key);
}

/** How much is waiting and how much failed. */
export function outboxSummary(db: Queryable): Promise<store.OutboxSummary> {
  return store.summarise(db);
}

/** A write that reverted for good. */
export interface FailedWrite {
  id: bigint;
  lane: Lane;
  key: string;
  /** the contract's error with its values, such as `Fork(…)` */
  error: string;
}

export interface SenderOptions {
  pool: Pool;
  client: ChainClient;
  chainId: number;
  lane: Lane;
  signer: Signer;
  /** how many blocks must stand on a write's block before it is final: 0 where blocks are final at once (QBFT) */
  confirmations: number;
  now: () => Date;
  /** how many writes may be under way at once */
  inFlight?: number;
  /** after how many milliseconds without a block the same bytes are sent again */
  resendAfterMs?: number;
  /** after how many milliseconds a nonce that went to another transaction is given up */
  lostAfterMs?: number;
  log?: JobLog;
  /** told at least once of every write that failed, after it was written down */
  onFailed?: (write: FailedWrite) => void;
}

/** One lane's sender. `step` answers as a loop's step does; it must not overlap itself. */
export interface Sender {
  step(): Promise<"again" | number | void>;
}

export function createSender(options: SenderOptions): Sender {
  const { pool, client, lane, signer, log } = options;
  const inFlight = options.inFlight ?? 64;
  const resendAfterMs = options.resendAfterMs ?? 5_000;
  const lostAfterMs = options.lostAfterMs ?? 10_000;
  // When a write whose nonce the chain counts as used was first found without a receipt. Forgetting it at a restart
  // only makes us patient again.
  const missingSince = new Map<bigint, number>();
  // Until the next look for receipts: short at first, for chains that make a block at once, then longer.
  let pauseMs = 25;

  async function step(): Promise<"again" | number | void> {
    const { used, head } = await askAccount();
    const signed = await signQueued(used);
    await send();
    const { settled, failed } = await askReceipts(used, head);
    for (const write of failed) {
      log?.error({ write }, "a write to the chain reverted");
      options.onFailed?.(write);
    }
    pauseMs = signed > 0 || settled > 0 ? 25 : Math.min(1_000, pauseMs * 2);
    if (settled > 0) return "again";
    return (await store.countSigned(pool, lane)) > 0 ? pauseMs : undefined;
  }

  async function askAccount(): Promise<{ used: bigint; head: bigint }> {
    const [count, head] = await client.batch([
      { method: "eth_getTransactionCount", params: [toData(signer.account), "latest"] },
      { method: "eth_blockNumber", params: [] },
    ]);
    const used = fromQuantity(resultOf(count!));
    const forgotten = await store.resetForgotten(pool, signer.account, used);
    if (forgotten > 0) log?.warn({ lane, forgotten }, "the chain forgot writes: they are sent again");
    return { used, head: fromQuantity(resultOf(head!)) };
  }

  /** Gives nonces without a gap: after our last one, or after the chain's when the account was used without us. */
  function signQueued(used: bigint): Promise<number> {
    return transaction(pool, async (tx) => {
      await store.lockLane(tx, lane);
      const moved = await store.requeueOfOtherAccounts(tx, lane, signer.account);
      if (moved > 0) log?.warn({ lane, moved }, "the lane has a new account: open writes are signed anew");
      const room = inFlight - (await store.countSigned(tx, lane));
      if (room <= 0) return 0;
      const queued = await store.listQueued(tx, lane, room);
      if (queued.length === 0) return 0;
      const last = await store.highestNonce(tx, signer.account);
      const first = last === null || last + 1n < used ? used : last + 1n;
      const signed = queued.map(({ id, contract, data, gasLimit }, i) => {
        const nonce = first + BigInt(i);
        return { id, nonce, ...signer.sign({ chainId: options.chainId, nonce, to: contract, data, gasLimit }) };
      });
      await store.storeSigned(tx, signer.account, options.now(), signed);
      return signed.length;
    });
  }

  async function send(): Promise<void> {
    const now = options.now();
    const open = await store.listSigned(pool, lane, new Date(now.getTime() - resendAfterMs), inFlight);
    for (const part of inParts(open.filter(({ due }) => due))) {
      const answers = await client.batch(
        part.map(({ signedTransaction }) => ({
          method: "eth_sendRawTransaction",
          params: [toData(signedTransaction)],
        })),
      );
      // A refusal may mean that the node has it already, or that it is in a block: the receipts say which. If neither,
      // the same bytes are sent again later.
      const refused = answers.flatMap((answer) => ("error" in answer ? [answer.error.message] : []));
      if (refused.length > 0)
        log?.warn({ lane, refused: refused.length, first: refused[0] }, "the node refused writes");
      await store.markSent(
        pool,
        part.map(({ id }) => id),
        now,
      );
    }
  }

  async function askReceipts(used: bigint, head: bigint): Promise<{ settled: number; failed: FailedWrite[] }> {
    const finalUpTo = head - BigInt(options.confirmations);
    const open: store.SignedWrite[] = await store.listSigned(pool, lane, new Date(0), inFlight);
    open.push(...(await store.listMined(pool, lane, finalUpTo)));
    if (open.length === 0) return { settled: 0, failed: [] };
    const answers = await client.batch(
      open.map(({ transactionHash }) => ({ method: "eth_getTransactionReceipt", params: [toData(transactionHash)] })),
    );
    const outcomes: store.Outcome[] = [];
    const gone: bigint[] = [];
    const missing: store.SignedWrite[] = [];
    for (const [i, write] of open.entries()) {
      const receipt = readReceipt(resultOf(answers[i]!));
      if (!receipt) {
        if (write.blockNumber !== null) gone.push(write.id);
        else if (write.nonce < used) missing.push(write);
        continue;
      }
      const { blockNumber, blockHash, reverted } = receipt;
      // With confirmations a write is final only when it is asked about at that depth and still in the same block.
      const deep =
        options.confirmations === 0 || (blockNumber <= finalUpTo && (write.blockHash?.equals(blockHash) ?? false));
      const state = !deep ? "mined" : reverted ? "failed" : "final";
      const error = reverted ? await whyReverted(write, blockNumber) : null;
      outcomes.push({
        id: write.id,
        transactionHash: write.transactionHash,
        state,
        blockNumber,
        blockHash,
        reverted,
        error,
      });
    }
    if (gone.length > 0) await store.resetMined(pool, gone);
    await store.storeOutcomes(pool, outcomes);
    await giveUpLost(missing);
    const keys = new Map(open.map((write) => [write.id, write.key]));
    const failed = outcomes.flatMap(({ id, state, error }) =>
      state === "failed" ? [{ id, lane, key: keys.get(id)!, error: error! }] : [],
    );
    return { settled: outcomes.filter(({ state }) => state !== "mined").length + gone.length, failed };
  }

  /**
   * The chain used these nonces and has no receipt of ours: the account sent something that we do not know, as after a
   * restored backup or a lost failover. A receipt may also be late, so we wait, then queue the writes anew: their
   * calls change nothing if they had their effect already.
   */
  async function giveUpLost(missing: store.SignedWrite[]): Promise<void> {
    const now = options.now().getTime();
    for (const id of missingSince.keys()) if (!missing.some((write) => write.id === id)) missingSince.delete(id);
    const lost = missing.filter(({ id }) => {
      if (!missingSince.has(id)) missingSince.set(id, now);
      return now - missingSince.get(id)! >= lostAfterMs;
    });
    if (lost.length === 0) return;
    log?.warn({ lane, lost: lost.length }, "nonces went to transactions that are not ours: the writes get new ones");
    await store.requeue(
      pool,
      lost.map(({ id }) => id),
    );
    for (const { id } of lost) missingSince.delete(id);
  }

  /**
   * The transaction itself leaves no reason behind, so the call is asked again: on the state before its block, which no
   * later write of the block has changed yet, and, when it was an earlier one of the block that made it revert, on the
   * state after.
   */
  async function whyReverted({ contract, data }: store.SignedWrite, block: bigint): Promise<string> {
    const call = { from: toData(signer.account), to: toData(contract), data: toData(data) };
    const answers = await client.batch(
      [block - 1n, block].map((at) => ({ method: "eth_call", params: [call, quantity(at)] })),
    );
    const errors = answers.flatMap((answer) => ("error" in answer ? [answer.error] : []));
    const described = errors.map((error) => describeRevert(revertData(error))).find((text) => text !== undefined);
    return described ?? errors[0]?.message ?? "reverted; the same call now does not";
  }

  return { step };
}

/** Nodes limit the size of a request (anvil to 2 MB): parts of at most 500 kB of bytes, which are twice that in hex. */
function inParts(writes: store.SignedWrite[]): store.SignedWrite[][] {
  const parts: store.SignedWrite[][] = [];
  let size = Infinity;
  for (const write of writes) {
    if (size + write.signedTransaction.length > 500_000) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1)!.push(write);
    size += write.signedTransaction.length;
  }
  return parts;
}

function readReceipt(value: unknown): { blockNumber: bigint; blockHash: Buffer; reverted: boolean } | undefined {
  if (value === null || value === undefined) return undefined;
  const receipt = value as { blockNumber?: unknown; blockHash?: unknown; status?: unknown };
  if (receipt.blockNumber === null || receipt.blockHash === null) return undefined;
  return {
    blockNumber: fromQuantity(receipt.blockNumber),
    blockHash: fromData(receipt.blockHash, 32),
    reverted: fromQuantity(receipt.status) === 0n,
  };
}

export interface OutboxOptions extends Omit<SenderOptions, "lane" | "signer"> {
  signers: Record<Lane, Signer>;
}

/**
 * Keeps all lanes sending until stopped. Every replica may run it: one of them leads a lane at a time, and if two believe
 * so they still send the same bytes.
 */
export function startOutbox(options: OutboxOptions): { wake(): void; stop(): Promise<void> } {
  const { signers, ...common } = options;
  const loops = lanes.map((lane) => {
    const sender = createSender({ ...common, lane, signer: signers[lane] });
    return startLoop({
      name: `send writes of lane ${lane}`,
      intervalMs: 1_000,
      ...(options.log ? { log: options.log } : {}),
      step: async () => {
        const turn = await withLeadership(options.pool, `chain.${lane}`, () => sender.step());
        return turn.led ? turn.result : undefined;
      },
    });
  });
  const wake = () => loops.forEach((loop) => loop.wake());
  const listener = listen({
    pool: options.pool,
    channel: "chain_write",
    onNotification: wake,
    ...(options.log ? { log: options.log } : {}),
  });
  return {
    wake,
    async stop() {
      await Promise.all([listener.stop(), ...loops.map((loop) => loop.stop())]);
    },
  };
}
