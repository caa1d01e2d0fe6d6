import { generateKeyPairSync, randomBytes, sign } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import pixelmatch from "pixelmatch";
import { PNG } from "pngjs";
import { afterAll, describe, expect, it } from "vitest";
import { depositKind } from "../../service/src/certificates/kinds/deposit.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { missing } from "../helpers/tools.ts";
import {
  authority,
  depositRecord,
  depositTemplate,
  draw,
  file,
  inkIn,
  PROFILE,
  QR,
  readCodes,
  render,
  textOf,
} from "./sample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-pdf-"));
afterAll(() => rmSync(folder, { recursive: true }));

const template = await depositTemplate();
const { sealer } = authority();
const REFERENCE = new URL("deposit.png", import.meta.url);
/** Pixels of a hundred dots per inch that may differ: fewer than the plainest character has. */
const TOLERATED = 8;

/** The cell of the name in millimetres, without the rules around it. */
const NAME_CELL = { x: 51.6, y: 62.4, width: 53, height: 10.4 };
/** The cell of the unit's name. */
const UNIT_CELL = { x: 51.6, y: 85, width: 137.8, height: 10 };

describe("a template", () => {
  it("is named by the hash of its prefix and compiles to the same bytes again", async () => {
    expect((await depositTemplate()).id).toBe(template.id);
    expect((await depositTemplate({ ...PROFILE, development: false })).id).not.toBe(template.id);
  });

  it("draws the same bytes from the same values", () => {
    const [first, second] = [draw(template), draw(template)];
    expect(Buffer.compare(first.body, second.body)).toBe(0);
    expect(Buffer.compare(first.closing, second.closing)).toBe(0);
  });

  it("keeps a certificate's own part small", () => {
    expect(sealer.seal(draw(template)).suffix.length).toBeLessThan(14_500);
  });

  it("refuses a character without glyph, by name", () => {
    const unknown = String.fromCodePoint(0x31350);
    expect(() => draw(template, depositRecord({ name: `张${unknown}` }))).toThrow(
      expect.objectContaining({
        code: "CHARACTER_WITHOUT_GLYPH",
        params: { character: unknown, codePoint: "U+31350" },
      }),
    );
  });

  it("refuses text that cannot be set legibly, and does not repeat it", () => {
    expect(() => draw(template, depositRecord({ unitName: "海".repeat(400) }))).toThrow(
      expect.objectContaining({ code: "TEXT_DOES_NOT_FIT", params: { where: "单位名称" } }),
    );
  });

  it("is ready for the next certificate after a refusal", () => {
    const before = draw(template);
    expect(() => draw(template, depositRecord({ name: String.fromCodePoint(0x31350) }))).toThrow(/GLYPH/);
    expect(Buffer.compare(draw(template).body, before.body)).toBe(0);
  });

  it("wants every value", () => {
    expect(() => template.draw({}, QR, new Date(0), new Uint8Array(16))).toThrow(/value number is missing/);
  });
});

describe("a drawn page", () => {
  it.skipIf(missing("pdftoppm"))("looks like the reference", () => {
    const picture = render(folder, "deposit", file(template, sealer, draw(template)));
    if (process.env.UPDATE_REFERENCE === "true") writeFileSync(REFERENCE, PNG.sync.write(picture));
    const reference = PNG.sync.read(readFileSync(REFERENCE));
    const { width, height } = reference;
    expect([picture.width, picture.height]).toEqual([width, height]);
    // After an intended change of the form, look at the picture and run once with UPDATE_REFERENCE=true.
    expect(pixelmatch(picture.data, reference.data, undefined, width, height, { threshold: 0.2 })).toBeLessThan(
      TOLERATED,
    );
  });

  it.skipIf(missing("pdftoppm"))("carries the code that was asked for, readable from the page", async () => {
    const picture = render(folder, "code", file(template, sealer, draw(template)), 150);
    expect(await readCodes(picture)).toEqual([QR.url + QR.digits]);
  });

  it.skipIf(missing("pdftotext"))("gives back every value as text", () => {
    const record = depositRecord();
    const text = squeezed(textOf(folder, "text", file(template, sealer, draw(template, record))));
    for (const value of Object.values(depositKind.values(record))) {
      expect(text).toContain(squeezed(value));
    }
    expect(text).toContain("不具法律效力SAMPLE");
    expect(text).toContain(record.number);
  });

  it.skipIf(missing("pdftotext"))("says nothing of development under a true seal", async () => {
    const real = await depositTemplate({ ...PROFILE, development: false });
    expect(textOf(folder, "real", file(real, sealer, draw(real)))).not.toMatch(/SAMPLE|样张/);
  });

  it.skipIf(missing("pdftotext"))("prints facts without data as unknown", () => {
    const record = depositRecord({ unitName: null, balanceYuan: null, loans: null, paidTo: null, monthsInARow: null });
    const text = squeezed(textOf(folder, "unknown", file(template, sealer, draw(template, record))));
    for (const label of ["单位名称", "缴至年月", "连续缴存月数", "个人账户余额", "公积金贷款"]) {
      expect(text).toContain(`${label}未知`);
    }
  });

  it.skipIf(missing("pdftoppm", "pdftotext")).each(["𠮷野家", "𠮷", "䶮", "㛃", "𪚥"])(
    "draws the rare name %s",
    (name) => {
      const pdf = file(template, sealer, draw(template, depositRecord({ name })));
      expect(textOf(folder, "rare", pdf)).toContain(name);
      const ink = inkIn(render(folder, "rare", pdf), NAME_CELL);
      // The lightest of them leaves sixteen dark pixels at this resolution; nothing leaves none.
      expect(ink).toBeGreaterThan(10 * [...name].length);
    },
  );

  it.skipIf(missing("pdftoppm"))("leaves no ink in the cell of an empty name", () => {
    const pdf = file(template, sealer, draw(template, depositRecord({ name: "" })));
    expect(inkIn(render(folder, "empty", pdf), NAME_CELL)).toBe(0);
  });

  it.skipIf(missing("pdftoppm", "pdftotext")).each([
    [
      "a unit name of sixty characters",
      { unitName: "海南省琼中黎族苗族自治县某某热带高效农业科技开发与综合服务".repeat(2).slice(0, 60) },
    ],
    ["a long name with separators", { name: "古丽努尔·买买提艾力·阿卜杜热合曼·吐尔逊江·依明" }],
    ["a Latin name", { name: "MAXIMILIANA KONSTANTINOPOLITANSKY-WOLFESCHLEGELSTEIN" }],
  ])("keeps %s in its cell", (_, fields) => {
    const record = depositRecord(fields);
    const pdf = file(template, sealer, draw(template, record));
    const value = Object.values(fields).join("");
    expect(squeezed(textOf(folder, "long", pdf, "raw"))).toContain(squeezed(value));
    // Outside the cell nothing changes.
    const plain = render(folder, "plain", file(template, sealer, draw(template)));
    const long = render(folder, "long", pdf);
    const cell = "name" in fields ? NAME_CELL : UNIT_CELL;
    expect(inkIn(long, cell)).toBeGreaterThan(inkIn(plain, cell));
    blank(plain, cell);
    blank(long, cell);
    const { width, height } = plain;
    expect(pixelmatch(long.data, plain.data, undefined, width, height, { threshold: 0.1 })).toBe(0);
  });
});

describe("many certificates", () => {
  it("need no more memory than few", async () => {
    await (
      await loadFonts()
    ).complete; // 31 MB that come in the background
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const once = (count: number): number => {
      for (let i = 0; i < count; i++) {
        const name = String.fromCodePoint(0x5000 + (i % 4000), 0x6000 + ((7 * i) % 4000));
        sealer.seal(draw(template, depositRecord({ name })));
      }
      collect();
      const { heapUsed, external } = process.memoryUsage();
      return heapUsed + external;
    };
    once(300);
    const before = once(200);
    const start = performance.now();
    const after = once(1000);
    const each = (performance.now() - start) / 1000;
    expect(after - before).toBeLessThan(1 << 20);

    const { privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const message = randomBytes(200);
    const signing = performance.now();
    for (let i = 0; i < 1000; i++) sign("sha256", message, privateKey);
    const raw = (performance.now() - signing) / 1000;
    console.log(`${each.toFixed(3)} ms for a drawn and sealed certificate, ${raw.toFixed(3)} ms for a P-256 signature`);
  });
});

function squeezed(text: string): string {
  return text.replace(/\s+/g, "");
}

function blank(picture: PNG, box: { x: number; y: number; width: number; height: number }): void {
  const scale = picture.width / 210;
  for (let y = Math.round(box.y * scale); y < (box.y + box.height) * scale; y++) {
    const [left, right] = [Math.round(box.x * scale), Math.round((box.x + box.width) * scale)];
    picture.data.fill(0xff, 4 * (y * picture.width + left), 4 * (y * picture.width + right));
  }
}
