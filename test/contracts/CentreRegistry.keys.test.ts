/* oxlint-disable vitest/expect-expect -- assertions also stand in the helpers that refuse */
// Dated keys, and the rebuilding of the whole registry from its events; the cases stand in CentreRegistry.tree.
import { expect } from "chai";
import { encodeBytes32String, hexlify, type EventLog } from "ethers";
import { beforeEach, describe, it } from "vitest";
import { accountsOf, createWorld, DAY, HAINAN, refusesAllBut, TAIYUAN, XINING } from "./world.ts";
import type { Registry, World } from "./world.ts";

const SEAL = encodeBytes32String("seal");
const QR = encodeBytes32String("qr");
const VALUE = hexlify(new Uint8Array(32).fill(7));
const OTHER = hexlify(new Uint8Array(65).fill(9));

let world: World;
let registry: Registry;
beforeEach(async () => {
  world = await createWorld();
  registry = world.registry;
});

const keyOf = async (value = VALUE, kind = SEAL, centre = HAINAN) =>
  (await registry.key(centre, kind, value)).toArray();

async function refusesUnknownKey(call: () => Promise<unknown>) {
  await expect(call()).to.be.revertedWithCustomError(registry, "UnknownKey").withArgs(HAINAN, SEAL, VALUE);
}

describe("addKey", () => {
  it("when the sender is not the owner: reverts", () =>
    refusesAllBut("owner", world, (as) => as.addKey(HAINAN, SEAL, VALUE, 1, 0)));

  it("when the centre is not a member: reverts for an unknown and a removed one", async () => {
    await expect(registry.addKey(XINING, SEAL, VALUE, 1, 0))
      .to.be.revertedWithCustomError(registry, "UnknownCentre")
      .withArgs(XINING);
    await registry.remove(HAINAN);
    await expect(registry.addKey(HAINAN, SEAL, VALUE, 1, 0))
      .to.be.revertedWithCustomError(registry, "CentreRemoved")
      .withArgs(HAINAN);
  });

  it("when the value is empty or too long: reverts for 0 and 1025 bytes", async () => {
    for (const length of [0, 1025]) {
      await expect(registry.addKey(HAINAN, SEAL, new Uint8Array(length), 1, 0))
        .to.be.revertedWithCustomError(registry, "KeyLength")
        .withArgs(length);
    }
  });

  it("when the period is empty: reverts for a beginning at 0 and for an end not after the beginning", async () => {
    for (const [from, until] of [
      [0, 0],
      [0, 5],
      [5, 5],
      [5, 4],
    ]) {
      await expect(registry.addKey(HAINAN, SEAL, VALUE, from, until))
        .to.be.revertedWithCustomError(registry, "InvalidPeriod")
        .withArgs(from, until);
    }
  });

  it("when the centre has the key already: reverts, even if the key is ended or distrusted", async () => {
    const again = (period: [number, number]) =>
      expect(registry.addKey(HAINAN, SEAL, VALUE, ...period))
        .to.be.revertedWithCustomError(registry, "KeyExists")
        .withArgs(HAINAN, SEAL, VALUE);
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await again([1, 0]);
    await registry.distrust(HAINAN, SEAL, VALUE);
    await registry.endKey(HAINAN, SEAL, VALUE, world.start + DAY);
    await world.at(world.start + 2 * DAY);
    await again([world.start + 2 * DAY, 0]);
  });

  it("when everything is in order: stores and emits a key of any kind and length, from the past or for the future", async () => {
    for (const [kind, length, from, until] of [
      ["seal", 32, 1, 0],
      ["qr", 65, world.start + 10 * DAY, world.start + 20 * DAY],
      ["evaluation", 1024, world.start - DAY, world.start + DAY],
      ["a kind of later years", 1, 1, 2],
    ] as const) {
      const value = hexlify(new Uint8Array(length).fill(3));
      await expect(registry.addKey(HAINAN, encodeBytes32String(kind), value, from, until))
        .to.emit(registry, "KeyAdded")
        .withArgs(HAINAN, encodeBytes32String(kind), value, from, until);
      expect(await keyOf(value, encodeBytes32String(kind))).to.deep.equal([BigInt(from), BigInt(until), 0n]);
    }
  });

  it("when everything is in order: keeps kinds and centres apart", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await registry.addKey(HAINAN, QR, VALUE, 2, 0);
    await registry.addKey(TAIYUAN, SEAL, VALUE, 3, 0);
    await registry.distrust(HAINAN, SEAL, VALUE);
    expect(await keyOf(VALUE, QR)).to.deep.equal([2n, 0n, 0n]);
    expect(await keyOf(VALUE, SEAL, TAIYUAN)).to.deep.equal([3n, 0n, 0n]);
  });
});

describe("endKey", () => {
  it("when the sender is not the owner: reverts", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await refusesAllBut("owner", world, (as) => as.endKey(HAINAN, SEAL, VALUE, world.start + DAY));
  });

  it("when the key is unknown: reverts", () =>
    refusesUnknownKey(() => registry.endKey(HAINAN, SEAL, VALUE, world.start + DAY)));

  it("when the end is in the past: reverts", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    for (const until of [0, world.start + 59]) {
      await world.at(world.start + 60 + (until % 7));
      await expect(registry.endKey(HAINAN, SEAL, VALUE, until))
        .to.be.revertedWithCustomError(registry, "EndInPast")
        .withArgs(until, world.start + 60 + (until % 7));
    }
  });

  it("when the end is not after the beginning: reverts", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, world.start + DAY, 0);
    await expect(registry.endKey(HAINAN, SEAL, VALUE, world.start + DAY))
      .to.be.revertedWithCustomError(registry, "InvalidPeriod")
      .withArgs(world.start + DAY, world.start + DAY);
  });

  it("when the key has ended: reverts", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, world.start + 60);
    await world.at(world.start + 60);
    await expect(registry.endKey(HAINAN, SEAL, VALUE, world.start + DAY))
      .to.be.revertedWithCustomError(registry, "KeyHasEnded")
      .withArgs(world.start + 60);
  });

  it("when everything is in order: stores and emits an end now or later, and moves an end that is still to come", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    for (const until of [world.start + 9 * DAY, world.start + 10 * DAY, world.start + 60]) {
      if (until === world.start + 60) await world.at(until);
      await expect(registry.endKey(HAINAN, SEAL, VALUE, until))
        .to.emit(registry, "KeyEnded")
        .withArgs(HAINAN, SEAL, VALUE, until);
      expect(await keyOf()).to.deep.equal([1n, BigInt(until), 0n]);
    }
  });

  it("when everything is in order: changes nothing for the same end again", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, world.start + DAY);
    for (const time of [world.start + 60, world.start + 2 * DAY]) {
      await world.at(time);
      await expect(registry.endKey(HAINAN, SEAL, VALUE, world.start + DAY)).not.to.emit(registry, "KeyEnded");
    }
  });
});

describe("distrust", () => {
  beforeEach(() => registry.addKey(HAINAN, SEAL, VALUE, 1, 0));

  it("when the sender is neither owner nor guardian of this centre: reverts for its other accounts, another guardian and an outsider", () =>
    refusesAllBut("guardian", world, (as) => as.distrust(HAINAN, SEAL, VALUE)));

  it("when the key is unknown: reverts", async () => {
    await expect(registry.distrust(HAINAN, SEAL, OTHER))
      .to.be.revertedWithCustomError(registry, "UnknownKey")
      .withArgs(HAINAN, SEAL, OTHER);
  });

  it("when the key is known: distrusts from now on by the guardian, even while paused", async () => {
    const guardian = registry.connect(world.hainan.guardian);
    await guardian.pause(HAINAN);
    await world.at(world.start + 60);
    await expect(guardian.distrust(HAINAN, SEAL, VALUE))
      .to.emit(registry, "KeyDistrusted")
      .withArgs(HAINAN, SEAL, VALUE, world.start + 60);
    expect(await keyOf()).to.deep.equal([1n, 0n, BigInt(world.start + 60)]);
  });

  it("when the key is known: distrusts from now on by the owner", async () => {
    await world.at(world.start + 60);
    await registry.distrust(HAINAN, SEAL, VALUE);
    expect(await keyOf()).to.deep.equal([1n, 0n, BigInt(world.start + 60)]);
  });

  it("when the key is known: changes nothing for a key already distrusted", async () => {
    await registry.distrustSince(HAINAN, SEAL, VALUE, 5);
    await expect(registry.connect(world.hainan.guardian).distrust(HAINAN, SEAL, VALUE)).not.to.emit(
      registry,
      "KeyDistrusted",
    );
    expect(await keyOf()).to.deep.equal([1n, 0n, 5n]);
  });
});

describe("distrustSince", () => {
  it("when the sender is not the owner: reverts for the guardian too", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await refusesAllBut("owner", world, (as) => as.distrustSince(HAINAN, SEAL, VALUE, 5));
  });

  it("when the time is 0 or in the future: reverts", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    for (const [i, since] of [0, world.start + 62].entries()) {
      await world.at(world.start + 60 + i);
      await expect(registry.distrustSince(HAINAN, SEAL, VALUE, since))
        .to.be.revertedWithCustomError(registry, "InvalidDistrustTime")
        .withArgs(since, world.start + 60 + i);
    }
  });

  it("when the key is unknown: reverts", () => refusesUnknownKey(() => registry.distrustSince(HAINAN, SEAL, VALUE, 5)));

  it("when the key is known: stores and emits, earlier or later than before", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await registry.distrust(HAINAN, SEAL, VALUE);
    for (const since of [5, 100]) {
      await expect(registry.distrustSince(HAINAN, SEAL, VALUE, since))
        .to.emit(registry, "KeyDistrusted")
        .withArgs(HAINAN, SEAL, VALUE, since);
      expect(await keyOf()).to.deep.equal([1n, 0n, BigInt(since)]);
    }
  });

  it("when the key is known: changes nothing for the same time again", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await registry.distrustSince(HAINAN, SEAL, VALUE, 5);
    await expect(registry.distrustSince(HAINAN, SEAL, VALUE, 5)).not.to.emit(registry, "KeyDistrusted");
  });
});

describe("retrust", () => {
  it("when the sender is not the owner: reverts for the guardian too", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await registry.distrust(HAINAN, SEAL, VALUE);
    await refusesAllBut("owner", world, (as) => as.retrust(HAINAN, SEAL, VALUE));
  });

  it("when the key is unknown: reverts", () => refusesUnknownKey(() => registry.retrust(HAINAN, SEAL, VALUE)));

  it("when the key is known: takes the distrust back in full", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await registry.distrust(HAINAN, SEAL, VALUE);
    await expect(registry.retrust(HAINAN, SEAL, VALUE))
      .to.emit(registry, "KeyRetrusted")
      .withArgs(HAINAN, SEAL, VALUE);
    expect(await keyOf()).to.deep.equal([1n, 0n, 0n]);
  });

  it("when the key is known: changes nothing for a trusted key", async () => {
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await expect(registry.retrust(HAINAN, SEAL, VALUE)).not.to.emit(registry, "KeyRetrusted");
  });
});

describe("key", () => {
  it("when it was never registered: reverts on reading", () =>
    refusesUnknownKey(() => registry.key(HAINAN, SEAL, VALUE)));
});

describe("events", () => {
  it("when a mirror reads all of them: rebuilds centres, accounts, contracts and keys exactly", async () => {
    const guardian = registry.connect(world.hainan.guardian);
    const name = encodeBytes32String("Blacklist");
    await registry.addKey(HAINAN, SEAL, VALUE, 1, 0);
    await registry.addKey(HAINAN, QR, OTHER, world.start, world.start + 30 * DAY);
    await registry.addKey(TAIYUAN, SEAL, VALUE, 1, 0);
    await guardian.distrust(HAINAN, SEAL, VALUE);
    await registry.distrustSince(HAINAN, SEAL, VALUE, 9);
    await guardian.distrust(HAINAN, QR, OTHER);
    await registry.retrust(HAINAN, QR, OTHER);
    await registry.endKey(HAINAN, QR, OTHER, world.start + 10 * DAY);
    await guardian.pause(HAINAN);
    await registry.setAccounts(HAINAN, accountsOf(world.spare));
    await registry.unpause(HAINAN);
    await registry.setLogEpoch(HAINAN, 2);
    await registry.setServiceUrl(TAIYUAN, "https://new.example");
    await registry.pause(TAIYUAN);
    await registry.remove(TAIYUAN);
    await registry.setContract(name, await world.anchor.getAddress());
    await registry.setContract(name, await world.blacklist.getAddress());

    const mirror = await rebuild();
    expect([...mirror.centres.keys()]).to.deep.equal([...(await registry.centres())]);
    for (const [code, centre] of mirror.centres) {
      const { accounts, ...rest } = (await registry.centre(code)).toObject();
      expect({ ...rest, accounts: [...accounts] }).to.deep.equal(centre);
    }
    expect(mirror.keys.size).to.equal(3);
    for (const { id, period } of mirror.keys.values()) {
      expect((await registry.key(...id)).toObject()).to.deep.equal(period);
    }
    expect(await registry.contractOf(name)).to.equal(mirror.contracts.get(name));
  });

  type Mirrored = Record<string, unknown>;

  /** What anyone knows who has seen nothing but the registry's events and their blocks' times. */
  async function rebuild() {
    const centres = new Map<string, Mirrored>();
    const keys = new Map<string, { id: [string, string, string]; period: Mirrored }>();
    const contracts = new Map<string, string>();
    for (const log of (await registry.queryFilter("*")) as EventLog[]) {
      const time = BigInt((await log.getBlock()).timestamp);
      const { name: event } = log.fragment;
      const args = log.args.toObject();
      const centre = centres.get(args.centre) ?? {};
      const id: [string, string, string] = [args.centre, args.kind, args.value];
      const period = keys.get(id.join())?.period ?? {};
      if (event === "CentreAdmitted") {
        const { name, creditCode, serviceUrl } = args;
        const fresh = { logEpoch: 1n, admittedAt: time, removedAt: 0n, paused: false };
        centres.set(args.centre, { name, creditCode, serviceUrl, accounts: [...args.accounts], ...fresh });
      } else if (event === "ServiceUrlSet") centre.serviceUrl = args.serviceUrl;
      else if (event === "AccountsSet") centre.accounts = [...args.accounts];
      else if (event === "LogEpochSet") centre.logEpoch = args.epoch;
      else if (event === "CentreRemovedEvent") centre.removedAt = time;
      else if (event === "CentrePausedEvent") centre.paused = true;
      else if (event === "CentreUnpaused") centre.paused = false;
      else if (event === "ContractSet") contracts.set(args.name, args.account);
      else if (event === "KeyAdded") {
        keys.set(id.join(), { id, period: { from: args.from, until: args.until, distrustedSince: 0n } });
      } else if (event === "KeyEnded") period.until = args.until;
      else if (event === "KeyDistrusted") period.distrustedSince = args.since;
      else if (event === "KeyRetrusted") period.distrustedSince = 0n;
      else expect(event).to.equal("OwnershipTransferred");
    }
    return { centres, keys, contracts };
  }
});
