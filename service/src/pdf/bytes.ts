// A growing buffer that the assembler writes PDF syntax into. One writer is reused for many documents, so that drawing a
// certificate allocates its result and little else.

const HEX = Buffer.from("0123456789abcdef", "latin1");
/** From this length on the native copy is faster than a loop. */
const LONG = 32;

export class ByteWriter {
  #bytes: Buffer;
  #length = 0;

  constructor(capacity = 1 << 16) {
    this.#bytes = Buffer.allocUnsafeSlow(capacity);
  }

  /** how many bytes have been written */
  get length(): number {
    return this.#length;
  }

  /** Forgets everything written; the memory is kept. */
  clear(): void {
    this.#length = 0;
  }

  /** Writes Latin-1 text, which all PDF syntax is. */
  text(text: string): this {
    this.#reserve(text.length);
    if (text.length >= LONG) {
      this.#length += this.#bytes.write(text, this.#length, "latin1");
      return this;
    }
    const bytes = this.#bytes;
    const at = this.#length;
    for (let i = 0; i < text.length; i++) bytes[at + i] = text.charCodeAt(i);
    this.#length = at + text.length;
    return this;
  }

  bytes(bytes: Uint8Array): this {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    return this;
  }

  /** Writes bytes as lower-case hexadecimal digits. */
  hex(bytes: Uint8Array): this {
    this.#reserve(2 * bytes.length);
    for (let i = 0; i < bytes.length; i++) {
      const byte = bytes[i]!;
      this.#bytes[this.#length++] = HEX[byte >> 4]!;
      this.#bytes[this.#length++] = HEX[byte & 15]!;
    }
    return this;
  }

  /** Writes a number below 65,536 as four hexadecimal digits. */
  hex16(value: number): this {
    this.#reserve(4);
    this.#putHex16(value);
    return this;
  }

  /** Writes character codes from `start` to before `end` as the inside of a text in round brackets, two bytes each. */
  codes(values: Uint16Array, start: number, end: number): this {
    this.#reserve(4 * (end - start));
    for (let i = start; i < end; i++) {
      this.#putInText(values[i]! >> 8);
      this.#putInText(values[i]! & 255);
    }
    return this;
  }

  /** Makes room for so many bytes, so that `code` need not ask. */
  reserve(bytes: number): void {
    this.#reserve(bytes);
  }

  /** Writes one character code as `codes` does, into room that was reserved: four bytes at most. */
  code(code: number): void {
    this.#putInText(code >> 8);
    this.#putInText(code & 255);
  }

  /** Forgets what was written after a place. */
  cutTo(length: number): void {
    this.#length = length;
  }

  /** Writes a whole number with leading zeros. */
  padded(value: number, digits: number): this {
    this.#reserve(digits);
    let left = value;
    for (let at = this.#length + digits - 1; at >= this.#length; at--) {
      this.#bytes[at] = 0x30 + (left % 10);
      left = Math.floor(left / 10);
    }
    this.#length += digits;
    return this;
  }

  /** Writes a code point as UTF-16BE in hexadecimal digits: four, or eight outside the basic plane. */
  utf16(codePoint: number): this {
    if (codePoint < 0x10000) return this.hex16(codePoint);
    this.hex16(0xd800 + ((codePoint - 0x10000) >> 10));
    return this.hex16(0xdc00 + ((codePoint - 0x10000) & 0x3ff));
  }

  /** Leaves room for text that is not known yet, filled with spaces, and returns where it starts. */
  room(length: number): number {
    this.#reserve(length);
    const at = this.#length;
    this.#bytes.fill(0x20, at, at + length);
    this.#length += length;
    return at;
  }

  /** Writes text over what stands at a place, which the caller left as room. */
  patch(at: number, text: string): void {
    this.#bytes.write(text, at, "latin1");
  }

  /** What has been written, valid until the next write. */
  view(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  /** A copy of what has been written. */
  copy(): Buffer {
    const copy = Buffer.allocUnsafeSlow(this.#length);
    this.#bytes.copy(copy, 0, 0, this.#length);
    return copy;
  }

  /** Brackets and the escape itself must be escaped; a bare carriage return would be read as a line feed. */
  #putInText(byte: number): void {
    if (byte === 0x28 || byte === 0x29 || byte === 0x5c) this.#bytes[this.#length++] = 0x5c;
    else if (byte === 0x0d) {
      this.#bytes[this.#length++] = 0x5c;
      byte = 0x72;
    }
    this.#bytes[this.#length++] = byte;
  }

  #putHex16(value: number): void {
    const bytes = this.#bytes;
    const at = this.#length;
    bytes[at] = HEX[(value >> 12) & 15]!;
    bytes[at + 1] = HEX[(value >> 8) & 15]!;
    bytes[at + 2] = HEX[(value >> 4) & 15]!;
    bytes[at + 3] = HEX[value & 15]!;
    this.#length = at + 4;
  }

  #reserve(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(needed, 2 * this.#bytes.length));
    this.#bytes.copy(larger, 0, 0, this.#length);
    this.#bytes = larger;
  }
}

/** A number as PDF syntax: at most two decimals, no exponent. Two decimals of a point are 3.5 micrometres. */
export function number(value: number): string {
  return String(Math.round(value * 100) / 100);
}

/** A text string for a dictionary: UTF-16BE with its mark, in hexadecimal (PDF 32000-1 §7.9.2.2). */
export function textString(text: string): string {
  return `<feff${Buffer.from(text, "utf16le").swap16().toString("hex")}>`;
}

/** A date in Beijing time as PDF writes it: `(D:20261121093000+08'00')` (PDF 32000-1 §7.9.4). */
export function dateString(date: Date): string {
  const beijing = new Date(date.getTime() + 8 * 3600_000).toISOString();
  return `(D:${beijing.slice(0, 19).replace(/[-T:]/g, "")}+08'00')`;
}
