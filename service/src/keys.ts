// The centre's keys, read once from the files that the configuration names.
import { createPrivateKey, createPublicKey } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Config } from "./config.ts";
import { invariant } from "./errors.ts";
import { sealKeyFromPkcs11 } from "./sealing/pkcs11.ts";
import { sealKeyFromPem, sealKeyFromPkcs12 } from "./sealing/keys.ts";
import type { HeldSealKey, SealKey } from "./sealing/keys.ts";

export interface KeyPair {
  privateKey: KeyObject;
  /** raw: 32 bytes of Ed25519, or the 65-byte uncompressed point of P-256 */
  publicKey: Uint8Array;
}

export interface CentreKeys {
  log: KeyPair;
  witness: KeyPair;
  member: KeyPair;
  qr: KeyPair;
  seal: SealKey | HeldSealKey;
  /** secp256k1 keys of the sending accounts, hex */
  accounts: { anchor: string; status: string; listing: string };
  /** 32 bytes, shared by the members while tags are made with a development key */
  tag: Uint8Array;
}

/** Reads all keys. @throws when a file is missing or holds another kind of key; the message names the file, never its content */
export async function readKeys(files: Config["keys"]): Promise<CentreKeys> {
  const text = (file: string) => readFile(file, "utf8");
  const ed25519 = async (file: string) => keyPair(await text(file), "ed25519", 32, file);
  invariant(files.tag, "TAG_KEY_FILE is not set");
  const digits = (await text(files.tag)).trim();
  const tag = Buffer.from(digits, "hex");
  // Buffer.from reads as far as it can: 64 digits and a slip would else be a key.
  invariant(/^[0-9a-f]{64}$/i.test(digits), `${files.tag} does not hold 32 bytes in hexadecimal`);
  return {
    log: await ed25519(files.log),
    witness: await ed25519(files.witness),
    member: await ed25519(files.member),
    qr: keyPair(await text(files.qr), "ec", 65, files.qr),
    seal:
      files.seal.kind === "pkcs12"
        ? sealKeyFromPkcs12(await readFile(files.seal.file), files.seal.password)
        : files.seal.kind === "pkcs11"
          ? await sealKeyFromPkcs11(files.seal, await text(files.seal.chainFile))
          : sealKeyFromPem(await text(files.seal.keyFile), await text(files.seal.chainFile)),
    accounts: {
      anchor: await text(files.anchor),
      status: await text(files.status),
      listing: await text(files.listing),
    },
    tag,
  };
}

function keyPair(pem: string, type: "ed25519" | "ec", length: number, file: string): KeyPair {
  const privateKey = privateKeyOf(pem, file);
  const details = privateKey.asymmetricKeyDetails;
  const fits = privateKey.asymmetricKeyType === type && (type !== "ec" || details?.namedCurve === "prime256v1");
  invariant(fits, `${file} does not hold a key of the kind ${type}`);
  // The raw key ends its SubjectPublicKeyInfo, for Ed25519 (RFC 8410) as for points of a curve (RFC 5480).
  const spki = createPublicKey(privateKey).export({ type: "spki", format: "der" });
  return { privateKey, publicKey: Uint8Array.from(spki.subarray(-length)) };
}

function privateKeyOf(pem: string, file: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    throw new Error(`${file} does not hold a private key in PEM`, { cause });
  }
}
