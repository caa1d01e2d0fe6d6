// Figures for the people who watch the service: one registry for each app, so that tests and centres in one process do
// not share counts. Labels are routes and names of loops, never anything that a client chose.
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Pool } from "./db.ts";

export interface Metrics {
  /** where domains register figures of their own */
  registry: Registry;
  /** seconds by method, route pattern and status */
  httpSeconds: Histogram<"method" | "route" | "status">;
  /** seconds that one step of a loop took, by loop and outcome ("done" | "failed") */
  loopSeconds: Histogram<"loop" | "outcome">;
  /** sign-ins by kind ("person" | "staff") and outcome */
  signIns: Counter<"kind" | "outcome">;
}

/** @param processMetrics also memory, event loop and so on; off in tests, which make many apps */
export function createMetrics(options: { centreCode: string; pool?: Pool; processMetrics?: boolean }): Metrics {
  const registry = new Registry();
  registry.setDefaultLabels({ centre: options.centreCode });
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const { pool } = options;
  if (pool) {
    const connections = new Gauge({
      name: "cunzheng_database_connections",
      help: "Connections of the pool by state; waiting counts callers without one",
      labelNames: ["state"],
      registers: [],
      collect() {
        this.set({ state: "open" }, pool.totalCount);
        this.set({ state: "idle" }, pool.idleCount);
        this.set({ state: "waiting" }, pool.waitingCount);
      },
    });
    registry.registerMetric(connections);
  }
  return {
    registry,
    httpSeconds: new Histogram({
      name: "cunzheng_http_request_seconds",
      help: "Time to answer a request",
      labelNames: ["method", "route", "status"],
      buckets: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [registry],
    }),
    loopSeconds: new Histogram({
      name: "cunzheng_loop_step_seconds",
      help: "Time of one step of a background loop",
      labelNames: ["loop", "outcome"],
      buckets: [0.005, 0.025, 0.1, 0.5, 1, 5, 30, 120],
      registers: [registry],
    }),
    signIns: new Counter({
      name: "cunzheng_sign_ins_total",
      help: "Sign-ins by kind of actor and outcome",
      labelNames: ["kind", "outcome"],
      registers: [registry],
    }),
  };
}
