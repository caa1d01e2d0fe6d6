// What the chain says of a certificate, as the mirror has it.
import type { Queryable } from "../db.ts";

/** The revocation of a status index on the chain that stands now, with the time of its block. */
export async function revokedOnChain(
  db: Queryable,
  centre: string,
  statusIndex: number,
): Promise<{ reason: number; at: Date } | undefined> {
  const { rows } = await db.query<{ reason: number; at: Date }>(
    "select reason, revoked_at as at from mirror_revocation where centre = $1 and index = $2",
    [centre, statusIndex],
  );
  return rows[0];
}
