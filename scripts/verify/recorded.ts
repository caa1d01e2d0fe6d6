// The recorded answers of test/vectors as a transport: requests that would go to the network are answered from answers.json,
// in the bytes that a centre would send. So a vector runs all of the verifier but the sockets.
import fs from "node:fs";
import path from "node:path";
import { AbiCoder } from "ethers";
import { abi, centreBytes } from "./chain.ts";
import type { Reply, Transport } from "./transport.ts";
import type { Start } from "./trust-list.ts";

interface RecordedChain {
  headTime: number;
  anchors: { centre: string; epoch: number; size: number; root: string; block: number; time: number }[];
  revocations: { centre: string; index: number; reason: number; at: number; block: number }[];
}

interface Answers {
  now: string;
  centres: { code: string; url: string }[];
  trustLists: Record<string, unknown>;
  receipts: Record<string, Record<string, unknown>>;
  /** members beside the receipt in a centre's answers */
  beside?: Record<string, Record<string, unknown>>;
  chain: Record<string, RecordedChain>;
}

export interface Recorded {
  now: Date;
  starts: Start[];
  transport: Transport;
}

const json = (value: unknown, status = 200, contentType = "application/json"): Reply => ({
  status,
  contentType,
  body: JSON.stringify(value),
});

/** Reads answers.json of a vector's folder. */
export function readRecorded(folder: string): Recorded {
  const answers = JSON.parse(fs.readFileSync(path.join(folder, "answers.json"), "utf8")) as Answers;
  return { now: new Date(answers.now), starts: answers.centres, transport: (...request) => reply(answers, ...request) };
}

async function reply(answers: Answers, method: string, address: string, body?: string): Promise<Reply> {
  const { origin, pathname } = new URL(address);
  if (method === "GET" && pathname === "/api/v1/trust-list") {
    return json(recordedAt(answers.trustLists, origin));
  }
  const receipt = /^\/api\/v1\/receipts\/by-(?:seal|token)\/([0-9a-f]+)$/.exec(pathname);
  if (method === "GET" && receipt) {
    const found = recordedAt(answers.receipts, origin)[receipt[1]!];
    if (found) return json({ receipt: found, ...answers.beside?.[origin] });
    return json({ status: 404, code: "RECEIPT_NOT_FOUND" }, 404, "application/problem+json");
  }
  if (method === "POST" && pathname === "/api/v1/chain") {
    return json(answerChain(recordedAt(answers.chain, origin), JSON.parse(body ?? "") as ChainRequest));
  }
  throw new Error(`nothing is recorded for ${method} ${pathname}`);
}

function recordedAt<T>(recorded: Record<string, T>, origin: string): T {
  const found = Object.hasOwn(recorded, origin) ? recorded[origin] : undefined;
  if (found === undefined) throw new Error(`${origin} does not answer`);
  return found;
}

interface ChainRequest {
  id: number;
  method: string;
  params: [any, unknown];
}

function answerChain(chain: RecordedChain, { id, method, params }: ChainRequest): unknown {
  const result = (value: unknown) => ({ jsonrpc: "2.0", id, result: value });
  if (method === "eth_getBlockByNumber") {
    const [tag] = params as [string, unknown];
    const anchored = chain.anchors.find((one) => quantity(one.block) === tag);
    if (tag !== "latest" && !anchored) return result(null);
    const last = Math.max(0, ...[...chain.anchors, ...chain.revocations].map((one) => one.block));
    return result(
      anchored
        ? { number: quantity(anchored.block), timestamp: quantity(anchored.time) }
        : { number: quantity(last + 1), timestamp: quantity(chain.headTime) },
    );
  }
  if (method === "eth_call") {
    const [centre, index] = abi.decodeFunctionData("isRevoked", (params[0] as { data: string }).data);
    const revoked = chain.revocations.some((one) => centreBytes(one.centre) === centre && BigInt(one.index) === index);
    return result(AbiCoder.defaultAbiCoder().encode(["bool"], [revoked]));
  }
  const filter = params[0] as { address: string; topics: string[]; fromBlock: string; toBlock: string };
  const within = (block: number) =>
    block >= Number(filter.fromBlock) && (filter.toBlock === "latest" || block <= Number(filter.toBlock));
  const anchored = chain.anchors.map((one) => ({
    block: one.block,
    ...abi.encodeEventLog("CheckpointAnchored", [centreBytes(one.centre), one.epoch, one.size, `0x${one.root}`]),
  }));
  const revoked = chain.revocations.map((one) => ({
    block: one.block,
    ...abi.encodeEventLog("Revoked", [centreBytes(one.centre), one.index, one.reason, one.at]),
  }));
  const logs = [...anchored, ...revoked].filter(
    (log) => within(log.block) && log.topics.every((topic, index) => topic === filter.topics[index]),
  );
  return result(
    logs.map(({ block, topics, data }) => ({ address: filter.address, topics, data, blockNumber: quantity(block) })),
  );
}

const quantity = (value: number): string => `0x${value.toString(16)}`;
