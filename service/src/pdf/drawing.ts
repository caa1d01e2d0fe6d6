// A drawn certificate that waits for its seal. Everything is there except the signature itself: its place, the byte range
// around it and the start of the cross-reference table depend on how long the signature will be, which the signer knows.

import type { Hash } from "node:crypto";

export interface Drawing {
  /** SHA-256 of the template's prefix, to be copied before use */
  readonly prefixHash: Hash;
  readonly prefixLength: number;
  /** from the end of the prefix to the key `/Contents` of the signature dictionary, which is the last object */
  readonly body: Uint8Array;
  /** where `body` has room for the three numbers of the byte range that are not known yet */
  readonly byteRangeAt: number;
  /** from the end of the signature value to the keyword `startxref` */
  readonly closing: Uint8Array;
}

/** Room for three numbers of up to ten digits and the spaces between them. */
export const BYTE_RANGE_ROOM = 32;
/** What `closing` starts with; the cross-reference table follows it. */
export const END_OF_SIGNATURE = ">>\nendobj\n";

/** A drawing with room for a signature of known length. */
export interface OpenDrawing {
  /** what follows the prefix; the signature's digits are still to be written */
  readonly suffix: Buffer;
  /** where the hexadecimal digits go in the suffix */
  readonly contentsAt: number;
  /** SHA-256 of all bytes of the file but the signature value: prefix, body and closing */
  readonly digest: Buffer;
}

/**
 * Lays out the suffix around a signature value of so many hexadecimal digits and computes what is to be signed. The drawing
 * itself stays as it is and can be opened again.
 */
export function openForSignature(drawing: Drawing, contentsDigits: number): OpenDrawing {
  const { body, closing, prefixLength } = drawing;
  const gap = contentsDigits + 2;
  const crossReferenceAt = prefixLength + body.length + gap + END_OF_SIGNATURE.length;
  const end = `${crossReferenceAt}\n%%EOF\n`;
  const suffix = Buffer.allocUnsafeSlow(body.length + gap + closing.length + end.length);
  suffix.set(body, 0);
  suffix[body.length] = 0x3c; // <
  const afterGap = body.length + gap;
  suffix[afterGap - 1] = 0x3e; // >
  suffix.set(closing, afterGap);
  suffix.write(end, afterGap + closing.length, "latin1");
  const range = `${prefixLength + body.length} ${prefixLength + afterGap} ${suffix.length - afterGap}`;
  suffix.write(range, drawing.byteRangeAt, "latin1");
  const digest = drawing.prefixHash
    .copy()
    .update(suffix.subarray(0, body.length))
    .update(suffix.subarray(afterGap))
    .digest();
  return { suffix, contentsAt: body.length + 1, digest };
}
