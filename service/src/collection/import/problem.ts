// What can be wrong with a file that is to be imported, and how it is told to the operator.
import { fill } from "../../errors.ts";

/** zh and en sentence of each reason; `{name}` comes from the problem's params, which never hold personal data. */
export const reasons = {
  ENCODING_UNKNOWN: ["文件既不是 UTF-8 也不是 GB 18030 编码", "the file is neither UTF-8 nor GB 18030"],
  FILE_EMPTY: ["文件没有数据行", "the file has no rows"],
  CSV_BROKEN: ["CSV 格式有误，引号可能没有配对", "the CSV is broken here; a quote may be missing"],
  KIND_UNKNOWN: [
    "无法从列名识别文件种类（单位、个人、汇缴清册、贷款、还款明细）",
    "the columns are those of no known file (units, depositors, remittance list, loans, repayments)",
  ],
  COLUMN_MISSING: ["缺少必需的列 {column}", "the required column {column} is missing"],
  COLUMN_UNKNOWN: ["列名不是已知的数据项", "this column is not a known item"],
  COLUMN_TWICE: ["同一列出现两次", "this column comes twice"],
  FIELD_COUNT: ["本行有 {found} 个字段，表头有 {expected} 个", "this row has {found} fields, the header {expected}"],
  EMPTY: ["必填项为空", "a required field is empty"],
  CONTROL_CHARACTER: ["含有控制字符或不可见字符", "contains a control character or an invisible one"],
  TOO_LONG: ["超过 {limit} 个字符", "longer than {limit} characters"],
  ACCOUNT_NUMBER_ILLEGAL: [
    "账号只能由 1 至 {limit} 位数字、字母或连字符组成",
    "a number has 1 to {limit} digits, letters or hyphens",
  ],
  MONEY_ILLEGAL: [
    "金额应为不带分隔符的数字，最多两位小数",
    "an amount is a plain number with at most two decimal places",
  ],
  RATIO_ILLEGAL: ["比例应为小数，例如 0.12", "a ratio is a fraction such as 0.12"],
  RATE_ILLEGAL: ["利率应为小数，例如 0.0310000", "a rate is a fraction such as 0.0310000"],
  INTEGER_ILLEGAL: ["应为整数", "not a whole number"],
  DATE_ILLEGAL: ["日期不存在，应为 YYYYMMDD 或 YYYY-MM-DD", "no such day; write YYYYMMDD or YYYY-MM-DD"],
  DATE_IN_FUTURE: ["日期晚于今天", "the day lies in the future"],
  MONTH_ILLEGAL: ["月份不存在，应为 YYYY-MM 或 YYYYMM", "no such month; write YYYY-MM or YYYYMM"],
  MONTH_IN_FUTURE: ["月份晚于本月", "the month lies in the future"],
  CODE_UNKNOWN: ["不是代码表 {table} 中的代码", "not a code of table {table}"],
  ID_NUMBER_FORM: ["身份证号码应为 17 位数字加一位校验码", "an ID number has 17 digits and a check character"],
  ID_NUMBER_DATE: ["身份证号码中的出生日期不合理", "the day of birth in the ID number is not plausible"],
  ID_NUMBER_CHECK: ["身份证号码校验码不符（GB 11643）", "the check character of the ID number is wrong (GB 11643)"],
  DOCUMENT_NUMBER_ILLEGAL: ["证件号码含有不允许的字符", "the document number has characters that are not allowed"],
  CREDIT_CODE_FORM: ["统一社会信用代码应为 18 位", "a unified social credit code has 18 characters"],
  CREDIT_CODE_CHECK: [
    "统一社会信用代码校验码不符（GB 32100）",
    "the check character of the credit code is wrong (GB 32100)",
  ],
  PHONE_ILLEGAL: ["手机号码应为 1 开头的 11 位数字", "a mobile number has 11 digits and begins with 1"],
  TWICE_IN_FILE: ["与第 {line} 行重复", "the same as in line {line}"],
  TWICE_IN_RUN: ["与文件 {file} 第 {line} 行重复", "the same as in line {line} of {file}"],
  PERSON_TWICE_IN_FILE: [
    "此人在第 {line} 行已有账户（一人一户）",
    "this person has an account in line {line} already (one person, one account)",
  ],
  PERSON_HAS_ACCOUNT: [
    "此人在本中心已有未销户的账户（一人一户）",
    "this person has an open account here already (one person, one account)",
  ],
  EXISTS_WITH_DIFFERENT_CONTENT: [
    "已有登记，但内容不同；导入不修改已有登记",
    "registered already with other content; an import does not change it",
  ],
  BASE_TOO_LOW: ["缴存基数低于下限 {limit} 元", "the base is below the lower limit of {limit} yuan"],
  BASE_TOO_HIGH: ["缴存基数高于上限 {limit} 元", "the base is above the upper limit of {limit} yuan"],
  RATIO_OUT_OF_RANGE: ["缴存比例不在 {lower}% 至 {upper}% 之间", "the ratio is not within {lower} % and {upper} %"],
  AMOUNT_WRONG: [
    "月缴存额应为 {expected} 元（基数 × 比例，按本中心取整规则）",
    "the month's amount should be {expected} yuan (base × ratio, rounded by the centre's rule)",
  ],
  AMOUNT_ZERO: ["缴存额为零", "the amount is zero"],
  UNIT_UNKNOWN: ["没有这个单位账号", "no unit has this account number"],
  UNIT_CLOSED: ["单位账户已销户", "the unit's account is closed"],
  DEPOSITOR_UNKNOWN: ["没有这个个人账号", "no depositor has this account number"],
  DEPOSITOR_OF_ANOTHER_UNIT: ["该账户不在此单位名下", "this account belongs to another unit"],
  DEPOSITOR_CLOSED: ["个人账户已销户", "the depositor's account is closed"],
  DEPOSITOR_SEALED: ["封存账户不能汇缴本月", "a sealed account takes no remittance of this month"],
  NAME_DIFFERS: ["姓名与登记不符", "the name differs from the register"],
  DOCUMENT_DIFFERS: ["证件号码与登记不符", "the document number differs from the register"],
  NAME_DIFFERS_IN_FILE: [
    "同一证件号码在第 {line} 行用了另一个姓名",
    "line {line} has the same document number under another name",
  ],
  PAID_TO_BEFORE_OPENING: [
    "缴至年月早于开户月份 {opened}",
    "the month paid to lies before the month of opening, {opened}",
  ],
  MONTH_ALREADY_REMITTED: ["该月已经汇缴", "this month is remitted already"],
  MONTH_BEFORE_PAID_TO: ["该月早于缴至年月 {paidTo}", "this month lies before the month paid to, {paidTo}"],
  BUSINESS_NUMBER_USED: ["业务流水号已用于另一笔业务", "this business number belongs to another business"],
  BUSINESS_NUMBER_DIFFERS: [
    "同一单位同一月份的业务流水号或记账日期不一致",
    "rows of one unit and month differ in business number or date",
  ],
  BALANCE_OF_CLOSED_ACCOUNT: ["已销户的账户不应有余额", "a closed account has no balance"],
  BALANCE_ABOVE_AMOUNT: ["贷款余额大于合同金额", "the balance is above the contract amount"],
  SETTLED_WITH_BALANCE: ["已结清的贷款不应有余额", "a settled loan has no balance"],
  SETTLED_BEFORE_DISBURSED: ["结清日期早于发放日期", "settled before it was disbursed"],
  SETTLEMENT_DATE_MISSING: ["余额为零的贷款应有结清日期", "a loan without balance needs its day of settlement"],
  DAY_OF_MONTH_ILLEGAL: ["应为 1 至 31 的日", "a day of the month is a number from 1 to 31"],
  NOT_A_REPAYMENT: ["不是还款类业务（代码表 A.15 的 02 至 06）", "not a kind of repayment (02 to 06 of table A.15)"],
  LOAN_UNKNOWN: ["没有这个贷款账号", "no loan has this account number"],
  TERM_OUT_OF_ORDER: [
    "期次应不小于前一笔的 {before}，不大于贷款期数 {last}",
    "the term is not within {before}, that of the repayment before, and {last}, the loan's last",
  ],
  REPAID_BEFORE: [
    "日期早于前一笔还款或贷款发放日 {before}",
    "the day lies before the repayment or disbursement before it, {before}",
  ],
  REPAYMENT_ZERO: ["还款发生额为零", "the amount of the repayment is zero"],
  REPAYMENT_PARTS: [
    "发生额应为 {expected} 元（本金 + 利息 + 罚息）",
    "the amount should be {expected} yuan (principal + interest + penalty)",
  ],
  BALANCE_DOES_NOT_FOLLOW: [
    "贷款余额应为 {expected} 元（前一笔余额减去本金）",
    "the balance should be {expected} yuan (the one before less the principal)",
  ],
  BALANCE_DIFFERS_FROM_LOAN: [
    "最后一笔的余额应为贷款登记的余额 {expected} 元",
    "the last balance should be that of the register of loans, {expected} yuan",
  ],
  LOAN_GOES_BACK: ["贷款余额或结清状态比已登记的更早", "the balance or settlement is older than what is registered"],
} as const satisfies Record<string, readonly [zh: string, en: string]>;

export type Reason = keyof typeof reasons;

/** What is wrong with one field. */
export interface Fault {
  reason: Reason;
  params?: Record<string, string | number>;
}

/** One thing wrong with one file. */
export interface Problem extends Fault {
  file: string;
  /** line in the file, from 1, the header being line 1; 0 for the file as a whole */
  line: number;
  /** item code of the column, or empty */
  column: string;
  /** as it stands in the file: personal data, for the operator's eyes only. `maskedValue` is for logs. */
  value: string;
}

const named = new Set(["XingMing", "JKRXM"]);
const numbered = new Set(["ZJHM", "JKRZJH", "SJHM", "GRZH"]);

/** The value as a log may hold it: names keep the first character, numbers the first two and last two. */
export function maskedValue(problem: Pick<Problem, "column" | "value">): string {
  const characters = [...problem.value];
  if (named.has(problem.column)) return characters.map((character, index) => (index === 0 ? character : "*")).join("");
  if (!numbered.has(problem.column)) return problem.value;
  const open = characters.length > 8 ? 2 : 0;
  return characters
    .map((character, index) => (index < open || index >= characters.length - open ? character : "*"))
    .join("");
}

/** One line for each problem, Chinese first. The operator sees the value itself, a log the masked one. */
export function describeProblem(problem: Problem, value: "plain" | "masked"): string {
  const [zh, en] = reasons[problem.reason];
  const params = problem.params ?? {};
  const where = problem.line > 0 ? `${problem.file}:${problem.line}` : problem.file;
  const shown = value === "plain" ? problem.value : maskedValue(problem);
  const what = problem.column ? ` ${problem.column}${shown ? ` "${printable(shown)}"` : ""}` : "";
  return `${where}${what}: ${fill(zh, params)} / ${fill(en, params)}`;
}

/** Control characters of a hostile file must not reach the operator's terminal. */
function printable(text: string): string {
  return text
    .slice(0, 80)
    .replace(invisible, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}

/** Control characters, zero-width and direction marks, and the sign that decoders put for what they could not read. */
// oxlint-disable-next-line no-control-regex -- control characters are what it looks for
export const invisible = /[\u0000-\u001f\u007f-\u009f\u00ad\u200b-\u200f\u2028-\u202f\u2060-\u206f\ufeff\ufffd]/g;
