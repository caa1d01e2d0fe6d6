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
  /**
   * The font for rare characters. It is unpacked in the background from the start on; a call that comes before it is there
   * unpacks 31 MB itself and holds the process up for some tenths of a second. All others are free.
   */
  fallback(): Face;
  /** Settles when the fallback is there. */
  readonly complete: Promise<void>;
}

const FOLDER = new URL("../../fonts/", import.meta.url);
const MAIN = { name: "NotoSerifSC-Regular", file: "noto-serif-sc.ttf.br" };
const FALLBACK = { name: "HanaMinB", file: "hanamin-b.ttf.br" };

let loaded: Promise<Fonts> | undefined;

/** Loads the main font, and begins to load the other. All callers in a process share one copy. */
export function loadFonts(): Promise<Fonts> {
  loaded ??= load();
  return loaded;
}

async function load(): Promise<Fonts> {
  const main: Face = { name: MAIN.name, font: new TrueTypeFont(await unpack(MAIN.file)) };
  main.font.alignDigits();
  let fallback: Face | undefined;
  const keep = (bytes: Uint8Array): Face => (fallback ??= { name: FALLBACK.name, font: new TrueTypeFont(bytes) });
  // On a thread of the pool, so that neither the start nor any request waits. Should it fail, the call below fails and says why.
  const complete = unpack(FALLBACK.file).then(
    (bytes) => void keep(bytes),
    () => undefined,
  );
  return {
    main,
    fallback: () => fallback ?? keep(brotliDecompressSync(readFileSync(new URL(FALLBACK.file, FOLDER)))),
    complete,
  };
}

async function unpack(file: string): Promise<Uint8Array> {
  return promisify(brotliDecompress)(await readFile(new URL(file, FOLDER)));
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
