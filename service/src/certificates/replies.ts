// The reply slip (回执) of a certificate for a loan elsewhere. The lending centre sends it back; a clerk registers what it says:
//
//   issued → granted → settled     a loan was granted, and counts as used from now on; it was paid off
//   issued → refused               no loan was granted
//   issued → cancelled             lost or returned: the certificate is revoked, and the chain is told
//   granted, refused → issued      annulled: the slip was registered by mistake
//
// A step that ends a freeze of the account or a certificate, or undoes a step, counts only when another officer confirms it.
// The database guards all this whoever is connected (migration 0014).
import type { Queryable, Transaction } from "../db.ts";
import { dayInChina } from "../collection/month.ts";
import { DomainError, refusals } from "../errors.ts";
import { newId } from "../ids.ts";
import type { RandomBytes } from "../ids.ts";
import * as replyStore from "./replies-store.ts";
import type { CertificateStand, GrantedLoan, ReplyRow, ReplyStep, StoredState } from "./replies-store.ts";
import type { SubmitRevocation } from "./standing.ts";
import * as store from "./store.ts";
import "./refusals.ts";

export const replyRefusals = refusals({
  CERTIFICATE_WITHOUT_REPLY: {
    status: 400,
    zh: "这种证明没有回执。只有已开具的异地贷款证明可以登记回执。",
    en: "This certificate has no reply slip. Only an issued certificate for a loan elsewhere has one.",
  },
  REPLY_NOT_POSSIBLE: {
    status: 409,
    zh: "这份证明的状态为“{stateName}”，不能登记此项。请核对证照标识和已登记的回执。",
    en: 'This does not follow from the state "{state}" of the certificate. Compare its number and the replies registered so far.',
  },
  REPLY_PENDING: {
    status: 409,
    zh: "这份证明已有一项回执待复核。请先由另一位人员复核。",
    en: "A reply to this certificate waits for confirmation. Another officer has to decide on it first.",
  },
  REPLY_NOT_FOUND: {
    status: 404,
    zh: "没有找到这项待复核的回执。请刷新后核对。",
    en: "No such reply waits for confirmation. Reload and check.",
  },
  REPLY_BEFORE_CERTIFICATE: {
    status: 400,
    zh: "回执或结清的日期早于证明的开具日期 {issuedOn}。请核对日期，以及回执是否属于这份证明。",
    en: "The day on the slip, or of the settlement, is before {issuedOn}, when the certificate was issued. Check the day, and whose slip it is.",
  },
  GRANTED_ON_ANOTHER: {
    status: 409,
    zh: "该职工凭另一份异地贷款证明已获准贷款且尚未结清，不能再登记一笔准予贷款。请向贷款中心核实；此前登记有误的，先作废该回执。",
    en: "A loan was granted to this person on another certificate and is not settled, so no second one is registered. Ask the lending centre; if the earlier slip was registered by mistake, annul it first.",
  },
  REPLY_SUPERSEDED: {
    status: 409,
    zh: "这份证明已被新的证明取代，其回执不能再作废。请在新证明上办理。",
    en: "A newer certificate has replaced this one, so its reply can no longer be annulled. Go on with the newer one.",
  },
  REPLY_DAY_IN_FUTURE: {
    status: 400,
    zh: "回执或结清的日期晚于今天。请核对日期。",
    en: "The day on the slip, or of the settlement, lies in the future. Check the day.",
  },
});

export interface Replies {
  now: () => Date;
  random: RandomBytes;
  /** tells the chain that a certificate was cancelled */
  submitRevocation: SubmitRevocation;
}

/** What a clerk registers. */
export type Registration =
  | { step: "granted"; loan: GrantedLoan; statedOn: string; note: string }
  | { step: "refused" | "settled"; statedOn: string; note: string }
  | { step: "cancelled"; reason: "lost" | "returned"; note: string }
  | { step: "annulled"; note: string };

/** Where a certificate stands: by its replies, its last day and its revocation. */
export type ReplyState = Exclude<StoredState, "revoked"> | "expired" | "revoked" | "superseded";

export interface ReplyView {
  state: ReplyState;
  /** the freeze that the certificate holds now */
  freeze: CertificateStand["freeze"];
  replies: ReplyRow[];
}

export const replyStateNames: Readonly<Record<ReplyState, string>> = {
  issued: "已开具，待回执",
  granted: "回执准予贷款",
  refused: "回执不予贷款",
  settled: "异地贷款已结清",
  cancelled: "已作废",
  expired: "已过期，未收到回执",
  revoked: "已撤销",
  superseded: "已被新证明取代",
};

/** Steps by the states from which they follow. */
const FOLLOWS: Record<ReplyStep, readonly StoredState[]> = {
  granted: ["issued"],
  refused: ["issued"],
  cancelled: ["issued"],
  settled: ["granted"],
  annulled: ["granted", "refused"],
};

/** A cancelled certificate is revoked as cancelled by its holder (FORMAT.md §8). */
const CANCELLED_BY_HOLDER = 4;
const SUPERSEDED = 3;

/** The state on a day: nobody writes down that a certificate expired. @param today in Asia/Shanghai */
export function stateOn(stand: CertificateStand, today: string): ReplyState {
  if (stand.state === "revoked") return stand.revocationReason === SUPERSEDED ? "superseded" : "revoked";
  if (stand.state === "issued" && today > stand.validUntil) return "expired";
  return stand.state ?? "issued";
}

/**
 * How a certificate stands with its replies.
 * @throws CERTIFICATE_NOT_FOUND, CERTIFICATE_WITHOUT_REPLY
 */
export async function replyView(db: Queryable, certificateId: string, now: Date): Promise<ReplyView> {
  const stand = await standOf(db, certificateId);
  const replies = await replyStore.repliesOf(db, certificateId);
  return { state: stateOn(stand, dayInChina(now)), freeze: stand.freeze, replies };
}

async function standOf(db: Queryable, certificateId: string): Promise<CertificateStand> {
  const stand = await replyStore.standOf(db, certificateId);
  if (stand?.state) return stand;
  const [certificate] = await store.byIds(db, [certificateId]);
  throw new DomainError(certificate ? "CERTIFICATE_WITHOUT_REPLY" : "CERTIFICATE_NOT_FOUND");
}

/**
 * Registers a step, in the caller's transaction. Whether it counts at once or waits for another officer is decided by what
 * it ends. A second identical call is refused, because the step does not follow twice: callers keep the answer.
 * @throws CERTIFICATE_NOT_FOUND, CERTIFICATE_WITHOUT_REPLY, REPLY_PENDING, REPLY_NOT_POSSIBLE, REPLY_SUPERSEDED,
 *   GRANTED_ON_ANOTHER, REPLY_DAY_IN_FUTURE, REPLY_BEFORE_CERTIFICATE
 */
export async function registerReply(
  replies: Replies,
  tx: Transaction,
  certificateId: string,
  registration: Registration,
  clerk: string,
): Promise<ReplyView> {
  const now = replies.now();
  await replyStore.lockCertificate(tx, certificateId);
  const stand = await standOf(tx, certificateId);
  if (stand.pending) throw new DomainError("REPLY_PENDING");
  assertFollows(stand, registration.step, now);
  const statedOn = "statedOn" in registration ? registration.statedOn : null;
  if (statedOn !== null && statedOn > dayInChina(now)) throw new DomainError("REPLY_DAY_IN_FUTURE");
  if (statedOn !== null && statedOn < stand.issuedOn)
    throw new DomainError("REPLY_BEFORE_CERTIFICATE", { issuedOn: stand.issuedOn });
  await replyStore.insertReply(tx, {
    id: newId("reply", replies.random),
    certificateId,
    step: registration.step,
    loan: registration.step === "granted" ? registration.loan : null,
    reason: registration.step === "cancelled" ? registration.reason : null,
    statedOn,
    note: registration.note,
    registeredBy: clerk,
    registeredAt: now,
  });
  return replyView(tx, certificateId, now);
}

function assertFollows(stand: CertificateStand, step: ReplyStep, now: Date): void {
  if (stand.state === null || !FOLLOWS[step].includes(stand.state)) {
    const state = stateOn(stand, dayInChina(now));
    throw new DomainError("REPLY_NOT_POSSIBLE", { state, stateName: replyStateNames[state] });
  }
  // The newer certificate went out because this one was refused: that stays so.
  if (step === "annulled" && stand.revocationReason === SUPERSEDED) throw new DomainError("REPLY_SUPERSEDED");
  // Whoever has a loan is granted no other: several certificates may be out, for several centres.
  if (step === "granted" && stand.grantedOnAnother) throw new DomainError("GRANTED_ON_ANOTHER");
}

/**
 * Another officer decides on a reply that waits. Confirmed, it counts from this transaction on, and a cancelled certificate
 * is revoked in it; rejected, it stays on record and changes nothing. The clerk who registered it may reject it, to take it
 * back. The same decision by the same officer again changes nothing.
 * @throws CERTIFICATE_NOT_FOUND, CERTIFICATE_WITHOUT_REPLY, REPLY_NOT_FOUND, FOUR_EYES_NEEDED, REPLY_NOT_POSSIBLE,
 *   REPLY_SUPERSEDED, GRANTED_ON_ANOTHER, REVOCATION_EXISTS when a revocation of the certificate was proposed another way
 */
export async function decideReply(
  replies: Replies,
  tx: Transaction,
  certificateId: string,
  decision: { replyId: string; confirmed: boolean; note: string; officer: string },
): Promise<ReplyView> {
  const now = replies.now();
  await replyStore.lockCertificate(tx, certificateId);
  const stand = await standOf(tx, certificateId);
  const reply = (await replyStore.repliesOf(tx, certificateId)).find(({ id }) => id === decision.replyId);
  if (!reply?.needsConfirmation) throw new DomainError("REPLY_NOT_FOUND");
  if (reply.decision) {
    const { confirmed, decidedBy } = reply.decision;
    if (confirmed !== decision.confirmed || decidedBy !== decision.officer) throw new DomainError("REPLY_NOT_FOUND");
    return replyView(tx, certificateId, now);
  }
  if (decision.confirmed) {
    if (reply.registeredBy === decision.officer) throw new DomainError("FOUR_EYES_NEEDED");
    assertFollows(stand, reply.step, now);
    if (reply.step === "cancelled") await revoke(replies, tx, stand, reply, decision.officer, now);
  }
  await replyStore.insertDecision(tx, {
    replyId: reply.id,
    confirmed: decision.confirmed,
    note: decision.note,
    decidedBy: decision.officer,
    decidedAt: now,
  });
  return replyView(tx, certificateId, now);
}

/** The clerk who registered the cancellation proposes the revocation, the officer who confirms it confirms that too. */
async function revoke(
  replies: Replies,
  tx: Transaction,
  stand: CertificateStand,
  reply: ReplyRow,
  officer: string,
  now: Date,
): Promise<void> {
  const proposed = await store.proposeRevocation(tx, {
    certificateId: stand.id,
    reason: CANCELLED_BY_HOLDER,
    note: reply.note,
    proposedBy: reply.registeredBy,
    proposedAt: reply.registeredAt,
  });
  if (!proposed) throw new DomainError("REVOCATION_EXISTS");
  const chainWriteId = await replies.submitRevocation(tx, stand.statusIndex, CANCELLED_BY_HOLDER);
  await store.confirmRevocation(tx, {
    certificateId: stand.id,
    confirmedBy: officer,
    confirmedAt: now,
    chainWriteId,
  });
}
