import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createDevelopmentRevocationList } from "../../service/src/sealing/development-authority.ts";
import { elementAt } from "../../service/src/sealing/der.ts";
import { chainsOf, evidenceFrom } from "../../service/src/sealing/evidence.ts";
import {
  isForTimeStamping,
  isIssuedBy,
  isSelfIssued,
  readCertificate,
  readRevocationList,
  revocationListUrls,
  timeOf,
} from "../../service/src/sealing/x509.ts";
import { missing, run } from "../helpers/tools.ts";
import { der, makeAuthorities } from "./tsa.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-x509-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);
const now = () => new Date("2026-11-21T01:30:00Z");
const { root, intermediate, seal, tsa, lists } = makeAuthorities(now);
const crls = lists().map(readRevocationList);

describe("a certificate", () => {
  it("tells who issued it, until when it is good and what it is for", () => {
    const [ofRoot, ofSeal, ofTsa] = [root, seal, tsa].map((one) => readCertificate(der(one)));
    expect([isSelfIssued(ofRoot!), isSelfIssued(ofSeal!)]).toEqual([true, false]);
    expect([isIssuedBy(ofTsa!, ofRoot!), isIssuedBy(ofSeal!, ofRoot!)]).toEqual([true, false]);
    expect([isForTimeStamping(ofTsa!), isForTimeStamping(ofSeal!)]).toEqual([true, false]);
    expect(ofSeal!.version).toBe(3);
    expect(ofSeal!.notBefore).toEqual(new Date("2026-11-21T00:30:00Z"));
    expect(revocationListUrls(ofSeal!)).toEqual([]);
  });

  it.skipIf(missing("openssl"))("names the addresses of its issuer's lists, those over HTTP", () => {
    const extension =
      "crlDistributionPoints=URI:ldap://ca.example.cn/cn=a,URI:http://ca.example.cn/a.crl,URI:https://ca.example.cn/b.crl";
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", at("key.pem")];
    const made = ["-subj", "/CN=a", "-days", "10000", "-addext", extension, "-outform", "DER", "-out", at("a.der")];
    run("openssl", ["req", "-x509", ...key, ...made]);
    const certificate = readCertificate(readFileSync(at("a.der")));
    expect(revocationListUrls(certificate)).toEqual(["http://ca.example.cn/a.crl", "https://ca.example.cn/b.crl"]);
    // From 2050 on times have four digits for the year.
    expect(certificate.notAfter.getUTCFullYear()).toBeGreaterThan(2050);
  });

  it("has times that exist, to the second and in UTC", () => {
    const time = (tag: number, text: string) => {
      const bytes = Buffer.from([tag, text.length, ...Buffer.from(text, "latin1")]);
      return timeOf(bytes, elementAt(bytes, 0));
    };
    expect(time(0x17, "491231235959Z")).toEqual(new Date("2049-12-31T23:59:59Z"));
    expect(time(0x17, "500101000000Z")).toEqual(new Date("1950-01-01T00:00:00Z"));
    expect(time(0x18, "20500101000000.25Z")).toEqual(new Date("2050-01-01T00:00:00.250Z"));
    for (const text of ["20261301000000Z", "20261121013000", "20261121013000+0800", "202611210130Z"])
      expect(() => time(0x18, text)).toThrow(/a time that/);
  });
});

describe("evidence", () => {
  const ofFile = [seal, intermediate, tsa].map(der);

  it("is every certificate up to the root, and a list of each issuer", () => {
    const chains = chainsOf(ofFile, [der(root)]);
    expect(chains.certificates).toHaveLength(4);
    expect(chains.issuers).toHaveLength(2);
    const evidence = evidenceFrom(chains, crls, now());
    expect(evidence.crls.map((crl) => Buffer.from(crl))).toEqual(expect.arrayContaining(crls.map((list) => list.der)));
  });

  it("is incomplete without a root, without a list, and with one that has ended or is somebody else's", () => {
    const incomplete = expect.objectContaining({ code: "EVIDENCE_INCOMPLETE" }) as Error;
    expect(() => chainsOf(ofFile, [])).toThrow(incomplete);
    const chains = chainsOf(ofFile, [der(root)]);
    expect(() => evidenceFrom(chains, crls.slice(1), now())).toThrow(incomplete);
    expect(() => evidenceFrom(chains, crls, new Date("2027-02-01T00:00:00Z"))).toThrow(incomplete);
    const others = makeAuthorities(now).lists().map(readRevocationList);
    expect(() => evidenceFrom(chains, others, now())).toThrow(incomplete);
    const changed = Buffer.from(crls[0]!.der);
    changed[changed.length - 20]! ^= 1; // in the signature
    expect(() => evidenceFrom(chains, [readRevocationList(changed), crls[1]!], now())).toThrow(incomplete);
  });

  it("takes the newest list of several", () => {
    const later = () => new Date("2026-11-22T01:30:00Z");
    const renewed = createDevelopmentRevocationList(root, { now: later });
    const evidence = evidenceFrom(chainsOf(ofFile, [der(root)]), [...crls, readRevocationList(renewed)], later());
    expect(evidence.crls.some((crl) => renewed.equals(crl))).toBe(true);
    expect(evidence.crls).toHaveLength(2);
  });
});
