// A withdrawal, first part: rent. It is applied for, checked against the joint blacklist and, when nothing stops it, paid
// from the ledger, all in one transaction. A bar stops it until a clerk confirms the refusal: a person refuses, not a
// program. What is unknown is held.
import { createHash } from "node:crypto";
import type { Pool, Transaction } from "../db.ts";
import { transaction } from "../db.ts";
import { DomainError } from "../errors.ts";
import type { RandomBytes } from "../ids.ts";
import { newId } from "../ids.ts";
import type { Blacklist } from "../blacklist/blacklist.ts";
import { checkPerson } from "../blacklist/check.ts";
import { bankAccount } from "../collection/accounts.ts";
import { dayInChina } from "../collection/month.ts";
import "../collection/refusals.ts";
import { depositorsOf, personOf } from "../collection/register.ts";
import type { Depositor } from "../collection/register.ts";
import { balanceOf, post } from "../ledger/ledger.ts";
import { canonicalText } from "../proof/canonical.ts";
import "./refusals.ts";
import * as store from "./store.ts";
import type { WithdrawalRow, WithdrawalState } from "./store.ts";

export interface Withdrawals {
  pool: Pool;
  blacklist: Blacklist;
  now: () => Date;
  random: RandomBytes;
}

export interface Application {
  personId: string;
  /** GRZH of an account of that person */
  accountNumber: string;
  kind: "rent";
  amountFen: bigint;
  requestedBy: string;
  requestKey: string;
}

/** TQYY, table A.7 of JGJ/T 320: 07 is rent, whose income threshold the Regulation of 2026 dropped. */
const reasonCode = { rent: "07" } as const;

/**
 * Applies for a withdrawal and decides it as far as a program may. The same requester and key again answers with the same
 * withdrawal and moves no money.
 * @throws DEPOSITOR_NOT_FOUND, ACCOUNT_NOT_OPEN_FOR_WITHDRAWAL, WITHDRAWAL_AMOUNT_INVALID, BALANCE_TOO_LOW,
 *   IDEMPOTENCY_KEY_REUSED
 */
export async function applyForWithdrawal(withdrawals: Withdrawals, application: Application): Promise<WithdrawalRow> {
  if (application.amountFen <= 0n) throw new DomainError("WITHDRAWAL_AMOUNT_INVALID");
  const digest = createHash("sha256")
    .update(canonicalText({ ...application, amountFen: String(application.amountFen) }))
    .digest();
  return transaction(withdrawals.pool, async (tx) => {
    await store.lockWish(tx, application.requestedBy, application.requestKey);
    const before = await store.byRequest(tx, application.requestedBy, application.requestKey);
    if (before) {
      if (!digest.equals(before.requestDigest)) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
      return before;
    }
    return decide(withdrawals, tx, application, digest);
  });
}

async function decide(
  withdrawals: Withdrawals,
  tx: Transaction,
  application: Application,
  requestDigest: Uint8Array,
): Promise<WithdrawalRow> {
  const now = withdrawals.now();
  const id = newId("wd", withdrawals.random);
  const businessNumber = `TQ${dayInChina(now).replaceAll("-", "")}${id.slice(-10).toUpperCase()}`;
  const person = await personOf(tx, application.personId);
  const find = async () =>
    (await depositorsOf(tx, application.personId)).find(
      (account) => account.accountNumber === application.accountNumber,
    );
  const known = await find();
  if (!person || !known) throw new DomainError("DEPOSITOR_NOT_FOUND");
  await store.lockDepositor(tx, known.id);
  const depositor = (await find())!;
  mustBeOpen(depositor);
  // Before the check: a refusal after it would take its trace back with it, and still have told that nothing bars.
  if ((await balanceOf(tx, depositor.ledgerAccountId)) < application.amountFen)
    throw new DomainError("BALANCE_TOO_LOW", { posting: businessNumber });
  const answer = await checkPerson(withdrawals.blacklist, tx, {
    document: { type: person.documentType, number: person.documentNumber },
    businessNumber,
    purpose: "withdrawal.rent",
    actor: application.requestedBy,
    personId: person.id,
  });
  const states = { clear: "paid", flagged: "paid", barred: "barred", unknown: "held" } as const;
  const state: WithdrawalState = states[answer.result];
  const postingId = state === "paid" ? `post_${id}` : null;
  if (postingId)
    await post(tx, [
      {
        id: postingId,
        kind: "withdrawal",
        businessNumber,
        eventAt: now,
        transfers: [{ debit: depositor.ledgerAccountId, credit: bankAccount, amountFen: application.amountFen }],
      },
    ]);
  const row: WithdrawalRow = {
    id,
    businessNumber,
    personId: person.id,
    depositorId: depositor.id,
    reason: reasonCode[application.kind],
    kind: application.kind,
    amountFen: application.amountFen,
    state,
    checkId: answer.id,
    postingId,
    requestedBy: application.requestedBy,
    requestKey: application.requestKey,
    requestDigest,
    appliedAt: now,
    decidedBy: null,
    decidedAt: null,
    note: null,
  };
  await store.insert(tx, row);
  return row;
}

function mustBeOpen(depositor: Depositor): void {
  // 01 normal, 02 sealed: of both the balance is the person's. Frozen and closed accounts give nothing out.
  if (depositor.frozen || !["01", "02"].includes(depositor.state))
    throw new DomainError("ACCOUNT_NOT_OPEN_FOR_WITHDRAWAL");
}

/**
 * A clerk confirms the refusal of a withdrawal that a bar stopped. A second confirmation changes nothing.
 * @throws WITHDRAWAL_NOT_FOUND, WITHDRAWAL_NOT_BARRED, WITHDRAWAL_DECIDED
 */
export async function refuseWithdrawal(
  withdrawals: Withdrawals,
  refusal: { id: string; officer: string; note: string },
): Promise<WithdrawalRow> {
  return transaction(withdrawals.pool, async (tx) => {
    const row = await store.lock(tx, refusal.id);
    if (!row) throw new DomainError("WITHDRAWAL_NOT_FOUND");
    if (row.state === "refused") return row;
    if (row.state === "paid") throw new DomainError("WITHDRAWAL_DECIDED");
    if (row.state === "held") throw new DomainError("WITHDRAWAL_NOT_BARRED");
    await store.refuse(tx, row.id, refusal.officer, withdrawals.now(), refusal.note);
    return (await store.byId(tx, row.id))!;
  });
}
