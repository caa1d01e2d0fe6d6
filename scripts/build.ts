// Builds what changed since the last build: the contracts (Hardhat) and the pages (Vite). `npm run build` builds both.
//
// A part is built again when the hash of everything it is made from has changed. The hash is written last, so a build cut
// off in the middle is done again. Two builds at once would write into each other's files: they take turns.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { StackRunning, takeLock } from "./stack/stack-file.ts";
import type { Lock } from "./stack/stack-file.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** The tool said no; the message ends with the last lines of what it said. */
export class BuildFailure extends Error {
  override readonly name = "BuildFailure";
  constructor(part: string, output: string) {
    super(`the ${part} could not be built:\n${output.trim().split("\n").slice(-40).join("\n")}`);
  }
}

interface BuildPart {
  /** what the person reads */
  name: string;
  /** files and folders that it is made from, from the root of the repository */
  sources: readonly string[];
  /** what must exist for it to count as built */
  result: string;
  /** where the hash of the sources is kept; inside the result, so that it goes with it */
  stamp: string;
  commands: readonly (readonly string[])[];
}

const hardhat = ["node_modules/hardhat/dist/src/cli.js", "build", "--quiet", "--no-tests"];

const contracts: BuildPart = {
  name: "contracts",
  sources: ["contracts", "hardhat.config.ts", "package-lock.json"],
  result: "artifacts/contracts",
  stamp: "artifacts/.built-from",
  commands: [hardhat],
};

/** The ABIs and the bytecode that the service and the deployment read are kept in the repository. */
const contractFiles: BuildPart = {
  name: "contracts' ABIs and bytecode",
  sources: ["contracts", "hardhat.config.ts"],
  result: "scripts/stack/bytecode.json",
  stamp: "artifacts/.generated-from",
  commands: [hardhat, ["scripts/abi.ts"]],
};

const web: BuildPart = {
  name: "pages",
  sources: ["verifier-web", "service/src/verify", "service/src/proof", "package-lock.json"],
  result: "dist/web/index.html",
  stamp: "dist/web/.built-from",
  commands: [["node_modules/vite/bin/vite.js", "build", "verifier-web", "--logLevel", "warn"]],
};

export type BuildPartName = "contracts" | "contractFiles" | "web";
const parts: Record<BuildPartName, BuildPart> = { contracts, contractFiles, web };

/**
 * Builds those of the named parts that changed and returns the names of the ones that were built; the second identical
 * call builds nothing. @throws with the tool's own output when a build fails
 */
export async function buildWhatChanged(names: readonly BuildPartName[]): Promise<string[]> {
  fs.mkdirSync(path.join(root, "cache"), { recursive: true });
  const lock = await waitForLock(path.join(root, "cache/build.lock"));
  try {
    const built: string[] = [];
    for (const part of names.map((name) => parts[name])) {
      const hash = hashOf(part.sources);
      if (isBuiltFrom(part, hash)) continue;
      for (const command of part.commands) await run(part.name, command);
      fs.mkdirSync(path.dirname(path.join(root, part.stamp)), { recursive: true });
      fs.writeFileSync(path.join(root, part.stamp), hash);
      built.push(part.name);
    }
    return built;
  } finally {
    lock.release();
  }
}

/**
 * What `npm start` needs: the pages; and, when the contracts were edited since they were last built here, their ABIs and
 * bytecode. In a fresh clone these are as committed (a test compares them), so the compiler need not run.
 */
export function neededToStart(): BuildPartName[] {
  const stamp = path.join(root, contractFiles.stamp);
  const asCommitted = !fs.existsSync(stamp) && fs.existsSync(path.join(root, contractFiles.result));
  if (asCommitted) {
    fs.mkdirSync(path.dirname(stamp), { recursive: true });
    fs.writeFileSync(stamp, hashOf(contractFiles.sources));
  }
  return ["contractFiles", "web"];
}

function isBuiltFrom(part: BuildPart, hash: string): boolean {
  const stamp = path.join(root, part.stamp);
  return fs.existsSync(path.join(root, part.result)) && fs.existsSync(stamp) && fs.readFileSync(stamp, "utf8") === hash;
}

/** One hash over the names and contents of all files below the sources. */
function hashOf(sources: readonly string[]): string {
  const hash = createHash("sha256");
  for (const file of sources.flatMap(filesBelow).sort()) {
    const content = fs.readFileSync(path.join(root, file));
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

function filesBelow(source: string): string[] {
  const full = path.join(root, source);
  if (!fs.existsSync(full)) return [];
  if (!fs.statSync(full).isDirectory()) return [source];
  return fs.readdirSync(full).flatMap((name) => (name === "node_modules" ? [] : filesBelow(path.join(source, name))));
}

function run(name: string, command: readonly string[]): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, command, {
      cwd: root,
      env: { ...process.env, NO_COLOR: "1", FORCE_COLOR: "0" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let output = "";
    child.stdout.on("data", (text: Buffer) => (output += text.toString()));
    child.stderr.on("data", (text: Buffer) => (output += text.toString()));
    child.once("error", reject);
    child.once("close", (code) => (code === 0 ? resolve() : reject(new BuildFailure(name, output))));
  });
}

async function waitForLock(file: string): Promise<Lock> {
  for (;;) {
    try {
      return takeLock(file, "a build");
    } catch (error) {
      if (!(error instanceof StackRunning)) throw error;
      await new Promise((resolve) => setTimeout(resolve, 200));
    }
  }
}

if (import.meta.main) {
  try {
    const built = await buildWhatChanged(["contractFiles", "contracts", "web"]);
    console.log(built.length ? `built: ${built.join(", ")}` : "nothing has changed since the last build");
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
