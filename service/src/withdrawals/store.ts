// What withdrawals remember.
import type { Queryable } from "../db.ts";

export type WithdrawalState = "paid" | "barred" | "held" | "refused";

export interface WithdrawalRow {
  id: string;
  businessNumber: string;
  personId: string;
  depositorId: string;
  reason: string;
  kind: string;
  amountFen: bigint;
  state: WithdrawalState;
  checkId: string;
  postingId: string | null;
  requestedBy: string;
  requestKey: string;
  requestDigest: Uint8Array;
  appliedAt: Date;
  decidedBy: string | null;
  decidedAt: Date | null;
  note: string | null;
}

const columns = `id, business_number as "businessNumber", person_id as "personId", depositor_id as "depositorId", reason, kind,
  amount_fen as "amountFen", state, check_id as "checkId", posting_id as "postingId", requested_by as "requestedBy",
  request_key as "requestKey", request_digest as "requestDigest", applied_at as "appliedAt", decided_by as "decidedBy",
  decided_at as "decidedAt", note`;

export async function insert(db: Queryable, row: WithdrawalRow): Promise<void> {
  await db.query(
    `insert into withdrawal (id, business_number, person_id, depositor_id, reason, kind, amount_fen, state, check_id, posting_id,
       requested_by, request_key, request_digest, applied_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`,
    [
      row.id,
      row.businessNumber,
      row.personId,
      row.depositorId,
      row.reason,
      row.kind,
      row.amountFen,
      row.state,
      row.checkId,
      row.postingId,
      row.requestedBy,
      row.requestKey,
      row.requestDigest,
      row.appliedAt,
    ],
  );
}

/** One wish at a time: the same wish sent twice at once waits here for the first. */
export async function lockWish(db: Queryable, requestedBy: string, requestKey: string): Promise<void> {
  await db.query("select pg_advisory_xact_lock(hashtextextended($1, 0))", [`withdrawal ${requestedBy} ${requestKey}`]);
}

/** One withdrawal of a depositor at a time, with the account's state as it is now. */
export async function lockDepositor(db: Queryable, id: string): Promise<void> {
  await db.query("select from depositor where id = $1 for no key update", [id]);
}

export async function byRequest(
  db: Queryable,
  requestedBy: string,
  requestKey: string,
): Promise<WithdrawalRow | undefined> {
  const { rows } = await db.query<WithdrawalRow>(
    `select ${columns} from withdrawal where requested_by = $1 and request_key = $2`,
    [requestedBy, requestKey],
  );
  return rows[0];
}

export async function lock(db: Queryable, id: string): Promise<WithdrawalRow | undefined> {
  const { rows } = await db.query<WithdrawalRow>(`select ${columns} from withdrawal where id = $1 for update`, [id]);
  return rows[0];
}

export async function byId(db: Queryable, id: string): Promise<WithdrawalRow | undefined> {
  const { rows } = await db.query<WithdrawalRow>(`select ${columns} from withdrawal where id = $1`, [id]);
  return rows[0];
}

export async function refuse(db: Queryable, id: string, by: string, at: Date, note: string): Promise<void> {
  await db.query(
    "update withdrawal set state = 'refused', decided_by = $2, decided_at = $3, note = $4 where id = $1 and state = 'barred'",
    [id, by, at, note],
  );
}

/** Withdrawals of a person, newest first. */
export async function ofPerson(db: Queryable, personId: string, limit = 100): Promise<WithdrawalRow[]> {
  const { rows } = await db.query<WithdrawalRow>(
    `select ${columns} from withdrawal where person_id = $1 order by applied_at desc, id limit $2`,
    [personId, limit],
  );
  return rows;
}

/** Withdrawals of the centre, newest first, of one state or of all. */
export async function newest(
  db: Queryable,
  state: WithdrawalState | undefined,
  limit: number,
): Promise<WithdrawalRow[]> {
  const { rows } = await db.query<WithdrawalRow>(
    `select ${columns} from withdrawal where $1::text is null or state = $1 order by applied_at desc, id limit $2`,
    [state ?? null, limit],
  );
  return rows;
}
