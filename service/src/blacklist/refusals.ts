// What the blacklist part refuses, and what it tells the person to do.
import { refusals } from "../errors.ts";

export const blacklistRefusals = refusals({
  CASE_NOT_FOUND: {
    status: 404,
    zh: "没有找到该案件。请核对案件编号。",
    en: "This case was not found. Check its number.",
  },
  CASE_EXISTS: {
    status: 409,
    zh: "该人员已有同一规则、同一起算日的案件。请在原案件上办理。",
    en: "There is a case of this person under the same rule from the same day already. Go on with that one.",
  },
  CASE_NAME_DIFFERS: {
    status: 409,
    zh: "该证件号码在本中心登记的姓名与您填写的不同，案件没有建立。请核对证件号码和姓名；登记确有错误的，请先更正登记。",
    en: "This centre's register has another name under that document number, so no case was opened. Check number and name; if the register is wrong, correct it first.",
  },
  CASE_CONFIRMED: {
    status: 409,
    zh: "该案件已经复核并列入，不能再次复核。",
    en: "This case is confirmed and listed already.",
  },
  CASE_NOT_LISTED: {
    status: 409,
    zh: "该案件尚未列入，无需移出。请先完成复核。",
    en: "This case is not listed, so there is nothing to lift. It has to be confirmed first.",
  },
  CASE_LIFT_NOT_PROPOSED: {
    status: 409,
    zh: "该案件没有待复核的移出申请。",
    en: "Nobody has proposed to lift this listing.",
  },
  CASE_FOUR_EYES_NEEDED: {
    status: 403,
    zh: "经办与复核不能是同一人。请由另一位复核人员办理。",
    en: "The officer who confirms must not be the one who proposed. Ask another officer.",
  },
  RULE_UNKNOWN: {
    status: 400,
    zh: "没有这条惩戒规则。请从列出的规则中选择。",
    en: "There is no such rule. Choose one of those listed.",
  },
  CASE_TERM_INVALID: {
    status: 400,
    zh: "起算日不正确：须为不晚于今日的实际日期，且惩戒期限尚未届满。请核对起算日。",
    en: "The first day of the term must exist, not lie in the future, and the term must not be over yet. Check the day.",
  },
  DOCUMENT_NUMBER_INVALID: {
    status: 400,
    zh: "证件号码不正确。请核对号码及校验位。",
    en: "The document number is not valid. Check the number and its check character.",
  },
  FEED_ITEM_INVALID: {
    status: 502,
    zh: "{centre} 的名单更新不能通过核验，已停止接收。请联系该中心。",
    en: "The feed of {centre} does not verify and is not taken over. Contact that centre.",
  },
});
