// FORMAT.md §5: the Merkle tree of RFC 9162 §2.1 over SHA-256, as pure functions.
//
// A tree of any size is made of complete subtrees. `HashReader` gives the root of one: the subtree at `level` l and
// `index` i covers the 2^l leaves from i·2^l. Everything below needs nothing else, so the log may keep them as tiles,
// and a client may fetch only the tiles that it needs.
import { sha256 } from "./sha256.ts";
import { equal } from "./bytes.ts";

export type HashReader = (level: number, index: number) => Uint8Array;

/** The root of the empty tree. */
export const emptyRoot: Uint8Array = sha256(new Uint8Array(0));

/** Leaf hash: SHA-256(0x00 ‖ entry). */
export function leafHash(entry: Uint8Array): Uint8Array {
  const input = new Uint8Array(1 + entry.length);
  input.set(entry, 1);
  return sha256(input);
}

/** Node hash: SHA-256(0x01 ‖ left ‖ right). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const input = new Uint8Array(65);
  input[0] = 1;
  input.set(left, 1);
  input.set(right, 33);
  return sha256(input);
}

/** The complete subtrees, left to right, that make up the leaves [start, end). */
function subtrees(start: number, end: number): { level: number; index: number }[] {
  const out: { level: number; index: number }[] = [];
  let at = start;
  while (at < end) {
    let level = 0;
    while (at % 2 ** (level + 1) === 0 && at + 2 ** (level + 1) <= end) level++;
    out.push({ level, index: at / 2 ** level });
    at += 2 ** level;
  }
  return out;
}

/** Root of the tree over the leaves [start, end), where `start` begins a subtree that RFC 9162 makes there. */
function rangeRoot(start: number, end: number, read: HashReader): Uint8Array {
  const hashes = subtrees(start, end).map(({ level, index }) => read(level, index));
  return hashes.reduceRight((right, left) => nodeHash(left, right));
}

/** Root of the first `size` leaves. */
export function rootOf(size: number, read: HashReader): Uint8Array {
  return size === 0 ? emptyRoot : rangeRoot(0, size, read);
}

/** The largest power of two smaller than n (n > 1). */
function split(n: number): number {
  let k = 1;
  while (2 * k < n) k *= 2;
  return k;
}

/** Inclusion proof of leaf `index` in the tree of `size` leaves (RFC 9162 §2.1.3.1), from the leaf upward. */
export function inclusionProof(index: number, size: number, read: HashReader): Uint8Array[] {
  if (!(Number.isSafeInteger(index) && index >= 0 && index < size)) throw new RangeError("leaf outside the tree");
  const path: Uint8Array[] = [];
  let start = 0;
  let end = size;
  while (end - start > 1) {
    const middle = start + split(end - start);
    if (index < middle) {
      path.push(rangeRoot(middle, end, read));
      end = middle;
    } else {
      path.push(rangeRoot(start, middle, read));
      start = middle;
    }
  }
  return path.toReversed();
}

/** Consistency proof between the trees of `from` and `to` leaves (RFC 9162 §2.1.4.1). */
export function consistencyProof(from: number, to: number, read: HashReader): Uint8Array[] {
  if (!(Number.isSafeInteger(from) && from >= 1 && from <= to)) throw new RangeError("no such pair of trees");
  const proof: Uint8Array[] = [];
  let start = 0;
  let end = to;
  let complete = true;
  while (from !== end) {
    const middle = start + split(end - start);
    if (from <= middle) {
      proof.push(rangeRoot(middle, end, read));
      end = middle;
    } else {
      proof.push(rangeRoot(start, middle, read));
      start = middle;
      complete = false;
    }
  }
  if (!complete) proof.push(rangeRoot(start, end, read));
  return proof.toReversed();
}

/** RFC 9162 §2.1.3.2: does `proof` lead from `hash` at `index` to `root` of a tree of `size` leaves? */
export function verifyInclusion(
  hash: Uint8Array,
  index: number,
  size: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): boolean {
  if (!(Number.isSafeInteger(index) && Number.isSafeInteger(size) && index >= 0 && index < size)) return false;
  let node = index;
  let last = size - 1;
  let at = hash;
  for (const sibling of proof) {
    if (sibling.length !== 32 || last === 0) return false;
    if (node % 2 === 1 || node === last) {
      at = nodeHash(sibling, at);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      at = nodeHash(at, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(at, root);
}

/** RFC 9162 §2.1.4.2: does `proof` show that the tree (to, toRoot) only adds leaves to the tree (from, fromRoot)? */
export function verifyConsistency(
  from: number,
  fromRoot: Uint8Array,
  to: number,
  toRoot: Uint8Array,
  proof: readonly Uint8Array[],
): boolean {
  if (!(Number.isSafeInteger(from) && Number.isSafeInteger(to) && from >= 0 && from <= to)) return false;
  if (proof.some((hash) => hash.length !== 32)) return false;
  if (from === to) return proof.length === 0 && equal(fromRoot, toRoot);
  if (from === 0) return proof.length === 0 && equal(fromRoot, emptyRoot);
  const isPowerOfTwo = Number.isInteger(Math.log2(from)) && 2 ** Math.round(Math.log2(from)) === from;
  const path = isPowerOfTwo ? [fromRoot, ...proof] : [...proof];
  if (path.length === 0) return false;
  let node = from - 1;
  let last = to - 1;
  while (node % 2 === 1) {
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  let fromAt = path[0]!;
  let toAt = path[0]!;
  for (const sibling of path.slice(1)) {
    if (last === 0) return false;
    if (node % 2 === 1 || node === last) {
      fromAt = nodeHash(sibling, fromAt);
      toAt = nodeHash(sibling, toAt);
      while (node % 2 === 0 && node !== 0) {
        node /= 2;
        last = Math.floor(last / 2);
      }
    } else {
      toAt = nodeHash(toAt, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return last === 0 && equal(fromAt, fromRoot) && equal(toAt, toRoot);
}
