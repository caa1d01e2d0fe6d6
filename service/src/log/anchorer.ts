// The way of a checkpoint to the chain: closed → submitted → anchored, with the outbox in front and the mirror behind.
import type { Transaction } from "../db.ts";
import { transaction } from "../db.ts";
import { equal } from "../proof/bytes.ts";
import type { Log } from "./log.ts";
import { rootAt } from "./log.ts";
import * as store from "./store.ts";

/** Largest growth that the CheckpointAnchor contract takes in one call: a backlog goes in several. */
export const largestGrowth = 2 ** 20;

/** Puts `anchor(epoch, size, root)` into the outbox in this transaction, once for each size, and answers with its number. */
export type SubmitAnchor = (tx: Transaction, epoch: number, size: number, root: Uint8Array) => Promise<bigint>;

/**
 * One step: first believes the chain (what it has is anchored; if it has more than we do, the log stops before it can
 * fork), then submits the newest closed checkpoint when none is under way. Checkpoints that it overtakes are outdated.
 * @returns what it did, for the log of the service
 */
export async function anchor(log: Log, submit: SubmitAnchor): Promise<"stopped" | "idle" | "waiting" | "submitted"> {
  return transaction(log.pool, async (tx) => {
    const { size, stoppedBecause } = await store.epochState(tx, log.epoch, true);
    if (stoppedBecause) return "stopped";
    const onChain = await store.largestOnChain(tx, log.centre, log.epoch);
    if (onChain) {
      const because = await contradiction(log, tx, size, onChain);
      if (because) {
        await store.stopEpoch(tx, log.epoch, because, log.now());
        return "stopped";
      }
    }
    await store.settleAnchored(tx, log.centre, log.epoch);
    const underWay = await store.newestCheckpoint(tx, log.epoch, { state: "submitted" });
    if (underWay && underWay.size > (onChain?.size ?? 0)) return "waiting";
    const next = await store.newestCheckpoint(tx, log.epoch, {
      state: "closed",
      atMost: (onChain?.size ?? 0) + largestGrowth,
    });
    if (!next || next.size <= (onChain?.size ?? 0)) return "idle";
    const write = await submit(tx, log.epoch, next.size, next.root);
    await store.markSubmitted(tx, log.epoch, next.size, write);
    return "submitted";
  });
}

/** Why the chain and this database cannot both be right, or undefined when they agree. */
async function contradiction(
  log: Log,
  tx: Transaction,
  size: number,
  onChain: { size: number; root: Uint8Array },
): Promise<string | undefined> {
  if (onChain.size > size)
    return `the chain has a checkpoint of ${onChain.size} leaves, this database only ${size}: it was restored from an older state`;
  if (!equal(await rootAt(tx, log.epoch, onChain.size), onChain.root))
    return `the chain has another root at ${onChain.size} leaves than this database`;
  return undefined;
}
