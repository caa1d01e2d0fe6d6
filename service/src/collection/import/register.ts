// The register as the checks see it: what the database knows about the rows of these files, and what earlier rows of the
// same run will add.
import type { Queryable } from "../../db.ts";
import { idCard } from "../codes.ts";
import type { NewLoan, NewPerson, NewRepayment, NewUnit, NewDepositor } from "./store.ts";
import * as store from "./store.ts";
import type { AnyRow } from "./read.ts";
import type { FileKind, Row } from "./columns.ts";
import type { Fault, Reason } from "./problem.ts";
import { remittanceId } from "../remittance.ts";
import type { Remittance } from "../remittance.ts";

/** A row of this run. */
export interface Place {
  file: string;
  line: number;
}

/** Where this run has spoken of a unit or a depositor. */
interface Placed {
  /** the row that will add it; undefined when it is registered already */
  place?: Place;
  /** the last row that named it although it is registered: a second one in the same file is a mistake, whatever it says */
  named?: Place;
}

/** A person, with the row that brings the name when that comes from this run. */
export interface PersonState extends NewPerson {
  place?: Place;
}

export interface UnitState extends NewUnit, Placed {
  /** the row was faulty: rows that lead to it are not blamed for that */
  faulty?: boolean;
  /** its ratios are missing or out of bounds: amounts that follow from them cannot be judged */
  ratiosFaulty?: boolean;
}

export interface DepositorState extends NewDepositor, Placed {
  person: NewPerson;
  faulty?: boolean;
}

/** A remittance that the database has, with its lines by depositor id. */
export interface KnownRemittance {
  businessNumber: string;
  lines: Map<string, { baseFen: bigint; unitFen: bigint; personFen: bigint }>;
}

/** The repayments of a loan, as they are in the database and in the earlier rows and files of this run. */
export interface LoanRepayments {
  /** by YWLSH */
  byNumber: Map<string, NewRepayment>;
  /** the newest one that the database has */
  last: NewRepayment | undefined;
  /** where the loan stands after the newest row of this run that is not in the database */
  standing?: RepaymentStanding;
}

/** What a faulty row left open is undefined. */
export interface RepaymentStanding {
  loan: NewLoan;
  seq: number;
  term: number;
  paidOn: string;
  balanceFen: bigint | undefined;
  /** tells what is wrong with the balance of the newest row */
  problem: ((reason: Reason, params?: Fault["params"]) => void) | undefined;
}

export interface Register {
  /** by DWZH */
  units: Map<string, UnitState>;
  /** by document type and number */
  persons: Map<string, PersonState>;
  /** by GRZH */
  depositors: Map<string, DepositorState>;
  /** GRZH of the open account, by document type and number */
  openAccounts: Map<string, string>;
  /** by remittance id */
  remittances: Map<string, KnownRemittance>;
  /** business number → remittance id */
  businessNumbers: Map<string, string>;
  /** by DKZH */
  loans: Map<string, NewLoan>;
  /** DKZH of loans that are not registered and whose row in this run is wrong */
  faultyLoans: Set<string>;
  /** by loan id */
  repayments: Map<string, LoanRepayments>;
}

/** What is to be written. */
export interface Plan {
  units: UnitState[];
  persons: NewPerson[];
  depositors: DepositorState[];
  remittances: Remittance[];
  loans: NewLoan[];
  repayments: NewRepayment[];
}

export const emptyPlan = (): Plan => ({
  units: [],
  persons: [],
  depositors: [],
  remittances: [],
  loans: [],
  repayments: [],
});

/** Key of a person in the maps above. */
export const documentKey = (type: string, number: string) => `${type} ${number}`;

/** A register that knows nothing yet. */
export const emptyRegister = (): Register => ({
  units: new Map(),
  persons: new Map(),
  depositors: new Map(),
  openAccounts: new Map(),
  remittances: new Map(),
  businessNumbers: new Map(),
  loans: new Map(),
  faultyLoans: new Set(),
  repayments: new Map(),
});

/**
 * Reads from the database everything that these rows touch and that the register does not know yet. What it knows it
 * keeps: earlier rows of the run may have added to it.
 */
export async function extendRegister(
  db: Queryable,
  register: Register,
  kind: FileKind,
  rows: readonly AnyRow[],
): Promise<void> {
  const { units, persons, depositors, openAccounts } = register;
  const depositorRows = kind === "depositors" ? (rows as Row<"depositors">[]) : [];
  const remittanceRows = kind === "remittance" ? (rows as Row<"remittance">[]) : [];
  const loanRows = kind === "loans" ? (rows as Row<"loans">[]) : [];
  const repaymentRows = kind === "repayments" ? (rows as Row<"repayments">[]) : [];

  if (kind !== "loans" && kind !== "repayments") {
    const numbers = unknown(rows as Row<"units">[], (row) => row.DWZH, units);
    for (const unit of await store.units(db, numbers)) units.set(unit.accountNumber, unit);
  }
  const documents = new Map<string, [string, string]>();
  const addDocument = (type: string | undefined, number: string | undefined) => {
    if (!type || !number) return;
    const key = documentKey(type, number);
    if (!persons.has(key)) documents.set(key, [type, number]);
  };
  for (const row of depositorRows) addDocument(row.ZJLX, row.ZJHM);
  for (const row of loanRows) addDocument(row.JKRZJLX ?? idCard, row.JKRZJH);
  const found = await store.persons(db, [...documents.values()]);
  for (const person of found) persons.set(documentKey(person.documentType, person.documentNumber), person);

  const numbers = unknown([...depositorRows, ...remittanceRows], (row) => row.GRZH, depositors);
  const personIds = found.map((person) => person.id);
  for (const depositor of await store.depositors(db, numbers, personIds)) {
    const { accountNumber, person } = depositor;
    if (depositors.has(accountNumber)) continue;
    depositors.set(accountNumber, depositor);
    if (store.isOpen(depositor.state))
      openAccounts.set(documentKey(person.documentType, person.documentNumber), accountNumber);
  }

  const remittanceIds = new Set<string>();
  for (const row of remittanceRows) {
    const unit = row.DWZH ? units.get(row.DWZH) : undefined;
    if (unit && row.HBJNY) remittanceIds.add(remittanceId(unit.id, row.HBJNY));
  }
  const ids = [...remittanceIds].filter((id) => !register.remittances.has(id));
  for (const [id, remittance] of await store.remittances(db, ids)) register.remittances.set(id, remittance);
  const businessNumbers = unknown(remittanceRows, (row) => row.YWLSH, register.businessNumbers);
  for (const [number, id] of await store.businessNumbers(db, businessNumbers)) register.businessNumbers.set(number, id);
  const loanNumbers = unknown([...loanRows, ...repaymentRows], (row) => row.DKZH, register.loans);
  for (const loan of await store.loans(db, loanNumbers)) register.loans.set(loan.accountNumber, loan);

  const loanIds = new Set<string>();
  for (const { DKZH } of repaymentRows) {
    const loan = DKZH === undefined ? undefined : register.loans.get(DKZH);
    if (loan && !register.repayments.has(loan.id)) loanIds.add(loan.id);
  }
  for (const id of loanIds) register.repayments.set(id, { byNumber: new Map(), last: undefined });
  for (const repayment of await store.repayments(db, [...loanIds])) {
    const known = register.repayments.get(repayment.loanId)!;
    known.byNumber.set(repayment.businessNumber, repayment);
    known.last = repayment;
  }
}

/** The keys of these rows that `known` has not, each once. */
function unknown<T>(rows: readonly T[], key: (row: T) => string | undefined, known: Map<string, unknown>): string[] {
  const keys = new Set<string>();
  for (const row of rows) {
    const one = key(row);
    if (one !== undefined && !known.has(one)) keys.add(one);
  }
  return [...keys];
}
