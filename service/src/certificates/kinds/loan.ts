// What all kinds about a loan state of it: the borrower and the contract, as the register of loans has them.

import type { LoanFacts } from "../../collection/loans.ts";
import { yuanOfFen } from "../../ledger/money.ts";
import type { Day, Yuan } from "./kind.ts";
import { day, DOCUMENT_TYPES, money } from "./words.ts";
import type { DocumentType } from "./words.ts";

export interface LoanFields {
  /** 借款人 */
  readonly name: string;
  readonly documentType: DocumentType;
  readonly documentNumber: string;
  /** 贷款账号 */
  readonly loanNumber: string;
  /** 借款金额 of the contract */
  readonly amountYuan: Yuan;
  /** 借款期限, months */
  readonly termMonths: number;
  /** 放款日期 */
  readonly disbursedOn: Day;
}

export function loanFieldsOf(loan: LoanFacts): LoanFields {
  return {
    name: loan.borrowerName,
    documentType: loan.borrowerDocumentType as DocumentType,
    documentNumber: loan.borrowerDocumentNumber,
    loanNumber: loan.accountNumber,
    amountYuan: yuanOfFen(loan.amountFen),
    termMonths: loan.termMonths,
    disbursedOn: loan.disbursedOn,
  };
}

/** The texts of these facts, by the names of their fields. */
export function loanValues(fields: LoanFields): Record<string, string> {
  return {
    name: fields.name,
    documentType: DOCUMENT_TYPES[fields.documentType],
    documentNumber: fields.documentNumber,
    loanNumber: fields.loanNumber,
    amount: money(fields.amountYuan),
    term: `${fields.termMonths} 期`,
    disbursedOn: day(fields.disbursedOn),
  };
}

/** A day as the QR code has it, YYYYMMDD. */
export const dayFigure = (value: Day): number => Number(value.replaceAll("-", ""));
