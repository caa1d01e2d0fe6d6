import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { issueCertificates, issueEach } from "../../service/src/certificates/certificate.ts";
import type { Wish } from "../../service/src/certificates/certificate.ts";
import { wishOf } from "../../service/src/certificates/ask.ts";
import {
  addresseeOf,
  forbidden,
  inArrears,
  isSameAddressee,
} from "../../service/src/certificates/kinds/loan-elsewhere-facts.ts";
import type { LoanElsewhereFields } from "../../service/src/certificates/kinds/loan-elsewhere-facts.ts";
import type { LoansTaken } from "../../service/src/certificates/kinds/loan-elsewhere-store.ts";
import { loanElsewhereKind } from "../../service/src/certificates/kinds/loan-elsewhere.ts";
import { fileAtLevel } from "../../service/src/certificates/level-file.ts";
import { proposeRevocation, standingOf } from "../../service/src/certificates/standing.ts";
import { byIds } from "../../service/src/certificates/store.ts";
import { findWrite } from "../../service/src/chain/outbox.ts";
import { placeholders } from "../../service/src/pdf/description.ts";
import { figuresOfKinds } from "../../service/src/proof/figures.ts";
import { longestQrMessage, maskName, maskNumber, prepareQr } from "../../service/src/proof/qr-summary.ts";
import { accountNumber } from "../withdrawals/world.ts";
import { missing, run } from "../helpers/tools.ts";
import { textOf } from "../pdf/sample.ts";
import {
  admit,
  details,
  importLoanRegister,
  lend,
  loanWish,
  makeLendingWorld,
  memberNames,
  setParameter,
} from "./loan-world.ts";
import { allSound, start } from "./world.ts";
import type { CentreWorld } from "./world.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "cunzheng-elsewhere-"));
let world: CentreWorld;
beforeAll(async () => {
  world = await makeLendingWorld(40);
});
afterEach(() => {
  world.clock.now = start;
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const issue = async (...wishes: Wish[]) => issueCertificates(world.certificates, wishes);
const answer = async (wish: Wish) => {
  const [one] = await issueEach(world.certificates, [wish]);
  return one instanceof Error ? one.message : "issued";
};
const fieldsOf = (row: { record: string }) => (JSON.parse(row.record) as { fields: LoanElsewhereFields }).fields;
const again = async (id: string) => (await byIds(world.certificates.pool, [id]))[0]!;
const standing = async (id: string) => standingOf(await again(id), world.clock.now).standing;
const elsewhere = { addressee: "西宁市住房公积金管理中心", addresseeCode: "C63010", city: "西宁市" };

const none: LoansTaken = {
  depositorId: "dep_1",
  registerKnown: true,
  unitState: "01",
  taken: 0,
  unsettled: 0,
  amountFen: 0n,
  owedFen: 0n,
  replyPending: false,
};

describe("the rule of 建金〔2016〕230号", () => {
  it.each([
    ["no register of loans: nothing is known", { registerKnown: false }, "LOAN_REGISTER_UNKNOWN"],
    ["never used a fund loan", {}, undefined],
    ["one, settled", { taken: 1 }, undefined],
    ["one, not settled", { taken: 1, unsettled: 1 }, "FIRST_LOAN_UNSETTLED"],
    ["two, both settled", { taken: 2 }, "LOANS_USED_TWICE"],
    ["two, one settled", { taken: 2, unsettled: 1 }, "LOANS_USED_TWICE"],
    ["many", { taken: 7 }, "LOANS_USED_TWICE"],
  ])("%s", (_, loans, code) => {
    expect(forbidden({ ...none, ...loans })?.code).toBe(code);
  });

  it("is refused while the centre has no register of loans, and says what to do", async () => {
    expect(await answer(loanWish(1))).toBe("LOAN_REGISTER_UNKNOWN");
    await importLoanRegister(world.certificates.pool);
    expect(await answer(loanWish(1))).toBe("issued");
  });

  it("counts what the register holds, but for voided loans", async () => {
    const { pool } = world.certificates;
    await lend(pool, 2, { settledOn: "2020-01-01" });
    await lend(pool, 3);
    await lend(pool, 4, { settledOn: "2020-01-01" });
    await lend(pool, 4, { settledOn: "2022-01-01" });
    await lend(pool, 5, { state: "8" });
    await lend(pool, 6, { state: "1" });
    const answers = [];
    for (const n of [2, 3, 4, 5, 6]) answers.push(await answer(loanWish(n)));
    expect(answers).toEqual(["issued", "FIRST_LOAN_UNSETTLED", "LOANS_USED_TWICE", "issued", "FIRST_LOAN_UNSETTLED"]);
    const [row] = await issue(loanWish(2, { details: elsewhere }));
    expect(fieldsOf(row!)).toMatchObject({ loansTaken: 1, loansAmountYuan: "300000.00", loansOwedYuan: "0.00" });
  });
});

describe("an account", () => {
  it("that is closed is refused; one that is sealed or frozen is stated so", async () => {
    const { pool } = world.certificates;
    await pool.query("update depositor set state = '05' where id = 'dep_7'");
    await pool.query("update depositor set state = '02' where id = 'dep_8'");
    await pool.query("update depositor set frozen = true where id = 'dep_9'");
    expect(await answer(loanWish(7))).toBe("ACCOUNT_CLOSED");
    const [sealed, frozen] = await issue(loanWish(8), loanWish(9));
    expect([fieldsOf(sealed!).accountState, fieldsOf(frozen!).accountState]).toEqual(["sealed", "other"]);
    const rows = await pool.query("select frozen from depositor where id in ('dep_8', 'dep_9') order by id");
    expect(rows.rows).toEqual([{ frozen: false }, { frozen: true }]);
  });

  it.each([
    ["paid to the month that is due", { paidToMonth: "2026-10" }, "01", "2026-10", false],
    ["behind", { paidToMonth: "2026-09" }, "01", "2026-10", true],
    ["of a unit that may pay later", { paidToMonth: "2026-01" }, "03", "2026-10", null],
    ["without a rule of the centre", { paidToMonth: "2026-01" }, "01", null, null],
    ["opened after the month that is due", { paidToMonth: null, openedOn: "2026-11-02" }, "01", "2026-10", false],
    ["never paid as far as is known", { paidToMonth: null, openedOn: "2015-11-02" }, "01", "2026-10", null],
  ] as const)("in arrears: %s", (_, facts, unitState, due, expected) => {
    expect(inArrears({ openedOn: "2015-01-01", ...facts }, unitState, due)).toBe(expected);
  });
});

describe("one certificate at a time for a centre", () => {
  it("ends the earlier one for the same centre, also when it expired; one for another centre stands beside it", async () => {
    const { pool } = world.certificates;
    const [first] = await issue(loanWish(10));
    const [beside] = await issue(loanWish(10, { details: elsewhere }));
    world.clock.now = new Date(start.getTime() + 60 * 86_400_000);
    expect(await standing(first!.id)).toBe("expired");
    const [second] = await issue(loanWish(10, { details: { addressee: "太原市住房公积金管理中心 ", city: "太原" } }));
    expect(fieldsOf(second!)).toMatchObject({ addressee: details.addressee, addresseeCode: "C14010" });
    expect(second!.supersedes).toBe(first!.id);
    const [third] = await issue(loanWish(10));
    expect(third!.supersedes).toBe(second!.id);
    expect(await standing(first!.id)).toBe("superseded");
    expect(await standing(second!.id)).toBe("superseded");
    expect(await standing(third!.id)).toBe("valid");
    expect((await again(beside!.id)).revocation).toBeNull();
    expect((await findWrite(pool, `revoke/${first!.statusIndex}`))?.state).toBe("queued");
    world.clock.now = start;
    await allSound(world);
  });

  it("of two wishes at once one ends the other; in one batch the second is refused", async () => {
    const [a, b] = await Promise.all([issue(loanWish(11)), issue(loanWish(11))]);
    const standings = [await standing(a[0]!.id), await standing(b[0]!.id)].toSorted();
    expect(standings).toEqual(["superseded", "valid"]);
    const batch = await issueEach(world.certificates, [
      loanWish(12),
      loanWish(12),
      loanWish(12, { details: elsewhere }),
      loanWish(13),
    ]);
    expect(batch.map((one) => (one instanceof Error ? one.message : "issued"))).toEqual([
      "issued",
      "LOAN_ELSEWHERE_ASKED_TWICE",
      "issued",
      "issued",
    ]);
  });

  it("waits for a revocation of the earlier one that is proposed, and is never for this very centre", async () => {
    const { pool } = world.certificates;
    const [first] = await issue(loanWish(14));
    await proposeRevocation(pool, {
      certificateId: first!.id,
      reason: 1,
      note: "姓名有误",
      proposedBy: "staff_clerk",
      now: start,
    });
    expect(await answer(loanWish(14))).toBe("LOAN_ELSEWHERE_DECISION_PENDING");
    expect(await answer(loanWish(14, { details: elsewhere }))).toBe("issued");
  });

  it.each([
    ["this centre's code", { addresseeCode: "C46010" }, "LOAN_ELSEWHERE_AT_OWN_CENTRE"],
    ["this centre's name", { addressee: memberNames.C46010, addresseeCode: undefined }, "LOAN_ELSEWHERE_AT_OWN_CENTRE"],
    ["a code that no member has", { addresseeCode: "C99999" }, "ADDRESSEE_NOT_A_MEMBER"],
    ["a member's code with another name", { addressee: "太原中心" }, "ADDRESSEE_NAME_DIFFERS"],
    ["a member's code with another member's name", { addresseeCode: "C63010" }, "ADDRESSEE_NAME_DIFFERS"],
  ])("is refused for %s", async (_, changes, code) => {
    const asked = Object.fromEntries(Object.entries({ ...details, ...changes }).filter(([, value]) => value));
    expect(await answer(loanWish(15, { details: asked }))).toBe(code);
  });

  it("knows nobody before the registry was read, and takes the name of a centre that is no member as it is typed", () => {
    const members = Object.entries(memberNames).map(([code, name]) => ({ code, name }));
    const other = { addressee: "山西省直住房公积金管理中心", city: "太原" };
    expect(addresseeOf(other, [], "C46010")).toMatchObject({ code: "CHAIN_NOT_READ" });
    expect(addresseeOf(other, members, "C46010")).toEqual(other);
  });

  it("ends every earlier one that stands, not only the newest", async () => {
    const { pool } = world.certificates;
    const [city, [was, is]] = ["菏泽", ["菏泽公积金中心", "菏泽市住房公积金管理中心"]];
    await admit(pool, "C37170", was!);
    // One for the member and one for a centre that none is known to be; then the member takes that name.
    const [first] = await issue(loanWish(20, { details: { addressee: was, addresseeCode: "C37170", city } }));
    const [second] = await issue(loanWish(20, { details: { addressee: is, city } }));
    expect([await standing(first!.id), second!.supersedes]).toEqual(["valid", null]);
    await admit(pool, "C37170", is!);
    const [third] = await issue(loanWish(20, { details: { addressee: is, city } }));
    expect([third!.supersedes, fieldsOf(third!).addresseeCode]).toEqual([second!.id, "C37170"]);
    const standings = [await standing(first!.id), await standing(second!.id), await standing(third!.id)];
    expect(standings).toEqual(["superseded", "superseded", "valid"]);
    expect((await findWrite(pool, `revoke/${first!.statusIndex}`))?.state).toBe("queued");
    await allSound(world);
  });

  it("knows a centre by its code, else by its name", () => {
    const a = { addressee: "太原市住房公积金管理中心", city: "太原" };
    const inCity = { ...a, city: "太原市" };
    expect(isSameAddressee(a, inCity)).toBe(true);
    expect(isSameAddressee(a, { ...a, addressee: "太原市住房公积金管理中心 " })).toBe(true);
    expect(isSameAddressee({ ...a, addresseeCode: "C14010" }, a)).toBe(true);
    expect(isSameAddressee({ ...a, addresseeCode: "C14010" }, { ...a, addresseeCode: "C63010" })).toBe(false);
    expect(isSameAddressee({ ...details }, { ...a, addressee: "太原中心", addresseeCode: "C14010" })).toBe(true);
    expect(isSameAddressee(a, { ...a, addressee: "山西省直住房公积金管理中心" })).toBe(false);
  });
});

describe("what is asked and what is printed", () => {
  it("needs the lending centre and its city, in a form of ours", async () => {
    const ask = (more: object) =>
      wishOf(
        world.certificates,
        { kind: "loan-elsewhere" as never, grzh: accountNumber(16), ...more },
        { personId: "pers_16", requestedBy: "pers_16", requestKey: "k" },
      ).then(
        () => "asked",
        (error: Error) => error.message,
      );
    expect(await ask({ details })).toBe("asked");
    expect(await ask({ details: { addressee: "太原中心", city: "太原" } })).toBe("asked");
    for (const wrong of [
      undefined,
      {},
      { addressee: "太原中心" },
      { ...details, addressee: "" },
      { ...details, addressee: "长".repeat(61) },
      { ...details, addressee: "a\u0000b" },
      { ...details, addresseeCode: "14010" },
      { ...details, more: 1 },
    ])
      expect(await ask({ details: wrong })).toBe("INVALID_REQUEST");
  });

  it("ticks boxes, and says what it does not know", async () => {
    const [row] = await issue(loanWish(17));
    const record = { number: "N", issuedOn: "2026-11-22", validUntil: "2026-12-22", purpose: "贷款" };
    const words = (changes: Partial<LoanElsewhereFields>) =>
      loanElsewhereKind.values({ ...record, fields: { ...fieldsOf(row!), ...changes } });
    expect(words({})).toMatchObject({
      addressee: "太原市住房公积金管理中心",
      accountState: "■正常 □封存 □欠缴 □其他（是否欠缴：未知）",
      hasLoans: "□是 ■否",
      loansTaken: "0 次",
      run: "未知",
      freeze: "",
      office: "未知",
      phone: "未知",
      contact: "我中心",
    });
    expect(words({ arrearsKnown: true }).accountState).toBe("■正常 □封存 □欠缴 □其他");
    expect(words({ accountState: "arrears" }).accountState).toBe("□正常 □封存 ■欠缴 □其他");
    expect(words({ loansTaken: 1 })).toMatchObject({ hasLoans: "■是 □否", loansTaken: "1 次" });
    expect(words({ runFrom: "2020-01", runTo: "2026-10" }).run).toBe("2020年1月—2026年10月");
    expect(words({ runFrom: "2020-01", runTo: "2026-10", runMayBeLonger: true }).run).toContain("（或更早）");
    expect(words({ addressee: "中心", city: "太原市" }).addressee).toBe("中心（太原市）");
  });

  it("gives a value for every name that its form uses, and the figures of FORMAT.md", async () => {
    const [row] = await issue(loanWish(18));
    const record = { number: "N", issuedOn: "2026-11-22", validUntil: "2026-12-22", purpose: "贷款" };
    const face = { ...record, fields: fieldsOf(row!) };
    const given = loanElsewhereKind.values(face);
    const texts = loanElsewhereKind.template.items.flatMap((item) =>
      item.kind === "text" ? placeholders(item.text) : [],
    );
    expect(texts.filter((name) => !(name in given) && !["centre", "verificationPage"].includes(name))).toEqual([]);
    expect(loanElsewhereKind.qrSummary(face)).toEqual([123_456, 1_000_000, 240_000, null, null, 0]);
    expect(loanElsewhereKind.qrSummary(face)).toHaveLength(figuresOfKinds["loan-elsewhere"]!.length);
  });

  it.each([
    ["loan-elsewhere", [99_999_999_999, 3_045_267, 730_864, 199_401, 202_610, 1], "000101199003071233"],
    ["unit-deposit", [999_999, 99_999, 99_999_999_999, 202_610, 300, 99_999_999_999], "46010001460100014601"],
  ])("%s fits its code with the largest figures", (kind, figures, number) => {
    expect(figures).toHaveLength(figuresOfKinds[kind]!.length);
    const { finish } = prepareQr(
      {
        centre: "C46010",
        kind,
        serial: "11100000000013338W999.124600000000000000C.26112299999999.001.K",
        statusIndex: 99_999_999,
        maskedName: maskName("𠮷买买提江·阿不都热合曼"),
        maskedNumber: maskNumber(number),
        figures,
        issuedDay: 20_780,
        validUntilDay: 20_810,
        recordDigest: new Uint8Array(32),
      },
      new Uint8Array(8),
    );
    expect(finish(new Uint8Array(64)).length).toBeLessThanOrEqual(longestQrMessage);
  });

  it.skipIf(missing("pdftotext", "qpdf", "pdfsig"))(
    "is a sealed sheet with its slip, also for long and rare names and the largest figures",
    async () => {
      const { pool } = world.certificates;
      await setParameter(pool, {
        code: "certificate.contact",
        value: { office: "海口市龙华区管理部归集业务科", phone: "0898-00000000" },
      });
      await setParameter(pool, { code: "loan_elsewhere.freeze", value: { mode: "until_settled" } });
      await pool.query("update person set name = '𠮷䶮㛃·买买提江·阿不都热合曼' where id = 'pers_19'");
      await pool.query(
        `update depositor set base_fen = 3045267, unit_month_fen = 365432, person_month_fen = 365432,
           run_from_month = '2015-01-01', run_to_month = '2026-10-01' where id = 'dep_19'`,
      );
      await lend(pool, 19, { settledOn: "2020-01-01" });
      const addressee = `${"新疆维吾尔自治区伊犁哈萨克自治州".repeat(3)}住房公积金管理中心`.slice(0, 60);
      const [row] = await issue(loanWish(19, { details: { addressee, city: "伊犁哈萨克自治州" } }));
      const pdf = (await fileAtLevel(pool, row!.id))!.file;
      const text = textOf(folder, "long", pdf).replaceAll(/\s/g, "");
      const parts = [
        "𠮷䶮㛃·买买提江",
        "回执",
        "准予贷款",
        "2015年1月—2026年10月",
        "贷款结清",
        "仅计我中心记录中本人为借款人",
      ];
      for (const part of [addressee, row!.serial, ...parts]) expect(text).toContain(part);
      // On the certificate's own part, and where the slip is sent back.
      expect(text.split("0898-00000000")).toHaveLength(3);
      expect(text).toContain("单位经办人：海口市龙华区管理部");
      const at = path.join(folder, "long-check.pdf");
      writeFileSync(at, pdf);
      expect(run("qpdf", ["--check", at])).toContain("No syntax or stream encoding errors found");
      expect(run("pdfsig", [at])).toContain("Signature is Valid");
      await allSound(world);
    },
  );
});
