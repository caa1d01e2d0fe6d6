// What a certificate looks like, in the words of someone who sets a form: millimetres from the top left corner of an A4
// sheet, sizes in points. The compiler (template.ts) turns a description into bytes once.

/** A4 in millimetres */
export const PAGE = { width: 210, height: 297 } as const;

export type Align = "left" | "centre" | "right";
/** Ink for what is said, muted for labels and notes, red for the development notice alone. */
export type Colour = "ink" | "muted" | "red";

/** A rectangle that text must stay within; text is centred in its height. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/**
 * Text in a box. `{name}` stands for a value: names of the seal profile (`{centre}`, `{verificationPage}`) are known when the
 * template is compiled, all others when a certificate is drawn. Text that is too long for one line wraps to the lines
 * that the box has room for, then shrinks down to `smallest`, and never leaves its box.
 */
export interface TextItem extends Placed {
  readonly kind: "text";
  readonly text: string;
  /** what a refusal calls this text when it does not fit; default the names of its values */
  readonly label?: string;
  readonly box: Box;
  /** points */
  readonly size: number;
  /** points; default 5 */
  readonly smallest?: number;
  /** points; the text shrinks down to this size before it wraps. Default `size`: it wraps first */
  readonly smallestLine?: number;
  readonly align?: Align;
  readonly colour?: Colour;
  readonly bold?: boolean;
  /** extra space after each character in points, fixed text only */
  readonly spacing?: number;
  /** what the text is to someone who hears the page read; a paragraph if nothing is said */
  readonly role?: Role;
}

/**
 * `title` is the heading of the document; a `value` is heard with the label before it; `continued` belongs to the paragraph
 * before; `running` is a page's head or foot, which is not read; `head` is the head of a column, which the table of rows
 * takes in.
 */
export type Role = "title" | "value" | "continued" | "running" | "head";

/** Of a form with a table of many rows: the pages that show an item; `later` are those after the first. Default `first`. */
export type Pages = "first" | "later" | "last" | "each";

interface Placed {
  readonly pages?: Pages;
  /** drawn only when the seal is a development seal */
  readonly developmentOnly?: boolean;
}

/** Where the code or the seal comes when the page is read aloud, and in which words. Both stand on the last page. */
export interface PictureItem {
  readonly kind: "qr" | "seal";
  readonly alternative: string;
  readonly pages?: Pages;
  readonly developmentOnly?: boolean;
}

export interface LineItem extends Placed {
  readonly kind: "line";
  readonly from: readonly [x: number, y: number];
  readonly to: readonly [x: number, y: number];
  /** points */
  readonly width: number;
  readonly colour?: Colour;
}

export interface FrameItem extends Placed {
  readonly kind: "frame";
  readonly box: Box;
  /** points */
  readonly width: number;
  readonly colour?: Colour;
}

export type Item = TextItem | LineItem | FrameItem | PictureItem;

export interface Column {
  readonly title: string;
  /** share of the table's width, relative to the other columns */
  readonly width: number;
  readonly align?: Align;
}

/**
 * A table whose rows come with each certificate. It begins on the first page and goes on over as many as it needs, with its
 * head on each; a row is never split. The last page keeps room for what the form shows there.
 */
export interface TableDescription {
  /** names the rows when a certificate is drawn */
  readonly name: string;
  readonly columns: readonly Column[];
  readonly left: number;
  readonly width: number;
  /** where the head begins on the first page and on later ones */
  readonly top: number;
  readonly laterTop: number;
  /** where rows end at the latest, on the last page and on others */
  readonly bottom: number;
  readonly lastBottom: number;
  /** points */
  readonly size: number;
}

export interface TemplateDescription {
  /** the title in the document's information: the same for all certificates of the kind */
  readonly documentTitle: string;
  /** in the order in which the page is read aloud */
  readonly items: readonly Item[];
  readonly table?: TableDescription;
  /** top left corner and edge of the code without its quiet zone */
  readonly qr: { readonly x: number; readonly y: number; readonly size: number };
  /** centre and diameter of the round seal */
  readonly seal: { readonly x: number; readonly y: number; readonly diameter: number };
  /**
   * Characters that values of this kind often hold. They go into the font that all certificates of the template share, so
   * that a certificate carries only its rarer ones.
   */
  readonly commonCharacters: string;
}

/** What is fixed for a centre's certificates besides the form itself. */
export interface SealProfile {
  /** the centre's full name as the seal shows it */
  readonly centre: string;
  /** the line under the star, usually 业务专用章 */
  readonly words: string;
  /** the address of the consortium's verification page as it is printed */
  readonly verificationPage: string;
  /** the signer hangs from a development authority: the certificate says that it has no legal effect */
  readonly development: boolean;
}

/** Names of values in a text, in the order of their first appearance. */
export function placeholders(text: string): string[] {
  return [...new Set([...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]!))];
}

/** Puts values in place of their names; names without a value stay. */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return text.replace(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
}
