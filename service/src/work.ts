// The work of a centre that goes on by itself. Each step finds in Postgres what there is to do, so any of them may be cut off
// at any point, and any replica may run it: one of them leads at a time.
import type { Blacklist } from "./blacklist/blacklist.ts";
import { endOpenings, readFeeds } from "./blacklist/feed.ts";
import type { CentreOptions } from "./centre.ts";
import { runBulkIssues } from "./certificates/bulk-run.ts";
import { finishDrawn } from "./certificates/certificate.ts";
import type { Certificates } from "./certificates/certificate.ts";
import type { Raising } from "./certificates/raising.ts";
import type { ChainClient } from "./chain/client.ts";
import { startMirror } from "./chain/mirror.ts";
import type { MirrorOptions } from "./chain/mirror.ts";
import { startOutbox } from "./chain/outbox.ts";
import { createSigner } from "./chain/transaction.ts";
import type { TrustCache } from "./chain/trust-cache.ts";
import { listen, startLoop, withLeadership } from "./jobs.ts";
import type { Loop } from "./jobs.ts";
import type { CentreKeys } from "./keys.ts";
import type { Logger } from "./logging.ts";
import { anchor } from "./log/anchorer.ts";
import type { SubmitAnchor } from "./log/anchorer.ts";
import { sequence } from "./log/log.ts";
import type { Log } from "./log/log.ts";
import { collectCosignature } from "./log/witness.ts";
import { keysOf, otherCentres, textOf } from "./peers/peer.ts";
import type { Peers } from "./peers/peer.ts";

export interface Work extends CentreOptions {
  chainClient: ChainClient;
  keys: CentreKeys;
  centreLog: Log;
  certificates: Certificates;
  /** undefined when no time-stamping authority is set */
  raising: Raising | undefined;
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
    raising,
    blacklist,
    peers,
    submitAnchor,
    onStep,
  } = work;

  /** One leader among the replicas runs the step; its time is measured. */
  const loop = (name: string, intervalMs: number, step: (stopping: AbortSignal) => Promise<"again" | void>): Loop =>
    startLoop({
      name,
      intervalMs,
      log,
      step: async (stopping) => {
        const end = metrics.loopSeconds.startTimer({ loop: name });
        try {
          const turn = await withLeadership(pool, `centre.${name}`, () => step(stopping));
          end({ outcome: "done" });
          return turn.led ? turn.result : undefined;
        } catch (error) {
          end({ outcome: "failed" });
          throw error;
        }
      },
    });

  const unreachableWitnesses = sayWhenItChanges(log, "some witnesses did not cosign");
  const unreadableFeeds = sayWhenItChanges(log, "some feeds could not be read");
  const anchoring = loop("anchor the log", config.logIntervalMs, async () => {
    const did = await anchor(centreLog, submitAnchor);
    if (did === "stopped") log.error({ epoch: centreLog.epoch }, "the log has stopped: see log_epoch.stopped_because");
    if (did === "submitted") await onStep?.("submitted");
  });
  const cosigning = loop("collect cosignatures", config.logIntervalMs, async () => {
    const others = await otherCentres(peers);
    // Side by side: a witness that does not answer keeps no other one waiting.
    const asked = await Promise.allSettled(
      others.map((peer) =>
        collectCosignature(
          centreLog,
          { centre: peer.code, keys: keysOf(peer, "witness", now()) },
          (body) => askWitness(peer.serviceUrl, body),
          () => askWitnessed(peer.serviceUrl, centreLog),
        ),
      ),
    );
    unreachableWitnesses(
      others.filter((_, i) => asked[i]!.status === "rejected").map(({ code }) => code),
      asked.flatMap((one) => (one.status === "rejected" ? [one.reason] : [])),
    );
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
      try {
        const more = await readFeeds(blacklist);
        unreadableFeeds([], []);
        return more;
      } catch (error) {
        // Those that answer go on being read at their pace; what is missing makes checks unknown.
        if (!(error instanceof AggregateError)) throw error;
        unreadableFeeds(["some"], error.errors);
      } finally {
        await onStep?.("fed");
      }
    }),
    loop("end listings", 30_000, async () => void (await endOpenings(blacklist))),
    loop("finish drawn certificates", 5_000, async () => void (await finishDrawn(certificates, 10_000))),
    ...(raising
      ? [
          loop("raise seals", 2_000, raising.step),
          // Every replica seals, and so reserves what the one that leads has measured.
          startLoop({ name: "reserve room", intervalMs: 60_000, log, step: raising.reserve }),
        ]
      : []),
    // No leader: replicas share a bulk issue, each with ranges of its own.
    startLoop({
      name: "issue in bulk",
      intervalMs: 1_000,
      log,
      step: (signal) => runBulkIssues(certificates, signal, log),
    }),
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

/** Says who cannot be reached when that changes, not every two seconds. */
function sayWhenItChanges(log: Logger, message: string): (who: readonly string[], why: readonly unknown[]) => void {
  let before = "";
  return (who, why) => {
    if (who.join() === before) return;
    before = who.join();
    if (who.length > 0) log.warn({ centres: before, err: new AggregateError(why, message) }, message);
    else log.info({}, `${message}: no more`);
  };
}

const largestWitnessAnswer = 20_000;

async function askWitness(serviceUrl: string, body: string): Promise<{ status: number; body: string }> {
  const response = await fetch(`${serviceUrl}/log/witness/add-checkpoint`, {
    method: "POST",
    headers: { "Content-Type": "text/plain" },
    body,
    signal: AbortSignal.timeout(10_000),
    redirect: "error",
  });
  return { status: response.status, body: await textOf(response, largestWitnessAnswer) };
}

/** The newest note of this log that the witness says it cosigned. */
async function askWitnessed(serviceUrl: string, log: Log): Promise<string | undefined> {
  const response = await fetch(`${serviceUrl}/log/witness/${log.centre}/${log.epoch}`, {
    signal: AbortSignal.timeout(10_000),
    redirect: "error",
  });
  if (response.status === 404) return undefined;
  if (!response.ok) throw new Error(`the witness answered ${response.status}`);
  return textOf(response, largestWitnessAnswer);
}
