// FORMAT.md §4: what a certificate's QR code carries, COSE_Sign1 (RFC 9052) with ES256, as decimal digits in a URL.
import { sha256 } from "./sha256.ts";
import { FormatError, isCount, toHex } from "./bytes.ts";
import { decodeCbor, encodeCbor } from "./cbor.ts";
import type { Cbor } from "./cbor.ts";
import { isCentreCode } from "./leaf.ts";

/** The signed summary. Whoever holds the QR sees exactly this. Money in whole fen. */
export interface QrSummary {
  centre: string;
  /** code of the kind, for example deposit */
  kind: string;
  /** 证照标识 without its fixed root 1.2.156.3005.2. */
  serial: string;
  statusIndex: number;
  /** the holder's name with all but the first character masked */
  maskedName: string;
  /** the document number, masked but for the first three and last four */
  maskedNumber: string;
  /** key figures of the kind, in the kind's order: whole fen, months or counts; null where the centre has no data */
  figures: readonly (number | null)[];
  /** days since 1970-01-01 in Asia/Shanghai */
  issuedDay: number;
  validUntilDay: number;
  recordDigest: Uint8Array;
}

export interface SignedQrSummary {
  summary: QrSummary;
  /** first eight bytes of SHA-256 of the key's 65-byte point: which of the centre's "qr" keys */
  keyId: Uint8Array;
  /** what the signature signs (COSE Sig_structure) */
  signed: Uint8Array;
  /** r ‖ s, 64 bytes */
  signature: Uint8Array;
}

export const serialRoot = "1.2.156.3005.2.";

/** A missing figure: CBOR here has no null, and no figure is negative. */
const noFigure = -1;

/** Longest COSE message that a version 14 level M code takes beside a URL of 62 characters. */
export const longestQrMessage = 297;

function membersOf(summary: QrSummary): Map<number, Cbor> {
  return new Map<number, Cbor>([
    [1, 1],
    [2, summary.centre],
    [3, summary.kind],
    [4, summary.serial],
    [5, summary.statusIndex],
    [6, summary.maskedName],
    [7, summary.maskedNumber],
    [8, summary.figures.map((figure) => figure ?? noFigure)],
    [9, summary.issuedDay],
    [10, summary.validUntilDay],
    [11, summary.recordDigest],
  ]);
}

export function qrKeyId(publicKey: Uint8Array): Uint8Array {
  return sha256(publicKey).slice(0, 8);
}

function protectedHeader(keyId: Uint8Array): Uint8Array {
  return encodeCbor(
    new Map<number, Cbor>([
      [1, -7],
      [4, keyId],
    ]),
  );
}

function sigStructure(header: Uint8Array, payload: Uint8Array): Uint8Array {
  return encodeCbor(["Signature1", header, new Uint8Array(0), payload]);
}

/**
 * The bytes to sign and a function that joins the signature to the message.
 * @throws FormatError when the summary has not the form that every reader demands: better no certificate than an unreadable one
 */
export function prepareQr(
  summary: QrSummary,
  keyId: Uint8Array,
): { signed: Uint8Array; finish(signature: Uint8Array): Uint8Array } {
  const header = protectedHeader(keyId);
  const members = membersOf(summary);
  readMembers(members);
  const payload = encodeCbor(members);
  return {
    signed: sigStructure(header, payload),
    finish: (signature) => encodeCbor([header, new Map(), payload, signature]),
  };
}

/** Message bytes → decimal digits. A leading 0x01 keeps leading zeros; digits go into a QR's numeric segment. */
export function toDigits(message: Uint8Array): string {
  return BigInt(`0x01${toHex(message)}`).toString(10);
}

export function fromDigits(digits: string): Uint8Array {
  if (typeof digits !== "string" || !/^[1-9][0-9]{0,799}$/.test(digits))
    throw new FormatError("the QR's fragment is not a number");
  const hex = BigInt(digits).toString(16);
  if (!hex.startsWith("1") || hex.length % 2 !== 1) throw new FormatError("the QR's number does not begin as it must");
  return Uint8Array.from(hex.slice(1).match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** Reads a QR's message from untrusted bytes; checks form only, not the signature. */
export function readQr(message: Uint8Array): SignedQrSummary {
  const outer = decodeCbor(message);
  if (!Array.isArray(outer) || outer.length !== 4) throw new FormatError("not a COSE_Sign1 message");
  const [header, unprotected, payload, signature] = outer as Cbor[];
  if (!(header instanceof Uint8Array && payload instanceof Uint8Array && signature instanceof Uint8Array))
    throw new FormatError("not a COSE_Sign1 message");
  if (!(unprotected instanceof Map) || unprotected.size !== 0) throw new FormatError("unprotected header is not empty");
  if (signature.length !== 64) throw new FormatError("signature is not 64 bytes");
  const headers = decodeCbor(header);
  if (!(headers instanceof Map) || headers.size !== 2 || headers.get(1) !== -7)
    throw new FormatError("algorithm is not ES256");
  const keyId = headers.get(4);
  if (!(keyId instanceof Uint8Array) || keyId.length !== 8) throw new FormatError("key id");
  return { summary: readMembers(decodeCbor(payload)), keyId, signed: sigStructure(header, payload), signature };
}

/** 9999-12-31 in days since 1970: beyond it a day has no text of four digits for the year. */
const lastDay = 2_932_896;

/**
 * One character and its asterisks. Refused are characters that draw nothing or turn the text around; private use and
 * characters newer than the reader's Unicode are not, because rare names are written with them.
 */
const maskedNameForm = /^[^\p{Cc}\p{Cf}\p{Cs}\p{Z}*]\*{1,8}$/u;

function readMembers(map: Cbor): QrSummary {
  if (!(map instanceof Map) || map.size !== 11 || map.get(1) !== 1)
    throw new FormatError("summary is not of version 1");
  const text = (key: number, form: RegExp): string => {
    const value = map.get(key);
    if (typeof value !== "string" || !form.test(value)) throw new FormatError(`member ${key} of the summary`);
    return value;
  };
  const count = (key: number): number => {
    const value = map.get(key);
    if (!isCount(value)) throw new FormatError(`member ${key} of the summary`);
    return value;
  };
  const day = (key: number): number => {
    const value = count(key);
    if (value > lastDay) throw new FormatError(`member ${key} of the summary`);
    return value;
  };
  const figures = map.get(8);
  if (!Array.isArray(figures) || figures.length > 12) throw new FormatError("figures of the summary");
  const recordDigest = map.get(11);
  if (!(recordDigest instanceof Uint8Array) || recordDigest.length !== 32) throw new FormatError("record digest");
  const centre = text(2, /^.{6}$/);
  if (!isCentreCode(centre)) throw new FormatError("centre code");
  return {
    centre,
    kind: text(3, /^[a-z-]{3,24}$/),
    serial: text(4, /^[0-9A-Z.]{10,110}$/),
    statusIndex: count(5),
    maskedName: text(6, maskedNameForm),
    maskedNumber: text(7, /^(?:[0-9A-Z]{3}\*{3,13}[0-9A-Z]{4}|\*{2,7}[0-9A-Z]{1,2})$/),
    figures: (figures as Cbor[]).map((figure) => {
      if (typeof figure !== "number" || figure < noFigure) throw new FormatError("figures of the summary");
      return figure === noFigure ? null : figure;
    }),
    issuedDay: day(9),
    validUntilDay: day(10),
    recordDigest,
  };
}

/** ES256 over the COSE structure by the platform's WebCrypto. */
export async function verifyQr(qr: SignedQrSummary, publicKey: Uint8Array): Promise<boolean> {
  if (publicKey.length !== 65 || publicKey[0] !== 4) return false; // the list has uncompressed points only
  const key = await crypto.subtle
    .importKey("raw", publicKey as BufferSource, { name: "ECDSA", namedCurve: "P-256" }, false, ["verify"])
    .catch(() => undefined); // a point that is not on the curve verifies nothing
  if (!key) return false;
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  return crypto.subtle.verify(algorithm, key, qr.signature as BufferSource, qr.signed as BufferSource);
}

/**
 * Masks a name: the first character stays, each other one becomes an asterisk (at least one, at most eight).
 * @throws FormatError for an empty name
 */
export function maskName(name: string): string {
  if (name === "") throw new FormatError("a name has at least one character");
  const characters = [...name];
  return (characters[0] ?? "") + "*".repeat(Math.min(Math.max(characters.length - 1, 1), 8));
}

/**
 * Masks a document number: first three and last four stay; one of fewer than ten characters keeps only its last two.
 * @throws FormatError unless it is 1 to 20 digits and capital letters, brackets and hyphens apart
 */
export function maskNumber(number: string): string {
  const plain = number.replaceAll(/[()-]/g, "");
  if (!/^[0-9A-Z]{1,20}$/.test(plain))
    throw new FormatError("a document number has 1 to 20 digits and capital letters");
  if (plain.length < 10) return "*".repeat(Math.max(plain.length - 2, 2)) + plain.slice(-2);
  return plain.slice(0, 3) + "*".repeat(plain.length - 7) + plain.slice(-4);
}
