import type { Queryable } from "../db.ts";
import type { Depositor, Loan, Person, Unit } from "./register.ts";

const personColumns = `id, name, document_type as "documentType", document_number as "documentNumber", phone`;
const unitColumns = `id, account_number as "accountNumber", name, credit_code as "creditCode", opened_on as "openedOn",
  state, unit_ratio_bp as "unitRatioBp", person_ratio_bp as "personRatioBp",
  to_char(paid_to_month, 'YYYY-MM') as "paidToMonth"`;
const depositorColumns = `d.id, d.account_number as "accountNumber", d.person_id as "personId", d.unit_id as "unitId",
  d.base_fen as "baseFen", d.unit_month_fen as "unitMonthFen", d.person_month_fen as "personMonthFen",
  d.opened_on as "openedOn", d.state, d.frozen, to_char(d.paid_to_month, 'YYYY-MM') as "paidToMonth",
  to_char(d.first_month, 'YYYY-MM') as "firstMonth", d.ledger_account_id as "ledgerAccountId"`;
export const loanColumns = `id, account_number as "accountNumber", contract_number as "contractNumber",
  borrower_name as "borrowerName", borrower_document_type as "borrowerDocumentType",
  borrower_document_number as "borrowerDocumentNumber", amount_fen as "amountFen", disbursed_on as "disbursedOn",
  balance_fen as "balanceFen", term_months as "termMonths", rate_e7 as "rateE7", settled_on as "settledOn",
  overdue_terms as "overdueTerms", repayment_method as "repaymentMethod", repayment_day as "repaymentDay", state`;

export async function personByDocument(db: Queryable, type: string, number: string): Promise<Person | undefined> {
  const { rows } = await db.query<Person>(
    `select ${personColumns} from person where document_type = $1 and document_number = $2`,
    [type, number],
  );
  return rows[0];
}

export async function personById(db: Queryable, id: string): Promise<Person | undefined> {
  const { rows } = await db.query<Person>(`select ${personColumns} from person where id = $1`, [id]);
  return rows[0];
}

export async function personsByPhone(db: Queryable, phone: string): Promise<Person[]> {
  const { rows } = await db.query<Person>(`select ${personColumns} from person where phone = $1 order by id`, [phone]);
  return rows;
}

export async function depositorsByPerson(db: Queryable, personId: string): Promise<Depositor[]> {
  const { rows } = await db.query<Depositor>(
    `select ${depositorColumns} from depositor d where d.person_id = $1
     order by d.state in ('03', '04', '05'), d.opened_on desc, d.id`,
    [personId],
  );
  return rows;
}

export async function depositorByNumber(db: Queryable, accountNumber: string): Promise<Depositor | undefined> {
  const { rows } = await db.query<Depositor>(
    `select ${depositorColumns} from depositor d where d.account_number = $1`,
    [accountNumber],
  );
  return rows[0];
}

export async function depositorsByUnit(db: Queryable, unitId: string, page: { after?: string; limit: number }) {
  const { rows } = await db.query<Depositor & { personName: string }>(
    `select ${depositorColumns}, p.name as "personName"
     from depositor d join person p on p.id = d.person_id
     where d.unit_id = $1 and d.account_number > $2
     order by d.account_number limit $3`,
    [unitId, page.after ?? "", page.limit],
  );
  return rows;
}

export async function unitByNumber(db: Queryable, accountNumber: string): Promise<Unit | undefined> {
  const { rows } = await db.query<Unit>(`select ${unitColumns} from unit where account_number = $1`, [accountNumber]);
  return rows[0];
}

export async function unitById(db: Queryable, id: string): Promise<Unit | undefined> {
  const { rows } = await db.query<Unit>(`select ${unitColumns} from unit where id = $1`, [id]);
  return rows[0];
}

export async function loansKnown(db: Queryable): Promise<boolean> {
  const { rows } = await db.query<{ known: boolean }>(
    "select exists (select from import where kind = 'loans') as known",
  );
  return rows[0]!.known;
}

export async function loansByBorrower(db: Queryable, type: string, number: string): Promise<Loan[]> {
  const { rows } = await db.query<Loan>(
    `select ${loanColumns} from loan where borrower_document_type = $1 and borrower_document_number = $2
     order by disbursed_on desc, id`,
    [type, number],
  );
  return rows;
}
