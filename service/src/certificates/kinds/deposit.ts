// 个人住房公积金缴存证明: what a person has deposited with a centre. No national form exists; the fields are those of the
// data standard JGJ/T 320 in the order in which banks ask for them.

import { certificateForm } from "./form.ts";
import { DomainError } from "../../errors.ts";
import { depositorFacts } from "../../collection/snapshot.ts";
import { depositFieldsOf } from "./deposit-facts.ts";
import type { CertificateKind, CertificateRecord, Day, Month, Yuan } from "./kind.ts";
import { ACCOUNT_STATUSES, day, DOCUMENT_TYPES, fen, money, month, percent, textOrUnknown, UNKNOWN } from "./words.ts";
import type { AccountStatus, DocumentType } from "./words.ts";
import { sentences, wordingOf } from "./wording.ts";
import type { Wording } from "./wording.ts";

/** The facts of a deposit certificate. Null is a fact that the ledger does not hold, printed as 未知. */
export interface DepositFields {
  readonly name: string;
  readonly documentType: DocumentType;
  readonly documentNumber: string;
  /** 个人账号 */
  readonly accountNumber: string | null;
  readonly unitName: string | null;
  /** 单位账号 */
  readonly unitNumber: string | null;
  readonly openedOn: Day | null;
  readonly accountStatus: AccountStatus | null;
  /** 个人缴存基数, a month */
  readonly baseYuan: Yuan | null;
  /** `"12"` is 12 % */
  readonly unitRatioPercent: string | null;
  readonly personRatioPercent: string | null;
  /** 月缴存额: both parts together, then the unit's and the person's */
  readonly monthlyYuan: Yuan | null;
  readonly monthlyUnitYuan: Yuan | null;
  readonly monthlyPersonYuan: Yuan | null;
  /** 缴至年月: the last month that is paid */
  readonly paidTo: Month | null;
  /** 连续缴存月数 up to `paidTo` */
  readonly monthsInARow: number | null;
  /** true: months before those are likely and not on record, so the number is printed as 至少 */
  readonly monthsInARowIsLeast?: true;
  readonly balanceYuan: Yuan | null;
  /** the day whose end the balance and all other facts describe */
  readonly asOf: Day;
  /** 公积金贷款 ever taken, those not settled, and what is owed on them */
  readonly loans: { readonly taken: number; readonly unsettled: number; readonly owedYuan: Yuan } | null;
  /** the centre's own sentences, where it has set some */
  readonly wording?: Wording;
}

/** Days for which a deposit certificate is valid unless the centre decides otherwise. No national period exists. */
const VALIDITY_DAYS = 30;

/** Table A.6: merged, moved out, withdrawn. */
const CLOSED = new Set(["03", "04", "05"]);

const CODE = "deposit";
const OPENING = "兹证明下列人员系本中心住房公积金缴存职工，截至{asOf}，其缴存情况如下：";
const CLOSING = "本证明所载信息截至上述日期，仅供{purpose}使用，有效期至{validUntil}。";

const form = certificateForm({
  title: "个人住房公积金缴存证明",
  opening: "{opening}",
  rows: [
    [
      { label: "姓　　名", text: "{name}" },
      { label: "个人账号", text: "{accountNumber}" },
    ],
    [
      { label: "证件类型", text: "{documentType}" },
      { label: "证件号码", text: "{documentNumber}" },
    ],
    [{ label: "单位名称", text: "{unitName}" }],
    [
      { label: "单位账号", text: "{unitNumber}" },
      { label: "开户日期", text: "{openedOn}" },
    ],
    [
      { label: "个人账户状态", text: "{accountStatus}" },
      { label: "个人缴存基数", text: "{base}" },
    ],
    [
      { label: "单位缴存比例", text: "{unitRatio}" },
      { label: "个人缴存比例", text: "{personRatio}" },
    ],
    [{ label: "月缴存额", text: "{monthly}（其中单位 {monthlyUnit}，个人 {monthlyPerson}）" }],
    [
      { label: "缴至年月", text: "{paidTo}" },
      { label: "连续缴存月数", text: "{monthsInARow}" },
    ],
    [{ label: "个人账户余额", text: "{balance}（截至{asOf}）" }],
    [{ label: "公积金贷款", text: "{loans}" }],
  ],
  closing: "{closing}",
});

export const depositKind: CertificateKind<DepositFields> = {
  code: CODE,
  title: { zh: "个人住房公积金缴存证明", en: "Housing provident fund deposit certificate" },
  subject: "depositor",
  purpose: "核验本人住房公积金缴存情况",
  validityDays: VALIDITY_DAYS,
  template: { ...form, commonCharacters: form.commonCharacters + OPENING + CLOSING },

  async read(tx, asked, { today }) {
    const facts = await depositorFacts(tx, { depositorIds: asked.map(({ subjectId }) => subjectId) });
    const byId = new Map(facts.map((fact) => [fact.depositorId, fact]));
    const wording = await wordingOf(tx, CODE, today);
    return asked.map(({ subjectId }) => {
      const fact = byId.get(subjectId);
      if (!fact) return new DomainError("DEPOSITOR_NOT_FOUND");
      if (CLOSED.has(fact.state)) return new DomainError("ACCOUNT_CLOSED");
      const fields = { ...depositFieldsOf(fact, today), ...(wording ? { wording } : {}) };
      return { personId: fact.personId, ledgerEntry: fact.entryNumber, fields };
    });
  },

  values({ number, issuedOn, validUntil, purpose, fields }: CertificateRecord<DepositFields>) {
    const facts = {
      number,
      issuedOn: day(issuedOn),
      validUntil: day(validUntil),
      purpose,
      name: fields.name,
      documentType: DOCUMENT_TYPES[fields.documentType],
      documentNumber: fields.documentNumber,
      accountNumber: textOrUnknown(fields.accountNumber),
      unitName: textOrUnknown(fields.unitName),
      unitNumber: textOrUnknown(fields.unitNumber),
      openedOn: day(fields.openedOn),
      accountStatus: fields.accountStatus === null ? UNKNOWN : ACCOUNT_STATUSES[fields.accountStatus],
      base: money(fields.baseYuan),
      unitRatio: percent(fields.unitRatioPercent),
      personRatio: percent(fields.personRatioPercent),
      monthly: money(fields.monthlyYuan),
      monthlyUnit: money(fields.monthlyUnitYuan),
      monthlyPerson: money(fields.monthlyPersonYuan),
      paidTo: month(fields.paidTo),
      monthsInARow:
        fields.monthsInARow === null
          ? UNKNOWN
          : `${fields.monthsInARowIsLeast ? "至少 " : ""}${fields.monthsInARow} 个月`,
      balance: money(fields.balanceYuan),
      asOf: day(fields.asOf),
      loans: loansInWords(fields.loans),
    };
    return { ...facts, ...sentences(fields.wording, { opening: OPENING, closing: CLOSING }, facts) };
  },

  holder: ({ name, documentNumber }) => ({ name, number: documentNumber }),

  qrSummary({ fields }: CertificateRecord<DepositFields>) {
    return [
      fen(fields.balanceYuan),
      fen(fields.baseYuan),
      fen(fields.monthlyUnitYuan),
      fen(fields.monthlyPersonYuan),
      fields.monthsInARow,
      fields.paidTo === null ? null : Number(fields.paidTo.replace("-", "")),
    ];
  },
};

function loansInWords(loans: DepositFields["loans"]): string {
  if (loans === null) return UNKNOWN;
  if (loans.taken === 0) return "无";
  return `有（未结清 ${loans.unsettled} 笔，余额 ${money(loans.owedYuan)}）`;
}
