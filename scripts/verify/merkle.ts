// RFC 9162 §2.1.3.2: whether an inclusion proof leads from a leaf to a root.
import { sha256 } from "./bytes.ts";

const leafPrefix = Buffer.of(0);
const nodePrefix = Buffer.of(1);

/**
 * The root that the proof leads to, or null when it has not the length that index and size demand.
 * @param entry the leaf digest, which is the log's entry
 * @param proof hashes from the leaf upward
 */
export function rootFromProof(entry: Buffer, index: number, size: number, proof: readonly Buffer[]): Buffer | null {
  if (index >= size) return null;
  // Sizes go up to 2^53 - 1, beyond what the bit operators of numbers can hold.
  let node = BigInt(index);
  let last = BigInt(size) - 1n;
  let hash = sha256(leafPrefix, entry);
  for (const sibling of proof) {
    if (last === 0n) return null;
    if (node & 1n || node === last) {
      hash = sha256(nodePrefix, sibling, hash);
      while (!(node & 1n) && node !== 0n) {
        node >>= 1n;
        last >>= 1n;
      }
    } else {
      hash = sha256(nodePrefix, hash, sibling);
    }
    node >>= 1n;
    last >>= 1n;
  }
  return last === 0n ? hash : null;
}
