// npm run audit: goes through everything that the centres' databases hold and that can be recomputed, and names what does
// not fit: the ledger, collection, the log down to every leaf, certificates down to the bytes of their files, revocations, withdrawals, blacklist, and all
// of it beside the chain as each centre has mirrored it.
//
// Exit codes: 0 nothing wrong, 1 findings, 64 wrong usage, 69 a database cannot be asked.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { auditBlacklist } from "../service/src/blacklist/audit.ts";
import { auditCertificates, auditRevocations } from "../service/src/certificates/audit.ts";
import { trustList } from "../service/src/chain/views.ts";
import { auditCollection } from "../service/src/collection/audit.ts";
import { createPool, transaction } from "../service/src/db.ts";
import type { Finding } from "../service/src/finding.ts";
import { audit as auditLedger } from "../service/src/ledger/ledger.ts";
import { auditLog } from "../service/src/log/audit.ts";
import { auditWithdrawals } from "../service/src/withdrawals/audit.ts";
import { fromHex } from "../service/src/proof/bytes.ts";
import { trustedAt } from "../service/src/proof/trust-list.ts";

const help = `usage: npm run audit -- [--data DIR] [--centre CODE …] [--database URL --centre CODE] [--json]

Audits the centres of the stack in DIR (default: .data in the repository), or one database.

  --centre CODE   only this centre; with --database the centre whose database it is
  --database URL  a database instead of the stack's
  --json          findings as JSON
  --help          this text`;

interface Audited {
  code: string;
  databaseUrl: string;
}

/** All findings of one centre, in one consistent reading. */
export async function auditCentre(centre: Audited, now: Date): Promise<Finding[]> {
  const pool = createPool({ url: centre.databaseUrl, max: 1, name: "cunzheng audit" });
  try {
    return await transaction(
      pool,
      async (tx) => {
        await tx.query("set local statement_timeout = 0");
        const list = await trustList(tx);
        const own = list.centres.find((member) => member.code === centre.code);
        const time = Math.floor(now.getTime() / 1000);
        const key = own?.keys.find((candidate) => candidate.kind === "log" && trustedAt(candidate, time));
        return [
          ...(await auditLedger(tx)),
          ...(await auditCollection(tx)),
          ...(await auditLog(tx, {
            centre: centre.code,
            epoch: own?.logEpoch ?? 1,
            ...(key ? { publicKey: fromHex(key.value) } : {}),
          })),
          ...(await auditCertificates(tx, new Date(now.getTime() - 60_000))),
          ...(await auditRevocations(tx, centre.code)),
          ...(await auditWithdrawals(tx)),
          ...(await auditBlacklist(tx)),
        ];
      },
      { isolation: "repeatable read", readOnly: true },
    );
  } finally {
    await pool.end();
  }
}

function readArguments(): { centres: Audited[]; json: boolean } {
  const { values } = parseArgs({
    options: {
      data: { type: "string", default: fileURLToPath(new URL("../.data", import.meta.url)) },
      centre: { type: "string", multiple: true, default: [] },
      database: { type: "string" },
      json: { type: "boolean", default: false },
      help: { type: "boolean", short: "h", default: false },
    },
  });
  if (values.help) {
    console.log(help);
    process.exit(0);
  }
  if (values.database) {
    const [code] = values.centre;
    if (!code || values.centre.length > 1) throw new Error("--database needs the one --centre whose database it is");
    return { centres: [{ code, databaseUrl: values.database }], json: values.json };
  }
  const file = path.join(values.data, "stack.json");
  if (!fs.existsSync(file))
    throw new Error(`there is no stack in ${values.data}: run npm start, or name it with --data`);
  const { centres } = JSON.parse(fs.readFileSync(file, "utf8")) as { centres: Audited[] };
  const unknown = values.centre.find((code) => !centres.some((centre) => centre.code === code));
  if (unknown)
    throw new Error(`the stack has no centre ${unknown}; it has ${centres.map((centre) => centre.code).join(", ")}`);
  return {
    centres: values.centre.length ? centres.filter(({ code }) => values.centre.includes(code)) : centres,
    json: values.json,
  };
}

async function main(): Promise<number> {
  let chosen;
  try {
    chosen = readArguments();
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${help}`);
    return 64;
  }
  const all: (Finding & { centre: string })[] = [];
  for (const centre of chosen.centres) {
    const started = performance.now();
    const findings = await auditCentre(centre, new Date());
    all.push(...findings.map((finding) => ({ centre: centre.code, ...finding })));
    if (!chosen.json)
      console.log(
        `${centre.code}: ${findings.length} finding(s), ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
  }
  if (chosen.json) console.log(JSON.stringify(all, undefined, 2));
  else {
    for (const { centre, check, subject, detail } of all) console.log(`  ${centre} ${check} ${subject}: ${detail}`);
    console.log(all.length === 0 ? "audit: nothing wrong" : `audit: ${all.length} finding(s)`);
  }
  return all.length === 0 ? 0 : 1;
}

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`the audit could not be made: ${(error as Error).message}`);
    process.exitCode = 69;
  }
}
