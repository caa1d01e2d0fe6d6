// Which signed requests of other centres were accepted already.
import type { Queryable } from "../db.ts";

/** True the first time; a token id is remembered until it has expired anyway. */
export async function acceptOnce(
  db: Queryable,
  issuer: string,
  tokenId: string,
  expiresAt: Date,
  now: Date,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `with expired as (delete from member_request where expires_at < $4::timestamptz - interval '5 minutes')
     insert into member_request (issuer, token_id, expires_at) values ($1, $2, $3) on conflict do nothing`,
    [issuer, tokenId, expiresAt, now],
  );
  return rowCount === 1;
}
