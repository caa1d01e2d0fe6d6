// Painting marks into a content stream: text that fits its box, lines and frames. Used once for the fixed parts of a form
// and again for the values of each certificate.

import { DomainError, refusals } from "../errors.ts";
import { number } from "./bytes.ts";
import type { ByteWriter } from "./bytes.ts";
import { PAGE } from "./description.ts";
import type { Align, Box, Colour, FrameItem, LineItem, TextItem } from "./description.ts";
import { fit, HALF_EM, LEADING } from "./text.ts";
import type { ShapedText } from "./text.ts";

export const paintRefusals = refusals({
  TEXT_DOES_NOT_FIT: {
    status: 422,
    zh: "“{where}”的内容过长，证明上排不下。请联系中心处理。",
    en: "The content of “{where}” is too long for the document. Please contact the centre.",
  },
});

export const POINTS_PER_MM = 72 / 25.4;
const PAGE_HEIGHT = PAGE.height * POINTS_PER_MM;
const DEFAULT_SMALLEST = 5;
/** A Chinese character is drawn about its middle, which lies this far above the base line, as a multiple of the size. */
const MIDDLE = 0.38;
/** Stroke added to bold text, as a multiple of the size: the family's regular weight is the only one that we carry. */
const BOLD_STROKE = 0.026;

/** Fonts of a certificate, as its page names them: shared by the template, its own rarer characters, the fallback's. */
export const FONT_NAMES = ["S", "D", "E"] as const;
const SELECT_FONT = FONT_NAMES.map((name) => `/${name} `);

/** Moves the pen back before a character that is closed up. */
const CLOSE_UP = `[${HALF_EM}]TJ`;

const COLOURS: Readonly<Record<Colour, string>> = {
  ink: "0.11 0.141 0.188",
  muted: "0.357 0.4 0.459",
  red: "0.761 0.125 0.184",
};

/** A text item with its numbers in points and its operators ready. */
export interface Place {
  /** what the text is, for the refusal; never its content */
  readonly where: string;
  readonly left: number;
  readonly middle: number;
  readonly width: number;
  readonly height: number;
  readonly size: number;
  /** For the usual case of one line that begins at the left: start of the text, and choice of each font, as operators. */
  readonly lineStart: string;
  readonly selectFont: readonly string[];
  readonly smallest: number;
  readonly smallestLine: number;
  readonly align: Align;
  readonly spacing: number;
  /** operators before and after the text */
  readonly open: string;
  readonly close: string;
}

/** The colour that text is set in at some place of a content stream; undefined at its beginning. */
export interface Pen {
  colour?: Colour;
}

/**
 * @param pen moves on to the item's colour, which is written only when it changes
 * @param mark operators that open the item's mark for those who hear the page; empty when it has none
 */
export function placeOf(item: TextItem, where: string, pen: Pen, mark: string): Place {
  const own = item.colour ?? "ink";
  const colour = COLOURS[own];
  const fill = pen.colour === own ? "" : `${colour} rg\n`;
  pen.colour = own;
  const spacing = item.spacing ?? 0;
  const stroke = item.bold ? `${colour} RG 2 Tr ${number(item.size * BOLD_STROKE)} w\n` : "";
  const left = item.box.x * POINTS_PER_MM;
  const middle = PAGE_HEIGHT - (item.box.y + item.box.height / 2) * POINTS_PER_MM;
  return {
    where,
    left,
    middle,
    selectFont: SELECT_FONT.map((select) => `${select}${number(item.size)} Tf (`),
    lineStart: startOfLine(left, middle - MIDDLE * item.size),
    width: item.box.width * POINTS_PER_MM,
    height: item.box.height * POINTS_PER_MM,
    size: item.size,
    smallest: item.smallest ?? DEFAULT_SMALLEST,
    smallestLine: item.smallestLine ?? item.size,
    align: item.align ?? "left",
    spacing,
    open: `${mark}${fill}${stroke}${spacing ? `${number(spacing)} Tc\n` : ""}`,
    close: `${item.bold ? "0 Tr\n" : ""}${spacing ? "0 Tc\n" : ""}${mark ? "EMC\n" : ""}`,
  };
}

/** @throws DomainError TEXT_DOES_NOT_FIT naming the place */
export function paintText(out: ByteWriter, text: ShapedText, place: Place): void {
  if (text.length === 0) {
    out.text(place.open).text(place.close);
    return;
  }
  const spaced = place.spacing * Math.max(0, text.length - 1);
  const fitted = fit(text, place.width - spaced, place.height, place.size, place.smallest, place.smallestLine);
  if (!fitted) throw new DomainError("TEXT_DOES_NOT_FIT", { where: place.where });
  const { size, starts } = fitted;
  out.text(place.open);
  const lines = starts.length - 1;
  const leading = LEADING * size;
  const sizeText = number(size);
  let y = place.middle + ((lines - 1) * leading) / 2 - MIDDLE * size;
  let selected = -1;
  for (let line = 0; line < lines; line++, y -= leading) {
    const start = starts[line]!;
    const end = starts[line + 1]!;
    let x = place.left;
    if (place.align !== "left") {
      const slack = place.width - (text.widthOf(start, end) * size) / 1000 - spaced;
      x += place.align === "centre" ? slack / 2 : slack;
    }
    out.text(startOfLine(x, y));
    selected = paintCodes(out, text, start, end, sizeText, selected);
  }
  out.text(place.close);
}

function startOfLine(x: number, y: number): string {
  return `BT ${number(x)} ${number(y)} Td `;
}

/** Writes the codes of a line and ends its text object. Returns the font that is selected then; before it was `selected`. */
function paintCodes(
  out: ByteWriter,
  text: ShapedText,
  start: number,
  end: number,
  sizeText: string,
  selected: number,
): number {
  let font = selected;
  for (let at = start; at < end;) {
    if (text.font[at] !== font) {
      font = text.font[at]!;
      out.text(SELECT_FONT[font]!).text(sizeText).text(" Tf");
    }
    let next = at + 1;
    while (next < end && text.font[next] === font && !text.isClosedUp(next)) next++;
    out.text("(").codes(text.code, at, next).text(")Tj ");
    if (next < end && text.isClosedUp(next)) out.text(CLOSE_UP);
    at = next;
  }
  out.text("ET\n");
  return font;
}

export function paintLine(out: ByteWriter, item: LineItem): void {
  const [x1, y1] = toPoints(...item.from);
  const [x2, y2] = toPoints(...item.to);
  out.text(`${COLOURS[item.colour ?? "ink"]} RG ${number(item.width)} w ${x1} ${y1} m ${x2} ${y2} l S\n`);
}

export function paintFrame(out: ByteWriter, item: FrameItem): void {
  out.text(`${COLOURS[item.colour ?? "ink"]} RG ${number(item.width)} w ${rectangle(item.box)} re S\n`);
}

/** Opens a mark that the structure of the document names by its number. */
export function openMark(type: string, mark: number): string {
  return `/${type}<</MCID ${mark}>>BDC\n`;
}

/** Left, bottom, width and height in points, as PDF operators want them. */
export function rectangle(box: Box): string {
  const [x, y] = toPoints(box.x, box.y + box.height);
  return `${x} ${y} ${number(box.width * POINTS_PER_MM)} ${number(box.height * POINTS_PER_MM)}`;
}

function toPoints(x: number, y: number): [x: string, y: string] {
  return [number(x * POINTS_PER_MM), number(PAGE_HEIGHT - y * POINTS_PER_MM)];
}

/** `[0 0 width height]` of the page in points. */
export const MEDIA_BOX = `[0 0 ${number(PAGE.width * POINTS_PER_MM)} ${number(PAGE_HEIGHT)}]`;
