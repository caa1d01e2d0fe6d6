// One addition (FORMAT.md §9.7) while it is judged. Every object in it must be claimed by a rule that allows it, and only once:
// what nobody claimed is content that was added after sealing.
import type { PdfSection } from "./pdf-file.ts";
import { beginsWith, referredBy, same } from "./pdf-objects.ts";
import type { PdfObjects } from "./pdf-objects.ts";
import type { PdfDictionary, PdfValue } from "./pdf-syntax.ts";
import { CheckFailed } from "./verdict.ts";

export function notAllowed(what: string): CheckFailed {
  return new CheckFailed("content-appended", { what });
}

export class Change {
  readonly bytes: Uint8Array;
  /** newest versions of all objects without this addition, and with it */
  readonly before: PdfObjects;
  readonly after: PdfObjects;
  readonly addition: PdfSection;
  readonly #unclaimed: Set<number>;

  constructor(bytes: Uint8Array, before: PdfObjects, addition: PdfSection) {
    this.bytes = bytes;
    this.before = before;
    this.after = new Map([...before, ...addition.objects]);
    this.addition = addition;
    this.#unclaimed = new Set(addition.objects.keys());
  }

  has(number: number | undefined): number is number {
    return number !== undefined && this.addition.objects.has(number);
  }

  /** An object of this addition that is no stream. */
  claim(number: number): PdfValue {
    if (this.addition.streams.has(number) || !this.#unclaimed.delete(number)) throw notAllowed(`object ${number}`);
    return this.addition.objects.get(number)!;
  }

  /** A dictionary of this addition that replaces none. */
  claimNew(number: number | undefined): PdfDictionary {
    if (!this.has(number) || this.before.has(number)) throw notAllowed(`object ${number} is not new`);
    const value = this.claim(number);
    if (value.kind !== "dictionary") throw notAllowed(`object ${number}`);
    return value;
  }

  /** A stream of this addition that replaces no object, as its dictionary and content. */
  claimStream(number: number): { value: PdfValue; content: Uint8Array } {
    const content = this.addition.streams.get(number);
    if (!content || this.before.has(number) || !this.#unclaimed.delete(number)) throw notAllowed(`object ${number}`);
    return { value: this.addition.objects.get(number)!, content };
  }

  /** What was appended to an array that is otherwise as before: one reference, or nothing. */
  appended(before: PdfValue | undefined, after: PdfValue | undefined): number | undefined {
    if (same(this.bytes, before, after)) return undefined;
    const list = before ?? { kind: "array", items: [], at: 0 };
    if (list.kind !== "array" || after?.kind !== "array" || after.items.length !== list.items.length + 1)
      throw notAllowed("array");
    const number = referredBy(after.items[list.items.length]);
    if (number === undefined || !beginsWith(this.bytes, after, list)) throw notAllowed("array");
    return number;
  }

  allClaimed(): void {
    for (const number of this.#unclaimed) throw notAllowed(`object ${number}`);
  }
}
