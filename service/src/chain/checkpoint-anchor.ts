// CheckpointAnchor: the call that anchors a checkpoint, and the newest one on the chain.
import { fromData, interfaces, readContract, toData } from "./client.ts";
import type { ChainClient } from "./client.ts";
import { toWord } from "./word.ts";

/** The most leaves that one anchor may add (MAX_GROWTH): a backlog is anchored in several steps. */
export const maxGrowth = 2n ** 20n;

export interface AnchoredCheckpoint {
  size: bigint;
  /** 32 bytes */
  root: Buffer;
  /** time of the block in seconds since 1970 */
  time: number;
}

/** The call, by the centre's anchorer. The latest checkpoint again changes nothing on the chain. */
export function encodeAnchor(epoch: number, size: bigint, root: Uint8Array): Buffer {
  return fromData(interfaces.CheckpointAnchor.encodeFunctionData("anchor", [epoch, size, toData(root)]));
}

/** The largest checkpoint anchored for a log as the node has it now, or null when there is none. */
export async function readLatestCheckpoint(
  client: ChainClient,
  contract: string,
  centre: string,
  epoch: number,
): Promise<AnchoredCheckpoint | null> {
  const [size, root, time] = await readContract(client, "CheckpointAnchor", contract, "latest", [
    toWord(centre),
    epoch,
  ]);
  return size === 0n ? null : { size: size as bigint, root: fromData(root, 32), time: Number(time) };
}
