// What the mirror remembers: chain_cursor, chain_block, chain_event; and the views over them. See 0004_chain.sql.
import type { Queryable, Transaction } from "../db.ts";
import type { Block } from "./client.ts";
import type { ChainEvent } from "./events.ts";

export interface Cursor {
  chainId: bigint;
  registry: Buffer;
  startBlock: bigint;
  /** the last block read; one before the start while nothing is read */
  number: bigint;
  hash: Buffer | null;
  time: Date | null;
  head: bigint | null;
  atHeadAt: Date | null;
}

const cursorColumns = `chain_id as "chainId", registry, start_block as "startBlock", number, hash, time, head,
  at_head_at as "atHeadAt"`;

export async function insertCursor(
  db: Queryable,
  cursor: { chainId: number; registry: Buffer; startBlock: number },
): Promise<void> {
  await db.query(
    `insert into chain_cursor (chain_id, registry, start_block, number) values ($1, $2, $3, $3::bigint - 1)
     on conflict do nothing`,
    [cursor.chainId, cursor.registry, cursor.startBlock],
  );
}

export async function findCursor(db: Queryable): Promise<Cursor | undefined> {
  const { rows } = await db.query<Cursor>(`select ${cursorColumns} from chain_cursor`);
  return rows[0];
}

/** The cursor, held until the transaction ends. */
export async function lockCursor(tx: Transaction): Promise<Cursor | undefined> {
  const { rows } = await tx.query<Cursor>(`select ${cursorColumns} from chain_cursor for update`);
  return rows[0];
}

/** `block` null: nothing is read. */
export async function moveCursor(tx: Transaction, block: Block | null): Promise<void> {
  await tx.query(
    `update chain_cursor set number = coalesce($1, start_block - 1), hash = $2, time = to_timestamp($3::double precision)`,
    [block?.number ?? null, block?.hash ?? null, block?.time ?? null],
  );
}

export async function noteHead(db: Queryable, head: bigint, atHeadAt: Date | null): Promise<void> {
  await db.query("update chain_cursor set head = $1, at_head_at = coalesce($2, at_head_at)", [head, atHeadAt]);
}

/** Blocks with events below a number, from the newest down. */
export async function listBlocksBelow(
  db: Queryable,
  below: bigint,
  limit: number,
): Promise<{ number: bigint; hash: Buffer }[]> {
  const { rows } = await db.query<{ number: bigint; hash: Buffer }>(
    "select number, hash from chain_block where number < $1 order by number desc limit $2",
    [below, limit],
  );
  return rows;
}

/** Deletes the blocks above this one with their events. Returns how many blocks. */
export async function deleteBlocksAbove(tx: Transaction, block: bigint): Promise<number> {
  const { rowCount } = await tx.query("delete from chain_block where number > $1", [block]);
  return rowCount ?? 0;
}

export async function insertEvents(tx: Transaction, blocks: Block[], events: ChainEvent[]): Promise<void> {
  if (events.length === 0) return;
  await tx.query(
    `insert into chain_block (number, hash, time)
     select number, hash, to_timestamp(time) from unnest($1::bigint[], $2::bytea[], $3::double precision[])
       as b (number, hash, time)`,
    [blocks.map((block) => block.number), blocks.map((block) => block.hash), blocks.map((block) => block.time)],
  );
  await tx.query(
    `insert into chain_event (block_number, log_index, transaction_hash, address, contract, name, centre, args)
     select * from unnest($1::bigint[], $2::integer[], $3::bytea[], $4::bytea[], $5::text[], $6::text[], $7::text[], $8::jsonb[])`,
    [
      events.map((event) => event.blockNumber),
      events.map((event) => event.logIndex),
      events.map((event) => event.transactionHash),
      events.map((event) => event.address),
      events.map((event) => event.contract),
      events.map((event) => event.name),
      events.map((event) => event.centre),
      events.map((event) => JSON.stringify(event.args)),
    ],
  );
}

/** Tells whoever listens that events came or went; the payload is the block up to which the mirror stands. */
export async function notifyEvents(tx: Transaction, block: bigint): Promise<void> {
  await tx.query("select pg_notify('chain_event', $1::text)", [block.toString()]);
}

export interface NamedContract {
  name: string;
  /** 20 bytes */
  address: Buffer;
  /** block of the event that first gave it this name */
  since: bigint;
}

/** Every contract that the registry ever named, the current one of a name last. */
export async function listNamedContracts(db: Queryable): Promise<NamedContract[]> {
  const { rows } = await db.query<NamedContract>(
    `select name, address, min(block_number) as since from (
       select chain_word_text(args ->> 'name') as name, chain_bytes(args ->> 'account') as address, block_number, log_index
       from chain_event where contract = 'CentreRegistry' and name = 'ContractSet'
     ) as named
     where name is not null group by name, address order by max(block_number), max(log_index)`,
  );
  return rows;
}

/** The registry as of one block. Whole numbers are decimal texts: the chain may hold more than a number does. */
export interface MirroredRegistry {
  /** null before the first step; `time` in seconds since 1970, null while nothing is read */
  cursor: { chainId: string; registry: string; number: string; time: string | null } | null;
  contracts: { name: string; address: string }[];
  centres: {
    code: string;
    name: string;
    creditCode: string;
    serviceUrl: string;
    logEpoch: string;
    removed: boolean;
  }[];
  /** values in hex, times in seconds since 1970 */
  keys: { centre: string; kind: string; value: string; from: string; until: string; distrustedSince: string }[];
}

/** One statement, so that a step of the mirror cannot come between its parts. */
export async function readRegistry(db: Queryable): Promise<MirroredRegistry> {
  const { rows } = await db.query<MirroredRegistry>(`
    select
      (select json_build_object('chainId', chain_id::text, 'registry', '0x' || encode(registry, 'hex'),
         'number', number::text, 'time', floor(extract(epoch from time))::text) from chain_cursor) as cursor,
      (select coalesce(json_agg(json_build_object('name', name, 'address', '0x' || encode(address, 'hex'))), '[]')
         from mirror_contract) as contracts,
      (select coalesce(json_agg(json_build_object('code', code, 'name', name, 'creditCode', credit_code,
         'serviceUrl', service_url, 'logEpoch', log_epoch::text, 'removed', removed) order by code), '[]')
         from mirror_centre) as centres,
      (select coalesce(json_agg(json_build_object('centre', centre, 'kind', kind, 'value', encode(value, 'hex'),
         'from', valid_from::text, 'until', valid_until::text, 'distrustedSince', distrusted_since::text)
         order by centre, block_number, log_index), '[]')
         from mirror_key where kind is not null) as keys`);
  return rows[0]!;
}
