// A replica that works at bulk issues and nothing else, in a process of its own, so that it can be killed. Tells the bytes of
// its memory every quarter of a second.
import process from "node:process";
import { runBulkIssues } from "../../service/src/certificates/bulk-run.ts";
import { createPool } from "../../service/src/db.ts";
import { startLoop } from "../../service/src/jobs.ts";
import { openCertificates } from "../bench/certificates.ts";
import type { BenchKeys } from "../bench/certificates.ts";

export interface BulkReplica {
  url: string;
  keys: BenchKeys;
}

process.once("disconnect", () => process.exit());
process.once("message", (replica) => void start(replica as BulkReplica));

async function start({ url, keys }: BulkReplica): Promise<void> {
  const pool = createPool({ url, max: 8, name: "bulk replica", onError: () => undefined });
  const { certificates } = await openCertificates(keys, pool);
  startLoop({
    name: "issue in bulk",
    intervalMs: 200,
    step: (signal) => runBulkIssues(certificates, signal),
    onError: (error) => console.error(error),
  });
  setInterval(() => process.send!(process.memoryUsage().rss), 250);
}
