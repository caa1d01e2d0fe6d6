// The trust list as this replica last read it from its mirror: the members' names, addresses and keys are asked for with
// almost every request, and change a few times a year.
import type { Pool } from "../db.ts";
import { DomainError } from "../errors.ts";
import type { TrustList } from "../proof/trust-list.ts";
import { trustList } from "./mirror.ts";

export interface TrustCache {
  /** the list, read again when it is older than a moment. @throws CHAIN_NOT_READ before the mirror has read the registry */
  current(): Promise<TrustList>;
  /** the list as last read; undefined before the first time */
  last(): TrustList | undefined;
  /** makes the next `current` read again */
  forget(): void;
}

const freshMs = 2_000;

export function createTrustCache(pool: Pool, now: () => Date): TrustCache {
  let list: TrustList | undefined;
  let readAt = 0;
  let reading: Promise<TrustList> | undefined;
  const read = async () => {
    try {
      list = await trustList(pool);
      readAt = now().getTime();
      return list;
    } finally {
      reading = undefined;
    }
  };
  return {
    current: async () => {
      if (list && Math.abs(now().getTime() - readAt) < freshMs) return list;
      return (reading ??= read());
    },
    last: () => list,
    forget: () => (readAt = 0),
  };
}

/** The name of a centre, or its code while the registry has not been read. */
export function centreNames(cache: TrustCache): (code: string) => string {
  return (code) => cache.last()?.centres.find((centre) => centre.code === code)?.name ?? code;
}

/** Nothing is known yet: what a caller may treat as an empty consortium. */
export function isNotRead(error: unknown): boolean {
  return error instanceof DomainError && error.code === "CHAIN_NOT_READ";
}
