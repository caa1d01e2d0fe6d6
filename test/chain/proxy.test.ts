// The proxy for browsers: what a verifier needs is answered by a real chain, everything else is refused.
import { beforeAll, describe, expect, it, vi } from "vitest";
import { encodeAnchor } from "../../service/src/chain/checkpoint-anchor.ts";
import { createChainClient, interfaces, toData } from "../../service/src/chain/client.ts";
import type { ChainClient, ContractName } from "../../service/src/chain/client.ts";
import { answer, maxOpenRange } from "../../service/src/chain/proxy.ts";
import type { ProxyResponse } from "../../service/src/chain/proxy.ts";
import { toWord } from "../../service/src/chain/word.ts";
import { freshChain } from "../helpers/chain.ts";
import type { TestChain } from "../helpers/chain.ts";

let chain: TestChain;
let contracts: Map<string, ContractName>;
/** methods that reached the node */
const asked: string[] = [];
let client: ChainClient;

beforeAll(async () => {
  chain = await freshChain();
  contracts = new Map<string, ContractName>([
    [chain.contracts.registry, "CentreRegistry"],
    [chain.contracts.checkpointAnchor, "CheckpointAnchor"],
    [chain.contracts.certificateStatus, "CertificateStatus"],
    [chain.contracts.blacklist, "Blacklist"],
  ]);
  client = {
    call(method, params) {
      asked.push(method);
      return chain.client.call(method, params);
    },
    batch(calls) {
      asked.push(...calls.map(({ method }) => method));
      return chain.client.batch(calls);
    },
  };
  const { bytes } = chain.centres[0]!.anchorer.sign({
    chainId: chain.chainId,
    nonce: 0n,
    to: Buffer.from(chain.contracts.checkpointAnchor.slice(2), "hex"),
    data: encodeAnchor(1, 4n, Buffer.alloc(32, 4)),
    gasLimit: 500_000n,
  });
  await chain.client.call("eth_sendRawTransaction", [toData(bytes)]);
  const account = toData(chain.centres[0]!.anchorer.account);
  await vi.waitUntil(async () => (await chain.client.call("eth_getTransactionCount", [account, "latest"])) === "0x1");
});

async function ask(method: unknown, params?: unknown, extra: object = {}): Promise<ProxyResponse> {
  return (await answer({ jsonrpc: "2.0", id: 1, method, params, ...extra }, { client, contracts })) as ProxyResponse;
}

const call = (contract: ContractName, method: string, args: unknown[]) => {
  const to = [...contracts].find(([, name]) => name === contract)![0];
  return { to, data: interfaces[contract].encodeFunctionData(method, args) };
};
const word = (value: bigint) => `0x${value.toString(16).padStart(64, "0")}`;
const anchored = interfaces.CheckpointAnchor.getEvent("CheckpointAnchored")!.topicHash;

describe("what a verifier needs", () => {
  it("an anchored checkpoint by centre, epoch and size, over the whole chain", async () => {
    const topics = [anchored, toWord("C46010"), word(1n), word(4n)];
    const { result } = await ask("eth_getLogs", [{ address: chain.contracts.checkpointAnchor, topics }]);
    expect(result).toMatchObject([{ data: `0x${"04".repeat(32)}` }]);
    const listed = await ask("eth_getLogs", [
      { address: [chain.contracts.checkpointAnchor], topics, fromBlock: "0x0", toBlock: "latest" },
    ]);
    expect(listed.result).toEqual(result);
  });

  it("whether a certificate is revoked, the latest checkpoint, centres and keys", async () => {
    const revoked = await ask("eth_call", [call("CertificateStatus", "isRevoked", [toWord("C46010"), 3]), "latest"]);
    expect(revoked).toEqual({ jsonrpc: "2.0", id: 1, result: word(0n) });
    const seal = chain.centres[0]!.registered.keys.at(-1)!;
    for (const one of [
      call("CheckpointAnchor", "latest", [toWord("C46010"), 1]),
      call("CentreRegistry", "centre", [toWord("C46010")]),
      call("CentreRegistry", "key", [toWord("C46010"), toWord("seal"), toData(seal.value)]),
      call("Blacklist", "listing", [word(1n)]),
    ])
      expect(await ask("eth_call", [one])).toMatchObject({ result: expect.stringMatching(/^0x/) });
  });

  it("blocks and the head", async () => {
    expect(await ask("eth_blockNumber", [])).toMatchObject({ result: expect.stringMatching(/^0x/) });
    expect(await ask("eth_blockNumber")).toMatchObject({ result: expect.stringMatching(/^0x/) });
    expect(await ask("eth_getBlockByNumber", ["0x1", false])).toMatchObject({ result: { number: "0x1" } });
  });

  it("a batch, in its order, with a refusal only where it belongs", async () => {
    const responses = await answer(
      [
        { jsonrpc: "2.0", id: "a", method: "eth_blockNumber", params: [] },
        { jsonrpc: "2.0", id: "b", method: "eth_accounts", params: [] },
        { jsonrpc: "2.0", id: "c", method: "eth_getBlockByNumber", params: ["latest", false] },
      ],
      { client, contracts },
    );
    expect(responses).toMatchObject([
      { id: "a", result: expect.anything() },
      { id: "b", error: { code: -32601 } },
      { id: "c", result: expect.anything() },
    ]);
  });

  it("the data of a view that reverts, and none of the node's words", async () => {
    const { error } = await ask("eth_call", [call("CentreRegistry", "centre", [toWord("C99999")])]);
    expect(interfaces.CentreRegistry.parseError(error!.data as string)!.name).toBe("UnknownCentre");
    expect(error!.message).toBe("the chain node answered with an error");
  });
});

describe("everything else is refused before it reaches the node", () => {
  const address = () => chain.contracts.checkpointAnchor;
  const topics = [anchored];
  const cases: [string, () => [unknown, unknown?, object?]][] = [
    ["sending", () => ["eth_sendRawTransaction", ["0x00"]]],
    ["the test node's own methods", () => ["anvil_setBalance", [chain.contracts.registry, "0x1"]]],
    ["evm_revert", () => ["evm_revert", ["0x0"]]],
    ["tracing", () => ["debug_traceCall", [{}, "latest"]]],
    ["a name of Object's", () => ["constructor", []]],
    ["no method", () => [undefined]],
    ["another version of JSON-RPC", () => ["eth_blockNumber", [], { jsonrpc: "1.0" }]],
    ["no id", () => ["eth_blockNumber", [], { id: undefined }]],
    ["params that are no list", () => ["eth_blockNumber", {}]],
    ["too many params", () => ["eth_blockNumber", ["latest"]]],
    ["blocks with their transactions", () => ["eth_getBlockByNumber", ["latest", true]]],
    ["pending blocks", () => ["eth_getBlockByNumber", ["pending", false]]],
    ["a call of another address", () => ["eth_call", [{ to: `0x${"11".repeat(20)}`, data: "0x00000000" }, "latest"]]],
    ["a call without an address", () => ["eth_call", [{ data: "0x00000000" }, "latest"]]],
    ["a function that is not listed", () => ["eth_call", [call("CentreRegistry", "owner", []), "latest"]]],
    ["a function that writes", () => ["eth_call", [call("CheckpointAnchor", "anchor", [1, 9, word(1n)]), "latest"]]],
    [
      "another contract's function",
      () => ["eth_call", [{ ...call("CheckpointAnchor", "latest", [word(1n), 1]), to: chain.contracts.registry }]],
    ],
    ["a call from somebody", () => ["eth_call", [{ ...call("CentreRegistry", "centres", []), from: address() }]]],
    ["state overrides", () => ["eth_call", [call("CentreRegistry", "centres", []), "latest", {}]]],
    ["too much data", () => ["eth_call", [{ to: address(), data: `0x${"00".repeat(1201)}` }]]],
    ["logs of another address", () => ["eth_getLogs", [{ address: `0x${"11".repeat(20)}`, topics }]]],
    ["logs of any address", () => ["eth_getLogs", [{ topics }]]],
    ["logs of several addresses", () => ["eth_getLogs", [{ address: [...contracts.keys()], topics }]]],
    ["logs without topics", () => ["eth_getLogs", [{ address: address() }]]],
    ["logs of any event", () => ["eth_getLogs", [{ address: address(), topics: [null, toWord("C46010")] }]]],
    ["logs of an unknown event", () => ["eth_getLogs", [{ address: address(), topics: [word(1n)] }]]],
    [
      "alternatives in a topic",
      () => ["eth_getLogs", [{ address: address(), topics: [[anchored], toWord("C46010"), word(1n), word(4n)] }]],
    ],
    [
      "more topics than the event has",
      () => ["eth_getLogs", [{ address: address(), topics: [anchored, ...[1n, 2n, 3n, 4n].map(word)] }]],
    ],
    [
      "an open look-up over a long range",
      () => [
        "eth_getLogs",
        [{ address: address(), topics, fromBlock: "0x0", toBlock: `0x${maxOpenRange.toString(16)}` }],
      ],
    ],
    ["logs by block hash", () => ["eth_getLogs", [{ address: address(), topics, blockHash: word(1n) }]]],
  ];
  for (const [what, request] of cases)
    it(`${what}`, async () => {
      asked.length = 0;
      const [method, params, extra] = request();
      const { error, result } = await ask(method, params, extra);
      expect(result).toBeUndefined();
      expect([-32600, -32601, -32602]).toContain(error!.code);
      expect(asked).toEqual([]);
    });

  it("batches that are empty or too long, and things that are no request", async () => {
    const one = { jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] };
    for (const body of [[], Array.from({ length: 21 }, () => one), null, "eth_blockNumber", 7, undefined])
      expect(await answer(body, { client, contracts })).toMatchObject({ error: { code: -32600 } });
    expect(await answer([null, one], { client, contracts })).toMatchObject([{ error: { code: -32600 } }, { id: 1 }]);
  });

  it("says when the node does not answer, without its address", async () => {
    const gone = createChainClient({ url: "http://127.0.0.1:1" });
    const response = await answer(
      { jsonrpc: "2.0", id: 1, method: "eth_blockNumber", params: [] },
      { client: gone, contracts },
    );
    expect(response).toEqual({
      jsonrpc: "2.0",
      id: 1,
      error: { code: -32001, message: "the chain node does not answer" },
    });
  });
});
