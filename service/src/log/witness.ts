// Every centre is a witness of every other (C2SP tlog-witness): it cosigns a checkpoint only when it extends the last one
// that it cosigned of that log. So no centre can show two histories without another centre holding the evidence.
import { sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Pool, Queryable } from "../db.ts";
import { transaction } from "../db.ts";
import { equal, FormatError, fromBase64, toBase64 } from "../proof/bytes.ts";
import {
  cosignatureLine,
  cosignatureMessage,
  cosignedAt,
  originOf,
  readCheckpoint,
  signedByLog,
  witnessName,
} from "../proof/checkpoint.ts";
import type { SignedCheckpoint } from "../proof/checkpoint.ts";
import { verifyConsistency } from "../proof/tree.ts";
import type { Log } from "./log.ts";
import { consistencyOf, noteAt, rootAt } from "./log.ts";
import * as store from "./store.ts";
import * as witnessStore from "./witness-store.ts";

export interface Witness {
  pool: Pool;
  /** code of the centre that cosigns */
  centre: string;
  /** Ed25519 */
  privateKey: KeyObject;
  publicKey: Uint8Array;
  now: () => Date;
  /** the log key of a centre's log epoch that is trusted now, from the registry; undefined for a log that nobody knows */
  logKeys: (origin: string) => Promise<Uint8Array[]>;
}

/** An answer in the words of the tlog-witness protocol. */
export type WitnessAnswer =
  | { status: 200; body: string }
  | { status: 409; body: string; size: number }
  | { status: 400 | 403 | 404 | 422; body: string };

/**
 * Takes the body of an add-checkpoint request: `old <size>`, consistency proof lines, an empty line, the signed note.
 * The same request again gives a fresh cosignature of the same checkpoint. Two checkpoints of one size with different roots
 * are kept as evidence of a fork; one whose proof does not hold is kept too, but proves nothing: anybody may send a note
 * of a log with a proof of their own.
 */
export async function addCheckpoint(witness: Witness, body: string): Promise<WitnessAnswer> {
  const request = readRequest(body);
  if (!request) return { status: 400, body: "malformed request" };
  const { old, proof, note, checkpoint } = request;
  const keys = await witness.logKeys(checkpoint.origin);
  if (keys.length === 0) return { status: 404, body: "unknown log" };
  const signed = await Promise.all(keys.map((key) => signedByLog(checkpoint, key)));
  if (!signed.includes(true)) return { status: 403, body: "the log's own signature is missing" };
  if (old > checkpoint.size) return { status: 400, body: "old size is larger than the checkpoint" };

  return transaction(witness.pool, async (tx): Promise<WitnessAnswer> => {
    // One request for a log at a time, also for a log that is seen for the first time.
    await witnessStore.lockWitnessed(tx, checkpoint.origin);
    const known = await witnessStore.witnessed(tx, checkpoint.origin);
    const knownSize = known?.size ?? 0;
    const { origin, size, root } = checkpoint;
    const at = witness.now();
    const alarm = known && { origin, known: known.note, given: note, size, root, at };
    const fork = known && known.size === size && !equal(known.root, root);
    if (alarm && fork) await witnessStore.raiseAlarm(tx, { ...alarm, kind: "fork" });
    if (old !== knownSize) return { status: 409, body: `${knownSize}\n`, size: knownSize };
    const consistent =
      knownSize === 0
        ? proof.length === 0 && checkpoint.size > 0
        : verifyConsistency(knownSize, known!.root, checkpoint.size, checkpoint.root, proof);
    if (!consistent) {
      if (alarm && !fork) await witnessStore.raiseAlarm(tx, { ...alarm, kind: "unproven" });
      return { status: 422, body: "the checkpoint does not extend the last one cosigned here" };
    }
    await witnessStore.writeWitnessed(tx, { origin, centre: origin.split("/")[1]!, size, root, note, at });
    await witnessStore.settleAlarm(tx, origin, size, root, at);
    const time = Math.floor(at.getTime() / 1000);
    const signature = sign(null, cosignatureMessage(checkpoint.body, time), witness.privateKey);
    return {
      status: 200,
      body: `${cosignatureLine(witnessName(witness.centre), witness.publicKey, time, signature)}\n`,
    };
  });
}

function readRequest(
  body: string,
): { old: number; proof: Uint8Array[]; note: string; checkpoint: SignedCheckpoint } | undefined {
  try {
    const at = body.indexOf("\n\n");
    if (at < 0) return undefined;
    const [first, ...lines] = body.slice(0, at).split("\n");
    const old = /^old (0|[1-9][0-9]{0,15})$/.exec(first ?? "")?.[1];
    if (old === undefined || lines.length > 63) return undefined;
    const note = body.slice(at + 2);
    return { old: Number(old), proof: lines.map((line) => fromBase64(line)), note, checkpoint: readCheckpoint(note) };
  } catch (error) {
    if (error instanceof FormatError) return undefined;
    throw error;
  }
}

/** Sends a request to another centre's witness and gives its status and body back; an outage throws. */
export type AskWitness = (body: string) => Promise<{ status: number; body: string }>;
/** Asks another centre for the newest note of this log that it cosigned; undefined when it has none; an outage throws. */
export type AskWitnessed = () => Promise<string | undefined>;

/** A cosignature whose time is further from our clock than this is not kept: verifiers would not count it. */
const largestDriftMs = 600_000;

/**
 * Asks one other centre to cosign the newest checkpoint of this log, if it has not yet. When the witness stands elsewhere
 * (409) it is asked once more from there; when it knows more than this database, or a history that ours does not extend
 * (422), the log stops.
 * @param evidence when given, the log stops only for a note that it signed itself: else any witness could stop it by a word
 * @returns the size that it has now cosigned, or undefined when there was nothing to ask
 * @throws when the witness answers otherwise, or claims what it cannot show
 */
export async function collectCosignature(
  log: Log,
  witness: { centre: string; keys: readonly Uint8Array[] },
  ask: AskWitness,
  evidence?: AskWitnessed,
): Promise<number | undefined> {
  const newest = await store.newestCheckpoint(log.pool, log.epoch);
  if (!newest || (await store.epochState(log.pool, log.epoch)).stoppedBecause) return undefined;
  let old = await witnessStore.cosignedSize(log.pool, log.epoch, witness.centre);
  if (old >= newest.size) return undefined;
  const note = await noteAt(log, log.pool, newest);
  for (let attempt = 1; ; attempt++) {
    const answer = await ask(await requestBody(log.pool, log.epoch, old, newest.size, note));
    if (answer.status === 200) {
      await keepCosignature(log, witness, newest.size, note, answer.body);
      return newest.size;
    }
    const known =
      answer.status === 409 && /^(0|[1-9][0-9]{0,15})\n$/.test(answer.body) ? Number(answer.body) : undefined;
    // Read after the answer: another replica may have closed and shown more while we asked.
    const ownSize = (await store.epochState(log.pool, log.epoch)).size;
    if (answer.status === 422 || (known !== undefined && known > ownSize)) {
      const claim =
        known === undefined
          ? `a history that ours does not extend at ${old} leaves`
          : `${known} leaves, ours ${ownSize}`;
      await stopIfShown(log, witness.centre, claim, evidence);
      return undefined;
    }
    // It may have cosigned a newer size while we asked, or have lost our answer: from where it stands, once.
    if (known !== undefined && known <= newest.size && attempt === 1) {
      old = known;
      continue;
    }
    if (known !== undefined) return undefined;
    throw new Error(`witness ${witness.centre} answered ${answer.status}: ${answer.body.slice(0, 200)}`);
  }
}

/** Stops the log when the witness shows a note of this log, signed by it, that this database cannot have signed. */
async function stopIfShown(log: Log, centre: string, claim: string, evidence: AskWitnessed | undefined): Promise<void> {
  const because = `the witness ${centre} has cosigned ${claim}`;
  if (evidence) {
    const note = await evidence();
    const shown = note === undefined ? undefined : readCheckpoint(note);
    const ours = shown?.origin === originOf(log.centre, log.epoch) && (await signedByLog(shown, log.publicKey));
    const { size } = await store.epochState(log.pool, log.epoch);
    const known = ours && shown.size <= size && equal(await rootAt(log.pool, log.epoch, shown.size), shown.root);
    if (!ours || known) throw new Error(`${because}, but does not show it`);
  }
  await store.stopEpoch(log.pool, log.epoch, because, log.now());
}

async function requestBody(db: Queryable, epoch: number, old: number, size: number, note: string): Promise<string> {
  const proof = old > 0 && old < size ? await consistencyOf(db, epoch, old, size) : [];
  return `old ${old}\n${proof.map((hash) => `${toBase64(hash)}\n`).join("")}\n${note}`;
}

/** Keeps the one line of the answer that is this witness's good cosignature, and nothing else that it may have sent. */
async function keepCosignature(
  log: Log,
  witness: { centre: string; keys: readonly Uint8Array[] },
  size: number,
  note: string,
  body: string,
): Promise<void> {
  for (const line of body.split("\n", 65)) {
    if (line === "") continue;
    const checkpoint = readCheckpoint(`${note}${line}\n`);
    for (const key of witness.keys) {
      const time = await cosignedAt(checkpoint, witnessName(witness.centre), key);
      if (time === undefined || Math.abs(time * 1000 - log.now().getTime()) > largestDriftMs) continue;
      await witnessStore.insertCosignature(log.pool, log.epoch, size, witness.centre, line, new Date(time * 1000));
      return;
    }
  }
  // A witness whose line does not verify has not witnessed anything.
  throw new Error(`witness ${witness.centre} sent no cosignature that verifies and is of now`);
}
