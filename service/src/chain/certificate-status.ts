// CertificateStatus: revoking by status index, and whether the chain says revoked.
import { invariant } from "../errors.ts";
import { fromData, interfaces, readContract } from "./client.ts";
import type { ChainClient } from "./client.ts";
import { toWord } from "./word.ts";

/** FORMAT.md §8: 1 error in the record, 2 obtained by fraud, 3 superseded, 4 cancelled by the holder, 5 key compromise, 6 other. */
export type RevocationReason = 1 | 2 | 3 | 4 | 5 | 6;

/** The call, by the centre's status writer. Indexes already revoked are passed over. */
export function encodeRevoke(indexes: bigint[], reason: RevocationReason): Buffer {
  invariant(indexes.length > 0 && indexes.length <= maxIndexesInOneCall, "1 to 400 indexes are revoked in one call");
  return fromData(interfaces.CertificateStatus.encodeFunctionData("revoke", [indexes, reason]));
}

/** The call, by the centre's guardian within 24 hours. Indexes not revoked are passed over. */
export function encodeReinstate(indexes: bigint[]): Buffer {
  return fromData(interfaces.CertificateStatus.encodeFunctionData("reinstate", [indexes]));
}

/** The most indexes for one write: more would not fit into a block of 30 million gas. Revoke more in several writes. */
export const maxIndexesInOneCall = 400;

/** Gas that revoking takes at most: 30,000 for each index in a word of its own, with what the call itself needs. */
export function revokeGasLimit(indexes: bigint[]): bigint {
  return 200_000n + 60_000n * BigInt(indexes.length);
}

/** What the node says now. */
export async function readIsRevoked(
  client: ChainClient,
  contract: string,
  centre: string,
  index: bigint,
): Promise<boolean> {
  const [revoked] = await readContract(client, "CertificateStatus", contract, "isRevoked", [toWord(centre), index]);
  return revoked as boolean;
}
