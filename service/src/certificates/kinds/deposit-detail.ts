// 个人住房公积金缴存明细: what was deposited to and taken from an account in some months, row by row from the ledger. Header and
// columns are those of a working centre (domain rules §1.3 c).

import { Type } from "typebox";
import type { Static } from "typebox";
import { certificateForm } from "./form.ts";
import { accountDetails, onRecord, stretchOf } from "../../collection/detail.ts";
import type { AccountDetail, AccountEntry } from "../../collection/detail.ts";
import { DomainError, refusals } from "../../errors.ts";
import { yuanOfFen } from "../../ledger/money.ts";
import type { CertificateKind, CertificateRecord, Day, Month, Yuan } from "./kind.ts";
import { amount, MonthSchema, monthsFault, NONE, tooMany } from "./rows.ts";
import { day, DOCUMENT_TYPES, fen, money, month, textOrUnknown } from "./words.ts";
import type { DocumentType } from "./words.ts";

/** JGJ/T 320 A.5 归集和提取业务明细类型, those that move money and that this ledger has */
const BUSINESS_TYPES = { "01": "汇缴", "02": "补缴", "11": "部分提取", "99": "其他" } as const;
type BusinessType = keyof typeof BUSINESS_TYPES;

export type DetailRow = readonly [
  /** 记账日期 */
  day: Day,
  type: BusinessType,
  /** 发生额, below zero when money went out */
  changeYuan: Yuan,
  /** 单位发生额 and 个人发生额 of a remittance; null for all other business */
  unitYuan: Yuan | null,
  personYuan: Yuan | null,
  /** 汇缴年月 */
  month: Month | null,
  /** 个人账户余额 after it, as the ledger keeps it */
  balanceYuan: Yuan,
  /** place in `units` of the unit that remitted it */
  unit: number | null,
];

export interface DepositDetailFields {
  readonly name: string;
  readonly documentType: DocumentType;
  readonly documentNumber: string;
  /** 个人账号 */
  readonly accountNumber: string;
  readonly phone: string | null;
  /** 是否冻结 */
  readonly frozen: boolean;
  /** 个人账户余额 at the end of `asOf` */
  readonly balanceYuan: Yuan;
  readonly asOf: Day;
  /** the months asked for */
  readonly from: Month;
  readonly to: Month;
  /** 承前余额: before the first row */
  readonly openingYuan: Yuan;
  /** there: nothing before the first row is on record, and 承前余额 is the balance that came here on this day */
  readonly takenOverOn?: Day;
  readonly inYuan: Yuan;
  readonly outYuan: Yuan;
  /** 期末余额: after the last row */
  readonly closingYuan: Yuan;
  /** name and account number of each unit that remitted, once: hundreds of rows have one or two */
  readonly units: readonly (readonly [name: string, number: string])[];
  /** in the order of the ledger */
  readonly rows: readonly DetailRow[];
}

export const depositDetailRefusals = refusals({
  ENTRIES_NOT_ON_RECORD: {
    status: 409,
    zh: "该账户 {first} 以前的明细不在本中心登记之内（账户尚未开立，或自原系统接转），不能开具。起始年月最早为 {first}，请更正后重试。",
    en: "Entries of this account before {first} are not on record here (it was not open yet, or came from another system), so they cannot be certified. Ask for months from {first} on.",
  },
});

const DetailsSchema = Type.Object(
  { from: MonthSchema("first month of the entries, YYYY-MM"), to: MonthSchema("last month of the entries, YYYY-MM") },
  { additionalProperties: false },
);

const VALIDITY_DAYS = 30;

export const depositDetailKind: CertificateKind<DepositDetailFields> = {
  code: "deposit-detail",
  title: { zh: "个人住房公积金缴存明细", en: "Housing provident fund account statement" },
  subject: "depositor",
  purpose: "核验本人住房公积金缴存情况",
  validityDays: VALIDITY_DAYS,
  details: DetailsSchema,
  template: certificateForm({
    title: "个人住房公积金缴存明细",
    opening: "兹证明下列住房公积金账户{from}至{to}的明细如下（单位：元）：",
    rows: [
      [
        { label: "姓　　名", text: "{name}" },
        { label: "个人账号", text: "{accountNumber}" },
      ],
      [
        { label: "证件类型", text: "{documentType}" },
        { label: "证件号码", text: "{documentNumber}" },
      ],
      [
        { label: "手机号码", text: "{phone}" },
        { label: "邮　　箱", text: "{email}" },
      ],
      [
        { label: "个人存款账号", text: "{bankAccount}" },
        { label: "开户银行", text: "{bank}" },
      ],
      [
        { label: "是否冻结", text: "{frozen}" },
        { label: "个人账户余额", text: "{balance}" },
      ],
      [
        { label: "承前余额", text: "{opening}" },
        { label: "期末余额", text: "{closing}" },
      ],
      [{ label: "明细范围", text: "{range}" }],
      [{ label: "明细合计", text: "共 {count} 笔，增加 {in}，减少 {out}" }],
    ],
    table: {
      name: "entries",
      columns: [
        { title: "序号", width: 8.2, align: "centre" },
        { title: "记账日期", width: 16.5, align: "centre" },
        { title: "业务类型", width: 13, align: "centre" },
        { title: "发生额", width: 18.5, align: "right" },
        { title: "单位发生额", width: 15.7, align: "right" },
        { title: "个人发生额", width: 15.7, align: "right" },
        { title: "汇缴年月", width: 13, align: "centre" },
        { title: "个人账户余额", width: 19.5, align: "right" },
        { title: "单位名称 / 单位账号", width: 49.9 },
      ],
      size: 7.5,
    },
    common: Object.values(BUSINESS_TYPES).join("") + "承前余额",
    closing: "以上明细按记账先后列示，个人账户余额为{asOf}余额，仅供{purpose}使用，有效期至{validUntil}。",
  }),

  async read(tx, asked, { today }) {
    const details = await accountDetails(tx, [...new Set(asked.map(({ subjectId }) => subjectId))]);
    const byId = new Map(details.map((detail) => [detail.depositorId, detail]));
    return asked.map(({ subjectId, details }) => {
      const detail = byId.get(subjectId);
      if (!detail) return new DomainError("DEPOSITOR_NOT_FOUND");
      const fields = fieldsOf(detail, details as Static<typeof DetailsSchema>, today);
      if (fields instanceof DomainError) return fields;
      return { personId: detail.personId, ledgerEntry: detail.entryNumber, fields };
    });
  },

  values({ number, issuedOn, validUntil, purpose, fields }: CertificateRecord<DepositDetailFields>) {
    return {
      number,
      issuedOn: day(issuedOn),
      validUntil: day(validUntil),
      purpose,
      name: fields.name,
      documentType: DOCUMENT_TYPES[fields.documentType],
      documentNumber: fields.documentNumber,
      accountNumber: fields.accountNumber,
      phone: textOrUnknown(fields.phone),
      // The register has none of these three.
      email: textOrUnknown(null),
      bankAccount: textOrUnknown(null),
      bank: textOrUnknown(null),
      frozen: fields.frozen ? "是" : "否",
      balance: money(fields.balanceYuan),
      asOf: day(fields.asOf),
      from: month(fields.from),
      to: month(fields.to),
      opening: money(fields.openingYuan),
      range: rangeInWords(fields),
      closing: money(fields.closingYuan),
      in: money(fields.inYuan),
      out: money(fields.outYuan),
      count: String(fields.rows.length),
    };
  },

  tables({ fields }: CertificateRecord<DepositDetailFields>) {
    const since = fields.takenOverOn === undefined ? "" : `${fields.takenOverOn} 接转，此前明细不在册`;
    const broughtForward = ["", "", "承前余额", "", "", "", "", amount(fields.openingYuan), since];
    const rows = fields.rows.map(([day, type, change, unit, person, month, balance, by], index) => [
      String(index + 1),
      day,
      BUSINESS_TYPES[type],
      amount(change),
      amount(unit),
      amount(person),
      month ?? NONE,
      amount(balance),
      by === null ? NONE : unitInWords(fields.units[by]!),
    ]);
    return { entries: [broughtForward, ...rows] };
  },

  holder: ({ name, documentNumber }) => ({ name, number: documentNumber }),

  qrSummary({ fields }: CertificateRecord<DepositDetailFields>) {
    return [
      fen(fields.openingYuan),
      fen(fields.inYuan),
      fen(fields.outYuan),
      fen(fields.closingYuan),
      fields.rows.length,
      Number(fields.from.replace("-", "")),
      Number(fields.to.replace("-", "")),
    ];
  },
};

function fieldsOf(
  detail: AccountDetail,
  { from, to }: Static<typeof DetailsSchema>,
  today: Day,
): DepositDetailFields | DomainError {
  const fault = monthsFault({ from, to }, today);
  if (fault) return fault;
  const { firstMonth, takenOverOn } = onRecord(detail);
  if (from < firstMonth) return new DomainError("ENTRIES_NOT_ON_RECORD", { first: firstMonth });
  const { openingFen, entries, isFromBeginning } = stretchOf(detail.entries, from, to);
  const refusal = tooMany(entries.length);
  if (refusal) return refusal;
  const units = new Map<string, [place: number, name: string]>();
  for (const { remittance } of entries)
    if (remittance && !units.has(remittance.unitNumber))
      units.set(remittance.unitNumber, [units.size, remittance.unitName]);
  return {
    name: detail.personName,
    documentType: detail.documentType as DocumentType,
    documentNumber: detail.documentNumber,
    accountNumber: detail.accountNumber,
    phone: detail.phone,
    frozen: detail.frozen || detail.state === FROZEN,
    balanceYuan: yuanOfFen(detail.balanceFen),
    asOf: today,
    from,
    to,
    openingYuan: yuanOfFen(openingFen),
    ...(isFromBeginning && takenOverOn !== null ? { takenOverOn } : {}),
    inYuan: sum(entries, (change) => (change > 0n ? change : 0n)),
    outYuan: sum(entries, (change) => (change < 0n ? -change : 0n)),
    closingYuan: yuanOfFen(entries.at(-1)?.balanceFen ?? openingFen),
    units: [...units].map(([number, [, name]]) => [name, number]),
    rows: entries.map((entry) => rowOf(entry, units)),
  };
}

/** A balance that was taken over is no month's: whoever reads it must know that what made it is not on record here. */
function rangeInWords({ from, to, takenOverOn }: DepositDetailFields): string {
  const months = `${month(from)}至${month(to)}`;
  return takenOverOn === undefined ? months : `${months}；此前明细不在册，承前余额于${day(takenOverOn)}接转登记`;
}

/** Name and account number; of a name that fills the cell at the smallest size of letters, the name alone. */
function unitInWords([name, number]: readonly [name: string, number: string]): string {
  return [...name].length > LONGEST_NAME_WITH_NUMBER ? name : `${name} / ${number}`;
}
const LONGEST_NAME_WITH_NUMBER = 90;

/** Table A.6 */
const FROZEN = "06";

function rowOf(entry: AccountEntry, units: ReadonlyMap<string, [place: number, name: string]>): DetailRow {
  const { remittance } = entry;
  return [
    entry.day,
    typeOf(entry),
    yuanOfFen(entry.changeFen),
    remittance && yuanOfFen(remittance.unitFen),
    remittance && yuanOfFen(remittance.personFen),
    remittance && remittance.month,
    yuanOfFen(entry.balanceFen),
    remittance && units.get(remittance.unitNumber)![0],
  ];
}

function typeOf({ kind, remittance }: AccountEntry): BusinessType {
  if (remittance) return remittance.kind === "02" ? "02" : "01";
  // A withdrawal that takes a part of the balance; those that close an account do not exist yet.
  return kind === "withdrawal" ? "11" : "99";
}

function sum(entries: readonly AccountEntry[], part: (changeFen: bigint) => bigint): Yuan {
  return yuanOfFen(entries.reduce((total, { changeFen }) => total + part(changeFen), 0n));
}
