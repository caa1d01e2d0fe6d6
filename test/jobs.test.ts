// Loops, leadership and listening, against a real Postgres.
import { describe, expect, it } from "vitest";
import { listen, startLoop, withLeadership } from "../service/src/jobs.ts";
import { freshDatabase } from "./helpers/database.ts";

describe("a loop", () => {
  it("runs at once, again when asked to, and never overlaps itself", async () => {
    let running = 0;
    let most = 0;
    let steps = 0;
    const loop = startLoop({
      name: "test",
      intervalMs: 60_000,
      step: async () => {
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 2));
        running--;
        return ++steps < 3 ? "again" : undefined;
      },
    });
    await expect.poll(() => steps).toBe(3);
    loop.wake();
    loop.wake();
    await expect.poll(() => steps).toBeGreaterThan(3);
    await loop.stop();
    expect(most).toBe(1);
    const after = steps;
    loop.wake();
    expect(steps).toBe(after);
  });

  it("waits as long as a step says", async () => {
    let steps = 0;
    const loop = startLoop({ name: "test", intervalMs: 60_000, step: async () => (++steps < 3 ? 1 : undefined) });
    await expect.poll(() => steps).toBe(3);
    await loop.stop();
  });

  it("takes a wake during a step as a wish for one more", async () => {
    let steps = 0;
    const loop = startLoop({
      name: "test",
      intervalMs: 60_000,
      step: async () => {
        if (++steps === 1) loop.wake();
      },
    });
    await expect.poll(() => steps).toBe(2);
    await loop.stop();
  });

  it("backs off after failures, says so, and goes on", async () => {
    const errors: unknown[] = [];
    const at: number[] = [];
    const loop = startLoop({
      name: "test",
      intervalMs: 1,
      onError: (error) => errors.push(error),
      step: async () => {
        at.push(performance.now());
        if (at.length < 4) throw new Error(`failure ${at.length}`);
      },
    });
    await expect.poll(() => at.length).toBeGreaterThan(4);
    await loop.stop();
    expect(errors.map((error) => (error as Error).message)).toEqual(["failure 1", "failure 2", "failure 3"]);
    const pauses = [1, 2, 3].map((i) => at[i]! - at[i - 1]!);
    for (const [i, least] of [95, 195, 395].entries()) expect(pauses[i]).toBeGreaterThan(least);
  });

  it("stops after the running step, also between failures", async () => {
    let begun = false;
    let ended = false;
    const loop = startLoop({
      name: "test",
      intervalMs: 1,
      step: async (signal) => {
        begun = true;
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        ended = true;
      },
    });
    await expect.poll(() => begun).toBe(true);
    await Promise.all([loop.stop(), loop.stop()]);
    expect(ended).toBe(true);
    const failing = startLoop({ name: "test", intervalMs: 60_000, step: () => Promise.reject(new Error("no")) });
    await failing.stop();
  });
});

describe("leadership", () => {
  it("goes to one at a time and name, and is given back", async () => {
    const { pool } = await freshDatabase();
    let release = () => {};
    const held = new Promise<void>((resolve) => (release = resolve));
    let begun = false;
    const first = withLeadership(pool, "a", async () => {
      begun = true;
      await held;
      return 1;
    });
    await expect.poll(() => begun).toBe(true);
    expect(await withLeadership(pool, "a", async () => 2)).toEqual({ led: false });
    expect(await withLeadership(pool, "b", async () => 3)).toEqual({ led: true, result: 3 });
    release();
    expect(await first).toEqual({ led: true, result: 1 });
    await expect(withLeadership(pool, "a", () => Promise.reject(new Error("work failed")))).rejects.toThrow(
      "work failed",
    );
    expect(await withLeadership(pool, "a", async () => 4)).toEqual({ led: true, result: 4 });
  });

  it("ends with the connection, and the leader is told", async () => {
    const { pool } = await freshDatabase();
    let told = false;
    const lost = withLeadership(pool, "a", async (signal) => {
      const aborted = new Promise((resolve) => signal.addEventListener("abort", resolve));
      await pool.query(
        "select pg_terminate_backend(pid) from pg_locks where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())",
      );
      await aborted;
      told = true;
    });
    await lost;
    expect(told).toBe(true);
    await expect.poll(() => withLeadership(pool, "a", async () => 1)).toEqual({ led: true, result: 1 });
  });
});

describe("listening", () => {
  it("hears what commits, and connects again", async () => {
    const { pool } = await freshDatabase();
    const heard: (string | undefined)[] = [];
    const listener = listen({ pool, channel: "test", onNotification: (payload) => heard.push(payload) });
    await expect.poll(() => heard).toEqual([undefined]);
    await pool.query("select pg_notify('test', 'one')");
    await expect.poll(() => heard).toEqual([undefined, "one"]);
    await pool.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where query like 'listen%' and datname = current_database()",
    );
    await expect.poll(() => heard, { timeout: 5_000 }).toEqual([undefined, "one", undefined]);
    await pool.query("select pg_notify('test', 'two')");
    await expect.poll(() => heard).toEqual([undefined, "one", undefined, "two"]);
    await listener.stop();
  });
});
