// What a person may ask certificates about beside their accounts: the loans on which they are the borrower, and the
// certificates that they have already, which a new one may replace.
import { loansOf, personOf } from "../collection/register.ts";
import type { Loan } from "../collection/register.ts";
import { transaction } from "../db.ts";
import type { Pool, Queryable } from "../db.ts";
import { writeTrace } from "../traces/trace.ts";
import type { Traces } from "../traces/trace.ts";
import * as store from "./store.ts";
import type { CertificateView } from "./store.ts";

/** A person's loans in this centre's register, newest first; none as long as no register was imported. */
export async function loansOfPerson(db: Queryable, personId: string): Promise<Loan[]> {
  const person = await personOf(db, personId);
  return (person && (await loansOf(db, person))) ?? [];
}

/** Loans and certificates of a person, for an officer at the counter: the look is traced, or there is no answer. */
export function subjectsFor(
  pool: Pool,
  traces: Traces,
  personId: string,
  officer: string,
): Promise<{ loans: Loan[]; certificates: CertificateView[] }> {
  return transaction(pool, async (tx) => {
    const loans = await loansOfPerson(tx, personId);
    const certificates = await store.ofPerson(tx, personId);
    await writeTrace(traces, tx, {
      kind: "certificate-subjects",
      actor: officer,
      personId,
      facts: { loans: loans.length, certificates: certificates.length },
    });
    return { loans, certificates };
  });
}
