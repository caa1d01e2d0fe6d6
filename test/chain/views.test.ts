// The views over the mirrored events say the same as the contracts.
import { describe, expect, it } from "vitest";
import { encodeLift, encodeList, encodeSuspend, readListing } from "../../service/src/chain/blacklist.ts";
import { encodeReinstate, encodeRevoke, readIsRevoked } from "../../service/src/chain/certificate-status.ts";
import { readLatestCheckpoint } from "../../service/src/chain/checkpoint-anchor.ts";
import { toData } from "../../service/src/chain/client.ts";
import { findCursor, mirrorAge, trustList } from "../../service/src/chain/mirror.ts";
import { guardianCalls, ownerCalls } from "../../service/src/chain/registry.ts";
import { createSigner } from "../../service/src/chain/transaction.ts";
import { readTrustList } from "../../service/src/proof/trust-list.ts";
import { testKey } from "../helpers/chain.ts";
import { anchor, mirrorOf, readAll, rootOf, useChain, write } from "./harness.ts";

const on = useChain();

describe("what the views say", () => {
  it("centres, keys and contracts as the registry has them, as a trust list", async () => {
    const { registry } = on.chain.contracts;
    const [hainan, taiyuan] = on.chain.centres.map(({ code }) => code) as [string, string];
    const key = on.chain.centres[0]!.registered.keys.find(({ kind }) => kind === "seal")!;
    const qr = on.chain.centres[0]!.registered.keys.find(({ kind }) => kind === "qr")!;
    await write(on, on.chain.centres[0]!.guardian, registry, guardianCalls.distrust(hainan, "seal", key.value));
    await write(on, on.chain.deployer, registry, ownerCalls.distrustSince(hainan, "seal", key.value, 1_600_000_000));
    await write(on, on.chain.deployer, registry, ownerCalls.distrustSince(hainan, "qr", qr.value, 1_600_000_000));
    await write(on, on.chain.deployer, registry, ownerCalls.retrust(hainan, "qr", qr.value));
    await write(on, on.chain.deployer, registry, ownerCalls.endKey(hainan, "qr", qr.value, 4_000_000_000));
    await write(on, on.chain.deployer, registry, ownerCalls.setServiceUrl(hainan, "https://hainan.example/"));
    await write(on, on.chain.deployer, registry, ownerCalls.setLogEpoch(taiyuan, 2));
    await write(on, on.chain.deployer, registry, ownerCalls.remove(taiyuan));
    await write(on, on.chain.deployer, registry, ownerCalls.addKey(hainan, "bank", Buffer.from([1, 2]), 5, 6));
    await readAll(mirrorOf(on));

    const list = await trustList(on.pool);
    expect(readTrustList(JSON.parse(JSON.stringify(list)))).toEqual(list);
    expect(list).toMatchObject({
      chainId: on.chain.chainId,
      registry,
      contracts: {
        checkpointAnchor: on.chain.contracts.checkpointAnchor,
        certificateStatus: on.chain.contracts.certificateStatus,
        blacklist: on.chain.contracts.blacklist,
      },
      witnessQuorum: 1,
    });
    const of = (code: string) => list.centres.find((centre) => centre.code === code)!;
    expect(of(hainan)).toMatchObject({
      name: on.chain.centres[0]!.registered.name,
      creditCode: on.chain.centres[0]!.registered.creditCode,
      serviceUrl: "https://hainan.example",
      logEpoch: 1,
      removed: false,
    });
    const keyOf = (kind: string) => of(hainan).keys.find((one) => one.kind === kind);
    expect(keyOf("seal")).toEqual({
      kind: "seal",
      value: Buffer.from(key.value).toString("hex"),
      from: 1_535_731_200,
      until: 0,
      distrustedSince: 1_600_000_000,
    });
    expect(keyOf("qr")).toMatchObject({ until: 4_000_000_000, distrustedSince: 0 });
    expect(keyOf("bank")).toEqual({ kind: "bank", value: "0102", from: 5, until: 6, distrustedSince: 0 });
    expect(of(taiyuan)).toMatchObject({ logEpoch: 2, removed: true });
  });

  it("pauses and accounts of a centre", async () => {
    const { registry } = on.chain.contracts;
    const one = mirrorOf(on);
    const centre = async () =>
      (
        await on.pool.query(
          "select paused, encode(anchorer, 'hex') as anchorer from mirror_centre where code = 'C46010'",
        )
      ).rows[0] as unknown;
    const accounts = on.chain.centres[0]!.registered.accounts;
    await write(on, on.chain.centres[0]!.guardian, registry, guardianCalls.pause("C46010"));
    await readAll(one);
    expect(await centre()).toEqual({ paused: true, anchorer: accounts.anchorer.slice(2) });
    const anchorer = createSigner(testKey("other")).account;
    await write(on, on.chain.deployer, registry, ownerCalls.unpause("C46010"));
    await write(
      on,
      on.chain.deployer,
      registry,
      ownerCalls.setAccounts("C46010", { ...accounts, anchorer: toData(anchorer) }),
    );
    await readAll(one);
    expect(await centre()).toEqual({ paused: false, anchorer: anchorer.toString("hex") });
  });

  it("checkpoints, revocations and listings, the same as the contracts say", async () => {
    const { checkpointAnchor, certificateStatus, blacklist } = on.chain.contracts;
    const { statusWriter, lister, guardian } = on.chain.centres[0]!;
    const [a, b, c] = [1, 2, 3].map((n) => Buffer.alloc(32, n)) as [Buffer, Buffer, Buffer];
    await anchor(on, 3);
    await anchor(on, 9);
    await write(on, statusWriter, certificateStatus, encodeRevoke([7n, 8n, 9_007_199_254_740_993n], 2));
    await write(on, guardian, certificateStatus, encodeReinstate([8n]));
    await write(on, lister, blacklist, encodeList(a, rootOf(1)));
    await write(on, lister, blacklist, encodeList(b, rootOf(2)));
    await write(on, lister, blacklist, encodeList(c, rootOf(3)));
    await write(on, lister, blacklist, encodeSuspend(b));
    await write(on, lister, blacklist, encodeLift(c, 2));
    await readAll(mirrorOf(on));

    const { rows: anchors } = await on.pool.query<{ size: string; root: Buffer; block_time: Date }>(
      "select size, root, block_time from mirror_anchor where centre = 'C46010' and epoch = 1 order by size desc",
    );
    const latest = (await readLatestCheckpoint(on.chain.client, checkpointAnchor, "C46010", 1))!;
    expect(anchors).toHaveLength(2);
    expect(anchors[0]).toEqual({
      size: latest.size.toString(),
      root: latest.root,
      block_time: new Date(latest.time * 1000),
    });

    const { rows: revoked } = await on.pool.query<{ index: string; reason: number }>(
      "select index, reason from mirror_revocation where centre = 'C46010' order by index",
    );
    expect(revoked).toEqual([
      { index: "7", reason: 2 },
      { index: "9007199254740993", reason: 2 },
    ]);
    for (const index of [7n, 8n, 9_007_199_254_740_993n])
      expect(await readIsRevoked(on.chain.client, certificateStatus, "C46010", index)).toBe(
        revoked.some((row) => BigInt(row.index) === index),
      );

    for (const [id, state, reason] of [
      [a, "listed", null],
      [b, "suspended", null],
      [c, "lifted", 2],
    ] as const) {
      const { rows } = await on.pool.query(
        "select centre, state, commitment, lift_reason from mirror_listing where id = $1",
        [id],
      );
      const onChain = await readListing(on.chain.client, blacklist, id);
      expect(rows).toEqual([{ centre: "C46010", state, commitment: onChain.commitment, lift_reason: reason }]);
      expect(onChain).toMatchObject({ centre: "C46010", state });
    }
  });

  it("nothing before the registry is read", async () => {
    await expect(trustList(on.pool)).rejects.toMatchObject({ code: "CHAIN_NOT_READ" });
    expect(await mirrorAge(on.pool, new Date())).toBeUndefined();
    expect(await findCursor(on.pool)).toBeUndefined();
  });
});
