// Writing DER, and reading it element by element (X.690): enough for certificates, seals and time-stamps.

import { invariant } from "../errors.ts";

/** A value with its tag and length. */
export function tagged(tag: number, ...contents: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(contents);
  return Buffer.concat([Buffer.from([tag]), lengthOf(content.length), content]);
}

export const sequence = (...contents: readonly Uint8Array[]): Buffer => tagged(0x30, ...contents);
export const octets = (content: Uint8Array): Buffer => tagged(0x04, content);
export const smallInteger = (value: number): Buffer => tagged(0x02, Buffer.from([value]));
/** A non-negative INTEGER from its big-endian bytes: without superfluous zeros, and never negative. */
export function integer(magnitude: Uint8Array): Buffer {
  let start = 0;
  while (start < magnitude.length - 1 && magnitude[start] === 0) start++;
  const bytes = magnitude.subarray(start);
  return tagged(0x02, ...((bytes[0] ?? 0) & 0x80 || bytes.length === 0 ? [Buffer.from([0])] : []), bytes);
}

export const TRUE: Buffer = Buffer.from([0x01, 0x01, 0xff]);
export const NULL: Buffer = Buffer.from([0x05, 0x00]);

/** A SET OF: DER wants its elements in the order of their encodings. */
export function setOf(...elements: readonly Uint8Array[]): Buffer {
  return tagged(0x31, ...elements.toSorted((a, b) => Buffer.compare(a, b)));
}

/** An object identifier from its dotted form. */
export function objectIdentifier(dotted: string): Buffer {
  const [first, second, ...rest] = dotted.split(".").map(Number);
  invariant(first !== undefined && second !== undefined, `${dotted} is not an object identifier`);
  const bytes: number[] = [];
  for (const arc of [40 * first + second, ...rest]) {
    const groups = [arc % 128];
    for (let left = Math.floor(arc / 128); left > 0; left = Math.floor(left / 128)) groups.unshift((left % 128) | 0x80);
    bytes.push(...groups);
  }
  return tagged(0x06, Buffer.from(bytes));
}

function lengthOf(length: number): Buffer {
  if (length < 0x80) return Buffer.from([length]);
  if (length < 0x100) return Buffer.from([0x81, length]);
  if (length < 0x10000) return Buffer.from([0x82, length >> 8, length & 0xff]);
  invariant(length < 0x1000000, "DER value too long");
  return Buffer.from([0x83, length >> 16, (length >> 8) & 0xff, length & 0xff]);
}

/** One value inside DER bytes: where it starts, where its content starts, where it ends. */
export interface Element {
  readonly tag: number;
  readonly start: number;
  readonly content: number;
  readonly end: number;
}

/** Reads the value that starts at a place. @throws invariant when the bytes end too early */
export function elementAt(der: Uint8Array, start: number): Element {
  const tag = der[start];
  const first = der[start + 1];
  invariant(tag !== undefined && first !== undefined, "DER ends too early");
  let length = first;
  let content = start + 2;
  if (first & 0x80) {
    length = 0;
    for (let i = 0; i < (first & 0x7f); i++) length = 256 * length + (der[content++] ?? 0);
  }
  invariant(content + length <= der.length, "DER ends too early");
  return { tag, start, content, end: content + length };
}

/** The elements inside a constructed one, in their order. @throws invariant when they do not fill it exactly */
export function elementsIn(der: Uint8Array, { content, end }: Pick<Element, "content" | "end">): Element[] {
  const elements: Element[] = [];
  for (let at = content; at < end;) {
    const element = elementAt(der, at);
    invariant(element.end <= end, "DER element longer than what holds it");
    elements.push(element);
    at = element.end;
  }
  return elements;
}

/** An element with its tag and length, as it stands in the bytes. */
export const encodingOf = (der: Uint8Array, { start, end }: Pick<Element, "start" | "end">): Buffer =>
  Buffer.from(der.buffer, der.byteOffset + start, end - start);

/** What an element holds, without tag and length. */
export const contentOf = (der: Uint8Array, { content, end }: Pick<Element, "content" | "end">): Buffer =>
  Buffer.from(der.buffer, der.byteOffset + content, end - content);

/** Issuer and serial number of a certificate, as encoded in it (RFC 5280 §4.1). */
export function issuerAndSerial(certificate: Uint8Array): { issuer: Uint8Array; serial: Uint8Array } {
  const toBeSigned = elementAt(certificate, elementAt(certificate, 0).content);
  let element = elementAt(certificate, toBeSigned.content);
  if (element.tag === 0xa0) element = elementAt(certificate, element.end); // version
  const serial = certificate.subarray(element.start, element.end);
  const algorithm = elementAt(certificate, element.end);
  const issuer = elementAt(certificate, algorithm.end);
  return { issuer: certificate.subarray(issuer.start, issuer.end), serial };
}
