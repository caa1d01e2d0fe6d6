// A case: a clerk opens it with conduct, evidence and legal basis; a checker who is not that clerk confirms; only then is
// the person listed. On the chain goes a random id and a commitment, to the other centres the opening by the feed.
import { createHash } from "node:crypto";
import { transaction } from "../db.ts";
import { DomainError } from "../errors.ts";
import { newId } from "../ids.ts";
import { dayInChina } from "../collection/month.ts";
import { findPerson } from "../collection/register.ts";
import { canonicalText } from "../proof/canonical.ts";
import { isDay } from "../proof/leaf.ts";
import type { Blacklist } from "./blacklist.ts";
import { endOpeningsIn, publish } from "./feed.ts";
import { ruleOf } from "./rule.ts";
import * as store from "./store.ts";
import { canonicalDocument, tagOf } from "./tag.ts";
import type { Document } from "./tag.ts";

export interface NewCase {
  document: Document;
  personName: string;
  /** code of a rule in rule.ts */
  rule: string;
  conduct: string;
  legalBasis: string;
  /** SHA-256 of the evidence file; the file itself stays with the centre's archive */
  evidenceDigest: Uint8Array;
  /** first day of the term, YYYY-MM-DD; its last day follows from the rule */
  startsOn: string;
  openedBy: string;
}

/** What a listing says, to members only: canonical JSON under the commitment. It names no person. */
export type Terms = {
  version: 1;
  centre: string;
  rule: string;
  conduct: string;
  bars: "everywhere" | "here";
  startsOn: string;
  /** last day, to its end at 24:00 in Asia/Shanghai */
  endsOn: string;
};

/**
 * Opens a case; the same person, rule and first day again is refused. Somebody whom this centre's register knows must be named
 * as there: a slip in the number would else bar another person. Of a person of no register here the name is the clerk's word.
 * @throws CASE_EXISTS, CASE_NAME_DIFFERS, RULE_UNKNOWN, DOCUMENT_NUMBER_INVALID, CASE_TERM_INVALID
 */
export async function openCase(blacklist: Blacklist, input: NewCase): Promise<string> {
  const rule = ruleOf(input.rule);
  if (!rule) throw new DomainError("RULE_UNKNOWN");
  const now = blacklist.now();
  const today = dayInChina(now);
  if (!isDay(input.startsOn) || input.startsOn > today || lastDay(input.startsOn, rule.years) < today)
    throw new DomainError("CASE_TERM_INVALID");
  const document = canonicalDocument(input.document, today);
  // The register may have a passport's number as it is printed, with hyphens that the canonical spelling leaves out.
  for (const number of new Set([document.number, input.document.number.trim()])) {
    const known = await findPerson(blacklist.pool, { documentType: document.type, documentNumber: number });
    if (known && comparableName(known.name) !== comparableName(input.personName))
      throw new DomainError("CASE_NAME_DIFFERS");
  }
  const id = newId("case", blacklist.random);
  const opened = await store.insertCase(blacklist.pool, {
    id,
    documentType: document.type,
    documentNumber: document.number,
    personName: input.personName,
    rule: rule.code,
    conduct: input.conduct,
    legalBasis: input.legalBasis,
    evidenceDigest: input.evidenceDigest,
    startsOn: input.startsOn,
    endsOn: lastDay(input.startsOn, rule.years),
    openedBy: input.openedBy,
    openedAt: now,
  });
  if (!opened) throw new DomainError("CASE_EXISTS");
  return id;
}

/** A name without what differs by keyboard alone: kinds of dots and spaces, full width, capitals. */
function comparableName(name: string): string {
  return name
    .normalize("NFKC")
    .replaceAll(/[\s.·•・‧∙⋅]/g, "")
    .toUpperCase();
}

/**
 * Confirms a case: listing, opening, feed item and the chain's write in one transaction. A second confirmation by the
 * same officer changes nothing.
 * @throws CASE_NOT_FOUND, CASE_FOUR_EYES_NEEDED, CASE_CONFIRMED, CASE_TERM_INVALID
 */
export async function confirmCase(blacklist: Blacklist, id: string, officer: string): Promise<void> {
  await transaction(blacklist.pool, async (tx) => {
    const found = await store.lockCase(tx, id);
    if (!found) throw new DomainError("CASE_NOT_FOUND");
    if (found.confirmedBy === officer) return;
    if (found.confirmedBy) throw new DomainError("CASE_CONFIRMED");
    if (found.openedBy === officer) throw new DomainError("CASE_FOUR_EYES_NEEDED");
    const now = blacklist.now();
    // The chain knows no end: a listing whose term is over by now would stand there for nothing.
    if (found.endsOn < dayInChina(now)) throw new DomainError("CASE_TERM_INVALID");
    const listingId = blacklist.random(32);
    const salt = blacklist.random(32);
    const tag = tagOf(blacklist.tagKey, { type: found.documentType, number: found.documentNumber });
    const terms: Terms = {
      version: 1,
      centre: blacklist.centre,
      rule: found.rule,
      conduct: found.conduct,
      bars: ruleOf(found.rule)?.bars ?? "here",
      startsOn: found.startsOn,
      endsOn: found.endsOn,
    };
    const text = canonicalText(terms);
    const commitment = commitmentOf(salt, tag, text);
    await store.confirmCase(tx, id, officer, now, listingId);
    const opening = {
      listingId,
      centre: blacklist.centre,
      keyVersion: blacklist.tagKey.version,
      tag,
      salt,
      terms: text,
      commitment,
    };
    await store.insertOpening(tx, { ...opening, endsOn: found.endsOn, receivedAt: now });
    await publish(blacklist, tx, opening);
    await blacklist.submit.list(tx, listingId, commitment);
  });
}

/** commitment = SHA-256(salt ‖ tag ‖ terms) */
export function commitmentOf(salt: Uint8Array, tag: Uint8Array, terms: string): Uint8Array {
  return createHash("sha256").update(salt).update(tag).update(terms, "utf8").digest();
}

/** A clerk proposes to lift a listing: 1 expired, 2 repaired, 3 revoked on objection, 4 error, 5 other. */
export async function proposeLift(blacklist: Blacklist, id: string, reason: number, officer: string): Promise<void> {
  await transaction(blacklist.pool, async (tx) => {
    const found = await store.lockCase(tx, id);
    if (!found) throw new DomainError("CASE_NOT_FOUND");
    if (!found.listingId) throw new DomainError("CASE_NOT_LISTED");
    if (found.liftConfirmedBy) return;
    await store.proposeLift(tx, id, reason, officer, blacklist.now());
  });
}

/**
 * Another officer confirms: from this transaction on nothing bars here any more, whatever the chain's pace; the other
 * centres follow once their mirrors see it. A second confirmation changes nothing.
 */
export async function confirmLift(blacklist: Blacklist, id: string, officer: string): Promise<void> {
  await transaction(blacklist.pool, async (tx) => {
    const found = await store.lockCase(tx, id);
    if (!found) throw new DomainError("CASE_NOT_FOUND");
    if (!found.listingId || !found.liftProposedBy) throw new DomainError("CASE_LIFT_NOT_PROPOSED");
    if (found.liftConfirmedBy) return;
    if (found.liftProposedBy === officer) throw new DomainError("CASE_FOUR_EYES_NEEDED");
    await store.confirmLift(tx, id, officer, blacklist.now());
    await endOpeningsIn(blacklist, tx);
    await blacklist.submit.lift(tx, found.listingId, found.liftReason!);
  });
}

/** The last day of a term of whole years: the day before the same date `years` later. */
export function lastDay(startsOn: string, years: number): string {
  const [year, month, day] = startsOn.split("-").map(Number) as [number, number, number];
  return new Date(Date.UTC(year + years, month - 1, day - 1)).toISOString().slice(0, 10);
}
