// How hard bulk issue may work in this process. People who ask for one certificate wait at the same processor: while they
// come, a batch is short, so that none of them waits behind a long one.
import type { Certificates } from "./certificate.ts";

/** Certificates in a batch when nobody else asks: about a third of a second of work, and few round trips for each. */
const alone = 200;
/** Certificates in a batch while people ask: about ten milliseconds of drawing and sealing at a time. */
const among = 16;
/** For how long after a request others are expected, in milliseconds. */
const quietMs = 2_000;

const lastAsked = new WeakMap<Certificates, number>();

/** Somebody asks for a single certificate in this process. */
export function noteAsked(certificates: Certificates): void {
  lastAsked.set(certificates, performance.now());
}

/** How many certificates a batch may have now, and how many batches may be in flight. */
export function paceOf(certificates: Certificates): { batch: number; atOnce: number } {
  const asked = lastAsked.get(certificates);
  const quiet = asked === undefined || performance.now() - asked > quietMs;
  if (!quiet) return { batch: among, atOnce: 1 };
  // Each batch holds a connection for its range beside those that draw and issue: a small pool has none to spare.
  return { batch: alone, atOnce: certificates.pool.options.max >= 6 ? 2 : 1 };
}
