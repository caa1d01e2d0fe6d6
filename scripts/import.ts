// npm run import -- --centre C46010 [--database URL | --data DIR] FILE…
//
// Takes over unit lists, depositor lists, remittance lists and loan registers into a centre's database. The database is
// that of --database, else DATABASE_URL, else that of the running development stack. Ends with 1 when a row is bad (and
// then nothing is imported), with 2 when the command is wrong or the database cannot be reached.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { createPool } from "../service/src/db.ts";
import { DomainError, fill, refusalOf } from "../service/src/errors.ts";
import { idMaker } from "../service/src/collection/ids.ts";
import { importFiles } from "../service/src/collection/import/import.ts";
import type { ImportFile, Progress } from "../service/src/collection/import/import.ts";
import { reportLines } from "../service/src/collection/import/report.ts";

const usage = `用法 usage: npm run import -- --centre C46010 [--database URL | --data DIR] FILE…
  FILE       CSV，列名为 JGJ/T 320 数据项代码，UTF-8 或 GB 18030 / CSV with JGJ/T 320 item codes, UTF-8 or GB 18030
  --database 数据库地址，缺省为 DATABASE_URL 或正在运行的演示系统 / default: DATABASE_URL, else the running stack
  --data     演示系统的数据目录，缺省 .data / data folder of the stack, default .data`;

/** A command that cannot be carried out as given. */
class UsageError extends Error {}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { centre: { type: "string" }, database: { type: "string" }, data: { type: "string" } },
  });
  if (!values.centre || !/^C\d{5}$/.test(values.centre) || positionals.length === 0) throw new UsageError(usage);
  const files = positionals.map(fileFrom);
  const pool = createPool({ url: databaseUrl(values.centre, values), max: 2, name: "import" });
  try {
    const report = await importFiles({
      pool,
      centreCode: values.centre,
      files,
      now: () => new Date(),
      newId: idMaker(randomBytes),
      onProgress: showProgress,
    });
    endProgress();
    for (const line of reportLines(report, "plain")) console.log(line);
    return report.imported ? 0 : 1;
  } finally {
    await pool.end();
  }
}

function fileFrom(name: string): ImportFile {
  if (!fs.statSync(name, { throwIfNoEntry: false })?.isFile())
    throw new UsageError(`没有这个文件 / no such file: ${name}`);
  return { name: path.basename(name), open: () => fs.createReadStream(name) };
}

function databaseUrl(centre: string, values: { database?: string; data?: string }): string {
  const given = values.database ?? (values.data === undefined ? process.env.DATABASE_URL : undefined);
  if (given) return given;
  const file = path.join(values.data ?? ".data", "stack.json");
  if (!fs.existsSync(file))
    throw new UsageError(
      `没有正在运行的演示系统（${file} 不存在）。请先 npm start，或给出 --database。\n` +
        `No running stack (${file} is missing). Run npm start first, or give --database.`,
    );
  const stack = JSON.parse(fs.readFileSync(file, "utf8")) as { centres: { code: string; databaseUrl: string }[] };
  const found = stack.centres.find((candidate) => candidate.code === centre);
  if (!found) throw new UsageError(`演示系统中没有中心 ${centre} / the stack has no centre ${centre}`);
  return found.databaseUrl;
}

const steps = { reading: "读取 reading", checking: "校验 checking", writing: "写入 writing" };

function showProgress({ step, what, done, of }: Progress): void {
  const line = `${steps[step]} ${what}: ${done}${of === undefined ? "" : ` / ${of}`}`;
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[2K${line}`);
  else process.stderr.write(`${line}\n`);
}

function endProgress(): void {
  if (process.stderr.isTTY) process.stderr.write("\r\x1b[2K");
}

try {
  process.exitCode = await main();
} catch (error) {
  endProgress();
  process.exitCode = 2;
  if (error instanceof UsageError) console.error(error.message);
  else if (error instanceof DomainError) {
    const refusal = refusalOf(error.code);
    console.error(`${fill(refusal.zh, error.params)}\n${fill(refusal.en, error.params)}`);
  } else if ((error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS")) console.error(usage);
  else console.error(error);
}
