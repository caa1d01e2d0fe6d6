// npm test: builds what changed, runs the tests in TypeScript (vitest) and in Solidity (Hardhat), and ends with one line
// `N passed, N failed, N skipped`. Arguments are vitest's: `npm test -- test/ledger`, `npm test -- -t "the name"`.
// `--long` runs the *.long.test.ts files instead.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { BuildFailure, buildWhatChanged } from "./build.ts";
import type { Tally } from "./test-runner.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

/** A runner that takes longer than this hangs, and counts as failed. */
const limitMs = { vitest: 18 * 60_000, "vitest-long": 6 * 3_600_000, solidity: 5 * 60_000 };

async function main(args: readonly string[]): Promise<Tally> {
  const long = args.includes("--long");
  const forVitest = args.filter((arg) => arg !== "--long");
  try {
    const built = await buildWhatChanged(["contracts", "web"]);
    if (built.length) console.log(`[build] ${built.join(", ")}`);
  } catch (error) {
    if (!(error instanceof BuildFailure)) throw error;
    // What does not build is a failure; what can be tested without it is tested all the same.
    console.error(`[build] ${error.message}`);
    return sum([{ passed: 0, failed: 1, skipped: [] }, ...(await runAll(long, forVitest))]);
  }
  return sum(await runAll(long, forVitest));
}

async function runAll(long: boolean, forVitest: readonly string[]): Promise<Tally[]> {
  const tallies = [await run(long ? "vitest-long" : "vitest", forVitest)];
  // A filter asks for some files: the Solidity tests run with it only when it names theirs.
  const solidity = forVitest.length === 0 || forVitest.some((arg) => /(^|\/)test\/contracts\/?$|\.t\.sol$/.test(arg));
  if (solidity && !long) tallies.push(await run("solidity", []));
  return tallies;
}

function run(kind: keyof typeof limitMs, args: readonly string[]): Promise<Tally> {
  return new Promise((resolve) => {
    console.log(`\n[${kind}]`);
    const runner = fork(fileURLToPath(new URL("test-runner.ts", import.meta.url)), [kind, ...args], {
      cwd: root,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
      env: { ...process.env, NODE_ENV: "test" },
    });
    let tally: Tally | undefined;
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      runner.kill("SIGKILL");
    }, limitMs[kind]);
    runner.on("message", (message) => (tally = message as Tally));
    runner.once("exit", (code, signal) => {
      clearTimeout(limit);
      if (tally && code === 0) return resolve(tally);
      const how = late ? `did not end within ${limitMs[kind] / 60_000} minutes` : `ended with ${signal ?? code}`;
      console.error(`[${kind}] the runner ${how} before it had reported: counted as failed`);
      resolve({ passed: tally?.passed ?? 0, failed: (tally?.failed ?? 0) + 1, skipped: tally?.skipped ?? [] });
    });
  });
}

function sum(tallies: readonly Tally[]): Tally {
  return {
    passed: tallies.reduce((total, one) => total + one.passed, 0),
    failed: tallies.reduce((total, one) => total + one.failed, 0),
    skipped: tallies.flatMap((one) => one.skipped),
  };
}

const { passed, failed, skipped } = await main(process.argv.slice(2));
if (skipped.length) {
  console.log(`\nSkipped:`);
  for (const { name, reason } of skipped) console.log(`  ${name}: ${reason}`);
}
// Nothing at all ran: a filter without a match must not look like success.
const nothing = passed + failed + skipped.length === 0;
if (nothing) console.error("\nno test matches");
console.log(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped`);
process.exitCode = failed > 0 || nothing ? 1 : 0;
