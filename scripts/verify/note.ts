// Checkpoints (FORMAT.md §6): C2SP signed notes of three lines, the log's signature and cosignatures.
import { type KeyObject, createPublicKey, verify } from "node:crypto";
import { fromBase64, sha256 } from "./bytes.ts";

export interface Checkpoint {
  origin: { centre: string; epoch: number };
  size: number;
  root: Buffer;
  /** the three lines, with their line ends: what the log signs */
  body: string;
  lines: readonly { name: string; keyId: Buffer; rest: Buffer }[];
}

/** Reads the text of a note, or null when it is not one of three lines and at least one signature line. */
export function readCheckpoint(text: string): Checkpoint | null {
  const note = /^([^\n]+\n[^\n]+\n[^\n]+\n)\n((?:\u2014 [^\n]+\n)+)$/.exec(text);
  if (!note) return null;
  const [, body = "", signatures = ""] = note;
  const [origin = "", sizeText = "", rootText = ""] = body.split("\n");
  const name = /^cunzheng\/(C\d{5})\/([1-9]\d{0,8})$/.exec(origin);
  const root = fromBase64(rootText);
  if (!name || !/^(0|[1-9]\d{0,15})$/.test(sizeText) || root?.length !== 32) return null;
  const size = Number(sizeText);
  if (!Number.isSafeInteger(size)) return null;
  const lines: { name: string; keyId: Buffer; rest: Buffer }[] = [];
  for (const line of signatures.split("\n").slice(0, -1)) {
    const parts = /^\u2014 ([^\s+]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    const bytes = parts && fromBase64(parts[2]!);
    if (!bytes || bytes.length < 5) return null;
    lines.push({ name: parts[1]!, keyId: bytes.subarray(0, 4), rest: bytes.subarray(4) });
  }
  return { origin: { centre: name[1]!, epoch: Number(name[2]) }, size, root, body, lines };
}

/** A raw Ed25519 public key as Node takes it. @param value 32 bytes in hex */
function ed25519(value: string): KeyObject {
  const prefix = Buffer.from("302a300506032b6570032100", "hex");
  return createPublicKey({ key: Buffer.concat([prefix, Buffer.from(value, "hex")]), format: "der", type: "spki" });
}

function linesOf(checkpoint: Checkpoint, name: string, algorithm: 1 | 4, key: string): Buffer[] {
  const keyId = sha256(name, Buffer.of(0x0a, algorithm), Buffer.from(key, "hex")).subarray(0, 4);
  return checkpoint.lines.filter((line) => line.name === name && line.keyId.equals(keyId)).map((line) => line.rest);
}

/** Whether the log signed the checkpoint with this key. @param key `log` key in hex */
export function isSignedByLog(checkpoint: Checkpoint, key: string): boolean {
  const name = `cunzheng/${checkpoint.origin.centre}/${checkpoint.origin.epoch}`;
  return linesOf(checkpoint, name, 1, key).some(
    (signature) => signature.length === 64 && verify(null, Buffer.from(checkpoint.body), ed25519(key), signature),
  );
}

/** The times, in seconds, at which the centre says with this key that it saw the checkpoint. @param key `witness` key in hex */
export function cosignedAt(checkpoint: Checkpoint, centre: string, key: string): number[] {
  return linesOf(checkpoint, `cunzheng/${centre}/witness`, 4, key).flatMap((bytes) => {
    if (bytes.length !== 72) return [];
    const time = bytes.readBigUInt64BE(0);
    const message = `cosignature/v1\ntime ${time}\n${checkpoint.body}`;
    const good = verify(null, Buffer.from(message), ed25519(key), bytes.subarray(8));
    return good && time <= BigInt(Number.MAX_SAFE_INTEGER) ? [Number(time)] : [];
  });
}
