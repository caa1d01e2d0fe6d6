// PAdES B-T: a time-stamp token on the signature value goes into the CMS in /Contents as the unsigned attribute
// signature-time-stamp (ETSI EN 319 122-1 §5.3, FORMAT.md §9). The seal does not cover /Contents, and the zeros behind the
// CMS make room for it, so not one byte outside changes.

import { DomainError, invariant } from "../errors.ts";
import { contentOf, elementAt, elementsIn, encodingOf, objectIdentifier, sequence, setOf, tagged } from "./der.ts";
import "./refusals.ts";

const SIGNATURE_TIME_STAMP = objectIdentifier("1.2.840.113549.1.9.16.2.14");

/** Where the hexadecimal digits of the seal's /Contents stand: from `start` up to but without `end`. */
export interface ContentsPlace {
  readonly start: number;
  readonly end: number;
}

/** Finds the seal's /Contents by the first byte range of the file (FORMAT.md §9.1). @throws invariant when there is none */
export function sealContents(file: Buffer): ContentsPlace {
  const key = file.indexOf("/ByteRange", 0, "latin1");
  const match = /^\/ByteRange ?\[0 (\d{1,10}) (\d{1,10}) \d{1,10} *\]/.exec(file.toString("latin1", key, key + 120));
  invariant(key >= 0 && match, "the file has no byte range");
  const place = { start: Number(match[1]) + 1, end: Number(match[2]) - 1 };
  invariant(file[place.start - 1] === 0x3c && file[place.end] === 0x3e, "the byte range leaves out no /Contents");
  return place;
}

/** The CMS in /Contents, without the zeros behind it. */
export function cmsOf(file: Buffer, place = sealContents(file)): Buffer {
  const bytes = Buffer.from(file.toString("latin1", place.start, place.end), "hex");
  invariant(2 * bytes.length === place.end - place.start, "/Contents is not hexadecimal");
  return bytes.subarray(0, elementAt(bytes, 0).end);
}

/** The seal's CMS taken apart as far as its one SignerInfo, which ends it. */
function partsOf(cms: Buffer) {
  const [type, explicit] = elementsIn(cms, elementAt(cms, 0));
  invariant(type && explicit?.tag === 0xa0, "the seal is not CMS");
  const [signedData] = elementsIn(cms, explicit);
  const fields = signedData ? elementsIn(cms, signedData) : [];
  const signers = fields.at(-1);
  const [signer, another] = signers ? elementsIn(cms, signers) : [];
  invariant(signers?.tag === 0x31 && signer && !another, "the seal's CMS has not one signer");
  const parts = elementsIn(cms, signer);
  const value = parts.findLast(({ tag }) => tag === 0x04);
  invariant(value, "the seal's CMS has no signature value");
  return { type, fields, parts, value };
}

/** The signature value that a signature time-stamp is over. */
export function signatureValueOf(file: Buffer): Buffer {
  const cms = cmsOf(file);
  return contentOf(cms, partsOf(cms).value);
}

/** The certificates in the seal's CMS, the signer's first. */
export function sealCertificatesOf(file: Buffer): Buffer[] {
  const cms = cmsOf(file);
  const certificates = partsOf(cms).fields.find(({ tag }) => tag === 0xa0);
  return certificates ? elementsIn(cms, certificates).map((one) => encodingOf(cms, one)) : [];
}

/** The token that a file of level B-T or higher carries; undefined in one of level B-B. */
export function signatureTimeStampOf(file: Buffer): Buffer | undefined {
  const cms = cmsOf(file);
  const unsigned = partsOf(cms).parts.find(({ tag }) => tag === 0xa1);
  const attribute = unsigned && elementsIn(cms, unsigned)[0];
  const values = attribute && elementsIn(cms, attribute)[1];
  return values && encodingOf(cms, elementsIn(cms, values)[0]!);
}

/**
 * The same file with a token on its signature value in /Contents: the file at level B-T. Whether the token is good is the
 * caller's to check. The same file and token give the same bytes.
 * @param file a file of level B-B, or its suffix with `place` in it
 * @throws TIME_STAMP_TOO_LARGE with the bytes that /Contents has and those that it would need
 */
export function attachTimeStamp(file: Buffer, token: Uint8Array, place: ContentsPlace = sealContents(file)): Buffer {
  const cms = cmsWithTimeStamp(cmsOf(file, place), token);
  const room = (place.end - place.start) / 2;
  if (cms.length > room) throw new DomainError("TIME_STAMP_TOO_LARGE", { needed: cms.length, room });
  const result = Buffer.from(file);
  result.write(cms.toString("hex"), place.start, "latin1");
  result.fill("0", place.start + 2 * cms.length, place.end, "latin1");
  return result;
}

function cmsWithTimeStamp(cms: Buffer, token: Uint8Array): Buffer {
  const { type, fields, parts } = partsOf(cms);
  invariant(parts.at(-1)!.tag === 0x04, "the seal has an unsigned attribute already");
  const attribute = sequence(SIGNATURE_TIME_STAMP, setOf(token));
  const signer = sequence(...parts.map((part) => encodingOf(cms, part)), tagged(0xa1, attribute));
  const before = fields.slice(0, -1).map((field) => encodingOf(cms, field));
  return sequence(encodingOf(cms, type), tagged(0xa0, sequence(...before, tagged(0x31, signer))));
}

/** Bytes that the attribute takes around a token of this length, with what the headers of the CMS may grow by. */
export const roomForToken = (tokenLength: number): number => tokenLength + 40;
