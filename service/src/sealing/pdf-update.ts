// Additions to a sealed file (FORMAT.md §9.7): objects, a cross-reference table and a trailer behind what is there already.
//
// What an addition replaces is copied from the file byte for byte, with what it adds put in; so it says the same as before to
// every reader. Files are read through their cross-reference tables, the newest first. The files are our own: whatever is not
// of the form of FORMAT.md §9 is a bug, and stops.

import { invariant } from "../errors.ts";

/** A dictionary among the characters of a file. */
export interface DictionaryPlace {
  readonly start: number;
  readonly end: number;
  /** the value of each key: from start up to but without end */
  readonly entries: ReadonlyMap<string, { readonly start: number; readonly end: number }>;
}

const WHITE = new Set([0, 9, 10, 12, 13, 32]);
const DELIMITERS = new Set([..."()<>[]{}/%"].map((character) => character.charCodeAt(0)));

/** A PDF as far as an addition needs to know it. */
export class PdfUpdate {
  readonly file: Buffer;
  /** the file with a character for each byte */
  readonly text: string;
  readonly rootNumber: number;
  /** one more than the highest object number so far */
  #size: number;
  readonly #trailer: DictionaryPlace;
  readonly #tableAt: number;
  /** newest place of each object */
  readonly #places = new Map<number, number>();
  readonly #changed = new Map<number, string | Buffer>();

  constructor(file: Buffer) {
    this.file = file;
    this.text = file.toString("latin1");
    const end = /startxref\n(\d{1,10})\n%%EOF\n?$/.exec(this.text.slice(-64));
    invariant(end, "the file does not end like a PDF of ours");
    this.#tableAt = Number(end[1]);
    this.#trailer = this.#readTables(this.#tableAt);
    this.#size = Number(this.raw(this.#trailer, "Size"));
    this.rootNumber = this.reference(this.#trailer, "Root")!;
  }

  /** Reads the newest table and those before it; gives the newest trailer. */
  #readTables(newest: number): DictionaryPlace {
    let first: DictionaryPlace | undefined;
    for (let at: number | undefined = newest; at !== undefined;) {
      invariant(this.text.startsWith("xref\n", at), "no cross-reference table where the file names one");
      at += 5;
      for (let head; (head = /^(\d{1,7}) (\d{1,7})\n/.exec(this.text.slice(at, at + 20)));) {
        at += head[0].length;
        for (let number = Number(head[1]), end = number + Number(head[2]); number < end; number++, at += 20)
          if (this.text[at + 17] === "n" && !this.#places.has(number))
            this.#places.set(number, Number(this.text.slice(at, at + 10)));
      }
      invariant(this.text.startsWith("trailer\n", at), "no trailer behind the cross-reference table");
      const trailer = this.dictionaryAt(at + 8);
      first ??= trailer;
      const previous = this.raw(trailer, "Prev");
      at = previous === undefined ? undefined : Number(previous);
    }
    return first!;
  }

  /** The dictionary that is an object, or that begins it when it is a stream. */
  dictionary(objectNumber: number): DictionaryPlace {
    return this.dictionaryAt(this.#bodyAt(objectNumber));
  }

  #bodyAt(objectNumber: number): number {
    const at = this.#places.get(objectNumber);
    const head = `${objectNumber} 0 obj`;
    invariant(at !== undefined && this.text.startsWith(head, at), `object ${objectNumber} is not at its place`);
    return skipWhite(this.text, at + head.length);
  }

  /** The bytes of a stream that has only /Length. */
  stream(objectNumber: number): Buffer {
    const dictionary = this.dictionary(objectNumber);
    const match = /^\s*stream\r?\n/.exec(this.text.slice(dictionary.end, dictionary.end + 20));
    invariant(match, `object ${objectNumber} is not a stream`);
    const start = dictionary.end + match[0].length;
    return this.file.subarray(start, start + Number(this.raw(dictionary, "Length")));
  }

  dictionaryAt(from: number): DictionaryPlace {
    const { text } = this;
    const start = skipWhite(text, from);
    invariant(text.startsWith("<<", start), "a dictionary was expected");
    const entries = new Map<string, { start: number; end: number }>();
    for (let at = skipWhite(text, start + 2); ;) {
      if (text.startsWith(">>", at)) return { start, end: at + 2, entries };
      invariant(text[at] === "/", "a key was expected");
      const keyEnd = valueEnd(text, at);
      const value = skipWhite(text, keyEnd);
      const end = valueEnd(text, value);
      entries.set(text.slice(at + 1, keyEnd), { start: value, end });
      at = skipWhite(text, end);
    }
  }

  /** The text of a key's value. */
  raw(dictionary: DictionaryPlace, key: string): string | undefined {
    const place = dictionary.entries.get(key);
    return place && this.text.slice(place.start, place.end);
  }

  /** The object that a key refers to; undefined when the value is no reference. */
  reference(dictionary: DictionaryPlace, key: string): number | undefined {
    const match = /^(\d{1,7}) 0 R$/.exec(this.raw(dictionary, key) ?? "");
    return match ? Number(match[1]) : undefined;
  }

  /** The text of an array: the value of a key, or of the object that it refers to; undefined when there is no such key. */
  array(dictionary: DictionaryPlace, key: string): string | undefined {
    const reference = this.reference(dictionary, key);
    if (reference === undefined) return this.raw(dictionary, key);
    const at = this.#bodyAt(reference);
    return this.text.slice(at, valueEnd(this.text, at));
  }

  /** The number of a new object, to be put later. */
  take(): number {
    return this.#size++;
  }

  /** Writes an object: new, or in place of the one with this number. */
  put(objectNumber: number, content: string | Buffer): void {
    this.#changed.set(objectNumber, content);
  }

  putStream(content: Uint8Array): number {
    const objectNumber = this.take();
    const head = Buffer.from(`<</Length ${content.length}>>stream\n`, "latin1");
    this.put(objectNumber, Buffer.concat([head, content, Buffer.from("\nendstream", "latin1")]));
    return objectNumber;
  }

  /**
   * Writes an object as before but for one key.
   * @param change the new text of the value, from the old one (undefined when the key is not there)
   */
  change(objectNumber: number, key: string, change: (before: string | undefined) => string): void {
    const changed = this.#changed.get(objectNumber);
    invariant(typeof changed !== "object", "a stream is not changed");
    const at = this.#bodyAt(objectNumber);
    const body = changed ?? this.text.slice(at, valueEnd(this.text, at));
    const view = new DictionaryText(body);
    this.#changed.set(objectNumber, view.with(key, change));
  }

  /** Appends a reference to an array that is a key's value, or an object of its own that the key refers to. */
  append(objectNumber: number, key: string, reference: string): void {
    const array = this.reference(this.dictionary(objectNumber), key);
    const appended = (before: string | undefined) =>
      `${(before ?? "[]").slice(0, -1)} ${reference}]`.replace("[ ", "[");
    if (array === undefined) return this.change(objectNumber, key, appended);
    const at = this.#bodyAt(array);
    this.put(array, appended(this.text.slice(at, valueEnd(this.text, at))));
  }

  /** The addition's bytes: what follows the file. */
  finish(): Buffer {
    const parts: Buffer[] = [];
    let at = this.file.length;
    const places: [objectNumber: number, offset: number][] = [];
    const push = (bytes: Buffer) => {
      parts.push(bytes);
      at += bytes.length;
    };
    for (const [objectNumber, content] of this.#changed) {
      places.push([objectNumber, at]);
      push(Buffer.from(`${objectNumber} 0 obj\n`, "latin1"));
      push(typeof content === "string" ? Buffer.from(content, "latin1") : content);
      push(Buffer.from("\nendobj\n", "latin1"));
    }
    const tableAt = at;
    places.sort(([a], [b]) => a - b);
    let table = "xref\n";
    for (let i = 0; i < places.length;) {
      let end = i + 1;
      while (end < places.length && places[end]![0] === places[end - 1]![0] + 1) end++;
      table += `${places[i]![0]} ${end - i}\n`;
      for (; i < end; i++) table += `${String(places[i]![1]).padStart(10, "0")} 00000 n \n`;
    }
    table += `trailer\n<</Size ${this.#size}/Root ${this.rootNumber} 0 R`;
    for (const key of ["Info", "ID"]) {
      const value = this.raw(this.#trailer, key);
      if (value !== undefined) table += `/${key}${/^[[(<]/.test(value) ? "" : " "}${value}`;
    }
    table += `/Prev ${this.#tableAt}>>\nstartxref\n${tableAt}\n%%EOF\n`;
    push(Buffer.from(table, "latin1"));
    return Buffer.concat(parts);
  }
}

/** The text of one dictionary, to be changed. */
class DictionaryText {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  with(key: string, change: (before: string | undefined) => string): string {
    const text = this.#text;
    for (let at = skipWhite(text, 2); !text.startsWith(">>", at);) {
      const keyEnd = valueEnd(text, at);
      const start = skipWhite(text, keyEnd);
      const end = valueEnd(text, start);
      if (text.slice(at + 1, keyEnd) === key)
        return `${text.slice(0, start)}${change(text.slice(start, end))}${text.slice(end)}`;
      at = skipWhite(text, end);
    }
    const value = change(undefined);
    return `${text.slice(0, -2)}/${key}${/^[[(</]/.test(value) ? "" : " "}${value}>>`;
  }
}

function skipWhite(text: string, from: number): number {
  let at = from;
  while (WHITE.has(text.charCodeAt(at))) at++;
  return at;
}

/** Where the value that starts here ends. A reference (`5 0 R`) is one value. */
function valueEnd(text: string, start: number): number {
  invariant(start < text.length, "a value was expected");
  if (text.startsWith("<<", start)) return closingEnd(text, start + 2, ">>");
  const first = text[start];
  if (first === "[") return closingEnd(text, start + 1, "]");
  if (first === "<") return text.indexOf(">", start) + 1;
  if (first === "(") return stringEnd(text, start);
  const reference = /^\d{1,7} \d{1,5} R(?![A-Za-z0-9])/.exec(text.slice(start, start + 20));
  if (reference) return start + reference[0].length;
  let at = start + 1;
  while (at < text.length && !WHITE.has(text.charCodeAt(at)) && !DELIMITERS.has(text.charCodeAt(at))) at++;
  return at;
}

function closingEnd(text: string, from: number, closing: string): number {
  let at = skipWhite(text, from);
  while (!text.startsWith(closing, at)) at = skipWhite(text, valueEnd(text, at));
  return at + closing.length;
}

function stringEnd(text: string, start: number): number {
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === "(") depth++;
    else if (text[at] === ")" && --depth === 0) return at + 1;
  }
  throw new Error("invariant broken: a text without an end");
}
