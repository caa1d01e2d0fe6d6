// Keys from seeds and signatures without randomness (RFC 6979), so that vectors come out the same each time.
import { createECDH, createHash, createHmac, createPrivateKey, createPublicKey, sign } from "node:crypto";

const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const toNumber = (bytes: Uint8Array) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const toBytes = (value: bigint) => Buffer.from(value.toString(16).padStart(64, "0"), "hex");
const sha256 = (data: Uint8Array | string) => createHash("sha256").update(data).digest();

export interface P256Key {
  /** 65 bytes */
  point: Uint8Array;
  /** r ‖ s over SHA-256 of the message */
  sign(message: Uint8Array): Uint8Array;
}

function pointOf(scalar: Uint8Array): Buffer {
  const ecdh = createECDH("prime256v1");
  ecdh.setPrivateKey(scalar);
  return ecdh.getPublicKey();
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  for (let b = base % modulus, e = exponent; e > 0n; e >>= 1n, b = (b * b) % modulus)
    if (e & 1n) result = (result * b) % modulus;
  return result;
}

/** RFC 6979 §3.2 with SHA-256: the nonce of a signature. */
function nonce(scalar: Uint8Array, digest: Uint8Array): Buffer {
  const hmac = (key: Uint8Array, ...parts: Uint8Array[]) =>
    parts.reduce((mac, part) => mac.update(part), createHmac("sha256", key)).digest();
  const reduced = toBytes(toNumber(digest) % order);
  let v = Buffer.alloc(32, 1) as Buffer;
  let k = Buffer.alloc(32) as Buffer;
  for (const step of [0, 1]) {
    k = hmac(k, v, Uint8Array.of(step), scalar, reduced);
    v = hmac(k, v);
  }
  for (;;) {
    v = hmac(k, v);
    const candidate = toNumber(v);
    if (candidate > 0n && candidate < order) return v;
    k = hmac(k, v, Uint8Array.of(0));
    v = hmac(k, v);
  }
}

/** A P-256 key whose private scalar is given as 32 bytes. */
export function p256FromScalar(scalar: Uint8Array): P256Key {
  return {
    point: Uint8Array.from(pointOf(scalar)),
    sign(message) {
      const digest = sha256(message);
      const k = nonce(scalar, digest);
      const r = toNumber(pointOf(k).subarray(1, 33)) % order;
      const s = (power(toNumber(k), order - 2n, order) * (toNumber(digest) + r * toNumber(scalar))) % order;
      return Uint8Array.from(Buffer.concat([toBytes(r), toBytes(s)]));
    },
  };
}

export function p256(seed: string): P256Key {
  return p256FromScalar(sha256(`P-256 ${seed}`));
}

/** The other signature that ECDSA accepts for the same message: s becomes n - s. */
export function mirrored(signature: Uint8Array): Uint8Array {
  const s = toBytes(order - toNumber(signature.subarray(32)));
  return Uint8Array.from(Buffer.concat([signature.subarray(0, 32), s]));
}

export interface Ed25519Key {
  /** 32 bytes */
  publicKey: Uint8Array;
  sign(message: Uint8Array): Uint8Array;
}

export function ed25519(seed: string): Ed25519Key {
  const pkcs8 = Buffer.concat([Buffer.from("302e020100300506032b657004220420", "hex"), sha256(`Ed25519 ${seed}`)]);
  const key = createPrivateKey({ key: pkcs8, format: "der", type: "pkcs8" });
  const spki = createPublicKey(key).export({ format: "der", type: "spki" });
  return {
    publicKey: Uint8Array.from(spki.subarray(-32)),
    sign: (message) => Uint8Array.from(sign(null, message, key)),
  };
}
