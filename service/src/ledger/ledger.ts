// The ledger: accounts, postings of transfers, balances. The rules themselves live in the database, in
// service/migrations/0001_ledger.sql; read that file for what holds whoever is connected.
//
// Everything takes a Queryable, so that a domain posts inside its own transaction: the posting and the business record
// that it belongs to are kept together or not at all. A refusal aborts that transaction, as any database error does.
import type { Queryable } from "../db.ts";
import { DomainError } from "../errors.ts";
import * as store from "./store.ts";

/** An account to open. Its id (`acct_…`) is made by the caller. */
export interface NewAccount {
  id: string;
  /** `depositor`, `unit_clearing`, `unit_unallocated`, `bank`, `opening`, or a kind that a later domain brings */
  kind: string;
  /** whose account it is: the id of a depositor or unit, or `centre` */
  owner: string;
  /** the side on which it grows: `debit` for what the centre has, `credit` for what it owes */
  normalSide: "debit" | "credit";
  /** default false */
  mayGoNegative?: boolean;
}

/** Moves a positive amount: the debit account is debited, the credit account credited. */
export interface Transfer {
  debit: string;
  credit: string;
  amountFen: bigint;
}

/** A balanced set of transfers under one id (`post_…`) made by the caller, who repeats it to ask again. */
export interface Posting {
  id: string;
  /** what kind of business it is, in lower case: `remittance`, `opening`, `withdrawal`, … */
  kind: string;
  /** YWLSH 业务流水号 */
  businessNumber: string;
  /** when it happened (milliseconds); part of the content, so keep it for a second call */
  eventAt: Date;
  transfers: Transfer[];
}

/**
 * Opens accounts with balance zero. An account that exists with the same content is left as it is.
 * @throws DomainError ACCOUNT_EXISTS_WITH_DIFFERENT_CONTENT, and then nothing was opened
 */
export async function openAccounts(
  db: Queryable,
  accounts: readonly NewAccount[],
): Promise<{ opened: number; existing: number }> {
  if (accounts.length === 0) return { opened: 0, existing: 0 };
  const { opened, different } = await store.insertAccounts(db, accounts);
  // Thrown inside the caller's transaction, which takes back what this statement opened.
  if (different > 0) throw new DomainError("ACCOUNT_EXISTS_WITH_DIFFERENT_CONTENT", { count: different });
  return { opened, existing: accounts.length - opened };
}

/**
 * Posts everything or nothing, in the order given; all accounts are locked in id order until the transaction ends.
 * A posting that exists with the same content (kind, business number, time, transfers in order) changes nothing and is
 * counted as existing. Inside one posting an account receives before it gives.
 * @throws DomainError POSTING_EXISTS_WITH_DIFFERENT_CONTENT, LEDGER_ACCOUNT_UNKNOWN or BALANCE_TOO_LOW
 */
export async function post(
  db: Queryable,
  postings: readonly Posting[],
): Promise<{ posted: string[]; existing: string[] }> {
  if (postings.length === 0) return { posted: [], existing: [] };
  const written = new Set(await store.post(db, postings));
  const ids = postings.map((posting) => posting.id);
  return { posted: ids.filter((id) => written.has(id)), existing: ids.filter((id) => !written.has(id)) };
}

/** Balance in fen, in the direction of the account's normal side. @throws DomainError NOT_FOUND */
export async function balanceOf(db: Queryable, accountId: string): Promise<bigint> {
  const balance = await store.balance(db, accountId);
  if (balance === undefined) throw new DomainError("NOT_FOUND");
  return balance;
}

/**
 * Balance in fen as of an entry number: after the account's last entry whose number is not above it. The answer is final
 * when the number is not above the account's own last entry; see `lastEntry`.
 */
export function balanceAt(db: Queryable, accountId: string, entryNumber: bigint): Promise<bigint> {
  return store.balanceAt(db, accountId, entryNumber);
}

/**
 * The highest entry number visible to this reader, 0 in an empty ledger. Numbers of other accounts may still be on their
 * way below it: a statement about one account names that account's own last entry, which `depositorFacts` gives.
 */
export function lastEntry(db: Queryable): Promise<bigint> {
  return store.lastEntry(db);
}

/** One entry of an account's history. */
export interface HistoryEntry {
  number: bigint;
  postingId: string;
  kind: string;
  businessNumber: string;
  eventAt: Date;
  createdAt: Date;
  /** positive when the balance grew */
  changeFen: bigint;
  balanceAfterFen: bigint;
}

/** The account's entries, newest first, as of an entry number; `before` (exclusive) continues an earlier page. */
export function history(
  db: Queryable,
  accountId: string,
  page: { atEntry?: bigint; before?: bigint; limit: number },
): Promise<HistoryEntry[]> {
  return store.history(db, accountId, page);
}

export { audit } from "./audit.ts";
export type { Finding } from "./audit.ts";
