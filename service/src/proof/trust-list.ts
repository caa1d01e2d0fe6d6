// FORMAT.md §8: who may seal, log, witness and write on the chain, as one centre reads it from the registry.
import { FormatError, fromHex, isCount, textOf } from "./bytes.ts";
import { isCentreCode } from "./leaf.ts";

/** Kinds of dated keys that the verifier uses: a centre may have others. */
export type KeyKind = "seal" | "qr" | "log" | "witness" | "timestamp" | "member";

export interface DatedKey {
  kind: string;
  /** hex; SHA-256 of the certificate for "seal" and "timestamp", 65 bytes of P-256 point for "qr", 32 bytes of Ed25519 for the others */
  value: string;
  /** seconds since 1970 from which on it is trusted */
  from: number;
  /** seconds since 1970 from which on it is retired; 0 while it is not */
  until: number;
  /** seconds since 1970 from which on it is distrusted; 0 while it is not */
  distrustedSince: number;
}

export interface TrustedCentre {
  code: string;
  name: string;
  /** 统一社会信用代码 */
  creditCode: string;
  /** address of its service, without a trailing slash */
  serviceUrl: string;
  logEpoch: number;
  removed: boolean;
  keys: DatedKey[];
}

export interface TrustList {
  chainId: number;
  registry: string;
  contracts: { checkpointAnchor: string; certificateStatus: string; blacklist: string };
  /** the block up to which this centre has read the registry, and that block's time in seconds since 1970 */
  block: number;
  blockTime: number;
  /** how many witnesses besides the log itself make a checkpoint count as anchored */
  witnessQuorum: number;
  centres: TrustedCentre[];
}

const address = /^0x[0-9a-f]{40}$/;
/** Scheme, host and port and nothing else: no user, no path, no backslash that a browser would take for a slash. */
const serviceAddress = /^https?:\/\/(?:[A-Za-z0-9.-]{1,253}|\[[0-9a-fA-F:.]{2,45}\])(?::[0-9]{1,5})?$/;
/** Bytes of a key as they stand in the list, by kind; kinds that a verifier does not use may have any length. */
const keyLengths: Readonly<Record<string, number>> = {
  seal: 32,
  qr: 65,
  log: 32,
  witness: 32,
  timestamp: 32,
  member: 32,
};
const mostCentres = 1000;
const mostKeys = 1000;
const longestKey = 1024;

/** Reads a trust list from untrusted JSON; checks form only. Members that it does not know are passed over. */
export function readTrustList(value: unknown): TrustList {
  const list = objectOf(value, "trust list") as unknown as TrustList;
  if (![list.chainId, list.block, list.blockTime].every(isCount)) throw new FormatError("trust list");
  textOf(list.registry, address, "registry");
  if (!isCount(list.witnessQuorum) || list.witnessQuorum < 1) throw new FormatError("witness quorum");
  const contracts = objectOf(list.contracts, "contracts");
  for (const name of ["checkpointAnchor", "certificateStatus", "blacklist"])
    textOf(contracts[name], address, "contracts");
  if (!Array.isArray(list.centres) || list.centres.length > mostCentres) throw new FormatError("centres");
  for (const centre of list.centres) readCentre(centre);
  if (new Set(list.centres.map((centre) => centre.code)).size !== list.centres.length)
    throw new FormatError("a centre stands twice");
  return list;
}

function readCentre(value: unknown): void {
  const centre = objectOf(value, "centre") as unknown as TrustedCentre;
  if (!isCentreCode(centre.code)) throw new FormatError("centre code");
  textOf(centre.serviceUrl, serviceAddress, "service address");
  if (typeof centre.name !== "string" || typeof centre.creditCode !== "string") throw new FormatError("centre");
  if (typeof centre.removed !== "boolean" || !isCount(centre.logEpoch)) throw new FormatError("centre");
  if (!Array.isArray(centre.keys) || centre.keys.length > mostKeys) throw new FormatError("keys");
  const seen = new Set<string>();
  for (const item of centre.keys) {
    const key = objectOf(item, "key") as unknown as DatedKey;
    textOf(key.kind, /^[!-~]{1,32}$/, "kind of key");
    const bytes = fromHex(key.value, keyLengths[key.kind]);
    if (bytes.length < 1 || bytes.length > longestKey) throw new FormatError("key");
    if (![key.from, key.until, key.distrustedSince].every(isCount)) throw new FormatError("times of a key");
    // The registry has each key once. Twice, with two times of distrust, a reader could choose.
    if (seen.has(`${key.kind} ${key.value}`)) throw new FormatError("a key stands twice");
    seen.add(`${key.kind} ${key.value}`);
  }
}

function objectOf(value: unknown, what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new FormatError(what);
  return value as Record<string, unknown>;
}

/** Is the key trusted for what happened at `time` (seconds since 1970)? */
export function trustedAt(key: DatedKey, time: number): boolean {
  return (
    time >= key.from &&
    (key.until === 0 || time < key.until) &&
    (key.distrustedSince === 0 || time < key.distrustedSince)
  );
}
