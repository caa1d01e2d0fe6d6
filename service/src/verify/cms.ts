// FORMAT.md §9 (3) to (5): the CMS SignedData (RFC 5652) inside /Contents, as PAdES makes it and in no other form. Every
// byte of it is either fixed here, or signed, or named by what is signed: a changed file has no second spelling to hide in.
import { sha256 } from "@noble/hashes/sha2.js";
import { equal, toHex } from "../proof/bytes.ts";
import { readAttributes, signedMessage } from "./attributes.ts";
import { readCertificate } from "./certificate.ts";
import type { Certificate } from "./certificate.ts";
import { childrenOf, expectTag, notDer, oidOf, readDer, smallOf, tags } from "./der.ts";
import type { DerValue } from "./der.ts";
import { expectSignatureAlgorithm, verifySignature } from "./signature.ts";
import { CheckFailed } from "./verdict.ts";

const signedData = "2a864886f70d010702";
const data = "2a864886f70d010701";
const signatureTimeStamp = "2a864886f70d010910020e";
const sha256Oid = "608648016503040201";
const contentType = "2a864886f70d010903";
const messageDigest = "2a864886f70d010904";
const signingCertificateV2 = "2a864886f70d010910022f";
const mostCertificates = 8;

export interface Seal {
  certificate: Certificate;
  /** SHA-256 of the seal certificate, hex */
  signer: string;
  /** SHA-256 of the signature value, hex */
  signatureDigest: string;
  /** the signature value, and the DER of the token over it, which levels from B-T on have */
  signature: Uint8Array;
  token: Uint8Array | undefined;
}

/** Checks the seal over a file whose covered bytes have this SHA-256. @throws CheckFailed */
export async function verifySeal(cms: Uint8Array, sealedDigest: Uint8Array): Promise<Seal> {
  const [type, explicit, ...rest] = childrenOf(readDer(cms, tags.sequence));
  if (oidOf(type) !== signedData || rest.length > 0) throw new CheckFailed("seal-malformed", { what: "content type" });
  const [content, ...noMore] = childrenOf(explicit, 0xa0);
  if (noMore.length > 0) throw notDer("content");
  const [version, digestAlgorithms, encapsulated, certificates, signerInfos, ...others] = childrenOf(
    content,
    tags.sequence,
  );
  if (smallOf(version) !== 1) throw new CheckFailed("seal-malformed", { what: "version" });
  // With revocation lists the fifth member is not the signers: they belong into the store of B-LT.
  if (others.length > 0) throw new CheckFailed("seal-malformed", { what: "revocation lists" });
  const [digestAlgorithm, ...moreAlgorithms] = childrenOf(digestAlgorithms, tags.set);
  if (moreAlgorithms.length > 0) throw new CheckFailed("seal-malformed", { what: "digest algorithms" });
  expectSha256(digestAlgorithm);
  const [detached, ...attached] = childrenOf(encapsulated, tags.sequence);
  if (oidOf(detached) !== data || attached.length > 0) throw new CheckFailed("seal-malformed", { what: "content" });
  const carried = childrenOf(certificates, 0xa0);
  if (carried.length === 0 || carried.length > mostCertificates)
    throw new CheckFailed("seal-malformed", { what: "certificates" });
  const signers = childrenOf(signerInfos, tags.set);
  if (signers.length !== 1) throw new CheckFailed("several-signers", { count: signers.length });
  return verifySigner(signers[0]!, carried, sealedDigest);
}

async function verifySigner(info: DerValue, carried: readonly DerValue[], sealedDigest: Uint8Array): Promise<Seal> {
  const members = childrenOf(info, tags.sequence);
  const [version, identifier, digestAlgorithm, attributes, algorithm, value, unsigned, ...rest] = members;
  if (smallOf(version) !== 1) throw new CheckFailed("seal-malformed", { what: "signer's version" });
  if (rest.length > 0) throw new CheckFailed("seal-malformed", { what: "unsigned attributes" });
  const token = unsigned && readToken(unsigned);
  expectSha256(digestAlgorithm);

  const signerDer = carried[0]!.whole;
  const certificate = readCertificate(signerDer);
  const [issuer, serial, ...noMore] = childrenOf(identifier, tags.sequence);
  if (!issuer || !serial || noMore.length > 0) throw notDer("signer's identifier");
  if (!equal(issuer.whole, certificate.issuer) || !equal(serial.whole, certificate.serial))
    throw new CheckFailed("certificate-not-the-signers");

  const signed = readSigned(attributes);
  if (oidOf(signed.contentType) !== data) throw new CheckFailed("seal-malformed", { what: "content type" });
  checkNamedCertificates(signed.signingCertificate, carried, certificate);
  if (!equal(expectTag(signed.messageDigest, tags.octetString).content, sealedDigest))
    throw new CheckFailed("content-changed");

  expectSignatureAlgorithm(certificate.publicKey, algorithm);
  const signature = expectTag(value, tags.octetString).content;
  if (!(await verifySignature(certificate.publicKey, signature, signedMessage(attributes!))))
    throw new CheckFailed("signature-wrong", { what: "value" });
  const signer = toHex(sha256(signerDer));
  return { certificate, signer, signatureDigest: toHex(sha256(signature)), signature, token };
}

/** The one unsigned attribute that may be there: a time-stamp on the signature value. */
function readToken(unsigned: DerValue): Uint8Array {
  const [[oid, token] = [], ...more] = readAttributes(unsigned, 0xa1);
  if (oid !== signatureTimeStamp || !token || more.length > 0)
    throw new CheckFailed("seal-malformed", { what: "unsigned attributes" });
  return token.whole;
}

/** SHA-256 with parameters absent (RFC 5754 §2). Nothing signs this field: NULL would be a second spelling of the same seal. */
function expectSha256(algorithm: DerValue | undefined): void {
  const [name, ...parameters] = childrenOf(algorithm, tags.sequence);
  if (oidOf(name) !== sha256Oid) throw new CheckFailed("algorithm-not-allowed", { what: "digest" });
  if (parameters.length > 0) throw notDer("digest algorithm");
}

interface SignedAttributes {
  contentType: DerValue;
  messageDigest: DerValue;
  signingCertificate: DerValue;
}

/** Exactly the three attributes. */
function readSigned(attributes: DerValue | undefined): SignedAttributes {
  const values = readAttributes(attributes, 0xa0);
  const found = [contentType, messageDigest, signingCertificateV2].map((oid) => values.get(oid));
  if (values.size !== 3 || found.some((value) => value === undefined))
    throw new CheckFailed("seal-malformed", { what: "signed attributes" });
  const [type, digest, signing] = found as [DerValue, DerValue, DerValue];
  return { contentType: type, messageDigest: digest, signingCertificate: signing };
}

/**
 * SigningCertificateV2 (RFC 5035 §3) names the carried certificates by SHA-256, the signer's first, and no other is carried:
 * else kilobytes could change in a file that still passes.
 */
function checkNamedCertificates(value: DerValue, carried: readonly DerValue[], certificate: Certificate): void {
  const [list, ...policies] = childrenOf(value, tags.sequence);
  const named = childrenOf(list, tags.sequence);
  if (policies.length > 0) throw new CheckFailed("seal-malformed", { what: "signing certificate" });
  named.forEach((entry, i) => {
    // The hash algorithm has the default SHA-256, which DER leaves out.
    const [hash, issuerSerial, ...rest] = childrenOf(entry, tags.sequence);
    if (rest.length > 0) throw notDer("signing certificate");
    const other = carried[i];
    if (!other || !equal(expectTag(hash, tags.octetString).content, sha256(other.whole)))
      throw new CheckFailed("certificate-not-the-signers");
    if (issuerSerial && i === 0) checkIssuerSerial(issuerSerial, certificate);
  });
  if (named.length !== carried.length) throw new CheckFailed("certificate-not-named", { count: carried.length });
}

function checkIssuerSerial(value: DerValue, certificate: Certificate): void {
  const [names, serial, ...rest] = childrenOf(value, tags.sequence);
  const [name, ...more] = childrenOf(names, tags.sequence);
  const [directory] = childrenOf(name, 0xa4);
  const fits =
    directory && serial && equal(directory.whole, certificate.issuer) && equal(serial.whole, certificate.serial);
  if (!fits || rest.length > 0 || more.length > 0) throw new CheckFailed("certificate-not-the-signers");
}
