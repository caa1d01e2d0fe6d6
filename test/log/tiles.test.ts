import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  appendToTiles,
  place,
  readerOver,
  rightEdge,
  tileKey,
  tilesNeeded,
  tileWidth,
} from "../../service/src/log/tiles.ts";
import {
  consistencyProof,
  emptyRoot,
  inclusionProof,
  leafHash,
  rootOf,
  verifyConsistency,
  verifyInclusion,
} from "../../service/src/proof/tree.ts";
import { digest, digests, naiveRoot } from "./world.ts";

type Tiles = Map<string, Uint8Array>;

/** As the log does it: only the right edge is at hand, and what changed is written back. */
function grow(stored: Tiles, size: number, entries: readonly Uint8Array[]): void {
  const edge: Tiles = new Map();
  for (const { level, index } of rightEdge(size)) {
    const tile = stored.get(tileKey(level, index));
    if (tile) edge.set(tileKey(level, index), tile);
  }
  for (const { level, index } of appendToTiles(edge, size, entries))
    stored.set(tileKey(level, index), edge.get(tileKey(level, index))!);
  // The root of the new size needs nothing but this edge.
  expect(rootOf(size + entries.length, over(edge))).toEqual(rootOf(size + entries.length, over(stored)));
}

const over = (tiles: Tiles) => readerOver((level, index) => tiles.get(tileKey(level, index)));

function built(...batches: number[]): Tiles {
  const tiles: Tiles = new Map();
  let size = 0;
  for (const count of batches) {
    grow(tiles, size, digests(size, count));
    size += count;
  }
  return tiles;
}

const batches = fc.array(fc.oneof(fc.integer({ min: 1, max: 5 }), fc.integer({ min: 200, max: 600 })), {
  minLength: 1,
  maxLength: 6,
});

describe("tiles", () => {
  it("come out the same in whatever batches the leaves are appended", () => {
    fc.assert(
      fc.property(batches, (counts) => {
        const total = counts.reduce((sum, count) => sum + count, 0);
        expect(built(...counts)).toEqual(built(total));
      }),
      { numRuns: 25 },
    );
  });

  it("give roots and proofs of the tree that RFC 9162 defines", () => {
    const most = 900;
    const entries = digests(0, most);
    const tiles = built(most);
    fc.assert(
      fc.property(fc.integer({ min: 1, max: most }), fc.nat(), fc.nat(), (size, a, b) => {
        const root = naiveRoot(entries.slice(0, size));
        expect(rootOf(size, over(tiles))).toEqual(root);
        const index = a % size;
        const proof = inclusionProof(index, size, over(tiles));
        expect(verifyInclusion(leafHash(entries[index]!), index, size, proof, root)).toBe(true);
        const from = 1 + (b % size);
        const older = naiveRoot(entries.slice(0, from));
        expect(verifyConsistency(from, older, size, root, consistencyProof(from, size, over(tiles)))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each([255, 256, 257, 511, 512, 513])("hold at %i leaves, around a full tile", (size) => {
    const tiles = built(size - 1, 1);
    expect(rootOf(size, over(tiles))).toEqual(naiveRoot(digests(0, size)));
    expect(tiles.get("0/0")!.length).toBe(32 * Math.min(size, tileWidth));
    expect(tiles.get("1/0")?.length ?? 0).toBe(32 * Math.floor(size / tileWidth));
  });

  it("reach the third level at 65,536 leaves, and give proofs across that boundary", () => {
    const entries = digests(0, 65_800);
    const tiles = built(65_535, 1, 264);
    expect(tiles.get("2/0")!.length).toBe(32);
    expect(tiles.get("1/1")!.length).toBe(32);
    for (const size of [65_535, 65_536, 65_537, 65_800]) {
      const root = naiveRoot(entries.slice(0, size));
      expect(rootOf(size, over(tiles))).toEqual(root);
      for (const index of [0, 255, 256, 65_279, 65_534, size - 1])
        expect(
          verifyInclusion(leafHash(entries[index]!), index, size, inclusionProof(index, size, over(tiles)), root),
        ).toBe(true);
    }
    const proof = consistencyProof(65_535, 65_800, over(tiles));
    expect(verifyConsistency(65_535, naiveRoot(entries.slice(0, 65_535)), 65_800, naiveRoot(entries), proof)).toBe(
      true,
    );
  });

  it("of an empty log are none", () => {
    expect(rightEdge(0)).toEqual([]);
    expect(rootOf(0, over(new Map()))).toEqual(emptyRoot);
    expect(appendToTiles(new Map(), 0, [])).toEqual([]);
  });

  it("are found by arithmetic: level 8 is the first entry of the second row of tiles", () => {
    expect(place(0, 300)).toEqual({ tile: { level: 0, index: 1 }, first: 44, count: 1 });
    expect(place(7, 3)).toEqual({ tile: { level: 0, index: 1 }, first: 128, count: 128 });
    expect(place(8, 256)).toEqual({ tile: { level: 1, index: 1 }, first: 0, count: 1 });
  });

  it("are all named before they are fetched, and no others", () => {
    const tiles = built(70_000);
    const needed = tilesNeeded((read) => inclusionProof(69_999, 70_000, read));
    const fetched = new Map(
      needed.map(({ level, index }) => [tileKey(level, index), tiles.get(tileKey(level, index))!]),
    );
    expect(inclusionProof(69_999, 70_000, over(fetched))).toEqual(inclusionProof(69_999, 70_000, over(tiles)));
    expect(needed.length).toBeLessThanOrEqual(4);
  });

  it("refuse to be extended when the stored edge is missing, too short or too long", () => {
    const tiles = built(10);
    expect(() => appendToTiles(new Map(), 10, [digest(10)])).toThrow(/invariant broken/);
    expect(() => appendToTiles(new Map(tiles), 9, [digest(10)])).toThrow(/invariant broken/);
    expect(() => appendToTiles(new Map(tiles), 11, [digest(10)])).toThrow(/invariant broken/);
  });

  it("refuse a read beyond what they hold", () => {
    expect(() => rootOf(11, over(built(10)))).toThrow(/too short/);
    expect(() => rootOf(300, over(built(10)))).toThrow(/missing|too short/);
  });
});
