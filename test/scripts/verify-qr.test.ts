// Codes under the second verifier: what is read, refused and shown.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { Encoder } from "cbor-x";
import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Refused } from "../../scripts/verify/outcome.ts";
import { isSignedBy, readCode } from "../../scripts/verify/qr.ts";
import { report } from "../../scripts/verify/report.ts";

const sha256 = (...parts: Uint8Array[]) => createHash("sha256").update(Buffer.concat(parts)).digest();

describe("codes", () => {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const point = publicKey.export({ format: "der", type: "spki" }).subarray(-65);
  const cbor = new Encoder({ mapsAsObjects: false, useRecords: false, tagUint8Array: false, variableMapSize: true });
  const payload: [number, unknown][] = [
    [1, 1],
    [2, "C46010"],
    [3, "deposit"],
    [4, "1165.11460000MB1234567A.2026112100000118.001.M"],
    [5, 118],
    [6, "\u{20bb7}**"],
    [7, "000***********0012"],
    [8, [12345678, 850000, 102000, 102000, 36, 202611]],
    [9, 20778],
    [10, 20808],
    [11, Buffer.alloc(32, 9)],
  ];
  const header = cbor.encode(
    new Map<number, unknown>([
      [1, -7],
      [4, sha256(point).subarray(0, 8)],
    ]),
  );
  const textOf = (message: Uint8Array, first = "01") =>
    `https://c46010.example/v#${BigInt(`0x${first}${Buffer.from(message).toString("hex")}`)}`;
  const message = (body: Uint8Array, protectedHeader: Uint8Array = header) => {
    const signed = cbor.encode(["Signature1", protectedHeader, Buffer.alloc(0), body]);
    const signature = sign("sha256", signed, { key: privateKey, dsaEncoding: "ieee-p1363" });
    return cbor.encode([protectedHeader, new Map(), body, signature]);
  };
  const withPayload = (entries: [number, unknown][]) => textOf(message(cbor.encode(new Map(entries))));
  const replaced = (key: number, value: unknown) =>
    withPayload(payload.map(([one, old]) => [one, one === key ? value : old]));
  const withFigures = (kind: string, figures: number[]) =>
    withPayload(payload.map(([key, old]) => [key, key === 3 ? kind : key === 8 ? figures : old]));
  const isRead = (kind: string, figures: number[]) => {
    try {
      return readCode(withFigures(kind, figures)).figures.length === figures.length;
    } catch (error) {
      if (error instanceof Refused && error.code === "qr-malformed") return false;
      throw error;
    }
  };
  const hexPoint = point.toString("hex");

  it("reads what was signed", () => {
    const code = readCode(withPayload(payload));
    expect(code).toMatchObject({
      centre: "C46010",
      maskedName: "\u{20bb7}**",
      issuedOn: "2026-11-21",
      validUntil: "2026-12-21",
    });
    const token = sha256(Buffer.from("cunzheng standing token\n"), Buffer.alloc(32, 9)).subarray(0, 16);
    expect(code.standingToken).toBe(token.toString("hex"));
    expect(isSignedBy(code, hexPoint)).toBe(true);
    code.signature[0]! ^= 1;
    expect(isSignedBy(code, hexPoint)).toBe(false);
    expect(isSignedBy(code, `04${"00".repeat(64)}`)).toBe(false);
  });

  it.each<[string, string]>([
    ["other keys", withPayload([...payload, [12, 1]])],
    ["a missing key", withPayload(payload.slice(0, 10))],
    ["keys out of order", withPayload([payload[1]!, payload[0]!, ...payload.slice(2)])],
    ["another version", replaced(1, 2)],
    ["a fraction", replaced(5, 1.5)],
    ["a name that is not masked", replaced(6, "林小明")],
    ["a name that steers the text", replaced(6, "\u202e*")],
    ["a document number in full", replaced(7, "000101199001010012")],
    ["a kind of capital letters", replaced(3, "Deposit")],
    ["a kind of two letters", replaced(3, "ab")],
    [
      "thirteen figures",
      withFigures(
        "another-kind",
        Array.from({ length: 13 }, () => 1),
      ),
    ],
    ["a document number of 21 characters", replaced(7, `000${"*".repeat(14)}0012`)],
    ["more digits than a code of ours has", `https://c46010.example/v#1${"0".repeat(800)}`],
    ["five figures of a deposit", replaced(8, [1, 2, 3, 4, 5])],
    ["a thirteenth month", replaced(8, [1, 2, 3, 4, 5, 202613])],
    ["a figure below -1", replaced(8, [-2, 2, 3, 4, 5, 202611])],
    ["a day after 9999", replaced(10, 2932897)],
    ["a text for bytes", replaced(11, "9".repeat(32))],
    [
      "another algorithm",
      textOf(
        message(
          cbor.encode(new Map(payload)),
          cbor.encode(
            new Map<number, unknown>([
              [1, -8],
              [4, Buffer.alloc(8)],
            ]),
          ),
        ),
      ),
    ],
    ["another first byte", textOf(message(cbor.encode(new Map(payload))), "02")],
    ["a tag", textOf(Buffer.concat([Buffer.of(0xd2), message(cbor.encode(new Map(payload)))]))],
    ["something behind it", textOf(Buffer.concat([message(cbor.encode(new Map(payload))), Buffer.of(0)]))],
    ["a leading zero", withPayload(payload).replace("#", "#0")],
    ["no address", withPayload(payload).split("#")[1]!],
    ["nothing", ""],
  ])("refuses a code with %s", (_, text) =>
    expect(() => readCode(text)).toThrow(expect.objectContaining({ code: "qr-malformed" })),
  );

  // FORMAT.md §4, row by row, as a report shows them.
  it.each<[string, number[], string[]]>([
    [
      "deposit",
      [12345678, 850000, 102000, 102000, 36, 202611],
      [
        "余额 balance: 123456.78 元 yuan",
        "缴存基数 base: 8500.00 元 yuan",
        "单位月缴存额 unit's monthly amount: 1020.00 元 yuan",
        "个人月缴存额 person's monthly amount: 1020.00 元 yuan",
        "连续缴存月数不少于 months in a row, at least: 36 个月 months",
        "缴至年月 paid to: 2026-11",
      ],
    ],
    [
      "loan-elsewhere",
      [5, 850000, 204000, 202401, -1, 2],
      [
        "余额 balance: 0.05 元 yuan",
        "缴存基数 base: 8500.00 元 yuan",
        "月缴存额 monthly amount of both parts: 2040.00 元 yuan",
        "最近连续缴存自不晚于 latest months in a row, from no later than: 2024-01",
        "最近连续缴存至 latest months in a row, to: 无数据 no data",
        "公积金贷款次数 fund loans taken: 2",
      ],
    ],
    [
      "unit-deposit",
      [120, 7, 24480000, 202610, 1, 24480000],
      [
        "缴存人数 depositors: 120",
        "封存人数 sealed accounts: 7",
        "月缴存额 monthly amount: 244800.00 元 yuan",
        "缴至年月 paid to: 2026-10",
        "欠缴月数 months in arrears: 1 个月 months",
        "欠缴金额 amount in arrears: 244800.00 元 yuan",
      ],
    ],
    [
      "deposit-detail",
      [0, 1200, 200, 1000, 13, 202511, 202610],
      [
        "承前余额 balance brought forward: 0.00 元 yuan",
        "增加合计 sum of what came in: 12.00 元 yuan",
        "减少合计 sum of what went out: 2.00 元 yuan",
        "期末余额 closing balance: 10.00 元 yuan",
        "明细笔数 entries: 13",
        "起始年月 first month: 2025-11",
        "截止年月 last month: 2026-10",
      ],
    ],
    [
      "loan-settled",
      [30000000, 240, 20060228, 20260228],
      [
        "借款金额 amount of the loan: 300000.00 元 yuan",
        "借款期限 term: 240 个月 months",
        "放款日期 disbursed on: 2006-02-28",
        "结清日期 settled on: 2026-02-28",
      ],
    ],
    [
      "loan-repayments",
      [20000000, 24, 1000000, 300000, 0, 20261115],
      [
        "贷款余额 balance of the loan: 200000.00 元 yuan",
        "还款笔数 repayments: 24",
        "已还本金 principal repaid: 10000.00 元 yuan",
        "已还利息 interest repaid: 3000.00 元 yuan",
        "已还罚息 penalty repaid: 0.00 元 yuan",
        "末笔还款日期 last repayment on: 2026-11-15",
      ],
    ],
    [
      "loan-schedule",
      [20000000, 216, 160000, 5000000, 20261215, 20441115],
      [
        "贷款余额 balance of the loan: 200000.00 元 yuan",
        "剩余期数 terms that remain: 216",
        "下期还款额 next instalment: 1600.00 元 yuan",
        "剩余利息合计 interest of all that remain: 50000.00 元 yuan",
        "下期还款日期 next instalment on: 2026-12-15",
        "末期还款日期 last instalment on: 2044-11-15",
      ],
    ],
    ["a-later-kind", [-1, 202613], ["1: 无数据 no data", "2: 202613"]],
    ["constructor", [], []],
  ])("names the figures of %s, and takes as many as it has", (kind, figures, lines) => {
    const code = readCode(withFigures(kind, figures));
    const shown = report("QR", { headline: "genuine", steps: [], facts: { code } });
    expect(shown.split("\n").slice(-1 - figures.length, -1)).toEqual(lines.map((line) => `  ${line}`));
    const others = [[...figures, 1], figures.slice(0, -1)].filter((other) => !isRead(kind, other));
    expect(others).toHaveLength(["a-later-kind", "constructor"].includes(kind) ? 0 : 2);
    expect(
      readCode(
        withFigures(
          kind,
          figures.map(() => -1),
        ),
      ).figures,
    ).toEqual(figures.map(() => -1));
  });

  it.each([20261131, 20260229, 20261301, 2026112, 202611210, 10101, 0])("refuses the day %i", (day) => {
    const read = () => readCode(withFigures("loan-settled", [1, 1, day, 20260228]));
    expect(read).toThrow(expect.objectContaining({ code: "qr-malformed" }));
  });

  it.each([202600, 202613, 20261, 2026111, 0])("refuses the month %i", (month) => {
    const read = () => readCode(withFigures("deposit", [1, 1, 1, 1, 1, month]));
    expect(read).toThrow(expect.objectContaining({ code: "qr-malformed" }));
  });

  it("refuses a number, a text or a map in more bytes than it needs", () => {
    const body = Buffer.from(cbor.encode(new Map(payload)));
    for (const [found, longer] of [
      ["0576", "051876"],
      ["0101", "011801"],
      ["66433436", "7806433436"],
      ["ab0101", "b80b0101"],
    ] as const) {
      // 118 is already in two bytes: there it is written in three.
      const [from, to] = found === "0576" ? ["051876", "05190076"] : [found, longer];
      const hex = body.toString("hex");
      expect(hex).toContain(from);
      expect(() => readCode(textOf(message(Buffer.from(hex.replace(from, to), "hex"))))).toThrow(
        "not deterministic CBOR",
      );
    }
  });

  it("never breaks for bytes that are no code", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 60 }), (bytes) => {
        expect(() => readCode(textOf(bytes))).toThrow(expect.objectContaining({ code: "qr-malformed" }));
      }),
      { numRuns: 500 },
    );
  });
});
