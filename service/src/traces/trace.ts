// A trace is the record of a look at a person's data, written in the same transaction as the look itself, and a leaf of
// the log: what was recorded can neither be removed nor changed unseen.
import type { Transaction } from "../db.ts";
import type { RandomBytes } from "../ids.ts";
import { newId } from "../ids.ts";
import { appendLeaves } from "../log/log.ts";
import { toHex } from "../proof/bytes.ts";
import { canonicalDigest, canonicalText } from "../proof/canonical.ts";
import type { CanonicalValue } from "../proof/canonical.ts";
import { leafDigest } from "../proof/leaf.ts";
import type { SaltedLeaf } from "../proof/leaf.ts";
import * as store from "./store.ts";

export interface NewTrace {
  /** what kind of look, for example blacklist-check */
  kind: string;
  /** who looked: an actor id such as staff_… */
  actor: string;
  /** whose data, when the person has an account here */
  personId?: string;
  businessNumber?: string;
  /** what is to be provable later; salted before it is digested */
  facts: { readonly [name: string]: CanonicalValue };
}

export interface Traces {
  centre: string;
  now: () => Date;
  random: RandomBytes;
}

/** Writes a trace and hands its leaf to the log, all in the caller's transaction: no trace, no answer. */
export async function writeTrace(
  traces: Traces,
  tx: Transaction,
  trace: NewTrace,
): Promise<{ id: string; leafId: bigint; leafDigest: string }> {
  const at = traces.now();
  const record: CanonicalValue = {
    version: 1,
    kind: trace.kind,
    centre: traces.centre,
    actor: trace.actor,
    at: at.toISOString(),
    facts: trace.facts,
    salt: toHex(traces.random(32)),
  };
  const leaf: SaltedLeaf = {
    version: 1,
    kind: "trace",
    centre: traces.centre,
    recordDigest: toHex(canonicalDigest(record)),
    salt: toHex(traces.random(32)),
  };
  const digest = leafDigest(leaf);
  const [leafId] = await appendLeaves(tx, [digest]);
  const id = newId("trc", traces.random);
  await store.insert(tx, {
    id,
    kind: trace.kind,
    actor: trace.actor,
    personId: trace.personId ?? null,
    businessNumber: trace.businessNumber ?? null,
    record: canonicalText(record),
    leaf: canonicalText(leaf as unknown as CanonicalValue),
    leafId: leafId!,
    at,
  });
  return { id, leafId: leafId!, leafDigest: toHex(digest) };
}
