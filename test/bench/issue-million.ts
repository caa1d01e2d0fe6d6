// A million certificates in one go, for what a long run shows and a short one does not: whether memory and speed stay level.
// About 13 GB on the disk and a quarter of an hour; measured only by name.
import type { Wish } from "../../service/src/certificates/certificate.ts";
import { keepTemplates } from "../../service/src/certificates/certificate.ts";
import { createPool } from "../../service/src/db.ts";
import { makeKeys, openCertificates } from "./certificates.ts";
import { openDatabases } from "./database.ts";
import { fillDepositors } from "./depositors.ts";
import { milliseconds } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { checkAllIssued, startReplica } from "./issue-bulk.ts";

const replicaCount = 2;

export const issueMillion: Figure = {
  name: "issue.million",
  what: ["连续出具一百万份", "a million certificates in one go"],
  unit: "certificates/s",
  better: "higher",
  baseline: ["最初的二十分之一", "the first twentieth of them"],
  budget: {
    asked: "as fast at the end as at the beginning, within a third",
    beside: ({ baseline }) => baseline * 0.67,
  },
  probes: ["p256", "fdatasync"],
  postgres: true,
  minutesByName: 60,
  async open({ quick, databaseUrl, progress }) {
    const count = quick ? 4000 : 1_000_000;
    const parts = 20;
    const databases = await openDatabases(databaseUrl);
    const depositors = quick ? 2000 : 20_000;
    const template = await databases.template(`accounts_${depositors}`, "v2", (pool) =>
      fillDepositors(pool, depositors, progress),
    );
    const database = await databases.clone(template);
    const keys = makeKeys();
    const pool = createPool({ url: database.url, max: 2, name: "bench" });
    await keepTemplates((await openCertificates(keys, pool)).certificates);
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
    const each = count / parts;
    const rates: number[] = [];
    const resident = replicas.map(() => 0);
    const memory: number[] = [];

    return {
      async warmUp() {
        await Promise.all(replicas.map((one) => one.issue(wishes(400))));
      },
      async value() {
        for (let part = 1; part <= parts; part++) {
          // A thousand at a time to each, so that neither this process nor the channel holds a million wishes.
          const elapsed = await milliseconds(async () => {
            let left = each;
            await Promise.all(
              replicas.map(async (one, i) => {
                while (left > 0) {
                  const some = Math.min(1000, left);
                  left -= some;
                  resident[i] = await one.issue(wishes(some));
                }
              }),
            );
          });
          rates.push((1000 * each) / elapsed);
          memory.push(Math.max(...resident));
          progress(`${part * each} issued, ${rates.at(-1)!.toFixed(0)}/s, ${megabytes(memory.at(-1)!)} a replica`);
        }
        return rates.slice(1).reduce((sum, rate) => sum + rate, 0) / (parts - 1);
      },
      baseline: async () => rates[0]!,
      async close() {
        await Promise.all(replicas.map((one) => one.stop()));
        await checkAllIssued(pool, next);
        await pool.end();
        await database.drop();
        await databases.close();
      },
      notes: () => [
        `certificates/s in each twentieth: ${rates.map((rate) => rate.toFixed(0)).join(" ")}`,
        `resident memory of the larger replica after each: ${memory.map(megabytes).join(" ")}`,
      ],
    };
  },
};

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(0)} MB`;
