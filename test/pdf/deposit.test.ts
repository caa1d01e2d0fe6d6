import { describe, expect, it } from "vitest";
import { depositKind } from "../../service/src/certificates/kinds/deposit.ts";
import { placeholders } from "../../service/src/pdf/description.ts";
import { depositRecord } from "./sample.ts";

describe("the deposit certificate", () => {
  it("puts facts into words", () => {
    expect(depositKind.values(depositRecord())).toMatchObject({
      documentType: "居民身份证",
      accountStatus: "正常",
      openedOn: "2015年7月1日",
      paidTo: "2026年10月",
      base: "15,000.00 元",
      balance: "1,123,456.78 元",
      personRatio: "7.5%",
      monthsInARow: "136 个月",
      loans: "有（未结清 1 笔，余额 300,000.00 元）",
      validUntil: "2026年12月21日",
    });
  });

  it("groups the digits of amounts of any length", () => {
    const base = (baseYuan: string) => depositKind.values(depositRecord({ baseYuan })).base;
    expect(base("0.05")).toBe("0.05 元");
    expect(base("999.00")).toBe("999.00 元");
    expect(base("1000.00")).toBe("1,000.00 元");
    expect(base("1234567890.12")).toBe("1,234,567,890.12 元");
    expect(() => base("1000")).toThrow(/two decimal places/);
  });

  it("says 未知 where the ledger holds nothing, and 无 where it holds that there is nothing", () => {
    const values = (fields: object) => depositKind.values(depositRecord(fields));
    expect(values({ loans: null }).loans).toBe("未知");
    expect(values({ loans: { taken: 0, unsettled: 0, owedYuan: "0.00" } }).loans).toBe("无");
    expect(values({ monthsInARow: 0 }).monthsInARow).toBe("0 个月");
    expect(values({ accountStatus: null, openedOn: null, unitName: "" })).toMatchObject({
      accountStatus: "未知",
      openedOn: "未知",
      unitName: "未知",
    });
  });

  it("gives a value for every name that its form uses", () => {
    const given = depositKind.values(depositRecord());
    const fixed = ["centre", "verificationPage"];
    const texts = depositKind.template.items.filter((item) => item.kind === "text").map((item) => item.text);
    const used = [...texts, depositKind.template.documentTitle].flatMap(placeholders);
    expect(used.filter((name) => !(name in given) && !fixed.includes(name))).toEqual([]);
  });

  it("repeats its key figures for the code, in the order of FORMAT.md §4", () => {
    expect(depositKind.qrSummary(depositRecord())).toEqual([112345678, 1500000, 180000, 112500, 136, 202610]);
    expect(depositKind.qrSummary(depositRecord({ balanceYuan: null, paidTo: null }))).toEqual([
      null,
      1500000,
      180000,
      112500,
      136,
      null,
    ]);
  });
});
