// What the blacklist part works with: built once in app.ts.
import type { KeyObject } from "node:crypto";
import type { Pool, Queryable, Transaction } from "../db.ts";
import type { RandomBytes } from "../ids.ts";
import type { Peers } from "../peers/peer.ts";
import type { Traces } from "../traces/trace.ts";
import type { TagKey } from "./tag.ts";

export interface Blacklist {
  pool: Pool;
  centre: string;
  tagKey: TagKey;
  /** Ed25519, signs the feed */
  memberKey: KeyObject;
  peers: Peers;
  traces: Traces;
  /** writes for the chain, put into the outbox in the caller's transaction */
  submit: {
    list(tx: Transaction, listingId: Uint8Array, commitment: Uint8Array): Promise<bigint>;
    lift(tx: Transaction, listingId: Uint8Array, reason: number): Promise<bigint>;
  };
  /**
   * How many seconds ago the mirror last stood at the chain's head; null when it never did. Asked in the check's own
   * transaction: a second connection for each check would use up the pool.
   */
  mirrorAge: (db: Queryable) => Promise<number | null>;
  /** beyond this age in seconds what the mirror says of the chain is not enough to let anybody pass */
  oldestMirror: number;
  now: () => Date;
  random: RandomBytes;
}
