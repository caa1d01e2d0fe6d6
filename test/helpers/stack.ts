// A whole consortium for a test file: Postgres, chain and services as `npm start` runs them, in a scratch folder, on ports
// of its own, with small demonstration data. What runs are real processes, and the tests may kill them.
import fs from "node:fs";
import path from "node:path";
import { buildWhatChanged, neededToStart } from "../../scripts/build.ts";
import { demonstrationCentres } from "../../scripts/stack/centres.ts";
import { startStack } from "../../scripts/stack/stack.ts";
import type { StackCentre, StackFile } from "../../scripts/stack/stack-file.ts";
import { createPool } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { freePorts, processesOf, runs, scratchFolder } from "../stack/helpers.ts";

export { isReady, runs, until } from "../stack/helpers.ts";

export interface TestStack {
  file: StackFile;
  dataDir: string;
  /** codes of the centres that run, in their order */
  codes: readonly string[];
  centre(code: string): StackCentre;
  /** address of a centre's service */
  url(code: string): string;
  /** a pool on a centre's database; the same for the same centre */
  database(code: string): Pool;
  /** number of a process that runs now: "postgres", "anvil", or a centre's code */
  process(name: string): number;
  /** lines that a terminal would show */
  said(): string;
  stop(): Promise<void>;
}

export interface TestStackOptions {
  /** how many centres; three are the fewest that witness each other */
  centres?: number;
  /** the module that runs as each centre's service */
  entry?: string;
  /** settings of a centre's service beside ours */
  settings?: (centreCode: string, dataDir: string) => Record<string, string>;
}

/**
 * Builds what changed and starts a consortium. It asks more often and limits less than a real one, so that tests are quick:
 * the log is closed each 300 ms, and one address may ask as often as it likes.
 */
export async function startTestStack(options: TestStackOptions = {}): Promise<TestStack> {
  await buildWhatChanged(neededToStart());
  const centres = demonstrationCentres.slice(0, options.centres ?? 3);
  const dataDir = scratchFolder();
  const quick = { LOG_INTERVAL_MS: "300", RATE_LIMIT: "100000", LOG_LEVEL: "warn" };
  const lines: string[] = [];
  const say = (line: string) => void lines.push(line);
  const stack = await startStack({
    dataDir,
    port: await freePorts(centres.length),
    centres,
    fresh: false,
    progress: { say, print: say, step: (name, work) => (say(name), work(say)) },
    cancelled: new AbortController().signal,
    now: () => new Date(),
    demonstrationSize: "small",
    service: {
      ...(options.entry ? { entry: options.entry } : {}),
      settings: (code) => ({ ...quick, ...options.settings?.(code, dataDir) }),
    },
  }).catch((error: unknown) => {
    // What the services said last is the best explanation there is.
    throw new Error(`the stack did not start:\n${lines.join("\n")}\n${lastWords(dataDir)}`, { cause: error });
  });

  const { file } = stack;
  const pools = new Map<string, Pool>();
  const centre = (code: string): StackCentre => {
    const found = file.centres.find((candidate) => candidate.code === code);
    if (!found) throw new Error(`${code} does not run`);
    return found;
  };
  return {
    file,
    dataDir,
    codes: file.centres.map(({ code }) => code),
    centre,
    url: (code) => centre(code).url,
    database(code) {
      const known = pools.get(code);
      if (known) return known;
      // Tests kill Postgres: a connection that breaks is no failure of the test.
      const pool = createPool({
        url: centre(code).databaseUrl,
        max: 4,
        name: "cunzheng test",
        onError: () => undefined,
      });
      pools.set(code, pool);
      return pool;
    },
    process(name) {
      const pid = processesOf(dataDir)[name];
      if (pid === undefined || !runs(pid)) throw new Error(`${name} does not run now`);
      return pid;
    },
    said: () => lines.join("\n"),
    async stop() {
      await Promise.all([...pools.values()].map((pool) => pool.end()));
      await stack.stop();
      if (process.env.KEEP_STACK) console.log(`kept: ${dataDir}`);
      else fs.rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

/** The end of each service's log. */
function lastWords(dataDir: string): string {
  const logs = path.join(dataDir, "logs");
  if (!fs.existsSync(logs)) return "";
  return fs
    .readdirSync(logs)
    .filter((name) => name.endsWith(".log"))
    .map((name) => `${name}: ${fs.readFileSync(path.join(logs, name), "utf8").slice(-2_000)}`)
    .join("\n");
}
