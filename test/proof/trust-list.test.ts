import { describe, expect, it } from "vitest";
import { FormatError } from "../../service/src/proof/bytes.ts";
import { readTrustList, trustedAt } from "../../service/src/proof/trust-list.ts";
import type { TrustList } from "../../service/src/proof/trust-list.ts";
import { trustList } from "../verify/world.ts";

describe("trust lists", () => {
  it("are read, with members and kinds of keys that a verifier does not know", () => {
    const list = trustList();
    list.centres[0]!.keys.push({ kind: "evaluation", value: "00ff", from: 0, until: 0, distrustedSince: 0 });
    expect(readTrustList({ ...list, later: true })).toMatchObject({ witnessQuorum: 2 });
  });

  const breaks: [string, (list: TrustList) => void][] = [
    ["a quorum of 0", (list) => (list.witnessQuorum = 0)],
    ["a centre twice", (list) => list.centres.push(list.centres[0]!)],
    ["null for a centre", (list) => list.centres.push(null as never)],
    ["null for a key", (list) => list.centres[0]!.keys.push(null as never)],
    ["a key twice", (list) => list.centres[0]!.keys.push(list.centres[0]!.keys[0]!)],
    ["a short key", (list) => (list.centres[0]!.keys[2]!.value = "00")],
    ["a time below 0", (list) => (list.centres[0]!.keys[2]!.from = -1)],
    ["an address in a list", (list) => (list.centres[0]!.serviceUrl = ["https://a.example"] as never)],
    ["an address with a path", (list) => (list.centres[0]!.serviceUrl = "https://a.example/x")],
    ["an address with a user", (list) => (list.centres[0]!.serviceUrl = "https://a.example@evil.example")],
    ["an address with a backslash", (list) => (list.centres[0]!.serviceUrl = "https://a.example\\evil")],
    ["an address of another scheme", (list) => (list.centres[0]!.serviceUrl = "javascript:alert(1)")],
    ["a contract in a list", (list) => (list.contracts.blacklist = [list.contracts.blacklist] as never)],
    ["no contracts", (list) => (list.contracts = null as never)],
    ["`removed` in text", (list) => (list.centres[0]!.removed = "false" as never)],
  ];
  it.each(breaks)("are refused with %s", (_, change) => {
    const list = trustList();
    change(list);
    expect(() => readTrustList(list)).toThrow(FormatError);
  });

  it.each([null, [], "list", 1, {}])("are refused when they are %s", (value) => {
    expect(() => readTrustList(value)).toThrow(FormatError);
  });

  it("trust a key from its first second until the second before it ends", () => {
    const key = { kind: "log", value: "", from: 10, until: 20, distrustedSince: 0 };
    expect([9, 10, 19, 20].map((time) => trustedAt(key, time))).toEqual([false, true, true, false]);
    expect([14, 15].map((time) => trustedAt({ ...key, distrustedSince: 15 }, time))).toEqual([true, false]);
    expect(trustedAt({ ...key, until: 0 }, 2 ** 50)).toBe(true);
  });
});
