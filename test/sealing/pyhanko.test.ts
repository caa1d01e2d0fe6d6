// A second opinion that few machines have: pyHanko judges every level by the AdES rules (ETSI EN 319 102-1). `npm run check`
// does not need it; scripts/pyhanko.ts installs it in a folder of its own and runs this file.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { execFileSync } from "node:child_process";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import { certificateKinds } from "../../service/src/certificates/kinds/all.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { compileTemplate } from "../../service/src/pdf/template.ts";
import { pictured } from "../pdf/pictures/records.ts";
import { depositRecord, PROFILE, QR, SIGNED_AT } from "../pdf/sample.ts";
import { makeLevels } from "./levels.ts";

const pyhanko = process.env.PYHANKO;
if (!pyhanko) console.warn("tests skipped: PYHANKO names no pyhanko program (node scripts/pyhanko.ts installs one)");

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-pyhanko-"));
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => path.join(folder, name);
const now = () => new Date();
const fonts = await loadFonts();

/** What pyHanko says in one line for each signature; it fails when one of them is not valid. */
function judge(command: "validate" | "adesverify", file: string, ...more: string[]): string {
  const trust = ["--trust", at("root.pem"), "--trust-replace"];
  return execFileSync(pyhanko!, ["sign", command, ...trust, "--executive-summary", ...more, file], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

describe.skipIf(!pyhanko)("pyHanko", () => {
  it.each([...certificateKinds])("accepts an archived certificate of the kind $code", { timeout: 60_000 }, (kind) => {
    const template = compileTemplate(kind.template, fonts, PROFILE);
    const record = { ...depositRecord(), purpose: kind.purpose, fields: pictured[kind.code] };
    const drawing = template.draw(kind.values(record), QR, SIGNED_AT, Buffer.alloc(16), kind.tables?.(record));
    const { files, root } = makeLevels("P-256", now, { template, drawing });
    writeFileSync(at("root.pem"), root.certificatePem);
    writeFileSync(at(`${kind.code}.pdf`), files["B-LTA"]);
    expect(judge("adesverify", at(`${kind.code}.pdf`))).toContain(":VALID");
  });
});

describe.skipIf(!pyhanko).each(["P-256", "RSA-2048"] satisfies SealAlgorithm[])("pyHanko, %s", (algorithm) => {
  const { files, root } = makeLevels(algorithm, now);
  const names = Object.keys(files) as (keyof typeof files)[];

  it.each(names)("accepts a file at %s", { timeout: 60_000 }, (name) => {
    writeFileSync(at("root.pem"), root.certificatePem);
    const file = at(`${name}.pdf`);
    writeFileSync(file, files[name]);
    expect(judge("validate", file)).toContain(":VALID");
    // Below B-LT a file carries no revocation lists, and ours are nowhere on the network.
    const isBelow = name === "B-B" || name === "B-T";
    expect(judge("adesverify", file, ...(isBelow ? ["--no-revocation-check"] : []))).toContain(":VALID");
  });

  it("refuses a file in which a byte changed behind the seal", { timeout: 60_000 }, () => {
    writeFileSync(at("root.pem"), root.certificatePem);
    const changed = Buffer.from(files["B-LTA"]);
    changed[files["B-B"].length - 700]! ^= 1;
    writeFileSync(at("changed.pdf"), changed);
    expect(() => judge("adesverify", at("changed.pdf"))).toThrow(/Validation failed|INVALID/);
  });
});
