// Writes the vectors: `node test/vectors/make.ts`. Keys come from seeds and signatures have no randomness, so a second run
// writes the same bytes. A case that exists is never changed or removed: new code must keep reading old receipts.
import fs from "node:fs";
import path from "node:path";
import { vectorCases } from "./cases.ts";
import type { VectorCase } from "./cases.ts";

const folder = import.meta.dirname;
/** What the deciding step must come to. */
function outcomeOf({ headline, step }: VectorCase): string {
  if (headline === "genuine") return "passed";
  if (headline === "not-genuine" || headline === "no-longer-valid") return "failed";
  return "unknown";
}

const manifest = vectorCases.map((vector) => {
  const { id, input, recorded, headline, step, code, teaches, catches } = vector;
  const file = "file" in input ? `${id}/certificate.pdf` : `${id}/qr.txt`;
  fs.mkdirSync(path.join(folder, id), { recursive: true });
  fs.writeFileSync(path.join(folder, file), "file" in input ? input.file : `${input.qr}\n`);
  fs.writeFileSync(path.join(folder, id, "answers.json"), `${JSON.stringify(recorded)}\n`);
  const outcome = outcomeOf(vector);
  const answers = `${id}/answers.json`;
  return { id, ["file" in input ? "file" : "qr"]: file, answers, headline, step, outcome, code, teaches, catches };
});
fs.writeFileSync(
  path.join(folder, "manifest.json"),
  `${JSON.stringify({ format: 1, cases: manifest }, undefined, 1)}\n`,
);
console.log(`${manifest.length} cases`);
