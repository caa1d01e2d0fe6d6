// npm run audit: goes through everything that the centres' databases hold and that can be recomputed, and names what does
// not fit: the ledger, collection, the log down to every leaf, certificates down to the bytes of their files, revocations, withdrawals, blacklist, all of
// it beside the chain as each centre has mirrored it, and that mirror beside the chain node itself.
//
// Exit codes: 0 nothing wrong, 1 findings, 64 wrong usage, 69 a database cannot be asked, 75 nothing wrong in what could be
// asked, but the chain node did not answer.
import fs from "node:fs";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { auditBlacklist } from "../service/src/blacklist/audit.ts";
import { auditCertificates, auditReplies, auditRevocations } from "../service/src/certificates/audit.ts";
import { auditChain, couldNotBeAsked } from "../service/src/chain/audit.ts";
import { createChainClient } from "../service/src/chain/client.ts";
import { trustList } from "../service/src/chain/views.ts";
import { auditCollection } from "../service/src/collection/audit.ts";
import { createPool, transaction } from "../service/src/db.ts";
import type { Finding } from "../service/src/finding.ts";
import { audit as auditLedger } from "../service/src/ledger/ledger.ts";
import { auditLog } from "../service/src/log/audit.ts";
import { auditWithdrawals } from "../service/src/withdrawals/audit.ts";
import { fromHex } from "../service/src/proof/bytes.ts";
import { trustedAt } from "../service/src/proof/trust-list.ts";

const help = `usage: npm run audit -- [--data DIR] [--centre CODE …] [--json]
       npm run audit -- --database URL --centre CODE [--chain URL] [--json]

Audits the centres of the stack in DIR (default: .data in the repository), or one database.

  --centre CODE   only this centre; with --database the centre whose database it is
  --database URL  a database instead of the stack's
  --chain URL     the chain node to ask, instead of the stack's; with --database, CHAIN_URL and
                  REGISTRY_ADDRESS in the environment are taken, too
  --json          findings as JSON
  --help          this text`;

interface Audited {
  code: string;
  databaseUrl: string;
  /** the node to ask; without it the mirror is believed */
  chainUrl?: string;
  /** the registry as configured */
  registry?: string;
}

/**
 * All findings of one centre, in one consistent reading of its database.
 * @param progress called while the chain is read: how many blocks are compared, of how many
 */
export async function auditCentre(
  centre: Audited,
  now: Date,
  progress?: (done: bigint, all: bigint) => void,
): Promise<Finding[]> {
  const pool = createPool({ url: centre.databaseUrl, max: 1, name: "cunzheng audit" });
  try {
    return await transaction(
      pool,
      async (tx) => {
        await tx.query("set local statement_timeout = 0");
        // The chain is read within the same reading, and its node may take its time.
        await tx.query("set local idle_in_transaction_session_timeout = 0");
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
          ...(await auditReplies(tx)),
          ...(await auditWithdrawals(tx)),
          ...(await auditBlacklist(tx)),
          ...(centre.chainUrl === undefined
            ? []
            : await auditChain(tx, {
                client: createChainClient({ url: centre.chainUrl, timeoutMs: 30_000 }),
                centre: centre.code,
                ...(centre.registry === undefined ? {} : { registry: centre.registry }),
                ...(progress ? { progress } : {}),
              })),
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
      chain: { type: "string" },
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
    const chainUrl = values.chain ?? process.env.CHAIN_URL;
    const registry = process.env.REGISTRY_ADDRESS;
    const centre = { code, databaseUrl: values.database, ...(chainUrl && { chainUrl }), ...(registry && { registry }) };
    return { centres: [centre], json: values.json };
  }
  const file = path.join(values.data, "stack.json");
  if (!fs.existsSync(file))
    throw new Error(`there is no stack in ${values.data}: run npm start, or name it with --data`);
  const stack = JSON.parse(fs.readFileSync(file, "utf8")) as {
    chain: { url: string; registry: string };
    centres: Audited[];
  };
  const chain = { chainUrl: values.chain ?? stack.chain.url, registry: stack.chain.registry };
  const centres = stack.centres.map(({ code, databaseUrl }) => ({ code, databaseUrl, ...chain }));
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
    const findings = await auditCentre(centre, new Date(), progressLine(centre.code));
    all.push(...findings.map((finding) => ({ centre: centre.code, ...finding })));
    if (!chosen.json)
      console.log(
        `${centre.code}: ${findings.length} finding(s), ${((performance.now() - started) / 1000).toFixed(1)} s`,
      );
  }
  if (chosen.json) console.log(JSON.stringify(all, undefined, 2));
  else {
    for (const { centre, check, subject, detail } of all) console.log(`  ${centre} ${check} ${subject}: ${detail}`);
    if (chosen.centres.some(({ chainUrl }) => chainUrl === undefined))
      console.log("audit: the chain itself was not asked: name its node with --chain");
    console.log(all.length === 0 ? "audit: nothing wrong" : `audit: ${all.length} finding(s)`);
  }
  if (all.length === 0) return 0;
  return all.every(({ check }) => check === couldNotBeAsked) ? 75 : 1;
}

/** Says how far the reading of the chain is, every few seconds, beside the findings and not among them. */
function progressLine(code: string): (done: bigint, all: bigint) => void {
  let saidAt = performance.now();
  return (done, all) => {
    if (performance.now() - saidAt < 2_000) return;
    saidAt = performance.now();
    console.error(`${code}: chain compared up to ${done} of ${all} blocks`);
  };
}

if (import.meta.main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    console.error(`the audit could not be made: ${(error as Error).message}`);
    process.exitCode = 69;
  }
}
