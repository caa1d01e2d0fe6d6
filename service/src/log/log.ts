// The centre's one append-only log: leaves get their place, the log is closed at a new size, its checkpoint is signed.
//
// The life of a leaf: a domain hands over its digest in its own transaction (pending) → `sequence` gives it an index and
// commits the new size and root (closed: THE COMMIT POINT) → the anchorer gives the checkpoint to the outbox (submitted)
// → the mirror sees it on the chain (anchored). After a crash `sequence` simply goes on from what Postgres says: before
// the commit nothing has happened, after it only the signature can be missing, and it is made again.
import { sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Pool, Queryable, Transaction } from "../db.ts";
import { transaction } from "../db.ts";
import { invariant } from "../errors.ts";
import { checkpointBody, logKeyId, noteOf, originOf, signatureLine } from "../proof/checkpoint.ts";
import { inclusionProof, rootOf, consistencyProof } from "../proof/tree.ts";
import type { HashReader } from "../proof/tree.ts";
import { equal, utf8 } from "../proof/bytes.ts";
import * as store from "./store.ts";
import type { CheckpointRow } from "./store.ts";
import { cosignatures, cosignedSizes } from "./witness-store.ts";
import { appendToTiles, readerOver, rightEdge, tileKey, tilesNeeded } from "./tiles.ts";

export interface Log {
  pool: Pool;
  /** code of the centre whose log this is */
  centre: string;
  epoch: number;
  /** Ed25519 */
  privateKey: KeyObject;
  publicKey: Uint8Array;
  now: () => Date;
  /**
   * When this process began. If given, nothing is closed before the mirror has stood at the chain's head after it: a
   * database that was restored from an older state would else close, and sign, what contradicts the chain.
   */
  startedAt?: Date;
}

/** Most leaves that one closing takes: what is beyond waits for the next one, milliseconds later. */
export const leavesPerClosing = 50_000;

/**
 * Hands over leaves (32-byte digests) in the caller's own transaction: they are in the log if and only if that commits.
 * @returns a handle for each, in order
 */
export async function appendLeaves(tx: Transaction | Queryable, digests: readonly Uint8Array[]): Promise<bigint[]> {
  for (const digest of digests) invariant(digest.length === 32, "a leaf is a SHA-256 digest");
  return digests.length === 0 ? [] : store.insertLeaves(tx, digests);
}

/** Makes the log's epoch exist. A second call changes nothing. */
export async function openLog(log: Log): Promise<void> {
  await store.ensureEpoch(log.pool, log.epoch);
}

/**
 * One step of the sequencer: closes the log over the leaves that wait, then signs what is closed and unsigned. Several
 * replicas may call it at once: the epoch's row makes them take turns. A stopped log is left alone, and one that the chain,
 * as the mirror has it, contradicts is stopped before it closes anything more.
 * @returns how many leaves got their place
 */
export async function sequence(log: Log): Promise<number> {
  const placed = await transaction(log.pool, async (tx) => {
    const { size, stoppedBecause } = await store.epochState(tx, log.epoch, true);
    if (stoppedBecause) return 0;
    const leaves = await store.pendingLeaves(tx, leavesPerClosing);
    if (leaves.length === 0) return 0;
    if (log.startedAt && ((await store.chainReadAt(tx)) ?? new Date(0)) < log.startedAt) return 0;
    const because = await contradiction(log, tx, size);
    if (because) {
      await store.stopEpoch(tx, log.epoch, because, log.now());
      return 0;
    }
    await close(
      log,
      tx,
      size,
      leaves.map((leaf) => leaf.digest),
    );
    await store.placeLeaves(
      tx,
      log.epoch,
      size,
      leaves.map((leaf) => leaf.id),
    );
    return leaves.length;
  });
  // Past the commit point. Only what is committed is ever signed: a signature on a state that Postgres lost would be a fork.
  await signCheckpoints(log);
  return placed;
}

/** Extends the tiles by these leaves and writes the checkpoint of the new size. */
async function close(log: Log, tx: Transaction, size: number, digests: readonly Uint8Array[]): Promise<void> {
  const tiles = await store.readTiles(tx, log.epoch, rightEdge(size));
  const changed = appendToTiles(tiles, size, digests);
  // The root needs full tiles left of the edge only through their entries in the tiles above, which are at hand.
  const root = rootOf(
    size + digests.length,
    readerOver((level, index) => tiles.get(tileKey(level, index))),
  );
  await store.writeTiles(
    tx,
    log.epoch,
    changed.map((id) => ({ ...id, hashes: tiles.get(tileKey(id.level, id.index))! })),
  );
  await store.insertCheckpoint(tx, log.epoch, size + digests.length, root, log.now());
}

/** Why the chain, as the mirror has it, and this database cannot both be right; undefined when they agree. */
export async function contradiction(
  log: Pick<Log, "centre" | "epoch">,
  db: Queryable,
  size: number,
): Promise<string | undefined> {
  const onChain = await store.largestOnChain(db, log.centre, log.epoch);
  if (!onChain) return undefined;
  if (onChain.size > size)
    return `the chain has a checkpoint of ${onChain.size} leaves, this database only ${size}: it was restored from an older state`;
  if (!equal(await rootAt(db, log.epoch, onChain.size), onChain.root))
    return `the chain has another root at ${onChain.size} leaves than this database`;
  return undefined;
}

async function signCheckpoints(log: Log): Promise<void> {
  const unsigned = await store.unsignedCheckpoints(log.pool, log.epoch);
  // What a stopped log closed may be the fork for which it was stopped.
  if (unsigned.length === 0 || (await store.epochState(log.pool, log.epoch)).stoppedBecause) return;
  for (const checkpoint of unsigned) {
    const origin = originOf(log.centre, log.epoch);
    const signature = sign(null, utf8(bodyOf(log, checkpoint)), log.privateKey);
    const line = signatureLine(origin, logKeyId(origin, log.publicKey), signature);
    await store.writeSignature(log.pool, log.epoch, checkpoint.size, line);
  }
}

export function bodyOf(log: Pick<Log, "centre">, checkpoint: CheckpointRow): string {
  return checkpointBody({
    origin: originOf(log.centre, checkpoint.epoch),
    size: checkpoint.size,
    root: checkpoint.root,
  });
}

/** The signed note of a checkpoint with all cosignatures that have come in. */
export async function noteAt(log: Pick<Log, "centre">, db: Queryable, checkpoint: CheckpointRow): Promise<string> {
  invariant(checkpoint.signatureLine, "only a signed checkpoint is shown");
  const lines = await cosignatures(db, checkpoint.epoch, checkpoint.size);
  return noteOf(bodyOf(log, checkpoint), [checkpoint.signatureLine, ...lines]);
}

export interface LeafProof {
  index: number;
  proof: Uint8Array[];
  note: string;
  checkpoint: CheckpointRow;
}

/**
 * Index, inclusion proof and checkpoint of a leaf, or undefined while it is pending or its checkpoint is unsigned.
 * @param quorum cosignatures that make a checkpoint good without the chain; such a one is preferred
 */
export async function proofOf(
  log: Pick<Log, "centre">,
  db: Queryable,
  leafId: bigint,
  quorum: number,
): Promise<LeafProof | undefined> {
  const place = await store.leafPlace(db, leafId);
  if (!place) return undefined;
  const checkpoint = await store.checkpointCovering(db, place.epoch, place.index, quorum);
  if (!checkpoint) return undefined;
  const proof = await withTiles(db, place.epoch, (read) => inclusionProof(place.index, checkpoint.size, read));
  return { index: place.index, proof, note: await noteAt(log, db, checkpoint), checkpoint };
}

/** How many leaves the newest anchored checkpoint covers; 0 while there is none. */
export async function anchoredSize(db: Queryable, epoch: number): Promise<number> {
  return store.largestAnchored(db, epoch);
}

export interface LogProgress {
  size: number;
  pending: number;
  anchoredSize: number;
  stoppedBecause: string | null;
  /** what each witness has cosigned last */
  witnesses: { centre: string; size: number; at: Date }[];
}

/** How far the log has come, for people. */
export async function logProgress(db: Queryable, epoch: number): Promise<LogProgress> {
  const { size, stoppedBecause } = await store.epochState(db, epoch);
  return {
    size,
    stoppedBecause,
    pending: await store.pendingCount(db),
    anchoredSize: await anchoredSize(db, epoch),
    witnesses: await cosignedSizes(db, epoch),
  };
}

/** Consistency proof between two sizes of the log. */
export async function consistencyOf(db: Queryable, epoch: number, from: number, to: number): Promise<Uint8Array[]> {
  return withTiles(db, epoch, (read) => consistencyProof(from, to, read));
}

/** The root at a size, computed from the tiles. */
export async function rootAt(db: Queryable, epoch: number, size: number): Promise<Uint8Array> {
  return withTiles(db, epoch, (read) => rootOf(size, read));
}

async function withTiles<T>(db: Queryable, epoch: number, compute: (read: HashReader) => T): Promise<T> {
  const tiles = await store.readTiles(db, epoch, tilesNeeded(compute));
  return compute(readerOver((level, index) => tiles.get(tileKey(level, index))));
}
