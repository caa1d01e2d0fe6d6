import { beforeEach, describe, expect, it } from "vitest";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { appendLeaves, consistencyOf, logProgress, proofOf, rootAt, sequence } from "../../service/src/log/log.ts";
import type { Log } from "../../service/src/log/log.ts";
import { stopEpoch } from "../../service/src/log/store.ts";
import { equal } from "../../service/src/proof/bytes.ts";
import { readCheckpoint, signedByLog } from "../../service/src/proof/checkpoint.ts";
import { leafHash, verifyConsistency, verifyInclusion } from "../../service/src/proof/tree.ts";
import { freshDatabase } from "../helpers/database.ts";
import { failingOnce } from "../helpers/faults.ts";
import {
  append,
  digest,
  digests,
  later,
  makeLog,
  naiveRoot,
  onChain,
  placed,
  sound,
  start,
  stoppedBecause,
} from "./world.ts";

let pool: Pool;
let log: Log;
const clock = { now: start };

beforeEach(async () => {
  ({ pool } = await freshDatabase({ max: 12 }));
  clock.now = start;
  log = await makeLog(pool, "C46010", clock);
});

/** Every leaf that has a place is proved by its receipt's parts; returns how many. */
async function allProofsVerify(): Promise<number> {
  const { rows } = await pool.query<{ id: bigint; digest: Buffer; leaf_index: bigint }>(
    "select id, digest, leaf_index from log_leaf where leaf_index is not null order by leaf_index",
  );
  for (const row of rows) {
    const found = await proofOf(log, pool, row.id, 2);
    const { size, root } = readCheckpoint(found!.note);
    expect(found!.index).toBe(Number(row.leaf_index));
    expect(verifyInclusion(leafHash(row.digest), found!.index, size, found!.proof, root)).toBe(true);
    expect(await signedByLog(readCheckpoint(found!.note), log.publicKey)).toBe(true);
  }
  return rows.length;
}

describe("leaves", () => {
  it("are in the log if and only if the transaction that handed them over commits", async () => {
    await expect(
      transaction(pool, async (tx) => {
        await appendLeaves(tx, digests(0, 3));
        throw new Error("rolled back");
      }),
    ).rejects.toThrow("rolled back");
    expect(await sequence(log)).toBe(0);
    expect(await logProgress(pool, 1)).toMatchObject({ size: 0, pending: 0 });
    const handles = await append(pool, digests(0, 3));
    expect(await sequence(log)).toBe(3);
    expect(handles).toHaveLength(3);
    await sound(log);
  });

  it("get places in the order in which they were handed over, however many", async () => {
    const handles = await append(pool, digests(0, 1_000));
    expect(handles).toEqual([...handles].sort((a, b) => (a < b ? -1 : 1)));
    await sequence(log);
    expect(await placed(pool)).toEqual(digests(0, 1_000));
    expect((await proofOf(log, pool, handles[700]!, 2))!.index).toBe(700);
    await sound(log);
  });

  it("are SHA-256 digests and nothing else", async () => {
    await expect(append(pool, [new Uint8Array(31)])).rejects.toThrow(/invariant broken/);
    expect(await append(pool, [])).toEqual([]);
  });

  it("that are the same digest twice are two leaves", async () => {
    await append(pool, [digest(1), digest(1)]);
    await sequence(log);
    expect(await placed(pool)).toEqual([digest(1), digest(1)]);
    await sound(log);
  });

  it("have no proof while they wait", async () => {
    const [handle] = await append(pool, [digest(1)]);
    expect(await proofOf(log, pool, handle!, 2)).toBeUndefined();
  });
});

describe("closing", () => {
  it("extends the tree step by step: root, proofs of all leaves, and consistency with every earlier size", async () => {
    const sizes: number[] = [];
    let size = 0;
    for (const count of [1, 2, 253, 1, 40, 300]) {
      await append(pool, digests(size, count));
      expect(await sequence(log)).toBe(count);
      size += count;
      sizes.push(size);
      expect(equal(await rootAt(pool, 1, size), naiveRoot(await placed(pool)))).toBe(true);
      await sound(log);
    }
    const entries = await placed(pool);
    for (const from of sizes)
      for (const to of sizes.filter((candidate) => candidate >= from))
        expect(
          verifyConsistency(
            from,
            naiveRoot(entries.slice(0, from)),
            to,
            naiveRoot(entries.slice(0, to)),
            await consistencyOf(pool, 1, from, to),
          ),
        ).toBe(true);
    expect(await allProofsVerify()).toBe(597);
  });

  it("closes nothing when nothing waits", async () => {
    expect(await sequence(log)).toBe(0);
    await append(pool, [digest(0)]);
    await sequence(log);
    expect(await sequence(log)).toBe(0);
    expect((await pool.query("select size from log_checkpoint")).rows).toEqual([{ size: 1n }]);
  });

  it("by several replicas at once, while leaves come in, gives each leaf one place without a gap", async () => {
    let next = 0;
    const writers = Array.from({ length: 4 }, async () => {
      for (let turn = 0; turn < 15; turn++) await append(pool, digests((next += 7) - 7, 7));
    });
    const sequencers = Array.from({ length: 4 }, async () => {
      for (let turn = 0; turn < 12; turn++) await sequence(log);
    });
    await Promise.all([...writers, ...sequencers]);
    await sequence(log);
    expect((await placed(pool)).map((bytes) => bytes.toString("hex")).sort()).toEqual(
      digests(0, 420)
        .map((bytes) => bytes.toString("hex"))
        .sort(),
    );
    await sound(log);
    expect(await allProofsVerify()).toBe(420);
  });

  it.each([
    ["the tiles", /insert into log_tile/],
    ["the places", /update log_leaf/],
    ["the checkpoint", /insert into log_checkpoint/],
    ["the commit", /^commit$/],
  ])("that breaks at %s and is not done leaves nothing, and the next step does it all", async (_, pattern) => {
    await append(pool, digests(0, 5));
    await sequence(log);
    await append(pool, digests(5, 300));
    const broken = failingOnce(pool, pattern, false);
    await expect(sequence({ ...log, pool: broken.pool })).rejects.toThrow("the connection was cut");
    expect(broken.happened()).toBe(true);
    expect(await logProgress(pool, 1)).toMatchObject({ size: 5, pending: 300 });
    await sound(log);
    expect(await sequence(log)).toBe(300);
    await sound(log);
    expect(await allProofsVerify()).toBe(305);
  });

  it("whose commit is done but whose answer is lost is closed once; the next step only signs", async () => {
    await append(pool, digests(0, 5));
    const broken = failingOnce(pool, /^commit$/, true);
    await expect(sequence({ ...log, pool: broken.pool })).rejects.toThrow("the answer was lost");
    expect((await pool.query("select size, signature_line from log_checkpoint")).rows).toEqual([
      { size: 5n, signature_line: null },
    ]);
    expect(await sequence(log)).toBe(0);
    await sound(log);
    expect(await allProofsVerify()).toBe(5);
  });

  it.each([false, true])(
    "that breaks between commit and signing (done: %s) is signed by the next step",
    async (done) => {
      const [handle] = await append(pool, digests(0, 5));
      const broken = failingOnce(pool, /set signature_line/, done);
      await expect(sequence({ ...log, pool: broken.pool })).rejects.toThrow(
        /cut|lost|cosignature|signature line|checkpoint/,
      );
      // What is not signed is not shown.
      expect((await proofOf(log, pool, handle!, 2)) === undefined).toBe(!done);
      await append(pool, digests(5, 1));
      await sequence(log);
      const { rows } = await pool.query(
        "select size from log_checkpoint where signature_line is not null order by size",
      );
      expect(rows).toEqual([{ size: 5n }, { size: 6n }]);
      await sound(log);
      expect(await allProofsVerify()).toBe(6);
    },
  );
});

describe("a log that must not go on", () => {
  it("closes and signs nothing once it is stopped, not even what was closed before", async () => {
    await append(pool, digests(0, 5));
    const broken = failingOnce(pool, /set signature_line/, false);
    await expect(sequence({ ...log, pool: broken.pool })).rejects.toThrow(
      /cut|lost|cosignature|signature line|checkpoint/,
    );
    await stopEpoch(pool, 1, "a fork", clock.now);
    await append(pool, digests(5, 5));
    expect(await sequence(log)).toBe(0);
    expect((await pool.query("select size, signature_line from log_checkpoint")).rows).toEqual([
      { size: 5n, signature_line: null },
    ]);
  });

  it("is stopped before it closes over a chain that knows more, as after a restored backup", async () => {
    await append(pool, digests(0, 5));
    await sequence(log);
    await onChain(pool, log.centre, 9, naiveRoot(digests(0, 9)), 100);
    await append(pool, [digest("after the restore")]);
    expect(await sequence(log)).toBe(0);
    expect(await stoppedBecause(log)).toMatch(/chain has a checkpoint of 9 leaves, this database only 5/);
    expect((await pool.query("select size from log_checkpoint")).rows).toEqual([{ size: 5n }]);
  });

  it("waits, after its start, until the mirror has stood at the chain's head", async () => {
    clock.now = start;
    const restarted: Log = { ...log, startedAt: start };
    await append(pool, [digest(0)]);
    expect(await sequence(restarted)).toBe(0);
    await pool.query(
      `insert into chain_cursor (chain_id, registry, start_block, number, at_head_at) values (1, $1, 0, -1, $2)`,
      [Buffer.alloc(20), new Date(start.getTime() - 1)],
    );
    expect(await sequence(restarted)).toBe(0);
    await pool.query("update chain_cursor set at_head_at = $1", [later(clock, 5)]);
    expect(await sequence(restarted)).toBe(1);
  });
});

describe("whoever is connected", () => {
  it("cannot take back what the log has", async () => {
    await append(pool, digests(0, 3));
    await sequence(log);
    await sound(log);
    await pool.query(
      "insert into log_cosignature (epoch, size, witness, line, cosigned_at) values (1, 3, 'C14010', 'a line', now())",
    );
    for (const sql of [
      "update log_leaf set digest = sha256('x')",
      "update log_leaf set leaf_index = leaf_index + 1",
      "update log_leaf set leaf_index = null, epoch = null",
      "delete from log_leaf",
      "truncate log_leaf cascade",
      "update log_tile set hashes = sha256('x')",
      "update log_tile set hashes = substring(hashes from 1 for 32)",
      "delete from log_tile",
      "truncate log_tile",
      "update log_checkpoint set root = sha256('x')",
      "update log_checkpoint set signature_line = 'another'",
      "update log_checkpoint set size = size + 1",
      "delete from log_checkpoint",
      "truncate log_checkpoint cascade",
      "update log_epoch set size = size - 1",
      "delete from log_epoch",
      "truncate log_epoch cascade",
      "update log_cosignature set line = ''",
      "delete from log_cosignature",
    ])
      await expect(pool.query(sql), sql).rejects.toMatchObject({ code: expect.stringMatching(/^CZ30\d$/) });
  });
});
