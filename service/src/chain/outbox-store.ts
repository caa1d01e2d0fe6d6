// What the outbox remembers: the table chain_write. The life of a write stands in 0004_chain.sql.
import type { Queryable, Transaction } from "../db.ts";
import type { Lane, WriteState } from "./outbox.ts";

/** A write that has its nonce and its bytes. */
export interface SignedWrite {
  id: bigint;
  key: string;
  nonce: bigint;
  signedTransaction: Buffer;
  transactionHash: Buffer;
  contract: Buffer;
  data: Buffer;
  blockNumber: bigint | null;
  blockHash: Buffer | null;
  reverted: boolean | null;
}

export interface QueuedWrite {
  id: bigint;
  contract: Buffer;
  data: Buffer;
  gasLimit: bigint;
}

export interface StoredWrite {
  id: bigint;
  lane: Lane;
  contract: Buffer;
  data: Buffer;
  state: WriteState;
  transactionHash: Buffer | null;
  blockNumber: bigint | null;
  blockHash: Buffer | null;
  error: string | null;
  enqueuedAt: Date;
}

const signedColumns = `id, key, nonce, signed_transaction as "signedTransaction", transaction_hash as "transactionHash",
  contract, data, block_number as "blockNumber", block_hash as "blockHash", reverted`;

/** Inserts a write; undefined when the key is there already. The senders wake when the transaction commits. */
export async function insertWrite(
  tx: Queryable,
  write: { lane: Lane; key: string; contract: Buffer; data: Uint8Array; gasLimit: bigint },
): Promise<bigint | undefined> {
  const { rows } = await tx.query<{ id: bigint }>(
    `insert into chain_write (lane, key, contract, data, gas_limit) values ($1, $2, $3, $4, $5)
     on conflict (key) do nothing returning id, pg_notify('chain_write', lane)`,
    [write.lane, write.key, write.contract, write.data, write.gasLimit],
  );
  return rows[0]?.id;
}

export async function findByKey(db: Queryable, key: string): Promise<StoredWrite | undefined> {
  const { rows } = await db.query<StoredWrite>(
    `select id, lane, contract, data, state, transaction_hash as "transactionHash", block_number as "blockNumber",
       block_hash as "blockHash", error, enqueued_at as "enqueuedAt"
     from chain_write where key = $1`,
    [key],
  );
  return rows[0];
}

export interface OutboxSummary {
  queued: number;
  /** signed, perhaps sent, in no block that we know of, or in one that is not final */
  inFlight: number;
  /** reverted for good */
  failed: number;
  /** when the oldest write that is not final yet was put here */
  oldestOpen: Date | null;
}

export async function summarise(db: Queryable): Promise<OutboxSummary> {
  const { rows } = await db.query<OutboxSummary>(
    `select count(*) filter (where state = 'queued')::integer as queued,
       count(*) filter (where state in ('signed', 'mined'))::integer as "inFlight",
       count(*) filter (where state = 'failed')::integer as failed,
       min(enqueued_at) filter (where state <> 'failed') as "oldestOpen"
     from chain_write where state in ('queued', 'signed', 'mined', 'failed')`,
  );
  return rows[0]!;
}

/** One signer at a time for a lane, until the transaction ends, whoever believes to lead. */
export async function lockLane(tx: Transaction, lane: Lane): Promise<void> {
  await tx.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`cunzheng.chain_write.${lane}`]);
}

export async function countSigned(db: Queryable, lane: Lane): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    "select count(*)::integer as count from chain_write where lane = $1 and state = 'signed'",
    [lane],
  );
  return rows[0]!.count;
}

export async function listQueued(tx: Transaction, lane: Lane, limit: number): Promise<QueuedWrite[]> {
  const { rows } = await tx.query<QueuedWrite>(
    `select id, contract, data, gas_limit as "gasLimit" from chain_write
     where lane = $1 and state = 'queued' order by id limit $2`,
    [lane, limit],
  );
  return rows;
}

export async function highestNonce(tx: Transaction, account: Buffer): Promise<bigint | null> {
  const { rows } = await tx.query<{ nonce: bigint | null }>(
    "select max(nonce) as nonce from chain_write where account = $1",
    [account],
  );
  return rows[0]!.nonce;
}

export async function storeSigned(
  tx: Transaction,
  account: Buffer,
  signedAt: Date,
  writes: { id: bigint; nonce: bigint; bytes: Buffer; hash: Buffer }[],
): Promise<void> {
  await tx.query(
    `update chain_write as w
     set state = 'signed', account = $1, signed_at = $2, nonce = s.nonce, signed_transaction = s.bytes,
       transaction_hash = s.hash
     from unnest($3::bigint[], $4::bigint[], $5::bytea[], $6::bytea[]) as s (id, nonce, bytes, hash)
     where w.id = s.id and w.state = 'queued'`,
    [
      account,
      signedAt,
      writes.map((write) => write.id),
      writes.map((write) => write.nonce),
      writes.map((write) => write.bytes),
      writes.map((write) => write.hash),
    ],
  );
}

/** The first writes in no block that we know of, in the order of their nonces. */
export async function listSigned(
  db: Queryable,
  lane: Lane,
  resendBefore: Date,
  limit: number,
): Promise<(SignedWrite & { due: boolean })[]> {
  const { rows } = await db.query<SignedWrite & { due: boolean }>(
    `select ${signedColumns}, sent_at is null or sent_at < $2 as due
     from chain_write where lane = $1 and state = 'signed' order by nonce limit $3`,
    [lane, resendBefore, limit],
  );
  return rows;
}

/** Writes in a block that is deep enough to be final. */
export async function listMined(db: Queryable, lane: Lane, upTo: bigint): Promise<SignedWrite[]> {
  const { rows } = await db.query<SignedWrite>(
    `select ${signedColumns} from chain_write where lane = $1 and state = 'mined' and block_number <= $2
     order by nonce limit 500`,
    [lane, upTo],
  );
  return rows;
}

export async function markSent(db: Queryable, ids: bigint[], sentAt: Date): Promise<void> {
  await db.query("update chain_write set sent_at = $2 where id = any($1::bigint[]) and state = 'signed'", [
    ids,
    sentAt,
  ]);
}

export interface Outcome {
  id: bigint;
  transactionHash: Buffer;
  state: "mined" | "final" | "failed";
  blockNumber: bigint;
  blockHash: Buffer;
  reverted: boolean;
  error: string | null;
}

/** Writes down what the chain answered about writes that are still what we asked about. */
export async function storeOutcomes(db: Queryable, outcomes: Outcome[]): Promise<void> {
  if (outcomes.length === 0) return;
  await db.query(
    `update chain_write as w
     set state = o.state, block_number = o.block_number, block_hash = o.block_hash, reverted = o.reverted, error = o.error
     from unnest($1::bigint[], $2::bytea[], $3::text[], $4::bigint[], $5::bytea[], $6::boolean[], $7::text[])
       as o (id, transaction_hash, state, block_number, block_hash, reverted, error)
     where w.id = o.id and w.transaction_hash = o.transaction_hash and w.state in ('signed', 'mined')`,
    [
      outcomes.map((outcome) => outcome.id),
      outcomes.map((outcome) => outcome.transactionHash),
      outcomes.map((outcome) => outcome.state),
      outcomes.map((outcome) => outcome.blockNumber),
      outcomes.map((outcome) => outcome.blockHash),
      outcomes.map((outcome) => outcome.reverted),
      outcomes.map((outcome) => outcome.error),
    ],
  );
}

const askAgain =
  "state = 'signed', block_number = null, block_hash = null, reverted = null, error = null, sent_at = null";

/** The chain counts fewer transactions of the account than we saw in blocks: it forgot these. Returns how many. */
export async function resetForgotten(db: Queryable, account: Buffer, chainCount: bigint): Promise<number> {
  const { rowCount } = await db.query(
    `update chain_write set ${askAgain} where account = $1 and nonce >= $2 and state in ('mined', 'final', 'failed')`,
    [account, chainCount],
  );
  return rowCount ?? 0;
}

export async function resetMined(db: Queryable, ids: bigint[]): Promise<void> {
  await db.query(`update chain_write set ${askAgain} where id = any($1::bigint[]) and state = 'mined'`, [ids]);
}

/** Blocks above this one are not the chain's any more: what was mined in them is asked about and sent again. */
export async function resetWritesAbove(tx: Queryable, block: bigint): Promise<void> {
  await tx.query(`update chain_write set ${askAgain} where block_number > $1`, [block]);
}

const unsign = `state = 'queued', account = null, nonce = null, signed_transaction = null, transaction_hash = null,
  signed_at = null, sent_at = null`;

/** These nonces went to other transactions of the account: the writes are queued anew and get new ones. */
export async function requeue(db: Queryable, ids: bigint[]): Promise<void> {
  await db.query(`update chain_write set ${unsign} where id = any($1::bigint[]) and state = 'signed'`, [ids]);
}

/** The lane has another account now: what the old one had not got into a block is queued anew. Returns how many. */
export async function requeueOfOtherAccounts(db: Queryable, lane: Lane, account: Buffer): Promise<number> {
  const { rowCount } = await db.query(
    `update chain_write set ${unsign} where lane = $1 and state = 'signed' and account <> $2`,
    [lane, account],
  );
  return rowCount ?? 0;
}
