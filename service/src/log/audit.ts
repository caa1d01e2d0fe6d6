// The log's auditor: builds the whole tree again from the leaves and compares it with what is stored, signed, cosigned and
// on the chain. It changes nothing. Run it in one repeatable read transaction, or on a log at rest.
import type { Queryable } from "../db.ts";
import type { Finding } from "../finding.ts";
import { equal } from "../proof/bytes.ts";
import { readCheckpoint, signedByLog } from "../proof/checkpoint.ts";
import { rootOf } from "../proof/tree.ts";
import { noteAt } from "./log.ts";
import * as store from "./store.ts";
import { appendToTiles, readerOver, rightEdge, tileKey } from "./tiles.ts";

/** How many leaves are read at a time. */
const pageSize = 20_000;

export interface AuditedLog {
  centre: string;
  epoch: number;
  /** Ed25519; without it the signatures are not looked at */
  publicKey?: Uint8Array;
}

export async function auditLog(db: Queryable, log: AuditedLog): Promise<Finding[]> {
  const findings: Finding[] = [];
  const found = (check: string, subject: string, detail: string) => void findings.push({ check, subject, detail });
  const { size, stoppedBecause } = await store.epochState(db, log.epoch);
  if (stoppedBecause) found("log.stopped", `epoch ${log.epoch}`, stoppedBecause);

  const checkpoints = await store.allCheckpoints(db, log.epoch);
  const rootsWanted = new Map(checkpoints.map((checkpoint) => [checkpoint.size, checkpoint]));
  const tiles = new Map<string, Uint8Array>();
  let at = 0;
  // From checkpoint to checkpoint, so that each root is compared at its own size.
  for (const stop of [...rootsWanted.keys(), size].filter((stop, i, all) => all.indexOf(stop) === i)) {
    while (at < stop) {
      const leaves = await store.placedLeaves(db, log.epoch, at, Math.min(pageSize, stop - at));
      if (leaves.length === 0 || leaves.some((leaf, i) => leaf.index !== at + i)) {
        found("log.leaves_without_gaps", `leaf ${at}`, `the leaves from ${at} to ${stop} are not all there`);
        return findings;
      }
      const changed = appendToTiles(
        tiles,
        at,
        leaves.map((leaf) => leaf.digest),
      );
      at += leaves.length;
      await compareTiles(changed.filter(({ level, index }) => tiles.get(tileKey(level, index))!.length === 8192));
    }
    const checkpoint = rootsWanted.get(stop);
    const root = rootOf(
      stop,
      readerOver((level, index) => tiles.get(tileKey(level, index))),
    );
    if (checkpoint && !equal(root, checkpoint.root))
      found("log.root_recomputes", `checkpoint ${stop}`, "its root is not that of its leaves");
    if (!checkpoint && stop > 0)
      found("log.size_has_checkpoint", `size ${stop}`, "no checkpoint was closed at this size");
  }
  await compareTiles(rightEdge(size).filter(({ level, index }) => tiles.has(tileKey(level, index))));
  const beyond = await store.placedLeaves(db, log.epoch, size, 1);
  if (beyond.length > 0) found("log.leaves_within_size", `leaf ${beyond[0]!.index}`, `the log has only ${size} leaves`);

  for (const checkpoint of checkpoints) {
    if (!checkpoint.signatureLine || !log.publicKey) continue;
    const note = readCheckpoint(await noteAt(log, db, checkpoint));
    if (!(await signedByLog(note, log.publicKey)))
      found("log.checkpoint_signed", `checkpoint ${checkpoint.size}`, "the log's own signature does not verify");
  }

  for (const row of await store.anchorsBesideCheckpoints(db, log.centre, log.epoch))
    found("log.chain_agrees", `checkpoint ${row.size}`, row.detail);
  return findings;

  async function compareTiles(ids: readonly { level: number; index: number }[]): Promise<void> {
    const stored = await store.readTiles(db, log.epoch, ids);
    for (const { level, index } of ids) {
      const key = tileKey(level, index);
      const tile = stored.get(key);
      // Within one reading the stored tile may not be longer than what the leaves give.
      if (!tile || !equal(tile, tiles.get(key)!))
        found("log.tile_recomputes", `tile ${key}`, "differs from what the leaves give");
    }
  }
}
