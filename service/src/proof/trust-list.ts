// FORMAT.md §8: who may seal, log, witness and write on the chain, as one centre reads it from the registry.
import { FormatError, fromHex } from "./bytes.ts";
import { isCentreCode } from "./leaf.ts";

/** Kinds of dated keys that the verifier uses: a centre may have others. */
export type KeyKind = "seal" | "qr" | "log" | "witness" | "member";

export interface DatedKey {
  kind: string;
  /** hex; SHA-256 of the certificate for "seal", 65 bytes of P-256 point for "qr", 32 bytes of Ed25519 for the others */
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
const second = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;

/** Reads a trust list from untrusted JSON; checks form only. */
export function readTrustList(value: unknown): TrustList {
  const list = value as TrustList;
  if (typeof value !== "object" || value === null || !Array.isArray(list.centres)) throw new FormatError("trust list");
  if (!second(list.chainId) || !second(list.block) || !second(list.blockTime) || !address.test(list.registry))
    throw new FormatError("trust list");
  if (!second(list.witnessQuorum) || list.witnessQuorum < 1) throw new FormatError("witness quorum");
  const { contracts } = list;
  if (typeof contracts !== "object" || contracts === null) throw new FormatError("contracts");
  for (const contract of [contracts.checkpointAnchor, contracts.certificateStatus, contracts.blacklist])
    if (!address.test(contract)) throw new FormatError("contracts");
  if (list.centres.length > 1000) throw new FormatError("too many centres");
  for (const centre of list.centres) {
    if (!isCentreCode(centre.code) || !/^https?:\/\/[^/?#\s]+$/.test(centre.serviceUrl))
      throw new FormatError("centre");
    if (typeof centre.name !== "string" || typeof centre.creditCode !== "string") throw new FormatError("centre");
    if (typeof centre.removed !== "boolean" || !second(centre.logEpoch)) throw new FormatError("centre");
    if (!Array.isArray(centre.keys) || centre.keys.length > 1000) throw new FormatError("keys");
    for (const key of centre.keys) {
      fromHex(key.value);
      if (typeof key.kind !== "string" || !second(key.from) || !second(key.until) || !second(key.distrustedSince))
        throw new FormatError("keys");
    }
  }
  if (new Set(list.centres.map((centre) => centre.code)).size !== list.centres.length)
    throw new FormatError("a centre stands twice");
  return list;
}

/** Is the key trusted for what happened at `time` (seconds since 1970)? */
export function trustedAt(key: DatedKey, time: number): boolean {
  return (
    time >= key.from &&
    (key.until === 0 || time < key.until) &&
    (key.distrustedSince === 0 || time < key.distrustedSince)
  );
}
