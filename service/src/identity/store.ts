// What identity remembers (migration 0007).
import type { Queryable, Transaction } from "../db.ts";
import type { Actor, Role } from "./access.ts";

// ---------------------------------------------------------------------------------------------------------- sessions

export interface SessionRow {
  actor: Actor;
  seenAt: Date;
  endsAt: Date;
}

/** Roles are read with every use: who loses one, or leaves, loses it in open sessions too. */
export async function findSession(db: Queryable, tokenHash: Buffer): Promise<SessionRow | undefined> {
  const { rows } = await db.query<{
    person_id: string | null;
    staff_id: string | null;
    display_name: string | null;
    roles: Role[] | null;
    seen_at: Date;
    ends_at: Date;
  }>(
    `select session.person_id, session.staff_id, staff.display_name, staff.roles, session.seen_at, session.ends_at
       from session left join staff on staff.id = session.staff_id
      where session.token_hash = $1 and (session.staff_id is null or staff.active)`,
    [tokenHash],
  );
  const row = rows[0];
  if (!row) return undefined;
  const actor: Actor =
    row.person_id !== null
      ? { kind: "person", personId: row.person_id }
      : { kind: "staff", staffId: row.staff_id!, name: row.display_name!, roles: row.roles! };
  return { actor, seenAt: row.seen_at, endsAt: row.ends_at };
}

export async function insertSession(
  db: Queryable,
  session: { tokenHash: Buffer; actor: Actor; now: Date; endsAt: Date },
): Promise<void> {
  const { tokenHash, actor, now, endsAt } = session;
  await db.query(
    `insert into session (token_hash, person_id, staff_id, created_at, seen_at, ends_at) values ($1, $2, $3, $4, $4, $5)`,
    [
      tokenHash,
      actor.kind === "person" ? actor.personId : null,
      actor.kind === "staff" ? actor.staffId : null,
      now,
      endsAt,
    ],
  );
}

export async function touchSession(db: Queryable, tokenHash: Buffer, now: Date): Promise<void> {
  await db.query("update session set seen_at = greatest(seen_at, $2) where token_hash = $1", [tokenHash, now]);
}

export async function deleteSession(db: Queryable, tokenHash: Buffer): Promise<void> {
  await db.query("delete from session where token_hash = $1", [tokenHash]);
}

// --------------------------------------------------------------------------------------------------- one-time codes

/** The secret under which document numbers and staff names are blinded in the tables of identity. */
export async function pepper(db: Queryable): Promise<Buffer> {
  const { rows } = await db.query<{ pepper: Buffer }>("select pepper from sign_in_pepper");
  return rows[0]!.pepper;
}

/** Times of the codes sent to a subject since then, oldest first. Holds the subject's lock until the transaction ends. */
export async function codesSince(tx: Transaction, subject: Buffer, since: Date): Promise<Date[]> {
  // Two requests at once would both count the same codes: they take turns.
  await tx.query("select pg_advisory_xact_lock(hashtextextended(encode($1, 'hex'), 7))", [subject]);
  const { rows } = await tx.query<{ created_at: Date }>(
    "select created_at from sign_in_code where subject = $1 and created_at > $2 order by created_at",
    [subject, since],
  );
  return rows.map((row) => row.created_at);
}

export async function insertCode(
  tx: Transaction,
  code: {
    challengeHash: Buffer;
    subject: Buffer;
    personId: string | null;
    codeHash: Buffer;
    now: Date;
    expiresAt: Date;
  },
): Promise<void> {
  // A newer code makes the older ones of the same subject useless.
  await tx.query("update sign_in_code set used_at = $2 where subject = $1 and used_at is null", [
    code.subject,
    code.now,
  ]);
  await tx.query(
    `insert into sign_in_code (challenge_hash, subject, person_id, code_hash, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6)`,
    [code.challengeHash, code.subject, code.personId, code.codeHash, code.now, code.expiresAt],
  );
}

/** Takes one of the five tries of a living code; undefined when there is none. The row stays locked until COMMIT. */
export async function takeTry(
  tx: Transaction,
  challengeHash: Buffer,
  now: Date,
): Promise<{ personId: string | null; codeHash: Buffer; tries: number } | undefined> {
  const { rows } = await tx.query<{ person_id: string | null; code_hash: Buffer; tries: number }>(
    `update sign_in_code set tries = tries + 1
      where challenge_hash = $1 and used_at is null and expires_at > $2 and tries < 5
     returning person_id, code_hash, tries`,
    [challengeHash, now],
  );
  const row = rows[0];
  return row && { personId: row.person_id, codeHash: row.code_hash, tries: row.tries };
}

export async function useCode(tx: Transaction, challengeHash: Buffer, now: Date): Promise<void> {
  await tx.query("update sign_in_code set used_at = $2 where challenge_hash = $1", [challengeHash, now]);
}

// --------------------------------------------------------------------------------------------------------------- staff

export interface StaffRow {
  id: string;
  displayName: string;
  roles: Role[];
  passwordHash: string;
  active: boolean;
}

export async function findStaff(db: Queryable, name: string): Promise<StaffRow | undefined> {
  const { rows } = await db.query<StaffRow>(
    `select id, display_name as "displayName", roles, password_hash as "passwordHash", active from staff where name = $1`,
    [name],
  );
  return rows[0];
}

export async function saveStaff(
  db: Queryable,
  staff: { id: string; name: string; displayName: string; roles: readonly Role[]; passwordHash: string; now: Date },
): Promise<void> {
  await db.query(
    `insert into staff (id, name, display_name, roles, password_hash, created_at, changed_at)
     values ($1, $2, $3, $4, $5, $6, $6)
     on conflict (name) do update
       set display_name = excluded.display_name, roles = excluded.roles,
           password_hash = excluded.password_hash, changed_at = excluded.changed_at`,
    [staff.id, staff.name, staff.displayName, staff.roles, staff.passwordHash, staff.now],
  );
}

export async function setPasswordHash(db: Queryable, staffId: string, passwordHash: string, now: Date): Promise<void> {
  await db.query("update staff set password_hash = $2, changed_at = $3 where id = $1", [staffId, passwordHash, now]);
}

/**
 * Counts one attempt before the password is looked at, so that attempts sent side by side count too.
 * @param lockMs how long the name is locked after that many failures in a row, in milliseconds; 0 for not at all
 * @returns until when it is locked, when it was locked already: the attempt does not count then
 */
export async function countAttempt(
  tx: Transaction,
  subject: Buffer,
  now: Date,
  lockMs: (failures: number) => number,
): Promise<{ lockedUntil: Date | null }> {
  await tx.query(
    "insert into sign_in_failure (subject, failures, last_at) values ($1, 0, $2) on conflict (subject) do nothing",
    [subject, now],
  );
  const { rows } = await tx.query<{ failures: number; locked_until: Date | null; last_at: Date }>(
    "select failures, locked_until, last_at from sign_in_failure where subject = $1 for update",
    [subject],
  );
  const row = rows[0]!;
  if (row.locked_until && row.locked_until > now) return { lockedUntil: row.locked_until };
  // A day without an attempt is forgotten.
  const failures = (now.getTime() - row.last_at.getTime() > 86_400_000 ? 0 : row.failures) + 1;
  const lock = lockMs(failures);
  await tx.query("update sign_in_failure set failures = $2, last_at = $3, locked_until = $4 where subject = $1", [
    subject,
    failures,
    now,
    lock > 0 ? new Date(now.getTime() + lock) : null,
  ]);
  return { lockedUntil: null };
}

export async function forgetFailures(db: Queryable, subject: Buffer): Promise<void> {
  await db.query("delete from sign_in_failure where subject = $1", [subject]);
}

// -------------------------------------------------------------------------------------------------------------- events

export type SignInOutcome = "signed_in" | "refused" | "locked" | "signed_out";

export async function recordSignIn(db: Queryable, actor: Actor, outcome: SignInOutcome, now: Date): Promise<void> {
  await db.query("insert into sign_in_event (at, person_id, staff_id, outcome) values ($1, $2, $3, $4)", [
    now,
    actor.kind === "person" ? actor.personId : null,
    actor.kind === "staff" ? actor.staffId : null,
    outcome,
  ]);
}

/** Forgets what has ended: sessions past their end, codes and failures older than a day. */
export async function sweepIdentity(db: Queryable, now: Date): Promise<void> {
  const dayAgo = new Date(now.getTime() - 86_400_000);
  await db.query("delete from session where ends_at <= $1 or seen_at <= $2", [
    now,
    new Date(now.getTime() - 30 * 60_000),
  ]);
  await db.query("delete from sign_in_code where created_at <= $1", [dayAgo]);
  await db.query("delete from sign_in_failure where last_at <= $1", [dayAgo]);
}
