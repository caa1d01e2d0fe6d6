// The fonts of our certificates. Noto Serif SC has the 20,992 characters of the basic block and Extension A; HanaMinB has the
// rare characters of Extensions B to F that occur in names. A character that neither has stops the certificate: an empty
// box in a name would be a false certificate.

import { readFile } from "node:fs/promises";
import { readFileSync } from "node:fs";
import { brotliDecompress, brotliDecompressSync } from "node:zlib";
import { promisify } from "node:util";
import { DomainError, refusals } from "../errors.ts";
import { TrueTypeFont } from "./truetype.ts";

export const fontRefusals = refusals({
  CHARACTER_WITHOUT_GLYPH: {
    status: 422,
    zh: "字库中没有“{character}”（{codePoint}）字，无法出具证明。请联系中心补充该字后再办理。",
    en: 'No font has the character "{character}" ({codePoint}), so the document cannot be made. Ask the centre to add it.',
  },
});

/** A font under the name that it has in a PDF. */
export interface Face {
  readonly name: string;
  readonly font: TrueTypeFont;
}

export interface Fonts {
  readonly main: Face;
  /** The font for rare characters. The first call unpacks 31 MB and holds the process up for some tenths of a second; later ones are free. */
  fallback(): Face;
}

const FOLDER = new URL("../../fonts/", import.meta.url);
const MAIN = { name: "NotoSerifSC-Regular", file: "noto-serif-sc.ttf.br" };
const FALLBACK = { name: "HanaMinB", file: "hanamin-b.ttf.br" };

let loaded: Promise<Fonts> | undefined;

/** Loads the main font. All callers in a process share one copy. */
export function loadFonts(): Promise<Fonts> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Fonts> {
  const compressed = await readFile(new URL(MAIN.file, FOLDER));
  const main: Face = { name: MAIN.name, font: new TrueTypeFont(await promisify(brotliDecompress)(compressed)) };
  let fallback: Face | undefined;
  return {
    main,
    fallback() {
      fallback ??= {
        name: FALLBACK.name,
        font: new TrueTypeFont(brotliDecompressSync(readFileSync(new URL(FALLBACK.file, FOLDER)))),
      };
      return fallback;
    },
  };
}

/** Where a character is drawn from. */
export interface Glyph {
  readonly face: Face;
  readonly glyph: number;
}

/**
 * Finds the glyph of a code point, in the main font first.
 * @throws DomainError CHARACTER_WITHOUT_GLYPH that names the character and its code point
 */
export function glyphFor(fonts: Fonts, codePoint: number): Glyph {
  const inMain = fonts.main.font.glyphOf(codePoint);
  if (inMain > 0) return { face: fonts.main, glyph: inMain };
  const fallback = fonts.fallback();
  const inFallback = fallback.font.glyphOf(codePoint);
  if (inFallback > 0) return { face: fallback, glyph: inFallback };
  throw new DomainError("CHARACTER_WITHOUT_GLYPH", {
    character: String.fromCodePoint(codePoint),
    codePoint: `U+${codePoint.toString(16).toUpperCase().padStart(4, "0")}`,
  });
}
