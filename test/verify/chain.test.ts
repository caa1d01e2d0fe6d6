import { encodeBytes32String, id, Interface } from "ethers";
import { describe, expect, it } from "vitest";
import * as chain from "../../service/src/verify/chain.ts";
import { readTrust } from "../../service/src/verify/trust.ts";
import type { RpcCall } from "../../service/src/verify/sources.ts";
import { replay } from "./replay.ts";
import { anchorBlock, anchoredAt, issuer, makeWorld, statusIndex } from "./world.ts";

const { recorded, size } = makeWorld();
const trust = await readTrust(replay(recorded));
const sources = replay(recorded);
const { url } = recorded.centres[0]!;
const abi = new Interface([
  "event CheckpointAnchored(bytes32 indexed centre, uint256 indexed epoch, uint256 indexed size, bytes32 root)",
  "event Revoked(bytes32 indexed centre, uint64 indexed index, uint8 reason, uint64 at)",
  "function isRevoked(bytes32 centre, uint64 index) view returns (bool)",
]);

describe("selectors and topics", () => {
  it("are those of the contracts' interfaces", () => {
    expect(chain.checkpointAnchoredTopic).toBe(id("CheckpointAnchored(bytes32,uint256,uint256,bytes32)"));
    expect(chain.revokedTopic).toBe(id("Revoked(bytes32,uint64,uint8,uint64)"));
    expect(chain.isRevokedSelector).toBe(abi.getFunction("isRevoked")!.selector);
    expect(chain.centreWord("C46010")).toBe(encodeBytes32String("C46010"));
  });

  it("make the calls that ethers makes", async () => {
    const calls: RpcCall[] = [];
    const listening = {
      ...sources,
      chain: async (at: string, more: readonly RpcCall[]) => {
        calls.push(...more);
        return sources.chain(at, more);
      },
    };
    await chain.readStanding(listening, url, trust, issuer, statusIndex);
    await chain.readAnchor(listening, url, trust, { centre: issuer, epoch: 1, size, block: anchorBlock });
    const centre = encodeBytes32String(issuer);
    expect(calls[0]!.params[0]).toMatchObject({ data: abi.encodeFunctionData("isRevoked", [centre, statusIndex]) });
    const topics = abi.encodeFilterTopics("CheckpointAnchored", [centre, 1, size]);
    expect(calls[2]!.params[0]).toMatchObject({ topics, fromBlock: "0x1267", toBlock: "0x1267" });
  });
});

describe("what a centre reads from the chain", () => {
  it("is found elsewhere when it is not where the receipt says", async () => {
    const found = await chain.readAnchor(sources, url, trust, { centre: issuer, epoch: 1, size, block: 5 });
    expect(found).toMatchObject({ block: anchorBlock, time: anchoredAt });
    expect(await chain.readAnchor(sources, url, trust, { centre: issuer, epoch: 2, size, block: 5 })).toBeUndefined();
  });

  it.each([
    ["isRevoked", "0x"],
    ["isRevoked", `0x${"0".repeat(63)}2`],
    ["isRevoked", true],
    ["isRevoked", null],
  ])("is no answer when %s is %s", async (_, answer) => {
    const odd = { ...sources, chain: async () => [answer, { timestamp: "0x1" }] };
    await expect(chain.readStanding(odd, url, trust, issuer, 1)).rejects.toThrow("isRevoked");
  });

  it.each([
    ["another contract", { address: trust.contracts.blacklist }],
    ["another topic", { topics: [chain.revokedTopic] }],
    ["an undone log", { removed: true }],
    ["short data", { data: "0x00" }],
    ["a block of text", { blockNumber: "latest" }],
  ])("is no answer with %s", async (_, change) => {
    const odd = {
      ...sources,
      chain: async (at: string, calls: readonly RpcCall[]) => {
        const [logs] = (await sources.chain(at, calls)) as [object[]];
        return [logs.map((log) => ({ ...log, ...change }))];
      },
    };
    await expect(
      chain.readAnchor(odd, url, trust, { centre: issuer, epoch: 1, size, block: anchorBlock }),
    ).rejects.toBeInstanceOf(Error);
  });
});
