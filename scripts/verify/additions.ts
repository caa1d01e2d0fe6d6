// Additions behind the base (FORMAT.md §9, 7): what prolongs the seal's life and changes nothing that is seen or signed. Every
// object of an addition must be one that §9 names; the newest version of each object is kept to compare with the next.
import { type Hole, readHole, readHoleContents } from "./hole.ts";
import { Refused, demand } from "./outcome.ts";
import { type PdfObject, type Revision, readAddition } from "./pdf-revision.ts";
import {
  type Dict,
  type List,
  type Text,
  type Value,
  isName,
  isRefTo,
  refsIn,
  sameTokens,
  textOf,
} from "./pdf-syntax.ts";
import { type Store, namesAllOf, readStore } from "./store.ts";

export interface DocumentTimeStamp extends Hole {
  /** DER of the token, without the zeros behind it */
  token: Uint8Array;
}

export interface Addition {
  /** numbers of its objects */
  numbers: number[];
  /** whether the file has a document security store from here on */
  hasStore: boolean;
  timeStamp: DocumentTimeStamp | null;
}

/** Longer than any seal lives, and few enough for a reader to go through. */
const additionsLimit = 32;
const changed = "addition-changes-document";
const fieldWrong = "time-stamp-field-wrong";

/** Reads what follows the base. @throws Refused with the reason against the first addition that is none */
export function readAdditions(source: string, base: Revision): Addition[] {
  if (base.end === source.length) return [];
  const file = new Growing(source, base);
  const additions: Addition[] = [];
  let at = base.end;
  // The first object must not stand in the line of %%EOF.
  demand(source[at - 1] === "\n" || /[\r\n]/.test(source[at]!), "content-appended");
  while (at < source.length) {
    demand(additions.length < additionsLimit, "additions-too-many");
    const object = /[\0\t\n\f\r ]*[1-9]\d{0,9} 0 obj/y;
    object.lastIndex = at;
    demand(object.test(source), "content-appended");
    const revision = attemptAddition(source, at);
    additions.push(file.add(revision));
    at = revision.end;
  }
  return additions;
}

function attemptAddition(source: string, at: number): Revision {
  try {
    return readAddition(source, at);
  } catch (error) {
    if (error instanceof Refused) throw new Refused("addition-malformed", error.message);
    throw error;
  }
}

/** The file as it is after each addition. */
class Growing {
  private readonly source: string;
  private readonly base: Revision;
  private readonly root: number;
  /** number of the page that may have a field appended, or null */
  private readonly page: number | null;
  private readonly baseHighest: number;
  private readonly fieldNames = new Set<string>();
  private readonly storeObjects = new Set<number>();
  private readonly objects: Map<number, PdfObject>;
  private highest: number;
  private tableAt: number;
  private store: Store | null = null;

  constructor(source: string, base: Revision) {
    this.source = source;
    this.base = base;
    this.objects = new Map(base.objects);
    this.highest = base.objects.size;
    this.baseHighest = this.highest;
    this.tableAt = base.tableAt;
    const root = base.trailer.entries.get("Root");
    demand(root?.type === "ref" && root.generation === 0, "addition-malformed", "/Root");
    this.root = root.number;
    const values = [base.trailer, ...[...base.objects.values()].map((object) => object.value)];
    // An addition could fill what the base refers to and does not have: a page's second content, for example.
    const missing = values.flatMap((value) => [...refsIn(value)]).find((ref) => !base.objects.has(ref.number));
    demand(!missing, "addition-malformed", `the base has no object ${missing?.number}`);
    const seal = this.dict(this.formFields().items[0]);
    const name = this.resolve(seal.entries.get("T"));
    if (name?.type === "text") this.fieldNames.add(textOf(source, name));
    const page = seal.entries.get("P");
    this.page = page === undefined ? this.firstPage() : page.type === "ref" ? page.number : null;
  }

  /** Checks one addition against the file so far, and takes it in. */
  add(revision: Revision): Addition {
    const numbers = [...revision.objects.keys()].sort((a, b) => a - b);
    this.checkTrailer(revision, numbers);
    const fresh = numbers.filter((number) => number > this.highest);
    const refused = fresh.find((number, index) => number !== this.highest + 1 + index);
    demand(refused === undefined, "addition-malformed", `number ${refused}`);
    const before = new Map(numbers.map((number) => [number, this.objects.get(number)]));
    for (const number of numbers) {
      const generations = [revision.objects.get(number), before.get(number)].map((object) => object?.generation ?? 0);
      demand(!generations.some(Boolean), "addition-malformed", `generation of object ${number}`);
    }

    const { field, allowed, timeStamp } = this.readTimeStamp(revision, fresh);
    const changeable = this.changeable(field);
    const fieldCount = this.formFields().items.length;
    for (const [number, object] of revision.objects) this.objects.set(number, object);
    for (const number of numbers) {
      const check = changeable.get(number);
      if (!check) continue;
      const [was, is] = [before.get(number)!, this.objects.get(number)!];
      demand(!is.stream && !was.stream && check(was.value, is.value), changed, `object ${number}`);
      allowed.add(number);
    }
    if (field !== null) {
      const { items } = this.formFields();
      demand(items.length === fieldCount + 1 && isRefTo(items.at(-1), field), fieldWrong, "not in the form");
    }
    this.checkStore(numbers, allowed);
    const foreign = numbers.find((number) => !allowed.has(number));
    demand(foreign === undefined, "addition-object-not-allowed", `object ${foreign}`);
    this.highest = Math.max(this.highest, numbers.at(-1)!);
    this.tableAt = revision.tableAt;
    return { numbers, hasStore: this.store !== null, timeStamp };
  }

  /** /Prev, /Size, /Root, and /Info and /ID as the base has them. */
  private checkTrailer({ trailer }: Revision, numbers: readonly number[]): void {
    const { entries } = trailer;
    const base = this.base.trailer.entries;
    const keys = ["Size", "Prev", "Root", ...["Info", "ID"].filter((key) => base.has(key))];
    const exact = entries.size === keys.length && keys.every((key) => entries.has(key));
    const same = keys.slice(2).every((key) => sameTokens(this.source, base.get(key), entries.get(key)));
    const size = Math.max(this.highest, numbers.at(-1)!) + 1;
    const places = isNumber(entries.get("Prev"), this.tableAt) && isNumber(entries.get("Size"), size);
    demand(exact && same && places, "addition-malformed", "trailer");
  }

  /** Which objects of the file so far may come again, and what may be different in them. */
  private changeable(field: number | null): Map<number, Check> {
    const catalog = this.dictAt(this.root);
    const checks = new Map<number, Check>();
    const list: Check = (was, is) => this.isAppended(was, is, field);
    const inDict =
      (key: string, rule: Check): Check =>
      (was, is) =>
        this.sameBut(was, is, { [key]: rule });
    /** the value itself, or, where it is an object of its own, the same reference and the object with the liberty */
    const place = (value: Value | undefined, rule: Check): Check => {
      if (value?.type !== "ref") return rule;
      checks.set(value.number, rule);
      return (was, is) => sameTokens(this.source, was, is);
    };
    const formValue = catalog.entries.get("AcroForm");
    const form = inDict("Fields", place(this.form(catalog).entries.get("Fields"), list));
    const rules = {
      DSS: (was: Value | undefined, is: Value | undefined) => is !== undefined || was === undefined,
      AcroForm: place(formValue, form),
      Extensions: (was: Value | undefined, is: Value | undefined) => {
        const one: Check = (a, b) => sameTokens(this.source, a, b) || isNewOne(a, b);
        return sameTokens(this.source, was, is) || this.sameBut(was ?? noEntries, is, { ADBE: one, ESIC: one });
      },
    };
    if (this.page !== null) {
      const annotations = this.dictAt(this.page).entries.get("Annots");
      const rule = place(annotations, list);
      checks.set(this.page, inDict("Annots", annotations ? rule : (_, is) => is === undefined || list(noItems, is)));
    }
    checks.set(this.root, (was, is) => this.sameBut(was, is, rules));
    return checks;
  }

  private sameBut(was: Value | undefined, is: Value | undefined, rules: Readonly<Record<string, Check>>): boolean {
    if (was?.type !== "dict" || is?.type !== "dict") return false;
    return [...new Set([...was.entries.keys(), ...is.entries.keys()])].every((key) => {
      const [a, b] = [was.entries.get(key), is.entries.get(key)];
      return Object.hasOwn(rules, key) ? rules[key]!(a, b) : sameTokens(this.source, a, b);
    });
  }

  /** The list as before, or with this addition's field behind it. */
  private isAppended(was: Value | undefined, is: Value | undefined, field: number | null): boolean {
    if (sameTokens(this.source, was, is)) return true;
    if (was?.type !== "list" || is?.type !== "list" || field === null) return false;
    const items = is.items.slice(0, -1);
    return isRefTo(is.items.at(-1), field) && sameTokens(this.source, was, { type: "list", items });
  }

  /** The new field and its value, if there is one, which are then among the allowed objects. */
  private readTimeStamp(
    revision: Revision,
    fresh: readonly number[],
  ): { field: number | null; allowed: Set<number>; timeStamp: DocumentTimeStamp | null } {
    const having = (key: string, name: string) =>
      fresh.filter((number) => {
        const { value } = revision.objects.get(number)!;
        return value.type === "dict" && isName(value.entries.get(key), name);
      });
    const fields = having("FT", "Sig");
    const stamps = having("Type", "DocTimeStamp");
    demand(fields.length === stamps.length && fields.length <= 1, fieldWrong);
    const [field, stamp] = [fields[0], stamps[0]];
    if (field === undefined || stamp === undefined) return { field: null, allowed: new Set(), timeStamp: null };
    this.checkField(revision.objects.get(field)!, stamp);
    const timeStamp = this.readStamp(revision.objects.get(stamp)!, revision.end);
    return { field, allowed: new Set([field, stamp]), timeStamp };
  }

  private checkField({ value, stream }: PdfObject, stamp: number): void {
    demand(value.type === "dict" && !stream, fieldWrong);
    const { entries } = value;
    const rect = entries.get("Rect");
    const name = entries.get("T");
    const good: Readonly<Record<string, boolean>> = {
      FT: true,
      T: name?.type === "text" && this.isNewName(name),
      V: isRefTo(entries.get("V"), stamp),
      Type: isName(entries.get("Type"), "Annot"),
      Subtype: isName(entries.get("Subtype"), "Widget"),
      F: isNumber(entries.get("F"), 132),
      Rect: rect?.type === "list" && rect.items.length === 4 && rect.items.every((item) => isNumber(item, 0)),
      P: this.page !== null && isRefTo(entries.get("P"), this.page),
    };
    const wrong = [...entries.keys(), "T", "V"].find((key) => !good[key]);
    demand(wrong === undefined && name?.type === "text", fieldWrong, `/${wrong}`);
    this.fieldNames.add(textOf(this.source, name));
  }

  private isNewName(name: Text): boolean {
    const plain = /^\([A-Za-z0-9 _-]{1,64}\)$/.test(this.source.slice(name.start, name.end));
    return plain && !this.fieldNames.has(textOf(this.source, name));
  }

  private readStamp({ value, stream }: PdfObject, end: number): DocumentTimeStamp {
    demand(value.type === "dict" && !stream, fieldWrong);
    const { entries, keyAt } = value;
    const names = { Type: "DocTimeStamp", Filter: "Adobe.PPKLite", SubFilter: "ETSI.RFC3161" };
    const named = Object.entries(names).every(([key, name]) => isName(entries.get(key), name));
    const range = keyAt.get("ByteRange");
    const contents = entries.get("Contents");
    demand(named && entries.size === 5 && range !== undefined && contents?.type === "text", fieldWrong);
    const hole = readHole(this.source, range, "time-stamp-range-wrong");
    const exact = hole.start === contents.start && hole.end === contents.end && hole.covers === end;
    demand(exact, "time-stamp-range-wrong");
    return { ...hole, token: readHoleContents(this.source, hole, "time-stamp-not-der") };
  }

  /** The store as it is now names all that it named before; its objects in this addition are allowed. */
  private checkStore(numbers: readonly number[], allowed: Set<number>): void {
    const value = this.dictAt(this.root).entries.get("DSS");
    const now = value === undefined ? null : this.readStore(value);
    demand(!this.store || (now && namesAllOf(now, this.store)), "store-shrinks");
    for (const number of numbers) {
      const replaces = number <= this.highest;
      // What a store names stays as it is; the store's own objects may be replaced, and by nothing but themselves.
      if (now?.objects.has(number) && (!replaces || this.storeObjects.has(number))) allowed.add(number);
      if (now?.streams.has(number) && !replaces) allowed.add(number);
    }
    for (const number of now?.objects ?? []) this.storeObjects.add(number);
    this.store = now;
  }

  private readStore(value: Value): Store {
    return readStore(this.source, this.objects, { baseHighest: this.baseHighest, known: this.store?.streams }, value);
  }

  private resolve(value: Value | undefined): Value | undefined {
    if (value?.type !== "ref") return value;
    const object = this.objects.get(value.number);
    return object?.generation === value.generation ? object.value : undefined;
  }

  private dict(value: Value | undefined): Dict {
    const found = this.resolve(value);
    demand(found?.type === "dict", changed);
    return found;
  }

  private dictAt(number: number): Dict {
    return this.dict({ type: "ref", number, generation: 0 });
  }

  private form(catalog: Dict): Dict {
    return this.dict(catalog.entries.get("AcroForm"));
  }

  private formFields(): List {
    const found = this.resolve(this.form(this.dictAt(this.root)).entries.get("Fields"));
    demand(found?.type === "list", changed);
    return found;
  }

  /** The first leaf of the page tree, when it is an object of its own. */
  private firstPage(): number | null {
    let at = this.dictAt(this.root).entries.get("Pages");
    for (let depth = 0; depth < 64; depth++) {
      const node = this.resolve(at);
      if (at?.type !== "ref" || node?.type !== "dict") return null;
      if (isName(node.entries.get("Type"), "Page")) return at.number;
      const kids = this.resolve(node.entries.get("Kids"));
      at = kids?.type === "list" ? kids.items[0] : undefined;
    }
    return null;
  }
}

const noEntries: Dict = { type: "dict", entries: new Map(), keyAt: new Map() };
const noItems: List = { type: "list", items: [] };

type Check = (was: Value | undefined, is: Value | undefined) => boolean;

const isNumber = (value: Value | undefined, number: number): boolean =>
  value?.type === "number" && value.value === String(number);

/** §9 (7) and §11: /ADBE or /ESIC, new in /Extensions (ISO 32000-1 §7.12), or absent. */
const isNewOne: Check = (was, is) =>
  was === undefined &&
  (is === undefined ||
    (is.type === "dict" &&
      [...is.entries].every(
        ([key, one]) =>
          ["Type", "BaseVersion", "ExtensionLevel"].includes(key) && (one.type === "name" || one.type === "number"),
      )));
