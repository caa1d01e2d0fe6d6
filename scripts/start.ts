// npm start: a whole consortium on this machine, for demonstration and development. See `--help`.
//
// The last line of the start is `READY {"centres":[{"code","name","url"}]}`. Ctrl-C ends everything in order.
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { BuildFailure, buildWhatChanged, neededToStart } from "./build.ts";
import { demonstrationPersons } from "./demo/import.ts";
import { demonstrationCentres, fewestCentres } from "./stack/centres.ts";
import { createProgress, table } from "./stack/progress.ts";
import { startStack, StackProblem } from "./stack/stack.ts";
import type { Stack } from "./stack/stack.ts";
import { processStart, StackRunning } from "./stack/stack-file.ts";
import { demonstrationPassword, demonstrationStaff } from "./stack/staff.ts";

const root = fileURLToPath(new URL("..", import.meta.url));

const help = `用法 usage: npm start -- [--data DIR] [--port N] [--centres N] [--fresh]

Starts four housing provident fund centres on this machine, with their databases in one Postgres and one chain.

  --data DIR    where everything is kept (default: .data in the repository)
  --port N      port of the first centre's service; the others follow (default: 8600)
  --centres N   3 or 4 centres (default: 4)
  --fresh       throws away what the data folder holds and begins anew
  --help        this text

Ctrl-C ends everything in order; the same command goes on with the same data.`;

interface Arguments {
  data: string;
  port: number;
  centres: number;
  fresh: boolean;
}

/** The command line, or a sentence that says what is wrong with it. */
function readArguments(args: string[]): Arguments | "help" {
  const { values } = parse(args);
  if (values.help) return "help";
  const port = wholeNumber("--port", values.port ?? "8600");
  const centres = wholeNumber("--centres", values.centres ?? String(demonstrationCentres.length));
  if (centres < fewestCentres)
    throw new StackProblem(
      `--centres ${centres}: a consortium needs at least ${fewestCentres} centres, because two others must cosign each log.`,
    );
  if (centres > demonstrationCentres.length)
    throw new StackProblem(`--centres ${centres}: the demonstration has ${demonstrationCentres.length} centres.`);
  if (port < 1 || port + centres - 1 > 65_535)
    throw new StackProblem(`--port ${port}: ${centres} ports from 1 to 65535 are needed, beginning with this one.`);
  return { data: values.data ?? `${root}.data`, port, centres, fresh: values.fresh ?? false };
}

function parse(args: string[]) {
  try {
    return parseArgs({
      args,
      options: {
        data: { type: "string" },
        port: { type: "string" },
        centres: { type: "string" },
        fresh: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    });
  } catch (error) {
    throw new StackProblem(`${(error as Error).message}\n\n${help}`);
  }
}

function wholeNumber(flag: string, text: string): number {
  if (!/^\d{1,6}$/.test(text)) throw new StackProblem(`${flag} ${text}: a whole number is needed.`);
  return Number(text);
}

const stopping = new AbortController();
let whyStopping = "";
const askToStop = (why: string) => {
  whyStopping ||= why;
  stopping.abort();
};

/** Everybody who may ask us to end. Asking again while we end changes nothing: ending in order keeps the data whole. */
function listenForTheEnd(say: (line: string) => void): void {
  let askedAt = 0;
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.on(signal, () => {
      // npm passes the Ctrl-C that the terminal gave us already on to us once more.
      if (askedAt && performance.now() - askedAt > 1_000) say("still stopping in order; please wait");
      askedAt ||= performance.now();
      askToStop(signal === "SIGINT" ? "Ctrl-C" : signal);
    });
  // The reader of our output may have gone, with a closed terminal for instance: the end must go on all the same.
  process.stdout.on("error", () => askToStop("nobody reads the output"));
  process.stderr.on("error", () => askToStop("nobody reads the output"));
  // npm killed without a chance to tell us: a stack that nobody can reach with Ctrl-C any more ends by itself.
  const callers = npmAndItsShell();
  setInterval(() => {
    if (callers.some(({ pid, startedAt }) => processStart(pid) !== startedAt)) askToStop("npm has ended");
  }, 500).unref();
}

/** The processes between us and the terminal that belong to this `npm start`: npm, and the shell that it may have put between. */
function npmAndItsShell(): { pid: number; startedAt: string | undefined }[] {
  if (!process.env.npm_lifecycle_event) return [];
  const parent = { pid: process.ppid, startedAt: processStart(process.ppid) };
  if (process.platform !== "linux") return [parent];
  const isNpm = (pid: number) => /^npm\b|\bnpm(-cli\.js)?\0/.test(fs.readFileSync(`/proc/${pid}/cmdline`, "latin1"));
  const above = Number(/^PPid:\s*(\d+)/m.exec(fs.readFileSync(`/proc/${parent.pid}/status`, "utf8"))?.[1] ?? 0);
  if (isNpm(parent.pid) || above <= 1 || !isNpm(above)) return [parent];
  return [parent, { pid: above, startedAt: processStart(above) }];
}

async function main(): Promise<number> {
  const chosen = readArguments(process.argv.slice(2));
  if (chosen === "help") {
    console.log(help);
    return 0;
  }
  const progress = createProgress({ clock: () => performance.now(), write: (text) => process.stdout.write(text) });
  listenForTheEnd(progress.say);
  const centres = demonstrationCentres.slice(0, chosen.centres);
  progress.print(`存证 Cunzheng: ${centres.length} centres, data in ${chosen.data}`);
  let stack: Stack;
  try {
    await progress.step("build", async (report) => {
      const built = await buildWhatChanged(neededToStart());
      report(built.length ? built.join(", ") : "nothing has changed");
    });
    stack = await startStack({
      dataDir: chosen.data,
      port: chosen.port,
      centres,
      fresh: chosen.fresh,
      progress,
      cancelled: stopping.signal,
      now: () => new Date(),
    });
  } catch (error) {
    if (!stopping.signal.aborted) throw error;
    progress.say(`stopped during the start (${whyStopping}); the next start goes on from here`);
    return 0;
  }
  progress.print(`\n${signInTable(stack)}\n`);
  progress.print(
    `READY ${JSON.stringify({ centres: stack.file.centres.map(({ code, name, url }) => ({ code, name, url })) })}`,
  );
  await new Promise<void>((resolve) => {
    if (stopping.signal.aborted) resolve();
    stopping.signal.addEventListener("abort", () => resolve(), { once: true });
  });
  progress.say(`${whyStopping}: stopping in order …`);
  await stack.stop();
  progress.say("stopped; nothing is left running");
  return 0;
}

function signInTable({ file }: Stack): string {
  const addresses = file.centres.map(({ code, name, url }) => [url, code, name]);
  const persons = file.centres.flatMap(({ code }) =>
    demonstrationPersons(code).map(({ idNumber, name, zh, en }) => [code, idNumber, name, `${zh} / ${en}`]),
  );
  const staff = demonstrationStaff.map(({ name, duty }) => [`${name}`, demonstrationPassword, duty]);
  return [
    "Addresses 地址",
    table(addresses),
    "",
    "Persons (synthetic) sign in at /me with their ID number 职工登录 /me（证件号码均为虚构）",
    `The SMS code is shown at /dev/messages of the same centre 短信验证码见 /dev/messages`,
    table(persons),
    "",
    "Staff sign in at /desk, at every centre 柜员登录 /desk",
    table(staff),
  ].join("\n");
}

/** Exits with 0 after an orderly end, 1 when the start failed, 2 when the command or the surroundings must be put right. */
try {
  process.exitCode = await main();
} catch (error) {
  if (error instanceof StackRunning) {
    console.error(
      `\nThis data folder is in use: the stack runs already at ${error.address} (process ${error.pid}).\n` +
        "Use it there, end it with Ctrl-C in its terminal, or start another with --data DIR --port N.",
    );
    process.exitCode = 2;
  } else if (error instanceof StackProblem) {
    console.error(`\n${error.message}`);
    process.exitCode = 2;
  } else if (error instanceof BuildFailure) {
    console.error(`\n${error.message}`);
    process.exitCode = 1;
  } else {
    console.error("\nThe start failed:", error);
    console.error("\nThe data are kept: the same command tries again. --fresh throws them away and begins anew.");
    process.exitCode = 1;
  }
}
// Nothing of ours is left; a connection that some library still keeps open must not hold the terminal.
process.exit();
