// A QR encoder for one purpose: a short URL followed by a long run of decimal digits, at error correction level M and the
// smallest of versions 1 to 14 that holds them. Everything that does not depend on the data (placement, function patterns,
// mask, format bits, Reed-Solomon table) is computed once for each version. The section numbers are those of ISO/IEC 18004:2015.
//
// The mask is fixed. The standard's best of eight guards against data that looks like a finder or leaves large plain areas;
// our digits are a signed, compressed payload and look random, so that all eight score alike, and choosing would cost more
// than the rest of the encoding.

import { invariant } from "../errors.ts";

/** A square of modules: one bit each, rows padded to whole bytes, most significant bit first, 1 is dark. No quiet zone. */
export interface QrCode {
  readonly version: number;
  /** modules in a row */
  readonly size: number;
  readonly rows: Uint8Array;
}

/** Level M: correction codewords in a block, then count and data codewords of the first and second kind of block (Table 9). */
const BLOCKS: readonly (readonly [number, number, number, number, number])[] = [
  [10, 1, 16, 0, 0],
  [16, 1, 28, 0, 0],
  [26, 1, 44, 0, 0],
  [18, 2, 32, 0, 0],
  [24, 2, 43, 0, 0],
  [16, 4, 27, 0, 0],
  [18, 4, 31, 0, 0],
  [22, 2, 38, 2, 39],
  [22, 3, 36, 2, 37],
  [26, 4, 43, 1, 44],
  [30, 1, 50, 4, 51],
  [22, 6, 36, 2, 37],
  [22, 8, 37, 1, 38],
  [24, 4, 40, 5, 41],
];

/** Centres of the alignment patterns (Annex E). */
const ALIGNMENT: readonly (readonly number[])[] = [
  [],
  [6, 18],
  [6, 22],
  [6, 26],
  [6, 30],
  [6, 34],
  [6, 22, 38],
  [6, 24, 42],
  [6, 26, 46],
  [6, 28, 50],
  [6, 30, 54],
  [6, 32, 58],
  [6, 34, 62],
  [6, 26, 46, 66],
];

export const LARGEST_VERSION = BLOCKS.length;
/** (row + column) mod 3: no rows or columns of one colour, whatever the data */
const MASK = 3;
const LEVEL_M = 0;
const MODE_BYTE = 0b0100;
const MODE_NUMERIC = 0b0001;

interface Layout {
  readonly version: number;
  readonly size: number;
  readonly rowBytes: number;
  readonly dataCodewords: number;
  readonly correction: number;
  /** data codewords of each block */
  readonly blocks: readonly number[];
  /** function patterns and format bits, and the mask where data will come: data is added by exclusive or */
  readonly base: Uint8Array;
  /** for each module of the rows, padding included: which bit of the message it shows; the bit after the last is never set */
  readonly sources: Uint16Array;
  /** for each possible leading byte, its multiple of the generator polynomial, as words from the highest byte on */
  readonly multiples: Int32Array;
}

const layouts: (Layout | undefined)[] = [];

/**
 * Encodes a URL as a byte segment and digits as a numeric segment.
 * @param url ASCII
 * @param digits decimal digits only, may be empty
 * @throws invariant when the content does not fit version 14
 */
export function encodeQr(url: string, digits: string): QrCode {
  const version = smallestVersion(url.length, digits.length);
  invariant(version !== undefined, `QR content too long: ${url.length} bytes and ${digits.length} digits`);
  const layout = (layouts[version] ??= layOut(version));
  const message = interleave(layout, dataCodewords(layout, url, digits));
  // Gathered module by module and without a branch: the bits are random, and a processor would guess wrong every second time.
  const bits = new Uint8Array(8 * message.length + 1);
  for (let i = 0, at = 0; i < message.length; i++, at += 8) {
    const codeword = message[i]!;
    bits[at] = codeword >> 7;
    bits[at + 1] = (codeword >> 6) & 1;
    bits[at + 2] = (codeword >> 5) & 1;
    bits[at + 3] = (codeword >> 4) & 1;
    bits[at + 4] = (codeword >> 3) & 1;
    bits[at + 5] = (codeword >> 2) & 1;
    bits[at + 6] = (codeword >> 1) & 1;
    bits[at + 7] = codeword & 1;
  }
  const { base, sources } = layout;
  const rows = new Uint8Array(base.length);
  for (let i = 0, at = 0; i < rows.length; i++, at += 8) {
    rows[i] =
      base[i]! ^
      ((bits[sources[at]!]! << 7) |
        (bits[sources[at + 1]!]! << 6) |
        (bits[sources[at + 2]!]! << 5) |
        (bits[sources[at + 3]!]! << 4) |
        (bits[sources[at + 4]!]! << 3) |
        (bits[sources[at + 5]!]! << 2) |
        (bits[sources[at + 6]!]! << 1) |
        bits[sources[at + 7]!]!);
  }
  return { version, size: layout.size, rows };
}

/** The smallest version that holds so many bytes and digits; undefined when version 14 does not. */
export function smallestVersion(bytes: number, digits: number): number | undefined {
  for (let version = 1; version <= LARGEST_VERSION; version++) {
    const bits =
      4 + byteCountBits(version) + 8 * bytes + (digits > 0 ? 4 + digitCountBits(version) + digitBits(digits) : 0);
    if (bits <= 8 * dataLength(version)) return version;
  }
  return undefined;
}

/** Ten bits for each three digits, seven for two left over, four for one (§7.4.3). */
function digitBits(digits: number): number {
  return 10 * Math.floor(digits / 3) + [0, 4, 7][digits % 3]!;
}

function byteCountBits(version: number): number {
  return version < 10 ? 8 : 16;
}

function digitCountBits(version: number): number {
  return version < 10 ? 10 : 12;
}

function dataLength(version: number): number {
  const [, first, firstData, second, secondData] = BLOCKS[version - 1]!;
  return first * firstData + second * secondData;
}

/** The bit stream of both segments, terminator and padding (§7.4.9, §7.4.10). */
function dataCodewords(layout: Layout, url: string, digits: string): Uint8Array {
  const bits = new BitWriter(layout.dataCodewords);
  bits.put(MODE_BYTE, 4);
  bits.put(url.length, byteCountBits(layout.version));
  for (let i = 0; i < url.length; i++) {
    const code = url.charCodeAt(i);
    invariant(code < 0x80, "QR address is not ASCII");
    bits.put(code, 8);
  }
  if (digits.length > 0) {
    bits.put(MODE_NUMERIC, 4);
    bits.put(digits.length, digitCountBits(layout.version));
    const whole = digits.length - (digits.length % 3);
    for (let i = 0; i < whole; i += 3) {
      bits.put(100 * digitAt(digits, i) + 10 * digitAt(digits, i + 1) + digitAt(digits, i + 2), 10);
    }
    if (digits.length - whole === 1) bits.put(digitAt(digits, whole), 4);
    if (digits.length - whole === 2) bits.put(10 * digitAt(digits, whole) + digitAt(digits, whole + 1), 7);
  }
  return bits.finish();
}

class BitWriter {
  readonly #codewords: Uint8Array;
  #at = 0;
  #pending = 0;
  #pendingBits = 0;

  constructor(length: number) {
    this.#codewords = new Uint8Array(length);
  }

  put(value: number, bits: number): void {
    this.#pending = ((this.#pending << bits) | value) & 0xffffff;
    this.#pendingBits += bits;
    while (this.#pendingBits >= 8) {
      this.#pendingBits -= 8;
      this.#codewords[this.#at++] = this.#pending >> this.#pendingBits;
    }
  }

  /** Adds the terminator, up to four zero bits, and the padding. */
  finish(): Uint8Array {
    this.put(0, Math.min(4, 8 * (this.#codewords.length - this.#at) - this.#pendingBits));
    if (this.#pendingBits > 0) this.put(0, 8 - this.#pendingBits);
    for (let pad = 0; this.#at < this.#codewords.length; pad++) {
      this.#codewords[this.#at++] = pad % 2 === 0 ? 0xec : 0x11;
    }
    return this.#codewords;
  }
}

function digitAt(digits: string, index: number): number {
  const digit = digits.charCodeAt(index) - 48;
  if (digit < 0 || digit > 9) throw new Error("invariant broken: QR payload has other characters than digits");
  return digit;
}

/** Adds the correction codewords of each block and interleaves the blocks (§7.5, §7.6). */
function interleave(layout: Layout, data: Uint8Array): Uint8Array {
  const { blocks, correction, multiples } = layout;
  const message = new Uint8Array(data.length + correction * blocks.length);
  const longest = blocks.at(-1)!;
  const shorter = blocks.filter((length) => length < longest).length;
  const remainder = new Int32Array(WORDS);
  let start = 0;
  for (let block = 0; block < blocks.length; block++) {
    const length = blocks[block]!;
    // The remainder of the division is a shift register of bytes, four to a word, in variables of its own for speed.
    let [r0, r1, r2, r3, r4, r5, r6, r7] = [0, 0, 0, 0, 0, 0, 0, 0];
    for (let i = 0, at = block; i < length; i++, at += blocks.length) {
      const codeword = data[start + i]!;
      // Rows of all blocks come first; the last row is missing from the shorter blocks.
      message[i < longest - 1 ? at : at - shorter] = codeword;
      const row = (codeword ^ (r0 >>> 24)) * WORDS;
      r0 = ((r0 << 8) | (r1 >>> 24)) ^ multiples[row]!;
      r1 = ((r1 << 8) | (r2 >>> 24)) ^ multiples[row + 1]!;
      r2 = ((r2 << 8) | (r3 >>> 24)) ^ multiples[row + 2]!;
      r3 = ((r3 << 8) | (r4 >>> 24)) ^ multiples[row + 3]!;
      r4 = ((r4 << 8) | (r5 >>> 24)) ^ multiples[row + 4]!;
      r5 = ((r5 << 8) | (r6 >>> 24)) ^ multiples[row + 5]!;
      r6 = ((r6 << 8) | (r7 >>> 24)) ^ multiples[row + 6]!;
      r7 = (r7 << 8) ^ multiples[row + 7]!;
    }
    remainder[0] = r0;
    remainder[1] = r1;
    remainder[2] = r2;
    remainder[3] = r3;
    remainder[4] = r4;
    remainder[5] = r5;
    remainder[6] = r6;
    remainder[7] = r7;
    for (let k = 0, at = data.length + block; k < correction; k++, at += blocks.length) {
      message[at] = remainder[k >> 2]! >>> (24 - 8 * (k & 3));
    }
    start += length;
  }
  return message;
}

/** Words for the correction codewords of a block, of which no version has more than thirty. */
const WORDS = 8;

function layOut(version: number): Layout {
  const size = 17 + 4 * version;
  const rowBytes = (size + 7) >> 3;
  const dark = new Uint8Array(size * size);
  const taken = new Uint8Array(size * size);
  const set = (row: number, column: number, isDark: boolean | number): void => {
    if (row < 0 || column < 0 || row >= size || column >= size) return;
    dark[row * size + column] = isDark ? 1 : 0;
    taken[row * size + column] = 1;
  };
  drawFunctionPatterns(version, size, set, taken);

  // Two columns at a time from the right, upwards and downwards in turn, around the vertical timing pattern (§7.7.3).
  const cells: number[] = [];
  let upwards = true;
  for (let right = size - 1; right > 0; right -= 2) {
    if (right === 6) right = 5;
    for (let step = 0; step < size; step++) {
      const row = upwards ? size - 1 - step : step;
      for (const column of [right, right - 1]) if (!taken[row * size + column]) cells.push(row * size + column);
    }
    upwards = !upwards;
  }
  for (const cell of cells) dark[cell] = (Math.floor(cell / size) + (cell % size)) % 3 === 0 ? 1 : 0;

  const base = new Uint8Array(rowBytes * size);
  const byteAt = (cell: number): number => Math.floor(cell / size) * rowBytes + ((cell % size) >> 3);
  const bitAt = (cell: number): number => 0x80 >> ((cell % size) & 7);
  for (let cell = 0; cell < dark.length; cell++) if (dark[cell]) base[byteAt(cell)]! |= bitAt(cell);

  const [correction, first, firstData, second, secondData] = BLOCKS[version - 1]!;
  const blocks = [...Array<number>(first).fill(firstData), ...Array<number>(second).fill(secondData)];
  return {
    version,
    size,
    rowBytes,
    dataCodewords: dataLength(version),
    correction,
    blocks,
    base,
    sources: sourcesOf(cells, size, rowBytes),
    multiples: generatorMultiples(correction),
  };
}

function sourcesOf(cells: readonly number[], size: number, rowBytes: number): Uint16Array {
  const none = cells.length - (cells.length % 8);
  const sources = new Uint16Array(8 * rowBytes * size).fill(none);
  for (let bit = 0; bit < none; bit++) {
    const cell = cells[bit]!;
    sources[8 * rowBytes * Math.floor(cell / size) + (cell % size)] = bit;
  }
  return sources;
}

function drawFunctionPatterns(
  version: number,
  size: number,
  set: (row: number, column: number, dark: boolean | number) => void,
  taken: Uint8Array,
): void {
  for (let i = 0; i < size; i++) {
    set(6, i, i % 2 === 0);
    set(i, 6, i % 2 === 0);
  }
  for (const [top, left] of [
    [3, 3],
    [3, size - 4],
    [size - 4, 3],
  ] as const) {
    for (let row = -4; row <= 4; row++) {
      for (let column = -4; column <= 4; column++) {
        const ring = Math.max(Math.abs(row), Math.abs(column));
        set(top + row, left + column, ring !== 2 && ring !== 4);
      }
    }
  }
  const centres = ALIGNMENT[version - 1]!;
  const last = centres.at(-1);
  for (const row of centres) {
    for (const column of centres) {
      // Not where a finder stands.
      if ((row === 6 && (column === 6 || column === last)) || (row === last && column === 6)) continue;
      for (let dr = -2; dr <= 2; dr++) {
        for (let dc = -2; dc <= 2; dc++) set(row + dr, column + dc, Math.max(Math.abs(dr), Math.abs(dc)) !== 1);
      }
    }
  }
  // Format: level and mask with their check bits, twice (§7.9).
  const format = withCheckBits((LEVEL_M << 3) | MASK, 10, 0b10100110111) ^ 0b101010000010010;
  for (let i = 0; i < 15; i++) {
    const bit = (format >> i) & 1;
    if (i < 6) set(i, 8, bit);
    else if (i < 8) set(i + 1, 8, bit);
    else if (i === 8) set(8, 7, bit);
    else set(8, 14 - i, bit);
    if (i < 8) set(8, size - 1 - i, bit);
    else set(size - 15 + i, 8, bit);
  }
  set(size - 8, 8, true);
  // Version, twice (§7.10).
  if (version >= 7) {
    const bits = withCheckBits(version, 12, 0b1111100100101);
    for (let i = 0; i < 18; i++) {
      set(Math.floor(i / 3), size - 11 + (i % 3), (bits >> i) & 1);
      set(size - 11 + (i % 3), Math.floor(i / 3), (bits >> i) & 1);
    }
  }
  invariant(taken[8 * size + 8], "QR function patterns are incomplete");
}

/** Appends the remainder of a division by a generator: the BCH codes of format and version (Annex C, Annex D). */
function withCheckBits(value: number, checkBits: number, generator: number): number {
  let remainder = value << checkBits;
  const degree = 31 - Math.clz32(generator);
  while (remainder > 0 && 31 - Math.clz32(remainder) >= degree) {
    remainder ^= generator << (31 - Math.clz32(remainder) - degree);
  }
  return (value << checkBits) | remainder;
}

/** Multiples of the generator polynomial over GF(256) with the polynomial 0x11d (§7.5.2). */
function generatorMultiples(correction: number): Int32Array {
  const power = new Uint8Array(255);
  const logarithm = new Uint8Array(256);
  for (let i = 0, value = 1; i < 255; i++) {
    power[i] = value;
    logarithm[value] = i;
    value = value & 0x80 ? (value << 1) ^ 0x11d : value << 1;
  }
  const multiply = (a: number, b: number): number =>
    a === 0 || b === 0 ? 0 : power[(logarithm[a]! + logarithm[b]!) % 255]!;
  let generator = [1];
  for (let i = 0; i < correction; i++) {
    const next = [...generator, 0];
    for (let k = 0; k < generator.length; k++) next[k + 1]! ^= multiply(generator[k]!, power[i]!);
    generator = next;
  }
  const multiples = new Int32Array(256 * WORDS);
  for (let byte = 0; byte < 256; byte++) {
    for (let k = 0; k < correction; k++) {
      multiples[byte * WORDS + (k >> 2)]! |= multiply(byte, generator[k + 1]!) << (24 - 8 * (k & 3));
    }
  }
  return multiples;
}
