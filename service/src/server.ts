// The process that serves one centre: settings → parts → app → listen, and an orderly end.
import { randomBytes } from "node:crypto";
import process from "node:process";
import { buildApp } from "./app.ts";
import { openCentre } from "./centre.ts";
import type { CentreOptions } from "./centre.ts";
import { ConfigError, readConfig } from "./config.ts";
import type { Config } from "./config.ts";
import { createPool, migrate } from "./db.ts";
import { sweepIdentity } from "./identity/store.ts";
import { sweepIdempotency } from "./idempotency.ts";
import { stockedRandom } from "./ids.ts";
import { startLoop } from "./jobs.ts";
import type { Loop } from "./jobs.ts";
import { createLogger } from "./logging.ts";
import type { Logger } from "./logging.ts";
import { createMetrics } from "./metrics.ts";
import { createChannel } from "./notices/channel.ts";
import { deliverNotices } from "./notices/notice.ts";

/** An orderly end that takes longer than this is cut short: what was running is found by the next start. */
const closeWithinMs = 10_000;

export interface Service {
  /** where it listens, for example http://127.0.0.1:8080 */
  address: string;
  /** Takes no more requests, lets loops end their step and releases the database. A second call waits for the same end. */
  close(): Promise<void>;
}

/** Everything that runs in one replica of one centre, in the order in which it depends on each other. */
export async function startService(
  config: Config,
  log: Logger,
  hooks: Pick<CentreOptions, "onStep"> = {},
): Promise<Service> {
  const now = () => new Date();
  const random = stockedRandom((length) => randomBytes(length));
  const pool = createPool({
    url: config.database.url,
    max: config.database.poolSize,
    name: `cunzheng ${config.centre.code}`,
    onError: (error) => log.warn({ err: error }, "a database connection was lost"),
  });
  const loops: Loop[] = [];
  const closers: (() => Promise<unknown>)[] = [() => pool.end()];
  // Last in, first out; one that fails does not keep the others open.
  const close = async () => {
    for (const end of closers.splice(0).toReversed())
      await end().catch((error: unknown) => log.error({ err: error }, "closing failed"));
  };

  try {
    const applied = await migrate(pool);
    if (applied.length > 0) log.info({ applied }, "database brought to the newest schema");
    const metrics = createMetrics({ centreCode: config.centre.code, pool, processMetrics: true });

    const channel = createChannel(config);
    const notices = channel
      ? startLoop({
          name: "notices",
          intervalMs: 1000,
          log,
          step: async () => void (await deliverNotices(pool, channel, now)),
        })
      : undefined;
    if (notices) loops.push(notices);
    loops.push(
      startLoop({
        name: "sweep",
        intervalMs: 600_000,
        log,
        step: async () => {
          await sweepIdentity(pool, now());
          await sweepIdempotency(pool, now());
        },
      }),
    );
    closers.push(() => Promise.all(loops.map((loop) => loop.stop())));

    const centre = await openCentre({ config, pool, log, metrics, now, random, ...hooks });
    const app = await buildApp({ ...centre.context, wakeNotices: () => notices?.wake() }, centre.domains);
    closers.push(() => app.close());
    const work = centre.start();
    closers.push(() => work.stop());
    const address = await app.listen({ host: config.host, port: config.port });
    log.info({ port: (app.server.address() as { port: number }).port }, "listening");
    let closing: Promise<void> | undefined;
    return { address, close: () => (closing ??= close()) };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Runs the service of this process until it is told to stop. */
async function main(): Promise<void> {
  let config: Config;
  try {
    config = readConfig(process.env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`${error.message}\n`);
    process.exit(2);
  }
  const log = createLogger({ level: config.logLevel, centreCode: config.centre.code });
  const fail = (message: string) => (error: unknown) => {
    log.fatal({ err: error }, message);
    log.flush(() => process.exit(1));
  };
  // Nothing is known about our state any more: the next process starts from what Postgres says.
  process.on("uncaughtException", fail("uncaught exception"));
  process.on("unhandledRejection", fail("unhandled rejection"));

  let service: Service | undefined;
  let stopping = false;
  const stop = async (reason: string) => {
    if (stopping) return;
    stopping = true;
    log.info({ reason }, "stopping");
    setTimeout(() => fail("closing took too long")(new Error(reason)), closeWithinMs).unref();
    await service?.close();
    log.flush(() => process.exit(0));
  };
  process.on("SIGTERM", () => void stop("SIGTERM"));
  process.on("SIGINT", () => void stop("SIGINT"));
  // Started as a child: whoever started us is gone when the channel closes, and nobody else would stop us.
  if (process.connected) process.on("disconnect", () => void stop("the parent process is gone"));

  try {
    service = await startService(config, log);
  } catch (error) {
    fail("the service could not start")(error);
    return;
  }
  if (stopping) await service.close();
}

if (import.meta.main) await main();
