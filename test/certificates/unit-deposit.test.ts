import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { wishOf } from "../../service/src/certificates/ask.ts";
import { issueCertificates, issueEach } from "../../service/src/certificates/certificate.ts";
import type { Wish } from "../../service/src/certificates/certificate.ts";
import { unitDepositFieldsOf, unitDepositKind } from "../../service/src/certificates/kinds/unit-deposit.ts";
import type { UnitDepositFields } from "../../service/src/certificates/kinds/unit-deposit.ts";
import type { UnitFacts } from "../../service/src/certificates/kinds/unit-deposit-store.ts";
import { fileAtLevel } from "../../service/src/certificates/level-file.ts";
import { figuresOfKinds } from "../../service/src/proof/figures.ts";
import { missing, run } from "../helpers/tools.ts";
import { textOf } from "../pdf/sample.ts";
import { allSound, wish } from "./world.ts";
import type { CentreWorld } from "./world.ts";
import { makeLendingWorld, setParameter } from "./loan-world.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "cunzheng-unit-"));
let world: CentreWorld;
beforeAll(async () => {
  world = await makeLendingWorld(5);
  const { pool } = world.certificates;
  await pool.query("update depositor set state = '02' where id = 'dep_4'");
  await pool.query("update depositor set state = '06', frozen = true where id = 'dep_5'");
  await pool.query(
    "update unit set paid_to_month = '2026-09-01', credit_code = '91460100MA5TEST00X' where id = 'unit_1'",
  );
  await pool.query(
    `insert into unit (id, account_number, name, opened_on, state, unit_ratio_bp, person_ratio_bp, clearing_account_id)
     values ('unit_bare', 'dw-46010002', '𠮷䶮㛃' || repeat('新', 50) || '有限责任公司', '2026-11-01', '02', 500, 500, 'acct_clearing_2'),
       ('unit_closed', '46010003', '销户单位', '2015-01-01', '04', 500, 500, 'acct_clearing_3')`,
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const unitWish = (subjectId: string): Wish => ({
  kind: "unit-deposit",
  subjectId,
  purpose: unitDepositKind.purpose,
  requestedBy: "staff_clerk",
  requestKey: randomBytes(16).toString("hex"),
});
const fieldsOf = (row: { record: string }) => (JSON.parse(row.record) as { fields: UnitDepositFields }).fields;

const facts: UnitFacts = {
  unitId: "unit_1",
  name: "海口测试单位",
  creditCode: null,
  accountNumber: "46010001",
  openedOn: "2015-01-01",
  state: "01",
  unitRatioBp: 1200,
  personRatioBp: 750,
  paidToMonth: "2026-10",
  normal: 3,
  sealed: 1,
  others: 0,
  monthlyFen: 720_000n,
  gaps: 0,
};
const rules = { due: "2026-10", lowerBp: 500, wording: undefined };
const fields = (changes: Partial<UnitFacts> = {}, other: Partial<typeof rules> | object = {}) =>
  unitDepositFieldsOf({ ...facts, ...changes }, "2026-11-22", { ...rules, ...other });

describe("a unit's arrears", () => {
  it.each([
    ["paid to the month that is due", {}, {}, 0, "0.00"],
    ["paid ahead", { paidToMonth: "2026-12" }, {}, 0, "0.00"],
    ["three months behind: how much is not on record", { paidToMonth: "2026-07" }, {}, 3, null],
    ["over the turn of a year", { paidToMonth: "2025-11" }, {}, 11, null],
    ["without a rule of the centre", {}, { due: null }, null, null],
    ["never paid", { paidToMonth: null }, {}, null, null],
    ["deferred: agreed to be paid later", { state: "03", paidToMonth: "2026-05" }, {}, null, null],
    ["a month on record was left out", { gaps: 1 }, {}, null, null],
    ["nobody to be paid for", { normal: 0, paidToMonth: "2026-05" }, {}, null, null],
  ])("%s", (_, changes, other, months, yuan) => {
    expect(fields(changes, other)).toMatchObject({ arrearsMonths: months, arrearsYuan: yuan });
  });

  it("are put into words, and what is unknown is not guessed", () => {
    const words = (one: UnitDepositFields) =>
      unitDepositKind.values({
        number: "N",
        issuedOn: "2026-11-22",
        validUntil: "2026-12-22",
        purpose: "投标",
        fields: one,
      });
    expect(words(fields())).toMatchObject({ arrears: "否", creditCode: "未知", penalties: "未知", deferred: "否" });
    expect(words(fields({ paidToMonth: "2026-07" })).arrears).toBe("是（欠缴 3 个月，欠缴金额：未知）");
    expect(words(fields({ gaps: 2 })).arrears).toBe("未知");
    expect(words(fields({ state: "03" }))).toMatchObject({ deferred: "是", unitState: "缓缴" });
    expect(words(fields({ personRatioBp: 300 }))).toMatchObject({ ratioLowered: "是", personRatio: "3%" });
    expect(words(fields({}, { lowerBp: undefined })).ratioLowered).toBe("未知");
    expect(words(fields({}, { wording: { closing: "仅供{purpose}使用，限{validUntil}前。" } })).closing).toBe(
      "仅供投标使用，限2026年12月22日前。",
    );
  });
});

describe("a unit's certificate", () => {
  it("states what the registers hold, in the order asked", async () => {
    const { certificates } = world;
    await setParameter(certificates.pool, { code: "deposit.arrears_after", value: { day: 15 } });
    const [bare, full] = await issueCertificates(certificates, [unitWish("unit_bare"), unitWish("unit_1")]);
    expect(fieldsOf(full!)).toMatchObject({
      unitName: "海口测试单位",
      creditCode: "91460100MA5TEST00X",
      depositors: 3,
      sealed: 1,
      others: 1,
      monthlyYuan: "7200.00",
      paidTo: "2026-09",
      arrearsMonths: 1,
      arrearsYuan: null,
      ratioLowered: null,
      penalties: null,
    });
    expect(fieldsOf(bare!)).toMatchObject({
      creditCode: null,
      depositors: 0,
      monthlyYuan: "0.00",
      arrearsMonths: null,
    });
    expect([full!.personId, full!.unitId, full!.ledgerEntry]).toEqual([null, "unit_1", 0n]);
    expect(JSON.parse(full!.record)).toMatchObject({ kind: "unit-deposit", ledgerEntry: "0" });
    await allSound(world);
  });

  it("is asked for by the unit's account number, at the counter and for no person", async () => {
    const ask = { kind: "unit-deposit" as never, dwzh: "46010001" };
    const by = { requestedBy: "staff_clerk", requestKey: "k" };
    expect(await wishOf(world.certificates, ask, by)).toMatchObject({
      subjectId: "unit_1",
      purpose: unitDepositKind.purpose,
    });
    await expect(wishOf(world.certificates, ask, { personId: "pers_1", ...by })).rejects.toThrow("NOT_ALLOWED");
    await expect(wishOf(world.certificates, { ...ask, dwzh: "46019999" }, by)).rejects.toThrow("UNIT_NOT_FOUND");
  });

  it("is refused for a unit that is closed or unknown, and stops no other", async () => {
    const answers = await issueEach(world.certificates, [
      unitWish("unit_closed"),
      unitWish("unit_none"),
      unitWish("unit_1"),
    ]);
    expect(answers.map((one) => (one instanceof Error ? one.message : one.kind))).toEqual([
      "UNIT_CLOSED",
      "UNIT_NOT_FOUND",
      "unit-deposit",
    ]);
  });

  it.skipIf(missing("pdftotext"))("takes the centre's own sentences", async () => {
    const { certificates } = world;
    await setParameter(certificates.pool, {
      code: "certificate.wording",
      value: {
        "unit-deposit": { opening: "经查，{unitName}在本中心的缴存情况如下：" },
        deposit: { closing: "本证明仅用于{purpose}，自开具之日起至{validUntil}有效。" },
      },
    });
    const [row] = await issueCertificates(certificates, [unitWish("unit_1")]);
    expect(fieldsOf(row!).wording).toEqual({ opening: "经查，{unitName}在本中心的缴存情况如下：" });
    const pdf = (await fileAtLevel(certificates.pool, row!.id))!.file;
    expect(textOf(folder, "wording", pdf).replaceAll(/\s/g, "")).toContain("经查，海口测试单位在本中心的缴存情况如下");

    const [persons] = await issueCertificates(certificates, [wish(1)]);
    const face = textOf(folder, "wording of a person's", (await fileAtLevel(certificates.pool, persons!.id))!.file);
    expect(face.replaceAll(/\s/g, "")).toContain("本证明仅用于核验本人住房公积金缴存情况，自开具之日起至");
    expect(face.replaceAll(/\s/g, "")).toContain("系本中心住房公积金缴存职工");
  });

  it.skipIf(missing("pdftotext", "qpdf", "pdfsig"))(
    "is a sealed file that others read, with rare characters",
    async () => {
      const [row] = await issueCertificates(world.certificates, [unitWish("unit_bare")]);
      const pdf = (await fileAtLevel(world.certificates.pool, row!.id))!.file;
      const text = textOf(folder, "bare", pdf).replaceAll(/\s/g, "");
      for (const part of ["单位住房公积金缴存证明", "𠮷䶮㛃新", "dw-46010002", "开户", row!.serial])
        expect(text).toContain(part);
      const at = path.join(folder, "bare-check.pdf");
      writeFileSync(at, pdf);
      expect(run("qpdf", ["--check", at])).toContain("No syntax or stream encoding errors found");
      expect(run("pdfsig", [at])).toContain("Signature is Valid");
    },
  );

  it("has the key figures that FORMAT.md names, and a holder that can be masked", () => {
    const record = { number: "N", issuedOn: "2026-11-22", validUntil: "2026-12-22", purpose: "投标" };
    const figures = unitDepositKind.qrSummary({ ...record, fields: fields({ paidToMonth: "2026-08" }) });
    expect(figures).toEqual([3, 1, 720_000, 202608, 2, null]);
    expect(figures).toHaveLength(figuresOfKinds["unit-deposit"]!.length);
    expect(unitDepositKind.holder(fields({ accountNumber: "dw-1" }))).toEqual({ name: "海口测试单位", number: "DW-1" });
  });
});
