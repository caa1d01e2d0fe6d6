// Time-stamp tokens, as OpenSSL and this platform's own authority make them, and as nobody may.
import { randomBytes, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { openDocumentTimeStamp, storeAddition } from "../../service/src/sealing/additions.ts";
import {
  createDevelopmentRoot,
  createDevelopmentTimeStampAuthority,
} from "../../service/src/sealing/development-authority.ts";
import { createDevelopmentTimeStamps } from "../../service/src/sealing/development-time-stamps.ts";
import { attachTimeStamp, signatureValueOf } from "../../service/src/sealing/signature-time-stamp.ts";
import { timeStampRequest, tokenOfResponse } from "../../service/src/sealing/time-stamp.ts";
import { verifySeal } from "../../service/src/verify/cms.ts";
import { readSealedFile } from "../../service/src/verify/pdf.ts";
import { levelOf, verifyTokens } from "../../service/src/verify/time-stamps.ts";
import { verifyToken } from "../../service/src/verify/token.ts";
import { missing, run } from "../helpers/tools.ts";
import { authority as sealing, depositTemplate, draw, file } from "../pdf/sample.ts";
import { der, ecdsaDer, ecSigner, octets, oid, seq, set, sha256 } from "./maker.ts";
import { mirrored, p256 } from "./keys.ts";
import { makeAuthority, makeToken, purpose, timeStamping } from "./tokens.ts";
import type { TokenOptions } from "./tokens.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-token-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);

const over = Buffer.from("what existed");
const authority = makeAuthority("token tests");
const token = (options: Partial<TokenOptions> = {}) => makeToken(over, { authority, ...options });
const verify = (bytes: Uint8Array) => verifyToken(Uint8Array.from(bytes), () => over);

describe.skipIf(missing("openssl"))("tokens that OpenSSL makes", () => {
  const keys: Record<string, string[]> = {
    "RSA-2048": ["-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048"],
    "P-384": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"],
    "P-256": ["-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"],
  };
  it.each([
    ["RSA-2048", "sha256", "sha1"],
    ["RSA-2048", "sha512", "sha512"],
    ["P-384", "sha384", "sha256"],
    ["P-256", "sha256", "sha256"],
  ])("with %s, %s and the certificate named by %s", async (key, hash, named) => {
    const usage = [
      "-addext",
      "extendedKeyUsage=critical,timeStamping",
      "-addext",
      "keyUsage=critical,digitalSignature",
    ];
    run("openssl", ["genpkey", ...keys[key]!, "-out", at("key")]);
    run("openssl", [
      "req",
      "-new",
      "-x509",
      "-key",
      at("key"),
      "-subj",
      "/CN=test",
      "-days",
      "9",
      ...usage,
      "-out",
      at("pem"),
    ]);
    writeFileSync(at("data"), over);
    writeFileSync(at("serial"), "0a");
    writeFileSync(
      at("cnf"),
      `[tsa]\ndefault_tsa=t\n[t]\nserial=${at("serial")}\ndefault_policy=1.2.3.4.1\ndigests=${hash}\naccuracy=secs:1,millisecs:5\nordering=yes\ntsa_name=yes\nclock_precision_digits=3\ness_cert_id_chain=no\ness_cert_id_alg=${named}\nsigner_digest=${hash}\n`,
    );
    run("openssl", ["ts", "-query", "-data", at("data"), `-${hash}`, "-cert", "-out", at("q")]);
    const signer = ["-signer", at("pem"), "-inkey", at("key"), "-config", at("cnf")];
    run("openssl", ["ts", "-reply", "-queryfile", at("q"), ...signer, "-token_out", "-out", at("token")]);
    const made = readFileSync(at("token"));
    const { time, authority: found } = await verify(made);
    const certificate = Buffer.from(readFileSync(at("pem"), "latin1").replace(/-.*-|\s/g, ""), "base64");
    expect(found).toBe(sha256(certificate).toString("hex"));
    expect(Math.abs(time - Date.now() / 1000)).toBeLessThan(60);
    await expect(verifyToken(made, () => Buffer.from("another"))).rejects.toMatchObject({ code: "time-stamp-wrong" });
  });
});

describe("a token", () => {
  it("says its time in whole seconds and who signed it", async () => {
    const { time, authority: signer } = await verify(token({ genTime: "20261121013005.999Z" }));
    expect(time).toBe(Date.UTC(2026, 10, 21, 1, 30, 5) / 1000);
    expect(signer).toBe(sha256(authority.certificate).toString("hex"));
  });

  const attribute = (id: string, ...values: Buffer[]) => seq(oid(id), set(...values));
  const small = (value: number) => der(2, Buffer.of(value));
  const named = (extensions: Buffer[], more = {}) => makeAuthority("token tests", { extensions, ...more });
  it.each<[string, Partial<TokenOptions>]>([
    ["SHA-1 of what it is over", { imprintHash: "sha1" }],
    ["SHA-1 as its digest", { hash: "sha1" }],
    ["a digest of another length", { imprint: Buffer.alloc(20) }],
    ["another version", { version: 2 }],
    ["a local time", { genTime: "20261121013005" }],
    ["a time with an offset", { genTime: "20261121093005+0800" }],
    ["zeros behind the fraction", { genTime: "20261121013005.50Z" }],
    ["a point without a fraction", { genTime: "20261121013005.Z" }],
    ["a day that is not", { genTime: "20261131013005Z" }],
    ["a time before its certificate", { genTime: "20251231235959Z" }],
    ["a time after its certificate", { genTime: "20290101000000Z" }],
    ["members in another order", { optional: [small(1), der(1, Buffer.of(0xff))] }],
    ["a member twice", { optional: [small(1), small(2)] }],
    ["an unknown member", { optional: [der(0xa2, small(1))] }],
    ["parameters of an algorithm", { parameters: [octets(Buffer.of(1))] }],
    ["no certificate", { carried: [] }],
    ["another certificate", { carried: [makeAuthority("other").certificate] }],
    ["two signers", { twoSigners: true }],
    ["revocation lists", { lists: seq() }],
    ["no content type", { attributes: (usual) => usual.slice(1) }],
    ["no message digest", { attributes: ([a, , c]) => [a!, c!] }],
    ["no signing certificate", { attributes: (usual) => usual.slice(0, 2) }],
    ["an attribute twice", { attributes: (usual) => [...usual, usual[0]!] }],
    [
      "another content type",
      { attributes: ([, ...rest]) => [attribute("1.2.840.113549.1.9.3", oid("1.2.840.113549.1.7.1")), ...rest] },
    ],
    [
      "the message digest of something else",
      { attributes: ([a, , c]) => [a!, attribute("1.2.840.113549.1.9.4", octets(Buffer.alloc(32))), c!] },
    ],
    ["a signature algorithm with another hash", { algorithm: seq(oid("1.2.840.10045.4.3.3")) }],
    ["RSA's name", { algorithm: seq(oid("1.2.840.113549.1.1.1")) }],
    ["a signature of zeros", { signature: () => ecdsaDer(Buffer.alloc(64)) }],
    ["a certificate without a purpose", { authority: named([]) }],
    ["a certificate for any purpose", { authority: named([purpose(true, "2.5.29.37.0")]) }],
    [
      "a certificate that begins later",
      { authority: named([purpose(true, timeStamping)], { notBefore: "2026-11-21T01:30:06" }) },
    ],
    [
      "a certificate with another's number",
      { authority: named([purpose(true, timeStamping)], { serial: Buffer.of(9) }) },
    ],
  ])("is refused with %s", async (_, options) => {
    await expect(verify(token(options))).rejects.toMatchObject({ code: "time-stamp-wrong" });
  });

  it("is taken with its signature mirrored, for who signed what does not change", async () => {
    const key = p256("time-stamps token tests");
    const signer = { ...ecSigner(key), sign: (message: Uint8Array) => ecdsaDer(mirrored(key.sign(message))) };
    expect((await verify(token({ authority: { ...authority, signer } }))).time).toBeGreaterThan(0);
  });

  it("never lets a changed byte pass as another time or authority", async () => {
    const good = token();
    const { time, authority: signer } = await verify(good);
    const passed: object[] = [];
    for (let i = 0; i < good.length; i++) {
      const copy = Uint8Array.from(good);
      copy[i]! ^= 1 << (i % 8);
      await verify(copy).then(
        (found) => passed.push(found),
        () => undefined,
      );
    }
    expect(passed.filter((found) => JSON.stringify(found) !== JSON.stringify({ time, authority: signer }))).toEqual([]);
  });
});

describe("a file that the service raised", () => {
  const now = () => new Date("2026-11-21T01:31:00Z");
  const credential = createDevelopmentTimeStampAuthority(createDevelopmentRoot({ now }), { now });
  const stamps = createDevelopmentTimeStamps(credential, { now });
  const stamp = (digest: Uint8Array) => tokenOfResponse(stamps.answer(timeStampRequest(digest, randomBytes(8))));
  it("is read at every level", async () => {
    const template = await depositTemplate();
    const { sealer, seal: credentialOfSeal } = sealing();
    sealer.reserve(3000);
    const base = file(template, sealer, draw(template));
    const certificate = Buffer.from(new X509Certificate(credentialOfSeal.certificatePem).raw);
    const raised = attachTimeStamp(base, stamp(sha256(signatureValueOf(base))));
    const archive = (before: Buffer) => {
      const open = openDocumentTimeStamp(before, 2500);
      return Buffer.concat([before, open.finish(stamp(open.digest))]);
    };
    const store = (before: Buffer, ...certificates: Buffer[]) =>
      Buffer.concat([before, storeAddition(before, { certificates, crls: [seq(seq())], ocsps: [] })]);
    const stored = store(raised, certificate);
    const archived = archive(stored);
    const again = archive(store(archived, authority.certificate));
    const levels: string[] = [];
    for (const bytes of [base, raised, stored, archived, again]) {
      const read = await readSealedFile(bytes);
      const seal = await verifySeal(read.cms, read.sealedDigest);
      const tokens = await verifyTokens(bytes, read, seal);
      levels.push(`${levelOf(read, seal)} ${tokens.length}`);
      expect(tokens.every(({ time }) => time === now().getTime() / 1000)).toBe(true);
    }
    expect(levels).toEqual(["B-B 0", "B-T 1", "B-LT 1", "B-LTA 2", "B-LTA 3"]);
    if (missing("qpdf")) return;
    writeFileSync(at("again.pdf"), again);
    expect(run("qpdf", ["--check", at("again.pdf")])).toContain("No syntax or stream encoding errors found");
  });
});
