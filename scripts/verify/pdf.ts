// Step "file" (FORMAT.md §9, 1 and 2): one seal that covers all of the file but its own bytes, in a file that every reader
// reads alike. pdf-lib reads it a second time, so that a mistake of our own reader does not stay alone.
import { PDFArray, PDFDict, PDFDocument, PDFName, PDFStream } from "pdf-lib";
import { derLength } from "./der.ts";
import { Refused, demand } from "./outcome.ts";
import { type Dict, Reader, type Value, dictsIn, isName } from "./pdf-syntax.ts";

/** 20 MiB. */
export const fileLimitBytes = 20 * 1024 * 1024;

export interface SealedFile {
  /** the two ranges before and after /Contents, in order */
  covered: readonly [Uint8Array, Uint8Array];
  /** DER of the CMS, without the zeros behind it */
  cms: Uint8Array;
}

/** Reads a sealed PDF as §9 demands. @throws Refused with the reason */
export async function readSealedFile(bytes: Uint8Array): Promise<SealedFile> {
  demand(bytes.length > 0, "file-empty");
  demand(bytes.length <= fileLimitBytes, "file-too-big");
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  demand(source.startsWith("%PDF-"), "not-a-pdf");

  const { at, hole } = readByteRange(source);
  const [start, end] = hole;
  const digits = source.slice(start + 1, end - 1);
  demand(digits.length > 0 && digits.length % 2 === 0 && /^[0-9a-f]*$/.test(digits), "contents-wrong");
  const contents = Buffer.from(digits, "hex");
  const length = derLength(contents);
  demand(length !== null, "seal-not-der");
  demand(length <= contents.length, "contents-wrong");
  demand(
    contents.subarray(length).every((byte) => byte === 0),
    "padding-not-zero",
  );

  const objects = readStructure(source);
  checkField(objects, at, hole);
  await secondOpinion(bytes, objects.objects.size);
  return { covered: [bytes.subarray(0, start), bytes.subarray(end)], cms: contents.subarray(0, length) };
}

/** §9 (1): the one /ByteRange and the hole it leaves. */
function readByteRange(source: string): { at: number; hole: readonly [number, number] } {
  const at = source.indexOf("/ByteRange");
  demand(at >= 0, "no-seal");
  demand(!source.includes("/ByteRange", at + 1), "several-seals");
  const expression = /\/ByteRange ?\[0 ([1-9]\d{0,9}) ([1-9]\d{0,9}) ([1-9]\d{0,9}) *\]/y;
  expression.lastIndex = at;
  const found = expression.exec(source);
  demand(found, "byte-range-wrong");
  const [start, end, rest] = [Number(found[1]), Number(found[2]), Number(found[3])];
  demand(start + 2 <= end, "byte-range-wrong");
  demand(source.length >= end + rest, "file-cut");
  demand(source.length <= end + rest, "content-appended");
  demand(source[start] === "<" && source[end - 1] === ">", "byte-range-wrong");
  return { at, hole: [start, end] };
}

interface Structure {
  objects: Map<number, { generation: number; offset: number; value: Value }>;
  trailer: Dict;
}

/** §9 (2): header, objects one after the other, one table that names just these, trailer, end. */
function readStructure(source: string): Structure {
  const reader: Reader = new Reader(source);
  if (!reader.match(/%PDF-(1\.[0-7]|2\.0)/y) || !reader.lineEnd()) reader.fail("header");
  if (reader.takeIf("%")) {
    reader.match(/[^\r\n]*/y);
    if (!reader.lineEnd()) reader.fail("line end");
  }
  const objects: Structure["objects"] = new Map();
  for (;;) {
    reader.skipSpace();
    if (reader.source.startsWith("xref", reader.at)) break;
    const offset = reader.at;
    const head = reader.match(/([1-9]\d{0,9}) (0|[1-9]\d{0,4}) obj(?=[\0\t\n\f\r ()<>[\]/])/y);
    if (!head) reader.fail("object");
    const number = Number(head[1]);
    if (objects.has(number)) reader.fail(`object ${number} twice`);
    objects.set(number, { generation: Number(head[2]), offset, value: readBody(reader) });
  }
  const tableAt = reader.at;
  readTable(reader, objects);
  reader.skipSpace();
  reader.take("trailer");
  reader.skipSpace();
  const trailer = reader.dict();
  for (const key of ["Prev", "Encrypt", "XRefStm"]) {
    if (trailer.entries.has(key)) reader.fail(`/${key} in the trailer`);
  }
  const size = trailer.entries.get("Size");
  if (size?.type !== "number" || Number(size.value) !== objects.size + 1) reader.fail("/Size of the trailer");
  reader.skipSpace();
  reader.take("startxref");
  const place = reader.match(/[\r\n ]+(0|[1-9]\d{0,9})[\r\n]+/y);
  if (!place || Number(place[1]) !== tableAt) reader.fail("startxref");
  reader.take("%%EOF");
  reader.lineEnd();
  if (reader.at !== source.length) reader.fail("something after the end");
  return { objects, trailer };
}

/** The value of an object, with its stream if it has one, up to and with `endobj`. */
function readBody(reader: Reader): Value {
  const value = reader.value();
  reader.skipSpace();
  if (value.type === "dict" && reader.takeIf("stream")) {
    if (!reader.takeIf("\r\n") && !reader.takeIf("\n")) reader.fail("line end after stream");
    const length = value.entries.get("Length");
    if (length?.type !== "number" || !/^\d{1,9}$/.test(length.value)) reader.fail("/Length is not written there");
    if (isName(value.entries.get("Type"), "ObjStm")) reader.fail("object stream");
    if (isName(value.entries.get("Type"), "XRef")) reader.fail("cross-reference stream");
    if (value.entries.has("F")) reader.fail("stream in another file");
    reader.at += Number(length.value);
    reader.lineEnd();
    reader.take("endstream");
    reader.skipSpace();
  }
  reader.take("endobj");
  return value;
}

function readTable(reader: Reader, objects: Structure["objects"]): void {
  const head = reader.match(/xref ?(?:\r\n|\n|\r)0 ([1-9]\d{0,9}) ?(?:\r\n|\n|\r)/y);
  if (!head || Number(head[1]) !== objects.size + 1) reader.fail("cross-reference table");
  for (let number = 0; number <= objects.size; number++) {
    const line = reader.match(/(\d{10}) (\d{5}) ([nf])(?: \r| \n|\r\n)/y);
    if (!line) reader.fail("entry of the cross-reference table");
    if (number === 0) {
      if (line[3] !== "f" || Number(line[1]) !== 0 || line[2] !== "65535") reader.fail("entry 0");
      continue;
    }
    const object = objects.get(number);
    if (!object || line[3] !== "n" || Number(line[1]) !== object.offset || Number(line[2]) !== object.generation) {
      reader.fail(`entry of object ${number}`);
    }
  }
}

/** §9 (2), the seal's place in the form: one field, one value, and /Contents exactly in the hole. */
function checkField({ objects, trailer }: Structure, byteRangeAt: number, hole: readonly [number, number]): void {
  const resolve = (value: Value | undefined): Value | undefined => {
    if (value?.type !== "ref") return value;
    const object = objects.get(value.number);
    return object?.generation === value.generation ? object.value : undefined;
  };
  const dict = (value: Value | undefined): Dict => {
    const found = resolve(value);
    demand(found?.type === "dict", "seal-field-wrong");
    return found;
  };
  const dicts = [...objects.values()].flatMap((object) => [...dictsIn(object.value)]).concat([...dictsIn(trailer)]);
  const catalog = dict(trailer.entries.get("Root"));
  demand(isName(catalog.entries.get("Type"), "Catalog"), "pdf-malformed");
  const form = dict(catalog.entries.get("AcroForm"));
  const fields = resolve(form.entries.get("Fields"));
  demand(fields?.type === "list" && fields.items.length === 1, "seal-field-wrong");
  const field = dict(fields.items[0]);
  // Children of a field inherit its type, so that a field with children could hold a second seal without /FT.
  demand(!field.entries.has("Kids"), "seal-field-wrong");
  const signatureFields = dicts.filter((one) => isName(resolve(one.entries.get("FT")), "Sig"));
  demand(signatureFields.length === 1 && signatureFields[0] === field, "seal-field-wrong");
  const seal = dict(field.entries.get("V"));
  const signatures = dicts.filter((one) => isName(resolve(one.entries.get("Type")), "Sig"));
  demand(signatures.length === 1 && signatures[0] === seal, "seal-field-wrong");
  demand(seal.keyAt.get("ByteRange") === byteRangeAt, "byte-range-wrong");
  const contents = seal.entries.get("Contents");
  demand(contents?.type === "text" && contents.start === hole[0] && contents.end === hole[1], "byte-range-wrong");
  demand(isName(seal.entries.get("SubFilter"), "ETSI.CAdES.detached"), "seal-kind-not-allowed");
}

/** pdf-lib must find the same number of objects, the same one field and the same one seal. */
async function secondOpinion(bytes: Uint8Array, objectCount: number): Promise<void> {
  let document: PDFDocument;
  try {
    document = await PDFDocument.load(bytes, { throwOnInvalidObject: true, updateMetadata: false });
  } catch (error) {
    throw new Refused("pdf-malformed", error instanceof Error ? error.message : "pdf-lib cannot read it");
  }
  const objects = document.context.enumerateIndirectObjects();
  demand(objects.length === objectCount, "pdf-malformed", "pdf-lib counts other objects");
  let seals = 0;
  let sealFields = 0;
  const look = (value: unknown): void => {
    if (value instanceof PDFStream) look(value.dict);
    else if (value instanceof PDFArray) value.asArray().forEach(look);
    else if (value instanceof PDFDict) {
      if (value.get(PDFName.of("Type")) === PDFName.of("Sig")) seals++;
      if (value.get(PDFName.of("FT")) === PDFName.of("Sig")) sealFields++;
      value.values().forEach(look);
    }
  };
  for (const [, object] of objects) look(object);
  const fields = document.catalog.getAcroForm()?.getAllFields() ?? [];
  demand(seals === 1 && sealFields === 1 && fields.length === 1, "seal-field-wrong", "pdf-lib finds other fields");
}
