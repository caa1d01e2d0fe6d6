// What the blacklist remembers.
import type { Queryable } from "../db.ts";

export interface CaseRow {
  id: string;
  documentType: string;
  documentNumber: string;
  personName: string;
  rule: string;
  conduct: string;
  legalBasis: string;
  evidenceDigest: Uint8Array;
  startsOn: string;
  endsOn: string;
  openedBy: string;
  openedAt: Date;
  confirmedBy: string | null;
  confirmedAt: Date | null;
  listingId: Buffer | null;
  liftReason: number | null;
  liftProposedBy: string | null;
  liftProposedAt: Date | null;
  liftConfirmedBy: string | null;
  liftConfirmedAt: Date | null;
  /** state on the chain as the mirror has it: null while it is not there */
  chainState: string | null;
}

const caseSelect = `select c.id, c.document_type as "documentType", c.document_number as "documentNumber", c.person_name as "personName",
  c.rule, c.conduct, c.legal_basis as "legalBasis", c.evidence_digest as "evidenceDigest", c.starts_on as "startsOn", c.ends_on as "endsOn",
  c.opened_by as "openedBy", c.opened_at as "openedAt", c.confirmed_by as "confirmedBy", c.confirmed_at as "confirmedAt",
  c.listing_id as "listingId", c.lift_reason as "liftReason", c.lift_proposed_by as "liftProposedBy",
  c.lift_proposed_at as "liftProposedAt", c.lift_confirmed_by as "liftConfirmedBy", c.lift_confirmed_at as "liftConfirmedAt",
  (select m.state from mirror_listing m where m.id = c.listing_id) as "chainState"
  from blacklist_case c`;

export async function insertCase(
  db: Queryable,
  row: Pick<
    CaseRow,
    | "id"
    | "documentType"
    | "documentNumber"
    | "personName"
    | "rule"
    | "conduct"
    | "legalBasis"
    | "evidenceDigest"
    | "startsOn"
    | "endsOn"
    | "openedBy"
    | "openedAt"
  >,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into blacklist_case (id, document_type, document_number, person_name, rule, conduct, legal_basis, evidence_digest,
       starts_on, ends_on, opened_by, opened_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
     on conflict (document_type, document_number, rule, starts_on) where lift_confirmed_by is null do nothing`,
    [
      row.id,
      row.documentType,
      row.documentNumber,
      row.personName,
      row.rule,
      row.conduct,
      row.legalBasis,
      row.evidenceDigest,
      row.startsOn,
      row.endsOn,
      row.openedBy,
      row.openedAt,
    ],
  );
  return rowCount === 1;
}

/** One case, locked until the transaction ends. */
export async function lockCase(db: Queryable, id: string): Promise<CaseRow | undefined> {
  const { rows } = await db.query<CaseRow>(`${caseSelect} where c.id = $1 for no key update of c`, [id]);
  return rows[0];
}

export async function cases(db: Queryable, limit: number): Promise<CaseRow[]> {
  const { rows } = await db.query<CaseRow>(`${caseSelect} order by c.opened_at desc, c.id limit $1`, [limit]);
  return rows;
}

export async function confirmCase(
  db: Queryable,
  id: string,
  by: string,
  at: Date,
  listingId: Uint8Array,
): Promise<void> {
  await db.query("update blacklist_case set confirmed_by = $2, confirmed_at = $3, listing_id = $4 where id = $1", [
    id,
    by,
    at,
    listingId,
  ]);
}

export async function proposeLift(db: Queryable, id: string, reason: number, by: string, at: Date): Promise<void> {
  await db.query(
    "update blacklist_case set lift_reason = $2, lift_proposed_by = $3, lift_proposed_at = $4 where id = $1 and lift_confirmed_by is null",
    [id, reason, by, at],
  );
}

export async function confirmLift(db: Queryable, id: string, by: string, at: Date): Promise<void> {
  await db.query("update blacklist_case set lift_confirmed_by = $2, lift_confirmed_at = $3 where id = $1", [
    id,
    by,
    at,
  ]);
}

export interface OpeningRow {
  listingId: Uint8Array;
  centre: string;
  keyVersion: number;
  tag: Uint8Array;
  salt: Uint8Array;
  terms: string;
  commitment: Uint8Array;
  endsOn: string;
  receivedAt: Date;
}

/** Keeps a centre's opening; one of that centre that is there, or has ended, stays as it is. */
export async function insertOpening(db: Queryable, row: OpeningRow): Promise<void> {
  await db.query(
    `insert into blacklist_opening (listing_id, centre, key_version, tag, salt, terms, commitment, ends_on, received_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict (listing_id, centre) do nothing`,
    [
      row.listingId,
      row.centre,
      row.keyVersion,
      row.tag,
      row.salt,
      row.terms,
      row.commitment,
      row.endsOn,
      row.receivedAt,
    ],
  );
}

export interface Hit {
  listingId: Buffer;
  centre: string;
  terms: string;
  endsOn: string;
  /** null: not on the chain yet */
  state: string | null;
  /** false: the chain has another commitment under this id */
  committed: boolean | null;
}

/** Openings with this tag that have not ended by `today`, with their state on the chain. */
export async function hits(db: Queryable, tag: Uint8Array, keyVersion: number, today: string): Promise<Hit[]> {
  const { rows } = await db.query<Hit>(
    `select o.listing_id as "listingId", o.centre, o.terms, o.ends_on as "endsOn", m.state,
       m.commitment = o.commitment as committed
     from blacklist_opening o left join mirror_listing m on m.id = o.listing_id and m.centre = o.centre
     where o.tag = $1 and o.key_version = $2 and o.ended_at is null and o.ends_on >= $3::date`,
    [tag, keyVersion, today],
  );
  return rows;
}

/**
 * Listings that stand on the chain and that this centre cannot look up, counted by centre: their opening is not there, is
 * not what they are committed to, or has a tag of another key than ours.
 */
export async function missingOpenings(db: Queryable, keyVersion: number): Promise<{ centre: string; count: number }[]> {
  const { rows } = await db.query<{ centre: string; count: bigint }>(
    `select m.centre, count(*) as count from mirror_listing m
     where m.state <> 'lifted' and not exists (
       select from blacklist_opening o where o.listing_id = m.id and o.centre = m.centre
         and (o.ended_at is not null or (o.commitment = m.commitment and o.key_version = $1)))
     group by m.centre order by m.centre`,
    [keyVersion],
  );
  return rows.map((row) => ({ centre: row.centre, count: Number(row.count) }));
}

/**
 * Ends openings whose term is over, whose listing is lifted on the chain, or which this centre itself has decided to lift:
 * tag, salt and terms are gone.
 * @returns the listings that ended just now
 */
export async function endOpenings(
  db: Queryable,
  ownCentre: string,
  today: string,
  now: Date,
): Promise<{ listingId: Buffer; centre: string }[]> {
  const { rows } = await db.query<{ listingId: Buffer; centre: string }>(
    `update blacklist_opening o set tag = null, salt = null, terms = null, ended_at = $2
     where o.ended_at is null and (o.ends_on < $1::date
       or exists (select from mirror_listing m where m.id = o.listing_id and m.centre = o.centre and m.state = 'lifted')
       or exists (select from blacklist_case c where c.listing_id = o.listing_id and o.centre = $3 and c.lift_confirmed_by is not null))
     returning o.listing_id as "listingId", o.centre`,
    [today, now, ownCentre],
  );
  return rows;
}

/** Remembers that a listing has ended whose opening this centre never had. */
export async function insertEnded(db: Queryable, listingId: Uint8Array, centre: string, now: Date): Promise<void> {
  await db.query(
    `insert into blacklist_opening (listing_id, centre, key_version, received_at, ended_at) values ($1, $2, 0, $3, $3)
     on conflict (listing_id, centre) do update set tag = null, salt = null, terms = null, ended_at = excluded.ended_at
     where blacklist_opening.ended_at is null`,
    [listingId, centre, now],
  );
}

/** The places in this centre's own feed at which listings stand. */
export async function feedPlaces(
  db: Queryable,
  listingIds: readonly Uint8Array[],
): Promise<{ sequence: number; listingId: Buffer }[]> {
  const { rows } = await db.query<{ sequence: bigint; listing_id: Buffer }>(
    "select sequence, listing_id from blacklist_feed_item where listing_id = any($1::bytea[]) order by sequence for update",
    [listingIds],
  );
  return rows.map((row) => ({ sequence: Number(row.sequence), listingId: row.listing_id }));
}

export async function replaceFeedItem(db: Queryable, sequence: number, item: string): Promise<void> {
  await db.query("update blacklist_feed_item set item = $2 where sequence = $1", [sequence, item]);
}

/** The next number of this centre's feed; the lock keeps commit order and numbers the same. */
export async function nextFeedSequence(db: Queryable): Promise<number> {
  await db.query("select pg_advisory_xact_lock(hashtext('cunzheng.blacklist.feed'))");
  const { rows } = await db.query<{ next: bigint }>(
    "select coalesce(max(sequence), 0) + 1 as next from blacklist_feed_item",
  );
  return Number(rows[0]!.next);
}

export async function insertFeedItem(
  db: Queryable,
  row: { sequence: number; item: string; listingId: Uint8Array; at: Date },
): Promise<void> {
  await db.query("insert into blacklist_feed_item (sequence, item, listing_id, created_at) values ($1, $2, $3, $4)", [
    row.sequence,
    row.item,
    row.listingId,
    row.at,
  ]);
}

export async function feedItems(
  db: Queryable,
  after: number,
  limit: number,
): Promise<{ sequence: number; item: string }[]> {
  const { rows } = await db.query<{ sequence: bigint; item: string }>(
    "select sequence, item from blacklist_feed_item where sequence > $1 order by sequence limit $2",
    [after, limit],
  );
  return rows.map((row) => ({ ...row, sequence: Number(row.sequence) }));
}

export async function feedCursor(db: Queryable, centre: string): Promise<number> {
  const { rows } = await db.query<{ sequence: bigint }>(
    "select sequence from blacklist_feed_cursor where centre = $1",
    [centre],
  );
  return Number(rows[0]?.sequence ?? 0);
}

export async function moveFeedCursor(db: Queryable, centre: string, sequence: number, at: Date): Promise<void> {
  await db.query(
    `insert into blacklist_feed_cursor (centre, sequence, read_at) values ($1, $2, $3)
     on conflict (centre) do update set sequence = greatest(blacklist_feed_cursor.sequence, excluded.sequence), read_at = excluded.read_at`,
    [centre, sequence, at],
  );
}

export interface CheckRow {
  id: string;
  businessNumber: string;
  purpose: string;
  personId: string | null;
  result: "clear" | "flagged" | "barred" | "unknown";
  detail: unknown;
  actor: string;
  traceId: string;
  checkedAt: Date;
}

export async function insertCheck(db: Queryable, row: CheckRow): Promise<void> {
  await db.query(
    `insert into blacklist_check (id, business_number, purpose, person_id, result, detail, actor, trace_id, checked_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      row.id,
      row.businessNumber,
      row.purpose,
      row.personId,
      row.result,
      JSON.stringify(row.detail),
      row.actor,
      row.traceId,
      row.checkedAt,
    ],
  );
}

export async function checks(db: Queryable, limit: number): Promise<CheckRow[]> {
  const { rows } = await db.query<CheckRow>(
    `select id, business_number as "businessNumber", purpose, person_id as "personId", result, detail, actor,
       trace_id as "traceId", checked_at as "checkedAt"
     from blacklist_check order by checked_at desc, id limit $1`,
    [limit],
  );
  return rows;
}

export async function checkById(db: Queryable, id: string): Promise<CheckRow | undefined> {
  const { rows } = await db.query<CheckRow>(
    `select id, business_number as "businessNumber", purpose, person_id as "personId", result, detail, actor,
       trace_id as "traceId", checked_at as "checkedAt" from blacklist_check where id = $1`,
    [id],
  );
  return rows[0];
}
