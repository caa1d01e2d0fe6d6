// FORMAT.md §9.5 and §9.6: what the certificates (X.509, RFC 5280) of seals and of time-stamping authorities must say. Whether
// to trust them is not asked of any authority: the trust list names them by their digests.
import { equal } from "../proof/bytes.ts";
import { bitsOf, childrenOf, expectTag, notDer, oidOf, readDer, smallOf, tags, timeOf, unsignedOf } from "./der.ts";
import type { DerValue } from "./der.ts";
import { readPublicKey } from "./signature.ts";
import type { PublicKey } from "./signature.ts";
import { CheckFailed } from "./verdict.ts";

export interface Certificate {
  /** the issuer's name in DER */
  issuer: Uint8Array;
  /** the serial number in DER */
  serial: Uint8Array;
  publicKey: PublicKey;
  /** seconds since 1970, both inclusive */
  notBefore: number;
  notAfter: number;
}

const keyUsage = "551d0f";
const basicConstraints = "551d13";
const extendedKeyUsage = "551d25";
/** Read by nobody here and harmless when critical: certificate policies. */
const certificatePolicies = "551d20";
const timeStamping = "2b06010505070308";
/** anyExtendedKeyUsage, emailProtection, documentSigning (RFC 9336) */
const sealPurposes: readonly string[] = ["551d2500", "2b06010505070304", "2b06010505070324"];

/** Reads a seal certificate. @throws CheckFailed when it is not DER or may not seal */
export function readCertificate(der: Uint8Array): Certificate {
  const { extensions, ...certificate } = readX509(der);
  if (certificate.publicKey.curve?.name === "P-384") throw new CheckFailed("key-not-allowed", { what: "curve" });
  for (const [oid, { critical, value }] of extensions) {
    if (oid === keyUsage) checkKeyUsage(value);
    else if (oid === basicConstraints) checkBasicConstraints(value);
    else if (oid === extendedKeyUsage) checkExtendedKeyUsage(value);
    else if (critical && oid !== certificatePolicies)
      throw new CheckFailed("certificate-not-allowed", { what: "unknown critical extension" });
  }
  if (!extensions.has(keyUsage)) throw new CheckFailed("certificate-not-allowed", { what: "no key usage" });
  return certificate;
}

/** Reads a time-stamping authority's certificate (RFC 3161 §2.3). @throws CheckFailed when it may do more or less than that */
export function readAuthority(der: Uint8Array): Certificate {
  const { extensions, ...certificate } = readX509(der);
  const usage = extensions.get(extendedKeyUsage);
  const purposes = usage?.critical ? purposesOf(usage.value) : [];
  if (purposes.length !== 1 || purposes[0] !== timeStamping)
    throw new CheckFailed("certificate-not-allowed", { what: "extended key usage" });
  return certificate;
}

type Extensions = Map<string, { critical: boolean; value: Uint8Array }>;

function readX509(der: Uint8Array): Certificate & { extensions: Extensions } {
  const [tbs, outerAlgorithm, signature, ...rest] = childrenOf(readDer(der, tags.sequence));
  if (rest.length > 0) throw notDer("certificate");
  bitsOf(signature);
  const members = childrenOf(tbs, tags.sequence);
  const [version, serial, innerAlgorithm, issuer, validity, subject, spki, ...optional] = members;
  const [number, ...noMore] = childrenOf(version, 0xa0);
  if (smallOf(number) !== 2 || noMore.length > 0) throw new CheckFailed("certificate-not-allowed", { what: "version" });
  unsignedOf(serial);
  if (!equal(expectTag(innerAlgorithm, tags.sequence).whole, expectTag(outerAlgorithm, tags.sequence).whole))
    throw new CheckFailed("certificate-not-allowed", { what: "signature algorithm" });
  expectTag(issuer, tags.sequence);
  expectTag(subject, tags.sequence);
  const [notBefore, notAfter, ...others] = childrenOf(validity, tags.sequence);
  if (others.length > 0) throw notDer("validity");
  const extensions = optional.pop();
  if (optional.length > 0) throw new CheckFailed("certificate-not-allowed", { what: "unique identifier" });
  return {
    extensions: readExtensions(extensions),
    issuer: issuer!.whole,
    serial: serial!.whole,
    publicKey: readPublicKey(spki),
    notBefore: timeOf(notBefore),
    notAfter: timeOf(notAfter),
  };
}

function readExtensions(wrapped: DerValue | undefined): Extensions {
  const [list, ...rest] = childrenOf(wrapped, 0xa3);
  if (rest.length > 0) throw notDer("extensions");
  const out: Extensions = new Map();
  for (const extension of childrenOf(list, tags.sequence)) {
    const members = childrenOf(extension, tags.sequence);
    const oid = oidOf(members[0]);
    if (out.has(oid)) throw new CheckFailed("certificate-not-allowed", { what: "extension twice" });
    const critical = members.length === 3;
    if (members.length < 2 || members.length > 3) throw notDer("extension");
    if (critical && expectTag(members[1], tags.boolean).content[0] !== 0xff) throw notDer("critical");
    const value = expectTag(members[members.length - 1], tags.octetString).content;
    out.set(oid, { critical, value });
  }
  return out;
}

/** digitalSignature or nonRepudiation: the first two bits. */
function checkKeyUsage(value: Uint8Array): void {
  const { content } = readDer(value, tags.bitString);
  if (content.length < 2 || content.length > 3 || content[0]! > 7) throw notDer("key usage");
  if ((content[1]! & 0xc0) === 0) throw new CheckFailed("certificate-not-allowed", { what: "key usage" });
}

/** No authority's certificate. DER leaves FALSE out, some authorities write it; nothing hangs on it here. */
function checkBasicConstraints(value: Uint8Array): void {
  const members = childrenOf(readDer(value, tags.sequence));
  const authority = members[0]?.tag === tags.boolean && members[0].content[0] !== 0;
  if (authority || members.length > 1) throw new CheckFailed("certificate-not-allowed", { what: "an authority's" });
}

function checkExtendedKeyUsage(value: Uint8Array): void {
  if (!purposesOf(value).some((purpose) => sealPurposes.includes(purpose)))
    throw new CheckFailed("certificate-not-allowed", { what: "extended key usage" });
}

function purposesOf(value: Uint8Array): string[] {
  return childrenOf(readDer(value, tags.sequence)).map(oidOf);
}
