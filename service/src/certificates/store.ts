// What certificates remember.
import { packed } from "../db.ts";
import type { Queryable } from "../db.ts";

export interface DrawnRow {
  id: string;
  kind: string;
  serial: string;
  statusIndex: number;
  /** null for a unit's certificate, and for a borrower whom the register of persons does not know */
  personId: string | null;
  /** one of the three is set: what the certificate is about */
  depositorId: string | null;
  loanId: string | null;
  unitId: string | null;
  requestedBy: string;
  requestKey: string;
  requestDigest: Uint8Array;
  /** canonical JSON of what the wish told beside its subject */
  details: string | null;
  /** id of the certificate whose place this one takes */
  supersedes: string | null;
  /** canonical JSON */
  record: string;
  recordDigest: Uint8Array;
  standingToken: Uint8Array;
  ledgerEntry: bigint;
  drawnAt: Date;
  validUntil: string;
}

export interface IssueRow {
  certificateId: string;
  templateId: string;
  suffix: Uint8Array;
  /** zeros in the suffix that are not kept: from where, and how many */
  padding: { at: number; length: number };
  sealedDigest: Uint8Array;
  signatureDigest: Uint8Array;
  signer: Uint8Array;
  /** canonical JSON */
  leaf: string;
  leafId: bigint;
  issuedAt: Date;
}

/** What lists and pages show of a certificate. */
export interface CertificateView extends DrawnRow {
  issuedAt: Date | null;
  leafId: bigint | null;
  leaf: string | null;
  leafIndex: number | null;
  leafEpoch: number | null;
  revocation: {
    reason: number;
    proposedBy: string;
    proposedAt: Date;
    confirmedBy: string | null;
    confirmedAt: Date | null;
  } | null;
}

/** Takes the next status indexes. */
export async function takeStatusIndexes(db: Queryable, count: number): Promise<number[]> {
  const { rows } = await db.query<{ index: bigint }>(
    "select nextval('certificate_status_index') as index from generate_series(1, $1)",
    [count],
  );
  return rows.map((row) => Number(row.index));
}

/** Stores drawn certificates; a wish that was stored before is left as it is. @returns the ids of those stored */
export async function insertDrawn(db: Queryable, rows: readonly DrawnRow[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set();
  const records = packed(rows.map((row) => Buffer.from(row.record)));
  const inserted = await db.query<{ id: string }>({
    name: "insert-drawn",
    text: `insert into certificate (id, kind, serial, status_index, person_id, depositor_id, loan_id, unit_id, requested_by,
       request_key, request_digest, details, supersedes, record, record_digest, standing_token, ledger_entry, drawn_at, valid_until)
     select id, kind, serial, status_index, person, depositor, loan, unit, requested_by, request_key, request_digest, details,
       supersedes, convert_from(substring($14::bytea from record_from for record_length), 'UTF8'), record_digest, token, entry,
       drawn_at, valid_until
     from unnest($1::text[], $2::text[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::text[], $8::text[],
       $9::text[], $10::text[], $11::bytea[], $12::text[], $13::text[], $15::int[], $16::int[], $17::bytea[], $18::bytea[],
       $19::bigint[], $20::timestamptz[], $21::date[])
       as given (id, kind, serial, status_index, person, depositor, loan, unit, requested_by, request_key, request_digest,
         details, supersedes, record_from, record_length, record_digest, token, entry, drawn_at, valid_until)
     on conflict on constraint certificate_request_once do nothing
     returning id`,
    values: [
      rows.map((row) => row.id),
      rows.map((row) => row.kind),
      rows.map((row) => row.serial),
      rows.map((row) => row.statusIndex),
      rows.map((row) => row.personId),
      rows.map((row) => row.depositorId),
      rows.map((row) => row.loanId),
      rows.map((row) => row.unitId),
      rows.map((row) => row.requestedBy),
      rows.map((row) => row.requestKey),
      rows.map((row) => row.requestDigest),
      rows.map((row) => row.details),
      rows.map((row) => row.supersedes),
      records.bytes,
      records.from,
      records.length,
      rows.map((row) => row.recordDigest),
      rows.map((row) => row.standingToken),
      rows.map((row) => row.ledgerEntry),
      rows.map((row) => row.drawnAt),
      rows.map((row) => row.validUntil),
    ],
  });
  return new Set(inserted.rows.map(({ id }) => id));
}

/** A certificate as it is right after it was drawn. */
export function freshView(row: DrawnRow): CertificateView {
  return { ...row, issuedAt: null, leafId: null, leaf: null, leafIndex: null, leafEpoch: null, revocation: null };
}

const view = `
  select c.id, c.kind, c.serial, c.status_index, c.person_id, c.depositor_id, c.loan_id, c.unit_id, c.requested_by, c.request_key,
    c.request_digest, c.details, c.supersedes, c.record, c.record_digest, c.standing_token, c.ledger_entry, c.drawn_at, c.valid_until,
    i.issued_at, i.leaf_id, i.leaf, l.leaf_index, l.epoch as leaf_epoch,
    r.reason, r.proposed_by, r.proposed_at, r.confirmed_by, r.confirmed_at
  from certificate c
  left join certificate_issue i on i.certificate_id = c.id
  left join log_leaf l on l.id = i.leaf_id
  left join certificate_revocation r on r.certificate_id = c.id`;

function toView(row: Record<string, unknown>): CertificateView {
  return {
    id: row.id as string,
    kind: row.kind as string,
    serial: row.serial as string,
    statusIndex: Number(row.status_index),
    personId: row.person_id as string | null,
    depositorId: row.depositor_id as string | null,
    loanId: row.loan_id as string | null,
    unitId: row.unit_id as string | null,
    requestedBy: row.requested_by as string,
    requestKey: row.request_key as string,
    requestDigest: row.request_digest as Buffer,
    details: row.details as string | null,
    supersedes: row.supersedes as string | null,
    record: row.record as string,
    recordDigest: row.record_digest as Buffer,
    standingToken: row.standing_token as Buffer,
    ledgerEntry: row.ledger_entry as bigint,
    drawnAt: row.drawn_at as Date,
    validUntil: row.valid_until as string,
    issuedAt: row.issued_at as Date | null,
    leafId: row.leaf_id as bigint | null,
    leaf: row.leaf as string | null,
    leafIndex: row.leaf_index === null ? null : Number(row.leaf_index),
    leafEpoch: row.leaf_epoch as number | null,
    revocation:
      row.reason === null
        ? null
        : {
            reason: row.reason as number,
            proposedBy: row.proposed_by as string,
            proposedAt: row.proposed_at as Date,
            confirmedBy: row.confirmed_by as string | null,
            confirmedAt: row.confirmed_at as Date | null,
          },
  };
}

/** The certificates behind wishes (who asked, under which key), in no order. */
export async function byRequests(
  db: Queryable,
  wishes: readonly { requestedBy: string; requestKey: string }[],
): Promise<CertificateView[]> {
  const { rows } = await db.query(
    `${view} join unnest($1::text[], $2::text[]) as wish (by, key) on wish.by = c.requested_by and wish.key = c.request_key`,
    [wishes.map((wish) => wish.requestedBy), wishes.map((wish) => wish.requestKey)],
  );
  return rows.map(toView);
}

export async function byIds(db: Queryable, ids: readonly string[]): Promise<CertificateView[]> {
  const { rows } = await db.query(`${view} where c.id = any($1)`, [ids]);
  return rows.map(toView);
}

export async function bySealedDigest(db: Queryable, digest: Uint8Array): Promise<CertificateView | undefined> {
  const { rows } = await db.query(`${view} where i.sealed_digest = $1`, [digest]);
  return rows[0] && toView(rows[0]);
}

export async function byStandingToken(db: Queryable, token: Uint8Array): Promise<CertificateView | undefined> {
  const { rows } = await db.query(`${view} where c.standing_token = $1`, [token]);
  return rows[0] && toView(rows[0]);
}

export async function bySerial(db: Queryable, serial: string): Promise<CertificateView | undefined> {
  const { rows } = await db.query(`${view} where c.serial = $1`, [serial]);
  return rows[0] && toView(rows[0]);
}

export async function ofPerson(db: Queryable, personId: string, limit = 100): Promise<CertificateView[]> {
  const { rows } = await db.query(`${view} where c.person_id = $1 order by c.drawn_at desc, c.id limit $2`, [
    personId,
    limit,
  ]);
  return rows.map(toView);
}

/** The newest certificates of the centre, a page at a time. */
export async function newest(
  db: Queryable,
  page: { limit: number; before?: { drawnAt: Date; id: string } },
): Promise<CertificateView[]> {
  const { rows } = await db.query(
    `${view} where $2::timestamptz is null or (c.drawn_at, c.id) < ($2, $3::text) order by c.drawn_at desc, c.id desc limit $1`,
    [page.limit, page.before?.drawnAt ?? null, page.before?.id ?? null],
  );
  return rows.map(toView);
}

/** Locks certificates until the transaction ends, always in the same order. */
async function lock(db: Queryable, ids: readonly string[]): Promise<void> {
  await db.query("select id from certificate where id = any($1) order by id for no key update", [ids]);
}

/**
 * Locks drawn certificates and names those that are not issued yet. Two statements: one that waited for the lock would still
 * see what was issued when it began to wait.
 */
export async function lockUnissued(db: Queryable, ids: readonly string[]): Promise<Set<string>> {
  await lock(db, ids);
  const { rows } = await db.query<{ id: string }>(
    `select id from certificate c
     where id = any($1) and not exists (select from certificate_issue i where i.certificate_id = c.id)`,
    [ids],
  );
  return new Set(rows.map((row) => row.id));
}

/** Locks certificates against another replacement and names those that have one already. */
export async function lockSuperseded(db: Queryable, ids: readonly string[]): Promise<Set<string>> {
  await lock(db, ids);
  const { rows } = await db.query<{ supersedes: string }>(
    "select supersedes from certificate where supersedes = any($1)",
    [ids],
  );
  return new Set(rows.map((row) => row.supersedes));
}

/** Drawn before `before` and never issued: what a crash between drawing and issuing left. */
export async function unissued(db: Queryable, before: Date, limit: number): Promise<CertificateView[]> {
  const { rows } = await db.query(
    `${view} where i.certificate_id is null and c.drawn_at < $1 order by c.drawn_at limit $2`,
    [before, limit],
  );
  return rows.map(toView);
}

/** Room in /Contents for a time-stamp: with less than this a file stays at level B-B. */
const leastRoomDigits = 512;

export async function insertIssues(db: Queryable, rows: readonly IssueRow[]): Promise<void> {
  const suffixes = packed(
    rows.map(({ suffix, padding: { at, length } }) =>
      Buffer.concat([suffix.subarray(0, at), suffix.subarray(at + length)]),
    ),
  );
  const leaves = packed(rows.map((row) => Buffer.from(row.leaf)));
  await db.query({
    name: "insert-issues",
    text: `with issued as (
       insert into certificate_issue (certificate_id, template_id, suffix, padding_at, padding_length, sealed_digest,
         signature_digest, signer, leaf, leaf_id, issued_at)
       select id, template, substring($3::bytea from suffix_from for suffix_length), padding_at, padding_length, sealed,
         signature, signer, convert_from(substring($4::bytea from leaf_from for leaf_length), 'UTF8'), leaf_id, issued_at
       from unnest($1::text[], $2::text[], $5::int[], $6::int[], $7::int[], $8::int[], $9::int[], $10::int[], $11::bytea[],
         $12::bytea[], $13::bytea[], $14::bigint[], $15::timestamptz[])
         as given (id, template, suffix_from, suffix_length, leaf_from, leaf_length, padding_at, padding_length, sealed,
           signature, signer, leaf_id, issued_at)
       returning certificate_id, issued_at, padding_length)
     insert into certificate_raise (certificate_id, due_at)
     select certificate_id, issued_at from issued where padding_length >= ${leastRoomDigits}`,
    values: [
      rows.map((row) => row.certificateId),
      rows.map((row) => row.templateId),
      suffixes.bytes,
      leaves.bytes,
      suffixes.from,
      suffixes.length,
      leaves.from,
      leaves.length,
      rows.map((row) => row.padding.at),
      rows.map((row) => row.padding.length),
      rows.map((row) => row.sealedDigest),
      rows.map((row) => row.signatureDigest),
      rows.map((row) => row.signer),
      rows.map((row) => row.leafId),
      rows.map((row) => row.issuedAt),
    ],
  });
}

export async function insertTemplate(
  db: Queryable,
  template: { id: string; kind: string; prefix: Uint8Array; at: Date },
): Promise<void> {
  await db.query(
    "insert into certificate_template (id, kind, prefix, created_at) values ($1, $2, $3, $4) on conflict (id) do nothing",
    [template.id, template.kind, template.prefix, template.at],
  );
}

/** Where revocations here, writes to the chain and the mirror do not say the same. */
export async function revocationFaults(
  db: Queryable,
  centre: string,
): Promise<{ check: string; subject: string; detail: string }[]> {
  const { rows } = await db.query<{ check: string; subject: string; detail: string }>(
    `select 'certificate.revocation_was_sent' as check, c.id as subject, 'is revoked and the chain was never told' as detail
     from certificate_revocation r join certificate c on c.id = r.certificate_id
     where r.confirmed_at is not null and not exists (select from chain_write w where w.key = 'revoke/' || c.status_index)
     union all
     select 'certificate.revoked_on_chain_only', coalesce(c.id, m.index::text), 'is revoked on the chain and not here'
     from mirror_revocation m left join certificate c on c.status_index = m.index
     where m.centre = $1
       and not exists (select from certificate_revocation r where r.certificate_id = c.id and r.confirmed_at is not null)
     union all
     select 'certificate.revocation_is_mirrored', w.id::text, 'is final on the chain and not in the mirror'
     from chain_write w
     where w.key like 'revoke/%' and w.state = 'final' and w.block_number <= (select number from chain_cursor)
       and not exists (
         select from chain_event e
         where e.contract = 'CertificateStatus' and e.name = 'Revoked' and e.centre = $1
           and (e.args ->> 'index')::numeric = substr(w.key, 8)::numeric)`,
    [centre],
  );
  return rows;
}

/** Everything that the auditor compares of a certificate. */
export interface AuditRow {
  id: string;
  serial: string;
  statusIndex: number;
  record: string;
  recordDigest: Buffer;
  standingToken: Buffer;
  drawnAt: Date;
  leaf: string | null;
  sealedDigest: Buffer | null;
  signatureDigest: Buffer | null;
  signer: Buffer | null;
  /** the 32 bytes that the log has under the certificate's leaf id */
  logDigest: Buffer | null;
  file: Buffer | null;
}

/** Certificates in the order of their ids, from after `after` on. */
export async function forAudit(db: Queryable, after: string, limit: number): Promise<AuditRow[]> {
  const { rows } = await db.query<AuditRow>(
    `select c.id, c.serial, c.status_index::float8 as "statusIndex", c.record, c.record_digest as "recordDigest",
       c.standing_token as "standingToken", c.drawn_at as "drawnAt", i.leaf, i.sealed_digest as "sealedDigest",
       i.signature_digest as "signatureDigest", i.signer, l.digest as "logDigest", certificate_file(t.prefix, i.suffix, i.padding_at, i.padding_length) as file
     from certificate c
     left join certificate_issue i on i.certificate_id = c.id
     left join certificate_template t on t.id = i.template_id
     left join log_leaf l on l.id = i.leaf_id
     where c.id > $1 order by c.id limit $2`,
    [after, limit],
  );
  return rows;
}

export async function proposeRevocation(
  db: Queryable,
  row: { certificateId: string; reason: number; note: string; proposedBy: string; proposedAt: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into certificate_revocation (certificate_id, reason, note, proposed_by, proposed_at) values ($1, $2, $3, $4, $5)
     on conflict (certificate_id) do nothing`,
    [row.certificateId, row.reason, row.note, row.proposedBy, row.proposedAt],
  );
  return rowCount === 1;
}

/**
 * Revokes a certificate as superseded, in one step: who asked for the newer one proposes, the newer one confirms.
 * @returns false when a revocation of it was there already
 */
export async function insertSupersession(
  db: Queryable,
  row: { certificateId: string; by: string; newer: string; at: Date; chainWriteId: bigint },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into certificate_revocation
       (certificate_id, reason, note, proposed_by, proposed_at, confirmed_by, confirmed_at, chain_write_id)
     values ($1, 3, '由 ' || $3 || ' 取代', $2, $4, $3, $4, $5) on conflict (certificate_id) do nothing`,
    [row.certificateId, row.by, row.newer, row.at, row.chainWriteId],
  );
  return rowCount === 1;
}

export async function revocationOf(
  db: Queryable,
  certificateId: string,
): Promise<{ proposedBy: string; reason: number; note: string } | undefined> {
  const { rows } = await db.query<{ proposedBy: string; reason: number; note: string }>(
    `select proposed_by as "proposedBy", reason, note from certificate_revocation where certificate_id = $1`,
    [certificateId],
  );
  return rows[0];
}

export async function confirmRevocation(
  db: Queryable,
  row: { certificateId: string; confirmedBy: string; confirmedAt: Date; chainWriteId: bigint },
): Promise<void> {
  await db.query(
    `update certificate_revocation set confirmed_by = $2, confirmed_at = $3, chain_write_id = $4
     where certificate_id = $1 and confirmed_by is null`,
    [row.certificateId, row.confirmedBy, row.confirmedAt, row.chainWriteId],
  );
}

/** Certificates issued on each of the last `days` days in Asia/Shanghai, oldest first. */
export async function issuedByDay(db: Queryable, now: Date, days: number): Promise<{ day: string; count: number }[]> {
  const { rows } = await db.query<{ day: string; count: bigint }>(
    `select to_char(d, 'YYYY-MM-DD') as day, count(i.certificate_id) as count
     from generate_series(($1::timestamptz at time zone 'Asia/Shanghai')::date - ($2::integer - 1), ($1::timestamptz at time zone 'Asia/Shanghai')::date, interval '1 day') d
     left join certificate_issue i on i.issued_at >= (d::timestamp at time zone 'Asia/Shanghai') and i.issued_at < ((d + interval '1 day')::timestamp at time zone 'Asia/Shanghai')
     group by d order by d`,
    [now, days],
  );
  return rows.map((row) => ({ day: row.day, count: Number(row.count) }));
}
