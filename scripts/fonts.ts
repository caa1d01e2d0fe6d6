// Makes the font files in service/fonts from their originals:
//
//   node scripts/fonts.ts NotoSerifSC_400Regular.ttf HanaMinB.ttf
//
// Originals: `@expo-google-fonts/noto-serif-sc` 0.4.3 from npm (400Regular), and HanaMinB from Debian's `fonts-hanazono`.
// What embedding never needs (hinting, layout features, vertical metrics, names, glyphs without a character) is left out;
// the main font is drawn with fewer points (service/src/pdf/simplify.ts), the other's outlines stay as they were. Licences stand beside the files. Brotli at its highest level takes some minutes.

import { readFileSync, writeFileSync } from "node:fs";
import { brotliCompressSync, constants } from "node:zlib";
import { invariant } from "../service/src/errors.ts";
import { simplifyOutline } from "../service/src/pdf/simplify.ts";
import { characterMapOf, TrueTypeFont } from "../service/src/pdf/truetype.ts";
import type { Redrawing } from "../service/src/pdf/truetype.ts";

/** Thousandths of an em that one unit of the main font has, and that its outlines may stray: 0.03 mm in running text. */
const GRID = 8;
const TOLERANCE = 9;

const [notoPath, hanaPath] = process.argv.slice(2);
if (!notoPath || !hanaPath) {
  console.error("usage: node scripts/fonts.ts NotoSerifSC_400Regular.ttf HanaMinB.ttf");
  process.exit(2);
}

const noto = new TrueTypeFont(readFileSync(notoPath));
const hana = new TrueTypeFont(readFileSync(hanaPath));
write("noto-serif-sc", noto, [...noto.codePoints()], {
  grid: GRID,
  outline: (outline) => simplifyOutline(outline, { tolerance: TOLERANCE, grid: GRID }),
});
// The fallback carries only characters that the main font lacks.
write(
  "hanamin-b",
  hana,
  [...hana.codePoints()].filter((codePoint) => noto.glyphOf(codePoint) === 0),
);

function write(name: string, font: TrueTypeFont, codePoints: number[], redrawn?: Redrawing): void {
  const glyphs = codePoints.map((codePoint) => font.glyphOf(codePoint));
  for (const glyph of glyphs) requireSimple(name, glyph, font.outline(glyph));
  const stripped = font.subset(glyphs, { characterMap: characterMapOf(codePoints), ...(redrawn ? { redrawn } : {}) });
  const compressed = brotliCompressSync(stripped, {
    params: {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_LGWIN]: constants.BROTLI_MAX_WINDOW_BITS,
      [constants.BROTLI_PARAM_SIZE_HINT]: stripped.length,
    },
  });
  const path = new URL(`../service/fonts/${name}.ttf.br`, import.meta.url);
  writeFileSync(path, compressed);
  console.log(`${name}: ${codePoints.length} characters, ${stripped.length} bytes, ${compressed.length} compressed`);
}

/** The subset builder copies outlines as they are: it knows neither composites nor hinting, so none may be there. */
function requireSimple(name: string, glyph: number, outline: Uint8Array): void {
  if (outline.length === 0) return;
  const view = new DataView(outline.buffer, outline.byteOffset, outline.length);
  const contours = view.getInt16(0);
  invariant(contours >= 0, `${name}: glyph ${glyph} is composite`);
  if (contours > 0) invariant(view.getUint16(10 + 2 * contours) === 0, `${name}: glyph ${glyph} has instructions`);
}
