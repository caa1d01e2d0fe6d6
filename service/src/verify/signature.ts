// Public keys and signatures of seals and time-stamps (FORMAT.md §9.4 and §9.6), checked by the platform's WebCrypto.
import { concat, toHex } from "../proof/bytes.ts";
import { bitsOf, childrenOf, notDer, oidOf, readDer, tags, unsignedOf } from "./der.ts";
import type { DerValue } from "./der.ts";
import { CheckFailed } from "./verdict.ts";

const ecPublicKey = "2a8648ce3d0201";
const ecdsaWithSha256 = "2a8648ce3d040302";
const rsaEncryption = "2a864886f70d010101";

export type Hash = "SHA-256" | "SHA-384" | "SHA-512";

interface Curve {
  name: string;
  /** below which r and s must be, hex */
  order: string;
}

/** By object identifier. */
const curves: Readonly<Record<string, Curve>> = {
  "2a8648ce3d030107": {
    name: "P-256",
    order: "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551",
  },
  "2b81040022": {
    name: "P-384",
    order: `${"f".repeat(48)}c7634d81f4372ddf581a0db248b0a77aecec196accc52973`,
  },
};

/** The only exponent that is taken: small ones have a history of forgeries, and no authority issues others. */
const rsaExponent = "010001";

export interface PublicKey {
  kind: "ec" | "rsa";
  /** SubjectPublicKeyInfo in DER */
  spki: Uint8Array;
  /** length of a signature in bytes */
  signatureLength: number;
  /** of a key of kind "ec" */
  curve?: Curve;
}

/** Reads a SubjectPublicKeyInfo: P-256 or P-384, or RSA of 2048 to 4096 bits. */
export function readPublicKey(spki: DerValue | undefined): PublicKey {
  const [algorithm, key, ...rest] = childrenOf(spki, tags.sequence);
  if (rest.length > 0) throw notDer("public key");
  const [name, parameters, ...more] = childrenOf(algorithm, tags.sequence);
  if (more.length > 0) throw notDer("public key");
  const bits = bitsOf(key);
  switch (oidOf(name)) {
    case ecPublicKey: {
      const curve = curves[oidOf(parameters)];
      if (!curve) throw new CheckFailed("key-not-allowed", { what: "curve" });
      const signatureLength = curve.order.length;
      if (bits.length !== signatureLength + 1 || bits[0] !== 4)
        throw new CheckFailed("key-not-allowed", { what: "point" });
      return { kind: "ec", spki: spki!.whole, signatureLength, curve };
    }
    case rsaEncryption: {
      expectNull(parameters);
      const [modulus, exponent, ...others] = childrenOf(readDer(bits, tags.sequence));
      if (others.length > 0) throw notDer("public key");
      const n = unsignedOf(modulus);
      const bitLength = n.length * 8 - Math.clz32(n[0] ?? 0) + 24;
      if (bitLength < 2048 || bitLength > 4096) throw new CheckFailed("key-not-allowed", { what: `${bitLength} bits` });
      if (n[n.length - 1]! % 2 === 0) throw new CheckFailed("key-not-allowed", { what: "modulus" });
      if (toHex(unsignedOf(exponent)) !== rsaExponent) throw new CheckFailed("key-not-allowed", { what: "exponent" });
      return { kind: "rsa", spki: spki!.whole, signatureLength: n.length };
    }
    default:
      throw new CheckFailed("key-not-allowed", { what: "algorithm" });
  }
}

/**
 * The signature algorithm that SignerInfo names must be the key's, in its one spelling (FORMAT.md §9): nothing signs this
 * field, so a second spelling would be a byte that may change unnoticed.
 */
export function expectSignatureAlgorithm(key: PublicKey, algorithm: DerValue | undefined): void {
  const [name, parameters, ...rest] = childrenOf(algorithm, tags.sequence);
  if (rest.length > 0) throw notDer("signature algorithm");
  const oid = oidOf(name);
  if (oid !== (key.kind === "ec" ? ecdsaWithSha256 : rsaEncryption))
    throw new CheckFailed("algorithm-not-allowed", { what: "signature" });
  if (key.kind === "rsa") expectNull(parameters);
  else if (parameters) throw notDer("signature algorithm");
}

function expectNull(parameters: DerValue | undefined): void {
  if (parameters?.tag !== tags.null || parameters.content.length > 0) throw notDer("algorithm parameters");
}

/** Is this the key's signature over `message`? */
export async function verifySignature(
  key: PublicKey,
  signature: Uint8Array,
  message: Uint8Array,
  hash: Hash = "SHA-256",
): Promise<boolean> {
  if (!key.curve && signature.length !== key.signatureLength) return false;
  const algorithm = key.curve ? { name: "ECDSA", namedCurve: key.curve.name } : { name: "RSASSA-PKCS1-v1_5", hash };
  const raw = key.curve ? rawEcdsa(signature, key.curve) : signature;
  const imported = await crypto.subtle
    .importKey("spki", key.spki as BufferSource, algorithm, false, ["verify"])
    .catch((error: unknown) => {
      // A point that is not on the curve is the sealer's fault; a platform that lacks the algorithm must be heard of.
      if ((error as DOMException).name === "NotSupportedError") throw error;
      return undefined;
    });
  if (!imported) throw new CheckFailed("key-not-allowed", { what: "point" });
  return crypto.subtle.verify({ name: algorithm.name, hash }, imported, raw as BufferSource, message as BufferSource);
}

/** DER of an ECDSA signature → r ‖ s, both from 1 to the order less one. */
export function rawEcdsa(signature: Uint8Array, { order }: Curve = curves["2a8648ce3d030107"]!): Uint8Array {
  const [r, s, ...rest] = childrenOf(readDer(signature, tags.sequence)).map(unsignedOf);
  if (!r || !s || rest.length > 0) throw notDer("signature value");
  return concat(scalar(r, order), scalar(s, order));
}

function scalar(value: Uint8Array, order: string): Uint8Array {
  const out = new Uint8Array(order.length / 2);
  if (value.length < 1 || value.length > out.length)
    throw new CheckFailed("signature-wrong", { what: "r or s out of range" });
  out.set(value, out.length - value.length);
  if (toHex(out) >= order) throw new CheckFailed("signature-wrong", { what: "r or s out of range" });
  return out;
}
