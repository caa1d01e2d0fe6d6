import * as fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import {
  audit,
  balanceAt,
  balanceOf,
  history,
  lastEntry,
  openAccounts,
  post,
} from "../../service/src/ledger/ledger.ts";
import type { Posting, Transfer } from "../../service/src/ledger/ledger.ts";
import { freshDatabase } from "../helpers/database.ts";

let pool: Pool;
const eventAt = new Date("2026-11-20T02:00:00Z");
const posting = (id: string, ...transfers: [debit: string, credit: string, amountFen: bigint][]): Posting => ({
  id: `post_${id}`,
  kind: "test",
  businessNumber: `B-${id}`,
  eventAt,
  transfers: transfers.map(([debit, credit, amountFen]): Transfer => ({
    debit: `acct_${debit}`,
    credit: `acct_${credit}`,
    amountFen,
  })),
});
const depositor = (name: string) => ({
  id: `acct_${name}`,
  kind: "depositor",
  owner: `dep_${name}`,
  normalSide: "credit" as const,
});

beforeAll(async () => {
  ({ pool } = await freshDatabase({ max: 10 }));
  await openAccounts(pool, [
    { id: "acct_bank", kind: "bank", owner: "centre", normalSide: "debit", mayGoNegative: true },
    ...["a", "b", "c", "d", "clearing", "x0", "x1", "x2", "x3"].map(depositor),
  ]);
});

describe("accounts", () => {
  it("open once: the same again changes nothing, other content is refused", async () => {
    expect(await openAccounts(pool, [depositor("a"), depositor("new")])).toEqual({ opened: 1, existing: 1 });
    await expect(openAccounts(pool, [{ ...depositor("a"), owner: "dep_other" }])).rejects.toMatchObject({
      code: "ACCOUNT_EXISTS_WITH_DIFFERENT_CONTENT",
    });
  });

  it("have a balance, or do not exist", async () => {
    expect(await balanceOf(pool, "acct_new")).toBe(0n);
    await expect(balanceOf(pool, "acct_nobody")).rejects.toMatchObject({ code: "NOT_FOUND" });
  });
});

describe("posting", () => {
  it("moves money through a clearing account in one posting, which receives before it gives", async () => {
    const remittance = posting("rem", ["clearing", "a", 100n], ["clearing", "b", 200n], ["bank", "clearing", 300n]);
    expect(await post(pool, [remittance])).toEqual({ posted: ["post_rem"], existing: [] });
    expect(await balanceOf(pool, "acct_a")).toBe(100n);
    expect(await balanceOf(pool, "acct_b")).toBe(200n);
    expect(await balanceOf(pool, "acct_clearing")).toBe(0n);
    expect(await balanceOf(pool, "acct_bank")).toBe(300n);
    expect(await audit(pool)).toEqual([]);
  });

  it("writes one entry for each account and side, with running balances", async () => {
    const entries = await history(pool, "acct_clearing", { limit: 10 });
    expect(entries.map((entry) => [entry.changeFen, entry.balanceAfterFen])).toEqual([
      [-300n, 0n],
      [300n, 300n],
    ]);
    expect(entries[0]).toMatchObject({ postingId: "post_rem", kind: "test", businessNumber: "B-rem", eventAt });
  });

  it("asked for again changes nothing and says so", async () => {
    const again = posting("rem", ["clearing", "a", 100n], ["clearing", "b", 200n], ["bank", "clearing", 300n]);
    const before = await lastEntry(pool);
    expect(await post(pool, [again])).toEqual({ posted: [], existing: ["post_rem"] });
    expect(await lastEntry(pool)).toBe(before);
  });

  it.each([
    ["amount", { transfers: [{ debit: "acct_bank", credit: "acct_a", amountFen: 1n }] }],
    ["kind", { kind: "other" }],
    ["business number", { businessNumber: "B-2" }],
    ["time", { eventAt: new Date("2026-11-20T02:00:01Z") }],
  ])("with the same id and another %s is refused", async (_, change) => {
    const original = posting("diff", ["bank", "a", 5n]);
    await post(pool, [original]);
    await expect(post(pool, [{ ...original, ...change }])).rejects.toMatchObject({
      code: "POSTING_EXISTS_WITH_DIFFERENT_CONTENT",
      params: { posting: "post_diff" },
    });
  });

  it("posts everything or nothing", async () => {
    const before = await balanceOf(pool, "acct_a");
    await expect(
      post(pool, [posting("good", ["bank", "a", 1n]), posting("bad", ["c", "a", 1n])]),
    ).rejects.toMatchObject({ code: "BALANCE_TOO_LOW", params: { posting: "post_bad" } });
    expect(await balanceOf(pool, "acct_a")).toBe(before);
    expect(await post(pool, [posting("good", ["bank", "a", 1n])])).toEqual({ posted: ["post_good"], existing: [] });
  });

  it("refuses a balance that is negative only between two postings of one call", async () => {
    await expect(
      post(pool, [posting("early", ["c", "a", 1n]), posting("late", ["bank", "c", 1n])]),
    ).rejects.toMatchObject({ code: "BALANCE_TOO_LOW", params: { posting: "post_early" } });
  });

  it("refuses unknown accounts", async () => {
    await expect(post(pool, [posting("who", ["bank", "nobody", 1n])])).rejects.toMatchObject({
      code: "LEDGER_ACCOUNT_UNKNOWN",
      params: { posting: "post_who" },
    });
  });

  it.each<[string, Posting[]]>([
    ["no transfers", [posting("p1")]],
    ["zero", [posting("p1", ["bank", "a", 0n])]],
    ["a negative amount", [posting("p1", ["bank", "a", -1n])]],
    ["one account on both sides", [posting("p1", ["a", "a", 1n])]],
    ["an id without prefix", [{ ...posting("p1", ["bank", "a", 1n]), id: "p1" }]],
    ["the same id twice", [posting("p1", ["bank", "a", 1n]), posting("p1", ["bank", "a", 1n])]],
  ])("a call with %s is a bug of the caller", async (_, postings) => {
    await expect(post(pool, postings)).rejects.toMatchObject({ code: "CZL01" });
  });

  it("eight connections on the same accounts lose nothing and agree on who posted", async () => {
    const before = await balanceOf(pool, "acct_d");
    const names = ["a", "b", "c", "d"];
    const runs = Array.from({ length: 8 }, (_, run) =>
      Array.from({ length: 12 }, (_, turn) => {
        // Every connection names the accounts in another order, and every third posting is everybody's.
        const id = turn % 3 === 0 ? `shared-${turn}` : `own-${run}-${turn}`;
        const order = turn % 3 === 0 ? names : [...names.slice(run % 4), ...names.slice(0, run % 4)];
        return posting(id, ...order.map((name): [string, string, bigint] => ["bank", name, 7n]));
      }),
    );
    const results = await Promise.all(
      runs.map(async (run) => {
        let posted = 0;
        for (const one of run) posted += (await transaction(pool, (tx) => post(tx, [one]))).posted.length;
        return posted;
      }),
    );
    const distinct = new Set(runs.flat().map((one) => one.id)).size;
    expect(results.reduce((sum, posted) => sum + posted, 0)).toBe(distinct);
    expect(await balanceOf(pool, "acct_d")).toBe(before + 7n * BigInt(distinct));
    expect(await audit(pool)).toEqual([]);
  });

  it("keeps every rule over random postings, and history as of any entry stays what it was", async () => {
    const account = fc.constantFrom("bank", "x0", "x1", "x2", "x3");
    const transfer = fc
      .tuple(account, account, fc.bigInt({ min: 1n, max: 1_000_000n }))
      .filter(([debit, credit]) => debit !== credit);
    const calls = fc.array(
      fc.array(fc.array(transfer, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 3 }),
      {
        minLength: 1,
        maxLength: 6,
      },
    );
    let count = 0;
    await fc.assert(
      fc.asyncProperty(calls, async (attempt) => {
        for (const call of attempt) {
          const at = await lastEntry(pool);
          const before = await balanceOf(pool, "acct_x0");
          const expected = new Map<string, bigint>();
          const postings = call.map((transfers) => posting(`fc-${count++}`, ...transfers));
          for (const name of ["x0", "x1"]) expected.set(name, await balanceOf(pool, `acct_${name}`));
          const refusal: unknown = await post(pool, postings).then(
            () => undefined,
            (error: { code: string }) => error.code,
          );
          expect([undefined, "BALANCE_TOO_LOW"]).toContain(refusal);
          for (const [debit, credit, fen] of refusal ? [] : call.flat()) {
            if (expected.has(debit)) expected.set(debit, expected.get(debit)! - fen);
            if (expected.has(credit)) expected.set(credit, expected.get(credit)! + fen);
          }
          for (const [name, fen] of expected) expect(await balanceOf(pool, `acct_${name}`)).toBe(fen);
          expect(await balanceAt(pool, "acct_x0", at)).toBe(before);
          expect(await audit(pool)).toEqual([]);
        }
      }),
      { numRuns: 12 },
    );
  });
});
