// The layout of a sealed PDF (FORMAT.md §9.2 and §9.7): header, objects one after the other, one cross-reference table that
// names each of them at its place, trailer, end; then additions of the same form, without the header. So every byte of the file
// belongs to an object that every reader sees.
import { malformed, PdfReader } from "./pdf-syntax.ts";
import type { PdfDictionary, PdfValue } from "./pdf-syntax.ts";

/** The base, or one addition. */
export interface PdfSection {
  objects: ReadonlyMap<number, PdfValue>;
  /** content of the objects that are streams */
  streams: ReadonlyMap<number, Uint8Array>;
  trailer: PdfDictionary;
  /** where `xref` stands */
  tableAt: number;
  /** the byte after its last */
  end: number;
}

const mostObjects = 10_000;

/** Reads the whole base. @throws CheckFailed `pdf-malformed` with the place where it departs from the form */
export function readPdfFile(bytes: Uint8Array): PdfSection {
  const reader = new PdfReader(bytes, headerLength(bytes));
  const section = readSection(reader, /^\r?\n%%EOF(?:\r?\n)?$/);
  const size = section.objects.size + 1;
  if (section.sections !== 1 || !section.zero) throw malformed("cross-reference table", section.tableAt);
  if (wholeOf(section.trailer.entries.get("Size")) !== size) throw malformed("size in the trailer", reader.at);
  for (const name of ["Prev", "XRefStm", "Encrypt"])
    if (section.trailer.entries.has(name)) throw malformed(`${name} in the trailer`, reader.at);
  return section;
}

/**
 * Reads the addition at the reader's place, up to its line end; what its trailer and objects say is the caller's to judge.
 * @throws CheckFailed `pdf-malformed`
 */
export function readAddition(reader: PdfReader): PdfSection {
  return readSection(reader, /^\r?\n%%EOF\r?\n/);
}

/** A whole number as PDF writes it, without sign and leading zeros. */
export function wholeOf(value: PdfValue | undefined): number | undefined {
  return value?.kind === "number" && /^(?:0|[1-9][0-9]{0,9})$/.test(value.text) ? Number(value.text) : undefined;
}

interface Table {
  /** how many sections the table has, and whether it names object 0 */
  sections: number;
  zero: boolean;
}

function readSection(reader: PdfReader, ending: RegExp): PdfSection & Table {
  const objects = new Map<number, PdfValue>();
  const streams = new Map<number, Uint8Array>();
  const places = new Map<number, number>();
  for (;;) {
    reader.skipSpace();
    const at = reader.at;
    if (reader.take("xref")) {
      const table = readTable(reader, places);
      return { objects, streams, tableAt: at, ...table, ...readEnd(reader, at, ending) };
    }
    const number = reader.whole();
    reader.expect(" 0");
    reader.expect(" obj");
    if (objects.has(number) || objects.size === mostObjects) throw malformed("object twice, or too many", at);
    const value = reader.value();
    objects.set(number, value);
    places.set(number, at);
    reader.skipSpace();
    if (reader.take("stream")) streams.set(number, readStream(reader, value));
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

function readStream(reader: PdfReader, value: PdfValue): Uint8Array {
  const { bytes, at } = reader;
  const length = value.kind === "dictionary" ? value.entries.get("Length") : undefined;
  const type = value.kind === "dictionary" ? value.entries.get("Type") : undefined;
  if (length?.kind !== "number" || !/^[0-9]{1,10}$/.test(length.text)) throw malformed("length of a stream", at);
  // Objects inside streams would be objects that this reader does not see.
  if (type?.kind === "name" && (type.name === "ObjStm" || type.name === "XRef")) throw malformed("object stream", at);
  if (bytes[reader.at] === 0x0d) reader.at++;
  if (bytes[reader.at++] !== 0x0a) throw malformed("beginning of a stream", at);
  const start = reader.at;
  reader.at += Number(length.text);
  if (reader.at > bytes.length) throw malformed("stream beyond the file", at);
  const content = bytes.subarray(start, reader.at);
  if (bytes[reader.at] === 0x0d) reader.at++;
  if (bytes[reader.at] === 0x0a) reader.at++;
  reader.expect("endstream");
  return content;
}

/** One section for each run of numbers, ascending; object 0 may come first and then belongs to its run. */
function readTable(reader: PdfReader, places: ReadonlyMap<number, number>): Table {
  const numbers = [...places.keys()].sort((a, b) => a - b);
  reader.skipSpace();
  let first = reader.whole();
  const zero = first === 0 && !places.has(0);
  if (zero) numbers.unshift(0);
  let sections = 0;
  for (let i = 0; i < numbers.length; sections++) {
    if (sections > 0) first = reader.whole();
    reader.skipSpace();
    const count = reader.whole();
    reader.skipSpace();
    let run = 1;
    while (numbers[i + run] === numbers[i]! + run) run++;
    if (first !== numbers[i] || count !== run) throw malformed("objects that the table names", reader.at);
    for (const end = i + run; i < end; i++) {
      const place = places.get(numbers[i]!);
      const entry = String.fromCharCode(...reader.bytes.subarray(reader.at, reader.at + 20));
      const expected = place === undefined ? "0000000000 65535 f" : `${String(place).padStart(10, "0")} 00000 n`;
      if (entry.slice(0, 18) !== expected || !/^(?: \n| \r|\r\n)$/.test(entry.slice(18)))
        throw malformed("entry of the cross-reference table", reader.at);
      reader.at += 20;
    }
  }
  return { sections, zero };
}

/** Trailer and end. */
function readEnd(reader: PdfReader, tableAt: number, ending: RegExp): Pick<PdfSection, "trailer" | "end"> {
  reader.expect("trailer");
  const trailer = reader.value();
  if (trailer.kind !== "dictionary") throw malformed("trailer", reader.at);
  reader.skipSpace();
  reader.expect("startxref");
  reader.skipSpace();
  if (reader.whole() !== tableAt) throw malformed("startxref", reader.at);
  const match = ending.exec(String.fromCharCode(...reader.bytes.subarray(reader.at, reader.at + 16)));
  if (!match) throw malformed("end of the file", reader.at);
  reader.at += match[0].length;
  return { trailer, end: reader.at };
}
