// The trees and the README say what is tested; here we see that they say the truth.
import fs from "node:fs";
import { describe, expect, it } from "vitest";

const here = new URL("./", import.meta.url);
const read = (name: string) => fs.readFileSync(new URL(name, here), "utf8");
const files = fs.readdirSync(here);
const tests = files.filter((name) => /\.test\.ts$|\.t\.sol$/.test(name));

/** "function > condition: outcome" for every leaf of a tree. */
function casesOfTree(text: string): string[] {
  const cases: string[] = [];
  let [name, condition] = ["", ""];
  for (const line of text.trim().split("\n")) {
    const depth = line.search(/[^│├└─\s]/);
    const words = line.slice(depth);
    if (depth === 0) name = words;
    else if (depth === 4) condition = words;
    else cases.push(`${name} > ${condition}: ${words}`);
  }
  return cases;
}

/** The same for every test of a file, in its describe. */
function casesOfTest(text: string): string[] {
  let name = "";
  return [...text.matchAll(/\b(describe|it)\(\s*"([^"]+)"/g)].flatMap(([, kind, title]) => {
    if (kind === "it") return [`${name} > ${title}`];
    name = title ?? "";
    return [];
  });
}

describe("trees", () => {
  it.each(files.filter((name) => name.endsWith(".tree")))("%s has the cases that its tests have", (tree) => {
    const contract = tree.replace(".tree", "");
    const sources = tests.filter((name) => name.startsWith(`${contract}.`) && name.endsWith(".test.ts"));
    const tested = sources.flatMap((name) => casesOfTest(read(name)));
    expect(casesOfTree(read(tree)).sort()).toEqual(tested.sort());
  });
});

describe("README", () => {
  const readme = read("../../contracts/README.md");
  const invariants = [...readme.matchAll(/^- ([RASB]\d+)\. ([\s\S]*?)(?=^- |^\*\*|^## |^$)/gm)];

  it("numbers its invariants without gaps", () => {
    for (const letter of "RASB") {
      const numbers = invariants.map(([, id]) => id ?? "").filter((id) => id.startsWith(letter));
      expect(numbers).toEqual(numbers.map((_, i) => `${letter}${i + 1}`));
      expect(numbers.length).toBeGreaterThan(4);
    }
  });

  it("names a test that exists for each invariant", () => {
    const everything = tests.map(read).join("\n");
    const named = invariants.flatMap(([, id, text]) =>
      [...(text ?? "").matchAll(/\[`([^`]+)`\]/g)].map((m) => [id, m[1]]),
    );
    expect(named.length).toBe(invariants.length - 1); // B7 holds by the interface
    for (const [id, test] of named) expect(everything.includes(test ?? ""), `${id}: ${test}`).toBe(true);
  });
});
