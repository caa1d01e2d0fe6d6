// The trust list (FORMAT.md §8) as several centres read it, and the rule by which their words count.
import canonicalize from "canonicalize";
import { isHex, isObject, isWhole } from "./bytes.ts";
import { type Transport, getJson } from "./transport.ts";

export interface Key {
  kind: string;
  value: string;
  /** seconds since 1970; 0 = open for the last two */
  from: number;
  until: number;
  distrustedSince: number;
}

export interface Centre {
  code: string;
  name: string;
  /** null when it is no scheme, host and port: such a centre cannot be asked */
  serviceUrl: string | null;
  logEpoch: number;
  removed: boolean;
  keys: Key[];
}

export interface Common {
  chainId: number;
  registry: string;
  checkpointAnchor: string;
  certificateStatus: string;
  witnessQuorum: number;
}

export interface TrustList {
  common: Common;
  centres: Map<string, Centre>;
}

/** What several centres said together. `others` are those that said otherwise. */
export type Vote<T> =
  { state: "agreed"; value: T; others: string[] } | { state: "disputed"; said: T[] } | { state: "unreachable" };

export interface Answer<T> {
  /** code of the centre that answered */
  from: string;
  value: T;
}

/** §8: what more than half of those that answered, and at least two, say alike. Two different centres are never both the issuer. */
export function vote<T>(answers: readonly Answer<T>[]): Vote<T> {
  const spoken = new Map<string, { value: T; spelled: string }>();
  for (const { from, value } of answers) {
    if (!spoken.has(from)) spoken.set(from, { value, spelled: canonicalize(value) ?? "" });
  }
  if (spoken.size < 2) return { state: "unreachable" };
  for (const { value, spelled } of spoken.values()) {
    const others = [...spoken].filter(([, one]) => one.spelled !== spelled).map(([from]) => from);
    const alike = spoken.size - others.length;
    if (alike >= 2 && alike * 2 > spoken.size) return { state: "agreed", value, others };
  }
  return { state: "disputed", said: [...spoken.values()].map((one) => one.value) };
}

/** §8: whether the key is trusted for a time in seconds. */
export const isTrusted = (key: Key, time: number): boolean =>
  key.from <= time &&
  (key.until === 0 || time < key.until) &&
  (key.distrustedSince === 0 || time < key.distrustedSince);

const isAddress = (value: unknown): value is string => typeof value === "string" && /^0x[0-9a-f]{40}$/i.test(value);

/** Scheme, host and port and nothing else, or null. */
function readServiceUrl(value: unknown): string | null {
  if (typeof value !== "string" || !URL.canParse(value)) return null;
  const url = new URL(value);
  return /^https?:$/.test(url.protocol) && url.origin === value ? value : null;
}

/** Reads a trust list, or null when it has another form. Members and kinds of key that §8 does not name are passed over. */
export function readTrustList(value: unknown): TrustList | null {
  if (!isObject(value) || !isObject(value.contracts) || !Array.isArray(value.centres)) return null;
  const { chainId, registry, witnessQuorum, contracts } = value;
  const { checkpointAnchor, certificateStatus, blacklist } = contracts;
  if (!isWhole(chainId) || !isWhole(witnessQuorum) || witnessQuorum < 1) return null;
  if (!isAddress(registry) || !isAddress(checkpointAnchor) || !isAddress(certificateStatus) || !isAddress(blacklist))
    return null;
  if (!isWhole(value.block) || !isWhole(value.blockTime)) return null;
  const centres = new Map<string, Centre>();
  for (const one of value.centres as unknown[]) {
    const centre = readCentre(one);
    if (!centre || centres.has(centre.code)) return null;
    centres.set(centre.code, centre);
  }
  const common = {
    chainId,
    registry: registry.toLowerCase(),
    checkpointAnchor: checkpointAnchor.toLowerCase(),
    certificateStatus: certificateStatus.toLowerCase(),
    witnessQuorum,
  };
  return { common, centres };
}

function readCentre(value: unknown): Centre | null {
  if (!isObject(value) || !Array.isArray(value.keys)) return null;
  const { code, name, creditCode, serviceUrl, logEpoch, removed } = value;
  if (typeof code !== "string" || !/^C\d{5}$/.test(code) || typeof name !== "string") return null;
  if (typeof creditCode !== "string" || typeof serviceUrl !== "string") return null;
  if (!isWhole(logEpoch) || typeof removed !== "boolean") return null;
  const keys: Key[] = [];
  const seen = new Set<string>();
  for (const one of value.keys as unknown[]) {
    if (!isObject(one) || typeof one.kind !== "string" || typeof one.value !== "string") return null;
    if (!isWhole(one.from) || !isWhole(one.until) || !isWhole(one.distrustedSince)) return null;
    const { kind, value: bytes, from, until, distrustedSince } = one;
    if (seen.has(`${kind} ${bytes}`)) return null;
    seen.add(`${kind} ${bytes}`);
    keys.push({ kind, value: bytes, from, until, distrustedSince });
  }
  keys.sort((a, b) => (`${a.kind} ${a.value}` < `${b.kind} ${b.value}` ? -1 : 1));
  return { code, name, serviceUrl: readServiceUrl(serviceUrl), logEpoch, removed, keys };
}

/** Keys of a centre of one kind whose bytes have the form of that kind; a key of another form is nobody's. */
export function keysOf(centre: Centre, kind: "seal" | "qr" | "log" | "witness" | "timestamp"): Key[] {
  const good =
    kind === "qr" ? (value: string) => isHex(value, 65) && value.startsWith("04") : (value: string) => isHex(value, 32);
  return centre.keys.filter((key) => key.kind === kind && good(key.value));
}

/** A centre to begin with: an address that came with the verifier. */
export interface Start {
  url: string;
  /** when it is not given, the lists that were read say whose address this is */
  code?: string;
}

/** All that was read from the lists of the centres to begin with. */
export class Trust {
  readonly common: Vote<Common>;
  readonly codes: string[];
  private readonly answers: Answer<TrustList>[];

  constructor(answers: Answer<TrustList>[]) {
    this.answers = answers;
    this.common = vote(answers.map(({ from, value }) => ({ from, value: value.common })));
    this.codes = [...new Set(answers.flatMap(({ value }) => [...value.centres.keys()]))].sort();
  }

  /** What the lists say of a centre; agreed on null when they say alike that it is not listed. */
  centre(code: string): Vote<Centre | null> {
    return vote(this.answers.map(({ from, value }) => ({ from, value: value.centres.get(code) ?? null })));
  }

  /** The centre's entry when it is agreed on. */
  agreed(code: string): Centre | null {
    const found = this.centre(code);
    return found.state === "agreed" ? found.value : null;
  }

  /** Centres that may be asked about the chain, those of the lists that were read first. */
  askable(): { code: string; url: string }[] {
    const first = this.answers.map(({ from }) => from);
    const rest = this.codes.filter((code) => !first.includes(code));
    const urls = new Set<string>();
    return [...first, ...rest].flatMap((code) => {
      const centre = this.agreed(code);
      if (!centre || centre.removed || !centre.serviceUrl || urls.has(centre.serviceUrl)) return [];
      urls.add(centre.serviceUrl);
      return [{ code, url: centre.serviceUrl }];
    });
  }
}

/** Reads the lists of all centres to begin with. One that does not answer, or in another form, is left out. */
export async function readTrust(transport: Transport, starts: readonly Start[]): Promise<Trust> {
  const asked = await Promise.allSettled(
    starts.map(async (start) => ({
      start,
      list: readTrustList(await getJson(transport, `${start.url}/api/v1/trust-list`)),
    })),
  );
  const read = asked.flatMap((one) =>
    one.status === "fulfilled" && one.value.list ? [{ start: one.value.start, list: one.value.list }] : [],
  );
  const lists = read.map(({ list }) => list);
  const answers = read.flatMap(({ start, list }) => {
    const from = start.code ?? ownerOf(start.url, lists);
    return from ? [{ from, value: list }] : [];
  });
  const trust = new Trust(answers);
  // A removed centre is not asked about the list: what it answered before that was known does not count.
  const staying = answers.filter(({ from }) => !trust.agreed(from)?.removed);
  return staying.length === answers.length ? trust : new Trust(staying);
}

/** Whose address this is, as more than half of the lists say; an address that they do not know is no centre's. */
function ownerOf(url: string, lists: readonly TrustList[]): string | null {
  const named = lists.map(
    (list) => [...list.centres.values()].find((centre) => centre.serviceUrl === url)?.code ?? null,
  );
  return named.find((code) => code !== null && named.filter((one) => one === code).length * 2 > lists.length) ?? null;
}
