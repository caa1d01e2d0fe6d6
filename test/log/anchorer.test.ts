import { beforeEach, describe, expect, it } from "vitest";
import { anchor, largestGrowth, retryMs } from "../../service/src/log/anchorer.ts";
import type { SubmitAnchor } from "../../service/src/log/anchorer.ts";
import { enqueueWrite } from "../../service/src/chain/outbox.ts";
import type { Pool } from "../../service/src/db.ts";
import { proofOf, sequence } from "../../service/src/log/log.ts";
import type { Log } from "../../service/src/log/log.ts";
import { unsettleFrom } from "../../service/src/log/store.ts";
import { freshDatabase } from "../helpers/database.ts";
import { failingOnce } from "../helpers/faults.ts";
import {
  append,
  digests,
  later,
  makeLog,
  naiveRoot,
  onChain,
  placed,
  sound,
  start,
  stoppedBecause,
  undoChain,
} from "./world.ts";

let pool: Pool;
let log: Log;
let submitted: { size: number; attempt: number; root: Buffer }[];
const clock = { now: start };

const submit: SubmitAnchor = async (tx, epoch, size, root, attempt) => {
  submitted.push({ size, attempt, root: Buffer.from(root) });
  return enqueueWrite(tx, {
    lane: "anchor",
    key: `anchor/${epoch}/${size}/${attempt}`,
    to: `0x${"07".repeat(20)}`,
    data: Buffer.from("0badc0de", "hex"),
  });
};

beforeEach(async () => {
  ({ pool } = await freshDatabase());
  clock.now = start;
  submitted = [];
  log = await makeLog(pool, "C46010", clock);
});

async function grow(count: number): Promise<void> {
  const size = (await placed(pool)).length;
  await append(pool, digests(size, count));
  await sequence(log);
}

async function states(): Promise<Record<string, string>> {
  const { rows } = await pool.query<{ size: bigint; state: string }>(
    "select size, state from log_checkpoint order by size",
  );
  return Object.fromEntries(rows.map((row) => [String(row.size), row.state]));
}

const rootOf = async (size: number) => naiveRoot((await placed(pool)).slice(0, size));

/** The outbox saw the write revert: its whole way, as the outbox writes it down. */
async function revert(size: number): Promise<void> {
  await pool.query(
    `update chain_write set state = 'failed', account = $2, nonce = id, signed_transaction = 'x', transaction_hash = $3,
       signed_at = now(), block_number = 1, block_hash = $3, reverted = true, error = 'CentrePaused()'
     where id = (select chain_write_id from log_checkpoint where size = $1)`,
    [size, Buffer.alloc(20), Buffer.alloc(32)],
  );
}

describe("a checkpoint", () => {
  it("is closed, then submitted once, then anchored when the mirror has it", async () => {
    expect(await anchor(log, submit)).toBe("idle");
    await grow(5);
    expect(await states()).toEqual({ 5: "closed" });
    expect(await anchor(log, submit)).toBe("submitted");
    expect(await anchor(log, submit)).toBe("waiting");
    expect(submitted).toEqual([{ size: 5, attempt: 1, root: Buffer.from(await rootOf(5)) }]);
    await onChain(pool, log.centre, 5, await rootOf(5), 100);
    expect(await anchor(log, submit)).toBe("idle");
    expect(await states()).toEqual({ 5: "anchored" });
    await sound(log);
  });

  it("is outdated when a later one is submitted instead, and its leaves are proved by that one", async () => {
    const [first] = await append(pool, digests(0, 1));
    await sequence(log);
    await grow(3);
    await grow(3);
    expect(await anchor(log, submit)).toBe("submitted");
    expect(await states()).toEqual({ 1: "outdated", 4: "outdated", 7: "submitted" });
    await onChain(pool, log.centre, 7, await rootOf(7), 100);
    await anchor(log, submit);
    const proof = (await proofOf(log, pool, first!, 2))!;
    expect(proof.checkpoint).toMatchObject({
      size: 7,
      state: "anchored",
      blockNumber: 100,
      anchorContract: `0x${"07".repeat(20)}`,
    });
    await sound(log);
  });

  it("that is closed while another is under way waits for its end", async () => {
    await grow(1);
    await anchor(log, submit);
    await grow(1);
    expect(await anchor(log, submit)).toBe("waiting");
    await onChain(pool, log.centre, 1, await rootOf(1), 100);
    expect(await anchor(log, submit)).toBe("submitted");
    expect(await states()).toEqual({ 1: "anchored", 2: "submitted" });
  });

  it("is never submitted before it is signed", async () => {
    await append(pool, digests(0, 1));
    const broken = failingOnce(pool, /set signature_line/, false);
    await expect(sequence({ ...log, pool: broken.pool })).rejects.toThrow(
      /cut|lost|cosignature|signature line|checkpoint/,
    );
    expect(await anchor(log, submit)).toBe("idle");
    await sequence(log);
    expect(await anchor(log, submit)).toBe("submitted");
  });

  it.each([false, true])("whose submission breaks at the commit (done: %s) is submitted once", async (done) => {
    await grow(2);
    const broken = failingOnce(pool, /^commit$/, done);
    await expect(anchor({ ...log, pool: broken.pool }, submit)).rejects.toThrow(
      /cut|lost|cosignature|signature line|checkpoint/,
    );
    expect(await anchor(log, submit)).toBe(done ? "waiting" : "submitted");
    expect((await pool.query("select key from chain_write")).rows).toEqual([{ key: "anchor/1/2/1" }]);
  });
});

describe("a write that reverted", () => {
  it("is followed by another after a pause, and holds nothing up for ever", async () => {
    await grow(2);
    await anchor(log, submit);
    await revert(2);
    expect(await anchor(log, submit)).toBe("waiting");
    later(clock, retryMs);
    expect(await anchor(log, submit)).toBe("submitted");
    expect(submitted.map(({ size, attempt }) => [size, attempt])).toEqual([
      [2, 1],
      [2, 2],
    ]);
    await onChain(pool, log.centre, 2, await rootOf(2), 100);
    expect(await anchor(log, submit)).toBe("idle");
    await sound(log);
  });

  it("gives way to a later checkpoint, and is outdated once that is on the chain", async () => {
    await grow(2);
    await anchor(log, submit);
    await revert(2);
    await grow(2);
    later(clock, retryMs);
    expect(await anchor(log, submit)).toBe("submitted");
    expect(await states()).toEqual({ 2: "submitted", 4: "submitted" });
    await onChain(pool, log.centre, 4, await rootOf(4), 100);
    expect(await anchor(log, submit)).toBe("idle");
    expect(await states()).toEqual({ 2: "outdated", 4: "anchored" });
    await sound(log);
  });
});

describe("growth", () => {
  it("beyond what the contract takes at once goes in several checkpoints", async () => {
    // Sizes that no test can afford to fill: only the choice between closed checkpoints is looked at.
    await pool.query("update log_epoch set size = $1", [3 * largestGrowth]);
    for (const size of [10, largestGrowth - 1, largestGrowth, largestGrowth + 1, 2 * largestGrowth, 3 * largestGrowth])
      await pool.query(
        "insert into log_checkpoint (epoch, size, root, closed_at, signature_line) values (1, $1, $2, now(), 'signed')",
        [size, Buffer.alloc(32, 1)],
      );
    expect(await anchor(log, submit)).toBe("submitted");
    expect(submitted.map(({ size }) => size)).toEqual([largestGrowth]);
    expect(await states()).toMatchObject({
      [largestGrowth - 1]: "outdated",
      [largestGrowth]: "submitted",
      [2 * largestGrowth]: "closed",
    });
  });
});

describe("a chain that contradicts this database", () => {
  it("by knowing more leaves stops the log: nothing is submitted or closed any more", async () => {
    await grow(3);
    await onChain(pool, log.centre, 9, Buffer.alloc(32, 9), 100);
    expect(await anchor(log, submit)).toBe("stopped");
    expect(await stoppedBecause(log)).toMatch(/9 leaves, this database only 3/);
    await append(pool, digests(3, 1));
    expect(await sequence(log)).toBe(0);
    expect(await anchor(log, submit)).toBe("stopped");
    expect(submitted).toEqual([]);
  });

  it("by another root at a size that we passed stops the log", async () => {
    await grow(3);
    await grow(3);
    await onChain(pool, log.centre, 3, Buffer.alloc(32, 9), 100);
    expect(await anchor(log, submit)).toBe("stopped");
    expect(await stoppedBecause(log)).toMatch(/another root at 3 leaves/);
    expect(submitted).toEqual([]);
  });

  it("in another centre's or another epoch's name does not concern this log", async () => {
    await grow(3);
    await onChain(pool, "C14010", 9, Buffer.alloc(32, 9), 100);
    expect(await anchor(log, submit)).toBe("submitted");
  });
});

describe("a chain that takes blocks back", () => {
  it("makes what was anchored there wait for its write again, and it is anchored where it comes back", async () => {
    await grow(2);
    await anchor(log, submit);
    await onChain(pool, log.centre, 2, await rootOf(2), 100);
    await anchor(log, submit);
    await undoChain(pool, 100);
    await unsettleFrom(pool, 100);
    expect(await states()).toEqual({ 2: "submitted" });
    expect(await anchor(log, submit)).toBe("waiting");
    await onChain(pool, log.centre, 2, await rootOf(2), 103);
    await anchor(log, submit);
    const { rows } = await pool.query("select state, block_number from log_checkpoint");
    expect(rows).toEqual([{ state: "anchored", block_number: 103n }]);
    await sound(log);
  });

  it("leaves what stands below alone", async () => {
    await grow(2);
    await anchor(log, submit);
    await onChain(pool, log.centre, 2, await rootOf(2), 100);
    await grow(2);
    await anchor(log, submit);
    await onChain(pool, log.centre, 4, await rootOf(4), 110);
    await anchor(log, submit);
    await undoChain(pool, 105);
    await unsettleFrom(pool, 105);
    expect(await states()).toEqual({ 2: "anchored", 4: "submitted" });
  });

  it("submits what this database itself had never sent: the chain had known it first", async () => {
    await grow(2);
    await onChain(pool, log.centre, 2, await rootOf(2), 100);
    expect(await anchor(log, submit)).toBe("idle");
    expect(await states()).toEqual({ 2: "anchored" });
    await undoChain(pool, 100);
    await unsettleFrom(pool, 100);
    expect(await anchor(log, submit)).toBe("submitted");
    expect(submitted).toHaveLength(1);
  });
});
