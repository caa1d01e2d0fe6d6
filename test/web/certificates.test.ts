// Certificates of every kind on the pages: asking, replacing, levels, bulk issue at the desk, and standing on a past day.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { makeWorld } from "../verify/world.ts";
import { account, certificate, checker, clerk, kinds, loan, mine, person } from "./fixtures.ts";
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
async function looksRight(page: Page, name: string): Promise<void> {
  expect(await sideways(page)).toBe(0);
  expect(await nameless(page)).toEqual([]);
  expect(await faint(page)).toEqual([]);
  await picture(page, name);
}

describe("a person's certificates", () => {
  const own: Answers = {
    ...mine,
    "GET /api/v1/session": { body: person },
    "GET /api/v1/me/certificates": { body: { certificates: [{ ...certificate, state: "anchored" }] } },
    [`GET /api/v1/certificates/${certificate.id}`]: { body: { certificate: { ...certificate, state: "anchored" } } },
    [`GET /api/v1/certificates/${certificate.id}/receipt`]: { body: { receipt: { index: 3 }, level: "B-LT" } },
  };

  it.each([360, 1280])("are of the kinds that they have an account or a loan for (%s px)", async (width) => {
    const { page, context, complaints } = await open("/me/certificates", { width, answers: own });
    expect(await seen(page.getByText("明天的证明"))).toBe(true);
    expect(await page.getByRole("radio").count()).toBe(3);
    await looksRight(page, `me-kinds-${width}`);
    expect(complaints).toEqual([]);
    await context.close();
    const borrower = await open("/me/certificates", {
      width,
      answers: { ...own, "GET /api/v1/me/loans": { body: { loans: [loan] } } },
    });
    await borrower.page.getByRole("radio", { name: "个人住房公积金贷款还款明细" }).check();
    expect(await seen(borrower.page.getByLabel("起始年月（选填）"))).toBe(true);
    expect(await borrower.page.getByLabel("关于哪笔贷款").innerText()).toContain("尾号 1234");
    await borrower.page.getByRole("radio", { name: "明天的证明" }).check();
    expect(await seen(borrower.page.getByText("本页面还不认识"))).toBe(true);
    expect(await borrower.page.getByRole("button", { name: "立即办理" }).count()).toBe(0);
    await borrower.context.close();
  });

  it("ask for what the kind wants to know, and send it in its form", async () => {
    const sent: unknown[] = [];
    const keys: (string | undefined)[] = [];
    const { page, context } = await open("/me/certificates", {
      answers: {
        ...own,
        "POST /api/v1/me/certificates": (body, headers) => {
          sent.push(body);
          keys.push(headers["idempotency-key"]);
          return sent.length === 1
            ? { status: 409, body: { code: "ACCOUNT_CLOSED", zh: "不能开具", en: "no" } }
            : { status: 201, body: { certificate } };
        },
      },
    });
    await page.getByRole("radio", { name: "异地贷款职工住房公积金缴存使用证明" }).check();
    await page.getByLabel("该中心的编号（选填）").fill("14010");
    await page.getByRole("button", { name: "立即办理" }).click();
    expect(await page.getByText("请填写此项。").count()).toBe(2);
    expect(await seen(page.getByText("格式不符，请检查。"))).toBe(true);
    await picture(page, "me-kind-missing-360");
    await page.getByLabel("贷款地公积金中心全称").fill("太原市住房公积金管理中心");
    await page.getByLabel("贷款城市").fill("太原");
    await page.getByLabel("该中心的编号（选填）").fill("C14010");
    await page.getByRole("button", { name: "立即办理" }).click();
    expect(await seen(page.getByText("不能开具"))).toBe(true);
    await page.getByRole("button", { name: "立即办理" }).click();
    expect(await seen(page.getByText("证明已经办好，可以下载使用"))).toBe(true);
    expect(sent[1]).toEqual({
      kind: "loan-elsewhere",
      grzh: account.grzh,
      details: { addressee: "太原市住房公积金管理中心", addresseeCode: "C14010", city: "太原" },
    });
    expect(keys[0]).toBe(keys[1]);
    await context.close();
  });

  it("can be replaced, which says before what ends; and downloaded at each level that is reached", async () => {
    let sent: unknown;
    const { page, context, complaints } = await open("/me/certificates", {
      answers: {
        ...own,
        "POST /api/v1/me/certificates": (body) => {
          sent = body;
          return { status: 201, body: { certificate: { ...certificate, id: "cert_9876543210abcdef9876" } } };
        },
      },
    });
    await page.getByRole("button", { name: "详情" }).click();
    expect(await seen(page.getByText("下载 B-LT（附验证材料）"))).toBe(true);
    expect(await page.locator("dialog a[href*='level=']").count()).toBe(3);
    await looksRight(page, "me-details-360");
    await page.getByRole("button", { name: "换发" }).click();
    expect(await seen(page.getByText("这份旧证明立即失效"))).toBe(true);
    await looksRight(page, "me-replace-360");
    await page.getByRole("button", { name: "换发，旧证明失效" }).click();
    expect(await seen(page.getByText("旧证明已失效").last())).toBe(true);
    expect(sent).toEqual({ kind: "deposit", grzh: account.grzh, replaces: certificate.id });
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("are listed although the kinds cannot be read, and the other way round", async () => {
    const { page, context } = await open("/me/certificates", {
      answers: { ...own, "GET /api/v1/certificate-kinds": { status: 500, body: { zh: "出错了", en: "failed" } } },
    });
    expect(await seen(page.getByText("出错了"))).toBe(true);
    expect(await seen(page.getByText(certificate.serial))).toBe(true);
    await context.close();
  });
});

describe("bulk issue at the desk", () => {
  const run = {
    id: "bulk_0123456789abcdef0123",
    kind: "deposit",
    title: kinds[0]!.title,
    unit: { dwzh: "46010001", name: "海南椰风软件有限公司" } as { dwzh: string; name: string } | null,
    purpose: "核验本人住房公积金缴存情况",
    state: "running",
    total: 20_000,
    issued: 8412,
    refused: 3,
    perSecond: 1043.2 as number | null,
    endsAt: new Date(new Date(recorded.now).getTime() + 600_000).toISOString() as string | null,
    requestedBy: "staff_1",
    requestedAt: "2026-11-22T01:00:00.000Z",
    proposedBy: "staff_1",
    confirmedBy: null as string | null,
    confirmedAt: null as string | null,
    cancelledBy: null,
    cancelledAt: null,
    endedAt: null,
    officers: { staff_1: "陈经办" },
  };
  const pace = [610, 980, 1040, 1101, 1043].map((perSecond, i) => ({
    at: new Date(Date.UTC(2026, 10, 22, 1, 0, 5 * i)).toISOString(),
    seconds: 5,
    done: perSecond * 5,
  }));
  const refusals = ["460100000221", "460100000874", "460100001333"].map((grzh) => ({
    grzh,
    name: "王*",
    code: "ACCOUNT_CLOSED",
    zh: "该账户已销户，不能开具缴存证明。",
    en: "This account is closed.",
    at: "2026-11-22T01:00:03.000Z",
  }));
  const path = "/api/v1/desk/bulk-issues";
  const desk = (shown: typeof run): Answers => ({
    "GET /api/v1/certificate-kinds": { body: { kinds } },
    "GET /api/v1/session": { body: clerk },
    [`GET ${path}`]: { body: { items: [shown], next: null } },
    [`GET ${path}/${run.id}`]: { body: { bulkIssue: shown, pace } },
    [`GET ${path}/${run.id}/refusals`]: { body: { items: refusals, next: null } },
  });

  it("has nothing to show before the first, and starts one for a unit", async () => {
    let sent: unknown;
    const { page, context, complaints } = await open("/desk/bulk", {
      width: 1280,
      answers: {
        ...desk(run),
        [`GET ${path}`]: { body: { items: [], next: null } },
        [`POST ${path}`]: (body) => {
          sent = body;
          return { status: 201, body: { bulkIssue: { ...run, issued: 0, refused: 0, perSecond: null, endsAt: null } } };
        },
      },
    });
    expect(await seen(page.getByText("还没有批量开具"))).toBe(true);
    expect(await page.getByText("单位住房公积金缴存证明").count()).toBe(0);
    await page.getByRole("button", { name: "开始批量开具" }).click();
    expect(await seen(page.getByText("请填写单位账号。"))).toBe(true);
    await looksRight(page, "desk-bulk-start-1280");
    await page.getByLabel("单位账号").fill("46010001");
    await page.getByRole("button", { name: "开始批量开具" }).click();
    expect(await seen(page.getByText("已办 8,415 / 20,000"))).toBe(true);
    expect(sent).toEqual({ kind: "deposit", scope: "unit", dwzh: "46010001" });
    expect(complaints).toEqual([]);
    await context.close();
  });

  it.each([360, 1280])("shows progress, speed and whom it left out, and can be stopped (%s px)", async (width) => {
    let stopped = false;
    const shown = { ...run };
    const { page, context, complaints } = await open("/desk/bulk", {
      width,
      answers: {
        ...desk(shown),
        [`GET ${path}/${run.id}`]: () => ({ body: { bulkIssue: shown, pace } }),
        [`POST ${path}/${run.id}/cancel`]: () => {
          stopped = true;
          Object.assign(shown, { state: "cancelled", perSecond: null, endsAt: null });
          return { body: { bulkIssue: shown } };
        },
      },
    });
    await page.getByRole("button", { name: "查看" }).click();
    expect(await seen(page.getByText("每秒 1043.2 份"))).toBe(true);
    expect(await seen(page.getByText("该账户已销户").first())).toBe(true);
    expect(await seen(page.getByText("陈经办 · 2026年11月22日"))).toBe(true);
    expect(await page.locator("progress").getAttribute("aria-label")).toBe("已办 8,415 / 20,000");
    await looksRight(page, `desk-bulk-run-${width}`);
    await page.getByRole("button", { name: "停止" }).click();
    await page.locator("dialog[open]").getByRole("button", { name: "停止" }).click();
    expect(await seen(page.getByRole("button", { name: "继续办理" }))).toBe(true);
    expect(stopped).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("says that the progress cannot be read, with the numbers it had", async () => {
    let away = false;
    const { page, context } = await open("/desk/bulk", {
      width: 1280,
      answers: {
        ...desk(run),
        [`GET ${path}/${run.id}`]: () =>
          away ? { status: 500, body: { zh: "出错了", en: "failed" } } : { body: { bulkIssue: run, pace } },
      },
    });
    await page.getByRole("button", { name: "查看" }).click();
    expect(await seen(page.getByText("已办 8,415 / 20,000"))).toBe(true);
    away = true;
    expect(await seen(page.getByText("进度暂时读不到"))).toBe(true);
    expect(await seen(page.getByText("已办 8,415 / 20,000"))).toBe(true);
    away = false;
    await page.getByText("进度暂时读不到").waitFor({ state: "detached" });
    await context.close();
  });

  it("for the whole centre is confirmed by another officer, and by nobody else", async () => {
    const waiting = { ...run, unit: null, state: "proposed", issued: 0, refused: 0, perSecond: null, endsAt: null };
    let confirmed = false;
    const mineToo = await open("/desk/bulk", { width: 1280, answers: desk(waiting) });
    await mineToo.page.getByRole("button", { name: "查看" }).click();
    expect(await seen(mineToo.page.getByText("本人提交，须由他人复核"))).toBe(true);
    expect(await mineToo.page.getByRole("button", { name: "复核并开始" }).count()).toBe(0);
    await mineToo.context.close();
    const { page, context } = await open("/desk/bulk", {
      width: 1280,
      answers: {
        ...desk(waiting),
        "GET /api/v1/session": { body: checker },
        [`POST ${path}/${run.id}/confirm`]: () => {
          confirmed = true;
          return { body: { bulkIssue: { ...waiting, state: "running" } } };
        },
      },
    });
    expect(await page.getByRole("button", { name: "开始批量开具" }).count()).toBe(0);
    await page.getByRole("button", { name: "查看" }).click();
    await page.getByRole("button", { name: "复核并开始" }).click();
    expect(await seen(page.getByText("全中心约 20,000 位缴存人"))).toBe(true);
    await picture(page, "desk-bulk-confirm-1280");
    await page.locator("dialog[open]").getByRole("button", { name: "复核并开始" }).click();
    expect(await seen(page.getByText("已复核，开始办理"))).toBe(true);
    expect(confirmed).toBe(true);
    await context.close();
  });
});

describe("standing on a past day", () => {
  const world = makeWorld();
  const { serial } = world.leaf;
  it("is asked for by number and day, and says when it ended here and on the chain", async () => {
    const asked: string[] = [];
    const body = {
      serial,
      kind: "of-tomorrow",
      kindName: "明天的证明",
      centre: "C46010",
      issuedOn: "2026-11-20",
      validUntil: "2026-12-20",
      state: "anchored",
      reason: null,
      since: null,
      sinceOnChain: null,
    };
    const { page, context } = await open("/verify", {
      answers: {
        "GET /api/v1/trust-list": { body: Object.values(world.recorded.trustLists)[0]! },
        [`GET /api/v1/certificates/standing/${serial}`]: { body: { ...body, on: "2026-11-20", standing: "valid" } },
      },
    });
    page.on("request", (request) => asked.push(new URL(request.url()).search));
    await page.getByRole("button", { name: "只有证照编号" }).click();
    await page.getByRole("textbox", { name: "证照编号" }).fill(serial);
    await page.getByLabel("查询哪一天（选填）").fill("2099-01-01");
    await page.getByRole("button", { name: "查询" }).click();
    expect(await seen(page.getByText("请填写今天或以前的日期。"))).toBe(true);
    await page.getByLabel("查询哪一天（选填）").fill("2026-11-20");
    await page.getByRole("button", { name: "查询" }).click();
    await page.locator("article h2", { hasText: "当日有效" }).waitFor();
    expect(asked).toContain("?on=2026-11-20");
    expect(await seen(page.getByText("明天的证明"))).toBe(true);
    await looksRight(page, "verify-serial-past-360");
    await page.getByLabel("查询哪一天（选填）").fill("2026-11-19");
    await page.getByRole("button", { name: "查询" }).click();
    // An answer about another day is none.
    expect(await seen(page.getByText("没有回答您所选日期"))).toBe(true);
    await context.close();
  });
});
