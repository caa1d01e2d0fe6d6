// Files at every level: no byte that counts may change, whatever is appended or replaced; and none of it takes long.
import { describe, expect, it } from "vitest";
import { readSealedFile } from "../../service/src/verify/pdf.ts";
import { verifyFile } from "../../service/src/verify/verify.ts";
import { archive, archived, authority, listed, renewed, stamped, stored } from "../vectors/cases-levels.ts";
import { bodyOf, sizeOf, withObjects, withStamp, withStore } from "./additions-maker.ts";
import { makePdf } from "./maker.ts";
import type { PdfOptions } from "./maker.ts";
import { replay } from "./replay.ts";
import { makeToken } from "./tokens.ts";
import { makeWorld } from "./world.ts";

const world = makeWorld({ ...stamped(), pdf: { room: 1500 } });
listed(world);
const sources = replay(world.recorded);
const now = new Date(world.recorded.now);
const token = (covered: Uint8Array) => makeToken(covered, { authority });

/** From and to of the zeros behind each CMS and token. */
function reserved(file: Buffer): [number, number][] {
  return [...file.toString("latin1").matchAll(/\/Contents<[0-9a-f]*?((?:00)+)>/g)].map(
    ({ 0: all, 1: zeros, index }) => {
      const end = index + all.length - 1;
      return [end - zeros!.length, end];
    },
  );
}

/** Where one flipped bit leaves the file not `not-genuine`. */
async function unnoticed(file: Buffer, every = 1): Promise<number[]> {
  const out: number[] = [];
  const copy = Uint8Array.from(file);
  const zeros = reserved(file);
  for (let at = 0; at < copy.length; at += every) {
    if (zeros.some(([from, to]) => at > from + 4 && at < to && at % 64 !== 0)) continue;
    const bit = 1 << (at % 8);
    copy[at]! ^= bit;
    if ((await verifyFile(copy, sources, now)).headline !== "not-genuine") out.push(at);
    copy[at]! ^= bit;
  }
  return out;
}

describe("a flipped bit", () => {
  it("is found in every byte of a file of level B-T", async () => {
    expect((await verifyFile(world.pdf, sources, now)).headline).toBe("genuine");
    expect(await unnoticed(world.pdf)).toEqual([]);
  });

  it("is found in every byte of a file of level B-LTA, once and twice", async () => {
    for (const [file, every] of [
      [archived(world.pdf), 3],
      [renewed(archived(world.pdf)), 7],
    ] as const) {
      expect((await verifyFile(file, sources, now)).headline).toBe("genuine");
      expect(await unnoticed(file, every)).toEqual([]);
    }
  });

  it("is found at level B-LT but inside the certificates of the store and in white space, which say nothing", async () => {
    const file = withStore(world.pdf, [authority.certificate]);
    expect((await verifyFile(file, sources, now)).headline).toBe("genuine");
    const text = file.toString("latin1");
    const streams = [...text.matchAll(/\/Length \d+>>stream\n[^]*?\nendstream/g)]
      .filter(({ index }) => index > world.pdf.length)
      .map(({ index, 0: all }) => [index + all.indexOf("stream\n") + 7, index + all.length - 10] as const);
    expect(streams).toHaveLength(1);
    const rest = (await unnoticed(file)).filter((at) => {
      if (streams.some(([from, to]) => at >= from && at < to)) return false;
      return !/\s/.test(text[at]!);
    });
    expect(rest).toEqual([]);
  });
});

describe("cutting and appending", () => {
  it("a cut file is genuine only where a lower level ends", async () => {
    const file = renewed(archived(world.pdf));
    const ends = [...file.toString("latin1").matchAll(/%%EOF\n/g)].map(({ index }) => index + 6);
    const cuts = new Set(ends.flatMap((end) => [end - 2, end - 1, end, end + 1, end + 2]));
    for (let end = 0; end < file.length; end += 41) cuts.add(end);
    const passed: [number, string | undefined][] = [];
    for (const end of [...cuts].filter((cut) => cut <= file.length).sort((a, b) => a - b)) {
      const { headline, level } = await verifyFile(file.subarray(0, end), sources, now);
      if (headline !== "not-genuine") passed.push([end, level]);
    }
    const levels = ["B-T", "B-LT", "B-LTA", "B-LTA", "B-LTA"];
    expect(passed).toEqual(ends.map((end, i) => [end, levels[i]]));
  });

  it.each<[string, PdfOptions]>([
    [
      "form, fields and annotations in objects of their own",
      {
        bodies: ([, pages, page, ...rest]) => [
          "<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R>>",
          pages!,
          page!.replace("[6 0 R]", " 10 0 R"),
          ...rest,
        ],
        objects: ["8 0 obj\n<</Fields 9 0 R>>\nendobj\n", "9 0 obj\n[6 0 R]\nendobj\n", "10 0 obj\n[6 0 R]\nendobj\n"],
      },
    ],
    [
      "a field that names no page",
      { bodies: (usual) => usual.map((body) => body.replace("/P 3 0 R", "")), trailer: "/ID[<00><01>]" },
    ],
    ["no annotations", { bodies: (usual) => usual.map((body) => body.replace("/Annots[6 0 R]", "")) }],
    ["no line end", { lineEnd: "" }],
  ])("a base with %s takes a store and a time-stamp", async (_, options) => {
    const base = makePdf(() => Buffer.from("3003020101", "hex"), { room: 32, ...options });
    const lead = options.lineEnd === "" ? { lead: "\n" } : {};
    const own = bodyOf(base, 1).includes("AcroForm 8");
    const catalogue = (usual: string) => usual.replace(/>>$/, `/DSS ${sizeOf(base)} 0 R>>`);
    const first = withObjects(
      base,
      [
        [1, catalogue(bodyOf(base, 1))],
        [sizeOf(base), "<</Type/DSS>>"],
      ],
      lead,
    );
    const field = sizeOf(first);
    const joined = (usual: string) =>
      options.bodies && !own && !usual.includes("/Annots") ? usual.replace(/>>$/, `/Annots[${field} 0 R]>>`) : usual;
    const more = () => (own ? [9, 10].map((number) => [number, `[6 0 R ${field} 0 R]`] as const) : []);
    const file = withStamp(first, token, { more, page: joined });
    const read = await readSealedFile(file);
    expect(read).toMatchObject({ additions: 2, stored: true, archived: true });
    expect(read.documentTimeStamps).toHaveLength(1);
  });

  it("a base without line end takes no addition that goes on in its line", async () => {
    const base = makePdf(() => Buffer.from("3003020101", "hex"), { room: 32, lineEnd: "" });
    const file = withObjects(base, [[1, bodyOf(base, 1)]]);
    await expect(readSealedFile(file)).rejects.toMatchObject({ code: "content-appended" });
  });

  it("a second store replaces the first one's object, and a store directly in the catalogue is one", async () => {
    const first = stored(world.pdf);
    const direct = withObjects(world.pdf, [[1, bodyOf(world.pdf, 1).replace(/>>$/, "/DSS<</Type/DSS>>>>")]]);
    expect(await readSealedFile(withStore(first, [authority.certificate]))).toMatchObject({ additions: 2 });
    expect(await readSealedFile(direct)).toMatchObject({ stored: true });
    const gone = withObjects(first, [[1, bodyOf(first, 1).replace(/\/DSS \d+ 0 R/, "")]]);
    await expect(readSealedFile(gone)).rejects.toMatchObject({ code: "store-wrong" });
  });
});

describe("what is too much", () => {
  const within = async (file: Uint8Array, seconds: number) => {
    const begun = performance.now();
    const verdict = await verifyFile(file, sources, now);
    expect(performance.now() - begun).toBeLessThan(seconds * 1000);
    expect(verdict.headline).toBe("not-genuine");
    return verdict.steps[0];
  };

  it("10,000 additions", async () => {
    // Not through the maker, which reads its file again for each.
    const parts = [world.pdf.toString("latin1")];
    let at = world.pdf.length;
    let before = Number(/startxref\n(\d+)/.exec(parts[0]!)![1]);
    const body = `1 0 obj\n${bodyOf(world.pdf, 1)}\nendobj\n`;
    for (let i = 0; i < 10_000; i++) {
      const table = at + body.length;
      const part = `${body}xref\n1 1\n${String(at).padStart(10, "0")} 00000 n \ntrailer\n<</Size 8/Root 1 0 R/Prev ${before}>>\nstartxref\n${table}\n%%EOF\n`;
      parts.push(part);
      before = table;
      at += part.length;
    }
    const file = Buffer.from(parts.join(""), "latin1");
    expect(await within(file, 3)).toMatchObject({ code: "content-appended", detail: { what: "too many additions" } });
    const few = Buffer.from(parts.slice(0, 33).join(""), "latin1");
    expect((await verifyFile(few, sources, now)).headline).toBe("genuine");
  });

  it.each<[string, (size: number) => string]>([
    ["numbers in a store's array", () => `<</Type/DSS/Certs[${"8 0 R ".repeat(300_000)}]>>`],
    ["brackets", () => "[".repeat(1_000_000)],
    [
      "validation data",
      () => `<</Type/DSS/VRI<<${Array.from({ length: 60_000 }, (_, i) => `/K${i}<<>>`).join("")}>>>>`,
    ],
    ["white space", () => " ".repeat(10_000_000)],
  ])("a million of %s", async (_, body) => {
    const next = sizeOf(world.pdf);
    const step = await within(
      withObjects(withObjects(world.pdf, [[next, body(next)]]), [
        [1, bodyOf(world.pdf, 1).replace(/>>$/, `/DSS ${next} 0 R>>`)],
      ]),
      4,
    );
    expect(step).toMatchObject({ step: "file", outcome: "failed" });
  });
});

describe("a document time-stamp", () => {
  it("of a later renewal is over the earlier ones", async () => {
    const file = archive(archive(world.pdf));
    const verdict = await verifyFile(file, sources, now);
    expect(verdict).toMatchObject({ headline: "genuine", level: "B-T" });
    expect(verdict.timeStamps!.map(({ over, trusted }) => `${over} ${trusted}`)).toEqual([
      "seal true",
      "document true",
      "document true",
    ]);
  });

  it("is told with the level only when the seal is good, and is not trusted while nobody names the centre", async () => {
    const file = archived(world.pdf);
    const away = await verifyFile(file, replay({ ...world.recorded, trustLists: {} }), now);
    expect(away).toMatchObject({ headline: "standing-unknown", level: "B-LTA" });
    expect(away.timeStamps!.map(({ trusted }) => trusted)).toEqual([false, false]);
    expect(away.timeStamps![0]).toMatchObject({ over: "seal", time: "2026-11-21T09:30:05+08:00" });
    file[file.indexOf("(deposit")]! ^= 1;
    const broken = await verifyFile(file, sources, now);
    expect([broken.level, broken.timeStamps]).toEqual([undefined, undefined]);
  });
});
