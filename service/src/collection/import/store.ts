// The import's SQL: look-ups by the keys of a file, and bulk writes, each in one statement for up to 20,000 rows.
import type { Queryable, Transaction } from "../../db.ts";
import { depositorClosed } from "../codes.ts";
import { firstDay } from "../month.ts";
import { clearingAccount, depositorAccount } from "../accounts.ts";
import type { Loan, Person, Unit } from "../register.ts";
import type { Repayment } from "../loans.ts";
import type { FileKind } from "./columns.ts";
import type { DepositorState, KnownRemittance, UnitState } from "./register.ts";

export type NewUnit = Unit;
export type NewPerson = Person;
export type NewLoan = Loan;
export type NewRepayment = Repayment & { loanId: string };
export interface NewDepositor {
  id: string;
  accountNumber: string;
  unitId: string;
  baseFen: bigint;
  unitMonthFen: bigint;
  personMonthFen: bigint;
  openedOn: string;
  state: string;
  frozen: boolean;
  paidToMonth: string | null;
  firstMonth: string | null;
  openingFen: bigint;
}

/** Merged, moved out and withdrawn accounts do not count for "one person, one account". */
export const isOpen = (state: string) => !depositorClosed.includes(state);

/** The centre whose data this database holds, once something was imported. */
export async function centreOfDatabase(db: Queryable): Promise<string | undefined> {
  const { rows } = await db.query<{ code: string }>("select centre_code as code from import limit 1");
  return rows[0]?.code;
}

/**
 * One import at a time: released when the transaction ends. A large import thinks for longer between two statements, and
 * runs longer ones, than a request may; so the limits of the pool are lifted for this transaction.
 */
export async function takeTurn(tx: Transaction): Promise<void> {
  await liftLimits(tx);
  // Neither of these takes the transaction's snapshot: it is taken once the turn has come, and shows what the import
  // before this one wrote. Readers of the table are not held up.
  await tx.query("lock table import in share row exclusive mode");
}

async function liftLimits(tx: Transaction): Promise<void> {
  await tx.query("set local idle_in_transaction_session_timeout = 0");
  await tx.query("set local statement_timeout = 0");
  // Ten thousand rows with all their columns are held between the steps of a statement: in memory, not in files.
  await tx.query("set local work_mem = '64MB'");
}

/** The name of this transaction's snapshot, for `useSnapshot`, as long as the transaction runs. */
export async function exportSnapshot(tx: Transaction): Promise<string> {
  const { rows } = await tx.query<{ snapshot: string }>("select pg_export_snapshot() as snapshot");
  return rows[0]!.snapshot;
}

/** Lets a transaction that has asked nothing yet see exactly what the other one saw when it began. */
export async function useSnapshot(tx: Transaction, snapshot: string): Promise<void> {
  await tx.query(`set transaction snapshot '${snapshot.replaceAll("'", "''")}'`);
  await liftLimits(tx);
}

/** Kind and digest of those files that were imported, with the number of their rows. */
export async function importedDigests(
  db: Queryable,
  centreCode: string,
  digests: readonly Buffer[],
): Promise<Map<string, number>> {
  const { rows } = await db.query<{ kind: FileKind; sha256: string; count: number }>(
    `select kind, encode(file_sha256, 'hex') as sha256, row_count as count from import
     where centre_code = $1 and file_sha256 = any ($2::bytea[])`,
    [centreCode, digests],
  );
  return new Map(rows.map((row) => [`${row.kind} ${row.sha256}`, row.count]));
}

export async function units(db: Queryable, numbers: readonly string[]): Promise<UnitState[]> {
  const { rows } = await db.query<UnitState>(
    `select id, account_number as "accountNumber", name, credit_code as "creditCode", opened_on as "openedOn", state,
       unit_ratio_bp as "unitRatioBp", person_ratio_bp as "personRatioBp",
       to_char(paid_to_month, 'YYYY-MM') as "paidToMonth"
     from unit where account_number = any ($1)`,
    [numbers],
  );
  return rows;
}

export async function persons(db: Queryable, documents: readonly [string, string][]): Promise<NewPerson[]> {
  const { rows } = await db.query<NewPerson>(
    `select p.id, p.name, p.document_type as "documentType", p.document_number as "documentNumber", p.phone
     from unnest($1::char(2)[], $2::text[]) as d(type, number)
     join person p on p.document_type = d.type and p.document_number = d.number`,
    [documents.map(([type]) => type), documents.map(([, number]) => number)],
  );
  return rows;
}

export async function depositors(
  db: Queryable,
  numbers: readonly string[],
  personIds: readonly string[],
): Promise<DepositorState[]> {
  const { rows } = await db.query<NewDepositor & Record<`p_${"id" | "name" | "type" | "number" | "phone"}`, string>>(
    `select d.id, d.account_number as "accountNumber", d.unit_id as "unitId", d.base_fen as "baseFen",
       d.unit_month_fen as "unitMonthFen", d.person_month_fen as "personMonthFen", d.opened_on as "openedOn",
       d.state, d.frozen, to_char(d.paid_to_month, 'YYYY-MM') as "paidToMonth",
       to_char(d.first_month, 'YYYY-MM') as "firstMonth", d.opening_fen as "openingFen",
       p.id as p_id, p.name as p_name, p.document_type as p_type, p.document_number as p_number, p.phone as p_phone
     from depositor d join person p on p.id = d.person_id
     where d.account_number = any ($1) or d.person_id = any ($2)`,
    [numbers, personIds],
  );
  return rows.map(({ p_id, p_name, p_type, p_number, p_phone, ...depositor }) => ({
    ...depositor,
    person: { id: p_id, name: p_name, documentType: p_type, documentNumber: p_number, phone: p_phone },
  }));
}

export async function remittances(db: Queryable, ids: readonly string[]): Promise<Map<string, KnownRemittance>> {
  const known = new Map<string, KnownRemittance>();
  const headers = await db.query<{ id: string; businessNumber: string }>(
    `select id, business_number as "businessNumber" from remittance where id = any ($1)`,
    [ids],
  );
  for (const { id, businessNumber } of headers.rows) known.set(id, { businessNumber, lines: new Map() });
  const lines = await db.query<{
    id: string;
    depositorId: string;
    baseFen: bigint;
    unitFen: bigint;
    personFen: bigint;
  }>(
    `select remittance_id as id, depositor_id as "depositorId", base_fen as "baseFen", unit_fen as "unitFen",
       person_fen as "personFen"
     from remittance_line where remittance_id = any ($1)`,
    [[...known.keys()]],
  );
  for (const { id, depositorId, ...line } of lines.rows) known.get(id)!.lines.set(depositorId, line);
  return known;
}

export async function businessNumbers(db: Queryable, numbers: readonly string[]): Promise<Map<string, string>> {
  const { rows } = await db.query<{ number: string; id: string }>(
    `select business_number as number, id from remittance where business_number = any ($1)`,
    [numbers],
  );
  return new Map(rows.map((row) => [row.number, row.id]));
}

export async function loans(db: Queryable, numbers: readonly string[]): Promise<NewLoan[]> {
  const { rows } = await db.query<NewLoan>(
    `select id, account_number as "accountNumber", contract_number as "contractNumber",
       borrower_name as "borrowerName", borrower_document_type as "borrowerDocumentType",
       borrower_document_number as "borrowerDocumentNumber", amount_fen as "amountFen", disbursed_on as "disbursedOn",
       balance_fen as "balanceFen", term_months as "termMonths", rate_e7 as "rateE7", settled_on as "settledOn",
       overdue_terms as "overdueTerms", repayment_method as "repaymentMethod", repayment_day as "repaymentDay", state
     from loan where account_number = any ($1)`,
    [numbers],
  );
  return rows;
}

/** Repayments of these loans, each loan's in their order. */
export async function repayments(db: Queryable, loanIds: readonly string[]): Promise<NewRepayment[]> {
  const { rows } = await db.query<NewRepayment>(
    `select loan_id as "loanId", seq, business_number as "businessNumber", kind, term, paid_on as "paidOn",
       amount_fen as "amountFen", principal_fen as "principalFen", interest_fen as "interestFen",
       penalty_fen as "penaltyFen", balance_fen as "balanceFen"
     from loan_repayment where loan_id = any ($1) order by loan_id, seq`,
    [loanIds],
  );
  return rows;
}

export async function insertUnits(tx: Transaction, rows: readonly UnitState[]): Promise<void> {
  await tx.query(
    `insert into unit (id, account_number, name, credit_code, opened_on, state, unit_ratio_bp, person_ratio_bp,
       paid_to_month, clearing_account_id)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::date[], $6::text[], $7::int[], $8::int[],
       $9::date[], $10::text[])`,
    [
      rows.map((unit) => unit.id),
      rows.map((unit) => unit.accountNumber),
      rows.map((unit) => unit.name),
      rows.map((unit) => unit.creditCode),
      rows.map((unit) => unit.openedOn),
      rows.map((unit) => unit.state),
      rows.map((unit) => unit.unitRatioBp),
      rows.map((unit) => unit.personRatioBp),
      rows.map((unit) => unit.paidToMonth && firstDay(unit.paidToMonth)),
      rows.map((unit) => clearingAccount(unit.id)),
    ],
  );
}

export async function insertPersons(tx: Transaction, rows: readonly NewPerson[]): Promise<void> {
  await tx.query(
    `insert into person (id, name, document_type, document_number, phone)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])`,
    [
      rows.map((person) => person.id),
      rows.map((person) => person.name),
      rows.map((person) => person.documentType),
      rows.map((person) => person.documentNumber),
      rows.map((person) => person.phone),
    ],
  );
}

export async function insertDepositors(tx: Transaction, rows: readonly DepositorState[]): Promise<void> {
  await tx.query(
    `insert into depositor (id, account_number, person_id, unit_id, base_fen, unit_month_fen, person_month_fen,
       opened_on, state, frozen, paid_to_month, first_month, opening_fen, ledger_account_id)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[],
       $8::date[], $9::text[], $10::boolean[], $11::date[], $12::date[], $13::bigint[], $14::text[])`,
    [
      rows.map((depositor) => depositor.id),
      rows.map((depositor) => depositor.accountNumber),
      rows.map((depositor) => depositor.person.id),
      rows.map((depositor) => depositor.unitId),
      rows.map((depositor) => depositor.baseFen),
      rows.map((depositor) => depositor.unitMonthFen),
      rows.map((depositor) => depositor.personMonthFen),
      rows.map((depositor) => depositor.openedOn),
      rows.map((depositor) => depositor.state),
      rows.map((depositor) => depositor.frozen),
      rows.map((depositor) => depositor.paidToMonth && firstDay(depositor.paidToMonth)),
      rows.map((depositor) => depositor.firstMonth && firstDay(depositor.firstMonth)),
      rows.map((depositor) => depositor.openingFen),
      rows.map((depositor) => depositorAccount(depositor.id)),
    ],
  );
}

/** Writes loans; one that exists moves forward to the newer balance, settlement, overdue count and terms of repayment. */
export async function writeLoans(tx: Transaction, rows: readonly NewLoan[]): Promise<void> {
  await tx.query(
    `insert into loan (id, account_number, contract_number, borrower_name, borrower_document_type,
       borrower_document_number, amount_fen, disbursed_on, balance_fen, term_months, rate_e7, settled_on, overdue_terms,
       repayment_method, repayment_day, state)
     select * from unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bigint[],
       $8::date[], $9::bigint[], $10::int[], $11::int[], $12::date[], $13::int[], $14::text[], $15::int[], $16::text[])
     on conflict (account_number) do update set balance_fen = excluded.balance_fen, settled_on = excluded.settled_on,
       rate_e7 = excluded.rate_e7, overdue_terms = excluded.overdue_terms, repayment_method = excluded.repayment_method,
       repayment_day = excluded.repayment_day, state = excluded.state, changed_at = now()`,
    [
      rows.map((loan) => loan.id),
      rows.map((loan) => loan.accountNumber),
      rows.map((loan) => loan.contractNumber),
      rows.map((loan) => loan.borrowerName),
      rows.map((loan) => loan.borrowerDocumentType),
      rows.map((loan) => loan.borrowerDocumentNumber),
      rows.map((loan) => loan.amountFen),
      rows.map((loan) => loan.disbursedOn),
      rows.map((loan) => loan.balanceFen),
      rows.map((loan) => loan.termMonths),
      rows.map((loan) => loan.rateE7),
      rows.map((loan) => loan.settledOn),
      rows.map((loan) => loan.overdueTerms),
      rows.map((loan) => loan.repaymentMethod),
      rows.map((loan) => loan.repaymentDay),
      rows.map((loan) => loan.state),
    ],
  );
}

export async function insertRepayments(tx: Transaction, rows: readonly NewRepayment[]): Promise<void> {
  await tx.query(
    `insert into loan_repayment (loan_id, seq, business_number, kind, term, paid_on, amount_fen, principal_fen,
       interest_fen, penalty_fen, balance_fen)
     select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::int[], $6::date[], $7::bigint[],
       $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[])`,
    [
      rows.map((repayment) => repayment.loanId),
      rows.map((repayment) => repayment.seq),
      rows.map((repayment) => repayment.businessNumber),
      rows.map((repayment) => repayment.kind),
      rows.map((repayment) => repayment.term),
      rows.map((repayment) => repayment.paidOn),
      rows.map((repayment) => repayment.amountFen),
      rows.map((repayment) => repayment.principalFen),
      rows.map((repayment) => repayment.interestFen),
      rows.map((repayment) => repayment.penaltyFen),
      rows.map((repayment) => repayment.balanceFen),
    ],
  );
}

export interface ImportRecord {
  id: string;
  centreCode: string;
  kind: FileKind;
  sha256: Buffer;
  encoding: string;
  rowCount: number;
  addedCount: number;
  changedCount: number;
  importedAt: Date;
}

export async function insertImport(tx: Transaction, record: ImportRecord): Promise<void> {
  await tx.query(
    `insert into import
       (id, centre_code, kind, file_sha256, encoding, row_count, added_count, changed_count, imported_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9)`,
    [
      record.id,
      record.centreCode,
      record.kind,
      record.sha256,
      record.encoding,
      record.rowCount,
      record.addedCount,
      record.changedCount,
      record.importedAt,
    ],
  );
}
