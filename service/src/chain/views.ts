// What the mirror knows now, for those who ask: how old it is, which contracts there are, and the trust list.
import type { Queryable } from "../db.ts";
import { DomainError, refusals } from "../errors.ts";
import type { TrustList } from "../proof/trust-list.ts";
import { interfaces, toData } from "./client.ts";
import type { ContractName, Contracts } from "./client.ts";
import * as store from "./mirror-store.ts";
import type { Cursor } from "./mirror-store.ts";

export const chainRefusals = refusals({
  CHAIN_NOT_READ: {
    status: 503,
    zh: "本中心尚未读完链上登记信息，请稍后再试。",
    en: "This centre has not read the registry on the chain yet. Try again in a moment.",
  },
});

/**
 * How many seconds ago the mirror last knew everything that the chain had; undefined when it never did. What it says is
 * at least as old as that.
 */
export async function mirrorAge(db: Queryable, now: Date): Promise<number | undefined> {
  const cursor = await store.findCursor(db);
  return cursor?.atHeadAt ? Math.max(0, (now.getTime() - cursor.atHeadAt.getTime()) / 1000) : undefined;
}

/** How far the mirror has read; undefined before its first step. */
export function findCursor(db: Queryable): Promise<Cursor | undefined> {
  return store.findCursor(db);
}

/** The contracts' current addresses as the registry names them. @throws CHAIN_NOT_READ before they are mirrored */
export async function mirroredContracts(db: Queryable): Promise<Contracts> {
  return currentContracts(await store.readRegistry(db));
}

function currentContracts({ cursor, contracts }: store.MirroredRegistry): Contracts {
  const address = (name: string) => contracts.find((contract) => contract.name === name)?.address;
  const checkpointAnchor = address("CheckpointAnchor");
  const certificateStatus = address("CertificateStatus");
  const blacklist = address("Blacklist");
  if (!cursor || !checkpointAnchor || !certificateStatus || !blacklist) throw new DomainError("CHAIN_NOT_READ");
  return { registry: cursor.registry, checkpointAnchor, certificateStatus, blacklist };
}

/** All contracts that the registry ever named and this version knows, with the registry itself: address to name. */
export async function readableContracts(db: Queryable): Promise<Map<string, ContractName>> {
  const cursor = await store.findCursor(db);
  const contracts = new Map<string, ContractName>();
  if (cursor) contracts.set(toData(cursor.registry), "CentreRegistry");
  for (const { name, address } of await store.listNamedContracts(db))
    if (name in interfaces) contracts.set(toData(address), name as ContractName);
  return contracts;
}

/**
 * FORMAT.md §8, from the mirror, all of it as of one block. The quorum of witnesses follows from the number of members, so
 * that all centres say the same: more than half of the others (2 of 3), unless it is given.
 * @throws CHAIN_NOT_READ while the mirror has not read the registry
 */
export async function trustList(db: Queryable, witnessQuorum?: number): Promise<TrustList> {
  const mirrored = await store.readRegistry(db);
  const { registry, ...contracts } = currentContracts(mirrored);
  const { cursor, centres, keys } = mirrored;
  if (!cursor || cursor.time === null) throw new DomainError("CHAIN_NOT_READ");
  const others = centres.filter(({ removed }) => !removed).length - 1;
  return {
    chainId: Number(cursor.chainId),
    registry,
    contracts,
    block: Number(cursor.number),
    blockTime: Number(cursor.time),
    witnessQuorum: witnessQuorum ?? Math.max(1, Math.floor(others / 2) + 1),
    centres: centres.map(({ code, name, creditCode, serviceUrl, logEpoch, removed }) => ({
      code,
      name,
      creditCode,
      serviceUrl: serviceUrl.replace(/\/+$/, ""),
      logEpoch: Number(logEpoch),
      removed,
      keys: keys
        .filter(({ centre }) => centre === code)
        .map(({ kind, value, from, until, distrustedSince }) => ({
          kind,
          value,
          from: second(from),
          until: second(until),
          distrustedSince: second(distrustedSince),
        })),
    })),
  };
}

/** Seconds of 64 bits as a number; what lies beyond 2^53 is as good as never. */
function second(value: string): number {
  const exact = BigInt(value);
  return exact > BigInt(Number.MAX_SAFE_INTEGER) ? Number.MAX_SAFE_INTEGER : Number(exact);
}
