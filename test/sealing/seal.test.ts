import { createHash, createPrivateKey, X509Certificate } from "node:crypto";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { isDevelopmentCertificate } from "../../service/src/sealing/development-authority.ts";
import type { SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import { elementAt } from "../../service/src/sealing/der.ts";
import { sealKeyFromPem, sealKeyFromPkcs12 } from "../../service/src/sealing/keys.ts";
import { createSealer } from "../../service/src/sealing/seal.ts";
import { missing, run } from "../helpers/tools.ts";
import { authority, CENTRE, depositTemplate, draw, file } from "../pdf/sample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-seal-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string): string => path.join(folder, name);

const template = await depositTemplate();
const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

describe.each(["P-256", "RSA-2048", "RSA-3072"] satisfies SealAlgorithm[])("a file sealed with %s", (algorithm) => {
  const { root, intermediate, seal, sealer } = authority(algorithm);
  const drawing = draw(template);
  const sealed = sealer.seal(drawing);
  const pdf = Buffer.concat([template.prefix, sealed.suffix]);
  const parts = signatureOf(pdf);
  writeFileSync(at(`${algorithm}.pdf`), pdf);

  it("has a byte range that covers all but the signature value", () => {
    const [start, length, resume, rest] = parts.range;
    expect(start).toBe(0);
    expect(pdf[length]).toBe("<".charCodeAt(0));
    expect(pdf[resume - 1]).toBe(">".charCodeAt(0));
    expect(resume + rest).toBe(pdf.length);
    expect(pdf.toString("latin1", length + 1, resume - 1)).toMatch(/^[0-9a-f]+$/);
  });

  it("reports the digests that its leaf will hold", () => {
    expect(Buffer.from(sealed.sealedDigest).toString("hex")).toBe(sha256(parts.signedBytes));
    expect(Buffer.from(sealed.signatureDigest).toString("hex")).toBe(sha256(signatureValueOf(parts.cms)));
    const certificate = new X509Certificate(seal.certificatePem).raw;
    expect(Buffer.from(sealed.signer).toString("hex")).toBe(sha256(certificate));
    expect(sealer.signer).toEqual(sealed.signer);
  });

  it("carries the seal certificate and its intermediate, not the root", () => {
    expect(parts.cms.includes(new X509Certificate(seal.certificatePem).raw)).toBe(true);
    expect(parts.cms.includes(new X509Certificate(intermediate.certificatePem).raw)).toBe(true);
    expect(parts.cms.includes(new X509Certificate(root.certificatePem).raw)).toBe(false);
  });

  it("has no room left but what a short ECDSA signature leaves", () => {
    expect(parts.padding).toBeLessThanOrEqual(algorithm === "P-256" ? 4 : 0);
  });

  it.skipIf(missing("qpdf"))("is sound for qpdf", () => {
    expect(run("qpdf", ["--check", at(`${algorithm}.pdf`)])).toContain("No syntax or stream encoding errors found");
  });

  it.skipIf(missing("openssl"))("is CAdES for openssl, under its root alone", () => {
    writeFileSync(at("cms.der"), parts.cms);
    writeFileSync(at("signed"), parts.signedBytes);
    writeFileSync(at("root.pem"), root.certificatePem);
    const verify = [
      "cms",
      "-verify",
      "-cades",
      "-binary",
      "-inform",
      "DER",
      "-in",
      at("cms.der"),
      "-content",
      at("signed"),
    ];
    const trust = ["-CAfile", at("root.pem"), "-purpose", "any", "-attime", "1795225000", "-out", at("out")];
    expect(() => run("openssl", [...verify, ...trust])).not.toThrow();
    writeFileSync(at("signed"), Buffer.concat([parts.signedBytes, Buffer.from("x")]));
    expect(() => run("openssl", [...verify, ...trust])).toThrow(/digest|verification/i);
  });

  it.skipIf(missing("pdfsig", "certutil"))("is valid and trusted for pdfsig, and no longer when a byte changes", () => {
    const store = `sql:${mkdtempSync(at("nss-"))}`;
    writeFileSync(at("root.pem"), root.certificatePem);
    run("certutil", ["-N", "-d", store, "--empty-password"]);
    run("certutil", ["-A", "-d", store, "-n", "root", "-t", "CT,C,C", "-i", at("root.pem")]);
    const report = run("pdfsig", ["-nssdir", store, at(`${algorithm}.pdf`)]);
    expect(report).toContain("Signature is Valid.");
    expect(report).toContain("Certificate is Trusted.");
    expect(report).toContain("Total document signed");
    expect(report).toContain("ETSI.CAdES.detached");
    expect(report).toContain(CENTRE);
    const changed = Buffer.from(pdf);
    changed[template.prefix.length + 400]! ^= 1;
    writeFileSync(at("changed.pdf"), changed);
    expect(run("pdfsig", ["-nssdir", store, at("changed.pdf")])).toContain("Digest Mismatch");
  });
});

describe("sealing", () => {
  const { sealer } = authority();

  it("twice gives the same sealed digest, and another signature", () => {
    const drawing = draw(template);
    const [first, second] = [sealer.seal(drawing), sealer.seal(drawing)];
    expect(first.sealedDigest).toEqual(second.sealedDigest);
    expect(first.signatureDigest).not.toEqual(second.signatureDigest);
  });

  it("hands out results that later seals do not touch", () => {
    const first = sealer.seal(draw(template));
    const kept = Buffer.from(first.suffix);
    for (let i = 0; i < 20; i++) sealer.seal(draw(template));
    expect(Buffer.compare(first.suffix, kept)).toBe(0);
  });

  it("keeps its length through short and long ECDSA signatures", () => {
    const lengths = new Set(Array.from({ length: 200 }, () => file(template, sealer, draw(template)).length));
    expect(lengths.size).toBe(1);
  });

  it("refuses a key that is not the certificate's, and weak or other keys", () => {
    const [one, other] = [authority().seal, authority().seal];
    expect(() => sealKeyFromPem(one.keyPem, other.certificatePem)).toThrow(/no certificate belongs/);
    const { chain } = sealKeyFromPem(other.keyPem, other.certificatePem);
    expect(() => createSealer({ key: createPrivateKey(one.keyPem), chain })).toThrow(/not the certificate's/);
  });
});

describe("a PKCS#12 file", () => {
  it.skipIf(missing("openssl")).each(["P-256", "RSA-2048"] satisfies SealAlgorithm[])(
    "gives key and chain, %s",
    (algorithm) => {
      const { root, intermediate, seal } = authority(algorithm);
      writeFileSync(at("key.pem"), seal.keyPem);
      writeFileSync(at("seal.pem"), seal.certificatePem);
      writeFileSync(at("others.pem"), `${root.certificatePem}${intermediate.certificatePem}`);
      const files = [
        "-inkey",
        at("key.pem"),
        "-in",
        at("seal.pem"),
        "-certfile",
        at("others.pem"),
        "-out",
        at("seal.p12"),
      ];
      run("openssl", ["pkcs12", "-export", "-passout", "pass:geheim", ...files]);
      const fromPkcs12 = sealKeyFromPkcs12(readFileSync(at("seal.p12")), "geheim");
      expect(fromPkcs12.chain).toEqual(
        [seal, intermediate].map(({ certificatePem }) => new X509Certificate(certificatePem).raw),
      );
      expect(() => createSealer(fromPkcs12)).not.toThrow();
      expect(() => sealKeyFromPkcs12(readFileSync(at("seal.p12")), "falsch")).toThrow(/password/i);
    },
  );
});

describe("the development authority", () => {
  const { root, intermediate, seal } = authority();

  it("says what it is in the root's subject and the seal's issuer", () => {
    const { subject } = new X509Certificate(root.certificatePem);
    expect(subject).toContain("开发用");
    expect(subject).toContain("DEVELOPMENT");
    expect(isDevelopmentCertificate(new X509Certificate(seal.certificatePem).raw)).toBe(true);
  });

  it.skipIf(missing("openssl"))("makes certificates that openssl accepts, with the usages of a seal", () => {
    writeFileSync(at("root.pem"), root.certificatePem);
    writeFileSync(at("ca.pem"), intermediate.certificatePem);
    writeFileSync(at("seal.pem"), seal.certificatePem);
    const trust = ["-x509_strict", "-attime", "1795225000", "-CAfile", at("root.pem"), "-untrusted", at("ca.pem")];
    expect(run("openssl", ["verify", ...trust, at("seal.pem")])).toContain("OK");
    const printed = execFileSync("openssl", ["x509", "-in", at("seal.pem"), "-noout", "-text"], { encoding: "utf8" });
    expect(printed).toMatch(/Key Usage: critical\s+Digital Signature, Non Repudiation/);
    expect(printed).toMatch(/E-mail Protection, 1\.3\.6\.1\.5\.5\.7\.3\.36/);
    expect(new X509Certificate(seal.certificatePem).subject).toContain(CENTRE);
  });
});

/** Takes a sealed file apart by its byte range, as a verifier does. */
function signatureOf(pdf: Buffer): {
  range: [number, number, number, number];
  signedBytes: Buffer;
  cms: Buffer;
  padding: number;
} {
  const match = /\/ByteRange\[(\d+) (\d+) (\d+) (\d+) *\]/.exec(pdf.toString("latin1"))!;
  const range = match.slice(1).map(Number) as [number, number, number, number];
  const [, length, resume] = range;
  const contents = Buffer.from(pdf.toString("latin1", length + 1, resume - 1), "hex");
  const { end } = elementAt(contents, 0);
  return {
    range,
    signedBytes: Buffer.concat([pdf.subarray(0, length), pdf.subarray(resume)]),
    cms: contents.subarray(0, end),
    padding: contents.length - end,
  };
}

/** The signature value is the last element of SignerInfo, which ends the structure. */
function signatureValueOf(cms: Buffer): Buffer {
  let { content, end } = elementAt(cms, 0);
  for (;;) {
    let last = elementAt(cms, content);
    while (last.end < end) last = elementAt(cms, last.end);
    if (last.tag === 0x04) return cms.subarray(last.content, last.end);
    ({ content, end } = last);
  }
}
