import { depositorSealed, unitClosed } from "../codes.ts";
import { remittanceId } from "../remittance.ts";
import type { RemittanceLine } from "../remittance.ts";
import { checkFigures, checkRatio, shown } from "./check.ts";
import type { Check } from "./check.ts";
import type { Row } from "./columns.ts";
import type { DepositorState, KnownRemittance, UnitState } from "./register.ts";
import { isOpen } from "./store.ts";
import { firstDay } from "../month.ts";

type RemittanceRow = Row<"remittance">;

/** Checks remittance lists; every unit and month in them becomes one remittance. Months are taken in their order. */
export function checkRemittances(check: Check, rows: readonly RemittanceRow[]): void {
  const groups = new Map<string, RemittanceRow[]>();
  for (const row of rows) {
    if (row.DWZH === undefined || row.HBJNY === undefined) continue;
    const key = `${row.HBJNY} ${row.DWZH}`;
    const group = groups.get(key);
    if (group) group.push(row);
    else groups.set(key, [row]);
  }
  for (const key of [...groups.keys()].sort()) checkGroup(check, groups.get(key)!);
}

/** The rows of one unit and month. */
function checkGroup(check: Check, rows: readonly RemittanceRow[]): void {
  const { register, problem } = check;
  const first = rows[0]!;
  const month = first.HBJNY!;
  const unit = register.units.get(first.DWZH!);
  if (!unit) {
    for (const row of rows) problem(row.line, "DWZH", row.DWZH!, "UNIT_UNKNOWN");
    return;
  }
  const everyRow = (
    ...[column, reason, params]: [string, Parameters<Check["problem"]>[3], Record<string, string>?]
  ) => {
    for (const row of rows) problem(row.line, column, shown(row[column as "DWZH"]), reason, params);
  };
  if (month > check.today.slice(0, 7)) return everyRow("HBJNY", "MONTH_IN_FUTURE");

  const id = remittanceId(unit.id, month);
  const known = register.remittances.get(id);
  if (known) {
    // Whose rows they are is looked at again: the amounts of a month may fit by chance, a name does not.
    const theirs = rows.map((row) => checkHolder(check, row)).every(Boolean);
    if (!isSame(check, rows, known)) everyRow("HBJNY", "MONTH_ALREADY_REMITTED");
    else if (theirs) check.tally.unchanged += rows.length;
    return;
  }
  if (unit.state === unitClosed) return everyRow("DWZH", "UNIT_CLOSED");
  if (unit.paidToMonth !== null && month <= unit.paidToMonth)
    return month === unit.paidToMonth
      ? everyRow("HBJNY", "MONTH_ALREADY_REMITTED")
      : everyRow("HBJNY", "MONTH_BEFORE_PAID_TO", { paidTo: unit.paidToMonth });

  let right = true;
  const seen = new Map<string, number>();
  const lines: RemittanceLine[] = [];
  const paid: DepositorState[] = [];
  for (const row of rows) {
    if (row.YWLSH !== first.YWLSH || row.JZRQ !== first.JZRQ) {
      const column = row.YWLSH === first.YWLSH ? "JZRQ" : "YWLSH";
      problem(row.line, column, row[column] ?? "", "BUSINESS_NUMBER_DIFFERS");
      right = false;
    }
    const line = checkRow(check, row, unit, seen);
    if (line) {
      lines.push(line.line);
      paid.push(line.depositor);
    } else right = false;
  }
  const businessNumber = first.YWLSH ?? `HJ${month.replace("-", "")}-${unit.accountNumber}`;
  if (register.businessNumbers.has(businessNumber)) {
    problem(first.line, "YWLSH", businessNumber, "BUSINESS_NUMBER_USED");
    right = false;
  }
  if (first.JZRQ !== undefined && first.JZRQ > check.today) {
    problem(first.line, "JZRQ", first.JZRQ, "DATE_IN_FUTURE");
    right = false;
  }
  // A later month of the same unit is judged as if this one were right, so that one mistake is told once.
  unit.paidToMonth = month;
  for (const depositor of paid) {
    depositor.paidToMonth = month;
    depositor.firstMonth ??= month;
  }
  if (!right || unit.faulty) return;
  register.businessNumbers.set(businessNumber, id);
  register.remittances.set(id, { businessNumber, lines: new Map(lines.map((line) => [line.depositorId, line])) });
  check.plan.remittances.push({
    unitId: unit.id,
    month,
    businessNumber,
    // A day in the books is a day in China.
    eventAt: first.JZRQ === undefined ? check.now : new Date(`${first.JZRQ}T00:00:00+08:00`),
    lines,
  });
  check.tally.added += lines.length;
}

function checkRow(
  check: Check,
  row: RemittanceRow,
  unit: UnitState,
  seen: Map<string, number>,
): { line: RemittanceLine; depositor: DepositorState } | undefined {
  const { register, problem } = check;
  const { line } = row;
  if (row.GRZH === undefined) return undefined;
  const before = seen.get(row.GRZH);
  if (before !== undefined) {
    problem(line, "GRZH", row.GRZH, "TWICE_IN_FILE", { line: before });
    return undefined;
  }
  seen.set(row.GRZH, line);
  const depositor = register.depositors.get(row.GRZH);
  if (!depositor) {
    problem(line, "GRZH", row.GRZH, "DEPOSITOR_UNKNOWN");
    return undefined;
  }
  // The row that opens this account is wrong and has been named: what follows from it is not told again, but the figures of
  // this row are its own.
  const accountFits = depositor.faulty ? false : checkAccount(check, row, unit, depositor);
  const figures = checkOwnFigures(check, row, unit);
  if (row.faulty || !accountFits || !figures) return undefined;
  const { baseFen, unitFen, personFen } = figures;
  return { line: { depositorId: depositor.id, baseFen, unitFen, personFen }, depositor };
}

/** Is the row's account one that may receive this month? */
function checkAccount(check: Check, row: RemittanceRow, unit: UnitState, depositor: DepositorState): boolean {
  const { line } = row;
  const month = row.HBJNY!;
  let right = checkHolder(check, row);
  const wrong = (...args: Parameters<Check["problem"]>) => {
    check.problem(...args);
    right = false;
  };
  if (depositor.unitId !== unit.id) wrong(line, "DWZH", row.DWZH!, "DEPOSITOR_OF_ANOTHER_UNIT");
  if (!isOpen(depositor.state)) wrong(line, "GRZH", row.GRZH!, "DEPOSITOR_CLOSED");
  // Months before this one may have been remitted before the account was sealed.
  if (depositor.state === depositorSealed && month >= check.today.slice(0, 7))
    wrong(line, "GRZH", row.GRZH!, "DEPOSITOR_SEALED");
  if (depositor.paidToMonth !== null && month <= depositor.paidToMonth) {
    if (month === depositor.paidToMonth) wrong(line, "HBJNY", month, "MONTH_ALREADY_REMITTED");
    else wrong(line, "HBJNY", month, "MONTH_BEFORE_PAID_TO", { paidTo: depositor.paidToMonth });
  }
  return right;
}

/** The row's base, ratios and amounts fit each other and the limits of the month; undefined when they do not. */
function checkOwnFigures(check: Check, row: RemittanceRow, unit: UnitState) {
  const { line } = row;
  const month = row.HBJNY!;
  const day = firstDay(month);
  let right = true;
  if (row.DWJCBL !== undefined && !checkRatio(check, line, "DWJCBL", row.DWJCBL, day)) right = false;
  if (row.GRJCBL !== undefined && !checkRatio(check, line, "GRJCBL", row.GRJCBL, day)) right = false;
  if (row.GRJCJS === undefined || row.DWYJCE === undefined || row.GRYJCE === undefined) return undefined;
  // Without ratios, in the row or at the unit, there is nothing to judge the amounts by.
  if (unit.ratiosFaulty && (row.DWJCBL === undefined || row.GRJCBL === undefined)) return undefined;
  const figures = {
    baseFen: row.GRJCJS,
    unitRatioBp: row.DWJCBL ?? unit.unitRatioBp,
    personRatioBp: row.GRJCBL ?? unit.personRatioBp,
    unitFen: row.DWYJCE,
    personFen: row.GRYJCE,
  };
  right = checkFigures(check, line, figures, month) && right;
  if (right && row.DWYJCE + row.GRYJCE === 0n) {
    check.problem(line, "DWYJCE", "0.00", "AMOUNT_ZERO");
    right = false;
  }
  return right ? figures : undefined;
}

/** Name and document in a row, where it has them, are those of the account's holder. */
function checkHolder({ register, problem }: Check, row: RemittanceRow): boolean {
  const person = row.GRZH === undefined ? undefined : register.depositors.get(row.GRZH)?.person;
  if (!person) return true; // an account that is not known is told by itself
  const nameFits = row.XingMing === undefined || row.XingMing === person.name;
  const documentFits = row.ZJHM === undefined || row.ZJHM === person.documentNumber;
  if (!nameFits) problem(row.line, "XingMing", row.XingMing!, "NAME_DIFFERS");
  if (!documentFits) problem(row.line, "ZJHM", row.ZJHM!, "DOCUMENT_DIFFERS");
  return nameFits && documentFits;
}

/** A month that was remitted comes again: the same lines change nothing. */
function isSame(check: Check, rows: readonly RemittanceRow[], known: KnownRemittance): boolean {
  if (rows.length !== known.lines.size) return false;
  return rows.every((row) => {
    const depositor = row.GRZH === undefined ? undefined : check.register.depositors.get(row.GRZH);
    const line = depositor && known.lines.get(depositor.id);
    return (
      line !== undefined &&
      !row.faulty &&
      (row.YWLSH === undefined || row.YWLSH === known.businessNumber) &&
      row.GRJCJS === line.baseFen &&
      row.DWYJCE === line.unitFen &&
      row.GRYJCE === line.personFen
    );
  });
}
