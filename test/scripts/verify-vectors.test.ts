// The second verifier and the vectors: every required verdict, with nothing shared but FORMAT.md.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { readRecorded } from "../../scripts/verify/recorded.ts";
import { reasons } from "../../scripts/verify/reasons.ts";
import { Verifier } from "../../scripts/verify/verifier.ts";

const folder = fileURLToPath(new URL("../vectors", import.meta.url));
const manifest = path.join(folder, "manifest.json");

interface Vector {
  id: string;
  file?: string;
  qr?: string;
  answers: string;
  headline: string;
  step: string;
  outcome: string;
}

function vectors(): Vector[] {
  if (!fs.existsSync(manifest)) {
    console.warn("tests skipped: there is no test/vectors/manifest.json (node test/vectors/make.ts)");
    return [];
  }
  return (JSON.parse(fs.readFileSync(manifest, "utf8")) as { cases: Vector[] }).cases;
}

const cases = vectors();

describe.skipIf(cases.length === 0)("vectors", () => {
  it.each(cases)("$id: $headline", async (vector) => {
    const recorded = readRecorded(path.join(folder, path.dirname(vector.answers)));
    const verifier = new Verifier({ ...recorded, now: () => recorded.now });
    const verdict = vector.qr
      ? await verifier.verifyCode(fs.readFileSync(path.join(folder, vector.qr), "utf8"))
      : await verifier.verifyFile(fs.readFileSync(path.join(folder, vector.file!)));
    const step = verdict.steps.find((one) => one.step === vector.step);
    expect({ headline: verdict.headline, outcome: step?.outcome }).toEqual({
      headline: vector.headline,
      outcome: vector.outcome,
    });
    for (const { code } of verdict.steps) expect(reasons).toHaveProperty([code]);
  });
});

describe("reasons", () => {
  it("has a sentence for every code that the verifier can give", () => {
    const sources = fileURLToPath(new URL("../../scripts/verify", import.meta.url));
    const codes = new Set<string>();
    for (const file of fs.readdirSync(sources)) {
      const text = fs.readFileSync(path.join(sources, file), "utf8");
      for (const [, code] of text.matchAll(/(?:passed|failed|unknown|no|Refused)\("([a-z0-9-]+)"/g)) codes.add(code!);
      for (const [call] of text.matchAll(/demand\([^;]*?\);/gs)) {
        for (const [, code] of call.matchAll(/"((?:[a-z0-9]+-)+[a-z0-9]+)"/g)) codes.add(code!);
      }
    }
    expect(codes.size).toBeGreaterThan(40);
    expect([...codes].filter((code) => !(code in reasons))).toEqual([]);
  });
});
