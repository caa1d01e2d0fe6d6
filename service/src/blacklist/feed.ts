// The feed: how tag, salt and terms of a listing travel to the other members. Items are numbered, signed by the listing
// centre's member key and taken over in order; the reader believes an item only under the commitment on the chain.
import { sign, verify, createPublicKey } from "node:crypto";
import type { Transaction } from "../db.ts";
import { transaction } from "../db.ts";
import { DomainError } from "../errors.ts";
import { dayInChina } from "../collection/month.ts";
import { askPeer, keysOf, otherCentres, textOf } from "../peers/peer.ts";
import { FormatError, fromHex, membersOf, toHex, utf8 } from "../proof/bytes.ts";
import { canonicalText } from "../proof/canonical.ts";
import { isDay } from "../proof/leaf.ts";
import type { TrustedCentre } from "../proof/trust-list.ts";
import type { Blacklist } from "./blacklist.ts";
import { commitmentOf } from "./case.ts";
import type { Terms } from "./case.ts";
import * as store from "./store.ts";

export interface FeedPage {
  centre: string;
  /** in order and without gaps; canonical JSON and the member key's signature over it */
  items: { sequence: number; item: string; signature: string }[];
}

export const feedPageSize = 200;
/** a page of items of a few hundred bytes each */
const largestPage = 4 * 1024 * 1024;
const label = "cunzheng blacklist feed\n";

/** A listing's opening. */
interface OpeningItem {
  version: 1;
  centre: string;
  sequence: number;
  listingId: string;
  keyVersion: number;
  tag: string;
  salt: string;
  terms: string;
}

/** What stands in its place once the listing has ended. */
interface EndedItem {
  version: 1;
  centre: string;
  sequence: number;
  ended: string;
}

/** Puts an opening into this centre's feed, in the transaction that lists it. */
export async function publish(
  blacklist: Blacklist,
  tx: Transaction,
  opening: { listingId: Uint8Array; keyVersion: number; tag: Uint8Array; salt: Uint8Array; terms: string },
): Promise<void> {
  const sequence = await store.nextFeedSequence(tx);
  const item = canonicalText({
    version: 1,
    centre: blacklist.centre,
    sequence,
    listingId: toHex(opening.listingId),
    keyVersion: opening.keyVersion,
    tag: toHex(opening.tag),
    salt: toHex(opening.salt),
    terms: opening.terms,
  });
  await store.insertFeedItem(tx, { sequence, item, listingId: opening.listingId, at: blacklist.now() });
}

function signItem(blacklist: Blacklist, item: string): Uint8Array {
  return sign(null, utf8(label + item), blacklist.memberKey);
}

/** A page of this centre's feed, for another member; signed now, by the key that is good now. */
export async function feedPage(blacklist: Blacklist, after: number): Promise<FeedPage> {
  const items = await store.feedItems(blacklist.pool, after, feedPageSize);
  return {
    centre: blacklist.centre,
    items: items.map(({ sequence, item }) => ({ sequence, item, signature: toHex(signItem(blacklist, item)) })),
  };
}

/**
 * Reads what is new in the feeds of all other members. One that does not answer or does not verify does not keep the
 * others back; its missing openings make checks unknown.
 * @returns whether a page was full, so that there is more to read at once
 * @throws AggregateError with the causes, after all were asked
 */
export async function readFeeds(blacklist: Blacklist): Promise<"again" | void> {
  // Side by side: one that does not answer keeps no correction of another waiting.
  const peers = await otherCentres(blacklist.peers);
  const read = await Promise.allSettled(peers.map((peer) => readFeed(blacklist, peer)));
  const failures = read.flatMap((one) => (one.status === "rejected" ? [one.reason as unknown] : []));
  if (failures.length > 0) throw new AggregateError(failures, "some feeds could not be read");
  if (read.some((one) => one.status === "fulfilled" && one.value)) return "again";
}

async function readFeed(blacklist: Blacklist, peer: TrustedCentre): Promise<boolean> {
  const after = await store.feedCursor(blacklist.pool, peer.code);
  const response = await askPeer(blacklist.peers, peer, {
    method: "GET",
    path: `/api/v1/members/blacklist/feed?after=${after}`,
  });
  if (!response.ok) throw new Error(`${peer.code} answered ${response.status} for its feed`);
  const page = JSON.parse(await textOf(response, largestPage)) as FeedPage;
  const keys = keysOf(peer, "member", blacklist.now());
  if (page?.centre !== peer.code || !Array.isArray(page.items) || page.items.length > feedPageSize)
    throw new DomainError("FEED_ITEM_INVALID", { centre: peer.code });
  const items = page.items.map((entry, i) => {
    if (entry?.sequence !== after + i + 1) throw new DomainError("FEED_ITEM_INVALID", { centre: peer.code });
    return readItem(peer.code, entry, keys);
  });
  const now = blacklist.now();
  await transaction(blacklist.pool, async (tx) => {
    for (const item of items) {
      if ("ended" in item) await store.insertEnded(tx, item.ended, peer.code, now);
      else await store.insertOpening(tx, { ...item, receivedAt: now });
    }
    await store.moveFeedCursor(tx, peer.code, after + page.items.length, now);
  });
  return page.items.length === feedPageSize;
}

function readItem(
  centre: string,
  entry: FeedPage["items"][number],
  keys: readonly Uint8Array[],
): Omit<store.OpeningRow, "receivedAt"> | { ended: Uint8Array } {
  try {
    const message = utf8(label + entry.item);
    const signature = fromHex(entry.signature, 64);
    const item = JSON.parse(entry.item) as OpeningItem | EndedItem;
    const signed = keys.some((key) => verify(null, message, publicKeyOf(key), signature));
    if (!signed || item.version !== 1 || item.centre !== centre || item.sequence !== entry.sequence)
      throw new FormatError("not an item of this feed");
    if ("ended" in item) return { ended: fromHex(item.ended, 32) };
    const terms = readTerms(item.terms);
    const tag = fromHex(item.tag, 32);
    const salt = fromHex(item.salt, 32);
    if (terms.centre !== centre) throw new FormatError("terms of a listing");
    if (!Number.isSafeInteger(item.keyVersion)) throw new FormatError("version of the tag key");
    return {
      listingId: fromHex(item.listingId, 32),
      centre,
      keyVersion: item.keyVersion,
      tag,
      salt,
      terms: item.terms,
      commitment: commitmentOf(salt, tag, item.terms),
      endsOn: terms.endsOn,
    };
  } catch (cause) {
    throw new DomainError("FEED_ITEM_INVALID", { centre }, { cause });
  }
}

const termsMembers = ["version", "centre", "rule", "conduct", "bars", "startsOn", "endsOn"];

/** Terms from another centre: exactly these members in their form and their one spelling, and days that exist. */
function readTerms(text: unknown): Terms {
  const terms = membersOf(JSON.parse(String(text)), termsMembers, "terms of a listing") as Terms;
  const texts = [terms.centre, terms.rule, terms.conduct].every((member) => typeof member === "string");
  const days = isDay(terms.startsOn) && isDay(terms.endsOn) && terms.startsOn <= terms.endsOn;
  const bars = terms.bars === "everywhere" || terms.bars === "here";
  if (terms.version !== 1 || !texts || !days || !bars || canonicalText(terms) !== text)
    throw new FormatError("terms of a listing");
  return terms;
}

function publicKeyOf(key: Uint8Array) {
  return createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: Buffer.from(key).toString("base64url") },
    format: "jwk",
  });
}

/**
 * Ends openings whose term is over or that were lifted, here or on the chain; in this centre's own feed only the listing's id remains. Called
 * often; changes nothing when there is nothing to end.
 */
export async function endOpenings(blacklist: Blacklist): Promise<number> {
  return transaction(blacklist.pool, (tx) => endOpeningsIn(blacklist, tx));
}

/** The same in the caller's transaction. */
export async function endOpeningsIn(blacklist: Blacklist, tx: Transaction): Promise<number> {
  const now = blacklist.now();
  const ended = await store.endOpenings(tx, blacklist.centre, dayInChina(now), now);
  const own = ended.filter(({ centre }) => centre === blacklist.centre).map(({ listingId }) => listingId);
  for (const { sequence, listingId } of await store.feedPlaces(tx, own)) {
    const item = canonicalText({ version: 1, centre: blacklist.centre, sequence, ended: toHex(listingId) });
    await store.replaceFeedItem(tx, sequence, item);
  }
  return ended.length;
}
