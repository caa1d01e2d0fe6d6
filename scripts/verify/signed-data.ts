// CMS SignedData (RFC 5652) as the seal and the time-stamp tokens use it: what pkijs parses, and that nothing stands beside it.
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { derParts, isDer } from "./der.ts";
import { Refused, demand } from "./outcome.ts";

export const oid = {
  signedData: "1.2.840.113549.1.7.2",
  data: "1.2.840.113549.1.7.1",
  tstInfo: "1.2.840.113549.1.9.16.1.4",
  sha256: "2.16.840.1.101.3.4.2.1",
  contentType: "1.2.840.113549.1.9.3",
  messageDigest: "1.2.840.113549.1.9.4",
  signingTime: "1.2.840.113549.1.9.5",
  algorithmProtection: "1.2.840.113549.1.9.52",
  signingCertificate: "1.2.840.113549.1.9.16.2.12",
  signingCertificateV2: "1.2.840.113549.1.9.16.2.47",
  signatureTimeStamp: "1.2.840.113549.1.9.16.2.14",
  ecdsaSha256: "1.2.840.10045.4.3.2",
  rsaEncryption: "1.2.840.113549.1.1.1",
};

/** Bytes of what asn1js holds. */
export const derOf = (block: { toBER(): ArrayBuffer }): Buffer => Buffer.from(block.toBER());

/**
 * Parses and demands that writing what was parsed gives the same bytes: nothing stands between the parts that pkijs knows.
 * @param code reason when it is not so
 */
export function parseSignedData(cms: Uint8Array, code: string): pkijs.SignedData {
  try {
    const outer = new pkijs.ContentInfo({ schema: asn1js.fromBER(Buffer.from(cms)).result });
    demand(outer.contentType === oid.signedData, code);
    const data = new pkijs.SignedData({ schema: outer.content });
    const again = new pkijs.ContentInfo({ contentType: oid.signedData, content: data.toSchema(true) });
    demand(derOf(again.toSchema()).equals(cms), code);
    return data;
  } catch (error) {
    if (error instanceof Refused) throw error;
    throw new Refused(code, error instanceof Error ? error.message : undefined);
  }
}

/** Whether the signer is identified by this certificate's issuer and serial number, byte for byte. */
export function namesIt(sid: unknown, certificate: pkijs.Certificate): boolean {
  if (!(sid instanceof pkijs.IssuerAndSerialNumber)) return false;
  return (
    derOf(sid.issuer.toSchema()).equals(derOf(certificate.issuer.toSchema())) &&
    derOf(sid.serialNumber).equals(derOf(certificate.serialNumber))
  );
}

/** The values of an attribute. Of an empty SET pkijs makes no list at all, whatever its types say. */
export const valuesOf = (attribute: pkijs.Attribute): asn1js.BaseBlock[] =>
  (attribute.values as asn1js.BaseBlock[] | undefined) ?? [];

export interface SignedAttributes {
  /** the one value of each attribute */
  values: Map<string, unknown>;
  /** DER of the SET OF the signed attributes, which is what is signed (RFC 5652 §5.4) */
  signedBytes: Buffer;
}

/** The signed attributes in DER order, each once with one value. */
export function readAttributes(info: pkijs.SignerInfo, malformed: string, notDer: string): SignedAttributes {
  demand(info.signedAttrs, malformed);
  const signedBytes = Buffer.from(info.signedAttrs.encodedValue);
  demand(isDer(signedBytes), notDer);
  const values = new Map<string, unknown>();
  for (const attribute of info.signedAttrs.attributes) {
    const [value, ...more] = valuesOf(attribute);
    demand(!values.has(attribute.type) && value !== undefined && more.length === 0, malformed);
    values.set(attribute.type, value);
  }
  return { values, signedBytes };
}

/** IssuerSerial: one directoryName, equal to the certificate's issuer, and its serial number. */
export function checkIssuerSerial(block: asn1js.BaseBlock, certificate: pkijs.Certificate, code: string): void {
  demand(block instanceof asn1js.Sequence, code);
  const [names, serial, ...more] = block.valueBlock.value;
  demand(names instanceof asn1js.Sequence && serial instanceof asn1js.Integer, code);
  demand(more.length === 0, code);
  const bytes = derOf(names);
  const inner = derParts(bytes.subarray(bytes[1]! < 0x80 ? 2 : 2 + (bytes[1]! & 0x7f)));
  const issuer = derOf(certificate.issuer.toSchema());
  const directoryName = inner?.length === 1 ? Buffer.from(inner[0]!) : Buffer.alloc(0);
  const same = directoryName[0] === 0xa4 && directoryName.subarray(-issuer.length).equals(issuer);
  demand(same && derOf(serial).equals(derOf(certificate.serialNumber)), code);
}
