// FORMAT.md §4: the key figures that a certificate's QR code repeats, kind by kind, in their order. Kinds write them, pages name
// them when they are compared with the paper. A kind's list never changes; another list is another kind.
// A code has no room for 至少 and 或更早, so a figure that may be a bound is named as the bound that it always is.

/**
 * What a figure counts: whole fen; how many of something; how many months; a month as YYYYMM; a day as YYYYMMDD. In every
 * unit a figure can be absent (-1 in the code), which means that the centre has no data.
 */
export type FigureUnit = "fen" | "count" | "months" | "month" | "day";

export interface Figure {
  readonly code: string;
  readonly unit: FigureUnit;
  readonly zh: string;
  readonly en: string;
}

export const figuresOfKinds: Readonly<Record<string, readonly Figure[]>> = {
  deposit: [
    { code: "balance", unit: "fen", zh: "账户余额", en: "Balance" },
    { code: "base", unit: "fen", zh: "缴存基数", en: "Contribution base" },
    { code: "monthlyUnit", unit: "fen", zh: "单位月缴存额", en: "Unit's monthly amount" },
    { code: "monthlyPerson", unit: "fen", zh: "个人月缴存额", en: "Person's monthly amount" },
    { code: "monthsInARow", unit: "months", zh: "连续缴存月数不少于", en: "Months in a row, at least" },
    { code: "paidTo", unit: "month", zh: "缴至年月", en: "Paid to month" },
  ],
  "loan-elsewhere": [
    { code: "balance", unit: "fen", zh: "缴存余额", en: "Balance" },
    { code: "base", unit: "fen", zh: "缴存基数", en: "Contribution base" },
    { code: "monthly", unit: "fen", zh: "月缴存额", en: "Monthly amount" },
    {
      code: "runFrom",
      unit: "month",
      zh: "最近连续缴存起始年月不晚于",
      en: "First of the latest months in a row, no later than",
    },
    { code: "runTo", unit: "month", zh: "最近连续缴存截止年月", en: "Last of the latest months in a row" },
    { code: "loansTaken", unit: "count", zh: "公积金贷款次数", en: "Fund loans taken" },
  ],
  "unit-deposit": [
    { code: "depositors", unit: "count", zh: "缴存人数", en: "Depositors" },
    { code: "sealed", unit: "count", zh: "封存人数", en: "Sealed accounts" },
    { code: "monthly", unit: "fen", zh: "月汇缴额", en: "Monthly amount" },
    { code: "paidTo", unit: "month", zh: "缴至年月", en: "Paid to month" },
    { code: "arrearsMonths", unit: "months", zh: "欠缴月数", en: "Months in arrears" },
    { code: "arrears", unit: "fen", zh: "欠缴金额", en: "Amount in arrears" },
  ],
  "deposit-detail": [
    { code: "opening", unit: "fen", zh: "承前余额", en: "Balance brought forward" },
    { code: "in", unit: "fen", zh: "增加合计", en: "Sum of what came in" },
    { code: "out", unit: "fen", zh: "减少合计", en: "Sum of what went out" },
    { code: "closing", unit: "fen", zh: "期末余额", en: "Closing balance" },
    { code: "rows", unit: "count", zh: "明细笔数", en: "Entries" },
    { code: "from", unit: "month", zh: "起始年月", en: "First month" },
    { code: "to", unit: "month", zh: "截止年月", en: "Last month" },
  ],
  "loan-settled": [
    { code: "amount", unit: "fen", zh: "借款金额", en: "Amount of the loan" },
    { code: "term", unit: "months", zh: "借款期限", en: "Term" },
    { code: "disbursedOn", unit: "day", zh: "放款日期", en: "Disbursed on" },
    { code: "settledOn", unit: "day", zh: "结清日期", en: "Settled on" },
  ],
  "loan-repayments": [
    { code: "balance", unit: "fen", zh: "贷款余额", en: "Balance of the loan" },
    { code: "rows", unit: "count", zh: "明细笔数", en: "Repayments" },
    { code: "principal", unit: "fen", zh: "本金合计", en: "Principal repaid" },
    { code: "interest", unit: "fen", zh: "利息合计", en: "Interest paid" },
    { code: "penalty", unit: "fen", zh: "罚息合计", en: "Penalty paid" },
    { code: "lastOn", unit: "day", zh: "末笔还款日期", en: "Last repayment on" },
  ],
  "loan-schedule": [
    { code: "balance", unit: "fen", zh: "贷款余额", en: "Balance of the loan" },
    { code: "terms", unit: "count", zh: "剩余期数", en: "Terms that remain" },
    { code: "next", unit: "fen", zh: "下期发生额", en: "Next instalment" },
    { code: "interest", unit: "fen", zh: "计划利息", en: "Interest planned" },
    { code: "nextOn", unit: "day", zh: "下期还款日期", en: "Next instalment on" },
    { code: "lastOn", unit: "day", zh: "末期还款日期", en: "Last instalment on" },
  ],
};
