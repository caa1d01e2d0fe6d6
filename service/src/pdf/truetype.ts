// Reading a TrueType font and building the small fonts that a PDF embeds. The fonts that we ship were stripped beforehand
// (scripts/fonts.ts): every glyph is a simple outline without instructions at an even place.
// So a subset is a matter of copying ranges, which is what makes a font for each certificate affordable.
// The table layouts follow ISO/IEC 14496-22 (OpenType).

import { invariant } from "../errors.ts";
import { readOutline, writeOutline } from "./simplify.ts";

const HEAD_LENGTH = 54;
const HHEA_LENGTH = 36;
const MAXP_LENGTH = 32;
const DIRECTORY_HEADER = 12;
const DIRECTORY_ENTRY = 16;

/** `loca` counts in pairs of bytes up to here, which takes two bytes instead of four. */
const LONGEST_WITH_SHORT_LOCA = 0x1fffe;

/** How a subset's outlines are made from the font's. */
export interface Redrawing {
  /** units of the font that become one of the subset's */
  readonly grid: number;
  outline(outline: Uint8Array): Uint8Array;
}

export interface SubsetOptions {
  readonly characterMap?: Uint8Array;
  readonly redrawn?: Redrawing;
  /**
   * All glyphs get the box that holds them all, and its left edge as their bearing: readers place a glyph by the difference of
   * the two, which stays nothing. Boxes that are all alike compress to almost nothing.
   */
  readonly oneBox?: boolean;
}

interface Range {
  offset: number;
  length: number;
}

export class TrueTypeFont {
  /** font units in one em */
  readonly unitsPerEm: number;
  /** left, bottom, right, top of all glyphs in font units */
  readonly boundingBox: readonly [number, number, number, number];
  /** font units */
  readonly ascent: number;
  /** font units, negative */
  readonly descent: number;
  readonly glyphCount: number;

  readonly #bytes: Buffer;
  readonly #tables: ReadonlyMap<string, Range>;
  /** first code point, last code point, first glyph: sorted triples of the format 12 subtable */
  readonly #ranges: Uint32Array;
  /** the same for the basic plane, where nearly all look-ups go */
  readonly #basic = new Uint16Array(0x10000);
  readonly #longLoca: boolean;
  readonly #metricsCount: number;
  /** offsets of the tables that every glyph is looked up in */
  readonly #glyf: number;
  readonly #loca: number;
  readonly #hmtx: number;

  /** @throws invariant when the bytes are not a TrueType font with a format 12 character map */
  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.#tables = readDirectory(this.#bytes);
    const head = this.#table("head").offset;
    const hhea = this.#table("hhea").offset;
    this.unitsPerEm = this.#bytes.readUInt16BE(head + 18);
    this.boundingBox = [
      this.#bytes.readInt16BE(head + 36),
      this.#bytes.readInt16BE(head + 38),
      this.#bytes.readInt16BE(head + 40),
      this.#bytes.readInt16BE(head + 42),
    ];
    this.#longLoca = this.#bytes.readInt16BE(head + 50) === 1;
    this.ascent = this.#bytes.readInt16BE(hhea + 4);
    this.descent = this.#bytes.readInt16BE(hhea + 6);
    this.#metricsCount = this.#bytes.readUInt16BE(hhea + 34);
    this.#glyf = this.#table("glyf").offset;
    this.#loca = this.#table("loca").offset;
    this.#hmtx = this.#table("hmtx").offset;
    this.glyphCount = this.#bytes.readUInt16BE(this.#table("maxp").offset + 4);
    this.#ranges = readCharacterMap(this.#bytes, this.#table("cmap").offset);
    for (let i = 0; i < this.#ranges.length; i += 3) {
      const last = Math.min(this.#ranges[i + 1]!, 0xffff);
      for (let codePoint = this.#ranges[i]!; codePoint <= last; codePoint++) {
        this.#basic[codePoint] = this.#ranges[i + 2]! + codePoint - this.#ranges[i]!;
      }
    }
  }

  /** The glyph of a code point; 0 when the font has none. */
  glyphOf(codePoint: number): number {
    return codePoint < 0x10000 ? this.#basic[codePoint]! : this.#search(codePoint);
  }

  #search(codePoint: number): number {
    const ranges = this.#ranges;
    let low = 0;
    let high = ranges.length / 3 - 1;
    while (low <= high) {
      const middle = (low + high) >> 1;
      if (codePoint < ranges[3 * middle]!) high = middle - 1;
      else if (codePoint > ranges[3 * middle + 1]!) low = middle + 1;
      else return ranges[3 * middle + 2]! + codePoint - ranges[3 * middle]!;
    }
    return 0;
  }

  /** All code points that have a glyph, ascending. */
  *codePoints(): Generator<number> {
    for (let i = 0; i < this.#ranges.length; i += 3) {
      for (let codePoint = this.#ranges[i]!; codePoint <= this.#ranges[i + 1]!; codePoint++) {
        if (this.glyphOf(codePoint) > 0) yield codePoint;
      }
    }
  }

  /** How far a glyph moves the pen, in thousandths of an em. */
  advance(glyph: number): number {
    return Math.round((this.#advanceUnits(glyph) * 1000) / this.unitsPerEm);
  }

  /**
   * Gives all digits the width of the widest, each in its middle, so that amounts below each other line up. Fonts do this by
   * a feature of their layout tables (`tnum`), which a PDF does not know. A second call changes nothing.
   */
  alignDigits(): void {
    const glyphs = Array.from("0123456789", (digit) => this.glyphOf(digit.charCodeAt(0)));
    const widest = Math.max(...glyphs.map((glyph) => this.#advanceUnits(glyph)));
    for (const glyph of glyphs) {
      invariant(glyph > 0 && glyph < this.#metricsCount, "a digit has a glyph and a width of its own");
      const shift = Math.round((widest - this.#advanceUnits(glyph)) / 2);
      const outline = this.outline(glyph);
      const moved = readOutline(outline).map((contour) => contour.map((point) => ({ ...point, x: point.x + shift })));
      const written = writeOutline(moved);
      invariant(written.length <= outline.length, "a digit that was moved takes no more room");
      outline.set(written);
      this.#bytes.writeUInt16BE(widest, this.#hmtx + 4 * glyph);
    }
  }

  /** The outline as stored: empty for a space. */
  outline(glyph: number): Uint8Array {
    return this.#bytes.subarray(this.#outlineStart(glyph), this.#outlineStart(glyph + 1));
  }

  /**
   * A font with just these glyphs: glyph 0 is an empty .notdef and the glyph at index i becomes i + 1. It has the six tables
   * that PDF asks of an embedded CIDFontType2 (PDF 32000-1 §9.9) and, if given, a character map.
   */
  subset(glyphs: readonly number[], { characterMap, redrawn, oneBox }: SubsetOptions = {}): Buffer {
    const count = glyphs.length + 1;
    const grid = redrawn?.grid ?? 1;
    const outlines = redrawn && glyphs.map((glyph) => redrawn.outline(this.outline(glyph)));
    const lengthOf = (i: number): number =>
      even(outlines ? outlines[i]!.length : this.#outlineStart(glyphs[i]! + 1) - this.#outlineStart(glyphs[i]!));
    let outlineBytes = 0;
    for (let i = 0; i < glyphs.length; i++) outlineBytes += lengthOf(i);
    const long = outlineBytes > LONGEST_WITH_SHORT_LOCA;
    // The last advance holds for all glyphs after it (§hmtx): Chinese characters are as wide as each other.
    const lastAdvance = glyphs.length === 0 ? 0 : this.#advanceUnits(glyphs.at(-1)!);
    let metrics = count;
    while (metrics > 2 && this.#advanceUnits(glyphs[metrics - 3]!) === lastAdvance) metrics--;
    const lengths: Record<string, number> = {
      ...(characterMap ? { cmap: characterMap.length } : {}),
      glyf: outlineBytes,
      head: HEAD_LENGTH,
      hhea: HHEA_LENGTH,
      hmtx: 4 * metrics + 2 * (count - metrics),
      loca: (long ? 4 : 2) * (count + 1),
      maxp: MAXP_LENGTH,
    };
    const { font, at } = layOut(lengths);
    if (characterMap) font.set(characterMap, at.cmap!);

    const locate = (i: number, offset: number): void => {
      if (long) font.writeUInt32BE(offset, at.loca! + 4 * i);
      else font.writeUInt16BE(offset >> 1, at.loca! + 2 * i);
    };
    let outlineAt = 0;
    for (let i = 0; i < glyphs.length; i++) {
      const glyph = glyphs[i]!;
      locate(i + 1, outlineAt);
      const start = at.glyf! + outlineAt;
      if (outlines) font.set(outlines[i]!, start);
      else this.#bytes.copy(font, start, this.#outlineStart(glyph), this.#outlineStart(glyph + 1));
      const length = lengthOf(i);
      // The left bearing is the left edge of the outline.
      const bearing = length === 0 ? 0 : font.readInt16BE(start + 2);
      if (i + 1 < metrics) {
        font.writeUInt16BE(Math.round(this.#advanceUnits(glyph) / grid), at.hmtx! + 4 * (i + 1));
        font.writeInt16BE(bearing, at.hmtx! + 4 * (i + 1) + 2);
      } else font.writeInt16BE(bearing, at.hmtx! + 4 * metrics + 2 * (i + 1 - metrics));
      outlineAt += length;
    }
    locate(count, outlineBytes);
    if (oneBox) useOneBox(font, at, count, metrics, long);

    this.#copyTable("head", font, at.head!, HEAD_LENGTH);
    font.writeUInt32BE(0, at.head! + 8);
    font.writeInt16BE(long ? 1 : 0, at.head! + 50);
    this.#copyTable("hhea", font, at.hhea!, HHEA_LENGTH);
    font.writeUInt16BE(metrics, at.hhea! + 34);
    this.#copyTable("maxp", font, at.maxp!, MAXP_LENGTH);
    font.writeUInt16BE(count, at.maxp! + 4);
    if (grid !== 1) scaleTables(font, at, grid);

    writeChecksums(font, lengths, at);
    return font;
  }

  #table(name: string): Range {
    const table = this.#tables.get(name);
    invariant(table, `font has no ${name} table`);
    return table;
  }

  #copyTable(name: string, target: Buffer, at: number, length: number): void {
    const { offset } = this.#table(name);
    this.#bytes.copy(target, at, offset, offset + length);
  }

  #advanceUnits(glyph: number): number {
    return this.#bytes.readUInt16BE(this.#hmtx + 4 * Math.min(glyph, this.#metricsCount - 1));
  }

  /** Where an outline starts in the file; that of the next glyph is where it ends. */
  #outlineStart(glyph: number): number {
    return this.#longLoca
      ? this.#glyf + this.#bytes.readUInt32BE(this.#loca + 4 * glyph)
      : this.#glyf + 2 * this.#bytes.readUInt16BE(this.#loca + 2 * glyph);
  }
}

/** A format 12 character map table for code points that stand at glyphs 1, 2, 3… in this order. */
export function characterMapOf(codePoints: readonly number[]): Buffer {
  const groups: [first: number, last: number, glyph: number][] = [];
  for (const [index, codePoint] of codePoints.entries()) {
    const group = groups.at(-1);
    if (group && codePoint === group[1] + 1) group[1] = codePoint;
    else groups.push([codePoint, codePoint, index + 1]);
  }
  const table = Buffer.alloc(12 + 16 + 12 * groups.length);
  table.writeUInt16BE(1, 2); // one subtable
  table.writeUInt16BE(3, 4); // Windows, full Unicode
  table.writeUInt16BE(10, 6);
  table.writeUInt32BE(12, 8);
  table.writeUInt16BE(12, 12); // format
  table.writeUInt32BE(16 + 12 * groups.length, 16);
  table.writeUInt32BE(groups.length, 24);
  for (const [index, [first, last, glyph]] of groups.entries()) {
    table.writeUInt32BE(first, 28 + 12 * index);
    table.writeUInt32BE(last, 32 + 12 * index);
    table.writeUInt32BE(glyph, 36 + 12 * index);
  }
  return table;
}

function readDirectory(bytes: Buffer): Map<string, Range> {
  invariant(bytes.length > DIRECTORY_HEADER && bytes.readUInt32BE(0) === 0x00010000, "not a TrueType font");
  const tables = new Map<string, Range>();
  for (let i = 0; i < bytes.readUInt16BE(4); i++) {
    const entry = DIRECTORY_HEADER + DIRECTORY_ENTRY * i;
    tables.set(bytes.toString("latin1", entry, entry + 4), {
      offset: bytes.readUInt32BE(entry + 8),
      length: bytes.readUInt32BE(entry + 12),
    });
  }
  return tables;
}

function readCharacterMap(bytes: Buffer, cmap: number): Uint32Array {
  for (let i = 0; i < bytes.readUInt16BE(cmap + 2); i++) {
    const subtable = cmap + bytes.readUInt32BE(cmap + 4 + 8 * i + 4);
    if (bytes.readUInt16BE(subtable) !== 12) continue;
    const ranges = new Uint32Array(3 * bytes.readUInt32BE(subtable + 12));
    for (let k = 0; k < ranges.length; k++) ranges[k] = bytes.readUInt32BE(subtable + 16 + 4 * k);
    return ranges;
  }
  throw new Error("invariant broken: font has no format 12 character map");
}

/** Places the tables one after the other and writes the directory, except for the checksums. */
function layOut(lengths: Record<string, number>): { font: Buffer; at: Partial<Record<string, number>> } {
  const names = Object.keys(lengths);
  const at: Record<string, number> = {};
  let end = DIRECTORY_HEADER + DIRECTORY_ENTRY * names.length;
  for (const name of names) {
    at[name] = end;
    end += aligned(lengths[name]!);
  }
  const font = Buffer.alloc(end);
  const log = Math.floor(Math.log2(names.length));
  font.writeUInt32BE(0x00010000, 0);
  font.writeUInt16BE(names.length, 4);
  font.writeUInt16BE(16 * 2 ** log, 6);
  font.writeUInt16BE(log, 8);
  font.writeUInt16BE(16 * (names.length - 2 ** log), 10);
  for (const [index, name] of names.entries()) {
    const entry = DIRECTORY_HEADER + DIRECTORY_ENTRY * index;
    font.write(name, entry, "latin1");
    font.writeUInt32BE(at[name]!, entry + 8);
    font.writeUInt32BE(lengths[name]!, entry + 12);
  }
  return { font, at };
}

/** Readers of PDF ignore these sums, validators of fonts do not. */
function writeChecksums(font: Buffer, lengths: Record<string, number>, at: Partial<Record<string, number>>): void {
  const view = new DataView(font.buffer, font.byteOffset, font.length);
  let whole = 0;
  for (const [index, name] of Object.keys(lengths).entries()) {
    const sum = checksum(view, at[name]!, at[name]! + aligned(lengths[name]!));
    view.setUint32(DIRECTORY_HEADER + DIRECTORY_ENTRY * index + 4, sum);
    whole = (whole + sum) >>> 0;
  }
  const directory = checksum(view, 0, DIRECTORY_HEADER + DIRECTORY_ENTRY * Object.keys(lengths).length);
  view.setUint32(at.head! + 8, (0xb1b0afba - ((whole + directory) >>> 0)) >>> 0);
}

function checksum(view: DataView, start: number, end: number): number {
  let sum = 0;
  for (let at = start; at < end; at += 4) sum = (sum + view.getUint32(at)) | 0;
  return sum >>> 0;
}

function useOneBox(
  font: Buffer,
  at: Partial<Record<string, number>>,
  count: number,
  metrics: number,
  long: boolean,
): void {
  const start = (glyph: number): number =>
    at.glyf! + (long ? font.readUInt32BE(at.loca! + 4 * glyph) : 2 * font.readUInt16BE(at.loca! + 2 * glyph));
  const drawn = Array.from({ length: count }, (_, glyph) => glyph).filter((glyph) => start(glyph + 1) > start(glyph));
  const box = [2, 4, 6, 8].map((offset) =>
    Math[offset < 6 ? "min" : "max"](...drawn.map((glyph) => font.readInt16BE(start(glyph) + offset))),
  );
  for (const glyph of drawn) {
    for (const [side, value] of box.entries()) font.writeInt16BE(value, start(glyph) + 2 + 2 * side);
    const bearing = glyph < metrics ? 4 * glyph + 2 : 4 * metrics + 2 * (glyph - metrics);
    font.writeInt16BE(box[0]!, at.hmtx! + bearing);
  }
}

/** What `head` and `hhea` say in font units, in units of which one is `grid` of the old. */
function scaleTables(font: Buffer, at: Partial<Record<string, number>>, grid: number): void {
  const scale = (offset: number): unknown => font.writeInt16BE(Math.round(font.readInt16BE(offset) / grid), offset);
  // unitsPerEm and the bounding box; ascent to the largest extent.
  for (const offset of [18, 36, 38, 40, 42]) scale(at.head! + offset);
  for (let offset = 4; offset <= 16; offset += 2) scale(at.hhea! + offset);
}

function even(length: number): number {
  return (length + 1) & ~1;
}

function aligned(length: number): number {
  return (length + 3) & ~3;
}
