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

/**
 * Reads a key and its certificates, in any order, from PEM.
 * @throws invariant when no certificate belongs to the key
 */
export function sealKeyFromPem(keyPem: string, certificatesPem: string): SealKey {
  const blocks = certificatesPem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  return arrange(
    createPrivateKey(keyPem),
    blocks.map((block) => new X509Certificate(block)),
  );
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

/** Follows the issuers from the key's certificate upwards and leaves out the root, which a verifier must have already. */
function arrange(key: KeyObject, certificates: readonly X509Certificate[]): SealKey {
  let current = certificates.find((certificate) => certificate.checkPrivateKey(key));
  invariant(current, "no certificate belongs to the seal key");
  const chain: Uint8Array[] = [];
  while (current && (chain.length === 0 || !isSelfSigned(current)) && chain.length < certificates.length) {
    chain.push(current.raw);
    const child: X509Certificate = current;
    current = isSelfSigned(child)
      ? undefined
      : certificates.find((other) => other !== child && child.checkIssued(other));
  }
  return { key, chain };
}

function isSelfSigned(certificate: X509Certificate): boolean {
  return certificate.checkIssued(certificate);
}
