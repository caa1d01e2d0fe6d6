// What the ledger refuses, and the SQLSTATEs of service/migrations/0001_ledger.sql behind it.
import { DomainError, refusals } from "../errors.ts";

export const ledgerRefusals = refusals({
  POSTING_EXISTS_WITH_DIFFERENT_CONTENT: {
    status: 409,
    zh: "编号 {posting} 已用于另一笔内容不同的记账，本次没有记账。请核对原记账，或换用新的编号。",
    en: "Posting {posting} exists with different content; nothing was posted. Check the earlier posting or use a new id.",
  },
  LEDGER_ACCOUNT_UNKNOWN: {
    status: 409,
    zh: "记账 {posting} 涉及的账户不存在，本次没有记账。请先开立账户。",
    en: "Posting {posting} names an account that does not exist; nothing was posted. Open the account first.",
  },
  BALANCE_TOO_LOW: {
    status: 409,
    zh: "账户余额不足，记账 {posting} 没有办理。请核对余额后重试。",
    en: "The balance is too low for posting {posting}; nothing was posted. Check the balance and try again.",
  },
  ACCOUNT_EXISTS_WITH_DIFFERENT_CONTENT: {
    status: 409,
    zh: "账户编号已用于另一个内容不同的账户，本次没有开立账户。请换用新的编号。",
    en: "An account with this id exists with different content; nothing was opened. Use a new id.",
  },
});

const codeOf: Record<string, keyof typeof ledgerRefusals> = {
  CZL02: "POSTING_EXISTS_WITH_DIFFERENT_CONTENT",
  CZL03: "LEDGER_ACCOUNT_UNKNOWN",
  CZL04: "BALANCE_TOO_LOW",
};

/** The refusal that a database error stands for; any other error (CZL01 and CZL05 are bugs of the caller) as it came. */
export function refusalFromSql(error: unknown): unknown {
  const { code, detail } = error as { code?: string; detail?: string };
  const refusal = code === undefined ? undefined : codeOf[code];
  return refusal ? new DomainError(refusal, { posting: detail ?? "" }, { cause: error }) : error;
}
