// One centre's service put together: what exists and who knows whom. Everything that a domain needs
// arrives here as an argument; no domain looks for it elsewhere. What goes on by itself stands in work.ts.
import { chainRoutes } from "./chain/routes.ts";
import type { ChainContext } from "./chain/routes.ts";
import { createChainClient } from "./chain/client.ts";
import { encodeAnchor } from "./chain/checkpoint-anchor.ts";
import { encodeLift, encodeList } from "./chain/blacklist.ts";
import type { LiftReason } from "./chain/blacklist.ts";
import { encodeRevoke, revokeGasLimit } from "./chain/certificate-status.ts";
import { createMirror, mirrorAge, mirroredContracts } from "./chain/mirror.ts";
import type { Mirror, MirrorOptions } from "./chain/mirror.ts";
import { enqueueWrite } from "./chain/outbox.ts";
import { centreNames, createTrustCache, isNotRead } from "./chain/trust-cache.ts";
import type { AppContext, Domain } from "./app.ts";
import { blacklistRoutes } from "./blacklist/routes.ts";
import type { BlacklistContext } from "./blacklist/routes.ts";
import type { Blacklist } from "./blacklist/blacklist.ts";
import { replyRoutes } from "./certificates/replies-routes.ts";
import { certificateRoutes } from "./certificates/routes.ts";
import type { CertificateContext } from "./certificates/routes.ts";
import { keepTemplates } from "./certificates/certificate.ts";
import type { Certificates } from "./certificates/certificate.ts";
import { openRaising } from "./certificates/raising.ts";
import { certificateKinds } from "./certificates/kinds/all.ts";
import type { SubmitRevocation } from "./certificates/standing.ts";
import { accountRoutes } from "./collection/routes.ts";
import type { AccountContext } from "./collection/routes.ts";
import type { Config } from "./config.ts";
import type { Pool } from "./db.ts";
import type { RandomBytes } from "./ids.ts";
import { identityRoutes } from "./identity/routes.ts";
import { readKeys } from "./keys.ts";
import type { Logger } from "./logging.ts";
import type { SubmitAnchor } from "./log/anchorer.ts";
import { openLog } from "./log/log.ts";
import type { Log } from "./log/log.ts";
import { logRoutes } from "./log/routes.ts";
import type { LogContext } from "./log/routes.ts";
import { unsettleFrom } from "./log/store.ts";
import type { Witness } from "./log/witness.ts";
import type { Metrics } from "./metrics.ts";
import { noticeRoutes } from "./notices/routes.ts";
import { overviewRoutes } from "./overview/routes.ts";
import type { OverviewContext } from "./overview/routes.ts";
import { keysOf } from "./peers/peer.ts";
import type { Peers } from "./peers/peer.ts";
import { loadFonts } from "./pdf/fonts.ts";
import { compileTemplate } from "./pdf/template.ts";
import { qrKeyId } from "./proof/qr-summary.ts";
import { createSealer } from "./sealing/seal.ts";
import { isDevelopmentCertificate } from "./sealing/development-authority.ts";
import type { Traces } from "./traces/trace.ts";
import { withdrawalRoutes } from "./withdrawals/routes.ts";
import type { WithdrawalContext } from "./withdrawals/routes.ts";
import { startWork } from "./work.ts";

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
  const startedAt = now();
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
  const centreLog: Log = { pool, centre: code, epoch, ...keys.log, now, startedAt };
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
  const submitRevocation: SubmitRevocation = async (tx, statusIndex, reason) =>
    enqueueWrite(tx, {
      lane: "status",
      key: `revoke/${statusIndex}`,
      to: (await mirroredContracts(tx)).certificateStatus,
      data: encodeRevoke([BigInt(statusIndex)], reason),
      gasLimit: revokeGasLimit([BigInt(statusIndex)]),
    });
  const certificates: Certificates = {
    pool,
    centre: config.centre,
    typeCode: config.certificateTypeCode,
    publicUrl: config.publicUrl,
    kinds: new Map(
      certificateKinds.map((kind) => [
        kind.code,
        { kind, template: compileTemplate(kind.template, fonts, sealProfile) },
      ]),
    ),
    sealer: createSealer(keys.seal),
    qrKey: keys.qr.privateKey,
    qrKeyId: qrKeyId(keys.qr.publicKey),
    now,
    random,
    submitRevocation,
    ...(onStep ? { onStep } : {}),
  };
  await keepTemplates(certificates);
  const raising = openRaising({ ...options, sealer: certificates.sealer });
  await raising?.reserve();

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
    mirrorAge: async (db) => (await mirrorAge(db, now())) ?? null,
    oldestMirror: oldestMirrorSeconds,
    now,
    random,
  };

  const submitAnchor: SubmitAnchor = async (tx, ofEpoch, size, root, attempt) =>
    enqueueWrite(tx, {
      lane: "anchor",
      key: `anchor/${ofEpoch}/${size}/${attempt}`,
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
    submitRevocation,
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
      replyRoutes,
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
        raising,
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

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

/** Reads the chain to its head. */
async function readChain(mirror: Mirror): Promise<void> {
  while ((await mirror.step()) !== undefined);
}
