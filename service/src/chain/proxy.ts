// The chain for browsers (FORMAT.md §8): JSON-RPC that can read our contracts and do nothing else.
//
// Methods, contracts, functions and events are allow-lists, and what is sent on to the node is built anew from what was
// understood: nothing of a request passes through unread. A look-up of logs must either name every indexed argument of one
// event, which the node finds by its block filters, or stay within a short range of blocks.
import { ChainUnreachable, RpcError, fromQuantity, interfaces, quantity, resultOf } from "./client.ts";
import type { ChainClient, ContractName, RpcCall } from "./client.ts";

/** The largest body that a route should read for this, in bytes. */
export const maxProxyBody = 64 * 1024;
export const maxProxyBatch = 20;
/** Blocks in a look-up of logs that leaves an indexed argument open. */
export const maxOpenRange = 10_000n;

const readable: Record<ContractName, readonly string[]> = {
  CentreRegistry: ["centre", "centres", "centreOf", "contractOf", "key"],
  CheckpointAnchor: ["latest", "MAX_GROWTH"],
  CertificateStatus: ["isRevoked", "word"],
  Blacklist: ["listing"],
};

export interface ProxyResponse {
  jsonrpc: "2.0";
  id: string | number | null;
  result?: unknown;
  error?: { code: number; message: string; data?: unknown };
}

/** JSON-RPC 2.0's own codes, and -32001 for a node that does not answer. */
const codes = { invalidRequest: -32600, methodNotFound: -32601, invalidParams: -32602, unreachable: -32001 } as const;

class Refused extends Error {
  readonly code: number;
  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export interface ProxyContext {
  client: ChainClient;
  /** `readableContracts(db)`: lower-case address to name */
  contracts: ReadonlyMap<string, ContractName>;
}

/**
 * Answers a parsed body: one request, or up to 20 in a list. Never throws for what the request says: everything that is not
 * allowed gets a JSON-RPC error in its place, and the others are answered. It changes nothing anywhere.
 */
export async function answer(request: unknown, context: ProxyContext): Promise<ProxyResponse | ProxyResponse[]> {
  if (!Array.isArray(request)) return (await answerAll([request], context))[0]!;
  if (request.length === 0 || request.length > maxProxyBatch)
    return failure(null, codes.invalidRequest, `a batch holds 1 to ${maxProxyBatch} requests`);
  return answerAll(request, context);
}

async function answerAll(requests: unknown[], { client, contracts }: ProxyContext): Promise<ProxyResponse[]> {
  // The head is asked once, and only when a range has to be measured against it.
  let head: Promise<bigint> | undefined;
  const askHead = () => (head ??= client.call("eth_blockNumber", []).then(fromQuantity));

  const responses: (ProxyResponse | undefined)[] = [];
  const calls: { at: number; id: string | number; call: RpcCall }[] = [];
  for (const [at, request] of requests.entries()) {
    const id = idOf(request);
    try {
      calls.push({ at, id: requireId(id), call: await understood(request, contracts, askHead) });
    } catch (error) {
      responses[at] = failureOf(id, error);
    }
  }
  if (calls.length > 0) {
    try {
      const answers = await client.batch(calls.map(({ call }) => call));
      for (const [i, { at, id }] of calls.entries()) {
        const answer = answers[i]!;
        responses[at] =
          "error" in answer ? failureOf(id, answer.error) : { jsonrpc: "2.0", id, result: resultOf(answer) };
      }
    } catch (error) {
      for (const { at, id } of calls) responses[at] = failureOf(id, error);
    }
  }
  return responses as ProxyResponse[];
}

function idOf(request: unknown): string | number | null {
  const id = isObject(request) ? request.id : null;
  return (typeof id === "string" && id.length <= 100) || typeof id === "number" ? id : null;
}

function requireId(id: string | number | null): string | number {
  if (id === null) throw new Refused(codes.invalidRequest, "a request has an id");
  return id;
}

function failure(id: string | number | null, code: number, message: string, data?: unknown): ProxyResponse {
  return { jsonrpc: "2.0", id, error: { code, message, ...(data === undefined ? {} : { data }) } };
}

function failureOf(id: string | number | null, error: unknown): ProxyResponse {
  if (error instanceof Refused) return failure(id, error.code, error.message);
  // A view that reverts says so with its data; the node's own words may describe the node, so they stay here.
  if (error instanceof RpcError)
    return failure(id, error.code, "the chain node answered with an error", hexOnly(error.data));
  if (error instanceof ChainUnreachable) return failure(id, codes.unreachable, "the chain node does not answer");
  throw error;
}

const hexOnly = (data: unknown) => (typeof data === "string" && /^0x[0-9a-f]*$/i.test(data) ? data : undefined);

async function understood(
  request: unknown,
  contracts: ReadonlyMap<string, ContractName>,
  askHead: () => Promise<bigint>,
): Promise<RpcCall> {
  if (!isObject(request) || request.jsonrpc !== "2.0" || typeof request.method !== "string")
    throw new Refused(codes.invalidRequest, "this is not a JSON-RPC 2.0 request");
  const params = request.params ?? [];
  if (!Array.isArray(params)) throw new Refused(codes.invalidParams, "params is a list");
  switch (request.method) {
    case "eth_blockNumber":
      count(params, 0, 0);
      return { method: "eth_blockNumber", params: [] };
    case "eth_getBlockByNumber":
      count(params, 1, 2);
      if (params[1] !== undefined && params[1] !== false)
        throw new Refused(codes.invalidParams, "blocks are given without their transactions");
      return { method: "eth_getBlockByNumber", params: [blockTag(params[0]), false] };
    case "eth_call":
      count(params, 1, 2);
      return { method: "eth_call", params: [viewCall(params[0], contracts), blockTag(params[1] ?? "latest")] };
    case "eth_getLogs":
      count(params, 1, 1);
      return { method: "eth_getLogs", params: [await logFilter(params[0], contracts, askHead)] };
    default:
      throw new Refused(codes.methodNotFound, "this method is not offered here");
  }
}

function viewCall(value: unknown, contracts: ReadonlyMap<string, ContractName>): { to: string; data: string } {
  if (!isObject(value)) throw new Refused(codes.invalidParams, "a call has the members to and data");
  onlyMembers(value, ["to", "data"]);
  const { to, name } = contractAt(value.to, contracts);
  const { data } = value;
  // key() with the longest key, 1024 bytes, is the largest call.
  if (typeof data !== "string" || !/^0x([0-9a-f]{2}){4,1200}$/i.test(data))
    throw new Refused(codes.invalidParams, "data is the hex of a call");
  const selector = data.slice(0, 10).toLowerCase();
  if (!readable[name].some((method) => interfaces[name].getFunction(method)?.selector === selector))
    throw new Refused(codes.methodNotFound, "this function is not offered here");
  return { to, data: data.toLowerCase() };
}

async function logFilter(
  value: unknown,
  contracts: ReadonlyMap<string, ContractName>,
  askHead: () => Promise<bigint>,
): Promise<object> {
  if (!isObject(value)) throw new Refused(codes.invalidParams, "a filter is an object");
  onlyMembers(value, ["address", "topics", "fromBlock", "toBlock"]);
  const address = Array.isArray(value.address) && value.address.length === 1 ? value.address[0] : value.address;
  const { to, name } = contractAt(address, contracts);
  if (!Array.isArray(value.topics)) throw new Refused(codes.invalidParams, "a filter names the event in its topics");
  const topics = value.topics.map(topic);
  const event = topics[0] ? interfaces[name].getEvent(topics[0]) : null;
  const indexed = event?.inputs.filter((input) => input.indexed).length ?? 0;
  if (!event || topics.length > indexed + 1) throw new Refused(codes.invalidParams, "the contract has no such event");

  const fromBlock = blockTag(value.fromBlock ?? "0x0");
  const toBlock = blockTag(value.toBlock ?? "latest");
  const pinned = indexed > 0 && topics.length === indexed + 1 && topics.every((topic) => topic !== null);
  if (!pinned) {
    const first = fromBlock === "latest" ? await askHead() : BigInt(fromBlock);
    const last = toBlock === "latest" ? await askHead() : BigInt(toBlock);
    if (last - first >= maxOpenRange)
      throw new Refused(
        codes.invalidParams,
        `name every indexed argument, or a range of at most ${maxOpenRange} blocks`,
      );
  }
  return { address: to, topics, fromBlock, toBlock };
}

function topic(value: unknown): string | null {
  if (value === null) return null;
  if (typeof value !== "string" || !/^0x[0-9a-f]{64}$/i.test(value))
    throw new Refused(codes.invalidParams, "a topic is null or the hex of 32 bytes");
  return value.toLowerCase();
}

function contractAt(value: unknown, contracts: ReadonlyMap<string, ContractName>): { to: string; name: ContractName } {
  const to = typeof value === "string" ? value.toLowerCase() : "";
  const name = contracts.get(to);
  if (!name) throw new Refused(codes.invalidParams, "only the contracts of the trust list are offered here");
  return { to, name };
}

/** "latest" or a number. */
function blockTag(value: unknown): string {
  if (value === "latest") return value;
  if (typeof value !== "string" || !/^0x[0-9a-f]{1,15}$/i.test(value))
    throw new Refused(codes.invalidParams, 'a block is "latest" or a number');
  return quantity(BigInt(value));
}

function count(params: unknown[], least: number, most: number): void {
  if (params.length < least || params.length > most)
    throw new Refused(codes.invalidParams, "this is not the right number of params");
}

function onlyMembers(value: object, allowed: string[]): void {
  for (const name of Object.keys(value))
    if (!allowed.includes(name)) throw new Refused(codes.invalidParams, "there is a member that is not offered here");
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
