// Sources that answer from a recording: what each centre would have said, as JSON. An address that a part does not name is away.
import type { TrustList } from "../../service/src/proof/trust-list.ts";
import {
  centreWord,
  checkpointAnchoredTopic,
  isRevokedSelector,
  revokedTopic,
} from "../../service/src/verify/chain.ts";
import { receiptInAnswer } from "../../service/src/verify/http-sources.ts";
import type { KnownCentre, RpcCall, Sources } from "../../service/src/verify/sources.ts";

export interface ChainState {
  /** seconds */
  headTime: number;
  anchors: { centre: string; epoch: number; size: number; root: string; block: number; time: number }[];
  revocations: { centre: string; index: number; reason: number; at: number; block: number }[];
}

export interface Recorded {
  /** the time of judging */
  now: string;
  /** centres that the verifier knows from the start */
  centres: KnownCentre[];
  trustLists: Record<string, TrustList>;
  /** receipts by sealed digest or standing token; an address that is there and has no receipt says that there is none */
  receipts: Record<string, Record<string, unknown>>;
  /** by address, what stands beside the receipt in its answers; nothing if not there */
  beside?: Record<string, Record<string, unknown>>;
  chain: Record<string, ChainState>;
}

const word = (value: number) => value.toString(16).padStart(64, "0");

function answer(list: TrustList, state: ChainState, { method, params }: RpcCall): unknown {
  const [first] = params as [Record<string, never> | string];
  if (method === "eth_getBlockByNumber") {
    if (first === "latest") return { timestamp: `0x${state.headTime.toString(16)}` };
    const number = Number(first);
    const known = state.anchors.find(({ block }) => block === number);
    return known ? { timestamp: `0x${known.time.toString(16)}` } : null;
  }
  if (method === "eth_call") {
    const { to, data } = first as unknown as { to: string; data: string };
    if (to !== list.contracts.certificateStatus || !data.startsWith(isRevokedSelector)) throw new Error("not allowed");
    const hit = state.revocations.some(
      ({ centre, index }) => data === isRevokedSelector + centreWord(centre).slice(2) + word(index),
    );
    return `0x${word(hit ? 1 : 0)}`;
  }
  if (method !== "eth_getLogs") throw new Error("not allowed");
  const filter = first as unknown as { address: string; topics: string[]; fromBlock: string; toBlock: string };
  const logs = [
    ...state.anchors.map(({ centre, epoch, size, root, block }) => ({
      address: list.contracts.checkpointAnchor,
      topics: [checkpointAnchoredTopic, centreWord(centre), `0x${word(epoch)}`, `0x${word(size)}`],
      data: `0x${root}`,
      block,
    })),
    ...state.revocations.map(({ centre, index, reason, at, block }) => ({
      address: list.contracts.certificateStatus,
      topics: [revokedTopic, centreWord(centre), `0x${word(index)}`],
      data: `0x${word(reason)}${word(at)}`,
      block,
    })),
  ];
  return logs
    .filter(({ address, topics }) => address === filter.address && topics.join() === filter.topics.join())
    .filter(({ block }) => block >= Number(filter.fromBlock))
    .filter(({ block }) => filter.toBlock === "latest" || block <= Number(filter.toBlock))
    .map(({ block, ...log }) => ({ ...log, blockNumber: `0x${block.toString(16)}`, logIndex: "0x0", removed: false }));
}

/** @param asked gets each address that is asked */
export function replay(recorded: Recorded, asked: string[] = []): Sources {
  const at = <T>(part: Record<string, T>, url: string): T => {
    asked.push(url);
    const found = part[url];
    if (found === undefined) throw new Error("away");
    return structuredClone(found);
  };
  const receipt = (url: string, name: string): unknown => {
    const found = at(recorded.receipts, url)[name];
    return found ? receiptInAnswer({ receipt: found, ...recorded.beside?.[url] }) : null;
  };
  return {
    centres: recorded.centres,
    trustList: async (url) => at(recorded.trustLists, url),
    receiptBySeal: async (url, digest) => receipt(url, digest),
    receiptByToken: async (url, token) => receipt(url, token),
    chain: async (url, calls) => {
      const state = at(recorded.chain, url);
      const list = Object.values(recorded.trustLists)[0]!;
      return calls.map((call) => answer(list, state, call));
    },
  };
}
