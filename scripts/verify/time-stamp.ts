// Time-stamp tokens (RFC 3161, FORMAT.md §9, 6): on the seal's signature value or on a file. pkijs only parses: its own check
// lets a corrupt token in a signature pass. Whether an authority is believed is asked in judge.ts.
import { createHash, verify } from "node:crypto";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { derContent, derLength, derParts, derValue, isDer } from "./der.ts";
import { demand } from "./outcome.ts";
import { derOf, namesIt, oid, parseSignedData, readAttributes } from "./signed-data.ts";
import { type AuthorityCertificate, readAuthorityCertificate } from "./x509.ts";

export type HashName = "sha1" | "sha256" | "sha384" | "sha512";

export interface TimeStamp {
  /** seconds since 1970; a fraction is left out */
  time: number;
  authority: AuthorityCertificate;
}

const malformed = "time-stamp-malformed";
const hashes: Readonly<Record<string, HashName>> = {
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};
const signatures: Readonly<Record<string, { keyType: "ec" | "rsa"; hash: HashName | null }>> = {
  "1.2.840.10045.4.3.2": { keyType: "ec", hash: "sha256" },
  "1.2.840.10045.4.3.3": { keyType: "ec", hash: "sha384" },
  "1.2.840.10045.4.3.4": { keyType: "ec", hash: "sha512" },
  // The hash is then the signer's digest algorithm.
  "1.2.840.113549.1.1.1": { keyType: "rsa", hash: null },
  "1.2.840.113549.1.1.11": { keyType: "rsa", hash: "sha256" },
  "1.2.840.113549.1.1.12": { keyType: "rsa", hash: "sha384" },
  "1.2.840.113549.1.1.13": { keyType: "rsa", hash: "sha512" },
};
const certificatesLimit = 8;
const allowedAttributes = [
  oid.contentType,
  oid.messageDigest,
  oid.signingCertificate,
  oid.signingCertificateV2,
  oid.signingTime,
  oid.algorithmProtection,
];

/**
 * Checks a token over the bytes whose digest is given.
 * @param digestOf digest of what the token should be over
 * @throws Refused with the reason
 */
export function checkTimeStamp(token: Uint8Array, digestOf: (hash: HashName) => Buffer): TimeStamp {
  demand(isDer(token), "time-stamp-not-der");
  const data = parseSignedData(withReadableCertificates(token), malformed);
  demand(data.version === 3 && data.signerInfos.length === 1, malformed);
  const info = data.signerInfos[0]!;
  demand(info.version === 1 && !info.unsignedAttrs && !data.crls && !data.ocsps, malformed);
  const certificates = data.certificates ?? [];
  const { eContentType, eContent } = data.encapContentInfo;
  demand(eContentType === oid.tstInfo && eContent instanceof asn1js.OctetString, malformed);
  const content = Buffer.from(eContent.valueBlock.valueHexView);
  const { imprintHash, imprint, time } = readTstInfo(content);

  const signer = certificates.flatMap((one) =>
    one instanceof pkijs.Certificate && namesIt(info.sid, one) ? [{ parsed: one, der: derOf(one.toSchema()) }] : [],
  )[0];
  demand(signer, "time-stamp-certificate-wrong", "the authority's certificate is not in the token");
  const hash = hashOf(info.digestAlgorithm);
  const [listed, ...others] = data.digestAlgorithms;
  demand(hash && listed && hashOf(listed) === hash && others.length === 0, "time-stamp-algorithm-not-allowed");
  const { values, signedBytes } = readAttributes(info, malformed, "time-stamp-not-der");
  demand(
    [...values.keys()].every((type) => allowedAttributes.includes(type)),
    malformed,
    "another signed attribute",
  );
  const contentType = values.get(oid.contentType);
  demand(
    contentType instanceof asn1js.ObjectIdentifier && contentType.valueBlock.toString() === oid.tstInfo,
    malformed,
  );
  const messageDigest = values.get(oid.messageDigest);
  demand(messageDigest instanceof asn1js.OctetString, malformed);
  checkNamed(values, signer);

  const authority = readAuthorityCertificate(signer.parsed, signer.der);
  const algorithm = signatures[info.signatureAlgorithm.algorithmId];
  demand(
    algorithm && algorithm.keyType === authority.keyType && isPlain(info.signatureAlgorithm),
    "time-stamp-algorithm-not-allowed",
  );
  demand((algorithm.hash ?? hash) === hash, "time-stamp-algorithm-not-allowed");

  const digest = createHash(hash).update(content).digest();
  demand(digest.equals(Buffer.from(messageDigest.valueBlock.valueHexView)), "time-stamp-changed");
  const signature = Buffer.from(info.signature.valueBlock.valueHexView);
  demand(verify(hash, signedBytes, authority.key, signature), "time-stamp-signature-wrong");
  const from = authority.notBefore.getTime() / 1000;
  const until = authority.notAfter.getTime() / 1000;
  demand(from <= time && time <= until, "time-stamp-certificate-not-in-period");
  demand(digestOf(imprintHash).equals(imprint), "time-stamp-of-another");
  return { time, authority };
}

/**
 * The token without those of its certificates that pkijs cannot read: only the signer's is needed, and the others may be of any
 * form (§11). Nothing signs which certificates stand there.
 */
function withReadableCertificates(token: Uint8Array): Uint8Array {
  const parts = (value: Uint8Array | undefined) =>
    value && (value[0]! & 0x20) !== 0 ? derParts(derContent(value)) : null;
  const [type, explicit] = parts(token) ?? [];
  const fields = parts(parts(explicit)?.[0]);
  const certificates = parts(fields?.[3]);
  if (!type || !fields || !certificates || fields[3]![0] !== 0xa0) return token;
  demand(certificates.length <= certificatesLimit, malformed, "too many certificates");
  const readable = certificates.filter(isReadable);
  const field = readable.length > 0 ? [derValue(0xa0, ...readable)] : [];
  return derValue(0x30, type, derValue(0xa0, derValue(0x30, ...fields.slice(0, 3), ...field, ...fields.slice(4))));
}

function isReadable(certificate: Uint8Array): boolean {
  if (certificate[0] !== 0x30) return false;
  try {
    const parsed = new pkijs.Certificate({ schema: asn1js.fromBER(Buffer.from(certificate)).result });
    return derOf(parsed.toSchema()).equals(certificate);
  } catch {
    return false; // pkijs throws whatever it likes for what is no certificate
  }
}

/** NULL or no parameters: an authority's spelling is its own. */
const isPlain = (algorithm: pkijs.AlgorithmIdentifier): boolean => {
  const parameters: unknown = algorithm.algorithmParams;
  return parameters === undefined || parameters instanceof asn1js.Null;
};
const hashOf = (algorithm: pkijs.AlgorithmIdentifier): HashName | undefined =>
  isPlain(algorithm) ? hashes[algorithm.algorithmId] : undefined;

/** RFC 2634 §5.4 and RFC 5035 §4: the first hash that is named is the signer's. Where both are there, both must be right. */
function checkNamed(values: ReadonlyMap<string, unknown>, signer: { parsed: pkijs.Certificate; der: Buffer }): void {
  const named = [oid.signingCertificate, oid.signingCertificateV2].filter((type) => values.has(type));
  demand(named.length > 0, malformed, "no signing certificate is named");
  for (const type of named) {
    const signing = values.get(type);
    demand(signing instanceof asn1js.Sequence, malformed);
    const list = signing.valueBlock.value[0];
    demand(list instanceof asn1js.Sequence, malformed);
    const first = list.valueBlock.value[0];
    demand(first instanceof asn1js.Sequence, malformed);
    const parts = [...first.valueBlock.value];
    let hash: HashName | undefined = type === oid.signingCertificate ? "sha1" : "sha256";
    if (type === oid.signingCertificateV2 && parts[0] instanceof asn1js.Sequence) {
      hash = readHash(derOf(parts.shift()!));
      demand(hash, "time-stamp-algorithm-not-allowed");
    }
    // An IssuerSerial behind the hash, policies and further certificates are not read (§11).
    const [value] = parts;
    demand(value instanceof asn1js.OctetString, malformed);
    const same = createHash(hash).update(signer.der).digest().equals(Buffer.from(value.valueBlock.valueHexView));
    demand(same, "time-stamp-certificate-wrong", "another certificate is named");
  }
}

/** The hash that an AlgorithmIdentifier names, or undefined when it is not allowed. */
function readHash(der: Uint8Array): HashName | undefined {
  const algorithm = asn1js.fromBER(Buffer.from(der)).result;
  if (!(algorithm instanceof asn1js.Sequence)) return undefined;
  const [name, parameters, ...more] = algorithm.valueBlock.value;
  const plain = (parameters === undefined || parameters instanceof asn1js.Null) && more.length === 0;
  return plain && name instanceof asn1js.ObjectIdentifier ? hashes[name.valueBlock.toString()] : undefined;
}

const tags = {
  boolean: 0x01,
  integer: 0x02,
  octets: 0x04,
  oid: 0x06,
  time: 0x18,
  sequence: 0x30,
  tsa: 0xa0,
  more: 0xa1,
};

interface Imprint {
  imprintHash: HashName;
  imprint: Uint8Array;
  time: number;
}

/** TSTInfo (RFC 3161 §2.4.2), read by its DER, because pkijs passes over what follows. */
function readTstInfo(der: Uint8Array): Imprint {
  const parts = derLength(der) === der.length && der[0] === tags.sequence ? derParts(derContent(der)) : null;
  // What follows genTime is not read.
  demand(parts && parts.slice(0, 5).every((part) => isDer(part)), malformed, "TSTInfo");
  const [version, policy, over, serial, genTime, ...rest] = parts;
  demand(version && Buffer.from(version).toString("hex") === "020101", malformed, "version of TSTInfo");
  demand(policy?.[0] === tags.oid && serial?.[0] === tags.integer, malformed, "TSTInfo");
  demand(over?.[0] === tags.sequence && genTime?.[0] === tags.time, malformed, "TSTInfo");
  const order = [tags.sequence, tags.boolean, tags.integer, tags.tsa, tags.more];
  const places = rest.map((part) => order.indexOf(part[0]!));
  const inOrder = places.every((place, index) => place > (places[index - 1] ?? -1));
  demand(inOrder, malformed, "TSTInfo");
  const [algorithm, value, ...none] = derParts(derContent(over))!;
  demand(algorithm?.[0] === tags.sequence && value?.[0] === tags.octets && none.length === 0, malformed, "imprint");
  const imprintHash = readHash(algorithm);
  demand(imprintHash, "time-stamp-algorithm-not-allowed");
  return {
    imprintHash,
    imprint: derContent(value),
    time: readTime(Buffer.from(derContent(genTime)).toString("latin1")),
  };
}

/** GeneralizedTime in DER, which ends in Z, as seconds since 1970 without their fraction. */
function readTime(text: string): number {
  const match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.\d+)?Z$/.exec(text);
  demand(match, malformed, "genTime");
  const [, year, month, day, hour, minute, second] = match;
  const spelled = `${year}-${month}-${day}T${hour}:${minute}:${second}`;
  const time = Date.parse(`${spelled}Z`);
  // A day that the calendar does not have is read as the next month's.
  demand(Number.isFinite(time) && new Date(time).toISOString().startsWith(spelled), malformed, "genTime");
  return time / 1000;
}
