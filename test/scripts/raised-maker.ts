// Raises the files of verify-maker.ts: time-stamp tokens byte by byte, and additions of whatever objects a test wants. It knows
// nothing of how centres do it.
import { createHash, createPrivateKey, sign } from "node:crypto";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";
import { type Identity, makeIdentity } from "./verify-maker.ts";

/** One DER value. */
export function tlv(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const length = content.length.toString(16);
  const digits = length.length % 2 === 0 ? length : `0${length}`;
  const header = content.length < 0x80 ? [content.length] : [0x80 + digits.length / 2, ...Buffer.from(digits, "hex")];
  return Buffer.concat([Buffer.from([tag, ...header]), content]);
}

export const oid = (dotted: string): Buffer => Buffer.from(new asn1js.ObjectIdentifier({ value: dotted }).toBER());
const integer = (value: number): Buffer => tlv(0x02, Buffer.of(value));
const text = (value: string): Buffer => Buffer.from(value, "latin1");
const hashOids: Readonly<Record<string, string>> = {
  sha1: "1.3.14.3.2.26",
  sha256: "2.16.840.1.101.3.4.2.1",
  sha384: "2.16.840.1.101.3.4.2.2",
  sha512: "2.16.840.1.101.3.4.2.3",
};
const nothing: Buffer = Buffer.alloc(0);
const asNull = tlv(0x05);
export const algorithm = (name: string, parameters = nothing): Buffer => tlv(0x30, oid(name), parameters);
export const attribute = (type: string, ...values: readonly Uint8Array[]): Buffer =>
  tlv(0x30, oid(type), tlv(0x31, ...values));

export const timeStamping = "extendedKeyUsage=critical,timeStamping";
export const makeAuthority = (key: readonly string[], extensions: readonly string[] = [timeStamping]): Identity =>
  makeIdentity(key, ["keyUsage=critical,digitalSignature", ...extensions]);

/** What may be made differently in a token. */
export interface TokenChanges {
  imprintHash?: string;
  /** hash of the signature and of the message digest */
  hash?: string;
  /** NULL parameters beside all names */
  withNull?: boolean;
  genTime?: string;
  tstVersion?: number;
  tstTail?: Uint8Array;
  version?: number;
  contentType?: string;
  messageDigest?: Uint8Array;
  /** DER of signed attributes beside the needed ones */
  more?: Uint8Array[];
  without?: string[];
  certificates?: Uint8Array[];
  named?: Uint8Array;
  /** names it by RFC 2634, with SHA-1 */
  old?: boolean;
  unsigned?: Uint8Array;
  signature?: (good: Buffer) => Buffer;
  signatureOid?: string;
  unordered?: boolean;
  signers?: number;
}

export const generalized = (time: Date): string => `${time.toISOString().slice(0, 19).replace(/\D/g, "")}Z`;

/** A token over these bytes. */
export function makeToken({ key, certificate }: Identity, over: Uint8Array, changes: TokenChanges = {}): Buffer {
  const { hash = "sha256", imprintHash = "sha256" } = changes;
  const parameters = changes.withNull ? asNull : nothing;
  const digest = (name: string, bytes: Uint8Array) => createHash(name).update(bytes).digest();
  const info = tlv(
    0x30,
    integer(changes.tstVersion ?? 1),
    oid("2.999.1"),
    tlv(0x30, algorithm(hashOids[imprintHash]!, parameters), tlv(0x04, digest(imprintHash, over))),
    integer(7),
    tlv(0x18, text(changes.genTime ?? generalized(new Date()))),
    changes.tstTail ?? nothing,
  );
  const named = tlv(0x04, digest(changes.old ? "sha1" : "sha256", changes.named ?? certificate));
  const attributes = new Map([
    ["1.2.840.113549.1.9.3", oid(changes.contentType ?? "1.2.840.113549.1.9.16.1.4")],
    ["1.2.840.113549.1.9.4", tlv(0x04, changes.messageDigest ?? digest(hash, info))],
    [`1.2.840.113549.1.9.16.2.${changes.old ? 12 : 47}`, tlv(0x30, tlv(0x30, tlv(0x30, named)))],
  ]);
  for (const type of changes.without ?? []) attributes.delete(type);
  const encoded = [...[...attributes].map(([type, value]) => attribute(type, value)), ...(changes.more ?? [])];
  encoded.sort(Buffer.compare);
  if (changes.unordered) encoded.reverse();
  const signedBytes = tlv(0x31, ...encoded);
  const good = sign(hash, signedBytes, createPrivateKey(key));
  const parsed = pkijs.Certificate.fromBER(new Uint8Array(certificate).buffer);
  const isRsa = parsed.subjectPublicKeyInfo.algorithm.algorithmId === "1.2.840.113549.1.1.1";
  const ecOid = `1.2.840.10045.4.3.${{ sha256: 2, sha384: 3, sha512: 4 }[hash] ?? 1}`;
  const signatureOid = changes.signatureOid ?? (isRsa ? "1.2.840.113549.1.1.1" : ecOid);
  const signer = tlv(
    0x30,
    integer(1),
    tlv(0x30, Buffer.from(parsed.issuer.toSchema().toBER()), Buffer.from(parsed.serialNumber.toBER())),
    algorithm(hashOids[hash]!, parameters),
    tlv(0xa0, ...encoded),
    algorithm(signatureOid, isRsa || changes.withNull ? asNull : nothing),
    tlv(0x04, changes.signature?.(good) ?? good),
    ...(changes.unsigned ? [tlv(0xa1, changes.unsigned)] : []),
  );
  const data = tlv(
    0x30,
    integer(changes.version ?? 3),
    tlv(0x31, algorithm(hashOids[hash]!, parameters)),
    tlv(0x30, oid("1.2.840.113549.1.9.16.1.4"), tlv(0xa0, tlv(0x04, info))),
    tlv(0xa0, ...(changes.certificates ?? [certificate])),
    tlv(0x31, ...Array.from({ length: changes.signers ?? 1 }, () => signer)),
  );
  return tlv(0x30, oid("1.2.840.113549.1.7.2"), tlv(0xa0, data));
}

/** The unsigned attribute that a token stands in. */
export const timeStampAttribute = (...tokens: readonly Uint8Array[]): Buffer =>
  attribute("1.2.840.113549.1.9.16.2.14", ...tokens);

/** What may be made differently in an addition. */
export interface AdditionChanges {
  /** behind the other keys of the trailer */
  trailer?: string;
  prev?: number;
  size?: number;
  root?: string;
  /** with object 0 in the table */
  zero?: boolean;
  sections?: string;
  startxref?: number;
  before?: string;
  end?: string;
  /** objects that the table is silent about */
  unnamed?: number[];
}

const lastNumber = (text_: string, expression: RegExp): number => Number([...text_.matchAll(expression)].at(-1)![1]);

/** The file with an addition of these objects, by number. */
export function add(file: Buffer, objects: Readonly<Record<number, string>>, changes: AdditionChanges = {}): Buffer {
  const before = file.toString("latin1");
  const numbers = Object.keys(objects).map(Number);
  let body = changes.before ?? "";
  const places = new Map<number, number>();
  for (const number of numbers) {
    places.set(number, file.length + body.length);
    body += `${number} 0 obj\n${objects[number]}\nendobj\n`;
  }
  const table = file.length + body.length;
  const row = (number: number) =>
    number === 0 ? "0000000000 65535 f \n" : `${String(places.get(number)).padStart(10, "0")} 00000 n \n`;
  const named = [...(changes.zero ? [0] : []), ...numbers].filter((number) => !changes.unnamed?.includes(number));
  const runs: number[][] = [];
  for (const number of named) {
    if (runs.at(-1)?.at(-1) === number - 1) runs.at(-1)!.push(number);
    else runs.push([number]);
  }
  const sections = changes.sections ?? runs.map((run) => `${run[0]} ${run.length}\n${run.map(row).join("")}`).join("");
  const highest = Math.max(lastNumber(before, /\/Size (\d+)/g) - 1, ...numbers);
  const prev = changes.prev ?? lastNumber(before, /startxref\n(\d+)/g);
  const trailer = `<</Size ${changes.size ?? highest + 1}/Root ${changes.root ?? "1 0 R"}/Prev ${prev}${changes.trailer ?? ""}>>`;
  body += `xref\n${sections}trailer\n${trailer}\nstartxref\n${changes.startxref ?? table}\n%%EOF${changes.end ?? "\n"}`;
  return Buffer.concat([file, Buffer.from(body, "latin1")]);
}

/** What may be made differently in a document time-stamp. */
export interface StampChanges {
  /** objects in place of, or beside, the good ones; undefined leaves one out */
  objects?: Record<number, string | undefined>;
  addition?: AdditionChanges;
  /** numbers of the byte range in place of the good ones */
  range?: (start: number, end: number, rest: number) => string;
  contents?: (digits: string) => string;
  keys?: string;
}

const reserved = 6000;

/**
 * The file with a document time-stamp. The objects are those of verify-maker.ts, which has 7: 1 catalogue, 3 page, 6 seal field.
 * @param field number of the new field; its value is the next
 */
export function addStamp(
  file: Buffer,
  token: (covered: Buffer) => Buffer,
  field: number,
  changes: StampChanges = {},
): Buffer {
  const fields = ["6 0 R", ...Array.from({ length: field }, (_, one) => one).flatMap((one) => earlier(file, one))];
  const list = [...fields, `${field} 0 R`].join(" ");
  const dss = /\/DSS (\d+ 0 R)/.exec(file.toString("latin1"))?.[1];
  const room = " ".repeat(30);
  const good: Record<number, string | undefined> = {
    1: `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[${list}]/SigFlags 3>>${dss ? `/DSS ${dss}` : ""}>>`,
    3: `<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[${list}]>>`,
    [field]: `<</FT/Sig/T(Stamp${field})/V ${field + 1} 0 R/Type/Annot/Subtype/Widget/F 132/Rect[0 0 0 0]/P 3 0 R>>`,
    [field + 1]:
      `<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161${changes.keys ?? ""}/ByteRange[0 ${room}]/Contents<${"0".repeat(reserved)}>>>`,
    ...changes.objects,
  };
  const objects = Object.fromEntries(Object.entries(good).filter(([, one]) => one !== undefined)) as Record<
    number,
    string
  >;
  let open = add(file, objects, changes.addition).toString("latin1");
  const start = open.lastIndexOf(`<${"0".repeat(reserved)}>`);
  const end = start + reserved + 2;
  const range = changes.range ?? ((...numbers: number[]) => `0 ${numbers.join(" ")}`);
  open = open.replace(`0 ${room}`, range(start, end, open.length - end).padEnd(room.length + 2));
  const bytes = Buffer.from(open, "latin1");
  const digits = token(Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])).toString("hex");
  const contents = (changes.contents ?? ((one: string) => one))(digits.padEnd(reserved, "0"));
  return Buffer.concat([bytes.subarray(0, start + 1), Buffer.from(contents), bytes.subarray(end - 1)]);
}

const earlier = (file: Buffer, number: number): string[] =>
  file.includes(`\n${number} 0 obj\n<</FT/Sig/T(Stamp`) ? [`${number} 0 R`] : [];
