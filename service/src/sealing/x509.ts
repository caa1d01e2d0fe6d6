// What levels above B-B read in a certificate and in a revocation list (RFC 5280). Keys and signatures are node:crypto's.

import { createPublicKey, X509Certificate, verify } from "node:crypto";
import { invariant } from "../errors.ts";
import { contentOf, elementAt, elementsIn, encodingOf, objectIdentifier } from "./der.ts";
import type { Element } from "./der.ts";

export interface CertificateFields {
  readonly der: Buffer;
  readonly version: number;
  /** as encoded */
  readonly serial: Buffer;
  readonly issuer: Buffer;
  readonly subject: Buffer;
  readonly notBefore: Date;
  readonly notAfter: Date;
  readonly publicKeyInfo: Buffer;
  /** by the identifier's encoding in hexadecimal */
  readonly extensions: ReadonlyMap<string, { critical: boolean; value: Buffer }>;
}

const oid = (dotted: string): string => objectIdentifier(dotted).toString("hex");
const EXTENDED_KEY_USAGE = oid("2.5.29.37");
const DISTRIBUTION_POINTS = oid("2.5.29.31");
const TIME_STAMPING = objectIdentifier("1.3.6.1.5.5.7.3.8");

export function readCertificate(bytes: Uint8Array): CertificateFields {
  const der = Buffer.from(bytes);
  const [toBeSigned] = elementsIn(der, elementAt(der, 0));
  invariant(toBeSigned, "not a certificate");
  const fields = elementsIn(der, toBeSigned);
  const explicit = fields[0]?.tag === 0xa0 ? fields.shift() : undefined;
  const [serial, , issuer, validity, subject, publicKeyInfo, ...rest] = fields;
  invariant(serial && issuer && validity && subject && publicKeyInfo, "not a certificate");
  const [notBefore, notAfter] = elementsIn(der, validity);
  invariant(notBefore && notAfter, "a certificate without its validity");
  const list = rest.find(({ tag }) => tag === 0xa3);
  return {
    der,
    version: explicit ? contentOf(der, elementAt(der, explicit.content))[0]! + 1 : 1,
    serial: encodingOf(der, serial),
    issuer: encodingOf(der, issuer),
    subject: encodingOf(der, subject),
    notBefore: timeOf(der, notBefore),
    notAfter: timeOf(der, notAfter),
    publicKeyInfo: encodingOf(der, publicKeyInfo),
    extensions: list ? extensionsIn(der, elementAt(der, list.content)) : new Map(),
  };
}

function extensionsIn(der: Buffer, list: Element): Map<string, { critical: boolean; value: Buffer }> {
  return new Map(
    elementsIn(der, list).map((extension) => {
      const parts = elementsIn(der, extension);
      const critical = parts.length === 3 && der[parts[1]!.content] !== 0;
      return [encodingOf(der, parts[0]!).toString("hex"), { critical, value: contentOf(der, parts.at(-1)!) }];
    }),
  );
}

/** UTCTime and GeneralizedTime as RFC 5280 §4.1.2.5 restricts them: to the second, ending in Z. */
export function timeOf(der: Uint8Array, element: Element): Date {
  const text = contentOf(der, element).toString("latin1");
  const digits = element.tag === 0x17 ? `${Number(text.slice(0, 2)) < 50 ? "20" : "19"}${text}` : text;
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\.\d{1,9})?Z$/.exec(digits);
  invariant(match, "a time that is not of the form YYYYMMDDhhmmssZ");
  const [, year, month, day, hour, minute, second, fraction = ""] = match;
  const time = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}Z`);
  invariant(!Number.isNaN(time.getTime()), "a time that does not exist");
  return time;
}

/** Whether the extended key usage is critical and exactly timeStamping (RFC 3161 §2.3). */
export function isForTimeStamping({ extensions }: CertificateFields): boolean {
  const usage = extensions.get(EXTENDED_KEY_USAGE);
  if (!usage?.critical) return false;
  const purposes = elementsIn(usage.value, elementAt(usage.value, 0));
  return purposes.length === 1 && encodingOf(usage.value, purposes[0]!).equals(TIME_STAMPING);
}

export function isSelfIssued({ issuer, subject }: CertificateFields): boolean {
  return issuer.equals(subject);
}

/** Whether one certificate was issued with the key of another. */
export function isIssuedBy(certificate: CertificateFields, issuer: CertificateFields): boolean {
  return (
    certificate.issuer.equals(issuer.subject) &&
    new X509Certificate(certificate.der).verify(new X509Certificate(issuer.der).publicKey)
  );
}

/** Addresses from which the issuer hands out its revocation list over HTTP (RFC 5280 §4.2.1.13). */
export function revocationListUrls({ extensions }: CertificateFields): string[] {
  const value = extensions.get(DISTRIBUTION_POINTS)?.value;
  if (!value) return [];
  const urls: string[] = [];
  const visit = (element: Element): void => {
    // uniformResourceIdentifier is [6], at the bottom of constructed values
    if (element.tag === 0x86) urls.push(contentOf(value, element).toString("latin1"));
    else if (element.tag & 0x20) elementsIn(value, element).forEach(visit);
  };
  visit(elementAt(value, 0));
  return urls.filter((url) => /^https?:\/\//.test(url));
}

export interface RevocationList {
  readonly der: Buffer;
  readonly issuer: Buffer;
  readonly thisUpdate: Date;
  readonly nextUpdate: Date | undefined;
  /** encoded serial numbers, in hexadecimal */
  readonly revoked: ReadonlySet<string>;
}

/** Reads a CRL (RFC 5280 §5). @throws invariant when it is none */
export function readRevocationList(bytes: Uint8Array): RevocationList {
  const der = Buffer.from(bytes);
  const outer = elementAt(der, 0);
  const [toBeSigned] = elementsIn(der, outer);
  invariant(outer.end === der.length && toBeSigned?.tag === 0x30, "not a revocation list");
  const fields = elementsIn(der, toBeSigned);
  if (fields[0]?.tag === 0x02) fields.shift();
  const [, issuer, thisUpdate, ...rest] = fields;
  invariant(issuer?.tag === 0x30 && thisUpdate, "not a revocation list");
  const nextUpdate = rest[0] && [0x17, 0x18].includes(rest[0].tag) ? rest.shift() : undefined;
  const entries = rest[0]?.tag === 0x30 ? elementsIn(der, rest[0]) : [];
  return {
    der,
    issuer: encodingOf(der, issuer),
    thisUpdate: timeOf(der, thisUpdate),
    nextUpdate: nextUpdate && timeOf(der, nextUpdate),
    revoked: new Set(entries.map((entry) => encodingOf(der, elementAt(der, entry.content)).toString("hex"))),
  };
}

/** Whether the list is by this authority: its name and its signature. */
export function isListOf({ der, issuer }: RevocationList, authority: CertificateFields): boolean {
  const [toBeSigned, algorithm, bits] = elementsIn(der, elementAt(der, 0));
  const hash = algorithm && hashOfSignature(encodingOf(der, algorithm));
  if (!toBeSigned || !bits || !hash || !issuer.equals(authority.subject)) return false;
  const key = createPublicKey({ key: authority.publicKeyInfo, format: "der", type: "spki" });
  return verify(hash, encodingOf(der, toBeSigned), key, contentOf(der, bits).subarray(1));
}

const SIGNATURE_HASHES: ReadonlyMap<string, string> = new Map([
  [oid("1.2.840.10045.4.3.2"), "sha256"],
  [oid("1.2.840.10045.4.3.3"), "sha384"],
  [oid("1.2.840.10045.4.3.4"), "sha512"],
  [oid("1.2.840.113549.1.1.11"), "sha256"],
  [oid("1.2.840.113549.1.1.12"), "sha384"],
  [oid("1.2.840.113549.1.1.13"), "sha512"],
]);

/** The hash that a signature algorithm names; undefined when it names none that we take. */
export function hashOfSignature(algorithm: Uint8Array): string | undefined {
  const identifier = encodingOf(algorithm, elementAt(algorithm, elementAt(algorithm, 0).content));
  return SIGNATURE_HASHES.get(identifier.toString("hex"));
}
