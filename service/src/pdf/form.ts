// The fixed part of a template: one byte prefix with everything that certificates of a kind and a centre have in common.
// Its objects are numbered from 1; the numbers from `page` on belong to the certificate.

import { createHash } from "node:crypto";
import { invariant } from "../errors.ts";
import { colourProfile, metadata, PRODUCER } from "./archive.ts";
import { ByteWriter, number, textString } from "./bytes.ts";
import { fillIn, placeholders } from "./description.ts";
import type { Item, Pages, PictureItem, SealProfile, TemplateDescription, TextItem } from "./description.ts";
import { OBJECTS_PER_FONT, Subset, writeFont, writeStream } from "./embedding.ts";
import type { BeginObject } from "./embedding.ts";
import type { Fonts } from "./fonts.ts";
import { openMark, paintFrame, paintLine, paintText, placeOf, POINTS_PER_MM, rectangle } from "./paint.ts";
import type { Pen, Place } from "./paint.ts";
import { sealAppearance } from "./seal-appearance.ts";
import { countElements, elementsOf, marksOf, SEAL_KEY, typeOf, writeTree } from "./structure.ts";
import { headItems } from "./table.ts";
import { ShapedText } from "./text.ts";

export const CATALOG = 1;
const SEAL_PICTURE = 2;
const SEAL_INK = 3;
export const SEAL_FIELD = 4;
export const INFORMATION = 5;
const METADATA = 6;
const PROFILE = 7;
export const SHARED_FONT = 8;
const FIXED_CONTENT = SHARED_FONT + OBJECTS_PER_FONT;

/** Text that is set for each certificate: literal text and names of values in turn. */
export interface Slot {
  readonly parts: readonly { readonly literal: string; readonly value?: string }[];
  readonly place: Place;
}

/** What the pages of one sort show: the object with the fixed part, if there is any, and the slots. */
export interface Layer {
  readonly pages: Pages;
  readonly fixed: number | undefined;
  readonly slots: readonly Slot[];
}

export interface Form {
  readonly prefix: Buffer;
  /** offsets of the objects below `page`, by number */
  readonly offsets: readonly number[];
  readonly font: Subset;
  /** the first object that is the certificate's own: the page with seal and code; `free` is the first without a use */
  readonly page: number;
  readonly content: number;
  readonly qrPicture: number;
  readonly signature: number;
  /** in the prefix; of a form with a table among the certificate's own, because they name all pages */
  readonly pageTree: number;
  readonly structure: number;
  readonly free: number;
  readonly layers: readonly Layer[];
  /** the items after the seal profile is filled in */
  readonly items: readonly Item[];
}

/** Every certificate may hold these without carrying their glyphs. */
const ALWAYS = "0123456789.,:-*%（），：—年月日元";

export function compileForm(description: TemplateDescription, fonts: Fonts, seal: SealProfile): Form {
  const fixed = { centre: seal.centre, verificationPage: seal.verificationPage, sealWords: seal.words };
  const { table } = description;
  const items = [...description.items, ...(table ? headItems(table) : [])]
    .filter((item) => !item.developmentOnly || seal.development)
    .map((item) => filledIn(item, fixed));
  const font = sharedFont(items, description, fonts, seal);
  const sorts: readonly Pages[] = table ? ["first", "later", "last", "each"] : ["first"];
  const painted = sorts.map((pages) => ({
    pages,
    of: items.filter((item) => !table || (item.pages ?? "first") === pages),
  }));

  let next = FIXED_CONTENT;
  const layers = painted.map(({ pages, of }): Layer => ({ pages, fixed: next++, slots: slotsOf(of, marksOf(items)) }));
  const elements = elementsOf(items, 0);
  const inPrefix = table ? 0 : 2 + countElements(elements);
  const page = next + inPrefix;
  const [pageTree, structure] = table ? [page + 4, page + 5] : [next, next + 1];
  const form = {
    page,
    content: page + 1,
    qrPicture: page + 2,
    signature: page + 3,
    pageTree,
    structure,
    free: page + (table ? 6 : 4),
  };

  const out = new ByteWriter(1 << 18);
  out.text("%PDF-1.7\n%").bytes(Buffer.from("e2e3cfd3", "hex")).text("\n");
  const offsets: number[] = [];
  const begin = (objectNumber: number): void => {
    offsets[objectNumber] = out.length;
    out.text(`${objectNumber} 0 obj\n`);
  };
  writeCatalog(out, begin, form);
  writeSeal(out, begin, form, description, seal, font, items);
  writeAbout(out, begin, description, seal);
  const tag = subsetTag("S", createHash("sha256").update(font.codePoints.join()).digest());
  writeFont(out, begin, SHARED_FONT, tag, fonts.main, font, true);
  for (const [index, { of }] of painted.entries()) {
    begin(layers[index]!.fixed!);
    writeStream(out, "", fixedContent(of, marksOf(items), font, description.qr), true);
  }
  if (!table) {
    begin(pageTree);
    out.text(`<</Type/Pages/Kids[${page} 0 R]/Count 1>>\nendobj\n`);
    writeTree(out, begin, { root: structure, first: structure + 1, pages: [page], sealField: SEAL_FIELD }, elements);
  }
  invariant(
    offsets.length === page && !offsets.slice(1).includes(undefined as never),
    "the prefix has all its objects",
  );
  return { ...form, prefix: out.copy(), offsets, font, layers, items };
}

function filledIn(item: Item, fixed: Readonly<Record<string, string>>): Item {
  if (item.kind === "text") return { ...item, text: fillIn(item.text, fixed) };
  return item.kind === "qr" || item.kind === "seal" ? { ...item, alternative: fillIn(item.alternative, fixed) } : item;
}

/** A capital that tells the fonts of a document apart, and five from bytes that tell documents apart. */
export function subsetTag(first: string, bytes: Uint8Array): string {
  let tag = first;
  for (let i = 0; i < 5; i++) tag += String.fromCharCode(65 + ((bytes[i] ?? 0) % 26));
  return tag;
}

function isVariable(item: TextItem): boolean {
  return placeholders(item.text).length > 0;
}

function sharedFont(items: readonly Item[], description: TemplateDescription, fonts: Fonts, seal: SealProfile): Subset {
  const texts = items.filter((item) => item.kind === "text").map(({ text }) => text.replace(/\{\w+\}/g, ""));
  const characters = new Set([...texts, seal.centre, seal.words, ALWAYS, description.commonCharacters].join(""));
  const font = new Subset();
  for (const character of [...characters].sort()) {
    const codePoint = character.codePointAt(0)!;
    const glyph = fonts.main.font.glyphOf(codePoint);
    // Templates look shared characters up in a table of the basic plane.
    invariant(glyph > 0 && codePoint < 0x10000, `the main font lacks ${character}, which the form uses`);
    font.add(codePoint, glyph, fonts.main.font.advance(glyph));
  }
  return font;
}

function writeCatalog(out: ByteWriter, begin: BeginObject, form: { pageTree: number; structure: number }): void {
  begin(CATALOG);
  out.text(`<</Type/Catalog/Pages ${form.pageTree} 0 R/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>`);
  out.text(`/MarkInfo<</Marked true>>/StructTreeRoot ${form.structure} 0 R/Metadata ${METADATA} 0 R`);
  out.text("/OutputIntents[<</Type/OutputIntent/S/GTS_PDFA1/OutputConditionIdentifier(sRGB)/Info(sRGB)");
  out.text(`/DestOutputProfile ${PROFILE} 0 R>>]/AcroForm<</Fields[${SEAL_FIELD} 0 R]/SigFlags 3>>>>\nendobj\n`);
}

/** Information and metadata say the same; the colour profile. */
function writeAbout(
  out: ByteWriter,
  begin: BeginObject,
  { documentTitle }: TemplateDescription,
  seal: SealProfile,
): void {
  const about = { title: documentTitle, author: seal.centre };
  begin(INFORMATION);
  out.text(`<</Title${textString(about.title)}/Author${textString(about.author)}/Producer(${PRODUCER})>>\nendobj\n`);
  begin(METADATA);
  writeStream(out, "/Type/Metadata/Subtype/XML", metadata(about), true);
  begin(PROFILE);
  writeStream(out, "/N 3", colourProfile(), true);
}

function fixedContent(
  items: readonly Item[],
  marks: ReadonlyMap<Item, number>,
  font: Subset,
  qr: TemplateDescription["qr"],
): Uint8Array {
  const out = new ByteWriter();
  const shaped = new ShapedText();
  out.text("q\n/Artifact BMC\n");
  for (const item of items) {
    if (item.kind === "line") paintLine(out, item);
    else if (item.kind === "frame") paintFrame(out, item);
  }
  out.text("EMC\n");
  const pen: Pen = {};
  for (const item of items) {
    if (item.kind === "qr") {
      const [left, bottom, width, height] = rectangle({ ...qr, width: qr.size, height: qr.size }).split(" ");
      out.text(`${openMark("Figure", marks.get(item)!)}q ${width} 0 0 ${height} ${left} ${bottom} cm /Q Do Q\nEMC\n`);
    }
    if (item.kind !== "text" || isVariable(item)) continue;
    invariant(item.spacing === undefined || !item.text.includes("\n"), "spaced text has one line");
    shaped.clear();
    for (const character of item.text) {
      const code = font.codeOf(character.codePointAt(0)!)!;
      shaped.add(character.codePointAt(0)!, 0, code, font.widths[code - 1]!);
    }
    paintText(out, shaped, placeOf(item, item.text, pen, markOf(item, marks)));
  }
  out.text("Q\n");
  return out.copy();
}

function markOf(item: TextItem, marks: ReadonlyMap<Item, number>): string {
  const mark = marks.get(item);
  return mark === undefined ? "/Artifact BMC\n" : openMark(typeOf(item), mark);
}

function slotsOf(items: readonly Item[], marks: ReadonlyMap<Item, number>): Slot[] {
  const pen: Pen = {};
  return items
    .filter((item) => item.kind === "text")
    .filter(isVariable)
    .map((item) => {
      const parts: { literal: string; value?: string }[] = [];
      let end = 0;
      for (const match of item.text.matchAll(/\{(\w+)\}/g)) {
        parts.push({ literal: item.text.slice(end, match.index), value: match[1]! });
        end = match.index + match[0].length;
      }
      if (end < item.text.length) parts.push({ literal: item.text.slice(end) });
      const where = item.label ?? placeholders(item.text).join(", ");
      return { parts, place: placeOf(item, where, pen, markOf(item, marks)) };
    });
}

/**
 * The signature field and its picture. The seal multiplies with what lies under it, as ink on paper does; it does so as
 * one group, or its own strokes would darken where they overlap.
 */
function writeSeal(
  out: ByteWriter,
  begin: BeginObject,
  form: { page: number; signature: number },
  { seal: place }: TemplateDescription,
  seal: SealProfile,
  font: Subset,
  items: readonly Item[],
): void {
  const radius = (place.diameter / 2) * POINTS_PER_MM;
  const codeOf = (character: string): string => font.codeOf(character.codePointAt(0)!)!.toString(16).padStart(4, "0");
  const [left, bottom, width, height] = rectangle({
    x: place.x - place.diameter / 2,
    y: place.y - place.diameter / 2,
    width: place.diameter,
    height: place.diameter,
  })
    .split(" ")
    .map(Number) as [number, number, number, number];
  const edge = number(radius);
  const shape = `/Type/XObject/Subtype/Form/BBox[-${edge} -${edge} ${edge} ${edge}]`;
  const picture = sealAppearance(seal.centre, seal.words, radius, "S", codeOf);
  begin(SEAL_PICTURE);
  writeStream(
    out,
    `${shape}/Resources<</XObject<</Seal ${SEAL_INK} 0 R>>/ExtGState<</Ink<</BM/Multiply>>>>>>`,
    Buffer.from("/Ink gs /Seal Do", "latin1"),
    false,
  );
  begin(SEAL_INK);
  writeStream(
    out,
    `${shape}/Group<</S/Transparency/CS/DeviceRGB/I true>>/Resources<</Font<</S ${SHARED_FONT} 0 R>>>>`,
    Buffer.from(picture, "latin1"),
    true,
  );
  const spoken = items.find((item): item is PictureItem => item.kind === "seal")?.alternative ?? seal.words;
  begin(SEAL_FIELD);
  out.text(`<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/TU${textString(spoken)}/F 132/P ${form.page} 0 R`);
  out.text(`/V ${form.signature} 0 R/StructParent ${SEAL_KEY}`);
  out.text(`/Rect[${number(left)} ${number(bottom)} ${number(left + width)} ${number(bottom + height)}]`);
  out.text(`/AP<</N ${SEAL_PICTURE} 0 R>>>>\nendobj\n`);
}
