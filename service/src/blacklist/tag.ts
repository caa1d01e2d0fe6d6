// The tag of a person on the joint blacklist: what listings and checks have in common, and nothing else.
//
// For now a keyed hash with a development key that all centres hold; the threshold VOPRF of the design takes its place.
// Every opening names the key's version, so listings can be tagged again from their cases when the key changes.
import { createHmac } from "node:crypto";
import { DomainError, invariant } from "../errors.ts";
import "./refusals.ts";
import { idNumberCheck, idNumberFault } from "../collection/identity-number.ts";

export interface TagKey {
  version: number;
  /** 32 bytes */
  secret: Uint8Array;
}

export interface Document {
  /** table A.1 of JGJ/T 320 */
  type: string;
  number: string;
}

/**
 * The one spelling of a document under which a person is listed and asked for: capitals and digits only (a brackets or a
 * hyphen more would else be another person), and an ID number of 15 digits in its form of 18 (GB 11643: century 19 and
 * check character).
 * @throws DOCUMENT_NUMBER_INVALID for an ID number that cannot be one
 */
export function canonicalDocument(document: Document, today: string): Document {
  const number = document.number
    .normalize("NFKC")
    .replaceAll(/[\s()-]/g, "")
    .toUpperCase();
  if (document.type !== "01") {
    if (!/^[0-9A-Z]{4,18}$/.test(number)) throw new DomainError("DOCUMENT_NUMBER_INVALID");
    return { type: document.type, number };
  }
  const long = /^\d{15}$/.test(number) ? withCheck(`${number.slice(0, 6)}19${number.slice(6)}`) : number;
  if (idNumberFault(long, today)) throw new DomainError("DOCUMENT_NUMBER_INVALID");
  return { type: "01", number: long };
}

function withCheck(first17: string): string {
  return first17 + idNumberCheck(first17);
}

/** The 32-byte tag of a canonical document. */
export function tagOf(key: TagKey, document: Document): Uint8Array {
  invariant(key.secret.length === 32, "a tag key has 32 bytes");
  return createHmac("sha256", key.secret)
    .update(`cunzheng tag ${key.version}\n${document.type}\n${document.number}`)
    .digest();
}
