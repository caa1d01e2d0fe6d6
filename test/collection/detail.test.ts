import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { bankAccount, depositorAccount, unitAccounts } from "../../service/src/collection/accounts.ts";
import { accountDetails, onRecord, stretchOf } from "../../service/src/collection/detail.ts";
import type { AccountEntry } from "../../service/src/collection/detail.ts";
import { addMonths } from "../../service/src/collection/month.ts";
import { remit } from "../../service/src/collection/remittance.ts";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { balanceAt, history, openAccounts, post } from "../../service/src/ledger/ledger.ts";
import { freshDatabase } from "../helpers/database.ts";
import { openDepositors } from "../withdrawals/world.ts";

/** Entries of one account: each with its kind, day and change. */
function entriesOf(...rows: [kind: string, day: string, change: number][]): AccountEntry[] {
  let balance = 0n;
  return rows.map(([kind, day, change], i) => {
    balance += BigInt(change);
    return { number: BigInt(i + 1), day, kind, changeFen: BigInt(change), balanceFen: balance, remittance: null };
  });
}
const chosen = (entries: readonly AccountEntry[], from: string, to: string) => {
  const stretch = stretchOf(entries, from, to);
  return [Number(stretch.openingFen), ...stretch.entries.map(({ number }) => Number(number))];
};

describe("a stretch of an account's history", () => {
  const entries = entriesOf(
    ["opening", "2026-11-20", 500],
    ["remittance", "2026-01-20", 100],
    ["remittance", "2026-02-20", 100],
    ["withdrawal", "2026-05-03", -300],
    // Entered late: older than its neighbours.
    ["remittance", "2026-03-20", 100],
    ["remittance", "2026-05-20", 100],
  );

  it("holds every entry of its months and what was posted between them, and brings forward what was before", () => {
    expect(chosen(entries, "2026-01", "2026-11")).toEqual([500, 2, 3, 4, 5, 6]);
    expect(chosen(entries, "2026-02", "2026-02")).toEqual([600, 3]);
    expect(chosen(entries, "2026-03", "2026-03")).toEqual([400, 5]);
    expect(chosen(entries, "2026-05", "2026-05")).toEqual([700, 4, 5, 6]);
  });

  it("without entries has the balance of its months", () => {
    expect(chosen(entries, "2026-06", "2026-11")).toEqual([600]);
    expect(chosen(entriesOf(["opening", "2026-11-20", 500]), "2026-01", "2026-12")).toEqual([500]);
    expect(chosen([], "2026-01", "2026-12")).toEqual([0]);
  });

  it("has no gap, whatever the days: brought forward and changes make each balance", () => {
    const days = fc.tuple(
      fc.constantFrom("opening", "remittance", "withdrawal"),
      fc.integer({ min: 0, max: 30 }).map((n) => `${addMonths("2024-01", n)}-20`),
      fc.integer({ min: 1, max: 1000 }),
    );
    fc.assert(
      fc.property(fc.array(days, { maxLength: 30 }), fc.nat(30), fc.nat(30), (rows, a, b) => {
        const [from, to] = [addMonths("2024-01", Math.min(a, b)), addMonths("2024-01", Math.max(a, b))];
        const all = entriesOf(...(rows as [string, string, number][]));
        const stretch = stretchOf(all, from, to);
        let balance = stretch.openingFen;
        for (const entry of stretch.entries) expect(entry.balanceFen).toBe((balance += entry.changeFen));
        const begin = all.findIndex(({ kind }) => kind !== "opening");
        const own = begin < 0 ? [] : all.slice(begin);
        const wanted = own.filter(({ day }) => day.slice(0, 7) >= from && day.slice(0, 7) <= to);
        expect(stretch.entries).toEqual(expect.arrayContaining(wanted));
      }),
    );
  });
});

describe("what of an account is on record", () => {
  const record = (openedOn: string, registeredOn: string, ...rows: Parameters<typeof entriesOf>) => {
    const { firstMonth, takenOverOn } = onRecord({ openedOn, registeredOn, entries: entriesOf(...rows) });
    return [firstMonth, takenOverOn];
  };

  it("of one that came with a balance begins with the takeover or the first entry that came along", () => {
    const brought: [string, string, number] = ["opening", "2026-11-20", 500];
    expect(record("2021-06-10", "2026-11-20", brought)).toEqual(["2026-11", "2026-11-20"]);
    expect(
      record("2021-06-10", "2026-11-20", brought, ["remittance", "2024-10-20", 1], ["remittance", "2024-09-20", 1]),
    ).toEqual(["2024-09", "2026-11-20"]);
    // Months between the takeover and the first entry after it have the balance that was taken over.
    expect(record("2021-06-10", "2026-06-20", ["opening", "2026-06-20", 500], ["remittance", "2026-09-20", 1])).toEqual(
      ["2026-06", "2026-06-20"],
    );
  });

  it("of one that came without a balance begins with its registration or first entry", () => {
    expect(record("2021-06-10", "2026-11-20")).toEqual(["2026-11", "2026-11-20"]);
    expect(record("2021-06-10", "2026-11-20", ["remittance", "2024-09-20", 1])).toEqual(["2024-09", "2026-11-20"]);
  });

  it("is all of one whose first entry is of the month of opening, and nothing before the opening", () => {
    expect(record("2026-11-02", "2026-11-20")).toEqual(["2026-11", null]);
    expect(record("2026-10-02", "2026-11-20", ["remittance", "2026-10-20", 1])).toEqual(["2026-10", null]);
    expect(record("2026-10-02", "2026-11-20", ["remittance", "2026-08-20", 1])).toEqual(["2026-10", null]);
  });

  it("says of a stretch whether it begins there", () => {
    const all = entriesOf(
      ["opening", "2026-06-20", 500],
      ["remittance", "2026-09-20", 1],
      ["remittance", "2026-10-20", 1],
    );
    const begins = (from: string, to: string) => stretchOf(all, from, to).isFromBeginning;
    expect([begins("2026-06", "2026-07"), begins("2026-06", "2026-11")]).toEqual([true, true]);
    expect([begins("2026-10", "2026-11"), begins("2026-11", "2026-11")]).toEqual([false, false]);
  });
});

describe("the history of an account", () => {
  let pool: Pool;
  const pay = (n: number, month: string, unitFen: bigint, personFen: bigint) =>
    transaction(pool, (tx) =>
      remit(tx, [
        {
          unitId: `unit_${n}`,
          month,
          businessNumber: `HJ-${n}-${month}`,
          eventAt: new Date(`${month}-20T16:30:00Z`),
          lines: [{ depositorId: "dep_1", baseFen: 1_000_000n, unitFen, personFen }],
        },
      ]),
    );
  const withdraw = (amountFen: bigint, at: string) =>
    transaction(pool, (tx) =>
      post(tx, [
        {
          id: `post_wd_${randomBytes(6).toString("hex")}`,
          kind: "withdrawal",
          businessNumber: "TQ1",
          eventAt: new Date(at),
          transfers: [{ debit: depositorAccount("dep_1"), credit: bankAccount, amountFen }],
        },
      ]),
    );

  beforeAll(async () => {
    ({ pool } = await freshDatabase());
    await openDepositors(pool, [1, 2], 123_456n);
    await pool.query(
      `insert into unit (id, account_number, name, opened_on, state, unit_ratio_bp, person_ratio_bp, clearing_account_id)
       values ('unit_2', '46010002', '𠮷䶮㛃有限公司', '2015-01-01', '01', 500, 500, 'acct_unit_2_clearing')`,
    );
    await openAccounts(pool, [...unitAccounts("unit_1"), ...unitAccounts("unit_2")]);
  });

  it("joins the ledger with the remittances behind it, of whichever unit, and its balances are the ledger's", async () => {
    await pay(1, "2026-01", 120_000n, 110_000n);
    await withdraw(33_333n, "2026-02-10T01:00:00Z");
    await pay(2, "2026-02", 50_000n, 50_000n);
    const details = await accountDetails(pool, ["dep_2", "dep_none", "dep_1"]);
    expect(details.map(({ depositorId, entries }) => [depositorId, entries.length])).toEqual([
      ["dep_2", 1],
      ["dep_1", 4],
    ]);
    const [, one] = details;
    expect(one).toMatchObject({ openedOn: "2015-01-01", registeredOn: expect.stringMatching(/^\d{4}-\d\d-\d\d$/) });
    expect(one!.entries.map(({ day, kind, changeFen, remittance }) => [day, kind, changeFen, remittance])).toEqual([
      ["2026-11-01", "opening", 123_456n, null],
      // Half past four in the afternoon in London is the next day in China.
      [
        "2026-01-21",
        "remittance",
        230_000n,
        {
          kind: "01",
          month: "2026-01",
          unitFen: 120_000n,
          personFen: 110_000n,
          unitName: "海口测试单位",
          unitNumber: "46010001",
        },
      ],
      ["2026-02-10", "withdrawal", -33_333n, null],
      [
        "2026-02-21",
        "remittance",
        100_000n,
        {
          kind: "01",
          month: "2026-02",
          unitFen: 50_000n,
          personFen: 50_000n,
          unitName: "𠮷䶮㛃有限公司",
          unitNumber: "46010002",
        },
      ],
    ]);
    const ledger = (await history(pool, one!.ledgerAccountId, { limit: 100 })).toReversed();
    expect(one!.entries.map(({ number, balanceFen }) => [number, balanceFen])).toEqual(
      ledger.map(({ number, balanceAfterFen }) => [number, balanceAfterFen]),
    );
    expect(one!.balanceFen).toBe(await balanceAt(pool, one!.ledgerAccountId, one!.entryNumber));
  });

  it("is one state, though money moves while it is read", async () => {
    const moving = (async () => {
      for (let n = 0; n < 60; n++) await withdraw(1n, "2026-03-01T01:00:00Z");
    })();
    for (let n = 0; n < 60; n++) {
      const [detail] = await accountDetails(pool, ["dep_1"]);
      const sum = detail!.entries.reduce((total, { changeFen }) => total + changeFen, 0n);
      expect([sum, detail!.entries.at(-1)!.number]).toEqual([detail!.balanceFen, detail!.entryNumber]);
    }
    await moving;
  });
});
