// Raising the levels of seals as a part of the service: its settings, its figures, and the steps that work.ts runs.
import { Counter, Gauge, Histogram } from "prom-client";
import type { Config } from "../config.ts";
import type { Pool } from "../db.ts";
import { DomainError } from "../errors.ts";
import type { RandomBytes } from "../ids.ts";
import { loggableError } from "../logging.ts";
import type { Logger } from "../logging.ts";
import type { Metrics } from "../metrics.ts";
import { createAuthority, fetchRevocationList } from "../sealing/authority.ts";
import type { Sealer } from "../sealing/seal.ts";
import { bringForward, measureAuthority, raiseDue, reserveAsRemembered } from "./levels.ts";
import type { Levels } from "./levels.ts";

const DAY = 86_400_000;

export interface Raising {
  /** Reserves room for a time-stamp in new files, as the database remembers it. Asks nobody else. */
  reserve(): Promise<void>;
  /** Raises what is due; see `raiseDue`. One replica at a time. */
  step(signal: AbortSignal): Promise<"again" | void>;
}

/** Undefined when no authority is set: then seals stay at B-B, and no room is reserved. */
export function openRaising(options: {
  config: Config;
  pool: Pool;
  sealer: Sealer;
  log: Logger;
  metrics: Pick<Metrics, "registry">;
  now: () => Date;
  random: RandomBytes;
}): Raising | undefined {
  const { config, pool, sealer, log, now, random } = options;
  const { authority, target, timeoutMs, renewBeforeDays, algorithmEnds, revocationUrls, roots } = config.sealLevels;
  if (!authority || target === "B-B") return undefined;
  const figures = createFigures(options.metrics.registry);
  const development = config.environment !== "production";
  const { url, policy } = authority;
  const client = createAuthority({ url, timeoutMs, development, random, ...(policy ? { policy } : {}) });
  const levels: Levels = {
    pool,
    now,
    authority: {
      url,
      async ask(digest) {
        const end = figures.seconds.startTimer();
        try {
          const token = await client.ask(digest);
          end({ outcome: "done" });
          return token;
        } catch (error) {
          end({ outcome: (error as Partial<DomainError>).code ?? "failed" });
          throw error;
        }
      },
    },
    target,
    sealer,
    evidence: {
      certificates: roots,
      listUrls: revocationUrls,
      fetchList: (from) => fetchRevocationList(from, timeoutMs),
      listMaxAgeMs: DAY,
    },
    renewBeforeMs: renewBeforeDays * DAY,
    algorithmEnds,
    parallel: 8,
    batch: 200,
    onRaised: (level, count) => figures.raised.inc({ level }, count),
    onFailed: (error, count, certificateId) => {
      figures.failed.inc({ code: (error as Partial<DomainError>).code ?? "bug" }, count);
      const details = error instanceof DomainError ? error.params : {};
      log.warn(
        { err: loggableError(error), details, count, certificateId },
        "seals could not be raised; they are tried again",
      );
    },
    onWaiting: (count) => figures.waiting.set(count),
  };
  let lookedForward = Number.NEGATIVE_INFINITY;
  return {
    reserve: () => reserveAsRemembered(levels),
    async step(signal) {
      if (now().getTime() - lookedForward >= DAY) {
        await measureAuthority(levels);
        await bringForward(levels);
        lookedForward = now().getTime();
      }
      return raiseDue(levels, signal);
    },
  };
}

function createFigures(registry: Metrics["registry"]) {
  const registers = [registry];
  return {
    raised: new Counter({
      name: "cunzheng_seals_raised_total",
      help: "Steps by which seals were raised, by the level that was reached",
      labelNames: ["level"],
      registers,
    }),
    failed: new Counter({
      name: "cunzheng_seals_not_raised_total",
      help: "Seals that could not be raised for a reason of their own, by the refusal's code",
      labelNames: ["code"],
      registers,
    }),
    waiting: new Gauge({
      name: "cunzheng_seals_waiting",
      help: "Seals that are due to be raised or renewed, counted up to 100000",
      registers,
    }),
    seconds: new Histogram({
      name: "cunzheng_time_stamp_seconds",
      help: "Time of one request to the time-stamping authority, by outcome",
      labelNames: ["outcome"],
      buckets: [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers,
    }),
  };
}
