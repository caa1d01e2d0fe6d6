// A template is a kind's form compiled for one centre: a byte prefix that all its certificates share and whose hash is known,
// and the plan for what each certificate appends. A certificate's file is the prefix followed by its suffix, so only the
// template's id and the suffix need to be kept.
//
// What a certificate appends, in this order: the QR code, the text of its values, the fonts with characters that the shared
// font lacks, its pages, of a form with a table of rows also their structure, the signature dictionary, and one
// cross-reference table for the whole file.

import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { invariant } from "../errors.ts";
import { ByteWriter, dateString, textString } from "./bytes.ts";
import type { SealProfile, TemplateDescription } from "./description.ts";
import { BYTE_RANGE_ROOM, END_OF_SIGNATURE } from "./drawing.ts";
import type { Drawing } from "./drawing.ts";
import { OBJECTS_PER_FONT, Subset, writeFont, writeStream } from "./embedding.ts";
import { glyphFor } from "./fonts.ts";
import type { Face, Fonts } from "./fonts.ts";
import { CATALOG, compileForm, INFORMATION, SEAL_FIELD, SHARED_FONT, subsetTag } from "./form.ts";
import type { Form, Layer, Slot } from "./form.ts";
import { FONT_NAMES, MEDIA_BOX, paintText } from "./paint.ts";
import type { Place } from "./paint.ts";
import { encodeQr } from "./qr.ts";
import type { QrCode } from "./qr.ts";
import { elementsOf, marksOf, pageKey, writeTree } from "./structure.ts";
import type { Element } from "./structure.ts";
import { heightsOf, pagesOf, paintRows } from "./table.ts";
import type { Rows } from "./table.ts";
import { closeUp, HALF_EM, markOf, ShapedText } from "./text.ts";

export type { SealProfile, TemplateDescription } from "./description.ts";
export type { Drawing } from "./drawing.ts";

/** Compiles a form for a centre. Takes some tens of milliseconds: done at start, never for a certificate. */
export function compileTemplate(description: TemplateDescription, fonts: Fonts, seal: SealProfile): Template {
  return new Template(description, fonts, seal);
}

const SHARED = 0;
const OWN = 1;
const RARE = 2;
/** An entry of a cross-reference table has exactly twenty bytes (PDF 32000-1 §7.5.4). */
const OFFSET_DIGITS = 10;
const ENTRY_END = " 00000 n \n";
/** Moves the pen back in the middle of a text. */
const CLOSE_UP = `)Tj[${HALF_EM}]TJ(`;
/** Room for the length of a stream that is not written yet. */
const LENGTH_ROOM = 6;

export class Template {
  /** SHA-256 of the prefix in hexadecimal */
  readonly id: string;
  readonly prefix: Uint8Array;

  readonly #description: TemplateDescription;
  readonly #fonts: Fonts;
  readonly #form: Form;
  readonly #prefixHash: Hash;
  /** cross-reference entries of the prefix's objects */
  readonly #fixedEntries: Buffer;
  readonly #signatureHead: string;
  readonly #pageHead: string;
  /** code and width of each character of the basic plane in the shared font; code 0 where it has none */
  readonly #sharedCode = new Uint16Array(0x10000);
  readonly #sharedWidth = new Uint16Array(0x10000);

  // Reused from certificate to certificate; drawing is synchronous and copies its result out.
  readonly #out = new ByteWriter();
  readonly #pageContent = new ByteWriter();
  readonly #closing = new ByteWriter(4096);
  readonly #text = new ShapedText();
  readonly #own = new Subset();
  readonly #rare = new Subset();
  #offsets: number[] = [];
  /** of the line being painted: its font, or -1, its width so far in thousandths of an em, and the mark at its end, if any */
  readonly #last = { font: -1, width: 0, mark: 0 };

  constructor(description: TemplateDescription, fonts: Fonts, seal: SealProfile) {
    this.#description = description;
    this.#fonts = fonts;
    this.#form = compileForm(description, fonts, seal);
    this.prefix = this.#form.prefix;
    this.#prefixHash = createHash("sha256").update(this.prefix);
    this.id = this.#prefixHash.copy().digest("hex");
    for (const [index, codePoint] of this.#form.font.codePoints.entries()) {
      this.#sharedCode[codePoint] = index + 1;
      this.#sharedWidth[codePoint] = this.#form.font.widths[index]!;
    }
    const entries = this.#form.offsets
      .slice(1)
      .map((offset) => String(offset).padStart(OFFSET_DIGITS, "0") + ENTRY_END);
    this.#fixedEntries = Buffer.from(`0000000000 65535 f \n${entries.join("")}`, "latin1");
    this.#signatureHead = `<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Name${textString(seal.centre)}/M`;
    this.#pageHead = `<</Type/Page/Parent ${this.#form.pageTree} 0 R/MediaBox${MEDIA_BOX}/Tabs/S/StructParents `;
  }

  /**
   * Draws a certificate. The same arguments give the same bytes.
   * @param values by the names that the description uses; all must be there, empty text draws nothing
   * @param signedAt the claimed signing time; PAdES keeps it here and not in the signature
   * @param documentId the file identifier of the trailer, 16 bytes or more
   * @param tables the rows of the description's table by its name, each with one text for each column
   * @throws DomainError CHARACTER_WITHOUT_GLYPH, TEXT_DOES_NOT_FIT
   */
  draw(
    values: Readonly<Record<string, string>>,
    qr: { url: string; digits: string },
    signedAt: Date,
    documentId: Uint8Array,
    tables: Readonly<Record<string, Rows>> = {},
  ): Drawing {
    this.#out.clear();
    this.#own.clear();
    this.#rare.clear();
    this.#offsets = [];
    const { table } = this.#description;
    this.#writeQr(encodeQr(qr.url, qr.digits));
    let size: number;
    if (table) {
      const rows = tables[table.name];
      invariant(rows, `rows of table ${table.name} are missing`);
      size = this.#writePages(values, rows, documentId);
    } else {
      this.#writeContent(values);
      const fonts = this.#writeFonts(this.#form.free, documentId);
      size = fonts.next;
      this.#writePage(fonts.resources);
    }
    const date = dateString(signedAt);
    const byteRangeAt = this.#writeSignatureHead(date);
    this.#writeClosing(size, documentId);
    return {
      prefixHash: this.#prefixHash,
      prefixLength: this.prefix.length,
      body: this.#out.copy(),
      byteRangeAt,
      closing: this.#closing.copy(),
    };
  }

  readonly #begin = (objectNumber: number): void => {
    this.#offsets[objectNumber] = this.prefix.length + this.#out.length;
    this.#out.text(`${objectNumber} 0 obj\n`);
  };

  #writeContent(values: Readonly<Record<string, string>>): void {
    const out = this.#out;
    this.#begin(this.#form.content);
    out.text("<</Length ");
    const lengthAt = out.room(LENGTH_ROOM);
    out.text(">>stream\n");
    const start = out.length;
    this.#paintLayer(out, this.#form.layers[0]!, values);
    out.patch(lengthAt, String(out.length - start));
    out.text("\nendstream\nendobj\n");
  }

  #paintLayer(out: ByteWriter, { slots }: Layer, values: Readonly<Record<string, string>>): void {
    for (const slot of slots) {
      const start = out.length;
      if (this.#paintLine(out, slot, values)) continue;
      out.cutTo(start);
      this.#text.clear();
      for (const { literal, value } of slot.parts) {
        this.#shape(literal);
        if (value !== undefined) this.#shape(values[value]!);
      }
      paintText(out, this.#text, slot.place);
    }
  }

  /**
   * Paints a text in one go if it is one line that begins at the left, as nearly all are. False when it is not: then what was
   * painted must be cut off again.
   */
  #paintLine(out: ByteWriter, { parts, place }: Slot, values: Readonly<Record<string, string>>): boolean {
    for (const { value } of parts) {
      if (value !== undefined && values[value] === undefined) invariant(false, `value ${value} is missing`);
    }
    if (place.align !== "left") return false;
    const most = (1000 * place.width) / place.size;
    const last = this.#last;
    last.font = -1;
    last.width = 0;
    last.mark = 0;
    out.text(place.open).text(place.lineStart);
    for (const { literal, value } of parts) {
      this.#paintPart(out, literal, place);
      if (value !== undefined) this.#paintPart(out, values[value]!, place);
    }
    if (last.font < 0 || last.width > most) return false;
    out.text(")Tj ET\n").text(place.close);
    return true;
  }

  #paintPart(out: ByteWriter, text: string, place: Place): void {
    const last = this.#last;
    let { font, width, mark } = last;
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const nextMark = markOf(unit);
      if (nextMark > 0 && closeUp(mark, nextMark)) {
        out.text(CLOSE_UP);
        width -= HALF_EM;
      }
      mark = nextMark;
      let code = this.#sharedCode[unit]!;
      let next = SHARED;
      if (code > 0) width += this.#sharedWidth[unit]!;
      else {
        const codePoint = text.codePointAt(i)!;
        if (codePoint > 0xffff) i++;
        next = this.#takeIn(codePoint);
        const subset = next === OWN ? this.#own : this.#rare;
        code = subset.codeOf(codePoint)!;
        width += subset.widths[code - 1]!;
      }
      if (next !== font) {
        if (font >= 0) out.text(")Tj ");
        out.text(place.selectFont[next]!);
        font = next;
      }
      out.reserve(4);
      out.code(code);
    }
    last.font = font;
    last.width = width;
    last.mark = mark;
  }

  /**
   * Writes the pages of a form with a table, their content and the structure of all. The page with code and seal has the number
   * that the prefix names; the others and the elements follow the fonts. Returns the number of objects, counting object 0.
   */
  #writePages(values: Readonly<Record<string, string>>, rows: Rows, documentId: Uint8Array): number {
    const form = this.#form;
    const table = this.#description.table!;
    const shape = (text: string): ShapedText => {
      this.#text.clear();
      this.#shape(text);
      return this.#text;
    };
    for (const row of rows) invariant(row.length === table.columns.length, "a row has a text for each column");
    const heights = heightsOf(table, rows, shape);
    const pages = pagesOf(table, heights);
    const last = pages.length - 1;
    const firstMark = marksOf(form.items).size;
    let next = form.free;
    const numbers = pages.map((_, index) => {
      if (index === last) return { page: form.page, content: form.content };
      next += 2;
      return { page: next - 2, content: next - 1 };
    });
    const out = this.#pageContent;
    const contents: string[] = [];
    for (const [index, { from, to }] of pages.entries()) {
      const layers = form.layers.filter(
        ({ pages: sort }) =>
          sort === "each" || (sort === "last" && index === last) || sort === (index === 0 ? "first" : "later"),
      );
      out.clear();
      const numbered = { ...values, page: String(index + 1), pages: String(pages.length) };
      for (const layer of layers) this.#paintLayer(out, layer, numbered);
      paintRows(out, table, rows, heights, { index, from, to, firstMark }, shape);
      this.#begin(numbers[index]!.content);
      writeStream(this.#out, "", out.view(), true);
      contents.push(
        [...layers.map(({ fixed }) => fixed), numbers[index]!.content].map((one) => `${one} 0 R`).join(" "),
      );
    }
    const fonts = this.#writeFonts(next, documentId);
    for (const [index, { page }] of numbers.entries()) {
      this.#begin(page);
      this.#out.text(`${this.#pageHead}${pageKey(index)}/Contents[${contents[index]}]`);
      if (index === last) this.#out.text(`/Annots[${SEAL_FIELD} 0 R]`);
      this.#out.text(`${fonts.resources}>>\nendobj\n`);
    }
    this.#begin(form.pageTree);
    const kids = numbers.map(({ page }) => `${page} 0 R`).join(" ");
    this.#out.text(`<</Type/Pages/Kids[${kids}]/Count ${pages.length}>>\nendobj\n`);
    return writeTree(
      this.#out,
      this.#begin,
      {
        root: form.structure,
        first: fonts.next,
        pages: numbers.map(({ page }) => page),
        sealField: SEAL_FIELD,
      },
      elementsOf(form.items, last, [this.#tableElement(pages, firstMark)]),
    );
  }

  /** The table of rows for those who hear it: the heads of the first page, then the rows of all pages. */
  #tableElement(pages: readonly { from: number; to: number }[], firstMark: number): Element {
    const { items } = this.#form;
    const marks = marksOf(items);
    const columns = this.#description.table!.columns.length;
    const leaf = (type: string, page: number, mark: number): Element => ({ type, page, marks: [mark], children: [] });
    const row = (page: number, children: Element[]): Element => ({ type: "TR", page, marks: [], children });
    const heads = items.filter((item) => item.kind === "text" && item.role === "head");
    const head = row(
      0,
      heads.map((item) => leaf("TH", 0, marks.get(item)!)),
    );
    const body = pages.flatMap(({ from, to }, page) =>
      Array.from({ length: to - from }, (_, index) =>
        row(
          page,
          Array.from({ length: columns }, (_, column) => leaf("TD", page, firstMark + index * columns + column)),
        ),
      ),
    );
    return { type: "Table", page: 0, marks: [], children: [head, ...body] };
  }

  /** Finds code and width of each character: in the shared font, else in this certificate's own. */
  #shape(text: string): void {
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i);
      const shared = this.#sharedCode[unit]!;
      if (shared > 0) {
        this.#text.add(unit, SHARED, shared, this.#sharedWidth[unit]!);
        continue;
      }
      const codePoint = text.codePointAt(i)!;
      if (codePoint > 0xffff) i++;
      this.#shapeOwn(codePoint);
    }
  }

  #shapeOwn(codePoint: number): void {
    const font = this.#takeIn(codePoint);
    const subset = font === OWN ? this.#own : this.#rare;
    const code = subset.codeOf(codePoint)!;
    this.#text.add(codePoint, font, code, subset.widths[code - 1]!);
  }

  /** Says which of the certificate's own fonts has a character, and puts it there if neither has. */
  #takeIn(codePoint: number): number {
    if (this.#own.codeOf(codePoint) !== undefined) return OWN;
    if (this.#rare.codeOf(codePoint) !== undefined) return RARE;
    const { face, glyph } = glyphFor(this.#fonts, codePoint);
    const which = face === this.#fonts.main ? OWN : RARE;
    (which === OWN ? this.#own : this.#rare).add(codePoint, glyph, face.font.advance(glyph));
    return which;
  }

  /** An image of its own rather than an inline one: half the bytes, because binary data needs no encoding there. */
  #writeQr(code: QrCode): void {
    this.#begin(this.#form.qrPicture);
    writeStream(
      this.#out,
      `/Type/XObject/Subtype/Image/Width ${code.size}/Height ${code.size}` +
        `/ColorSpace/DeviceGray/BitsPerComponent 1/Decode[1 0]`,
      code.rows,
      false,
    );
  }

  /** Writes the certificate's own fonts from object number `first` on; returns what is free then, and the page's resources. */
  #writeFonts(first: number, documentId: Uint8Array): { next: number; resources: string } {
    let next = first;
    let fonts = `/${FONT_NAMES[SHARED]} ${SHARED_FONT} 0 R`;
    const write = (which: number, letter: string, face: Face, subset: Subset): void => {
      writeFont(this.#out, this.#begin, next, subsetTag(letter, documentId), face, subset, false);
      fonts += `/${FONT_NAMES[which]} ${next} 0 R`;
      next += OBJECTS_PER_FONT;
    };
    if (this.#own.size > 0) write(OWN, "D", this.#fonts.main, this.#own);
    if (this.#rare.size > 0) write(RARE, "E", this.#fonts.fallback(), this.#rare);
    return { next, resources: `/Resources<</Font<<${fonts}>>/XObject<</Q ${this.#form.qrPicture} 0 R>>>>` };
  }

  #writePage(resources: string): void {
    const { page, content, layers } = this.#form;
    this.#begin(page);
    this.#out.text(`${this.#pageHead}${pageKey(0)}/Contents[${layers[0]!.fixed} 0 R ${content} 0 R]`);
    this.#out.text(`/Annots[${SEAL_FIELD} 0 R]${resources}>>\nendobj\n`);
  }

  #writeSignatureHead(date: string): number {
    this.#begin(this.#form.signature);
    this.#out.text(this.#signatureHead).text(date).text("/ByteRange[0 ");
    const byteRangeAt = this.#out.room(BYTE_RANGE_ROOM);
    this.#out.text("]/Contents");
    return byteRangeAt;
  }

  #writeClosing(size: number, documentId: Uint8Array): void {
    const closing = this.#closing;
    closing.clear();
    closing.text(END_OF_SIGNATURE).text(`xref\n0 ${size}\n`).bytes(this.#fixedEntries);
    for (let objectNumber = this.#form.page; objectNumber < size; objectNumber++) {
      closing.padded(this.#offsets[objectNumber]!, OFFSET_DIGITS).text(ENTRY_END);
    }
    closing.text(`trailer\n<</Size ${size}/Root ${CATALOG} 0 R/Info ${INFORMATION} 0 R/ID[<`);
    closing.hex(documentId).text("><").hex(documentId).text(">]>>\nstartxref\n");
  }
}
