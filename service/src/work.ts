// The work of a centre that goes on by itself. Each step finds in Postgres what there is to do, so any of them may be cut off
// at any point, and any replica may run it: one of them leads at a time.
import type { Blacklist } from "./blacklist/blacklist.ts";
import { endOpenings, readFeeds } from "./blacklist/feed.ts";
import type { CentreOptions } from "./centre.ts";
import { finishDrawn } from "./certificates/certificate.ts";
import type { Certificates } from "./certificates/certificate.ts";
import type { ChainClient } from "./chain/client.ts";
import { startMirror } from "./chain/mirror.ts";
import type { MirrorOptions } from "./chain/mirror.ts";
import { startOutbox } from "./chain/outbox.ts";
import { createSigner } from "./chain/transaction.ts";
import type { TrustCache } from "./chain/trust-cache.ts";
import { listen, startLoop, withLeadership } from "./jobs.ts";
import type { Loop } from "./jobs.ts";
import type { CentreKeys } from "./keys.ts";
import { anchor } from "./log/anchorer.ts";
import type { SubmitAnchor } from "./log/anchorer.ts";
import { sequence } from "./log/log.ts";
import type { Log } from "./log/log.ts";
import { collectCosignature } from "./log/witness.ts";
import { keysOf, otherCentres } from "./peers/peer.ts";
import type { Peers } from "./peers/peer.ts";

export interface Work extends CentreOptions {
  chainClient: ChainClient;
  keys: CentreKeys;
  centreLog: Log;
  certificates: Certificates;
  blacklist: Blacklist;
  peers: Peers;
  submitAnchor: SubmitAnchor;
  trust: TrustCache;
  mirror: MirrorOptions;
}

/** Starts all loops; returns how to stop them. */
export function startWork(work: Work): { stop(): Promise<void> } {
  const {
    config,
    pool,
    log,
    metrics,
    now,
    chainClient,
    keys,
    centreLog,
    certificates,
    blacklist,
    peers,
    submitAnchor,
    onStep,
  } = work;

  /** One leader among the replicas runs the step; its time is measured. */
  const loop = (name: string, intervalMs: number, step: () => Promise<"again" | void>): Loop =>
    startLoop({
      name,
      intervalMs,
      log,
      step: async () => {
        const end = metrics.loopSeconds.startTimer({ loop: name });
        try {
          const turn = await withLeadership(pool, `centre.${name}`, step);
          end({ outcome: "done" });
          return turn.led ? turn.result : undefined;
        } catch (error) {
          end({ outcome: "failed" });
          throw error;
        }
      },
    });

  const anchoring = loop("anchor the log", config.logIntervalMs, async () => {
    const did = await anchor(centreLog, submitAnchor);
    if (did === "stopped") log.error({ epoch: centreLog.epoch }, "the log has stopped: see log_epoch.stopped_because");
    if (did === "submitted") await onStep?.("submitted");
  });
  const cosigning = loop("collect cosignatures", config.logIntervalMs, async () => {
    const failures: unknown[] = [];
    for (const peer of await otherCentres(peers)) {
      try {
        const witnessKeys = keysOf(peer, "witness", now());
        await collectCosignature(centreLog, { centre: peer.code, keys: witnessKeys }, (body) =>
          askWitness(peer.serviceUrl, body),
        );
      } catch (error) {
        failures.push(new Error(`witness ${peer.code}`, { cause: error }));
      }
    }
    if (failures.length > 0) throw new AggregateError(failures, "some witnesses did not cosign");
  });
  const sequencing = loop("close the log", config.logIntervalMs, async () => {
    const placed = await sequence(centreLog);
    if (placed === 0) return;
    await onStep?.("closed");
    anchoring.wake();
    cosigning.wake();
  });
  const loops = [
    sequencing,
    anchoring,
    cosigning,
    loop("read the feeds", 2_000, async () => {
      const more = await readFeeds(blacklist);
      await onStep?.("fed");
      return more;
    }),
    loop("end listings", 30_000, async () => void (await endOpenings(blacklist))),
    loop("finish drawn certificates", 5_000, async () => void (await finishDrawn(certificates, 10_000))),
    startMirror(work.mirror),
  ];
  const outbox = startOutbox({
    pool,
    client: chainClient,
    chainId: config.chain.chainId,
    signers: {
      anchor: createSigner(keys.accounts.anchor),
      status: createSigner(keys.accounts.status),
      listing: createSigner(keys.accounts.listing),
    },
    confirmations: config.chain.confirmations,
    now,
    log,
    onFailed: (write) => log.error({ write: { ...write, id: String(write.id) } }, "a write to the chain was refused"),
  });
  const listener = listen({
    pool,
    channel: "chain_event",
    log,
    onNotification: () => {
      work.trust.forget();
      anchoring.wake();
    },
  });
  return {
    async stop() {
      await Promise.all([listener.stop(), outbox.stop(), ...loops.map((one) => one.stop())]);
    },
  };
}

async function askWitness(serviceUrl: string, body: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${serviceUrl}/log/witness/add-checkpoint`, {
    method: "POST",
    headers: { "Content-Type": "text/plain" },
    body,
    signal: AbortSignal.timeout(10_000),
    redirect: "error",
  });
  return { status: response.status, body: await response.text() };
}
