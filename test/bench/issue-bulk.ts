// Certificates issued end to end into a durable Postgres: reading of the ledger, number, record, seal, leaf and file stored.
// Two processes stand for two replicas of the service; each issues batches, as a bulk run of a unit would.
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { issueCertificates, keepTemplates } from "../../service/src/certificates/certificate.ts";
import type { Wish } from "../../service/src/certificates/certificate.ts";
import { createPool } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { makeKeys, openCertificates } from "./certificates.ts";
import { openDatabases } from "./database.ts";
import { fillDepositors } from "./depositors.ts";
import { milliseconds } from "./figure.ts";
import type { Figure } from "./figure.ts";
import type { IssueOrder, IssueSetUp } from "./issue-replica.ts";

const replicaCount = 2;

export const issueBulk: Figure = {
  name: "issue.bulk",
  what: ["批量出具，写入持久数据库，双核", "certificates issued in batches into durable Postgres, two cores"],
  unit: "certificates/s",
  better: "higher",
  baseline: ["同样的证明逐件申请", "the same certificates, one request at a time"],
  budget: { value: 1500, asked: "1,500 certificates/s on two cores", scaledBy: "p256" },
  probes: ["p256", "fdatasync"],
  postgres: true,
  async open({ quick, databaseUrl, progress }) {
    const depositors = quick ? 2000 : 20_000;
    const count = quick ? 800 : 4000;
    const alone = quick ? 40 : 100;
    const databases = await openDatabases(databaseUrl);
    const template = await databases.template(`accounts_${depositors}`, "v2", (pool) =>
      fillDepositors(pool, depositors, progress),
    );
    const database = await databases.clone(template);
    const keys = makeKeys();
    const pool = createPool({ url: database.url, max: 2, name: "bench" });
    const { certificates } = await openCertificates(keys, pool);
    await keepTemplates(certificates);
    const { rows } = await pool.query<{ id: string }>(
      "select id from depositor where state in ('01', '02') order by id",
    );
    const replicas = await Promise.all(
      Array.from({ length: replicaCount }, () => startReplica({ url: database.url, keys })),
    );
    let next = 0;
    const wishes = (howMany: number): Wish[] =>
      Array.from({ length: howMany }, () => ({
        kind: "deposit",
        subjectId: rows[next % rows.length]!.id,
        purpose: "办理个人住房商业贷款",
        requestedBy: "bench",
        requestKey: `wish-${next++}`,
      }));

    return {
      async value() {
        const orders = replicas.map(() => wishes(count / replicaCount));
        const elapsed = await milliseconds(() => Promise.all(replicas.map((one, i) => one.issue(orders[i]!))));
        return (1000 * count) / elapsed;
      },
      async baseline() {
        const single = wishes(alone);
        const elapsed = await milliseconds(async () => {
          for (const wish of single) await issueCertificates(certificates, [wish]);
        });
        return (1000 * alone) / elapsed;
      },
      async close() {
        await Promise.all(replicas.map((one) => one.stop()));
        await checkAllIssued(pool, next);
        await pool.end();
        await database.drop();
        await databases.close();
      },
      notes: () => [`${depositors} depositors with 24 months each; ${replicaCount} replicas`],
    };
  },
};

export async function checkAllIssued(pool: Pool, expected: number): Promise<void> {
  const { rows } = await pool.query<{ issued: bigint }>("select count(*) as issued from certificate_issue");
  if (Number(rows[0]!.issued) !== expected)
    throw new Error(`${rows[0]!.issued} of ${expected} certificates are issued`);
}

export interface Replica {
  /** resolves when all are durable, with the process's resident memory in bytes */
  issue(wishes: readonly Wish[]): Promise<number>;
  stop(): Promise<void>;
}

export async function startReplica(setUp: IssueSetUp): Promise<Replica> {
  const child = fork(fileURLToPath(new URL("issue-replica.ts", import.meta.url)), [], { execArgv: [] });
  const ended = new Promise<never>((_, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => reject(new Error(`a replica ended with ${signal ?? code}`)));
  });
  // Awaited with every answer; an end that nobody waits for, after stop(), is no error.
  ended.catch(() => undefined);
  const answer = () =>
    Promise.race([new Promise<number>((resolve) => child.once("message", (rss) => resolve(Number(rss)))), ended]);
  child.send(setUp);
  await answer();
  return {
    async issue(wishes) {
      child.send({ wishes } satisfies IssueOrder);
      return answer();
    },
    async stop() {
      child.disconnect();
      await ended.catch(() => undefined);
    },
  };
}
