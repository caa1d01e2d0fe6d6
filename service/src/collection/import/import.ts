// The import of real files: read all, check all, then write all in one transaction, or nothing.
//
// A crash at any point leaves nothing: the commit is the only step that shows. When the answer to it is lost, the same
// command says whether the files are in. The same bytes are taken once for each centre and kind; the same rows in other
// bytes are recognised row by row and change nothing.
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
import { checkRemittances } from "./check-remittance.ts";
import { checkUnits } from "./check-units.ts";
import { checkOf } from "./check.ts";
import type { Rules, Tally } from "./check.ts";
import type { FileKind, Row } from "./columns.ts";
import type { Problem } from "./problem.ts";
import { readImportFile } from "./read.ts";
import type { ImportFile, ReadFile } from "./read.ts";
import { emptyPlan, loadRegister } from "./register.ts";
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

// Units before their depositors, depositors before remittances.
const order: FileKind[] = ["units", "depositors", "remittance", "loans"];
const chunk = 20_000;

/**
 * Imports files of any known kinds. Everything is checked before anything is written; with one bad row nothing is
 * written and all bad rows are in the report. A second call with the same files changes nothing and says so.
 * @throws DomainError PARAMETER_NOT_SET, IMPORT_BELONGS_TO_ANOTHER_CENTRE
 */
export async function importFiles(options: ImportOptions): Promise<ImportReport> {
  const progress = options.onProgress ?? (() => undefined);
  const read: ReadFile[] = [];
  for (const file of options.files) {
    read.push(
      await readImportFile(file, (done) => progress({ step: "reading", what: file.name, done, of: undefined })),
    );
  }
  const sorted = read
    .filter((file) => file.kind !== undefined)
    .sort((a, b) => order.indexOf(a.kind!) - order.indexOf(b.kind!));
  return transaction(options.pool, (tx) => checkAndWrite(tx, options, read, sorted, progress), {
    isolation: "repeatable read",
  });
}

async function checkAndWrite(
  tx: Transaction,
  options: ImportOptions,
  read: readonly ReadFile[],
  sorted: readonly ReadFile[],
  progress: NonNullable<ImportOptions["onProgress"]>,
): Promise<ImportReport> {
  await store.takeTurn(tx);
  const owner = await store.centreOfDatabase(tx);
  if (owner !== undefined && owner !== options.centreCode)
    throw new DomainError("IMPORT_BELONGS_TO_ANOTHER_CENTRE", { owner, centre: options.centreCode });

  const known = await store.importedDigests(
    tx,
    options.centreCode,
    sorted.map((file) => file.sha256),
  );
  const fresh = sorted.filter((file) => {
    const key = `${file.kind} ${file.sha256.toString("hex")}`;
    if (known.has(key)) return false;
    known.add(key);
    return true;
  });
  const now = options.now();
  const rules: Rules = {
    baseLimits: await parameterHistory(tx, "deposit.base_limits"),
    ratioLimits: await parameterHistory(tx, "deposit.ratio_limits"),
    rounding: await parameterHistory(tx, "deposit.rounding"),
  };
  const register = await loadRegister(tx, fresh);
  const plan = emptyPlan();
  const problems = read.flatMap((file) => file.problems);
  const tallies = new Map<ReadFile, Tally>();
  const shared = { register, plan, rules, now, today: dayInChina(now), newId: options.newId };
  for (const file of fresh) {
    progress({ step: "checking", what: file.name, done: file.rows.length, of: file.rows.length });
    const check = checkOf(file.name, problems, shared);
    if (file.kind === "units") checkUnits(check, file.rows as Row<"units">[]);
    if (file.kind === "depositors") checkDepositors(check, file.rows as Row<"depositors">[]);
    if (file.kind === "remittance") checkRemittances(check, file.rows as Row<"remittance">[]);
    if (file.kind === "loans") checkLoans(check, file.rows as Row<"loans">[]);
    tallies.set(file, check.tally);
  }
  const files = read.map((file) => reportOf(file, tallies.get(file)));
  if (problems.length > 0) return { files, problems: inOrder(problems, read), imported: false };

  await write(tx, plan, now, options, progress);
  for (const file of fresh) {
    const { added, changed } = tallies.get(file)!;
    await store.insertImport(tx, {
      id: options.newId("imp_"),
      centreCode: options.centreCode,
      kind: file.kind!,
      sha256: file.sha256,
      encoding: file.encoding,
      rowCount: file.rows.length,
      addedCount: added,
      changedCount: changed,
      importedAt: now,
    });
  }
  return { files, problems, imported: true };
}

function reportOf(file: ReadFile, tally: Tally | undefined): FileReport {
  return {
    name: file.name,
    kind: file.kind,
    encoding: file.encoding,
    rows: file.rows.length,
    alreadyImported: file.kind !== undefined && tally === undefined,
    ...(tally ?? { added: 0, unchanged: 0, changed: 0 }),
  };
}

function inOrder(problems: readonly Problem[], read: readonly ReadFile[]): Problem[] {
  const position = new Map(read.map((file, index) => [file.name, index]));
  return [...problems].sort((a, b) => position.get(a.file)! - position.get(b.file)! || a.line - b.line);
}

async function write(
  tx: Transaction,
  plan: Plan,
  now: Date,
  options: ImportOptions,
  progress: NonNullable<ImportOptions["onProgress"]>,
): Promise<void> {
  await openAccounts(tx, centreAccounts);
  for (const units of chunks(plan.units)) {
    await openAccounts(
      tx,
      units.flatMap((unit) => unitAccounts(unit.id)),
    );
    await store.insertUnits(tx, units);
  }
  for (const persons of chunks(plan.persons)) await store.insertPersons(tx, persons);
  let done = 0;
  const batch = options.newId("");
  for (const depositors of chunks(plan.depositors)) {
    await openAccounts(
      tx,
      depositors.map((depositor) => accountOfDepositor(depositor.id)),
    );
    await store.insertDepositors(tx, depositors);
    await post(tx, openings(depositors, batch, done, now));
    done += depositors.length;
    progress({ step: "writing", what: "depositors", done, of: plan.depositors.length });
  }
  done = 0;
  for (const remittances of byLines(plan.remittances)) {
    await remit(tx, remittances);
    done += remittances.length;
    progress({ step: "writing", what: "remittances", done, of: plan.remittances.length });
  }
  for (const loans of chunks(plan.loans)) await store.writeLoans(tx, loans);
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
