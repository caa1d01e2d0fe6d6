// The take-over of a centre: 100,000 depositors read from CSV, checked against every rule and posted with their opening
// balances, in one transaction of a durable Postgres.
import { randomBytes } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { createPool, transaction } from "../../service/src/db.ts";
import type { Pool } from "../../service/src/db.ts";
import { idMaker } from "../../service/src/collection/ids.ts";
import { centre } from "./certificates.ts";
import { openDatabases } from "./database.ts";
import { depositorFiles, importAll, prepareImport } from "./depositors.ts";
import type { BenchFile } from "./depositors.ts";
import { milliseconds } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { syntheticCreditCode, syntheticIdNumber } from "../../scripts/demo/persons.ts";

/** Raised when the files below would come out otherwise. */
const filesVersion = 1;

export const importRows: Figure = {
  name: "import.rows",
  what: ["导入：校验并记账十万缴存人", "100,000 depositors checked and posted by the real import"],
  unit: "rows/s",
  better: "higher",
  baseline: ["同样的行逐行 INSERT，不作校验", "the same kind of rows, one INSERT a row, nothing checked"],
  budget: { value: 100_000 / 30, asked: "100,000 rows in less than 30 s", scaledBy: "copy" },
  probes: ["copy", "fdatasync"],
  postgres: true,
  async open({ quick, databaseUrl, folder, progress }) {
    const count = quick ? 10_000 : 100_000;
    const databases = await openDatabases(databaseUrl);
    const template = await databases.template("empty", "v1", prepareImport);
    progress(`files of ${count} depositors`);
    const files = keptFiles(folder, count);
    /** Each sample has an empty database of its own; making and dropping it is not timed. */
    const inFreshDatabase = async <T>(work: (pool: Pool) => Promise<T>): Promise<T> => {
      const database = await databases.clone(template);
      const pool = createPool({ url: database.url, max: 2, name: "bench" });
      try {
        return await work(pool);
      } finally {
        await pool.end();
        await database.drop();
      }
    };
    let seconds = 0;
    return {
      warmUp: () =>
        inFreshDatabase(async (pool) => {
          await importAll(pool, depositorFiles(count / 20));
        }),
      value: () =>
        inFreshDatabase(async (pool) => {
          const elapsed = await milliseconds(() => importAll(pool, files));
          seconds = elapsed / 1000;
          return count / seconds;
        }),
      baseline: () =>
        inFreshDatabase(async (pool) => {
          const rows = quick ? 300 : 2000;
          return (1000 * rows) / (await milliseconds(() => insertEach(pool, rows)));
        }),
      close: () => databases.close(),
      notes: () => [`the last import of ${count} depositors took ${seconds.toFixed(1)} s`],
    };
  },
};

/** The files, generated once and kept. */
function keptFiles(folder: string, count: number): BenchFile[] {
  const kept = path.join(folder, `depositors-v${filesVersion}-${count}`);
  if (!fs.existsSync(kept)) {
    const partial = `${kept}.partial`;
    fs.rmSync(partial, { recursive: true, force: true });
    fs.mkdirSync(partial, { recursive: true });
    for (const { name, content } of depositorFiles(count)) fs.writeFileSync(path.join(partial, name), content);
    fs.renameSync(partial, kept);
  }
  return ["units.csv", "depositors.csv"].map((name) => ({ name, content: fs.readFileSync(path.join(kept, name)) }));
}

/**
 * What a plain take-over does for each row: the person, the ledger account, the account's register, and a posting of the opening
 * balance, each in a statement of its own. All in one transaction, which favours it: a commit a row would cost a write to disk.
 */
async function insertEach(pool: Pool, rows: number): Promise<void> {
  const newId = idMaker(randomBytes);
  const unit = newId("unit_");
  await transaction(pool, async (tx) => {
    await tx.query(
      `insert into unit (id, account_number, name, credit_code, opened_on, state, unit_ratio_bp, person_ratio_bp, clearing_account_id)
       values ($1, $2, $3, $4, '2015-01-01', '01', 1200, 1200, $5)`,
      [unit, "4601000001", "逐行导入演示单位", syntheticCreditCode(1), `acct_clearing_${unit.slice(5)}`],
    );
    const account = "insert into account (id, kind, owner, normal_side, may_go_negative) values ($1, $2, $3, $4, $5)";
    await tx.query(account, ["acct_opening", "opening", "centre", "debit", true]);
    for (let i = 0; i < rows; i++) {
      const person = newId("pers_");
      const depositor = newId("dep_");
      const own = `acct_depositor_${depositor.slice(4)}`;
      await tx.query(
        "insert into person (id, name, document_type, document_number, phone) values ($1, $2, '01', $3, $4)",
        [
          person,
          "林逐行",
          syntheticIdNumber(1, `19${70 + (i % 30)}0101`, Math.floor(i / 30)),
          `19900${String(i).padStart(6, "0")}`,
        ],
      );
      await tx.query(account, [own, "depositor", depositor, "credit", false]);
      await tx.query(
        `insert into depositor (id, account_number, person_id, unit_id, base_fen, unit_month_fen, person_month_fen, opened_on,
           state, opening_fen, ledger_account_id)
         values ($1, $2, $3, $4, 1000000, 120000, 120000, '2015-02-01', '01', 5000000, $5)`,
        [depositor, `${centre.code.slice(1)}${i}`, person, unit, own],
      );
      await tx.query("select ledger_post($1, $2, $3, $4, $5, $6, $7, $8)", [
        [`post_row_${i}`],
        ["opening"],
        [`ROW-${i}`],
        ["2026-11-21T00:00:00Z"],
        [1],
        ["acct_opening"],
        [own],
        [5_000_000],
      ]);
    }
  });
}
