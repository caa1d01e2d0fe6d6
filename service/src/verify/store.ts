// FORMAT.md §9.7: the document security store (ETSI EN 319 142-1 §5.4). What is in it proves nothing here; it must be nothing
// but what it says, so that nothing else hides there.
import { Change } from "./change.ts";
import { readDer, tags } from "./der.ts";
import { follow, hasOnly, nameOf, rawEntryOf, referredBy } from "./pdf-objects.ts";
import type { PdfDictionary, PdfValue } from "./pdf-syntax.ts";
import { CheckFailed } from "./verdict.ts";

/** Objects of the stores so far, by number. */
export interface Store {
  /** dictionaries and arrays: a later store may replace them */
  parts: Set<number>;
  /** certificates, revocation lists and answers: nothing may replace them */
  streams: Set<number>;
  /** what the newest store names */
  named: ReadonlySet<number>;
}

const storeArrays = ["Certs", "CRLs", "OCSPs"];
const validationArrays = ["Cert", "CRL", "OCSP"];

function wrong(what: string): CheckFailed {
  return new CheckFailed("store-wrong", { what });
}

/** Checks the store as it is after a change, and keeps what it names. Returns whether there is one. @throws CheckFailed */
export function checkStore(change: Change, root: number, store: Store): boolean {
  const entry = rawEntryOf(change.after.get(root), "DSS");
  if (!entry) {
    if (store.named.size > 0 || rawEntryOf(change.before.get(root), "DSS")) throw wrong("taken away");
    return false;
  }
  const { before, after } = change;
  const seen = new Set<number>();
  const named = new Set<number>();

  const part = (value: PdfValue | undefined): PdfValue | undefined => {
    const number = referredBy(value);
    if (number === undefined || seen.has(number)) return follow(after, value);
    seen.add(number);
    if (!change.has(number)) {
      if (!store.parts.has(number)) throw wrong(`object ${number}`);
      return after.get(number);
    }
    if (before.has(number) && !store.parts.has(number)) throw wrong(`object ${number} is not the store's`);
    store.parts.add(number);
    return change.claim(number);
  };
  const dictionary = (value: PdfValue | undefined, type: string, keys: readonly string[]): PdfDictionary => {
    const found = part(value);
    if (found?.kind !== "dictionary" || !hasOnly(found, ["Type", ...keys])) throw wrong(type);
    if (found.entries.has("Type") && nameOf(found.entries.get("Type")) !== type) throw wrong(type);
    return found;
  };
  const stream = (value: PdfValue | undefined): void => {
    const number = referredBy(value);
    if (number === undefined) throw wrong("reference");
    if (named.has(number)) return;
    named.add(number);
    if (!change.has(number)) {
      if (!store.streams.has(number)) throw wrong(`object ${number}`);
      return;
    }
    checkStream(change, number);
    store.streams.add(number);
  };
  const arrays = ({ entries }: PdfDictionary, keys: readonly string[]): void => {
    for (const key of keys) {
      if (!entries.has(key)) continue;
      const list = part(entries.get(key));
      if (list?.kind !== "array") throw wrong(key);
      list.items.forEach(stream);
    }
  };

  const newest = dictionary(entry, "DSS", [...storeArrays, "VRI"]);
  arrays(newest, storeArrays);
  const validations = newest.entries.has("VRI") ? part(newest.entries.get("VRI")) : undefined;
  if (newest.entries.has("VRI") && validations?.kind !== "dictionary") throw wrong("VRI");
  for (const value of validations?.kind === "dictionary" ? validations.entries.values() : []) {
    const validation = dictionary(value, "VRI", [...validationArrays, "TU", "TS"]);
    arrays(validation, validationArrays);
    const time = validation.entries.get("TU");
    if (time && time.kind !== "text" && time.kind !== "hex") throw wrong("TU");
    if (validation.entries.has("TS")) stream(validation.entries.get("TS"));
  }
  for (const number of store.named) if (!named.has(number)) throw wrong(`object ${number} is no longer named`);
  store.named = named;
  return true;
}

/** One DER SEQUENCE, without a filter. What is inside of it is for other readers. */
function checkStream(change: Change, number: number): void {
  const { value, content } = change.claimStream(number);
  if (value.kind !== "dictionary" || !hasOnly(value, ["Length"])) throw wrong(`stream ${number}`);
  try {
    readDer(content, tags.sequence, content.length);
  } catch (error) {
    if (error instanceof CheckFailed) throw wrong(`stream ${number} is not DER`);
    throw error;
  }
}
