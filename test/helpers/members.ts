// Members of a consortium for tests: keys, and the trust list that the registry would give.
import { generateKeyPairSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Pool } from "../../service/src/db.ts";
import type { Peers } from "../../service/src/peers/peer.ts";
import type { TrustList } from "../../service/src/proof/trust-list.ts";

export interface Member {
  code: string;
  memberKey: KeyObject;
  publicKey: string;
}

export function member(code: string): Member {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = publicKey.export({ type: "spki", format: "der" }).subarray(-32);
  return { code, memberKey: privateKey, publicKey: raw.toString("hex") };
}

/** The registry's word about these members; tests change it in place. */
export function trustListOf(members: readonly Member[]): TrustList {
  const address = (byte: string) => `0x${byte.repeat(20)}`;
  return {
    chainId: 1,
    registry: address("01"),
    contracts: { checkpointAnchor: address("02"), certificateStatus: address("03"), blacklist: address("04") },
    block: 1,
    blockTime: 1,
    witnessQuorum: 1,
    centres: members.map(({ code, publicKey }) => ({
      code,
      name: `中心${code}`,
      creditCode: "12460000000000000C",
      serviceUrl: "http://127.0.0.1:1",
      logEpoch: 1,
      removed: false,
      keys: [{ kind: "member", value: publicKey, from: 0, until: 0, distrustedSince: 0 }],
    })),
  };
}

export function peersOf(own: Member, pool: Pool, list: TrustList, now: () => Date): Peers {
  return {
    pool,
    centre: own.code,
    memberKey: own.memberKey,
    trustList: async () => list,
    now,
    random: (length) => randomBytes(length),
  };
}
