// A certificate that takes the place of an earlier one: because the person asks for a replacement, or because a kind allows one
// at a time for an addressee. Otherwise several copies stand side by side, and each is as good as the others.
import type { Transaction } from "../db.ts";
import { DomainError } from "../errors.ts";
import type { Certificates, Wish } from "./certificate.ts";
import "./refusals.ts";
import * as store from "./store.ts";
import type { CertificateView } from "./store.ts";

/**
 * Which of the wishes name a certificate that they cannot replace: one that is unknown, not issued yet, of another kind or
 * subject, replaced, revoked, or with a revocation proposed.
 */
export async function unreplaceable(tx: Transaction, wishes: readonly Wish[]): Promise<Map<Wish, DomainError>> {
  const naming = wishes.filter((wish) => wish.supersedes !== undefined);
  if (naming.length === 0) return new Map();
  const named = naming.map((wish) => wish.supersedes!);
  const replaced = await store.lockSuperseded(tx, named);
  const rows = (await store.byIds(tx, named)).filter(({ id }) => !replaced.has(id));
  const byId = new Map(rows.map((row) => [row.id, row]));
  return new Map(
    naming
      .filter((wish) => !isReplaceable(byId.get(wish.supersedes!), wish))
      .map((wish) => [wish, new DomainError("CERTIFICATE_NOT_REPLACEABLE")]),
  );
}

function isReplaceable(earlier: CertificateView | undefined, wish: Wish): boolean {
  return (
    earlier !== undefined &&
    earlier.issuedAt !== null &&
    earlier.revocation === null &&
    earlier.kind === wish.kind &&
    (earlier.depositorId ?? earlier.loanId ?? earlier.unitId) === wish.subjectId
  );
}

/**
 * Ends what newly issued certificates take the place of, in the transaction that issues them: revoked here as superseded,
 * and the chain is told. One that was revoked meanwhile, or proposed to be, is left to that.
 */
export async function supersede(
  certificates: Certificates,
  tx: Transaction,
  issued: readonly CertificateView[],
  at: Date,
): Promise<void> {
  const newerOf = new Map(issued.flatMap((row) => (row.supersedes === null ? [] : [[row.supersedes, row] as const])));
  for (const code of new Set(issued.map(({ kind }) => kind))) {
    const newerIds = issued.filter(({ kind }) => kind === code).map(({ id }) => id);
    for (const { id, newer } of (await certificates.kinds.get(code)?.kind.alsoEnds?.(tx, newerIds)) ?? [])
      newerOf.set(
        id,
        issued.find((row) => row.id === newer)!,
      );
  }
  if (newerOf.size === 0) return;
  for (const { id, statusIndex, revocation } of await store.byIds(tx, [...newerOf.keys()])) {
    if (revocation) continue;
    const by = newerOf.get(id)!;
    const chainWriteId = await certificates.submitRevocation(tx, statusIndex, 3);
    await store.insertSupersession(tx, { certificateId: id, by: by.requestedBy, newer: by.id, at, chainWriteId });
  }
}
