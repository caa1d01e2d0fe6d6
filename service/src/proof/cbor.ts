// The little of CBOR (RFC 8949, deterministic encoding of §4.2) that the QR summary needs: whole numbers, bytes, text,
// arrays and maps with whole-number keys. The reader accepts only what the writer would have written.
import { FormatError, equal, fromUtf8, utf8 } from "./bytes.ts";

export type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number, Cbor>;

/** Bytes on their way: as small as a summary's, twice as large whenever they do not suffice. */
class Writer {
  #bytes = new Uint8Array(512);
  #at = 0;

  head(major: number, value: number): void {
    if (!Number.isSafeInteger(value) || value < 0)
      throw new FormatError("CBOR here holds whole numbers below 2^53 only");
    const type = major << 5;
    if (value < 24) return this.#number(type | value, 0, value);
    if (value < 0x100) return this.#number(type | 24, 1, value);
    if (value < 0x10000) return this.#number(type | 25, 2, value);
    if (value < 2 ** 32) return this.#number(type | 26, 4, value);
    this.#number(type | 27, 4, Math.floor(value / 2 ** 32));
    this.#digits(4, value % 2 ** 32);
  }

  bytes(value: Uint8Array): void {
    this.#room(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  written(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #number(first: number, length: number, value: number): void {
    this.#digits(1, first);
    if (length > 0) this.#digits(length, value);
  }

  #digits(length: number, value: number): void {
    this.#room(length);
    for (let i = length - 1; i >= 0; i--) {
      this.#bytes[this.#at + i] = value % 256;
      value = Math.floor(value / 256);
    }
    this.#at += length;
  }

  #room(length: number): void {
    if (this.#at + length <= this.#bytes.length) return;
    const grown = new Uint8Array(2 * (this.#at + length));
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}

/** Deterministic bytes of a value; map keys in ascending order (the order of the reader, so of the writer). */
export function encodeCbor(value: Cbor): Uint8Array {
  const writer = new Writer();
  write(writer, value);
  return writer.written();
}

function write(writer: Writer, value: Cbor): void {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new FormatError("CBOR here holds whole numbers below 2^53 only");
    return value < 0 ? writer.head(1, -1 - value) : writer.head(0, value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new FormatError("a text in CBOR is well-formed Unicode");
    const bytes = utf8(value);
    writer.head(3, bytes.length);
    return writer.bytes(bytes);
  }
  if (value instanceof Uint8Array) {
    writer.head(2, value.length);
    return writer.bytes(value);
  }
  if (value instanceof Map) {
    const entries = [...(value as Map<number, Cbor>)].sort(([a], [b]) => order(a, b));
    writer.head(5, entries.length);
    for (const [key, item] of entries) {
      write(writer, key);
      write(writer, item);
    }
    return;
  }
  const items = value as readonly Cbor[];
  writer.head(4, items.length);
  for (const item of items) write(writer, item);
}

/** Whole-number keys in the order of their bytes: from 0 up, then from -1 down. */
function order(a: number, b: number): number {
  return a < 0 === b < 0 ? Math.abs(a) - Math.abs(b) : b - a;
}

/** Reads exactly one value; anything that is not its deterministic encoding is refused. */
export function decodeCbor(bytes: Uint8Array): Cbor {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (length > bytes.length - at) throw new FormatError("CBOR is cut short");
    at += length;
    return bytes.subarray(at - length, at);
  };
  const argument = (info: number): number => {
    if (info < 24) return info;
    if (info > 27) throw new FormatError("CBOR of indefinite length");
    return take(2 ** (info - 24)).reduce((sum, byte) => sum * 256 + byte, 0);
  };
  const read = (depth: number): Cbor => {
    if (depth > 8) throw new FormatError("CBOR is nested too deeply");
    const first = take(1)[0]!;
    const value = argument(first & 31);
    if (!Number.isSafeInteger(value)) throw new FormatError("CBOR number beyond 2^53");
    switch (first >> 5) {
      case 0:
        return value;
      case 1:
        if (value === Number.MAX_SAFE_INTEGER) throw new FormatError("CBOR number beyond 2^53");
        return -1 - value;
      case 2:
        return take(value).slice();
      case 3:
        return fromUtf8(take(value));
      case 4: {
        if (value > bytes.length) throw new FormatError("CBOR is cut short");
        return Array.from({ length: value }, () => read(depth + 1));
      }
      case 5: {
        const map = new Map<number, Cbor>();
        if (value > bytes.length) throw new FormatError("CBOR is cut short");
        for (let i = 0; i < value; i++) {
          const key = read(depth + 1);
          if (typeof key !== "number" || map.has(key)) throw new FormatError("CBOR map key");
          map.set(key, read(depth + 1));
        }
        return map;
      }
      default:
        throw new FormatError("CBOR of a kind that is not used here");
    }
  };
  const value = read(0);
  if (at !== bytes.length) throw new FormatError("bytes after the CBOR");
  if (!equal(encodeCbor(value), bytes)) throw new FormatError("CBOR in another spelling than the deterministic one");
  return value;
}
