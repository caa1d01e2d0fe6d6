// A centre that issues certificates for loans elsewhere and of units, with a register of loans.
import { randomBytes } from "node:crypto";
import { keepTemplates } from "../../service/src/certificates/certificate.ts";
import type { Certificates, Wish } from "../../service/src/certificates/certificate.ts";
import { loanElsewhereKind } from "../../service/src/certificates/kinds/loan-elsewhere.ts";
import { unitDepositKind } from "../../service/src/certificates/kinds/unit-deposit.ts";
import type { Pool } from "../../service/src/db.ts";
import { setParameters } from "../../service/src/parameters/parameter.ts";
import type { Parameter } from "../../service/src/parameters/parameter.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { compileTemplate } from "../../service/src/pdf/template.ts";
import { idNumber } from "../blacklist/world.ts";
import { PROFILE } from "../pdf/sample.ts";
import { makeCentre } from "./world.ts";
import type { CentreWorld } from "./world.ts";

/** `makeCentre` that also issues these two kinds. */
export async function makeLendingWorld(persons: number): Promise<CentreWorld> {
  const world = await makeCentre(persons);
  const kinds = new Map(world.certificates.kinds);
  for (const kind of [loanElsewhereKind, unitDepositKind])
    kinds.set(kind.code, { kind, template: await compileTemplate(kind.template, await loadFonts(), PROFILE) });
  const certificates: Certificates = { ...world.certificates, kinds };
  await keepTemplates(certificates);
  for (const [code, name] of Object.entries(memberNames)) await admit(certificates.pool, code, name);
  return { ...world, certificates };
}

export const memberNames = {
  C46010: "海南省住房公积金管理局",
  C14010: "太原市住房公积金管理中心",
  C63010: "西宁市住房公积金管理中心",
} as const;

let block = 1_000;
/** The registry admitted a member, as the mirror writes it down. */
export async function admit(pool: Pool, code: string, name: string): Promise<void> {
  block++;
  await pool.query("insert into chain_block (number, hash, time) values ($1, $2, '2026-01-01T00:00:00Z')", [
    block,
    randomBytes(32),
  ]);
  await pool.query(
    `insert into chain_event (block_number, log_index, transaction_hash, address, contract, name, centre, args)
     values ($1, 0, $2, $3, 'CentreRegistry', 'CentreAdmitted', $4, $5)`,
    [block, randomBytes(32), Buffer.alloc(20, 1), code, { name, accounts: {} }],
  );
}

/** A register of loans was imported, if only an empty one. */
export async function importLoanRegister(pool: Pool): Promise<void> {
  await pool.query(
    `insert into import (id, centre_code, kind, file_sha256, encoding, row_count, added_count, changed_count, imported_at)
     values ('imp_loans000001', 'C46010', 'loans', $1, 'utf-8', 0, 0, 0, '2026-11-01T00:00:00Z')`,
    [randomBytes(32)],
  );
}

let loans = 0;
/** A loan of person `n`: settled on that day, or owed with its balance; another state where it matters. */
export async function lend(pool: Pool, n: number, loan: { settledOn?: string; state?: string } = {}): Promise<void> {
  const state = loan.state ?? (loan.settledOn ? "3" : "2");
  loans++;
  await pool.query(
    `insert into loan (id, account_number, contract_number, borrower_name, borrower_document_number, amount_fen,
       disbursed_on, balance_fen, term_months, rate_e7, settled_on, state)
     values ($1, $2, $2, $3, $4, 30000000, '2016-05-01', $5, 240, 325000, $6, $7)`,
    [
      `loan_${loans}`,
      `DK${loans}`,
      `测试${n}`,
      idNumber(n),
      loan.settledOn ? 0 : 12_345_678,
      loan.settledOn ?? null,
      state,
    ],
  );
}

export const details = { addressee: "太原市住房公积金管理中心", addresseeCode: "C14010", city: "太原市" };

export const loanWish = (n: number, changes: Partial<Wish> = {}): Wish => ({
  kind: "loan-elsewhere",
  subjectId: `dep_${n}`,
  details,
  purpose: loanElsewhereKind.purpose,
  requestedBy: `pers_${n}`,
  requestKey: randomBytes(16).toString("hex"),
  ...changes,
});

export async function setParameter(pool: Pool, row: Pick<Parameter, "code" | "value"> & { validFrom?: string }) {
  await setParameters(pool, [{ validFrom: "2020-01-01", source: "a rule of the tests", ...row } as Parameter]);
}
