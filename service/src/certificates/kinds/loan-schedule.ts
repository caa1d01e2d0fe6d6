// 个人住房公积金贷款还款计划: how a loan will be paid back from today, reckoned from its balance, remaining terms, rate and
// method as the register of loans has them. It says so on its face: it is a plan, not a contract.

import { certificateForm } from "./form.ts";
import { DomainError, refusals } from "../../errors.ts";
import { equalInstalments, equalPrincipal, loanNormal } from "../../collection/codes.ts";
import { loanFacts } from "../../collection/loans.ts";
import type { LoanFacts } from "../../collection/loans.ts";
import { yuanOfFen } from "../../ledger/money.ts";
import { parameterHistory } from "../../parameters/parameter.ts";
import type { ParameterValues } from "../../parameters/parameter.ts";
import type { CertificateKind, CertificateRecord, Day, Yuan } from "./kind.ts";
import { dayFigure, loanFieldsOf, loanValues } from "./loan.ts";
import type { LoanFields } from "./loan.ts";
import { dueOn, firstTermAfter, planOf } from "./loan-schedule-plan.ts";
import type { DueRule, PlannedTerm } from "./loan-schedule-plan.ts";
import { amount, tooMany } from "./rows.ts";
import { day, fen, money, percent } from "./words.ts";

/** JGJ/T 320 A.11 还款方式, those from which a plan follows */
const METHODS = { [equalInstalments]: "等额本息", [equalPrincipal]: "等额本金" } as const;
type Method = keyof typeof METHODS;

export type ScheduleRow = readonly [
  /** 期次 of the contract */
  term: number,
  dueOn: Day,
  amountYuan: Yuan,
  principalYuan: Yuan,
  interestYuan: Yuan,
  /** 贷款余额 after it */
  balanceYuan: Yuan,
];

export interface LoanScheduleFields extends LoanFields {
  /** what is owed, and what the plan pays back */
  readonly balanceYuan: Yuan;
  readonly method: Method;
  /** yearly, `"2.6"` is 2.6 % */
  readonly ratePercent: string;
  /** the day from which the terms that remain are counted */
  readonly asOf: Day;
  readonly interestYuan: Yuan;
  /** the terms that remain, at least one */
  readonly rows: readonly ScheduleRow[];
}

export const loanScheduleRefusals = refusals({
  LOAN_NOT_BEING_REPAID: {
    status: 409,
    zh: "该贷款不在正常还款状态（尚未发放、已结清、逾期等），没有还款计划。请到柜台核对贷款状态。",
    en: "This loan is not being repaid as planned (not disbursed, settled, overdue or other), so it has no plan. Ask at the counter.",
  },
  REPAYMENT_METHOD_UNKNOWN: {
    status: 409,
    zh: "贷款登记中没有该贷款的还款方式（DKHKFS），不能推算还款计划。请到柜台补录还款方式后再申请。",
    en: "The register does not say how this loan is repaid (DKHKFS), so no plan can be reckoned. Have it added at the counter, then ask again.",
  },
  REPAYMENT_METHOD_WITHOUT_PLAN: {
    status: 409,
    zh: "该贷款的还款方式既非等额本息也非等额本金，没有固定的还款计划。请到柜台查询。",
    en: "This loan is repaid neither in equal instalments nor with equal principal, so it has no fixed plan. Ask at the counter.",
  },
  LOAN_TERM_OVER: {
    status: 409,
    zh: "该贷款的合同期限已满而余额尚未还清，不能推算还款计划。请到柜台办理。",
    en: "The term of this loan is over and its balance is not paid back, so no plan can be reckoned. Ask at the counter.",
  },
});

const VALIDITY_DAYS = 30;

export const loanScheduleKind: CertificateKind<LoanScheduleFields> = {
  code: "loan-schedule",
  title: { zh: "个人住房公积金贷款还款计划", en: "Housing provident fund loan repayment plan" },
  subject: "loan",
  purpose: "了解住房公积金贷款还款安排",
  validityDays: VALIDITY_DAYS,
  template: certificateForm({
    title: "个人住房公积金贷款还款计划",
    opening: "以下还款计划自{asOf}起，按本中心登记的贷款余额、剩余期数、还款方式和现行利率推算：",
    rows: [
      [
        { label: "借款人", text: "{name}" },
        { label: "贷款账号", text: "{loanNumber}" },
      ],
      [
        { label: "证件类型", text: "{documentType}" },
        { label: "证件号码", text: "{documentNumber}" },
      ],
      [
        { label: "借款金额", text: "{amount}" },
        { label: "借款期限", text: "{term}" },
      ],
      [
        { label: "放款日期", text: "{disbursedOn}" },
        { label: "还款方式", text: "{method}" },
      ],
      [
        { label: "贷款余额", text: "{balance}" },
        { label: "现行年利率", text: "{rate}" },
      ],
      [
        { label: "剩余期数", text: "{terms}" },
        { label: "计划利息", text: "{interest}" },
      ],
    ],
    table: {
      name: "terms",
      columns: [
        { title: "期次", width: 14, align: "centre" },
        { title: "还款日期", width: 26, align: "centre" },
        { title: "发生额（元）", width: 32, align: "right" },
        { title: "本金（元）", width: 32, align: "right" },
        { title: "利息（元）", width: 32, align: "right" },
        { title: "贷款余额（元）", width: 34, align: "right" },
      ],
    },
    common: Object.values(METHODS).join(""),
    closing:
      "本计划为推算结果，不改变借款合同；提前还款、逾期或利率调整后，以调整后的为准。仅供{purpose}使用，有效期至{validUntil}。",
    attestation: "特此说明。",
  }),

  async read(tx, asked, { today }) {
    const rules = await parameterHistory(tx, "loan.due_day");
    const rule = rules.findLast(({ validFrom }) => validFrom <= today)?.value;
    if (!rule) return asked.map(() => new DomainError("PARAMETER_NOT_SET", { code: "loan.due_day", date: today }));
    const loans = await loanFacts(
      tx,
      asked.map(({ subjectId }) => subjectId),
    );
    const byId = new Map(loans.map((loan) => [loan.id, loan]));
    return asked.map(({ subjectId }) => {
      const loan = byId.get(subjectId);
      if (!loan) return new DomainError("LOAN_NOT_FOUND");
      const fields = fieldsOf(loan, rule, today);
      return fields instanceof DomainError ? fields : { personId: loan.personId, ledgerEntry: 0n, fields };
    });
  },

  values({ number, issuedOn, validUntil, purpose, fields }: CertificateRecord<LoanScheduleFields>) {
    return {
      number,
      issuedOn: day(issuedOn),
      validUntil: day(validUntil),
      purpose,
      ...loanValues(fields),
      asOf: day(fields.asOf),
      balance: money(fields.balanceYuan),
      method: METHODS[fields.method],
      rate: percent(fields.ratePercent),
      terms: `${fields.rows.length} 期`,
      interest: money(fields.interestYuan),
    };
  },

  tables({ fields }: CertificateRecord<LoanScheduleFields>) {
    return { terms: fields.rows.map(([term, due, ...amounts]) => [String(term), due, ...amounts.map(amount)]) };
  },

  holder: ({ name, documentNumber }) => ({ name, number: documentNumber }),

  qrSummary({ fields }: CertificateRecord<LoanScheduleFields>) {
    const first = fields.rows[0]!;
    return [
      fen(fields.balanceYuan),
      fields.rows.length,
      fen(first[2]),
      fen(fields.interestYuan),
      dayFigure(first[1]),
      dayFigure(fields.rows.at(-1)![1]),
    ];
  },
};

function fieldsOf(
  loan: LoanFacts,
  parameter: ParameterValues["loan.due_day"],
  today: Day,
): LoanScheduleFields | DomainError {
  if (loan.state !== loanNormal || loan.balanceFen === 0n) return new DomainError("LOAN_NOT_BEING_REPAID");
  const { repaymentMethod: method, disbursedOn, termMonths } = loan;
  if (method === null) return new DomainError("REPAYMENT_METHOD_UNKNOWN");
  if (!isPlanned(method)) return new DomainError("REPAYMENT_METHOD_WITHOUT_PLAN");
  const rule = dueRuleOf(loan, parameter);
  const next = firstTermAfter(disbursedOn, today, rule);
  const remaining = termMonths - next + 1;
  if (remaining < 1) return new DomainError("LOAN_TERM_OVER");
  const refusal = tooMany(remaining);
  if (refusal) return refusal;
  const plan = planOf(method, loan.balanceFen, loan.rateE7, remaining);
  return {
    ...loanFieldsOf(loan),
    balanceYuan: yuanOfFen(loan.balanceFen),
    method,
    ratePercent: percentOf(loan.rateE7),
    asOf: today,
    interestYuan: yuanOfFen(plan.reduce((sum, term) => sum + term.interestFen, 0n)),
    rows: plan.map((term, index) => rowOf(term, next + index, dueOn(disbursedOn, next + index, rule))),
  };
}

function isPlanned(method: string): method is Method {
  return method in METHODS;
}

/** The contract's own day where the register has it, else the centre's rule. */
function dueRuleOf(loan: LoanFacts, { day, firstAfterMonths }: ParameterValues["loan.due_day"]): DueRule {
  const ofRule = day === "disbursement" ? Number(loan.disbursedOn.slice(8)) : day;
  return { day: loan.repaymentDay ?? ofRule, firstAfterMonths };
}

function rowOf(planned: PlannedTerm, term: number, due: Day): ScheduleRow {
  const { amountFen, principalFen, interestFen, balanceFen } = planned;
  return [term, due, yuanOfFen(amountFen), yuanOfFen(principalFen), yuanOfFen(interestFen), yuanOfFen(balanceFen)];
}

/** 260000 is 2.6 %: ten million is 100 %. */
function percentOf(rateE7: number): string {
  return String(rateE7 / 100_000);
}
