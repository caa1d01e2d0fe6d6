// Month amounts: base × ratio, rounded by the centre's rule (domain rules §3.2).
import { divideHalfUp } from "../ledger/money.ts";
import type { RoundingRule } from "../parameters/parameter.ts";

const wholeBp = 10_000n;

export interface MonthAmounts {
  unitFen: bigint;
  personFen: bigint;
}

/**
 * The amounts that unit and person deposit each month, in fen.
 * `part`: base × ratio of each is rounded half up by itself. `total`: base × (sum of ratios) is rounded half up once and
 * split by the ratios; the unit's share is rounded half up to the fen and the person's part takes the remainder.
 * @param baseFen base a month; ratios in basis points
 */
export function monthAmounts(
  baseFen: bigint,
  unitRatioBp: number,
  personRatioBp: number,
  rule: RoundingRule,
): MonthAmounts {
  const step = BigInt(rule.unitFen);
  const rounded = (ratioBp: number) => divideHalfUp(baseFen * BigInt(ratioBp), wholeBp * step) * step;
  if (rule.scope === "part") return { unitFen: rounded(unitRatioBp), personFen: rounded(personRatioBp) };
  const ratioBp = unitRatioBp + personRatioBp;
  if (ratioBp === 0) return { unitFen: 0n, personFen: 0n };
  const totalFen = rounded(ratioBp);
  const unitFen = divideHalfUp(totalFen * BigInt(unitRatioBp), BigInt(ratioBp));
  return { unitFen, personFen: totalFen - unitFen };
}
