// The node, asked by JSON-RPC. Nothing here polls or caches: whoever asks decides when.
import { AbiCoder, Interface } from "ethers";
import type { InterfaceAbi } from "ethers";
import blacklistAbi from "./abi/Blacklist.json" with { type: "json" };
import certificateStatusAbi from "./abi/CertificateStatus.json" with { type: "json" };
import centreRegistryAbi from "./abi/CentreRegistry.json" with { type: "json" };
import checkpointAnchorAbi from "./abi/CheckpointAnchor.json" with { type: "json" };

/** The contracts' interfaces under the names that the registry has for them. */
export const interfaces = {
  CentreRegistry: new Interface(centreRegistryAbi as InterfaceAbi),
  CheckpointAnchor: new Interface(checkpointAnchorAbi as InterfaceAbi),
  CertificateStatus: new Interface(certificateStatusAbi as InterfaceAbi),
  Blacklist: new Interface(blacklistAbi as InterfaceAbi),
} as const;
export type ContractName = keyof typeof interfaces;

/** Addresses of the contracts, 0x and lower-case hex. */
export interface Contracts {
  registry: string;
  checkpointAnchor: string;
  certificateStatus: string;
  blacklist: string;
}

/** The node did not answer, or not sensibly: an outage. Whether the request was carried out is not known. */
export class ChainUnreachable extends Error {
  override readonly name = "ChainUnreachable";
}

/** The node answered with an error. Nodes do not agree on codes and texts: decide by asking again, not by matching. */
export class RpcError extends Error {
  override readonly name = "RpcError";
  readonly code: number;
  readonly data: unknown;
  constructor(error: { code?: unknown; message?: unknown; data?: unknown }) {
    super(typeof error.message === "string" ? error.message : "the node answered with an error");
    this.code = typeof error.code === "number" ? error.code : 0;
    this.data = error.data;
  }
}

export interface RpcCall {
  method: string;
  params: unknown[];
}
export type RpcAnswer = { result: unknown } | { error: RpcError };

/** Carries one JSON text to the node and brings back its answer; tests wrap it to break it. */
export type Transport = (body: string) => Promise<string>;

export interface ChainClient {
  /** @throws RpcError when the node refuses, ChainUnreachable when it does not answer */
  call(method: string, params: unknown[]): Promise<unknown>;
  /** Several calls in one request; answers in the order of the calls. @throws ChainUnreachable */
  batch(calls: RpcCall[]): Promise<RpcAnswer[]>;
}

export interface ChainClientOptions {
  url: string;
  /** for one request, in milliseconds; 10 seconds if not given */
  timeoutMs?: number;
  transport?: Transport;
}

/** A client of one node. It holds no state and needs no closing. */
export function createChainClient(options: ChainClientOptions): ChainClient {
  const send = options.transport ?? httpTransport(options.url, options.timeoutMs ?? 10_000);
  const request = async (payload: unknown): Promise<unknown> => {
    try {
      return JSON.parse(await send(JSON.stringify(payload)));
    } catch (error) {
      throw new ChainUnreachable("the chain node did not answer", { cause: error });
    }
  };
  const batch = async (calls: RpcCall[]): Promise<RpcAnswer[]> => {
    if (calls.length === 0) return [];
    const answers = await request(calls.map((call, id) => ({ jsonrpc: "2.0", id, ...call })));
    if (!Array.isArray(answers)) {
      // A node that refuses the batch as a whole answers with one error.
      const { error } = (answers ?? {}) as { error?: object };
      throw new ChainUnreachable(
        "the chain node refused the batch",
        error ? { cause: new RpcError(error) } : undefined,
      );
    }
    const byId = new Map<unknown, RpcAnswer>();
    for (const answer of answers as { id?: unknown; result?: unknown; error?: object }[])
      byId.set(answer.id, answer.error ? { error: new RpcError(answer.error) } : { result: answer.result });
    return calls.map((_, id) => {
      const answer = byId.get(id);
      if (!answer) throw new ChainUnreachable("the chain node left a call of a batch unanswered");
      return answer;
    });
  };
  return {
    batch,
    async call(method, params) {
      const [answer] = await batch([{ method, params }]);
      return resultOf(answer!);
    },
  };
}

/** POST with a time limit. The address may carry a secret, so it stands in no error text. */
export function httpTransport(url: string, timeoutMs: number): Transport {
  return async (body) => {
    const response = await fetch(url, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await response.text();
    // Some nodes answer a JSON-RPC error with a status that is not 200: the body says more.
    if (!response.ok && !text.startsWith("{") && !text.startsWith("["))
      throw new Error(`the chain node answered with status ${response.status}`);
    return text;
  };
}

/** The result of an answer. @throws RpcError when it is an error */
export function resultOf(answer: RpcAnswer): unknown {
  if ("error" in answer) throw answer.error;
  return answer.result;
}

/** A whole number as JSON-RPC writes it. */
export function quantity(value: bigint | number): string {
  return `0x${value.toString(16)}`;
}

/** @throws ChainUnreachable when it is not a quantity */
export function fromQuantity(value: unknown): bigint {
  if (typeof value !== "string" || !/^0x[0-9a-f]+$/i.test(value))
    throw new ChainUnreachable("the chain node sent something that is not a number");
  return BigInt(value);
}

/** Bytes of 0x-hex. @throws ChainUnreachable when it is not such a text, or not `length` bytes */
export function fromData(value: unknown, length?: number): Buffer {
  if (typeof value !== "string" || !/^0x([0-9a-f]{2})*$/i.test(value))
    throw new ChainUnreachable("the chain node sent something that is not bytes");
  const bytes = Buffer.from(value.slice(2), "hex");
  if (length !== undefined && bytes.length !== length)
    throw new ChainUnreachable(`the chain node sent ${bytes.length} bytes in place of ${length}`);
  return bytes;
}

/** 0x and lower-case hex. */
export function toData(bytes: Uint8Array): string {
  return `0x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex")}`;
}

export interface Block {
  number: bigint;
  hash: Buffer;
  parentHash: Buffer;
  /** seconds since 1970 */
  time: number;
}

/** A block's header by number, or null when the node has none of this number. */
export function readBlock(value: unknown): Block | null {
  if (value === null || value === undefined) return null;
  const block = value as { number?: unknown; hash?: unknown; parentHash?: unknown; timestamp?: unknown };
  return {
    number: fromQuantity(block.number),
    hash: fromData(block.hash, 32),
    parentHash: fromData(block.parentHash, 32),
    time: Number(fromQuantity(block.timestamp)),
  };
}

/** The newest block's number. */
export async function headNumber(client: ChainClient): Promise<bigint> {
  return fromQuantity(await client.call("eth_blockNumber", []));
}

/** Calls a view of a contract; the values come in the order of the ABI. @throws RpcError when it reverts */
export async function readContract(
  client: ChainClient,
  contract: ContractName,
  address: string,
  method: string,
  args: unknown[],
): Promise<unknown[]> {
  const abi = interfaces[contract];
  const result = await client.call("eth_call", [{ to: address, data: abi.encodeFunctionData(method, args) }, "latest"]);
  return abi.decodeFunctionResult(method, toData(fromData(result))).toArray();
}

const panic = "0x4e487b71";
const plainRevert = "0x08c379a0";

/** The name and values of a contract's error, such as `Fork(0x43…, 1, 5, 0x…, 0x…)`; undefined when it is none of ours. */
export function describeRevert(data: unknown): string | undefined {
  if (typeof data !== "string" || !/^0x([0-9a-f]{2}){4,}$/i.test(data)) return undefined;
  for (const abi of Object.values(interfaces)) {
    const error = abi.parseError(data);
    if (error) return `${error.name}(${error.args.map(String).join(", ")})`;
  }
  const body = `0x${data.slice(10)}`;
  if (data.startsWith(plainRevert)) return `Error(${AbiCoder.defaultAbiCoder().decode(["string"], body)[0]})`;
  if (data.startsWith(panic)) return `Panic(${AbiCoder.defaultAbiCoder().decode(["uint256"], body)[0]})`;
  return undefined;
}

/** The revert data in an error of eth_call: nodes put it in `data` itself or one level deeper. */
export function revertData(error: RpcError): unknown {
  const data = error.data;
  return typeof data === "object" && data !== null && "data" in data ? data.data : data;
}
