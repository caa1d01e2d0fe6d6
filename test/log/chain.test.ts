// The way of a checkpoint through a real chain: log, outbox, contract, mirror, and back.
import { describe, expect, it } from "vitest";
import { encodeAnchor, readLatestCheckpoint } from "../../service/src/chain/checkpoint-anchor.ts";
import { guardianCalls, ownerCalls } from "../../service/src/chain/registry.ts";
import { enqueueWrite, findWrite } from "../../service/src/chain/outbox.ts";
import { anchor, retryMs } from "../../service/src/log/anchorer.ts";
import type { SubmitAnchor } from "../../service/src/log/anchorer.ts";
import { proofOf, sequence } from "../../service/src/log/log.ts";
import type { Log } from "../../service/src/log/log.ts";
import { unsettleFrom } from "../../service/src/log/store.ts";
import { drain, mirrorOf, readAll, senderOf, useChain, write } from "../chain/harness.ts";
import { append, digests, later, makeLog, naiveRoot, placed, sound, stoppedBecause } from "./world.ts";

const harness = useChain();
const submit: SubmitAnchor = (tx, epoch, size, root, attempt) =>
  enqueueWrite(tx, {
    lane: "anchor",
    key: `anchor/${epoch}/${size}/${attempt}`,
    to: harness.chain.contracts.checkpointAnchor,
    data: encodeAnchor(epoch, BigInt(size), root),
  });
const mirror = () => mirrorOf(harness, { onReorganised: (tx, block) => unsettleFrom(tx, Number(block) + 1) });
const onChain = () => readLatestCheckpoint(harness.chain.client, harness.chain.contracts.checkpointAnchor, "C46010", 1);

/** Until the checkpoint is sent, and the mirror has read what became of it. */
async function roundTrip(log: Log): Promise<void> {
  await anchor(log, submit);
  await drain(log.pool, senderOf(harness));
  await readAll(mirror());
  await anchor(log, submit);
}

describe("with a real chain", () => {
  it("a leaf is anchored, and the contract holds the root that its receipt leads to", async () => {
    const log = await makeLog(harness.pool);
    const [leaf] = await append(harness.pool, digests(0, 20));
    await sequence(log);
    await roundTrip(log);
    expect(await onChain()).toMatchObject({ size: 20n, root: Buffer.from(naiveRoot(digests(0, 20))) });
    const { checkpoint } = (await proofOf(log, harness.pool, leaf!, 1))!;
    expect(checkpoint).toMatchObject({
      state: "anchored",
      anchorContract: harness.chain.contracts.checkpointAnchor.toLowerCase(),
    });
    await sound(log);
  });

  it("a centre that its guardian paused anchors by itself again once it is let go on", async () => {
    const clock = { now: new Date() };
    const log = await makeLog(harness.pool, "C46010", clock);
    const { chain } = harness;
    await append(harness.pool, digests(0, 3));
    await sequence(log);
    await write(harness, chain.centres[0]!.guardian, chain.contracts.registry, guardianCalls.pause("C46010"));
    await roundTrip(log);
    expect(await findWrite(harness.pool, "anchor/1/3/1")).toMatchObject({ state: "failed" });
    expect(await anchor(log, submit)).toBe("waiting");
    await write(harness, chain.deployer, chain.contracts.registry, ownerCalls.unpause("C46010"));
    later(clock, retryMs);
    await roundTrip(log);
    expect(await onChain()).toMatchObject({ size: 3n });
    await sound(log);
  });

  it("a chain that lost its last blocks gets the checkpoint again", async () => {
    const log = await makeLog(harness.pool);
    const { client } = harness.chain;
    await append(harness.pool, digests(0, 3));
    await sequence(log);
    const snapshot = await client.call("evm_snapshot", []);
    await roundTrip(log);
    await client.call("evm_revert", [snapshot]);
    await readAll(mirror());
    expect((await harness.pool.query("select state from log_checkpoint")).rows).toEqual([{ state: "submitted" }]);
    await roundTrip(log);
    expect(await onChain()).toMatchObject({ size: 3n });
    expect((await harness.pool.query("select state from log_checkpoint")).rows).toEqual([{ state: "anchored" }]);
    await sound(log);
  });

  it("a database from before the last anchor stops before it closes anything", async () => {
    const log = await makeLog(harness.pool);
    const { chain } = harness;
    const root = naiveRoot(digests(0, 9));
    await append(harness.pool, digests(0, 3));
    await sequence(log);
    await write(harness, chain.centres[0]!.anchorer, chain.contracts.checkpointAnchor, encodeAnchor(1, 9n, root));
    await append(harness.pool, digests(100, 1));
    // The restored mirror does not know it yet; a process that begins waits until it does.
    const restarted: Log = { ...log, startedAt: new Date() };
    expect(await sequence(restarted)).toBe(0);
    await readAll(mirror());
    expect(await sequence(restarted)).toBe(0);
    expect(await stoppedBecause(log)).toMatch(/9 leaves, this database only 3/);
    expect(await placed(harness.pool)).toHaveLength(3);
  });
});
