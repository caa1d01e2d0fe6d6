// What notices remember (migration 0008).
import type { Pool, Queryable } from "../db.ts";

export type NoticeState = "waiting" | "delivered" | "failed" | "expired" | "withheld";

export async function insertNotice(
  db: Queryable,
  notice: {
    id: string;
    channel: string;
    purpose: string;
    personId: string | null;
    recipient: string | null;
    recipientMasked: string | null;
    text: string | null;
    state: "waiting" | "withheld";
    now: Date;
    expiresAt: Date;
  },
): Promise<void> {
  await db.query(
    `insert into notice (id, channel, purpose, person_id, recipient, recipient_masked, text, state,
                         next_at, created_at, expires_at, settled_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10, case when $8 = 'waiting' then null else $9::timestamptz end)`,
    [
      notice.id,
      notice.channel,
      notice.purpose,
      notice.personId,
      notice.recipient,
      notice.recipientMasked,
      notice.text,
      notice.state,
      notice.now,
      notice.expiresAt,
    ],
  );
}

export interface ClaimedNotice {
  id: string;
  recipient: string;
  text: string;
  /** this one included */
  attempts: number;
}

/** Takes messages that are due, each for one sender: for the length of the lease nobody else gets them. */
export async function claimNotices(
  pool: Pool,
  now: Date,
  options: { limit: number; leaseMs: number },
): Promise<ClaimedNotice[]> {
  const { rows } = await pool.query<ClaimedNotice>(
    `update notice set attempts = attempts + 1, next_at = $2
      where id in (select id from notice where state = 'waiting' and next_at <= $1 and expires_at > $1
                    order by next_at limit $3 for update skip locked)
     returning id, recipient, text, attempts`,
    [now, new Date(now.getTime() + options.leaseMs), options.limit],
  );
  return rows;
}

/** Writes what became of a message. One that is settled already stays as it is. */
export async function settleNotice(
  db: Queryable,
  id: string,
  outcome: {
    state: "delivered" | "failed" | "waiting";
    now: Date;
    keepText?: boolean;
    lastError?: string;
    nextAt?: Date;
  },
): Promise<void> {
  const { state, now, lastError } = outcome;
  if (state === "waiting") {
    await db.query("update notice set next_at = $2, last_error = $3 where id = $1 and state = 'waiting'", [
      id,
      outcome.nextAt ?? now,
      lastError ?? null,
    ]);
    return;
  }
  await db.query(
    `update notice set state = $2, settled_at = $3, last_error = $4,
                       text = case when $5 then text end, recipient = case when $5 then recipient end
      where id = $1 and state = 'waiting'`,
    [id, state, now, lastError ?? null, outcome.keepText === true && state === "delivered"],
  );
}

/** Forgets the text of what is too late, sent or not. */
export async function expireNotices(db: Queryable, now: Date): Promise<void> {
  await db.query(
    `update notice set text = null, recipient = null,
                       state = case when state = 'waiting' then 'expired' else state end,
                       settled_at = coalesce(settled_at, $1)
      where text is not null and expires_at <= $1`,
    [now],
  );
}

export interface ShownMessage {
  id: string;
  recipientMasked: string;
  text: string;
  createdAt: Date;
  expiresAt: Date;
}

/** The newest messages of the development channel that have not expired. */
export async function developmentMessages(db: Queryable, now: Date, limit: number): Promise<ShownMessage[]> {
  const { rows } = await db.query<ShownMessage>(
    `select id, recipient_masked as "recipientMasked", text, created_at as "createdAt", expires_at as "expiresAt"
       from notice where channel = 'development' and text is not null and expires_at > $1
      order by created_at desc, id limit $2`,
    [now, limit],
  );
  return rows;
}
