// 欠缴: which month has to be remitted by a day, as the centre's dated parameter has it.
import { addMonths } from "../../collection/month.ts";
import type { Queryable } from "../../db.ts";
import { parameterHistory } from "../../parameters/parameter.ts";
import type { Day, Month } from "./kind.ts";

/**
 * The last month that has to be remitted on the day of the reading: a month is in arrears after so many days of the next one.
 * @returns null where the centre has set no such rule: then nobody can be said to be in arrears, or not to be
 */
export async function lastMonthDue(db: Queryable, today: Day): Promise<Month | null> {
  const rows = await parameterHistory(db, "deposit.arrears_after");
  const rule = rows.findLast((row) => row.validFrom <= today)?.value;
  if (!rule) return null;
  return addMonths(today.slice(0, 7), Number(today.slice(8)) > rule.day ? -1 : -2);
}
