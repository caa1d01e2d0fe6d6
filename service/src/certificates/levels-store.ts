// What is remembered of the levels of seals (migration 0012).
import type { Queryable } from "../db.ts";

/** Levels of FORMAT.md §9, in their order. */
export const LEVELS = ["B-B", "B-T", "B-LT", "B-LTA"] as const;
export type Level = (typeof LEVELS)[number];

/** A file at level B-B, as it is kept: the template's prefix is asked for by its id. */
export interface BaseRow {
  certificateId: string;
  templateId: string;
  /** with the zeros of /Contents put back */
  suffix: Buffer;
}

/** One step by which a file was raised. */
export interface StepRow {
  certificateId: string;
  /** 1 is the token of B-T, those after it are additions */
  step: number;
  level: Exclude<Level, "B-B">;
  packed: Buffer;
  fileDigest: Buffer;
  raisedAt: Date;
}

/** A certificate that is due. */
export interface DueRow {
  certificateId: string;
  level: Level;
  failures: number;
}

/** Certificates whose next step is due, the longest waiting first. */
export async function due(db: Queryable, now: Date, limit: number): Promise<DueRow[]> {
  const { rows } = await db.query<DueRow>(
    `select certificate_id as "certificateId", level, failures from certificate_raise
     where due_at <= $1 and due_at < 'infinity' order by due_at, certificate_id limit $2`,
    [now, limit],
  );
  return rows;
}

/** How many are due, counted up to a limit. */
export async function countDue(db: Queryable, now: Date, limit: number): Promise<number> {
  const { rows } = await db.query<{ count: number }>(
    `select count(*)::integer as count from (
       select from certificate_raise where due_at <= $1 and due_at < 'infinity' limit $2) due`,
    [now, limit],
  );
  return rows[0]!.count;
}

/**
 * Makes those due that stopped at a level below the wanted one, because it was set so or because they failed and wait, and
 * those whose time-stamp is of an algorithm that ends.
 */
export async function bringForward(
  db: Queryable,
  now: Date,
  below: readonly Level[],
  algorithms: readonly string[],
): Promise<void> {
  await db.query(
    `update certificate_raise set due_at = $1
     where (level = any($2) and (due_at = 'infinity' or (failures > 0 and due_at > $1))) or (due_at > $1 and level = 'B-LTA' and algorithm = any($3))`,
    [now, below, algorithms],
  );
}

/** Files at level B-B. */
export async function bases(db: Queryable, ids: readonly string[]): Promise<BaseRow[]> {
  const { rows } = await db.query<BaseRow>(
    `select certificate_id as "certificateId", template_id as "templateId",
       certificate_file('', suffix, padding_at, padding_length) as suffix
     from certificate_issue where certificate_id = any($1)`,
    [ids],
  );
  return rows;
}

export async function prefixOf(db: Queryable, templateId: string): Promise<Buffer | undefined> {
  const { rows } = await db.query<{ prefix: Buffer }>("select prefix from certificate_template where id = $1", [
    templateId,
  ]);
  return rows[0]?.prefix;
}

/** All steps of certificates, in the order in which each file was raised. */
export async function steps(db: Queryable, ids: readonly string[]): Promise<StepRow[]> {
  const { rows } = await db.query<StepRow>(
    `select certificate_id as "certificateId", step, level, packed, file_digest as "fileDigest", raised_at as "raisedAt"
     from certificate_level where certificate_id = any($1) order by certificate_id, step`,
    [ids],
  );
  return rows;
}

/** The highest level that is stored; of a certificate that is not issued yet, B-B. */
export async function levelOf(db: Queryable, certificateId: string): Promise<Level> {
  const { rows } = await db.query<{ level: Level }>(
    "select level from certificate_level where certificate_id = $1 order by step desc limit 1",
    [certificateId],
  );
  return rows[0]?.level ?? "B-B";
}

/**
 * Locks what is to be raised and tells the number of the last step that is stored for each, 0 for none. Two statements: one
 * that waited for the lock would still see the steps that were there when it began to wait.
 */
export async function lockLastSteps(db: Queryable, ids: readonly string[]): Promise<Map<string, number>> {
  const { rows: locked } = await db.query<{ id: string }>(
    `select certificate_id as id from certificate_raise where certificate_id = any($1) order by certificate_id for update`,
    [ids],
  );
  const { rows } = await db.query<{ id: string; last: number }>(
    `select certificate_id as id, max(step)::integer as last from certificate_level where certificate_id = any($1)
     group by certificate_id`,
    [ids],
  );
  const last = new Map(rows.map((row) => [row.id, row.last]));
  return new Map(locked.map(({ id }) => [id, last.get(id) ?? 0]));
}

export async function insertSteps(db: Queryable, rows: readonly StepRow[]): Promise<void> {
  await db.query(
    `insert into certificate_level (certificate_id, step, level, packed, file_digest, raised_at)
     select * from unnest($1::text[], $2::smallint[], $3::text[], $4::bytea[], $5::bytea[], $6::timestamptz[])`,
    [
      rows.map((row) => row.certificateId),
      rows.map((row) => row.step),
      rows.map((row) => row.level),
      rows.map((row) => row.packed),
      rows.map((row) => row.fileDigest),
      rows.map((row) => row.raisedAt),
    ],
  );
}

/** What comes next for certificates. */
export interface NextRow {
  certificateId: string;
  level: Level;
  /** undefined when nothing does */
  dueAt: Date | undefined;
  failures: number;
  algorithm: string | undefined;
}

export async function setNext(db: Queryable, rows: readonly NextRow[]): Promise<void> {
  await db.query(
    `update certificate_raise r
     set level = n.level, due_at = coalesce(n.due_at, 'infinity'), failures = n.failures, algorithm = coalesce(n.algorithm, r.algorithm)
     from unnest($1::text[], $2::text[], $3::timestamptz[], $4::integer[], $5::text[]) as n (id, level, due_at, failures, algorithm)
     where r.certificate_id = n.id`,
    [
      rows.map((row) => row.certificateId),
      rows.map((row) => row.level),
      rows.map((row) => row.dueAt ?? null),
      rows.map((row) => row.failures),
      rows.map((row) => row.algorithm ?? null),
    ],
  );
}

export interface EvidenceRow {
  id: bigint;
  der: Buffer;
}

/** Keeps certificates and lists once each; answers with their numbers in the order given. */
export async function keepEvidence(
  db: Queryable,
  rows: readonly { kind: "certificate" | "crl" | "ocsp"; der: Uint8Array; url?: string; nextUpdate?: Date; at: Date }[],
): Promise<number[]> {
  await db.query(
    `insert into seal_evidence (kind, der, digest, url, next_update, fetched_at)
     select kind, der, sha256(der), url, next_update, at
     from unnest($1::text[], $2::bytea[], $3::text[], $4::timestamptz[], $5::timestamptz[]) as e (kind, der, url, next_update, at)
     on conflict on constraint seal_evidence_once do nothing`,
    [
      rows.map((row) => row.kind),
      rows.map((row) => row.der),
      rows.map((row) => row.url ?? null),
      rows.map((row) => row.nextUpdate ?? null),
      rows.map((row) => row.at),
    ],
  );
  const { rows: kept } = await db.query<{ id: bigint }>(
    `select e.id from unnest($1::bytea[]) with ordinality as given (der, position)
     join seal_evidence e on e.digest = sha256(given.der) order by position`,
    [rows.map((row) => row.der)],
  );
  return kept.map(({ id }) => Number(id));
}

export async function evidence(db: Queryable, ids: readonly number[]): Promise<EvidenceRow[]> {
  const { rows } = await db.query<EvidenceRow>("select id, der from seal_evidence where id = any($1)", [ids]);
  return rows;
}

/** The list that was fetched last from an address. */
export async function newestList(
  db: Queryable,
  url: string,
): Promise<{ der: Buffer; fetchedAt: Date; nextUpdate: Date | null } | undefined> {
  const { rows } = await db.query<{ der: Buffer; fetchedAt: Date; nextUpdate: Date | null }>(
    `select der, fetched_at as "fetchedAt", next_update as "nextUpdate" from seal_evidence
     where url = $1 order by id desc limit 1`,
    [url],
  );
  return rows[0];
}

/** Bytes that an authority's tokens took when it was asked last. */
export async function tokenLength(db: Queryable, url: string): Promise<number | undefined> {
  const { rows } = await db.query<{ length: number }>(
    "select token_length as length from time_stamp_authority where url = $1",
    [url],
  );
  return rows[0]?.length;
}

export async function rememberTokenLength(db: Queryable, url: string, length: number, at: Date): Promise<void> {
  await db.query(
    `insert into time_stamp_authority (url, token_length, seen_at) values ($1, $2, $3)
     on conflict (url) do update set token_length = excluded.token_length, seen_at = excluded.seen_at`,
    [url, length, at],
  );
}
