// Files and seals, made by another maker than the centres': what passes, and that every change is noticed.
import * as asn1js from "asn1js";
import * as fc from "fast-check";
import * as pkijs from "pkijs";
import { describe, expect, it } from "vitest";
import { checkSeal, isEcdsaSignature } from "../../scripts/verify/cms.ts";
import { isDer } from "../../scripts/verify/der.ts";
import { Refused } from "../../scripts/verify/outcome.ts";
import { fileLimitBytes, readSealedFile } from "../../scripts/verify/pdf.ts";
import { missing } from "../helpers/tools.ts";
import { authority, depositTemplate, draw } from "../pdf/sample.ts";
import { type Changes, type Identity, type Page, makeCms, makeIdentity, makeSealedPdf } from "./verify-maker.ts";

const p256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
const usage = "keyUsage=critical,digitalSignature";

/** "good", or the code of the reason against it. Anything else that is thrown fails the test. */
async function check(file: Uint8Array): Promise<string> {
  try {
    const sealed = await readSealedFile(file);
    checkSeal(sealed.cms, sealed.covered);
    return "good";
  } catch (error) {
    if (error instanceof Refused) return error.code;
    throw error;
  }
}

const seal = (identity: Identity, page?: Page, changes?: Changes) =>
  makeSealedPdf((covered) => makeCms(identity, covered, changes), page);

describe.skipIf(missing("openssl"))("sealed files", () => {
  const ec = makeIdentity(p256);
  const rsa = makeIdentity(["rsa:2048"]);

  it("accepts P-256 and RSA seals", async () => {
    expect(await check(seal(ec))).toBe("good");
    expect(await check(seal(rsa))).toBe("good");
    // The other name for the same algorithm: nothing signs it, so only one of the two may pass.
    expect(await check(seal(rsa, {}, { signatureOid: "1.2.840.113549.1.1.11" }))).toBe("algorithm-not-allowed");
  });

  it.each([
    [
      "another critical extension",
      p256,
      [usage, "nameConstraints=critical,permitted;DNS:test"],
      "certificate-extension-unknown",
    ],
    ["a CA", p256, [usage, "basicConstraints=critical,CA:TRUE"], "certificate-use-wrong"],
    ["a server", p256, [usage, "extendedKeyUsage=serverAuth"], "certificate-use-wrong"],
    ["no key usage", p256, ["basicConstraints=CA:FALSE"], "certificate-use-wrong"],
    ["a key for agreement", p256, ["keyUsage=keyAgreement"], "certificate-use-wrong"],
    ["P-384", ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], [usage], "key-not-allowed"],
    ["a short RSA key", ["rsa:1024"], [usage], "key-not-allowed"],
    ["an e-mail certificate", p256, ["keyUsage=nonRepudiation", "extendedKeyUsage=emailProtection"], "good"],
    ["policies", p256, [usage, "certificatePolicies=critical,1.2.3.4"], "good"],
  ])("judges what the certificate is for: %s", async (_, algorithm, extensions, expected) => {
    expect(await check(seal(makeIdentity(algorithm, extensions)))).toBe(expected);
  });

  it("demands the exact attributes and the named certificates", async () => {
    const other = makeIdentity(p256);
    const changes: [Changes, string][] = [
      [{ certificates: [ec.certificate, other.certificate] }, "certificate-not-named"],
      [{ named: [other.certificate] }, "certificate-not-the-signers"],
      [{ certificates: [other.certificate], named: [other.certificate] }, "certificate-not-the-signers"],
      [{ digestNull: true }, "algorithm-not-allowed"],
      [{ signatureOid: "1.2.840.10045.4.3.3" }, "algorithm-not-allowed"],
      [
        {
          moreAttributes: [
            new pkijs.Attribute({
              type: "1.2.840.113549.1.9.5",
              values: [new asn1js.UTCTime({ valueDate: new Date(0) })],
            }),
          ],
        },
        "seal-malformed",
      ],
    ];
    for (const [change, expected] of changes) expect(await check(seal(ec, {}, change))).toBe(expected);
  });

  it.each<[string, Page, string]>([
    ["no field", { catalog: "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[]>>>>" }, "seal-field-wrong"],
    ["a field with children", { field: "<</FT/Sig/T(Seal)/V 7 0 R/Kids[]>>" }, "seal-field-wrong"],
    ["a second signature field", { more: ["<</FT/Sig/T(Other)>>"] }, "seal-field-wrong"],
    ["a second signature", { more: ["[[<</Type/Sig>>]]"] }, "seal-field-wrong"],
    ["an object twice", { more: ["1 endobj 1 0 obj 2"] }, "pdf-malformed"],
    ["a comment", { more: ["[1 % two\n2]"] }, "pdf-malformed"],
    ["an escaped name", { more: ["/A#42"] }, "pdf-malformed"],
    ["a key twice", { more: ["<</A 1/A 2>>"] }, "pdf-malformed"],
    ["an indirect length", { more: ["<</Length 9 0 R>>stream\nab\nendstream", "2"] }, "pdf-malformed"],
    ["an object stream", { more: ["<</Type/ObjStm/Length 2>>stream\nab\nendstream"] }, "pdf-malformed"],
    ["nesting without end", { more: ["[".repeat(100_000)] }, "pdf-malformed"],
    ["an earlier revision", { trailer: "<</Size 8/Root 1 0 R/Prev 15>>" }, "pdf-malformed"],
    ["encryption", { trailer: "<</Size 8/Root 1 0 R/Encrypt<<>>>>" }, "pdf-malformed"],
    ["a second section", { afterTable: "9 1\n0000000015 00000 n \n" }, "pdf-malformed"],
    ["a second range in the text", { page: "(/ByteRange)" }, "several-seals"],
  ])("refuses a PDF with %s", async (_, page, expected) => {
    expect(await check(seal(ec, page))).toBe(expected);
  });

  it("notices every change of a byte, and never breaks", async () => {
    const file = seal(ec);
    const change = fc.tuple(fc.nat(file.length - 1), fc.integer({ min: 1, max: 255 }));
    const changed = fc.asyncProperty(change, async ([at, mask]) => {
      const copy = Buffer.from(file);
      copy[at]! ^= mask;
      expect(await check(copy)).not.toBe("good");
    });
    await fc.assert(changed, { numRuns: 300 });
  });

  it("notices every change of a byte of the CMS, signed or not", () => {
    const covered = Buffer.from("covered");
    const cms = makeCms(ec, covered);
    const change = fc.tuple(fc.nat(cms.length - 1), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, ([at, mask]) => {
        const changed = Buffer.from(cms);
        changed[at]! ^= mask;
        expect(() => checkSeal(changed, [covered])).toThrow(Refused);
      }),
      { numRuns: 300 },
    );
    expect(checkSeal(cms, [covered]).certificate.subject).toBe("test seal");
  });

  it("has a reason for every piece of a file", async () => {
    const file = seal(ec);
    await fc.assert(
      fc.asyncProperty(fc.nat(file.length - 1), async (length) => (await check(file.subarray(0, length))) !== "good"),
      { numRuns: 100 },
    );
    expect(await check(Buffer.alloc(0))).toBe("file-empty");
    expect(await check(Buffer.from("PK\u0003\u0004"))).toBe("not-a-pdf");
    expect(await check(Buffer.alloc(fileLimitBytes + 1, 0x25))).toBe("file-too-big");
    expect(await check(Buffer.concat([file, Buffer.from("\n")]))).toBe("content-appended");
  });
});

describe("what a centre seals", () => {
  it.each(["P-256", "RSA-2048", "RSA-3072"] as const)(
    "is good, and has the digests that the centre puts in its leaf: %s",
    async (algorithm) => {
      const template = await depositTemplate();
      const { suffix, ...digests } = authority(algorithm).sealer.seal(draw(template));
      const file = await readSealedFile(Buffer.concat([template.prefix, suffix]));
      const { sealedDigest, signatureDigest, certificate } = checkSeal(file.cms, file.covered);
      expect(sealedDigest.equals(digests.sealedDigest)).toBe(true);
      expect(signatureDigest.equals(digests.signatureDigest)).toBe(true);
      expect(certificate.digest.equals(digests.signer)).toBe(true);
    },
  );
});

describe("DER", () => {
  const bytes = (hex: string) => Buffer.from(hex, "hex");
  it.each(["020100", "0500", "3006020101020102", "310602010102010a", "0101ff", "a003020101"])("is %s", (hex) => {
    expect(isDer(bytes(hex))).toBe(true);
  });
  it.each([
    ["indefinite length", "30800000"],
    ["longer length than needed", "308103020101"],
    ["long number", "02020001"],
    ["true that is not ff", "010101"],
    ["set out of order", "3106020102020101"],
    ["something behind it", "050000"],
    ["cut", "300302"],
    ["text in parts", "2403040161"],
    ["unused bits that are set", "030207ff"],
    ["empty number", "0200"],
    ["nothing", ""],
  ])("is not: %s", (_, hex) => expect(isDer(bytes(hex))).toBe(false));

  it("takes ECDSA signatures in their range only", () => {
    const order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";
    expect(isEcdsaSignature(bytes("3006020101020101"))).toBe(true);
    expect(isEcdsaSignature(bytes("3006020100020101"))).toBe(false);
    expect(isEcdsaSignature(bytes("30060201ff020101"))).toBe(false);
    expect(isEcdsaSignature(bytes(`3026022100${order}020101`))).toBe(false);
    expect(isEcdsaSignature(bytes("3009020101020101020101"))).toBe(false);
  });
});
