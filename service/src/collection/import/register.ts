// The register as the checks see it: what the database knows about the rows of these files, and what earlier rows of the
// same run will add. Nothing of it is written until every row has passed.
import type { Transaction } from "../../db.ts";
import type { NewLoan, NewPerson, NewUnit, NewDepositor } from "./store.ts";
import * as store from "./store.ts";
import type { ReadFile } from "./read.ts";
import type { Row } from "./columns.ts";
import { remittanceId } from "../remittance.ts";
import type { Remittance } from "../remittance.ts";

export interface UnitState extends NewUnit {
  /** the row was faulty: rows that lead to it are not blamed for that */
  faulty?: boolean;
  /** line in the file when it comes from this run */
  line?: number;
}

export interface DepositorState extends NewDepositor {
  person: NewPerson;
  faulty?: boolean;
  line?: number;
}

/** A remittance that the database has, with its lines by depositor id. */
export interface KnownRemittance {
  businessNumber: string;
  lines: Map<string, { baseFen: bigint; unitFen: bigint; personFen: bigint }>;
}

export interface Register {
  /** by DWZH */
  units: Map<string, UnitState>;
  /** by document type and number */
  persons: Map<string, NewPerson>;
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
}

/** What is to be written once all rows have passed. */
export interface Plan {
  units: UnitState[];
  persons: NewPerson[];
  depositors: DepositorState[];
  remittances: Remittance[];
  loans: NewLoan[];
}

export const emptyPlan = (): Plan => ({ units: [], persons: [], depositors: [], remittances: [], loans: [] });

/** Key of a person in the maps above. */
export const documentKey = (type: string, number: string) => `${type} ${number}`;

/** Reads from the database everything that the rows of these files touch. */
export async function loadRegister(tx: Transaction, files: readonly ReadFile[]): Promise<Register> {
  const unitRows = rowsOf(files, "units");
  const depositorRows = rowsOf(files, "depositors");
  const remittanceRows = rowsOf(files, "remittance");
  const loanRows = rowsOf(files, "loans");

  const units = await store.units(
    tx,
    distinct([...unitRows, ...depositorRows, ...remittanceRows].map((row) => row.DWZH)),
  );
  const documents = new Map<string, [string, string]>();
  const addDocument = (type: string | undefined, number: string | undefined) => {
    if (type && number) documents.set(documentKey(type, number), [type, number]);
  };
  for (const row of depositorRows) addDocument(row.ZJLX, row.ZJHM);
  for (const row of loanRows) addDocument(row.JKRZJLX ?? "01", row.JKRZJH);
  const persons = await store.persons(tx, [...documents.values()]);
  const depositors = await store.depositors(
    tx,
    distinct([...depositorRows, ...remittanceRows].map((row) => row.GRZH)),
    persons.map((person) => person.id),
  );

  const unitByNumber = new Map<string, UnitState>(units.map((unit) => [unit.accountNumber, unit]));
  const remittanceIds = new Set<string>();
  for (const row of remittanceRows) {
    const unit = row.DWZH ? unitByNumber.get(row.DWZH) : undefined;
    if (unit && row.HBJNY) remittanceIds.add(remittanceId(unit.id, row.HBJNY));
  }
  const businessNumbers = distinct(remittanceRows.map((row) => row.YWLSH));
  return {
    units: unitByNumber,
    persons: new Map(persons.map((person) => [documentKey(person.documentType, person.documentNumber), person])),
    depositors: new Map(depositors.map((depositor) => [depositor.accountNumber, depositor])),
    openAccounts: new Map(
      depositors
        .filter((depositor) => store.isOpen(depositor.state))
        .map((depositor) => [
          documentKey(depositor.person.documentType, depositor.person.documentNumber),
          depositor.accountNumber,
        ]),
    ),
    remittances: await store.remittances(tx, [...remittanceIds]),
    businessNumbers: await store.businessNumbers(tx, businessNumbers),
    loans: new Map(
      (await store.loans(tx, distinct(loanRows.map((row) => row.DKZH)))).map((loan) => [loan.accountNumber, loan]),
    ),
  };
}

/** The rows of the files of one kind. */
export function rowsOf<K extends "units" | "depositors" | "remittance" | "loans">(
  files: readonly ReadFile[],
  kind: K,
): Row<K>[] {
  const found: Row<K>[] = [];
  for (const file of files) if (file.kind === kind) for (const row of file.rows) found.push(row as Row<K>);
  return found;
}

function distinct(values: (string | undefined)[]): string[] {
  return [...new Set(values.filter((value) => value !== undefined))];
}
