// Hash tiles (C2SP tlog-tiles): pure arithmetic between tiles and the complete subtrees that proofs are made of.
//
// Tile (L, N) holds the hashes of the complete subtrees of 256^L leaves with the numbers 256·N to 256·N + 255, as far as
// they exist. A subtree of 2^l leaves lies in tile level ⌊l / 8⌋ and is computed from at most 128 neighbouring entries.
import { leafHash, nodeHash } from "../proof/tree.ts";
import type { HashReader } from "../proof/tree.ts";
import { invariant } from "../errors.ts";

export const tileWidth = 256;
export const hashLength = 32;

export interface TileId {
  level: number;
  index: number;
}

export const tileKey = (level: number, index: number): string => `${level}/${index}`;

/** Where the subtree (level, index) lies: its tile, the first entry in it and the number of entries. */
export function place(level: number, index: number): { tile: TileId; first: number; count: number } {
  const tileLevel = Math.floor(level / 8);
  const count = 2 ** (level % 8);
  const start = index * count;
  return { tile: { level: tileLevel, index: Math.floor(start / tileWidth) }, first: start % tileWidth, count };
}

/** A reader over tiles that are at hand. @throws when a tile or an entry that is needed is not there */
export function readerOver(tiles: (level: number, index: number) => Uint8Array | undefined): HashReader {
  return (level, index) => {
    const { tile, first, count } = place(level, index);
    const hashes = tiles(tile.level, tile.index);
    invariant(hashes, `tile ${tile.level}/${tile.index} is missing`);
    invariant(hashes.length >= (first + count) * hashLength, `tile ${tile.level}/${tile.index} is too short`);
    let row = Array.from({ length: count }, (_, i) =>
      hashes.subarray((first + i) * hashLength, (first + i + 1) * hashLength),
    );
    while (row.length > 1)
      row = Array.from({ length: row.length / 2 }, (_, i) => nodeHash(row[2 * i]!, row[2 * i + 1]!));
    return row[0]!;
  };
}

/** The tiles that `compute` asks for: it is run once with zero hashes, since which hashes it needs depends on numbers alone. */
export function tilesNeeded(compute: (read: HashReader) => unknown): TileId[] {
  const needed = new Map<string, TileId>();
  const zero = new Uint8Array(hashLength);
  compute((level, index) => {
    const { tile } = place(level, index);
    needed.set(tileKey(tile.level, tile.index), tile);
    return zero;
  });
  return [...needed.values()];
}

/** The tiles that are not full at this size: the right edge that the next leaves extend. */
export function rightEdge(size: number): TileId[] {
  const edge: TileId[] = [];
  for (let level = 0, width = size; width > 0; level++, width = Math.floor(width / tileWidth))
    edge.push({ level, index: Math.floor(width / tileWidth) });
  return edge;
}

/**
 * Appends entries to the tiles. `tiles` holds the right edge and is changed in place; the answer names what changed.
 * A full tile's root is an entry of the tile above it.
 */
export function appendToTiles(tiles: Map<string, Uint8Array>, size: number, entries: readonly Uint8Array[]): TileId[] {
  const changed = new Map<string, TileId>();
  const growing = new Map<string, Uint8Array[]>();
  const entriesOf = (level: number, index: number): Uint8Array[] => {
    const key = tileKey(level, index);
    let list = growing.get(key);
    if (!list) {
      const known = tiles.get(key) ?? new Uint8Array(0);
      list = Array.from({ length: known.length / hashLength }, (_, i) =>
        known.subarray(i * hashLength, (i + 1) * hashLength),
      );
      growing.set(key, list);
      changed.set(key, { level, index });
    }
    return list;
  };
  const push = (level: number, at: number, hash: Uint8Array): void => {
    const index = Math.floor(at / tileWidth);
    const list = entriesOf(level, index);
    invariant(
      list.length === at % tileWidth,
      `tile ${level}/${index} has ${list.length} entries, not ${at % tileWidth}`,
    );
    list.push(hash);
    if (list.length < tileWidth) return;
    let row: Uint8Array[] = list;
    while (row.length > 1)
      row = Array.from({ length: row.length / 2 }, (_, i) => nodeHash(row[2 * i]!, row[2 * i + 1]!));
    push(level + 1, index, row[0]!);
  };
  entries.forEach((entry, i) => push(0, size + i, leafHash(entry)));
  for (const [key, list] of growing) {
    const bytes = new Uint8Array(list.length * hashLength);
    list.forEach((hash, i) => bytes.set(hash, i * hashLength));
    tiles.set(key, bytes);
  }
  return [...changed.values()];
}
