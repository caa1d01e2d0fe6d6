import { describe, expect, it } from "vitest";
import { FormatError } from "../../service/src/proof/bytes.ts";
import { readReceipt } from "../../service/src/proof/receipt.ts";
import { makeWorld } from "../verify/world.ts";

const { receipt } = makeWorld();
const pending = { ...receipt, index: null, proof: [], checkpoint: null, anchor: null };
const anchor = receipt.anchor!;

describe("receipts", () => {
  it("are read in each of their three states", () => {
    expect(readReceipt(receipt)).toBe(receipt);
    expect(readReceipt({ ...receipt, anchor: null }).anchor).toBeNull();
    expect(readReceipt(pending).checkpoint).toBeNull();
  });

  it.each<[string, unknown]>([
    ["null", null],
    ["a list", []],
    ["another format", { ...receipt, format: "cunzheng-receipt/2" }],
    ["another member", { ...receipt, more: 1 }],
    ["a negative index", { ...receipt, index: -1 }],
    ["an index in text", { ...receipt, index: "5" }],
    ["an index without its checkpoint", { ...pending, index: 5 }],
    ["a proof without its checkpoint", { ...pending, proof: receipt.proof }],
    ["an anchor without its checkpoint", { ...pending, anchor }],
    ["a proof in capitals", { ...receipt, proof: receipt.proof.map((hash) => hash.toUpperCase()) }],
    ["a proof of 54 hashes", { ...receipt, proof: Array.from({ length: 54 }, () => receipt.proof[0]) }],
    ["a proof of lists", { ...receipt, proof: receipt.proof.map((hash) => [hash]) }],
    ["a checkpoint in a list", { ...receipt, checkpoint: [receipt.checkpoint] }],
    ["a contract in a list", { ...receipt, anchor: { ...anchor, contract: [anchor.contract] } }],
    ["a block below 0", { ...receipt, anchor: { ...anchor, block: -1 } }],
    ["a leaf with another member", { ...receipt, leaf: { ...receipt.leaf, note: "" } }],
  ])("are refused with %s", (_, value) => {
    expect(() => readReceipt(value)).toThrow(FormatError);
  });
});
