// Work that goes on by itself: loops that run a step at their own pace, one leader among the replicas, and listening
// for what other replicas commit. A loop's step is the whole of its memory: after a crash the same step goes on from
// what Postgres says.
import type { Notification, PoolClient } from "pg";
import type { Pool } from "./db.ts";

/** What a job says to the log; pino's logger fits. */
export interface JobLog {
  info(details: object, message: string): void;
  warn(details: object, message: string): void;
  error(details: object, message: string): void;
}

export interface LoopOptions {
  /** stands in the log */
  name: string;
  /** pause in milliseconds after a step that found nothing more to do */
  intervalMs: number;
  /**
   * One step. "again" asks for the next one at once (there is more to do), a number for the next one after so many
   * milliseconds (something is under way). The signal is aborted when the loop is asked to stop: a long step may look at
   * it between two units of work.
   */
  step: (signal: AbortSignal) => Promise<"again" | number | void>;
  log?: JobLog;
  /** told of every failed step, after the log */
  onError?: (error: unknown) => void;
  /** longest pause in milliseconds between failed steps; 30 seconds if not given */
  maxBackoffMs?: number;
}

export interface Loop {
  /** Asks for a step now. During a step: for one more after it, since that one may have looked too early. */
  wake(): void;
  /** Lets the running step end, then resolves; no step begins after this call. A second call waits for the same end. */
  stop(): Promise<void>;
}

/**
 * Runs `step` now and then again and again until it is stopped. A step never overlaps itself. A failed step is logged
 * and tried again after a pause that doubles from the interval (at least 100 ms) up to `maxBackoffMs`; a wake does not
 * shorten that pause, so an outage is not hammered by those who wait for its end.
 */
export function startLoop(options: LoopOptions): Loop {
  const stopping = new AbortController();
  const maxBackoffMs = options.maxBackoffMs ?? 30_000;
  let failures = 0;
  let woken = false;
  let endPause: (() => void) | undefined;

  const pause = (ms: number, wakeable: boolean) =>
    new Promise<void>((resolve) => {
      const end = () => {
        clearTimeout(timer);
        endPause = undefined;
        stopping.signal.removeEventListener("abort", end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      stopping.signal.addEventListener("abort", end);
      if (wakeable) endPause = end;
    });

  const run = async () => {
    await undefined; // the caller has its loop in hand before the first step, which may want to wake it
    while (!stopping.signal.aborted) {
      woken = false;
      try {
        const answer = await options.step(stopping.signal);
        if (failures > 0) options.log?.info({ loop: options.name, failures }, "the loop works again");
        failures = 0;
        if (answer !== "again" && !woken && !stopping.signal.aborted) await pause(answer ?? options.intervalMs, true);
      } catch (error) {
        failures++;
        options.log?.error({ loop: options.name, failures, err: error }, "a step of the loop failed");
        options.onError?.(error);
        if (stopping.signal.aborted) break;
        await pause(Math.min(maxBackoffMs, Math.max(100, options.intervalMs) * 2 ** Math.min(failures - 1, 16)), false);
      }
    }
  };
  const ended = run();

  return {
    wake() {
      woken = true;
      endPause?.();
    },
    stop() {
      stopping.abort();
      return ended;
    },
  };
}

/**
 * The session in which this replica holds its leads: one connection for all of them, taken from the pool with the first and
 * given back after the last. A connection for each lead would use up the pool that their work needs.
 */
interface LeadSession {
  client: PoolClient;
  users: number;
  broken: Error | undefined;
  lost: Set<AbortController>;
  /** names that this replica leads: the database would grant them to the same session again */
  held: Set<string>;
  /** the end of the last question: they are asked one after the other */
  asked: Promise<unknown>;
}
const leadSessions = new WeakMap<Pool, Promise<LeadSession>>();

async function joinLeadSession(pool: Pool): Promise<LeadSession> {
  for (;;) {
    const opening = leadSessions.get(pool) ?? openLeadSession(pool);
    const session = await opening;
    // It may have been given back, or have broken, while we waited for it.
    if (leadSessions.get(pool) !== opening) continue;
    session.users++;
    return session;
  }
}

function openLeadSession(pool: Pool): Promise<LeadSession> {
  const opening = pool.connect().then(
    (client) => {
      const session: LeadSession = {
        client,
        users: 0,
        broken: undefined,
        lost: new Set(),
        held: new Set(),
        asked: Promise.resolve(),
      };
      client.on("error", (error) => {
        session.broken = error;
        leadSessions.delete(pool);
        for (const lead of session.lost) lead.abort(error);
      });
      return session;
    },
    (error: unknown) => {
      leadSessions.delete(pool);
      throw error;
    },
  );
  leadSessions.set(pool, opening);
  return opening;
}

function leaveLeadSession(pool: Pool, session: LeadSession): void {
  if (--session.users > 0) return;
  if (!session.broken) leadSessions.delete(pool);
  session.client.removeAllListeners("error");
  session.client.release(session.broken);
}

/**
 * Runs `work` if no other replica leads under this name in this database, else returns at once with `led: false`. One
 * process asks for a name once at a time (a loop's step never overlaps itself).
 *
 * The lead is a session's advisory lock. It ends with the connection, so a replica that lost its connection may still be
 * working while another leads: `signal` is aborted as soon as we notice, and what `work` writes must stay right even
 * then (row locks, unique keys). The lead saves double work; it does not guard the data.
 */
export async function withLeadership<T>(
  pool: Pool,
  name: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<{ led: true; result: T } | { led: false }> {
  const session = await joinLeadSession(pool);
  const lost = new AbortController();
  session.lost.add(lost);
  const ask = (sql: string) => {
    const answer = session.asked.then(() => session.client.query<{ led: boolean }>(sql, [`cunzheng.lead.${name}`]));
    session.asked = answer.catch(() => undefined); // whoever asked hears of it
    return answer;
  };
  try {
    if (session.held.has(name)) return { led: false };
    session.held.add(name);
    try {
      const { rows } = await ask("select pg_try_advisory_lock(hashtextextended($1, 0)) as led");
      if (!rows[0]?.led) return { led: false };
      try {
        return { led: true, result: await work(lost.signal) };
      } finally {
        // A session that cannot be asked any more has lost its locks with its connection; it must not go back to the pool.
        await ask("select pg_advisory_unlock(hashtextextended($1, 0))").catch(
          (error: Error) => (session.broken ??= error),
        );
      }
    } finally {
      session.held.delete(name);
    }
  } finally {
    session.lost.delete(lost);
    leaveLeadSession(pool, session);
  }
}

export interface ListenOptions {
  pool: Pool;
  channel: string;
  /**
   * Called for each notification, and once with no payload after every (re)connection, since something may have been
   * missed meanwhile: treat it as "look now", never as the only source.
   */
  onNotification: (payload: string | undefined) => void;
  log?: JobLog;
}

/** Listens on a channel, holding one connection of the pool, and connects again when it is lost, until stopped. */
export function listen(options: ListenOptions): { stop(): Promise<void> } {
  const loop = startLoop({
    name: `listen ${options.channel}`,
    intervalMs: 1_000,
    ...(options.log ? { log: options.log } : {}),
    step: async (signal) => {
      const client = await options.pool.connect();
      const onNotification = (message: Notification) => {
        if (message.channel === options.channel) options.onNotification(message.payload);
      };
      client.on("notification", onNotification);
      try {
        await client.query(`listen ${client.escapeIdentifier(options.channel)}`);
        options.onNotification(undefined);
        const error = await lostOrStopped(client, signal);
        if (error) throw new Error(`the connection that listens on ${options.channel} was lost`, { cause: error });
        return;
      } finally {
        client.off("notification", onNotification);
        client.release(true); // destroyed: a pooled connection must not go on listening
      }
    },
  });
  return { stop: () => loop.stop() };
}

function lostOrStopped(client: PoolClient, signal: AbortSignal): Promise<Error | undefined> {
  return new Promise((resolve) => {
    client.once("error", resolve);
    client.once("end", () => resolve(new Error("the connection ended")));
    if (signal.aborted) resolve(undefined);
    signal.addEventListener("abort", () => resolve(undefined), { once: true });
  });
}
