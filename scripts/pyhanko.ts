// Asks pyHanko about files at every level: `node scripts/pyhanko.ts [folder]`.
//
// pyHanko comes from PyPI into a virtual environment in the folder (a temporary one if none is given), never into this
// repository. Where Python or PyPI cannot be reached the check is reported as skipped and the exit code is 0, unless CI=true.
import { execFileSync, spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const folder = path.resolve(process.argv[2] ?? path.join(os.tmpdir(), "cunzheng-pyhanko"));
const program = path.join(folder, "bin/pyhanko");

try {
  if (!fs.existsSync(program)) {
    execFileSync("python3", ["-m", "venv", folder], { stdio: "inherit" });
    execFileSync(path.join(folder, "bin/pip"), ["install", "--quiet", "-r", `${root}.ci/pyhanko.txt`], {
      stdio: "inherit",
    });
  }
} catch (error) {
  console.warn(`skipped: pyHanko could not be installed (${(error as Error).message.split("\n")[0]})`);
  process.exit(process.env.CI === "true" ? 1 : 0);
}
const tests = spawnSync(
  process.execPath,
  [`${root}node_modules/vitest/vitest.mjs`, "run", "test/sealing/pyhanko.test.ts"],
  {
    cwd: root,
    stdio: "inherit",
    env: { ...process.env, PYHANKO: program },
  },
);
process.exit(tests.status ?? 1);
