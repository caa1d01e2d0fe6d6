// The usual way to a sealed certificate, as a baseline: pdf-lib lays the same form out, fontkit embeds the font's subset, qrcode
// makes the code as a picture, signpdf adds a placeholder and signs.
//
// Kept fair: the same texts in the same places, the same font, QR content and key. signpdf's own signer knows no EC keys, so it
// gets one that signs with node:crypto and uses our own CMS writer, the fastest at hand. pdf-lib parses the font for each
// document, because a font belongs to a document there.
import { createHash, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import fontkit from "@pdf-lib/fontkit";
import { plainAddPlaceholder } from "@signpdf/placeholder-plain";
import { SignPdf, Signer } from "@signpdf/signpdf";
import { degrees, PDFDocument, rgb } from "pdf-lib";
import type { PDFFont, PDFPage } from "pdf-lib";
import QRCode from "qrcode";
import { depositKind } from "../../service/src/certificates/kinds/deposit.ts";
import { faceOf, qrDigits } from "../../service/src/certificates/record.ts";
import { fillIn, PAGE } from "../../service/src/pdf/description.ts";
import type { Box, Item, TextItem } from "../../service/src/pdf/description.ts";
import { SignedData } from "../../service/src/sealing/cms.ts";
import type { SealKey } from "../../service/src/sealing/keys.ts";
import { now, publicUrl, sealProfile } from "./certificates.ts";
import type { BenchCertificates, PreparedRecord } from "./certificates.ts";

const POINTS_PER_MM = 72 / 25.4;
const x = (mm: number) => mm * POINTS_PER_MM;
const y = (mm: number) => (PAGE.height - mm) * POINTS_PER_MM;
const ink = { ink: rgb(0.1, 0.1, 0.1), muted: rgb(0.4, 0.4, 0.4), red: rgb(0.8, 0.05, 0.05) };

/** Our copy of the font has no tables for name, slant and style, which pdf-lib asks for: it gets what they would say. */
const namingFontkit: typeof fontkit = {
  create: (...parameters) =>
    Object.defineProperties(fontkit.create(...parameters), {
      postscriptName: { value: "NotoSerifSC-Regular" },
      italicAngle: { value: 0 },
      post: { value: { isFixedPitch: 0 } },
      "OS/2": { value: { sFamilyClass: 0, capHeight: 92, xHeight: 63 } },
    }),
};

class EcSigner extends Signer {
  readonly #key: SealKey["key"];
  readonly #cms: SignedData;

  constructor({ key, chain }: SealKey) {
    super();
    this.#key = key;
    this.#cms = new SignedData("ec", chain);
  }

  override async sign(covered: Buffer): Promise<Buffer> {
    const digest = createHash("sha256").update(covered).digest();
    const signature = sign("sha256", this.#cms.toBeSigned(digest), this.#key);
    const digits = Buffer.alloc(2 * this.#cms.lengthWith(signature.length));
    this.#cms.writeDigits(digits, 0, digest, signature);
    return Buffer.from(digits.toString("latin1"), "hex");
  }
}

/** Returns a function that makes one sealed PDF. */
export function openUsualWay({ certificates, sealKey }: BenchCertificates) {
  const font = brotliDecompressSync(readFileSync(new URL("../../service/fonts/noto-serif-sc.ttf.br", import.meta.url)));
  const signer = new EcSigner(sealKey);
  const signPdf = new SignPdf();

  return async ({ record, recordDigest }: PreparedRecord): Promise<Buffer> => {
    const values = {
      ...depositKind.values(faceOf(record)),
      centre: sealProfile.centre,
      verificationPage: sealProfile.verificationPage,
    };
    const document = await PDFDocument.create();
    document.registerFontkit(namingFontkit);
    const embedded = await document.embedFont(font, { subset: true });
    document.setTitle(fillIn(depositKind.template.documentTitle, values));
    const page = document.addPage([PAGE.width * POINTS_PER_MM, PAGE.height * POINTS_PER_MM]);
    for (const item of depositKind.template.items) drawItem(page, item, values, embedded);
    drawSeal(page, embedded);

    const code = await QRCode.toBuffer(
      [
        { data: Buffer.from(`${publicUrl}/v#`), mode: "byte" },
        { data: qrDigits(certificates, depositKind, record, recordDigest), mode: "numeric" },
      ],
      { errorCorrectionLevel: "M", margin: 0 },
    );
    const { x: left, y: top, size } = depositKind.template.qr;
    const picture = await document.embedPng(code);
    page.drawImage(picture, { x: x(left), y: y(top + size), width: x(size), height: x(size) });

    const pdf = plainAddPlaceholder({
      pdfBuffer: Buffer.from(await document.save({ useObjectStreams: false })),
      reason: "",
      contactInfo: "",
      name: sealProfile.centre,
      location: "",
      signingTime: now,
      signatureLength: 4096,
      subFilter: "ETSI.CAdES.detached",
    });
    return signPdf.sign(pdf, signer, now);
  };
}

function drawItem(page: PDFPage, item: Item, values: Record<string, string>, font: PDFFont): void {
  if (item.kind === "line")
    page.drawLine({
      start: { x: x(item.from[0]), y: y(item.from[1]) },
      end: { x: x(item.to[0]), y: y(item.to[1]) },
      thickness: item.width,
      color: ink[item.colour ?? "ink"],
    });
  else if (item.kind === "frame")
    page.drawRectangle({
      ...corner(item.box),
      borderWidth: item.width,
      borderColor: ink[item.colour ?? "ink"],
    });
  else if (item.kind === "text") drawText(page, item, fillIn(item.text, values), font);
}

const corner = (box: Box) => ({
  x: x(box.x),
  y: y(box.y + box.height),
  width: x(box.width),
  height: x(box.height),
});

function drawText(page: PDFPage, item: TextItem, text: string, font: PDFFont): void {
  const lines = wrap(text, x(item.box.width) / item.size);
  const middle = y(item.box.y + item.box.height / 2);
  for (const [index, line] of lines.entries()) {
    const width = item.align === "centre" ? font.widthOfTextAtSize(line, item.size) : 0;
    page.drawText(line, {
      x: x(item.box.x) + (item.align === "centre" ? (x(item.box.width) - width) / 2 : 0),
      y: middle + ((lines.length - 1) / 2 - index) * item.size * 1.3 - item.size * 0.36,
      size: item.size,
      font,
      color: ink[item.colour ?? "ink"],
    });
  }
}

/** Lines of at most so many ems, a Latin character counted as half of one. */
function wrap(text: string, ems: number): string[] {
  const lines = [""];
  let width = 0;
  for (const character of text) {
    const more = character < "\u2000" ? 0.5 : 1;
    if (width + more > ems) {
      lines.push("");
      width = 0;
    }
    lines[lines.length - 1] += character;
    width += more;
  }
  return lines;
}

/** Ring, star, the centre's name around it, and the words below. */
function drawSeal(page: PDFPage, font: PDFFont): void {
  const { seal } = depositKind.template;
  const radius = x(seal.diameter / 2);
  const centre = { x: x(seal.x), y: y(seal.y) };
  page.drawCircle({ ...centre, size: radius, borderColor: ink.red, borderWidth: 3 });
  const star = Array.from({ length: 5 }, (_, i) => {
    const angle = ((144 * i - 90) * Math.PI) / 180;
    return `${i ? "L" : "M"}${(radius * 0.33 * Math.cos(angle)).toFixed(2)} ${(radius * 0.33 * Math.sin(angle)).toFixed(2)}`;
  });
  page.drawSvgPath(`${star.join(" ")} Z`, { ...centre, color: ink.red });
  const letters = [...sealProfile.centre];
  for (const [index, letter] of letters.entries()) {
    const angle = ((215 - index * (250 / (letters.length - 1))) * Math.PI) / 180;
    page.drawText(letter, {
      x: centre.x + 0.77 * radius * Math.cos(angle),
      y: centre.y + 0.77 * radius * Math.sin(angle),
      size: radius / 5.5,
      font,
      color: ink.red,
      rotate: degrees((angle * 180) / Math.PI - 90),
    });
  }
  const width = font.widthOfTextAtSize(sealProfile.words, radius / 6);
  page.drawText(sealProfile.words, {
    x: centre.x - width / 2,
    y: centre.y - radius * 0.6,
    size: radius / 6,
    font,
    color: ink.red,
  });
}
