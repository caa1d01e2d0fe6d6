// npm run check: format, lint, types and import directions. All of it runs, all failures are shown, then a summary.
import { spawn } from "node:child_process";
import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));

interface Check {
  name: string;
  /** module and arguments, run by this Node */
  command: readonly string[];
}

const checks: Check[] = [
  {
    name: "format (prettier)",
    command: [
      "node_modules/prettier/bin/prettier.cjs",
      "--check",
      "--log-level=warn",
      "--cache",
      "--cache-strategy=content",
      ".",
    ],
  },
  { name: "lint (oxlint)", command: ["node_modules/oxlint/bin/oxlint", "--deny-warnings"] },
  {
    name: "lint contracts (solhint)",
    command: ["node_modules/solhint/solhint.js", "--max-warnings=0", "contracts/**/*.sol"],
  },
  { name: "types (tsc)", command: ["node_modules/typescript/bin/tsc", "--noEmit", "-p", "."] },
  ...(hasVueFiles() ? [{ name: "types of the pages (vue-tsc)", command: [import.meta.filename, "--vue"] }] : []),
  // Without a database of its own: the import directions are read from the files.
  {
    name: "import directions (test/tidy.test.ts)",
    command: ["node_modules/vitest/vitest.mjs", "run", "--config", "test/tidy.config.ts", "--reporter=default"],
  },
];

/** vue-tsc works on TypeScript's own compiler API, which version 7 does not have: it gets the 5.9 that is kept for it. */
function checkVueTypes(): void {
  const require = createRequire(import.meta.url);
  const { run } = require("vue-tsc") as { run(tscPath: string): void };
  process.argv = [process.argv[0]!, "vue-tsc", "--noEmit", "-p", "verifier-web"];
  run(require.resolve("typescript-for-vue/lib/tsc"));
}

function hasVueFiles(): boolean {
  return (
    fs.existsSync(`${root}verifier-web/tsconfig.json`) &&
    fs.readdirSync(`${root}verifier-web/src`, { recursive: true }).some((name) => String(name).endsWith(".vue"))
  );
}

interface Outcome {
  name: string;
  ok: boolean;
  seconds: string;
}

async function run({ name, command }: Check): Promise<Outcome> {
  const started = performance.now();
  const child = spawn(process.execPath, command, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  child.stdout.on("data", (text: Buffer) => (output += text.toString()));
  child.stderr.on("data", (text: Buffer) => (output += text.toString()));
  const ok = await new Promise<boolean>((resolve) => {
    child.once("error", (error) => {
      output += error.message;
      resolve(false);
    });
    child.once("close", (code) => resolve(code === 0));
  });
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  // Together in one piece: several checks run at the same time.
  if (!ok) console.log(`\n✗ ${name}\n${output.trim()}\n`);
  return { name, ok, seconds };
}

async function main(): Promise<void> {
  const waiting = [...checks];
  const outcomes: Outcome[] = [];
  const worker = async () => {
    for (let check = waiting.shift(); check; check = waiting.shift()) outcomes.push(await run(check));
  };
  await Promise.all(Array.from({ length: Math.max(1, Math.min(4, os.availableParallelism())) }, worker));
  for (const { name } of checks) {
    const { ok, seconds } = outcomes.find((outcome) => outcome.name === name)!;
    console.log(`${ok ? "✓" : "✗"} ${name} (${seconds} s)`);
  }
  const failed = outcomes.filter(({ ok }) => !ok).length;
  console.log(failed ? `\n${failed} of ${checks.length} checks failed` : `\nall ${checks.length} checks passed`);
  process.exitCode = failed ? 1 : 0;
}

if (process.argv[2] === "--vue") checkVueTypes();
else await main();
