// What the log's tests share: a log with a key of its own, the tree of RFC 9162 computed the long way, and the chain's word
// as the mirror writes it down.
import { createHash, generateKeyPairSync } from "node:crypto";
import { expect } from "vitest";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { auditLog } from "../../service/src/log/audit.ts";
import { appendLeaves, openLog } from "../../service/src/log/log.ts";
import type { Log } from "../../service/src/log/log.ts";
import { emptyRoot, leafHash, nodeHash } from "../../service/src/proof/tree.ts";

export const start = new Date("2026-11-22T02:00:00Z");

export interface Clock {
  now: Date;
}
export const later = (clock: Clock, ms: number) => (clock.now = new Date(clock.now.getTime() + ms));

export function ed25519() {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  return { privateKey, publicKey: Uint8Array.from(publicKey.export({ type: "spki", format: "der" }).subarray(-32)) };
}

export async function makeLog(pool: Pool, centre = "C46010", clock: Clock = { now: start }): Promise<Log> {
  const log: Log = { pool, centre, epoch: 1, ...ed25519(), now: () => clock.now };
  await openLog(log);
  return log;
}

/** A leaf digest that tells its number. */
export const digest = (n: number | string): Buffer => createHash("sha256").update(`leaf ${n}`).digest();
export const digests = (from: number, count: number): Buffer[] =>
  Array.from({ length: count }, (_, i) => digest(from + i));

/** Hands over leaves in a transaction of their own. */
export const append = (pool: Pool, leaves: readonly Uint8Array[]): Promise<bigint[]> =>
  transaction(pool, (tx) => appendLeaves(tx, leaves));

/** RFC 9162 §2.1.1, as it stands there: a recursion over the list of entries. */
export function naiveRoot(entries: readonly Uint8Array[]): Uint8Array {
  if (entries.length === 0) return emptyRoot;
  if (entries.length === 1) return leafHash(entries[0]!);
  let k = 1;
  while (2 * k < entries.length) k *= 2;
  return nodeHash(naiveRoot(entries.slice(0, k)), naiveRoot(entries.slice(k)));
}

/** The leaves that have a place, in their order. */
export async function placed(pool: Pool): Promise<Buffer[]> {
  const { rows } = await pool.query<{ digest: Buffer }>(
    "select digest from log_leaf where leaf_index is not null order by epoch, leaf_index",
  );
  return rows.map((row) => row.digest);
}

/** The auditor has nothing to say. */
export async function sound(log: Log): Promise<void> {
  expect(await auditLog(log.pool, log)).toEqual([]);
}

/** A checkpoint on the chain, written down as the mirror does. */
export async function onChain(
  pool: Pool,
  centre: string,
  size: number,
  root: Uint8Array,
  block: number,
): Promise<void> {
  await pool.query("insert into chain_block (number, hash, time) values ($1, $2, $3) on conflict do nothing", [
    block,
    createHash("sha256").update(`block ${block}`).digest(),
    new Date(start.getTime() + block * 1000),
  ]);
  await pool.query(
    `insert into chain_event (block_number, log_index, transaction_hash, address, contract, name, centre, args)
     values ($1, (select count(*) from chain_event where block_number = $1), $2, $3, 'CheckpointAnchor', 'CheckpointAnchored', $4, $5)`,
    [
      block,
      createHash("sha256").update(`transaction ${size}`).digest(),
      Buffer.alloc(20, 7),
      centre,
      { epoch: "1", size: String(size), root: `0x${Buffer.from(root).toString("hex")}` },
    ],
  );
}

/** The chain takes back what it had from this block on. */
export async function undoChain(pool: Pool, block: number): Promise<void> {
  await pool.query("delete from chain_block where number >= $1", [block]);
}

export async function stoppedBecause(log: Log): Promise<string | null> {
  const { rows } = await log.pool.query<{ stopped_because: string | null }>(
    "select stopped_because from log_epoch where epoch = $1",
    [log.epoch],
  );
  return rows[0]!.stopped_because;
}
