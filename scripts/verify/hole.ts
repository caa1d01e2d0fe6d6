// A /ByteRange and the hole that it leaves for /Contents (FORMAT.md §9, 1): of the seal and of document time-stamps alike.
import { derLength } from "./der.ts";
import { demand } from "./outcome.ts";

export interface Hole {
  /** place of the `<` of /Contents */
  start: number;
  /** place behind its `>` */
  end: number;
  /** what the range covers ends here */
  covers: number;
}

/** Reads the range at a key's slash. @param code reason when it is spelled otherwise or leaves no hole */
export function readHole(source: string, at: number, code: string): Hole {
  const expression = /\/ByteRange ?\[0 ([1-9]\d{0,9}) ([1-9]\d{0,9}) ([1-9]\d{0,9}) *\]/y;
  expression.lastIndex = at;
  const found = expression.exec(source);
  demand(found, code);
  const [start, end, rest] = [Number(found[1]), Number(found[2]), Number(found[3])];
  demand(start + 2 <= end && source[start] === "<" && source[end - 1] === ">", code);
  return { start, end, covers: end + rest };
}

/** The DER in the hole: lower-case digits, then zeros only. @param notDer reason when it begins with no DER value */
export function readHoleContents(source: string, { start, end }: Hole, notDer: string): Uint8Array {
  const digits = source.slice(start + 1, end - 1);
  demand(digits.length > 0 && digits.length % 2 === 0 && /^[0-9a-f]*$/.test(digits), "contents-wrong");
  const contents = Buffer.from(digits, "hex");
  const length = derLength(contents);
  demand(length !== null, notDer);
  demand(length <= contents.length, "contents-wrong");
  demand(
    contents.subarray(length).every((byte) => byte === 0),
    "padding-not-zero",
  );
  return contents.subarray(0, length);
}
