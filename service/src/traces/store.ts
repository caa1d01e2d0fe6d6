// What traces remember.
import { sha256 } from "../proof/sha256.ts";
import type { Queryable } from "../db.ts";
import { utf8 } from "../proof/bytes.ts";

export interface TraceRow {
  id: string;
  kind: string;
  actor: string;
  personId: string | null;
  businessNumber: string | null;
  record: string;
  leaf: string;
  leafId: bigint;
  at: Date;
}

export async function insert(db: Queryable, trace: TraceRow): Promise<void> {
  await db.query(
    `insert into trace (id, kind, actor, person_id, business_number, record, record_digest, leaf, leaf_id, created_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      trace.id,
      trace.kind,
      trace.actor,
      trace.personId,
      trace.businessNumber,
      trace.record,
      sha256(utf8(trace.record)),
      trace.leaf,
      trace.leafId,
      trace.at,
    ],
  );
}
