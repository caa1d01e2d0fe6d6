// Step "seal" (FORMAT.md §9, 3 to 5). pkijs parses; what it leaves to its caller is done here: that the bytes are the one
// encoding of what was parsed, that there is nothing but what §9 names, and that the certificates are those it signed.
import { verify } from "node:crypto";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { sha256 } from "./bytes.ts";
import { derParts, isDer } from "./der.ts";
import { Refused, demand } from "./outcome.ts";
import { type SealCertificate, readSealCertificate } from "./x509.ts";

export interface Seal {
  /** SHA-256 of the bytes covered by the ByteRange */
  sealedDigest: Buffer;
  /** SHA-256 of the signature value */
  signatureDigest: Buffer;
  certificate: SealCertificate;
}

const oid = {
  signedData: "1.2.840.113549.1.7.2",
  data: "1.2.840.113549.1.7.1",
  sha256: "2.16.840.1.101.3.4.2.1",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  ecdsaSha256: "1.2.840.10045.4.3.2",
  rsaEncryption: "1.2.840.113549.1.1.1",
};

/** Checks the seal over the covered bytes. @throws Refused with the reason */
export function checkSeal(cms: Uint8Array, covered: readonly Uint8Array[]): Seal {
  demand(isDer(cms), "seal-not-der");
  const data = parse(cms);
  demand(data.version === 1, "seal-malformed");
  demand(data.signerInfos.length >= 1, "seal-malformed");
  demand(data.signerInfos.length === 1, "several-signers");
  const info = data.signerInfos[0]!;
  demand(data.encapContentInfo.eContentType === oid.data && !data.encapContentInfo.eContent, "seal-malformed");
  demand(!data.crls && !data.ocsps, "seal-malformed");
  demand(data.digestAlgorithms.length === 1 && isSha256(data.digestAlgorithms[0]), "algorithm-not-allowed");
  demand(info.version === 1 && !info.unsignedAttrs, "seal-malformed");
  demand(isSha256(info.digestAlgorithm), "algorithm-not-allowed");

  const certificates = (data.certificates ?? []).map((item) => {
    demand(item instanceof pkijs.Certificate, "seal-malformed");
    return { parsed: item, der: Buffer.from(item.toSchema().toBER()) };
  });
  const signer = certificates[0];
  demand(signer, "seal-malformed");
  demand(namesIt(info.sid, signer.parsed), "certificate-not-the-signers");

  const attributes = readAttributes(info);
  checkNamed(attributes.named, certificates);
  const certificate = readSealCertificate(signer.parsed, signer.der);
  demand(signatureAlgorithmFits(info.signatureAlgorithm, certificate.keyType), "algorithm-not-allowed");

  const sealedDigest = sha256(...covered);
  demand(sealedDigest.equals(attributes.messageDigest), "content-changed");
  const signature = Buffer.from(info.signature.valueBlock.valueHexView);
  if (certificate.keyType === "ec") demand(isEcdsaSignature(signature), "signature-wrong");
  demand(verify("sha256", attributes.signedBytes, certificate.key, signature), "signature-wrong");
  return { sealedDigest, signatureDigest: sha256(signature), certificate };
}

/** Parses and demands that writing what was parsed gives the same bytes: nothing stands between the parts that pkijs knows. */
function parse(cms: Uint8Array): pkijs.SignedData {
  try {
    const outer = new pkijs.ContentInfo({ schema: asn1js.fromBER(Buffer.from(cms)).result });
    demand(outer.contentType === oid.signedData, "seal-malformed");
    const data = new pkijs.SignedData({ schema: outer.content });
    const again = new pkijs.ContentInfo({ contentType: oid.signedData, content: data.toSchema(true) });
    demand(Buffer.from(again.toSchema().toBER()).equals(cms), "seal-malformed");
    return data;
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused("seal-malformed", error instanceof Error ? error.message : undefined);
  }
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

/** Whether the signer is identified by this certificate's issuer and serial number, byte for byte. */
function namesIt(sid: unknown, certificate: pkijs.Certificate): boolean {
  if (!(sid instanceof pkijs.IssuerAndSerialNumber)) return false;
  const bytes = (block: { toBER(): ArrayBuffer }) => Buffer.from(block.toBER());
  return (
    bytes(sid.issuer.toSchema()).equals(bytes(certificate.issuer.toSchema())) &&
    bytes(sid.serialNumber).equals(bytes(certificate.serialNumber))
  );
}

interface Attributes {
  messageDigest: Buffer;
  /** the ESSCertIDv2 values, in order */
  named: asn1js.Sequence[];
  /** DER of the SET OF the signed attributes, which is what is signed (RFC 5652 §5.4) */
  signedBytes: Buffer;
}

/** §9 (3): content-type, message-digest and signing-certificate-v2, each once with one value, in DER order, and no others. */
function readAttributes(info: pkijs.SignerInfo): Attributes {
  demand(info.signedAttrs, "seal-malformed");
  const signedBytes = Buffer.from(info.signedAttrs.encodedValue);
  demand(isDer(signedBytes), "seal-not-der");
  const values = new Map(info.signedAttrs.attributes.map((one) => [one.type, one.values as unknown[]]));
  demand(values.size === 3 && info.signedAttrs.attributes.length === 3, "seal-malformed");
  const single = (type: string): unknown => {
    const found = values.get(type);
    demand(found?.length === 1, "seal-malformed");
    return found[0];
  };
  const contentType = single(oid.contentType);
  demand(contentType instanceof asn1js.ObjectIdentifier, "seal-malformed");
  demand(contentType.valueBlock.toString() === oid.data, "seal-malformed");
  const messageDigest = single(oid.messageDigest);
  demand(messageDigest instanceof asn1js.OctetString, "seal-malformed");
  const signing = single(oid.signingCertificateV2);
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
    if (issuerSerial) checkIssuerSerial(issuerSerial, certificate.parsed);
  });
  demand(named.length === certificates.length, "certificate-not-named");
}

/** IssuerSerial: one directoryName, equal to the certificate's issuer, and its serial number. */
function checkIssuerSerial(block: asn1js.BaseBlock, certificate: pkijs.Certificate): void {
  demand(block instanceof asn1js.Sequence, "seal-malformed");
  const [names, serial, ...more] = block.valueBlock.value;
  demand(names instanceof asn1js.Sequence && serial instanceof asn1js.Integer, "seal-malformed");
  demand(more.length === 0, "seal-malformed");
  const bytes = Buffer.from(names.toBER());
  const inner = derParts(bytes.subarray(bytes[1]! < 0x80 ? 2 : 2 + (bytes[1]! & 0x7f)));
  const issuer = Buffer.from(certificate.issuer.toSchema().toBER());
  const directoryName = inner?.length === 1 ? Buffer.from(inner[0]!) : Buffer.alloc(0);
  const same = directoryName[0] === 0xa4 && directoryName.subarray(-issuer.length).equals(issuer);
  demand(same && Buffer.from(serial.toBER()).equals(Buffer.from(certificate.serialNumber.toBER())), "seal-malformed");
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
