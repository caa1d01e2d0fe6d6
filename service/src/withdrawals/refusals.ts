// What the withdrawal part refuses, and what it tells the person to do.
import { refusals } from "../errors.ts";

export const withdrawalRefusals = refusals({
  WITHDRAWAL_NOT_FOUND: { status: 404, zh: "没有找到这笔提取申请。", en: "This withdrawal was not found." },
  WITHDRAWAL_DECIDED: {
    status: 409,
    zh: "这笔提取已经办结，不能再次办理。",
    en: "This withdrawal is decided already and cannot be decided again.",
  },
  WITHDRAWAL_NOT_BARRED: {
    status: 409,
    zh: "这笔提取并非因限制名单被拦截，不能按此拒绝。请按暂缓业务的人工核查流程办理。",
    en: "This withdrawal was not stopped by a bar, so it cannot be refused on that ground. Decide it by the manual check for held business.",
  },
  WITHDRAWAL_KIND_UNKNOWN: {
    status: 400,
    zh: "没有这种提取事由。目前可办理：租房提取。",
    en: "There is no such kind of withdrawal. At present: rent.",
  },
  WITHDRAWAL_AMOUNT_INVALID: {
    status: 400,
    zh: "提取金额应大于零，最多两位小数，例如 1500.00。",
    en: "The amount must be above zero with at most two decimals, for example 1500.00.",
  },
  ACCOUNT_NOT_OPEN_FOR_WITHDRAWAL: {
    status: 409,
    zh: "该账户已冻结或已销户，不能提取。请到柜台核实账户状态。",
    en: "This account is frozen or closed, so nothing can be withdrawn. Ask at the counter about its state.",
  },
});
