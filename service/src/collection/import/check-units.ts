import { creditCodeFault } from "../identity-number.ts";
import { monthOf } from "../month.ts";
import { checkRatio, comesTwice, firstDifference, shown } from "./check.ts";
import type { Check } from "./check.ts";
import type { Row } from "./columns.ts";

const creditFaults = { form: "CREDIT_CODE_FORM", check: "CREDIT_CODE_CHECK" } as const;

/** Checks a list of units against rules and register; plans those that are new. */
export function checkUnits(check: Check, rows: readonly Row<"units">[]): void {
  for (const row of rows) checkUnit(check, row);
}

function checkUnit(check: Check, row: Row<"units">): void {
  const { register, problem } = check;
  const { line } = row;
  let right = !row.faulty;
  const wrong = (...args: Parameters<Check["problem"]>) => {
    problem(...args);
    right = false;
  };
  if (row.ZZJGDM !== undefined) {
    const fault = creditCodeFault(row.ZZJGDM);
    if (fault) wrong(line, "ZZJGDM", row.ZZJGDM, creditFaults[fault]);
  }
  if (row.DWKHRQ !== undefined && row.DWKHRQ > check.today) wrong(line, "DWKHRQ", row.DWKHRQ, "DATE_IN_FUTURE");
  if (row.JZNY !== undefined && row.JZNY > monthOf(check.today.slice(0, 7))!)
    wrong(line, "JZNY", row.JZNY, "MONTH_IN_FUTURE");
  const unitRatio = row.DWJCBL !== undefined && checkRatio(check, line, "DWJCBL", row.DWJCBL, check.today);
  const personRatio = row.GRJCBL !== undefined && checkRatio(check, line, "GRJCBL", row.GRJCBL, check.today);
  const ratiosFaulty = !(unitRatio && personRatio);
  if (ratiosFaulty) right = false;
  if (row.DWZH === undefined) return;
  if (row.DWZH.length > 20) wrong(line, "DWZH", row.DWZH, "ACCOUNT_NUMBER_ILLEGAL", { limit: 20 });

  const known = register.units.get(row.DWZH);
  const here = { file: check.file, line };
  const first = known?.place ?? (known?.named?.file === check.file ? known.named : undefined);
  if (first) {
    comesTwice(check, line, "DWZH", row.DWZH, first);
    return;
  }
  if (known) {
    known.named = here;
    if (!right) return;
    const difference = firstDifference([
      ["DWMC", row.DWMC, known.name],
      ["ZZJGDM", row.ZZJGDM, known.creditCode],
      ["DWKHRQ", row.DWKHRQ, known.openedOn],
      ["DWZHZT", row.DWZHZT, known.state],
      ["DWJCBL", row.DWJCBL, known.unitRatioBp],
      ["GRJCBL", row.GRJCBL, known.personRatioBp],
    ]);
    if (difference) problem(line, difference[0], shown(difference[1]), "EXISTS_WITH_DIFFERENT_CONTENT");
    else check.tally.unchanged++;
    return;
  }
  const unit = {
    id: check.newId("unit_"),
    accountNumber: row.DWZH,
    name: row.DWMC ?? "",
    creditCode: row.ZZJGDM ?? null,
    openedOn: row.DWKHRQ ?? "",
    state: row.DWZHZT ?? "",
    unitRatioBp: row.DWJCBL ?? 0,
    personRatioBp: row.GRJCBL ?? 0,
    paidToMonth: row.JZNY ?? null,
    faulty: !right,
    ratiosFaulty,
    place: here,
  };
  register.units.set(row.DWZH, unit);
  if (!right) return;
  check.plan.units.push(unit);
  check.tally.added++;
}
