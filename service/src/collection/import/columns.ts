// The five kinds of files, by the item codes of JGJ/T 320 that name their columns, and how each field is read.
import { depositorStates, documentTypes, repaymentKinds, repaymentMethods, unitStates } from "../codes.ts";
import { fenOfYuan } from "../../ledger/money.ts";
import { dayOf, monthOf } from "../month.ts";
import type { Fault } from "./problem.ts";

export type FileKind = "units" | "depositors" | "remittance" | "loans" | "repayments";

/** How a field is read, and what becomes of it. */
interface FieldValues {
  /** account, contract or business number */
  number: string;
  text: string;
  /** ID or credit codes are checked by their kind's own check, since that may need another column */
  document: string;
  phone: string;
  documentType: string;
  unitState: string;
  depositorState: string;
  repaymentMethod: string;
  repaymentKind: string;
  /** YYYY-MM-DD */
  date: string;
  /** YYYY-MM */
  month: string;
  /** fen */
  money: bigint;
  /** basis points */
  ratio: number;
  /** yearly rate times ten million */
  rate: number;
  integer: number;
  /** 1 to 31 */
  dayOfMonth: number;
}
type FieldType = keyof FieldValues;

interface Column {
  /** Chinese name; accepted as a column name too */
  zh: string;
  type: FieldType;
  required: boolean;
}

const required = <T extends FieldType>(type: T, zh: string) => ({ zh, type, required: true }) as const;
const optional = <T extends FieldType>(type: T, zh: string) => ({ zh, type, required: false }) as const;

export const columnsOf = {
  units: {
    DWZH: required("number", "单位账号"),
    DWMC: required("text", "单位名称"),
    ZZJGDM: required("document", "组织机构代码"),
    DWKHRQ: required("date", "单位开户日期"),
    DWZHZT: required("unitState", "单位账户状态"),
    DWJCBL: required("ratio", "单位缴存比例"),
    GRJCBL: required("ratio", "个人缴存比例"),
    JZNY: optional("month", "缴至年月"),
  },
  depositors: {
    GRZH: required("number", "个人账号"),
    XingMing: required("text", "姓名"),
    ZJLX: required("documentType", "证件类型"),
    ZJHM: required("document", "证件号码"),
    SJHM: optional("phone", "手机号码"),
    DWZH: required("number", "单位账号"),
    KHRQ: required("date", "开户日期"),
    GRZHZT: required("depositorState", "个人账户状态"),
    GRJCJS: required("money", "个人缴存基数"),
    DWYJCE: required("money", "单位月缴存额"),
    GRYJCE: required("money", "个人月缴存额"),
    JZNY: optional("month", "缴至年月"),
    GRZHYE: optional("money", "个人账户余额"),
  },
  remittance: {
    DWZH: required("number", "单位账号"),
    HBJNY: required("month", "汇补缴年月"),
    YWLSH: optional("number", "业务流水号"),
    JZRQ: optional("date", "记账日期"),
    GRZH: required("number", "个人账号"),
    XingMing: required("text", "姓名"),
    ZJHM: required("document", "证件号码"),
    GRJCJS: required("money", "个人缴存基数"),
    DWJCBL: optional("ratio", "单位缴存比例"),
    GRJCBL: optional("ratio", "个人缴存比例"),
    DWYJCE: required("money", "单位月缴存额"),
    GRYJCE: required("money", "个人月缴存额"),
  },
  loans: {
    DKZH: required("number", "贷款账号"),
    JKHTBH: required("number", "借款合同编号"),
    JKRXM: required("text", "借款人姓名"),
    JKRZJLX: optional("documentType", "借款人证件类型"),
    JKRZJH: required("document", "借款人证件号"),
    HTDKJE: required("money", "合同贷款金额"),
    DKFFRQ: required("date", "贷款发放日期"),
    DKYE: required("money", "贷款余额"),
    DKQS: required("integer", "贷款期数"),
    DKLL: required("rate", "贷款利率"),
    DKJQRQ: optional("date", "贷款结清日期"),
    LJYQQS: optional("integer", "累计逾期期数"),
    DKHKFS: optional("repaymentMethod", "贷款还款方式"),
    YDHKR: optional("dayOfMonth", "约定还款日"),
  },
  repayments: {
    DKZH: required("number", "贷款账号"),
    YWLSH: required("number", "业务流水号"),
    DKYWMXLX: optional("repaymentKind", "贷款业务明细类型"),
    DQQC: required("integer", "当期期次"),
    YWFSRQ: required("date", "业务发生日期"),
    FSE: required("money", "发生额"),
    BJJE: required("money", "本金金额"),
    LXJE: required("money", "利息金额"),
    FXJE: optional("money", "罚息金额"),
    DKYE: required("money", "贷款余额"),
  },
} as const satisfies Record<FileKind, Record<string, Column>>;

/** Standard items that such files often carry and that the import does not need. */
const ignored = new Set(
  "XMQP XingBie GDDHHM CSNY HYZK ZhiYe ZhiChen ZhiWu XueLi YZBM JTZZ JTYSR DWDZ DWFRDBXM DWFRDBZJLX DWFRDBZJHM DWLSGX DWJJLX DWSSHY DWYB DWDZXX DWFXR JBRXM JBRGDDHHM JBRSJHM JBRZJLX JBRZJHM DWSLRQ STYHMC STYHDM DWJCRS DWFCRS DWZHYE DWXHRQ DWXHYY GRZHSNJZYE GRZHDNGJYE XHRQ FCHXHYY GRCKZHHM GRCKZHKHYHMC GRCKZHKHYHDM DWMC DKFXDJ DKFFE LLFDBL HSBJZE HSLXZE FXZE TQGHBJZE YQBJZE YQLXZE JZRQ DKYHDM ZCZYQBJJE YQZZCBJJE".split(
    " ",
  ),
);

type ColumnsOf<K extends FileKind> = (typeof columnsOf)[K];
/** A row as read: a field that is empty or faulty is undefined. */
export type Row<K extends FileKind> = {
  [C in keyof ColumnsOf<K>]: ColumnsOf<K>[C] extends { type: infer T extends FieldType }
    ? FieldValues[T] | undefined
    : never;
} & { line: number; /** a field was faulty or missing */ faulty: boolean };

/** What the header says: which kind of file, and for each position the column or undefined for one that is ignored. */
export interface Header {
  kind: FileKind;
  columns: (string | undefined)[];
}

/** Reads a header. With faults there is no use in reading on. */
export function readHeader(cells: readonly string[]): { header?: Header; faults: (Fault & { column: string })[] } {
  const names = cells.map((cell) => cell.trim());
  const scores = (Object.keys(columnsOf) as FileKind[])
    .map((kind) => {
      const known = Object.entries<Column>(columnsOf[kind]);
      const found = known.filter(([code, column]) => names.some((name) => isNamed(name, code, column)));
      const missing = known.filter((entry) => entry[1].required && !found.includes(entry)).map(([code]) => code);
      return { kind, missing, score: found.length - missing.length };
    })
    .sort((a, b) => b.score - a.score);
  const { kind, missing, score } = scores[0]!;
  if (score <= 0) return { faults: [{ reason: "KIND_UNKNOWN", column: names.join(",").slice(0, 80) }] };

  const faults: (Fault & { column: string })[] = missing.map((column) => ({
    reason: "COLUMN_MISSING",
    column: "",
    params: { column },
  }));
  const columns = names.map((name) => {
    const code = Object.entries<Column>(columnsOf[kind]).find(([code, column]) => isNamed(name, code, column))?.[0];
    if (!code && !ignored.has(name)) faults.push({ reason: "COLUMN_UNKNOWN", column: name });
    return code;
  });
  columns.forEach((code, index) => {
    if (code && columns.indexOf(code) !== index) faults.push({ reason: "COLUMN_TWICE", column: code });
  });
  return faults.length > 0 ? { faults } : { header: { kind, columns }, faults };
}

function isNamed(name: string, code: string, column: Column): boolean {
  return name.toUpperCase() === code.toUpperCase() || name === column.zh;
}

/** The column of a file kind. */
export function columnOf(kind: FileKind, code: string): Column {
  return (columnsOf[kind] as Record<string, Column>)[code]!;
}

const inTable =
  (codes: readonly string[], table: string) =>
  (text: string): string | Fault =>
    codes.includes(text) ? text : { reason: "CODE_UNKNOWN", params: { table } };

const numberLimit = 30;

/** Reads the text of a field that is not empty. */
export const readers: { [T in FieldType]: (text: string) => FieldValues[T] | Fault } = {
  number: (text) =>
    /^[0-9A-Za-z-]{1,30}$/.test(text) ? text : { reason: "ACCOUNT_NUMBER_ILLEGAL", params: { limit: numberLimit } },
  text: (text) => ([...text].length <= 120 ? text : { reason: "TOO_LONG", params: { limit: 120 } }),
  document: (text) => text.toUpperCase(),
  phone: (text) => (/^1\d{10}$/.test(text) ? text : { reason: "PHONE_ILLEGAL" }),
  documentType: inTable(documentTypes, "A.1"),
  unitState: inTable(unitStates, "A.4"),
  depositorState: inTable(depositorStates, "A.6"),
  repaymentMethod: inTable(repaymentMethods, "A.11"),
  repaymentKind: (text) =>
    (repaymentKinds as readonly string[]).includes(text) ? text : { reason: "NOT_A_REPAYMENT" },
  date: (text) => dayOf(text) ?? { reason: "DATE_ILLEGAL" },
  month: (text) => monthOf(text) ?? { reason: "MONTH_ILLEGAL" },
  money: (text) => fenOfYuan(text) ?? { reason: "MONEY_ILLEGAL" },
  ratio: (text) => fraction(text, 4) ?? { reason: "RATIO_ILLEGAL" },
  rate: (text) => fraction(text, 7) ?? { reason: "RATE_ILLEGAL" },
  integer: (text) => (/^(0|[1-9]\d{0,8})$/.test(text) ? Number(text) : { reason: "INTEGER_ILLEGAL" }),
  dayOfMonth: (text) => (/^(0?[1-9]|[12]\d|3[01])$/.test(text) ? Number(text) : { reason: "DAY_OF_MONTH_ILLEGAL" }),
};

/** A fraction from 0 to 1 with at most `places` decimal places, as a whole number of its last place. */
function fraction(text: string, places: number): number | undefined {
  if (!/^(0|1)(\.\d+)?$/.test(text)) return undefined;
  const [whole, decimals = ""] = text.split(".");
  const kept = decimals.replace(/0+$/, "");
  if (kept.length > places) return undefined;
  const value = Number(whole) * 10 ** places + Number(kept.padEnd(places, "0"));
  return value <= 10 ** places ? value : undefined;
}
