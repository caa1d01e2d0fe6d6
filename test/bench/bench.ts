// The benchmark's main program, started by scripts/bench.ts: reads the command, measures each figure in a process of its own,
// prints the table and writes the JSON. Its own Postgres lives in .bench/postgres with durable settings; it is started when a
// figure asks for it and stopped at the end, also after a Ctrl-C. A kill -9 leaves it running: the next run takes it over.
//
// Exit codes: 0 done, 1 a figure could not be measured or, with --strict, missed its budget, 64 wrong usage, 75 another
// benchmark is running here, 130 or 143 interrupted.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startPostgres } from "../../scripts/stack/postgres.ts";
import type { EmbeddedPostgres } from "../../scripts/stack/postgres.ts";
import { createProgress, table } from "../../scripts/stack/progress.ts";
import { StackRunning, takeLock } from "../../scripts/stack/stack-file.ts";
import type { Figure, Measured } from "./figure.ts";
import { figures } from "./figures.ts";
import { probes } from "./probes.ts";
import { failed, judge, report } from "./report.ts";
import type { Result } from "./report.ts";
import type { Answer, Order } from "./run-figure.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const folder = path.join(root, ".bench");
const minutesForOne = 10;

const help = `用法 usage: npm run bench [-- NAME…] [--quick] [--strict] [--json FILE] [--list] [--help]

测量各项性能指标；不写名称则全部测量（耗时过长者除外）/ Measures figures; all but the very long ones when no NAME is given.

  --quick      工作量减为十分之一，数值不可比 / a tenth of the work; values are not comparable
  --strict     未达预算则以 1 退出 / end with 1 when a budget is missed
  --json FILE  另写 JSON：[{name, value, unit, baseline, ratio, budget, ok, …}] / results as JSON too
  --list       列出指标 / list the figures
  --help       本文 / this text

各值为五次的中位数；倍数大于 1 表示优于基线。机器慢于参考值时，绝对预算按同次探针放宽。
Each value is the median of five; a ratio above 1 is better than the baseline. On a machine that is slower than the
reference, absolute budgets are eased by the probe of the same run:
${Object.entries(probes)
  .map(([name, { reference, unit, source }]) => `  ${name}: ${reference.toLocaleString("en-US")} ${unit} (${source})`)
  .join("\n")}`;

/** A command that cannot be carried out as given. */
class UsageError extends Error {}

interface Command {
  chosen: readonly Figure[];
  quick: boolean;
  strict: boolean;
  json: string | undefined;
}

function readCommand(args: readonly string[]): Command | undefined {
  const { values, positionals } = parsed(args);
  if (values.help) {
    console.log(help);
    return undefined;
  }
  if (values.list) {
    console.log(table(figures.map(({ name, unit, what }) => [name, unit, `${what[0]} / ${what[1]}`])));
    return undefined;
  }
  const unknown = positionals.filter((name) => !figures.some((figure) => figure.name === name));
  if (unknown.length)
    throw new UsageError(
      `没有这项指标 / no such figure: ${unknown.join(", ")}\n可选 known: ${figures.map(({ name }) => name).join(", ")}`,
    );
  // Said now, and not after ten minutes of measuring.
  if (values.json !== undefined && !fs.existsSync(path.dirname(path.resolve(values.json))))
    throw new UsageError(`没有这个文件夹 / no such folder: ${path.dirname(path.resolve(values.json))}`);
  return {
    chosen: figures.filter(({ name, minutesByName }) =>
      positionals.length ? positionals.includes(name) : minutesByName === undefined,
    ),
    quick: values.quick,
    strict: values.strict,
    json: values.json,
  };
}

function parsed(args: readonly string[]) {
  const flag = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { help: flag, list: flag, quick: flag, strict: flag, json: { type: "string" } },
    });
  } catch (error) {
    if ((error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS"))
      throw new UsageError(`${(error as Error).message}\n\n${help}`);
    throw error;
  }
}

/** What has to be ended whatever happens. */
const running: { postgres?: Promise<EmbeddedPostgres>; child?: ChildProcess; interrupted?: NodeJS.Signals } = {};

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
  process.on(name, () => {
    running.interrupted ??= name;
    running.child?.kill("SIGKILL");
  });

async function measureAll({ chosen, quick }: Command): Promise<{ figure: Figure; result: Result }[]> {
  const progress = createProgress({ clock: () => performance.now(), write: (text) => process.stderr.write(text) });
  const results: { figure: Figure; result: Result }[] = [];
  for (const figure of chosen) {
    if (running.interrupted) break;
    const needsPostgres = figure.postgres || figure.probes.includes("copy");
    if (needsPostgres) running.postgres ??= startPostgres({ dir: path.join(folder, "postgres") });
    const order: Order = {
      name: figure.name,
      rounds: figure.minutesByName ? 1 : quick ? 3 : 5,
      quick,
      folder,
      postgres: needsPostgres ? (await running.postgres)?.url("*") : undefined,
    };
    // Interrupted while Postgres started: nothing is begun any more.
    if (running.interrupted) break;
    const say = (line: string) => progress.say(`${figure.name}: ${line}`);
    const outcome = await measureInProcess(order, figure.minutesByName ?? minutesForOne, say);
    const result = typeof outcome === "string" ? failed(figure, outcome) : judge(figure, outcome);
    results.push({ figure, result });
  }
  return results;
}

/** What was measured, or why it could not be. */
function measureInProcess(order: Order, minutes: number, progress: (line: string) => void): Promise<Measured | string> {
  return new Promise((resolve) => {
    const child = fork(path.join(root, "test/bench/run-figure.ts"), [], {
      cwd: root,
      execArgv: ["--expose-gc"],
      stdio: ["ignore", 2, 2, "ipc"],
    });
    running.child = child;
    let measured: Measured | undefined;
    let late = false;
    const limit = setTimeout(() => {
      late = true;
      child.kill("SIGKILL");
    }, minutes * 60_000);
    child.on("message", (message) => {
      const answer = message as Answer;
      if (answer.kind === "progress") progress(answer.line);
      else measured = answer.measured;
    });
    child.once("exit", (code, signal) => {
      clearTimeout(limit);
      delete running.child;
      if (measured && code === 0) resolve(measured);
      else resolve(late ? `not done within ${minutes} minutes` : `its process ended with ${signal ?? code}`);
    });
    child.send(order);
  });
}

async function main(): Promise<number> {
  const command = readCommand(process.argv.slice(2));
  if (!command) return 0;
  fs.mkdirSync(folder, { recursive: true });
  const lock = takeLock(path.join(folder, "lock"), folder);
  let results: { figure: Figure; result: Result }[];
  try {
    results = await measureAll(command);
  } finally {
    await (await running.postgres)?.stop();
    lock.release();
  }
  if (running.interrupted) return 128 + os.constants.signals[running.interrupted];
  if (command.quick) console.log("--quick：数值不可比 / values are not comparable");
  console.log(report(results));
  if (command.json)
    fs.writeFileSync(
      command.json,
      `${JSON.stringify(
        results.map(({ result }) => result),
        null,
        2,
      )}\n`,
    );
  const bad = results.filter(({ result }) => result.value === null || (command.strict && !result.ok));
  return bad.length ? 1 : 0;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = 70;
  if (error instanceof UsageError) {
    process.exitCode = 64;
    console.error(error.message);
  } else if (error instanceof StackRunning) {
    process.exitCode = 75;
    console.error(`另一个性能测试正在运行 / another benchmark is running (pid ${error.pid})`);
  } else console.error(error);
}
