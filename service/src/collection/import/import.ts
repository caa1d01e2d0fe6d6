// The import of real files: everything in one transaction, or nothing.
//
// Rows are read, checked and written in chunks, and while Postgres writes one chunk the next is read and checked: that is
// why a second connection looks things up, in the snapshot of the first. With the first bad row the writing ends, while the
// reading goes on to find all of them, and the transaction is rolled back. A crash at any point leaves nothing: the commit
// is the only step that shows. When the answer to it is lost, the same command says whether the files are in. The same
// bytes are taken once for each centre and kind; the same rows in other bytes are recognised row by row and change nothing.
import { transaction } from "../../db.ts";
import type { Pool, Transaction } from "../../db.ts";
import { DomainError, refusals } from "../../errors.ts";
import { openAccounts, post } from "../../ledger/ledger.ts";
import type { Posting } from "../../ledger/ledger.ts";
import { parameterHistory } from "../../parameters/parameter.ts";
import { accountOfDepositor, centreAccounts, depositorAccount, openingAccount, unitAccounts } from "../accounts.ts";
import { dayInChina } from "../month.ts";
import { remit } from "../remittance.ts";
import type { Remittance } from "../remittance.ts";
import { checkDepositors } from "./check-depositors.ts";
import { checkLoans } from "./check-loans.ts";
import { checkRepaymentEnds, checkRepayments } from "./check-repayments.ts";
import { checkRemittances } from "./check-remittance.ts";
import { checkUnits } from "./check-units.ts";
import { checkOf } from "./check.ts";
import type { Check, Rules, Tally } from "./check.ts";
import type { FileKind, Row } from "./columns.ts";
import type { Problem } from "./problem.ts";
import { openImportFile } from "./read.ts";
import type { AnyRow, ImportFile, ReadFile } from "./read.ts";
import { emptyPlan, emptyRegister, extendRegister } from "./register.ts";
import type { Plan } from "./register.ts";
import * as store from "./store.ts";

export type { ImportFile } from "./read.ts";

export const importRefusals = refusals({
  IMPORT_BELONGS_TO_ANOTHER_CENTRE: {
    status: 409,
    zh: "此数据库属于中心 {owner}，不能导入中心 {centre} 的文件。请核对中心代码或数据库地址。",
    en: "This database belongs to centre {owner}; files of {centre} cannot be imported. Check the code or the address.",
  },
});

export interface ImportOptions {
  /** of two connections at least */
  pool: Pool;
  /** for example C46010 */
  centreCode: string;
  files: readonly ImportFile[];
  now: () => Date;
  /** makes random ids, see `idMaker` */
  newId: (prefix: string) => string;
  onProgress?: (progress: Progress) => void;
}

export interface Progress {
  step: "reading" | "checking" | "writing";
  /** file being read, or what is being written */
  what: string;
  done: number;
  of: number | undefined;
}

export interface FileReport extends Tally {
  name: string;
  kind: FileKind | undefined;
  encoding: string;
  rows: number;
  /** these bytes were imported before, or come twice in this run: nothing was done */
  alreadyImported: boolean;
}

export interface ImportReport {
  files: FileReport[];
  /** in the order of file and line; any problem means that nothing was written */
  problems: Problem[];
  /** true when everything is in the database now, be it by this call or an earlier one */
  imported: boolean;
}

// Units before their depositors, depositors before remittances, loans before their repayments.
const order: FileKind[] = ["units", "depositors", "remittance", "loans", "repayments"];
const chunk = 10_000;

/** Thrown through the transaction, so that it is rolled back: something is wrong with the files. */
class RefusedFiles extends Error {
  readonly report: ImportReport;
  constructor(report: ImportReport) {
    super("bad rows");
    this.report = report;
  }
}

/**
 * Imports files of any known kinds. With one bad row nothing is written and all bad rows are in the report. A second call
 * with the same files changes nothing and says so.
 * @throws DomainError PARAMETER_NOT_SET, IMPORT_BELONGS_TO_ANOTHER_CENTRE
 */
export async function importFiles(options: ImportOptions): Promise<ImportReport> {
  const isolation = "repeatable read";
  const importOnce = async (tx: Transaction) => {
    await store.takeTurn(tx);
    const snapshot = await store.exportSnapshot(tx);
    const withLookups = async (lookups: Transaction) => {
      await store.useSnapshot(lookups, snapshot);
      return checkAndWrite(tx, lookups, options);
    };
    return transaction(options.pool, withLookups, { isolation, readOnly: true });
  };
  try {
    return await transaction(options.pool, importOnce, { isolation });
  } catch (error) {
    if (error instanceof RefusedFiles) return error.report;
    throw error;
  }
}

/** @throws RefusedFiles when any row is bad */
async function checkAndWrite(tx: Transaction, lookups: Transaction, options: ImportOptions): Promise<ImportReport> {
  const progress = options.onProgress ?? (() => undefined);
  const owner = await store.centreOfDatabase(lookups);
  if (owner !== undefined && owner !== options.centreCode)
    throw new DomainError("IMPORT_BELONGS_TO_ANOTHER_CENTRE", { owner, centre: options.centreCode });

  const read: ReadFile[] = [];
  for (const file of options.files) read.push(await openImportFile(file));
  const { fresh, known } = await freshFiles(lookups, options.centreCode, read);
  const now = options.now();
  const rules: Rules = {
    baseLimits: await parameterHistory(lookups, "deposit.base_limits"),
    ratioLimits: await parameterHistory(lookups, "deposit.ratio_limits"),
    rounding: await parameterHistory(lookups, "deposit.rounding"),
  };
  const register = emptyRegister();
  const tallies = new Map<ReadFile, Tally>();
  const shared = { register, rules, now, today: dayInChina(now), newId: options.newId };
  const writer = writerOf(tx, now, options.newId(""), progress);
  const isBad = () => read.some((file) => file.problems.length > 0);
  await openAccounts(tx, centreAccounts);
  try {
    for (const file of fresh) {
      const check = checkOf(file.name, file.problems, { ...shared, plan: emptyPlan() });
      tallies.set(file, check.tally);
      // Depositors stand each for itself; in the other files rows belong together, and such a file is checked as a whole.
      for await (const rows of file.kind === "depositors" ? file.chunks(chunk) : wholeFile(file)) {
        progress({ step: "checking", what: file.name, done: file.rowCount, of: undefined });
        await extendRegister(lookups, register, file.kind!, rows);
        checkRows(check, file.kind!, rows);
        if (!isBad()) writer.add(check.plan);
        check.plan = emptyPlan();
      }
    }
    checkRepaymentEnds(register);
  } finally {
    await writer.finish();
  }
  const files = read.map((file) => reportOf(file, tallies.get(file), known.get(keyOf(file))));
  if (isBad()) throw new RefusedFiles({ files, problems: read.flatMap(inOrder), imported: false });

  for (const file of fresh) {
    const { added, changed } = tallies.get(file)!;
    await store.insertImport(tx, {
      id: options.newId("imp_"),
      centreCode: options.centreCode,
      kind: file.kind!,
      sha256: file.sha256,
      encoding: file.encoding,
      rowCount: file.rowCount,
      addedCount: added,
      changedCount: changed,
      importedAt: now,
    });
  }
  return { files, problems: [], imported: true };
}

const keyOf = (file: ReadFile) => `${file.kind} ${file.sha256.toString("hex")}`;

/** The files that were never imported, each content once and in the order of their kinds; and the rows of the known ones. */
async function freshFiles(lookups: Transaction, centreCode: string, read: readonly ReadFile[]) {
  const readable = read.filter((file) => file.kind !== undefined);
  const digests = readable.map((file) => file.sha256);
  const known = await store.importedDigests(lookups, centreCode, digests);
  const taken = new Set(known.keys());
  const fresh = readable
    .sort((a, b) => order.indexOf(a.kind!) - order.indexOf(b.kind!))
    .filter((file) => !taken.has(keyOf(file)) && taken.add(keyOf(file)));
  return { fresh, known };
}

async function* wholeFile(file: ReadFile): AsyncGenerator<AnyRow[]> {
  const rows: AnyRow[] = [];
  for await (const some of file.chunks(chunk)) for (const row of some) rows.push(row);
  yield rows;
}

function checkRows(check: Check, kind: FileKind, rows: readonly AnyRow[]): void {
  if (kind === "units") checkUnits(check, rows as Row<"units">[]);
  if (kind === "depositors") checkDepositors(check, rows as Row<"depositors">[]);
  if (kind === "remittance") checkRemittances(check, rows as Row<"remittance">[]);
  if (kind === "loans") checkLoans(check, rows as Row<"loans">[]);
  if (kind === "repayments") checkRepayments(check, rows as Row<"repayments">[]);
}

function reportOf(file: ReadFile, tally: Tally | undefined, knownRows: number | undefined): FileReport {
  return {
    name: file.name,
    kind: file.kind,
    encoding: file.encoding,
    rows: knownRows ?? file.rowCount,
    alreadyImported: file.kind !== undefined && tally === undefined,
    ...(tally ?? { added: 0, unchanged: 0, changed: 0 }),
  };
}

function inOrder(file: ReadFile): Problem[] {
  return file.problems.toSorted((a, b) => a.line - b.line);
}

/** Writes plans one after the other, in the order in which they are added, while the caller goes on. */
function writerOf(tx: Transaction, now: Date, batch: string, progress: NonNullable<ImportOptions["onProgress"]>) {
  let writing = Promise.resolve();
  let depositorsDone = 0;
  async function write(plan: Plan): Promise<void> {
    for (const units of chunks(plan.units)) {
      await openAccounts(
        tx,
        units.flatMap((unit) => unitAccounts(unit.id)),
      );
      await store.insertUnits(tx, units);
    }
    for (const persons of chunks(plan.persons)) await store.insertPersons(tx, persons);
    for (const depositors of chunks(plan.depositors)) {
      await openAccounts(
        tx,
        depositors.map((depositor) => accountOfDepositor(depositor.id)),
      );
      await store.insertDepositors(tx, depositors);
      await post(tx, openings(depositors, batch, depositorsDone, now));
      depositorsDone += depositors.length;
      progress({ step: "writing", what: "depositors", done: depositorsDone, of: undefined });
    }
    let done = 0;
    for (const remittances of byLines(plan.remittances)) {
      await remit(tx, remittances);
      done += remittances.length;
      progress({ step: "writing", what: "remittances", done, of: plan.remittances.length });
    }
    for (const loans of chunks(plan.loans)) await store.writeLoans(tx, loans);
    for (const repayments of chunks(plan.repayments)) await store.insertRepayments(tx, repayments);
  }
  return {
    add(plan: Plan): void {
      writing = writing.then(() => write(plan));
      // Told by finish(); until then nobody waits for it.
      writing.catch(() => undefined);
    },
    /** Waits for the last statement. @throws what went wrong with any of them */
    finish: () => writing,
  };
}

/** Balances taken over: one posting for each chunk, from the opening account to the depositors. */
function openings(depositors: Plan["depositors"], batch: string, from: number, eventAt: Date): Posting[] {
  const transfers = depositors
    .filter((depositor) => depositor.openingFen > 0n)
    .map((depositor) => ({
      debit: openingAccount,
      credit: depositorAccount(depositor.id),
      amountFen: depositor.openingFen,
    }));
  if (transfers.length === 0) return [];
  return [
    { id: `post_opening_${batch}_${from}`, kind: "opening", businessNumber: `QC-${batch}-${from}`, eventAt, transfers },
  ];
}

function* chunks<T>(rows: readonly T[]): Generator<T[]> {
  for (let from = 0; from < rows.length; from += chunk) yield rows.slice(from, from + chunk);
}

/** Groups of remittances with about a chunk of lines each, in their order. */
function* byLines(remittances: readonly Remittance[]): Generator<Remittance[]> {
  let group: Remittance[] = [];
  let lines = 0;
  for (const remittance of remittances) {
    group.push(remittance);
    lines += remittance.lines.length;
    if (lines < chunk) continue;
    yield group;
    group = [];
    lines = 0;
  }
  if (group.length > 0) yield group;
}
