// Breaking Chinese text into lines and making it fit its box. Lines break between any two characters except where
// typesetting forbids it: no closing mark begins a line, no opening mark ends one, and a number, a code or a Latin word is
// not torn apart unless it alone is longer than the line.

/** Text turned into character codes of a certificate's fonts. One is reused for all texts of a document. */
export class ShapedText {
  length = 0;
  codePoint = new Uint32Array(256);
  /** which of the certificate's fonts */
  font = new Uint8Array(256);
  /** the code in that font */
  code = new Uint16Array(256);
  /** thousandths of an em */
  width = new Uint16Array(256);

  clear(): void {
    this.length = 0;
  }

  add(codePoint: number, font: number, code: number, width: number): void {
    if (this.length === this.codePoint.length) this.#grow();
    const i = this.length++;
    this.codePoint[i] = codePoint;
    this.font[i] = font;
    this.code[i] = code;
    this.width[i] = width;
  }

  /** Width of a part in thousandths of an em. */
  widthOf(start: number, end: number): number {
    let width = 0;
    for (let i = start; i < end; i++) width += this.width[i]!;
    return width;
  }

  #grow(): void {
    const capacity = 2 * this.codePoint.length;
    this.codePoint = enlarged(this.codePoint, new Uint32Array(capacity));
    this.font = enlarged(this.font, new Uint8Array(capacity));
    this.code = enlarged(this.code, new Uint16Array(capacity));
    this.width = enlarged(this.width, new Uint16Array(capacity));
  }
}

function enlarged<T extends Uint8Array | Uint16Array | Uint32Array>(from: T, to: T): T {
  to.set(from);
  return to;
}

/** How text was made to fit. */
export interface Fit {
  /** points */
  readonly size: number;
  /** where each line starts and, after the last, where the text ends */
  readonly starts: readonly number[];
}

/** Distance of two base lines in a box, as a multiple of the size. */
export const LEADING = 1.32;
const SHRINK_STEP = 0.25;

/**
 * Fits text into a box: one line if it can be, else as many lines as the height holds, else the largest smaller size at which
 * that works. Undefined when it does not fit at the smallest size.
 * @param width points
 * @param height points
 */
export function fit(text: ShapedText, width: number, height: number, size: number, smallest: number): Fit | undefined {
  if (text.widthOf(0, text.length) * size <= 1000 * width) return { size, starts: [0, text.length] };
  for (let tried = size; tried >= smallest; tried -= SHRINK_STEP) {
    const starts = breakLines(text, (1000 * width) / tried);
    if (starts && (starts.length - 2) * LEADING * tried + tried <= height) return { size: tried, starts };
  }
  return undefined;
}

/** Line starts and the end; undefined when a single character is wider than the line. */
function breakLines(text: ShapedText, limit: number): number[] | undefined {
  const starts = [0];
  let start = 0;
  while (start < text.length) {
    let end = start;
    let width = 0;
    while (end < text.length && width + text.width[end]! <= limit) width += text.width[end++]!;
    if (end === start) return undefined;
    if (end < text.length) {
      let allowed = end;
      while (allowed > start && !mayBreak(text.codePoint[allowed - 1]!, text.codePoint[allowed]!)) allowed--;
      if (allowed > start) end = allowed;
    }
    starts.push(end);
    start = end;
  }
  return starts;
}

const NEVER_FIRST = codePointsOf("，。、；：？！）》」』】〕”’％·,.;:?!)%");
const NEVER_LAST = codePointsOf("（《「『【〔“‘￥¥(");

function mayBreak(before: number, after: number): boolean {
  if (NEVER_FIRST.has(after) || NEVER_LAST.has(before)) return false;
  return !(belongsToWord(before) && belongsToWord(after));
}

/** Latin letters, digits and what stands inside numbers, codes and addresses. */
function belongsToWord(codePoint: number): boolean {
  return codePoint > 0x20 && codePoint < 0x7f;
}

function codePointsOf(characters: string): ReadonlySet<number> {
  return new Set(Array.from(characters, (character) => character.codePointAt(0)!));
}
