import { describe, expect, it } from "vitest";
import { readCheckpoint } from "../../service/src/proof/checkpoint.ts";
import { agree } from "../../service/src/verify/agreement.ts";
import { existenceOf, witnessTimes } from "../../service/src/verify/anchor.ts";
import { readTrust } from "../../service/src/verify/trust.ts";
import { replay } from "./replay.ts";
import { anchoredAt, issuer, makeNote, makeWorld, seconds, witnessedAt } from "./world.ts";

const world = makeWorld();
const trust = await readTrust(replay(world.recorded));
const now = seconds(world.recorded.now);
const note = (witnesses: string[], time = witnessedAt) =>
  readCheckpoint(makeNote(world.size, world.root, { witnesses, time }));
const nothing = agree<undefined>([], () => "");

describe("witnesses", () => {
  it("count once each, without the issuer, and not from the future", async () => {
    expect(await witnessTimes(note(["C14010", "C63010", "C37170", "C14010", issuer]), trust, issuer, now)).toHaveLength(
      3,
    );
    expect(await witnessTimes(note(["C14010"], now + 200), trust, issuer, now)).toHaveLength(1);
    expect(await witnessTimes(note(["C14010"], now + 400), trust, issuer, now)).toHaveLength(0);
  });

  it("do not count before their keys, nor once distrusted, nor of a centre that was removed", async () => {
    expect(await witnessTimes(note(["C14010"], seconds("2025-12-31T00:00:00+08:00")), trust, issuer, now)).toEqual([]);
    const centre = structuredClone(trust.centres.get("C14010")!);
    const only = (other: typeof centre) => ({ ...trust, centres: new Map([["C14010", other]]) });
    expect(await witnessTimes(note(["C14010"]), only(centre), issuer, now)).toEqual([witnessedAt]);
    expect(await witnessTimes(note(["C14010"]), only({ ...centre, removed: true }), issuer, now)).toEqual([]);
    centre.keys.find(({ kind }) => kind === "witness")!.distrustedSince = now;
    expect(await witnessTimes(note(["C14010"]), only(centre), issuer, now)).toEqual([]);
  });
});

describe("the time of existence", () => {
  const checkpoint = note([]);
  const chain = (root: Uint8Array) => {
    const value = { roots: [Buffer.from(root).toString("hex")], block: 1, time: anchoredAt };
    return agree(
      [1, 2].map((n) => ({ centre: `C${n}`, value })),
      () => "",
    );
  };

  it("is that of the witness who makes the quorum full, not of the earliest", () => {
    expect(existenceOf(checkpoint, nothing, [1, 50, 90], 2, now)).toEqual({ time: 50, shown: true });
    expect(existenceOf(checkpoint, nothing, [1], 2, now)).toEqual({ time: now, shown: false });
  });

  it("is the block's when that is earlier, and only of the same root", () => {
    expect(existenceOf(checkpoint, chain(world.root), [anchoredAt + 1, anchoredAt + 2], 2, now).time).toBe(anchoredAt);
    expect(existenceOf(checkpoint, chain(world.root), [1, anchoredAt - 5], 2, now).time).toBe(anchoredAt - 5);
    expect(existenceOf(checkpoint, chain(new Uint8Array(32)), [], 2, now).shown).toBe(false);
  });
});
