// Single requests over HTTP to a service with a durable Postgres, a hundred a second whether it answers or not: each person signs
// in, asks for their certificate and waits for the answer that says it is issued. Shown is the time that 99 of 100 stay below.
import { fork } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import { fileURLToPath } from "node:url";
import { createPool } from "../../service/src/db.ts";
import { makeKeys } from "./certificates.ts";
import { openDatabases } from "./database.ts";
import { fillDepositors } from "./depositors.ts";
import type { Figure } from "./figure.ts";
import type { ServerSetUp } from "./issue-server.ts";

const perSecond = 100;

interface Person {
  cookie: string;
  grzh: string;
}

export const issueSingle: Figure = {
  name: "issue.single",
  what: ["每秒一百次单件申请的 99 分位时间", "99th percentile of single requests, a hundred a second, over HTTP"],
  unit: "ms",
  better: "lower",
  baseline: ["每秒十次时的中位数", "the median at ten a second"],
  budget: { value: 25, asked: "p99 under 25 ms at 100 requests/s", scaledBy: "p256" },
  probes: ["p256", "fdatasync"],
  postgres: true,
  async open({ quick, databaseUrl, progress }) {
    const databases = await openDatabases(databaseUrl);
    const depositors = quick ? 2000 : 20_000;
    const template = await databases.template(`accounts_${depositors}`, "v2", (pool) =>
      fillDepositors(pool, depositors, progress),
    );
    const database = await databases.clone(template);
    const child = fork(fileURLToPath(new URL("issue-server.ts", import.meta.url)), [], { execArgv: [] });
    child.send({ url: database.url, keys: makeKeys(), persons: 1000 } satisfies ServerSetUp);
    const [{ port, persons }] = (await once(child, "message")) as [{ port: number; persons: Person[] }];
    const agent = new http.Agent({ keepAlive: true, maxSockets: 64 });
    let asked = 0;
    let slowest = 0;

    const ask = () => {
      const { cookie, grzh } = persons[asked % persons.length]!;
      const key = `issue-single-${String(asked++).padStart(8, "0")}`;
      const body = JSON.stringify({ kind: "deposit", grzh });
      return new Promise<void>((resolve, reject) => {
        const request = http.request(
          {
            agent,
            port,
            host: "127.0.0.1",
            method: "POST",
            path: "/api/v1/me/certificates",
            headers: {
              cookie,
              origin: "http://127.0.0.1:8080",
              "content-type": "application/json",
              "content-length": Buffer.byteLength(body),
              "idempotency-key": key,
            },
          },
          (response) => {
            response.resume();
            response.once("end", () =>
              response.statusCode === 201 ? resolve() : reject(new Error(`answered ${response.statusCode}`)),
            );
          },
        );
        request.once("error", reject);
        request.end(body);
      });
    };

    /** Times in milliseconds from when each request was due, sorted; one that waits makes no other one wait. */
    function load(rate: number, seconds: number): Promise<number[]> {
      const count = rate * seconds;
      const started = performance.now();
      const times: Promise<number>[] = [];
      return new Promise((resolve, reject) => {
        const timer = setInterval(() => {
          for (;;) {
            const due = started + (1000 * times.length) / rate;
            if (times.length === count || due > performance.now()) break;
            times.push(ask().then(() => performance.now() - due));
          }
          if (times.length < count) return;
          clearInterval(timer);
          Promise.all(times).then((all) => resolve(all.sort((x, y) => x - y)), reject);
        }, 1);
      });
    }

    return {
      async warmUp() {
        await load(perSecond, quick ? 1 : 4);
      },
      async value() {
        const times = await load(perSecond, quick ? 2 : 10);
        slowest = Math.max(slowest, times.at(-1)!);
        return times[Math.ceil(times.length * 0.99) - 1]!;
      },
      async baseline() {
        const times = await load(10, quick ? 1 : 3);
        return times[times.length >> 1]!;
      },
      async close() {
        agent.destroy();
        child.disconnect();
        await once(child, "exit");
        const pool = createPool({ url: database.url, max: 1 });
        const { rows } = await pool.query<{ issued: bigint }>("select count(*) as issued from certificate_issue");
        await pool.end();
        await database.drop();
        await databases.close();
        if (Number(rows[0]!.issued) !== asked) throw new Error(`${rows[0]!.issued} of ${asked} were issued`);
      },
      notes: () => [`the slowest of all took ${slowest.toFixed(0)} ms; client, service and Postgres share the cores`],
    };
  },
};
