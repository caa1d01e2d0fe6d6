// Makes sure that the locked packages are installed before any npm script of this repository runs.
//
// It runs on whatever Node the machine has (18 or later), before node_modules exists, so it imports nothing but Node's
// own modules. The install itself must run under the Node that package.json pins: optional platform packages with a
// newer `engines` range are otherwise skipped in silence.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const file = (name) => root + name;
const pinnedNode = JSON.parse(readFileSync(file("package.json"), "utf8")).devDependencies.node;
const wanted = createHash("sha256")
  .update(readFileSync(file("package-lock.json")))
  .digest("hex");
const stamp = file("node_modules/.installed-from-lock");

if (!(existsSync(stamp) && readFileSync(stamp, "utf8") === wanted)) {
  console.log(`[setup] installing packages (this Node is ${process.version}, the program runs on ${pinnedNode}) …`);
  const install = "npm ci --no-audit --no-fund --loglevel=error";
  const sameMajor = process.versions.node.split(".")[0] === pinnedNode.split(".")[0];
  const started = Date.now();
  const result = sameMajor
    ? spawnSync(install, { stdio: "inherit", shell: true, cwd: root })
    : spawnSync("npx", ["-y", "-p", `node@${pinnedNode}`, "-c", install], { stdio: "inherit", cwd: root });
  if (result.error) throw result.error;
  if (result.status !== 0) {
    console.error("[setup] the packages could not be installed; the lines above say why. Run the same command again.");
    process.exit(result.status ?? 1);
  }
  // The stamp is written last: an install cut off in the middle is done again.
  writeFileSync(stamp, wanted);
  console.log(`[setup] installed in ${((Date.now() - started) / 1000).toFixed(0)} s`);
}
