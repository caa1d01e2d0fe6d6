// The work of bulk issue. Any replica may do it, side by side with others: each batch holds the row of a range of depositors,
// draws and issues their certificates, and writes cursor and counts into that row.
//
//   A crash before the certificates are drawn leaves nothing; the range is free again as its connection ends.
//   A crash after it, before the cursor is written: the batch is done again, and every wish finds its certificate, because
//   its request key follows from the run and the depositor. So nobody gets two, and no number is used twice.
import { transaction } from "../db.ts";
import { DomainError } from "../errors.ts";
import { isOutage } from "../http.ts";
import type { JobLog } from "../jobs.ts";
import { paceOf } from "./bulk-pace.ts";
import * as store from "./bulk-store.ts";
import type { HeldRange } from "./bulk-store.ts";
import { issueEach } from "./certificate.ts";
import type { Certificates, Wish } from "./certificate.ts";
import type { CertificateView } from "./store.ts";

/** Ranges of a run: enough for several replicas to share the end of it. */
const ranges = 32;
/** Depositors in a range, at the least. */
const smallestRange = 50;

/**
 * Works at all runs until nothing is left or the signal is aborted: batches under way are finished then.
 * @returns "again" when something was done, since there may be more
 * @throws when a batch could not be done; its range is as it was, and the next call takes it again
 */
export async function runBulkIssues(
  certificates: Certificates,
  signal: AbortSignal,
  log?: JobLog,
): Promise<"again" | void> {
  const { pool, now } = certificates;
  const plan = { ranges, smallest: smallestRange, now: now() };
  while (await transaction(pool, (tx) => store.planOne(tx, plan)));
  let done = 0;
  let failed: unknown;
  const work = async (place: number) => {
    // Two batches in flight: one is drawn and sealed while the other waits for Postgres. A place that the pace has no room
    // for comes back with the next call.
    while (!signal.aborted && failed === undefined && place < paceOf(certificates).atOnce) {
      try {
        if (!(await issueBatch(certificates, log))) return;
        done++;
      } catch (error) {
        failed ??= error;
      }
    }
  };
  await Promise.all([work(0), work(1)]);
  for (const id of await store.endFinished(pool, now())) log?.info({ run: id }, "a bulk issue has ended");
  if (failed !== undefined) throw new Error("a batch of a bulk issue failed", { cause: failed });
  return done > 0 ? "again" : undefined;
}

/** @returns false when there is no range to work at */
function issueBatch(certificates: Certificates, log: JobLog | undefined): Promise<boolean> {
  return transaction(certificates.pool, async (tx) => {
    // If this commit is lost with the machine, the batch is done again and finds its certificates: it need not wait for the disk.
    await store.commitLazily(tx);
    const range = await store.holdRange(tx);
    if (!range) return false;
    const { batch } = paceOf(certificates);
    const depositorIds = await store.nextDepositors(tx, range, batch);
    const outcomes = await issueForEach(certificates, range, depositorIds, log);
    const refusals = outcomes.flatMap((one, i) =>
      one instanceof DomainError ? [{ depositorId: depositorIds[i]!, code: one.code, params: one.params }] : [],
    );
    await store.advance(tx, range, {
      cursorId: depositorIds.at(-1) ?? null,
      issued: outcomes.length - refusals.length,
      refusals,
      finished: depositorIds.length < batch,
      now: certificates.now(),
    });
    return true;
  });
}

/**
 * Issues to all of them, with a refusal in the place of each whom a rule refuses. When one breaks the batch for another
 * reason than an outage, each is tried by itself, so that one who cannot be served holds up no other.
 */
async function issueForEach(
  certificates: Certificates,
  range: HeldRange,
  depositorIds: readonly string[],
  log: JobLog | undefined,
): Promise<(CertificateView | DomainError)[]> {
  if (depositorIds.length === 0) return [];
  const wishes = depositorIds.map((depositorId) => wishFor(range, depositorId));
  try {
    return await issueEach(certificates, wishes);
  } catch (error) {
    if (isOutage(error)) throw error;
    log?.warn({ run: range.bulkIssueId, err: error }, "a batch of a bulk issue is done one by one");
  }
  const outcomes: (CertificateView | DomainError)[] = [];
  for (const wish of wishes) {
    try {
      outcomes.push((await issueEach(certificates, [wish]))[0]!);
    } catch (error) {
      if (isOutage(error)) throw error;
      log?.error(
        { run: range.bulkIssueId, depositor: wish.subjectId, err: error },
        "a certificate could not be issued",
      );
      outcomes.push(new DomainError("BULK_ISSUE_ITEM_FAILED"));
    }
  }
  return outcomes;
}

function wishFor(range: HeldRange, depositorId: string): Wish {
  const wish: Wish = {
    kind: range.kind,
    subjectId: depositorId,
    purpose: range.purpose,
    requestedBy: range.requestedBy,
    requestKey: `${range.bulkIssueId}/${depositorId}`,
  };
  if (range.details !== null) wish.details = JSON.parse(range.details);
  return wish;
}
