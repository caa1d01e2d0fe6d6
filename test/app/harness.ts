// An app with a real database for the tests of what every request passes.
import { randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { buildApp } from "../../service/src/app.ts";
import type { App, AppContext, Domain } from "../../service/src/app.ts";
import type { Config } from "../../service/src/config.ts";
import type { Pool } from "../../service/src/db.ts";
import { createLogger } from "../../service/src/logging.ts";
import { createMetrics } from "../../service/src/metrics.ts";

export const origin = "http://127.0.0.1:8080";

/** The settings of a development centre; key files are named but not there. */
export function testConfig(overrides: Partial<Config> = {}): Config {
  const key = (name: string) => `/nowhere/${name}`;
  return {
    environment: "test",
    centre: { code: "C46010", name: "海南省住房公积金管理局", creditCode: "12460000000000000C" },
    publicUrl: origin,
    secure: false,
    host: "127.0.0.1",
    port: 0,
    database: { url: "postgres://nowhere/none", poolSize: 4 },
    chain: {
      url: "http://127.0.0.1:1",
      chainId: 31337,
      registry: `0x${"0".repeat(40)}`,
      confirmations: 0,
      startBlock: 0,
    },
    keys: {
      dir: "/nowhere",
      log: key("log.pem"),
      witness: key("witness.pem"),
      member: key("member.pem"),
      qr: key("qr.pem"),
      anchor: key("anchor.key"),
      status: key("status.key"),
      listing: key("listing.key"),
      guardian: key("guardian.key"),
      seal: { kind: "pem", keyFile: key("seal.pem"), chainFile: key("seal-chain.pem") },
      tag: undefined,
    },
    sealLevels: {
      target: "B-B",
      authority: undefined,
      timeoutMs: 5000,
      renewBeforeDays: 90,
      algorithmEnds: new Map(),
      revocationUrls: [],
      roots: [],
    },
    logIntervalMs: 2000,
    sms: { provider: "development", gatewayUrl: undefined, gatewayToken: undefined },
    certificateTypeCode: "11100000000013338W999",
    trustProxy: false,
    webRoot: "/nowhere/web",
    bodyLimit: 65_536,
    rateLimit: 100_000,
    logLevel: "info",
    developmentLabel: "演示环境",
    metricsToken: undefined,
    ...overrides,
  };
}

export interface Harness {
  app: App;
  context: AppContext;
  /** all lines logged so far, as one text */
  logged: () => string;
  /** the clock of the app: tests move it */
  clock: { now: Date };
}

export async function buildTestApp(
  pool: Pool,
  domains: readonly Domain[] = [],
  options: { config?: Partial<Config>; context?: Partial<AppContext> } = {},
): Promise<Harness> {
  const config = testConfig(options.config);
  const lines: string[] = [];
  const log = createLogger(
    { level: config.logLevel, centreCode: config.centre.code },
    new Writable({
      write(chunk: Buffer, _encoding, done) {
        lines.push(chunk.toString("utf8"));
        done();
      },
    }),
  );
  const clock = { now: new Date("2026-11-22T08:00:00Z") };
  const context: AppContext = {
    config,
    pool,
    log,
    metrics: createMetrics({ centreCode: config.centre.code, pool }),
    now: () => clock.now,
    random: (length) => randomBytes(length),
    connectOrigins: () => [],
    readiness: [],
    ...options.context,
  };
  const app = await buildApp(context, domains);
  return { app, context, logged: () => lines.join(""), clock };
}

/** What a page of ours sends with every request that changes something. */
export const ownOrigin = { origin };
