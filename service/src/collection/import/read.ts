// From bytes to rows: which encoding, which kind of file, and every field that cannot be read.
import { createHash } from "node:crypto";
import { finished } from "node:stream/promises";
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

export type AnyRow = Row<"units"> | Row<"depositors"> | Row<"remittance"> | Row<"loans"> | Row<"repayments">;

/**
 * A file that is being read. Without a kind it cannot be read at all; the problems say why. Count and problems are those of
 * the rows read so far.
 */
export interface ReadFile {
  name: string;
  kind: FileKind | undefined;
  encoding: "utf-8" | "gb18030";
  sha256: Buffer;
  rowCount: number;
  problems: Problem[];
  /** The rows, about `size` at a time, once. Never throws for what is in the file. */
  chunks(size: number): AsyncGenerator<AnyRow[]>;
}

/** Reads a file up to its header; the rows follow when they are asked for. Never throws for what is in the file. */
export async function openImportFile(file: ImportFile): Promise<ReadFile> {
  const { sha256, encoding } = await inspect(file);
  const problems: Problem[] = [];
  const problem = (line: number, column: string, value: string, fault: Fault) =>
    problems.push({ file: file.name, line, column, value, ...fault });
  let fields: (Field | undefined)[] | undefined;
  let rows: AnyRow[] = [];
  let line = 0;
  let unreadable = false;

  const read: ReadFile = { name: file.name, kind: undefined, encoding, sha256, rowCount: 0, problems, chunks };
  const takeHeader = (cells: readonly string[]) => {
    const { header, faults } = readHeader(cells);
    for (const { column, ...fault } of faults) problem(line, column, "", fault);
    read.kind = header?.kind;
    fields = header && fieldsOf(header);
    unreadable = !header;
  };
  const parser = parse({
    bom: true,
    relax_column_count: true,
    skip_empty_lines: true,
    // Rows are taken here, inside the parser, and nothing goes on to its readable side: half the time of a stream of rows.
    on_record(cells: string[], { lines }: { lines: number }) {
      line = lines;
      if (!fields) {
        if (!unreadable) takeHeader(cells);
        return undefined;
      }
      const row = readRow(fields, cells, line, problem);
      if (row) rows.push(row);
      return undefined;
    },
  });
  parser.resume();
  const parsed = finished(parser);
  // Awaited where the file ends; an error comes to the writer before that.
  parsed.catch(() => undefined);
  const pieces = decoded(file, encoding);

  /** Reads one piece on; false when there is none. */
  async function advance(): Promise<boolean> {
    if (unreadable) return false;
    try {
      const piece = await pieces.next();
      if (!piece.done) {
        await new Promise<void>((resolve, reject) =>
          parser.write(piece.value, (error) => (error ? reject(error) : resolve())),
        );
        return true;
      }
      parser.end();
      await parsed;
    } catch (error) {
      if (error instanceof CsvError) problem(line + 1, "", "", { reason: "CSV_BROKEN" });
      else if (error instanceof UndecodableError) problem(0, "", "", { reason: "ENCODING_UNKNOWN" });
      else throw error;
      unreadable = true;
      return false;
    }
    if (read.rowCount + rows.length === 0 && problems.length === 0) problem(0, "", "", { reason: "FILE_EMPTY" });
    unreadable = true;
    return false;
  }

  async function* chunks(size: number): AsyncGenerator<AnyRow[]> {
    for (let more = true; more;) {
      while (more && rows.length < size) more = await advance();
      if (rows.length === 0) continue;
      const chunk = rows;
      rows = [];
      read.rowCount += chunk.length;
      yield chunk;
    }
  }

  for (let more = true; more && read.kind === undefined;) more = await advance();
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

/** A column of a file that is read: what is needed for each of its fields, looked up once. */
interface Field {
  code: string;
  required: boolean;
  reader: (text: string) => unknown;
}

function fieldsOf({ kind, columns }: Header): (Field | undefined)[] {
  return columns.map((code) => {
    if (!code) return undefined;
    const { type, required } = columnOf(kind, code);
    return { code, required, reader: readers[type] };
  });
}

function readRow(
  fields: readonly (Field | undefined)[],
  cells: readonly string[],
  line: number,
  problem: (line: number, column: string, value: string, fault: Fault) => void,
): AnyRow | undefined {
  if (cells.length !== fields.length) {
    problem(line, "", "", { reason: "FIELD_COUNT", params: { found: cells.length, expected: fields.length } });
    return undefined;
  }
  const row: Record<string, unknown> = { line, faulty: false };
  // One look at the whole row: nearly none has such a character.
  const suspicious = isInvisible(cells.join(" "));
  for (let index = 0; index < fields.length; index++) {
    const field = fields[index];
    if (!field) continue;
    const cell = cells[index]!;
    const text = cell.includes(" ") || cell.includes("\u3000") ? trimmed(cell) : cell;
    let fault: Fault | undefined;
    let value: unknown;
    if (text === "") fault = field.required ? { reason: "EMPTY" } : undefined;
    else if (suspicious && isInvisible(text)) fault = { reason: "CONTROL_CHARACTER" };
    else {
      value = field.reader(text);
      if (isFault(value)) fault = value;
    }
    if (fault) {
      problem(line, field.code, text, fault);
      row.faulty = true;
    } else row[field.code] = value;
  }
  return row as AnyRow;
}

/** Without spaces around it, the wide ones of Chinese text too. Tabs stay, and are found by the check below. */
function trimmed(text: string): string {
  return text.replace(/^[ \u3000]+|[ \u3000]+$/g, "");
}

function isInvisible(text: string): boolean {
  invisible.lastIndex = 0;
  return invisible.test(text);
}

function isFault(value: unknown): value is Fault {
  return typeof value === "object" && value !== null && "reason" in value;
}
