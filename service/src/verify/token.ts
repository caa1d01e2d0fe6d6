// FORMAT.md §9.6: a time-stamp token (RFC 3161), of the seal's signature value or of the document. Whether its authority is one
// that the issuing centre uses is not asked here: a stranger's token proves nothing and does no harm, a broken one condemns.
import { sha256 } from "@noble/hashes/sha2.js";
import { equal, toHex } from "../proof/bytes.ts";
import { readAttributes, signedMessage } from "./attributes.ts";
import { readAuthority } from "./certificate.ts";
import { childrenOf, expectTag, notDer, oidOf, readDer, smallOf, tags, timeOf } from "./der.ts";
import type { DerValue } from "./der.ts";
import { verifySignature } from "./signature.ts";
import type { Hash, PublicKey } from "./signature.ts";
import { CheckFailed } from "./verdict.ts";

const signedData = "2a864886f70d010702";
const timeStampInfo = "2a864886f70d0109100104";
const contentType = "2a864886f70d010903";
const messageDigest = "2a864886f70d010904";
const signingTime = "2a864886f70d010905";
const algorithmProtection = "2a864886f70d010934";
const signingCertificate = "2a864886f70d010910020c";
const signingCertificateV2 = "2a864886f70d010910022f";
const allowedAttributes = [
  contentType,
  messageDigest,
  signingTime,
  algorithmProtection,
  signingCertificate,
  signingCertificateV2,
];
/** By object identifier. */
const hashes: Readonly<Record<string, Hash>> = {
  "608648016503040201": "SHA-256",
  "608648016503040202": "SHA-384",
  "608648016503040203": "SHA-512",
};
const rsaEncryption = "2a864886f70d010101";
const signatureAlgorithms: Readonly<Record<string, [PublicKey["kind"], Hash]>> = {
  "2a8648ce3d040302": ["ec", "SHA-256"],
  "2a8648ce3d040303": ["ec", "SHA-384"],
  "2a8648ce3d040304": ["ec", "SHA-512"],
  "2a864886f70d01010b": ["rsa", "SHA-256"],
  "2a864886f70d01010c": ["rsa", "SHA-384"],
  "2a864886f70d01010d": ["rsa", "SHA-512"],
};
const mostCertificates = 8;

export interface Token {
  /** genTime in whole seconds since 1970, rounded down */
  time: number;
  /** SHA-256 of the certificate of the authority that signed it, hex */
  authority: string;
}

/**
 * Checks a token over some bytes.
 * @param over the bytes that it must be over
 * @throws CheckFailed `time-stamp-wrong`
 */
export async function verifyToken(der: Uint8Array, over: () => Uint8Array): Promise<Token> {
  try {
    return await readToken(der, over);
  } catch (error) {
    if (!(error instanceof CheckFailed) || error.code === "time-stamp-wrong") throw error;
    throw new CheckFailed("time-stamp-wrong", { what: `${error.code} ${error.detail.what ?? ""}`.trimEnd() });
  }
}

function wrong(what: string): CheckFailed {
  return new CheckFailed("time-stamp-wrong", { what });
}

async function readToken(der: Uint8Array, over: () => Uint8Array): Promise<Token> {
  const [type, explicit, ...rest] = childrenOf(readDer(der, tags.sequence));
  if (oidOf(type) !== signedData || rest.length > 0) throw wrong("content type");
  const [content, ...noMore] = childrenOf(explicit, 0xa0);
  if (noMore.length > 0) throw notDer("content");
  const [version, digestAlgorithms, encapsulated, certificates, signers, ...others] = childrenOf(
    content,
    tags.sequence,
  );
  if (smallOf(version) !== 3 || others.length > 0) throw wrong("version");
  const [kind, wrapped, ...noOther] = childrenOf(encapsulated, tags.sequence);
  const [octets, ...one] = childrenOf(wrapped, 0xa0);
  if (oidOf(kind) !== timeStampInfo || noOther.length > 0 || one.length > 0) throw wrong("content");
  const info = expectTag(octets, tags.octetString).content;
  const { time, hash, imprint } = readInfo(readDer(info, tags.sequence));

  const [signer, ...second] = childrenOf(signers, tags.set);
  if (!signer || second.length > 0) throw wrong("signers");
  const [digestAlgorithm, ...two] = childrenOf(digestAlgorithms, tags.set);
  if (two.length > 0) throw wrong("digest algorithms");
  const authority = await verifySigner(signer, {
    info,
    digestHash: hashOf(digestAlgorithm),
    carried: childrenOf(certificates, 0xa0),
    time,
  });
  if (!equal(imprint, await digest(hash, over()))) throw wrong("over something else");
  return { time, authority };
}

interface Signed {
  info: Uint8Array;
  digestHash: Hash;
  carried: readonly DerValue[];
  time: number;
}

/** Returns the authority: SHA-256 of its certificate, hex. */
async function verifySigner(signer: DerValue, { info, digestHash, carried, time }: Signed): Promise<string> {
  const [version, identifier, digestAlgorithm, attributes, algorithm, value, ...rest] = childrenOf(
    signer,
    tags.sequence,
  );
  if (smallOf(version) !== 1 || rest.length > 0 || hashOf(digestAlgorithm) !== digestHash) throw wrong("signer");
  const signed = readAttributes(attributes, 0xa0);
  if ([...signed.keys()].some((oid) => !allowedAttributes.includes(oid))) throw wrong("signed attributes");
  if (oidOf(signed.get(contentType)) !== timeStampInfo) throw wrong("content type");
  if (!equal(expectTag(signed.get(messageDigest), tags.octetString).content, await digest(digestHash, info)))
    throw wrong("message digest");

  if (carried.length > mostCertificates) throw wrong("certificates");
  const der = await namedCertificate(signed, carried);
  const certificate = readAuthority(der);
  const [issuer, serial, ...noMore] = childrenOf(identifier, tags.sequence);
  if (!issuer || !serial || noMore.length > 0) throw notDer("signer's identifier");
  if (!equal(issuer.whole, certificate.issuer) || !equal(serial.whole, certificate.serial)) throw wrong("identifier");
  if (time < certificate.notBefore || time > certificate.notAfter) throw wrong("certificate not valid at that time");

  const signatureHash = signatureHashOf(algorithm, certificate.publicKey, digestHash);
  const signature = expectTag(value, tags.octetString).content;
  if (!(await verifySignature(certificate.publicKey, signature, signedMessage(attributes!), signatureHash)))
    throw wrong("signature");
  return toHex(sha256(der));
}

/** The carried certificate that the signed attributes name first: by SHA-1 (RFC 2634) or another digest (RFC 5035), or by both. */
async function namedCertificate(signed: Map<string, DerValue>, carried: readonly DerValue[]): Promise<Uint8Array> {
  const named: (readonly [Hash | "SHA-1", Uint8Array])[] = [];
  const v1 = signed.get(signingCertificate);
  const v2 = signed.get(signingCertificateV2);
  if (v1) named.push(["SHA-1", expectTag(firstNamed(v1)[0], tags.octetString).content]);
  if (v2) {
    const [first, second] = firstNamed(v2);
    named.push(
      first?.tag === tags.sequence
        ? [hashOf(first), expectTag(second, tags.octetString).content]
        : ["SHA-256", expectTag(first, tags.octetString).content],
    );
  }
  if (named.length === 0) throw wrong("signing certificate");
  for (const { whole } of carried) {
    const fits = await Promise.all(named.map(async ([hash, value]) => equal(await digest(hash, whole), value)));
    if (fits.every(Boolean)) return whole;
  }
  throw wrong("certificate of another");
}

function firstNamed(attribute: DerValue): DerValue[] {
  const [list] = childrenOf(attribute, tags.sequence);
  const [first] = childrenOf(list, tags.sequence);
  return childrenOf(first, tags.sequence);
}

interface Info {
  time: number;
  hash: Hash;
  imprint: Uint8Array;
}

/** TSTInfo (RFC 3161 §2.4.2). */
function readInfo(value: DerValue): Info {
  const [version, policy, imprint, serial, genTime, ...optional] = childrenOf(value);
  if (smallOf(version) !== 1) throw wrong("version");
  oidOf(policy);
  expectTag(serial, tags.integer);
  const [algorithm, hashed, ...rest] = childrenOf(imprint, tags.sequence);
  if (rest.length > 0) throw notDer("imprint");
  // accuracy, ordering, nonce, tsa and extensions: each at most once, in this order. Nothing hangs on them.
  const order = [tags.sequence, tags.boolean, tags.integer, 0xa0, 0xa1];
  let last = -1;
  for (const { tag } of optional) {
    const place = order.indexOf(tag);
    if (place <= last) throw notDer("member of the time-stamp");
    last = place;
  }
  return { time: genTimeOf(genTime), hash: hashOf(algorithm), imprint: expectTag(hashed, tags.octetString).content };
}

/** GeneralizedTime that ends in Z; a fraction of a second (without zeros at its end) is left out. */
function genTimeOf(value: DerValue | undefined): number {
  const { content } = expectTag(value, tags.generalizedTime);
  const text = String.fromCharCode(...content.subarray(0, 40));
  if (content.length > 32 || !/^[0-9]{14}(?:\.[0-9]*[1-9])?Z$/.test(text)) throw notDer("time");
  const whole = Uint8Array.of(...content.subarray(0, 14), 0x5a);
  return timeOf({ tag: tags.generalizedTime, content: whole, whole });
}

/** A digest algorithm; an authority writes NULL parameters or none. */
function hashOf(algorithm: DerValue | undefined): Hash {
  const hash = hashes[plainOid(algorithm)];
  if (!hash) throw new CheckFailed("algorithm-not-allowed", { what: "digest" });
  return hash;
}

/** The hash under the signature: the algorithm's own, which must be the digest's too. */
function signatureHashOf(algorithm: DerValue | undefined, key: PublicKey, digestHash: Hash): Hash {
  const oid = plainOid(algorithm);
  const [kind, hash] = oid === rsaEncryption ? (["rsa", digestHash] as const) : (signatureAlgorithms[oid] ?? []);
  if (kind !== key.kind || hash !== digestHash) throw new CheckFailed("algorithm-not-allowed", { what: "signature" });
  return hash;
}

function plainOid(algorithm: DerValue | undefined): string {
  const [name, parameters, ...rest] = childrenOf(algorithm, tags.sequence);
  if (rest.length > 0 || (parameters && (parameters.tag !== tags.null || parameters.content.length > 0)))
    throw notDer("algorithm parameters");
  return oidOf(name);
}

async function digest(hash: Hash | "SHA-1", bytes: Uint8Array): Promise<Uint8Array> {
  return new Uint8Array(await crypto.subtle.digest(hash, bytes as BufferSource));
}
