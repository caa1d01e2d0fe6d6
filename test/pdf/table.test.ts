import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { certificateForm } from "../../service/src/certificates/kinds/form.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { pagesOf } from "../../service/src/pdf/table.ts";
import { compileTemplate } from "../../service/src/pdf/template.ts";
import { readSealedFile } from "../../service/src/verify/pdf.ts";
import { missing, run } from "../helpers/tools.ts";
import { authority, file, PROFILE, QR, readCodes, render, SIGNED_AT, textOf } from "./sample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-table-"));
afterAll(() => rmSync(folder, { recursive: true }));

const description = certificateForm({
  title: "个人住房公积金缴存明细",
  opening: "兹证明{name}的缴存明细如下：",
  rows: [
    [
      { label: "姓　　名", text: "{name}" },
      { label: "个人账号", text: "{account}" },
    ],
  ],
  table: {
    name: "entries",
    columns: [
      { title: "序号", width: 8, align: "centre" },
      { title: "日期", width: 18, align: "centre" },
      { title: "单位名称", width: 40 },
      { title: "发生额", width: 20, align: "right" },
    ],
  },
  closing: "共 {count} 笔，仅供{purpose}使用。",
});
const template = compileTemplate(description, await loadFonts(), PROFILE);
const { sealer } = authority();
const NUMBER = "1.2.156.3005.2.EXAMPLE.001.K";

const entries = (count: number, unit = "海口咖啡有限公司") =>
  Array.from({ length: count }, (_, i) => [String(i + 1), "2026-01-15", unit, `${i + 1},925.00`]);

function certificate(rows: readonly (readonly string[])[]): Buffer {
  const values = {
    name: "符海棠",
    account: "460100012345678",
    count: String(rows.length),
    purpose: "办理贷款",
    number: NUMBER,
    issuedOn: "2026年11月21日",
  };
  return file(template, sealer, template.draw(values, QR, SIGNED_AT, new Uint8Array(16), { entries: rows }));
}

const pageTexts = (rows: readonly (readonly string[])[]): string[] =>
  textOf(folder, "pages", certificate(rows))
    .split("\f")
    .slice(0, -1)
    .map((text) => text.replace(/ +/g, " "));

const squeezed = (text: string): string => text.replace(/\s+/g, "");

describe("a table of rows", () => {
  it.skipIf(missing("pdftotext"))("stays on one page while the rows and the closing fit", () => {
    const pages = pageTexts(entries(8));
    expect(pages).toHaveLength(1);
    expect(squeezed(pages[0]!)).toContain("第1页共1页");
    expect(pages[0]).toContain("共 8 笔");
  });

  it.skipIf(missing("pdftotext"))(
    "repeats head, number and page on each page, and gives every row once, in order",
    () => {
      const pages = pageTexts(entries(360));
      expect(pages.length).toBeGreaterThan(5);
      for (const [index, text] of pages.entries()) {
        expect(squeezed(text)).toContain(`第${index + 1}页共${pages.length}页`);
        expect(text).toContain(NUMBER);
        expect(text).toMatch(/序号.*日期.*单位名称.*发生额/);
        expect(text).toContain("SAMPLE");
        expect(text.includes("特此证明")).toBe(index === pages.length - 1);
      }
      const seen = [...pages.join("\n").matchAll(/^ ?(\d+) 2026-01-15/gm)].map((match) => Number(match[1]));
      expect(seen).toEqual(entries(360).map((_, i) => i + 1));
    },
  );

  it.skipIf(missing("pdftotext"))("never leaves the closing words on a page without rows", () => {
    for (let count = 8; count < 60; count++) expect(pageTexts(entries(count)).at(-1)).toContain("2026-01-15");
  });

  it.skipIf(missing("pdftotext"))("wraps long cells and keeps their row together", () => {
    const unit = "海口琼崖翡翠咖啡种植有限公司三亚第二分公司高新区第一营业部";
    const text = pageTexts(entries(5, unit)).join("");
    expect(squeezed(text).split("翡翠")).toHaveLength(6);
    expect(() => certificate(entries(1, "海".repeat(900)))).toThrow(
      expect.objectContaining({ code: "TEXT_DOES_NOT_FIT", params: { where: "单位名称" } }),
    );
  });

  it.skipIf(missing("pdftoppm"))("has its code on the last page, where the seal stands", async () => {
    const pdf = certificate(entries(40));
    writeFileSync(path.join(folder, "code.pdf"), pdf);
    const pages = run("pdfinfo", [path.join(folder, "code.pdf")]);
    expect(pages).toMatch(/Pages: +2/);
    expect(await readCodes(render(folder, "code", pdf, 150, 2))).toEqual([QR.url + QR.digits]);
    expect(await readCodes(render(folder, "code", pdf, 150, 1))).toEqual([]);
  });

  it("is a file that the strict verifier reads, whatever its length", async () => {
    for (const count of [0, 1, 40, 800]) {
      const { cms } = await readSealedFile(certificate(entries(count)));
      expect(cms.length).toBeGreaterThan(500);
    }
  });

  it("wants its rows, and a text for each column", () => {
    expect(() => template.draw({}, QR, SIGNED_AT, new Uint8Array(16))).toThrow(/rows of table entries/);
    expect(() => certificate([["1", "2"]])).toThrow(/a text for each column/);
  });
});

describe("sharing rows out", () => {
  it("puts each row on one page, in order, within what the page has room for", () => {
    const table = description.table!;
    fc.assert(
      fc.property(fc.array(fc.double({ min: 5, max: 20, noNaN: true }), { maxLength: 200 }), (heights) => {
        const pages = pagesOf(table, heights);
        expect(pages[0]!.from).toBe(0);
        expect(pages.at(-1)!.to).toBe(heights.length);
        expect(pages.slice(1).map(({ from }) => from)).toEqual(pages.slice(0, -1).map(({ to }) => to));
        for (const [index, { from, to }] of pages.entries()) {
          const isLast = index === pages.length - 1;
          const top = index === 0 ? table.top : table.laterTop;
          const end = heights.slice(from, to).reduce((sum, height) => sum + height, top + 7);
          expect(end).toBeLessThanOrEqual((isLast ? table.lastBottom : table.bottom) + 1e-6);
          expect(to > from || heights.length === 0).toBe(true);
        }
      }),
    );
  });
});
