// A strict reader of PDF objects (ISO 32000-1 §7.3): what a certificate may contain and nothing that readers would have to
// repair. It keeps where keys and texts stand, because FORMAT.md §9 speaks of places in the file.
import { Refused } from "./outcome.ts";

export interface Name {
  type: "name";
  value: string;
}
export interface Text {
  type: "text";
  start: number;
  end: number;
}
export interface Ref {
  type: "ref";
  number: number;
  generation: number;
}
export interface Dict {
  type: "dict";
  entries: Map<string, Value>;
  /** offset of each key's slash */
  keyAt: Map<string, number>;
}
export interface List {
  type: "list";
  items: Value[];
}
export interface Plain {
  type: "number" | "keyword";
  value: string;
}
export type Value = Name | Text | Ref | Dict | List | Plain;

/** Deeper than any honest file, shallower than any stack. */
const depthLimit = 64;
const whitespace = "\0\t\n\f\r ";
const delimiters = "()<>[]{}/%";

/** Reads from a file given as one character per byte. @throws Refused `pdf-malformed` */
export class Reader {
  readonly source: string;
  at = 0;

  constructor(source: string) {
    this.source = source;
  }

  fail(what: string): never {
    throw new Refused("pdf-malformed", `${what} at byte ${this.at}`);
  }

  skipSpace(): void {
    while (this.at < this.source.length && whitespace.includes(this.source[this.at]!)) this.at++;
    if (this.source[this.at] === "%") this.fail("comment");
  }

  /** Takes exactly this text here. */
  take(text: string): void {
    if (!this.source.startsWith(text, this.at)) this.fail(`expected ${JSON.stringify(text)}`);
    this.at += text.length;
  }

  takeIf(text: string): boolean {
    if (!this.source.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  /** Matches a sticky expression here. */
  match(expression: RegExp): RegExpExecArray | null {
    expression.lastIndex = this.at;
    const found = expression.exec(this.source);
    if (found) this.at = expression.lastIndex;
    return found;
  }

  /** One line end: CR LF, LF or CR. */
  lineEnd(): boolean {
    return this.takeIf("\r\n") || this.takeIf("\n") || this.takeIf("\r");
  }

  private regular(): string {
    const start = this.at;
    while (this.at < this.source.length) {
      const char = this.source[this.at]!;
      if (whitespace.includes(char) || delimiters.includes(char)) break;
      this.at++;
    }
    return this.source.slice(start, this.at);
  }

  name(): string {
    this.take("/");
    const name = this.regular();
    // An escaped name is another spelling of a key, which a search for the key would miss.
    if (name.includes("#")) this.fail("# in a name");
    if (/[^!-~]/.test(name)) this.fail("name of other than printable characters");
    return name;
  }

  value(depth = 0): Value {
    if (depth > depthLimit) this.fail("nesting too deep");
    this.skipSpace();
    const char = this.source[this.at];
    if (char === undefined) this.fail("end of file");
    if (char === "/") return { type: "name", value: this.name() };
    if (char === "(") return this.literal();
    if (char === "[") return this.list(depth);
    if (this.source.startsWith("<<", this.at)) return this.dict(depth);
    if (char === "<") return this.hexText();
    const reference = this.match(
      /(0|[1-9]\d{0,9})[\0\t\n\f\r ]+(0|[1-9]\d{0,4})[\0\t\n\f\r ]+R(?![^\0\t\n\f\r ()<>[\]{}/%])/y,
    );
    if (reference) return { type: "ref", number: Number(reference[1]), generation: Number(reference[2]) };
    const word = this.regular();
    if (/^[+-]?(\d+\.?\d*|\.\d+)$/.test(word)) return { type: "number", value: word };
    if (word === "true" || word === "false" || word === "null") return { type: "keyword", value: word };
    return this.fail("no object");
  }

  private literal(): Text {
    const start = this.at++;
    for (let open = 1; open > 0; this.at++) {
      const char = this.source[this.at];
      if (char === undefined) this.fail("text without end");
      if (char === "\\") this.at++;
      else if (char === "(") open++;
      else if (char === ")") open--;
    }
    return { type: "text", start, end: this.at };
  }

  private hexText(): Text {
    const start = this.at;
    if (!this.match(/<[0-9A-Fa-f\0\t\n\f\r ]*>/y)) this.fail("hexadecimal text");
    return { type: "text", start, end: this.at };
  }

  private list(depth: number): List {
    this.take("[");
    const items: Value[] = [];
    for (;;) {
      this.skipSpace();
      if (this.takeIf("]")) return { type: "list", items };
      items.push(this.value(depth + 1));
    }
  }

  dict(depth = 0): Dict {
    this.take("<<");
    const dict: Dict = { type: "dict", entries: new Map(), keyAt: new Map() };
    for (;;) {
      this.skipSpace();
      if (this.takeIf(">>")) return dict;
      const at = this.at;
      if (this.source[at] !== "/") this.fail("key");
      const key = this.name();
      if (dict.entries.has(key)) this.fail(`key ${key} twice`);
      dict.keyAt.set(key, at);
      dict.entries.set(key, this.value(depth + 1));
    }
  }
}

/** All dictionaries in a value, itself included. */
export function* dictsIn(value: Value): Generator<Dict> {
  if (value.type === "dict") {
    yield value;
    for (const entry of value.entries.values()) yield* dictsIn(entry);
  } else if (value.type === "list") {
    for (const item of value.items) yield* dictsIn(item);
  }
}

export const isName = (value: Value | undefined, name: string): boolean =>
  value?.type === "name" && value.value === name;

/** All references in a value. */
export function* refsIn(value: Value): Generator<Ref> {
  if (value.type === "ref") yield value;
  else if (value.type === "list") for (const item of value.items) yield* refsIn(item);
  else if (value.type === "dict") for (const entry of value.entries.values()) yield* refsIn(entry);
}

export const isRefTo = (value: Value | undefined, number: number): boolean =>
  value?.type === "ref" && value.number === number && value.generation === 0;

/** Whether two values are equal, key by key and token by token: the order of keys and the space between tokens may differ. */
export function sameTokens(source: string, a: Value | undefined, b: Value | undefined): boolean {
  if (a === undefined || b === undefined) return a === b;
  if (a.type === "text") return b.type === "text" && source.slice(a.start, a.end) === source.slice(b.start, b.end);
  if (a.type === "ref") return b.type === "ref" && a.number === b.number && a.generation === b.generation;
  if (a.type === "list") {
    return (
      b.type === "list" &&
      a.items.length === b.items.length &&
      a.items.every((item, index) => sameTokens(source, item, b.items[index]))
    );
  }
  if (a.type === "dict") {
    return (
      b.type === "dict" &&
      a.entries.size === b.entries.size &&
      [...a.entries].every(([key, value]) => sameTokens(source, value, b.entries.get(key)))
    );
  }
  return b.type === a.type && a.value === b.value;
}

const escapes: Readonly<Record<string, string>> = { n: "\n", r: "\r", t: "\t", b: "\b", f: "\f" };

/** What a text says, whatever its spelling (ISO 32000-1 §7.3.4 and §7.9.2). */
export function textOf(source: string, { start, end }: Text): string {
  const inner = source.slice(start + 1, end - 1);
  let plain: string;
  if (source[start] === "<") {
    const digits = inner.replace(/[^0-9A-Fa-f]/g, "");
    plain = Buffer.from(digits.length % 2 === 0 ? digits : `${digits}0`, "hex").toString("latin1");
  } else {
    plain = inner.replace(/\\([0-7]{1,3}|\r\n|[^])|\r\n?/g, (_, escaped: string | undefined) => {
      if (escaped === undefined) return "\n";
      if (/^[0-7]/.test(escaped)) return String.fromCharCode(Number.parseInt(escaped, 8) & 0xff);
      return /^[\r\n]/.test(escaped) ? "" : (escapes[escaped] ?? escaped);
    });
  }
  const bytes = Buffer.from(plain, "latin1");
  if (plain.startsWith("\u00fe\u00ff"))
    return bytes
      .subarray(2, bytes.length & ~1)
      .swap16()
      .toString("utf16le");
  return plain.startsWith("\u00ef\u00bb\u00bf") ? bytes.subarray(3).toString("utf8") : plain;
}
