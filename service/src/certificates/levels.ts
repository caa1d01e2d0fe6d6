// The levels of a seal above B-B. A certificate is issued at B-B at once and never waits for anybody; what is here raises it
// afterwards, and a holder gets the highest level that is stored:
//
//   B-T     one token on the signature value, asked of the time-stamping authority. It needs the room that was reserved.
//   B-LT    an addition with certificates and revocation lists, from what is kept and fetched anew when it is too old.
//   B-LTA   an addition with a document time-stamp; again and again before its authority's certificate or algorithm ends.
//
// Each step is stored once and stays: the first stored wins, and the next step builds on what is stored. A crash between two
// steps leaves the file at the lower level; the same function goes on from there.
import { createHash } from "node:crypto";
import type { Pool } from "../db.ts";
import { transaction } from "../db.ts";
import { DomainError, invariant } from "../errors.ts";
import { documentTimeStampOf, openDocumentTimeStamp, storeAddition } from "../sealing/additions.ts";
import type { TimeStampAuthority } from "../sealing/authority.ts";
import { pack } from "../sealing/packing.ts";
import type { Blob } from "../sealing/packing.ts";
import type { Sealer } from "../sealing/seal.ts";
import { attachTimeStamp, roomForToken, signatureValueOf } from "../sealing/signature-time-stamp.ts";
import { readToken } from "../sealing/time-stamp.ts";
import type { TimeStampToken } from "../sealing/time-stamp.ts";
import { collectEvidence } from "./level-evidence.ts";
import type { EvidenceCollector, EvidenceSource } from "./level-evidence.ts";
import { filesOf } from "./level-file.ts";
import * as store from "./levels-store.ts";
import { LEVELS } from "./levels-store.ts";
import type { Level, StepRow } from "./levels-store.ts";

export { LEVELS } from "./levels-store.ts";
export type { Level } from "./levels-store.ts";

const MINUTE = 60_000;
const DAY = 86_400_000;

export interface Levels {
  pool: Pool;
  now: () => Date;
  authority: TimeStampAuthority;
  /** how far files are raised */
  target: Level;
  sealer: Pick<Sealer, "reserve">;
  evidence: EvidenceSource;
  /** a document time-stamp is renewed so long before its authority's certificate ends, in milliseconds */
  renewBeforeMs: number;
  /** day by which files must no longer rest on an algorithm, by its name such as `sha256/ec` */
  algorithmEnds: ReadonlyMap<string, Date>;
  /** requests to the authority side by side */
  parallel: number;
  /** certificates in one go */
  batch: number;
  onRaised?: (level: Level, count: number) => void;
  /** certificates that could not be raised for a reason of their own, by what it was; one of them is named */
  onFailed?: (error: unknown, count: number, certificateId: string) => void;
  onWaiting?: (count: number) => void;
}

/** Room for a token of an authority that never answered yet. Zeros are not kept, so too much costs a download its length only. */
const ROOM_FOR_UNKNOWN = 8192;
/** Tokens of one authority differ in the lengths of a few numbers, and its certificates get a little longer when renewed. */
const roomFor = (tokenLength: number): number => roomForToken(tokenLength + 96 + Math.ceil(tokenLength / 16));

/** Reserves room in new files for what the authority answered last, in this run or an earlier one. */
export async function reserveAsRemembered(levels: Levels): Promise<void> {
  const length = await store.tokenLength(levels.pool, levels.authority.url);
  levels.sealer.reserve(length === undefined ? ROOM_FOR_UNKNOWN : roomFor(length));
}

/** Asks the authority once what its tokens take, reserves it in new files and remembers it. @throws as the authority */
export async function measureAuthority(levels: Levels): Promise<void> {
  const token = await levels.authority.ask(createHash("sha256").update("length of a token").digest());
  await rememberLength(levels, token.der.length);
}

async function rememberLength(levels: Levels, length: number): Promise<void> {
  await store.rememberTokenLength(levels.pool, levels.authority.url, length, levels.now());
  levels.sealer.reserve(roomFor(length));
}

/** What must be due because a setting or an algorithm's end moved, or what failed may be set right: at start and once a day. */
export async function bringForward(levels: Levels): Promise<void> {
  const soon = levels.now().getTime() + levels.renewBeforeMs;
  const ending = [...levels.algorithmEnds].filter(([, end]) => end.getTime() <= soon).map(([name]) => name);
  await store.bringForward(levels.pool, levels.now(), LEVELS.slice(0, LEVELS.indexOf(levels.target)), ending);
}

/**
 * Raises certificates that are due, several at a time. What is stored when it ends early is not asked for again.
 * @returns "again" when more are due
 * @throws the authority's refusal when it did not answer or answered badly: then the others wait too, and nobody's turn is
 *   counted as failed
 */
export async function raiseDue(levels: Levels, signal?: AbortSignal): Promise<"again" | void> {
  const rows = await store.due(levels.pool, levels.now(), levels.batch);
  levels.onWaiting?.(
    rows.length < levels.batch ? rows.length : await store.countDue(levels.pool, levels.now(), 100_000),
  );
  if (rows.length === 0) return;
  const ids = rows.map(({ certificateId }) => certificateId);
  const files = await filesOf(levels.pool, ids);
  const collector = collectEvidence(levels.pool, levels.evidence, levels.now);
  const outage: { cause?: unknown } = {};
  const raised: Raised[] = [];
  const queue = rows.values();
  await Promise.all(
    Array.from({ length: levels.parallel }, async () => {
      for (const row of queue) {
        if (outage.cause !== undefined || signal?.aborted) return;
        const file = files.get(row.certificateId);
        invariant(file, `certificate ${row.certificateId} is to be raised and not issued`);
        const one = await raise(levels, collector, { ...file, ...row });
        raised.push(one);
        if (one.outage !== undefined) outage.cause = one.outage;
      }
    }),
  );
  await storeRaised(levels, raised);
  if (outage.cause !== undefined) throw outage.cause;
  return rows.length === levels.batch || signal?.aborted ? "again" : undefined;
}

/** What became of one certificate in this go. */
interface Raised {
  certificateId: string;
  /** number of the last step that it built on, 0 for none */
  before: number;
  steps: StepRow[];
  level: Level;
  /** the newest time-stamp, when there is a new one */
  stamp: TimeStampToken | undefined;
  /** why it got no further for a reason of its own, and how often before */
  failure: unknown;
  failures: number;
  /** why nobody gets any further now */
  outage: unknown;
}

/** Refusals that concern one file, or those with the same certificates; the authority's own stop everybody. */
const OWN_FAILURES = ["TIME_STAMP_TOO_LARGE", "RENEWAL_TOO_SHORT", "EVIDENCE_MISSING"];

/** Raises one file as far as it gets. */
async function raise(
  levels: Levels,
  collector: EvidenceCollector,
  given: { certificateId: string; file: Buffer; steps: readonly StepRow[]; failures: number },
): Promise<Raised> {
  const raised: Raised = {
    certificateId: given.certificateId,
    before: given.steps.length,
    steps: [],
    level: given.steps.at(-1)?.level ?? "B-B",
    stamp: undefined,
    failure: undefined,
    failures: given.failures,
    outage: undefined,
  };
  let { file } = given;
  const add = (level: Exclude<Level, "B-B">, content: Buffer, blobs: readonly Blob[], next: Buffer) => {
    file = next;
    raised.level = level;
    raised.steps.push({
      certificateId: given.certificateId,
      step: given.steps.length + raised.steps.length + 1,
      level,
      packed: pack(content, blobs),
      fileDigest: createHash("sha256").update(file).digest(),
      raisedAt: levels.now(),
    });
  };
  try {
    if (raised.level === "B-B" && reaches(levels, "B-T")) {
      const digest = createHash("sha256").update(signatureValueOf(file)).digest();
      const token = await levels.authority.ask(digest);
      let next: Buffer;
      try {
        next = attachTimeStamp(file, token.der);
      } catch (error) {
        // Later files get the room that this one lacks.
        if (error instanceof DomainError) await rememberLength(levels, token.der.length);
        throw error;
      }
      add("B-T", token.der, await collector.keep("certificate", token.certificates), next);
      raised.stamp = token;
    }
    const isRenewal = given.steps.at(-1)?.level === "B-LTA";
    if ((raised.level === "B-T" && reaches(levels, "B-LT")) || isRenewal) {
      const { evidence, blobs } = await collector
        .evidenceFor(file, raised.stamp?.certificates)
        .catch((cause: unknown) => {
          if (!(cause instanceof DomainError)) throw cause;
          throw new DomainError("EVIDENCE_MISSING", { why: cause.code, ...cause.params }, { cause });
        });
      const content = storeAddition(file, evidence);
      add(isRenewal ? "B-LTA" : "B-LT", content, blobs, Buffer.concat([file, content]));
    }
    if ((raised.level === "B-LT" && reaches(levels, "B-LTA")) || isRenewal) {
      const room = roomFor(raised.stamp?.der.length ?? (await lengthOfTokens(levels)));
      const open = openDocumentTimeStamp(file, room);
      const token = await levels.authority.ask(open.digest);
      if (isRenewal) refuseShorter(levels, file, token);
      const content = open.finish(token.der);
      add("B-LTA", content, await collector.keep("certificate", token.certificates), Buffer.concat([file, content]));
      raised.stamp = token;
    }
    raised.failures = 0;
  } catch (error) {
    const isAuthority = error instanceof DomainError && !OWN_FAILURES.includes(error.code);
    if (isAuthority) raised.outage = error;
    else raised.failure = error;
    // What is no refusal is a bug or a lost database: it stops this go, and this file waits so that it cannot stop the next.
    if (!(error instanceof DomainError)) raised.outage = error;
    // A renewal is whole or not there: a store without its time-stamp would be another file of the same level.
    if (given.steps.at(-1)?.level === "B-LTA") raised.steps = [];
  }
  return raised;
}

/** A renewal that ends no later than what it renews would only fill the file: it is asked for again on another day. */
function refuseShorter(levels: Levels, file: Buffer, token: TimeStampToken): void {
  const before = documentTimeStampOf(file);
  invariant(before, "a renewed file has a document time-stamp");
  if (endOf(levels, token) <= endOf(levels, readToken(before.token))) throw new DomainError("RENEWAL_TOO_SHORT");
}

/** When a file must no longer rest on a time-stamp, in milliseconds. */
function endOf(levels: Levels, { signer, algorithm }: TimeStampToken): number {
  const algorithmEnd = levels.algorithmEnds.get(algorithm)?.getTime() ?? Number.POSITIVE_INFINITY;
  return Math.min(signer.notAfter.getTime(), algorithmEnd);
}

const reaches = ({ target }: Levels, level: Level): boolean => LEVELS.indexOf(target) >= LEVELS.indexOf(level);

async function lengthOfTokens(levels: Levels): Promise<number> {
  const known = await store.tokenLength(levels.pool, levels.authority.url);
  if (known !== undefined) return known;
  await measureAuthority(levels);
  return (await store.tokenLength(levels.pool, levels.authority.url))!;
}

/** Stores what a go achieved, and when each certificate is due again. */
async function storeRaised(levels: Levels, raised: readonly Raised[]): Promise<void> {
  if (raised.length === 0) return;
  const won = await transaction(levels.pool, async (tx) => {
    const last = await store.lockLastSteps(
      tx,
      raised.map(({ certificateId }) => certificateId),
    );
    // Another replica was faster: the first stored wins, and what was built on other bytes than those is worth nothing.
    const mine = raised.filter((one) => last.get(one.certificateId) === one.before);
    const steps = mine.flatMap((one) => one.steps);
    if (steps.length > 0) await store.insertSteps(tx, steps);
    await store.setNext(
      tx,
      mine
        .filter((one) => one.outage === undefined || one.failure !== undefined || one.steps.length > 0)
        .map((one) => nextOf(levels, one)),
    );
    return mine;
  });
  for (const level of LEVELS.slice(1)) {
    const count = won.flatMap((one) => one.steps).filter((step) => step.level === level).length;
    if (count > 0) levels.onRaised?.(level, count);
  }
  const failed = won.filter((one) => one.failure !== undefined);
  for (const [, alike] of Map.groupBy(failed, ({ failure }) => (failure as Partial<DomainError>).code))
    levels.onFailed?.(alike[0]!.failure, alike.length, alike[0]!.certificateId);
}

function nextOf(levels: Levels, one: Raised): store.NextRow {
  const { certificateId, level, stamp } = one;
  const now = levels.now().getTime();
  const base = { certificateId, level, algorithm: stamp?.algorithm };
  if (one.failure !== undefined) {
    // 1, 2, 4 … minutes, up to a day; a start asks at once again, since somebody may have set right what was wrong. A renewal
    // has time: it is due long before the end.
    const pause = level === "B-LTA" ? DAY : Math.min(DAY, MINUTE * 2 ** Math.min(one.failures, 16));
    return { ...base, failures: one.failures + 1, dueAt: new Date(now + pause) };
  }
  if (one.outage !== undefined) return { ...base, failures: 0, dueAt: new Date(now) };
  if (level !== "B-LTA" || !stamp) return { ...base, failures: 0, dueAt: undefined };
  return { ...base, failures: 0, dueAt: new Date(Math.max(endOf(levels, stamp) - levels.renewBeforeMs, now + DAY)) };
}
