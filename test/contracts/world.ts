// A fresh chain in this process with the four contracts and two centres on it, for the contract tests.
import { createHash } from "node:crypto";
import { expect } from "chai";
import { network, tasks } from "hardhat";
import type { BaseContract, ContractMethod, ContractRunner } from "ethers";
import { encodeBytes32String } from "ethers";

type Methods<Name extends string> = Omit<BaseContract, "connect"> &
  Record<Name, ContractMethod> & { connect(runner: ContractRunner): Methods<Name> };

export type Registry = Methods<
  | "acceptOwnership"
  | "addKey"
  | "admit"
  | "anchorerOf"
  | "centre"
  | "centreOf"
  | "centres"
  | "contractOf"
  | "distrust"
  | "distrustSince"
  | "endKey"
  | "guardianOf"
  | "key"
  | "listerOf"
  | "owner"
  | "pause"
  | "remove"
  | "renounceOwnership"
  | "retrust"
  | "setAccounts"
  | "setContract"
  | "setLogEpoch"
  | "setServiceUrl"
  | "statusWriterOf"
  | "transferOwnership"
  | "unpause"
>;
export type Anchor = Methods<"anchor" | "latest" | "MAX_GROWTH" | "REGISTRY">;
type Capped = "setDailyCap" | "dailyCap" | "leftToday" | "REGISTRY";
export type Status = Methods<Capped | "revoke" | "reinstate" | "isRevoked" | "word">;
export type Blacklist = Methods<Capped | "list" | "suspend" | "resume" | "lift" | "listing">;

export const HAINAN = encodeBytes32String("C46010");
export const TAIYUAN = encodeBytes32String("C14010");
export const XINING = encodeBytes32String("C63010");
export const DAY = 86_400;

/** A 32-byte value that differs for every name, as 0x hex. */
export function digest(name: string): string {
  return `0x${createHash("sha256").update(name).digest("hex")}`;
}

// The artifacts are compiled at most once a run; when they are fresh this takes a fraction of a second.
await tasks.getTask("build").run({ quiet: true });

/** A new chain with the contracts, Hainan and Taiyuan admitted, at 08:00 UTC of some day. */
export async function createWorld() {
  const { ethers, networkHelpers } = await network.connect("local");
  const signers = await ethers.getSigners();
  const signer = (index: number) => {
    const found = signers[index];
    if (!found) throw new Error(`no signer ${index}`);
    return found;
  };
  const seats = (first: number) => ({
    anchorer: signer(first),
    statusWriter: signer(first + 1),
    lister: signer(first + 2),
    guardian: signer(first + 3),
  });
  const owner = signer(0);
  const hainan = seats(1);
  const taiyuan = seats(5);
  const spare = seats(9);
  const outsider = signer(13);

  const deploy = async <T>(name: string, args: unknown[]) =>
    (await ethers.deployContract(name, args, owner)) as unknown as T;
  const registry = await deploy<Registry>("CentreRegistry", [owner.address]);
  const anchor = await deploy<Anchor>("CheckpointAnchor", [await registry.getAddress()]);
  const status = await deploy<Status>("CertificateStatus", [await registry.getAddress()]);
  const blacklist = await deploy<Blacklist>("Blacklist", [await registry.getAddress()]);

  const start = Math.ceil((await networkHelpers.time.latest()) / DAY) * DAY + 8 * 3600;
  await networkHelpers.time.increaseTo(start);
  await registry.admit(
    HAINAN,
    "海南省住房公积金管理局",
    "00460000TEST000001",
    "https://hainan.example",
    accountsOf(hainan),
  );
  await registry.admit(
    TAIYUAN,
    "太原市住房公积金管理中心",
    "00140100TEST000002",
    "https://taiyuan.example",
    accountsOf(taiyuan),
  );
  /** The next transaction is mined exactly at this time. */
  const at = (time: number) => networkHelpers.time.setNextBlockTimestamp(time);
  const now = () => networkHelpers.time.latest();
  return { ethers, owner, hainan, taiyuan, spare, outsider, registry, anchor, status, blacklist, at, now, start };
}

export type World = Awaited<ReturnType<typeof createWorld>>;
export type Seats = World["hainan"];

/** The addresses of four signers, as the registry takes them. */
export function accountsOf(seats: Seats) {
  return {
    anchorer: seats.anchorer.address,
    statusWriter: seats.statusWriter.address,
    lister: seats.lister.address,
    guardian: seats.guardian.address,
  };
}

/** Every account that may not call this reverts with the error that says so: all but the owner, or all but the owner and
 * the guardian of Hainan. */
export async function refusesAllBut(
  allowed: "owner" | "guardian",
  world: World,
  call: (as: Registry) => Promise<unknown>,
) {
  const { registry, hainan, taiyuan, outsider } = world;
  for (const who of [outsider, ...Object.values(hainan), ...Object.values(taiyuan)]) {
    if (allowed === "guardian" && who === hainan.guardian) continue;
    const refused = expect(call(registry.connect(who))).to.be;
    if (allowed === "owner") {
      await refused.revertedWithCustomError(registry, "OwnableUnauthorizedAccount").withArgs(who.address);
    } else {
      await refused.revertedWithCustomError(registry, "NotGuardianOrOwner").withArgs(who.address, HAINAN);
    }
  }
}
