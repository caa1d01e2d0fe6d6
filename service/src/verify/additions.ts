// FORMAT.md §9.7: what may follow the base. Additions prolong the seal's life; nothing that is seen or signed may change.
import { Change, notAllowed } from "./change.ts";
import { checkDocumentTimeStamp, fieldName } from "./document-time-stamp.ts";
import type { DocumentTimeStamp } from "./document-time-stamp.ts";
import { readAddition, wholeOf } from "./pdf-file.ts";
import type { PdfSection } from "./pdf-file.ts";
import { entryOf, follow, hasOnly, nameOf, rawEntryOf, referredBy, same, sameBut } from "./pdf-objects.ts";
import type { PdfObjects } from "./pdf-objects.ts";
import { PdfReader } from "./pdf-syntax.ts";
import type { PdfDictionary, PdfValue } from "./pdf-syntax.ts";
import { checkStore } from "./store.ts";
import type { Store } from "./store.ts";
import { CheckFailed } from "./verdict.ts";

/** One renewal in several years adds one or two. Each may be hashed to its end, so without a limit the work would be quadratic. */
const mostAdditions = 32;

export interface Additions {
  additions: number;
  /** is there a document security store, and does a document time-stamp cover it? */
  stored: boolean;
  archived: boolean;
  documentTimeStamps: DocumentTimeStamp[];
}

/** What stands in the file so far. */
interface Before {
  objects: PdfObjects;
  tableAt: number;
  /** objects of the catalogue and of the page that a new field may join */
  root: number;
  page: number | undefined;
  /** names of the fields */
  names: Set<string>;
  store: Store;
}

/** Reads everything behind the base. @throws CheckFailed `content-appended` or a narrower code */
export function checkAdditions(bytes: Uint8Array, base: PdfSection): Additions {
  const out: Additions = { additions: 0, stored: false, archived: false, documentTimeStamps: [] };
  if (base.end === bytes.length) return out;
  // The first of them must not go on in the line of %%EOF, which is a comment.
  if (bytes[base.end - 1] !== 0x0a && bytes[base.end] !== 0x0a && bytes[base.end] !== 0x0d)
    throw notAllowed("no line end");
  // A reference into the void shows nothing until an addition brings the object: a certificate could turn into a picture.
  if (refersToNothing(base)) throw notAllowed("reference");
  const before = beginning(bytes, base);
  const reader = new PdfReader(bytes, base.end);
  while (reader.at < bytes.length) {
    if (out.additions++ === mostAdditions) throw notAllowed("too many additions");
    const addition = readNext(reader, bytes.length);
    checkTrailer(bytes, base.trailer, before, addition);
    const change = new Change(bytes, before.objects, addition);
    const field = checkForm(change, before.root);
    checkPage(change, before.page, field);
    out.stored = checkStore(change, before.root, before.store);
    if (field !== undefined) {
      out.documentTimeStamps.push(checkDocumentTimeStamp(change, field, before.page, before.names));
      out.archived ||= out.stored;
    }
    change.allClaimed();
    before.objects = change.after;
    before.tableAt = addition.tableAt;
  }
  return out;
}

function readNext(reader: PdfReader, length: number): PdfSection {
  const start = reader.at;
  try {
    return readAddition(reader);
  } catch (error) {
    if (!(error instanceof CheckFailed)) throw error;
    // An addition that begins well and breaks off at the end of the file: more likely a download than a forger.
    const begun = /^\s*\d+ 0 obj\s/.test(String.fromCharCode(...reader.bytes.subarray(start, start + 32)));
    if (begun && reader.at + 16 > length) throw new CheckFailed("file-cut");
    throw new CheckFailed("content-appended", error.detail);
  }
}

function refersToNothing({ objects, trailer }: PdfSection): boolean {
  const open: PdfValue[] = [trailer, ...objects.values()];
  for (let value = open.pop(); value; value = open.pop()) {
    if (value.kind === "reference" && !objects.has(value.object)) return true;
    if (value.kind === "array") for (const item of value.items) open.push(item);
    if (value.kind === "dictionary") for (const item of value.entries.values()) open.push(item);
  }
  return false;
}

function beginning(bytes: Uint8Array, { objects, trailer, tableAt }: PdfSection): Before {
  const root = referredBy(trailer.entries.get("Root"));
  if (root === undefined) throw notAllowed("catalogue");
  const catalogue = objects.get(root);
  const fields = entryOf(entryOf(catalogue, objects, "AcroForm"), objects, "Fields");
  const field = fields?.kind === "array" ? follow(objects, fields.items[0]) : undefined;
  const page = referredBy(rawEntryOf(field, "P")) ?? firstPage(objects, rawEntryOf(catalogue, "Pages"));
  const names = new Set([fieldName(bytes, entryOf(field, objects, "T"))]);
  const store: Store = { parts: new Set(), streams: new Set(), named: new Set() };
  return { objects, tableAt, root, page, names, store };
}

function firstPage(objects: PdfObjects, pages: PdfValue | undefined): number | undefined {
  let at = pages;
  for (let depth = 0; depth < 32; depth++) {
    if (nameOf(entryOf(at, objects, "Type")) === "Page") return referredBy(at);
    const kids = entryOf(at, objects, "Kids");
    at = kids?.kind === "array" ? kids.items[0] : undefined;
  }
  return undefined;
}

/** Numbers go on without a gap; the trailer is the base's, with its own /Prev and /Size. */
function checkTrailer(bytes: Uint8Array, base: PdfDictionary, before: Before, { objects, trailer }: PdfSection): void {
  let highest = before.objects.size;
  for (const number of [...objects.keys()].sort((a, b) => a - b)) {
    if (number === highest + 1) highest = number;
    else if (!before.objects.has(number)) throw notAllowed(`object ${number}`);
  }
  if (objects.size === 0) throw notAllowed("no object");
  const { entries } = trailer;
  const fits =
    wholeOf(entries.get("Prev")) === before.tableAt &&
    wholeOf(entries.get("Size")) === highest + 1 &&
    hasOnly(trailer, ["Prev", "Size", "Root", "Info", "ID"]) &&
    ["Root", "Info", "ID"].every((key) => same(bytes, base.entries.get(key), entries.get(key)));
  if (!fits) throw notAllowed("trailer");
}

/** The catalogue, and the objects of /AcroForm and /Fields. Returns the field that was appended. */
function checkForm(change: Change, root: number): number | undefined {
  const { before, bytes } = change;
  const catalogue = before.get(root);
  if (catalogue?.kind !== "dictionary") throw notAllowed("catalogue");
  let field: number | undefined;
  if (change.has(root)) {
    const after = change.claim(root);
    if (after.kind !== "dictionary" || !sameBut(bytes, catalogue, after, ["DSS", "AcroForm", "Extensions"]))
      throw notAllowed("catalogue");
    checkExtensions(bytes, catalogue.entries.get("Extensions"), after.entries.get("Extensions"));
    field = appendedToForm(change, catalogue.entries.get("AcroForm"), after.entries.get("AcroForm"));
  }
  const form = referredBy(catalogue.entries.get("AcroForm"));
  if (change.has(form)) field = appendedToForm(change, before.get(form), change.claim(form));
  const list = referredBy(rawEntryOf(entryOf(catalogue, before, "AcroForm"), "Fields"));
  if (change.has(list)) field = change.appended(before.get(list), change.claim(list));
  return field;
}

function appendedToForm(change: Change, before: PdfValue | undefined, after: PdfValue | undefined): number | undefined {
  if (same(change.bytes, before, after)) return undefined;
  if (
    before?.kind !== "dictionary" ||
    after?.kind !== "dictionary" ||
    !sameBut(change.bytes, before, after, ["Fields"])
  )
    throw notAllowed("form");
  return change.appended(before.entries.get("Fields"), after.entries.get("Fields"));
}

/** /ADBE and /ESIC may come: names of the version that knows the store. */
function checkExtensions(bytes: Uint8Array, before: PdfValue | undefined, after: PdfValue | undefined): void {
  if (same(bytes, before, after)) return;
  const old: PdfValue = before ?? { kind: "dictionary", entries: new Map() };
  if (old.kind !== "dictionary" || after?.kind !== "dictionary") throw notAllowed("extensions");
  for (const [key, value] of after.entries) {
    if (same(bytes, old.entries.get(key), value)) continue;
    const simple =
      value.kind === "dictionary" &&
      hasOnly(value, ["Type", "BaseVersion", "ExtensionLevel"]) &&
      [...value.entries.values()].every(({ kind }) => kind === "name" || kind === "number");
    if (old.entries.has(key) || (key !== "ADBE" && key !== "ESIC") || !simple) throw notAllowed("extensions");
  }
  for (const key of old.entries.keys()) if (!after.entries.has(key)) throw notAllowed("extensions");
}

/** The page that the seal's field names, and the object of its /Annots: the new field may join, nothing else may change. */
function checkPage(change: Change, page: number | undefined, field: number | undefined): void {
  if (page === undefined) return;
  const { before, bytes } = change;
  const old = before.get(page);
  const joined: (number | undefined)[] = [];
  if (change.has(page)) {
    const after = change.claim(page);
    if (old?.kind !== "dictionary" || after.kind !== "dictionary" || !sameBut(bytes, old, after, ["Annots"]))
      throw notAllowed("page");
    joined.push(change.appended(old.entries.get("Annots"), after.entries.get("Annots")));
  }
  const list = referredBy(rawEntryOf(old, "Annots"));
  if (change.has(list)) joined.push(change.appended(before.get(list), change.claim(list)));
  if (joined.some((number) => number !== undefined && number !== field)) throw notAllowed("page");
}
