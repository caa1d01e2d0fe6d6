// One centre's service put together: what exists, who knows whom, and which work goes on by itself. Everything that a
// domain needs arrives here as an argument; no domain looks for it elsewhere.
import { chainRoutes } from "./chain/routes.ts";
import type { ChainContext } from "./chain/routes.ts";
import { createChainClient } from "./chain/client.ts";
import type { ChainClient } from "./chain/client.ts";
import { encodeAnchor } from "./chain/checkpoint-anchor.ts";
import { encodeLift, encodeList } from "./chain/blacklist.ts";
import type { LiftReason } from "./chain/blacklist.ts";
import { encodeRevoke, revokeGasLimit } from "./chain/certificate-status.ts";
import { createMirror, mirrorAge, mirroredContracts, startMirror } from "./chain/mirror.ts";
import type { Mirror, MirrorOptions } from "./chain/mirror.ts";
import { enqueueWrite, startOutbox } from "./chain/outbox.ts";
import { createSigner } from "./chain/transaction.ts";
import type { TrustCache } from "./chain/trust-cache.ts";
import { centreNames, createTrustCache, isNotRead } from "./chain/trust-cache.ts";
import type { AppContext, Domain } from "./app.ts";
import { blacklistRoutes } from "./blacklist/routes.ts";
import type { BlacklistContext } from "./blacklist/routes.ts";
import { endOpenings, readFeeds } from "./blacklist/feed.ts";
import type { Blacklist } from "./blacklist/blacklist.ts";
import { certificateRoutes } from "./certificates/routes.ts";
import type { CertificateContext } from "./certificates/routes.ts";
import { finishDrawn, keepTemplates } from "./certificates/certificate.ts";
import type { Certificates } from "./certificates/certificate.ts";
import { depositKind } from "./certificates/kinds/deposit.ts";
import { accountRoutes } from "./collection/routes.ts";
import type { AccountContext } from "./collection/routes.ts";
import type { Config } from "./config.ts";
import type { Pool } from "./db.ts";
import type { RandomBytes } from "./ids.ts";
import { identityRoutes } from "./identity/routes.ts";
import { listen, startLoop, withLeadership } from "./jobs.ts";
import type { Loop } from "./jobs.ts";
import { readKeys } from "./keys.ts";
import type { Logger } from "./logging.ts";
import { anchor } from "./log/anchorer.ts";
import type { SubmitAnchor } from "./log/anchorer.ts";
import { openLog, sequence } from "./log/log.ts";
import type { Log } from "./log/log.ts";
import { logRoutes } from "./log/routes.ts";
import type { LogContext } from "./log/routes.ts";
import { unsettleFrom } from "./log/store.ts";
import { collectCosignature } from "./log/witness.ts";
import type { Witness } from "./log/witness.ts";
import type { Metrics } from "./metrics.ts";
import { noticeRoutes } from "./notices/routes.ts";
import { overviewRoutes } from "./overview/routes.ts";
import type { OverviewContext } from "./overview/routes.ts";
import { keysOf, otherCentres } from "./peers/peer.ts";
import type { Peers } from "./peers/peer.ts";
import { loadFonts } from "./pdf/fonts.ts";
import { compileTemplate } from "./pdf/template.ts";
import { createSealer } from "./sealing/seal.ts";
import { isDevelopmentCertificate } from "./sealing/development-authority.ts";
import type { Traces } from "./traces/trace.ts";
import { withdrawalRoutes } from "./withdrawals/routes.ts";
import type { WithdrawalContext } from "./withdrawals/routes.ts";

/** What the kill tests reach into: a function that is called at named steps and may end the process there. */
export type OnStep = (step: string) => void | Promise<void>;

export interface CentreOptions {
  config: Config;
  pool: Pool;
  log: Logger;
  metrics: Metrics;
  now: () => Date;
  random: RandomBytes;
  onStep?: OnStep;
}

export type CentreContext = AppContext &
  CertificateContext &
  ChainContext &
  LogContext &
  AccountContext &
  BlacklistContext &
  WithdrawalContext &
  OverviewContext;

export interface Centre {
  context: CentreContext;
  /** in the order in which the page of the interface shows them */
  domains: readonly Domain<CentreContext>[];
  /** Starts the work that goes on by itself; returns how to stop it. */
  start(): { stop(): Promise<void> };
}

/** Beyond this age in seconds the mirror is too old to let a business pass. */
const oldestMirrorSeconds = 600;

export async function openCentre(options: CentreOptions): Promise<Centre> {
  const { config, pool, log, metrics, now, random, onStep } = options;
  const keys = await readKeys(config.keys);
  const chainClient = createChainClient({ url: config.chain.url });
  const trust = createTrustCache(pool, now);
  const { code } = config.centre;

  const mirror: MirrorOptions = {
    pool,
    client: chainClient,
    chainId: config.chain.chainId,
    registry: config.chain.registry,
    startBlock: config.chain.startBlock,
    confirmations: config.chain.confirmations,
    now,
    log,
    // What was anchored above the block that still stands is submitted again by its write in the outbox.
    onReorganised: (tx, block) => unsettleFrom(tx, Number(block) + 1),
  };
  const epoch = await logEpoch();
  const centreLog: Log = { pool, centre: code, epoch, ...keys.log, now };
  await openLog(centreLog);
  const witness: Witness = { pool, centre: code, ...keys.witness, now, logKeys };
  const peers: Peers = { pool, centre: code, memberKey: keys.member.privateKey, trustList: trust.current, now, random };
  const traces: Traces = { centre: code, now, random };

  const fonts = await loadFonts();
  const sealProfile = {
    centre: config.centre.name,
    words: "业务专用章",
    verificationPage: `${config.publicUrl}/v`,
    development: keys.seal.chain.some(isDevelopmentCertificate),
  };
  const certificates: Certificates = {
    pool,
    centre: config.centre,
    typeCode: config.certificateTypeCode,
    publicUrl: config.publicUrl,
    kinds: new Map([
      [depositKind.code, { kind: depositKind, template: compileTemplate(depositKind.template, fonts, sealProfile) }],
    ]),
    sealer: createSealer(keys.seal),
    qrKey: keys.qr.privateKey,
    qrPublicKey: keys.qr.publicKey,
    now,
    random,
    ...(onStep ? { onStep } : {}),
  };
  await keepTemplates(certificates);

  const blacklist: Blacklist = {
    pool,
    centre: code,
    tagKey: { version: 1, secret: keys.tag },
    memberKey: keys.member.privateKey,
    peers,
    traces,
    submit: {
      list: async (tx, id, commitment) =>
        enqueueWrite(tx, {
          lane: "listing",
          key: `list/${hex(id)}`,
          to: (await mirroredContracts(tx)).blacklist,
          data: encodeList(id, commitment),
        }),
      lift: async (tx, id, reason) =>
        enqueueWrite(tx, {
          lane: "listing",
          key: `lift/${hex(id)}`,
          to: (await mirroredContracts(tx)).blacklist,
          data: encodeLift(id, reason as LiftReason),
        }),
    },
    mirrorAge: async () => (await mirrorAge(pool, now())) ?? null,
    oldestMirror: oldestMirrorSeconds,
    now,
    random,
  };

  const submitAnchor: SubmitAnchor = async (tx, ofEpoch, size, root) =>
    enqueueWrite(tx, {
      lane: "anchor",
      key: `anchor/${ofEpoch}/${size}`,
      to: (await mirroredContracts(tx)).checkpointAnchor,
      data: encodeAnchor(ofEpoch, BigInt(size), root),
    });

  const context: CentreContext = {
    config,
    pool,
    log,
    metrics,
    now,
    random,
    connectOrigins: () => (trust.last()?.centres ?? []).filter((c) => !c.removed).map((c) => c.serviceUrl),
    readiness: [
      {
        name: "registry",
        check: async () =>
          (await trust.current()).centres.some((c) => c.code === code) ? undefined : "this centre is not admitted",
      },
    ],
    chainClient,
    trust,
    centreName: centreNames(trust),
    certificates,
    receipts: {
      centre: code,
      chainId: config.chain.chainId,
      consortium: trust.current,
    },
    logEpoch: epoch,
    submitRevocation: async (tx, statusIndex, reason) =>
      enqueueWrite(tx, {
        lane: "status",
        key: `revoke/${statusIndex}`,
        to: (await mirroredContracts(tx)).certificateStatus,
        data: encodeRevoke([BigInt(statusIndex)], reason),
        gasLimit: revokeGasLimit([BigInt(statusIndex)]),
      }),
    centreLog,
    witness,
    traces,
    blacklist,
    withdrawals: { pool, blacklist, now, random },
  };

  return {
    context,
    domains: [
      identityRoutes,
      accountRoutes,
      certificateRoutes,
      withdrawalRoutes,
      blacklistRoutes,
      overviewRoutes,
      chainRoutes,
      logRoutes,
      noticeRoutes,
    ],
    start: () =>
      startWork({
        ...options,
        chainClient,
        keys,
        centreLog,
        certificates,
        blacklist,
        peers,
        submitAnchor,
        trust,
        mirror,
      }),
  };

  /**
   * The epoch of the log, as the registry names it. A centre that has never read the registry reads it first: in a wrong
   * epoch it would fork. Later starts know it from the mirror, also while the chain is away.
   */
  async function logEpoch(): Promise<number> {
    const named = async () => (await trust.current()).centres.find((centre) => centre.code === code)?.logEpoch ?? 1;
    try {
      return await named();
    } catch (error) {
      if (!isNotRead(error)) throw error;
      await readChain(createMirror(mirror));
      return named();
    }
  }

  /** Keys that are trusted now to sign the log of this origin. */
  async function logKeys(origin: string): Promise<Uint8Array[]> {
    const [, ofCentre, ofEpoch] = origin.split("/");
    const centre = (await trust.current()).centres.find((candidate) => candidate.code === ofCentre);
    if (!centre || centre.removed || centre.logEpoch !== Number(ofEpoch)) return [];
    return keysOf(centre, "log", now());
  }
}

interface Work extends CentreOptions {
  chainClient: ChainClient;
  keys: Awaited<ReturnType<typeof readKeys>>;
  centreLog: Log;
  certificates: Certificates;
  blacklist: Blacklist;
  peers: Peers;
  submitAnchor: SubmitAnchor;
  trust: TrustCache;
  mirror: MirrorOptions;
}

/** The loops. Each step finds in Postgres what there is to do, so any of them may be cut off at any point. */
function startWork(work: Work): { stop(): Promise<void> } {
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

/** Reads the chain to its head. */
async function readChain(mirror: Mirror): Promise<void> {
  while ((await mirror.step()) === "again");
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}
