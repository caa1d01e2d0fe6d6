// What a newcomer sees first: the install says what it does, goes on saying it, and is made again when it was cut off.
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";

const script = path.join(import.meta.dirname, "../../scripts/ensure.mjs");
const made: string[] = [];
afterAll(() => made.forEach((dir) => fs.rmSync(dir, { recursive: true, force: true })));

let dir: string;
/** A repository with three locked packages, and an npm in its path that does what the test says. */
beforeEach(() => {
  dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-ensure-"));
  made.push(dir);
  fs.mkdirSync(path.join(dir, "scripts"));
  fs.copyFileSync(script, path.join(dir, "scripts/ensure.mjs"));
  const packages = { "": {}, "node_modules/a": {}, "node_modules/b": {}, "node_modules/b/node_modules/c": {} };
  write("package.json", JSON.stringify({ devDependencies: { node: process.versions.node } }));
  write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages }));
});

const write = (name: string, text: string) => {
  fs.mkdirSync(path.dirname(path.join(dir, name)), { recursive: true });
  fs.writeFileSync(path.join(dir, name), text);
};
const npmDoes = (shell: string) => {
  write("bin/npm", `#!/bin/sh\n${shell}\n`);
  fs.chmodSync(path.join(dir, "bin/npm"), 0o755);
};

/** Runs the script; `onText` sees all that it has said so far whenever there is more. */
function ensure(onText: (text: string) => void = () => {}): Promise<{ code: number | null; text: string }> {
  const env = { ...process.env, PATH: `${path.join(dir, "bin")}:${process.env.PATH}` };
  const child = spawn(process.execPath, [path.join(dir, "scripts/ensure.mjs")], { env });
  let text = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (part: Buffer) => {
      text += part.toString();
      onText(text);
    });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, text }));
  });
}

describe("an install", () => {
  it("says how far it is while npm is silent, and is not made twice", async () => {
    npmDoes(
      'mkdir -p node_modules/a && echo "{}" > node_modules/a/package.json; until [ -e go-on ]; do sleep 0.05; done',
    );
    const first = await ensure((text) => {
      // npm ends only once two lines of progress were seen.
      if ((text.match(/still working/g) ?? []).length >= 2) write("go-on", "");
    });
    expect(first.code).toBe(0);
    expect(first.text).toMatch(/^\[setup\] installing packages/);
    expect(first.text).toMatch(/\[setup\] still working: 1 of at most 3 packages are there, \d+ s\n/);
    expect(first.text).toMatch(/\[setup\] installed in \d+ s\n$/);
    expect(await ensure()).toEqual({ code: 0, text: "" });
  });

  it("that fails says so, keeps npm's own words and its code, and is made again", async () => {
    npmDoes("mkdir -p node_modules; echo 'npm error: no space left' >&2; exit 3");
    const failed = await ensure();
    expect(failed.code).toBe(3);
    expect(failed.text).toContain("npm error: no space left");
    expect(failed.text).toContain("could not be installed");
    npmDoes("exit 0");
    expect((await ensure()).text).toContain("installed in");
  });

  it("is made again when the lock changed", async () => {
    npmDoes("mkdir -p node_modules");
    await ensure();
    write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": {} } }));
    expect((await ensure()).text).toContain("installed in");
  });
});
