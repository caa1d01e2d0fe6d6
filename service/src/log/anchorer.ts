// The way of a checkpoint to the chain: closed → submitted → anchored, with the outbox in front and the mirror behind.
import type { Transaction } from "../db.ts";
import { transaction } from "../db.ts";
import type { Log } from "./log.ts";
import { contradiction } from "./log.ts";
import * as store from "./store.ts";

/** Largest growth that the CheckpointAnchor contract takes in one call: a backlog goes in several. */
export const largestGrowth = 2 ** 20;

/** A write that reverted (the centre is paused, say) is followed by another after this pause, not at every step. */
export const retryMs = 60_000;

/**
 * Puts `anchor(epoch, size, root)` into the outbox in this transaction, once for each size and attempt, and answers with its
 * number. The attempt counts from 1; it is part of the write's key, since a write that reverted is never sent again.
 */
export type SubmitAnchor = (
  tx: Transaction,
  epoch: number,
  size: number,
  root: Uint8Array,
  attempt: number,
) => Promise<bigint>;

/**
 * One step: first believes the chain (what it has is anchored; if it contradicts this database, the log stops before it can
 * fork), then submits the newest closed checkpoint when none is under way. Checkpoints that it overtakes are outdated. One
 * whose write reverted is submitted again, until a later one is on the chain.
 * @returns what it did, for the log of the service
 */
export async function anchor(log: Log, submit: SubmitAnchor): Promise<"stopped" | "idle" | "waiting" | "submitted"> {
  return transaction(log.pool, async (tx) => {
    const { size, stoppedBecause } = await store.epochState(tx, log.epoch, true);
    if (stoppedBecause) return "stopped";
    const because = await contradiction(log, tx, size);
    if (because) {
      await store.stopEpoch(tx, log.epoch, because, log.now());
      return "stopped";
    }
    const onChain = (await store.largestOnChain(tx, log.centre, log.epoch))?.size ?? 0;
    await store.settleAnchored(tx, log.centre, log.epoch, onChain);

    const underWay = await store.newestSubmitted(tx, log.epoch);
    if (underWay) {
      const { checkpoint, reverted } = underWay;
      const due = log.now().getTime() - checkpoint.submittedAt!.getTime() >= retryMs;
      if (!reverted || !due) return "waiting";
    }
    const next = (await store.newestClosed(tx, log.epoch, onChain + largestGrowth)) ?? underWay?.checkpoint;
    if (!next) return "idle";
    const write = await submit(tx, log.epoch, next.size, next.root, next.attempts + 1);
    await store.markSubmitted(tx, log.epoch, next.size, write, log.now());
    return "submitted";
  });
}
