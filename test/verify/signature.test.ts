import { describe, expect, it } from "vitest";
import { readDer } from "../../service/src/verify/der.ts";
import { rawEcdsa, readPublicKey, verifySignature } from "../../service/src/verify/signature.ts";
import { CheckFailed } from "../../service/src/verify/verdict.ts";
import { p256 } from "./keys.ts";
import { ecdsaDer, ecSpki, integer, nothing, oid, seq, bits } from "./maker.ts";

const order = Buffer.from("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551", "hex");
const key = p256("signature test");
const message = Buffer.from("message");

const rsa = (modulus: Uint8Array, exponent: string) =>
  seq(seq(oid("1.2.840.113549.1.1.1"), nothing), bits(seq(integer(modulus), integer(Buffer.from(exponent, "hex")))));
const modulus = (length: number, last = 0xff) => {
  const bytes = Buffer.alloc(length, 0xff);
  bytes[length - 1] = last;
  return bytes;
};

describe("ECDSA signatures", () => {
  it("verify, and no other message or key does", async () => {
    const read = readPublicKey(readDer(ecSpki(key.point)));
    const signature = ecdsaDer(key.sign(message));
    expect(await verifySignature(read, signature, message)).toBe(true);
    expect(await verifySignature(read, signature, Buffer.from("massage"))).toBe(false);
    expect(await verifySignature(readPublicKey(readDer(ecSpki(p256("other").point))), signature, message)).toBe(false);
  });

  it("become raw in 32 bytes each, short or long", () => {
    for (let i = 0; i < 300; i++) {
      const raw = key.sign(Buffer.from(String(i)));
      expect(Buffer.from(rawEcdsa(ecdsaDer(raw))).equals(raw)).toBe(true);
    }
  });

  it.each<[string, Uint8Array]>([
    ["r = 0", seq(integer(Buffer.alloc(1)), integer(Buffer.alloc(32, 1)))],
    ["s = order", seq(integer(Buffer.alloc(32, 1)), integer(order))],
    ["33 bytes", seq(integer(Buffer.alloc(33, 1)), integer(Buffer.alloc(32, 1)))],
    ["a negative number", seq(Buffer.of(2, 1, 0x80), integer(Buffer.alloc(32, 1)))],
    ["a leading zero too many", seq(Buffer.of(2, 2, 0, 1), integer(Buffer.alloc(32, 1)))],
    ["three numbers", seq(...[1, 2, 3].map((n) => integer(Buffer.of(n))))],
    ["bytes that follow", Buffer.concat([ecdsaDer(key.sign(message)), Buffer.of(0)])],
    ["raw bytes", key.sign(message)],
  ])("are refused with %s", (_, signature) => {
    expect(() => rawEcdsa(signature)).toThrow(CheckFailed);
  });
});

describe("public keys", () => {
  it.each<[string, Uint8Array]>([
    ["a compressed point", ecSpki(Buffer.concat([Buffer.of(2), key.point.subarray(1, 33)]))],
    ["another curve", seq(seq(oid("1.2.840.10045.2.1"), oid("1.3.132.0.10")), bits(key.point))],
    ["RSA of 2047 bits", rsa(Buffer.concat([Buffer.of(0x7f), modulus(255)]), "010001")],
    ["RSA of 4097 bits", rsa(Buffer.concat([Buffer.of(1), modulus(512)]), "010001")],
    ["RSA with an even modulus", rsa(modulus(256, 0xfe), "010001")],
    ["RSA with exponent 1", rsa(modulus(256), "01")],
    ["RSA with exponent 3", rsa(modulus(256), "03")],
    ["Ed25519", seq(seq(oid("1.3.101.112")), bits(Buffer.alloc(32)))],
  ])("are refused: %s", (_, spki) => {
    expect(() => readPublicKey(readDer(spki))).toThrow(CheckFailed);
  });

  it("are taken from 2048 to 4096 bits with 65537", () => {
    for (const length of [256, 384, 512])
      expect(readPublicKey(readDer(rsa(modulus(length), "010001"))).signatureLength).toBe(length);
  });

  it("off the curve are refused and not thrown at the caller as an error of the platform", async () => {
    const point = Buffer.concat([Buffer.of(4), Buffer.alloc(64, 5)]);
    const read = readPublicKey(readDer(ecSpki(point)));
    await expect(verifySignature(read, ecdsaDer(key.sign(message)), message)).rejects.toThrow(CheckFailed);
  });
});
