// Files raised to B-T, B-LT and B-LTA, made by another maker than the centres': what passes, and every way in which a token or an
// addition is refused. FORMAT.md §9 (3), (6) and (7).
import { execFileSync } from "node:child_process";
import { X509Certificate, createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkSeal } from "../../scripts/verify/cms.ts";
import { Refused } from "../../scripts/verify/outcome.ts";
import { readSealedFile } from "../../scripts/verify/pdf.ts";
import { checkTokens, levelOf } from "../../scripts/verify/raised.ts";
import { reasons } from "../../scripts/verify/reasons.ts";
import { checkTimeStamp } from "../../scripts/verify/time-stamp.ts";
import { openDocumentTimeStamp, storeAddition } from "../../service/src/sealing/additions.ts";
import {
  createDevelopmentRevocationList,
  createDevelopmentTimeStampAuthority,
} from "../../service/src/sealing/development-authority.ts";
import { createDevelopmentTimeStamps } from "../../service/src/sealing/development-time-stamps.ts";
import { attachTimeStamp, signatureValueOf } from "../../service/src/sealing/signature-time-stamp.ts";
import { timeStampRequest, tokenOfResponse } from "../../service/src/sealing/time-stamp.ts";
import { missing } from "../helpers/tools.ts";
import { SIGNED_AT, depositTemplate, draw, authority as sealAuthority } from "../pdf/sample.ts";
import {
  type AdditionChanges,
  type StampChanges,
  type TokenChanges,
  add,
  addStamp,
  attribute,
  generalized,
  makeAuthority,
  makeToken,
  oid,
  timeStampAttribute,
  timeStamping,
  tlv,
} from "./raised-maker.ts";
import { type Identity, type Page, makeCms, makeIdentity, makeSealedPdf } from "./verify-maker.ts";

const p256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const p384 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];

/** The level and the number of time-stamps, or the step and the reason against it. Anything else that is thrown fails the test. */
async function check(file: Uint8Array): Promise<string> {
  let step = "file";
  try {
    const sealed = await readSealedFile(file);
    step = "seal";
    const seal = checkSeal(sealed.cms, sealed.covered);
    const tokens = checkTokens(file, seal, sealed.additions);
    return `${levelOf(seal, sealed.additions)} ${tokens.length}`;
  } catch (error) {
    // A code without a sentence would break the report.
    if (!(error instanceof Refused && Object.hasOwn(reasons, error.code))) throw error;
    return `${step} ${error.code}`;
  }
}

const noOpenssl = missing("openssl");
const made = <T>(make: () => T): T => (noOpenssl ? (undefined as T) : make());
const ec = made(() => makeIdentity(p256));
const authority = made(() => makeAuthority(p256));
const other = made(() => makeAuthority(p256));

const seal = (unsigned?: (signature: Buffer) => Buffer[], page?: Page) =>
  makeSealedPdf((covered) => makeCms(ec, covered, unsigned ? { unsigned } : {}), page);
const stamped = (token: (signature: Buffer) => Buffer, page?: Page) =>
  seal((signature) => [timeStampAttribute(token(signature))], page);
const good = (over: Buffer) => makeToken(authority, over);

const der = tlv(0x30, tlv(0x02, Buffer.of(1))).toString("latin1");
const stream = (bytes = der, keys = "") => `<</Length ${bytes.length}${keys}>>stream\n${bytes}\nendstream`;
const form = "/AcroForm<</Fields[6 0 R]/SigFlags 3>>";
const catalog = (more: string) => `<</Type/Catalog/Pages 2 0 R${form}${more}>>`;
/** store 8, streams 9 and 10 */
const store = {
  1: catalog("/DSS 8 0 R/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>"),
  8: "<</Type/DSS/Certs[9 0 R]/CRLs[10 0 R]/VRI<</AB<</Type/VRI/Cert[9 0 R]/TU(D:20261121)>>>>>>",
  9: stream(),
  10: stream(),
};

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

describe.skipIf(noOpenssl)("unsigned attributes of the seal", () => {
  const text = tlv(0x0c, Buffer.from("x"));
  it.each<[string, (signature: Buffer) => Buffer[]]>([
    ["another attribute", () => [attribute("1.2.3.4", text)]],
    ["another one beside the time-stamp", (one) => [timeStampAttribute(good(one)), attribute("1.2.3.4", text)]],
    ["the time-stamp twice", (one) => [timeStampAttribute(good(one)), timeStampAttribute(good(one))]],
    ["two tokens", (one) => [timeStampAttribute(...[good(one), good(one)].sort(Buffer.compare))]],
    ["no token", () => [timeStampAttribute()]],
  ])("are refused: %s", async (_, unsigned) => {
    expect(await check(seal(unsigned))).toBe("seal seal-malformed");
  });
});

describe.skipIf(noOpenssl)("tokens", () => {
  const year = 365 * 24 * 3600 * 1000;
  it.each<[string, TokenChanges]>([
    ["SHA-384 over SHA-512", { hash: "sha384", imprintHash: "sha512" }],
    ["NULL beside every name", { withNull: true }],
    ["a certificate named by SHA-1", { old: true }],
    ["signing-time", { more: [attribute("1.2.840.113549.1.9.5", tlv(0x17, Buffer.from("261121013000Z")))] }],
    ["a part of a second", { genTime: generalized(new Date()).replace("Z", ".123456Z") }],
    [
      "further certificates",
      { certificates: [other?.certificate ?? Buffer.alloc(0), authority?.certificate].filter(Boolean) as Buffer[] },
    ],
    ["an extension after all of TSTInfo that is of no form", { tstTail: tlv(0xa1, Buffer.of(2, 9)) }],
    [
      "accuracy, ordering and nonce",
      { tstTail: Buffer.concat([tlv(0x30, tlv(2, Buffer.of(1))), tlv(1, Buffer.of(255)), tlv(2, Buffer.of(5))]) },
    ],
  ])("are good with %s", async (_, changes) => {
    expect(await check(stamped((over) => makeToken(authority, over, changes)))).toBe("B-T 1");
  });

  it.each<[string, () => Identity]>([
    ["P-384", () => makeAuthority(p384)],
    ["RSA of 2048 bits", () => makeAuthority(["rsa:2048"])],
    ["RSA of 4096 bits", () => makeAuthority(["rsa:4096"])],
  ])("are good by %s", async (_, make) => {
    const identity = make();
    expect(await check(stamped((over) => makeToken(identity, over, { hash: "sha512" })))).toBe("B-T 1");
  });

  it.each<[string, TokenChanges, string]>([
    ["another imprint", { messageDigest: Buffer.alloc(32) }, "time-stamp-changed"],
    ["a broken signature", { signature: (one) => flip(one, one.length - 1) }, "time-stamp-signature-wrong"],
    ["a signature that is none", { signature: () => Buffer.from("none") }, "time-stamp-signature-wrong"],
    ["an imprint by SHA-1", { imprintHash: "sha1" }, "time-stamp-algorithm-not-allowed"],
    ["a signature over SHA-1", { hash: "sha1" }, "time-stamp-algorithm-not-allowed"],
    ["the name of another hash", { signatureOid: "1.2.840.10045.4.3.3" }, "time-stamp-algorithm-not-allowed"],
    ["the name of another key", { signatureOid: "1.2.840.113549.1.1.11" }, "time-stamp-algorithm-not-allowed"],
    [
      "a time before its certificate",
      { genTime: generalized(new Date(Date.now() - year)) },
      "time-stamp-certificate-not-in-period",
    ],
    [
      "a time behind its certificate",
      { genTime: generalized(new Date(Date.now() + 2 * year)) },
      "time-stamp-certificate-not-in-period",
    ],
    ["a time without Z", { genTime: "20261121013000+0800" }, "time-stamp-malformed"],
    ["a time of no calendar", { genTime: "20260230010000Z" }, "time-stamp-malformed"],
    ["a fraction of zeros", { genTime: "20260228010000.10Z" }, "time-stamp-malformed"],
    ["version 2 of TSTInfo", { tstVersion: 2 }, "time-stamp-malformed"],
    ["something behind TSTInfo's last part", { tstTail: tlv(0x04, Buffer.of(1)) }, "time-stamp-malformed"],
    ["version 1 of the CMS", { version: 1 }, "time-stamp-malformed"],
    ["another content type", { contentType: "1.2.840.113549.1.7.1" }, "time-stamp-malformed"],
    ["no message digest", { without: ["1.2.840.113549.1.9.4"] }, "time-stamp-malformed"],
    ["no named certificate", { without: ["1.2.840.113549.1.9.16.2.47"] }, "time-stamp-malformed"],
    ["another signed attribute", { more: [attribute("1.2.3.4", tlv(5))] }, "time-stamp-malformed"],
    [
      "an attribute twice",
      { more: [attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.9.16.1.4"))] },
      "time-stamp-malformed",
    ],
    ["attributes out of order", { unordered: true }, "time-stamp-not-der"],
    ["an unsigned attribute", { unsigned: attribute("1.2.3.4", tlv(5)) }, "time-stamp-malformed"],
    ["two signers", { signers: 2 }, "time-stamp-malformed"],
    ["no signer", { signers: 0 }, "time-stamp-malformed"],
    ["no certificate", { certificates: [] }, "time-stamp-certificate-wrong"],
    ["another certificate named", { named: Buffer.from("another") }, "time-stamp-certificate-wrong"],
  ])("are refused with %s", async (_, changes, code) => {
    expect(await check(stamped((over) => makeToken(authority, over, changes)))).toBe(`seal ${code}`);
    // The same token on the file is refused at the same step.
    expect(await check(addStamp(seal(), (over) => makeToken(authority, over, changes), 8))).toBe(`seal ${code}`);
  });

  it("are refused over something else, by another's key and in another encoding", async () => {
    expect(await check(stamped(() => good(Buffer.from("other"))))).toBe("seal time-stamp-of-another");
    expect(await check(stamped((over) => makeToken({ ...other, certificate: authority.certificate }, over)))).toBe(
      "seal time-stamp-signature-wrong",
    );
    // A token that is followed by more makes a SET out of order.
    expect(await check(stamped((over) => Buffer.concat([good(over), Buffer.of(5, 0)])))).toBe("seal seal-not-der");
    expect(await check(addStamp(seal(), (over) => flip(good(over), 1), 8))).toMatch(/^(file|seal) /);
  });

  it.each([
    ["no extended key usage", []],
    ["one that is not critical", ["extendedKeyUsage=timeStamping"]],
    ["one that says more", ["extendedKeyUsage=critical,timeStamping,emailProtection"]],
    ["any purpose", ["extendedKeyUsage=critical,anyExtendedKeyUsage"]],
  ])("are refused by an authority with %s", async (_, extensions) => {
    const identity = makeAuthority(p256, extensions);
    expect(await check(stamped((over) => makeToken(identity, over)))).toBe("seal time-stamp-certificate-wrong");
  });

  it("are refused by keys that are too short or of another curve", async () => {
    for (const key of [["rsa:1024"], ["ec", "-pkeyopt", "ec_paramgen_curve:secp521r1"]]) {
      const identity = makeAuthority(key, [timeStamping]);
      expect(await check(stamped((over) => makeToken(identity, over)))).toBe("seal time-stamp-algorithm-not-allowed");
    }
  });

  it("carry up to eight certificates, of which only the signer's is read", () => {
    const over = Buffer.from("over");
    const with_ = (certificates: Uint8Array[]) =>
      checkTimeStamp(makeToken(authority, over, { certificates }), (hash) => createHash(hash).update(over).digest());
    const strange = [tlv(0xa1, tlv(0x30)), tlv(0x30, tlv(0x30)), other.certificate, tlv(0x30)];
    expect(with_([...strange, authority.certificate, ...strange.slice(0, 3)]).authority.digest).toEqual(
      createHash("sha256").update(authority.certificate).digest(),
    );
    expect(() => with_([...strange, authority.certificate, ...strange])).toThrow(Refused);
    expect(() => with_(strange)).toThrow(Refused);
  });

  it("notice every change of a byte that somebody signed, and never break", () => {
    const over = Buffer.from("over");
    const token = makeToken(authority, over);
    const plain = { time: 0, digest: "" };
    const read = (bytes: Buffer) => {
      const { time, authority: by } = checkTimeStamp(bytes, (hash) => createHash(hash).update(over).digest());
      return { time, digest: by.digest.toString("hex") };
    };
    Object.assign(plain, read(token));
    const change = fc.tuple(fc.nat(token.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, mask]) => {
        try {
          // Nothing signs the digest algorithms at its head; what the token says is the same all the same.
          expect(read(flip(token, at, mask))).toEqual(plain);
        } catch (error) {
          if (!(error instanceof Refused)) throw error;
        }
      }),
      { numRuns: 600 },
    );
  });
});

describe.skipIf(noOpenssl)("what openssl stamps", () => {
  it.each([
    ["P-256", p256, "sha256"],
    ["RSA", ["rsa:2048"], "sha512"],
  ])("is good: %s", async (_, key, hash) => {
    const identity = makeAuthority(key);
    const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-verify-"));
    const at = (name: string) => path.join(dir, name);
    const stamp = (over: Buffer): Buffer => {
      fs.writeFileSync(at("over"), over);
      fs.writeFileSync(at("key.pem"), identity.key);
      const pem = identity.certificate.toString("base64").replace(/.{64}/g, "$&\n");
      fs.writeFileSync(at("cert.pem"), `-----BEGIN CERTIFICATE-----\n${pem}\n-----END CERTIFICATE-----\n`);
      fs.writeFileSync(
        at("ts.cnf"),
        `[tsa]\ndefault_tsa=t\n[t]\nserial=${at("serial")}\nsigner_cert=${at("cert.pem")}\nsigner_key=${at("key.pem")}\nsigner_digest=${hash}\ndefault_policy=1.2.3.4\ndigests=sha256,sha384,sha512\naccuracy=secs:1\nordering=yes\ntsa_name=yes\ness_cert_id_alg=${hash}\n`,
      );
      fs.writeFileSync(at("serial"), "01\n");
      const ts = (...args: string[]) => execFileSync("openssl", ["ts", ...args], { stdio: "pipe" });
      ts("-query", "-data", at("over"), `-${hash}`, "-cert", "-out", at("query"));
      ts("-reply", "-config", at("ts.cnf"), "-queryfile", at("query"), "-token_out", "-out", at("token"));
      return fs.readFileSync(at("token"));
    };
    try {
      const bT = stamped(stamp);
      expect(await check(bT)).toBe("B-T 1");
      expect(await check(addStamp(add(bT, { 1: catalog("/DSS 8 0 R"), 8: "<<>>" }), stamp, 9))).toBe("B-LTA 2");
    } finally {
      fs.rmSync(dir, { recursive: true, force: true });
    }
  });
});

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
      { numRuns: 300 },
    );
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), async (length) => {
        expect(await check(file.subarray(0, length))).toMatch(/^(file|seal) |^B-LT 1$|^B-T 1$/);
      }),
      { numRuns: 100 },
    );
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

function flip(bytes: Buffer, at: number, mask = 1): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= mask;
  return copy;
}

function inLastHole(file: Buffer, at: number): boolean {
  const start = file.lastIndexOf("/Contents<");
  return at > start && at < file.indexOf(">>", start);
}

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
