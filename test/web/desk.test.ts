// The staff pages in a real browser, with a centre that answers in the service's shapes.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { makeWorld } from "../verify/world.ts";
import { account, bar, certificate, checker, clerk, kinds, withdrawal } from "./fixtures.ts";
import { faint, nameless, seen, sideways } from "./probes.ts";
import { picture, startBrowser, startSite, visit } from "./site.ts";
import type { Answers, Site, VisitOptions } from "./site.ts";

let site: Site;
let browser: Browser;
beforeAll(async () => {
  [site, browser] = await Promise.all([startSite(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

const { recorded } = makeWorld();

async function open(path: string, options: VisitOptions) {
  const found = await visit(browser, site, { recorded, ...options });
  await found.page.goto(`${site.url}${path}`);
  return found;
}

describe("staff", () => {
  const overview = {
    certificatesByDay: [12, 18, 25, 4, 3, 31, 28, 22, 27, 30, 5, 2, 34, 19].map((count, i) => ({
      day: `2026-11-${String(10 + i).padStart(2, "0")}`,
      count,
    })),
    log: { size: 4711, pending: 2, anchoredSize: 4711, stoppedBecause: null },
    witnesses: [
      { centre: "C14010", name: "太原市住房公积金管理中心", size: 4711, at: "2026-11-23T01:59:41.000Z" },
      { centre: "C63010", name: "西宁住房公积金管理中心", size: 4711, at: "2026-11-23T01:59:42.000Z" },
    ],
    chain: { head: 18342, ageSeconds: 2.4, waiting: 1, failed: 0 },
    listings: { active: 7 },
    work: { barred: 1, held: 0, casesToConfirm: 2 },
  };
  const rules = [
    {
      code: "ART41_WITHDRAWAL",
      zh: bar.ruleName,
      en: bar.ruleNameEn,
      years: 3,
      bars: "everywhere",
      source: "国务院令第844号",
    },
  ];
  const blacklistCase = {
    id: "case_0123456789abcdef",
    personName: "赵*",
    documentNumber: "000***********0039",
    rule: "ART41_WITHDRAWAL",
    ruleName: bar.ruleName,
    conduct: "2026年9月以虚假租赁合同申请租房提取",
    legalBasis: "国务院令第844号第四十一条",
    evidenceDigest: "ab".repeat(32),
    startsOn: "2026-10-08",
    endsOn: "2029-10-07",
    state: "open",
    openedBy: "staff_1",
    openedAt: "2026-11-22T03:00:00.000Z",
    confirmedBy: null,
    liftProposedBy: null,
    listingId: null,
  };
  const desk: Answers = {
    "GET /api/v1/certificate-kinds": { body: { kinds } },
    "GET /api/v1/desk/overview": { body: overview },
    "GET /api/v1/desk/blacklist/rules": { body: { rules } },
    "GET /api/v1/desk/blacklist/cases": { body: { cases: [blacklistCase] } },
    "GET /api/v1/desk/blacklist/checks": { body: { checks: [] } },
    "GET /api/v1/desk/withdrawals": { body: { withdrawals: [withdrawal] } },
    "GET /api/v1/desk/certificates": { body: { items: [certificate], next: null } },
  };
  const asClerk: Answers = { ...desk, "GET /api/v1/session": { body: clerk } };
  const asChecker: Answers = { ...desk, "GET /api/v1/session": { body: checker } };

  it.each([360, 1280])("see how the centre fares (%s px)", async (width) => {
    const { page, context, complaints } = await open("/desk", { width, answers: asClerk });
    expect(await seen(page.getByText("近 14 天签发的证明"))).toBe(true);
    expect(await sideways(page)).toBe(0);
    expect(await nameless(page)).toEqual([]);
    expect(await faint(page)).toEqual([]);
    await picture(page, `desk-overview-${width}`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("find a person, with a reason, and issue a certificate", async () => {
    let sent: unknown;
    const { page, context } = await open("/desk/persons", {
      width: 1280,
      answers: {
        ...asClerk,
        "POST /api/v1/desk/persons/find": (body) => {
          sent = body;
          return {
            body: {
              person: { id: "pers_1", name: "林晓燕", documentNumber: "000***********0012", accounts: [account] },
            },
          };
        },
        "GET /api/v1/desk/persons/pers_1/certificate-subjects": { body: { loans: [], certificates: [] } },
        "POST /api/v1/desk/certificates": { status: 201, body: { certificate } },
        [`GET /api/v1/certificates/${certificate.id}`]: {
          body: { certificate: { ...certificate, state: "anchored" } },
        },
        [`GET /api/v1/certificates/${certificate.id}/receipt`]: { body: { receipt: { index: 3 } } },
      },
    });
    await page.getByLabel("身份证号码").fill("000101199003070012");
    await page.getByRole("button", { name: "查找", exact: true }).click();
    expect(await seen(page.getByText("请写明事由"))).toBe(true);
    await page.getByLabel("查找事由").fill("柜台办理缴存证明");
    await page.getByRole("button", { name: "查找", exact: true }).click();
    await page.getByRole("button", { name: "立即办理" }).click();
    expect(await seen(page.locator(".steps li.passed").nth(3))).toBe(true);
    expect(sent).toEqual({ documentNumber: "000101199003070012", reason: "柜台办理缴存证明" });
    expect(await page.getByLabel("身份证号码").inputValue()).toBe("");
    await picture(page, "desk-persons-1280");
    await context.close();
  });

  it("open a case with the evidence's fingerprint, computed here, and never with the file", async () => {
    let sent: { evidenceDigest?: string } = {};
    const { page, context, requests } = await open("/desk/blacklist", {
      width: 1280,
      answers: {
        ...asClerk,
        "POST /api/v1/desk/blacklist/cases": (body) => {
          sent = body as typeof sent;
          return { status: 201, body: { id: "case_1" } };
        },
      },
    });
    const evidence = Buffer.from("a contract that was never signed");
    await page.getByLabel("姓名").fill("赵明");
    await page.getByLabel("身份证号码").fill("000101199003070039");
    await page.getByLabel("适用规则").selectOption("ART41_WITHDRAWAL");
    await page.getByLabel("行为事实").fill("2026年9月以虚假租赁合同申请租房提取");
    await page.getByLabel("起算日期").fill("2026-10-08");
    expect(await seen(page.getByText("到期日期：2029年10月7日"))).toBe(true);
    await page
      .getByLabel("证据文件")
      .setInputFiles({ name: "contract.pdf", mimeType: "application/pdf", buffer: evidence });
    const digest = createHash("sha256").update(evidence).digest("hex");
    expect(await seen(page.getByText(digest))).toBe(true);
    await picture(page, "desk-case-1280");
    await page.getByRole("button", { name: "核对后提交" }).click();
    await picture(page, "desk-case-confirm-1280");
    await page.getByRole("button", { name: "提交立案" }).click();
    expect(await seen(page.getByText("已立案，等待另一人复核"))).toBe(true);
    expect(sent.evidenceDigest).toBe(digest);
    for (const request of requests) expect(request.postData() ?? "").not.toContain("never signed");
    await context.close();
  });

  it("confirm only what another officer opened", async () => {
    const own = await open("/desk/blacklist", { answers: asClerk });
    expect(await seen(own.page.getByText("本人经办，须由他人复核"))).toBe(true);
    expect(await sideways(own.page)).toBe(0);
    await own.context.close();
    const { page, context } = await open("/desk/blacklist", {
      width: 1280,
      answers: {
        ...asChecker,
        [`POST /api/v1/desk/blacklist/cases/${blacklistCase.id}/confirm`]: { body: { id: "x" } },
      },
    });
    await page.getByRole("button", { name: "复核并列入" }).click();
    await page.locator("dialog").getByRole("button", { name: "复核并列入" }).click();
    expect(await seen(page.getByText("已复核，正在写到链上"))).toBe(true);
    await context.close();
  });

  it("check a person and see rule and end of what bars", async () => {
    const { page, context } = await open("/desk/checks", {
      width: 1280,
      answers: {
        ...asClerk,
        "POST /api/v1/desk/blacklist/checks": {
          body: {
            check: {
              id: "chk_1",
              result: "barred",
              bars: [{ ...bar, conduct: "以虚假租赁合同申请提取" }],
              flags: [],
              unknownBecause: [],
              mirrorAgeSeconds: 2,
              traceLeaf: "cd".repeat(32),
            },
          },
        },
      },
    });
    await page.getByLabel("身份证号码").fill("000101199003070039");
    await page.getByLabel("业务编号").fill("TQ20261123A1B2C3D4E5");
    await page.getByRole("button", { name: "核查", exact: true }).click();
    expect(await seen(page.getByText("2029年10月7日"))).toBe(true);
    await picture(page, "desk-check-1280");
    await context.close();
  });

  it("confirm the refusal of a withdrawal that was stopped", async () => {
    let note: unknown;
    const { page, context } = await open("/desk/withdrawals", {
      width: 1280,
      answers: {
        ...asClerk,
        [`POST /api/v1/desk/withdrawals/${withdrawal.id}/refuse`]: (body) => {
          note = body;
          return { body: { withdrawal: { ...withdrawal, state: "refused" } } };
        },
      },
    });
    await page.getByRole("button", { name: "确认不予办理" }).click();
    await page.locator("dialog textarea").fill("依条例第四十一条不予办理。");
    await picture(page, "desk-refuse-1280");
    await page.locator("dialog").getByRole("button", { name: "确认不予办理" }).click();
    expect(await seen(page.getByText("已确认不予办理"))).toBe(true);
    expect(note).toEqual({ note: "依条例第四十一条不予办理。" });
    await context.close();
  });

  it("see the latest certificates", async () => {
    const { page, context } = await open("/desk/certificates", { width: 1280, answers: asClerk });
    expect(await seen(page.getByRole("button", { name: "提出撤销" }))).toBe(true);
    await picture(page, "desk-certificates-1280");
    await page.setViewportSize({ width: 360, height: 740 });
    expect(await sideways(page)).toBe(0);
    await picture(page, "desk-certificates-360");
    await context.close();
  });
});
