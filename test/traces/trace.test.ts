import { randomBytes } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { proofOf, sequence } from "../../service/src/log/log.ts";
import type { Log } from "../../service/src/log/log.ts";
import { fromHex } from "../../service/src/proof/bytes.ts";
import { canonicalDigest } from "../../service/src/proof/canonical.ts";
import { readCheckpoint } from "../../service/src/proof/checkpoint.ts";
import { leafDigest } from "../../service/src/proof/leaf.ts";
import type { SaltedLeaf } from "../../service/src/proof/leaf.ts";
import { leafHash, verifyInclusion } from "../../service/src/proof/tree.ts";
import { writeTrace } from "../../service/src/traces/trace.ts";
import type { Traces } from "../../service/src/traces/trace.ts";
import { freshDatabase } from "../helpers/database.ts";
import { makeLog, sound, start } from "../log/world.ts";

let pool: Pool;
let log: Log;
const traces: Traces = { centre: "C46010", now: () => start, random: (length) => randomBytes(length) };
const look = { kind: "desk-look-up", actor: "staff_1", personId: "pers_1", facts: { reason: "柜台办理", found: true } };

beforeAll(async () => {
  ({ pool } = await freshDatabase());
  log = await makeLog(pool);
});

describe("a trace", () => {
  it("is kept with its leaf in the caller's transaction, or not at all", async () => {
    await expect(
      transaction(pool, async (tx) => {
        await writeTrace(traces, tx, look);
        throw new Error("no answer");
      }),
    ).rejects.toThrow("no answer");
    const { rows } = await pool.query(
      "select (select count(*) from trace) as traces, (select count(*) from log_leaf) as leaves",
    );
    expect(rows).toEqual([{ traces: 0n, leaves: 0n }]);
  });

  it("is proved by the log: record, leaf, place and checkpoint hang together", async () => {
    const { id, leafId, leafDigest: digest } = await transaction(pool, (tx) => writeTrace(traces, tx, look));
    await sequence(log);
    const { rows } = await pool.query<{ record: string; leaf: string; record_digest: Buffer }>(
      "select record, leaf, record_digest from trace where id = $1",
      [id],
    );
    const record = JSON.parse(rows[0]!.record) as Record<string, never>;
    expect(record).toMatchObject({
      version: 1,
      kind: "desk-look-up",
      centre: "C46010",
      actor: "staff_1",
      facts: look.facts,
    });
    const leaf = JSON.parse(rows[0]!.leaf) as SaltedLeaf;
    expect(leaf.recordDigest).toBe(Buffer.from(canonicalDigest(record)).toString("hex"));
    expect(Buffer.from(leafDigest(leaf)).toString("hex")).toBe(digest);
    expect(Object.keys(leaf).sort()).toEqual(["centre", "kind", "recordDigest", "salt", "version"]);
    const proof = (await proofOf(log, pool, leafId, 2))!;
    const { size, root } = readCheckpoint(proof.note);
    expect(verifyInclusion(leafHash(fromHex(digest)), proof.index, size, proof.proof, root)).toBe(true);
    await sound(log);
  });

  it("of the same look twice is two leaves that nobody can tell to be alike", async () => {
    const twice = await transaction(pool, async (tx) => [
      await writeTrace(traces, tx, look),
      await writeTrace(traces, tx, look),
    ]);
    expect(new Set(twice.map(({ leafDigest: digest }) => digest)).size).toBe(2);
    const { rows } = await pool.query<{ digests: bigint }>(
      "select count(distinct record_digest) as digests from trace",
    );
    expect(rows[0]!.digests).toBe(3n);
  });

  it("stays as it was written, whoever is connected", async () => {
    for (const sql of ["update trace set actor = 'staff_2'", "delete from trace", "truncate trace cascade"])
      await expect(pool.query(sql), sql).rejects.toMatchObject({ code: "CZ601" });
    await expect(
      pool.query(
        `insert into trace (id, kind, actor, record, record_digest, leaf, leaf_id, created_at)
         select 'trc_0000000000000000', kind, actor, record || ' ', record_digest, leaf, leaf_id, created_at from trace limit 1`,
      ),
    ).rejects.toMatchObject({ constraint: "trace_record_digest" });
  });
});
