// A template is a kind's form compiled for one centre: a byte prefix that all its certificates share and whose hash is known,
// and the plan for what each certificate appends. A certificate's file is the prefix followed by its suffix, so only the
// template's id and the suffix need to be kept.
//
// What a certificate appends, in this order: its page, the text of its values, the QR code, the fonts with characters that the
// shared font lacks, document information, the signature dictionary, and one cross-reference table for the whole file.

import { createHash } from "node:crypto";
import type { Hash } from "node:crypto";
import { invariant } from "../errors.ts";
import { ByteWriter, dateString, textString } from "./bytes.ts";
import { fillIn } from "./description.ts";
import type { SealProfile, TemplateDescription } from "./description.ts";
import { BYTE_RANGE_ROOM, END_OF_SIGNATURE } from "./drawing.ts";
import type { Drawing } from "./drawing.ts";
import { OBJECTS_PER_FONT, Subset, writeFont, writeStream } from "./embedding.ts";
import { glyphFor } from "./fonts.ts";
import type { Face, Fonts } from "./fonts.ts";
import {
  CATALOG,
  compileForm,
  CONTENT,
  FIXED_CONTENT,
  INFORMATION,
  OWN_FONTS,
  PAGE,
  QR_PICTURE,
  SEAL_FIELD,
  SHARED_FONT,
  SIGNATURE,
  subsetTag,
} from "./form.ts";
import type { Form } from "./form.ts";
import { FONT_NAMES, MEDIA_BOX, paintText, rectangle } from "./paint.ts";
import { encodeQr } from "./qr.ts";
import type { QrCode } from "./qr.ts";
import { ShapedText } from "./text.ts";

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
  readonly #fixedEntries: string;
  readonly #qrMatrix: string;
  readonly #signatureHead: string;
  /** code and width of each character of the basic plane in the shared font; code 0 where it has none */
  readonly #sharedCode = new Uint16Array(0x10000);
  readonly #sharedWidth = new Uint16Array(0x10000);

  // Reused from certificate to certificate; drawing is synchronous and copies its result out.
  readonly #out = new ByteWriter();
  readonly #closing = new ByteWriter(4096);
  readonly #text = new ShapedText();
  readonly #own = new Subset();
  readonly #rare = new Subset();
  #offsets: number[] = [];

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
    this.#fixedEntries = `0000000000 65535 f \n${entries.join("")}`;
    const { x, y, size } = description.qr;
    const [left, bottom, width, height] = rectangle({ x, y, width: size, height: size }).split(" ");
    this.#qrMatrix = `q ${width} 0 0 ${height} ${left} ${bottom} cm /Q Do Q\n`;
    this.#signatureHead = `<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/Name${textString(seal.centre)}/M`;
  }

  /**
   * Draws a certificate. The same arguments give the same bytes.
   * @param values by the names that the description uses; all must be there, empty text draws nothing
   * @param signedAt the claimed signing time; PAdES keeps it here and not in the signature
   * @param documentId the file identifier of the trailer, 16 bytes or more
   * @throws DomainError CHARACTER_WITHOUT_GLYPH, TEXT_DOES_NOT_FIT
   */
  draw(
    values: Readonly<Record<string, string>>,
    qr: { url: string; digits: string },
    signedAt: Date,
    documentId: Uint8Array,
  ): Drawing {
    this.#out.clear();
    this.#own.clear();
    this.#rare.clear();
    this.#offsets = [];
    this.#writeContent(values);
    this.#writeQr(encodeQr(qr.url, qr.digits));
    const size = this.#writeFonts(documentId);
    this.#writePage();
    const date = dateString(signedAt);
    this.#writeInformation(values, date);
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
    this.#begin(CONTENT);
    out.text("<</Length ");
    const lengthAt = out.room(LENGTH_ROOM);
    out.text(">>stream\n");
    const start = out.length;
    out.text(this.#qrMatrix);
    for (const { parts, place } of this.#form.slots) {
      this.#text.clear();
      for (const { literal, value } of parts) {
        this.#shape(literal);
        if (value === undefined) continue;
        const text = values[value];
        invariant(text !== undefined, `value ${value} is missing`);
        this.#shape(text);
      }
      paintText(out, this.#text, place);
    }
    out.patch(lengthAt, String(out.length - start));
    out.text("\nendstream\nendobj\n");
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
    const own = this.#own.codeOf(codePoint);
    if (own !== undefined) return this.#text.add(codePoint, OWN, own, this.#own.widths[own - 1]!);
    const rare = this.#rare.codeOf(codePoint);
    if (rare !== undefined) return this.#text.add(codePoint, RARE, rare, this.#rare.widths[rare - 1]!);
    const { face, glyph } = glyphFor(this.#fonts, codePoint);
    const width = face.font.advance(glyph);
    if (face === this.#fonts.main) this.#text.add(codePoint, OWN, this.#own.add(codePoint, glyph, width), width);
    else this.#text.add(codePoint, RARE, this.#rare.add(codePoint, glyph, width), width);
  }

  /** An image of its own rather than an inline one: half the bytes, because binary data needs no encoding there. */
  #writeQr(code: QrCode): void {
    this.#begin(QR_PICTURE);
    writeStream(
      this.#out,
      `/Type/XObject/Subtype/Image/Width ${code.size}/Height ${code.size}` +
        `/ColorSpace/DeviceGray/BitsPerComponent 1/Decode[1 0]`,
      code.rows,
      false,
    );
  }

  /** Returns the number of objects, counting the free object 0. */
  #writeFonts(documentId: Uint8Array): number {
    let next = OWN_FONTS;
    const write = (letter: string, face: Face, subset: Subset): void => {
      writeFont(this.#out, this.#begin, next, subsetTag(letter, documentId), face, subset, false);
      next += OBJECTS_PER_FONT;
    };
    if (this.#own.size > 0) write("D", this.#fonts.main, this.#own);
    if (this.#rare.size > 0) write("E", this.#fonts.fallback(), this.#rare);
    return next;
  }

  #writePage(): void {
    this.#begin(PAGE);
    let fonts = `/${FONT_NAMES[SHARED]} ${SHARED_FONT} 0 R`;
    let next = OWN_FONTS;
    for (const [which, subset] of [
      [OWN, this.#own],
      [RARE, this.#rare],
    ] as const) {
      if (subset.size === 0) continue;
      fonts += `/${FONT_NAMES[which]} ${next} 0 R`;
      next += OBJECTS_PER_FONT;
    }
    this.#out.text(
      `<</Type/Page/Parent 2 0 R/MediaBox${MEDIA_BOX}/Contents[${FIXED_CONTENT} 0 R ${CONTENT} 0 R]/Annots[${SEAL_FIELD} 0 R]` +
        `/Resources<</Font<<${fonts}>>/XObject<</Q ${QR_PICTURE} 0 R>>>>>>\nendobj\n`,
    );
  }

  #writeInformation(values: Readonly<Record<string, string>>, date: string): void {
    const title = textString(fillIn(this.#description.documentTitle, values));
    this.#begin(INFORMATION);
    this.#out.text(`<</Title${title}/Producer(Cunzheng)/CreationDate${date}>>\nendobj\n`);
  }

  #writeSignatureHead(date: string): number {
    this.#begin(SIGNATURE);
    this.#out.text(this.#signatureHead).text(date).text("/ByteRange[0 ");
    const byteRangeAt = this.#out.room(BYTE_RANGE_ROOM);
    this.#out.text("]/Contents");
    return byteRangeAt;
  }

  #writeClosing(size: number, documentId: Uint8Array): void {
    const closing = this.#closing;
    closing.clear();
    closing.text(END_OF_SIGNATURE).text(`xref\n0 ${size}\n`).text(this.#fixedEntries);
    for (let objectNumber = PAGE; objectNumber < size; objectNumber++) {
      closing.padded(this.#offsets[objectNumber]!, OFFSET_DIGITS).text(ENTRY_END);
    }
    closing.text(`trailer\n<</Size ${size}/Root ${CATALOG} 0 R/Info ${INFORMATION} 0 R/ID[<`);
    closing.hex(documentId).text("><").hex(documentId).text(">]>>\nstartxref\n");
  }
}
