// What the log remembers of witnesses: what the others cosigned of it, and what it saw and cosigned of the others.
import type { Queryable } from "../db.ts";

export async function cosignatures(db: Queryable, epoch: number, size: number): Promise<string[]> {
  const { rows } = await db.query<{ line: string }>(
    "select line from log_cosignature where epoch = $1 and size = $2 order by witness",
    [epoch, size],
  );
  return rows.map((row) => row.line);
}

export async function insertCosignature(
  db: Queryable,
  epoch: number,
  size: number,
  witness: string,
  line: string,
  at: Date,
): Promise<void> {
  await db.query(
    `insert into log_cosignature (epoch, size, witness, line, cosigned_at) values ($1, $2, $3, $4, $5)
     on conflict (epoch, size, witness) do nothing`,
    [epoch, size, witness, line, at],
  );
}

/** The largest size of this log that a witness has cosigned; 0 when it has cosigned none. */
export async function cosignedSize(db: Queryable, epoch: number, witness: string): Promise<number> {
  const { rows } = await db.query<{ size: bigint }>(
    "select size from log_cosignature where epoch = $1 and witness = $2 order by size desc limit 1",
    [epoch, witness],
  );
  return Number(rows[0]?.size ?? 0);
}

/** What each witness has cosigned last. From witness to witness through the index: the table grows without end. */
export async function cosignedSizes(
  db: Queryable,
  epoch: number,
): Promise<{ centre: string; size: number; at: Date }[]> {
  const { rows } = await db.query<{ centre: string; size: bigint; at: Date }>(
    `with recursive seen(witness) as (
       (select witness from log_cosignature where epoch = $1 order by witness limit 1)
       union all
       select (select c.witness from log_cosignature c where c.epoch = $1 and c.witness > seen.witness order by c.witness limit 1)
       from seen where seen.witness is not null)
     select seen.witness as centre, newest.size, newest.at
     from seen cross join lateral (
       select c.size, c.cosigned_at as at from log_cosignature c
       where c.epoch = $1 and c.witness = seen.witness order by c.size desc limit 1) newest
     order by centre`,
    [epoch],
  );
  return rows.map((row) => ({ ...row, size: Number(row.size) }));
}

export interface WitnessedLog {
  size: number;
  root: Buffer;
  note: string;
}

/** One request for a log at a time until the transaction ends, also for a log that is seen for the first time. */
export async function lockWitnessed(db: Queryable, origin: string): Promise<void> {
  await db.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`witness ${origin}`]);
}

/** The newest state of another log that this centre cosigned; locked until the transaction ends. */
export async function witnessed(db: Queryable, origin: string): Promise<WitnessedLog | undefined> {
  const { rows } = await db.query<{ size: bigint; root: Buffer; note: string }>(
    "select size, root, note from witnessed_log where origin = $1 for update",
    [origin],
  );
  return rows[0] && { size: Number(rows[0].size), root: rows[0].root, note: rows[0].note };
}

export async function writeWitnessed(
  db: Queryable,
  row: { origin: string; centre: string; size: number; root: Uint8Array; note: string; at: Date },
): Promise<void> {
  await db.query(
    `insert into witnessed_log (origin, centre, size, root, note, cosigned_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (origin) do update set size = excluded.size, root = excluded.root, note = excluded.note, cosigned_at = excluded.cosigned_at`,
    [row.origin, row.centre, row.size, row.root, row.note, row.at],
  );
}

/** The newest note of a log that this centre cosigned. */
export async function witnessedNote(db: Queryable, origin: string): Promise<string | undefined> {
  const { rows } = await db.query<{ note: string }>("select note from witnessed_log where origin = $1", [origin]);
  return rows[0]?.note;
}

/** Keeps evidence against a log, each checkpoint once: see witness_alarm. */
export async function raiseAlarm(
  db: Queryable,
  alarm: {
    origin: string;
    kind: "fork" | "unproven";
    known: string;
    given: string;
    size: number;
    root: Uint8Array;
    at: Date;
  },
): Promise<void> {
  await db.query(
    `insert into witness_alarm (origin, kind, found_at, known_note, given_note, given_size, given_root)
     values ($1, $2, $3, $4, $5, $6, $7) on conflict (origin, kind, given_size, given_root) do nothing`,
    [alarm.origin, alarm.kind, alarm.at, alarm.known, alarm.given, alarm.size, alarm.root],
  );
}

/** A checkpoint that looked unproven extends the others after all. */
export async function settleAlarm(
  db: Queryable,
  origin: string,
  size: number,
  root: Uint8Array,
  at: Date,
): Promise<void> {
  await db.query(
    `update witness_alarm set settled_at = $4
     where origin = $1 and kind = 'unproven' and given_size = $2 and given_root = $3 and settled_at is null`,
    [origin, size, root, at],
  );
}
