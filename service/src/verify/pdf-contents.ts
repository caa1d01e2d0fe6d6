// FORMAT.md §9.1: /ByteRange and /Contents, in the one form in which the seal and the document time-stamps have them.
import { firstDer } from "./der.ts";
import { CheckFailed } from "./verdict.ts";

/** Hexadecimal digits that /Contents may have. */
const longestContents = 131_072;

export interface ByteRange {
  /** the byte `<` of /Contents, and the byte after its `>` */
  open: number;
  close: number;
  /** the byte after the last one that it covers */
  end: number;
}

/** Reads `[0 a b c]` at this place. @throws CheckFailed */
export function readByteRange(bytes: Uint8Array, at: number): ByteRange {
  const text = String.fromCharCode(...bytes.subarray(at, at + 64));
  const match = /^\[0 ([1-9][0-9]{0,8}) ([1-9][0-9]{0,8}) ([1-9][0-9]{0,8}) *\]/.exec(text);
  if (!match) throw new CheckFailed("byte-range-wrong", { what: "form" });
  const [open, close, rest] = match.slice(1).map(Number) as [number, number, number];
  return { open, close, end: close + rest };
}

/**
 * The digits between the brackets: a DER value, then zeros. Lower case, for they have one spelling only.
 * @throws CheckFailed
 */
export function readContents(bytes: Uint8Array, { open, close }: ByteRange): Uint8Array {
  if (bytes[open] !== 0x3c || bytes[close - 1] !== 0x3e)
    throw new CheckFailed("byte-range-wrong", { what: "brackets" });
  const length = close - open - 2;
  if (length % 2 !== 0 || length > longestContents) throw new CheckFailed("contents-wrong", { what: "length" });
  const content = new Uint8Array(length / 2);
  for (let i = 0; i < content.length; i++) {
    const high = digit(bytes[open + 1 + 2 * i]!);
    const low = digit(bytes[open + 2 + 2 * i]!);
    if (high < 0 || low < 0) throw new CheckFailed("contents-wrong", { what: "digits" });
    content[i] = high * 16 + low;
  }
  const value = firstDer(content).whole;
  if (content.subarray(value.length).some((byte) => byte !== 0)) throw new CheckFailed("padding-not-zero");
  return value;
}

function digit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  return byte >= 0x61 && byte <= 0x66 ? byte - 0x57 : -1;
}
