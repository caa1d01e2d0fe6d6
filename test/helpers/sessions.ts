// Somebody who is signed in, without the way there: the tests of signing in walk that.
import { randomBytes } from "node:crypto";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import type { Role } from "../../service/src/identity/access.ts";
import { beginSession } from "../../service/src/identity/session.ts";

/** @returns the cookie of a new session of this member of staff, who is made if need be; or of this person, who must exist */
export async function signedIn(
  pool: Pool,
  id: string,
  now: Date,
  roles: readonly Role[] = [],
  centreCode = "C46010",
): Promise<string> {
  const name = id.replace("_", "-").toLowerCase();
  if (id.startsWith("staff_"))
    await pool.query(
      `insert into staff (id, name, display_name, roles, password_hash, created_at, changed_at)
       values ($1, $2, $2, $3, '$argon2id$none', $4, $4) on conflict (id) do nothing`,
      [id, name, roles, now],
    );
  const actor = id.startsWith("staff_")
    ? ({ kind: "staff", staffId: id, name, roles } as const)
    : ({ kind: "person", personId: id } as const);
  const token = await transaction(pool, (tx) =>
    beginSession(tx, actor, { now, random: (length) => randomBytes(length), before: null }),
  );
  return `session-${centreCode}=${token}`;
}
