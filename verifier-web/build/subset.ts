// A font cut down to some characters. Glyph numbers stay as they were: the emptied rest compresses to almost nothing,
// and no composite glyph needs rewriting.
import type { Tables } from "./woff.ts";

/** What a browser needs to paint text; layout features, vertical metrics and hints stay behind. */
const kept = ["OS/2", "head", "hhea", "maxp", "name", "post"];

/** Reads the best Unicode character map (format 12 before format 4). */
export function readCharacterMap(cmap: Buffer): Map<number, number> {
  const map = new Map<number, number>();
  for (let i = 0; i < cmap.readUInt16BE(2); i++) {
    const at = cmap.readUInt32BE(4 + 8 * i + 4);
    const format = cmap.readUInt16BE(at);
    if (format === 12) {
      for (let group = 0; group < cmap.readUInt32BE(at + 12); group++) {
        const entry = at + 16 + 12 * group;
        const first = cmap.readUInt32BE(entry);
        const last = cmap.readUInt32BE(entry + 4);
        for (let char = first; char <= last; char++) map.set(char, cmap.readUInt32BE(entry + 8) + char - first);
      }
    } else if (format === 4) {
      readFormat4(cmap.subarray(at), map);
    }
  }
  return map;
}

function readFormat4(table: Buffer, map: Map<number, number>): void {
  const segments = table.readUInt16BE(6) / 2;
  for (let i = 0; i < segments; i++) {
    const last = table.readUInt16BE(14 + 2 * i);
    const first = table.readUInt16BE(16 + 2 * segments + 2 * i);
    const delta = table.readUInt16BE(16 + 4 * segments + 2 * i);
    const rangeAt = 16 + 6 * segments + 2 * i;
    const range = table.readUInt16BE(rangeAt);
    for (let char = first; char <= last && char !== 0xffff; char++) {
      const glyph = range === 0 ? char : table.readUInt16BE(rangeAt + range + 2 * (char - first));
      if (range === 0 || glyph !== 0) map.set(char, (glyph + delta) & 0xffff);
    }
  }
}

/** One segment for each character: small fonts do not need better. Format 4 takes the basic plane, which is all we use. */
function writeCharacterMap(pairs: [number, number][]): Buffer {
  const groups = Buffer.alloc(12 * pairs.length);
  pairs.forEach(([char, glyph], i) => {
    groups.writeUInt32BE(char, 12 * i);
    groups.writeUInt32BE(char, 12 * i + 4);
    groups.writeUInt32BE(glyph, 12 * i + 8);
  });
  const head = Buffer.alloc(28);
  head.writeUInt16BE(1, 2); // one table: platform 3, encoding 10 (full Unicode), format 12
  head.writeUInt16BE(3, 4);
  head.writeUInt16BE(10, 6);
  head.writeUInt32BE(12, 8);
  head.writeUInt16BE(12, 12);
  head.writeUInt32BE(16 + groups.length, 16);
  head.writeUInt32BE(pairs.length, 24);
  return Buffer.concat([head, groups]);
}

/** Glyphs that these composite glyphs are made of, added to the set. */
function addParts(glyphs: Set<number>, outline: (glyph: number) => Buffer): void {
  for (const glyph of glyphs) {
    const bytes = outline(glyph);
    if (bytes.length === 0 || bytes.readInt16BE(0) >= 0) continue;
    let flags: number;
    let at = 10;
    do {
      flags = bytes.readUInt16BE(at);
      glyphs.add(bytes.readUInt16BE(at + 2));
      at += 4 + (flags & 1 ? 4 : 2) + (flags & 8 ? 2 : flags & 0x40 ? 4 : flags & 0x80 ? 8 : 0);
    } while (flags & 0x20);
  }
}

/** The tables of a font that holds exactly those of `characters` that the font has; with the list of them. */
export function subset(tables: Tables, characters: Iterable<number>): { tables: Tables; held: number[] } {
  const map = readCharacterMap(tables.get("cmap")!);
  const pairs = [...new Set(characters)]
    .sort((a, b) => a - b)
    .flatMap((char): [number, number][] => {
      const glyph = map.get(char);
      return glyph === undefined ? [] : [[char, glyph]];
    });
  const loca = tables.get("loca")!;
  const glyf = tables.get("glyf")!;
  const long = tables.get("head")!.readInt16BE(50) === 1;
  const offset = (glyph: number) => (long ? loca.readUInt32BE(4 * glyph) : 2 * loca.readUInt16BE(2 * glyph));
  const outline = (glyph: number) => glyf.subarray(offset(glyph), offset(glyph + 1));
  const glyphs = new Set([0, ...pairs.map(([, glyph]) => glyph)]);
  addParts(glyphs, outline);

  const count = tables.get("maxp")!.readUInt16BE(4);
  const newLoca = Buffer.alloc(4 * (count + 1));
  const outlines: Buffer[] = [];
  let at = 0;
  for (let glyph = 0; glyph < count; glyph++) {
    newLoca.writeUInt32BE(at, 4 * glyph);
    if (!glyphs.has(glyph)) continue;
    const bytes = outline(glyph);
    const padded = Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
    outlines.push(padded);
    at += padded.length;
  }
  newLoca.writeUInt32BE(at, 4 * count);

  const head = Buffer.from(tables.get("head")!);
  head.writeInt16BE(1, 50);
  const out: Tables = new Map(kept.flatMap((tag) => (tables.has(tag) ? [[tag, tables.get(tag)!] as const] : [])));
  out.set("head", head);
  out.set("hmtx", emptiedMetrics(tables, glyphs));
  out.set("cmap", writeCharacterMap(pairs));
  out.set("glyf", Buffer.concat(outlines));
  out.set("loca", newLoca);
  return { tables: out, held: pairs.map(([char]) => char) };
}

/** Advance widths and bearings, with zeros where no glyph is kept. */
function emptiedMetrics(tables: Tables, glyphs: Set<number>): Buffer {
  const metrics = Buffer.from(tables.get("hmtx")!);
  const full = tables.get("hhea")!.readUInt16BE(34);
  const count = tables.get("maxp")!.readUInt16BE(4);
  for (let glyph = 0; glyph < count; glyph++) {
    if (glyphs.has(glyph)) continue;
    if (glyph < full - 1) metrics.writeUInt32BE(0, 4 * glyph);
    else if (glyph >= full) metrics.writeUInt16BE(0, 4 * full + 2 * (glyph - full));
  }
  return metrics;
}
