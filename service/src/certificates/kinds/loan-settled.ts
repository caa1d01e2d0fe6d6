// 个人住房公积金贷款结清证明: that a loan is paid back. Wording and fields are those of a working centre (domain rules §1.3 b).

import { certificateForm } from "./form.ts";
import { DomainError, refusals } from "../../errors.ts";
import { loanSettled } from "../../collection/codes.ts";
import { loanFacts } from "../../collection/loans.ts";
import { fenOfYuan } from "../../ledger/money.ts";
import type { CertificateKind, CertificateRecord, Day } from "./kind.ts";
import { dayFigure, loanFieldsOf, loanValues } from "./loan.ts";
import type { LoanFields } from "./loan.ts";
import { capitals } from "./loan-settled-capitals.ts";
import { amount } from "./rows.ts";
import { day, fen } from "./words.ts";

export interface LoanSettledFields extends LoanFields {
  readonly settledOn: Day;
}

export const loanSettledRefusals = refusals({
  LOAN_NOT_SETTLED: {
    status: 409,
    zh: "该贷款尚未结清，不能开具结清证明。请在全部还清并登记结清后再申请。",
    en: "This loan is not settled, so no certificate of settlement can be issued. Ask again when it is paid back and registered as settled.",
  },
});

/** A settled loan stays settled; a year gives time for the registry of mortgages. A centre may set another. */
const VALIDITY_DAYS = 365;

export const loanSettledKind: CertificateKind<LoanSettledFields> = {
  code: "loan-settled",
  title: { zh: "个人住房公积金贷款结清证明", en: "Housing provident fund loan settlement certificate" },
  subject: "loan",
  purpose: "贷款结清",
  validityDays: VALIDITY_DAYS,
  template: certificateForm({
    title: "个人住房公积金贷款结清证明",
    opening: "客户：{name}　您的个人住房公积金贷款已于{settledOn}结清，详细情况如下：",
    rows: [
      [
        { label: "借款人", text: "{name}" },
        { label: "贷款账号", text: "{loanNumber}" },
      ],
      [
        { label: "证件类型", text: "{documentType}" },
        { label: "证件号码", text: "{documentNumber}" },
      ],
      [{ label: "借款金额", text: "{amountInCapitals}（￥：{amount}）" }],
      [
        { label: "借款期限", text: "{term}" },
        { label: "放款日期", text: "{disbursedOn}" },
      ],
      [
        { label: "打印日期", text: "{issuedOn}" },
        { label: "有效期至", text: "{validUntil}" },
      ],
    ],
    closing: "根据《借款合同》约定，借款人贷款结清后，借款合同终止。本证明仅作为贷款结清使用，不做他用。",
    attestation: "特此证明！",
  }),

  async read(tx, asked) {
    const loans = await loanFacts(
      tx,
      asked.map(({ subjectId }) => subjectId),
    );
    const byId = new Map(loans.map((loan) => [loan.id, loan]));
    return asked.map(({ subjectId }) => {
      const loan = byId.get(subjectId);
      if (!loan) return new DomainError("LOAN_NOT_FOUND");
      if (loan.state !== loanSettled || loan.settledOn === null) return new DomainError("LOAN_NOT_SETTLED");
      return { personId: loan.personId, ledgerEntry: 0n, fields: { ...loanFieldsOf(loan), settledOn: loan.settledOn } };
    });
  },

  values({ number, issuedOn, validUntil, purpose, fields }: CertificateRecord<LoanSettledFields>) {
    return {
      number,
      issuedOn: day(issuedOn),
      validUntil: day(validUntil),
      purpose,
      ...loanValues(fields),
      amount: amount(fields.amountYuan),
      amountInCapitals: capitals(fenOfYuan(fields.amountYuan)!),
      settledOn: day(fields.settledOn),
    };
  },

  holder: ({ name, documentNumber }) => ({ name, number: documentNumber }),

  qrSummary({ fields }: CertificateRecord<LoanSettledFields>) {
    return [fen(fields.amountYuan), fields.termMonths, dayFigure(fields.disbursedOn), dayFigure(fields.settledOn)];
  },
};
