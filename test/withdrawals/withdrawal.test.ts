import { randomBytes } from "node:crypto";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import type { Blacklist } from "../../service/src/blacklist/blacklist.ts";
import { depositorAccount } from "../../service/src/collection/accounts.ts";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { audit, balanceOf } from "../../service/src/ledger/ledger.ts";
import { auditWithdrawals } from "../../service/src/withdrawals/audit.ts";
import { applyForWithdrawal, refuseWithdrawal } from "../../service/src/withdrawals/withdrawal.ts";
import type { Application, Withdrawals } from "../../service/src/withdrawals/withdrawal.ts";
import { atHead, blacklistOf, event, listPerson, start } from "../blacklist/world.ts";
import { freshDatabase } from "../helpers/database.ts";
import { failingOnce } from "../helpers/faults.ts";
import { member, trustListOf } from "../helpers/members.ts";
import { accountNumber, deposit, openDepositors } from "./world.ts";

const clock = { now: start };
let pool: Pool;
let blacklist: Blacklist;
let withdrawals: Withdrawals;

beforeAll(async () => {
  ({ pool } = await freshDatabase({ max: 6 }));
  const own = member("C46010");
  blacklist = blacklistOf(own, pool, trustListOf([own]), clock);
  withdrawals = { pool, blacklist, now: () => clock.now, random: (length) => randomBytes(length) };
  await atHead(pool, start);
  await openDepositors(pool, [1, 2, 3, 4, 5, 6, 7, 8], 100_000n);
});
afterEach(async () => {
  clock.now = start;
  expect(await audit(pool)).toEqual([]);
  expect(await auditWithdrawals(pool)).toEqual([]);
});

const wish = (n: number, changes: Partial<Application> = {}): Application => ({
  personId: `pers_${n}`,
  accountNumber: accountNumber(n),
  kind: "rent",
  amountFen: 30_000n,
  requestedBy: `pers_${n}`,
  requestKey: randomBytes(16).toString("hex"),
  ...changes,
});
const apply = (application: Application, by = withdrawals) => applyForWithdrawal(by, application);
const balance = (n: number) => balanceOf(pool, depositorAccount(`dep_${n}`));
const counts = async () =>
  (
    await pool.query(
      `select (select count(*)::int from withdrawal) as withdrawals, (select count(*)::int from trace) as traces,
         (select count(*)::int from posting) as postings, (select count(*)::int from log_leaf) as leaves`,
    )
  ).rows[0] as Record<string, number>;

describe("a withdrawal", () => {
  it("of a person whom nothing bars is paid from the ledger, with check and trace", async () => {
    const before = await counts();
    const row = await apply(wish(1));
    expect(row).toMatchObject({ state: "paid", postingId: `post_${row.id}`, amountFen: 30_000n, reason: "07" });
    expect(row.businessNumber).toMatch(/^TQ20261122[0-9A-Z]{10}$/);
    expect(await balance(1)).toBe(70_000n);
    expect(await counts()).toEqual({
      withdrawals: before.withdrawals! + 1,
      traces: before.traces! + 1,
      postings: before.postings! + 1,
      leaves: before.leaves! + 1,
    });
    const { rows } = await pool.query("select kind, business_number, event_at from posting where id = $1", [
      row.postingId,
    ]);
    expect(rows).toEqual([{ kind: "withdrawal", business_number: row.businessNumber, event_at: start }]);
  });

  it("asked for again is the same one; the same key for another amount is refused", async () => {
    const one = wish(2);
    const first = await apply(one);
    const before = await counts();
    expect(await apply(one)).toEqual(first);
    await expect(apply({ ...one, amountFen: 30_001n })).rejects.toMatchObject({ code: "IDEMPOTENCY_KEY_REUSED" });
    expect(await counts()).toEqual(before);
    expect(await balance(2)).toBe(70_000n);
    // Somebody else's same key is another wish.
    await apply({ ...one, requestedBy: "staff_clerk" });
    expect(await balance(2)).toBe(40_000n);
  });

  it("sent many times at the same moment moves money once", async () => {
    const one = wish(3);
    const rows = await Promise.all(Array.from({ length: 15 }, () => apply(one)));
    expect(new Set(rows.map(({ id }) => id)).size).toBe(1);
    expect(await balance(3)).toBe(70_000n);
  });

  it("beyond the balance is refused before anybody is checked, also when two come at once", async () => {
    const before = await counts();
    await expect(apply(wish(4, { amountFen: 100_001n }))).rejects.toMatchObject({ code: "BALANCE_TOO_LOW" });
    expect(await counts()).toEqual(before);
    const results = await Promise.allSettled(
      [wish(4, { amountFen: 60_000n }), wish(4, { amountFen: 60_000n })].map((one) => apply(one)),
    );
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(await balance(4)).toBe(40_000n);
    expect((await counts()).traces).toBe(before.traces! + 1);
    for (const amountFen of [0n, -1n])
      await expect(apply(wish(4, { amountFen }))).rejects.toMatchObject({ code: "WITHDRAWAL_AMOUNT_INVALID" });
  });

  it("tells no one whether a person is barred by refusing the amount", async () => {
    await listPerson(blacklist, 5);
    const answer = (n: number) =>
      apply(wish(n, { amountFen: 10_000_000n })).catch((error: { code: string }) => error.code);
    expect([await answer(5), await answer(6)]).toEqual(["BALANCE_TOO_LOW", "BALANCE_TOO_LOW"]);
  });

  it("from another person's account, or from none, is refused", async () => {
    for (const changes of [{ accountNumber: accountNumber(2) }, { accountNumber: "0" }, { personId: "pers_none" }])
      await expect(apply(wish(1, changes))).rejects.toMatchObject({ code: "DEPOSITOR_NOT_FOUND" });
  });

  it("from a frozen or closed account is refused, also when it is frozen at the same moment", async () => {
    const freeze = await pool.connect();
    await freeze.query("begin");
    await freeze.query("update depositor set frozen = true where id = 'dep_6'");
    const racing = apply(wish(6)).catch((error: { code: string }) => error.code);
    await expect
      .poll(async () => (await pool.query("select 1 from pg_stat_activity where wait_event_type = 'Lock'")).rowCount)
      .toBeGreaterThan(0);
    await freeze.query("commit");
    freeze.release();
    expect(await racing).toBe("ACCOUNT_NOT_OPEN_FOR_WITHDRAWAL");
    await pool.query("update depositor set frozen = false, state = '05' where id = 'dep_6'");
    await expect(apply(wish(6))).rejects.toMatchObject({ code: "ACCOUNT_NOT_OPEN_FOR_WITHDRAWAL" });
    // Sealed: the balance is still the person's.
    await pool.query("update depositor set state = '02' where id = 'dep_6'");
    expect((await apply(wish(6))).state).toBe("paid");
  });

  it.each([
    ["the check", /insert into blacklist_check/, false],
    ["the posting", /ledger_post/, false],
    ["its own record", /insert into withdrawal/, false],
    ["the commit", /^commit$/, false],
    ["the answer to the commit", /^commit$/, true],
  ])("that breaks at %s happens once when it is sent again", async (_, pattern, done) => {
    await deposit(pool, [7], 30_000n);
    const [before, money] = [await counts(), await balance(7)];
    const one = wish(7);
    const broken = failingOnce(pool, pattern, done);
    await expect(apply(one, { ...withdrawals, pool: broken.pool })).rejects.toThrow(/cut|lost/);
    expect((await counts()).withdrawals).toBe(before.withdrawals! + (done ? 1 : 0));
    expect(await apply(one)).toMatchObject({ state: "paid" });
    expect(await balance(7)).toBe(money - 30_000n);
    expect((await counts()).postings).toBe(before.postings! + 1);
  });
});

describe("a withdrawal of a person who is barred", () => {
  it("posts nothing and waits for a clerk, who refuses it once and for good", async () => {
    const row = await apply(wish(5));
    expect(row).toMatchObject({ state: "barred", postingId: null });
    expect(await balance(5)).toBe(100_000n);
    const refusal = { id: row.id, officer: "staff_clerk", note: "受限期间" };
    const refused = await refuseWithdrawal(withdrawals, refusal);
    expect(refused).toMatchObject({ state: "refused", decidedBy: "staff_clerk", note: "受限期间" });
    expect(await refuseWithdrawal(withdrawals, { ...refusal, officer: "staff_other", note: "x" })).toEqual(refused);
    for (const sql of [
      "update withdrawal set state = 'barred', decided_by = null, decided_at = null",
      "update withdrawal set amount_fen = 1",
      "delete from withdrawal",
      "truncate withdrawal",
    ])
      await expect(pool.query(sql), sql).rejects.toMatchObject({ code: "CZA01" });
  });

  it("cannot be refused when it is paid, held or not there", async () => {
    const paid = await apply(wish(8, { amountFen: 1n }));
    const refuse = (id: string) => refuseWithdrawal(withdrawals, { id, officer: "staff_clerk", note: "x" });
    await expect(refuse(paid.id)).rejects.toMatchObject({ code: "WITHDRAWAL_DECIDED" });
    await expect(refuse("wd_0000000000000000")).rejects.toMatchObject({ code: "WITHDRAWAL_NOT_FOUND" });
    clock.now = new Date(start.getTime() + 3_600_000);
    const held = await apply(wish(8, { amountFen: 1n }));
    expect(held.state).toBe("held");
    await expect(refuse(held.id)).rejects.toMatchObject({ code: "WITHDRAWAL_NOT_BARRED" });
  });
});

describe("a withdrawal of which nothing certain is known", () => {
  it("is held, posts nothing, and stays held when it is sent again after the outage", async () => {
    const [before, money] = [await counts(), await balance(8)];
    const listing = { centre: "C14010", id: randomBytes(32), commitment: randomBytes(32) };
    await event(pool, "Listed", listing);
    const one = wish(8);
    expect(await apply(one)).toMatchObject({ state: "held", postingId: null });
    expect(await balance(8)).toBe(money);
    expect(await counts()).toMatchObject({ postings: before.postings, traces: before.traces! + 1 });
    await event(pool, "Lifted", listing);
    expect((await apply(one)).state).toBe("held");
    expect((await apply(wish(8))).state).toBe("paid");
  });
});

it("a withdrawal cannot stand as paid without its posting, whoever is connected", async () => {
  await expect(
    transaction(pool, (tx) =>
      tx.query(
        `insert into withdrawal (id, business_number, person_id, depositor_id, reason, kind, amount_fen, state, check_id, posting_id,
           requested_by, request_key, request_digest, applied_at)
         select 'wd_00000000000000000000', 'TQ-X', person_id, depositor_id, reason, kind, amount_fen, 'paid', check_id, 'post_none',
           requested_by, 'another', request_digest, applied_at from withdrawal limit 1`,
      ),
    ),
  ).rejects.toMatchObject({ code: "23503" });
});
