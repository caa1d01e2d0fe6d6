// A bulk issue for a whole centre whose replicas are killed again and again, and the reckoning afterwards.
import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "vitest";
import { auditCertificates } from "../../service/src/certificates/audit.ts";
import { bulkIssueOf, confirmBulkIssue, proposeBulkIssue } from "../../service/src/certificates/bulk.ts";
import { keepTemplates } from "../../service/src/certificates/certificate.ts";
import { makeKeys, now, openCertificates } from "../bench/certificates.ts";
import { fillDepositors } from "../bench/depositors.ts";
import { freshDatabase } from "../helpers/database.ts";
import { until } from "../helpers/stack.ts";
import type { BulkReplica } from "./bulk-replica.ts";

export interface BulkResult {
  seconds: number;
  /** of a second, over the whole run with all deaths in it */
  perSecond: number;
  /** bytes of the largest replica, after a tenth of the run and at its end */
  rss: { early: number; late: number };
}

/** Issues to so many depositors with two replicas, of which one or both are killed at each of these parts of the way. */
export async function bulkWithDeaths(depositors: number, deathsAt: readonly number[]): Promise<BulkResult> {
  const { url, pool } = await freshDatabase({ max: 4 });
  await fillDepositors(pool, depositors, () => undefined);
  const keys = makeKeys();
  const { certificates } = await openCertificates(keys, pool);
  await keepTemplates(certificates);
  const wish = { kind: "deposit", requestedBy: "staff_clerk", requestKey: "a-bulk-issue-that-dies" };
  const { id, expected } = await proposeBulkIssue(certificates, wish);
  await confirmBulkIssue(pool, id, "staff_checker", now);
  const run = () => bulkIssueOf(pool, id);
  const part = async () => {
    const { issued, refused } = await run();
    return Number(issued + refused) / Number(expected);
  };

  const rss = { early: 0, late: 0 };
  let early = true;
  const startReplica = () => fork(fileURLToPath(new URL("bulk-replica.ts", import.meta.url)), [], { execArgv: [] });
  const replicas: ChildProcess[] = [];
  const start = (place: number) => {
    const child = startReplica();
    child.on(
      "message",
      (bytes) => (rss[early ? "early" : "late"] = Math.max(rss[early ? "early" : "late"], Number(bytes))),
    );
    child.send({ url, keys } satisfies BulkReplica);
    replicas[place] = child;
  };
  const kill = async (place: number) => {
    const child = replicas[place]!;
    const ended = once(child, "exit");
    child.kill("SIGKILL");
    await ended;
  };
  const began = performance.now();
  try {
    start(0);
    start(1);
    for (const [i, at] of deathsAt.entries()) {
      await until(`it comes to ${at}`, async () => (await part()) >= at, 300_000);
      // One, the other, or both: then nobody works at all.
      const dying = [[0], [1], [0, 1]][i % 3]!;
      await Promise.all(dying.map(kill));
      expect((await run()).state).toBe("running");
      for (const place of dying) start(place);
      early = false;
    }
    await until("it has ended", async () => (await run()).state === "done", 300_000);
  } finally {
    const ends = replicas.filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null);
    await Promise.all(ends.map((child) => (child.disconnect(), once(child, "exit"))));
  }
  const seconds = (performance.now() - began) / 1000;

  const { rows } = await pool.query<Record<string, bigint>>(
    `select count(*) as drawn, count(i.certificate_id) as issued, count(distinct c.depositor_id) as depositors,
       count(distinct c.serial) as serials, count(distinct c.status_index) as indexes, count(distinct i.leaf_id) as leaves,
       count(distinct l.digest) as digests
     from certificate c
     left join certificate_issue i on i.certificate_id = c.id left join log_leaf l on l.id = i.leaf_id`,
  );
  const counts = Object.fromEntries(Object.entries(rows[0]!).map(([name, count]) => [name, Number(count)]));
  const all = Number(expected);
  expect(counts).toEqual({
    drawn: all,
    issued: all,
    depositors: all,
    serials: all,
    indexes: all,
    leaves: all,
    digests: all,
  });
  expect(await run()).toMatchObject({ issued: expected, refused: 0n, total: expected });
  expect(await auditCertificates(pool, new Date(now.getTime() + 1))).toEqual([]);
  return { seconds, perSecond: all / seconds, rss };
}
