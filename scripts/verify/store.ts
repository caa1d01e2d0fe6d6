// The document security store (FORMAT.md §9, 7; ETSI EN 319 142-1 §5.4). What is in it proves nothing here; its form is asked,
// so that nothing else hides in it, and that later stores keep what earlier ones hold.
import { derLength } from "./der.ts";
import { demand } from "./outcome.ts";
import type { PdfObject } from "./pdf-revision.ts";
import { type Dict, type List, type Value, isName } from "./pdf-syntax.ts";

export interface Store {
  /** numbers of the objects that are parts of the store itself */
  objects: Set<number>;
  /** numbers of the streams that it names */
  streams: Set<number>;
}

const wrong = "store-malformed";

/**
 * Reads the store that the catalogue's /DSS gives.
 * @param given `baseHighest`: highest number in the base, for a store is made of objects of additions only; `known`: streams
 *   that an earlier store named, which are not looked at again
 * @throws Refused
 */
export function readStore(
  source: string,
  objects: ReadonlyMap<number, PdfObject>,
  { baseHighest, known }: { baseHighest: number; known?: ReadonlySet<number> },
  value: Value,
): Store {
  const store: Store = { objects: new Set(), streams: new Set() };

  /** The object behind a reference. It is of an addition. */
  const find = (reference: Value): { number: number; object: PdfObject } => {
    demand(reference.type === "ref" && reference.generation === 0, wrong);
    const object = objects.get(reference.number);
    demand(object && reference.number > baseHighest, wrong, `object ${reference.number}`);
    return { number: reference.number, object };
  };
  const part = (given: Value): Value => {
    if (given.type !== "ref") return given;
    const { number, object } = find(given);
    demand(!object.stream, wrong, `object ${number}`);
    store.objects.add(number);
    return object.value;
  };
  const dict = (given: Value, type: string | null, keys: readonly string[] | null): Dict => {
    const found = part(given);
    demand(found.type === "dict", wrong);
    const strange = keys && [...found.entries.keys()].find((key) => key !== "Type" && !keys.includes(key));
    demand(!strange, wrong, `/${strange}`);
    const named = found.entries.get("Type");
    if (type && named) demand(isName(named, type), wrong, "/Type");
    return found;
  };
  const list = (given: Value): List => {
    const found = part(given);
    demand(found.type === "list", wrong);
    return found;
  };
  const name = (references: readonly Value[]): void => {
    for (const reference of references) {
      const { number, object } = find(reference);
      if (!known?.has(number)) checkStream(source, number, object);
      store.streams.add(number);
    }
  };

  const { entries } = dict(value, "DSS", ["Certs", "CRLs", "OCSPs", "VRI"]);
  for (const [key, entry] of entries) {
    if (key === "VRI") {
      for (const one of dict(entry, null, null).entries.values()) {
        const parts = dict(one, "VRI", ["Cert", "CRL", "OCSP", "TU", "TS"]).entries;
        for (const [kind, given] of parts) {
          if (kind === "TU") demand(given.type === "text", wrong, "/TU");
          else if (kind === "TS") name([given]);
          else if (kind !== "Type") name(list(given).items);
        }
      }
    } else if (key !== "Type") name(list(entry).items);
  }
  return store;
}

/** A stream with the one key /Length that is one DER SEQUENCE. */
function checkStream(source: string, number: number, { value, stream }: PdfObject): void {
  demand(value.type === "dict" && stream && value.entries.size === 1, wrong, `object ${number}`);
  const bytes = Buffer.from(source.slice(...stream), "latin1");
  // Only the outermost value: authorities write extensions of their own, which nothing here reads.
  demand(bytes[0] === 0x30 && derLength(bytes) === bytes.length, wrong, `object ${number} is no DER SEQUENCE`);
}

/** Whether a store names all objects that an earlier one named, in whichever list. */
export const namesAllOf = (store: Store, earlier: Store): boolean =>
  [...earlier.streams].every((number) => store.streams.has(number));
