// FORMAT.md §9.7: a document time-stamp (ETSI EN 319 142-1 §5.4.3) as it stands in an addition: a field without a picture and a
// dictionary whose /Contents is the one thing that its token does not cover.
import type { Change } from "./change.ts";
import { readByteRange, readContents } from "./pdf-contents.ts";
import type { ByteRange } from "./pdf-contents.ts";
import { wholeOf } from "./pdf-file.ts";
import { hasOnly, nameOf, referredBy } from "./pdf-objects.ts";
import type { PdfDictionary, PdfValue } from "./pdf-syntax.ts";
import { CheckFailed } from "./verdict.ts";

export interface DocumentTimeStamp {
  /** DER of the token in /Contents */
  token: Uint8Array;
  range: ByteRange;
}

function wrong(what: string): CheckFailed {
  return new CheckFailed("document-time-stamp-wrong", { what });
}

/**
 * Reads the time-stamp of the field that an addition appends.
 * @param page the only page that the field may name
 * @param names of the fields so far; gets this one's
 * @throws CheckFailed
 */
export function checkDocumentTimeStamp(
  change: Change,
  number: number,
  page: number | undefined,
  names: Set<string>,
): DocumentTimeStamp {
  const field = change.claimNew(number);
  checkField(field, page);
  const name = fieldName(change.bytes, field.entries.get("T"));
  if (field.entries.get("T")?.kind !== "text" || !/^[A-Za-z0-9 _-]{1,64}$/.test(name) || names.has(name))
    throw wrong("name");
  names.add(name);

  const value = change.claimNew(referredBy(field.entries.get("V")));
  const { entries } = value;
  const contents = entries.get("Contents");
  const array = entries.get("ByteRange");
  const fits =
    hasOnly(value, ["Type", "Filter", "SubFilter", "ByteRange", "Contents"]) &&
    nameOf(entries.get("Type")) === "DocTimeStamp" &&
    nameOf(entries.get("Filter")) === "Adobe.PPKLite" &&
    nameOf(entries.get("SubFilter")) === "ETSI.RFC3161";
  if (!fits || contents?.kind !== "hex" || array?.kind !== "array") throw wrong("dictionary");
  // At most one space behind the name.
  const { bytes, addition } = change;
  if (bytes[array.at - (bytes[array.at - 1] === 0x20 ? 2 : 1)] !== 0x65) throw wrong("ByteRange");
  const range = readByteRange(bytes, array.at);
  if (range.open !== contents.at || range.close !== contents.end || range.end !== addition.end)
    throw wrong("ByteRange");
  return { token: readContents(bytes, range), range };
}

/** Nothing to be seen: of a widget at most what makes it hidden from the eye and locked. */
function checkField(field: PdfDictionary, page: number | undefined): void {
  const { entries } = field;
  const rectangle = entries.get("Rect");
  const fits =
    hasOnly(field, ["FT", "T", "V", "Type", "Subtype", "F", "Rect", "P"]) &&
    nameOf(entries.get("FT")) === "Sig" &&
    (!entries.has("Type") || nameOf(entries.get("Type")) === "Annot") &&
    (!entries.has("Subtype") || nameOf(entries.get("Subtype")) === "Widget") &&
    (!entries.has("F") || wholeOf(entries.get("F")) === 132) &&
    (!entries.has("P") || (page !== undefined && referredBy(entries.get("P")) === page)) &&
    (!rectangle ||
      (rectangle.kind === "array" &&
        rectangle.items.length === 4 &&
        rectangle.items.every((item) => wholeOf(item) === 0)));
  if (!fits) throw wrong("field");
}

/** A field's name without its brackets; of one in hexadecimal digits or UTF-16 the ASCII characters, to compare with. */
export function fieldName(bytes: Uint8Array, value: PdfValue | undefined): string {
  if (value?.kind !== "text" && value?.kind !== "hex") return "";
  const inner = String.fromCharCode(...bytes.subarray(value.at + 1, Math.min(value.end - 1, value.at + 512)));
  const text =
    value.kind === "text" ? inner : inner.replace(/../g, (digits) => String.fromCharCode(Number.parseInt(digits, 16)));
  return text.replace(/^\xfe\xff|\0/g, "");
}
