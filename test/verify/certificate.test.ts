import { describe, expect, it } from "vitest";
import { readCertificate } from "../../service/src/verify/certificate.ts";
import { CheckFailed } from "../../service/src/verify/verdict.ts";
import { p256 } from "./keys.ts";
import { ecSigner, extension, keyUsage, makeCertificate, notAnAuthority, purposes, seq } from "./maker.ts";
import type { CertificateOptions } from "./maker.ts";

const signer = ecSigner(p256("certificate test"));
const read = (options: CertificateOptions) => readCertificate(makeCertificate(signer, options));

describe("seal certificates", () => {
  it("are read", () => {
    const { notBefore, notAfter, publicKey } = read({});
    expect([notBefore, notAfter]).toEqual([Date.UTC(2026, 0, 1) / 1000, Date.UTC(2028, 11, 31, 23, 59, 59) / 1000]);
    expect(publicKey.kind).toBe("ec");
  });

  it.each<[string, CertificateOptions]>([
    ["nonRepudiation alone", { extensions: [keyUsage(0x40, 6)] }],
    ["policies that are critical", { extensions: [keyUsage(), extension("2.5.29.32", true, seq())] }],
    ["emailProtection", { extensions: [keyUsage(), purposes("1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.4")] }],
    ["any purpose", { extensions: [keyUsage(), purposes("2.5.29.37.0")] }],
    ["FALSE spelled out", { extensions: [keyUsage(), extension("2.5.29.19", true, seq(Buffer.of(1, 1, 0)))] }],
    ["an unknown extension that is not critical", { extensions: [keyUsage(), extension("1.2.3", false, seq())] }],
  ])("may have %s", (_, options) => {
    expect(() => read(options)).not.toThrow();
  });

  it.each<[string, CertificateOptions]>([
    ["no key usage", { extensions: [notAnAuthority] }],
    ["keyCertSign alone", { extensions: [keyUsage(0x04, 2)] }],
    [
      "an authority's constraints",
      { extensions: [keyUsage(), extension("2.5.29.19", true, seq(Buffer.of(1, 1, 0xff)))] },
    ],
    ["a web server's purpose alone", { extensions: [keyUsage(), purposes("1.3.6.1.5.5.7.3.1")] }],
    ["an unknown critical extension", { extensions: [keyUsage(), extension("1.2.3", true, seq())] }],
    ["key usage twice", { extensions: [keyUsage(), keyUsage()] }],
    ["version 1", { version: Buffer.of(0) }],
    ["a time that the calendar does not have", { notAfter: "2028-13-31T00:00:00" }],
  ])("are refused with %s", (_, options) => {
    expect(() => read(options)).toThrow(CheckFailed);
  });

  it("are refused with any byte cut off", () => {
    const whole = makeCertificate(signer);
    for (let length = 0; length < whole.length; length++)
      expect(() => readCertificate(whole.subarray(0, length))).toThrow(CheckFailed);
  });
});
