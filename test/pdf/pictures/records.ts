// What the reference pictures show: one certificate of each kind, of persons and units that do not exist. Names have rare
// characters, the unit's is long, amounts are large, and tables go on to a second page.
import type { DepositFields } from "../../../service/src/certificates/kinds/deposit.ts";
import type { DepositDetailFields, DetailRow } from "../../../service/src/certificates/kinds/deposit-detail.ts";
import type { LoanElsewhereFields } from "../../../service/src/certificates/kinds/loan-elsewhere-facts.ts";
import type { LoanRepaymentsFields, RepaymentRow } from "../../../service/src/certificates/kinds/loan-repayments.ts";
import { planOf } from "../../../service/src/certificates/kinds/loan-schedule-plan.ts";
import type { LoanScheduleFields, ScheduleRow } from "../../../service/src/certificates/kinds/loan-schedule.ts";
import type { LoanSettledFields } from "../../../service/src/certificates/kinds/loan-settled.ts";
import type { UnitDepositFields } from "../../../service/src/certificates/kinds/unit-deposit.ts";
import { addMonths } from "../../../service/src/collection/month.ts";
import { yuanOfFen } from "../../../service/src/ledger/money.ts";
import { depositRecord } from "../sample.ts";

const person = { name: "符𠮷䶮", documentType: "01", documentNumber: "000101199003071233" } as const;
const unitName = "海南省琼中黎族苗族自治县热带高效农业科技开发与综合服务股份有限公司（第三分公司海口办事处）";
const asOf = "2026-11-20";

const deposit: DepositFields = {
  ...depositRecord({ name: person.name, unitName }).fields,
  loans: { taken: 2, unsettled: 1, owedYuan: "300000.00" },
};

const loanElsewhere: LoanElsewhereFields = {
  ...person,
  addressee: "哈尔滨住房公积金管理中心",
  addresseeCode: null,
  city: "哈尔滨市",
  accountNumber: "460100012345678",
  opened: "2015-07",
  accountState: "normal",
  arrearsKnown: false,
  baseYuan: "15000.00",
  unitRatioPercent: "12",
  personRatioPercent: "7.5",
  monthlyYuan: "2925.00",
  balanceYuan: "1123456.78",
  runFrom: "2015-07",
  runTo: "2026-10",
  runMayBeLonger: true,
  loansTaken: 1,
  loansAmountYuan: "300000.00",
  loansOwedYuan: "0.00",
  freeze: "until_settled",
  contact: { office: "海口市国贸大道住房公积金服务大厅", phone: "0898-12329" },
  asOf,
};

const unitDeposit: UnitDepositFields = {
  unitName,
  creditCode: "00460100MA5TXXXX0X",
  unitNumber: "4601000987654",
  openedOn: "2009-03-18",
  unitState: "01",
  unitRatioPercent: "12",
  personRatioPercent: "7.5",
  depositors: 1284,
  sealed: 57,
  others: 3,
  monthlyYuan: "3755700.00",
  paidTo: "2026-08",
  arrearsMonths: 2,
  arrearsYuan: null,
  deferred: false,
  ratioLowered: false,
  penalties: null,
  asOf,
  wording: null,
};

/** Deposits month by month; in between a withdrawal, a change of unit and interest. */
function detailRows(openingFen: bigint, count: number): DetailRow[] {
  let balance = openingFen;
  const grown = (change: bigint) => yuanOfFen((balance += change));
  return Array.from({ length: count }, (_, i): DetailRow => {
    const month = addMonths("2025-01", i);
    if (i === 8) return [`${month}-08`, "11", "-54321.00", null, null, null, grown(-5_432_100n), null];
    if (i === 17) return ["2026-06-30", "99", "1685.18", null, null, null, grown(168_518n), null];
    const kind = i === 12 ? "02" : "01";
    return [`${month}-20`, kind, "2925.00", "1800.00", "1125.00", month, grown(292_500n), i < 10 ? 1 : 0];
  });
}
const openingFen = 98_765_432n;
const details = detailRows(openingFen, 22);
const total = (sign: bigint) =>
  details.reduce((sum, [, , change]) => {
    const fen = BigInt(change.replace(".", ""));
    return fen * sign > 0n ? sum + fen * sign : sum;
  }, 0n);
const depositDetail: DepositDetailFields = {
  ...person,
  accountNumber: "460100012345678",
  phone: "10000000000",
  frozen: false,
  balanceYuan: details.at(-1)![6],
  asOf,
  from: "2025-01",
  to: "2026-10",
  openingYuan: yuanOfFen(openingFen),
  takenOverOn: "2026-11-20",
  inYuan: yuanOfFen(total(1n)),
  outYuan: yuanOfFen(total(-1n)),
  closingYuan: details.at(-1)![6],
  units: [
    [unitName, "4601000987654"],
    ["海口琼崖翡翠咖啡种植有限公司", "4601000123456"],
  ],
  rows: details,
};

const loan = { ...person, loanNumber: "4601002020060100123", termMonths: 240, disbursedOn: "2020-06-01" };
const amountFen = 68_000_000n;
const amountYuan = yuanOfFen(amountFen);

const loanSettled: LoanSettledFields = { ...loan, amountYuan: "1234567.89", settledOn: "2026-09-01" };

const plan = planOf("01", amountFen, 310_000, 240);
const repaid = plan.slice(0, 44);
const loanRepayments: LoanRepaymentsFields = {
  ...loan,
  disbursedOn: "2023-02-20",
  amountYuan,
  balanceYuan: yuanOfFen(repaid.at(-1)!.balanceFen),
  principalYuan: yuanOfFen(repaid.reduce((sum, { principalFen }) => sum + principalFen, 0n)),
  interestYuan: yuanOfFen(repaid.reduce((sum, { interestFen }) => sum + interestFen, 0n)),
  penaltyYuan: "12.34",
  fromDisbursement: true,
  toToday: true,
  rows: repaid.map(({ principalFen, interestFen, balanceFen }, i): RepaymentRow => {
    const penaltyFen = i === 5 ? 1_234n : 0n;
    return [
      i + 1,
      `${addMonths("2023-03", i)}-15`,
      i === 5 ? "04" : i === 17 ? "05" : "02",
      yuanOfFen(principalFen + interestFen + penaltyFen),
      yuanOfFen(principalFen),
      yuanOfFen(interestFen),
      yuanOfFen(penaltyFen),
      yuanOfFen(balanceFen),
    ];
  }),
};

const remaining = planOf("01", 23_456_789n, 310_000, 48);
const loanSchedule: LoanScheduleFields = {
  ...loan,
  disbursedOn: "2010-11-20",
  amountYuan,
  balanceYuan: "234567.89",
  method: "01",
  ratePercent: "3.1",
  asOf: "2026-11-21",
  interestYuan: yuanOfFen(remaining.reduce((sum, { interestFen }) => sum + interestFen, 0n)),
  rows: remaining.map(({ principalFen, interestFen, balanceFen }, i): ScheduleRow => {
    const due = `${addMonths("2026-12", i)}-15`;
    const amounts = [principalFen + interestFen, principalFen, interestFen, balanceFen].map(yuanOfFen);
    return [193 + i, due, ...(amounts as [string, string, string, string])];
  }),
};

/** The fields of a certificate by its kind. */
export const pictured: Readonly<Record<string, unknown>> = {
  deposit,
  "loan-elsewhere": loanElsewhere,
  "unit-deposit": unitDeposit,
  "deposit-detail": depositDetail,
  "loan-settled": loanSettled,
  "loan-repayments": loanRepayments,
  "loan-schedule": loanSchedule,
};
