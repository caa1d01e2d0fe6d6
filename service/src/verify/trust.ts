// FORMAT.md §8 and §10.6: the trust list as two centres read it, and whether a key was trusted when the certificate existed.
import { canonicalText } from "../proof/canonical.ts";
import { readTrustList, trustedAt } from "../proof/trust-list.ts";
import type { DatedKey, TrustList, TrustedCentre } from "../proof/trust-list.ts";
import { agree, askAll } from "./agreement.ts";
import type { Answer } from "./agreement.ts";
import type { KnownCentre, Sources } from "./sources.ts";
import { CheckFailed, CheckUnknown } from "./verdict.ts";
import type { Detail } from "./verdict.ts";

export interface AgreedTrust {
  contracts: TrustList["contracts"];
  witnessQuorum: number;
  /** entries that are alike in the lists */
  centres: ReadonlyMap<string, TrustedCentre>;
  /** all versions of the entries that are not */
  disputed: readonly TrustedCentre[];
  /** whom to ask about the chain, with addresses from the list; those that gave the list first */
  toAsk: readonly KnownCentre[];
  /** time of the oldest block that the lists stand on, seconds */
  asOf: number;
  /** who said so, and who said something else: codes joined by a space, empty for nobody */
  by: string;
  against: string;
}

/** No more centres are asked at once: enough to name a liar. */
const mostAsked = 5;

/** The centres to begin with, each code and each address once. */
function distinct(centres: readonly KnownCentre[]): KnownCentre[] {
  const out: KnownCentre[] = [];
  for (const centre of centres) {
    if (!/^https?:\/\//.test(centre.url) || out.length === mostAsked) continue;
    if (!out.some(({ code, url }) => code === centre.code || url === centre.url)) out.push(centre);
  }
  return out;
}

function commonText(list: TrustList): string {
  const { checkpointAnchor, certificateStatus, blacklist } = list.contracts;
  const { chainId, registry, witnessQuorum } = list;
  return canonicalText({
    chainId,
    registry,
    witnessQuorum,
    contracts: [checkpointAnchor, certificateStatus, blacklist],
  });
}

function entryText(entry: TrustedCentre | undefined): string {
  if (!entry) return "";
  const { code, name, creditCode, serviceUrl, logEpoch, removed } = entry;
  const keys = entry.keys.map(({ kind, value, from, until, distrustedSince }) =>
    canonicalText({ kind, value, from, until, distrustedSince }),
  );
  return canonicalText({ code, name, creditCode, serviceUrl, logEpoch, removed, keys: keys.sort() });
}

/** Reads the trust list through the known centres. @throws CheckUnknown when no two of them say it alike */
export async function readTrust(sources: Sources): Promise<AgreedTrust> {
  const { answers, silent } = await askAll(distinct(sources.centres), async ({ url }) => {
    const list = readTrustList(await sources.trustList(url));
    return { list, common: commonText(list), entries: new Map(list.centres.map((e) => [e.code, entryText(e)])) };
  });
  const common = agree(answers, (answer) => answer.common);
  if (common.kind === "too-few")
    throw new CheckUnknown("trust-list-unreachable", { answered: answers.length, silent: silent.join(" ") });
  if (common.kind === "disputed")
    throw new CheckUnknown("trust-list-disputed", { centres: answers.map(({ centre }) => centre).join(" ") });

  const sayAlike = answers.filter(({ centre }) => common.by.includes(centre));
  const lists: Answer<TrustList>[] = sayAlike.map(({ centre, value }) => ({ centre, value: value.list }));
  const centres = new Map<string, TrustedCentre>();
  const disputed: TrustedCentre[] = [];
  const against = new Set(common.against);
  for (const code of new Set(lists.flatMap(({ value }) => value.centres.map((entry) => entry.code)))) {
    const versions = sayAlike.map(({ centre, value }) => ({
      centre,
      value: { text: value.entries.get(code) ?? "", entry: value.list.centres.find((entry) => entry.code === code) },
    }));
    const entry = agree(versions, (version) => version.text);
    if (entry.kind === "agreed") {
      if (entry.value.entry) centres.set(code, entry.value.entry);
      entry.against.forEach((centre) => against.add(centre));
    } else disputed.push(...versions.flatMap(({ value }) => value.entry ?? []));
  }

  // A centre that was removed, or that the list does not know, has no voice.
  const removed = (code: string) => disputed.some((entry) => entry.code === code && entry.removed);
  const known = (code: string) => centres.has(code) || disputed.some((entry) => entry.code === code);
  const voices = lists.filter(
    ({ centre }) => known(centre) && centres.get(centre)?.removed !== true && !removed(centre),
  );
  if (voices.length < 2)
    throw new CheckUnknown("trust-list-unreachable", { answered: voices.length, silent: silent.join(" ") });
  const { contracts, witnessQuorum } = common.value.list;
  return {
    contracts,
    witnessQuorum,
    centres,
    disputed,
    toAsk: whomToAsk(voices, centres),
    asOf: Math.min(...voices.map(({ value }) => value.blockTime)),
    by: common.by.join(" "),
    against: [...against].join(" "),
  };
}

function whomToAsk(voices: readonly Answer<TrustList>[], centres: ReadonlyMap<string, TrustedCentre>): KnownCentre[] {
  const codes = new Set([...voices.map(({ centre }) => centre), ...centres.keys()]);
  const entries = [...codes].flatMap((code) => centres.get(code) ?? []).filter(({ removed }) => !removed);
  return distinct(entries.map(({ code, serviceUrl }) => ({ code, url: serviceUrl })));
}

/** A key of a centre as the trust list names it. */
export interface NamedKey {
  centre: TrustedCentre;
  key: DatedKey;
}

/**
 * The centre that has this seal certificate.
 * @throws CheckFailed when no list names it, CheckUnknown when only some do
 */
export function ownerOfSeal(trust: AgreedTrust, signer: string): NamedKey {
  for (const centre of trust.centres.values()) {
    const key = keysOf(centre, "seal").find(({ value }) => value === signer);
    if (key) return { centre, key };
  }
  if (trust.disputed.some((centre) => keysOf(centre, "seal").some(({ value }) => value === signer)))
    throw new CheckUnknown("trust-list-disputed", { centres: trust.by });
  throw new CheckFailed("signer-not-listed");
}

/** @throws CheckFailed when no list knows the centre, CheckUnknown when they differ over it */
export function centreOf(trust: AgreedTrust, code: string): TrustedCentre {
  const centre = trust.centres.get(code);
  if (centre) return centre;
  if (trust.disputed.some((entry) => entry.code === code))
    throw new CheckUnknown("trust-list-disputed", { centres: trust.by });
  throw new CheckFailed("centre-not-listed", { centre: code });
}

export function keysOf(centre: TrustedCentre, kind: string): DatedKey[] {
  return centre.keys.filter((key) => key.kind === kind);
}

/** When the certificate existed: shown by others, or, while nobody shows anything earlier, now. */
export interface Existence {
  /** seconds since 1970 */
  time: number;
  shown: boolean;
}

/**
 * Step trust: was the key trusted, and its certificate valid, when the certificate existed?
 * @param validity of the seal certificate, seconds, both inclusive; a QR key has none
 * @throws CheckFailed when it was not; CheckUnknown when it is not now and nobody shows an earlier time
 */
export function checkKeyTrusted(
  { centre, key }: NamedKey,
  existence: Existence,
  validity: { notBefore: number; notAfter: number } | undefined,
  trust: AgreedTrust,
): Detail {
  const { time, shown } = existence;
  const detail = { centre: centre.code, time: isoTime(time), against: trust.against };
  const certificateValid = !validity || (time >= validity.notBefore && time <= validity.notAfter);
  if (trustedAt(key, time) && certificateValid) return detail;
  if (!shown) throw new CheckUnknown("existence-unknown", detail);
  if (key.distrustedSince !== 0 && time >= key.distrustedSince)
    throw new CheckFailed("key-distrusted", { ...detail, since: isoTime(key.distrustedSince) });
  throw new CheckFailed(certificateValid ? "key-not-in-period" : "certificate-not-in-period", detail);
}

/** Seconds since 1970 as RFC 3339 in Beijing time; a time beyond the calendar is written as its number. */
export function isoTime(seconds: number): string {
  const date = new Date((seconds + 8 * 3600) * 1000);
  return Number.isNaN(date.getTime()) ? String(seconds) : `${date.toISOString().slice(0, 19)}+08:00`;
}
