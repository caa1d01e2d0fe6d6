import { describe, expect, it } from "vitest";
import { largestFile, readSealedFile } from "../../service/src/verify/pdf.ts";
import type { Code } from "../../service/src/verify/messages.ts";
import { makePdf } from "./maker.ts";
import type { PdfOptions } from "./maker.ts";

const cms = () => Buffer.from("3003020101", "hex");
const pdf = (options: PdfOptions = {}) => makePdf(cms, { room: 32, ...options });
const range = (text: (a: number, b: number, c: number) => string) => ({ byteRange: text });
const again = (file: Buffer, from: string | RegExp, to: string) =>
  Buffer.from(file.toString("latin1").replace(from, to), "latin1");

describe("a sealed file", () => {
  it("gives its CMS without the padding", async () => {
    expect(Buffer.from((await readSealedFile(pdf())).cms)).toEqual(cms());
  });

  it.each<[string, PdfOptions]>([
    ["a space before the array and spaces after it", range((a, b, c) => `/ByteRange [0 ${a} ${b} ${c}   ]`)],
    [
      "another object of any kind",
      { objects: ["8 0 obj\n[/A(b\\)(c))<00ff>true null -1.5 3 0 R<</K<<>>>>]\nendobj\n"] },
    ],
    ["an /ID in the trailer", { trailer: "/ID[<00><00>]" }],
  ])("may have %s", async (_, options) => {
    expect((await readSealedFile(pdf(options))).cms.length).toBe(5);
  });

  it.each<[string, Code, PdfOptions]>([
    ["a negative number", "byte-range-wrong", range((a, b, c) => `/ByteRange[0 ${a} -${b} ${c}]`)],
    ["overlapping ranges", "byte-range-wrong", range((a, b, c) => `/ByteRange[0 ${b} ${a} ${c + b - a}]`)],
    ["huge numbers", "byte-range-wrong", range((a, b) => `/ByteRange[0 ${a} ${b} 99999999999999999999]`)],
    ["a number in hexadecimal", "byte-range-wrong", range((a, b, c) => `/ByteRange[0 0x${a.toString(16)} ${b} ${c}]`)],
    ["leading zeros", "byte-range-wrong", range((a, b, c) => `/ByteRange[0 0${a} ${b} ${c}]`)],
    ["a comment inside", "byte-range-wrong", range((a, b, c) => `/ByteRange[0 ${a} %x\n${b} ${c}]`)],
    ["a fraction", "byte-range-wrong", range((a, b, c) => `/ByteRange[0 ${a}.0 ${b} ${c}]`)],
    ["three numbers", "byte-range-wrong", range((a, b) => `/ByteRange[0 ${a} ${b}]`)],
    ["a reference", "byte-range-wrong", range(() => "/ByteRange 8 0 R")],
    ["a longer name", "byte-range-wrong", range((a, b, c) => `/ByteRanges[0 ${a} ${b} ${c}]`)],
    ["an escaped name", "no-seal", range((a, b, c) => `/Byte#52ange[0 ${a} ${b} ${c}]`)],
    ["another escaped name", "pdf-malformed", { entries: "/R#65ason(x)" }],
    ["a comment", "pdf-malformed", { objects: ["8 0 obj\n% hidden\nnull\nendobj\n"] }],
    ["a key twice", "pdf-malformed", { entries: "/Type/Sig" }],
    ["/Prev", "pdf-malformed", { trailer: "/Prev 9" }],
    ["encryption", "pdf-malformed", { trailer: "/Encrypt 5 0 R" }],
    [
      "an object stream",
      "pdf-malformed",
      { objects: ["8 0 obj\n<</Type/ObjStm/Length 1>>stream\nx\nendstream\nendobj\n"] },
    ],
    ["an indirect length", "pdf-malformed", { objects: ["8 0 obj\n<</Length 9 0 R>>stream\nx\nendstream\nendobj\n"] }],
    [
      "a length beyond the stream",
      "pdf-malformed",
      { objects: ["8 0 obj\n<</Length 99999>>stream\nx\nendstream\nendobj\n"] },
    ],
    ["another signature dictionary", "several-seals", { objects: ["8 0 obj\n[<</Type/Sig>>]\nendobj\n"] }],
    ["another signature field", "several-seals", { objects: ["8 0 obj\n<</FT/Sig/T(b)>>\nendobj\n"] }],
    ["two fields", "seal-field-wrong", { fields: "6 0 R 5 0 R" }],
    ["no field", "seal-field-wrong", { fields: "" }],
    ["another field", "seal-field-wrong", { fields: "5 0 R" }],
    ["nesting without end", "pdf-malformed", { objects: [`8 0 obj\n${"[".repeat(40)}${"]".repeat(40)}\nendobj\n`] }],
  ])("is refused with %s", async (_, code, options) => {
    await expect(readSealedFile(pdf(options))).rejects.toMatchObject({ code });
  });

  it.each<[string, Code, Buffer]>([
    ["an entry of the table elsewhere", "pdf-malformed", again(pdf(), /(\d{9})\d 00000 n/, "$19 00000 n")],
    ["startxref elsewhere", "pdf-malformed", again(pdf(), /startxref\n\d/, "startxref\n9")],
    ["another header", "pdf-malformed", again(pdf(), "%PDF-1.7", "%PDF-9.7")],
    ["an odd number of digits", "contents-wrong", again(again(pdf(), "<3003020101", "<300302010"), /\]( )?/, "]$1")],
    ["no digits", "contents-wrong", again(pdf(), "<3003020101", "<zz03020101")],
  ])("is refused with %s", async (_, code, file) => {
    const { length } = pdf();
    const same = file.length === length ? file : Buffer.concat([file, Buffer.alloc(length - file.length, 0x20)]);
    const found = await readSealedFile(same).then(
      () => "passed",
      (error: { code: string }) => error.code,
    );
    expect([code, "byte-range-wrong"]).toContain(found);
  });

  it("is refused when it is longer than 20 MiB, before anything is read", async () => {
    await expect(readSealedFile(new Uint8Array(largestFile + 1))).rejects.toMatchObject({ code: "file-too-large" });
  });
});
