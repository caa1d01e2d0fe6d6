// What the tests of raised files share: a seal, authorities and a store, and what the second verifier says of a file.
import { checkSeal } from "../../scripts/verify/cms.ts";
import { Refused } from "../../scripts/verify/outcome.ts";
import { readSealedFile } from "../../scripts/verify/pdf.ts";
import { checkTokens, levelOf } from "../../scripts/verify/raised.ts";
import { reasons } from "../../scripts/verify/reasons.ts";
import { missing } from "../helpers/tools.ts";
import { makeAuthority, makeToken, timeStampAttribute, tlv } from "./raised-maker.ts";
import { type Page, makeCms, makeIdentity, makeSealedPdf } from "./verify-maker.ts";

export const p256 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-256"];
export const p384 = ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"];

/** The level and the number of time-stamps, or the step and the reason against it. Anything else that is thrown fails the test. */
export async function check(file: Uint8Array): Promise<string> {
  let step = "file";
  try {
    const sealed = await readSealedFile(file);
    step = "seal";
    const seal = checkSeal(sealed.cms, sealed.covered);
    const tokens = checkTokens(file, seal, sealed.additions);
    return `${levelOf(seal, sealed.additions)} ${tokens.length}`;
  } catch (error) {
    // A code without a sentence would break the report.
    if (!(error instanceof Refused && Object.hasOwn(reasons, error.code))) throw error;
    return `${step} ${error.code}`;
  }
}

export const noOpenssl = missing("openssl");
export const made = <T>(make: () => T): T => (noOpenssl ? (undefined as T) : make());
export const ec = made(() => makeIdentity(p256));
export const authority = made(() => makeAuthority(p256));
export const other = made(() => makeAuthority(p256));

export const seal = (unsigned?: (signature: Buffer) => Buffer[], page?: Page) =>
  makeSealedPdf((covered) => makeCms(ec, covered, unsigned ? { unsigned } : {}), page);
export const stamped = (token: (signature: Buffer) => Buffer, page?: Page) =>
  seal((signature) => [timeStampAttribute(token(signature))], page);
export const good = (over: Buffer) => makeToken(authority, over);

export const der = tlv(0x30, tlv(0x02, Buffer.of(1))).toString("latin1");
export const stream = (bytes = der, keys = "") => `<</Length ${bytes.length}${keys}>>stream\n${bytes}\nendstream`;
export const form = "/AcroForm<</Fields[6 0 R]/SigFlags 3>>";
export const catalog = (more: string) => `<</Type/Catalog/Pages 2 0 R${form}${more}>>`;
/** store 8, streams 9 and 10 */
export const store = {
  1: catalog("/DSS 8 0 R/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>"),
  8: "<</Type/DSS/Certs[9 0 R]/CRLs[10 0 R]/VRI<</AB<</Type/VRI/Cert[9 0 R]/TU(D:20261121)>>>>>>",
  9: stream(),
  10: stream(),
};

export function flip(bytes: Buffer, at: number, mask = 1): Buffer {
  const copy = Buffer.from(bytes);
  copy[at]! ^= mask;
  return copy;
}

export function inLastHole(file: Buffer, at: number): boolean {
  const start = file.lastIndexOf("/Contents<");
  return at > start && at < file.indexOf(">>", start);
}
