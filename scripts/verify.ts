// npm run verify -- FILE.pdf [FILE…]: whether certificates are genuine. The second verifier of this repository, written from
// service/src/proof/FORMAT.md alone; it asks the centres over HTTP and needs no account.
import fs from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { isObject } from "./verify/bytes.ts";
import { exitCodes, worstExit } from "./verify/outcome.ts";
import { fileLimitBytes } from "./verify/pdf.ts";
import { type Receipt, readReceipt } from "./verify/receipt.ts";
import { readRecorded } from "./verify/recorded.ts";
import { line, report } from "./verify/report.ts";
import { overHttp } from "./verify/transport.ts";
import type { Start } from "./verify/trust-list.ts";
import { type Verdict, Verifier, unreadable } from "./verify/verifier.ts";

const usage = `verify: whether certificates of housing provident fund centres are genuine

  npm run verify -- FILE.pdf [FILE…]        sealed files
  npm run verify -- --qr 'https://…/v#…'    the text of a QR code, alone or with one FILE

  --centre URL     address of a centre to ask; at least two (default: those in <data>/stack.json)
  --data DIR       folder of a local stack (default: .data in the repository)
  --receipt FILE   receipt that came with the one file or code; the issuer need not be asked when it proves
  --as-of TIME     judge as at this time, RFC 3339; the chain is read as it is now
  --vector DIR     a folder of test/vectors, with its recorded answers; may be repeated
  --json           the verdict as JSON

exit: 0 genuine, 1 not genuine, 2 no longer valid, 3 not anchored yet or standing unknown, 64 usage, 70 an error of this program
`;

class Usage extends Error {
  override readonly name = "Usage";
}

interface Result {
  subject: string;
  verdict: Verdict;
}

const root = fileURLToPath(new URL("..", import.meta.url));

function readArguments(args: readonly string[]) {
  const options = {
    qr: { type: "string" },
    receipt: { type: "string" },
    centre: { type: "string", multiple: true },
    data: { type: "string" },
    "as-of": { type: "string" },
    vector: { type: "string", multiple: true },
    json: { type: "boolean" },
    help: { type: "boolean" },
  } as const;
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : "arguments");
  }
}

/** Runs the program and returns its exit code. @param write takes what is printed */
export async function run(args: readonly string[], write: (text: string) => void): Promise<number> {
  const { values, positionals: files } = readArguments(args);
  if (values.help) {
    write(usage);
    return 0;
  }
  const subjects = files.length + (values.qr === undefined ? 0 : 1);
  const now = values["as-of"] === undefined ? () => new Date() : readTime(values["as-of"]);
  if (values.vector) {
    if (subjects > 0) throw new Usage("--vector stands alone");
    const results: Result[] = [];
    for (const folder of values.vector)
      results.push(await runVector(folder, values["as-of"] === undefined ? null : now));
    return print(results, values.json ?? false, write);
  }
  if (subjects === 0) throw new Usage("nothing to verify");
  if (values.qr !== undefined && files.length > 1) throw new Usage("--qr goes with one file at most");
  if (values.receipt !== undefined && files.length > 1) throw new Usage("--receipt goes with one file or code");

  const given = values.receipt === undefined ? undefined : readGiven(values.receipt);
  const starts = values.centre ? values.centre.map(readStart) : readStack(values.data ?? `${root}.data`);
  if (new Set(starts.map((start) => start.url)).size < 2)
    throw new Usage("at least two centres must be asked: --centre URL --centre URL");
  const verifier = new Verifier({ transport: overHttp, starts, now });
  const results: Result[] = [];
  for (const file of files) results.push({ subject: file, verdict: await verifyPath(verifier, file, given) });
  if (values.qr !== undefined) {
    results.push({ subject: "QR", verdict: await verifier.verifyCode(values.qr, given) });
  }
  return print(results, values.json ?? false, write);
}

function print(results: readonly Result[], json: boolean, write: (text: string) => void): number {
  const digests = results.map(({ verdict }) => verdict.facts.recordDigest);
  const pair = results.length === 2 && results[1]!.subject === "QR";
  // A good file and a good code of two certificates, shown as one, are a forgery of their own kind.
  const strangers = pair && digests[0] !== undefined && digests[1] !== undefined && digests[0] !== digests[1];
  if (json) {
    const shown = results.map(({ subject, verdict }) => ({
      subject,
      ...verdict,
      exitCode: exitCodes[verdict.headline],
    }));
    write(
      `${JSON.stringify(shown.length === 1 ? shown[0] : pair ? { results: shown, sameCertificate: !strangers } : shown, null, 2)}\n`,
    );
  } else if (results.length === 1 || pair) {
    write(results.map(({ subject, verdict }) => report(subject, verdict)).join("\n"));
    if (strangers) write("\n✗ 文件与二维码不是同一份证照 — the file and the code are of different certificates\n");
  } else {
    for (const { subject, verdict } of results) write(line(subject, verdict));
  }
  return strangers ? exitCodes["not-genuine"] : worstExit(results.map(({ verdict }) => verdict.headline));
}

/** Reads a file and verifies it. A path that cannot be read has a verdict, too: the others are still looked at. */
async function verifyPath(verifier: Verifier, file: string, given?: Receipt): Promise<Verdict> {
  const bytes = readAtMost(file, fileLimitBytes + 1);
  return bytes ? verifier.verifyFile(bytes, given) : unreadable();
}

/** At most so many bytes of a file; null when it cannot be read or is no file. */
function readAtMost(file: string, limit: number): Buffer | null {
  let handle: number | undefined;
  try {
    handle = fs.openSync(file, fs.constants.O_RDONLY | fs.constants.O_NONBLOCK);
    const { size } = fs.fstatSync(handle);
    if (!fs.fstatSync(handle).isFile()) return null;
    const bytes = Buffer.alloc(Math.min(size, limit));
    let filled = 0;
    while (filled < bytes.length) {
      const count = fs.readSync(handle, bytes, filled, bytes.length - filled, filled);
      if (count === 0) break;
      filled += count;
    }
    return bytes.subarray(0, filled);
  } catch (error) {
    if (error instanceof Error && "code" in error) return null;
    throw error;
  } finally {
    if (handle !== undefined) fs.closeSync(handle);
  }
}

async function runVector(folder: string, now: (() => Date) | null): Promise<Result> {
  if (!fs.existsSync(`${folder}/answers.json`)) throw new Usage(`no vector in ${folder}`);
  const recorded = readRecorded(folder);
  const verifier = new Verifier({ ...recorded, now: now ?? (() => recorded.now) });
  const code = `${folder}/qr.txt`;
  const verdict = fs.existsSync(code)
    ? await verifier.verifyCode(fs.readFileSync(code, "utf8"))
    : await verifyPath(verifier, `${folder}/certificate.pdf`);
  return { subject: folder, verdict };
}

function readTime(text: string): () => Date {
  const time = Date.parse(text);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(text) || Number.isNaN(time)) {
    throw new Usage(`--as-of ${text}: not an RFC 3339 time, such as 2026-11-23T10:00:00+08:00`);
  }
  return () => new Date(time);
}

function readStart(text: string): Start {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (!url || !/^https?:$/.test(url.protocol) || url.href !== `${url.origin}/`) {
    throw new Usage(`--centre ${text}: not an address of scheme, host and port`);
  }
  return { url: url.origin };
}

/** The centres of a local stack. */
function readStack(data: string): Start[] {
  const file = `${data}/stack.json`;
  if (!fs.existsSync(file)) throw new Usage("no centre to ask: --centre URL, at least twice");
  const stack = readJsonFile(file);
  const centres = isObject(stack) && Array.isArray(stack.centres) ? (stack.centres as unknown[]) : [];
  return centres.map((one) => {
    if (!isObject(one) || typeof one.url !== "string" || typeof one.code !== "string")
      throw new Usage(`${file}: no centres`);
    return { ...readStart(one.url), code: one.code };
  });
}

function readGiven(file: string): Receipt {
  const value = readJsonFile(file);
  const receipt = readReceipt(isObject(value) && isObject(value.receipt) ? value.receipt : value);
  if (!receipt) throw new Usage(`${file}: no receipt`);
  return receipt;
}

function readJsonFile(file: string): unknown {
  const bytes = readAtMost(file, fileLimitBytes);
  if (!bytes) throw new Usage(`${file}: cannot be read`);
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch (cause) {
    throw new Usage(`${file}: not JSON`, { cause });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    process.exitCode = await run(process.argv.slice(2), (text) => process.stdout.write(text));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(error instanceof Usage ? `${message}\n\n${usage}` : `verify: ${message}\n`);
    process.exitCode = error instanceof Usage ? 64 : 70;
  }
}
