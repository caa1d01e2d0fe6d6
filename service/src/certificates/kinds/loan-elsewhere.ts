// 异地贷款职工住房公积金缴存使用证明 (建金〔2015〕135号, 建金〔2016〕230号): what a person has deposited and borrowed, for the centre of
// another city that is asked for a loan. The fields and sentences are those of the form in use; below them is the slip that
// the lending centre sends back (see ../replies.ts).

import { DomainError } from "../../errors.ts";
import { depositorFacts } from "../../collection/snapshot.ts";
import { Type } from "../../http.ts";
import { parameterHistory } from "../../parameters/parameter.ts";
import type { TextItem } from "../../pdf/description.ts";
import { certificateForm } from "./form.ts";
import type { CertificateKind, CertificateRecord } from "./kind.ts";
import { addresseeOf, forbidden, isSameAddressee, loanElsewhereFieldsOf } from "./loan-elsewhere-facts.ts";
import type { FreezeMode, LoanElsewhereDetails, LoanElsewhereFields } from "./loan-elsewhere-facts.ts";
import { replySlip } from "./loan-elsewhere-slip.ts";
import * as store from "./loan-elsewhere-store.ts";
import { lastMonthDue } from "./unit-deposit-arrears.ts";
import { day, DOCUMENT_TYPES, fen, money, month, percent, UNKNOWN } from "./words.ts";

/** Days of validity unless the centre decides otherwise. No national period exists, but in practice it can expire. */
const VALIDITY_DAYS = 30;

/** Table A.6: merged, moved out, withdrawn. */
const CLOSED = new Set(["03", "04", "05"]);

const plainText = (maxLength: number, description: string) =>
  Type.String({ minLength: 2, maxLength, pattern: "^[^\\p{C}\\s][^\\p{C}]*$", description });

const Details = Type.Object(
  {
    addressee: plainText(60, "贷款城市公积金中心: full name of the lending centre"),
    addresseeCode: Type.Optional(
      Type.String({ pattern: "^C[0-9]{5}$", description: "its code, when it is a member of the consortium" }),
    ),
    city: plainText(30, "贷款城市"),
  },
  { additionalProperties: false },
);

const ACCOUNT_STATES = { normal: "正常", sealed: "封存", arrears: "欠缴", other: "其他" } as const;
/** What the account's holder and the lending centre have to know of a freeze. */
const FREEZES: Record<FreezeMode, string> = {
  none: "",
  until_reply: "该账户自开具本证明起冻结，至收到回执时解除。",
  until_settled: "该账户自开具本证明起冻结，至贷款结清或不予贷款时解除。",
};

const form = certificateForm({
  title: "异地贷款职工住房公积金缴存使用证明",
  opening: "{addressee}：我中心关于职工{name}的缴存证明如下，请对该职工异地贷款申请予以审核。",
  rows: [
    [
      { label: "职工姓名", text: "{name}" },
      { label: "个人公积金账号", text: "{accountNumber}" },
    ],
    [
      { label: "{documentType}号码", text: "{documentNumber}" },
      { label: "开户时间", text: "{opened}" },
    ],
    [
      { label: "账户状态", text: "{accountState}" },
      { label: "缴存余额", text: "{balance}" },
    ],
    [
      { label: "缴存基数", text: "{base}" },
      { label: "月缴存额", text: "{monthly}" },
    ],
    [
      { label: "缴存比例", text: "单位 {unitRatio}　个人 {personRatio}" },
      { label: "最近连续缴存时间", text: "{run}" },
    ],
    [
      { label: "是否有贷款记录", text: "{hasLoans}" },
      { label: "公积金贷款次数（含异地贷款）", text: "{loansTaken}" },
    ],
    [
      { label: "累计贷款金额", text: "{loansAmount}" },
      { label: "未清偿贷款余额", text: "{loansOwed}" },
    ],
  ],
  attestation: "以上贷款仅计我中心记录中本人为借款人的贷款。特此证明。",
  closing: "我中心保证以上信息真实准确（截至{asOf}）。{freeze}本证明仅供{purpose}使用，有效期至{validUntil}。",
});

/** Below the notes of the form, where seven rows leave room for it on the same sheet. */
const SLIP_TOP = 242;

/** Whom the lending centre asks, right of the code, below its caption. */
const CONTACT: readonly TextItem[] = (["单位经办人：{office}", "联系电话：{phone}"] as const).map((text, i) => ({
  kind: "text",
  text,
  box: { x: 72, y: 193.5 + 13 * i, width: 58, height: 13 - 8 * i },
  size: 9,
}));

export const loanElsewhereKind: CertificateKind<LoanElsewhereFields> = {
  code: "loan-elsewhere",
  title: { zh: "异地贷款职工住房公积金缴存使用证明", en: "Deposit certificate for a fund loan in another city" },
  subject: "depositor",
  purpose: "办理异地住房公积金个人住房贷款",
  validityDays: VALIDITY_DAYS,
  details: Details,
  template: {
    ...form,
    items: [...form.items, ...CONTACT, ...replySlip(SLIP_TOP)],
    // What nearly every one of them says. Two forms on one sheet have many characters of their own already.
    commonCharacters: `${form.commonCharacters}${Object.values(ACCOUNT_STATES).join("")}■□是否次—未知市公积金管理中心`,
  },

  async read(tx, asked, { today, centreCode }) {
    const ids = asked.map(({ subjectId }) => subjectId);
    // Two wishes of one account are judged one after the other, and nothing is paid out between what is stated and a freeze.
    await store.lockDepositors(tx, ids);
    const facts = new Map((await depositorFacts(tx, { depositorIds: ids })).map((fact) => [fact.depositorId, fact]));
    const loans = new Map((await store.loansTaken(tx, ids)).map((one) => [one.depositorId, one]));
    const standing = await store.standingCertificates(tx, ids);
    const members = await store.members(tx);
    const addressees = asked.map(({ details }) => addresseeOf(details as LoanElsewhereDetails, members, centreCode));
    const freezes = await parameterHistory(tx, "loan_elsewhere.freeze");
    const contacts = await parameterHistory(tx, "certificate.contact");
    const rules = {
      today,
      due: await lastMonthDue(tx, today),
      freeze: freezes.findLast((row) => row.validFrom <= today)?.value.mode ?? ("none" as const),
      contact: contacts.findLast((row) => row.validFrom <= today)?.value ?? null,
    };
    return asked.map((one, i) => {
      const addressee = addressees[i]!;
      const fact = facts.get(one.subjectId);
      const taken = loans.get(one.subjectId);
      if (!fact || !taken) return new DomainError("DEPOSITOR_NOT_FOUND");
      if (CLOSED.has(fact.state)) return new DomainError("ACCOUNT_CLOSED");
      if (addressee instanceof DomainError) return addressee;
      const refusal = forbidden(taken);
      if (refusal) return refusal;
      const isFor = (other: LoanElsewhereDetails | DomainError) =>
        !(other instanceof DomainError) && isSameAddressee(other, addressee);
      if (asked.some((before, j) => j < i && before.subjectId === one.subjectId && isFor(addressees[j]!)))
        return new DomainError("LOAN_ELSEWHERE_ASKED_TWICE");
      // One certificate at a time for a centre: an earlier one ends, also when it expired, was lost or its slip refused, and its
      // slip with it. The newest is the one in whose place this one comes; should others stand, `alsoEnds` names them.
      const earlier = standing.filter((row) => row.depositorId === one.subjectId && isSameAddressee(row, addressee));
      if (taken.replyPending || earlier.some((row) => row.revocationProposed))
        return new DomainError("LOAN_ELSEWHERE_DECISION_PENDING");
      return {
        personId: fact.personId,
        ledgerEntry: fact.entryNumber,
        fields: loanElsewhereFieldsOf(fact, taken, addressee, rules),
        ...(earlier[0] ? { supersedes: earlier[0].id } : {}),
      };
    });
  },

  async alsoEnds(tx, newerIds) {
    return (await store.olderThan(tx, newerIds)).filter(({ was, is }) => isSameAddressee(was, is));
  },

  values({ number, issuedOn, validUntil, purpose, fields }: CertificateRecord<LoanElsewhereFields>) {
    return {
      number,
      issuedOn: day(issuedOn),
      validUntil: day(validUntil),
      purpose,
      addressee: fields.addressee.includes(fields.city) ? fields.addressee : `${fields.addressee}（${fields.city}）`,
      name: fields.name,
      documentType: DOCUMENT_TYPES[fields.documentType],
      documentNumber: fields.documentNumber,
      accountNumber: fields.accountNumber,
      opened: month(fields.opened),
      accountState: accountStateInWords(fields),
      balance: money(fields.balanceYuan),
      base: money(fields.baseYuan),
      monthly: money(fields.monthlyYuan),
      unitRatio: percent(fields.unitRatioPercent),
      personRatio: percent(fields.personRatioPercent),
      run:
        fields.runFrom === null
          ? UNKNOWN
          : `${month(fields.runFrom)}${fields.runMayBeLonger ? "（或更早）" : ""}—${month(fields.runTo)}`,
      hasLoans: boxes({ yes: "是", no: "否" }, fields.loansTaken > 0 ? "yes" : "no"),
      loansTaken: `${fields.loansTaken} 次`,
      loansAmount: money(fields.loansAmountYuan),
      loansOwed: money(fields.loansOwedYuan),
      asOf: day(fields.asOf),
      freeze: FREEZES[fields.freeze],
      office: fields.contact?.office ?? UNKNOWN,
      phone: fields.contact?.phone ?? UNKNOWN,
      contact: fields.contact === null ? "我中心" : `${fields.contact.office}，电话 ${fields.contact.phone}`,
    };
  },

  holder: ({ name, documentNumber }) => ({ name, number: documentNumber }),

  qrSummary({ fields }: CertificateRecord<LoanElsewhereFields>) {
    const monthNumber = (value: string | null) => (value === null ? null : Number(value.replace("-", "")));
    return [
      fen(fields.balanceYuan),
      fen(fields.baseYuan),
      fen(fields.monthlyYuan),
      monthNumber(fields.runFrom),
      monthNumber(fields.runTo),
      fields.loansTaken,
    ];
  },
};

/** Boxes to tick, as the form has them: ■ is ticked. */
function boxes<Name extends string>(names: Record<Name, string>, ticked: Name): string {
  return (Object.keys(names) as Name[]).map((name) => `${name === ticked ? "■" : "□"}${names[name]}`).join(" ");
}

function accountStateInWords({ accountState, arrearsKnown }: LoanElsewhereFields): string {
  const state = boxes(ACCOUNT_STATES, accountState);
  return accountState === "normal" && !arrearsKnown ? `${state}（是否欠缴：${UNKNOWN}）` : state;
}
