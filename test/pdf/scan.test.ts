// The code as a bank meets it: printed, scanned at 150 dots per inch, a little askew, with the noise of paper and lamp.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { PNG } from "pngjs";
import { afterAll, describe, expect, it } from "vitest";
import { depositKind } from "../../service/src/certificates/kinds/deposit.ts";
import { encodeQr, LARGEST_VERSION } from "../../service/src/pdf/qr.ts";
import { seededRandom } from "../../scripts/demo/random.ts";
import { missing } from "../helpers/tools.ts";
import { authority, depositRecord, depositTemplate, draw, file, QR, readCodes, render } from "./sample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-scan-"));
afterAll(() => rmSync(folder, { recursive: true }));

const DOTS_PER_INCH = 150;
/** Standard deviation of the noise in levels of 256; a worn office scanner has about ten. */
const NOISE = 18;

/** As many digits as the largest version holds beside the address. */
const FULLEST = { url: QR.url, digits: "31415926535897932384".repeat(40).slice(0, 798) };

/** Turns a picture about its middle, as a sheet lies askew on the glass, and adds noise. */
function scan(picture: PNG, degrees: number, seed: number): PNG {
  const { width, height } = picture;
  const out = new PNG({ width, height });
  const random = seededRandom(seed);
  const uniform = (): number => random.between(0, 1_000_000) / 1_000_000;
  const [cos, sin] = [Math.cos((degrees * Math.PI) / 180), Math.sin((degrees * Math.PI) / 180)];
  const grey = (x: number, y: number): number =>
    x < 0 || y < 0 || x >= width || y >= height ? 255 : picture.data[4 * (y * width + x)]!;
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const [dx, dy] = [x - width / 2, y - height / 2];
      const [sx, sy] = [width / 2 + cos * dx + sin * dy, height / 2 - sin * dx + cos * dy];
      const [left, top] = [Math.floor(sx), Math.floor(sy)];
      const [u, v] = [sx - left, sy - top];
      const value =
        (1 - v) * ((1 - u) * grey(left, top) + u * grey(left + 1, top)) +
        v * ((1 - u) * grey(left, top + 1) + u * grey(left + 1, top + 1));
      // Box and Muller; paper is not quite white and ink not quite black.
      const noise = Math.sqrt(-2 * Math.log(uniform() || 1e-6)) * Math.cos(2 * Math.PI * uniform());
      const level = Math.max(0, Math.min(255, Math.round(30 + 0.82 * value + NOISE * noise)));
      out.data.fill(level, 4 * (y * width + x), 4 * (y * width + x) + 3);
      out.data[4 * (y * width + x) + 3] = 255;
    }
  }
  return out;
}

describe("the code on paper", () => {
  it("is at most version 14 and at least 40 mm wide", () => {
    expect(encodeQr(FULLEST.url, FULLEST.digits).version).toBe(LARGEST_VERSION);
    expect(LARGEST_VERSION).toBe(14);
    expect(depositKind.template.qr.size).toBeGreaterThanOrEqual(40);
  });

  it.skipIf(missing("pdftoppm")).each([
    [3, 1],
    [-3, 2],
    [3, 3],
    [1.3, 4],
  ])("is read from a noisy scan that lies %d degrees askew (noise %d)", async (degrees, seed) => {
    const pdf = file(
      await depositTemplate(),
      authority().sealer,
      draw(await depositTemplate(), depositRecord(), FULLEST),
    );
    const page = render(folder, "scan", pdf, DOTS_PER_INCH);
    expect(await readCodes(scan(page, degrees, seed))).toEqual([FULLEST.url + FULLEST.digits]);
  });
});
