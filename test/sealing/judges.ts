// Other people's programs as judges of a sealed file: qpdf of its structure, pdfsig and openssl of its seal, openssl of its
// time-stamps. Each throws, or fails an expectation, when it does not accept the file.
import { createHash } from "node:crypto";
import { mkdtempSync, writeFileSync } from "node:fs";
import { expect } from "vitest";
import { documentTimeStampOf } from "../../service/src/sealing/additions.ts";
import {
  cmsOf,
  sealContents,
  signatureTimeStampOf,
  signatureValueOf,
} from "../../service/src/sealing/signature-time-stamp.ts";
import { run } from "../helpers/tools.ts";

export type LevelName = "B-B" | "B-T" | "B-LT" | "B-LTA" | "renewed";

/**
 * All judges about a file at a level.
 * @param prefix path that files for the judges begin with
 */
export function expectAccepted(
  prefix: string,
  level: LevelName,
  file: Buffer,
  root: { certificatePem: string },
  now: () => Date,
): void {
  const pdf = `${prefix}-${level}.pdf`;
  writeFileSync(pdf, file);
  writeFileSync(`${prefix}-root.pem`, root.certificatePem);
  expect(run("qpdf", ["--check", pdf])).toContain("No syntax or stream encoding errors found");
  pdfsig(prefix, level, pdf);
  // The CMS is the same from B-T on, and the bytes that it covers are at every level.
  opensslSeal(prefix, file, now);
  const onSignature = signatureTimeStampOf(file);
  const digest = createHash("sha256").update(signatureValueOf(file)).digest();
  if (onSignature) expect(opensslStamp(prefix, onSignature, digest, root, now)).toContain("Verification: OK");
  expect(onSignature !== undefined).toBe(level !== "B-B");
  const onDocument = documentTimeStampOf(file);
  if (onDocument)
    expect(opensslStamp(prefix, onDocument.token, onDocument.digest, root, now)).toContain("Verification: OK");
  expect(onDocument !== undefined).toBe(level === "B-LTA" || level === "renewed");
}

function pdfsig(prefix: string, level: LevelName, pdf: string): void {
  const database = `sql:${mkdtempSync(`${prefix}-nss-`)}`;
  run("certutil", ["-N", "-d", database, "--empty-password"]);
  run("certutil", ["-A", "-d", database, "-n", "root", "-t", "CT,C,C", "-i", `${prefix}-root.pem`]);
  const [, seal, ...stamps] = run("pdfsig", ["-nssdir", database, pdf]).split("Signature #");
  expect(seal).toContain("Signature is Valid.");
  expect(seal).toContain("Certificate is Trusted.");
  // poppler lists a document time-stamp and says that it cannot check one.
  expect(stamps).toHaveLength(Number(level === "B-LTA") + 2 * Number(level === "renewed"));
  expect([seal, ...stamps].at(-1)!.includes("Total document signed")).toBe(level !== "B-LT");
}

function opensslSeal(prefix: string, file: Buffer, now: () => Date): void {
  const { start, end } = sealContents(file);
  const [, , after, length] = /\/ByteRange ?\[(\d+) (\d+) (\d+) (\d+)/
    .exec(file.toString("latin1"))!
    .slice(1)
    .map(Number);
  expect(after).toBe(end + 1);
  writeFileSync(`${prefix}-cms.der`, cmsOf(file));
  writeFileSync(
    `${prefix}-signed`,
    Buffer.concat([file.subarray(0, start - 1), file.subarray(after, after! + length!)]),
  );
  const what = ["-in", `${prefix}-cms.der`, "-inform", "DER", "-content", `${prefix}-signed`, "-binary"];
  const trust = ["-CAfile", `${prefix}-root.pem`, "-purpose", "any", ...atTime(now)];
  run("openssl", ["cms", "-verify", "-cades", ...what, ...trust, "-out", `${prefix}-out`]);
}

/** What openssl says about a time-stamp token over a digest. */
export function opensslStamp(
  prefix: string,
  token: Uint8Array,
  digest: Uint8Array,
  root: { certificatePem: string },
  now: () => Date,
): string {
  writeFileSync(`${prefix}-root.pem`, root.certificatePem);
  writeFileSync(`${prefix}-token.der`, token);
  const of = ["-in", `${prefix}-token.der`, "-token_in", "-digest", Buffer.from(digest).toString("hex")];
  return run("openssl", ["ts", "-verify", ...of, "-CAfile", `${prefix}-root.pem`, ...atTime(now)]);
}

const atTime = (now: () => Date) => ["-attime", String(now().getTime() / 1000 + 60)];
