// Files at the levels that are stored: what was sealed, the token in it, and what was added behind it, in this order. The same
// level is the same bytes each time; a renewed B-LTA begins with the bytes of the one before.
import { createHash } from "node:crypto";
import type { Pool, Queryable } from "../db.ts";
import { invariant } from "../errors.ts";
import { documentTimeStampOf, storeOf } from "../sealing/additions.ts";
import { blobsIn, unpack } from "../sealing/packing.ts";
import { attachTimeStamp, signatureTimeStampOf, signatureValueOf } from "../sealing/signature-time-stamp.ts";
import { isOver, readToken } from "../sealing/time-stamp.ts";
import * as store from "./levels-store.ts";
import { LEVELS } from "./levels-store.ts";
import type { Level, StepRow } from "./levels-store.ts";

export type { Level } from "./levels-store.ts";

export interface LevelFile {
  file: Buffer;
  level: Level;
  /** those that led there */
  steps: StepRow[];
}

/** Fixed parts of files never change: those that were asked for stay in memory, for as long as the pool is used. */
const prefixes = new WeakMap<Queryable, Map<string, Promise<Buffer>>>();

/**
 * Files of issued certificates at a level, or at the highest that is stored and not above it.
 * @param upTo the highest if not given
 */
export async function filesOf(
  pool: Pool,
  ids: readonly string[],
  upTo: Level = "B-LTA",
): Promise<Map<string, LevelFile>> {
  const [bases, steps] = await Promise.all([store.bases(pool, ids), store.steps(pool, ids)]);
  const wanted = steps.filter(({ level }) => LEVELS.indexOf(level) <= LEVELS.indexOf(upTo));
  const evidence = await evidenceIn(pool, wanted);
  const files = new Map<string, LevelFile>();
  const stepsOf = Map.groupBy(wanted, ({ certificateId }) => certificateId);
  for (const { certificateId, templateId, suffix } of bases) {
    const mine = stepsOf.get(certificateId) ?? [];
    const base = Buffer.concat([await prefixOf(pool, templateId), suffix]);
    files.set(certificateId, { file: build(base, mine, evidence), level: mine.at(-1)?.level ?? "B-B", steps: mine });
  }
  return files;
}

/**
 * The file of a certificate at a level; undefined while it is not issued, or has not reached that level.
 * @param level the highest that is stored if not given
 */
export async function fileAtLevel(pool: Pool, certificateId: string, level?: Level): Promise<LevelFile | undefined> {
  const found = (await filesOf(pool, [certificateId], level)).get(certificateId);
  return level === undefined || found?.level === level ? found : undefined;
}

function build(base: Buffer, steps: readonly StepRow[], evidence: ReadonlyMap<number, Buffer>): Buffer {
  if (steps.length === 0) return base;
  const [token, ...additions] = steps.map(({ packed }) => unpack(packed, (id) => evidence.get(id)));
  return Buffer.concat([attachTimeStamp(base, token!), ...additions]);
}

async function evidenceIn(pool: Queryable, steps: readonly StepRow[]): Promise<Map<number, Buffer>> {
  const ids = [...new Set(steps.flatMap(({ packed }) => blobsIn(packed)))];
  const rows = ids.length > 0 ? await store.evidence(pool, ids) : [];
  return new Map(rows.map(({ id, der }) => [Number(id), der]));
}

function prefixOf(pool: Pool, templateId: string): Promise<Buffer> {
  let ofPool = prefixes.get(pool);
  if (!ofPool) prefixes.set(pool, (ofPool = new Map()));
  let prefix = ofPool.get(templateId);
  if (!prefix) {
    prefix = store.prefixOf(pool, templateId).then((bytes) => {
      invariant(bytes, `template ${templateId} is missing`);
      return bytes;
    });
    ofPool.set(templateId, prefix);
    // What could not be read is asked for again.
    prefix.catch(() => ofPool.delete(templateId));
  }
  return prefix;
}

/** What is wrong with the stored levels of these certificates, for the auditor. */
export async function levelFaults(
  db: Queryable,
  bases: ReadonlyMap<string, Buffer>,
): Promise<{ id: string; check: string; detail: string }[]> {
  const faults: { id: string; check: string; detail: string }[] = [];
  const steps = await store.steps(db, [...bases.keys()]);
  const evidence = await evidenceIn(db, steps);
  for (const [id, mine] of Map.groupBy(steps, ({ certificateId }) => certificateId)) {
    const fault = faultOf(bases.get(id)!, mine, evidence);
    if (fault) faults.push({ id, ...fault });
  }
  return faults;
}

function faultOf(
  base: Buffer,
  steps: readonly StepRow[],
  evidence: ReadonlyMap<number, Buffer>,
): { check: string; detail: string } | undefined {
  if (steps.some(({ step }, i) => step !== i + 1))
    return { check: "certificate.levels_in_order", detail: "a step by which it was raised is missing" };
  try {
    for (let count = 1; count <= steps.length; count++) {
      const file = build(base, steps.slice(0, count), evidence);
      const { level, fileDigest } = steps[count - 1]!;
      if (!createHash("sha256").update(file).digest().equals(fileDigest))
        return { check: "certificate.level_digest", detail: `its file at ${level} is not the one that was stored` };
    }
    const file = build(base, steps, evidence);
    const token = readToken(signatureTimeStampOf(file)!);
    if (!isOver(token, signatureValueOf(file)))
      return { check: "certificate.level_token", detail: "its time-stamp is not over its signature" };
    if (steps.length > 1 && storeOf(file).crls.length === 0)
      return { check: "certificate.level_store", detail: "its store holds no revocation list" };
    const stamp = documentTimeStampOf(file);
    if ((stamp !== undefined) !== (steps.at(-1)!.level === "B-LTA"))
      return { check: "certificate.level_document", detail: "its document time-stamp is missing" };
    if (stamp && !readToken(stamp.token).imprint.equals(stamp.digest))
      return { check: "certificate.level_document", detail: "its document time-stamp is over something else" };
    return undefined;
  } catch (error) {
    return {
      check: "certificate.level_form",
      detail: `its levels cannot be put together: ${(error as Error).message}`,
    };
  }
}
