import { expect } from "chai";
import { beforeEach, describe, it } from "vitest";
import { createWorld, DAY, HAINAN, TAIYUAN, type Status, type World } from "./world.ts";

const LAST = 2n ** 64n - 1n;
let world: World;
let status: Status;
beforeEach(async () => {
  world = await createWorld();
  status = world.status;
});

const revoke = (indexes: (number | bigint)[], reason = 3, seats = world.hainan) =>
  status.connect(seats.statusWriter).revoke(indexes, reason);
const reinstate = (indexes: (number | bigint)[], seats = world.hainan) =>
  status.connect(seats.guardian).reinstate(indexes);
const range = (from: number, count: number) => Array.from({ length: count }, (_, i) => from + i);
const revoked = async (indexes: (number | bigint)[], centre = HAINAN) =>
  Promise.all(indexes.map((index) => status.isRevoked(centre, index)));

describe("revoke", () => {
  it("when the sender is not a status writer: reverts for an outsider, the other accounts of the centre and the owner", async () => {
    const { anchorer, lister, guardian } = world.hainan;
    for (const who of [world.outsider, anchorer, lister, guardian, world.owner]) {
      await expect(status.connect(who).revoke([1], 1))
        .to.be.revertedWithCustomError(world.registry, "NotACentreAccount")
        .withArgs(who.address);
    }
  });

  it("when the centre is paused or removed: reverts", async () => {
    await world.registry.connect(world.hainan.guardian).pause(HAINAN);
    await expect(revoke([1]))
      .to.be.revertedWithCustomError(world.registry, "CentrePaused")
      .withArgs(HAINAN);
    await world.registry.remove(HAINAN);
    await expect(revoke([1]))
      .to.be.revertedWithCustomError(world.registry, "CentreRemoved")
      .withArgs(HAINAN);
  });

  it("when the reason is unknown: reverts for 0 and 7", async () => {
    for (const reason of [0, 7]) {
      await expect(revoke([1], reason))
        .to.be.revertedWithCustomError(status, "UnknownReason")
        .withArgs(reason);
    }
    for (const reason of [1, 6]) await revoke([reason], reason);
  });

  it("when nothing is left to revoke: changes nothing for no indexes", async () => {
    await expect(revoke([])).not.to.emit(status, "Revoked");
  });

  it("when nothing is left to revoke: changes nothing for the same call again, even with another reason", async () => {
    await revoke([1, 2, 300]);
    await expect(revoke([1, 2, 300])).not.to.emit(status, "Revoked");
    await expect(revoke([300], 5)).not.to.emit(status, "Revoked");
    expect(await status.leftToday(HAINAN)).to.equal(997);
  });

  it("when some are not revoked yet: sets and emits these alone, once each", async () => {
    await revoke([64]);
    await world.at(world.start + 600);
    const receipt = await (await revoke([65, 64, 63, 65, 1000], 2)).wait();
    const events = receipt.logs.map((log: { topics: string[]; data: string }) =>
      status.interface.parseLog(log)?.args.toArray(),
    );
    const time = BigInt(world.start + 600);
    expect(events).to.deep.equal([65n, 63n, 1000n].map((index) => [HAINAN, index, 2n, time]));
    expect(await revoked([62, 63, 64, 65, 66, 1000])).to.deep.equal([false, true, true, true, false, true]);
  });

  it("when some are not revoked yet: takes every index from the first to the last", async () => {
    const edges = [0n, 63n, 64n, 255n, 256n, 2n ** 32n, LAST - 1n, LAST];
    await revoke(edges);
    expect(await revoked(edges)).to.deep.equal(edges.map(() => true));
    expect(await revoked([1n, 65n, 254n, 257n, LAST - 2n])).to.deep.equal([false, false, false, false, false]);
  });

  it("when some are not revoked yet: keeps two centres apart", async () => {
    await revoke([7]);
    await revoke([8], 1, world.taiyuan);
    expect(await revoked([7, 8])).to.deep.equal([true, false]);
    expect(await revoked([7, 8], TAIYUAN)).to.deep.equal([false, true]);
  });

  it("when the daily cap is reached: reverts the whole of a bulk call", async () => {
    await expect(revoke(range(0, 1001)))
      .to.be.revertedWithCustomError(status, "DailyCapReached")
      .withArgs(HAINAN, 1000, 1000, 1001);
    expect(await revoked([0, 999, 1000])).to.deep.equal([false, false, false]);
    await revoke(range(0, 1000));
    expect(await status.leftToday(HAINAN)).to.equal(0);
  });

  it("when the daily cap is reached: counts over calls and does not count what was passed over", async () => {
    await status.setDailyCap(HAINAN, 5);
    await revoke([1, 2, 3]);
    await revoke([1, 2, 3, 4, 4, 4]);
    expect(await status.leftToday(HAINAN)).to.equal(1);
    await expect(revoke([5, 6]))
      .to.be.revertedWithCustomError(status, "DailyCapReached")
      .withArgs(HAINAN, 5, 1, 2);
    await revoke([5]);
    await revoke([1, 2, 3, 4, 5]);
    await expect(revoke([6]))
      .to.be.revertedWithCustomError(status, "DailyCapReached")
      .withArgs(HAINAN, 5, 0, 1);
  });

  it("when the daily cap is reached: begins anew at midnight UTC", async () => {
    await status.setDailyCap(HAINAN, 2);
    await revoke([1, 2]);
    const midnight = world.start + 16 * 3600;
    await world.at(midnight - 1);
    await expect(revoke([3]))
      .to.be.revertedWithCustomError(status, "DailyCapReached")
      .withArgs(HAINAN, 2, 0, 1);
    await world.at(midnight);
    await revoke([3]);
    expect(await status.leftToday(HAINAN)).to.equal(1);
  });

  it("when the daily cap is reached: leaves the other centres alone", async () => {
    await status.setDailyCap(HAINAN, 1);
    await revoke([1]);
    await revoke([1, 2], 1, world.taiyuan);
    expect(await status.leftToday(TAIYUAN)).to.equal(998);
  });
});

describe("reinstate", () => {
  it("when the sender is not a guardian: reverts for an outsider, the other accounts of the centre and the owner", async () => {
    await revoke([1]);
    const { anchorer, lister, statusWriter } = world.hainan;
    for (const who of [world.outsider, anchorer, lister, statusWriter, world.owner]) {
      await expect(status.connect(who).reinstate([1]))
        .to.be.revertedWithCustomError(world.registry, "NotACentreAccount")
        .withArgs(who.address);
    }
  });

  it("when the centre was removed: reverts", async () => {
    await revoke([1]);
    await world.registry.remove(HAINAN);
    await expect(reinstate([1]))
      .to.be.revertedWithCustomError(world.registry, "CentreRemoved")
      .withArgs(HAINAN);
    expect(await revoked([1])).to.deep.equal([true]);
  });

  it("when the centre is paused: undoes what a thief revoked", async () => {
    await revoke(range(0, 200), 5);
    await world.registry.connect(world.hainan.guardian).pause(HAINAN);
    await reinstate(range(0, 200));
    expect(await status.word(HAINAN, 0)).to.equal(0);
  });

  it("when the certificate is not revoked: changes nothing, also for another centre's certificate", async () => {
    await revoke([1], 1, world.taiyuan);
    await expect(reinstate([1, 2])).not.to.emit(status, "Reinstated");
    expect(await revoked([1], TAIYUAN)).to.deep.equal([true]);
  });

  it("when 24 hours have not passed: clears and emits up to the last second", async () => {
    await world.at(world.start + 600);
    await revoke([1, 2, 64]);
    await world.at(world.start + 600 + DAY);
    await expect(reinstate([2, 64]))
      .to.emit(status, "Reinstated")
      .withArgs(HAINAN, 2, world.start + 600 + DAY);
    expect(await revoked([1, 2, 64])).to.deep.equal([true, false, false]);
  });

  it("when 24 hours have not passed: does not give back what was used of the cap", async () => {
    await status.setDailyCap(HAINAN, 1);
    await revoke([1]);
    await reinstate([1]);
    await expect(revoke([1]))
      .to.be.revertedWithCustomError(status, "DailyCapReached")
      .withArgs(HAINAN, 1, 0, 1);
  });

  it("when 24 hours have passed: reverts, and the whole call with it", async () => {
    await world.at(world.start + 600);
    await revoke([1]);
    await world.at(world.start + 700);
    await revoke([128]);
    await world.at(world.start + 600 + DAY + 1);
    await expect(reinstate([128, 1]))
      .to.be.revertedWithCustomError(status, "RevocationFinal")
      .withArgs(HAINAN, 1);
    expect(await revoked([1, 128])).to.deep.equal([true, true]);
    await reinstate([128]);
  });

  it("when 24 hours have passed: stays final when others nearby are revoked later", async () => {
    await revoke([1]);
    await world.at(world.start + 2 * DAY);
    await revoke([2]);
    await expect(reinstate([1]))
      .to.be.revertedWithCustomError(status, "RevocationFinal")
      .withArgs(HAINAN, 1);
    await reinstate([2]);
    await expect(reinstate([1]))
      .to.be.revertedWithCustomError(status, "RevocationFinal")
      .withArgs(HAINAN, 1);
  });

  it("when neighbours were revoked at different times: gives each its own day", async () => {
    // Were one time kept for all neighbours, a thief's second revocation would make the first final at once, or the
    // first would leave the second less than its day.
    const times = [0, 3600, 7200, 23 * 3600].map((offset) => world.start + 600 + offset);
    for (const [i, time] of times.entries()) {
      await world.at(time);
      await revoke([2 * i, 2 * i + 1]);
    }
    for (const [i, time] of times.entries()) {
      await world.at(time + DAY);
      await expect(reinstate([2 * i])).to.emit(status, "Reinstated");
      await world.at(time + DAY + 1);
      await expect(reinstate([2 * i + 1]))
        .to.be.revertedWithCustomError(status, "RevocationFinal")
        .withArgs(HAINAN, 2 * i + 1);
    }
    expect(await status.word(HAINAN, 0)).to.equal(0b10101010n);
  });

  it("when neighbours were revoked at different times: gives one revoked again a new day", async () => {
    await world.at(world.start + 600);
    await revoke([1, 2]);
    await reinstate([1]);
    await world.at(world.start + 600 + DAY / 2);
    await revoke([1]);
    await world.at(world.start + 600 + DAY + 1);
    await expect(reinstate([2]))
      .to.be.revertedWithCustomError(status, "RevocationFinal")
      .withArgs(HAINAN, 2);
    await world.at(world.start + 600 + DAY + DAY / 2);
    await reinstate([1]);
    expect(await revoked([1, 2])).to.deep.equal([false, true]);
  });
});

describe("setDailyCap", () => {
  it("when the sender is not the owner of the registry: reverts for the accounts of a centre and an outsider", async () => {
    for (const who of [world.outsider, ...Object.values(world.hainan)]) {
      await expect(status.connect(who).setDailyCap(HAINAN, 1))
        .to.be.revertedWithCustomError(status, "NotRegistryOwner")
        .withArgs(who.address);
    }
  });

  it("when it is lowered below what was used today: leaves nothing", async () => {
    await revoke([1, 2, 3]);
    await expect(status.setDailyCap(HAINAN, 2)).to.emit(status, "DailyCapSet").withArgs(HAINAN, 2);
    expect(await status.dailyCap(HAINAN)).to.equal(2);
    expect(await status.leftToday(HAINAN)).to.equal(0);
    expect(await status.dailyCap(TAIYUAN)).to.equal(1000);
  });

  it("when it is 0: stops everything that it counts", async () => {
    await status.setDailyCap(HAINAN, 0);
    await expect(revoke([1]))
      .to.be.revertedWithCustomError(status, "DailyCapReached")
      .withArgs(HAINAN, 0, 0, 1);
  });

  it("when it is the same again: changes nothing", async () => {
    await status.setDailyCap(HAINAN, 7);
    await expect(status.setDailyCap(HAINAN, 7)).not.to.emit(status, "DailyCapSet");
  });
});

describe("word", () => {
  it("when certificates are revoked: shows 256 of them in order, and zero beyond the last index", async () => {
    await revoke([0, 63, 64, 130, 255, 256, LAST]);
    expect(await status.word(HAINAN, 0)).to.equal(1n | (1n << 63n) | (1n << 64n) | (1n << 130n) | (1n << 255n));
    expect(await status.word(HAINAN, 1)).to.equal(1n);
    expect(await status.word(HAINAN, 2n ** 56n - 1n)).to.equal(1n << 255n);
    for (const beyond of [2n ** 56n, 2n ** 254n, 2n ** 256n - 1n])
      expect(await status.word(HAINAN, beyond)).to.equal(0n);
  });
});
