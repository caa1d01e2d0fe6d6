// A remittance (汇缴): one unit, one month, one line for each depositor. Business drives accounting: the register and the
// ledger are written together, or not at all.
import { isUniqueViolation } from "../db.ts";
import type { Transaction } from "../db.ts";
import { DomainError, invariant, refusals } from "../errors.ts";
import { post } from "../ledger/ledger.ts";
import type { Posting } from "../ledger/ledger.ts";
import { bankAccount, clearingAccount, depositorAccount } from "./accounts.ts";
import * as store from "./remittance-store.ts";

export const remittanceRefusals = refusals({
  MONTH_ALREADY_REMITTED: {
    status: 409,
    zh: "{month} 已经汇缴，本次没有入账。请核对汇缴清册。",
    en: "{month} is remitted already; nothing was posted. Check the remittance list.",
  },
});

export interface RemittanceLine {
  depositorId: string;
  /** base of that month; amounts as paid */
  baseFen: bigint;
  unitFen: bigint;
  personFen: bigint;
}

export interface Remittance {
  unitId: string;
  /** YYYY-MM */
  month: string;
  /** YWLSH 业务流水号, unique in the centre */
  businessNumber: string;
  eventAt: Date;
  lines: RemittanceLine[];
}

/** The id follows from unit and month, and the posting's from it: a month cannot be posted twice, whoever tries. */
export function remittanceId(unitId: string, month: string): string {
  return `rem_${unitId.slice("unit_".length)}${month.replace("-", "")}`;
}

/**
 * Writes remittances and their lines, posts bank → the unit's clearing account → depositors, and moves the months paid to
 * (those of depositors, and their months in a row, follow from the lines in the database).
 * The caller has checked the lines (amounts, order of months, states) in this transaction.
 * @throws DomainError MONTH_ALREADY_REMITTED when the unit, or a depositor through another unit, has that month already
 */
export async function remit(tx: Transaction, remittances: readonly Remittance[]): Promise<void> {
  if (remittances.length === 0) return;
  try {
    await store.insertRemittances(tx, remittances);
    await store.insertLines(tx, remittances);
  } catch (error) {
    const twice =
      isUniqueViolation(error, "remittance_month_once") || isUniqueViolation(error, "remittance_line_month_once");
    if (!twice && !isUniqueViolation(error, "remittance_pkey")) throw error;
    throw new DomainError("MONTH_ALREADY_REMITTED", { month: remittances[0]!.month }, { cause: error });
  }
  await store.movePaidTo(tx, remittances);
  const { existing } = await post(tx, remittances.map(postingOf));
  // The remittance rows are new, so their postings are: anything else means that register and ledger disagree.
  invariant(existing.length === 0, "a new remittance found its posting already in the ledger");
}

/** Sum of a remittance's lines in fen. */
export function totalFen(remittance: Remittance): bigint {
  return remittance.lines.reduce((sum, line) => sum + line.unitFen + line.personFen, 0n);
}

/** Id of the posting of a remittance. */
export function postingId(remittance: Pick<Remittance, "unitId" | "month">): string {
  return `post_${remittanceId(remittance.unitId, remittance.month)}`;
}

function postingOf(remittance: Remittance): Posting {
  const clearing = clearingAccount(remittance.unitId);
  return {
    id: postingId(remittance),
    kind: "remittance",
    businessNumber: remittance.businessNumber,
    eventAt: remittance.eventAt,
    transfers: [
      { debit: bankAccount, credit: clearing, amountFen: totalFen(remittance) },
      ...remittance.lines.map((line) => ({
        debit: clearing,
        credit: depositorAccount(line.depositorId),
        amountFen: line.unitFen + line.personFen,
      })),
    ],
  };
}
