/* oxlint-disable vitest/expect-expect -- assertions also stand in the helpers that refuse */
// What every write costs, to the unit of gas, against the committed snapshot. After a change that is meant to change it:
// UPDATE_GAS=1 npx vitest run test/contracts/gas.test.ts
import fs from "node:fs";
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { afterAll, describe, it } from "vitest";
import { accountsOf, createWorld, DAY, digest, HAINAN, XINING } from "./world.ts";

const SNAPSHOT = new URL("../../.gas-snapshot.json", import.meta.url);
const updating = process.env.UPDATE_GAS === "1";
const committed: Record<string, number> = fs.existsSync(SNAPSHOT) ? JSON.parse(fs.readFileSync(SNAPSHOT, "utf8")) : {};
const measured: Record<string, number> = {};

async function measure(name: string, call: Promise<{ wait(): Promise<{ gasUsed: bigint } | null> }>, each = 1) {
  const receipt = await (await call).wait();
  expect(receipt, name).not.to.equal(null);
  measured[name] = Math.round(Number(receipt?.gasUsed ?? 0n) / each);
  if (!updating) expect(measured[name], `gas of ${name}`).to.equal(committed[name]);
}

const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);

afterAll(() => {
  if (updating) fs.writeFileSync(SNAPSHOT, `${JSON.stringify(measured, null, 2)}\n`);
});

describe("gas", () => {
  it("anchor", async () => {
    const { anchor, hainan } = await createWorld();
    const anchorer = anchor.connect(hainan.anchorer);
    await measure("anchor: first of a centre", anchorer.anchor(1, 1000, digest("a")));
    await measure("anchor: steady", anchorer.anchor(1, 2000, digest("b")));
    await measure("anchor: the same again", anchorer.anchor(1, 2000, digest("b")));
    // Ceilings that hold even when the snapshot is rewritten.
    expect(measured["anchor: first of a centre"]).to.be.at.most(90_000);
    expect(measured["anchor: steady"]).to.be.at.most(70_000);
  });

  it("revoke and reinstate", async () => {
    const { status, hainan, at, start } = await createWorld();
    const writer = status.connect(hainan.statusWriter);
    const guardian = status.connect(hainan.guardian);
    await measure("revoke: first of a centre", writer.revoke([0], 3));
    await measure("revoke: first bit of a lane", writer.revoke([640], 3));
    await measure("revoke: next bit of a lane, within its day", writer.revoke([641], 3));
    await at(start + 2 * DAY);
    await measure("revoke: next bit of a lane, later", writer.revoke([642], 3));
    await measure("revoke: 256 neighbours, each", writer.revoke(range(1024, 256), 3), 256);
    await measure(
      "revoke: 256 strangers, each",
      writer.revoke(
        range(0, 256).map((i) => 10_000 + 64 * i),
        3,
      ),
      256,
    );
    await measure("reinstate: one", guardian.reinstate([642]));
    await measure("reinstate: 256 neighbours, each", guardian.reinstate(range(1024, 256)), 256);
  });

  it("list, suspend, resume and lift", async () => {
    const { blacklist, hainan } = await createWorld();
    const lister = blacklist.connect(hainan.lister);
    await measure("list: first of a centre", lister.list(digest("1"), digest("c")));
    await measure("list: next", lister.list(digest("2"), digest("c")));
    await measure("suspend: first of a centre", lister.suspend(digest("1")));
    await measure("suspend: next", lister.suspend(digest("2")));
    await measure("resume", lister.resume(digest("1")));
    await measure("lift", lister.lift(digest("1"), 2));
  });

  it("registry", async () => {
    const { registry, spare, hainan } = await createWorld();
    const seal = encodeBytes32String("seal");
    await measure(
      "admit",
      registry.admit(
        XINING,
        "西宁住房公积金管理中心",
        "00630100TEST000003",
        "https://xining.example",
        accountsOf(spare),
      ),
    );
    await measure("addKey: 32 bytes", registry.addKey(HAINAN, seal, digest("key"), 1, 0));
    await measure("addKey: 65 bytes", registry.addKey(HAINAN, seal, new Uint8Array(65).fill(4), 1, 0));
    await measure("distrust", registry.connect(hainan.guardian).distrust(HAINAN, seal, digest("key")));
    await measure("pause", registry.connect(hainan.guardian).pause(HAINAN));
  });
});
