// Step "file" (FORMAT.md §9, 1, 2 and 7): one seal that covers all of the base but its own bytes, in a file that every reader
// reads alike, and additions that change nothing. pdf-lib reads it a second time, so that a mistake of our own reader does not
// stay alone.
import { PDFArray, PDFDict, PDFDocument, PDFName, PDFStream } from "pdf-lib";
import { type Addition, readAdditions } from "./additions.ts";
import { type Hole, readHole, readHoleContents } from "./hole.ts";
import { Refused, demand } from "./outcome.ts";
import { type Revision, readBase } from "./pdf-revision.ts";
import { type Dict, type Value, dictsIn, isName } from "./pdf-syntax.ts";

/** 20 MiB. */
export const fileLimitBytes = 20 * 1024 * 1024;

export interface SealedFile {
  /** the two ranges before and after /Contents, in order */
  covered: readonly [Uint8Array, Uint8Array];
  /** DER of the CMS, without the zeros behind it */
  cms: Uint8Array;
  /** what follows the base, in order */
  additions: Addition[];
}

/** Reads a sealed PDF as §9 demands. @throws Refused with the reason */
export async function readSealedFile(bytes: Uint8Array): Promise<SealedFile> {
  demand(bytes.length > 0, "file-empty");
  demand(bytes.length <= fileLimitBytes, "file-too-big");
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  demand(source.startsWith("%PDF-"), "not-a-pdf");

  const at = source.indexOf("/ByteRange");
  demand(at >= 0, "no-seal");
  const second = source.indexOf("/ByteRange", at + 1);
  const hole = readHole(source, at, second >= 0 ? "several-seals" : "byte-range-wrong");
  demand(source.length >= hole.covers, "file-cut");
  // A document time-stamp behind the base has its own.
  demand(second < 0 || second >= hole.covers, "several-seals");
  const cms = readHoleContents(source, hole, "seal-not-der");

  const base = readBase(source.slice(0, hole.covers));
  checkField(base, at, hole);
  const additions = readAdditions(source, base);
  const stamps = additions.filter((addition) => addition.timeStamp).length;
  const numbers = new Set([...base.objects.keys(), ...additions.flatMap((addition) => addition.numbers)]);
  await secondOpinion(bytes, numbers.size, stamps);
  return { covered: [bytes.subarray(0, hole.start), bytes.subarray(hole.end, hole.covers)], cms, additions };
}

/** §9 (2), the seal's place in the form: one field, one value, and /Contents exactly in the hole. */
function checkField({ objects, trailer }: Revision, byteRangeAt: number, hole: Hole): void {
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
  demand(contents?.type === "text" && contents.start === hole.start && contents.end === hole.end, "byte-range-wrong");
  demand(isName(seal.entries.get("SubFilter"), "ETSI.CAdES.detached"), "seal-kind-not-allowed");
}

/** pdf-lib must find the same number of objects, one seal, and one field for it and for each document time-stamp. */
async function secondOpinion(bytes: Uint8Array, objectCount: number, stampCount: number): Promise<void> {
  let document: PDFDocument;
  try {
    document = await PDFDocument.load(bytes, { throwOnInvalidObject: true, updateMetadata: false });
  } catch (error) {
    throw new Refused("pdf-malformed", error instanceof Error ? error.message : "pdf-lib cannot read it");
  }
  const objects = document.context.enumerateIndirectObjects();
  demand(objects.length === objectCount, "pdf-malformed", "pdf-lib counts other objects");
  let seals = 0;
  let stamps = 0;
  let sealFields = 0;
  const look = (value: unknown): void => {
    if (value instanceof PDFStream) look(value.dict);
    else if (value instanceof PDFArray) value.asArray().forEach(look);
    else if (value instanceof PDFDict) {
      if (value.get(PDFName.of("Type")) === PDFName.of("Sig")) seals++;
      if (value.get(PDFName.of("Type")) === PDFName.of("DocTimeStamp")) stamps++;
      if (value.get(PDFName.of("FT")) === PDFName.of("Sig")) sealFields++;
      value.values().forEach(look);
    }
  };
  for (const [, object] of objects) look(object);
  const fields = document.catalog.getAcroForm()?.getAllFields() ?? [];
  const expected = 1 + stampCount;
  const same = seals === 1 && stamps === stampCount && sealFields === expected && fields.length === expected;
  demand(same, "seal-field-wrong", "pdf-lib finds other fields");
}
