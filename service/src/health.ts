// Is the process alive, may it take requests, and how does it fare: /healthz, /readyz and /metrics.
import { createHash, timingSafeEqual } from "node:crypto";
import { readdir } from "node:fs/promises";
import type { AppContext } from "./app.ts";
import type { Pool } from "./db.ts";
import { DomainError } from "./errors.ts";
import { loggableError } from "./logging.ts";
import type { App } from "./http.ts";

/** Something that must be well before this replica takes requests. A check that throws is not well. */
export interface ReadinessCheck {
  name: string;
  /** resolves to nothing when all is well, or to a short reason without personal data or addresses */
  check: () => Promise<string | undefined>;
}

/** A check that answers later than this has failed: a load balancer does not wait for ever. */
const checkTimeoutMs = 3000;

export function registerHealth(app: App, context: Pick<AppContext, "config" | "pool" | "metrics" | "readiness">): void {
  const { config, pool, metrics } = context;
  const checks: readonly ReadinessCheck[] = [
    { name: "database", check: async () => void (await pool.query("select 1")) },
    { name: "migrations", check: () => migrationsMissing(pool) },
    ...context.readiness,
  ];
  const hidden = { schema: { hide: true }, config: { rateLimit: false as const } };

  app.get("/healthz", hidden, async (_request, reply) =>
    reply.header("cache-control", "no-store").send({ status: "ok" }),
  );

  app.get("/readyz", hidden, async (request, reply) => {
    const results = await Promise.all(
      checks.map(async ({ name, check }) => {
        const reason = await within(checkTimeoutMs, check()).catch((error: unknown) => {
          request.log.warn({ check: name, err: loggableError(error) }, "not ready");
          return "failed";
        });
        return { name, ok: reason === undefined, ...(reason === undefined ? {} : { reason }) };
      }),
    );
    const ready = results.every(({ ok }) => ok);
    return reply
      .code(ready ? 200 : 503)
      .header("cache-control", "no-store")
      .send({ status: ready ? "ready" : "not ready", checks: results });
  });

  app.get("/metrics", hidden, async (request, reply) => {
    const { metricsToken } = config;
    // Without a token production serves none: the figures tell outsiders how busy the counter is.
    if (!metricsToken && config.environment === "production") throw new DomainError("NOT_FOUND");
    if (metricsToken && !sameText(request.headers.authorization ?? "", `Bearer ${metricsToken}`))
      throw new DomainError("NOT_SIGNED_IN");
    return reply.type(metrics.registry.contentType).send(await metrics.registry.metrics());
  });
}

const migrationsFolder = new URL("../migrations/", import.meta.url);

async function migrationsMissing(pool: Pool): Promise<string | undefined> {
  const files = (await readdir(migrationsFolder)).filter((name) => /^\d{4}_[a-z0-9_]+\.sql$/.test(name));
  const { rows } = await pool.query<{ name: string }>("select name from schema_migration");
  const applied = new Set(rows.map(({ name }) => name));
  const missing = files.filter((name) => !applied.has(name));
  return missing.length > 0 ? `${missing.length} migration(s) not applied` : undefined;
}

async function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

/** Compares digests, so that the time taken tells nothing about how much of a secret was right. */
function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}
