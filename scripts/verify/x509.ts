// The seal's certificate (FORMAT.md §9, 4 and 5) and a time-stamping authority's (6): the key, and what it may be used for. Who
// signed the certificate is not asked: the trust list names it by its digest.
import { type KeyObject, createPublicKey } from "node:crypto";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { sha256 } from "./bytes.ts";
import { isDer } from "./der.ts";
import { Refused, demand } from "./outcome.ts";
import { derOf } from "./signed-data.ts";

export interface SealCertificate {
  /** SHA-256 of the certificate's DER, as the trust list has it */
  digest: Buffer;
  key: KeyObject;
  keyType: "ec" | "rsa";
  notBefore: Date;
  notAfter: Date;
  /** the subject's common name, for a person to read; nothing rests on it */
  subject: string;
}

/** The certificate of a time-stamping authority: the same facts. */
export type AuthorityCertificate = SealCertificate;

const oid = {
  keyUsage: "2.5.29.15",
  basicConstraints: "2.5.29.19",
  certificatePolicies: "2.5.29.32",
  extendedKeyUsage: "2.5.29.37",
  anyPurpose: "2.5.29.37.0",
  documentSigning: "1.3.6.1.5.5.7.3.36",
  emailProtection: "1.3.6.1.5.5.7.3.4",
  timeStamping: "1.3.6.1.5.5.7.3.8",
  ecPublicKey: "1.2.840.10045.2.1",
  p256: "1.2.840.10045.3.1.7",
  p384: "1.3.132.0.34",
  rsaEncryption: "1.2.840.113549.1.1.1",
  commonName: "2.5.4.3",
};

/** Checks the signer's certificate. @param der its bytes in the CMS. @throws Refused */
export function readSealCertificate(certificate: pkijs.Certificate, der: Uint8Array): SealCertificate {
  demand(certificate.version === 2, "certificate-malformed");
  checkExtensions(certificate.extensions ?? []);
  return { ...readFacts(certificate, der, "certificate-malformed"), ...readKey(certificate.subjectPublicKeyInfo) };
}

/**
 * Checks the certificate of a time-stamping authority: X.509 v3, extended key usage critical and exactly timeStamping, a key of
 * P-256, P-384 or RSA of 2048 to 4096 bits. @param der its bytes in the token. @throws Refused
 */
export function readAuthorityCertificate(certificate: pkijs.Certificate, der: Uint8Array): AuthorityCertificate {
  const wrong = "time-stamp-certificate-wrong";
  demand(certificate.version === 2, wrong, "not X.509 v3");
  const usages = (certificate.extensions ?? []).filter((extension) => extension.extnID === oid.extendedKeyUsage);
  const purposes = derOf(new asn1js.Sequence({ value: [new asn1js.ObjectIdentifier({ value: oid.timeStamping })] }));
  const exact =
    usages.length === 1 &&
    usages[0]!.critical &&
    purposes.equals(Buffer.from(usages[0]!.extnValue.valueBlock.valueHexView));
  demand(exact, wrong, "extended key usage is not critical and exactly timeStamping");
  const key = readKey(certificate.subjectPublicKeyInfo, authorityKeys);
  return { ...readFacts(certificate, der, wrong), ...key };
}

/** Digest, period and name. @param code reason against a period that is none */
function readFacts(
  certificate: pkijs.Certificate,
  der: Uint8Array,
  code: string,
): Omit<SealCertificate, "key" | "keyType"> {
  const period = [certificate.notBefore.value, certificate.notAfter.value];
  demand(
    period.every((day) => Number.isFinite(day.getTime())),
    code,
  );
  const name = certificate.subject.typesAndValues.find((one) => one.type === oid.commonName);
  return {
    digest: sha256(der),
    notBefore: certificate.notBefore.value,
    notAfter: certificate.notAfter.value,
    subject: String(name?.value.valueBlock.value ?? ""),
  };
}

function checkExtensions(extensions: readonly pkijs.Extension[]): void {
  const known = new Map(extensions.map((extension) => [extension.extnID, extension]));
  demand(known.size === extensions.length, "certificate-malformed");
  const understood = [oid.keyUsage, oid.basicConstraints, oid.extendedKeyUsage, oid.certificatePolicies];
  for (const extension of extensions) {
    demand(!extension.critical || understood.includes(extension.extnID), "certificate-extension-unknown");
  }

  const keyUsage = value(known.get(oid.keyUsage), asn1js.BitString);
  // Bit 0 is digitalSignature, bit 1 nonRepudiation.
  demand(
    keyUsage && ((new Uint8Array(keyUsage.valueBlock.valueHexView)[0] ?? 0) & 0xc0) !== 0,
    "certificate-use-wrong",
  );

  const constraints = value(known.get(oid.basicConstraints), asn1js.Sequence);
  if (constraints) demand(!parsed(pkijs.BasicConstraints, constraints).cA, "certificate-use-wrong");

  const purposes = value(known.get(oid.extendedKeyUsage), asn1js.Sequence);
  if (purposes) {
    const allowed = [oid.documentSigning, oid.emailProtection, oid.anyPurpose];
    const named = parsed(pkijs.ExtKeyUsage, purposes).keyPurposes;
    demand(
      named.some((purpose) => allowed.includes(purpose)),
      "certificate-use-wrong",
    );
  }
}

/** An extension's value as pkijs reads it. pkijs throws for a value of another form. */
function parsed<T>(type: new (parameters: { schema: asn1js.Sequence }) => T, schema: asn1js.Sequence): T {
  try {
    return new type({ schema });
  } catch (error) {
    throw new Refused("certificate-malformed", error instanceof Error ? error.message : undefined);
  }
}

/** The value of an extension as DER of the expected type, or undefined where there is no such extension. */
function value<T extends asn1js.BaseBlock>(extension: pkijs.Extension | undefined, type: new () => T): T | undefined {
  if (!extension) return undefined;
  const bytes = Buffer.from(extension.extnValue.valueBlock.valueHexView);
  demand(isDer(bytes), "certificate-malformed");
  const parsed = asn1js.fromBER(bytes).result;
  demand(parsed instanceof type, "certificate-malformed");
  return parsed;
}

/** Length of an uncompressed point of each curve that is allowed, and the reason against other keys. */
interface AllowedKeys {
  pointBytes: Readonly<Record<string, number>>;
  code: string;
}
const sealKeys: AllowedKeys = { pointBytes: { [oid.p256]: 65 }, code: "key-not-allowed" };
const authorityKeys: AllowedKeys = {
  pointBytes: { [oid.p256]: 65, [oid.p384]: 97 },
  code: "time-stamp-algorithm-not-allowed",
};

function readKey(
  info: pkijs.PublicKeyInfo,
  { pointBytes, code }: AllowedKeys = sealKeys,
): { key: KeyObject; keyType: "ec" | "rsa" } {
  const spki = derOf(info.toSchema());
  const parameters: unknown = info.algorithm.algorithmParams;
  const bits = info.subjectPublicKey.valueBlock.valueHexView;
  if (info.algorithm.algorithmId === oid.ecPublicKey) {
    const curve = parameters instanceof asn1js.ObjectIdentifier ? parameters.valueBlock.toString() : "";
    demand(bits.length === pointBytes[curve] && bits[0] === 4, code);
    return { key: load(spki, code), keyType: "ec" };
  }
  demand(info.algorithm.algorithmId === oid.rsaEncryption && parameters instanceof asn1js.Null, code);
  const key = load(spki, code);
  const { modulusLength = 0, publicExponent } = key.asymmetricKeyDetails ?? {};
  demand(modulusLength >= 2048 && modulusLength <= 4096 && publicExponent === 65537n, code);
  return { key, keyType: "rsa" };
}

function load(spki: Buffer, code: string): KeyObject {
  try {
    return createPublicKey({ key: spki, format: "der", type: "spki" });
  } catch (error) {
    // For example a point that is not on the curve.
    throw new Refused(code, error instanceof Error ? error.message : undefined);
  }
}
