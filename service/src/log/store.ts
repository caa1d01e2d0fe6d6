// What the log remembers.
import type { Queryable } from "../db.ts";
import { invariant } from "../errors.ts";
import type { TileId } from "./tiles.ts";
import { tileKey } from "./tiles.ts";

export interface CheckpointRow {
  epoch: number;
  size: number;
  root: Buffer;
  closedAt: Date;
  signatureLine: string | null;
  state: "closed" | "submitted" | "anchored" | "outdated";
  chainWriteId: bigint | null;
  submittedAt: Date | null;
  attempts: number;
  /** address of the contract that holds it; this and what follows only when it is anchored */
  anchorContract: string | null;
  transactionHash: string | null;
  blockNumber: number | null;
  blockHash: string | null;
  blockTime: Date | null;
}

const checkpointColumns = `epoch, size, root, closed_at, signature_line, state, chain_write_id, submitted_at,
  attempts, anchor_contract, transaction_hash, block_number, block_hash, block_time`;

type Row = Record<string, unknown>;
const number = (value: unknown): number => Number(value as bigint);
const optionalNumber = (value: unknown): number | null => (value === null ? null : Number(value as bigint));

function toCheckpoint(row: Row): CheckpointRow {
  return {
    epoch: row.epoch as number,
    size: number(row.size),
    root: row.root as Buffer,
    closedAt: row.closed_at as Date,
    signatureLine: row.signature_line as string | null,
    state: row.state as CheckpointRow["state"],
    chainWriteId: row.chain_write_id as bigint | null,
    submittedAt: row.submitted_at as Date | null,
    attempts: row.attempts as number,
    anchorContract: row.anchor_contract as string | null,
    transactionHash: row.transaction_hash as string | null,
    blockNumber: optionalNumber(row.block_number),
    blockHash: row.block_hash as string | null,
    blockTime: row.block_time as Date | null,
  };
}

/** Adds leaves in the caller's transaction; their handles come back in the order of the digests. */
export async function insertLeaves(db: Queryable, digests: readonly Uint8Array[]): Promise<bigint[]> {
  const { rows } = await db.query<{ id: bigint }>(
    `insert into log_leaf (digest)
     select digest from unnest($1::bytea[]) with ordinality as given (digest, place) order by place
     returning id`,
    [digests],
  );
  // Identity values are drawn in the order of the inserted rows.
  return rows.map((row) => row.id);
}

export async function ensureEpoch(db: Queryable, epoch: number): Promise<void> {
  await db.query("insert into log_epoch (epoch) values ($1) on conflict do nothing", [epoch]);
}

/** The epoch's size; `lock` holds its row until the transaction ends, so that one sequencer works at a time. */
export async function epochState(
  db: Queryable,
  epoch: number,
  lock = false,
): Promise<{ size: number; stoppedBecause: string | null }> {
  const { rows } = await db.query<{ size: bigint; stopped_because: string | null }>(
    `select size, stopped_because from log_epoch where epoch = $1 ${lock ? "for update" : ""}`,
    [epoch],
  );
  invariant(rows[0], `log epoch ${epoch} does not exist`);
  return { size: Number(rows[0].size), stoppedBecause: rows[0].stopped_because };
}

export async function stopEpoch(db: Queryable, epoch: number, because: string, now: Date): Promise<void> {
  await db.query(
    "update log_epoch set stopped_because = $2, stopped_at = $3 where epoch = $1 and stopped_because is null",
    [epoch, because, now],
  );
}

export async function pendingLeaves(db: Queryable, limit: number): Promise<{ id: bigint; digest: Buffer }[]> {
  const { rows } = await db.query<{ id: bigint; digest: Buffer }>(
    "select id, digest from log_leaf where leaf_index is null order by id limit $1",
    [limit],
  );
  return rows;
}

export async function pendingCount(db: Queryable): Promise<number> {
  const { rows } = await db.query<{ count: bigint }>("select count(*) as count from log_leaf where leaf_index is null");
  return Number(rows[0]!.count);
}

export async function placeLeaves(db: Queryable, epoch: number, first: number, ids: readonly bigint[]): Promise<void> {
  const { rowCount } = await db.query(
    `update log_leaf l set epoch = $1, leaf_index = $2::bigint + given.place - 1
     from unnest($3::bigint[]) with ordinality as given (id, place)
     where l.id = given.id and l.leaf_index is null`,
    [epoch, first, ids],
  );
  invariant(rowCount === ids.length, `${rowCount} of ${ids.length} leaves got their place`);
  await db.query("update log_epoch set size = $2 where epoch = $1", [epoch, first + ids.length]);
}

export async function readTiles(
  db: Queryable,
  epoch: number,
  ids: readonly TileId[],
): Promise<Map<string, Uint8Array>> {
  if (ids.length === 0) return new Map();
  const { rows } = await db.query<{ level: number; tile_index: bigint; hashes: Buffer }>(
    `select t.level, t.tile_index, t.hashes
     from unnest($2::integer[], $3::bigint[]) as wanted (level, tile_index)
     join log_tile t on t.epoch = $1 and t.level = wanted.level and t.tile_index = wanted.tile_index`,
    [epoch, ids.map((id) => id.level), ids.map((id) => id.index)],
  );
  return new Map(rows.map((row) => [tileKey(row.level, Number(row.tile_index)), row.hashes]));
}

export async function writeTiles(
  db: Queryable,
  epoch: number,
  tiles: readonly (TileId & { hashes: Uint8Array })[],
): Promise<void> {
  await db.query(
    `insert into log_tile (epoch, level, tile_index, hashes)
     select $1, level, tile_index, hashes from unnest($2::integer[], $3::bigint[], $4::bytea[]) as t (level, tile_index, hashes)
     on conflict (epoch, level, tile_index) do update set hashes = excluded.hashes`,
    [epoch, tiles.map((tile) => tile.level), tiles.map((tile) => tile.index), tiles.map((tile) => tile.hashes)],
  );
}

export async function insertCheckpoint(
  db: Queryable,
  epoch: number,
  size: number,
  root: Uint8Array,
  now: Date,
): Promise<void> {
  await db.query("insert into log_checkpoint (epoch, size, root, closed_at) values ($1, $2, $3, $4)", [
    epoch,
    size,
    root,
    now,
  ]);
}

export async function unsignedCheckpoints(db: Queryable, epoch: number): Promise<CheckpointRow[]> {
  const { rows } = await db.query(
    `select ${checkpointColumns} from log_checkpoint where epoch = $1 and signature_line is null order by size`,
    [epoch],
  );
  return rows.map(toCheckpoint);
}

/** All checkpoints, smallest first. */
export async function allCheckpoints(db: Queryable, epoch: number): Promise<CheckpointRow[]> {
  const { rows } = await db.query(`select ${checkpointColumns} from log_checkpoint where epoch = $1 order by size`, [
    epoch,
  ]);
  return rows.map(toCheckpoint);
}

/** Leaves with their places from `first` on, in order. */
export async function placedLeaves(
  db: Queryable,
  epoch: number,
  first: number,
  limit: number,
): Promise<{ index: number; digest: Buffer }[]> {
  const { rows } = await db.query<{ leaf_index: bigint; digest: Buffer }>(
    "select leaf_index, digest from log_leaf where epoch = $1 and leaf_index >= $2 order by leaf_index limit $3",
    [epoch, first, limit],
  );
  return rows.map((row) => ({ index: Number(row.leaf_index), digest: row.digest }));
}

/** Where the chain, as the mirror has it, and the checkpoints here do not say the same. */
export async function anchorsBesideCheckpoints(
  db: Queryable,
  centre: string,
  epoch: number,
): Promise<{ size: string; detail: string }[]> {
  const { rows } = await db.query<{ size: string; detail: string }>(
    `select a.size::text as size,
       case when c.size is null then 'is on the chain and not here' else 'has another root on the chain' end as detail
     from mirror_anchor a left join log_checkpoint c on c.epoch = a.epoch and c.size = a.size
     where a.centre = $1 and a.epoch = $2 and (c.size is null or c.root <> a.root)
     union all
     select c.size::text, 'is called anchored here and is not on the chain'
     from log_checkpoint c
     where c.epoch = $2 and c.state = 'anchored'
       and not exists (select from mirror_anchor a where a.centre = $1 and a.epoch = c.epoch and a.size = c.size)`,
    [centre, epoch],
  );
  return rows;
}

export async function writeSignature(db: Queryable, epoch: number, size: number, line: string): Promise<void> {
  await db.query(
    "update log_checkpoint set signature_line = $3 where epoch = $1 and size = $2 and signature_line is null",
    [epoch, size, line],
  );
}

export async function checkpointAt(db: Queryable, epoch: number, size: number): Promise<CheckpointRow | undefined> {
  const { rows } = await db.query(`select ${checkpointColumns} from log_checkpoint where epoch = $1 and size = $2`, [
    epoch,
    size,
  ]);
  return rows[0] && toCheckpoint(rows[0]);
}

/** The newest signed checkpoint. */
export async function newestCheckpoint(db: Queryable, epoch: number): Promise<CheckpointRow | undefined> {
  const { rows } = await db.query(
    `select ${checkpointColumns} from log_checkpoint where epoch = $1 and signature_line is not null
     order by size desc limit 1`,
    [epoch],
  );
  return rows[0] && toCheckpoint(rows[0]);
}

/** The largest anchored size; 0 while there is none. */
export async function largestAnchored(db: Queryable, epoch: number): Promise<number> {
  const { rows } = await db.query<{ size: bigint }>(
    "select size from log_checkpoint where epoch = $1 and state = 'anchored' order by size desc limit 1",
    [epoch],
  );
  return Number(rows[0]?.size ?? 0);
}

/** The newest checkpoint that was given to the outbox and is not on the chain, and whether its write reverted. */
export async function newestSubmitted(
  db: Queryable,
  epoch: number,
): Promise<{ checkpoint: CheckpointRow; reverted: boolean } | undefined> {
  const { rows } = await db.query(
    `select ${checkpointColumns}, (select w.state = 'failed' from chain_write w where w.id = c.chain_write_id) as reverted
     from log_checkpoint c where epoch = $1 and state = 'submitted' order by size desc limit 1`,
    [epoch],
  );
  return rows[0] && { checkpoint: toCheckpoint(rows[0]), reverted: rows[0].reverted === true };
}

/** The newest signed checkpoint up to a size that nobody has given to the outbox. */
export async function newestClosed(db: Queryable, epoch: number, atMost: number): Promise<CheckpointRow | undefined> {
  const { rows } = await db.query(
    `select ${checkpointColumns} from log_checkpoint
     where epoch = $1 and state = 'closed' and signature_line is not null and size <= $2 order by size desc limit 1`,
    [epoch, atMost],
  );
  return rows[0] && toCheckpoint(rows[0]);
}

/** A checkpoint is with the outbox now; closed ones that it overtakes are outdated. */
export async function markSubmitted(
  db: Queryable,
  epoch: number,
  size: number,
  chainWriteId: bigint,
  now: Date,
): Promise<void> {
  await db.query(
    `update log_checkpoint set state = 'submitted', chain_write_id = $3, submitted_at = $4, attempts = attempts + 1
     where epoch = $1 and size = $2`,
    [epoch, size, chainWriteId, now],
  );
  await db.query("update log_checkpoint set state = 'outdated' where epoch = $1 and size < $2 and state = 'closed'", [
    epoch,
    size,
  ]);
}

/**
 * Takes over from the mirror what the chain has: open checkpoints that are there become anchored, open ones below the
 * largest of them that are not there never will be and are outdated.
 */
export async function settleAnchored(db: Queryable, centre: string, epoch: number, largest: number): Promise<void> {
  await db.query(
    `update log_checkpoint c
     set state = 'anchored', block_number = a.block_number, block_time = a.block_time,
         block_hash = '0x' || encode(a.block_hash, 'hex'), transaction_hash = '0x' || encode(a.transaction_hash, 'hex'),
         anchor_contract = '0x' || encode(a.contract, 'hex')
     from mirror_anchor a
     where c.epoch = $2 and c.state in ('closed', 'submitted') and a.centre = $1 and a.epoch = $2 and a.size = c.size
       and a.root = c.root`,
    [centre, epoch],
  );
  await db.query(
    `update log_checkpoint set state = 'outdated'
     where epoch = $1 and state in ('closed', 'submitted') and size < $2`,
    [epoch, largest],
  );
}

/**
 * A re-organisation took blocks away from `block` on: what was anchored there waits for its outbox write again, or, when
 * this database never made one (the chain knew it first), to be submitted.
 */
export async function unsettleFrom(db: Queryable, block: number): Promise<void> {
  await db.query(
    `update log_checkpoint
     set state = case when chain_write_id is null then 'closed' else 'submitted' end,
         anchor_contract = null, transaction_hash = null, block_number = null, block_hash = null, block_time = null
     where state = 'anchored' and block_number >= $1`,
    [block],
  );
}

/** When the mirror last stood at the chain's head. */
export async function chainReadAt(db: Queryable): Promise<Date | null> {
  const { rows } = await db.query<{ at: Date | null }>("select at_head_at as at from chain_cursor");
  return rows[0]?.at ?? null;
}

/** The largest checkpoint of this log that the mirror has seen on the chain. */
export async function largestOnChain(
  db: Queryable,
  centre: string,
  epoch: number,
): Promise<{ size: number; root: Buffer } | undefined> {
  const { rows } = await db.query<{ size: bigint; root: Buffer }>(
    "select size::bigint, root from mirror_anchor where centre = $1 and epoch = $2 order by size desc limit 1",
    [centre, epoch],
  );
  return rows[0] && { size: Number(rows[0].size), root: rows[0].root };
}

export async function leafPlace(db: Queryable, leafId: bigint): Promise<{ epoch: number; index: number } | undefined> {
  const { rows } = await db.query<{ epoch: number | null; leaf_index: bigint | null }>(
    "select epoch, leaf_index from log_leaf where id = $1",
    [leafId],
  );
  const row = rows[0];
  return row && row.epoch !== null ? { epoch: row.epoch, index: Number(row.leaf_index) } : undefined;
}

/** The checkpoint that a receipt uses: the first anchored and cosigned one that covers the leaf, else the best there is. */
export async function checkpointCovering(
  db: Queryable,
  epoch: number,
  index: number,
  quorum: number,
): Promise<CheckpointRow | undefined> {
  const cosigned = `(select count(*) from log_cosignature g where g.epoch = c.epoch and g.size = c.size) >= $3`;
  const columns = checkpointColumns.replace(/(\w+)(,|$)/g, "c.$1$2");
  // A leaf has a good checkpoint within a few closings, or the witnesses are away: then a bounded number is looked at.
  const first = (condition: string) =>
    `select ${columns} from (
       select * from log_checkpoint f where f.epoch = $1 and f.size > $2 and ${condition} order by f.size limit 1000) c
     where ${cosigned} order by c.size limit 1`;
  const any = (condition: string, order: "asc" | "desc") =>
    `select ${columns} from log_checkpoint c
     where c.epoch = $1 and c.size > $2 and ${condition} and $3::integer is not null order by c.size ${order} limit 1`;
  for (const sql of [
    first("f.state = 'anchored'"),
    any("c.state = 'anchored'", "asc"),
    first("f.signature_line is not null"),
    any("c.signature_line is not null", "desc"),
  ]) {
    const { rows } = await db.query(sql, [epoch, index, quorum]);
    if (rows[0]) return toCheckpoint(rows[0]);
  }
  return undefined;
}
