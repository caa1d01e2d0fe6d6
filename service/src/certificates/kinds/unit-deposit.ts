// 单位住房公积金缴存证明: how a unit stands with its deposits. No national form exists; the fields are those of the data
// standard, and the sentences are the centre's parameter. It is about a unit and names no person.

import { DomainError, refusals } from "../../errors.ts";
import { monthsBetween } from "../../collection/month.ts";
import { yuanOfFen } from "../../ledger/money.ts";
import { parameterHistory } from "../../parameters/parameter.ts";
import { certificateForm } from "./form.ts";
import type { CertificateKind, CertificateRecord, Day, Month, Yuan } from "./kind.ts";
import { lastMonthDue } from "./unit-deposit-arrears.ts";
import { unitFacts } from "./unit-deposit-store.ts";
import type { UnitFacts } from "./unit-deposit-store.ts";
import { day, fen, money, month, percent, textOrUnknown, UNKNOWN } from "./words.ts";
import { sentences, wordingOf } from "./wording.ts";
import type { Wording } from "./wording.ts";

export const unitDepositRefusals = refusals({
  UNIT_CLOSED: {
    status: 409,
    zh: "该单位账户已销户，不能开具单位缴存证明。请到柜台查询历史缴存记录。",
    en: "This unit's account is closed, so no certificate can be issued. Ask at the counter for the past record.",
  },
});

/** JGJ/T 320 A.4 单位账户状态 */
const UNIT_STATES = { "01": "正常", "02": "开户", "03": "缓缴", "04": "销户", "05": "封存", "99": "其他" } as const;
type UnitState = keyof typeof UNIT_STATES;
const DEFERRED = "03";
const CLOSED = "04";

/** The facts of a unit's certificate. Null is a fact that the centre has no data for, printed as 未知. */
export interface UnitDepositFields {
  readonly unitName: string;
  /** 统一社会信用代码 */
  readonly creditCode: string | null;
  /** 单位账号 */
  readonly unitNumber: string;
  readonly openedOn: Day;
  readonly unitState: UnitState;
  /** `"12"` is 12 % */
  readonly unitRatioPercent: string;
  readonly personRatioPercent: string;
  /** 缴存人数: accounts that are normal; those that are sealed; frozen and other ones, which are neither */
  readonly depositors: number;
  readonly sealed: number;
  readonly others: number;
  /** 月汇缴额 of the normal accounts, both parts */
  readonly monthlyYuan: Yuan;
  readonly paidTo: Month | null;
  /** 欠缴: months that are due and not paid; the amount is known only where there are none */
  readonly arrearsMonths: number | null;
  readonly arrearsYuan: Yuan | null;
  /** 缓缴, as the state of the account says */
  readonly deferred: boolean;
  /** 降低缴存比例: a ratio below the lower limit of that day */
  readonly ratioLowered: boolean | null;
  /** 行政处罚记录: this service keeps no such register */
  readonly penalties: null;
  readonly asOf: Day;
  /** the centre's own sentences, where it has set them */
  readonly wording: Wording | null;
}

const CODE = "unit-deposit";
const VALIDITY_DAYS = 30;
const OPENING = "兹证明下列单位在本中心开立住房公积金单位账户，截至{asOf}，其缴存情况如下：";
const CLOSING = "本证明所载信息截至上述日期，仅供{purpose}使用，有效期至{validUntil}。";

const form = certificateForm({
  title: "单位住房公积金缴存证明",
  opening: "{opening}",
  rows: [
    [{ label: "单位名称", text: "{unitName}" }],
    [
      { label: "统一社会信用代码", text: "{creditCode}" },
      { label: "单位账号", text: "{unitNumber}" },
    ],
    [
      { label: "单位开户日期", text: "{openedOn}" },
      { label: "单位账户状态", text: "{unitState}" },
    ],
    [
      { label: "单位缴存比例", text: "{unitRatio}" },
      { label: "个人缴存比例", text: "{personRatio}" },
    ],
    [
      { label: "缴存人数", text: "{depositors}" },
      { label: "封存人数", text: "{sealed}" },
    ],
    [
      { label: "月汇缴额", text: "{monthly}" },
      { label: "缴至年月", text: "{paidTo}" },
    ],
    [{ label: "是否欠缴", text: "{arrears}" }],
    [
      { label: "是否缓缴", text: "{deferred}" },
      { label: "是否降低缴存比例", text: "{ratioLowered}" },
    ],
    [{ label: "行政处罚记录", text: "{penalties}" }],
  ],
  closing: "{closing}",
});

export const unitDepositKind: CertificateKind<UnitDepositFields> = {
  code: CODE,
  title: { zh: "单位住房公积金缴存证明", en: "Housing provident fund deposit certificate of a unit" },
  subject: "unit",
  purpose: "证明本单位住房公积金缴存情况",
  validityDays: VALIDITY_DAYS,
  template: { ...form, commonCharacters: form.commonCharacters + OPENING + CLOSING },

  async read(tx, asked, { today }) {
    const facts = await unitFacts(
      tx,
      asked.map(({ subjectId }) => subjectId),
    );
    const byId = new Map(facts.map((fact) => [fact.unitId, fact]));
    const rules = {
      due: await lastMonthDue(tx, today),
      lowerBp: (await parameterHistory(tx, "deposit.ratio_limits")).findLast((row) => row.validFrom <= today)?.value
        .lowerBp,
      wording: await wordingOf(tx, CODE, today),
    };
    return asked.map(({ subjectId }) => {
      const fact = byId.get(subjectId);
      if (!fact) return new DomainError("UNIT_NOT_FOUND");
      if (fact.state === CLOSED) return new DomainError("UNIT_CLOSED");
      // All of it comes from registers: there is no entry of the ledger that it rests on.
      return { personId: null, ledgerEntry: 0n, fields: unitDepositFieldsOf(fact, today, rules) };
    });
  },

  values(record: CertificateRecord<UnitDepositFields>) {
    const { number, fields } = record;
    const facts = {
      number,
      issuedOn: day(record.issuedOn),
      validUntil: day(record.validUntil),
      purpose: record.purpose,
      unitName: fields.unitName,
      creditCode: textOrUnknown(fields.creditCode),
      unitNumber: fields.unitNumber,
      openedOn: day(fields.openedOn),
      unitState: UNIT_STATES[fields.unitState],
      unitRatio: percent(fields.unitRatioPercent),
      personRatio: percent(fields.personRatioPercent),
      depositors: `${fields.depositors} 人${fields.others > 0 ? `（另有冻结等其他状态 ${fields.others} 人）` : ""}`,
      sealed: `${fields.sealed} 人`,
      monthly: money(fields.monthlyYuan),
      paidTo: month(fields.paidTo),
      arrears: arrearsInWords(fields),
      deferred: yesOrNo(fields.deferred),
      ratioLowered: yesOrNo(fields.ratioLowered),
      penalties: UNKNOWN,
      asOf: day(fields.asOf),
    };
    return { ...facts, ...sentences(fields.wording, { opening: OPENING, closing: CLOSING }, facts) };
  },

  // A unit without a credit code is known by its account; what is masked has capitals only.
  holder: ({ unitName, creditCode, unitNumber }) => ({
    name: unitName,
    number: (creditCode ?? unitNumber).toUpperCase(),
  }),

  qrSummary({ fields }: CertificateRecord<UnitDepositFields>) {
    return [
      fields.depositors,
      fields.sealed,
      fen(fields.monthlyYuan),
      fields.paidTo === null ? null : Number(fields.paidTo.replace("-", "")),
      fields.arrearsMonths,
      fen(fields.arrearsYuan),
    ];
  },
};

/** What the centre's parameters say on the day of a reading; each may be unset. */
interface Rules {
  /** the last month that has to be remitted */
  due: Month | null;
  /** lower limit of each ratio, basis points */
  lowerBp: number | undefined;
  wording: Wording | undefined;
}

/** From the registers to the fields. @param today the day of the reading in Asia/Shanghai */
export function unitDepositFieldsOf(fact: UnitFacts, today: Day, rules: Rules): UnitDepositFields {
  const arrearsMonths = arrearsOf(fact, rules.due);
  return {
    unitName: fact.name,
    creditCode: fact.creditCode,
    unitNumber: fact.accountNumber,
    openedOn: fact.openedOn,
    unitState: fact.state as UnitState,
    unitRatioPercent: String(fact.unitRatioBp / 100),
    personRatioPercent: String(fact.personRatioBp / 100),
    depositors: fact.normal,
    sealed: fact.sealed,
    others: fact.others,
    monthlyYuan: yuanOfFen(fact.monthlyFen),
    paidTo: fact.paidToMonth,
    arrearsMonths,
    arrearsYuan: arrearsMonths === 0 ? "0.00" : null,
    deferred: fact.state === DEFERRED,
    ratioLowered: rules.lowerBp === undefined ? null : Math.min(fact.unitRatioBp, fact.personRatioBp) < rules.lowerBp,
    penalties: null,
    asOf: today,
    wording: rules.wording ?? null,
  };
}

/**
 * Months due and not paid. Nobody knows without a rule and a month that is paid to; nor while payment is deferred, because
 * what was agreed to be paid later is not in arrears; nor where a month on record was left out or nobody is to be paid for,
 * because the registers do not say whether anything was due.
 */
function arrearsOf(fact: UnitFacts, due: Month | null): number | null {
  if (due === null || fact.paidToMonth === null || fact.state === DEFERRED || fact.gaps > 0 || fact.normal === 0)
    return null;
  return Math.max(monthsBetween(fact.paidToMonth, due), 0);
}

function arrearsInWords({ arrearsMonths, arrearsYuan }: UnitDepositFields): string {
  if (arrearsMonths === null) return UNKNOWN;
  return arrearsMonths === 0 ? "否" : `是（欠缴 ${arrearsMonths} 个月，欠缴金额：${money(arrearsYuan)}）`;
}

function yesOrNo(value: boolean | null): string {
  return value === null ? UNKNOWN : value ? "是" : "否";
}
