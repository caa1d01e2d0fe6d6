// A check: is this person barred? Bound to a business number, traced, answered from this centre's own mirror. What is not
// known for certain is unknown, and the business that asked is held, not refused.
import { transaction } from "../db.ts";
import type { Transaction } from "../db.ts";
import { newId } from "../ids.ts";
import { dayInChina } from "../collection/month.ts";
import { toHex } from "../proof/bytes.ts";
import { writeTrace } from "../traces/trace.ts";
import type { Blacklist } from "./blacklist.ts";
import type { Terms } from "./case.ts";
import { ruleOf } from "./rule.ts";
import * as store from "./store.ts";
import type { CheckRow } from "./store.ts";
import { canonicalDocument, tagOf } from "./tag.ts";
import type { Document } from "./tag.ts";

export interface CheckRequest {
  document: Document;
  /** the withdrawal, loan or transfer that asks */
  businessNumber: string;
  purpose: string;
  /** who asks: an actor id */
  actor: string;
  /** when the person has an account here */
  personId?: string;
}

export interface Bar {
  centre: string;
  rule: string;
  ruleZh: string;
  ruleEn: string;
  conduct: string;
  startsOn: string;
  endsOn: string;
}

export interface CheckAnswer {
  id: string;
  result: CheckRow["result"];
  /** what stops the business here */
  bars: Bar[];
  /** listings under another centre's local rule, or suspended ones: shown, they do not stop anything */
  flags: Bar[];
  /** why the answer is unknown: codes */
  unknownBecause: string[];
  mirrorAgeSeconds: number | null;
  traceId: string;
  traceLeaf: string;
}

/** Checks a person in a transaction of its own. @throws DOCUMENT_NUMBER_INVALID */
export function checkNow(blacklist: Blacklist, request: CheckRequest): Promise<CheckAnswer> {
  return transaction(blacklist.pool, (tx) => checkPerson(blacklist, tx, request));
}

/**
 * Checks a person in the caller's transaction: the trace is written with the answer or there is no answer.
 * @throws DOCUMENT_NUMBER_INVALID
 */
export async function checkPerson(blacklist: Blacklist, tx: Transaction, request: CheckRequest): Promise<CheckAnswer> {
  const now = blacklist.now();
  const today = dayInChina(now);
  const document = canonicalDocument(request.document, today);
  const found = await store.hits(tx, tagOf(blacklist.tagKey, document), blacklist.tagKey.version, today);
  const bars: Bar[] = [];
  const flags: Bar[] = [];
  const unknownBecause: string[] = [];
  for (const hit of found) {
    const own = hit.centre === blacklist.centre;
    // Our own decision binds us before the chain has it; another centre's opening counts only under its commitment.
    if (hit.state === "lifted") continue;
    if (hit.committed === false) unknownBecause.push("OPENING_DISAGREES_WITH_CHAIN");
    else if (hit.state === null && !own) unknownBecause.push("LISTING_NOT_ON_CHAIN");
    else {
      const terms = JSON.parse(hit.terms) as Terms;
      // What bars everywhere is what our own table of rules says, not what another centre's listing claims.
      const rule = ruleOf(terms.rule);
      const claimed = !own && terms.bars === "everywhere";
      if (claimed && !rule) unknownBecause.push(`RULE_UNKNOWN_${hit.centre}`);
      const applies = own || (claimed && rule?.bars === "everywhere");
      const stops = applies && hit.state !== "suspended" && terms.startsOn <= today;
      (stops ? bars : flags).push(barOf(terms));
    }
  }
  const age = await blacklist.mirrorAge(tx);
  if (age === null || age > blacklist.oldestMirror) unknownBecause.push("MIRROR_TOO_OLD");
  for (const { centre } of await store.missingOpenings(tx, blacklist.tagKey.version))
    unknownBecause.push(`OPENING_MISSING_${centre}`);
  const result =
    bars.length > 0 ? "barred" : unknownBecause.length > 0 ? "unknown" : flags.length > 0 ? "flagged" : "clear";

  const trace = await writeTrace(blacklist.traces, tx, {
    kind: "blacklist-check",
    actor: request.actor,
    ...(request.personId ? { personId: request.personId } : {}),
    businessNumber: request.businessNumber,
    facts: {
      businessNumber: request.businessNumber,
      purpose: request.purpose,
      result,
      listings: found.map((hit) => toHex(hit.listingId)).sort(),
    },
  });
  const id = newId("chk", blacklist.random);
  await store.insertCheck(tx, {
    id,
    businessNumber: request.businessNumber,
    purpose: request.purpose,
    personId: request.personId ?? null,
    result,
    detail: { bars, flags, unknownBecause },
    actor: request.actor,
    traceId: trace.id,
    checkedAt: now,
  });
  return {
    id,
    result,
    bars,
    flags,
    unknownBecause,
    mirrorAgeSeconds: age,
    traceId: trace.id,
    traceLeaf: trace.leafDigest,
  };
}

function barOf(terms: Terms): Bar {
  const rule = ruleOf(terms.rule);
  return {
    centre: terms.centre,
    rule: terms.rule,
    ruleZh: rule?.zh ?? terms.rule,
    ruleEn: rule?.en ?? terms.rule,
    conduct: terms.conduct,
    startsOn: terms.startsOn,
    endsOn: terms.endsOn,
  };
}
