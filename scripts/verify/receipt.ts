// Receipts (FORMAT.md §7) and the leaves in them (§2): only their form. What they prove is asked in verifier.ts.
import { hasExactly, isBeijingTime, isDay, isHex, isObject, isWhole } from "./bytes.ts";

export interface Leaf {
  version: 1;
  kind: "certificate";
  centre: string;
  serial: string;
  statusIndex: number;
  issuedAt: string;
  validUntil: string;
  recordDigest: string;
  sealedDigest: string;
  signatureDigest: string;
  signer: string;
  salt: string;
}

export interface Receipt {
  leaf: Leaf;
  /** place in the log; null until the log has closed over the leaf */
  place: { index: number; proof: Buffer[]; checkpoint: string } | null;
  /** block of the anchoring, where to look first; no authority */
  anchorBlock: number | null;
}

const serialPrefix = "1.2.156.3005.2.";

/** §3: the form of a serial without its prefix. */
export const isSerialPart = (value: unknown): value is string =>
  typeof value === "string" && /^[0-9A-Z]+\.[0-9A-Z]{18}\.[0-9A-Z]+\.\d{3}\.[0-9A-Z]$/.test(value);

/** A serial in full, without its prefix. */
export const serialPart = (serial: string): string => serial.slice(serialPrefix.length);

/** Reads a certificate's leaf, or null when it has another form. */
export function readLeaf(value: unknown): Leaf | null {
  if (!isObject(value)) return null;
  const digests = ["recordDigest", "sealedDigest", "signatureDigest", "signer", "salt"] as const;
  const members = ["version", "kind", "centre", "serial", "statusIndex", "issuedAt", "validUntil", ...digests];
  const good =
    hasExactly(value, members) &&
    value.version === 1 &&
    value.kind === "certificate" &&
    typeof value.centre === "string" &&
    /^C\d{5}$/.test(value.centre) &&
    typeof value.serial === "string" &&
    value.serial.startsWith(serialPrefix) &&
    isSerialPart(serialPart(value.serial)) &&
    isWhole(value.statusIndex) &&
    isBeijingTime(value.issuedAt) &&
    isDay(value.validUntil) &&
    digests.every((digest) => isHex(value[digest], 32));
  return good ? (value as unknown as Leaf) : null;
}

/** Reads a receipt, or null when it has another form. */
export function readReceipt(value: unknown): Receipt | null {
  if (!isObject(value) || !hasExactly(value, ["format", "leaf", "index", "proof", "checkpoint", "anchor"])) return null;
  const leaf = readLeaf(value.leaf);
  const { format, index, proof, checkpoint, anchor } = value;
  if (format !== "cunzheng-receipt/1" || !leaf || !Array.isArray(proof)) return null;
  if (!proof.every((hash): hash is string => isHex(hash, 32)) || proof.length > 64) return null;
  const anchorBlock = readAnchorBlock(anchor);
  if (anchorBlock === undefined) return null;
  if (index === null || checkpoint === null) {
    const waits = index === checkpoint && proof.length === 0 && anchorBlock === null;
    return waits ? { leaf, place: null, anchorBlock } : null;
  }
  if (!isWhole(index) || typeof checkpoint !== "string") return null;
  return { leaf, place: { index, proof: proof.map((hash) => Buffer.from(hash, "hex")), checkpoint }, anchorBlock };
}

/** The block, null when there is no anchor yet, undefined when the form is another. */
function readAnchorBlock(value: unknown): number | null | undefined {
  if (value === null) return null;
  if (!isObject(value)) return undefined;
  if (!hasExactly(value, ["chainId", "contract", "transaction", "block", "blockHash"])) return undefined;
  const texts = [value.contract, value.transaction, value.blockHash];
  const good =
    isWhole(value.chainId) && isWhole(value.block) && texts.every((text) => /^0x[0-9a-f]+$/i.test(String(text)));
  return good ? (value.block as number) : undefined;
}
