// One test runner in a process of its own, started by scripts/test.ts, to which it reports by IPC what came of it. A runner
// that dies has reported nothing, and that is what counts.
import process from "node:process";

/** What a runner found. */
export interface Tally {
  passed: number;
  failed: number;
  skipped: { name: string; reason: string }[];
}

/** Vitest with its own output, over the given filters and flags. `long` runs the *.long.test.ts files and no others. */
async function runVitest(args: readonly string[], long: boolean): Promise<Tally> {
  const { parseCLI, startVitest } = await import("vitest/node");
  const { filter, options } = parseCLI(["vitest", "run", ...args]);
  const tally: Tally = { passed: 0, failed: 0, skipped: [] };
  const counter: import("vitest/node").Reporter = {
    onTestRunEnd(modules, unhandledErrors, reason) {
      for (const module of modules) {
        let failedHere = 0;
        for (const test of module.children.allTests()) {
          const { state } = test.result();
          if (state === "passed") tally.passed++;
          else if (state === "skipped" && !fellWithItsSetUp(test, module)) {
            // With -t all other tests are passed over: they are not what "skipped" means here.
            const asked = !options.testNamePattern || new RegExp(options.testNamePattern).test(searchableName(test));
            if (asked) tally.skipped.push(skippedTest(module.relativeModuleId, test));
          } else failedHere++; // failed, or never finished because its worker died
        }
        // A file that cannot be loaded, or whose hooks fail, may hold no failed test: the file itself is one then.
        if (failedHere === 0 && !["passed", "skipped"].includes(module.state())) failedHere = 1;
        tally.failed += failedHere;
      }
      tally.failed += unhandledErrors.length;
      if (reason === "interrupted") tally.failed++;
    },
  };
  const vitest = await startVitest("test", filter, {
    ...options,
    watch: false,
    reporters: ["default", counter],
    ...(long ? { include: ["test/**/*.long.test.ts"], exclude: ["node_modules/**"] } : {}),
  });
  await vitest.close();
  // Vitest could not even begin, or found no file: it says so in its exit code only.
  if (process.exitCode && tally.failed === 0) tally.failed = 1;
  return tally;
}

/** Tests whose hooks failed are called skipped too; but they were to run, and did not. */
function fellWithItsSetUp(test: import("vitest/node").TestCase, module: import("vitest/node").TestModule): boolean {
  const result = test.result();
  const saidWhy = result.state === "skipped" && result.note !== undefined;
  return module.state() === "failed" && test.options.mode === "run" && !saidWhy;
}

/** The name that vitest compares with -t: suites and test with a blank between. */
function searchableName(test: import("vitest/node").TestCase): string {
  return test.fullName.replaceAll(" > ", " ");
}

function skippedTest(file: string, test: import("vitest/node").TestCase): { name: string; reason: string } {
  const result = test.result();
  const note = result.state === "skipped" ? result.note : undefined;
  const fallback =
    test.options.mode === "todo" ? "to be written" : "by its own condition; the output above says what is missing";
  return { name: `${file} > ${test.fullName}`, reason: note ?? fallback };
}

/** The Solidity tests, with Hardhat's own output. */
async function runSolidity(): Promise<Tally> {
  const { default: hre } = await import("hardhat");
  const result = (await hre.tasks.getTask(["test", "solidity"]).run({})) as SolidityResult;
  const summary = (result.success ? result.value : result.error)?.summary;
  if (!summary) throw new Error("Hardhat gave no summary of the Solidity tests");
  const skipped = Array.from({ length: summary.skipped }, () => ({ name: "Solidity", reason: "skipped by the test" }));
  return { passed: summary.passed, failed: summary.failed, skipped };
}

interface SolidityResult {
  success: boolean;
  value?: { summary?: SoliditySummary };
  error?: { summary?: SoliditySummary };
}
interface SoliditySummary {
  passed: number;
  failed: number;
  skipped: number;
}

const [kind, ...args] = process.argv.slice(2);
// Without its parent there is nobody to report to: a killed `npm test` leaves nothing running.
process.once("disconnect", () => process.exit(1));
const tally = kind === "solidity" ? await runSolidity() : await runVitest(args, kind === "vitest-long");
process.send!(tally, () => process.exit(0));
