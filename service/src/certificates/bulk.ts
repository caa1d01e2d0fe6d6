// Bulk issue: one certificate of a kind for every depositor of a unit or of the centre. A clerk asks for it; for the whole
// centre another officer confirms (four eyes). bulk-run.ts does the work.
import { createHash } from "node:crypto";
import { Value } from "typebox/value";
import { findUnit } from "../collection/register.ts";
import { transaction } from "../db.ts";
import type { Pool, Queryable } from "../db.ts";
import { DomainError, invariant, refusals } from "../errors.ts";
import { newId } from "../ids.ts";
import { canonicalText } from "../proof/canonical.ts";
import type { CanonicalValue } from "../proof/canonical.ts";
import "./refusals.ts";
import * as store from "./bulk-store.ts";
import type { BulkIssueRow, BulkIssueView } from "./bulk-store.ts";
import type { Certificates } from "./certificate.ts";
import { kindOf } from "./record.ts";

export const bulkRefusals = refusals({
  BULK_ISSUE_NOT_FOUND: {
    status: 404,
    zh: "没有这项批量开具。请从列表中选择。",
    en: "There is no such bulk issue. Choose one from the list.",
  },
  BULK_ISSUE_NOT_OF_DEPOSITORS: {
    status: 400,
    zh: "这种证明不是按缴存人开具的，不能批量办理。请选择缴存人的证明种类。",
    en: "This kind is not about a depositor, so it cannot be issued in bulk. Choose a depositor's kind.",
  },
  BULK_ISSUE_OF_NOBODY: {
    status: 409,
    zh: "该范围内没有未销户的缴存人，无需批量开具。",
    en: "There is no depositor with an open account in that range, so there is nothing to issue.",
  },
  BULK_ISSUE_NOT_PROPOSED: {
    status: 409,
    zh: "这项批量开具不在等待复核。请刷新查看其现在的状态。",
    en: "This bulk issue does not wait for a confirmation. Look at its state again.",
  },
  BULK_ISSUE_ENDED: {
    status: 409,
    zh: "这项批量开具已经办完，不能再停止或继续。",
    en: "This bulk issue has ended, so it can be neither stopped nor resumed.",
  },
  BULK_ISSUE_ITEM_FAILED: {
    status: 500,
    zh: "开具这位缴存人的证明时系统出错，其他人不受影响。请联系管理员查看日志后单独办理。",
    en: "We failed on this depositor's certificate; nobody else's is affected. Have the log looked at, then issue it by itself.",
  },
});

export interface BulkWish {
  kind: string;
  /** DWZH of the unit; none: the whole centre */
  dwzh?: string;
  /** what the kind asks for, the same for all */
  details?: unknown;
  /** the kind's own if not given */
  purpose?: string;
  requestedBy: string;
  requestKey: string;
}

/**
 * Asks for a bulk issue. One for a unit runs at once, one for the whole centre waits for a checker. The same officer and key
 * again answers with the same run.
 * @throws CERTIFICATE_KIND_UNKNOWN, BULK_ISSUE_NOT_OF_DEPOSITORS, INVALID_REQUEST (details), UNIT_NOT_FOUND,
 *   BULK_ISSUE_OF_NOBODY, IDEMPOTENCY_KEY_REUSED
 */
export async function proposeBulkIssue(certificates: Certificates, wish: BulkWish): Promise<BulkIssueView> {
  const { kind } = kindOf(certificates, wish.kind);
  if (kind.subject !== "depositor") throw new DomainError("BULK_ISSUE_NOT_OF_DEPOSITORS");
  const purpose = wish.purpose ?? kind.purpose;
  const details = detailsText(kind.details, wish.details);
  const { pool, random } = certificates;
  const said = { kind: kind.code, dwzh: wish.dwzh ?? null, purpose, details };
  const requestDigest = createHash("sha256").update(canonicalText(said)).digest();

  const before = await store.byRequest(pool, wish.requestedBy, wish.requestKey);
  if (before) return sameWish(before, requestDigest);
  const unitId = wish.dwzh === undefined ? null : await unitBehind(pool, wish.dwzh);
  const expected = await store.countDepositors(pool, unitId);
  if (expected === 0n) throw new DomainError("BULK_ISSUE_OF_NOBODY");
  const row: BulkIssueRow = {
    id: newId("bulk", random),
    kind: kind.code,
    unitId,
    purpose,
    details,
    expected,
    requestedBy: wish.requestedBy,
    requestKey: wish.requestKey,
    requestDigest,
    requestedAt: certificates.now(),
    proposedBy: wish.requestedBy,
    confirmedBy: null,
    confirmedAt: null,
    state: unitId === null ? "proposed" : "running",
    plannedAt: null,
    cancelledBy: null,
    cancelledAt: null,
    endedAt: null,
  };
  await store.insertBulkIssue(pool, row);
  // Read by its key: the same request may have been first a moment ago.
  const stored = await store.byRequest(pool, wish.requestedBy, wish.requestKey);
  invariant(stored, "a bulk issue that was inserted is there");
  return sameWish(stored, requestDigest);
}

function sameWish(stored: BulkIssueView, digest: Uint8Array): BulkIssueView {
  if (!Buffer.from(stored.requestDigest).equals(digest)) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
  return stored;
}

function detailsText(schema: object | undefined, details: unknown): string | null {
  if (!schema) {
    if (details === undefined) return null;
    throw new DomainError("INVALID_REQUEST", {
      where: "body/details",
      why: "is not asked for by this kind (该证明不需要此项)",
    });
  }
  const [fault] = Value.Errors(schema, details ?? {});
  if (fault)
    throw new DomainError("INVALID_REQUEST", { where: `body/details${fault.instancePath}`, why: fault.message });
  return canonicalText((details ?? {}) as CanonicalValue);
}

async function unitBehind(db: Queryable, dwzh: string): Promise<string> {
  const unit = await findUnit(db, dwzh);
  if (!unit) throw new DomainError("UNIT_NOT_FOUND");
  return unit.id;
}

/** One run. @throws BULK_ISSUE_NOT_FOUND */
export async function bulkIssueOf(db: Queryable, id: string): Promise<BulkIssueView> {
  const found = await store.byId(db, id);
  if (!found) throw new DomainError("BULK_ISSUE_NOT_FOUND");
  return found;
}

/**
 * Another officer lets a run for the whole centre begin. The same officer again changes nothing.
 * @throws BULK_ISSUE_NOT_FOUND, BULK_ISSUE_NOT_PROPOSED, FOUR_EYES_NEEDED
 */
export function confirmBulkIssue(pool: Pool, id: string, by: string, now: Date): Promise<BulkIssueView> {
  return change(pool, id, async (tx, run) => {
    if (run.confirmedBy === by && run.state !== "cancelled") return;
    if (run.state !== "proposed") throw new DomainError("BULK_ISSUE_NOT_PROPOSED");
    if (run.proposedBy === by || run.requestedBy === by) throw new DomainError("FOUR_EYES_NEEDED");
    await store.confirmBulkIssue(tx, id, by, now);
  });
}

/**
 * Stops a run: batches that are under way are finished, the rest is left. What was issued stays. A second time changes
 * nothing.
 * @throws BULK_ISSUE_NOT_FOUND, BULK_ISSUE_ENDED
 */
export function cancelBulkIssue(pool: Pool, id: string, by: string, now: Date): Promise<BulkIssueView> {
  return change(pool, id, async (tx, run) => {
    if (run.state === "done") throw new DomainError("BULK_ISSUE_ENDED");
    if (run.state !== "cancelled") await store.cancelBulkIssue(tx, id, by, now);
  });
}

/**
 * Lets a cancelled run go on where it stopped; one for the whole centre waits for a checker again. One that is not cancelled
 * stays as it is.
 * @throws BULK_ISSUE_NOT_FOUND, BULK_ISSUE_ENDED
 */
export function resumeBulkIssue(pool: Pool, id: string, by: string): Promise<BulkIssueView> {
  return change(pool, id, async (tx, run) => {
    if (run.state === "done") throw new DomainError("BULK_ISSUE_ENDED");
    if (run.state === "cancelled")
      await store.resumeBulkIssue(tx, id, by, run.unitId === null ? "proposed" : "running");
  });
}

function change(
  pool: Pool,
  id: string,
  work: (tx: Queryable, run: BulkIssueRow) => Promise<void>,
): Promise<BulkIssueView> {
  return transaction(pool, async (tx) => {
    const run = await store.lockBulkIssue(tx, id);
    if (!run) throw new DomainError("BULK_ISSUE_NOT_FOUND");
    await work(tx, run);
    return bulkIssueOf(tx, id);
  });
}

/** From how long ago the present rate is taken, in milliseconds. */
const rateWindowMs = 30_000;

/**
 * Certificates and refusals a second over the last half minute, and when the run ends at that rate.
 * @returns nothing for a run that does not run or has done nothing in that time
 */
export async function rateOf(
  db: Queryable,
  run: BulkIssueView,
  now: Date,
): Promise<{ perSecond: number; endsAt: Date } | undefined> {
  if (run.state !== "running") return undefined;
  const lately = await store.doneSince(db, run.id, new Date(now.getTime() - rateWindowMs));
  if (!lately || lately.done === 0) return undefined;
  const seconds = Math.max(1, (now.getTime() - lately.from.getTime()) / 1000);
  const perSecond = lately.done / seconds;
  const left = Number(run.total - run.issued - run.refused);
  return { perSecond, endsAt: new Date(now.getTime() + (1000 * Math.max(0, left)) / perSecond) };
}
