// A centre with two units of depositors, its blacklist and its withdrawals.
import { randomBytes } from "node:crypto";
import { transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import {
  accountOfDepositor,
  bankAccount,
  centreAccounts,
  depositorAccount,
} from "../../service/src/collection/accounts.ts";
import { openAccounts, post } from "../../service/src/ledger/ledger.ts";
import { idNumber } from "../blacklist/world.ts";

/** A unit with one depositor for each number, who has so many fen. Register and ledger as the import leaves them. */
export async function openDepositors(pool: Pool, numbers: readonly number[], balanceFen: bigint): Promise<void> {
  await pool.query(
    `insert into unit (id, account_number, name, opened_on, state, unit_ratio_bp, person_ratio_bp, clearing_account_id)
     values ('unit_1', '46010001', '海口测试单位', '2015-01-01', '01', 1200, 1200, 'acct_clearing_1') on conflict do nothing`,
  );
  for (const n of numbers) {
    await pool.query(
      "insert into person (id, name, document_type, document_number, phone) values ($1, $2, '01', $3, $4)",
      [`pers_${n}`, `测试${n}`, idNumber(n), `1990000${String(n).padStart(4, "0")}`],
    );
    await pool.query(
      `insert into depositor (id, account_number, person_id, unit_id, base_fen, unit_month_fen, person_month_fen, opened_on,
         state, paid_to_month, first_month, opening_fen, ledger_account_id)
       values ($1, $2, $3, 'unit_1', 1000000, 120000, 120000, '2015-01-01', '01', '2026-10-01', '2015-01-01', 0, $4)`,
      [`dep_${n}`, `4601${String(n).padStart(8, "0")}`, `pers_${n}`, depositorAccount(`dep_${n}`)],
    );
  }
  await openAccounts(pool, [...centreAccounts, ...numbers.map((n) => accountOfDepositor(`dep_${n}`))]);
  await deposit(pool, numbers, balanceFen);
}

/** Money comes in from the bank. */
export async function deposit(pool: Pool, numbers: readonly number[], amountFen: bigint): Promise<void> {
  await transaction(pool, (tx) =>
    post(
      tx,
      numbers.map((n) => ({
        id: `post_${randomBytes(8).toString("hex")}`,
        kind: "opening",
        businessNumber: `OP${n}`,
        eventAt: new Date("2026-11-01T00:00:00Z"),
        transfers: [{ debit: bankAccount, credit: depositorAccount(`dep_${n}`), amountFen }],
      })),
    ),
  );
}
export const accountNumber = (n: number) => `4601${String(n).padStart(8, "0")}`;
