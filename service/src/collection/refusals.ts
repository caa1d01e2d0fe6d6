// What the collection part refuses, and what it tells the person to do.
import { refusals } from "../errors.ts";

export const collectionRefusals = refusals({
  PERSON_NOT_FOUND: {
    status: 404,
    zh: "本中心没有该证件号码的缴存人。请核对证件类型和号码。",
    en: "This centre knows nobody with this document. Check its type and number.",
  },
  DEPOSITOR_NOT_FOUND: {
    status: 404,
    zh: "没有找到该公积金账户。请核对个人账号。",
    en: "This account was not found. Check the account number.",
  },
  LOAN_NOT_FOUND: {
    status: 404,
    zh: "没有找到该贷款。请核对贷款账号，以及贷款是否登记在本人名下。",
    en: "This loan was not found. Check its number, and that it stands in this person's name.",
  },
  UNIT_NOT_FOUND: {
    status: 404,
    zh: "没有找到该单位。请核对单位账号。",
    en: "This unit was not found. Check its account number.",
  },
});
