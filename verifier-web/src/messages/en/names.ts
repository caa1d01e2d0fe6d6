import type { names as zh } from "../zh-CN/names.ts";

export const names: typeof zh = {
  kinds: {
    deposit: "Housing provident fund deposit certificate",
    "deposit-detail": "Housing provident fund account statement",
    "loan-elsewhere": "Deposit certificate for a fund loan in another city",
    "loan-settled": "Housing provident fund loan settlement certificate",
    "loan-repayments": "Housing provident fund loan repayments",
    "loan-schedule": "Housing provident fund loan repayment plan",
    "unit-deposit": "Housing provident fund deposit certificate of a unit",
  },
  centres: {
    C46010: "Hainan Housing Provident Fund Administration",
    C14010: "Taiyuan Housing Provident Fund Centre",
    C63010: "Xining Housing Provident Fund Centre",
    C37170: "Heze Housing Provident Fund Centre",
  },
  units: { months: "{count} months", noData: "The centre has no such data" },
};
