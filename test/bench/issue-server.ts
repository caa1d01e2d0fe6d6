// The service of issue.single, started by issue-single.ts: the routes of certificates as a centre serves them, and sessions of
// persons who may ask. It ends when its starter lets go of it.
import { certificateRoutes } from "../../service/src/certificates/routes.ts";
import type { CertificateContext } from "../../service/src/certificates/routes.ts";
import { keepTemplates } from "../../service/src/certificates/certificate.ts";
import type { Domain } from "../../service/src/app.ts";
import { createPool } from "../../service/src/db.ts";
import { buildTestApp } from "../app/harness.ts";
import { signedIn } from "../helpers/sessions.ts";
import { makeLog } from "../log/world.ts";
import { now, openCertificates } from "./certificates.ts";
import type { BenchKeys } from "./certificates.ts";

export interface ServerSetUp {
  url: string;
  keys: BenchKeys;
  /** how many persons get a session */
  persons: number;
}

process.once("message", (setUp) => void start(setUp as ServerSetUp));

async function start({ url, keys, persons }: ServerSetUp): Promise<void> {
  const pool = createPool({ url, max: 10, name: "bench service" });
  const { certificates } = await openCertificates(keys, pool);
  await keepTemplates(certificates);
  await makeLog(pool, "C46010", { now });
  const { app } = await buildTestApp(pool, [certificateRoutes as unknown as Domain], {
    config: { logLevel: "silent" },
    context: {
      now: () => now,
      certificates,
      logEpoch: 1,
      traces: { centre: "C46010", now: () => now, random: certificates.random },
      receipts: { centre: "C46010", chainId: 20_260, consortium: async () => ({ witnessQuorum: 2 }) },
      submitRevocation: certificates.submitRevocation,
    } as Partial<CertificateContext>,
  });
  const { rows } = await pool.query<{ person: string; grzh: string }>(
    `select person_id as person, account_number as grzh from depositor where state in ('01', '02') order by id limit $1`,
    [persons],
  );
  const sessions = [];
  for (const { person, grzh } of rows) sessions.push({ cookie: await signedIn(pool, person, now), grzh });
  await app.listen({ host: "127.0.0.1", port: 0 });
  process.once("disconnect", () => void app.close().then(() => pool.end()));
  process.send!({ port: (app.server.address() as { port: number }).port, persons: sessions });
}
