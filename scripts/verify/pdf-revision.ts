// What a base and an addition are made of (FORMAT.md §9, 2 and 7): objects one after the other, one table, trailer, end.
import { type Dict, Reader, type Value, isName } from "./pdf-syntax.ts";

export interface PdfObject {
  generation: number;
  offset: number;
  value: Value;
  /** where the stream's bytes begin and end; null when the object has no stream */
  stream: readonly [number, number] | null;
}

export interface Revision {
  objects: Map<number, PdfObject>;
  trailer: Dict;
  /** place of the cross-reference table */
  tableAt: number;
  /** place behind it */
  end: number;
}

/** Reads the base: the file up to the end of what the seal covers. @throws Refused `pdf-malformed` */
export function readBase(source: string): Revision {
  const reader: Reader = new Reader(source);
  if (!reader.match(/%PDF-(1\.[0-7]|2\.0)/y) || !reader.lineEnd()) reader.fail("header");
  if (reader.takeIf("%")) {
    reader.match(/[^\r\n]*/y);
    if (!reader.lineEnd()) reader.fail("line end");
  }
  const revision = readRevision(reader, true);
  const { trailer, objects } = revision;
  for (const key of ["Prev", "Encrypt", "XRefStm"]) {
    if (trailer.entries.has(key)) reader.fail(`/${key} in the trailer`);
  }
  const size = trailer.entries.get("Size");
  if (size?.type !== "number" || Number(size.value) !== objects.size + 1) reader.fail("/Size of the trailer");
  endLine(reader);
  if (reader.at !== source.length) reader.fail("something after the end");
  return { ...revision, end: reader.at };
}

/** LF or CR LF: a CR alone could be half of a line end (§11). */
const endLine = (reader: Reader): boolean => reader.takeIf("\r\n") || reader.takeIf("\n");

/** Reads the addition that begins here. @throws Refused `pdf-malformed` */
export function readAddition(source: string, start: number): Revision {
  const reader = new Reader(source);
  reader.at = start;
  const revision = readRevision(reader, false);
  if (!endLine(reader)) reader.fail("line end");
  return { ...revision, end: reader.at };
}

/** Up to and with `%%EOF`. @param whole whether the table names all objects from 0 on in one section */
function readRevision(reader: Reader, whole: boolean): Revision {
  const objects: Revision["objects"] = new Map();
  for (;;) {
    reader.skipSpace();
    if (objects.size > 0 && reader.source.startsWith("xref", reader.at)) break;
    const offset = reader.at;
    const head = reader.match(/([1-9]\d{0,9}) (0|[1-9]\d{0,4}) obj(?=[\0\t\n\f\r ()<>[\]/])/y);
    if (!head) reader.fail("object");
    const number = Number(head[1]);
    if (objects.has(number)) reader.fail(`object ${number} twice`);
    objects.set(number, { generation: Number(head[2]), offset, ...readBody(reader) });
  }
  const tableAt = reader.at;
  readTable(reader, objects, whole);
  reader.skipSpace();
  reader.take("trailer");
  reader.skipSpace();
  const trailer = reader.dict();
  reader.skipSpace();
  reader.take("startxref");
  const place = reader.match(/[\r\n ]+(0|[1-9]\d{0,9})[\r\n]+/y);
  if (!place || Number(place[1]) !== tableAt) reader.fail("startxref");
  reader.take("%%EOF");
  return { objects, trailer, tableAt, end: reader.at };
}

/** The value of an object, with its stream if it has one, up to and with `endobj`. */
function readBody(reader: Reader): Pick<PdfObject, "value" | "stream"> {
  const value = reader.value();
  let stream: PdfObject["stream"] = null;
  reader.skipSpace();
  if (value.type === "dict" && reader.takeIf("stream")) {
    if (!reader.takeIf("\r\n") && !reader.takeIf("\n")) reader.fail("line end after stream");
    const length = value.entries.get("Length");
    if (length?.type !== "number" || !/^\d{1,9}$/.test(length.value)) reader.fail("/Length is not written there");
    if (isName(value.entries.get("Type"), "ObjStm")) reader.fail("object stream");
    if (isName(value.entries.get("Type"), "XRef")) reader.fail("cross-reference stream");
    if (value.entries.has("F")) reader.fail("stream in another file");
    stream = [reader.at, reader.at + Number(length.value)];
    reader.at = stream[1];
    reader.lineEnd();
    reader.take("endstream");
    reader.skipSpace();
  }
  reader.take("endobj");
  return { value, stream };
}

/**
 * A table that names each object at its place and no other. Of a base it is one section from 0 on; of an addition one section
 * for each run of numbers, in their order, with or without object 0.
 */
function readTable(reader: Reader, objects: Revision["objects"], whole: boolean): void {
  if (!reader.match(/xref ?(?:\r\n|\n|\r)/y)) reader.fail("cross-reference table");
  const named = new Set<number>();
  let end = -1;
  for (let more = true; more; more = !whole && /\d/.test(reader.source[reader.at] ?? "")) {
    const head = reader.match(/(0|[1-9]\d{0,9}) ([1-9]\d{0,9}) ?(?:\r\n|\n|\r)/y);
    // A section that begins where the one before ends, or earlier, is not one section for each run.
    if (!head || Number(head[1]) <= end) reader.fail("section of the cross-reference table");
    end = Number(head[1]) + Number(head[2]);
    if (whole && (Number(head[1]) !== 0 || end !== objects.size + 1)) reader.fail("cross-reference table");
    for (let number = Number(head[1]); number < end; number++) {
      readEntry(reader, number, objects.get(number));
      if (number > 0) named.add(number);
    }
  }
  if (named.size !== objects.size) reader.fail("object that the cross-reference table does not name");
}

function readEntry(reader: Reader, number: number, object: PdfObject | undefined): void {
  const line = reader.match(/(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n)/y);
  if (!line) reader.fail("entry of the cross-reference table");
  const [place, generation] = [Number(line[1]), Number(line[2])];
  if (number === 0) {
    if (line[3] !== "f" || place !== 0 || line[2] !== "65535") reader.fail("entry 0");
  } else if (!object || line[3] !== "n" || place !== object.offset || generation !== object.generation) {
    reader.fail(`entry of object ${number}`);
  }
}
