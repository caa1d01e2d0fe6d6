// The chain's auditor against a real chain: whatever is forged in Postgres by someone who may do everything there is found.
import { spawnSync } from "node:child_process";
import path from "node:path";
import { beforeEach, describe, expect, it } from "vitest";
import { auditChain } from "../../service/src/chain/audit.ts";
import type { ChainAuditOptions } from "../../service/src/chain/audit.ts";
import { encodeLift, encodeList, encodeSuspend } from "../../service/src/chain/blacklist.ts";
import { encodeReinstate, encodeRevoke } from "../../service/src/chain/certificate-status.ts";
import { createChainClient, httpTransport, toData } from "../../service/src/chain/client.ts";
import type { ChainClient } from "../../service/src/chain/client.ts";
import { enqueueWrite } from "../../service/src/chain/outbox.ts";
import { transaction } from "../../service/src/db.ts";
import type { Pool, Queryable, Transaction } from "../../service/src/db.ts";
import type { Finding } from "../../service/src/finding.ts";
import { freshChain } from "../helpers/chain.ts";
import { freshDatabase } from "../helpers/database.ts";
import { anchor, mirrorOf, readAll, rootOf, useChain, write } from "./harness.ts";

const on = useChain();
const ids = [1, 2, 3].map((byte) => Buffer.alloc(32, byte)) as [Buffer, Buffer, Buffer];
const commitment = (id: Buffer) => Buffer.alloc(32, id[0]! + 100);

/** A centre that anchored five checkpoints, revoked three certificates, one of them taken back, and listed three persons. */
beforeEach(async () => {
  const [hainan, taiyuan] = on.chain.centres as [(typeof on.chain.centres)[0], (typeof on.chain.centres)[0]];
  const { certificateStatus, blacklist } = on.chain.contracts;
  for (let size = 1; size <= 5; size++) await anchor(on, size);
  await write(on, hainan.statusWriter, certificateStatus, encodeRevoke([3n, 300n, 7n], 1));
  await write(on, hainan.guardian, certificateStatus, encodeReinstate([7n]));
  for (const id of ids) await write(on, hainan.lister, blacklist, encodeList(id, commitment(id)));
  await write(on, hainan.lister, blacklist, encodeSuspend(ids[1]));
  await write(on, hainan.lister, blacklist, encodeLift(ids[2], 1));
  await write(on, taiyuan.lister, blacklist, encodeList(Buffer.alloc(32, 9), Buffer.alloc(32, 10)));
  await readAll(mirrorOf(on));
  await asSuperuser(on.pool, async (tx) => {
    await tx.query(
      `insert into log_checkpoint (epoch, size, root, closed_at, state, anchor_contract, transaction_hash, block_number, block_hash, block_time)
       select epoch, size, root, now(), 'anchored', '0x' || encode(contract, 'hex'), '0x' || encode(transaction_hash, 'hex'),
         block_number, '0x' || encode(block_hash, 'hex'), block_time
       from mirror_anchor where centre = 'C46010'`,
    );
  });
  for (const index of [3, 7, 300]) await revokedHere(index);
});

/** A certificate whose revocation is confirmed here and final on the chain, as the outbox has it. */
async function revokedHere(index: number): Promise<void> {
  const id = await enqueueWrite(on.pool, {
    lane: "status",
    key: `revoke/${index}`,
    to: on.chain.contracts.certificateStatus,
    data: encodeRevoke([BigInt(index)], 1),
  });
  await asSuperuser(on.pool, async (tx) => {
    await tx.query(
      `update chain_write set state = 'final', account = $2, nonce = id, signed_transaction = '\\x00', transaction_hash = $3,
         signed_at = now(), block_number = (select min(block_number) from chain_event where name = 'Revoked'),
         block_hash = $3, reverted = false
       where id = $1`,
      [id, Buffer.alloc(20, 1), Buffer.alloc(32, 1)],
    );
    await tx.query(
      `insert into certificate (id, kind, serial, status_index, depositor_id, requested_by, request_key, request_digest,
         record, record_digest, standing_token, ledger_entry, drawn_at, valid_until)
       select $1, 'deposit', $1, $2, 'depositor', 'test', $1, $3, '{}', sha256('{}'), $4, 1, now(), current_date`,
      [nameOf(index), index, Buffer.alloc(32), Buffer.from(String(index).padStart(16, "0"))],
    );
    await tx.query(
      `insert into certificate_revocation (certificate_id, reason, note, proposed_by, proposed_at, confirmed_by, confirmed_at, chain_write_id)
       values ($1, 1, 'test', 'clerk', now(), 'checker', now(), $2)`,
      [nameOf(index), id],
    );
  });
}
const nameOf = (index: number) => `cert_${String(index).padStart(16, "0")}`;

/** Past every trigger, as only a superuser can. */
function asSuperuser(pool: Pool, work: (tx: Transaction) => Promise<void>): Promise<void> {
  return transaction(pool, async (tx) => {
    await tx.query("set local session_replication_role = replica");
    await work(tx);
  });
}

const forge = (sql: string, values: unknown[] = []) =>
  asSuperuser(on.pool, async (tx) => {
    const { rowCount } = await tx.query(sql, values);
    expect(rowCount).toBeGreaterThan(0);
  });

const audited = (options: Partial<ChainAuditOptions> = {}, db: Queryable = on.pool): Promise<Finding[]> =>
  auditChain(db, { client: on.chain.client, centre: "C46010", registry: on.chain.contracts.registry, ...options });

/** The command itself, with its last line. */
function run(...args: string[]): { code: number | null; lastLine: string | undefined } {
  const script = path.join(import.meta.dirname, "../../scripts/audit.ts");
  const { status, stdout } = spawnSync(process.execPath, [script, ...args], { encoding: "utf8" });
  return { code: status, lastLine: stdout.trimEnd().split("\n").at(-1) };
}

const checksOf = async (options?: Partial<ChainAuditOptions>) =>
  [...new Set((await audited(options)).map(({ check }) => check))].sort();

describe("a mirror that says what the chain says", () => {
  it("has no findings, in one range or block by block, and shows how far it is", async () => {
    expect(await audited()).toEqual([]);
    const seen: bigint[] = [];
    expect(await audited({ rangeBlocks: 1, progress: (done, all) => void seen.push(done, all) })).toEqual([]);
    expect(seen.length).toBeGreaterThan(20);
    expect(seen.at(-2)).toBe(seen.at(-1));
  });

  it("also while the chain has gone on and the mirror has not", async () => {
    await anchor(on, 6);
    await write(on, on.chain.centres[0]!.guardian, on.chain.contracts.certificateStatus, encodeReinstate([3n]));
    expect(await audited()).toEqual([]);
  });

  it("also when a checkpoint is mirrored and not called anchored yet", async () => {
    await forge(
      `update log_checkpoint set state = 'closed', anchor_contract = null, transaction_hash = null, block_number = null,
         block_hash = null, block_time = null where size = 5`,
    );
    expect(await audited()).toEqual([]);
  });

  it("also through a node that gives only few blocks at once", async () => {
    const { client } = on.chain;
    const limited: ChainClient = {
      ...client,
      async call(method, params) {
        const { fromBlock, toBlock } = (params[0] ?? {}) as { fromBlock?: string; toBlock?: string };
        if (method === "eth_getLogs" && BigInt(toBlock!) - BigInt(fromBlock!) >= 2n)
          return client.call("eth_noSuchMethod", []);
        return client.call(method, params);
      },
    };
    expect(await audited({ client: limited })).toEqual([]);
  });
});

describe("a forged mirror", () => {
  it("with a row that the chain does not have", async () => {
    await forge(
      `insert into chain_event select block_number, 77, transaction_hash, address, contract, name, centre,
         jsonb_set(args, '{index}', '"4711"') from chain_event where name = 'Revoked' limit 1`,
    );
    expect(await audited()).toMatchObject([{ check: "chain.event_extra", detail: expect.stringContaining("Revoked") }]);
  });

  it("with an event in a block that was never read", async () => {
    await forge("insert into chain_block values (90000, $1, now())", [Buffer.alloc(32, 5)]);
    await forge(
      `insert into chain_event select 90000, 0, transaction_hash, address, contract, name, centre, args
       from chain_event where name = 'Reinstated' limit 1`,
    );
    expect(await checksOf()).toContain("chain.event_extra");
  });

  it("without an event that the chain has", async () => {
    await forge("delete from chain_event where name = 'Lifted'");
    const findings = await audited();
    expect(findings).toContainEqual(
      expect.objectContaining({ check: "chain.event_missing", detail: expect.stringContaining("Lifted") }),
    );
    expect(findings).toContainEqual({
      check: "chain.listing_state",
      subject: ids[2].toString("hex"),
      detail: "is listed in the mirror and lifted on the chain",
    });
  });

  it("without an event whose whole block was removed", async () => {
    await forge("delete from chain_event where name = 'Suspended'");
    await forge(
      "delete from chain_block b where not exists (select from chain_event e where e.block_number = b.number)",
    );
    expect(await checksOf()).toEqual(["chain.event_missing", "chain.listing_state"]);
  });

  it("with other arguments, another transaction, another centre or another name", async () => {
    const cases = [
      [
        `update chain_event set args = jsonb_set(args, '{root}', to_jsonb($1::text)) where args ->> 'size' = '5'`,
        toData(rootOf(9)),
      ],
      ["update chain_event set transaction_hash = decode($1, 'hex') where name = 'Reinstated'", "07".repeat(32)],
      ["update chain_event set centre = $1 where name = 'Reinstated'", "C14010"],
      ["update chain_event set name = $1 where name = 'Suspended'", "Resumed"],
    ] as const;
    for (const [sql, value] of cases) {
      await forge(sql, [value]);
      expect(await checksOf()).toContain("chain.event_differs");
    }
    // Two of the changes are of one event.
    expect((await audited()).filter(({ check }) => check === "chain.event_differs")).toHaveLength(3);
  });

  it("with another block, or another time of a block", async () => {
    await forge("update chain_block set hash = $1 where number = (select min(number) from chain_block)", [
      Buffer.alloc(32, 3),
    ]);
    expect(await checksOf()).toEqual(["chain.block_hash"]);
    await forge(
      "update chain_block set time = time - interval '1 day' where number = (select max(number) from chain_block)",
    );
    expect(await checksOf()).toEqual(["chain.block_hash", "chain.block_time"]);
  });

  it("that stands on another block than the chain", async () => {
    await forge("update chain_cursor set hash = $1", [Buffer.alloc(32, 3)]);
    expect(await audited()).toMatchObject([{ check: "chain.block_hash" }]);
  });

  it("of more blocks than the chain has, of another chain, or of another registry", async () => {
    expect(await checksOf({ registry: `0x${"11".repeat(20)}` })).toEqual(["chain.registry"]);
    await forge("update chain_cursor set number = number + 50");
    expect(await checksOf()).toContain("chain.head");
    await forge("update chain_cursor set chain_id = 1");
    expect(await checksOf()).toEqual(["chain.id"]);
  });

  it("with very many faults tells a hundred of a kind and how many there are", async () => {
    await forge(
      `insert into chain_event select e.block_number, 1000 + i, transaction_hash, address, contract, name, centre, args
       from chain_event e, generate_series(1, 150) i where e.name = 'Reinstated'`,
    );
    const findings = await audited();
    expect(findings).toHaveLength(101);
    expect(findings.at(-1)).toMatchObject({ check: "chain.event_extra", detail: "and 50 more of this kind" });
  });
});

describe("what this centre rests on", () => {
  it("a checkpoint whose root was changed together with the mirror", async () => {
    // Both tables tell the same lie, so that the comparison of one with the other finds nothing.
    await forge("update log_checkpoint set root = $1 where size = 4", [rootOf(99)]);
    await forge(
      `update chain_event set args = jsonb_set(args, '{root}', to_jsonb($1::text)) where args ->> 'size' = '4'`,
      [toData(rootOf(99))],
    );
    expect(await audited()).toContainEqual({
      check: "chain.checkpoint_root",
      subject: "checkpoint 1/4",
      detail: "has another root on the chain",
    });
  });

  it("a checkpoint that was never anchored, and one that is gone", async () => {
    await forge(
      `insert into log_checkpoint (epoch, size, root, closed_at, state, anchor_contract, transaction_hash, block_number, block_hash, block_time)
       select epoch, 8, root, closed_at, state, anchor_contract, transaction_hash, block_number, block_hash, block_time
       from log_checkpoint where size = 5`,
    );
    expect(await checksOf()).toEqual(["chain.checkpoint", "chain.checkpoint_latest"]);
    await forge("delete from log_checkpoint where size in (2, 8)");
    expect(await audited()).toEqual([
      { check: "chain.checkpoint_unknown", subject: "checkpoint 1/2", detail: "is on the chain and not here" },
    ]);
  });

  it("a revocation that the chain does not know", async () => {
    await revokedHere(12);
    expect(await audited()).toEqual([
      { check: "chain.revocation", subject: nameOf(12), detail: "is revoked here and not on the chain" },
    ]);
  });

  it("a guardian's undo that never happened", async () => {
    await forge(
      `insert into chain_event select e.block_number, 500, e.transaction_hash, e.address, e.contract, 'Reinstated', e.centre,
         jsonb_build_object('centre', args ->> 'centre', 'index', '3', 'time', args ->> 'time')
       from chain_event e where e.name = 'Reinstated'`,
    );
    expect(await checksOf()).toEqual(["chain.event_extra", "chain.revocation"]);
  });
});

describe("a node that does not answer", () => {
  it("is a finding of its own kind", async () => {
    const other = await freshChain();
    const { pool, url } = await freshDatabase();
    await readAll(mirrorOf({ chain: other, pool }));
    await pool.query("insert into log_epoch (epoch) values (1)"); // as the service does when it starts
    const asked = {
      client: createChainClient({ url: other.url, timeoutMs: 2_000 }),
      registry: other.contracts.registry,
    };
    const command = () => run("--database", url, "--centre", "C46010", "--chain", other.url);
    expect(await audited(asked, pool)).toEqual([]);
    expect(command()).toEqual({ code: 0, lastLine: "audit: nothing wrong" });
    await other.chain.stop();
    expect(command()).toEqual({ code: 75, lastLine: "audit: 1 finding(s)" });
    expect(await audited(asked, pool)).toEqual([
      {
        check: "chain.could_not_be_asked",
        subject: "node",
        detail: "the chain node did not answer: what it would have said is not known",
      },
    ]);
  });

  it("keeps what was found before it went away", async () => {
    await forge("delete from chain_event where name = 'Lifted'");
    const send = httpTransport(on.chain.url, 5_000);
    let requests = 0;
    const client = createChainClient({
      url: on.chain.url,
      transport: (body) => (++requests > 4 ? Promise.reject(new Error("cut")) : send(body)),
    });
    expect(await checksOf({ client })).toEqual(["chain.could_not_be_asked", "chain.event_missing"]);
  });

  it("cannot be asked about a chain that the mirror never read", async () => {
    const { pool } = await freshDatabase();
    expect(await audited({}, pool)).toMatchObject([{ check: "chain.mirror_began" }]);
  });
});
