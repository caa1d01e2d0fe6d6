// An independent maker of what may follow a sealed file, and of what may not.
import type { Bytes } from "./maker.ts";

export interface AdditionOptions {
  /** /Prev, /Size and more of the trailer, when they are not as they must be */
  prev?: number;
  size?: number;
  trailer?: string;
  root?: string;
  /** changes the whole table, from xref up to the trailer */
  table?: (usual: string) => string;
  /** names object 0 too */
  zero?: boolean;
  end?: string;
  /** before the first object */
  lead?: string;
}

export const latin1 = (bytes: Bytes) => Buffer.from(bytes).toString("latin1");

export const tableOf = (file: Bytes) => Number(/startxref\s+(\d+)\s+%%EOF\s*$/.exec(latin1(file))![1]);
export const sizeOf = (file: Bytes) => Number(/.*\/Size (\d+)/s.exec(latin1(file))![1]);
/** /Info and /ID of the trailer, which go on as they are. */
const idOf = (file: Bytes) =>
  (/.*trailer(.*)/s.exec(latin1(file))![1]!.match(/\/Info \d+ 0 R|\/ID ?\[[^\]]*\]/g) ?? []).join("");

/** The newest body of an object, without `obj` and `endobj`. */
export function bodyOf(file: Bytes, number: number): string {
  const text = latin1(file);
  const start = text.lastIndexOf(`\n${number} 0 obj\n`) + `\n${number} 0 obj\n`.length;
  return text.slice(start, text.indexOf("\nendobj", start));
}

/** The file with an addition of these objects, by number. */
export function withObjects(
  file: Bytes,
  objects: readonly (readonly [number: number, body: string | Bytes])[],
  options: AdditionOptions = {},
): Buffer {
  const parts: Buffer[] = [Buffer.from(file), Buffer.from(options.lead ?? "", "latin1")];
  let at = parts[0]!.length + parts[1]!.length;
  const places = new Map<number, number>(options.zero ? [[0, -1]] : []);
  const push = (part: Buffer) => {
    parts.push(part);
    at += part.length;
  };
  for (const [number, body] of objects) {
    places.set(number, at);
    const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : Buffer.from(body);
    push(Buffer.concat([Buffer.from(`${number} 0 obj\n`), bytes, Buffer.from("\nendobj\n")]));
  }
  const numbers = [...places.keys()].sort((a, b) => a - b);
  let table = "xref\n";
  numbers.forEach((number, i) => {
    let run = 1;
    while (numbers[i + run] === number + run) run++;
    if (numbers[i - 1] !== number - 1) table += `${number} ${run}\n`;
    const place = places.get(number)!;
    table += place < 0 ? "0000000000 65535 f \n" : `${String(place).padStart(10, "0")} 00000 n \n`;
  });
  const size = options.size ?? Math.max(sizeOf(file), ...numbers.map((number) => number + 1));
  const known = idOf(file);
  const prev = options.prev ?? tableOf(file);
  const trailer = `<</Size ${size}/Root ${options.root ?? "1 0 R"}${known}/Prev ${prev}${options.trailer ?? ""}>>`;
  const tableAt = at;
  push(Buffer.from(options.table?.(table) ?? table, "latin1"));
  push(Buffer.from(`trailer\n${trailer}\nstartxref\n${tableAt}\n%%EOF${options.end ?? "\n"}`, "latin1"));
  return Buffer.concat(parts);
}

export const streamOf = (content: Bytes, entries = "") =>
  Buffer.concat([Buffer.from(`<</Length ${content.length}${entries}>>stream\n`), content, Buffer.from("\nendstream")]);

export interface StoreOptions extends AdditionOptions {
  /** replaces the dictionary; `numbers` are those of the streams */
  store?: (numbers: number[], usual: string) => string;
  catalogue?: (usual: string) => string;
  more?: (next: number) => (readonly [number, string | Bytes])[];
  entries?: string;
}

/** The file with a document security store of these certificates; one that is there keeps what it names. */
export function withStore(file: Bytes, certificates: readonly Bytes[], options: StoreOptions = {}): Buffer {
  const first = sizeOf(file);
  const old = bodyOf(file, 1);
  const known = /\/DSS (\d+) 0 R/.exec(old);
  const kept = known ? (/\/Certs\[(.*?)\]/.exec(bodyOf(file, Number(known[1])))?.[1] ?? "") : "";
  const numbers = certificates.map((_, i) => first + i);
  const store = known ? Number(known[1]) : first + certificates.length;
  const usual = `<</Type/DSS/Certs[${[kept, ...numbers.map((number) => `${number} 0 R`)].filter(Boolean).join(" ")}]>>`;
  const catalogue = known ? old : old.replace(/>>$/, `/DSS ${store} 0 R>>`);
  const changed = options.catalogue?.(catalogue) ?? catalogue;
  return withObjects(
    file,
    [
      ...certificates.map((der, i) => [first + i, streamOf(der, options.entries)] as const),
      [store, options.store?.(numbers, usual) ?? usual],
      ...(changed === old ? [] : [[1, changed] as const]),
      ...(options.more?.(known ? first + certificates.length : store + 1) ?? []),
    ],
    options,
  );
}

export interface StampOptions extends AdditionOptions {
  room?: number;
  name?: string;
  /** changes the bodies of the new objects and of those that are replaced */
  field?: (usual: string) => string;
  dictionary?: (usual: string) => string;
  catalogue?: (usual: string) => string;
  page?: (usual: string) => string;
  range?: (open: number, close: number, rest: number) => string;
  /** bytes that the token is over, when not those that it must be over */
  over?: (usual: Buffer) => Bytes;
  padding?: (digits: string) => string;
  more?: (next: number) => (readonly [number, string | Bytes])[];
}

/** The file with a document time-stamp; `make` makes the token over the covered bytes. */
export function withStamp(file: Bytes, make: (covered: Bytes) => Bytes, options: StampOptions = {}): Buffer {
  const { room = 1400, name = `Stamp ${sizeOf(file)}` } = options;
  const field = sizeOf(file);
  const change = (how: ((usual: string) => string) | undefined, usual: string) => how?.(usual) ?? usual;
  const joined = (body: string, key: string) =>
    body.replace(new RegExp(`/${key}\\[([^\\]]*)\\]`), `/${key}[$1 ${field} 0 R]`);
  const widget = "/Type/Annot/Subtype/Widget/F 132/Rect[0 0 0 0]/P 3 0 R";
  const head = "<</Type/DocTimeStamp/Filter/Adobe.PPKLite/SubFilter/ETSI.RFC3161";
  const body = `${head}/ByteRange[0 ${" ".repeat(32)}]/Contents<${"0".repeat(2 * room)}>>>`;
  const open = withObjects(
    file,
    [
      [field, change(options.field, `<</FT/Sig/T(${name})/V ${field + 1} 0 R${widget}>>`)],
      [field + 1, change(options.dictionary, body)],
      [1, change(options.catalogue, joined(bodyOf(file, 1), "Fields"))],
      [3, change(options.page, joined(bodyOf(file, 3), "Annots"))],
      ...(options.more?.(field + 2) ?? []),
    ],
    options,
  );
  const at = open.indexOf("/Contents<", file.length, "latin1") + 9;
  const after = at + 2 * room + 2;
  const rest = open.length - after;
  const range = options.range?.(at, after, rest) ?? `${at} ${after} ${rest}`;
  open.write(range, open.indexOf("/ByteRange[0 ", file.length, "latin1") + 13, "latin1");
  const covered = Buffer.concat([open.subarray(0, at), open.subarray(after)]);
  const token = make(options.over?.(covered) ?? covered);
  const digits = Buffer.from(token)
    .toString("hex")
    .padEnd(2 * room, "0");
  open.write(options.padding?.(digits) ?? digits, at + 1, "latin1");
  return open;
}
