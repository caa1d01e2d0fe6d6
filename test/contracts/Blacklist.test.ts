/* oxlint-disable vitest/expect-expect -- assertions also stand in the helpers that refuse */
import { expect } from "chai";
import { ZeroHash, type EventLog } from "ethers";
import { beforeEach, describe, it } from "vitest";
import { createWorld, digest, HAINAN, TAIYUAN, type Blacklist, type World } from "./world.ts";

const STATE = { none: 0n, listed: 1n, suspended: 2n, lifted: 3n };
const ID = digest("id");
const COMMITMENT = digest("commitment");

let world: World;
let blacklist: Blacklist;
let hainan: Blacklist;
let taiyuan: Blacklist;
beforeEach(async () => {
  world = await createWorld();
  blacklist = world.blacklist;
  hainan = blacklist.connect(world.hainan.lister);
  taiyuan = blacklist.connect(world.taiyuan.lister);
});

const stateOf = async (id = ID) => (await blacklist.listing(id)).state;

async function refusesAllButListers(call: (as: Blacklist) => Promise<unknown>) {
  const { anchorer, statusWriter, guardian } = world.hainan;
  for (const who of [world.outsider, anchorer, statusWriter, guardian, world.owner]) {
    await expect(call(blacklist.connect(who)))
      .to.be.revertedWithCustomError(world.registry, "NotACentreAccount")
      .withArgs(who.address);
  }
}

async function refusesStoppedCentres(call: (as: Blacklist) => Promise<unknown>) {
  await world.registry.connect(world.hainan.guardian).pause(HAINAN);
  await expect(call(hainan)).to.be.revertedWithCustomError(world.registry, "CentrePaused").withArgs(HAINAN);
  await world.registry.unpause(HAINAN);
  await world.registry.remove(HAINAN);
  await expect(call(hainan)).to.be.revertedWithCustomError(world.registry, "CentreRemoved").withArgs(HAINAN);
}

async function refusesForeign(call: (as: Blacklist, id: string) => Promise<unknown>) {
  await expect(call(hainan, digest("no such id")))
    .to.be.revertedWithCustomError(blacklist, "UnknownListing")
    .withArgs(digest("no such id"));
  await expect(call(taiyuan, ID)).to.be.revertedWithCustomError(blacklist, "NotListedBy").withArgs(ID, HAINAN, TAIYUAN);
}

describe("list", () => {
  it("when the sender is not a lister: reverts for an outsider, the other accounts of the centre and the owner", () =>
    refusesAllButListers((as) => as.list(ID, COMMITMENT)));

  it("when the centre is paused or removed: reverts", () => refusesStoppedCentres((as) => as.list(ID, COMMITMENT)));

  it("when the id or the commitment is zero: reverts", async () => {
    for (const [id, commitment] of [
      [ZeroHash, COMMITMENT],
      [ID, ZeroHash],
    ]) {
      await expect(hainan.list(id, commitment))
        .to.be.revertedWithCustomError(blacklist, "ZeroIdOrCommitment")
        .withArgs(id, commitment);
    }
  });

  it("when the id is in use: reverts for another commitment of the same centre", async () => {
    await hainan.list(ID, COMMITMENT);
    await expect(hainan.list(ID, digest("other")))
      .to.be.revertedWithCustomError(blacklist, "IdInUse")
      .withArgs(ID, HAINAN);
  });

  it("when the id is in use: reverts for the same commitment by another centre", async () => {
    await hainan.list(ID, COMMITMENT);
    await expect(taiyuan.list(ID, COMMITMENT)).to.be.revertedWithCustomError(blacklist, "IdInUse").withArgs(ID, HAINAN);
  });

  it("when the id is in use: reverts for an id that was lifted", async () => {
    await hainan.list(ID, COMMITMENT);
    await hainan.lift(ID, 1);
    await expect(hainan.list(ID, digest("other")))
      .to.be.revertedWithCustomError(blacklist, "IdInUse")
      .withArgs(ID, HAINAN);
  });

  it("when the id is in use: changes nothing for the same listing again, whatever became of it", async () => {
    await hainan.list(ID, COMMITMENT);
    const again = async (state: bigint) => {
      await expect(hainan.list(ID, COMMITMENT)).not.to.emit(blacklist, "Listed");
      expect(await stateOf()).to.equal(state);
    };
    await again(STATE.listed);
    await hainan.suspend(ID);
    await again(STATE.suspended);
    await hainan.lift(ID, 3);
    await again(STATE.lifted);
  });

  it("when the id is unused: stores and emits", async () => {
    expect(await blacklist.listing(ID)).to.deep.equal([ZeroHash, ZeroHash, STATE.none, 0n]);
    await world.at(world.start + 600);
    await expect(hainan.list(ID, COMMITMENT)).to.emit(blacklist, "Listed").withArgs(HAINAN, ID, COMMITMENT);
    expect(await blacklist.listing(ID)).to.deep.equal([HAINAN, COMMITMENT, STATE.listed, BigInt(world.start + 600)]);
  });

  it("when the daily cap is reached: reverts", async () => {
    expect(await blacklist.dailyCap(HAINAN)).to.equal(200);
    for (let i = 0; i < 200; i++) await hainan.list(digest(`id ${i}`), COMMITMENT);
    await expect(hainan.list(ID, COMMITMENT))
      .to.be.revertedWithCustomError(blacklist, "DailyCapReached")
      .withArgs(HAINAN, 200, 0, 1);
    await taiyuan.list(ID, COMMITMENT);
  });

  it("when the daily cap is reached: begins anew at midnight UTC", async () => {
    await blacklist.setDailyCap(HAINAN, 1);
    await hainan.list(ID, COMMITMENT);
    await world.at(world.start + 16 * 3600 - 1);
    await expect(hainan.list(digest("next"), COMMITMENT))
      .to.be.revertedWithCustomError(blacklist, "DailyCapReached")
      .withArgs(HAINAN, 1, 0, 1);
    await world.at(world.start + 16 * 3600);
    await hainan.list(digest("next"), COMMITMENT);
  });

  it("when the daily cap is reached: does not count the same listing again", async () => {
    await blacklist.setDailyCap(HAINAN, 1);
    await hainan.list(ID, COMMITMENT);
    await hainan.list(ID, COMMITMENT);
    expect(await blacklist.leftToday(HAINAN)).to.deep.equal([0n, 1n]);
  });
});

describe("suspend", () => {
  beforeEach(() => hainan.list(ID, COMMITMENT));

  it("when the sender is not a lister of an active centre: reverts", async () => {
    await refusesAllButListers((as) => as.suspend(ID));
    await refusesStoppedCentres((as) => as.suspend(ID));
  });

  it("when the listing is unknown or another centre's: reverts", () => refusesForeign((as, id) => as.suspend(id)));

  it("when it is listed: suspends and emits", async () => {
    await expect(hainan.suspend(ID)).to.emit(blacklist, "Suspended").withArgs(HAINAN, ID);
    expect(await stateOf()).to.equal(STATE.suspended);
  });

  it("when it is suspended: changes nothing", async () => {
    await hainan.suspend(ID);
    await expect(hainan.suspend(ID)).not.to.emit(blacklist, "Suspended");
    expect(await blacklist.leftToday(HAINAN)).to.deep.equal([199n, 199n]);
  });

  it("when it is lifted: reverts", async () => {
    await hainan.lift(ID, 2);
    await expect(hainan.suspend(ID)).to.be.revertedWithCustomError(blacklist, "AlreadyLifted").withArgs(ID, 2);
  });
});

describe("resume", () => {
  beforeEach(() => hainan.list(ID, COMMITMENT));

  it("when the sender is not a lister of an active centre: reverts", async () => {
    await refusesAllButListers((as) => as.resume(ID));
    await refusesStoppedCentres((as) => as.resume(ID));
  });

  it("when the listing is unknown or another centre's: reverts", () => refusesForeign((as, id) => as.resume(id)));

  it("when it is suspended: lists again and emits", async () => {
    await hainan.suspend(ID);
    await expect(hainan.resume(ID)).to.emit(blacklist, "Resumed").withArgs(HAINAN, ID);
    expect(await stateOf()).to.equal(STATE.listed);
  });

  it("when it is listed: changes nothing", async () => {
    await expect(hainan.resume(ID)).not.to.emit(blacklist, "Resumed");
  });

  it("when it is lifted: reverts", async () => {
    await hainan.lift(ID, 2);
    await expect(hainan.resume(ID)).to.be.revertedWithCustomError(blacklist, "AlreadyLifted").withArgs(ID, 2);
  });
});

describe("lift", () => {
  beforeEach(() => hainan.list(ID, COMMITMENT));

  it("when the sender is not a lister of an active centre: reverts", async () => {
    await refusesAllButListers((as) => as.lift(ID, 1));
    await refusesStoppedCentres((as) => as.lift(ID, 1));
  });

  it("when the listing is unknown or another centre's: reverts", () => refusesForeign((as, id) => as.lift(id, 1)));

  it("when the reason is unknown: reverts for 0 and 6", async () => {
    for (const reason of [0, 6]) {
      await expect(hainan.lift(ID, reason)).to.be.revertedWithCustomError(blacklist, "UnknownReason").withArgs(reason);
    }
  });

  it("when it is listed or suspended: lifts for good and emits", async () => {
    const other = digest("other id");
    await hainan.list(other, COMMITMENT);
    await hainan.suspend(other);
    for (const id of [ID, other]) {
      await expect(hainan.lift(id, 5)).to.emit(blacklist, "Lifted").withArgs(HAINAN, id, 5);
      expect(await stateOf(id)).to.equal(STATE.lifted);
    }
  });

  it("when it is lifted: changes nothing for the same reason", async () => {
    await hainan.lift(ID, 3);
    await expect(hainan.lift(ID, 3)).not.to.emit(blacklist, "Lifted");
    expect(await blacklist.leftToday(HAINAN)).to.deep.equal([199n, 199n]);
  });

  it("when it is lifted: reverts for another reason", async () => {
    await hainan.lift(ID, 3);
    await expect(hainan.lift(ID, 4)).to.be.revertedWithCustomError(blacklist, "AlreadyLifted").withArgs(ID, 3);
  });
});

describe("releases", () => {
  const ids = [1, 2, 3].map((i) => digest(`id ${i}`));
  beforeEach(async () => {
    for (const id of ids) await hainan.list(id, COMMITMENT);
    await blacklist.setDailyCap(HAINAN, 5);
    await hainan.suspend(ids[0]);
    await hainan.resume(ids[0]);
    await hainan.suspend(ids[0]);
    await hainan.lift(ids[0], 1);
    await hainan.suspend(ids[1]);
    await hainan.lift(ids[1], 1);
  });
  const reached = (call: Promise<unknown>) =>
    expect(call).to.be.revertedWithCustomError(blacklist, "DailyCapReached").withArgs(HAINAN, 5, 0, 1);

  it("when the daily cap is reached: reverts to suspend or lift more, yet lets list and resume", async () => {
    await reached(hainan.suspend(ids[2]));
    await reached(hainan.lift(ids[2], 1));
    await hainan.list(ID, COMMITMENT);
    await hainan.resume(ids[2]);
  });

  it("when the daily cap is reached: begins anew at midnight UTC", async () => {
    await world.at(world.start + 16 * 3600);
    await hainan.lift(ids[2], 1);
    expect(await blacklist.leftToday(HAINAN)).to.deep.equal([5n, 4n]);
  });
});

describe("setDailyCap", () => {
  it("when the sender is not the owner of the registry: reverts for the accounts of a centre and an outsider", async () => {
    for (const who of [world.outsider, ...Object.values(world.hainan)]) {
      await expect(blacklist.connect(who).setDailyCap(HAINAN, 1))
        .to.be.revertedWithCustomError(blacklist, "NotRegistryOwner")
        .withArgs(who.address);
    }
  });

  it("when the sender is the owner of the registry: stores and emits for this centre alone", async () => {
    await expect(blacklist.setDailyCap(HAINAN, 7)).to.emit(blacklist, "DailyCapSet").withArgs(HAINAN, 7);
    expect(await blacklist.dailyCap(HAINAN)).to.equal(7);
    expect(await blacklist.dailyCap(TAIYUAN)).to.equal(200);
  });
});

describe("events", () => {
  it("when a mirror reads all of them: rebuilds every listing exactly", async () => {
    const ids = ["a", "b", "c", "d"].map(digest);
    for (const id of ids) await (id === digest("c") ? taiyuan : hainan).list(id, COMMITMENT);
    await hainan.suspend(digest("a"));
    await hainan.suspend(digest("b"));
    await hainan.resume(digest("b"));
    await taiyuan.lift(digest("c"), 4);

    const mirror = new Map<string, unknown[]>();
    for (const log of (await blacklist.queryFilter("*")) as EventLog[]) {
      const { centre, id, commitment } = log.args;
      const { name } = log.fragment;
      if (name === "Listed") {
        mirror.set(id, [centre, commitment, STATE.listed, BigInt((await log.getBlock()).timestamp)]);
      }
      const state = { Listed: STATE.listed, Suspended: STATE.suspended, Resumed: STATE.listed, Lifted: STATE.lifted };
      mirror.get(id)?.splice(2, 1, state[name as keyof typeof state]);
    }
    expect([...mirror.keys()]).to.deep.equal(ids);
    for (const [id, listing] of mirror) expect((await blacklist.listing(id)).toArray()).to.deep.equal(listing);
  });
});
