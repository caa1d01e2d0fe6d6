// Additions, made by another maker than the centres': what passes, and every way in which one is refused. FORMAT.md §9 (7).
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AdditionChanges, add, addStamp } from "./raised-maker.ts";
import {
  check,
  noOpenssl,
  made,
  seal,
  stamped,
  good,
  der,
  stream,
  catalog,
  store,
  flip,
  inLastHole,
} from "./raised-check.ts";

describe.skipIf(noOpenssl)("additions", () => {
  const base = made(() => seal());
  const page =
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[6 0 R]>>";

  it.each<[string, Record<number, string>, AdditionChanges]>([
    ["a store", store, {}],
    ["a table that begins with object 0", store, { zero: true }],
    [
      "a store in the catalogue, with keys and space in another order",
      {
        1: `<</Pages 2 0 R /DSS <</Certs [8 0 R]>>/AcroForm << /SigFlags 3 /Fields [ 6 0 R ]>> /Type /Catalog>>`,
        8: stream(),
      },
      {},
    ],
    ["the page as before", { 3: page }, {}],
    ["another line end", store, { end: "\r\n" }],
    ["space before it, as between objects", store, { before: " \n" }],
  ])("are good: %s", async (_, objects, changes) => {
    expect(await check(add(base, objects, changes))).toBe("B-B 0");
  });

  it.each<[string, Record<number, string>, AdditionChanges, string]>([
    ["a page appended", { 2: "<</Type/Pages/Kids[3 0 R 8 0 R]/Count 2>>", 8: page }, {}, "addition-object-not-allowed"],
    ["other contents", { 4: stream("BT (more) Tj ET") }, {}, "addition-object-not-allowed"],
    [
      "other contents as a store's stream",
      { ...store, 4: stream(), 8: "<</Certs[4 0 R 9 0 R 10 0 R]>>" },
      {},
      "store-malformed",
    ],
    ["a page with other contents", { 3: page.replace("4 0 R", "8 0 R"), 8: stream() }, {}, "addition-changes-document"],
    ["a page turned round", { 3: page.replace("/Annots", "/Rotate 180/Annots") }, {}, "addition-changes-document"],
    [
      "an annotation",
      { 3: page.replace("6 0 R", "6 0 R 8 0 R"), 8: "<</Subtype/Stamp/Rect[0 0 9 9]>>" },
      {},
      "addition-changes-document",
    ],
    ["the seal's annotation away", { 3: page.replace("[6 0 R]", "[]") }, {}, "addition-changes-document"],
    ["another seal field", { 6: "<</FT/Sig/T(Seal)/V 7 0 R/Rect[0 0 9 9]>>" }, {}, "addition-object-not-allowed"],
    ["another catalogue", { 1: catalog("/OpenAction 8 0 R"), 8: "<</S/JavaScript>>" }, {}, "addition-changes-document"],
    [
      "another page tree",
      { 1: "<</Type/Catalog/Pages 8 0 R>>", 8: "<</Type/Pages/Kids[]>>" },
      {},
      "addition-changes-document",
    ],
    [
      "other flags of the form",
      { 1: catalog("").replace("SigFlags 3", "SigFlags 0") },
      {},
      "addition-changes-document",
    ],
    [
      "a number spelled otherwise",
      { 1: catalog("").replace("SigFlags 3", "SigFlags 3.0") },
      {},
      "addition-changes-document",
    ],
    [
      "a field of text",
      { 1: catalog("").replace("6 0 R", "6 0 R 8 0 R"), 8: "<</FT/Tx/T(x)>>" },
      {},
      "addition-changes-document",
    ],
    [
      "an extension of another's",
      { 1: catalog("/Extensions<</EVIL<</BaseVersion/1.7>>>>") },
      {},
      "addition-changes-document",
    ],
    [
      "an extension that refers",
      { 1: catalog("/Extensions<</ESIC<</URL 8 0 R>>>>"), 8: "(x)" },
      {},
      "addition-changes-document",
    ],
    [
      "a stream beside the catalogue",
      { 1: `${catalog("/DSS<<>>")}`.replace("<</Type", "<</Length 0/Type") + "stream\n\nendstream" },
      {},
      "addition-changes-document",
    ],
    ["an object that nothing names", { ...store, 11: "null" }, {}, "addition-object-not-allowed"],
    ["a stream that nothing names", { ...store, 11: stream() }, {}, "addition-object-not-allowed"],
    ["a store's stream that is no DER", { ...store, 9: stream("BT ET") }, {}, "store-malformed"],
    ["a store's stream with something behind the DER", { ...store, 9: stream(`${der}\0`) }, {}, "store-malformed"],
    ["a store's stream in a filter", { ...store, 9: stream(der, "/Filter/FlateDecode") }, {}, "store-malformed"],
    ["a store's stream that is DER of another type", { ...store, 9: stream("\x02\x01\x01") }, {}, "store-malformed"],
    ["a store's text in place of a stream", { ...store, 9: "(x)" }, {}, "store-malformed"],
    ["a store that names what is not there", { ...store, 8: "<</Certs[9 0 R 10 0 R 11 0 R]>>" }, {}, "store-malformed"],
    ["a store with another key", { ...store, 8: "<</Certs[9 0 R 10 0 R]/More 1>>" }, {}, "store-malformed"],
    ["a store of another type", { ...store, 8: "<</Type/Sig/Certs[9 0 R 10 0 R]>>" }, {}, "store-malformed"],
    ["/VRI with another key", { ...store, 8: "<</Certs[9 0 R 10 0 R]/VRI<</AB<</More 1>>>>>>" }, {}, "store-malformed"],
    ["a number left out", { 1: catalog("/DSS 9 0 R"), 9: "<<>>" }, {}, "addition-malformed"],
    ["another /Prev", store, { prev: 0 }, "addition-malformed"],
    ["another /Size", store, { size: 12 }, "addition-malformed"],
    ["another /Root", { 8: catalog("") }, { root: "8 0 R" }, "addition-malformed"],
    ["/ID, which the base does not have", store, { trailer: "/ID[<00><00>]" }, "addition-malformed"],
    ["encryption", store, { trailer: "/Encrypt<<>>" }, "addition-malformed"],
    ["/XRefStm", store, { trailer: "/XRefStm 15" }, "addition-malformed"],
    ["another startxref", store, { startxref: 15 }, "addition-malformed"],
    ["an object that the table does not name", store, { unnamed: [10] }, "addition-malformed"],
    [
      "a table of one run in two sections",
      { 8: "1", 9: "2" },
      { sections: "8 1\n0000000000 00000 n \n9 1\n0000000000 00000 n \n" },
      "addition-malformed",
    ],
    ["no line end", store, { end: "" }, "addition-malformed"],
    ["two line ends", store, { end: "\n\n" }, "content-appended"],
    ["something behind it", store, { end: "\nmore" }, "content-appended"],
    ["a comment before it", store, { before: "% x\n" }, "content-appended"],
    ["a line end that is a CR alone", store, { end: "\r" }, "addition-malformed"],
  ])("are refused with %s", async (_, objects, changes, code) => {
    expect(await check(add(base, objects, changes))).toBe(`file ${code}`);
  });

  it("are refused when a later store leaves out or replaces what an earlier one named", async () => {
    const first = add(base, store);
    const later = (objects: Record<number, string>) => check(add(first, objects));
    expect(await later({ 8: store[8] })).toBe("B-B 0");
    expect(await later({ 8: "<</Type/DSS/Certs[9 0 R]>>" })).toBe("file store-shrinks");
    expect(await later({ 8: "<</Certs[9 0 R]/VRI<</AB<</Cert[9 0 R]>>>>>>" })).toBe("file store-shrinks");
    expect(await later({ 8: "<</VRI<</AB<</Cert[9 0 R 10 0 R]>>>>>>" })).toBe("B-B 0");
    expect(await later({ 1: store[1].replace("/DSS 8 0 R", "") })).toBe("file addition-changes-document");
    expect(await later({ 9: stream() })).toBe("file addition-object-not-allowed");
    expect(await later({ 1: store[1].replace("/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>", "") })).toBe(
      "file addition-changes-document",
    );
  });

  it("are refused when they fill what the base refers to and does not have", async () => {
    const open = seal(undefined, { more: ["[20 0 R 9 0 R]"] });
    expect(await check(open)).toBe("B-B 0");
    expect(await check(add(open, { 1: catalog("/DSS<</Certs[9 0 R]>>"), 9: stream() }))).toBe(
      "file addition-malformed",
    );
    expect(await check(add(open, { 1: catalog("/DSS<<>>") }))).toBe("file addition-malformed");
  });

  it("may change the objects of /AcroForm, /Fields and /Annots where these are objects of their own", async () => {
    const own = {
      catalog: "<</Type/Catalog/Pages 2 0 R/AcroForm 8 0 R>>",
      more: ["<</Fields 9 0 R/SigFlags 3>>", "[6 0 R]"],
    };
    const file = seal(undefined, own);
    const list = { 1: undefined, 9: "[6 0 R 10 0 R]" };
    expect(await check(addStamp(file, good, 10, { objects: list }))).toBe("B-B 1");
    expect(await check(addStamp(file, good, 10, { objects: { ...list, 8: own.more[0] } }))).toBe("B-B 1");
    const flags = { ...list, 8: "<</Fields 9 0 R/SigFlags 1>>" };
    expect(await check(addStamp(file, good, 10, { objects: flags }))).toBe("file addition-changes-document");
    const moved = { ...list, 8: "<</Fields[6 0 R 10 0 R]/SigFlags 3>>", 9: undefined };
    expect(await check(addStamp(file, good, 10, { objects: moved }))).toBe("file addition-changes-document");
  });

  it("may bring /ADBE or /ESIC once, beside extensions that are there", async () => {
    const [esic, adbe] = ["/ESIC<</BaseVersion/1.7/ExtensionLevel 1>>", "/ADBE<</BaseVersion/1.7/ExtensionLevel 8>>"];
    const other_ = "/XXXX<</BaseVersion/1.7/ExtensionLevel 3>>";
    const file = seal(undefined, { catalog: catalog(`/Extensions<<${other_}>>`) });
    const with1 = add(file, { 1: catalog(`/Extensions<<${other_}${esic}>>`) });
    const with2 = (more: string) => check(add(with1, { 1: catalog(`/Extensions<<${more}>>`) }));
    expect(await check(with1)).toBe("B-B 0");
    expect(await with2(`${other_}${esic}${adbe}`)).toBe("B-B 0");
    expect(await with2(other_)).toBe("file addition-changes-document");
    expect(await with2(`${other_}${esic.replace("1>>", "2>>")}`)).toBe("file addition-changes-document");
    expect(await with2(`${esic}${adbe}`)).toBe("file addition-changes-document");
  });

  it("are refused in every piece, and notice every change of a byte outside what only others read", async () => {
    const file = addStamp(
      add(stamped(good), { 1: catalog("/DSS 8 0 R"), 8: store[8], 9: store[9], 10: store[10] }),
      good,
      11,
    );
    const whole = await check(file);
    expect(whole).toBe("B-LTA 2");
    const start = seal().length;
    const change = fc.tuple(fc.integer({ min: start, max: file.length - 1 }), fc.integer({ min: 1, max: 255 }));
    await fc.assert(
      fc.asyncProperty(change, async ([at, mask]) => {
        // The document time-stamp covers it all: only spelling in its own token may differ, and says the same.
        const changed = await check(flip(file, at, mask));
        expect(changed === whole ? inLastHole(file, at) : /^(file|seal) /.test(changed)).toBe(true);
      }),
      { numRuns: 120 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), async (length) => {
        expect(await check(file.subarray(0, length))).toMatch(/^(file|seal) |^B-LT 1$|^B-T 1$/);
      }),
      { numRuns: 50 },
    );
  });
});
