import { expect } from "chai";
import { beforeEach, describe, it } from "vitest";
import { accountsOf, createWorld, digest, HAINAN, TAIYUAN, type World } from "./world.ts";

const CAP = 2 ** 20;
let world: World;
beforeEach(async () => {
  world = await createWorld();
});

describe("anchor", () => {
  const anchorAs = (who: World["owner"], epoch: number, size: number, root = digest(`root ${size}`)) =>
    world.anchor.connect(who).anchor(epoch, size, root);
  const anchor = (epoch: number, size: number, root?: string) => anchorAs(world.hainan.anchorer, epoch, size, root);

  it("when the sender is not an anchorer: reverts for an outsider", async () => {
    await expect(anchorAs(world.outsider, 1, 5))
      .to.be.revertedWithCustomError(world.registry, "NotACentreAccount")
      .withArgs(world.outsider.address);
  });

  it("when the sender is not an anchorer: reverts for the other accounts of the centre and the owner", async () => {
    const { statusWriter, lister, guardian } = world.hainan;
    for (const who of [statusWriter, lister, guardian, world.owner]) {
      await expect(anchorAs(who, 1, 5))
        .to.be.revertedWithCustomError(world.registry, "NotACentreAccount")
        .withArgs(who.address);
    }
  });

  it("when the centre is paused: reverts until it is unpaused", async () => {
    await world.registry.connect(world.hainan.guardian).pause(HAINAN);
    await expect(anchor(1, 5)).to.be.revertedWithCustomError(world.registry, "CentrePaused").withArgs(HAINAN);
    await world.registry.unpause(HAINAN);
    await expect(anchor(1, 5)).to.emit(world.anchor, "CheckpointAnchored");
  });

  it("when the centre was removed: reverts for ever and keeps the history readable", async () => {
    await world.at(world.start + 100);
    await anchor(1, 5);
    await world.registry.remove(HAINAN);
    await expect(anchor(1, 6)).to.be.revertedWithCustomError(world.registry, "CentreRemoved").withArgs(HAINAN);
    await expect(world.registry.setAccounts(HAINAN, accountsOf(world.spare)))
      .to.be.revertedWithCustomError(world.registry, "CentreRemoved")
      .withArgs(HAINAN);
    expect(await world.anchor.latest(HAINAN, 1)).to.deep.equal([5n, digest("root 5"), BigInt(world.start + 100)]);
  });

  it("when the epoch is not the current one: reverts for an earlier epoch", async () => {
    await world.registry.setLogEpoch(HAINAN, 3);
    await expect(anchor(1, 5)).to.be.revertedWithCustomError(world.anchor, "WrongEpoch").withArgs(HAINAN, 3, 1);
  });

  it("when the epoch is not the current one: reverts for a later epoch", async () => {
    await expect(anchor(2, 5)).to.be.revertedWithCustomError(world.anchor, "WrongEpoch").withArgs(HAINAN, 1, 2);
  });

  it("when the size is not larger: reverts for an empty log", async () => {
    await expect(anchor(1, 0)).to.be.revertedWithCustomError(world.anchor, "NotGrowing").withArgs(HAINAN, 1, 0, 0);
  });

  it("when the size is not larger: reverts for a smaller size", async () => {
    await anchor(1, 5);
    for (const size of [0, 4]) {
      await expect(anchor(1, size))
        .to.be.revertedWithCustomError(world.anchor, "NotGrowing")
        .withArgs(HAINAN, 1, 5, size);
    }
  });

  it("when the size is not larger: changes nothing for the same checkpoint again", async () => {
    await world.at(world.start + 100);
    await anchor(1, 5);
    await expect(anchor(1, 5)).not.to.emit(world.anchor, "CheckpointAnchored");
    expect(await world.anchor.latest(HAINAN, 1)).to.deep.equal([5n, digest("root 5"), BigInt(world.start + 100)]);
  });

  it("when the size is not larger: reverts as a fork for the same size with another root", async () => {
    await anchor(1, 5);
    await expect(anchor(1, 5, digest("other")))
      .to.be.revertedWithCustomError(world.anchor, "Fork")
      .withArgs(HAINAN, 1, 5, digest("root 5"), digest("other"));
  });

  it("when the size is larger: reverts when it grows by more than the cap", async () => {
    await expect(anchor(1, CAP + 1))
      .to.be.revertedWithCustomError(world.anchor, "GrowsTooFast")
      .withArgs(HAINAN, 1, 0, CAP + 1);
    await anchor(1, 7);
    const largest = 2n ** 64n - 1n;
    await expect(world.anchor.connect(world.hainan.anchorer).anchor(1, largest, digest("x")))
      .to.be.revertedWithCustomError(world.anchor, "GrowsTooFast")
      .withArgs(HAINAN, 1, 7, largest);
  });

  it("when the size is larger: stores and emits when it grows by exactly the cap", async () => {
    await anchor(1, 7);
    await expect(anchor(1, 7 + CAP))
      .to.emit(world.anchor, "CheckpointAnchored")
      .withArgs(HAINAN, 1, 7 + CAP, digest(`root ${7 + CAP}`));
    expect((await world.anchor.latest(HAINAN, 1)).size).to.equal(7 + CAP);
  });

  it("when the size is larger: stores and emits when it grows by one leaf", async () => {
    await anchor(1, 7);
    await world.at(world.start + 500);
    await expect(anchor(1, 8)).to.emit(world.anchor, "CheckpointAnchored").withArgs(HAINAN, 1, 8, digest("root 8"));
    expect(await world.anchor.latest(HAINAN, 1)).to.deep.equal([8n, digest("root 8"), BigInt(world.start + 500)]);
  });

  it("when the size is larger: keeps the logs of two centres apart", async () => {
    await anchor(1, 7);
    await anchorAs(world.taiyuan.anchorer, 1, 3);
    expect((await world.anchor.latest(HAINAN, 1)).size).to.equal(7);
    expect((await world.anchor.latest(TAIYUAN, 1)).size).to.equal(3);
  });

  it("when a new epoch begins: starts at size 0 and leaves the old log readable", async () => {
    await anchor(1, 7);
    await world.registry.setLogEpoch(HAINAN, 2);
    expect((await world.anchor.latest(HAINAN, 2)).size).to.equal(0);
    await anchor(2, 3);
    expect((await world.anchor.latest(HAINAN, 2)).size).to.equal(3);
    expect((await world.anchor.latest(HAINAN, 1)).size).to.equal(7);
    await expect(anchor(1, 8)).to.be.revertedWithCustomError(world.anchor, "WrongEpoch").withArgs(HAINAN, 2, 1);
  });
});

describe("constructor", () => {
  it("when it is deployed: names its registry and its growth cap", async () => {
    expect(await world.anchor.REGISTRY()).to.equal(await world.registry.getAddress());
    expect(await world.anchor.MAX_GROWTH()).to.equal(CAP);
  });
});
