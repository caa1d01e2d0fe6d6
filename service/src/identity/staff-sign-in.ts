// Staff sign in with name and password. Failures in a row lock the name for a growing time, whether it is known or not,
// and an attempt counts before the password is looked at: attempts sent side by side gain nothing.
import { createHmac } from "node:crypto";
import argon2 from "argon2";
import { transaction } from "../db.ts";
import type { Pool } from "../db.ts";
import { DomainError, invariant } from "../errors.ts";
import { newId } from "../ids.ts";
import type { RandomBytes } from "../ids.ts";
import { allRoles } from "./access.ts";
import type { Role, StaffActor } from "./access.ts";
import { beginSession } from "./session.ts";
import type { Session } from "./session.ts";
import { countAttempt, findStaff, forgetFailures, pepper, recordSignIn, saveStaff, setPasswordHash } from "./store.ts";

/** argon2id with 19 MiB, 2 passes and 1 lane, as OWASP advises: some tens of milliseconds, and bearable when many come at once. */
const argonOptions = { type: argon2.argon2id, memoryCost: 19_456, timeCost: 2, parallelism: 1 } as const;

/** The first five failures in a row cost nothing; then 30 s, doubled with each, up to 15 minutes. */
export function lockMs(failures: number): number {
  return failures < 5 ? 0 : Math.min(30_000 * 2 ** (failures - 5), 15 * 60_000);
}

export interface StaffSignInContext {
  pool: Pool;
  now: () => Date;
  random: RandomBytes;
}

/**
 * Checks name and password and begins a session.
 * @param before the session with which the browser came; it ends
 * @throws DomainError SIGN_IN_LOCKED, or SIGN_IN_WRONG whatever it is that is wrong
 */
export async function signInStaff(
  given: { name: string; password: string },
  before: Session | null,
  context: StaffSignInContext,
): Promise<{ token: string; actor: StaffActor }> {
  const { pool, now, random } = context;
  const name = given.name.trim().toLowerCase();
  const subject = createHmac("sha256", await pepper(pool))
    .update(JSON.stringify(["staff", name]))
    .digest();
  const { lockedUntil } = await transaction(pool, (tx) => countAttempt(tx, subject, now(), lockMs));
  const staff = await findStaff(pool, name);
  if (lockedUntil) {
    if (staff) await recordSignIn(pool, staffActor(staff), "locked", now());
    const seconds = Math.max(1, Math.ceil((lockedUntil.getTime() - now().getTime()) / 1000));
    throw new DomainError("SIGN_IN_LOCKED", { seconds });
  }
  // Somebody unknown costs the same work as somebody known. Outside any transaction: it takes long.
  const right = await argon2.verify(staff?.passwordHash ?? (await nobodysHash()), given.password);
  if (!right || !staff?.active) {
    if (staff) await recordSignIn(pool, staffActor(staff), "refused", now());
    throw new DomainError("SIGN_IN_WRONG");
  }
  // A hash made with weaker parameters of earlier days is made again while the password is at hand.
  const stronger = argon2.needsRehash(staff.passwordHash, argonOptions)
    ? await argon2.hash(given.password, argonOptions)
    : undefined;
  const actor = staffActor(staff);
  const token = await transaction(pool, async (tx) => {
    const at = now();
    await forgetFailures(tx, subject);
    if (stronger) await setPasswordHash(tx, staff.id, stronger, at);
    await recordSignIn(tx, actor, "signed_in", at);
    return beginSession(tx, actor, { now: at, random, before });
  });
  return { token, actor };
}

export interface NewStaff {
  /** to sign in with: lower case */
  name: string;
  displayName: string;
  roles: Role[];
  password: string;
}

/**
 * Makes sure that these members of staff are there, with these roles and passwords. The same call again changes nothing;
 * a changed name, role or password is taken over. Somebody made inactive stays so.
 */
export async function ensureStaff(
  pool: Pool,
  staff: readonly NewStaff[],
  { now, random }: { now: () => Date; random: RandomBytes },
): Promise<void> {
  for (const { name, displayName, roles, password } of staff) {
    invariant(password.length >= 8, "a password has at least 8 characters");
    invariant(roles.length > 0 && roles.every((role) => allRoles.includes(role)), "a role is not known");
    const there = await findStaff(pool, name);
    const samePassword = there !== undefined && (await argon2.verify(there.passwordHash, password));
    const sameRest =
      there !== undefined &&
      there.displayName === displayName &&
      [...there.roles].sort().join() === [...roles].sort().join();
    if (samePassword && sameRest) continue;
    const passwordHash = samePassword ? there.passwordHash : await argon2.hash(password, argonOptions);
    await saveStaff(pool, { id: newId("staff", random), name, displayName, roles, passwordHash, now: now() });
  }
}

function staffActor(staff: { id: string; displayName: string; roles: Role[] }): StaffActor {
  return { kind: "staff", staffId: staff.id, name: staff.displayName, roles: staff.roles };
}

let nobody: Promise<string> | undefined;

/** A hash with today's parameters that no password opens. */
function nobodysHash(): Promise<string> {
  nobody ??= argon2.hash(Buffer.from(crypto.getRandomValues(new Uint8Array(32))), argonOptions);
  return nobody;
}
