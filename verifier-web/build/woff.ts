// Just enough of WOFF 1.0 (reading) and WOFF 2.0 (writing, without the optional glyph transform) to make small fonts.
import { brotliCompressSync, constants, inflateSync } from "node:zlib";

/** Tables of a font, by tag. */
export type Tables = Map<string, Buffer>;

/** Reads a WOFF 1.0 file. */
export function readWoff(file: Buffer): Tables {
  if (file.toString("latin1", 0, 4) !== "wOFF") throw new Error("not a WOFF 1.0 file");
  const tables: Tables = new Map();
  for (let i = 0; i < file.readUInt16BE(12); i++) {
    const entry = 44 + 20 * i;
    const offset = file.readUInt32BE(entry + 4);
    const packedLength = file.readUInt32BE(entry + 8);
    const length = file.readUInt32BE(entry + 12);
    const packed = file.subarray(offset, offset + packedLength);
    tables.set(file.toString("latin1", entry, entry + 4), packedLength < length ? inflateSync(packed) : packed);
  }
  return tables;
}

/** UIntBase128 of the WOFF 2.0 specification: seven bits a byte, most significant first. */
function base128(value: number): Buffer {
  const bytes = [value & 127];
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) bytes.unshift((rest & 127) | 128);
  return Buffer.from(bytes);
}

/** Writes a WOFF 2.0 file of TrueType outlines. `loca` is placed right after `glyf`, as the format demands. */
export function writeWoff2(tables: Tables): Buffer {
  const tags = [...tables.keys()].filter((tag) => tag !== "loca").sort();
  tags.splice(tags.indexOf("glyf") + 1, 0, "loca");
  const directory = tags.map((tag) => {
    // 63: the tag stands in full; transform version 3 means "none" for glyf and loca, 0 means it for all others.
    const flags = 63 | (tag === "glyf" || tag === "loca" ? 3 << 6 : 0);
    return Buffer.concat([Buffer.of(flags), Buffer.from(tag, "latin1"), base128(tables.get(tag)!.length)]);
  });
  const body = Buffer.concat(tags.map((tag) => tables.get(tag)!));
  const packed = brotliCompressSync(body, {
    params: {
      [constants.BROTLI_PARAM_MODE]: constants.BROTLI_MODE_FONT,
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
    },
  });
  const sfntSize = 12 + 16 * tags.length + tags.reduce((sum, tag) => sum + ((tables.get(tag)!.length + 3) & ~3), 0);
  const header = Buffer.alloc(48);
  header.write("wOF2", 0, "latin1");
  header.writeUInt32BE(0x00010000, 4);
  header.writeUInt16BE(tags.length, 12);
  header.writeUInt32BE(sfntSize, 16);
  header.writeUInt32BE(packed.length, 20);
  header.writeUInt16BE(1, 24);
  const file = Buffer.concat([header, ...directory, packed]);
  const padded = Buffer.concat([file, Buffer.alloc(-file.length & 3)]);
  padded.writeUInt32BE(padded.length, 8);
  return padded;
}
