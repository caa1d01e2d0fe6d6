// Every kind of certificate at every level, before other people's programs and our own verifier.
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { certificateKinds } from "../../service/src/certificates/kinds/all.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { compileTemplate } from "../../service/src/pdf/template.ts";
import { readSealedFile } from "../../service/src/verify/pdf.ts";
import { CheckFailed } from "../../service/src/verify/verdict.ts";
import { missing } from "../helpers/tools.ts";
import { pictured } from "../pdf/pictures/records.ts";
import { depositRecord, PROFILE, QR, SIGNED_AT } from "../pdf/sample.ts";
import { expectAccepted } from "./judges.ts";
import { makeLevels } from "./levels.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-kinds-"));
afterAll(() => rmSync(folder, { recursive: true }));
const fonts = await loadFonts();
const now = () => SIGNED_AT;

describe.each([...certificateKinds])("a certificate of the kind $code", (kind) => {
  const template = compileTemplate(kind.template, fonts, PROFILE);
  const record = { ...depositRecord(), purpose: kind.purpose, fields: pictured[kind.code] };
  const id = createHash("sha256").update(kind.code).digest().subarray(0, 16);
  const drawing = template.draw(kind.values(record), QR, SIGNED_AT, id, kind.tables?.(record));
  const { files, root } = makeLevels("P-256", now, { template, drawing });
  const levels = Object.keys(files) as (keyof typeof files)[];

  it.skipIf(missing("qpdf", "pdfsig", "certutil", "openssl"))("is accepted by qpdf, pdfsig and openssl", () => {
    for (const level of levels) expectAccepted(path.join(folder, kind.code), level, files[level], root, now);
  });

  it("is what our verifier reads, and not with one byte changed", async () => {
    for (const level of levels) await expect(readSealedFile(files[level])).resolves.toBeDefined();
    const changed = Buffer.from(files["B-LTA"]);
    changed[changed.length - 40]! ^= 1;
    await expect(readSealedFile(changed)).rejects.toBeInstanceOf(CheckFailed);
  });
});
