import { depositorFrozen, depositorNormal, unitClosed } from "../codes.ts";
import { checkDocument, checkFigures, comesTwice, firstDifference, shown } from "./check.ts";
import type { Check } from "./check.ts";
import type { Row } from "./columns.ts";
import { documentKey } from "./register.ts";
import type { DepositorState, PersonState, Place, UnitState } from "./register.ts";
import { isOpen } from "./store.ts";

/** Checks a list of depositors against rules and register; plans those that are new, with their opening balances. */
export function checkDepositors(check: Check, rows: readonly Row<"depositors">[]): void {
  for (const row of rows) checkDepositor(check, row);
}

function checkDepositor(check: Check, row: Row<"depositors">): void {
  const { register, problem } = check;
  const { line } = row;
  let right = !row.faulty;
  const wrong = (...args: Parameters<Check["problem"]>) => {
    problem(...args);
    right = false;
  };
  const thisMonth = check.today.slice(0, 7);
  if (row.ZJLX !== undefined && row.ZJHM !== undefined)
    right = checkDocument(check, line, "ZJHM", row.ZJLX, row.ZJHM) && right;
  if (row.KHRQ !== undefined && row.KHRQ > check.today) wrong(line, "KHRQ", row.KHRQ, "DATE_IN_FUTURE");
  if (row.JZNY !== undefined && row.JZNY > thisMonth) wrong(line, "JZNY", row.JZNY, "MONTH_IN_FUTURE");
  const opened = row.KHRQ?.slice(0, 7);
  if (row.JZNY !== undefined && opened !== undefined && row.JZNY < opened)
    wrong(line, "JZNY", row.JZNY, "PAID_TO_BEFORE_OPENING", { opened });
  if (row.GRZHZT !== undefined && !isOpen(row.GRZHZT) && (row.GRZHYE ?? 0n) !== 0n)
    wrong(line, "GRZHYE", shown(row.GRZHYE), "BALANCE_OF_CLOSED_ACCOUNT");
  if (row.GRZH !== undefined && row.GRZH.length > 20)
    wrong(line, "GRZH", row.GRZH, "ACCOUNT_NUMBER_ILLEGAL", { limit: 20 });

  const unit = row.DWZH === undefined ? undefined : register.units.get(row.DWZH);
  if (row.DWZH !== undefined && !unit) wrong(line, "DWZH", row.DWZH, "UNIT_UNKNOWN");
  if (unit && unit.state === unitClosed && row.GRZHZT !== undefined && isOpen(row.GRZHZT))
    wrong(line, "DWZH", row.DWZH!, "UNIT_CLOSED");
  // A base and its amounts are this year's only while the account takes deposits: a sealed one keeps what it had.
  if (unit && !unit.ratiosFaulty && row.GRZHZT === depositorNormal) right = checkAmounts(check, row, unit) && right;
  if (row.GRZH === undefined) return;

  const known = register.depositors.get(row.GRZH);
  const first = known && placeIn(check, known);
  if (first) {
    comesTwice(check, line, "GRZH", row.GRZH, first);
    return;
  }
  if (known) {
    known.named = { file: check.file, line };
    if (right) compare(check, row, known, unit!);
    return;
  }
  right = checkPerson(check, row) && right;
  plan(check, row, unit, right);
}

/** The earlier row of this run that makes another one a second: one that adds the account, or names it in this file. */
function placeIn(check: Check, { place, named }: DepositorState): Place | undefined {
  return place ?? (named?.file === check.file ? named : undefined);
}

function checkAmounts(check: Check, row: Row<"depositors">, unit: UnitState): boolean {
  if (row.GRJCJS === undefined || row.DWYJCE === undefined || row.GRYJCE === undefined) return false;
  const figures = {
    baseFen: row.GRJCJS,
    unitRatioBp: unit.unitRatioBp,
    personRatioBp: unit.personRatioBp,
    unitFen: row.DWYJCE,
    personFen: row.GRYJCE,
  };
  return checkFigures(check, row.line, figures, check.today.slice(0, 7));
}

/** An account that is registered: the same content changes nothing, other content is refused. */
function compare(check: Check, row: Row<"depositors">, known: DepositorState, unit: UnitState): void {
  const difference = firstDifference([
    ["XingMing", row.XingMing, known.person.name],
    ["ZJLX", row.ZJLX, known.person.documentType],
    ["ZJHM", row.ZJHM, known.person.documentNumber],
    // A phone opens the account by SMS: another one is not passed over in silence, and not taken over by a file either.
    ["SJHM", row.SJHM ?? known.person.phone, known.person.phone],
    ["DWZH", unit.id, known.unitId],
    ["KHRQ", row.KHRQ, known.openedOn],
    ["GRZHZT", row.GRZHZT, known.state],
    ["GRJCJS", row.GRJCJS, known.baseFen],
    ["DWYJCE", row.DWYJCE, known.unitMonthFen],
    ["GRYJCE", row.GRYJCE, known.personMonthFen],
    ["GRZHYE", row.GRZHYE ?? 0n, known.openingFen],
  ]);
  if (!difference) check.tally.unchanged++;
  else
    check.problem(
      row.line,
      difference[0],
      difference[0] === "DWZH" ? row.DWZH! : shown(difference[1]),
      "EXISTS_WITH_DIFFERENT_CONTENT",
    );
}

/** One person, one account; and the same document has the same name. */
function checkPerson(check: Check, row: Row<"depositors">): boolean {
  if (row.ZJLX === undefined || row.ZJHM === undefined) return false;
  const { register } = check;
  const key = documentKey(row.ZJLX, row.ZJHM);
  const person = register.persons.get(key);
  const open = row.GRZHZT !== undefined && isOpen(row.GRZHZT) ? register.openAccounts.get(key) : undefined;
  const account = open === undefined ? undefined : register.depositors.get(open);
  const first = account && placeIn(check, account);
  // A second row of one person is told as that, whatever name it has: the other row stands in this very file.
  if (first?.file === check.file) {
    check.problem(row.line, "ZJHM", row.ZJHM, "PERSON_TWICE_IN_FILE", { line: first.line });
    return false;
  }
  if (person && row.XingMing !== undefined && person.name !== row.XingMing) {
    if (person.place?.file === check.file)
      check.problem(row.line, "XingMing", row.XingMing, "NAME_DIFFERS_IN_FILE", { line: person.place.line });
    else check.problem(row.line, "XingMing", row.XingMing, "NAME_DIFFERS");
    return false;
  }
  if (first) comesTwice(check, row.line, "ZJHM", row.ZJHM, first);
  else if (account) check.problem(row.line, "ZJHM", row.ZJHM, "PERSON_HAS_ACCOUNT");
  return !account;
}

function plan(check: Check, row: Row<"depositors">, unit: UnitState | undefined, right: boolean): void {
  const { register } = check;
  const key = documentKey(row.ZJLX ?? "", row.ZJHM ?? "");
  const place = { file: check.file, line: row.line };
  let person: PersonState | undefined = register.persons.get(key);
  const isNew = !person;
  person ??= {
    place,
    id: check.newId("pers_"),
    name: row.XingMing ?? "",
    documentType: row.ZJLX ?? "",
    documentNumber: row.ZJHM ?? "",
    phone: row.SJHM ?? null,
  };
  const depositor: DepositorState = {
    id: check.newId("dep_"),
    accountNumber: row.GRZH!,
    person,
    unitId: unit?.id ?? "",
    baseFen: row.GRJCJS ?? 0n,
    unitMonthFen: row.DWYJCE ?? 0n,
    personMonthFen: row.GRYJCE ?? 0n,
    openedOn: row.KHRQ ?? "",
    state: row.GRZHZT ?? "",
    frozen: row.GRZHZT === depositorFrozen,
    paidToMonth: row.JZNY ?? null,
    firstMonth: null,
    openingFen: row.GRZHYE ?? 0n,
    faulty: !right,
    place,
  };
  register.depositors.set(depositor.accountNumber, depositor);
  // A faulty row still takes its person's place: a second row of the same person is a second mistake.
  if (row.ZJHM !== undefined && isOpen(depositor.state) && !register.openAccounts.has(key))
    register.openAccounts.set(key, depositor.accountNumber);
  if (!right) return;
  if (isNew) {
    register.persons.set(key, person);
    check.plan.persons.push(person);
  }
  check.plan.depositors.push(depositor);
  check.tally.added++;
}
