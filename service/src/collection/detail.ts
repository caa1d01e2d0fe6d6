// The history of depositors' accounts, entry by entry: the ledger joined with the remittances behind it.
import type { Queryable } from "../db.ts";
import { invariant } from "../errors.ts";
import * as store from "./detail-store.ts";

/** One entry of a depositor's account. Amounts in fen. */
export interface AccountEntry {
  /** of the ledger; rises with each entry of an account */
  number: bigint;
  /** 记账日期, the day in China of the business behind it */
  day: string;
  /** kind of the posting: `opening`, `remittance`, `withdrawal`, … */
  kind: string;
  /** positive when the balance grew */
  changeFen: bigint;
  /** as the ledger keeps it */
  balanceFen: bigint;
  /** what the remittance behind it says; null for all other business */
  remittance: {
    /** table A.5: 01 remittance, 02 back payment */
    kind: string;
    /** YYYY-MM */
    month: string;
    unitFen: bigint;
    personFen: bigint;
    unitName: string;
    /** DWZH */
    unitNumber: string;
  } | null;
}

export interface AccountDetail {
  depositorId: string;
  personId: string;
  personName: string;
  /** table A.1 */
  documentType: string;
  documentNumber: string;
  phone: string | null;
  /** GRZH */
  accountNumber: string;
  ledgerAccountId: string;
  /** KHRQ, day of opening, here or in the system that it comes from */
  openedOn: string;
  /** the day in China on which it was written into this register */
  registeredOn: string;
  /** table A.6 */
  state: string;
  frozen: boolean;
  /** today's balance, after `entryNumber` */
  balanceFen: bigint;
  /** newest entry of the account, 0 when there is none */
  entryNumber: bigint;
  /** all of the account, oldest first */
  entries: AccountEntry[];
}

/**
 * Depositors with the whole history of their accounts, in the order asked; ids that do not exist are left out. Two statements,
 * one state: the second reads no entry above the one that the first names, and below it an account's entries are final.
 * A second call answers anew.
 */
export async function accountDetails(db: Queryable, depositorIds: readonly string[]): Promise<AccountDetail[]> {
  const holders = await store.holders(db, depositorIds);
  const entries = await store.entries(db, holders);
  return holders.map((holder) => {
    const own = entries.get(holder.depositorId) ?? [];
    invariant((own.at(-1)?.balanceFen ?? 0n) === holder.balanceFen, "an account's balance is that of its newest entry");
    return { ...holder, entries: own };
  });
}

/** What of an account's past is on record here. A day before it has entries and balances that nobody here knows. */
export interface OnRecord {
  /** the first month that can be stated, YYYY-MM: of the opening, the takeover or the first entry */
  firstMonth: string;
  /** the day on which the account came into this ledger with a past; null: all of it is on record, from the opening on */
  takenOverOn: string | null;
}

/**
 * Since when an account is on record here. One that comes from another system brings a balance (`opening` entries before all
 * others), and perhaps entries of months before that day; of what was before those, nothing is known, and the balance it
 * brought is no month's. An account without a balance has come here when it was registered.
 */
export function onRecord({
  openedOn,
  registeredOn,
  entries,
}: Pick<AccountDetail, "openedOn" | "registeredOn" | "entries">): OnRecord {
  const begin = beginOf(entries);
  const brought = entries[begin - 1];
  const months = [brought?.day ?? registeredOn, ...entries.slice(begin).map(({ day }) => day)].map((day) =>
    day.slice(0, 7),
  );
  const recorded = months.reduce((first, month) => (month < first ? month : first));
  const opened = openedOn.slice(0, 7);
  if (brought) return { firstMonth: opened > recorded ? opened : recorded, takenOverOn: brought.day };
  return opened >= recorded
    ? { firstMonth: opened, takenOverOn: null }
    : { firstMonth: recorded, takenOverOn: registeredOn };
}

/** A stretch of an account's history without a gap: `openingFen` and the changes of the entries make the newest balance. */
export interface Stretch {
  /** balance before the first of the entries */
  openingFen: bigint;
  entries: AccountEntry[];
  /** true: no entry stands before these but the balance that was taken over */
  isFromBeginning: boolean;
}

/**
 * The entries of the months from `from` to `to`, in the order of the ledger, whose balances they carry: from the first entry
 * that falls into these months to the last one. What was posted between them comes too, whatever its day: a remittance that
 * is entered late has an older day than its neighbours. Balances taken over when the account came into this ledger (`opening`
 * entries before all others) have no month; they are part of what is brought forward.
 * @param from YYYY-MM, not before the first month of `onRecord`: before it a balance would be stated that was never held
 */
export function stretchOf(entries: readonly AccountEntry[], from: string, to: string): Stretch {
  const begin = beginOf(entries);
  const own = entries.slice(begin);
  const isWithin = ({ day }: AccountEntry) => day.slice(0, 7) >= from && day.slice(0, 7) <= to;
  const first = own.findIndex(isWithin);
  if (first < 0) {
    const before = own.findLast(({ day }) => day.slice(0, 7) < from);
    const balanceFen = (before ?? entries[begin - 1])?.balanceFen ?? 0n;
    return { openingFen: balanceFen, entries: [], isFromBeginning: before === undefined };
  }
  const chosen = own.slice(first, own.findLastIndex(isWithin) + 1);
  return { openingFen: chosen[0]!.balanceFen - chosen[0]!.changeFen, entries: chosen, isFromBeginning: first === 0 };
}

/** Place of the first entry that is no balance taken over; the number of entries when there is none. */
function beginOf(entries: readonly AccountEntry[]): number {
  const begin = entries.findIndex(({ kind }) => kind !== "opening");
  return begin < 0 ? entries.length : begin;
}
