// Step "seal" (FORMAT.md §9, 3 to 5). pkijs parses; what it leaves to its caller is done here: that the bytes are the one
// encoding of what was parsed, that there is nothing but what §9 names, and that the certificates are those it signed.
import { verify } from "node:crypto";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { sha256 } from "./bytes.ts";
import { derParts, isDer } from "./der.ts";
import { demand } from "./outcome.ts";
import { checkIssuerSerial, derOf, namesIt, oid, parseSignedData, readAttributes, valuesOf } from "./signed-data.ts";
import { type SealCertificate, readSealCertificate } from "./x509.ts";

export interface Seal {
  /** SHA-256 of the bytes covered by the ByteRange */
  sealedDigest: Buffer;
  /** SHA-256 of the signature value */
  signatureDigest: Buffer;
  certificate: SealCertificate;
  /** the signature value, which a time-stamp on the seal is over */
  signature: Buffer;
  /** DER of the time-stamp token in the seal, or null; it is checked in time-stamp.ts */
  timeStamp: Buffer | null;
}

/** Checks the seal over the covered bytes. @throws Refused with the reason */
export function checkSeal(cms: Uint8Array, covered: readonly Uint8Array[]): Seal {
  demand(isDer(cms), "seal-not-der");
  const data = parseSignedData(cms, "seal-malformed");
  demand(data.version === 1, "seal-malformed");
  demand(data.signerInfos.length >= 1, "seal-malformed");
  demand(data.signerInfos.length === 1, "several-signers");
  const info = data.signerInfos[0]!;
  demand(data.encapContentInfo.eContentType === oid.data && !data.encapContentInfo.eContent, "seal-malformed");
  demand(!data.crls && !data.ocsps, "seal-malformed");
  demand(data.digestAlgorithms.length === 1 && isSha256(data.digestAlgorithms[0]), "algorithm-not-allowed");
  demand(info.version === 1, "seal-malformed");
  demand(isSha256(info.digestAlgorithm), "algorithm-not-allowed");

  const certificates = (data.certificates ?? []).map((item) => {
    demand(item instanceof pkijs.Certificate, "seal-malformed");
    return { parsed: item, der: derOf(item.toSchema()) };
  });
  const signer = certificates[0];
  demand(signer, "seal-malformed");
  demand(namesIt(info.sid, signer.parsed), "certificate-not-the-signers");

  const attributes = readSealAttributes(info);
  checkNamed(attributes.named, certificates);
  const certificate = readSealCertificate(signer.parsed, signer.der);
  demand(signatureAlgorithmFits(info.signatureAlgorithm, certificate.keyType), "algorithm-not-allowed");

  const sealedDigest = sha256(...covered);
  demand(sealedDigest.equals(attributes.messageDigest), "content-changed");
  const signature = Buffer.from(info.signature.valueBlock.valueHexView);
  if (certificate.keyType === "ec") demand(isEcdsaSignature(signature), "signature-wrong");
  demand(verify("sha256", attributes.signedBytes, certificate.key, signature), "signature-wrong");
  return { sealedDigest, signatureDigest: sha256(signature), certificate, signature, timeStamp: readTimeStamp(info) };
}

/** §9 (3): no unsigned attribute but one signature-time-stamp with one token. Its bytes; null when there is none. */
function readTimeStamp(info: pkijs.SignerInfo): Buffer | null {
  if (!info.unsignedAttrs) return null;
  const [attribute, ...more] = info.unsignedAttrs.attributes;
  demand(attribute?.type === oid.signatureTimeStamp && more.length === 0, "seal-malformed");
  const [token, ...others] = valuesOf(attribute);
  demand(token && others.length === 0, "seal-malformed");
  return derOf(token);
}

/** SHA-256 without parameters, the form that RFC 5754 §2 has writers use: two forms would let a byte change unnoticed. */
const isSha256 = (algorithm: pkijs.AlgorithmIdentifier | undefined): boolean =>
  algorithm?.algorithmId === oid.sha256 && algorithm.algorithmParams === undefined;

function signatureAlgorithmFits(algorithm: pkijs.AlgorithmIdentifier, keyType: "ec" | "rsa"): boolean {
  const parameters: unknown = algorithm.algorithmParams;
  if (keyType === "ec") return algorithm.algorithmId === oid.ecdsaSha256 && parameters === undefined;
  // RFC 5754 §3.2 demands this name of all and allows a second one, sha256WithRSAEncryption. Nothing signs this field, so
  // taking both would let a byte of the CMS change unnoticed.
  return algorithm.algorithmId === oid.rsaEncryption && parameters instanceof asn1js.Null;
}

interface Attributes {
  messageDigest: Buffer;
  /** the ESSCertIDv2 values, in order */
  named: asn1js.Sequence[];
  /** DER of the SET OF the signed attributes, which is what is signed (RFC 5652 §5.4) */
  signedBytes: Buffer;
}

/** §9 (3): content-type, message-digest and signing-certificate-v2, each once with one value, in DER order, and no others. */
function readSealAttributes(info: pkijs.SignerInfo): Attributes {
  const { values, signedBytes } = readAttributes(info, "seal-malformed", "seal-not-der");
  const contentType = values.get(oid.contentType);
  const messageDigest = values.get(oid.messageDigest);
  const signing = values.get(oid.signingCertificateV2);
  demand(values.size === 3, "seal-malformed");
  demand(contentType instanceof asn1js.ObjectIdentifier, "seal-malformed");
  demand(contentType.valueBlock.toString() === oid.data, "seal-malformed");
  demand(messageDigest instanceof asn1js.OctetString, "seal-malformed");
  demand(signing instanceof asn1js.Sequence && signing.valueBlock.value.length === 1, "seal-malformed");
  const named = signing.valueBlock.value[0];
  demand(named instanceof asn1js.Sequence, "seal-malformed");
  return {
    messageDigest: Buffer.from(messageDigest.valueBlock.valueHexView),
    signedBytes,
    named: named.valueBlock.value.map((one) => {
      demand(one instanceof asn1js.Sequence, "seal-malformed");
      return one;
    }),
  };
}

/** RFC 5035 §4: each certificate by its SHA-256 (the default, so not written), in the order in which they stand in the CMS. */
function checkNamed(
  named: readonly asn1js.Sequence[],
  certificates: readonly { parsed: pkijs.Certificate; der: Buffer }[],
): void {
  demand(named.length >= 1, "seal-malformed");
  named.forEach((one, index) => {
    const [hash, issuerSerial, ...more] = one.valueBlock.value;
    demand(hash instanceof asn1js.OctetString && more.length === 0, "seal-malformed");
    const certificate = certificates[index];
    demand(certificate, "certificate-not-named");
    const same = sha256(certificate.der).equals(Buffer.from(hash.valueBlock.valueHexView));
    demand(same, index === 0 ? "certificate-not-the-signers" : "certificate-not-named");
    if (issuerSerial) checkIssuerSerial(issuerSerial, certificate.parsed, "seal-malformed");
  });
  demand(named.length === certificates.length, "certificate-not-named");
}

/** Order of the group of P-256. */
const order = BigInt("0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");

/** Whether the bytes are the DER of two whole numbers from 1 to n - 1. */
export function isEcdsaSignature(bytes: Uint8Array): boolean {
  if (!isDer(bytes) || bytes[0] !== 0x30 || bytes.length > 72) return false;
  const parts = derParts(bytes.subarray(2));
  if (parts?.length !== 2) return false;
  return parts.every((part) => {
    if (part[0] !== 2 || part[2]! >= 0x80) return false;
    const value = BigInt(`0x${Buffer.from(part.subarray(2)).toString("hex")}`);
    return value >= 1n && value < order;
  });
}
