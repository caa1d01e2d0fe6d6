// What the chain's auditor reads of this database: the mirror as it stands, and what this centre says the chain holds.
import type { Queryable } from "../db.ts";
import type { ListingState } from "./blacklist.ts";
import type { Argument } from "./events.ts";

export interface MirroredEvent {
  blockNumber: bigint;
  logIndex: number;
  blockHash: Buffer;
  /** seconds since 1970 */
  blockTime: number;
  transactionHash: Buffer;
  address: Buffer;
  contract: string;
  name: string;
  centre: string | null;
  args: { [name: string]: Argument };
}

/** The mirrored events of the blocks from `from` to `to`, in their order. */
export async function eventsBetween(db: Queryable, from: bigint, to: bigint): Promise<MirroredEvent[]> {
  const { rows } = await db.query<MirroredEvent>(
    `select e.block_number as "blockNumber", e.log_index as "logIndex", b.hash as "blockHash",
       extract(epoch from b.time)::float8 as "blockTime", e.transaction_hash as "transactionHash", e.address, e.contract,
       e.name, e.centre, e.args
     from chain_event e join chain_block b on b.number = e.block_number
     where e.block_number between $1 and $2 order by e.block_number, e.log_index`,
    [from, to],
  );
  return rows;
}

/** Blocks with mirrored events outside the blocks from `from` to `to`: the mirror never read there. */
export async function eventBlocksOutside(db: Queryable, from: bigint, to: bigint): Promise<bigint[]> {
  const { rows } = await db.query<{ number: bigint }>(
    `select distinct block_number as number from chain_event where block_number < $1 or block_number > $2
     order by 1 limit 100`,
    [from, to],
  );
  return rows.map(({ number }) => number);
}

export interface AnchoredRow {
  epoch: number;
  size: bigint;
  root: Buffer;
  contract: string;
  transactionHash: string;
  blockNumber: bigint;
  blockHash: string;
}

const anchoredColumns = `epoch, size, root, lower(anchor_contract) as contract, lower(transaction_hash) as "transactionHash",
  block_number as "blockNumber", lower(block_hash) as "blockHash"`;

/** Checkpoints of this centre's log that are called anchored in the blocks from `from` to `to`. */
export async function anchoredBetween(db: Queryable, from: bigint, to: bigint): Promise<AnchoredRow[]> {
  const { rows } = await db.query<AnchoredRow>(
    `select ${anchoredColumns} from log_checkpoint where state = 'anchored' and block_number between $1 and $2`,
    [from, to],
  );
  return rows;
}

/** The same outside these blocks, where the mirror cannot have seen them; at most a hundred. */
export async function anchoredOutside(db: Queryable, from: bigint, to: bigint): Promise<AnchoredRow[]> {
  const { rows } = await db.query<AnchoredRow>(
    `select ${anchoredColumns} from log_checkpoint
     where state = 'anchored' and (block_number < $1 or block_number > $2) order by block_number limit 100`,
    [from, to],
  );
  return rows;
}

/** Roots of this centre's checkpoints at these places, in any state; keys "epoch/size". */
export async function rootsAt(
  db: Queryable,
  places: readonly { epoch: string; size: string }[],
): Promise<Map<string, Buffer>> {
  if (places.length === 0) return new Map();
  const { rows } = await db.query<{ place: string; root: Buffer }>(
    `select c.epoch || '/' || c.size as place, c.root
     from unnest($1::bigint[], $2::bigint[]) as p (epoch, size) join log_checkpoint c using (epoch, size)`,
    [places.map(({ epoch }) => epoch), places.map(({ size }) => size)],
  );
  return new Map(rows.map(({ place, root }) => [place, root]));
}

/** The epochs in which this centre has anchored checkpoints, each with the largest of them. */
export async function largestAnchored(
  db: Queryable,
): Promise<{ epoch: number; size: bigint; root: Buffer; contract: string }[]> {
  const { rows } = await db.query<{ epoch: number; size: bigint; root: Buffer; contract: string }>(
    `select distinct on (epoch) epoch, size, root, anchor_contract as contract
     from log_checkpoint where state = 'anchored' order by epoch, size desc`,
  );
  return rows;
}

export interface SentRevocation {
  certificate: string;
  index: bigint;
  contract: Buffer;
  /** the guardian took it back on the chain, as the mirror has it */
  reinstated: boolean;
}

/** Confirmed revocations that are final in a block up to `to`, by status index, from after `after` on. */
export async function sentRevocations(
  db: Queryable,
  centre: string,
  { after, to, limit }: { after: bigint; to: bigint; limit: number },
): Promise<SentRevocation[]> {
  const { rows } = await db.query<SentRevocation>(
    `select c.id as certificate, c.status_index::bigint as index, w.contract,
       coalesce((
         select e.name = 'Reinstated' from chain_event e
         where e.contract = 'CertificateStatus' and e.name in ('Revoked', 'Reinstated') and e.centre = $1
           and (e.args ->> 'index')::numeric = c.status_index
         order by e.block_number desc, e.log_index desc limit 1), false) as reinstated
     from certificate_revocation r
     join certificate c on c.id = r.certificate_id
     join chain_write w on w.id = r.chain_write_id
     where r.confirmed_at is not null and w.state = 'final' and w.block_number <= $3 and c.status_index > $2
     order by c.status_index limit $4`,
    [centre, after, to, limit],
  );
  return rows;
}

export interface MirroredListing {
  blockNumber: bigint;
  logIndex: number;
  id: Buffer;
  centre: string;
  commitment: Buffer;
  state: ListingState;
  contract: Buffer;
}

/** Every listing of every centre as the mirror has it, in the order of their events, from after `after` on. */
export async function mirroredListings(
  db: Queryable,
  after: Pick<MirroredListing, "blockNumber" | "logIndex">,
  limit: number,
): Promise<MirroredListing[]> {
  const { rows } = await db.query<MirroredListing>(
    `select block_number as "blockNumber", log_index as "logIndex", id, centre, commitment, state, contract
     from mirror_listing where (block_number, log_index) > ($1, $2) order by block_number, log_index limit $3`,
    [after.blockNumber, after.logIndex, limit],
  );
  return rows;
}
