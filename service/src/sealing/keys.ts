// A centre's seal key and its certificates, from PEM files or from the PKCS#12 file that a certification authority hands out.

import { createPrivateKey, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import forge from "node-forge";
import { invariant } from "../errors.ts";

export interface SealKey {
  readonly key: KeyObject;
  /** DER: the seal certificate first, then its intermediates up to but without the root */
  readonly chain: readonly Uint8Array[];
}

/** A seal key that somebody else holds, such as a device: it signs for us, and we never see it. */
export interface HeldSealKey {
  readonly chain: readonly Uint8Array[];
  /** signs with SHA-256: ECDSA in DER, or RSASSA-PKCS1-v1_5 */
  sign(bytes: Uint8Array): Buffer;
  close(): void;
}

/**
 * Reads a key and its certificates, in any order, from PEM.
 * @throws invariant when no certificate belongs to the key
 */
export function sealKeyFromPem(keyPem: string, certificatesPem: string): SealKey {
  return arrange(createPrivateKey(keyPem), certificatesOfPem(certificatesPem));
}

/** All certificates in a PEM text, in its order. */
export function certificatesOfPem(pem: string): X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

/**
 * Reads a key and its certificates from PKCS#12. node-forge opens the container and no more: keys and certificates are taken as
 * DER and handed to node:crypto, because forge knows no EC keys.
 * @throws Error when the password is wrong, invariant when key or certificate is missing
 */
export function sealKeyFromPkcs12(file: Uint8Array, password: string): SealKey {
  const container = forge.asn1.fromDer(forge.util.createBuffer(Buffer.from(file).toString("latin1")));
  const bags = forge.pkcs12.pkcs12FromAsn1(container, true, password).safeContents.flatMap(({ safeBags }) => safeBags);
  const keys: KeyObject[] = [];
  const certificates: X509Certificate[] = [];
  for (const bag of bags) {
    if (bag.type === forge.pki.oids.certBag) {
      certificates.push(new X509Certificate(toDer(bag.cert ? forge.pki.certificateToAsn1(bag.cert) : bag.asn1)));
    } else if (bag.type === forge.pki.oids.pkcs8ShroudedKeyBag || bag.type === forge.pki.oids.keyBag) {
      const key = bag.key ? forge.pki.wrapRsaPrivateKey(forge.pki.privateKeyToAsn1(bag.key)) : bag.asn1;
      keys.push(createPrivateKey({ key: toDer(key), format: "der", type: "pkcs8" }));
    }
  }
  const [key] = keys;
  invariant(key && keys.length === 1, `PKCS#12 file holds ${keys.length} keys instead of one`);
  return arrange(key, certificates);
}

function toDer(value: forge.asn1.Asn1): Buffer {
  return Buffer.from(forge.asn1.toDer(value).getBytes(), "latin1");
}

function arrange(key: KeyObject, certificates: readonly X509Certificate[]): SealKey {
  const own = certificates.find((certificate) => certificate.checkPrivateKey(key));
  invariant(own, "no certificate belongs to the seal key");
  return { key, chain: chainOf(own, certificates) };
}

/** Follows the issuers from the key's certificate upwards and leaves out the root, which a verifier must have already. */
export function chainOf(own: X509Certificate, certificates: readonly X509Certificate[]): Uint8Array[] {
  let current: X509Certificate | undefined = own;
  const chain: Uint8Array[] = [];
  while (current && (chain.length === 0 || !isSelfSigned(current)) && chain.length < certificates.length) {
    chain.push(current.raw);
    const child: X509Certificate = current;
    current = isSelfSigned(child)
      ? undefined
      : certificates.find((other) => other !== child && child.checkIssued(other));
  }
  return chain;
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}
