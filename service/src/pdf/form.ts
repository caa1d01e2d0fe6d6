// The fixed part of a template: one byte prefix with everything that certificates of a kind and a centre have in common.
// Its objects are numbered from 1; the numbers from PAGE on belong to the certificate.

import { createHash } from "node:crypto";
import { invariant } from "../errors.ts";
import { ByteWriter, number } from "./bytes.ts";
import { fillIn, placeholders } from "./description.ts";
import type { Item, SealProfile, TemplateDescription, TextItem } from "./description.ts";
import { OBJECTS_PER_FONT, Subset, writeFont, writeStream } from "./embedding.ts";
import type { Fonts } from "./fonts.ts";
import { paintFrame, paintLine, paintText, placeOf, POINTS_PER_MM, rectangle } from "./paint.ts";
import type { Place } from "./paint.ts";
import { sealAppearance } from "./seal-appearance.ts";
import { ShapedText } from "./text.ts";

const CATALOG = 1;
const PAGES = 2;
const SEAL_PICTURE = 3;
const SEAL_INK = 4;
const SEAL_FIELD = 5;
export const FIXED_CONTENT = 6;
export const SHARED_FONT = 7;
/** The first object that is the certificate's own. */
export const PAGE = SHARED_FONT + OBJECTS_PER_FONT;
export const CONTENT = PAGE + 1;
export const QR_PICTURE = PAGE + 2;
export const INFORMATION = PAGE + 3;
export const SIGNATURE = PAGE + 4;
export const OWN_FONTS = PAGE + 5;
export { SEAL_FIELD, CATALOG };

/** Text that is set for each certificate: literal text and names of values in turn. */
export interface Slot {
  readonly parts: readonly { readonly literal: string; readonly value?: string }[];
  readonly place: Place;
}

export interface Form {
  readonly prefix: Buffer;
  /** offsets of the objects below PAGE, by number */
  readonly offsets: readonly number[];
  readonly font: Subset;
  readonly slots: readonly Slot[];
}

/** Every certificate may hold these without carrying their glyphs: printable ASCII and the marks of Chinese text. */
const ALWAYS = `${String.fromCharCode(...Array.from({ length: 95 }, (_, i) => 0x20 + i))}　，。、；：（）《》“”·%￥—－〇年月日元`;

export function compileForm(description: TemplateDescription, fonts: Fonts, seal: SealProfile): Form {
  const fixed = { centre: seal.centre, verificationPage: seal.verificationPage };
  const items = description.items
    .filter((item) => !item.developmentOnly || seal.development)
    .map((item): Item => (item.kind === "text" ? { ...item, text: fillIn(item.text, fixed) } : item));
  const font = sharedFont(items, description, fonts, seal);

  const out = new ByteWriter(1 << 18);
  out.text("%PDF-1.7\n%").bytes(Buffer.from("e2e3cfd3", "hex")).text("\n");
  const offsets: number[] = [];
  const begin = (objectNumber: number): void => {
    offsets[objectNumber] = out.length;
    out.text(`${objectNumber} 0 obj\n`);
  };

  begin(CATALOG);
  out.text(`<</Type/Catalog/Pages ${PAGES} 0 R/Lang(zh-CN)/ViewerPreferences<</DisplayDocTitle true>>`);
  out.text(`/AcroForm<</Fields[${SEAL_FIELD} 0 R]/SigFlags 3>>>>\nendobj\n`);
  begin(PAGES);
  out.text(`<</Type/Pages/Kids[${PAGE} 0 R]/Count 1>>\nendobj\n`);
  writeSeal(out, begin, description, seal, font);
  begin(FIXED_CONTENT);
  writeStream(out, "", fixedContent(items, font), true);
  const tag = subsetTag("S", createHash("sha256").update(font.codePoints.join()).digest());
  writeFont(out, begin, SHARED_FONT, tag, fonts.main, font, true);

  const slots = items
    .filter((item) => item.kind === "text")
    .filter(isVariable)
    .map(slotOf);
  return { prefix: out.copy(), offsets, font, slots };
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
  const texts = items.filter((item) => item.kind === "text").map((item) => item.text);
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

function fixedContent(items: readonly Item[], font: Subset): Uint8Array {
  const out = new ByteWriter();
  const shaped = new ShapedText();
  out.text("q\n");
  for (const item of items) {
    if (item.kind === "line") paintLine(out, item);
    else if (item.kind === "frame") paintFrame(out, item);
    else if (!isVariable(item)) {
      invariant(item.spacing === undefined || !item.text.includes("\n"), "spaced text has one line");
      shaped.clear();
      for (const character of item.text) {
        const code = font.codeOf(character.codePointAt(0)!)!;
        shaped.add(character.codePointAt(0)!, 0, code, font.widths[code - 1]!);
      }
      paintText(out, shaped, placeOf(item, item.text));
    }
  }
  out.text("Q\n");
  return out.copy();
}

function slotOf(item: TextItem): Slot {
  const parts: { literal: string; value?: string }[] = [];
  let end = 0;
  for (const match of item.text.matchAll(/\{(\w+)\}/g)) {
    parts.push({ literal: item.text.slice(end, match.index), value: match[1]! });
    end = match.index + match[0].length;
  }
  if (end < item.text.length) parts.push({ literal: item.text.slice(end) });
  return { parts, place: placeOf(item, item.label ?? placeholders(item.text).join(", ")) };
}

/**
 * The signature field and its picture. The seal multiplies with what lies under it, as ink on paper does; it does so as
 * one group, or its own strokes would darken where they overlap.
 */
function writeSeal(
  out: ByteWriter,
  begin: (objectNumber: number) => void,
  { seal: place }: TemplateDescription,
  seal: SealProfile,
  font: Subset,
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
  begin(SEAL_FIELD);
  out.text(`<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/F 132/P ${PAGE} 0 R/V ${SIGNATURE} 0 R`);
  out.text(`/Rect[${number(left)} ${number(bottom)} ${number(left + width)} ${number(bottom + height)}]`);
  out.text(`/AP<</N ${SEAL_PICTURE} 0 R>>>>\nendobj\n`);
}
