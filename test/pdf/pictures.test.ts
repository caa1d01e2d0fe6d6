// Every kind as it looks, page by page, against pictures that somebody looked at. After an intended change of a form look at the
// pages, then run once with UPDATE_REFERENCE=true.
import { createHash } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { afterAll, describe, expect, it } from "vitest";
import { certificateKinds } from "../../service/src/certificates/kinds/all.ts";
import type { CertificateKind } from "../../service/src/certificates/kinds/kind.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { compileTemplate } from "../../service/src/pdf/template.ts";
import { missing, run } from "../helpers/tools.ts";
import { pictured } from "./pictures/records.ts";
import { authority, depositRecord, file, PROFILE, QR, render, SIGNED_AT } from "./sample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-pictures-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fonts = await loadFonts();
const { sealer } = authority();
const updates = process.env.UPDATE_REFERENCE === "true";
const dotsPerInch = 60;
/** Pixels of a page that may differ: fewer than the plainest character or the thinnest rule has at this resolution. */
const tolerated = 4;

/** The sealed file of a kind's sample, some of its facts otherwise. */
function sealed(kind: CertificateKind, changes: object = {}): Buffer {
  const template = compileTemplate(kind.template, fonts, PROFILE);
  const fields = { ...(pictured[kind.code] as object), ...changes };
  const record = { ...depositRecord(), purpose: kind.purpose, fields };
  const id = createHash("sha256").update(kind.code).digest().subarray(0, 16);
  return file(template, sealer, template.draw(kind.values(record), QR, SIGNED_AT, id, kind.tables?.(record)));
}

/** A picture of a page in sixteen greys, which keeps the stored ones small. */
function pageOf(pdf: Uint8Array, name: string, page: number): PNG {
  const picture = render(folder, name, pdf, dotsPerInch, page);
  for (let i = 0; i < picture.data.length; i += 4) {
    const [red, green, blue] = picture.data.subarray(i, i + 3);
    picture.data.fill(17 * Math.round((red! + green! + blue!) / 51), i, i + 3);
  }
  return picture;
}

function countPages(pdf: Uint8Array, name: string): number {
  const at = path.join(folder, `${name}.pdf`);
  writeFileSync(at, pdf);
  return Number(/^Pages:\s+(\d+)$/m.exec(run("pdfinfo", [at]))![1]);
}

const referenceOf = (kind: CertificateKind, page: number) =>
  path.join(import.meta.dirname, "pictures", `${kind.code}-${page}.png`);
const stored = (kind: CertificateKind, page: number) => PNG.sync.read(readFileSync(referenceOf(kind, page)));

function differing(a: PNG, b: PNG): number {
  expect([a.width, a.height]).toEqual([b.width, b.height]);
  return pixelmatch(a.data, b.data, undefined, a.width, a.height, { threshold: 0.1, includeAA: true });
}

describe.skipIf(missing("pdftoppm", "pdfinfo"))("the pages of every kind", () => {
  it.each(certificateKinds)("$code looks like its pictures", (kind) => {
    const pdf = sealed(kind);
    const pages = countPages(pdf, kind.code);
    for (let page = 1; page <= pages; page++) {
      const picture = pageOf(pdf, kind.code, page);
      if (updates) writeFileSync(referenceOf(kind, page), PNG.sync.write(picture, { colorType: 0, deflateLevel: 9 }));
      expect(differing(picture, stored(kind, page))).toBeLessThanOrEqual(tolerated);
    }
    expect(pages).toBe(kind.template.table ? 2 : 1);
    expect(existsSync(referenceOf(kind, pages + 1))).toBe(false);
  });

  it.each(certificateKinds.filter(({ subject }) => subject !== "unit"))("$code: another rare name is seen", (kind) => {
    const other = pageOf(sealed(kind, { name: "符䶮" }), `${kind.code}-name`, 1);
    expect(differing(other, stored(kind, 1))).toBeGreaterThan(4 * tolerated);
  });

  it.each(certificateKinds)("$code: a missing seal or code is seen", (kind) => {
    const last = kind.template.table ? 2 : 1;
    const reference = stored(kind, last);
    const scale = reference.width / 210;
    const { seal, qr } = kind.template;
    for (const [x, y, size] of [
      [seal.x - seal.diameter / 2, seal.y - seal.diameter / 2, seal.diameter],
      [qr.x, qr.y, qr.size],
    ] as const) {
      const blank = new PNG({ width: reference.width, height: reference.height });
      reference.data.copy(blank.data);
      for (let row = Math.round(y * scale); row < (y + size) * scale; row++)
        blank.data.fill(
          0xff,
          4 * (row * blank.width + Math.round(x * scale)),
          4 * (row * blank.width + Math.round((x + size) * scale)),
        );
      expect(differing(blank, reference)).toBeGreaterThan(100 * tolerated);
    }
  });

  it("a row less, and a digit otherwise, are seen", () => {
    const kind = certificateKinds.find(({ code }) => code === "loan-repayments")!;
    const { rows } = pictured["loan-repayments"] as { rows: string[][] };
    const shorter = pageOf(sealed(kind, { rows: rows.slice(0, -1) }), "row", 2);
    expect(differing(shorter, stored(kind, 2))).toBeGreaterThan(10 * tolerated);
    const changed = rows.map((row, i) => (i === 3 ? row.with(7, row[7]!.replace(/\d$/, "1")) : row));
    expect(changed[3]).not.toEqual(rows[3]);
    expect(differing(pageOf(sealed(kind, { rows: changed }), "digit", 1), stored(kind, 1))).toBeGreaterThan(tolerated);
  });
});
