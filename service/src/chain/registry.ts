// CentreRegistry: the calls that a centre or the owner makes, and what the registry says now.
// Day to day, read the registry from the mirror; asking the node directly is for the deployment and for audits.
import { fromData, interfaces, readContract, toData } from "./client.ts";
import type { ChainClient } from "./client.ts";
import { toCentreCode, toWord } from "./word.ts";

const abi = interfaces.CentreRegistry;

/** A centre's four accounts, 0x and hex. */
export interface Accounts {
  anchorer: string;
  statusWriter: string;
  lister: string;
  guardian: string;
}

export interface RegistryCentre {
  name: string;
  creditCode: string;
  serviceUrl: string;
  accounts: Accounts;
  logEpoch: number;
  /** seconds since 1970 */
  admittedAt: number;
  /** seconds since 1970; 0 while it is a member */
  removedAt: number;
  paused: boolean;
}

const encode = (method: string, args: unknown[]): Buffer => fromData(abi.encodeFunctionData(method, args));
const accountsTuple = (a: Accounts) => [a.anchorer, a.statusWriter, a.lister, a.guardian];

/** Calls of the owner. */
export const ownerCalls = {
  admit: (code: string, name: string, creditCode: string, serviceUrl: string, accounts: Accounts) =>
    encode("admit", [toWord(code), name, creditCode, serviceUrl, accountsTuple(accounts)]),
  setServiceUrl: (code: string, serviceUrl: string) => encode("setServiceUrl", [toWord(code), serviceUrl]),
  setAccounts: (code: string, accounts: Accounts) => encode("setAccounts", [toWord(code), accountsTuple(accounts)]),
  setContract: (name: string, address: string) => encode("setContract", [toWord(name), address]),
  setLogEpoch: (code: string, epoch: number) => encode("setLogEpoch", [toWord(code), epoch]),
  remove: (code: string) => encode("remove", [toWord(code)]),
  unpause: (code: string) => encode("unpause", [toWord(code)]),
  /** `from` and `until` in seconds since 1970; until 0: open */
  addKey: (code: string, kind: string, value: Uint8Array, from: number, until = 0) =>
    encode("addKey", [toWord(code), toWord(kind), toData(value), from, until]),
  endKey: (code: string, kind: string, value: Uint8Array, until: number) =>
    encode("endKey", [toWord(code), toWord(kind), toData(value), until]),
  /** `since` in seconds since 1970, not in the future */
  distrustSince: (code: string, kind: string, value: Uint8Array, since: number) =>
    encode("distrustSince", [toWord(code), toWord(kind), toData(value), since]),
  retrust: (code: string, kind: string, value: Uint8Array) =>
    encode("retrust", [toWord(code), toWord(kind), toData(value)]),
};

/** Calls of a centre's guardian. */
export const guardianCalls = {
  pause: (code: string) => encode("pause", [toWord(code)]),
  distrust: (code: string, kind: string, value: Uint8Array) =>
    encode("distrust", [toWord(code), toWord(kind), toData(value)]),
};

/** Codes of all centres ever admitted, in the order of admission. */
export async function readCentreCodes(client: ChainClient, registry: string): Promise<string[]> {
  const [codes] = await readContract(client, "CentreRegistry", registry, "centres", []);
  return (codes as string[]).flatMap((word) => toCentreCode(word) ?? []);
}

/** A centre as it stands, removed or not. @throws RpcError when the registry does not know it */
export async function readCentre(client: ChainClient, registry: string, code: string): Promise<RegistryCentre> {
  const [centre] = await readContract(client, "CentreRegistry", registry, "centre", [toWord(code)]);
  return toCentre(centre);
}

/** A centre as the ABI decodes it. */
export function toCentre(value: unknown): RegistryCentre {
  const centre = value as Record<keyof RegistryCentre, never>;
  const accounts = centre.accounts as Record<keyof Accounts, string>;
  return {
    name: centre.name,
    creditCode: centre.creditCode,
    serviceUrl: centre.serviceUrl,
    accounts: {
      anchorer: accounts.anchorer.toLowerCase(),
      statusWriter: accounts.statusWriter.toLowerCase(),
      lister: accounts.lister.toLowerCase(),
      guardian: accounts.guardian.toLowerCase(),
    },
    logEpoch: Number(centre.logEpoch),
    admittedAt: Number(centre.admittedAt),
    removedAt: Number(centre.removedAt),
    paused: centre.paused,
  };
}
