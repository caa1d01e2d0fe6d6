// The structure of a document for those who hear it read: a tree of elements, each naming the marks in the content of its page
// that belong to it, and the way back from each mark to its element (PDF 32000-1 §14.7, §14.8).

import type { ByteWriter } from "./bytes.ts";
import { textString } from "./bytes.ts";
import type { BeginObject } from "./embedding.ts";
import type { Item, TextItem } from "./description.ts";

export interface Element {
  /** a standard type: H1, P, Table, TR, TH, TD, Figure, Form */
  readonly type: string;
  /** what it is called when it cannot be read */
  readonly alternative?: string;
  /** the page that its marks are on, from 0 */
  readonly page: number;
  /** numbers of its marks on that page */
  readonly marks: readonly number[];
  readonly children: readonly Element[];
}

/** The key of the seal's field in the way back; a page has its index and one more. */
export const SEAL_KEY = 0;
export const pageKey = (page: number): number => page + 1;

/** Is the item read aloud, and so marked in the content of its page? */
export function isRead(item: Item): boolean {
  return (item.kind === "text" && item.role !== "running") || item.kind === "qr";
}

/** Numbers of the marks of items: each that is read has the next. */
export function marksOf(items: readonly Item[]): Map<Item, number> {
  return new Map(items.filter(isRead).map((item, index) => [item, index]));
}

/** The name that an item's mark carries in the content. */
export function typeOf(item: TextItem): string {
  if (item.role === "title") return "H1";
  return item.role === "head" ? "TH" : "P";
}

/**
 * The elements of a form, in the order of its items. What follows `insert` comes after those of the first page.
 * @param lastPage index of the page with code and seal
 */
export function elementsOf(items: readonly Item[], lastPage: number, insert: readonly Element[] = []): Element[] {
  const marks = marksOf(items);
  const elements: { -readonly [key in keyof Element]: Element[key] }[] = [];
  let inserted = insert.length === 0;
  for (const item of items) {
    const page = item.pages === "last" ? lastPage : 0;
    if (!inserted && item.pages === "last") {
      elements.push(...insert);
      inserted = true;
    }
    if (item.kind === "qr" || item.kind === "seal") {
      const type = item.kind === "qr" ? "Figure" : "Form";
      const own = item.kind === "qr" ? [marks.get(item)!] : [];
      elements.push({ type, alternative: item.alternative, page: lastPage, marks: own, children: [] });
    }
    if (item.kind !== "text" || !isRead(item) || item.role === "head") continue;
    const leaf: Element = { type: typeOf(item), page, marks: [marks.get(item)!], children: [] };
    const last = elements.at(-1);
    // A value belongs to the label before it: together they are heard as one.
    const joined = item.role === "continued" || item.role === "value";
    if (joined && last?.type === "P") last.marks = [...last.marks, ...leaf.marks];
    else elements.push(leaf);
  }
  return elements;
}

/** Where the tree stands in the file. */
export interface TreePlace {
  /** object number of the tree's root; the elements follow from `first` on */
  readonly root: number;
  readonly first: number;
  /** object numbers of the pages */
  readonly pages: readonly number[];
  readonly sealField: number;
}

/** How many objects the elements of a tree take, with the document that holds them. */
export function countElements(elements: readonly Element[]): number {
  return 1 + elements.reduce((sum, { children }) => sum + countElements(children), 0);
}

/** Writes root and elements; returns the first object number that is free then. */
export function writeTree(
  out: ByteWriter,
  begin: BeginObject,
  { root, first, pages, sealField }: TreePlace,
  elements: readonly Element[],
): number {
  const back: number[][] = pages.map(() => []);
  let sealElement = 0;
  let next = first;
  const write = (element: Element, parent: number): number => {
    const own = next++;
    if (element.type === "Form") sealElement = own;
    const kids = element.children.map((child) => write(child, own));
    for (const mark of element.marks) back[element.page]![mark] = own;
    begin(own);
    out.text(`<</S/${element.type}/P ${parent} 0 R`);
    if (element.type === "TH") out.text("/A<</O/Table/Scope/Column>>");
    if (element.alternative) out.text(`/Alt${textString(element.alternative)}`);
    if (element.type === "Form") out.text(`/K<</Type/OBJR/Pg ${pages[element.page]} 0 R/Obj ${sealField} 0 R>>`);
    else if (kids.length > 0) out.text(`/K[${kids.map((kid) => `${kid} 0 R`).join(" ")}]`);
    else {
      const { marks } = element;
      out.text(`/Pg ${pages[element.page]} 0 R/K${marks.length === 1 ? ` ${marks[0]}` : `[${marks.join(" ")}]`}`);
    }
    out.text(">>\nendobj\n");
    return own;
  };
  const document = write({ type: "Document", page: 0, marks: [], children: elements }, root);
  begin(root);
  out.text(`<</Type/StructTreeRoot/K ${document} 0 R`);
  out.text(`/ParentTreeNextKey ${pageKey(pages.length)}/ParentTree<</Nums[${SEAL_KEY} ${sealElement} 0 R`);
  for (const [page, owners] of back.entries()) {
    out.text(` ${pageKey(page)}[`);
    for (let mark = 0; mark < owners.length; mark++) out.text(owners[mark] ? `${owners[mark]} 0 R ` : "null ");
    out.text("]");
  }
  out.text("]>>>>\nendobj\n");
  return next;
}
