import { describe, expect, it } from "vitest";
import { FormatError, toHex } from "../../service/src/proof/bytes.ts";
import { isDay, leafDigest, readCertificateLeaf, standingToken } from "../../service/src/proof/leaf.ts";
import { sha256 } from "../verify/maker.ts";
import { makeWorld } from "../verify/world.ts";

const { leaf } = makeWorld();

describe("leaves", () => {
  it("have the digest of their sorted members", () => {
    const text = `{${Object.entries(leaf)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([member, value]) => `${JSON.stringify(member)}:${JSON.stringify(value)}`)
      .join(",")}}`;
    expect(toHex(leafDigest(leaf))).toBe(toHex(sha256(Buffer.from(text))));
    expect(leafDigest({ ...leaf, statusIndex: leaf.statusIndex + 1 })).not.toEqual(leafDigest(leaf));
  });

  it("give a token that says nothing about the digest", () => {
    const digest = new Uint8Array(32).fill(1);
    const expected = sha256(Buffer.from("cunzheng standing token\n"), digest).subarray(0, 16);
    expect(toHex(standingToken(digest))).toBe(toHex(expected));
  });

  it.each([
    ["centre", ["C46010"]],
    ["serial", [leaf.serial]],
    ["serial", "1.2.156.3005.3.1165.11460000MB1234567A"],
    ["statusIndex", 0.5],
    ["statusIndex", -1],
    ["issuedAt", [leaf.issuedAt]],
    ["issuedAt", "2026-02-30T00:00:00+08:00"],
    ["issuedAt", "2026-01-01T24:00:00+08:00"],
    ["issuedAt", "2026-01-01T00:00:00Z"],
    ["validUntil", "2026-02-29"],
    ["validUntil", "2026-1-1"],
    ["signer", leaf.signer.toUpperCase()],
    ["salt", leaf.salt.slice(2)],
    ["version", 2],
    ["kind", "consent"],
  ])("are refused with %s %s", (member, value) => {
    expect(() => readCertificateLeaf({ ...leaf, [member]: value })).toThrow(FormatError);
  });

  it("know the days of the calendar in every engine alike", () => {
    expect(["2024-02-29", "2026-12-31", "0001-01-01", "9999-12-31"].every(isDay)).toBe(true);
    expect(["2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-04-00", "", null].some(isDay)).toBe(false);
  });
});
