// How the contracts name things: a code or a kind in ASCII, left-aligned in 32 bytes.
import { invariant } from "../errors.ts";

const centreCode = /^C[0-9]{5}$/;

/** "C46010" or "log" as 0x and the hex of 32 bytes. A text that is not 1 to 32 printable ASCII characters is a bug. */
export function toWord(text: string): string {
  invariant(/^[\x20-\x7e]{1,32}$/.test(text), "a word on the chain is 1 to 32 printable ASCII characters");
  return `0x${Buffer.from(text, "ascii").toString("hex").padEnd(64, "0")}`;
}

/** The text in 32 bytes of hex, or undefined when it is not printable ASCII filled up with zeros. */
export function fromWord(word: string): string | undefined {
  const match = /^0x((?:[2-7][0-9a-f]){1,32})(?:00)*$/.exec(word.toLowerCase());
  if (!match || word.length !== 66) return undefined;
  const text = Buffer.from(match[1]!, "hex").toString("ascii");
  return /^[\x20-\x7e]+$/.test(text) ? text : undefined;
}

/** The centre's code in 32 bytes of hex, or undefined when it is no centre's code. */
export function toCentreCode(word: string): string | undefined {
  const text = fromWord(word);
  return text !== undefined && centreCode.test(text) ? text : undefined;
}
