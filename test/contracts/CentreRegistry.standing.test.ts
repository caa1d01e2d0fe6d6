/* oxlint-disable vitest/expect-expect -- assertions also stand in the helpers that refuse */
// Log epochs, named contracts, pausing, ownership and the look-ups of other contracts; the cases stand in CentreRegistry.tree.
import { expect } from "chai";
import { encodeBytes32String } from "ethers";
import { beforeEach, describe, it } from "vitest";
import { createWorld, HAINAN, refusesAllBut, TAIYUAN, XINING, type Registry, type World } from "./world.ts";

let world: World;
let registry: Registry;
beforeEach(async () => {
  world = await createWorld();
  registry = world.registry;
});

const refusesAllButOwner = (call: (as: Registry) => Promise<unknown>) => refusesAllBut("owner", world, call);

async function refusesNonMembers(call: (code: string) => Promise<unknown>) {
  await expect(call(XINING)).to.be.revertedWithCustomError(registry, "UnknownCentre").withArgs(XINING);
  await registry.remove(TAIYUAN);
  await expect(call(TAIYUAN)).to.be.revertedWithCustomError(registry, "CentreRemoved").withArgs(TAIYUAN);
}

describe("setLogEpoch", () => {
  it("when the sender is not the owner: reverts", () => refusesAllButOwner((as) => as.setLogEpoch(HAINAN, 2)));

  it("when the centre is not a member: reverts for an unknown and a removed one", () =>
    refusesNonMembers((code) => registry.setLogEpoch(code, 2)));

  it("when the epoch is smaller: reverts", async () => {
    await registry.setLogEpoch(HAINAN, 5);
    for (const epoch of [0, 4]) {
      await expect(registry.setLogEpoch(HAINAN, epoch))
        .to.be.revertedWithCustomError(registry, "EpochNotGrowing")
        .withArgs(HAINAN, 5, epoch);
    }
  });

  it("when the epoch is the same: changes nothing", async () => {
    await expect(registry.setLogEpoch(HAINAN, 1)).not.to.emit(registry, "LogEpochSet");
  });

  it("when the epoch is larger: stores and emits", async () => {
    await expect(registry.setLogEpoch(HAINAN, 2)).to.emit(registry, "LogEpochSet").withArgs(HAINAN, 2);
    expect((await registry.centre(HAINAN)).logEpoch).to.equal(2);
    expect(await registry.anchorerOf(world.hainan.anchorer.address)).to.deep.equal([HAINAN, 2n]);
  });
});

describe("setContract", () => {
  const name = encodeBytes32String("CheckpointAnchor");

  it("when the sender is not the owner: reverts", async () => {
    const account = await world.anchor.getAddress();
    await refusesAllButOwner((as) => as.setContract(name, account));
  });

  it("when there is no code at the address: reverts", async () => {
    await expect(registry.setContract(name, world.outsider.address))
      .to.be.revertedWithCustomError(registry, "NotAContract")
      .withArgs(world.outsider.address);
  });

  it("when there is code at the address: stores and emits, and replaces an earlier one", async () => {
    for (const contract of [world.anchor, world.status]) {
      const account = await contract.getAddress();
      await expect(registry.setContract(name, account)).to.emit(registry, "ContractSet").withArgs(name, account);
      expect(await registry.contractOf(name)).to.equal(account);
    }
  });

  it("when there is code at the address: changes nothing for the same again", async () => {
    await registry.setContract(name, await world.anchor.getAddress());
    await expect(registry.setContract(name, await world.anchor.getAddress())).not.to.emit(registry, "ContractSet");
  });

  it("when the name is unknown: reverts on reading", async () => {
    await expect(registry.contractOf(name)).to.be.revertedWithCustomError(registry, "UnknownContract").withArgs(name);
  });
});

describe("pause", () => {
  const stopped = async () => {
    const { anchorer, statusWriter, lister } = world.hainan;
    for (const lookUp of [
      registry.anchorerOf(anchorer.address),
      registry.statusWriterOf(statusWriter.address),
      registry.listerOf(lister.address),
    ]) {
      await expect(lookUp).to.be.revertedWithCustomError(registry, "CentrePaused").withArgs(HAINAN);
    }
  };

  it("when the sender is neither owner nor guardian of this centre: reverts for its other accounts, another guardian and an outsider", () =>
    refusesAllBut("guardian", world, (as) => as.pause(HAINAN)));

  it("when the centre is not a member: reverts for an unknown and a removed one", async () => {
    await refusesNonMembers((code) => registry.pause(code));
    await expect(registry.connect(world.taiyuan.guardian).pause(TAIYUAN))
      .to.be.revertedWithCustomError(registry, "CentreRemoved")
      .withArgs(TAIYUAN);
  });

  it("when the centre is a member: stops its three writing accounts at once by its guardian", async () => {
    await expect(registry.connect(world.hainan.guardian).pause(HAINAN))
      .to.emit(registry, "CentrePausedEvent")
      .withArgs(HAINAN);
    expect((await registry.centre(HAINAN)).paused).to.equal(true);
    await stopped();
  });

  it("when the centre is a member: stops its three writing accounts at once by the owner", async () => {
    await expect(registry.pause(HAINAN)).to.emit(registry, "CentrePausedEvent").withArgs(HAINAN);
    await stopped();
  });

  it("when the centre is a member: leaves the guardian and the other centres working", async () => {
    await registry.pause(HAINAN);
    expect(await registry.guardianOf(world.hainan.guardian.address)).to.equal(HAINAN);
    expect(await registry.listerOf(world.taiyuan.lister.address)).to.equal(TAIYUAN);
  });

  it("when the centre is a member: changes nothing the second time", async () => {
    await registry.pause(HAINAN);
    await expect(registry.pause(HAINAN)).not.to.emit(registry, "CentrePausedEvent");
  });
});

describe("unpause", () => {
  it("when the sender is not the owner: reverts for the guardian too", async () => {
    await registry.pause(HAINAN);
    await refusesAllButOwner((as) => as.unpause(HAINAN));
  });

  it("when the centre is not a member: reverts for an unknown and a removed one", () =>
    refusesNonMembers((code) => registry.unpause(code)));

  it("when the centre is a member: lets the accounts write again", async () => {
    await registry.pause(HAINAN);
    await expect(registry.unpause(HAINAN)).to.emit(registry, "CentreUnpaused").withArgs(HAINAN);
    expect(await registry.listerOf(world.hainan.lister.address)).to.equal(HAINAN);
  });

  it("when the centre is a member: changes nothing the second time", async () => {
    await expect(registry.unpause(HAINAN)).not.to.emit(registry, "CentreUnpaused");
  });
});

describe("ownership", () => {
  it("when it is handed over: passes only when the new owner accepts", async () => {
    await refusesAllButOwner((as) => as.transferOwnership(world.outsider.address));
    await registry.transferOwnership(world.outsider.address);
    expect(await registry.owner()).to.equal(world.owner.address);
    await registry.connect(world.outsider).acceptOwnership();
    expect(await registry.owner()).to.equal(world.outsider.address);
    await expect(registry.remove(HAINAN))
      .to.be.revertedWithCustomError(registry, "OwnableUnauthorizedAccount")
      .withArgs(world.owner.address);
  });

  it("when it is renounced: reverts", async () => {
    await expect(registry.renounceOwnership()).to.be.revertedWithCustomError(registry, "OwnershipCannotBeRenounced");
    await refusesAllButOwner((as) => as.renounceOwnership());
  });
});

describe("look-ups", () => {
  const roles = ["anchorer", "statusWriter", "lister", "guardian"] as const;
  const lookUps = ["anchorerOf", "statusWriterOf", "listerOf", "guardianOf"] as const;

  it("when the account has another role: reverts", async () => {
    for (const [i, lookUp] of lookUps.entries()) {
      const others = roles.filter((_, j) => j !== i).map((role) => world.hainan[role]);
      for (const other of [...others, world.outsider, world.owner]) {
        await expect(registry[lookUp](other.address))
          .to.be.revertedWithCustomError(registry, "NotACentreAccount")
          .withArgs(other.address);
      }
    }
  });

  it("when the account has this role: names the centre, its epoch and the role", async () => {
    expect(await registry.anchorerOf(world.taiyuan.anchorer.address)).to.deep.equal([TAIYUAN, 1n]);
    expect(await registry.statusWriterOf(world.taiyuan.statusWriter.address)).to.equal(TAIYUAN);
    expect(await registry.listerOf(world.taiyuan.lister.address)).to.equal(TAIYUAN);
    expect(await registry.guardianOf(world.taiyuan.guardian.address)).to.equal(TAIYUAN);
    for (const [i, role] of roles.entries()) {
      expect(await registry.centreOf(world.taiyuan[role].address)).to.deep.equal([TAIYUAN, BigInt(i + 1)]);
    }
    expect(await registry.centreOf(world.outsider.address)).to.deep.equal([encodeBytes32String(""), 0n]);
  });
});
