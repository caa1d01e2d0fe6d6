import * as fc from "fast-check";
import { PNG } from "pngjs";
import QRCode from "qrcode";
import { describe, expect, it } from "vitest";
import { encodeQr, LARGEST_VERSION, smallestVersion } from "../../service/src/pdf/qr.ts";
import type { QrCode } from "../../service/src/pdf/qr.ts";
import { readCodes } from "./sample.ts";

const address = fc.string({ unit: fc.constantFrom(..."abcxyz019.-/:#"), minLength: 1, maxLength: 40 });
const digits = fc.string({ unit: fc.constantFrom(..."0123456789"), maxLength: 780 });

describe("a QR code of an address and digits", () => {
  it("has the same modules as the qrcode package makes with the same mask", () => {
    fc.assert(
      fc.property(address, digits, (url, payload) => {
        const code = encodeQr(url, payload);
        const segments = [
          { data: Buffer.from(url), mode: "byte" as const },
          ...(payload ? [{ data: payload, mode: "numeric" as const }] : []),
        ];
        const oracle = QRCode.create(segments, { errorCorrectionLevel: "M", maskPattern: 3 });
        expect(code.version).toBe(oracle.version);
        expect(modules(code)).toEqual(Array.from(oracle.modules.data, Number));
      }),
      { numRuns: 60 },
    );
  });

  it.each(Array.from({ length: LARGEST_VERSION }, (_, i) => i + 1))(
    "is read by zxing at version %i",
    async (version) => {
      const url = "https://a.cn/q";
      let count = 0;
      while (smallestVersion(url.length, count) !== version) count++;
      const payload = "8".repeat(count);
      expect(await readCodes(picture(encodeQr(url, payload)))).toEqual([url + payload]);
    },
  );

  it("holds 297 bytes of payload as digits beside a short address", () => {
    const digitsOfPayload = Math.ceil((297 * 8) / Math.log2(10));
    expect(encodeQr("https://heyan.gjj.example.cn/q#", "9".repeat(digitsOfPayload)).version).toBeLessThanOrEqual(14);
  });

  it("refuses what does not fit, and what is not digits", () => {
    expect(() => encodeQr("https://heyan.example.cn/q#", "9".repeat(900))).toThrow(/too long/);
    expect(() => encodeQr("https://heyan.example.cn/q#", "12a")).toThrow(/digits/);
    expect(() => encodeQr("https://核验.cn", "12")).toThrow(/ASCII/);
  });
});

function modules({ size, rows }: QrCode): number[] {
  const rowBytes = (size + 7) >> 3;
  return Array.from({ length: size * size }, (_, cell) => {
    const column = cell % size;
    return (rows[Math.floor(cell / size) * rowBytes + (column >> 3)]! >> (7 - (column & 7))) & 1;
  });
}

function picture(code: QrCode): PNG {
  const scale = 4;
  const quiet = 4;
  const edge = (code.size + 2 * quiet) * scale;
  const image = new PNG({ width: edge, height: edge });
  image.data.fill(0xff);
  for (const [cell, dark] of modules(code).entries()) {
    if (!dark) continue;
    const left = ((cell % code.size) + quiet) * scale;
    const top = (Math.floor(cell / code.size) + quiet) * scale;
    for (let y = top; y < top + scale; y++) image.data.fill(0, 4 * (y * edge + left), 4 * (y * edge + left + scale));
    for (let y = top; y < top + scale; y++) {
      for (let x = left; x < left + scale; x++) image.data[4 * (y * edge + x) + 3] = 0xff;
    }
  }
  return image;
}
