// An independent maker of sealed PDFs for tests: shares no code with the sealer or the verifier, and can do wrong on request.
import { createHash } from "node:crypto";
import type { P256Key } from "./keys.ts";

export type Bytes = Uint8Array;

export const sha256 = (...parts: Bytes[]): Buffer =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.of(length);
  if (length < 0x100) return Buffer.of(0x81, length);
  return Buffer.of(0x82, length >> 8, length & 255);
}

export function der(tag: number, ...parts: Bytes[]): Buffer {
  const content = Buffer.concat(parts);
  return Buffer.concat([Buffer.of(tag), lengthOf(content.length), content]);
}

export const seq = (...parts: Bytes[]) => der(0x30, ...parts);
export const set = (...parts: Bytes[]) => der(0x31, ...parts);
export const octets = (bytes: Bytes) => der(0x04, bytes);
export const bits = (bytes: Bytes) => der(0x03, Buffer.of(0), bytes);
export const nothing = Buffer.of(5, 0);

export function oid(text: string): Buffer {
  const [a, b, ...rest] = text.split(".").map(Number) as [number, number, ...number[]];
  const out = [a * 40 + b];
  for (const value of rest) {
    const digits = [value & 127];
    for (let v = Math.floor(value / 128); v > 0; v = Math.floor(v / 128)) digits.unshift((v & 127) | 128);
    out.push(...digits);
  }
  return der(6, Buffer.from(out));
}

/** An unsigned number from its big-endian bytes. */
export function integer(bytes: Bytes): Buffer {
  let from = 0;
  while (from < bytes.length - 1 && bytes[from] === 0) from++;
  const short = bytes.subarray(from);
  return short[0]! >= 0x80 ? der(2, Buffer.of(0), short) : der(2, short);
}

export function ecdsaDer(raw: Bytes): Buffer {
  return seq(integer(raw.subarray(0, 32)), integer(raw.subarray(32)));
}

const sha256Algorithm = seq(oid("2.16.840.1.101.3.4.2.1"));
export const ecdsaAlgorithm = seq(oid("1.2.840.10045.4.3.2"));

export function ecSpki(point: Bytes): Buffer {
  return seq(seq(oid("1.2.840.10045.2.1"), oid("1.2.840.10045.3.1.7")), bits(point));
}

/** What signs: the algorithm as SignerInfo names it, the public key and the signature value over a message. */
export interface Signer {
  algorithm: Bytes;
  spki: Bytes;
  sign(message: Bytes): Bytes;
}

export function ecSigner(key: P256Key): Signer {
  return { algorithm: ecdsaAlgorithm, spki: ecSpki(key.point), sign: (message) => ecdsaDer(key.sign(message)) };
}

export const nameOf = (text: string) => seq(set(seq(oid("2.5.4.3"), der(0x0c, Buffer.from(text)))));
const utcTime = (date: string) => der(0x17, Buffer.from(`${date.replace(/[-T:]/g, "").slice(2, 14)}Z`));

export function extension(id: string, critical: boolean, value: Bytes): Buffer {
  return seq(oid(id), ...(critical ? [Buffer.of(1, 1, 0xff)] : []), octets(value));
}

export const keyUsage = (bitsValue = 0xc0, unused = 6) =>
  extension("2.5.29.15", true, der(3, Buffer.of(unused, bitsValue)));
export const notAnAuthority = extension("2.5.29.19", true, seq());
export const purposes = (...ids: string[]) => extension("2.5.29.37", false, seq(...ids.map(oid)));

export interface CertificateOptions {
  name?: string;
  serial?: Bytes;
  notBefore?: string;
  notAfter?: string;
  extensions?: Bytes[];
  version?: Bytes;
}

/** A seal certificate, issued by the key itself: nobody looks at its issuer's signature. Times in UTC. */
export function makeCertificate(signer: Signer, options: CertificateOptions = {}): Buffer {
  const { name = "test seal", serial = Buffer.of(0x41, 7), version = Buffer.of(2) } = options;
  const { notBefore = "2026-01-01T00:00:00", notAfter = "2028-12-31T23:59:59" } = options;
  const extensions = options.extensions ?? [keyUsage(), notAnAuthority, purposes("1.3.6.1.5.5.7.3.36")];
  const algorithm = ecdsaAlgorithm;
  const tbs = seq(
    der(0xa0, der(2, version)),
    integer(serial),
    algorithm,
    nameOf(name),
    seq(utcTime(notBefore), utcTime(notAfter)),
    nameOf(name),
    signer.spki,
    der(0xa3, seq(...extensions)),
  );
  return seq(tbs, algorithm, bits(ecdsaDer(Buffer.alloc(64, 7))));
}

export interface CmsOptions {
  signer: Signer;
  certificate: Bytes;
  /** carried after the signer's, and named in signing-certificate-v2 unless `unnamed` */
  others?: Bytes[];
  unnamed?: boolean;
  digestAlgorithm?: Bytes;
  algorithm?: Bytes;
  subject?: { name: Bytes; serial: Bytes };
  attributes?: (usual: Buffer[]) => Buffer[];
  /** changes the list after sorting */
  order?: (sorted: Buffer[]) => Buffer[];
  /** content of the unsigned attributes, or what makes it from the signature value */
  unsigned?: Bytes | ((signature: Bytes) => Bytes);
  content?: Bytes;
  twoSigners?: boolean;
  signature?: (good: Bytes) => Bytes;
  certificateHash?: Bytes;
}

/** CMS SignedData over a digest, as PAdES B-B has it; `options` break one thing each. */
export function makeCms(digest: Bytes, options: CmsOptions): Buffer {
  const { signer, certificate, others = [], digestAlgorithm = sha256Algorithm } = options;
  const named = options.unnamed ? [certificate] : [certificate, ...others];
  const ids = named.map((other, i) =>
    seq(octets(i === 0 && options.certificateHash ? options.certificateHash : sha256(other))),
  );
  const usual = [
    seq(oid("1.2.840.113549.1.9.3"), set(oid("1.2.840.113549.1.7.1"))),
    seq(oid("1.2.840.113549.1.9.4"), set(octets(digest))),
    seq(oid("1.2.840.113549.1.9.16.2.47"), set(seq(seq(...ids)))),
  ];
  const sorted = (options.attributes?.(usual) ?? usual).sort(Buffer.compare);
  const attributes = options.order?.(sorted) ?? sorted;
  const good = signer.sign(set(...attributes));
  const signature = options.signature?.(good) ?? good;
  const unsigned = typeof options.unsigned === "function" ? options.unsigned(signature) : options.unsigned;
  const { name, serial } = options.subject ?? { name: nameOf("test seal"), serial: Buffer.of(0x41, 7) };
  const info = seq(
    der(2, Buffer.of(1)),
    seq(name, integer(serial)),
    digestAlgorithm,
    der(0xa0, ...attributes),
    options.algorithm ?? signer.algorithm,
    octets(signature),
    ...(unsigned ? [der(0xa1, unsigned)] : []),
  );
  const data = seq(
    der(2, Buffer.of(1)),
    set(digestAlgorithm),
    seq(oid("1.2.840.113549.1.7.1"), ...(options.content ? [der(0xa0, octets(options.content))] : [])),
    der(0xa0, certificate, ...others),
    set(info, ...(options.twoSigners ? [info] : [])),
  );
  return seq(oid("1.2.840.113549.1.7.2"), der(0xa0, data));
}

/** The signature value inside a CMS made above without unsigned attributes: its last octet string. */
export function signatureValueOf(cms: Bytes, signatureLength: number): Bytes {
  return cms.subarray(cms.length - signatureLength);
}

export interface PdfOptions {
  text?: string;
  subFilter?: string;
  /** bytes of room for the CMS */
  room?: number;
  /** replaces the whole text of /ByteRange and its array */
  byteRange?: (open: number, close: number, rest: number) => string;
  /** more objects, in full, numbered from 8 */
  objects?: string[];
  /** more entries of the signature dictionary, and of the trailer */
  entries?: string;
  trailer?: string;
  padding?: (zeros: Buffer) => Buffer;
  /** drawn into the catalog's list of fields */
  fields?: string;
  /** changes the bodies of objects 1 to 6 */
  bodies?: (usual: string[]) => string[];
  /** what stands behind %%EOF */
  lineEnd?: string;
}

const rangeRoom = 60;

/** A minimal PDF of one page with a seal; `seal` makes the CMS for the digest of the covered bytes. */
export function makePdf(seal: (digest: Buffer) => Bytes, options: PdfOptions = {}): Buffer {
  const { text = "deposit certificate", subFilter = "ETSI.CAdES.detached", room = 2048, objects = [] } = options;
  const content = `BT /F 12 Tf 72 720 Td (${text}) Tj ET`;
  const usual = [
    `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[${options.fields ?? "6 0 R"}]/SigFlags 3>>>>`,
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595.28 841.89]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[6 0 R]>>",
    `<</Length ${content.length}>>stream\n${content}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    "<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/F 132/P 3 0 R/Rect[0 0 0 0]/V 7 0 R>>",
  ];
  const bodies = options.bodies?.(usual) ?? usual;
  let head = "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n";
  const offsets: number[] = [];
  bodies.forEach((body, i) => {
    offsets.push(head.length);
    head += `${i + 1} 0 obj\n${body}\nendobj\n`;
  });
  offsets.push(head.length);
  head += `7 0 obj\n<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/${subFilter}${options.entries ?? ""}`;
  const rangeAt = head.length;
  head += `${" ".repeat(rangeRoom)}/Contents`;
  const open = head.length;
  const close = open + 2 * room + 2;
  let tail = ">>\nendobj\n";
  objects.forEach((object) => {
    offsets.push(close + tail.length);
    tail += object;
  });
  const xref = close + tail.length;
  const size = offsets.length + 1;
  tail += `xref\n0 ${size}\n0000000000 65535 f \n`;
  tail += offsets.map((offset) => `${String(offset).padStart(10, "0")} 00000 n \n`).join("");
  tail += `trailer\n<</Size ${size}/Root 1 0 R${options.trailer ?? ""}>>\nstartxref\n${xref}\n%%EOF${options.lineEnd ?? "\n"}`;
  const range = options.byteRange?.(open, close, tail.length) ?? `/ByteRange[0 ${open} ${close} ${tail.length}]`;
  head = head.slice(0, rangeAt) + range.padEnd(rangeRoom) + head.slice(rangeAt + rangeRoom);
  const before = Buffer.from(head, "latin1");
  const after = Buffer.from(tail, "latin1");
  const cms = seal(sha256(before, after));
  const zeros = Buffer.alloc(room - cms.length);
  const contents = Buffer.concat([cms, options.padding?.(zeros) ?? zeros]).toString("hex");
  return Buffer.concat([before, Buffer.from(`<${contents}>`, "latin1"), after]);
}
