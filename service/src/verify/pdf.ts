// FORMAT.md §9 (1) and (2): finds the one seal of a file and the bytes that it covers.
import { concat } from "../proof/bytes.ts";
import { firstDer } from "./der.ts";
import { readPdfFile } from "./pdf-file.ts";
import type { PdfFile } from "./pdf-file.ts";
import type { PdfDictionary, PdfValue } from "./pdf-syntax.ts";
import { CheckFailed } from "./verdict.ts";

/** Larger files are refused before anything is looked at: certificates have some ten thousand bytes. */
export const largestFile = 20 * 1024 * 1024;
/** Hexadecimal digits that /Contents may have. */
const longestContents = 131_072;

export interface SealedFile {
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
  checkStructure(bytes, range);
  const covered = concat(bytes.subarray(0, range.open), bytes.subarray(range.close));
  return { sealedDigest: new Uint8Array(await crypto.subtle.digest("SHA-256", covered as BufferSource)), cms };
}

interface ByteRange {
  /** where /ByteRange stands */
  at: number;
  /** the byte `<` of /Contents, and the byte after its `>` */
  open: number;
  close: number;
}

function findByteRange(bytes: Uint8Array): ByteRange {
  const places = placesOf(bytes, "/ByteRange", 2);
  if (places.length > 1) throw new CheckFailed("several-seals");
  const [at] = places;
  if (at === undefined)
    throw new CheckFailed(placesOf(bytes.subarray(-32), "%%EOF", 1).length === 0 ? "file-cut" : "no-seal");
  const text = String.fromCharCode(...bytes.subarray(at, at + 80));
  const match = /^\/ByteRange ?\[0 ([1-9][0-9]{0,8}) ([1-9][0-9]{0,8}) ([1-9][0-9]{0,8}) *\]/.exec(text);
  if (!match) throw new CheckFailed("byte-range-wrong", { what: "form" });
  const [open, close, rest] = match.slice(1).map(Number) as [number, number, number];
  if (close + rest > bytes.length) throw new CheckFailed("file-cut", { missing: close + rest - bytes.length });
  if (close + rest < bytes.length) throw new CheckFailed("content-appended", { bytes: bytes.length - close - rest });
  if (open + 2 > close || (at < close && at >= open)) throw new CheckFailed("byte-range-wrong", { what: "order" });
  return { at, open, close };
}

/** The digits between the brackets: a DER value, then zeros. Lower case, for they have one spelling only. */
function readContents(bytes: Uint8Array, { open, close }: ByteRange): Uint8Array {
  if (bytes[open] !== 0x3c || bytes[close - 1] !== 0x3e)
    throw new CheckFailed("byte-range-wrong", { what: "brackets" });
  const length = close - open - 2;
  if (length % 2 !== 0 || length > longestContents) throw new CheckFailed("contents-wrong", { what: "length" });
  const content = new Uint8Array(length / 2);
  for (let i = 0; i < content.length; i++) {
    const high = digit(bytes[open + 1 + 2 * i]!);
    const low = digit(bytes[open + 2 + 2 * i]!);
    if (high < 0 || low < 0) throw new CheckFailed("contents-wrong", { what: "digits" });
    content[i] = high * 16 + low;
  }
  const cms = firstDer(content).whole;
  if (content.subarray(cms.length).some((byte) => byte !== 0)) throw new CheckFailed("padding-not-zero");
  return cms;
}

function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}

/** The dictionary with the ByteRange is the value of the one signature field, and /Contents is what it leaves out. */
function checkStructure(bytes: Uint8Array, range: ByteRange): void {
  const file = readPdfFile(bytes);
  const fields = follow(file, entryOf(entryOf(file.trailer, file, "Root"), file, "AcroForm"));
  const list = entryOf(fields, file, "Fields");
  if (list?.kind !== "array" || list.items.length !== 1) throw new CheckFailed("seal-field-wrong", { what: "fields" });
  const field = follow(file, list.items[0]);
  if (nameOf(entryOf(field, file, "FT")) !== "Sig" || entryOf(field, file, "Kids"))
    throw new CheckFailed("seal-field-wrong", { what: "field" });
  const seal = entryOf(field, file, "V");
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
  const signatures = dictionariesOf(file).filter(
    ({ entries }) => nameOf(entries.get("Type")) === "Sig" || nameOf(entries.get("FT")) === "Sig",
  );
  if (signatures.some((dictionary) => dictionary !== seal && dictionary !== field))
    throw new CheckFailed("several-seals");
}

function dictionariesOf(file: PdfFile): PdfDictionary[] {
  const out: PdfDictionary[] = [];
  const open: PdfValue[] = [...file.objects.values()];
  for (let value = open.pop(); value; value = open.pop()) {
    if (value.kind === "array") open.push(...value.items);
    if (value.kind !== "dictionary") continue;
    out.push(value);
    open.push(...value.entries.values());
  }
  return out;
}

function follow(file: PdfFile, value: PdfValue | undefined): PdfValue | undefined {
  return value?.kind === "reference" ? file.objects.get(value.object) : value;
}

function entryOf(value: PdfValue | undefined, file: PdfFile, name: string): PdfValue | undefined {
  const dictionary = follow(file, value);
  return dictionary?.kind === "dictionary" ? follow(file, dictionary.entries.get(name)) : undefined;
}

function nameOf(value: PdfValue | undefined): string | undefined {
  return value?.kind === "name" ? value.name : undefined;
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
