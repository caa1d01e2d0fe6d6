// FORMAT.md §9 (1), (2) and (7): finds the one seal of a file, the bytes that it covers, and what was added behind them.
import { concat } from "../proof/bytes.ts";
import { checkAdditions } from "./additions.ts";
import type { Additions } from "./additions.ts";
import { readByteRange, readContents } from "./pdf-contents.ts";
import type { ByteRange } from "./pdf-contents.ts";
import { readPdfFile } from "./pdf-file.ts";
import type { PdfSection } from "./pdf-file.ts";
import { entryOf, follow, nameOf } from "./pdf-objects.ts";
import type { PdfDictionary, PdfValue } from "./pdf-syntax.ts";
import { CheckFailed } from "./verdict.ts";

/** Larger files are refused before anything is looked at: certificates have some ten thousand bytes. */
export const largestFile = 20 * 1024 * 1024;

export interface SealedFile extends Additions {
  /** SHA-256 of the bytes that the ByteRange covers */
  sealedDigest: Uint8Array;
  /** DER of the CMS in /Contents */
  cms: Uint8Array;
}

/** Reads a sealed file. The work is linear in its length. @throws CheckFailed */
export async function readSealedFile(bytes: Uint8Array): Promise<SealedFile> {
  if (bytes.length > largestFile) throw new CheckFailed("file-too-large", { bytes: bytes.length, most: largestFile });
  if (!startsWith(bytes, 0, "%PDF-")) throw new CheckFailed("not-a-pdf");
  const range = findByteRange(bytes);
  const cms = readContents(bytes, range);
  const base = readPdfFile(bytes.subarray(0, range.end));
  checkStructure(base, range);
  const additions = checkAdditions(bytes, base);
  const covered = concat(bytes.subarray(0, range.open), bytes.subarray(range.close, range.end));
  const digest = await crypto.subtle.digest("SHA-256", covered as BufferSource);
  return { sealedDigest: new Uint8Array(digest), cms, ...additions };
}

function findByteRange(bytes: Uint8Array): ByteRange {
  const [at, second = Infinity] = placesOf(bytes, "/ByteRange", 2);
  if (at === undefined)
    throw new CheckFailed(placesOf(bytes.subarray(-32), "%%EOF", 1).length === 0 ? "file-cut" : "no-seal");
  const range = readByteRange(bytes, at + (bytes[at + 10] === 0x20 ? 11 : 10));
  const { open, close, end } = range;
  // A first one that does not cover its own place is not the seal's: somebody put it before another.
  if (second < end || (at >= end && second < Infinity)) throw new CheckFailed("several-seals");
  if (end > bytes.length) throw new CheckFailed("file-cut", { missing: end - bytes.length });
  if (open + 2 > close || (at < close && at >= open) || at >= end)
    throw new CheckFailed("byte-range-wrong", { what: "order" });
  return range;
}

/** The dictionary with the ByteRange is the value of the one signature field, and /Contents is what it leaves out. */
function checkStructure({ objects, trailer }: PdfSection, range: ByteRange): void {
  const fields = follow(objects, entryOf(entryOf(trailer, objects, "Root"), objects, "AcroForm"));
  const list = entryOf(fields, objects, "Fields");
  if (list?.kind !== "array" || list.items.length !== 1) throw new CheckFailed("seal-field-wrong", { what: "fields" });
  const field = follow(objects, list.items[0]);
  if (nameOf(entryOf(field, objects, "FT")) !== "Sig" || entryOf(field, objects, "Kids"))
    throw new CheckFailed("seal-field-wrong", { what: "field" });
  const seal = entryOf(field, objects, "V");
  if (seal?.kind !== "dictionary") throw new CheckFailed("seal-field-wrong", { what: "value" });
  const contents = seal.entries.get("Contents");
  if (
    !seal.entries.has("ByteRange") ||
    contents?.kind !== "hex" ||
    contents.at !== range.open ||
    contents.end !== range.close
  )
    throw new CheckFailed("seal-field-wrong", { what: "contents" });
  if (nameOf(seal.entries.get("Type")) !== "Sig") throw new CheckFailed("seal-field-wrong", { what: "type" });
  if (nameOf(seal.entries.get("SubFilter")) !== "ETSI.CAdES.detached")
    throw new CheckFailed("seal-kind-not-allowed", { found: nameOf(seal.entries.get("SubFilter")) ?? "-" });
  const signatures = dictionariesOf(objects.values()).filter(
    ({ entries }) => nameOf(entries.get("Type")) === "Sig" || nameOf(entries.get("FT")) === "Sig",
  );
  if (signatures.some((dictionary) => dictionary !== seal && dictionary !== field))
    throw new CheckFailed("several-seals");
}

function dictionariesOf(values: Iterable<PdfValue>): PdfDictionary[] {
  const out: PdfDictionary[] = [];
  const open: PdfValue[] = [...values];
  for (let value = open.pop(); value; value = open.pop()) {
    if (value.kind === "array") open.push(...value.items);
    if (value.kind !== "dictionary") continue;
    out.push(value);
    open.push(...value.entries.values());
  }
  return out;
}

function startsWith(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false;
  return true;
}

/**
 * Where a text of ASCII occurs, at most `most` times. By way of a string of one character a byte, because the search of strings
 * is native: twenty million slashes cost a loop here seconds.
 */
function placesOf(bytes: Uint8Array, text: string, most: number): number[] {
  const whole = new TextDecoder("windows-1252").decode(bytes);
  const out: number[] = [];
  for (let at = whole.indexOf(text); at >= 0 && out.length < most; at = whole.indexOf(text, at + 1)) out.push(at);
  return out;
}
