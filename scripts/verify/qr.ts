// Step "qr" (FORMAT.md §4): the digits of a code as COSE_Sign1 in deterministic CBOR. cbor-x reads any CBOR, so what it read
// is written again and compared.
import { createPublicKey, verify } from "node:crypto";
import { Encoder } from "cbor-x";
import { hex, sha256 } from "./bytes.ts";
import { areFiguresOf } from "./figures.ts";
import { Refused, demand } from "./outcome.ts";
import { isSerialPart } from "./receipt.ts";

export interface Code {
  centre: string;
  kind: string;
  /** without its prefix */
  serial: string;
  statusIndex: number;
  maskedName: string;
  maskedDocument: string;
  /** key figures; money in fen; -1 means that the centre has no data */
  figures: number[];
  /** days, `YYYY-MM-DD` */
  issuedOn: string;
  validUntil: string;
  /** hex */
  recordDigest: string;
  /** opens the receipt, hex */
  standingToken: string;
  keyId: Buffer;
  /** what is signed, and the signature r ‖ s */
  signedBytes: Buffer;
  signature: Buffer;
}

const cbor = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false, variableMapSize: true });
const lastDay = 2932896;
/** §11: sizes that no code of ours has. */
const digitsLimit = 800;
const mostFigures = 12;

/** Reads a code's text; its signature is checked by `isSignedBy`. @throws Refused `qr-malformed` */
export function readCode(text: string): Code {
  const match = /^https?:\/\/[^\s#]+\/v#([1-9]\d*)$/.exec(text.trim());
  demand(match && match[1]!.length <= digitsLimit, "qr-malformed", "no code of ours");
  const digits = BigInt(match[1]!).toString(16);
  const bytes = Buffer.from(digits.length % 2 ? `0${digits}` : digits, "hex");
  demand(bytes[0] === 1, "qr-malformed", "first byte");
  const message = decode(bytes.subarray(1));
  demand(Array.isArray(message) && message.length === 4, "qr-malformed", "no COSE_Sign1");
  const [header, unprotected, payload, signature] = message as unknown[];
  demand(unprotected instanceof Map && unprotected.size === 0, "qr-malformed", "unprotected header");
  demand(isBytes(header) && isBytes(payload) && isBytes(signature), "qr-malformed", "parts");
  demand(signature.length === 64, "qr-malformed", "signature");

  const protectedMap = decode(header);
  demand(protectedMap instanceof Map && isDeeply([...protectedMap.keys()], [1, 4]), "qr-malformed", "header");
  const keyId: unknown = protectedMap.get(4);
  demand(protectedMap.get(1) === -7 && isBytes(keyId) && keyId.length === 8, "qr-malformed", "header");
  return {
    ...readPayload(decode(payload)),
    keyId: Buffer.from(keyId),
    signedBytes: Buffer.from(cbor.encode(["Signature1", Buffer.from(header), Buffer.alloc(0), Buffer.from(payload)])),
    signature: Buffer.from(signature),
  };
}

/** Whether this `qr` key signed the code. @param point 65-byte uncompressed P-256 point, hex */
export function isSignedBy(code: Code, point: string): boolean {
  const bytes = Buffer.from(point, "hex");
  if (!sha256(bytes).subarray(0, 8).equals(code.keyId)) return false;
  const prefix = Buffer.from("3059301306072a8648ce3d020106082a8648ce3d030107034200", "hex");
  try {
    const key = createPublicKey({ key: Buffer.concat([prefix, bytes]), format: "der", type: "spki" });
    return verify("sha256", code.signedBytes, { key, dsaEncoding: "ieee-p1363" }, code.signature);
  } catch (error) {
    // Node refuses a point that is not on the curve: such a key has signed nothing.
    if (error instanceof Error) return false;
    throw error;
  }
}

/** The key id that a `qr` key has. */
export const keyIdOf = (point: string): string => hex(sha256(Buffer.from(point, "hex")).subarray(0, 8));

function readPayload(value: unknown): Omit<Code, "keyId" | "signedBytes" | "signature"> {
  const keys = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
  demand(value instanceof Map && isDeeply([...value.keys()], keys), "qr-malformed", "keys");
  const [version, centre, kind, serial, statusIndex, name, document, figures, issued, until, digest] = [
    ...value.values(),
  ] as unknown[];
  const bad = (what: string): string => `payload: ${what}`;
  demand(version === 1, "qr-malformed", bad("version"));
  demand(typeof centre === "string" && /^C\d{5}$/.test(centre), "qr-malformed", bad("centre"));
  demand(typeof kind === "string" && /^[a-z-]{3,24}$/.test(kind), "qr-malformed", bad("kind"));
  demand(isSerialPart(serial), "qr-malformed", bad("serial"));
  demand(isCount(statusIndex), "qr-malformed", bad("status index"));
  demand(typeof name === "string" && /^[^\p{Cc}\p{Cf}\p{Cs}\p{Z}]\*{1,8}$/u.test(name), "qr-malformed", bad("name"));
  const isDocument =
    typeof document === "string" && /^([0-9A-Z]{3}\*{3,13}[0-9A-Z]{4}|\*{2,7}[0-9A-Z]{1,2})$/.test(document);
  demand(isDocument, "qr-malformed", bad("document number"));
  demand(Array.isArray(figures) && figures.every((one) => one === -1 || isCount(one)), "qr-malformed", bad("figures"));
  demand(figures.length <= mostFigures, "qr-malformed", bad("figures"));
  demand(areFiguresOf(kind, figures as number[]), "qr-malformed", bad(`figures of ${kind}`));
  demand(isCount(issued) && issued <= lastDay && isCount(until) && until <= lastDay, "qr-malformed", bad("days"));
  demand(isBytes(digest) && digest.length === 32, "qr-malformed", bad("record digest"));
  return {
    centre,
    kind,
    serial,
    statusIndex,
    maskedName: name,
    maskedDocument: document,
    figures: figures as number[],
    issuedOn: dayOf(issued),
    validUntil: dayOf(until),
    recordDigest: hex(digest),
    standingToken: hex(sha256("cunzheng standing token\n", digest).subarray(0, 16)),
  };
}

const dayOf = (days: number): string => new Date(days * 86_400_000).toISOString().slice(0, 10);
const isCount = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isBytes = (value: unknown): value is Uint8Array => value instanceof Uint8Array;
const isDeeply = (found: readonly unknown[], wanted: readonly number[]): boolean =>
  found.length === wanted.length && wanted.every((key, index) => found[index] === key);

/** Reads one CBOR value that is its own deterministic form. */
function decode(bytes: Uint8Array): unknown {
  let value: unknown;
  let again: Uint8Array;
  try {
    value = cbor.decode(Buffer.from(bytes));
    again = cbor.encode(value);
  } catch (error) {
    throw new Refused("qr-malformed", error instanceof Error ? error.message : undefined);
  }
  demand(Buffer.from(again).equals(bytes), "qr-malformed", "not deterministic CBOR");
  return value;
}
