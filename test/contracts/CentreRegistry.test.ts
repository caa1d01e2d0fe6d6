/* oxlint-disable vitest/expect-expect -- assertions also stand in the helpers that refuse */
// Admission, accounts and removal; the cases stand in CentreRegistry.tree.
import { expect } from "chai";
import { ZeroAddress, encodeBytes32String } from "ethers";
import { beforeEach, describe, it } from "vitest";
import { accountsOf, createWorld, HAINAN, refusesAllBut, TAIYUAN, XINING, type Registry, type World } from "./world.ts";

let world: World;
let registry: Registry;
beforeEach(async () => {
  world = await createWorld();
  registry = world.registry;
});

const admitXining = (accounts = accountsOf(world.spare), who = world.owner, code = XINING) =>
  registry.connect(who).admit(code, "西宁住房公积金管理中心", "00630100TEST000003", "https://xining.example", accounts);

const refusesAllButOwner = (call: (as: Registry) => Promise<unknown>) => refusesAllBut("owner", world, call);

async function refusesNonMembers(call: (code: string) => Promise<unknown>) {
  await expect(call(XINING)).to.be.revertedWithCustomError(registry, "UnknownCentre").withArgs(XINING);
  await registry.remove(TAIYUAN);
  await expect(call(TAIYUAN)).to.be.revertedWithCustomError(registry, "CentreRemoved").withArgs(TAIYUAN);
}

/** The look-ups that the writing contracts make, each with the account that has the role. */
const lookUps = (seats = world.hainan) =>
  [
    () => registry.anchorerOf(seats.anchorer.address),
    () => registry.statusWriterOf(seats.statusWriter.address),
    () => registry.listerOf(seats.lister.address),
  ] as const;

async function stopped(error: "CentrePaused" | "CentreRemoved") {
  for (const lookUp of lookUps()) {
    await expect(lookUp()).to.be.revertedWithCustomError(registry, error).withArgs(HAINAN);
  }
}

describe("constructor", () => {
  it("when it is deployed: has its owner and no centres", async () => {
    const fresh = await world.ethers.deployContract("CentreRegistry", [world.outsider.address]);
    expect(await fresh.getFunction("owner")()).to.equal(world.outsider.address);
    expect(await fresh.getFunction("centres")()).to.deep.equal([]);
  });
});

describe("admit", () => {
  it("when the sender is not the owner: reverts", () =>
    refusesAllButOwner((as) => as.admit(XINING, "", "", "", accountsOf(world.spare))));

  it("when the code is empty: reverts", async () => {
    const empty = encodeBytes32String("");
    await expect(admitXining(undefined, undefined, empty)).to.be.revertedWithCustomError(registry, "EmptyCentreCode");
  });

  it("when the code was admitted before: reverts for a member", async () => {
    await expect(admitXining(undefined, undefined, HAINAN))
      .to.be.revertedWithCustomError(registry, "CentreExists")
      .withArgs(HAINAN);
  });

  it("when the code was admitted before: reverts for a removed centre", async () => {
    await registry.remove(HAINAN);
    await expect(admitXining(undefined, undefined, HAINAN))
      .to.be.revertedWithCustomError(registry, "CentreExists")
      .withArgs(HAINAN);
  });

  it("when an account is not free: reverts for the zero address in each place", async () => {
    for (const role of ["anchorer", "statusWriter", "lister", "guardian"]) {
      const accounts = { ...accountsOf(world.spare), [role]: ZeroAddress };
      await expect(admitXining(accounts)).to.be.revertedWithCustomError(registry, "ZeroAccount");
    }
  });

  it("when an account is not free: reverts for the same account twice", async () => {
    const accounts = { ...accountsOf(world.spare), guardian: world.spare.anchorer.address };
    await expect(admitXining(accounts))
      .to.be.revertedWithCustomError(registry, "AccountInUse")
      .withArgs(world.spare.anchorer.address, XINING);
  });

  it("when an account is not free: reverts for an account of another centre in any role, removed or not", async () => {
    await registry.remove(TAIYUAN);
    for (const [seats, code] of [
      [world.hainan, HAINAN],
      [world.taiyuan, TAIYUAN],
    ] as const) {
      for (const taken of Object.values(seats)) {
        await expect(admitXining({ ...accountsOf(world.spare), lister: taken.address }))
          .to.be.revertedWithCustomError(registry, "AccountInUse")
          .withArgs(taken.address, code);
      }
    }
  });

  it("when everything is in order: stores the centre with log epoch 1 and emits everything", async () => {
    await world.at(world.start + 60);
    const accounts = accountsOf(world.spare);
    const fields = ["西宁住房公积金管理中心", "00630100TEST000003", "https://xining.example"];
    await expect(admitXining())
      .to.emit(registry, "CentreAdmitted")
      .withArgs(XINING, ...fields, Object.values(accounts));
    expect(await registry.centre(XINING)).to.deep.equal([
      ...fields,
      Object.values(accounts),
      1n,
      BigInt(world.start + 60),
      0n,
      false,
    ]);
  });

  it("when everything is in order: lists the centres in the order of admission", async () => {
    await admitXining();
    expect(await registry.centres()).to.deep.equal([HAINAN, TAIYUAN, XINING]);
  });
});

describe("setServiceUrl", () => {
  it("when the sender is not the owner: reverts", () =>
    refusesAllButOwner((as) => as.setServiceUrl(HAINAN, "https://evil.example")));

  it("when the centre is not a member: reverts for an unknown and a removed one", () =>
    refusesNonMembers((code) => registry.setServiceUrl(code, "https://new.example")));

  it("when the centre is a member: stores and emits", async () => {
    await expect(registry.setServiceUrl(HAINAN, "https://new.example"))
      .to.emit(registry, "ServiceUrlSet")
      .withArgs(HAINAN, "https://new.example");
    expect((await registry.centre(HAINAN)).serviceUrl).to.equal("https://new.example");
  });

  it("when the centre is a member: changes nothing for the same address again", async () => {
    await expect(registry.setServiceUrl(HAINAN, "https://hainan.example")).not.to.emit(registry, "ServiceUrlSet");
  });
});

describe("setAccounts", () => {
  it("when the sender is not the owner: reverts", () =>
    refusesAllButOwner((as) => as.setAccounts(HAINAN, accountsOf(world.spare))));

  it("when the centre is not a member: reverts for an unknown and a removed one", () =>
    refusesNonMembers((code) => registry.setAccounts(code, accountsOf(world.spare))));

  it("when an account is not free: reverts for the zero address", async () => {
    const accounts = { ...accountsOf(world.spare), lister: ZeroAddress };
    await expect(registry.setAccounts(HAINAN, accounts)).to.be.revertedWithCustomError(registry, "ZeroAccount");
  });

  it("when an account is not free: reverts for the same account twice", async () => {
    const { anchorer } = world.hainan;
    await expect(registry.setAccounts(HAINAN, { ...accountsOf(world.hainan), lister: anchorer.address }))
      .to.be.revertedWithCustomError(registry, "AccountInUse")
      .withArgs(anchorer.address, HAINAN);
  });

  it("when an account is not free: reverts for an account of another centre", async () => {
    const { lister } = world.taiyuan;
    await expect(registry.setAccounts(HAINAN, { ...accountsOf(world.spare), anchorer: lister.address }))
      .to.be.revertedWithCustomError(registry, "AccountInUse")
      .withArgs(lister.address, TAIYUAN);
  });

  it("when everything is in order: gives the new accounts their roles and takes them from the old ones at once", async () => {
    await expect(registry.setAccounts(HAINAN, accountsOf(world.spare)))
      .to.emit(registry, "AccountsSet")
      .withArgs(HAINAN, Object.values(accountsOf(world.spare)));
    expect((await registry.centre(HAINAN)).accounts).to.deep.equal(Object.values(accountsOf(world.spare)));
    for (const lookUp of lookUps(world.spare)) await lookUp();
    for (const lookUp of lookUps()) await expect(lookUp()).to.be.revertedWithCustomError(registry, "NotACentreAccount");
    await expect(registry.connect(world.hainan.guardian).pause(HAINAN))
      .to.be.revertedWithCustomError(registry, "NotGuardianOrOwner")
      .withArgs(world.hainan.guardian.address, HAINAN);
  });

  it("when everything is in order: lets the accounts of one centre change places", async () => {
    const { anchorer, statusWriter, lister, guardian } = world.hainan;
    await registry.setAccounts(
      HAINAN,
      accountsOf({ anchorer: statusWriter, statusWriter: anchorer, lister: guardian, guardian: lister }),
    );
    expect(await registry.anchorerOf(statusWriter.address)).to.deep.equal([HAINAN, 1n]);
    expect(await registry.statusWriterOf(anchorer.address)).to.equal(HAINAN);
    expect(await registry.listerOf(guardian.address)).to.equal(HAINAN);
    expect(await registry.guardianOf(lister.address)).to.equal(HAINAN);
  });

  it("when everything is in order: lets an old account be given a role again", async () => {
    await registry.setAccounts(HAINAN, accountsOf(world.spare));
    await admitXining(accountsOf(world.hainan));
    expect(await registry.listerOf(world.hainan.lister.address)).to.equal(XINING);
  });

  it("when everything is in order: rotates while the centre is paused and leaves it paused", async () => {
    await registry.pause(HAINAN);
    await registry.setAccounts(HAINAN, accountsOf(world.spare));
    await expect(registry.anchorerOf(world.spare.anchorer.address))
      .to.be.revertedWithCustomError(registry, "CentrePaused")
      .withArgs(HAINAN);
  });

  it("when everything is in order: changes nothing for the same accounts again", async () => {
    await expect(registry.setAccounts(HAINAN, accountsOf(world.hainan))).not.to.emit(registry, "AccountsSet");
    for (const lookUp of lookUps()) await lookUp();
  });
});

describe("remove", () => {
  it("when the sender is not the owner: reverts", () => refusesAllButOwner((as) => as.remove(HAINAN)));

  it("when the centre is unknown: reverts", async () => {
    await expect(registry.remove(XINING)).to.be.revertedWithCustomError(registry, "UnknownCentre").withArgs(XINING);
  });

  it("when the centre is a member: stops all its accounts and keeps what is known of it readable", async () => {
    await world.at(world.start + 60);
    await expect(registry.remove(HAINAN)).to.emit(registry, "CentreRemovedEvent").withArgs(HAINAN);
    await stopped("CentreRemoved");
    await expect(registry.guardianOf(world.hainan.guardian.address))
      .to.be.revertedWithCustomError(registry, "CentreRemoved")
      .withArgs(HAINAN);
    const centre = await registry.centre(HAINAN);
    expect(centre.name).to.equal("海南省住房公积金管理局");
    expect(centre.removedAt).to.equal(world.start + 60);
    expect(centre.accounts).to.deep.equal(Object.values(accountsOf(world.hainan)));
    expect(await registry.centres()).to.deep.equal([HAINAN, TAIYUAN]);
  });

  it("when the centre was removed: changes nothing the second time", async () => {
    await registry.remove(HAINAN);
    const before = await registry.centre(HAINAN);
    await expect(registry.remove(HAINAN)).not.to.emit(registry, "CentreRemovedEvent");
    expect(await registry.centre(HAINAN)).to.deep.equal(before);
  });

  it("when the centre was removed: lets nothing but its keys be judged", async () => {
    const [kind, key] = [encodeBytes32String("seal"), "0x01"];
    await registry.addKey(HAINAN, kind, key, 1, 0);
    await registry.addKey(HAINAN, kind, "0x02", 1, 0);
    await registry.remove(HAINAN);
    await registry.distrustSince(HAINAN, kind, key, 5);
    await registry.retrust(HAINAN, kind, key);
    await registry.distrust(HAINAN, kind, key);
    await registry.endKey(HAINAN, kind, "0x02", world.start + 3600);
    await expect(registry.addKey(HAINAN, kind, "0x03", 1, 0))
      .to.be.revertedWithCustomError(registry, "CentreRemoved")
      .withArgs(HAINAN);
    await expect(registry.connect(world.hainan.guardian).distrust(HAINAN, kind, "0x02"))
      .to.be.revertedWithCustomError(registry, "CentreRemoved")
      .withArgs(HAINAN);
  });
});
