import type { names as zh } from "../zh-CN/names.ts";

export const names: typeof zh = {
  kinds: {
    deposit: "Certificate of housing provident fund deposits",
    loan: "Certificate of housing provident fund loan",
    settlement: "Certificate of settled housing provident fund loan",
    "other-place": "Certificate of deposits for a loan elsewhere",
  },
  centres: {
    C46010: "Hainan Housing Provident Fund Administration",
    C14010: "Taiyuan Housing Provident Fund Centre",
    C63010: "Xining Housing Provident Fund Centre",
    C37170: "Heze Housing Provident Fund Centre",
  },
  figures: {
    deposit: [
      "Balance",
      "Contribution base",
      "Unit's monthly amount",
      "Own monthly amount",
      "Months in a row",
      "Paid up to",
    ],
  },
  units: { months: "{count} months", noData: "The centre has no such data" },
};
