// The vectors are the contract with every other verifier: what stands in the folder must get its verdict, for good.
import fs from "node:fs";
import path from "node:path";
import { describe, expect, it } from "vitest";
import { verifyFile, verifyQr } from "../../service/src/verify/verify.ts";
import { vectorCases } from "../vectors/cases.ts";
import { replay } from "./replay.ts";
import type { Recorded } from "./replay.ts";

interface Entry {
  id: string;
  file?: string;
  qr?: string;
  answers: string;
  headline: string;
  step: string;
  outcome: string;
  code: string;
}

const folder = path.join(import.meta.dirname, "../vectors");
const at = (name: string) => path.join(folder, name);
const { cases } = JSON.parse(fs.readFileSync(at("manifest.json"), "utf8")) as { cases: Entry[] };

describe("vectors", () => {
  it.each(cases)("$id: $headline", async ({ file, qr, answers, headline, step, outcome, code }) => {
    const recorded = JSON.parse(fs.readFileSync(at(answers), "utf8")) as Recorded;
    const now = new Date(recorded.now);
    const asked: string[] = [];
    const sources = replay(recorded, asked);
    const verdict = file
      ? await verifyFile(fs.readFileSync(at(file)), sources, now)
      : await verifyQr(fs.readFileSync(at(qr!), "utf8"), sources, now);
    expect(verdict.steps.find((other) => other.step === step)).toMatchObject({ outcome, code });
    expect(verdict.headline).toBe(headline);
    expect(asked.filter((url) => !url.endsWith(".example") || url.includes("evil"))).toEqual([]);
  });

  it("are what the maker makes, so that a stranger can make them again", () => {
    expect(cases.map(({ id }) => id)).toEqual(vectorCases.map(({ id }) => id));
    const changed = vectorCases.filter(({ input, recorded }, i) => {
      const stored = fs.readFileSync(at(cases[i]!.file ?? cases[i]!.qr!));
      const made = "file" in input ? Buffer.from(input.file) : Buffer.from(`${input.qr}\n`);
      return !stored.equals(made) || fs.readFileSync(at(cases[i]!.answers), "utf8") !== `${JSON.stringify(recorded)}\n`;
    });
    expect(changed.map(({ id }) => id)).toEqual([]);
  });
});
