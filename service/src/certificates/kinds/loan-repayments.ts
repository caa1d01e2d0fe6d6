// 个人住房公积金贷款还款明细: what was paid back on a loan, row by row, as the imported lists of repayments have it.

import { Type } from "typebox";
import type { Static } from "typebox";
import { certificateForm } from "./form.ts";
import { DomainError, refusals } from "../../errors.ts";
import { repaidLoans } from "../../collection/loans.ts";
import type { RepaidLoan, Repayment } from "../../collection/loans.ts";
import { yuanOfFen } from "../../ledger/money.ts";
import type { CertificateKind, CertificateRecord, Day, Yuan } from "./kind.ts";
import { dayFigure, loanFieldsOf, loanValues } from "./loan.ts";
import type { LoanFields } from "./loan.ts";
import { amount, MonthSchema, monthsFault, tooMany } from "./rows.ts";
import { day, fen, money } from "./words.ts";

/** JGJ/T 320 A.15 贷款业务明细类型, those of repayments */
const REPAYMENT_KINDS = {
  "02": "正常还款",
  "03": "提前还款",
  "04": "逾期还款",
  "05": "公积金提取还款",
  "06": "结清",
} as const;

export type RepaymentRow = readonly [
  /** 期次 */
  term: number,
  paidOn: Day,
  kind: keyof typeof REPAYMENT_KINDS,
  /** 发生额: principal, interest and penalty together */
  amountYuan: Yuan,
  principalYuan: Yuan,
  interestYuan: Yuan,
  penaltyYuan: Yuan,
  /** 贷款余额 after it */
  balanceYuan: Yuan,
];

export interface LoanRepaymentsFields extends LoanFields {
  /** what is owed today */
  readonly balanceYuan: Yuan;
  readonly principalYuan: Yuan;
  readonly interestYuan: Yuan;
  readonly penaltyYuan: Yuan;
  /** false: repayments before the first row are not on record, or were not asked for */
  readonly fromDisbursement: boolean;
  /** false: later repayments were not asked for */
  readonly toToday: boolean;
  /** in the order in which they were made, at least one */
  readonly rows: readonly RepaymentRow[];
}

export const loanRepaymentsRefusals = refusals({
  REPAYMENTS_NOT_ON_RECORD: {
    status: 409,
    zh: "本中心没有登记该贷款在此期间的还款明细，不能开具。请到柜台核对还款记录。",
    en: "No repayments of this loan are on record for these months, so they cannot be certified. Ask at the counter.",
  },
  REPAYMENTS_BEHIND_BALANCE: {
    status: 409,
    zh: "该贷款的还款明细与登记的贷款余额不一致，明细可能尚未更新，不能开具。请在明细更新后再申请，或到柜台核对。",
    en: "The repayments on record do not lead to the loan's balance; they may not be up to date. Ask again when they are, or ask at the counter.",
  },
});

const DetailsSchema = Type.Object(
  {
    from: Type.Optional(MonthSchema("first month of the repayments; from the first one on record if not given")),
    to: Type.Optional(MonthSchema("last month of the repayments; up to the newest one if not given")),
  },
  { additionalProperties: false },
);

const VALIDITY_DAYS = 30;

export const loanRepaymentsKind: CertificateKind<LoanRepaymentsFields> = {
  code: "loan-repayments",
  title: { zh: "个人住房公积金贷款还款明细", en: "Housing provident fund loan repayments" },
  subject: "loan",
  purpose: "核验住房公积金贷款还款情况",
  validityDays: VALIDITY_DAYS,
  details: DetailsSchema,
  template: certificateForm({
    title: "个人住房公积金贷款还款明细",
    opening: "兹证明下列借款人在本中心的住房公积金贷款，截至{issuedOn}登记的还款情况如下：",
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
        { label: "贷款余额", text: "{balance}" },
      ],
      [{ label: "明细范围", text: "{range}" }],
      [{ label: "明细合计", text: "本金 {principal}，利息 {interest}，罚息 {penalty}" }],
    ],
    table: {
      name: "repayments",
      columns: [
        { title: "期次", width: 10, align: "centre" },
        { title: "还款日期", width: 21, align: "centre" },
        { title: "业务类型", width: 25, align: "centre" },
        { title: "发生额（元）", width: 24, align: "right" },
        { title: "本金（元）", width: 24, align: "right" },
        { title: "利息（元）", width: 22, align: "right" },
        { title: "罚息（元）", width: 18, align: "right" },
        { title: "贷款余额（元）", width: 26, align: "right" },
      ],
    },
    common: Object.values(REPAYMENT_KINDS).join(""),
    closing: "以上为登记在册的还款记录，仅供{purpose}使用，有效期至{validUntil}。",
  }),

  async read(tx, asked, { today }) {
    const loans = await repaidLoans(
      tx,
      asked.map(({ subjectId }) => subjectId),
    );
    const byId = new Map(loans.map((loan) => [loan.id, loan]));
    return asked.map(({ subjectId, details }) => {
      const loan = byId.get(subjectId);
      if (!loan) return new DomainError("LOAN_NOT_FOUND");
      const fields = fieldsOf(loan, (details ?? {}) as Static<typeof DetailsSchema>, today);
      return fields instanceof DomainError ? fields : { personId: loan.personId, ledgerEntry: 0n, fields };
    });
  },

  values({ number, issuedOn, validUntil, purpose, fields }: CertificateRecord<LoanRepaymentsFields>) {
    return {
      number,
      issuedOn: day(issuedOn),
      validUntil: day(validUntil),
      purpose,
      ...loanValues(fields),
      balance: money(fields.balanceYuan),
      range: rangeInWords(fields),
      principal: money(fields.principalYuan),
      interest: money(fields.interestYuan),
      penalty: money(fields.penaltyYuan),
    };
  },

  tables({ fields }: CertificateRecord<LoanRepaymentsFields>) {
    return {
      repayments: fields.rows.map(([term, paidOn, kind, ...amounts]) => [
        String(term),
        paidOn,
        REPAYMENT_KINDS[kind],
        ...amounts.map(amount),
      ]),
    };
  },

  holder: ({ name, documentNumber }) => ({ name, number: documentNumber }),

  qrSummary({ fields }: CertificateRecord<LoanRepaymentsFields>) {
    return [
      fen(fields.balanceYuan),
      fields.rows.length,
      fen(fields.principalYuan),
      fen(fields.interestYuan),
      fen(fields.penaltyYuan),
      dayFigure(fields.rows.at(-1)![1]),
    ];
  },
};

function fieldsOf(
  loan: RepaidLoan,
  details: Static<typeof DetailsSchema>,
  today: Day,
): LoanRepaymentsFields | DomainError {
  const fault = monthsFault(details, today);
  if (fault) return fault;
  const { repayments } = loan;
  const last = repayments.at(-1);
  if (last && last.balanceFen !== loan.balanceFen) return new DomainError("REPAYMENTS_BEHIND_BALANCE");
  const chosen = repayments.filter(({ paidOn }) => isWithin(paidOn.slice(0, 7), details));
  const first = chosen[0];
  if (!first) return new DomainError("REPAYMENTS_NOT_ON_RECORD");
  const refusal = tooMany(chosen.length);
  if (refusal) return refusal;
  return {
    ...loanFieldsOf(loan),
    balanceYuan: yuanOfFen(loan.balanceFen),
    principalYuan: sum(chosen, "principalFen"),
    interestYuan: sum(chosen, "interestFen"),
    penaltyYuan: sum(chosen, "penaltyFen"),
    // The balance alone does not tell: terms in which only interest was paid leave it as it was.
    fromDisbursement: first.seq === 1 && first.term <= 1 && first.balanceFen + first.principalFen === loan.amountFen,
    toToday: chosen.at(-1) === last,
    rows: chosen.map(rowOf),
  };
}

// Days never go back from one repayment to the next, so the months chosen are rows without a gap.
function isWithin(month: string, { from, to }: Static<typeof DetailsSchema>): boolean {
  return (from === undefined || month >= from) && (to === undefined || month <= to);
}

function rowOf(repayment: Repayment): RepaymentRow {
  return [
    repayment.term,
    repayment.paidOn,
    repayment.kind as keyof typeof REPAYMENT_KINDS,
    yuanOfFen(repayment.amountFen),
    yuanOfFen(repayment.principalFen),
    yuanOfFen(repayment.interestFen),
    yuanOfFen(repayment.penaltyFen),
    yuanOfFen(repayment.balanceFen),
  ];
}

function sum(repayments: readonly Repayment[], part: "principalFen" | "interestFen" | "penaltyFen"): Yuan {
  return yuanOfFen(repayments.reduce((total, repayment) => total + repayment[part], 0n));
}

function rangeInWords({ rows, fromDisbursement, toToday }: LoanRepaymentsFields): string {
  const days = `${day(rows[0]![1])}至${day(rows.at(-1)![1])}，共 ${rows.length} 笔`;
  if (fromDisbursement && toToday) return `${days}（放款至今全部还款）`;
  const term = rows[0]![0];
  // A list that begins with a later term says with which; one that lacks repayments of the first says that it lacks some.
  const from = !fromDisbursement && term > 1 ? `自第 ${term} 期起` : "";
  const missing = [fromDisbursement || from !== "" ? "" : "以前", toToday ? "" : "以后"].filter((part) => part !== "");
  const without = missing.length === 0 ? "" : `不含${missing.join("和")}的还款`;
  return `${days}（${[from, without].filter((part) => part !== "").join("，")}）`;
}
