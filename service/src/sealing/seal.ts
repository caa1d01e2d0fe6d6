// Sealing a drawn certificate: PAdES B-B with the centre's seal key. Nothing here waits for anything, so that a worker can
// seal thousands a second; raising a file to B-T or LTA comes later and changes none of the digests returned here.

import { createHash, sign, verify, X509Certificate } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { invariant } from "../errors.ts";
import { openForSignature } from "../pdf/drawing.ts";
import type { Drawing } from "../pdf/drawing.ts";
import { SignedData } from "./cms.ts";
import type { KeyKind } from "./cms.ts";
import type { HeldSealKey, SealKey } from "./keys.ts";

export interface Sealed {
  /** what follows the template's prefix; prefix and suffix together are the file */
  readonly suffix: Uint8Array;
  /** the zeros behind the CMS in /Contents, which need not be kept: where in the suffix, and how many */
  readonly padding: { readonly at: number; readonly length: number };
  /** SHA-256 of the bytes that the ByteRange covers */
  readonly sealedDigest: Uint8Array;
  /** SHA-256 of the signature value in SignerInfo */
  readonly signatureDigest: Uint8Array;
  /** SHA-256 of the seal certificate's DER */
  readonly signer: Uint8Array;
}

export interface Sealer {
  /** SHA-256 of the seal certificate's DER */
  readonly signer: Uint8Array;
  /**
   * Seals a drawing. An ECDSA signature is random: sealing the same drawing twice gives two valid files with the same sealed
   * digest. Whoever stores them keeps the first.
   */
  seal(drawing: Drawing): Sealed;
  /** Reserves so many bytes behind the CMS in files sealed from now on, for a time-stamp that comes later. */
  reserve(bytes: number): void;
}

const ZERO = 0x30;
/** A DER ECDSA signature over P-256 has at most two integers of 33 bytes with their headers. */
const LONGEST_P256_SIGNATURE = 72;

/**
 * Makes a sealer for a P-256 or RSA key of 2048 bits or more, which signs once to show that it is the certificate's.
 * @param chain DER: the seal certificate first, then its intermediates
 * @throws invariant when the key is of another kind or not the certificate's
 */
export function createSealer(held: SealKey | HeldSealKey): Sealer {
  const { chain } = held;
  const [certificate] = chain;
  invariant(certificate, "a sealer needs its certificate");
  const { publicKey } = new X509Certificate(certificate);
  const { kind, longestSignature } = keyKind(publicKey);
  const signed = "key" in held ? (bytes: Uint8Array) => sign("sha256", bytes, held.key) : held.sign;
  const trial = certificate.subarray(0, 32);
  invariant(verify("sha256", trial, publicKey, signed(trial)), "the seal key is not the certificate's");
  const cms = new SignedData(kind, chain);
  const digitsWithoutRoom = 2 * cms.lengthWith(longestSignature);
  let contentsDigits = digitsWithoutRoom;
  const signer = sha256(certificate);

  return {
    signer: Uint8Array.from(signer),
    seal(drawing) {
      const { suffix, contentsAt, digest } = openForSignature(drawing, contentsDigits);
      const signature = signed(cms.toBeSigned(digest));
      const end = cms.writeDigits(suffix, contentsAt, digest, signature);
      const padding = { at: end, length: contentsAt + contentsDigits - end };
      suffix.fill(ZERO, end, end + padding.length);
      return {
        suffix,
        padding,
        sealedDigest: digest,
        signatureDigest: sha256(signature),
        signer: Uint8Array.from(signer),
      };
    },
    reserve(bytes) {
      contentsDigits = digitsWithoutRoom + 2 * bytes;
    },
  };
}

function keyKind(key: KeyObject): { kind: KeyKind; longestSignature: number } {
  const details = key.asymmetricKeyDetails;
  if (key.asymmetricKeyType === "ec" && details?.namedCurve === "prime256v1") {
    return { kind: "ec", longestSignature: LONGEST_P256_SIGNATURE };
  }
  const bits = details?.modulusLength ?? 0;
  invariant(key.asymmetricKeyType === "rsa" && bits >= 2048, "a seal key is P-256 or RSA of 2048 bits or more");
  return { kind: "rsa", longestSignature: bits / 8 };
}

function sha256(bytes: Uint8Array): Buffer {
  return createHash("sha256").update(bytes).digest();
}
