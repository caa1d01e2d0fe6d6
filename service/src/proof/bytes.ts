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
  if (typeof text !== "string" || !/^(?:[0-9a-f]{2})*$/.test(text)) throw new FormatError("not lower-case hexadecimal");
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
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text) || text.length % 4 !== 0) throw new FormatError("not base64");
  const binary = atob(text);
  const out = Uint8Array.from(binary, (char) => char.charCodeAt(0));
  if (toBase64(out) !== text) throw new FormatError("not the canonical spelling of base64");
  return out;
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
