// Single requests that come at the same time are issued together: one batch costs Postgres hardly more than one certificate, so
// a service that is behind catches up instead of falling further behind. A request that comes alone waits for nobody.
import { DomainError } from "../errors.ts";
import { issueCertificates, issueEach } from "./certificate.ts";
import type { Certificates, Wish } from "./certificate.ts";
import type { CertificateView } from "./store.ts";

/** Batches under way at once: while one waits for Postgres the other is drawn and sealed. */
const atOnce = 2;
/** Certificates in one batch, so that none of them waits long for the others. */
const mostTogether = 32;

interface Waiting {
  wish: Wish;
  resolve(certificate: CertificateView): void;
  reject(error: unknown): void;
}

/**
 * A function that issues one certificate as `issueCertificates` does, with the same refusals, together with whatever else is
 * asked of it meanwhile. What fails for another reason than a refusal is tried again by itself, so that no wish is failed by
 * its neighbours.
 */
export function issueTogether(certificates: Certificates): (wish: Wish) => Promise<CertificateView> {
  const waiting: Waiting[] = [];
  let underWay = 0;

  async function issueBatch(batch: readonly Waiting[]): Promise<void> {
    const [first] = batch;
    if (batch.length === 1) return issueAlone(first!);
    const wishes = batch.map(({ wish }) => wish);
    let outcomes: (CertificateView | DomainError)[];
    try {
      outcomes = await issueEach(certificates, wishes);
    } catch {
      // Whose fault it was is told to the one whose fault it is.
      for (const one of batch) await issueAlone(one);
      return;
    }
    for (const [i, outcome] of outcomes.entries()) {
      if (outcome instanceof DomainError) batch[i]!.reject(outcome);
      else batch[i]!.resolve(outcome);
    }
  }

  async function issueAlone({ wish, resolve, reject }: Waiting): Promise<void> {
    try {
      resolve((await issueCertificates(certificates, [wish]))[0]!);
    } catch (error) {
      reject(error);
    }
  }

  function next(): void {
    if (underWay === atOnce || waiting.length === 0) return;
    underWay++;
    void issueBatch(waiting.splice(0, mostTogether)).finally(() => {
      underWay--;
      next();
    });
  }

  return (wish) =>
    new Promise((resolve, reject) => {
      waiting.push({ wish, resolve, reject });
      next();
    });
}
