// What the checks of a file ask of its objects: following references, and whether two values are the same.
import { equal } from "../proof/bytes.ts";
import type { PdfArray, PdfDictionary, PdfValue } from "./pdf-syntax.ts";

/** The newest version of each object. */
export type PdfObjects = ReadonlyMap<number, PdfValue>;

export function follow(objects: PdfObjects, value: PdfValue | undefined): PdfValue | undefined {
  return value?.kind === "reference" ? objects.get(value.object) : value;
}

/** The entry of a dictionary, both followed. */
export function entryOf(value: PdfValue | undefined, objects: PdfObjects, name: string): PdfValue | undefined {
  return follow(objects, rawEntryOf(follow(objects, value), name));
}

/** The entry of a dictionary as it stands there. */
export function rawEntryOf(value: PdfValue | undefined, name: string): PdfValue | undefined {
  return value?.kind === "dictionary" ? value.entries.get(name) : undefined;
}

export function nameOf(value: PdfValue | undefined): string | undefined {
  return value?.kind === "name" ? value.name : undefined;
}

/** The object that a reference names. */
export function referredBy(value: PdfValue | undefined): number | undefined {
  return value?.kind === "reference" ? value.object : undefined;
}

/** Has this dictionary these keys at most? */
export function hasOnly(value: PdfDictionary, keys: readonly string[]): boolean {
  return [...value.entries.keys()].every((key) => keys.includes(key));
}

/** Equal, key by key and token by token; texts are compared as they are spelled. */
export function same(bytes: Uint8Array, a: PdfValue | undefined, b: PdfValue | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  switch (a.kind) {
    case "dictionary":
      return b.kind === a.kind && sameBut(bytes, a, b, []);
    case "array":
      return b.kind === a.kind && a.items.length === b.items.length && beginsWith(bytes, b, a);
    case "name":
      return b.kind === a.kind && a.name === b.name;
    case "number":
      return b.kind === a.kind && a.text === b.text;
    case "reference":
      return b.kind === a.kind && a.object === b.object;
    case "word":
      return b.kind === a.kind && a.word === b.word;
    default:
      return b.kind === a.kind && equal(bytes.subarray(a.at, a.end), bytes.subarray(b.at, b.end));
  }
}

/** Equal, but for the entries with these keys. */
export function sameBut(bytes: Uint8Array, a: PdfDictionary, b: PdfDictionary, free: readonly string[]): boolean {
  const keys = new Set([...a.entries.keys(), ...b.entries.keys()]);
  for (const key of keys) if (!free.includes(key) && !same(bytes, a.entries.get(key), b.entries.get(key))) return false;
  return true;
}

/** Are the first items of the array those of the other? */
export function beginsWith(bytes: Uint8Array, array: PdfArray, first: PdfArray): boolean {
  return first.items.every((item, i) => same(bytes, item, array.items[i]));
}
