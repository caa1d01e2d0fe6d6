// The client, words and events: what nodes may answer, and that the committed ABIs are those of the contracts.
import fs from "node:fs";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { generatedFiles } from "../../scripts/abi.ts";
import {
  ChainUnreachable,
  RpcError,
  createChainClient,
  describeRevert,
  interfaces,
  toData,
} from "../../service/src/chain/client.ts";
import { readLog, toEvent } from "../../service/src/chain/events.ts";
import { createSigner, intrinsicGas } from "../../service/src/chain/transaction.ts";
import { fromWord, toCentreCode, toWord } from "../../service/src/chain/word.ts";
import { testKey } from "../helpers/chain.ts";

const answering = (text: string) => createChainClient({ url: "", transport: async () => text });

describe("the client", () => {
  it("tells an outage from a refusal", async () => {
    for (const text of [
      "",
      "<html>",
      "[]",
      "{}",
      "null",
      '[{"id":7,"result":1}]',
      '{"error":{"code":1,"message":"no batches"}}',
    ])
      await expect(answering(text).call("x", [])).rejects.toBeInstanceOf(ChainUnreachable);
    const refused = answering('[{"id":0,"error":{"code":3,"message":"no","data":"0x01"}}]').call("x", []);
    await expect(refused).rejects.toBeInstanceOf(RpcError);
    await expect(refused).rejects.toMatchObject({ code: 3, data: "0x01", message: "no" });
  });

  it("puts the answers of a batch in the order of the calls", async () => {
    const client = answering('[{"id":1,"result":"b"},{"id":0,"result":"a"}]');
    const call = { method: "x", params: [] };
    expect(await client.batch([call, call])).toEqual([{ result: "a" }, { result: "b" }]);
    expect(await client.batch([])).toEqual([]);
  });

  it("names a contract's error with its values", () => {
    const data = interfaces.CheckpointAnchor.encodeErrorResult("GrowsTooFast", [toWord("C46010"), 1, 2, 3]);
    expect(describeRevert(data)).toBe(`GrowsTooFast(${toWord("C46010")}, 1, 2, 3)`);
    expect(describeRevert("0x12345678")).toBeUndefined();
    expect(describeRevert("0x")).toBeUndefined();
    expect(describeRevert(undefined)).toBeUndefined();
  });
});

describe("words", () => {
  it("come back as they went, and nothing else is a word", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme-ascii", minLength: 1, maxLength: 32 }), (text) => {
        expect(fromWord(toWord(text))).toBe(text);
      }),
    );
    for (const word of [
      `0x${"00".repeat(32)}`,
      `0x${"41".repeat(33)}`,
      `0x4100${"41".repeat(30)}`,
      `0xff${"00".repeat(31)}`,
      "0x41",
    ])
      expect(fromWord(word)).toBeUndefined();
    expect(() => toWord("")).toThrow(/invariant/);
    expect(toCentreCode(toWord("C46010"))).toBe("C46010");
    expect(toCentreCode(toWord("X46010"))).toBeUndefined();
  });
});

describe("events", () => {
  const place = {
    address: `0x${"aa".repeat(20)}`,
    blockNumber: "0x1",
    blockHash: `0x${"01".repeat(32)}`,
    transactionHash: `0x${"02".repeat(32)}`,
    logIndex: "0x0",
  };
  const log = (name: string, values: unknown[]) =>
    readLog({ ...place, ...interfaces.CentreRegistry.encodeEventLog(name, values) });

  it("are plain JSON, tuples by name", () => {
    const accounts = ["11", "22", "33", "44"].map((byte) => `0x${byte.repeat(20)}`);
    const event = toEvent(
      log("CentreAdmitted", [toWord("C46010"), "海南", "1", "https://a", accounts]),
      "CentreRegistry",
    );
    expect(event).toMatchObject({ name: "CentreAdmitted", centre: "C46010" });
    expect(event.args).toMatchObject({ name: "海南", accounts: { anchorer: accounts[0], guardian: accounts[3] } });
  });

  it("that cannot be read do not stop the mirror", () => {
    const nul = toEvent(log("ServiceUrlSet", [toWord("C46010"), "a\u0000b"]), "CentreRegistry");
    expect(nul.args.serviceUrl).toBe("a\ufffdb");
    const good = log("ServiceUrlSet", [toWord("C46010"), "ab"]);
    expect(toEvent({ ...good, data: "0x00" }, "CentreRegistry")).toMatchObject({ name: "Unknown", centre: null });
    const notUtf8 = good.data.replace("6162", "fffe");
    expect(toEvent({ ...good, data: notUtf8 }, "CentreRegistry")).toMatchObject({ name: "Unknown", centre: null });
    expect(toEvent({ ...good, topics: [] }, "CentreRegistry")).toMatchObject({ name: "Unknown" });
  });
});

describe("signing", () => {
  it("gives the same bytes for the same content", () => {
    const signer = createSigner(testKey("anyone"));
    const transaction = { chainId: 1, nonce: 3n, to: signer.account, data: Buffer.from([1, 0]), gasLimit: 50_000n };
    expect(signer.sign(transaction)).toEqual(createSigner(`0x${testKey("anyone")}`).sign(transaction));
    expect(signer.sign({ ...transaction, nonce: 4n }).hash).not.toEqual(signer.sign(transaction).hash);
    expect(toData(signer.account)).toMatch(/^0x[0-9a-f]{40}$/);
  });

  it("counts the gas of the data", () => {
    expect(intrinsicGas(Buffer.alloc(0))).toBe(21_000n);
    expect(intrinsicGas(Buffer.from([0, 1]))).toBe(21_050n);
  });
});

const artifacts = fs.existsSync(new URL("../../artifacts/contracts", import.meta.url));
describe.skipIf(!artifacts)("the committed ABIs and bytecode", () => {
  it("are those of the compiled contracts (else run scripts/abi.ts)", async () => {
    for (const [file, text] of await generatedFiles()) expect(fs.readFileSync(new URL(file), "utf8")).toBe(text);
  });
});
