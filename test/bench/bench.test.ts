// The command as somebody at a terminal sees it, without measuring anything.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { figures } from "./figures.ts";

function bench(...args: string[]) {
  const script = fileURLToPath(new URL("../../scripts/bench.ts", import.meta.url));
  return spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
}

describe("npm run bench", () => {
  it("lists its figures, each under one name", () => {
    const { status, stdout } = bench("--list");
    expect(status).toBe(0);
    expect(new Set(figures.map(({ name }) => name)).size).toBe(figures.length);
    for (const { name } of figures) expect(stdout).toContain(name);
  });

  it("refuses an unknown name and says which there are", () => {
    const { status, stderr } = bench("seal.p256", "seal.p257");
    expect(status).toBe(64);
    expect(stderr).toContain("no such figure: seal.p257");
    for (const { name } of figures) expect(stderr).toContain(name);
  });

  it("explains itself, also to somebody who mistypes an option", () => {
    expect(bench("--help")).toMatchObject({ status: 0, stderr: "" });
    expect(bench("--fast")).toMatchObject({ status: 64, stdout: "" });
  });
});
