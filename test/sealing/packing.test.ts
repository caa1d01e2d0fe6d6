import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { blobsIn, pack, unpack } from "../../service/src/sealing/packing.ts";

describe("packed bytes", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
    fc.uint8Array({ maxLength: 120 }).map((bytes) => Buffer.from(Buffer.from(bytes).toString("hex"))),
    fc.nat(200).map((count) => Buffer.alloc(count, "0")),
  );
  const blobs = fc.array(fc.uint8Array({ minLength: 0, maxLength: 300 }), { maxLength: 4 });

  it("are given back, whatever they are and whichever blobs are in them", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), blobs, fc.infiniteStream(fc.nat()), (pieces, ders, order) => {
        const named = ders.map((bytes, id) => ({ id: id * 300, bytes }));
        const mixed = pieces.flatMap((one) => {
          const blob = named[order.next().value % Math.max(1, named.length)];
          if (!blob) return [one];
          return [one, order.next().value % 2 ? blob.bytes : Buffer.from(Buffer.from(blob.bytes).toString("hex"))];
        });
        const bytes = Buffer.concat(mixed);
        const packed = pack(bytes, named);
        expect(unpack(packed, (id) => named.find((one) => one.id === id)?.bytes).equals(bytes)).toBe(true);
        expect(packed.length).toBeLessThanOrEqual(bytes.length + 12 * (2 * pieces.length + 2));
      }),
    );
  });

  it("hold what many files share by its number only, and digits at half their length", () => {
    const blob = { id: 7, bytes: Buffer.from("a certificate, say, that is kept once for all files that hold it") };
    const digits = Buffer.from(blob.bytes.toString("hex"));
    const zeros = Buffer.alloc(5000, "0");
    const packed = pack(Buffer.concat([Buffer.from("<<"), blob.bytes, Buffer.from("<"), digits, zeros]), [blob]);
    expect(packed.length).toBeLessThan(20);
    expect(blobsIn(packed)).toEqual([7]);
    expect(() => unpack(packed, () => undefined)).toThrow(/missing/);
    expect(pack(Buffer.from("af".repeat(500)), []).length).toBe(504);
  });
});
