// Makes sure that the locked packages are installed before any npm script of this repository runs.
//
// It runs on whatever Node the machine has (20 or later), before node_modules exists, so it imports nothing but Node's
// own modules. The install itself must run under the Node that package.json pins: optional platform packages with a
// newer `engines` range are otherwise skipped in silence. While it installs it says every few seconds how far it is.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const file = (name) => root + name;
const pinnedNode = JSON.parse(readFileSync(file("package.json"), "utf8")).devDependencies.node;
const lockText = readFileSync(file("package-lock.json"));
const lock = JSON.parse(lockText);
const wanted = createHash("sha256").update(lockText).digest("hex");
const stamp = file("node_modules/.installed-from-lock");

if (!(existsSync(stamp) && readFileSync(stamp, "utf8") === wanted)) await install();

async function install() {
  console.log(`[setup] installing packages (this Node is ${process.version}, the program runs on ${pinnedNode}) …`);
  console.log("[setup] the first time this downloads some hundred megabytes and may take several minutes");
  // npm's own bar is off: it draws over these lines on a terminal, and shows nothing at all anywhere else.
  const command = "npm ci --no-audit --no-fund --no-progress --loglevel=error";
  const sameMajor = process.versions.node.split(".")[0] === pinnedNode.split(".")[0];
  const started = Date.now();
  const seconds = () => Math.round((Date.now() - started) / 1000);
  const child = sameMajor
    ? spawn(command, { stdio: "inherit", shell: true, cwd: root })
    : spawn("npx", ["-y", "-p", `node@${pinnedNode}`, "-c", command], { stdio: "inherit", cwd: root });
  const telling = setInterval(() => console.log(`[setup] ${inPlace()}, ${seconds()} s`), 3_000);
  const [code, signal] = await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (...how) => resolve(how));
  }).finally(() => clearInterval(telling));
  if (code !== 0) {
    const how = signal ? ` (ended by ${signal})` : "";
    console.error(
      `[setup] the packages could not be installed${how}; the lines above say why. Run the same command again.`,
    );
    process.exit(code ?? 1);
  }
  // The stamp is written last: an install cut off in the middle is done again.
  writeFileSync(stamp, wanted);
  console.log(`[setup] installed in ${seconds()} s`);
}

/** How far the install is, as the folders show: npm puts each package in its place when it has come. */
function inPlace() {
  const places = Object.keys(lock.packages ?? {}).filter((place) => place !== "");
  const there = places.filter((place) => existsSync(file(`${place}/package.json`))).length;
  return there === 0
    ? `still working: asking for ${places.length} packages`
    : `still working: ${there} of at most ${places.length} packages are there`;
}
