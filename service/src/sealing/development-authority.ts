// Roots and seal certificates for development and tests. What they sign is labelled on its face, and the configuration refuses
// them when NODE_ENV is production: see `isDevelopmentCertificate`.
//
// An X.509 certificate (RFC 5280) is a short DER structure and the writer for it stands in der.ts already; the libraries at
// hand either know no EC keys or bring a dependency injection container with them.

import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  X509Certificate,
} from "node:crypto";
import type { KeyObject } from "node:crypto";
import {
  elementAt,
  integer,
  NULL,
  objectIdentifier,
  octets,
  sequence,
  setOf,
  smallInteger,
  tagged,
  TRUE,
} from "./der.ts";

export type SealAlgorithm = "P-256" | "RSA-2048" | "RSA-3072";

/** A certificate with its private key, both as PEM. */
export interface Credential {
  readonly keyPem: string;
  readonly certificatePem: string;
}

const MARK = "DEVELOPMENT";
const HOUR = 3600_000;
const YEAR = 365 * 24 * HOUR;

const ECDSA_WITH_SHA_256 = sequence(objectIdentifier("1.2.840.10045.4.3.2"));
const RSA_WITH_SHA_256 = sequence(objectIdentifier("1.2.840.113549.1.1.11"), NULL);
const COUNTRY = objectIdentifier("2.5.4.6");
const ORGANISATION = objectIdentifier("2.5.4.10");
const COMMON_NAME = objectIdentifier("2.5.4.3");
/** Document signing (RFC 9336), and e-mail protection, which older readers ask for. */
const SEAL_PURPOSES = ["1.3.6.1.5.5.7.3.4", "1.3.6.1.5.5.7.3.36"];
/** Bit strings of KeyUsage: unused bits, then the bits from digitalSignature on. */
const SIGNS_DOCUMENTS = [6, 0b11000000];
/** certificates and revocation lists */
const SIGNS_CERTIFICATES = [1, 0b00000110];

/** Makes a root with a fresh P-256 key, valid for ten years. Each call makes another one. */
export function createDevelopmentRoot({ now }: { now: () => Date }): Credential {
  const { privateKey, publicKey } = generateKeys("P-256");
  const name = distinguishedName(`存证开发用 ${MARK}`, `开发用根证书 ${MARK} ROOT`);
  return certify(privateKey, publicKey, name, now(), 10 * YEAR, authorityExtensions(), { name, key: privateKey });
}

/** Makes an intermediate authority under a root, valid for five years. */
export function createDevelopmentIntermediate(issuer: Credential, { now }: { now: () => Date }): Credential {
  const { privateKey, publicKey } = generateKeys("P-256");
  const name = distinguishedName(`存证开发用 ${MARK}`, `开发用中级证书 ${MARK} CA`);
  return certify(privateKey, publicKey, name, now(), 5 * YEAR, authorityExtensions(), issuerOf(issuer));
}

/** Makes a centre's seal certificate, valid for three years. */
export function createDevelopmentSeal(
  issuer: Credential,
  centre: string,
  { now, algorithm = "P-256" }: { now: () => Date; algorithm?: SealAlgorithm },
): Credential {
  const { privateKey, publicKey } = generateKeys(algorithm);
  const name = distinguishedName(centre, `${centre}电子印章 ${MARK}`);
  const extensions = [
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.15", true, tagged(0x03, Buffer.from(SIGNS_DOCUMENTS))),
    extension("2.5.29.37", false, sequence(...SEAL_PURPOSES.map(objectIdentifier))),
  ];
  return certify(privateKey, publicKey, name, now(), 3 * YEAR, extensions, issuerOf(issuer));
}

/** Makes a time-stamping authority's certificate, valid for nine years if not told otherwise: it ends before its root. */
export function createDevelopmentTimeStampAuthority(
  issuer: Credential,
  { now, algorithm = "P-256", years = 9 }: { now: () => Date; algorithm?: SealAlgorithm; years?: number },
): Credential {
  const { privateKey, publicKey } = generateKeys(algorithm);
  const name = distinguishedName(`存证开发用 ${MARK}`, `开发用时间戳 ${MARK} TSA`);
  const extensions = [
    extension("2.5.29.19", true, sequence()),
    extension("2.5.29.15", true, tagged(0x03, Buffer.from(SIGNS_DOCUMENTS))),
    extension("2.5.29.37", true, sequence(objectIdentifier("1.3.6.1.5.5.7.3.8"))),
  ];
  return certify(privateKey, publicKey, name, now(), years * YEAR, extensions, issuerOf(issuer));
}

/** Makes an authority's revocation list, with nothing revoked, good for so many days. */
export function createDevelopmentRevocationList(
  issuer: Credential,
  { now, days = 30 }: { now: () => Date; days?: number },
): Buffer {
  const { name, key } = issuerOf(issuer);
  const at = now().getTime();
  const algorithm = key.asymmetricKeyType === "rsa" ? RSA_WITH_SHA_256 : ECDSA_WITH_SHA_256;
  const toBeSigned = sequence(
    smallInteger(1), // version 2
    algorithm,
    name,
    utcTime(at - HOUR),
    utcTime(at + days * 24 * HOUR),
    tagged(
      0xa0,
      sequence(
        extension(
          "2.5.29.20",
          false,
          integer(
            Buffer.from(
              Math.floor(at / 1000)
                .toString(16)
                .padStart(16, "0"),
              "hex",
            ),
          ),
        ),
        extension("2.5.29.35", false, sequence(tagged(0x80, keyIdentifier(key)))),
      ),
    ),
  );
  return sequence(toBeSigned, algorithm, tagged(0x03, Buffer.from([0]), sign("sha256", toBeSigned, key)));
}

/** Whether a certificate was made here: its issuer says so. */
export function isDevelopmentCertificate(certificate: Uint8Array): boolean {
  return new X509Certificate(certificate).issuer.includes(MARK);
}

interface Issuer {
  readonly name: Uint8Array;
  readonly key: KeyObject;
}

function certify(
  privateKey: KeyObject,
  publicKey: KeyObject,
  subject: Uint8Array,
  now: Date,
  lifetime: number,
  extensions: readonly Uint8Array[],
  issuer: Issuer,
): Credential {
  const algorithm = issuer.key.asymmetricKeyType === "rsa" ? RSA_WITH_SHA_256 : ECDSA_WITH_SHA_256;
  const issuerKey = tagged(0x80, keyIdentifier(issuer.key));
  const toBeSigned = sequence(
    tagged(0xa0, smallInteger(2)), // version 3
    serialNumber(),
    algorithm,
    issuer.name,
    // Valid from an hour before, for clocks that run behind.
    sequence(utcTime(now.getTime() - HOUR), utcTime(now.getTime() + lifetime)),
    subject,
    publicKey.export({ format: "der", type: "spki" }),
    tagged(
      0xa3,
      sequence(
        ...extensions,
        extension("2.5.29.14", false, octets(keyIdentifier(publicKey))),
        extension("2.5.29.35", false, sequence(issuerKey)),
      ),
    ),
  );
  const signature = sign("sha256", toBeSigned, issuer.key);
  const certificate = sequence(toBeSigned, algorithm, tagged(0x03, Buffer.from([0]), signature));
  return {
    keyPem: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
    certificatePem: new X509Certificate(certificate).toString(),
  };
}

function generateKeys(algorithm: SealAlgorithm): { privateKey: KeyObject; publicKey: KeyObject } {
  return algorithm === "P-256"
    ? generateKeyPairSync("ec", { namedCurve: "P-256" })
    : generateKeyPairSync("rsa", { modulusLength: Number(algorithm.slice("RSA-".length)) });
}

function issuerOf({ keyPem, certificatePem }: Credential): Issuer {
  const der = new X509Certificate(certificatePem).raw;
  return { name: subjectOf(der), key: createPrivateKey(keyPem) };
}

/** The subject as encoded: the sixth element, after version, serial number, algorithm, issuer and validity. */
function subjectOf(certificate: Uint8Array): Uint8Array {
  let element = elementAt(certificate, elementAt(certificate, elementAt(certificate, 0).content).content);
  for (let i = 0; i < 5; i++) element = elementAt(certificate, element.end);
  return certificate.subarray(element.start, element.end);
}

function distinguishedName(organisation: string, commonName: string): Buffer {
  const part = (type: Uint8Array, tag: number, value: string): Buffer =>
    setOf(sequence(type, tagged(tag, Buffer.from(value, "utf8"))));
  return sequence(
    part(COUNTRY, 0x13, "CN"),
    part(ORGANISATION, 0x0c, organisation),
    part(COMMON_NAME, 0x0c, commonName),
  );
}

function authorityExtensions(): Buffer[] {
  return [
    extension("2.5.29.19", true, sequence(TRUE)),
    extension("2.5.29.15", true, tagged(0x03, Buffer.from(SIGNS_CERTIFICATES))),
  ];
}

function extension(identifier: string, critical: boolean, value: Uint8Array): Buffer {
  return sequence(objectIdentifier(identifier), ...(critical ? [TRUE] : []), octets(value));
}

/** SHA-1 of the public key, which is a name and protects nothing (RFC 5280 §4.2.1.2). */
function keyIdentifier(key: KeyObject): Buffer {
  const spki = publicPart(key).export({ format: "der", type: "spki" });
  const algorithm = elementAt(spki, elementAt(spki, 0).content);
  const bits = elementAt(spki, algorithm.end);
  return createHash("sha1")
    .update(spki.subarray(bits.content + 1, bits.end))
    .digest();
}

function publicPart(key: KeyObject): KeyObject {
  return key.type === "private" ? createPublicKey(key) : key;
}

/** Sixteen random bytes, positive as RFC 5280 §4.1.2.2 demands. */
function serialNumber(): Buffer {
  const bytes = randomBytes(16);
  bytes[0] = (bytes[0]! & 0x7f) | 0x40;
  return tagged(0x02, bytes);
}

/** YYMMDDhhmmssZ, which stands for the years to 2049. */
function utcTime(milliseconds: number): Buffer {
  const text = new Date(milliseconds).toISOString().slice(2, 19).replace(/[-T:]/g, "");
  return tagged(0x17, Buffer.from(`${text}Z`, "latin1"));
}
