// A seal key that never leaves its device: a hardware security module or a signing server behind PKCS#11 (OASIS PKCS #11 v2.40).
// The bindings come from the package pkcs11js, which is compiled against the machine: it is installed where a device is used
// and is no dependency of anything else.
//
// The calls block, as the interface has them: a device on the network holds the process up for as long as it takes to
// answer. Several replicas share such a device better than one fast one.
import { createHash, verify } from "node:crypto";
import type { X509Certificate } from "node:crypto";
import { invariant } from "../errors.ts";
import { certificatesOfPem, chainOf } from "./keys.ts";
import type { HeldSealKey } from "./keys.ts";
import { integer, sequence } from "./der.ts";

export interface Pkcs11Key {
  /** the device's library, such as /usr/lib/softhsm/libsofthsm2.so */
  module: string;
  /** label of the token */
  token: string;
  /** label of the private key on it */
  key: string;
  pin: string;
}

/** What is used of pkcs11js; handles are opaque. */
interface Pkcs11 {
  load(module: string): void;
  C_Initialize(): void;
  C_GetSlotList(tokenPresent: boolean): Buffer[];
  C_GetTokenInfo(slot: Buffer): { label: string };
  C_OpenSession(slot: Buffer, flags: number): Buffer;
  C_CloseSession(session: Buffer): void;
  C_Login(session: Buffer, userType: number, pin: string): void;
  C_FindObjectsInit(session: Buffer, template: { type: number; value: number | string }[]): void;
  C_FindObjects(session: Buffer, most: number): Buffer[];
  C_FindObjectsFinal(session: Buffer): void;
  C_SignInit(session: Buffer, mechanism: { mechanism: number }, key: Buffer): void;
  C_Sign(session: Buffer, data: Buffer, room: Buffer): Buffer;
}

// Numbers of PKCS #11 v2.40, as the standard's header files have them.
const SERIAL_SESSION = 0x04;
const USER = 1;
const CLASS = 0x00;
const LABEL = 0x03;
const PRIVATE_KEY = 0x03;
const SHA256_RSA_PKCS = 0x40;
const ECDSA = 0x1041;
const USER_ALREADY_LOGGED_IN = 0x100;
const ALREADY_INITIALIZED = 0x191;
/** CKR_DEVICE_REMOVED, CKR_SESSION_CLOSED, CKR_SESSION_HANDLE_INVALID, CKR_TOKEN_NOT_PRESENT, CKR_USER_NOT_LOGGED_IN,
 * CKR_KEY_HANDLE_INVALID: the session is gone, and a new one may do. */
const SESSION_LOST: readonly number[] = [0x32, 0xb0, 0xb3, 0xe0, 0x101, 0x60];

/**
 * Opens a seal key on a device and signs once with it, to know that it is the certificate's. Opening it again opens another
 * session of the same key.
 * @param certificatesPem the seal certificate and its intermediates
 * @throws Error when pkcs11js is not installed or the device refuses; its messages never hold the PIN
 */
export async function sealKeyFromPkcs11(place: Pkcs11Key, certificatesPem: string): Promise<HeldSealKey> {
  const pkcs11 = await loadBindings(place.module);
  ignoring(ALREADY_INITIALIZED, () => pkcs11.C_Initialize());
  const certificates = certificatesOfPem(certificatesPem);
  let session = openSession(pkcs11, place);

  const signWith = (of: X509Certificate) => {
    const isEc = of.publicKey.asymmetricKeyType === "ec";
    const room = Buffer.alloc(isEc ? 64 : (of.publicKey.asymmetricKeyDetails?.modulusLength ?? 4096) / 8);
    const once = (bytes: Uint8Array): Buffer => {
      // Devices hash for RSA and mostly do not for ECDSA; and what ECDSA gives is r and s without their DER.
      pkcs11.C_SignInit(session.handle, { mechanism: isEc ? ECDSA : SHA256_RSA_PKCS }, session.key);
      const data = isEc ? createHash("sha256").update(bytes).digest() : Buffer.from(bytes);
      const signature = pkcs11.C_Sign(session.handle, data, room);
      if (!isEc) return Buffer.from(signature);
      return sequence(integer(signature.subarray(0, 32)), integer(signature.subarray(32)));
    };
    return (bytes: Uint8Array): Buffer => {
      try {
        return once(bytes);
      } catch (error) {
        if (!SESSION_LOST.includes(codeOf(error) ?? -1)) throw error;
        session = openSession(pkcs11, place); // a restarted or failed-over device; when it is away this throws
        return once(bytes);
      }
    };
  };

  const own = certificates.find((certificate) => fits(certificate, signWith));
  invariant(own, "no certificate belongs to the seal key on the device");
  return {
    chain: chainOf(own, certificates),
    sign: signWith(own),
    close: () => pkcs11.C_CloseSession(session.handle),
  };
}

function fits(certificate: X509Certificate, signWith: (of: X509Certificate) => (bytes: Uint8Array) => Buffer): boolean {
  const trial = Buffer.from("cunzheng: does this key belong to this certificate?");
  try {
    return verify("sha256", trial, certificate.publicKey, signWith(certificate)(trial));
  } catch (error) {
    // A device asked to sign by RSA with a key of a curve, for an intermediate's certificate, refuses the mechanism.
    if (codeOf(error) === undefined) throw error;
    return false;
  }
}

async function loadBindings(module: string): Promise<Pkcs11> {
  const name = "pkcs11js"; // a variable, because the package need not be there when types are checked
  let bindings: { PKCS11: new () => Pkcs11 };
  try {
    const loaded = (await import(name)) as { default?: typeof bindings } & typeof bindings;
    bindings = loaded.default ?? loaded;
  } catch (cause) {
    throw new Error(
      "SEAL_PKCS11_MODULE is set, and the package pkcs11js is not installed: npm install --no-save pkcs11js",
      {
        cause,
      },
    );
  }
  const pkcs11 = new bindings.PKCS11();
  pkcs11.load(module);
  return pkcs11;
}

function openSession(pkcs11: Pkcs11, { token, key, pin }: Pkcs11Key): { handle: Buffer; key: Buffer } {
  const slot = pkcs11.C_GetSlotList(true).find((one) => pkcs11.C_GetTokenInfo(one).label.trim() === token);
  invariant(slot, `the device has no token ${token}`);
  const handle = pkcs11.C_OpenSession(slot, SERIAL_SESSION);
  try {
    return { handle, key: findKey(pkcs11, handle, { token, key, pin }) };
  } catch (error) {
    pkcs11.C_CloseSession(handle);
    throw error;
  }
}

function findKey(pkcs11: Pkcs11, handle: Buffer, { token, key, pin }: Omit<Pkcs11Key, "module">): Buffer {
  ignoring(USER_ALREADY_LOGGED_IN, () => pkcs11.C_Login(handle, USER, pin));
  pkcs11.C_FindObjectsInit(handle, [
    { type: CLASS, value: PRIVATE_KEY },
    { type: LABEL, value: key },
  ]);
  const found = pkcs11.C_FindObjects(handle, 2);
  pkcs11.C_FindObjectsFinal(handle);
  invariant(found.length === 1, `token ${token} has ${found.length === 0 ? "no" : "several"} private keys ${key}`);
  return found[0]!;
}

function ignoring(code: number, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (codeOf(error) !== code) throw error;
  }
}

/** The return value (CKR_…) behind an error of the bindings. */
function codeOf(error: unknown): number | undefined {
  const code = (error as { code?: unknown }).code;
  return typeof code === "number" ? code : undefined;
}
