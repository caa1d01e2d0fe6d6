// The signature that goes into a PDF: CMS SignedData (RFC 5652) as CAdES-BES asks for PAdES B-B (ETSI EN 319 142-1 §6.3).
// Signed attributes are the content type, the message digest and the signing certificate (RFC 5035); no signing time,
// because PAdES takes the claimed time from the signature dictionary.
//
// All of it but the digest and the signature value is known beforehand. So it is laid out once, as hexadecimal digits ready
// for /Contents, and a seal is two patches in a copy. Lengths stand in the outer headers, and an ECDSA signature has 70 to 72
// bytes as DER, hence one layout for each length that has occurred.

import { createHash } from "node:crypto";
import { issuerAndSerial, NULL, objectIdentifier, octets, sequence, setOf, smallInteger, tagged } from "./der.ts";

const SIGNED_DATA = objectIdentifier("1.2.840.113549.1.7.2");
const DATA = objectIdentifier("1.2.840.113549.1.7.1");
const CONTENT_TYPE = objectIdentifier("1.2.840.113549.1.9.3");
const MESSAGE_DIGEST = objectIdentifier("1.2.840.113549.1.9.4");
const SIGNING_CERTIFICATE_V2 = objectIdentifier("1.2.840.113549.1.9.16.2.47");
const SHA_256 = sequence(objectIdentifier("2.16.840.1.101.3.4.2.1"));
const SIGNATURE_ALGORITHMS = {
  ec: sequence(objectIdentifier("1.2.840.10045.4.3.2")),
  rsa: sequence(objectIdentifier("1.2.840.113549.1.1.1"), NULL),
} as const;

export type KeyKind = keyof typeof SIGNATURE_ALGORITHMS;

interface Layout {
  /** the whole CMS as hexadecimal digits, with zeros for digest and signature */
  readonly digits: Buffer;
  /** places of the digest and of the signature among the digits */
  readonly digestAt: number;
  readonly signatureAt: number;
}

const DIGEST_LENGTH = 32;
const HEX = Buffer.from("0123456789abcdef", "latin1");

export class SignedData {
  readonly #layouts = new Map<number, Layout>();
  readonly #kind: KeyKind;
  readonly #chain: readonly Uint8Array[];
  readonly #attributes: Buffer;
  readonly #digestInAttributes: number;

  /** @param chain DER of the seal certificate and its intermediates, without the root */
  constructor(kind: KeyKind, chain: readonly Uint8Array[]) {
    this.#kind = kind;
    this.#chain = chain;
    const messageDigest = sequence(MESSAGE_DIGEST, setOf(octets(new Uint8Array(DIGEST_LENGTH))));
    this.#attributes = setOf(
      sequence(CONTENT_TYPE, setOf(DATA)),
      messageDigest,
      sequence(SIGNING_CERTIFICATE_V2, setOf(signingCertificates(chain))),
    );
    this.#digestInAttributes = this.#attributes.indexOf(messageDigest) + messageDigest.length - DIGEST_LENGTH;
  }

  /** What is to be signed for a document with this SHA-256 digest. Reused by the next call. */
  toBeSigned(digest: Uint8Array): Uint8Array {
    this.#attributes.set(digest, this.#digestInAttributes);
    return this.#attributes;
  }

  /** Bytes that the CMS takes with a signature value of this length. */
  lengthWith(signatureLength: number): number {
    return this.#layoutFor(signatureLength).digits.length / 2;
  }

  /** Writes the CMS as hexadecimal digits at a place and returns where they end. */
  writeDigits(target: Buffer, at: number, digest: Uint8Array, signature: Uint8Array): number {
    const layout = this.#layoutFor(signature.length);
    target.set(layout.digits, at);
    writeHex(target, at + layout.digestAt, digest);
    writeHex(target, at + layout.signatureAt, signature);
    return at + layout.digits.length;
  }

  #layoutFor(signatureLength: number): Layout {
    let layout = this.#layouts.get(signatureLength);
    if (!layout) {
      layout = this.#layOut(signatureLength);
      this.#layouts.set(signatureLength, layout);
    }
    return layout;
  }

  #layOut(signatureLength: number): Layout {
    const [seal] = this.#chain;
    const { issuer, serial } = issuerAndSerial(seal!);
    // Inside SignerInfo the attributes are implicitly tagged; what is signed has the tag of a SET (RFC 5652 §5.4).
    const attributes = Buffer.from(this.#attributes);
    attributes.fill(0, this.#digestInAttributes, this.#digestInAttributes + DIGEST_LENGTH);
    attributes[0] = 0xa0;
    const signerInfo = sequence(
      smallInteger(1),
      sequence(issuer, serial),
      SHA_256,
      attributes,
      SIGNATURE_ALGORITHMS[this.#kind],
      octets(new Uint8Array(signatureLength)),
    );
    const cms = sequence(
      SIGNED_DATA,
      tagged(
        0xa0,
        sequence(
          smallInteger(1),
          setOf(SHA_256),
          sequence(DATA),
          tagged(0xa0, ...this.#chain),
          tagged(0x31, signerInfo),
        ),
      ),
    );
    // The signature value ends the structure, the attributes are found by their bytes.
    return {
      digits: Buffer.from(cms.toString("hex"), "latin1"),
      digestAt: 2 * (cms.indexOf(attributes) + this.#digestInAttributes),
      signatureAt: 2 * (cms.length - signatureLength),
    };
  }
}

/**
 * SigningCertificateV2 (RFC 5035 §3) naming every certificate in the CMS, the signer's first: so none can be put in or taken
 * out without breaking the signature (FORMAT.md §9). SHA-256 is the default and not named.
 */
function signingCertificates(chain: readonly Uint8Array[]): Buffer {
  const ids = chain.map((certificate) => {
    const { issuer, serial } = issuerAndSerial(certificate);
    const digest = createHash("sha256").update(certificate).digest();
    return sequence(octets(digest), sequence(sequence(tagged(0xa4, issuer)), serial));
  });
  return sequence(sequence(...ids));
}

function writeHex(target: Buffer, at: number, bytes: Uint8Array): void {
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i]!;
    target[at + 2 * i] = HEX[byte >> 4]!;
    target[at + 2 * i + 1] = HEX[byte & 15]!;
  }
}
