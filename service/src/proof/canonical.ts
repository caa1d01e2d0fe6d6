// FORMAT.md §1: the one way to write a record as bytes (RFC 8785, restricted to what our records hold).
import { sha256 } from "./sha256.ts";
import { FormatError, utf8 } from "./bytes.ts";

/** What a record may hold: no fractions (amounts are strings or whole numbers), no undefined, no lone surrogates. */
export type CanonicalValue =
  string | number | boolean | null | readonly CanonicalValue[] | { readonly [key: string]: CanonicalValue };

/** The canonical text of a record: members sorted by UTF-16 code units, no white space, shortest escapes. */
export function canonicalText(value: CanonicalValue): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new FormatError("a number in a record is a whole number below 2^53");
    return String(value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new FormatError("a text in a record is well-formed Unicode");
    return JSON.stringify(value);
  }
  // Array.from and not map: map would pass over the holes of a sparse array and write no JSON.
  if (Array.isArray(value)) return `[${Array.from(value as CanonicalValue[], canonicalText).join(",")}]`;
  if (typeof value !== "object") throw new FormatError(`a record cannot hold a ${typeof value}`);
  const prototype: unknown = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) throw new FormatError("a record holds plain objects only");
  let text = "{";
  // Without a comparison of one's own, sort compares UTF-16 code units, as RFC 8785 asks.
  for (const key of Object.keys(value).sort()) {
    if (text.length > 1) text += ",";
    text += `${nameText(key)}:${canonicalText((value as Record<string, CanonicalValue>)[key]!)}`;
  }
  return `${text}}`;
}

/** Names of members are few and come again and again; those of untrusted input are not kept without end. */
const names = new Map<string, string>();
const mostNames = 1_000;

function nameText(name: string): string {
  let text = names.get(name);
  if (text === undefined) {
    text = canonicalText(name);
    if (names.size < mostNames) names.set(name, text);
  }
  return text;
}

export function canonicalBytes(value: CanonicalValue): Uint8Array {
  return utf8(canonicalText(value));
}

/** SHA-256 of the canonical bytes: 32 bytes. */
export function canonicalDigest(value: CanonicalValue): Uint8Array {
  return sha256(canonicalBytes(value));
}
