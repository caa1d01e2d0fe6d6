// Bytes, and the few encodings in which the format writes them. Pure: runs in Node and in a browser.

/** A value that does not have the form which FORMAT.md demands. Input from outside is hostile: readers catch this. */
export class FormatError extends Error {
  override readonly name = "FormatError";
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

const hexDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

export function toHex(bytes: Uint8Array): string {
  let out = "";
  for (const byte of bytes) out += hexDigits[byte];
  return out;
}

/** Lower-case hexadecimal only; `length` in bytes when given. */
export function fromHex(text: string, length?: number): Uint8Array {
  if (typeof text !== "string" || text.length % 2 !== 0 || /[^0-9a-f]/.test(text))
    throw new FormatError("not lower-case hexadecimal");
  if (length !== undefined && text.length !== 2 * length) throw new FormatError(`not ${length} bytes of hexadecimal`);
  const out = new Uint8Array(text.length / 2);
  for (let i = 0; i < out.length; i++) out[i] = Number.parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function toBase64(bytes: Uint8Array): string {
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** Standard base64 with padding, in its one canonical spelling. */
export function fromBase64(text: string): Uint8Array {
  if (typeof text !== "string" || text.length % 4 !== 0 || !/^[A-Za-z0-9+/]*={0,2}$/.test(text))
    throw new FormatError("not base64");
  const binary = atob(text);
  const out = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  if (toBase64(out) !== text) throw new FormatError("not the canonical spelling of base64");
  return out;
}

/**
 * A text member of untrusted JSON in its form. `RegExp.test` alone would take the array ["C46010"] for the text "C46010".
 * @throws FormatError when it is no text or has another form
 */
export function textOf(value: unknown, form: RegExp, what: string): string {
  if (typeof value !== "string" || !form.test(value)) throw new FormatError(what);
  return value;
}

/** Is this a whole number from 0 to 2^53 - 1? */
export function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

/**
 * An object of untrusted JSON with exactly these members.
 * @throws FormatError when it is none, or when a member is missing or unknown
 */
export function membersOf(value: unknown, members: readonly string[], what: string): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new FormatError(what);
  const object = value as Record<string, unknown>;
  if (Object.keys(object).length !== members.length || !members.every((member) => Object.hasOwn(object, member)))
    throw new FormatError(`${what}: other members`);
  return object;
}

const utf8Encoder = new TextEncoder();
const utf8Decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text);
}

export function fromUtf8(bytes: Uint8Array): string {
  try {
    return utf8Decoder.decode(bytes);
  } catch (cause) {
    throw new FormatError("not UTF-8", { cause });
  }
}
