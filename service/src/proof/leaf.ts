// FORMAT.md §2 and §3: what a leaf of a centre's log stands for.
import { canonicalText } from "./canonical.ts";
import type { CanonicalValue } from "./canonical.ts";
import { FormatError, fromHex, isCount, membersOf, textOf, utf8 } from "./bytes.ts";
import { sha256 } from "./sha256.ts";

/** The leaf of an issued certificate. It names no person: digests, a number and dates. */
export type CertificateLeaf = {
  readonly version: 1;
  readonly kind: "certificate";
  /** code of the issuing centre, for example C46010 */
  readonly centre: string;
  /** 证照标识, the certificate's number */
  readonly serial: string;
  /** index in the centre's status bitmap on the chain */
  readonly statusIndex: number;
  /** RFC 3339 with offset +08:00, to the second */
  readonly issuedAt: string;
  /** last day of validity, YYYY-MM-DD in Asia/Shanghai */
  readonly validUntil: string;
  /** SHA-256 of the salted record, hex */
  readonly recordDigest: string;
  /** SHA-256 of the bytes that the seal's ByteRange covers, hex */
  readonly sealedDigest: string;
  /** SHA-256 of the signature value inside the seal, hex */
  readonly signatureDigest: string;
  /** SHA-256 of the seal certificate, hex */
  readonly signer: string;
  /** 32 random bytes, hex */
  readonly salt: string;
};

/** A leaf whose record stays with the centre: trace, consent and whatever later parts make provable. */
export type SaltedLeaf = {
  readonly version: 1;
  readonly kind: string;
  readonly centre: string;
  /** SHA-256 of the canonical record, hex */
  readonly recordDigest: string;
  /** 32 random bytes, hex */
  readonly salt: string;
};

export type Leaf = CertificateLeaf | SaltedLeaf;

/** The 32 bytes that the log stores for a leaf. */
export function leafDigest(leaf: Leaf): Uint8Array {
  return leafDigestOfText(leafText(leaf));
}

/** A leaf as it is kept: its canonical text. */
export function leafText(leaf: Leaf): string {
  return canonicalText(leaf as unknown as CanonicalValue);
}

/** The 32 bytes that the log stores for a leaf with this canonical text. */
export function leafDigestOfText(text: string): Uint8Array {
  return sha256(utf8(text));
}

/** FORMAT.md §4: the key to a certificate's receipt and standing that a QR gives without saying anything else. */
export function standingToken(recordDigest: Uint8Array): Uint8Array {
  const label = new TextEncoder().encode("cunzheng standing token\n");
  const input = new Uint8Array(label.length + recordDigest.length);
  input.set(label);
  input.set(recordDigest, label.length);
  return sha256(input).slice(0, 16);
}

const instant = /^(\d{4}-\d{2}-\d{2})T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d\+08:00$/;
const serialForm = /^1\.2\.156\.3005\.2\.[0-9A-Z.]{10,105}$/;
const certificateMembers: readonly string[] = [
  "version",
  "kind",
  "centre",
  "serial",
  "statusIndex",
  "issuedAt",
  "validUntil",
  "recordDigest",
  "sealedDigest",
  "signatureDigest",
  "signer",
  "salt",
];

/**
 * Is this a day that the calendar has, as YYYY-MM-DD? Not left to Date.parse: engines differ on the 31st of February.
 */
export function isDay(text: unknown): text is string {
  if (typeof text !== "string") return false;
  const parts = /^(\d{4})-(\d{2})-(\d{2})$/.exec(text);
  if (!parts) return false;
  const date = new Date(0);
  date.setUTCFullYear(Number(parts[1]), Number(parts[2]) - 1, Number(parts[3]));
  return date.toISOString().slice(0, 10) === text;
}

/** Reads a certificate's leaf from untrusted JSON: every member in its form, and no other member. */
export function readCertificateLeaf(value: unknown): CertificateLeaf {
  const leaf = membersOf(value, certificateMembers, "leaf") as CertificateLeaf;
  if (leaf.version !== 1 || leaf.kind !== "certificate") throw new FormatError("not a certificate's leaf of version 1");
  if (!isCentreCode(leaf.centre)) throw new FormatError("centre code");
  textOf(leaf.serial, serialForm, "serial");
  if (!isCount(leaf.statusIndex)) throw new FormatError("status index");
  if (!isDay(instant.exec(textOf(leaf.issuedAt, instant, "issuedAt"))?.[1])) throw new FormatError("issuedAt");
  if (!isDay(leaf.validUntil)) throw new FormatError("validUntil");
  for (const digest of [leaf.recordDigest, leaf.sealedDigest, leaf.signatureDigest, leaf.signer, leaf.salt])
    fromHex(digest, 32);
  return leaf;
}

export function isCentreCode(text: unknown): text is string {
  return typeof text === "string" && /^C[0-9]{5}$/.test(text);
}
