// What the database refuses to anyone, whoever is connected.
import { beforeAll, describe, expect, it } from "vitest";
import type { Pool } from "../../service/src/db.ts";
import { audit, openAccounts, post } from "../../service/src/ledger/ledger.ts";
import { freshDatabase } from "../helpers/database.ts";

let pool: Pool;

beforeAll(async () => {
  ({ pool } = await freshDatabase());
  await openAccounts(pool, [
    { id: "acct_bank", kind: "bank", owner: "centre", normalSide: "debit" },
    { id: "acct_d", kind: "depositor", owner: "dep_d", normalSide: "credit" },
  ]);
  await post(pool, [
    {
      id: "post_1",
      kind: "test",
      businessNumber: "B1",
      eventAt: new Date("2026-11-20T00:00:00Z"),
      transfers: [{ debit: "acct_bank", credit: "acct_d", amountFen: 500n }],
    },
  ]);
});

describe("the ledger refuses", () => {
  it.each([
    "update entry set amount_fen = 1",
    "delete from entry",
    "truncate entry",
    "update posting set business_number = 'B2'",
    "delete from posting",
    "truncate posting cascade",
    "insert into entry values (99, 'post_1', 9, 'acct_d', 1, 1)",
    "insert into posting (id, kind, business_number, event_at, request_digest) values ('post_2', 'xx', 'B', now(), '')",
    "update account set balance_fen = 1",
    "update account set last_entry = 7",
    "update account set owner = 'dep_e'",
    "update account set may_go_negative = true",
    "delete from account",
    "truncate account",
    "insert into account (id, kind, owner, normal_side, balance_fen) values ('acct_rich', 'depositor', 'dep_r', 'credit', 5)",
  ])("%s", async (sql) => {
    await expect(pool.query(sql)).rejects.toMatchObject({ code: "CZL05" });
    expect(await audit(pool)).toEqual([]);
  });

  it("a session that plays replica too", async () => {
    const client = await pool.connect();
    try {
      await client.query("set session_replication_role = replica");
      await expect(client.query("delete from entry")).rejects.toMatchObject({ code: "CZL05" });
    } finally {
      client.release(true);
    }
  });
});

describe("the auditor finds", () => {
  // Somebody with the keys to the house can switch guards off; the books still show it.
  async function tampered(...sql: string[]): Promise<string[]> {
    const client = await pool.connect();
    try {
      await client.query("begin");
      for (const statement of sql) await client.query(statement);
      return (await audit(client)).map((finding) => finding.check);
    } finally {
      await client.query("rollback");
      client.release();
    }
  }
  const open = ["alter table entry disable trigger all", "alter table account disable trigger all"];

  it("a guard that is switched off", async () => {
    expect(await tampered(...open)).toContain("ledger.guard");
  });

  it("a changed amount", async () => {
    expect(await tampered(...open, "update entry set amount_fen = -501 where account_id = 'acct_d'")).toEqual(
      expect.arrayContaining(["ledger.posting_balances", "ledger.total_balances", "ledger.balance_chain"]),
    );
  });

  it("a removed entry", async () => {
    expect(await tampered(...open, "delete from entry where account_id = 'acct_bank'")).toEqual(
      expect.arrayContaining(["ledger.posting_balances", "ledger.posting_sequence", "ledger.account_balance"]),
    );
  });

  it("a changed balance", async () => {
    expect(await tampered(...open, "update account set balance_fen = 600 where id = 'acct_d'")).toContain(
      "ledger.account_balance",
    );
  });

  it("orphans", async () => {
    expect(await tampered(...open, "insert into entry values (99, 'post_none', 1, 'acct_none', 1, 1)")).toEqual(
      expect.arrayContaining(["ledger.entry_has_posting", "ledger.entry_has_account"]),
    );
  });
});
