// What a certificate is worth now, as its centre knows it; the chain and the log are what proves it to others.
import type { Pool, Queryable } from "../db.ts";
import { transaction } from "../db.ts";
import { DomainError } from "../errors.ts";
import { dayInChina } from "../collection/month.ts";
import { proofOf } from "../log/log.ts";
import type { Transaction } from "../db.ts";
import { toHex } from "../proof/bytes.ts";
import type { CertificateLeaf } from "../proof/leaf.ts";
import { receiptFormat } from "../proof/receipt.ts";
import type { Receipt } from "../proof/receipt.ts";
import * as store from "./store.ts";
import type { CertificateView } from "./store.ts";

export type Standing = "valid" | "revoked" | "superseded" | "expired";
/** How far on its way a certificate is: logged means that the log has closed over its leaf. */
export type Progress = "drawn" | "issued" | "logged" | "anchored";

/** Reason codes of a revocation, as on the chain (FORMAT.md §8). */
export const revocationReasons = {
  1: "errorInRecord",
  2: "obtainedByFraud",
  3: "superseded",
  4: "cancelledByHolder",
  5: "keyCompromise",
  6: "other",
} as const;
export type RevocationReason = keyof typeof revocationReasons;

/** What a standing rests on, if it has ended: the reason, and since when. */
export interface StandingFacts<S extends string = Standing> {
  standing: S;
  reason?: RevocationReason;
  /** when it took effect with the centre */
  since?: string;
}

/**
 * The standing of a certificate on the day of `at` in Asia/Shanghai. A day is judged by its end: what is revoked on a day is
 * revoked on that day, and was valid on the days before.
 */
export function standingOf(certificate: CertificateView, at: Date): StandingFacts {
  return endedOn(certificate, dayInChina(at)) ?? { standing: "valid" };
}

/** A revocation on the chain, with the time of its block. */
export interface OnChain {
  reason: number;
  at: Date;
}

/**
 * The standing on a past day or today (YYYY-MM-DD in Asia/Shanghai). The day of issue is the one on its face. A revocation
 * takes effect with the centre first and reaches the chain a little later; one that only the chain knows counts as well.
 * @param onChain the revocation that stands on the chain now, if there is one
 */
export function standingOn(
  certificate: CertificateView,
  day: string,
  onChain?: OnChain,
): StandingFacts<Standing | "not-yet-issued"> & { sinceOnChain?: string } {
  if (certificate.issuedAt === null || dayInChina(certificate.drawnAt) > day) return { standing: "not-yet-issued" };
  const chain =
    onChain && dayInChina(onChain.at) <= day
      ? { ...revokedBy(onChain.reason, onChain.at), sinceOnChain: onChain.at.toISOString() }
      : {};
  const ended = endedOn(certificate, day);
  if (ended && ended.standing !== "expired") return { ...chain, ...ended };
  return { standing: "valid", ...ended, ...chain };
}

function endedOn({ revocation, validUntil }: CertificateView, day: string): StandingFacts | undefined {
  if (revocation?.confirmedAt && dayInChina(revocation.confirmedAt) <= day)
    return revokedBy(revocation.reason, revocation.confirmedAt);
  return day > validUntil ? { standing: "expired" } : undefined;
}

function revokedBy(reason: number, at: Date): StandingFacts {
  return {
    standing: reason === 3 ? "superseded" : "revoked",
    reason: reason as RevocationReason,
    since: at.toISOString(),
  };
}

export interface ReceiptSource {
  centre: string;
  chainId: number;
  /** what the registry says now: how many witnesses make a checkpoint good without the chain */
  consortium: () => Promise<{ witnessQuorum: number }>;
}

/** The receipt of an issued certificate (FORMAT.md §7), as far as log and chain have come. */
export async function receiptOf(source: ReceiptSource, db: Queryable, certificate: CertificateView): Promise<Receipt> {
  if (certificate.leaf === null || certificate.leafId === null) throw new DomainError("CERTIFICATE_NOT_FOUND");
  const leaf = JSON.parse(certificate.leaf) as CertificateLeaf;
  const { witnessQuorum } = await source.consortium();
  const found = await proofOf(source, db, certificate.leafId, witnessQuorum);
  const checkpoint = found?.checkpoint;
  return {
    format: receiptFormat,
    leaf,
    index: found?.index ?? null,
    proof: found?.proof.map(toHex) ?? [],
    checkpoint: found?.note ?? null,
    anchor:
      checkpoint?.state === "anchored"
        ? {
            chainId: source.chainId,
            // The contract that took it: the registry may name a newer one by now.
            contract: checkpoint.anchorContract!,
            transaction: checkpoint.transactionHash!,
            block: checkpoint.blockNumber!,
            blockHash: checkpoint.blockHash!,
          }
        : null,
  };
}

/** Puts `revoke([index], reason)` into the outbox in this transaction, once for each certificate. */
export type SubmitRevocation = (tx: Transaction, statusIndex: number, reason: RevocationReason) => Promise<bigint>;

/**
 * A clerk proposes to revoke. The same clerk, reason and note again change nothing. Superseded is no reason of a clerk: that a
 * newer one takes its place is true of a certificate when that one is issued (see supersession.ts).
 * @throws REVOCATION_WITHOUT_SUCCESSOR, CERTIFICATE_NOT_FOUND, REVOCATION_EXISTS
 */
export async function proposeRevocation(
  db: Queryable,
  proposal: { certificateId: string; reason: RevocationReason; note: string; proposedBy: string; now: Date },
): Promise<void> {
  if (revocationReasons[proposal.reason] === "superseded") throw new DomainError("REVOCATION_WITHOUT_SUCCESSOR");
  const [certificate] = await store.byIds(db, [proposal.certificateId]);
  if (!certificate) throw new DomainError("CERTIFICATE_NOT_FOUND");
  if (await store.proposeRevocation(db, { ...proposal, proposedAt: proposal.now })) return;
  // Read after the insert: the same proposal may have been stored a moment ago.
  const before = await store.revocationOf(db, proposal.certificateId);
  if (before?.proposedBy !== proposal.proposedBy || before.reason !== proposal.reason || before.note !== proposal.note)
    throw new DomainError("REVOCATION_EXISTS");
}

/**
 * Another officer confirms: from this transaction on the certificate is revoked here, and the chain will say so. Works
 * for a certificate that is not anchored yet. A second confirmation changes nothing.
 * @throws REVOCATION_NOT_PROPOSED, FOUR_EYES_NEEDED
 */
export async function confirmRevocation(
  pool: Pool,
  submit: SubmitRevocation,
  confirmation: { certificateId: string; confirmedBy: string; now: Date },
): Promise<void> {
  await transaction(pool, async (tx) => {
    await store.lockUnissued(tx, [confirmation.certificateId]);
    const [certificate] = await store.byIds(tx, [confirmation.certificateId]);
    const revocation = certificate?.revocation;
    if (!certificate || !revocation) throw new DomainError("REVOCATION_NOT_PROPOSED");
    if (revocation.confirmedAt) return;
    if (revocation.proposedBy === confirmation.confirmedBy) throw new DomainError("FOUR_EYES_NEEDED");
    const chainWriteId = await submit(tx, certificate.statusIndex, revocation.reason as RevocationReason);
    await store.confirmRevocation(tx, {
      certificateId: certificate.id,
      confirmedBy: confirmation.confirmedBy,
      confirmedAt: confirmation.now,
      chainWriteId,
    });
  });
}
