// What a level adds to a file is mostly the same in many files: certificates and revocation lists, as bytes in streams and in
// tokens, or as hexadecimal digits in /Contents. They are kept once, and what is kept for each file names them.
//
// The packed form is a version byte and then pieces, each a byte that says how it is meant and a number (LEB128):
// 0 so many bytes follow as they are, 1 the blob of this number, 2 the same as hexadecimal digits, 3 so many digits 0,
// 4 so many bytes follow that stand for twice as many digits.

import { invariant } from "../errors.ts";

export interface Blob {
  /** 0 or more */
  readonly id: number;
  readonly bytes: Uint8Array;
}

const VERSION = 1;
const [PLAIN, BLOB, BLOB_DIGITS, ZEROS, DIGITS] = [0, 1, 2, 3, 4] as const;
/** Shorter runs are not worth a piece of their own. */
const SHORTEST_ZEROS = 24;
const SHORTEST_DIGITS = 64;

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly kind: number;
  readonly value: number;
}

/** Packs bytes. `unpack` with the same blobs gives them back. */
export function pack(bytes: Uint8Array, blobs: readonly Blob[]): Buffer {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const found: Piece[] = [];
  for (const blob of blobs) {
    if (blob.bytes.length < SHORTEST_ZEROS) continue;
    const plain = Buffer.from(blob.bytes);
    found.push(...occurrences(source, plain, BLOB, blob.id));
    found.push(...occurrences(source, Buffer.from(plain.toString("hex"), "latin1"), BLOB_DIGITS, blob.id));
  }
  const pieces = withoutOverlaps(found);
  const out: Buffer[] = [Buffer.from([VERSION])];
  let at = 0;
  for (const { start, end, kind, value } of pieces) {
    packPlain(out, source.subarray(at, start));
    out.push(piece(kind, value));
    at = end;
  }
  packPlain(out, source.subarray(at));
  const packed = Buffer.concat(out);
  const known = new Map(blobs.map(({ id, bytes: der }) => [id, der]));
  invariant(unpack(packed, (id) => known.get(id)).equals(source), "what was packed is given back");
  return packed;
}

function occurrences(source: Buffer, pattern: Buffer, kind: number, value: number): Piece[] {
  const found: Piece[] = [];
  for (let at = source.indexOf(pattern); at >= 0; at = source.indexOf(pattern, at + pattern.length))
    found.push({ start: at, end: at + pattern.length, kind, value });
  return found;
}

/** Of pieces that overlap, the one that begins first stays. */
function withoutOverlaps(pieces: readonly Piece[]): Piece[] {
  let end = 0;
  return pieces
    .toSorted((a, b) => a.start - b.start || b.end - a.end)
    .filter((one) => {
      if (one.start < end) return false;
      end = one.end;
      return true;
    });
}

/** Digits and zeros are looked for between the blobs. */
function packPlain(out: Buffer[], bytes: Buffer): void {
  const text = bytes.toString("latin1");
  let at = 0;
  const plain = (end: number) => {
    if (end > at) out.push(piece(PLAIN, end - at), bytes.subarray(at, end));
  };
  const runs = new RegExp(
    `0{${SHORTEST_ZEROS},}|(?:[0-9a-f]{2}){${SHORTEST_DIGITS / 2},}?(?=0{${SHORTEST_ZEROS}}|[^0-9a-f]|[0-9a-f][^0-9a-f]|$)`,
    "g",
  );
  for (const match of text.matchAll(runs)) {
    plain(match.index);
    const run = match[0];
    if (/^0+$/.test(run)) out.push(piece(ZEROS, run.length));
    else out.push(piece(DIGITS, run.length / 2), Buffer.from(run, "hex"));
    at = match.index + run.length;
  }
  plain(bytes.length);
}

function piece(kind: number, value: number): Buffer {
  const bytes = [kind];
  let left = value;
  for (; left > 0x7f; left = Math.floor(left / 128)) bytes.push((left % 128) | 0x80);
  bytes.push(left);
  return Buffer.from(bytes);
}

/** Numbers of the blobs that packed bytes name. */
export function blobsIn(packed: Uint8Array): number[] {
  return [
    ...new Set([...piecesOf(packed)].filter(({ kind }) => kind === BLOB || kind === BLOB_DIGITS).map((p) => p.value)),
  ];
}

/** @throws invariant when a blob is missing, or the bytes are not packed */
export function unpack(packed: Uint8Array, blob: (id: number) => Uint8Array | undefined): Buffer {
  const out: Buffer[] = [];
  for (const { kind, value, content } of piecesOf(packed)) {
    if (kind === PLAIN) out.push(content);
    else if (kind === ZEROS) out.push(Buffer.alloc(value, "0", "latin1"));
    else if (kind === DIGITS) out.push(Buffer.from(content.toString("hex"), "latin1"));
    else {
      const bytes = blob(value);
      invariant(bytes, `what is kept under ${value} is missing`);
      out.push(kind === BLOB ? Buffer.from(bytes) : Buffer.from(Buffer.from(bytes).toString("hex"), "latin1"));
    }
  }
  return Buffer.concat(out);
}

function* piecesOf(bytes: Uint8Array): Generator<{ kind: number; value: number; content: Buffer }> {
  const packed = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  invariant(packed[0] === VERSION, "packed in another version");
  for (let at = 1; at < packed.length;) {
    const kind = packed[at++]!;
    invariant(kind <= DIGITS, "an unknown piece");
    let value = 0;
    for (let factor = 1, byte = 0x80; byte & 0x80; factor *= 128) {
      byte = packed[at++] ?? 0;
      value += (byte & 0x7f) * factor;
    }
    const length = kind === PLAIN || kind === DIGITS ? value : 0;
    invariant(at + length <= packed.length, "a piece ends too early");
    yield { kind, value, content: packed.subarray(at, at + length) };
    at += length;
  }
}
