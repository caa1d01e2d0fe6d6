// What a certificate for a loan elsewhere states, and the rule that forbids it to whoever used fund loans before.
import type { DepositorFacts } from "../../collection/snapshot.ts";
import { DomainError, refusals } from "../../errors.ts";
import { yuanOfFen } from "../../ledger/money.ts";
import { depositFieldsOf } from "./deposit-facts.ts";
import type { Day, Month, Yuan } from "./kind.ts";
import type { LoansTaken } from "./loan-elsewhere-store.ts";
import type { DocumentType } from "./words.ts";

export const loanElsewhereRefusals = refusals({
  LOAN_REGISTER_UNKNOWN: {
    status: 409,
    zh: "本中心尚未导入贷款登记，无法核对该职工使用公积金贷款的次数，不能开具异地贷款证明。请先由管理员导入贷款登记。",
    en: "This centre has no register of loans yet, so it cannot check how many fund loans this person has used. An administrator has to import the register first.",
  },
  LOANS_USED_TWICE: {
    status: 409,
    zh: "该职工已使用两次（含）以上公积金贷款（含异地贷款），按建金〔2016〕230号规定不得开具异地贷款证明。",
    en: "This person has used fund loans twice or more, here or elsewhere. Notice Jianjin [2016] 230 forbids this certificate.",
  },
  FIRST_LOAN_UNSETTLED: {
    status: 409,
    zh: "该职工的首次公积金贷款（含异地贷款）尚未结清，不能开具异地贷款证明。请在结清并登记后再申请。",
    en: "This person's first fund loan, here or elsewhere, is not settled. Ask again when it is settled and registered.",
  },
  LOAN_ELSEWHERE_AT_OWN_CENTRE: {
    status: 400,
    zh: "接收证明的中心就是本中心，无需异地贷款证明。请核对贷款中心。",
    en: "The lending centre named is this very centre. Check which centre the certificate is for.",
  },
  ADDRESSEE_NOT_A_MEMBER: {
    status: 400,
    zh: "没有代码为 {code} 的联盟成员中心。请核对代码；贷款中心不是成员的，请只填名称。",
    en: "No member of the consortium has the code {code}. Check it; for a centre that is no member give the name only.",
  },
  ADDRESSEE_NAME_DIFFERS: {
    status: 400,
    zh: "代码 {code} 的成员中心登记名称为“{name}”，与所填名称不符。请核对名称和代码。",
    en: 'The member with the code {code} is registered as "{name}", not by the name given. Check name and code.',
  },
  LOAN_ELSEWHERE_DECISION_PENDING: {
    status: 409,
    zh: "该职工以前的异地贷款证明有一项回执或撤销待复核。请先由另一位人员复核，再开具新的证明。",
    en: "A reply to, or a revocation of, an earlier certificate of this person waits for confirmation. Have another officer decide on it first.",
  },
  LOAN_ELSEWHERE_ASKED_TWICE: {
    status: 409,
    zh: "同一批申请中，该职工对同一中心的证明出现了两次。每个中心只能有一份有效证明，请去掉重复的一份。",
    en: "This batch asks twice for a certificate of this person for the same centre. One at a time is valid: leave one out.",
  },
});

/** Whether the certificate freezes the account, and until when. */
export type FreezeMode = "none" | "until_reply" | "until_settled";

/** The facts of a certificate for a loan elsewhere. Null is a fact that the centre has no data for, printed as 未知. */
export interface LoanElsewhereFields {
  /** the lending centre, its code when it is a member of the consortium, and its city */
  readonly addressee: string;
  readonly addresseeCode: string | null;
  readonly city: string;
  readonly name: string;
  readonly documentType: DocumentType;
  readonly documentNumber: string;
  /** 个人公积金账号 */
  readonly accountNumber: string;
  readonly opened: Month;
  readonly accountState: "normal" | "sealed" | "arrears" | "other";
  /** false where nobody can say whether a normal account is in arrears */
  readonly arrearsKnown: boolean;
  /** 缴存基数, a month */
  readonly baseYuan: Yuan;
  /** `"12"` is 12 % */
  readonly unitRatioPercent: string;
  readonly personRatioPercent: string;
  /** 月缴存额, both parts together */
  readonly monthlyYuan: Yuan;
  readonly balanceYuan: Yuan;
  /** 最近连续缴存时间: first and last month; both null where no month is on record */
  readonly runFrom: Month | null;
  readonly runTo: Month | null;
  /** true: months before `runFrom` are likely and not on record */
  readonly runMayBeLonger?: true;
  /** 公积金贷款次数（含异地贷款）, sum of the contract amounts, and what is owed */
  readonly loansTaken: number;
  readonly loansAmountYuan: Yuan;
  readonly loansOwedYuan: Yuan;
  readonly freeze: FreezeMode;
  readonly contact: { readonly office: string; readonly phone: string } | null;
  /** the day whose end balance and other facts describe */
  readonly asOf: Day;
}

/**
 * Why this person may not have the certificate, if so: 建金〔2016〕230号 二 allows it to those who never used a fund loan or
 * whose first one is settled, and forbids it to whoever used two, settled or not. Loans elsewhere count.
 */
export function forbidden(loans: LoansTaken): DomainError | undefined {
  if (!loans.registerKnown) return new DomainError("LOAN_REGISTER_UNKNOWN");
  if (loans.taken >= 2) return new DomainError("LOANS_USED_TWICE");
  if (loans.unsettled > 0) return new DomainError("FIRST_LOAN_UNSETTLED");
  return undefined;
}

/** 缓缴, table A.4: what is agreed to be paid later is not in arrears */
const UNIT_DEFERRED = "03";

/** Whether a normal account is in arrears; null where nobody can say. @param due the last month that has to be paid */
export function inArrears(
  facts: Pick<DepositorFacts, "paidToMonth" | "openedOn">,
  unitState: string,
  due: Month | null,
): boolean | null {
  if (due === null || unitState === UNIT_DEFERRED) return null;
  if (facts.paidToMonth !== null) return facts.paidToMonth < due;
  // Nothing was ever paid: an account that was opened after the month that is due owes nothing yet.
  return facts.openedOn.slice(0, 7) > due ? false : null;
}

export interface LoanElsewhereDetails extends Addressee {
  readonly city: string;
}

/** A centre of the consortium as the registry names it. */
export interface Member {
  readonly code: string;
  readonly name: string;
}

/**
 * Which centre is meant: a code must be a member's, whose registered name is then the addressee's; a member's name without
 * its code means that member. Whatever else is typed is the name of a centre that is no member.
 * @param members all of them, this centre too
 */
export function addresseeOf(
  details: LoanElsewhereDetails,
  members: readonly Member[],
  ownCode: string,
): LoanElsewhereDetails | DomainError {
  if (members.length === 0) return new DomainError("CHAIN_NOT_READ");
  const code = details.addresseeCode;
  const member = members.find(({ code: its, name }) => (code ? its === code : isSameName(name, details.addressee)));
  if (code === ownCode || member?.code === ownCode) return new DomainError("LOAN_ELSEWHERE_AT_OWN_CENTRE");
  if (!member) return code ? new DomainError("ADDRESSEE_NOT_A_MEMBER", { code }) : details;
  if (!isSameName(member.name, details.addressee))
    return new DomainError("ADDRESSEE_NAME_DIFFERS", { code: member.code, name: member.name });
  return { addressee: member.name, addresseeCode: member.code, city: details.city };
}

/** @param today the day of the reading in Asia/Shanghai */
export function loanElsewhereFieldsOf(
  facts: DepositorFacts,
  loans: LoansTaken,
  details: LoanElsewhereDetails,
  rules: { today: Day; due: Month | null; freeze: FreezeMode; contact: LoanElsewhereFields["contact"] },
): LoanElsewhereFields {
  const deposit = depositFieldsOf(facts, rules.today);
  const arrears = inArrears(facts, loans.unitState, rules.due);
  const runKnown = deposit.monthsInARow !== null;
  return {
    addressee: details.addressee,
    addresseeCode: details.addresseeCode ?? null,
    city: details.city,
    name: facts.personName,
    documentType: facts.documentType as DocumentType,
    documentNumber: facts.documentNumber,
    accountNumber: facts.accountNumber,
    opened: facts.openedOn.slice(0, 7),
    accountState: stateOf(deposit.accountStatus, arrears),
    arrearsKnown: arrears !== null,
    baseYuan: yuanOfFen(facts.baseFen),
    unitRatioPercent: deposit.unitRatioPercent!,
    personRatioPercent: deposit.personRatioPercent!,
    monthlyYuan: deposit.monthlyYuan!,
    balanceYuan: deposit.balanceYuan!,
    runFrom: runKnown ? facts.consecutiveFrom : null,
    runTo: runKnown ? facts.consecutiveTo : null,
    ...(deposit.monthsInARowIsLeast ? { runMayBeLonger: true as const } : {}),
    loansTaken: loans.taken,
    loansAmountYuan: yuanOfFen(loans.amountFen),
    loansOwedYuan: yuanOfFen(loans.owedFen),
    freeze: rules.freeze,
    contact: rules.contact,
    asOf: rules.today,
  };
}

function stateOf(status: string | null, arrears: boolean | null): LoanElsewhereFields["accountState"] {
  if (status === "02") return "sealed";
  if (status !== "01") return "other";
  return arrears ? "arrears" : "normal";
}

/** Who a certificate is for. */
export interface Addressee {
  readonly addressee: string;
  readonly addresseeCode?: string | null;
}

/** Whether two certificates are for the same centre: the code says so where both have one, else the name. */
export function isSameAddressee(a: Addressee, b: Addressee): boolean {
  if (a.addresseeCode && b.addresseeCode) return a.addresseeCode === b.addresseeCode;
  return isSameName(a.addressee, b.addressee);
}

function isSameName(a: string, b: string): boolean {
  const plain = (name: string) => name.normalize("NFKC").replaceAll(/\s/g, "");
  return plain(a) === plain(b);
}
