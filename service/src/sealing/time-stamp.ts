// Time-stamps (RFC 3161): the request, the answer, and whether a token is what FORMAT.md §9.6 asks of it. A token that our
// own verifiers would refuse must never get into a file, so it is checked as strictly here.

import { createHash, createPublicKey, verify } from "node:crypto";
import { DomainError, invariant } from "../errors.ts";
import {
  contentOf,
  elementAt,
  elementsIn,
  encodingOf,
  integer,
  NULL,
  objectIdentifier,
  octets,
  sequence,
  smallInteger,
  TRUE,
} from "./der.ts";
import type { Element } from "./der.ts";
import { hashOfSignature, isForTimeStamping, readCertificate, timeOf } from "./x509.ts";
import type { CertificateFields } from "./x509.ts";
import "./refusals.ts";

export const TST_INFO = objectIdentifier("1.2.840.113549.1.9.16.1.4");
export const SIGNED_DATA = objectIdentifier("1.2.840.113549.1.7.2");
export const SHA_256_WITH_NULL = sequence(objectIdentifier("2.16.840.1.101.3.4.2.1"), NULL);
const hex = (dotted: string): string => objectIdentifier(dotted).toString("hex");
const HASHES: ReadonlyMap<string, string> = new Map([
  [hex("2.16.840.1.101.3.4.2.1"), "sha256"],
  [hex("2.16.840.1.101.3.4.2.2"), "sha384"],
  [hex("2.16.840.1.101.3.4.2.3"), "sha512"],
]);
const MOST_CERTIFICATES = 8;
const RSA = hex("1.2.840.113549.1.1.1");
const CONTENT_TYPE = hex("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST = hex("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE = hex("1.2.840.113549.1.9.16.2.12");
const SIGNING_CERTIFICATE_V2 = hex("1.2.840.113549.1.9.16.2.47");
const OTHER_ATTRIBUTES = [hex("1.2.840.113549.1.9.5"), hex("1.2.840.113549.1.9.52")];

/**
 * A request for a time-stamp on a SHA-256 digest, with the authority's certificates.
 * @param nonce random, so that an old answer cannot be given again
 * @param policy dotted object identifier of the policy to be used; the authority's own if not given
 */
export function timeStampRequest(digest: Uint8Array, nonce: Uint8Array, policy?: string): Buffer {
  invariant(digest.length === 32, "a time-stamp is asked for a SHA-256 digest");
  return sequence(
    smallInteger(1),
    sequence(SHA_256_WITH_NULL, octets(digest)),
    ...(policy === undefined ? [] : [objectIdentifier(policy)]),
    integer(nonce),
    TRUE,
  );
}

/** The token in an answer. @throws TIME_STAMP_REFUSED with the status; TIME_STAMP_INVALID when it is no answer */
export function tokenOfResponse(response: Uint8Array): Buffer {
  return reading(() => {
    const outer = elementAt(response, 0);
    const [info, token] = elementsIn(response, outer);
    invariant(
      outer.tag === 0x30 && outer.end === response.length && info?.tag === 0x30,
      "it is no time-stamp response",
    );
    const [status] = elementsIn(response, info);
    invariant(status?.tag === 0x02 && status.end - status.content === 1, "it has no status");
    // granted, or granted with modifications (RFC 3161 §2.4.2)
    if (response[status.content]! > 1)
      throw new DomainError("TIME_STAMP_REFUSED", { status: response[status.content]! });
    invariant(token, "it has no token");
    return Buffer.from(encodingOf(response, token));
  });
}

export interface TimeStampToken {
  readonly der: Buffer;
  readonly policy: Buffer;
  /** the hash of `imprint`, as node:crypto calls it */
  readonly imprintHash: string;
  readonly imprint: Buffer;
  readonly genTime: Date;
  /** encoded */
  readonly nonce: Buffer | undefined;
  /** the authority's own certificate, and all that the token carries */
  readonly signer: CertificateFields;
  readonly certificates: readonly Buffer[];
  /** hash and kind of key by which it is signed, such as `sha256/ec`: with them it ages */
  readonly algorithm: string;
}

/**
 * Reads a token and checks all of FORMAT.md §9.6 but what it is over: its form, its certificate and its signature.
 * @throws TIME_STAMP_INVALID saying what is wrong
 */
export function readToken(bytes: Uint8Array): TimeStampToken {
  return reading(() => {
    const der = Buffer.from(bytes);
    const outer = elementAt(der, 0);
    invariant(outer.end === der.length, "bytes follow the token");
    const [type, explicit] = elementsIn(der, outer);
    invariant(type && encodingOf(der, type).equals(SIGNED_DATA) && explicit?.tag === 0xa0, "the token is not CMS");
    const [version, digests, content, ...rest] = elementsIn(der, elementAt(der, explicit.content));
    invariant(version && contentOf(der, version).equals(Buffer.from([3])), "its CMS has not version 3");
    invariant(digests && elementsIn(der, digests).length === 1, "it has not one digest algorithm");
    invariant(!rest.some(({ tag }) => tag === 0xa1), "it carries revocation lists");
    const [contentType, wrapped] = content ? elementsIn(der, content) : [];
    invariant(contentType && encodingOf(der, contentType).equals(TST_INFO) && wrapped, "it holds no TSTInfo");
    const info = contentOf(der, elementAt(der, wrapped.content));
    const certificates = rest
      .filter(({ tag }) => tag === 0xa0)
      .flatMap((set) => elementsIn(der, set))
      .map((element) => Buffer.from(encodingOf(der, element)));
    invariant(certificates.length <= MOST_CERTIFICATES, "it carries too many certificates");
    const signers = rest.at(-1)!;
    const [signerInfo, another] = elementsIn(der, signers);
    invariant(signers.tag === 0x31 && signerInfo && !another, "it has not one signer");
    const { signer, algorithm } = checkSigner(der, signerInfo, info, certificates.map(readCertificate));
    const token = { der, ...readInfo(info), signer, certificates, algorithm };
    invariant(
      signer.notBefore <= token.genTime && token.genTime <= signer.notAfter,
      "its certificate was not valid at its time",
    );
    return token;
  });
}

function readInfo(info: Buffer) {
  const outer = elementAt(info, 0);
  const [version, policy, imprint, , genTime, ...rest] = elementsIn(info, outer);
  invariant(outer.end === info.length && version && policy && imprint && genTime, "its TSTInfo is incomplete");
  invariant(contentOf(info, version).equals(Buffer.from([1])), "its TSTInfo has not version 1");
  const [algorithm, digest] = elementsIn(info, imprint);
  const imprintHash = algorithm && HASHES.get(encodingOf(info, elementAt(info, algorithm.content)).toString("hex"));
  invariant(imprintHash && digest, "its imprint is of another hash");
  const nonce = rest.find(({ tag }) => tag === 0x02);
  invariant(genTime.tag === 0x18, "its time is no GeneralizedTime");
  return {
    policy: encodingOf(info, policy),
    imprintHash,
    imprint: contentOf(info, digest),
    genTime: timeOf(info, genTime),
    nonce: nonce && encodingOf(info, nonce),
  };
}

function checkSigner(der: Buffer, signerInfo: Element, info: Buffer, certificates: readonly CertificateFields[]) {
  const [signerVersion, identifier, digestAlgorithm, attributes, signatureAlgorithm, signature, unsigned] = elementsIn(
    der,
    signerInfo,
  );
  invariant(identifier && digestAlgorithm && signatureAlgorithm, "its signer is incomplete");
  invariant(contentOf(der, signerVersion!).equals(Buffer.from([1])), "its signer is not named by issuer and number");
  invariant(attributes?.tag === 0xa0 && signature?.tag === 0x04 && !unsigned, "its signer is not of the form");
  const [issuer, serial] = elementsIn(der, identifier);
  const signer = certificates.find(
    (one) =>
      issuer && serial && one.issuer.equals(encodingOf(der, issuer)) && one.serial.equals(encodingOf(der, serial)),
  );
  invariant(signer, "it does not carry its signer's certificate");
  invariant(signer.version === 3 && isForTimeStamping(signer), "its certificate is not for time-stamping alone");
  const hash = HASHES.get(encodingOf(der, elementAt(der, digestAlgorithm.content)).toString("hex"));
  invariant(hash, "it is signed with another hash");
  checkAttributes(attributesIn(der, attributes), hash, info, signer);

  const key = createPublicKey({ key: signer.publicKeyInfo, format: "der", type: "spki" });
  const named = encodingOf(der, signatureAlgorithm);
  const isPlainRsa = encodingOf(named, elementAt(named, elementAt(named, 0).content)).toString("hex") === RSA;
  const signatureHash = isPlainRsa ? hash : hashOfSignature(named);
  invariant(signatureHash === hash, "its signature algorithm is another one");
  const { namedCurve, modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  const kind =
    key.asymmetricKeyType === "ec" && ["prime256v1", "secp384r1"].includes(namedCurve ?? "")
      ? "ec"
      : key.asymmetricKeyType === "rsa" && modulusLength! >= 2048 && modulusLength! <= 4096 && publicExponent === 65537n
        ? "rsa"
        : undefined;
  invariant(kind, "its key is of another kind");
  const signed = Buffer.from(encodingOf(der, attributes));
  signed[0] = 0x31; // what is signed is the SET OF, not its implicit tag (RFC 5652 §5.4)
  invariant(verify(hash, signed, key, contentOf(der, signature)), "its signature does not verify");
  return { signer, algorithm: `${hash}/${kind}` };
}

function attributesIn(der: Buffer, attributes: Element): Map<string, Buffer> {
  const found = new Map<string, Buffer>();
  for (const attribute of elementsIn(der, attributes)) {
    const [type, values] = elementsIn(der, attribute);
    const name = type && encodingOf(der, type).toString("hex");
    const [value, another] = values ? elementsIn(der, values) : [];
    invariant(name && value && !another && !found.has(name), "a signed attribute is not of the form");
    found.set(name, encodingOf(der, value));
  }
  return found;
}

function checkAttributes(found: Map<string, Buffer>, hash: string, info: Buffer, signer: CertificateFields): void {
  const known = [CONTENT_TYPE, MESSAGE_DIGEST, SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_V2, ...OTHER_ATTRIBUTES];
  invariant(
    [...found.keys()].every((name) => known.includes(name)),
    "it has an unknown signed attribute",
  );
  invariant(found.get(CONTENT_TYPE)?.equals(TST_INFO), "its content type is another one");
  const digest = found.get(MESSAGE_DIGEST);
  invariant(
    digest && contentOf(digest, elementAt(digest, 0)).equals(createHash(hash).update(info).digest()),
    "its TSTInfo is not what was signed",
  );
  const names = [
    certificateNamedBy(found.get(SIGNING_CERTIFICATE), "sha1"),
    certificateNamedBy(found.get(SIGNING_CERTIFICATE_V2), "sha256"),
  ].filter((name) => name !== undefined);
  invariant(
    names.length > 0 && names.every((name) => name.digest.equals(createHash(name.hash).update(signer.der).digest())),
    "it names another certificate",
  );
}

/** The first certificate that signing-certificate, or signing-certificate-v2 with its hash by default, names. */
function certificateNamedBy(
  value: Buffer | undefined,
  byDefault: string,
): { hash: string; digest: Buffer } | undefined {
  if (!value) return undefined;
  const list = elementAt(value, elementAt(value, 0).content);
  const parts = elementsIn(value, elementAt(value, list.content));
  const algorithm = byDefault === "sha256" && parts[0]?.tag === 0x30 ? parts.shift() : undefined;
  const digest = parts[0];
  invariant(digest?.tag === 0x04, "its signing certificate is not of the form");
  const hash = algorithm
    ? HASHES.get(encodingOf(value, elementAt(value, algorithm.content)).toString("hex"))
    : byDefault;
  invariant(hash, "its signing certificate is named by another hash");
  return { hash, digest: contentOf(value, digest) };
}

/** Whether a token is over these bytes. */
export function isOver({ imprint, imprintHash }: TimeStampToken, bytes: Uint8Array): boolean {
  return imprint.equals(createHash(imprintHash).update(bytes).digest());
}

/**
 * The token in an answer to our request, checked: form and signature, the digest, the nonce and the policy.
 * @throws TIME_STAMP_REFUSED, TIME_STAMP_INVALID
 */
export function checkedAnswer(
  response: Uint8Array,
  asked: { digest: Uint8Array; nonce: Uint8Array; policy?: string },
): TimeStampToken {
  const token = readToken(tokenOfResponse(response));
  return reading(() => {
    invariant(token.imprintHash === "sha256" && token.imprint.equals(asked.digest), "it is over something else");
    invariant(token.nonce?.equals(integer(asked.nonce)), "its nonce is another one");
    invariant(
      asked.policy === undefined || token.policy.equals(objectIdentifier(asked.policy)),
      "its policy is another one",
    );
    return token;
  });
}

/** What others sent is hostile by default: whatever departs from the form is refused by name and never a bug of ours. */
function reading<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof DomainError) throw error;
    const why = (error as Error).message.replace(/^invariant broken: /, "");
    throw new DomainError("TIME_STAMP_INVALID", { why }, { cause: error });
  }
}
