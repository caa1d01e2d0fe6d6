// Embedding a subset font: a Type 0 font with identity encoding over a CIDFontType2, so that the code of a character is its
// glyph in the subset, and a ToUnicode map, so that text can be copied and read aloud (PDF 32000-1 §9.7, §9.10.3).

import { deflateSync } from "node:zlib";
import { ByteWriter } from "./bytes.ts";
import type { Face } from "./fonts.ts";

/** Characters in the order of their codes: the first has code 1, code 0 is .notdef. */
export class Subset {
  readonly codePoints: number[] = [];
  readonly glyphs: number[] = [];
  /** thousandths of an em */
  readonly widths: number[] = [];
  readonly #codes = new Map<number, number>();

  get size(): number {
    return this.codePoints.length;
  }

  clear(): void {
    this.codePoints.length = 0;
    this.glyphs.length = 0;
    this.widths.length = 0;
    this.#codes.clear();
  }

  /** The code of a character; undefined when it is not in the subset. */
  codeOf(codePoint: number): number | undefined {
    return this.#codes.get(codePoint);
  }

  /** Takes in a character that is not there yet and returns its code. */
  add(codePoint: number, glyph: number, width: number): number {
    const code = this.codePoints.push(codePoint);
    this.glyphs.push(glyph);
    this.widths.push(width);
    this.#codes.set(codePoint, code);
    return code;
  }
}

/** Object numbers of an embedded font: the font is the first, its parts follow. */
export const OBJECTS_PER_FONT = 4;

/** Starts an object and remembers where it stands. */
export type BeginObject = (objectNumber: number) => void;

/**
 * Writes the four objects of a font from object number `first` on: font with its descendant, descriptor, file, ToUnicode.
 * @param tag six capitals that tell subsets of one font apart
 * @param compressed deflate file and map: for what is written once; it would cost each certificate more than its signature
 */
export function writeFont(
  out: ByteWriter,
  begin: BeginObject,
  first: number,
  tag: string,
  face: Face,
  subset: Subset,
  compressed: boolean,
): void {
  const name = `/${tag}+${face.name}`;
  begin(first);
  out.text(`<</Type/Font/Subtype/Type0/BaseFont${name}/Encoding/Identity-H/DescendantFonts[`);
  out.text(`<</Type/Font/Subtype/CIDFontType2/BaseFont${name}`);
  out.text("/CIDSystemInfo<</Registry(Adobe)/Ordering(Identity)/Supplement 0>>");
  out.text(`/FontDescriptor ${first + 1} 0 R/CIDToGIDMap/Identity/DW 1000`);
  const narrow = subset.widths.findLastIndex((width) => width !== 1000) + 1;
  if (narrow > 0) out.text(`/W[1[${subset.widths.slice(0, narrow).join(" ")}]]`);
  out.text(`>>]/ToUnicode ${first + 3} 0 R>>\nendobj\n`);

  begin(first + 1);
  const { font } = face;
  const thousandths = (units: number): number => Math.round((units * 1000) / font.unitsPerEm);
  out.text(`<</Type/FontDescriptor/FontName${name}/Flags 4/FontBBox[${font.boundingBox.map(thousandths).join(" ")}]`);
  out.text(`/ItalicAngle 0/Ascent ${thousandths(font.ascent)}/Descent ${thousandths(font.descent)}`);
  out.text(`/CapHeight 733/StemV 80/FontFile2 ${first + 2} 0 R>>\nendobj\n`);

  const file = font.subset(subset.glyphs, { oneBox: compressed });
  begin(first + 2);
  writeStream(out, `/Length1 ${file.length}`, file, compressed);

  mapWriter.clear();
  writeToUnicode(mapWriter, subset.codePoints);
  begin(first + 3);
  writeStream(out, "", mapWriter.view(), compressed);
}

/** Reused: a map is copied out before the next one is written. */
const mapWriter = new ByteWriter(1 << 14);

/** Writes a stream and ends its object. */
export function writeStream(out: ByteWriter, dictionary: string, data: Uint8Array, compressed: boolean): void {
  const stored = compressed ? deflateSync(data, { level: 9 }) : data;
  const filter = compressed ? "/Filter/FlateDecode" : "";
  out.text(`<<${dictionary}${filter}/Length ${stored.length}>>stream\n`).bytes(stored).text("\nendstream\nendobj\n");
}

const MAP_HEAD = `/CIDInit/ProcSet findresource begin
12 dict begin
begincmap
/CIDSystemInfo<</Registry(Adobe)/Ordering(UCS)/Supplement 0>>def
/CMapName/Adobe-Identity-UCS def
/CMapType 2 def
1 begincodespacerange
<0000><ffff>
endcodespacerange
`;
const MAP_TAIL = `endcmap
CMapName currentdict/CMap defineresource pop
end
end`;
/** The most codes that one range takes: those with the same high byte. */
const MAP_BLOCK = 256;

/** Codes follow each other, so ranges with a list of what they stand for say all. */
function writeToUnicode(out: ByteWriter, codePoints: readonly number[]): void {
  const blocks = Math.ceil((codePoints.length + 1) / MAP_BLOCK);
  out.text(MAP_HEAD).text(`${blocks} beginbfrange\n`);
  for (let block = 0; block < blocks; block++) {
    const start = Math.max(1, block * MAP_BLOCK);
    const end = Math.min((block + 1) * MAP_BLOCK, codePoints.length + 1);
    out
      .text("<")
      .hex16(start)
      .text("><")
      .hex16(end - 1)
      .text(">[");
    for (let code = start; code < end; code++)
      out
        .text("<")
        .utf16(codePoints[code - 1]!)
        .text(">");
    out.text("]\n");
  }
  out.text("endbfrange\n").text(MAP_TAIL);
}
