// The little of CBOR (RFC 8949, deterministic encoding of §4.2) that the QR summary needs: whole numbers, bytes, text,
// arrays and maps with whole-number keys. The reader accepts only what the writer would have written.
import { FormatError, concat, equal, fromUtf8, utf8 } from "./bytes.ts";

export type Cbor = number | string | Uint8Array | readonly Cbor[] | ReadonlyMap<number, Cbor>;

function head(major: number, value: number): Uint8Array {
  if (!Number.isSafeInteger(value) || value < 0) throw new FormatError("CBOR here holds whole numbers below 2^53 only");
  if (value < 24) return Uint8Array.of((major << 5) | value);
  if (value < 0x100) return Uint8Array.of((major << 5) | 24, value);
  if (value < 0x10000) return Uint8Array.of((major << 5) | 25, value >> 8, value & 255);
  const out = new Uint8Array(value < 2 ** 32 ? 5 : 9);
  out[0] = (major << 5) | (value < 2 ** 32 ? 26 : 27);
  if (value < 2 ** 32) new DataView(out.buffer).setUint32(1, value);
  else new DataView(out.buffer).setBigUint64(1, BigInt(value));
  return out;
}

/** Deterministic bytes of a value; map keys in ascending order (the order of the reader, so of the writer). */
export function encodeCbor(value: Cbor): Uint8Array {
  if (typeof value === "number") {
    if (!Number.isSafeInteger(value)) throw new FormatError("CBOR here holds whole numbers below 2^53 only");
    return value < 0 ? head(1, -1 - value) : head(0, value);
  }
  if (typeof value === "string") {
    if (!value.isWellFormed()) throw new FormatError("a text in CBOR is well-formed Unicode");
    const bytes = utf8(value);
    return concat(head(3, bytes.length), bytes);
  }
  if (value instanceof Uint8Array) return concat(head(2, value.length), value);
  if (value instanceof Map) {
    const entries = [...(value as Map<number, Cbor>)].map(([key, item]) => ({ key: encodeCbor(key), item }));
    entries.sort((a, b) => compare(a.key, b.key));
    return concat(head(5, entries.length), ...entries.flatMap(({ key, item }) => [key, encodeCbor(item)]));
  }
  const items = value as readonly Cbor[];
  return concat(head(4, items.length), ...items.map(encodeCbor));
}

function compare(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
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
