// A reader for PDF objects (ISO 32000-1 §7.2, §7.3) that takes only what a sealed certificate needs. No comments, no `#` in
// names, no key twice: where two readers could see two different things, it refuses.
import { CheckFailed } from "./verdict.ts";

export type PdfValue =
  | { readonly kind: "dictionary"; readonly entries: ReadonlyMap<string, PdfValue> }
  /** `at` is the place of its bracket */
  | { readonly kind: "array"; readonly items: readonly PdfValue[]; readonly at: number }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "number"; readonly text: string }
  | { readonly kind: "reference"; readonly object: number }
  /** a text in round brackets or in hexadecimal digits, from its first bracket to the byte after its last */
  | { readonly kind: "text" | "hex"; readonly at: number; readonly end: number }
  | { readonly kind: "word"; readonly word: string };

export type PdfArray = Extract<PdfValue, { kind: "array" }>;
export type PdfDictionary = Extract<PdfValue, { kind: "dictionary" }>;

const deepest = 32;
/** Values in one file. A certificate has some thousands; ten million would be seconds and a gigabyte. */
const mostValues = 200_000;

export function malformed(what: string, at: number): CheckFailed {
  return new CheckFailed("pdf-malformed", { what, at });
}

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09 || byte === 0x0c || byte === 0;
}

/** `( ) < > [ ] { } / %` */
function isDelimiter(byte: number): boolean {
  return "()<>[]{}/%".includes(String.fromCharCode(byte));
}

function isRegular(byte: number | undefined): byte is number {
  return byte !== undefined && !isSpace(byte) && !isDelimiter(byte);
}

export class PdfReader {
  readonly bytes: Uint8Array;
  /** where the next value is read */
  at: number;
  #depth = 0;
  #values = 0;

  constructor(bytes: Uint8Array, at: number) {
    this.bytes = bytes;
    this.at = at;
  }

  skipSpace(): void {
    while (isSpace(this.bytes[this.at])) this.at++;
    if (this.bytes[this.at] === 0x25) throw malformed("comment", this.at);
  }

  /** Does this word stand here, followed by no other regular character? Then it is passed. */
  take(word: string): boolean {
    for (let i = 0; i < word.length; i++) if (this.bytes[this.at + i] !== word.charCodeAt(i)) return false;
    const last = word.charCodeAt(word.length - 1);
    if (isRegular(last) && isRegular(this.bytes[this.at + word.length])) return false;
    this.at += word.length;
    return true;
  }

  expect(word: string): void {
    if (!this.take(word)) throw malformed(`${word} expected`, this.at);
  }

  /** A whole number without sign, at most ten digits. */
  whole(): number {
    const start = this.at;
    const token = this.#regular(10);
    if (!/^[0-9]+$/.test(token)) throw malformed("number expected", start);
    return Number(token);
  }

  value(): PdfValue {
    if (++this.#depth > deepest) throw malformed("nested too deeply", this.at);
    if (++this.#values > mostValues) throw malformed("too many values", this.at);
    this.skipSpace();
    const { bytes, at } = this;
    const byte = bytes[at];
    let value: PdfValue;
    if (byte === 0x2f) value = { kind: "name", name: this.#name() };
    else if (byte === 0x28) value = this.#text();
    else if (byte === 0x5b) value = this.#array();
    else if (byte === 0x3c) value = bytes[at + 1] === 0x3c ? this.#dictionary() : this.#hex();
    else value = this.#numberOrWord();
    this.#depth--;
    return value;
  }

  #regular(longest: number): string {
    let token = "";
    while (isRegular(this.bytes[this.at])) {
      if (token.length === longest) throw malformed("token too long", this.at);
      token += String.fromCharCode(this.bytes[this.at++]!);
    }
    return token;
  }

  #name(): string {
    const start = this.at++;
    const name = this.#regular(127);
    // /Byte#52ange is /ByteRange to one reader and not to another.
    if (!/^[!-"$-~]+$/.test(name)) throw malformed("name with an escape", start);
    return name;
  }

  #numberOrWord(): PdfValue {
    const start = this.at;
    const token = this.#regular(32);
    if (token === "true" || token === "false" || token === "null") return { kind: "word", word: token };
    if (!/^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)$/.test(token)) throw malformed("value expected", start);
    return this.#reference(token) ?? { kind: "number", text: token };
  }

  /** `12 0 R`, when what stands after the number 12 makes it one. */
  #reference(token: string): PdfValue | undefined {
    const { bytes } = this;
    const after = this.at;
    if (!/^[1-9][0-9]{0,6}$/.test(token) || bytes[after] !== 0x20 || bytes[after + 1] !== 0x30) return undefined;
    if (bytes[after + 2] !== 0x20 || bytes[after + 3] !== 0x52 || isRegular(bytes[after + 4])) return undefined;
    this.at = after + 4;
    return { kind: "reference", object: Number(token) };
  }

  #text(): PdfValue {
    const at = this.at++;
    let open = 1;
    while (open > 0) {
      const byte = this.bytes[this.at++];
      if (byte === undefined) throw malformed("text without end", at);
      if (byte === 0x5c) this.at++;
      else if (byte === 0x28) open++;
      else if (byte === 0x29) open--;
    }
    return { kind: "text", at, end: this.at };
  }

  #hex(): PdfValue {
    const at = this.at++;
    for (;;) {
      const byte = this.bytes[this.at++];
      if (byte === 0x3e) return { kind: "hex", at, end: this.at };
      const digit = byte !== undefined && /[0-9a-fA-F]/.test(String.fromCharCode(byte));
      if (!digit) throw malformed("hexadecimal text", at);
    }
  }

  #array(): PdfValue {
    const at = this.at++;
    const items: PdfValue[] = [];
    for (;;) {
      this.skipSpace();
      if (this.bytes[this.at] === 0x5d) break;
      items.push(this.value());
    }
    this.at++;
    return { kind: "array", items, at };
  }

  #dictionary(): PdfDictionary {
    this.at += 2;
    const entries = new Map<string, PdfValue>();
    for (;;) {
      this.skipSpace();
      if (this.bytes[this.at] === 0x3e && this.bytes[this.at + 1] === 0x3e) break;
      const at = this.at;
      if (this.bytes[at] !== 0x2f) throw malformed("name expected", at);
      const name = this.#name();
      if (entries.has(name)) throw malformed(`${name} twice`, at);
      entries.set(name, this.value());
    }
    this.at += 2;
    return { kind: "dictionary", entries };
  }
}
