// SHA-256, at once and on every platform: the platform's own where it has a synchronous one (Node), else a pure one. A browser's
// is asynchronous, which a tree of ten thousand small hashes could not bear.
import { sha256 as pure } from "@noble/hashes/sha2.js";

interface Host {
  process?: { getBuiltinModule?(name: string): unknown };
}
interface NodeCrypto {
  hash?(algorithm: "sha256", data: Uint8Array, encoding: "buffer"): Uint8Array;
}

const native = (globalThis as Host).process?.getBuiltinModule?.("node:crypto") as NodeCrypto | undefined;

/** The 32 bytes of SHA-256. */
export const sha256: (data: Uint8Array) => Uint8Array = native?.hash
  ? (data) => {
      const digest = native.hash!("sha256", data, "buffer");
      return new Uint8Array(digest.buffer, digest.byteOffset, digest.length);
    }
  : (data) => pure(data);
