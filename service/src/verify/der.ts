// A reader for DER (X.690 §10) as far as a seal needs it. What DER does not allow is refused here, so that there is one
// spelling of every value and none of the tricks of BER: definite lengths in their shortest form, tags of one byte.
import { toHex } from "../proof/bytes.ts";
import { CheckFailed } from "./verdict.ts";

export interface DerValue {
  tag: number;
  /** tag, length and content */
  whole: Uint8Array;
  content: Uint8Array;
}

export const tags = {
  boolean: 0x01,
  integer: 0x02,
  bitString: 0x03,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  utcTime: 0x17,
  generalizedTime: 0x18,
  sequence: 0x30,
  set: 0x31,
} as const;

/** Longest structure that is looked at: more than any seal needs. */
export const longestDer = 65_536;
const mostChildren = 64;

export function notDer(what: string): CheckFailed {
  return new CheckFailed("seal-not-der", { what });
}

/**
 * Reads the value at the beginning of `bytes`; what follows it is the caller's.
 * @param longest bytes that it may have
 */
export function firstDer(bytes: Uint8Array, longest: number = longestDer): DerValue {
  const tag = bytes[0];
  const first = bytes[1];
  if (tag === undefined || first === undefined) throw notDer("cut short");
  if ((tag & 0x1f) === 0x1f) throw notDer("tag of several bytes");
  let length = first;
  let header = 2;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0) throw notDer("indefinite length");
    if (count > 3) throw notDer("length of more than three bytes");
    length = 0;
    for (let i = 0; i < count; i++) {
      const byte = bytes[2 + i];
      if (byte === undefined) throw notDer("cut short");
      length = length * 256 + byte;
    }
    header += count;
    if (length < 0x80 || length < 256 ** (count - 1)) throw notDer("length not in its shortest form");
  }
  if (length > longest || header + length > bytes.length) throw notDer("longer than its place");
  return { tag, whole: bytes.subarray(0, header + length), content: bytes.subarray(header, header + length) };
}

/** Reads exactly one value, with this tag when given. */
export function readDer(bytes: Uint8Array, tag?: number, longest?: number): DerValue {
  const value = firstDer(bytes, longest);
  if (value.whole.length !== bytes.length) throw notDer("bytes after the value");
  return tag === undefined ? value : expectTag(value, tag);
}

/** The values inside a constructed value, which must have this tag when given. */
export function childrenOf(value: DerValue | undefined, tag?: number): DerValue[] {
  if (value === undefined) throw notDer("member missing");
  if (tag !== undefined) expectTag(value, tag);
  if ((value.tag & 0x20) === 0) throw notDer("primitive where members are expected");
  const out: DerValue[] = [];
  let rest = value.content;
  while (rest.length > 0) {
    if (out.length === mostChildren) throw notDer("too many members");
    const child = firstDer(rest);
    out.push(child);
    rest = rest.subarray(child.whole.length);
  }
  return out;
}

/** The same value, when it has this tag. */
export function expectTag(value: DerValue | undefined, tag: number): DerValue {
  if (value === undefined) throw notDer("member missing");
  if (value.tag !== tag) throw notDer(`tag ${value.tag} where ${tag} is expected`);
  return value;
}

/** An object identifier's content as hexadecimal digits, to be compared with a constant. */
export function oidOf(value: DerValue | undefined): string {
  const { content } = expectTag(value, tags.objectIdentifier);
  if (content.length === 0 || content.length > 32 || content[content.length - 1]! >= 0x80) throw notDer("identifier");
  return toHex(content);
}

/** A whole number that is not negative, big-endian without leading zeros (zero is no byte). */
export function unsignedOf(value: DerValue | undefined): Uint8Array {
  const { content } = expectTag(value, tags.integer);
  const first = content[0];
  if (first === undefined || first >= 0x80) throw notDer("number is negative or empty");
  if (content.length > 1 && first === 0 && content[1]! < 0x80) throw notDer("number not in its shortest form");
  return first === 0 ? content.subarray(1) : content;
}

/** A small whole number, for versions. */
export function smallOf(value: DerValue | undefined): number {
  const bytes = unsignedOf(value);
  if (bytes.length > 1) throw notDer("number is too large");
  return bytes[0] ?? 0;
}

/** A bit string of whole bytes. */
export function bitsOf(value: DerValue | undefined): Uint8Array {
  const { content } = expectTag(value, tags.bitString);
  if (content[0] !== 0) throw notDer("bit string with unused bits");
  return content.subarray(1);
}

/** UTCTime or GeneralizedTime as RFC 5280 §4.1.2.5 writes them, in seconds since 1970. */
export function timeOf(value: DerValue | undefined): number {
  const text = String.fromCharCode(...(value?.content.subarray(0, 20) ?? []));
  const form = value?.tag === tags.utcTime ? /^(\d\d)(\d{10})Z$/ : /^(\d{4})(\d{10})Z$/;
  const parts = value?.tag === tags.utcTime || value?.tag === tags.generalizedTime ? form.exec(text) : null;
  if (!parts || value!.content.length > 15) throw notDer("time");
  const short = Number(parts[1]);
  const year = parts[1]!.length === 4 ? short : short + (short < 50 ? 2000 : 1900);
  const [month, day, hour, minute, second] = parts[2]!.match(/../g)!.map(Number) as [
    number,
    number,
    number,
    number,
    number,
  ];
  const time = Date.UTC(year, month - 1, day, hour, minute, second);
  const spelled = new Date(time).toISOString().replace(/[-T:]/g, "").slice(4, 14);
  if (year < 1950 || spelled !== parts[2]) throw notDer("time");
  return time / 1000;
}
