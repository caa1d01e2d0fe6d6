// PAdES B-LT and B-LTA (ETSI EN 319 142-1 §5.4 and §5.5): a document security store, and a document time-stamp over everything
// before it. Each is one addition to the file in the form of FORMAT.md §9.7.

import { createHash } from "node:crypto";
import { DomainError, invariant } from "../errors.ts";
import { elementAt } from "./der.ts";
import { PdfUpdate } from "./pdf-update.ts";
import type { DictionaryPlace } from "./pdf-update.ts";
import "./refusals.ts";

/** What a validator needs beside the file once the authorities are gone, as DER. */
export interface Evidence {
  readonly certificates: readonly Uint8Array[];
  readonly crls: readonly Uint8Array[];
  readonly ocsps: readonly Uint8Array[];
}

const STORE_KEYS = { certificates: "Certs", crls: "CRLs", ocsps: "OCSPs" } as const;
const KINDS = Object.keys(STORE_KEYS) as (keyof Evidence)[];
const EXTENSION = "<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>";

/** The store of a file: what its newest /DSS names. */
export function storeOf(file: Buffer): Evidence {
  const pdf = new PdfUpdate(file);
  const store = storePlace(pdf)?.place;
  const streams = (kind: keyof Evidence) =>
    store ? referencesIn(pdf.array(store, STORE_KEYS[kind])).map((number) => pdf.stream(number)) : [];
  return { certificates: streams("certificates"), crls: streams("crls"), ocsps: streams("ocsps") };
}

/**
 * The addition that puts evidence into the file's store: what follows the file. A store that is there keeps what it names and
 * gets what it lacks; the same evidence twice is put once. The same arguments give the same bytes.
 */
export function storeAddition(file: Buffer, evidence: Evidence): Buffer {
  const pdf = new PdfUpdate(file);
  const before = storePlace(pdf);
  let content = "<</Type/DSS";
  for (const kind of KINDS) {
    const known = before ? referencesIn(pdf.array(before.place, STORE_KEYS[kind])) : [];
    const have = known.map((number) => pdf.stream(number));
    const numbers = [...known];
    for (const der of evidence[kind]) {
      if (have.some((other) => other.equals(der))) continue;
      have.push(Buffer.from(der));
      numbers.push(pdf.putStream(der));
    }
    if (numbers.length > 0) content += `/${STORE_KEYS[kind]}[${numbers.map((number) => `${number} 0 R`).join(" ")}]`;
  }
  const store = before?.number ?? pdf.take();
  pdf.put(store, `${content}>>`);
  if (before?.number === undefined) {
    pdf.change(pdf.rootNumber, "DSS", () => `${store} 0 R`);
    if (!pdf.dictionary(pdf.rootNumber).entries.has("Extensions"))
      pdf.change(pdf.rootNumber, "Extensions", () => EXTENSION);
  }
  return pdf.finish();
}

function storePlace(pdf: PdfUpdate): { place: DictionaryPlace; number: number | undefined } | undefined {
  const root = pdf.dictionary(pdf.rootNumber);
  const entry = root.entries.get("DSS");
  if (!entry) return undefined;
  const number = pdf.reference(root, "DSS");
  return { place: number === undefined ? pdf.dictionaryAt(entry.start) : pdf.dictionary(number), number };
}

function referencesIn(array: string | undefined): number[] {
  return [...(array ?? "").matchAll(/(\d+) 0 R/g)].map((match) => Number(match[1]));
}

/** A document time-stamp that waits for its token. */
export interface OpenDocumentTimeStamp {
  /** SHA-256 of the file with the addition, but for the time-stamp's own /Contents: what the token must be over */
  readonly digest: Buffer;
  /**
   * The addition with this token in it: what follows the file.
   * @throws TIME_STAMP_TOO_LARGE with the bytes that were reserved and those that the token has
   */
  finish(token: Uint8Array): Buffer;
}

/** Lays out a document time-stamp with room for a token of so many bytes. The same arguments give the same bytes. */
export function openDocumentTimeStamp(file: Buffer, room: number): OpenDocumentTimeStamp {
  const pdf = new PdfUpdate(file);
  const form = formOf(pdf);
  const fields = referencesIn(pdf.array(form.place, "Fields"));
  invariant(fields[0] !== undefined, "the file has no seal field");
  const page = pdf.reference(pdf.dictionary(fields[0]), "P");
  invariant(page !== undefined, "the seal field names no page");
  const field = pdf.take();
  const stamp = pdf.take();
  const rectangle = "/Type/Annot/Subtype/Widget/F 132/Rect[0 0 0 0]";
  pdf.put(field, `<</FT/Sig/T(Timestamp${fields.length})/V ${stamp} 0 R${rectangle}/P ${page} 0 R>>`);
  const rangeRoom = " ".repeat(RANGE_ROOM);
  const head = "<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161";
  pdf.put(stamp, `${head}/ByteRange[0 ${rangeRoom}]/Contents<${"0".repeat(2 * room)}>>>`);
  if (form.number !== undefined) pdf.append(form.number, "Fields", `${field} 0 R`);
  else appendDirectField(pdf, form.place, `${field} 0 R`);
  pdf.append(page, "Annots", `${field} 0 R`);

  const addition = pdf.finish();
  const rangeAt = addition.indexOf(`/ByteRange[0 ${rangeRoom}]`, 0, "latin1") + "/ByteRange[0 ".length;
  const open = addition.indexOf("/Contents<", rangeAt, "latin1") + "/Contents".length;
  const close = open + 2 * room + 1;
  const total = file.length + addition.length;
  addition.write(
    `${file.length + open} ${file.length + close + 1} ${total - (file.length + close + 1)}`,
    rangeAt,
    "latin1",
  );
  const digest = createHash("sha256")
    .update(file)
    .update(addition.subarray(0, open))
    .update(addition.subarray(close + 1))
    .digest();
  return {
    digest,
    finish(token) {
      if (token.length > room) throw new DomainError("TIME_STAMP_TOO_LARGE", { needed: token.length, room });
      const done = Buffer.from(addition);
      done.write(Buffer.from(token).toString("hex"), open + 1, "latin1");
      return done;
    },
  };
}

/** Three numbers of up to ten digits, and the spaces between them. */
const RANGE_ROOM = 32;

function formOf(pdf: PdfUpdate): { place: DictionaryPlace; number: number | undefined } {
  const root = pdf.dictionary(pdf.rootNumber);
  const entry = root.entries.get("AcroForm");
  invariant(entry, "the file has no form");
  const number = pdf.reference(root, "AcroForm");
  return { place: number === undefined ? pdf.dictionaryAt(entry.start) : pdf.dictionary(number), number };
}

/** The form stands in the catalogue itself: its /Fields is changed there, or where it refers to. */
function appendDirectField(pdf: PdfUpdate, form: DictionaryPlace, reference: string): void {
  const array = pdf.reference(form, "Fields");
  const before = pdf.array(form, "Fields")!;
  const after = `${before.slice(0, -1)} ${reference}]`;
  if (array !== undefined) return pdf.put(array, after);
  const place = form.entries.get("Fields")!;
  const text = `${pdf.text.slice(form.start, place.start)}${after}${pdf.text.slice(place.end, form.end)}`;
  pdf.change(pdf.rootNumber, "AcroForm", () => text);
}

/** The token of the newest document time-stamp; undefined when the file has none. */
export function documentTimeStampOf(file: Buffer): { token: Buffer; digest: Buffer } | undefined {
  const at = file.lastIndexOf("/Type/DocTimeStamp", undefined, "latin1");
  if (at < 0) return undefined;
  const match = /\/ByteRange\[0 (\d+) (\d+) (\d+) *\]/.exec(file.toString("latin1", at, at + 200));
  invariant(match, "the document time-stamp has no byte range");
  const [open, after, rest] = match.slice(1).map(Number) as [number, number, number];
  const contents = Buffer.from(file.toString("latin1", open + 1, after - 1), "hex");
  const digest = createHash("sha256")
    .update(file.subarray(0, open))
    .update(file.subarray(after, after + rest))
    .digest();
  return { token: contents.subarray(0, elementAt(contents, 0).end), digest };
}
