// What a centre answers, in the service's shapes: one synthetic person, one certificate, one bar.
import type { Answers } from "./site.ts";

const yuan = (fen: number) => (fen / 100).toFixed(2);
export const account = {
  grzh: "460100000118",
  unitName: "海南椰风软件有限公司",
  state: "01",
  stateName: "正常",
  balance: "86432.10",
  base: "8500.00",
  unitAmount: "1020.00",
  personAmount: "1020.00",
  unitRatio: "12",
  personRatio: "12",
  paidTo: "2026-10",
  monthsInARow: 36,
  monthsInARowIsLeast: true,
  openedOn: "2023-11-06",
  asOfEntry: "48213",
  history: Array.from({ length: 24 }, (_, i) => ({
    at: new Date(Date.UTC(2024, 11 + i, 8, 2)).toISOString(),
    month: "2025-01",
    kind: i === 13 ? "withdrawal" : "deposit",
    amount: i === 13 ? "-12000.00" : "2040.00",
    balance: yuan(5_355_210 + i * 204_000 - (i >= 13 ? 1_404_000 : 0)),
  })),
};
export const certificate = {
  id: "cert_0123456789abcdef0123",
  serial: "1.2.156.3005.2.1165.11460000MB1234567A.2026112100000118.001.K",
  kind: "deposit",
  kindName: "住房公积金缴存证明",
  issuedAt: "2026-11-23T09:58:12+08:00",
  validUntil: "2026-12-23",
  state: "issued",
  standing: "valid",
  reason: null,
  since: null,
  holder: { name: "林**", documentNumber: "000***********0012" },
  revocation: null as { reason: number; proposedBy: string; confirmed: boolean } | null,
};
export const bar = {
  centreName: "太原市住房公积金管理中心",
  ruleName: "《住房公积金管理条例》第四十一条：骗提住房公积金，三年内不予提取和贷款",
  ruleNameEn: "Regulation on Housing Provident Fund, Art. 41: fraudulent withdrawal",
  from: "2026-10-08",
  until: "2029-10-07",
};
export const withdrawal = {
  id: "wd_0123456789abcdef0123",
  businessNumber: "TQ20261123A1B2C3D4E5",
  kind: "rent",
  amount: "1500.00",
  state: "barred",
  stateName: "已拦截，待经办确认",
  appliedAt: "2026-11-23T01:58:12.000Z",
  explanation: [bar],
  unknownBecause: [],
  note: null,
};
export const person = { actor: { kind: "person", personId: "pers_1", name: "林晓燕" }, idleEndsAt: null, endsAt: null };
export const staff = (staffId: string, name: string, roles: string[]) => ({
  actor: { kind: "staff", staffId, name, roles },
  idleEndsAt: null,
  endsAt: null,
});
export const clerk = staff("staff_1", "陈经办", ["clerk"]);
export const checker = staff("staff_2", "王复核", ["checker"]);
export const signedOut = {
  status: 401,
  body: { code: "NOT_SIGNED_IN", zh: "请先登录。", en: "Please sign in first." },
};

/** Kinds as the service lists them; the last is one that the pages have never heard of. */
export const kinds = [
  {
    code: "deposit",
    title: { zh: "个人住房公积金缴存证明", en: "Housing provident fund deposit certificate" },
    subject: "depositor",
    purpose: "核验本人住房公积金缴存情况",
    details: null,
  },
  {
    code: "loan-elsewhere",
    title: { zh: "异地贷款职工住房公积金缴存使用证明", en: "Certificate for a loan elsewhere" },
    subject: "depositor",
    purpose: "办理异地贷款",
    details: {
      type: "object",
      required: ["addressee", "city"],
      properties: {
        addressee: { type: "string", minLength: 2, maxLength: 60, pattern: "^[^\\p{C}\\s][^\\p{C}]*$" },
        addresseeCode: { type: "string", pattern: "^C[0-9]{5}$" },
        city: { type: "string", minLength: 2, maxLength: 30, description: "贷款城市" },
      },
    },
  },
  {
    code: "loan-repayments",
    title: { zh: "个人住房公积金贷款还款明细", en: "Loan repayments" },
    subject: "loan",
    purpose: "核验还款情况",
    details: {
      type: "object",
      properties: {
        from: { type: "string", pattern: "^(19|20)\\d{2}-(0[1-9]|1[0-2])$" },
        to: { type: "string", pattern: "^(19|20)\\d{2}-(0[1-9]|1[0-2])$" },
      },
    },
  },
  {
    code: "unit-deposit",
    title: { zh: "单位住房公积金缴存证明", en: "Unit's certificate" },
    subject: "unit",
    purpose: "核验单位缴存情况",
    details: null,
  },
  {
    code: "of-tomorrow",
    title: { zh: "明天的证明", en: "Tomorrow's certificate" },
    subject: "depositor",
    purpose: "明天的用途",
    details: { type: "object", properties: { parts: { type: "array" } } },
  },
];
export const loan = { dkzh: "46010220001234", amount: "500000.00", disbursedOn: "2019-05-20", settledOn: null };

export const mine: Answers = {
  "GET /api/v1/certificate-kinds": { body: { kinds } },
  "GET /api/v1/me/loans": { body: { loans: [] } },
  "GET /api/v1/session": { body: person },
  "GET /api/v1/me/account": { body: { accounts: [account] } },
  "GET /api/v1/me/certificates": { body: { certificates: [] } },
  "GET /api/v1/me/withdrawals": { body: { withdrawals: [] } },
};
