// A replica of issue.bulk, started by issue-bulk.ts: gets its set-up, then wishes, and answers each time when it is done.
import { issueCertificates } from "../../service/src/certificates/certificate.ts";
import type { Certificates, Wish } from "../../service/src/certificates/certificate.ts";
import { createPool } from "../../service/src/db.ts";
import { openCertificates } from "./certificates.ts";
import type { BenchKeys } from "./certificates.ts";

export interface IssueSetUp {
  url: string;
  keys: BenchKeys;
}

export interface IssueOrder {
  wishes: readonly Wish[];
}

/** Certificates in one call. */
const batch = 200;
/** While one batch waits for Postgres the other is drawn and sealed. */
const atOnce = 2;

process.once("disconnect", () => process.exit());
process.once("message", (setUp) => void start(setUp as IssueSetUp));

async function start({ url, keys }: IssueSetUp): Promise<void> {
  const pool = createPool({ url, max: atOnce, name: "bench replica" });
  const { certificates } = await openCertificates(keys, pool);
  process.on("message", (order) => void issueAll(certificates, (order as IssueOrder).wishes));
  process.send!(process.memoryUsage.rss());
}

async function issueAll(certificates: Certificates, wishes: readonly Wish[]): Promise<void> {
  let next = 0;
  const issueNext = async () => {
    while (next < wishes.length) {
      const from = next;
      next += batch;
      await issueCertificates(certificates, wishes.slice(from, from + batch));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, issueNext));
  process.send!(process.memoryUsage.rss());
}
