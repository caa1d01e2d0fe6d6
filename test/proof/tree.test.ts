import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { fromHex, toHex, utf8 } from "../../service/src/proof/bytes.ts";
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  nodeHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from "../../service/src/proof/tree.ts";
import type { HashReader } from "../../service/src/proof/tree.ts";
import { readerOf } from "../verify/world.ts";

/** The tree and the roots with which Certificate Transparency's implementations test themselves. */
const entries = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
const roots = [
  "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
  "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
  "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
  "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
  "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
  "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
  "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
  "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];
const ct = readerOf(entries.map((entry) => leafHash(fromHex(entry))));

const largest = 300;
const hashes = Array.from({ length: largest }, (_, i) => leafHash(utf8(String(i))));
const plain = readerOf(hashes);
const known = new Map<string, Uint8Array>();
const read: HashReader = (level, index) => {
  const key = `${level} ${index}`;
  const hash = known.get(key) ?? plain(level, index);
  known.set(key, hash);
  return hash;
};

/** The definition of RFC 9162 §2.1.1, word for word. */
function merkleTreeHash(leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return emptyRoot;
  if (leaves.length === 1) return leaves[0]!;
  let k = 1;
  while (2 * k < leaves.length) k *= 2;
  return nodeHash(merkleTreeHash(leaves.slice(0, k)), merkleTreeHash(leaves.slice(k)));
}

const pair = fc
  .tuple(fc.integer({ min: 1, max: largest }), fc.integer({ min: 1, max: largest }))
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }));

function changed(proof: readonly Uint8Array[], at: number, bit: number): Uint8Array[] {
  return proof.map((hash, i) => {
    const copy = hash.slice();
    if (i === at) copy[bit >> 3]! ^= 1 << (bit & 7);
    return copy;
  });
}

describe("known answers", () => {
  it("has the roots of the Certificate Transparency test tree", () => {
    expect(toHex(rootOf(0, ct))).toBe("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(roots.map((_, i) => toHex(rootOf(i + 1, ct)))).toEqual(roots);
  });

  it("has its proofs", () => {
    const two = "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e";
    const five = "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b";
    const last = "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0";
    const first = [
      "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
      two,
      "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    expect(inclusionProof(0, 8, ct).map(toHex)).toEqual(first);
    expect(inclusionProof(5, 8, ct).map(toHex)).toEqual([five, last, roots[3]]);
    expect(consistencyProof(1, 8, ct).map(toHex)).toEqual(first);
    expect(consistencyProof(2, 5, ct).map(toHex)).toEqual([two, five]);
    expect(consistencyProof(6, 8, ct).map(toHex)).toEqual([
      "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
      last,
      roots[3],
    ]);
  });
});

describe("properties", () => {
  it("has the root that RFC 9162 defines, for every size", () => {
    for (let size = 0; size <= largest; size++)
      expect(toHex(rootOf(size, read))).toBe(toHex(merkleTreeHash(hashes.slice(0, size))));
  });

  it("proves every leaf of every tree up to 65 leaves, and with that proof no other place", () => {
    for (let size = 1; size <= 65; size++) {
      const root = rootOf(size, read);
      for (let index = 0; index < size; index++) {
        const proof = inclusionProof(index, size, read);
        for (let other = 0; other <= size; other++)
          expect(verifyInclusion(hashes[index]!, other, size, proof, root)).toBe(other === index);
      }
    }
  });

  it("refuses an inclusion proof with any bit changed, any hash left out or added, another size or leaf", () => {
    const place = fc.integer({ min: 1, max: largest }).chain((size) =>
      fc.record({
        size: fc.constant(size),
        index: fc.nat(size - 1),
        at: fc.nat(15),
        bit: fc.nat(255),
        delta: fc.integer({ min: -9, max: 9 }),
      }),
    );
    fc.assert(
      fc.property(place, ({ size, index, at, bit, delta }) => {
        const leaf = hashes[index]!;
        const proof = inclusionProof(index, size, read);
        const root = rootOf(size, read);
        expect(verifyInclusion(leaf, index, size, proof, root)).toBe(true);
        expect(at < proof.length && verifyInclusion(leaf, index, size, changed(proof, at, bit), root)).toBe(false);
        expect(at < proof.length && verifyInclusion(leaf, index, size, proof.toSpliced(at, 1), root)).toBe(false);
        expect(verifyInclusion(leaf, index, size, proof.toSpliced(at, 0, root), root)).toBe(false);
        expect(verifyInclusion(leafHash(leaf), index, size, proof, root)).toBe(false);
        expect(
          verifyInclusion(leaf, index, size, proof, leaf === root ? leafHash(root) : changed([root], 0, bit)[0]!),
        ).toBe(false);
        // Another size may have the same path; then it has another root, which is what a checkpoint binds.
        const other = size + delta;
        const differs = delta !== 0 && other > index && other <= largest;
        expect(differs && verifyInclusion(leaf, index, other, proof, rootOf(other, read))).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("proves consistency of every pair of trees up to 65 leaves", () => {
    for (let to = 1; to <= 65; to++)
      for (let from = 1; from <= to; from++)
        expect(
          verifyConsistency(from, rootOf(from, read), to, rootOf(to, read), consistencyProof(from, to, read)),
        ).toBe(true);
  });

  it("refuses a consistency proof with any bit changed, any hash left out or added, other roots or sizes", () => {
    fc.assert(
      fc.property(pair, fc.nat(20), fc.nat(255), ({ from, to }, at, bit) => {
        const [fromRoot, toRoot] = [rootOf(from, read), rootOf(to, read)];
        const proof = consistencyProof(from, to, read);
        expect(verifyConsistency(from, fromRoot, to, toRoot, proof)).toBe(true);
        expect(at < proof.length && verifyConsistency(from, fromRoot, to, toRoot, changed(proof, at, bit))).toBe(false);
        expect(at < proof.length && verifyConsistency(from, fromRoot, to, toRoot, proof.toSpliced(at, 1))).toBe(false);
        expect(verifyConsistency(from, fromRoot, to, toRoot, proof.toSpliced(at, 0, toRoot))).toBe(false);
        expect(verifyConsistency(from, changed([fromRoot], 0, bit)[0]!, to, toRoot, proof)).toBe(false);
        expect(verifyConsistency(from, fromRoot, to, changed([toRoot], 0, bit)[0]!, proof)).toBe(false);
        expect(from < to && verifyConsistency(to, toRoot, from, fromRoot, proof)).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  it("takes a log that replaced one leaf for what it is", () => {
    fc.assert(
      fc.property(
        pair.filter(({ from, to }) => from < to),
        fc.nat(),
        ({ from, to }, seed) => {
          const forged = hashes.with(seed % from, leafHash(utf8("forged")));
          const fork = readerOf(forged);
          expect(
            verifyConsistency(from, rootOf(from, read), to, rootOf(to, fork), consistencyProof(from, to, fork)),
          ).toBe(false);
        },
      ),
      { numRuns: 30 },
    );
  });

  it("is false, and never throws, for numbers that are no places and hashes of another length", () => {
    const root = rootOf(8, ct);
    const proof = inclusionProof(5, 8, ct);
    for (const odd of [-1, 8, 0.5, NaN, Infinity, 2 ** 53, 2 ** 53 - 1])
      expect(verifyInclusion(leafHash(fromHex(entries[5]!)), odd, 8, proof, root)).toBe(false);
    expect(
      verifyInclusion(leafHash(fromHex(entries[5]!)), 5, 8, [proof[0]!.subarray(1), ...proof.slice(1)], root),
    ).toBe(false);
    expect(verifyConsistency(0, emptyRoot, 8, root, [])).toBe(true);
    expect(verifyConsistency(0, root, 8, root, [])).toBe(false);
    expect(verifyConsistency(4, rootOf(4, ct), 8, root, [])).toBe(false);
    expect(verifyConsistency(8, root, 8, root, [])).toBe(true);
    for (const odd of [-1, 9, 0.5, NaN, 2 ** 53]) expect(verifyConsistency(odd, root, 8, root, proof)).toBe(false);
  });

  it("refuses to make proofs for what is not there", () => {
    expect(() => inclusionProof(8, 8, ct)).toThrow(RangeError);
    expect(() => consistencyProof(0, 8, ct)).toThrow(RangeError);
    expect(() => consistencyProof(9, 8, ct)).toThrow(RangeError);
  });
});
