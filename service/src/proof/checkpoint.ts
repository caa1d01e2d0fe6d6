// FORMAT.md §6: checkpoints are signed notes (C2SP signed-note, tlog-checkpoint, tlog-cosignature). Ed25519 only.
import { sha256 } from "./sha256.ts";
import { FormatError, concat, equal, fromBase64, toBase64, utf8 } from "./bytes.ts";

export interface Checkpoint {
  /** cunzheng/<centre>/<epoch> */
  origin: string;
  size: number;
  root: Uint8Array;
}

export interface NoteSignature {
  name: string;
  keyId: Uint8Array;
  signature: Uint8Array;
}

export interface SignedCheckpoint extends Checkpoint {
  /** the signed text: three lines, each ended by a newline */
  body: string;
  signatures: NoteSignature[];
}

/** Type bytes of signed-note keys: a log signs plainly, a witness signs with a time. */
const logKeyType = 0x01;
const witnessKeyType = 0x04;

export function originOf(centre: string, epoch: number): string {
  return `cunzheng/${centre}/${epoch}`;
}

export function witnessName(centre: string): string {
  return `cunzheng/${centre}/witness`;
}

export function checkpointBody(checkpoint: Checkpoint): string {
  return `${checkpoint.origin}\n${checkpoint.size}\n${toBase64(checkpoint.root)}\n`;
}

function keyId(name: string, type: number, publicKey: Uint8Array): Uint8Array {
  return sha256(concat(utf8(`${name}\n`), Uint8Array.of(type), publicKey)).slice(0, 4);
}

export function logKeyId(origin: string, publicKey: Uint8Array): Uint8Array {
  return keyId(origin, logKeyType, publicKey);
}

export function witnessKeyId(name: string, publicKey: Uint8Array): Uint8Array {
  return keyId(name, witnessKeyType, publicKey);
}

/** One signature line, without the newline. */
export function signatureLine(name: string, id: Uint8Array, signature: Uint8Array): string {
  return `\u2014 ${name} ${toBase64(concat(id, signature))}`;
}

/** What a witness signs: its time in whole seconds since 1970 and the note's body. */
export function cosignatureMessage(body: string, time: number): Uint8Array {
  return utf8(`cosignature/v1\ntime ${time}\n${body}`);
}

/** A witness's line: key id, time as 8 bytes big-endian, Ed25519 signature. */
export function cosignatureLine(name: string, publicKey: Uint8Array, time: number, signature: Uint8Array): string {
  const stamp = new Uint8Array(8);
  new DataView(stamp.buffer).setBigUint64(0, BigInt(time));
  return signatureLine(name, witnessKeyId(name, publicKey), concat(stamp, signature));
}

export function noteOf(body: string, lines: readonly string[]): string {
  return `${body}\n${lines.map((line) => `${line}\n`).join("")}`;
}

const originForm = /^cunzheng\/C[0-9]{5}\/[1-9][0-9]{0,8}$/;
const nameForm = /^[!-*,-~]{1,100}$/;

/** Reads a signed checkpoint from untrusted text; checks form only, no signature. */
export function readCheckpoint(note: string): SignedCheckpoint {
  if (typeof note !== "string" || note.length > 20_000)
    throw new FormatError("a checkpoint is at most 20,000 characters long");
  const at = note.indexOf("\n\n");
  if (at < 0 || !note.endsWith("\n")) throw new FormatError("a checkpoint has a body, an empty line and signatures");
  const body = note.slice(0, at + 1);
  const [origin, size, root, ...rest] = body.slice(0, -1).split("\n");
  if (!originForm.test(origin ?? "")) throw new FormatError("origin of the checkpoint");
  if (!/^(0|[1-9][0-9]{0,15})$/.test(size ?? "") || !Number.isSafeInteger(Number(size)))
    throw new FormatError("size of the checkpoint");
  if (rest.length > 0) throw new FormatError("a checkpoint has exactly three lines");
  const rootBytes = fromBase64(root ?? "");
  if (rootBytes.length !== 32) throw new FormatError("root of the checkpoint");
  const lines = note.slice(at + 2, -1).split("\n");
  if (lines.length > 64) throw new FormatError("a checkpoint has at most 64 signatures");
  const signatures = lines.map((line) => {
    const [dash, name, encoded, ...more] = line.split(" ");
    if (dash !== "\u2014" || !nameForm.test(name ?? "") || encoded === undefined || more.length > 0)
      throw new FormatError("signature line");
    const bytes = fromBase64(encoded);
    if (bytes.length < 5) throw new FormatError("signature line");
    return { name: name!, keyId: bytes.slice(0, 4), signature: bytes.slice(4) };
  });
  return { origin: origin!, size: Number(size), root: rootBytes, body, signatures };
}

/** Is there a good signature of the log itself? */
export async function signedByLog(checkpoint: SignedCheckpoint, publicKey: Uint8Array): Promise<boolean> {
  const id = logKeyId(checkpoint.origin, publicKey);
  for (const line of checkpoint.signatures) {
    if (line.name !== checkpoint.origin || !equal(line.keyId, id)) continue;
    if (await verifyEd25519(publicKey, utf8(checkpoint.body), line.signature)) return true;
  }
  return false;
}

/**
 * The earliest time (seconds since 1970) at which this witness cosigned, or undefined when it has no good line here. A witness
 * may cosign the same checkpoint again later.
 */
export async function cosignedAt(
  checkpoint: SignedCheckpoint,
  name: string,
  publicKey: Uint8Array,
): Promise<number | undefined> {
  const id = witnessKeyId(name, publicKey);
  let earliest: number | undefined;
  for (const line of checkpoint.signatures) {
    if (line.name !== name || !equal(line.keyId, id) || line.signature.length !== 72) continue;
    const time = Number(new DataView(line.signature.buffer, line.signature.byteOffset).getBigUint64(0));
    if (!Number.isSafeInteger(time) || (earliest !== undefined && time >= earliest)) continue;
    if (await verifyEd25519(publicKey, cosignatureMessage(checkpoint.body, time), line.signature.slice(8)))
      earliest = time;
  }
  return earliest;
}

/** Ed25519 (RFC 8032) by the platform's WebCrypto. A key or signature of another form is simply not good. */
export async function verifyEd25519(
  publicKey: Uint8Array,
  message: Uint8Array,
  signature: Uint8Array,
): Promise<boolean> {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const key = await crypto.subtle
    .importKey("raw", publicKey as BufferSource, { name: "Ed25519" }, false, ["verify"])
    .catch((error: unknown) => {
      // A point that is no key is the signer's fault; a platform without Ed25519 is ours and must be heard of.
      if ((error as DOMException).name === "NotSupportedError") throw error;
      return undefined;
    });
  if (!key) return false;
  return crypto.subtle.verify({ name: "Ed25519" }, key, signature as BufferSource, message as BufferSource);
}
