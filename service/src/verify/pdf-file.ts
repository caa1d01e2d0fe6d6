// The layout of a sealed PDF (FORMAT.md §9.2): header, objects one after the other, one cross-reference table that names
// each of them at its place, trailer, end. So every byte of the file belongs to an object that every reader sees.
import { malformed, PdfReader } from "./pdf-syntax.ts";
import type { PdfDictionary, PdfValue } from "./pdf-syntax.ts";

export interface PdfFile {
  objects: ReadonlyMap<number, PdfValue>;
  trailer: PdfDictionary;
}

const mostObjects = 10_000;

/** Reads the whole file. @throws CheckFailed `pdf-malformed` with the place where it departs from the form */
export function readPdfFile(bytes: Uint8Array): PdfFile {
  const reader = new PdfReader(bytes, headerLength(bytes));
  const objects = new Map<number, PdfValue>();
  const places = new Map<number, number>();
  for (;;) {
    reader.skipSpace();
    const at = reader.at;
    if (reader.take("xref")) return { objects, trailer: readEnd(reader, at, places) };
    const number = reader.whole();
    reader.expect(" 0");
    reader.expect(" obj");
    if (objects.has(number) || objects.size === mostObjects) throw malformed("object twice, or too many", at);
    const value = reader.value();
    objects.set(number, value);
    places.set(number, at);
    reader.skipSpace();
    if (reader.take("stream")) skipStream(reader, value);
    reader.skipSpace();
    reader.expect("endobj");
  }
}

/** `%PDF-1.x` and, below it, one comment of bytes above 127 that says: this is binary. */
function headerLength(bytes: Uint8Array): number {
  const head = String.fromCharCode(...bytes.subarray(0, 64));
  const match = /^%PDF-(?:1\.[4-7]|2\.0)\r?\n(?:%[\x80-\xff]{1,16}\r?\n)?/.exec(head);
  if (!match) throw malformed("header", 0);
  return match[0].length;
}

function skipStream(reader: PdfReader, value: PdfValue): void {
  const { bytes, at } = reader;
  const length = value.kind === "dictionary" ? value.entries.get("Length") : undefined;
  const type = value.kind === "dictionary" ? value.entries.get("Type") : undefined;
  if (length?.kind !== "number" || !/^[0-9]{1,10}$/.test(length.text)) throw malformed("length of a stream", at);
  // Objects inside streams would be objects that this reader does not see.
  if (type?.kind === "name" && (type.name === "ObjStm" || type.name === "XRef")) throw malformed("object stream", at);
  if (bytes[reader.at] === 0x0d) reader.at++;
  if (bytes[reader.at++] !== 0x0a) throw malformed("beginning of a stream", at);
  reader.at += Number(length.text);
  if (reader.at > bytes.length) throw malformed("stream beyond the file", at);
  if (bytes[reader.at] === 0x0d) reader.at++;
  if (bytes[reader.at] === 0x0a) reader.at++;
  reader.expect("endstream");
}

/** Cross-reference table, trailer and end; `tableAt` is where `xref` stands. */
function readEnd(reader: PdfReader, tableAt: number, places: ReadonlyMap<number, number>): PdfDictionary {
  reader.skipSpace();
  if (reader.whole() !== 0) throw malformed("cross-reference table", tableAt);
  reader.skipSpace();
  const size = reader.whole();
  if (size !== places.size + 1) throw malformed("an object that the table does not name", tableAt);
  reader.skipSpace();
  for (let number = 0; number < size; number++) {
    const at = reader.at;
    const entry = String.fromCharCode(...reader.bytes.subarray(at, at + 20));
    const place = places.get(number);
    const expected =
      number === 0
        ? /^0000000000 65535 f(?: \n| \r|\r\n)$/
        : place === undefined
          ? undefined
          : new RegExp(`^${String(place).padStart(10, "0")} 00000 n(?: \\n| \\r|\\r\\n)$`);
    if (!expected?.test(entry)) throw malformed("entry of the cross-reference table", at);
    reader.at += 20;
  }
  reader.expect("trailer");
  const trailer = reader.value();
  if (trailer.kind !== "dictionary") throw malformed("trailer", reader.at);
  const declared = trailer.entries.get("Size");
  if (declared?.kind !== "number" || declared.text !== String(size)) throw malformed("size in the trailer", reader.at);
  for (const name of ["Prev", "XRefStm", "Encrypt"])
    if (trailer.entries.has(name)) throw malformed(`${name} in the trailer`, reader.at);
  reader.skipSpace();
  reader.expect("startxref");
  reader.skipSpace();
  if (reader.whole() !== tableAt) throw malformed("startxref", reader.at);
  const end = String.fromCharCode(...reader.bytes.subarray(reader.at, reader.at + 16));
  if (!/^\r?\n%%EOF(?:\r?\n)?$/.test(end)) throw malformed("end of the file", reader.at);
  return trailer;
}
