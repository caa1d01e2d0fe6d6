// Finding persons, units, depositors and loans in the register.
import type { Queryable } from "../db.ts";
import * as store from "./register-store.ts";

export interface Person {
  id: string;
  name: string;
  /** table A.1 */
  documentType: string;
  documentNumber: string;
  phone: string | null;
}

export interface Unit {
  id: string;
  /** DWZH */
  accountNumber: string;
  name: string;
  creditCode: string | null;
  openedOn: string;
  /** table A.4 */
  state: string;
  unitRatioBp: number;
  personRatioBp: number;
  /** YYYY-MM */
  paidToMonth: string | null;
}

export interface Depositor {
  id: string;
  /** GRZH */
  accountNumber: string;
  personId: string;
  unitId: string;
  baseFen: bigint;
  unitMonthFen: bigint;
  personMonthFen: bigint;
  openedOn: string;
  /** table A.6 */
  state: string;
  frozen: boolean;
  paidToMonth: string | null;
  firstMonth: string | null;
  ledgerAccountId: string;
}

export interface Loan {
  id: string;
  /** DKZH */
  accountNumber: string;
  contractNumber: string;
  borrowerName: string;
  borrowerDocumentType: string;
  borrowerDocumentNumber: string;
  amountFen: bigint;
  disbursedOn: string;
  balanceFen: bigint;
  termMonths: number;
  /** yearly rate times ten million: 310000 is 3.1 % */
  rateE7: number;
  settledOn: string | null;
  overdueTerms: number;
  /** table A.11; null when the register came without it */
  repaymentMethod: string | null;
  /** day of the month on which a term falls due; null when the register came without it */
  repaymentDay: number | null;
  /** local table: 2 normal, 3 settled, 4 bad, 5 overdue */
  state: string;
}

/** The person with this document, if the centre knows them. The number is compared in capitals. */
export function findPerson(
  db: Queryable,
  document: { documentType: string; documentNumber: string },
): Promise<Person | undefined> {
  return store.personByDocument(db, document.documentType, document.documentNumber.toUpperCase());
}

/** The person behind an id. */
export function personOf(db: Queryable, personId: string): Promise<Person | undefined> {
  return store.personById(db, personId);
}

/** Everyone who left this phone number: a number may be shared, so signing in by SMS still has to ask who. */
export function personsWithPhone(db: Queryable, phone: string): Promise<Person[]> {
  return store.personsByPhone(db, phone);
}

/** A person's accounts, the open one (one person, one account) first, then closed ones by day of opening, newest first. */
export function depositorsOf(db: Queryable, personId: string): Promise<Depositor[]> {
  return store.depositorsByPerson(db, personId);
}

/** The depositor with this GRZH. */
export function findDepositor(db: Queryable, accountNumber: string): Promise<Depositor | undefined> {
  return store.depositorByNumber(db, accountNumber);
}

/** The unit with this DWZH. */
export function findUnit(db: Queryable, accountNumber: string): Promise<Unit | undefined> {
  return store.unitByNumber(db, accountNumber);
}

/** The unit behind an id. */
export function unitOf(db: Queryable, unitId: string): Promise<Unit | undefined> {
  return store.unitById(db, unitId);
}

/** A unit's depositors by account number, a page at a time: `after` is the last account number of the page before. */
export function depositorsOfUnit(
  db: Queryable,
  unitId: string,
  page: { after?: string; limit: number },
): Promise<(Depositor & { personName: string })[]> {
  return store.depositorsByUnit(db, unitId, page);
}

/**
 * Loans of a borrower in the imported register, newest first.
 * @returns null when no register was ever imported: then nothing is known, which is not the same as no loan
 */
export async function loansOf(
  db: Queryable,
  document: { documentType: string; documentNumber: string },
): Promise<Loan[] | null> {
  if (!(await store.loansKnown(db))) return null;
  return store.loansByBorrower(db, document.documentType, document.documentNumber.toUpperCase());
}
