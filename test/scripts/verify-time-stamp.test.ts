// Time-stamp tokens, made by another maker than the centres': what passes, and every way in which one is refused. FORMAT.md §9 (3)
// and (6).
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refused } from "../../scripts/verify/outcome.ts";
import { checkTimeStamp } from "../../scripts/verify/time-stamp.ts";
import {
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
import { type Identity } from "./verify-maker.ts";
import { p256, p384, check, noOpenssl, authority, other, seal, stamped, good, catalog, flip } from "./raised-check.ts";

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
      { numRuns: 200 },
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
