// Public keys and signatures of seals (FORMAT.md §9.4), checked by the platform's WebCrypto.
import { concat, toHex } from "../proof/bytes.ts";
import { bitsOf, childrenOf, notDer, oidOf, readDer, tags, unsignedOf } from "./der.ts";
import type { DerValue } from "./der.ts";
import { CheckFailed } from "./verdict.ts";

const ecPublicKey = "2a8648ce3d0201";
const prime256v1 = "2a8648ce3d030107";
const ecdsaWithSha256 = "2a8648ce3d040302";
const rsaEncryption = "2a864886f70d010101";

/** Order of P-256, below which r and s must be. */
const p256Order = "ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551";

/** The only exponent that is taken: small ones have a history of forgeries, and no authority issues others. */
const rsaExponent = "010001";

export interface SealPublicKey {
  kind: "ec" | "rsa";
  /** SubjectPublicKeyInfo in DER */
  spki: Uint8Array;
  /** length of a signature in bytes */
  signatureLength: number;
}

/** Reads a SubjectPublicKeyInfo: P-256, or RSA of 2048 to 4096 bits. */
export function readPublicKey(spki: DerValue | undefined): SealPublicKey {
  const [algorithm, key, ...rest] = childrenOf(spki, tags.sequence);
  if (rest.length > 0) throw notDer("public key");
  const [name, parameters, ...more] = childrenOf(algorithm, tags.sequence);
  if (more.length > 0) throw notDer("public key");
  const bits = bitsOf(key);
  switch (oidOf(name)) {
    case ecPublicKey:
      if (oidOf(parameters) !== prime256v1) throw new CheckFailed("key-not-allowed", { what: "curve" });
      if (bits.length !== 65 || bits[0] !== 4) throw new CheckFailed("key-not-allowed", { what: "point" });
      return { kind: "ec", spki: spki!.whole, signatureLength: 64 };
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
export function expectSignatureAlgorithm(key: SealPublicKey, algorithm: DerValue | undefined): void {
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
  key: SealPublicKey,
  signature: Uint8Array,
  message: Uint8Array,
): Promise<boolean> {
  if (key.kind === "rsa" && signature.length !== key.signatureLength) return false;
  const algorithm =
    key.kind === "ec" ? { name: "ECDSA", namedCurve: "P-256" } : { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const raw = key.kind === "ec" ? rawEcdsa(signature) : signature;
  const imported = await crypto.subtle
    .importKey("spki", key.spki as BufferSource, algorithm, false, ["verify"])
    .catch((error: unknown) => {
      // A point that is not on the curve is the sealer's fault; a platform that lacks the algorithm must be heard of.
      if ((error as DOMException).name === "NotSupportedError") throw error;
      return undefined;
    });
  if (!imported) throw new CheckFailed("key-not-allowed", { what: "point" });
  return crypto.subtle.verify(
    { name: algorithm.name, hash: "SHA-256" },
    imported,
    raw as BufferSource,
    message as BufferSource,
  );
}

/** DER of an ECDSA signature → r ‖ s, both from 1 to the order less one. */
export function rawEcdsa(signature: Uint8Array): Uint8Array {
  const [r, s, ...rest] = childrenOf(readDer(signature, tags.sequence)).map(unsignedOf);
  if (!r || !s || rest.length > 0) throw notDer("signature value");
  return concat(scalar(r), scalar(s));
}

function scalar(value: Uint8Array): Uint8Array {
  const out = new Uint8Array(32);
  if (value.length < 1 || value.length > 32) throw new CheckFailed("signature-wrong", { what: "r or s out of range" });
  out.set(value, 32 - value.length);
  if (toHex(out) >= p256Order) throw new CheckFailed("signature-wrong", { what: "r or s out of range" });
  return out;
}
