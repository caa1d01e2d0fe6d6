// From the facts of the collection to the fields of the deposit certificate. What the centre has no data for stays null.
import { yuanOfFen as yuan } from "../../ledger/money.ts";
import { monthsInARow } from "../../collection/snapshot.ts";
import type { DepositorFacts } from "../../collection/snapshot.ts";
import type { DepositFields } from "./deposit.ts";
import type { AccountStatus, DocumentType } from "./words.ts";

/** @param asOf the day of the reading in Asia/Shanghai, YYYY-MM-DD */
export function depositFieldsOf(facts: DepositorFacts, asOf: string): DepositFields {
  return {
    name: facts.personName,
    documentType: facts.documentType as DocumentType,
    documentNumber: facts.documentNumber,
    accountNumber: facts.accountNumber,
    unitName: facts.unitName,
    unitNumber: facts.unitAccountNumber,
    openedOn: facts.openedOn,
    accountStatus: (facts.frozen ? "06" : facts.state) as AccountStatus,
    baseYuan: yuan(facts.baseFen),
    unitRatioPercent: percent(facts.unitRatioBp),
    personRatioPercent: percent(facts.personRatioBp),
    monthlyYuan: yuan(facts.unitMonthFen + facts.personMonthFen),
    monthlyUnitYuan: yuan(facts.unitMonthFen),
    monthlyPersonYuan: yuan(facts.personMonthFen),
    paidTo: facts.paidToMonth,
    ...statedMonths(facts),
    balanceYuan: yuan(facts.balanceFen),
    asOf,
    loans:
      facts.loans === null
        ? null
        : {
            taken: facts.loans.count,
            unsettled: facts.loans.unsettledCount,
            owedYuan: yuan(facts.loans.unsettledBalanceFen),
          },
  };
}

function statedMonths(facts: DepositorFacts): Pick<DepositFields, "monthsInARow" | "monthsInARowIsLeast"> {
  const { months, isLeast } = monthsInARow(facts);
  return { monthsInARow: months, ...(isLeast ? { monthsInARowIsLeast: true } : {}) };
}

/** Basis points as percent: 1200 is 12, 750 is 7.5. */
function percent(basisPoints: number): string {
  return String(basisPoints / 100);
}
