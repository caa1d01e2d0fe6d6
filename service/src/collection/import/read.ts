// From bytes to rows: which encoding, which kind of file, and every field that cannot be read.
import { createHash } from "node:crypto";
import { Readable } from "node:stream";
import { CsvError, parse } from "csv-parse";
import { columnOf, readHeader, readers } from "./columns.ts";
import type { FileKind, Header, Row } from "./columns.ts";
import { invisible } from "./problem.ts";
import type { Fault, Problem } from "./problem.ts";

/** A file to import. It is read twice, so that its encoding is known before its first row is. */
export interface ImportFile {
  name: string;
  open(): AsyncIterable<Uint8Array>;
}

export type AnyRow = Row<"units"> | Row<"depositors"> | Row<"remittance"> | Row<"loans">;

/** A file as read. Without a kind it could not be read at all; the problems say why. */
export interface ReadFile {
  name: string;
  kind: FileKind | undefined;
  encoding: "utf-8" | "gb18030";
  sha256: Buffer;
  rows: AnyRow[];
  problems: Problem[];
}

/** Reads a whole file. Never throws for what is in it. */
export async function readImportFile(file: ImportFile, onRow?: (count: number) => void): Promise<ReadFile> {
  const { sha256, encoding } = await inspect(file);
  const read: ReadFile = { name: file.name, kind: undefined, encoding, sha256, rows: [], problems: [] };
  const problem = (line: number, column: string, value: string, fault: Fault) =>
    read.problems.push({ file: file.name, line, column, value, ...fault });

  const parser = parse({ bom: true, info: true, relax_column_count: true, skip_empty_lines: true });
  const source = Readable.from(decoded(file, encoding));
  // pipe() does not hand on an error of its source: bytes that the encoding does not know end the parser here.
  source.once("error", (error) => parser.destroy(error));
  source.pipe(parser);
  let header: Header | undefined;
  let line = 0;
  try {
    for await (const record of parser as AsyncIterable<{ record: string[]; info: { lines: number } }>) {
      const cells = record.record;
      line = record.info.lines;
      if (!header) {
        const answer = readHeader(cells);
        for (const { column, ...fault } of answer.faults) problem(line, column, "", fault);
        if (!answer.header) return read;
        header = answer.header;
        read.kind = header.kind;
        continue;
      }
      const row = readRow(header, cells, line, problem);
      if (row) read.rows.push(row);
      if (read.rows.length % 10_000 === 0) onRow?.(read.rows.length);
    }
  } catch (error) {
    if (error instanceof CsvError) problem(line + 1, "", "", { reason: "CSV_BROKEN" });
    else if (error instanceof UndecodableError) problem(0, "", "", { reason: "ENCODING_UNKNOWN" });
    else throw error;
    return read;
  }
  if (read.rows.length === 0 && read.problems.length === 0) problem(0, "", "", { reason: "FILE_EMPTY" });
  return read;
}

class UndecodableError extends Error {}

/** Digest of the bytes, and UTF-8 if all of them are; GB 18030 is tried when they are not. */
async function inspect(file: ImportFile): Promise<Pick<ReadFile, "sha256" | "encoding">> {
  const hash = createHash("sha256");
  const utf8 = new TextDecoder("utf-8", { fatal: true });
  let isUtf8 = true;
  const attempt = (decode: () => void) => {
    try {
      decode();
    } catch {
      isUtf8 = false;
    }
  };
  for await (const chunk of file.open()) {
    hash.update(chunk);
    if (isUtf8) attempt(() => utf8.decode(chunk, { stream: true }));
  }
  if (isUtf8) attempt(() => utf8.decode());
  return { sha256: hash.digest(), encoding: isUtf8 ? "utf-8" : "gb18030" };
}

async function* decoded(file: ImportFile, encoding: ReadFile["encoding"]): AsyncGenerator<string> {
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of file.open()) yield decoder.decode(chunk, { stream: true });
    yield decoder.decode();
  } catch (error) {
    if (error instanceof TypeError) throw new UndecodableError("undecodable", { cause: error });
    throw error;
  }
}

function readRow(
  header: Header,
  cells: readonly string[],
  line: number,
  problem: (line: number, column: string, value: string, fault: Fault) => void,
): AnyRow | undefined {
  const { kind, columns } = header;
  if (cells.length !== columns.length) {
    problem(line, "", "", { reason: "FIELD_COUNT", params: { found: cells.length, expected: columns.length } });
    return undefined;
  }
  const row: Record<string, unknown> = { line, faulty: false };
  columns.forEach((code, index) => {
    if (!code) return;
    const column = columnOf(kind, code);
    const text =
      cells[index]!.includes(" ") || cells[index]!.includes("\u3000") ? trimmed(cells[index]!) : cells[index]!;
    const value = text === "" ? undefined : readField(text, column.type);
    const fault = isFault(value) ? value : text === "" && column.required ? ({ reason: "EMPTY" } as const) : undefined;
    if (fault) {
      problem(line, code, text, fault);
      row.faulty = true;
    } else row[code] = value;
  });
  return row as AnyRow;
}

/** Without spaces around it, the wide ones of Chinese text too. Tabs stay, and are found by the check below. */
function trimmed(text: string): string {
  return text.replace(/^[ \u3000]+|[ \u3000]+$/g, "");
}

function readField(text: string, type: keyof typeof readers): unknown {
  invisible.lastIndex = 0;
  if (invisible.test(text)) return { reason: "CONTROL_CHARACTER" } satisfies Fault;
  return readers[type](text);
}

function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "reason" in value;
}
