// Blacklist: listing and its end, by random id and salted commitment; nothing of a person.
import { fromData, interfaces, readContract, toData } from "./client.ts";
import type { ChainClient } from "./client.ts";
import { toCentreCode } from "./word.ts";

/** 1 expired, 2 repaired, 3 revoked on objection, 4 error, 5 other. */
export type LiftReason = 1 | 2 | 3 | 4 | 5;
export type ListingState = "none" | "listed" | "suspended" | "lifted";
const states: readonly ListingState[] = ["none", "listed", "suspended", "lifted"];

const encode = (method: string, args: unknown[]): Buffer =>
  fromData(interfaces.Blacklist.encodeFunctionData(method, args));

/** By the lister. `id`: 32 random bytes, `commitment`: SHA-256 with its salt. The same again changes nothing. */
export const encodeList = (id: Uint8Array, commitment: Uint8Array) => encode("list", [toData(id), toData(commitment)]);
export const encodeSuspend = (id: Uint8Array) => encode("suspend", [toData(id)]);
export const encodeResume = (id: Uint8Array) => encode("resume", [toData(id)]);
/** Final. The same reason again changes nothing. */
export const encodeLift = (id: Uint8Array, reason: LiftReason) => encode("lift", [toData(id), reason]);

export interface ChainListing {
  /** code of the listing centre; undefined when the id is unused */
  centre: string | undefined;
  commitment: Buffer;
  state: ListingState;
  /** seconds since 1970 */
  listedAt: number;
}

/** A listing as the node has it now. */
export async function readListing(client: ChainClient, contract: string, id: Uint8Array): Promise<ChainListing> {
  const [centre, commitment, state, listedAt] = await readContract(client, "Blacklist", contract, "listing", [
    toData(id),
  ]);
  return {
    centre: toCentreCode(centre as string),
    commitment: fromData(commitment, 32),
    state: states[Number(state)] ?? "none",
    listedAt: Number(listedAt),
  };
}
