// The answers of a time-stamping authority for development and tests (RFC 3161). Its certificate says on its face what it is,
// and so its tokens do; a production start refuses the address of a development authority's certificate like its other parts.

import { createHash, createPrivateKey, randomBytes, sign, X509Certificate } from "node:crypto";
import type { Credential } from "./development-authority.ts";
import {
  contentOf,
  elementAt,
  elementsIn,
  encodingOf,
  integer,
  issuerAndSerial,
  NULL,
  objectIdentifier,
  octets,
  sequence,
  setOf,
  smallInteger,
  tagged,
} from "./der.ts";
import { SHA_256_WITH_NULL, SIGNED_DATA, TST_INFO } from "./time-stamp.ts";

/** A policy of no authority: under the arc that is kept for examples. */
export const DEVELOPMENT_POLICY = "2.999.3161.1";

const SHA_256 = sequence(objectIdentifier("2.16.840.1.101.3.4.2.1"));
const attribute = (type: string, value: Uint8Array): Buffer => sequence(objectIdentifier(type), setOf(value));

export interface DevelopmentTimeStamps {
  /** Answers a request; one that cannot be read, or asks for another hash, is refused as RFC 3161 says. */
  answer(request: Uint8Array): Buffer;
}

/** An authority that signs with this key and certificate. @param chain further certificates to send along, DER */
export function createDevelopmentTimeStamps(
  { keyPem, certificatePem }: Credential,
  { now, chain = [] }: { now: () => Date; chain?: readonly Uint8Array[] },
): DevelopmentTimeStamps {
  const key = createPrivateKey(keyPem);
  const certificate = new X509Certificate(certificatePem).raw;
  const { issuer, serial } = issuerAndSerial(certificate);
  // Without the issuer and serial number, which RFC 5035 leaves to choice: every byte stands in every file.
  const signingCertificate = sequence(sequence(sequence(octets(createHash("sha256").update(certificate).digest()))));
  const signatureAlgorithm =
    key.asymmetricKeyType === "rsa"
      ? sequence(objectIdentifier("1.2.840.113549.1.1.1"), NULL)
      : sequence(objectIdentifier("1.2.840.10045.4.3.2"));

  function token(imprint: Uint8Array, nonce: Uint8Array | undefined): Buffer {
    const time = now().toISOString().slice(0, 19).replace(/[-T:]/g, "");
    const info = sequence(
      smallInteger(1),
      objectIdentifier(DEVELOPMENT_POLICY),
      imprint,
      integer(randomBytes(16)),
      tagged(0x18, Buffer.from(`${time}Z`, "latin1")),
      ...(nonce ? [nonce] : []),
    );
    const attributes = setOf(
      attribute("1.2.840.113549.1.9.3", TST_INFO),
      attribute("1.2.840.113549.1.9.4", octets(createHash("sha256").update(info).digest())),
      attribute("1.2.840.113549.1.9.16.2.47", signingCertificate),
    );
    const signed = Buffer.from(attributes);
    signed[0] = 0xa0;
    const signerInfo = sequence(
      smallInteger(1),
      sequence(issuer, serial),
      SHA_256,
      signed,
      signatureAlgorithm,
      octets(sign("sha256", attributes, key)),
    );
    return sequence(
      SIGNED_DATA,
      tagged(
        0xa0,
        sequence(
          smallInteger(3),
          setOf(SHA_256),
          sequence(TST_INFO, tagged(0xa0, octets(info))),
          tagged(0xa0, certificate, ...chain),
          tagged(0x31, signerInfo),
        ),
      ),
    );
  }

  return {
    answer(request) {
      let imprint: Buffer;
      let nonce: Buffer | undefined;
      try {
        const [, asked, ...rest] = elementsIn(request, elementAt(request, 0));
        imprint = encodingOf(request, asked!);
        const [, digest] = elementsIn(request, asked!);
        const isSha256 = imprint.includes(SHA_256_WITH_NULL) || imprint.includes(SHA_256);
        if (!isSha256 || contentOf(request, digest!).length !== 32) return REFUSED;
        const last = rest.findLast(({ tag }) => tag === 0x02);
        nonce = last && encodingOf(request, last);
      } catch {
        return REFUSED; // not a request: the answer says so
      }
      return sequence(sequence(smallInteger(0)), token(imprint, nonce));
    },
  };
}

/** Status rejection, with the reason badDataFormat. */
const REFUSED = sequence(sequence(smallInteger(2), tagged(0x03, Buffer.from([2, 0b00000100]))));
