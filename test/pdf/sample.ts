// A deposit certificate of a person who does not exist, for the tests of drawing and sealing.

import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { PNG } from "pngjs";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { depositKind } from "../../service/src/certificates/kinds/deposit.ts";
import type { DepositFields } from "../../service/src/certificates/kinds/deposit.ts";
import type { CertificateRecord } from "../../service/src/certificates/kinds/kind.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { compileTemplate } from "../../service/src/pdf/template.ts";
import type { Drawing, SealProfile, Template } from "../../service/src/pdf/template.ts";
import {
  createDevelopmentIntermediate,
  createDevelopmentRoot,
  createDevelopmentSeal,
} from "../../service/src/sealing/development-authority.ts";
import type { SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import { sealKeyFromPem } from "../../service/src/sealing/keys.ts";
import { createSealer } from "../../service/src/sealing/seal.ts";
import type { Sealer } from "../../service/src/sealing/seal.ts";
import { run } from "../helpers/tools.ts";

export const CENTRE = "海南省住房公积金管理局";
export const SIGNED_AT = new Date("2026-11-21T01:30:00Z");
/** as long as the signed summary that version 14 holds beside a short address */
export const QR = { url: "https://heyan.example.cn/q#", digits: "31415926535897932384".repeat(36) };
export const PROFILE: SealProfile = {
  centre: CENTRE,
  words: "业务专用章",
  verificationPage: "https://heyan.example.cn",
  development: true,
};

export function depositRecord(fields: Partial<DepositFields> = {}): CertificateRecord<DepositFields> {
  return {
    number: "1.2.156.3005.2.11100000000013338W999.11460000XXXXXXXXXX.20261121000000001.001.K",
    issuedOn: "2026-11-21",
    validUntil: "2026-12-21",
    purpose: "办理个人住房商业贷款",
    fields: {
      name: "符海棠",
      documentType: "01",
      documentNumber: "000101199003071233",
      accountNumber: "460100012345678",
      unitName: "海口琼崖翡翠咖啡种植有限公司",
      unitNumber: "4601000987654",
      openedOn: "2015-07-01",
      accountStatus: "01",
      baseYuan: "15000.00",
      unitRatioPercent: "12",
      personRatioPercent: "7.5",
      monthlyYuan: "2925.00",
      monthlyUnitYuan: "1800.00",
      monthlyPersonYuan: "1125.00",
      paidTo: "2026-10",
      monthsInARow: 136,
      balanceYuan: "1123456.78",
      asOf: "2026-11-20",
      loans: { taken: 2, unsettled: 1, owedYuan: "300000.00" },
      ...fields,
    },
  };
}

/** The deposit template of the development profile, compiled once for a test file. */
export async function depositTemplate(profile: SealProfile = PROFILE): Promise<Template> {
  return compileTemplate(depositKind.template, await loadFonts(), profile);
}

export function draw(template: Template, record = depositRecord(), qr = QR): Drawing {
  const documentId = createHash("sha256").update(record.number).digest().subarray(0, 16);
  return template.draw(depositKind.values(record), qr, SIGNED_AT, documentId);
}

/** Root, intermediate and seal of a development authority, and a sealer with them. */
export function authority(algorithm: SealAlgorithm = "P-256") {
  const now = () => SIGNED_AT;
  const root = createDevelopmentRoot({ now });
  const intermediate = createDevelopmentIntermediate(root, { now });
  const seal = createDevelopmentSeal(intermediate, CENTRE, { now, algorithm });
  const chain = [root, intermediate, seal].map(({ certificatePem }) => certificatePem).join("\n");
  return { root, intermediate, seal, sealer: createSealer(sealKeyFromPem(seal.keyPem, chain)) };
}

/** The file as a person downloads it. */
export function file(template: Template, sealer: Sealer, drawing: Drawing): Buffer {
  return Buffer.concat([template.prefix, sealer.seal(drawing).suffix]);
}

/** Writes a file and renders one of its pages at so many dots per inch. */
export function render(folder: string, name: string, pdf: Uint8Array, dotsPerInch = 100, page = 1): PNG {
  const stem = path.join(folder, name);
  writeFileSync(`${stem}.pdf`, pdf);
  run("pdftoppm", ["-r", String(dotsPerInch), "-f", String(page), "-png", "-singlefile", `${stem}.pdf`, stem]);
  return PNG.sync.read(readFileSync(`${stem}.png`));
}

/** The text of a file: as it lies on the page, or in the order in which it was drawn. */
export function textOf(folder: string, name: string, pdf: Uint8Array, order: "layout" | "raw" = "layout"): string {
  const location = path.join(folder, `${name}.pdf`);
  writeFileSync(location, pdf);
  return run("pdftotext", [`-${order}`, location, "-"]);
}

/** Reads the QR codes in a picture. */
export async function readCodes(picture: PNG): Promise<string[]> {
  const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
  prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer as ArrayBuffer } });
  const image = { data: new Uint8ClampedArray(picture.data), width: picture.width, height: picture.height };
  const results = await readBarcodes(image as ImageData, { formats: ["QRCode"] });
  return results.map(({ text }) => text);
}

/** Dark pixels in a part of a picture given in millimetres of the page. */
export function inkIn(picture: PNG, box: { x: number; y: number; width: number; height: number }): number {
  const scale = picture.width / 210;
  let ink = 0;
  for (let y = Math.round(box.y * scale); y < (box.y + box.height) * scale; y++) {
    for (let x = Math.round(box.x * scale); x < (box.x + box.width) * scale; x++) {
      if (picture.data[4 * (y * picture.width + x)]! < 128) ink++;
    }
  }
  return ink;
}
