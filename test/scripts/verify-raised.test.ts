// Files raised to B-T, B-LT and B-LTA by another maker than the centres', and by the centres' own. FORMAT.md §9 (7).
import { X509Certificate, createHash } from "node:crypto";
import { describe, expect, it } from "vitest";
import { checkSeal } from "../../scripts/verify/cms.ts";
import { readSealedFile } from "../../scripts/verify/pdf.ts";
import { openDocumentTimeStamp, storeAddition } from "../../service/src/sealing/additions.ts";
import {
  createDevelopmentRevocationList,
  createDevelopmentTimeStampAuthority,
} from "../../service/src/sealing/development-authority.ts";
import { createDevelopmentTimeStamps } from "../../service/src/sealing/development-time-stamps.ts";
import { attachTimeStamp, signatureValueOf } from "../../service/src/sealing/signature-time-stamp.ts";
import { timeStampRequest, tokenOfResponse } from "../../service/src/sealing/time-stamp.ts";
import { SIGNED_AT, depositTemplate, draw, authority as sealAuthority } from "../pdf/sample.ts";
import { type StampChanges, add, addStamp } from "./raised-maker.ts";
import { check, noOpenssl, made, seal, stamped, good, stream, catalog, store } from "./raised-check.ts";

describe.skipIf(noOpenssl)("levels", () => {
  it("grow with what the file has", async () => {
    const bT = stamped(good);
    const bLt = add(bT, store);
    const withStamp = {
      1: `<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 11 0 R]/SigFlags 3>>/DSS 8 0 R/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>>>`,
    };
    const bLta = addStamp(bLt, good, 11, { objects: withStamp });
    expect(await check(seal())).toBe("B-B 0");
    expect(await check(bT)).toBe("B-T 1");
    expect(await check(bLt)).toBe("B-LT 1");
    expect(await check(bLta)).toBe("B-LTA 2");
    // Without the level below a file is not of the level above, whatever it has.
    expect(await check(add(seal(), store))).toBe("B-B 0");
    expect(await check(addStamp(bT, good, 8))).toBe("B-T 2");
    // A store that no time-stamp covers yet.
    const late = add(addStamp(bT, good, 8), {
      1: "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R 8 0 R]/SigFlags 3>>/DSS<</Certs[10 0 R]>>>>",
      10: stream(),
    });
    expect(await check(late)).toBe("B-LT 2");
  });

  it("go on: a second store that replaces the first one's object, a second time-stamp, and every earlier state is good", async () => {
    const bLta = addStamp(
      add(stamped(good), { 1: catalog("/DSS 8 0 R"), 8: store[8], 9: store[9], 10: store[10] }),
      good,
      11,
    );
    const more = add(bLta, {
      8: "<</Type/DSS/Certs[9 0 R 13 0 R]/CRLs[10 0 R]/OCSPs 14 0 R/VRI<</AB<</Cert[9 0 R]>>/CD<<>>>>>>",
      13: stream(),
      14: "[13 0 R]",
    });
    const second = addStamp(more, good, 15);
    expect(await check(more)).toBe("B-LTA 2");
    expect(await check(second)).toBe("B-LTA 3");
    expect(await check(second.subarray(0, bLta.length))).toBe("B-LTA 2");
    // The seal's digests, on which the leaf rests, are the same at every level.
    const digests = async (file: Buffer) => {
      const sealed = await readSealedFile(file);
      const { sealedDigest, signatureDigest } = checkSeal(sealed.cms, sealed.covered);
      return [sealedDigest, signatureDigest];
    };
    expect(await digests(second)).toEqual(await digests(bLta));
  });
});

describe.skipIf(noOpenssl)("document time-stamps", () => {
  const base = made(() => seal());
  const field = (more: string, v = "9 0 R") => `<</FT/Sig/T(Stamp)/V ${v}${more}>>`;

  it("are good in a field without a widget that no page shows", async () => {
    expect(await check(addStamp(base, good, 8, { objects: { 3: undefined, 8: field("") } }))).toBe("B-B 1");
  });

  it.each<[string, StampChanges, string]>([
    ["a range that is short at the end", { range: (a, b, c) => `0 ${a} ${b} ${c - 1}` }, "time-stamp-range-wrong"],
    ["a range that is long at the end", { range: (a, b, c) => `0 ${a} ${b} ${c + 1}` }, "time-stamp-range-wrong"],
    [
      "a range that does not begin at the first byte",
      { range: (a, b, c) => `1 ${a} ${b} ${c}` },
      "time-stamp-range-wrong",
    ],
    ["a range with a wider hole", { range: (a, b, c) => `0 ${a - 1} ${b} ${c}` }, "time-stamp-range-wrong"],
    [
      "the seal's hole",
      { range: (a, _b, c) => `0 ${base.indexOf("/Contents<") + 9} ${base.indexOf(">>>\nendobj")} ${a + c}` },
      "time-stamp-range-wrong",
    ],
    ["a range with leading zeros", { range: (a, b, c) => `0 0${a} ${b} ${c}` }, "time-stamp-range-wrong"],
    ["capital digits", { contents: (digits) => digits.toUpperCase() }, "contents-wrong"],
    ["something behind the token", { contents: (digits) => `${digits.slice(0, -1)}1` }, "padding-not-zero"],
    ["no token", { contents: (digits) => "0".repeat(digits.length) }, ""],
    ["another key", { keys: "/M(D:20261121)" }, "time-stamp-field-wrong"],
    ["another kind", { keys: "/Reference[]" }, "time-stamp-field-wrong"],
    ["no field", { objects: { 8: "null" } }, "time-stamp-field-wrong"],
    ["a field of text", { objects: { 8: field("").replace("Sig", "Tx") } }, "time-stamp-field-wrong"],
    ["a field with another value", { objects: { 8: field("", "7 0 R") } }, "time-stamp-field-wrong"],
    [
      "a field that is seen",
      { objects: { 8: field("/Type/Annot/Subtype/Widget/Rect[0 0 9 9]") } },
      "time-stamp-field-wrong",
    ],
    ["a field with an appearance", { objects: { 8: field("/AP<</N 4 0 R>>") } }, "time-stamp-field-wrong"],
    ["a field with an action", { objects: { 8: field("/AA<<>>") } }, "time-stamp-field-wrong"],
    ["a field on another page", { objects: { 8: field("/P 2 0 R") } }, "time-stamp-field-wrong"],
    [
      "the name of the seal's field",
      { objects: { 8: field("").replace("(Stamp)", "(Seal)") } },
      "time-stamp-field-wrong",
    ],
    [
      "the seal's name spelled otherwise",
      { objects: { 8: field("").replace("(Stamp)", "<FEFF005300650061006C>") } },
      "time-stamp-field-wrong",
    ],
    [
      "the seal's name with escapes",
      { objects: { 8: field("").replace("(Stamp)", "(\\123ea\\l)") } },
      "time-stamp-field-wrong",
    ],
    [
      "a name in hexadecimal digits",
      { objects: { 8: field("").replace("(Stamp)", "<41>") } },
      "time-stamp-field-wrong",
    ],
    ["a name of other characters", { objects: { 8: field("").replace("(Stamp)", "(a.b)") } }, "time-stamp-field-wrong"],
    ["an empty name", { objects: { 8: field("").replace("(Stamp)", "()") } }, "time-stamp-field-wrong"],
    ["no name", { objects: { 8: field("").replace("/T(Stamp)", "") } }, "time-stamp-field-wrong"],
    ["a field that is not in the form", { objects: { 1: undefined } }, "time-stamp-field-wrong"],
    [
      "a field before the seal's",
      { objects: { 1: catalog("").replace("6 0 R", "8 0 R 6 0 R") } },
      "addition-changes-document",
    ],
    [
      "the field in place of the seal's",
      { objects: { 1: catalog("").replace("6 0 R", "8 0 R") } },
      "addition-changes-document",
    ],
    [
      "the field twice",
      { objects: { 1: catalog("").replace("6 0 R", "6 0 R 8 0 R 8 0 R") } },
      "addition-changes-document",
    ],
    ["a second field", { objects: { 10: field("", "9 0 R") } }, "time-stamp-field-wrong"],
    ["a second value", { objects: { 10: "<</Type/DocTimeStamp>>" } }, "time-stamp-field-wrong"],
    ["a seal beside it", { objects: { 10: "<</Type/Sig>>" } }, "addition-object-not-allowed"],
  ])("are refused with %s", async (_, changes, code) => {
    expect(await check(addStamp(base, good, 8, changes))).toMatch(code ? `file ${code}` : /^(file|seal) /);
  });

  it("are refused over another file, in an addition that is not the last thing they cover, and with a name that came before", async () => {
    expect(await check(addStamp(base, () => good(Buffer.from("other")), 8))).toBe("seal time-stamp-of-another");
    const two = addStamp(addStamp(base, good, 8), good, 10);
    expect(await check(two)).toBe("B-B 2");
    const again = "<</FT/Sig/T(Stamp8)/V 11 0 R>>";
    expect(await check(addStamp(addStamp(base, good, 8), good, 10, { objects: { 10: again } }))).toBe(
      "file time-stamp-field-wrong",
    );
    // The first field, replaced.
    const taken = addStamp(addStamp(base, good, 8), good, 10, { objects: { 8: "<</FT/Sig/T(Stamp8)/V 11 0 R>>" } });
    expect(await check(taken)).toBe("file addition-object-not-allowed");
  });
});

describe("what a centre raises", () => {
  it.each(["P-256", "RSA-2048"] as const)("has its level and its time-stamps: %s", async (algorithm) => {
    const now = () => SIGNED_AT;
    const { root, sealer } = sealAuthority(algorithm);
    const credential = createDevelopmentTimeStampAuthority(root, { now, algorithm });
    const chain = [root, credential].map(({ certificatePem }) => new X509Certificate(certificatePem).raw);
    const stamps = createDevelopmentTimeStamps(credential, { now, chain: chain.slice(0, 1) });
    const ask = (digest: Uint8Array) => tokenOfResponse(stamps.answer(timeStampRequest(digest, Buffer.of(1, 2, 3))));
    const list = createDevelopmentRevocationList(root, { now });
    const template = await depositTemplate();
    sealer.reserve(4096);
    const bB = Buffer.concat([template.prefix, sealer.seal(draw(template)).suffix]);
    const bT = attachTimeStamp(bB, ask(createHash("sha256").update(signatureValueOf(bB)).digest()));
    const grow = (file: Buffer, evidence = [chain[0]!]) => {
      const withStore = Buffer.concat([file, storeAddition(file, { certificates: evidence, crls: [list], ocsps: [] })]);
      const open = openDocumentTimeStamp(withStore, 3000);
      return { withStore, withStamp: Buffer.concat([withStore, open.finish(ask(open.digest))]) };
    };
    const first = grow(bT);
    const second = grow(first.withStamp, chain);
    expect(await check(bB)).toBe("B-B 0");
    expect(await check(bT)).toBe("B-T 1");
    expect(await check(first.withStore)).toBe("B-LT 1");
    expect(await check(first.withStamp)).toBe("B-LTA 2");
    expect(await check(second.withStore)).toBe("B-LTA 2");
    expect(await check(second.withStamp)).toBe("B-LTA 3");
  });
});
