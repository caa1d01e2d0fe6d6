// What bulk issue remembers: runs, their ranges of depositors with a cursor each, and whom the rules refused.
import type { Queryable } from "../db.ts";

export type BulkIssueState = "proposed" | "running" | "done" | "cancelled";

export interface BulkIssueRow {
  id: string;
  kind: string;
  /** null: all depositors of the centre */
  unitId: string | null;
  purpose: string;
  /** canonical JSON */
  details: string | null;
  /** depositors when it was asked for */
  expected: bigint;
  requestedBy: string;
  requestKey: string;
  requestDigest: Uint8Array;
  requestedAt: Date;
  proposedBy: string;
  confirmedBy: string | null;
  confirmedAt: Date | null;
  state: BulkIssueState;
  plannedAt: Date | null;
  cancelledBy: string | null;
  cancelledAt: Date | null;
  endedAt: Date | null;
}

/** A run with how far it is. */
export interface BulkIssueView extends BulkIssueRow {
  /** DWZH and name; null for the whole centre */
  unit: { accountNumber: string; name: string } | null;
  /** what the officers are called who had to do with it, by their ids */
  officers: Record<string, string>;
  /** as planned, and those met where a range is finished; `expected` before the plan */
  total: bigint;
  issued: bigint;
  refused: bigint;
}

/** Accounts that are merged, moved out or withdrawn (table A.6) are nobody's any more: there is nothing to certify. */
const open = `d.state not in ('03', '04', '05')`;

const columns = `b.id, b.kind, b.unit_id as "unitId", b.purpose, b.details, b.expected, b.requested_by as "requestedBy",
  b.request_key as "requestKey", b.request_digest as "requestDigest", b.requested_at as "requestedAt",
  b.proposed_by as "proposedBy", b.confirmed_by as "confirmedBy", b.confirmed_at as "confirmedAt", b.state,
  b.planned_at as "plannedAt", b.cancelled_by as "cancelledBy", b.cancelled_at as "cancelledAt", b.ended_at as "endedAt"`;

const view = `
  select ${columns},
    case when u.id is null then null else json_build_object('accountNumber', u.account_number, 'name', u.name) end as unit,
    coalesce((
      select json_object_agg(s.id, s.display_name) from staff s
      where s.id in (b.requested_by, b.proposed_by, b.confirmed_by, b.cancelled_by)), '{}') as officers,
    coalesce(r.size, b.expected) as total, coalesce(r.issued, 0)::bigint as issued, coalesce(r.refused, 0)::bigint as refused
  from bulk_issue b
  left join unit u on u.id = b.unit_id
  left join lateral (
    select sum(size)::bigint as size, sum(issued)::bigint as issued, sum(refused)::bigint as refused
    from bulk_issue_range where bulk_issue_id = b.id) r on true`;

/** How many depositors of a unit (null: of the centre) have an open account. */
export async function countDepositors(db: Queryable, unitId: string | null): Promise<bigint> {
  const { rows } = await db.query<{ count: bigint }>(
    `select count(*) as count from depositor d where ${open} and ($1::text is null or d.unit_id = $1)`,
    [unitId],
  );
  return rows[0]!.count;
}

/** @returns false when the same officer has used the key before */
export async function insertBulkIssue(db: Queryable, row: BulkIssueRow): Promise<boolean> {
  const { rowCount } = await db.query(
    `insert into bulk_issue (id, kind, unit_id, purpose, details, expected, requested_by, request_key, request_digest,
       requested_at, proposed_by, state)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) on conflict on constraint bulk_issue_request_once do nothing`,
    [
      row.id,
      row.kind,
      row.unitId,
      row.purpose,
      row.details,
      row.expected,
      row.requestedBy,
      row.requestKey,
      row.requestDigest,
      row.requestedAt,
      row.proposedBy,
      row.state,
    ],
  );
  return rowCount === 1;
}

export async function byRequest(
  db: Queryable,
  requestedBy: string,
  requestKey: string,
): Promise<BulkIssueView | undefined> {
  const { rows } = await db.query<BulkIssueView>(`${view} where b.requested_by = $1 and b.request_key = $2`, [
    requestedBy,
    requestKey,
  ]);
  return rows[0];
}

export async function byId(db: Queryable, id: string): Promise<BulkIssueView | undefined> {
  const { rows } = await db.query<BulkIssueView>(`${view} where b.id = $1`, [id]);
  return rows[0];
}

/** The newest runs, a page at a time. */
export async function newest(
  db: Queryable,
  page: { limit: number; before?: { requestedAt: Date; id: string } },
): Promise<BulkIssueView[]> {
  const { rows } = await db.query<BulkIssueView>(
    `${view} where $2::timestamptz is null or (b.requested_at, b.id) < ($2, $3::text)
     order by b.requested_at desc, b.id desc limit $1`,
    [page.limit, page.before?.requestedAt ?? null, page.before?.id ?? null],
  );
  return rows;
}

/** Locks a run against another change of its state. */
export async function lockBulkIssue(db: Queryable, id: string): Promise<BulkIssueRow | undefined> {
  const { rows } = await db.query<BulkIssueRow>(
    `select ${columns} from bulk_issue b where b.id = $1 for no key update`,
    [id],
  );
  return rows[0];
}

export async function confirmBulkIssue(db: Queryable, id: string, by: string, at: Date): Promise<void> {
  await db.query("update bulk_issue set state = 'running', confirmed_by = $2, confirmed_at = $3 where id = $1", [
    id,
    by,
    at,
  ]);
}

export async function cancelBulkIssue(db: Queryable, id: string, by: string, at: Date): Promise<void> {
  await db.query("update bulk_issue set state = 'cancelled', cancelled_by = $2, cancelled_at = $3 where id = $1", [
    id,
    by,
    at,
  ]);
}

/** Lets a cancelled run go on, or wait for a confirmation again. */
export async function resumeBulkIssue(
  db: Queryable,
  id: string,
  by: string,
  state: "proposed" | "running",
): Promise<void> {
  await db.query(
    `update bulk_issue set state = $3, proposed_by = $2, confirmed_by = null, confirmed_at = null,
       cancelled_by = null, cancelled_at = null
     where id = $1`,
    [id, by, state],
  );
}

/**
 * Cuts the depositors of one running run that has no plan yet into `ranges` ranges of at least `smallest` depositors.
 * @returns false when no run waits for a plan
 */
export async function planOne(db: Queryable, plan: { ranges: number; smallest: number; now: Date }): Promise<boolean> {
  const { rows } = await db.query<{ id: string; unitId: string | null }>(
    `select id, unit_id as "unitId" from bulk_issue where state = 'running' and planned_at is null
     order by requested_at limit 1 for no key update skip locked`,
  );
  const run = rows[0];
  if (!run) return false;
  await db.query(
    `insert into bulk_issue_range (bulk_issue_id, number, first_id, last_id, size)
     select $1, number, min(id), max(id), count(*)
     from (
       select id, ((row_number() over (order by id) - 1) / greatest($3::bigint, (count(*) over () - 1) / $4 + 1))::integer as number
       from depositor d where ${open} and ($2::text is null or d.unit_id = $2)
     ) as numbered
     group by number`,
    [run.id, run.unitId, plan.smallest, plan.ranges],
  );
  await db.query("update bulk_issue set planned_at = $2 where id = $1", [run.id, plan.now]);
  return true;
}

/** Lets this transaction commit without waiting for the disk. What it writes can be done again from what is durable. */
export async function commitLazily(db: Queryable): Promise<void> {
  await db.query("set local synchronous_commit to off");
}

/** A range of depositors that this transaction holds, and what is asked for each. */
export interface HeldRange {
  bulkIssueId: string;
  number: number;
  firstId: string;
  lastId: string;
  cursorId: string | null;
  kind: string;
  unitId: string | null;
  purpose: string;
  details: string | null;
  requestedBy: string;
}

/**
 * Locks an unfinished range of a running run that nobody else holds, until this transaction ends. Units come before the
 * whole centre, and who asked first before the others.
 */
export async function holdRange(db: Queryable): Promise<HeldRange | undefined> {
  const { rows } = await db.query<HeldRange>(
    `select r.bulk_issue_id as "bulkIssueId", r.number, r.first_id as "firstId", r.last_id as "lastId", r.cursor_id as "cursorId",
       b.kind, b.unit_id as "unitId", b.purpose, b.details, b.requested_by as "requestedBy"
     from bulk_issue b join bulk_issue_range r on r.bulk_issue_id = b.id
     where b.state = 'running' and r.finished_at is null
     order by b.unit_id is null, b.requested_at, b.id, r.number
     limit 1 for no key update of r skip locked`,
  );
  return rows[0];
}

/** The depositors who come next in a range. */
export async function nextDepositors(db: Queryable, range: HeldRange, limit: number): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `select d.id from depositor d
     where d.id >= $1 and d.id <= $2 and d.id > $3 and ${open} and ($4::text is null or d.unit_id = $4)
     order by d.id limit $5`,
    [range.firstId, range.lastId, range.cursorId ?? "", range.unitId, limit],
  );
  return rows.map(({ id }) => id);
}

/** Writes down what became of a batch: the cursor, the counts, and whom the rules refused. */
export async function advance(
  db: Queryable,
  range: HeldRange,
  batch: {
    cursorId: string | null;
    issued: number;
    refusals: readonly { depositorId: string; code: string; params: object }[];
    /** whether the range has no more depositors */
    finished: boolean;
    now: Date;
  },
): Promise<void> {
  const { refusals, now } = batch;
  if (refusals.length > 0)
    await db.query(
      `insert into bulk_issue_refusal (bulk_issue_id, depositor_id, code, params, refused_at)
       select $1, depositor_id, code, params::jsonb, $5
       from unnest($2::text[], $3::text[], $4::text[]) as refused (depositor_id, code, params)`,
      [
        range.bulkIssueId,
        refusals.map(({ depositorId }) => depositorId),
        refusals.map(({ code }) => code),
        refusals.map(({ params }) => JSON.stringify(params)),
        now,
      ],
    );
  await db.query(
    `update bulk_issue_range
     set cursor_id = coalesce($3, cursor_id), issued = issued + $4, refused = refused + $5,
       finished_at = case when $6 then $7::timestamptz end,
       size = case when $6 then issued + refused + $4 + $5 else greatest(size, issued + refused + $4 + $5) end
     where bulk_issue_id = $1 and number = $2`,
    [range.bulkIssueId, range.number, batch.cursorId, batch.issued, refusals.length, batch.finished, now],
  );
  const done = batch.issued + refusals.length;
  if (done === 0) return;
  await db.query(
    `insert into bulk_issue_pace as p (bulk_issue_id, at, done) values ($1, date_bin('5 seconds', $2, 'epoch'), $3)
     on conflict (bulk_issue_id, at) do update set done = p.done + excluded.done`,
    [range.bulkIssueId, now, done],
  );
}

/** Ends runs whose ranges are all finished. @returns their ids */
export async function endFinished(db: Queryable, now: Date): Promise<string[]> {
  const { rows } = await db.query<{ id: string }>(
    `update bulk_issue b set state = 'done', ended_at = $1
     where b.state = 'running' and b.planned_at is not null
       and not exists (select from bulk_issue_range r where r.bulk_issue_id = b.id and r.finished_at is null)
     returning b.id`,
    [now],
  );
  return rows.map(({ id }) => id);
}

export interface RefusalRow {
  depositorId: string;
  /** GRZH */
  accountNumber: string;
  personName: string;
  code: string;
  params: Record<string, string | number>;
  refusedAt: Date;
}

/** Whom a run refused, by depositor id from after `after` on. */
export async function refusalsOf(
  db: Queryable,
  bulkIssueId: string,
  page: { after?: string; limit: number },
): Promise<RefusalRow[]> {
  const { rows } = await db.query<RefusalRow>(
    `select f.depositor_id as "depositorId", d.account_number as "accountNumber", p.name as "personName", f.code, f.params,
       f.refused_at as "refusedAt"
     from bulk_issue_refusal f join depositor d on d.id = f.depositor_id join person p on p.id = d.person_id
     where f.bulk_issue_id = $1 and f.depositor_id > $2
     order by f.depositor_id limit $3`,
    [bulkIssueId, page.after ?? "", page.limit],
  );
  return rows;
}

/** What was done in each of at most `points` equal spans between the first and the last of a run's work, oldest first. */
export async function paceOf(
  db: Queryable,
  bulkIssueId: string,
  points: number,
): Promise<{ at: Date; seconds: number; done: number }[]> {
  const { rows } = await db.query<{ at: Date; seconds: number; done: number }>(
    `with bounds as (
       select min(at) as first, 5 * ceil((extract(epoch from max(at) - min(at)) + 5) / 5 / $2)::integer as seconds
       from bulk_issue_pace where bulk_issue_id = $1)
     select date_bin(make_interval(secs => seconds), at, first) as at, seconds, sum(done)::float8 as done
     from bulk_issue_pace, bounds where bulk_issue_id = $1
     group by 1, 2 order by 1`,
    [bulkIssueId, points],
  );
  return rows;
}

/** How many a run did from `since` on, and the moment from which that is known. */
export async function doneSince(
  db: Queryable,
  bulkIssueId: string,
  since: Date,
): Promise<{ done: number; from: Date } | undefined> {
  const { rows } = await db.query<{ done: number; from: Date | null }>(
    `select coalesce(sum(done), 0)::float8 as done, min(at) as from from bulk_issue_pace
     where bulk_issue_id = $1 and at >= date_bin('5 seconds', $2, 'epoch')`,
    [bulkIssueId, since],
  );
  const [row] = rows;
  return row?.from ? { done: row.done, from: row.from } : undefined;
}
