// Breaking Chinese text into lines and making it fit its box. Lines break between any two characters except where
// typesetting forbids it: no closing mark begins a line, no opening mark ends one, and a number, a code or a Latin word is
// not torn apart unless it alone is longer than the line. A date, and a number with its unit, stay together if they can.
// Of two full-width marks in a row the blank half between them is left out (W3C clreq, on the width of punctuation).

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
    if (this.isClosedUp(i)) this.width[i - 1]! -= HALF_EM;
    this.font[i] = font;
    this.code[i] = code;
    this.width[i] = width;
  }

  /** Whether a character stands half an em nearer to the one before it than their widths say. */
  isClosedUp(i: number): boolean {
    const mark = markOf(this.codePoint[i]!);
    return mark > 0 && i > 0 && closeUp(markOf(this.codePoint[i - 1]!), mark);
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

/** Thousandths of an em that two full-width marks in a row give up. */
export const HALF_EM = 500;
const CLOSES = 1;
const OPENS = 2;
/** What the code points of the basic plane are as full-width marks: closing ones are blank on the right, opening ones on the left. */
const MARKS = new Uint8Array(0x10000);
for (const mark of codePointsOf("，。、；：？！）》」』】〕”’")) MARKS[mark] = CLOSES;
for (const mark of codePointsOf("（《「『【〔“‘")) MARKS[mark] = OPENS;

/** What a code point is as a full-width mark: 0 when it is none, as nearly all are, which is told without a look into a table. */
export function markOf(codePoint: number): number {
  if (codePoint < 0x2018 || (codePoint > 0x3015 && codePoint < 0xff01) || codePoint > 0xffff) return 0;
  return MARKS[codePoint]!;
}

/** Whether two neighbours have more than one blank half between them, by what `markOf` says of them. */
export function closeUp(before: number, after: number): boolean {
  return before === CLOSES ? after > 0 : before === OPENS && after === OPENS;
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
 * @param smallestLine the text shrinks down to this size before it takes a second line
 */
export function fit(
  text: ShapedText,
  width: number,
  height: number,
  size: number,
  smallest: number,
  smallestLine = size,
): Fit | undefined {
  const whole = text.widthOf(0, text.length);
  if (whole * size <= 1000 * width) return { size, starts: [0, text.length] };
  const asLine = SHRINK_STEP * Math.floor((1000 * width) / whole / SHRINK_STEP);
  if (asLine >= smallestLine) return { size: asLine, starts: [0, text.length] };
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
    if (end < text.length) end = lastBreak(text.codePoint, start, end) ?? end;
    starts.push(end);
    start = end;
  }
  return starts;
}

/** The last place up to `end` where a line may break; one that ties allow, if there is any. */
function lastBreak(codePoint: Uint32Array, start: number, end: number): number | undefined {
  let torn: number | undefined;
  for (let at = end; at > start; at--) {
    if (!mayBreak(codePoint[at - 1]!, codePoint[at]!)) continue;
    if (!isTied(codePoint, at)) return at;
    torn ??= at;
  }
  return torn;
}

const SPACE = 0x20;
const [YEAR, MONTH, PIECE, TEN_THOUSAND, HUNDRED_MILLION, YUAN] = codePointsOf("年月个万亿元");
const NEVER_FIRST = new Set(codePointsOf(" 　，。、；：？！）》」』】〕”’％·—～,.;:?!)%"));
const NEVER_LAST = new Set(codePointsOf("（《「『【〔“‘￥¥("));

function mayBreak(before: number, after: number): boolean {
  if (NEVER_FIRST.has(after) || NEVER_LAST.has(before)) return false;
  return !(belongsToWord(before) && belongsToWord(after));
}

/** Whether a break would part a date, or a number from what it counts: 2026年12月, 136 个月, 30 万元. */
function isTied(codePoint: Uint32Array, at: number): boolean {
  const before = codePoint[at - 1]!;
  const after = codePoint[at]!;
  if (isDigit(before)) return isHan(after);
  if (before === SPACE) return isDigit(codePoint[at - 2]) && isHan(after);
  if (before === YEAR || before === MONTH) return isDigit(after) && isDigit(codePoint[at - 2]);
  if (before !== PIECE && !((before === TEN_THOUSAND || before === HUNDRED_MILLION) && after === YUAN)) return false;
  return isDigit(codePoint[at - 2]) || (codePoint[at - 2] === SPACE && isDigit(codePoint[at - 3]));
}

function isDigit(codePoint: number | undefined): boolean {
  return codePoint !== undefined && codePoint >= 0x30 && codePoint <= 0x39;
}

function isHan(codePoint: number): boolean {
  return codePoint >= 0x3400 && codePoint <= 0x9fff;
}

/** Latin letters, digits and what stands inside numbers, codes and addresses. */
function belongsToWord(codePoint: number): boolean {
  return codePoint > 0x20 && codePoint < 0x7f;
}

function codePointsOf(characters: string): number[] {
  return Array.from(characters, (character) => character.codePointAt(0)!);
}
