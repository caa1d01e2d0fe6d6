// The pages of everybody and of a person in a real browser, with a centre that answers in the service's shapes.
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Response } from "playwright-core";
import { makeWorld } from "../verify/world.ts";
import { certificate, mine, person, signedOut, withdrawal } from "./fixtures.ts";
import { faint, nameless, seen, sideways } from "./probes.ts";
import { picture, startBrowser, startSite, visit } from "./site.ts";
import type { Site, VisitOptions } from "./site.ts";

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

describe("home", () => {
  it.each([360, 1280])("has three doors and the centres behind it (%s px)", async (width) => {
    const { page, context, complaints } = await open("/", { width });
    expect(await seen(page.getByText("太原市住房公积金管理中心"))).toBe(true);
    expect(await page.locator(".door").count()).toBe(3);
    expect(await sideways(page)).toBe(0);
    expect(await faint(page)).toEqual([]);
    await picture(page, `home-${width}`);
    await page.locator(".door").first().click();
    expect(page.url()).toBe(`${site.url}/verify`);
    await page.goBack();
    expect(await seen(page.locator(".door"))).toBe(true);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("says so when there is no such page", async () => {
    const { page, context } = await open("/nowhere", {});
    expect(await seen(page.getByRole("heading", { name: "没有这个页面" }))).toBe(true);
    expect(await page.title()).toContain("没有这个页面");
    await picture(page, "missing-360");
    await page.getByRole("link", { name: "回到首页" }).click();
    expect(await seen(page.locator(".door"))).toBe(true);
    await context.close();
    const below = await open("/me/nowhere", {});
    expect(await seen(below.page.getByRole("heading", { name: "没有这个页面" }))).toBe(true);
    await below.context.close();
  });
});

describe("a person", () => {
  it("signs in with number and code", async () => {
    let actor: unknown = null;
    const { page, context } = await open("/me", {
      answers: {
        ...mine,
        "GET /api/v1/session": { body: { actor: null, idleEndsAt: null, endsAt: null } },
        "POST /api/v1/sign-in/person/code": { status: 202, body: { challenge: "c".repeat(43), expiresInSeconds: 300 } },
        "POST /api/v1/sign-in/person": (body) => {
          actor = body;
          return { body: person };
        },
      },
    });
    await page.getByLabel("身份证号码").fill("123");
    await page.getByRole("button", { name: "获取验证码" }).click();
    expect(await seen(page.getByText("请输入 18 位身份证号码。"))).toBe(true);
    await picture(page, "me-sign-in-360");
    await page.getByLabel("身份证号码").fill("000101199003070012");
    await page.getByRole("button", { name: "获取验证码" }).click();
    await page.getByLabel("短信验证码").fill("123456");
    await page.getByRole("button", { name: "登录", exact: true }).click();
    expect(await seen(page.getByText("您好，林晓燕"))).toBe(true);
    expect(actor).toEqual({ challenge: "c".repeat(43), code: "123456" });
    await context.close();
  });

  it.each([360, 1280])("sees the account (%s px)", async (width) => {
    const { page, context, complaints } = await open("/me", { width, answers: mine });
    expect(await seen(page.getByText("¥86,432.10"))).toBe(true);
    expect(await seen(page.getByText("¥2,040.00").last())).toBe(true);
    expect(await page.getByText("460100000118").count()).toBe(0);
    expect(await sideways(page)).toBe(0);
    expect(await nameless(page)).toEqual([]);
    expect(await faint(page)).toEqual([]);
    await picture(page, `me-account-${width}`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("gets a certificate and sees it become anchored", async () => {
    let state = "issued";
    let index: number | null = null;
    let key: string | undefined;
    const { page, context } = await open("/me/certificates", {
      answers: {
        ...mine,
        "POST /api/v1/me/certificates": (_body, headers) => {
          key = headers["idempotency-key"];
          return { status: 201, body: { certificate } };
        },
        "GET /api/v1/me/certificates": { body: { certificates: [certificate] } },
        [`GET /api/v1/certificates/${certificate.id}`]: () => ({ body: { certificate: { ...certificate, state } } }),
        [`GET /api/v1/certificates/${certificate.id}/receipt`]: () => ({ body: { receipt: { index } } }),
      },
    });
    await page.getByRole("button", { name: "立即办理" }).click();
    expect(await seen(page.getByText("证明已经办好，可以下载使用"))).toBe(true);
    expect(key).toMatch(/^[0-9a-f]{32}$/);
    await picture(page, "me-certificate-360");
    index = 117;
    state = "anchored";
    expect(await seen(page.locator(".steps li.passed").nth(3))).toBe(true);
    expect(await sideways(page)).toBe(0);
    await context.close();
  });

  it("withdraws, keeping the key over a retry, and learns why it cannot be done", async () => {
    const keys: (string | undefined)[] = [];
    const { page, context } = await open("/me/withdrawals", {
      answers: {
        ...mine,
        "POST /api/v1/me/withdrawals": (_body, headers) => {
          keys.push(headers["idempotency-key"]);
          return keys.length === 1
            ? { status: 503, body: { code: "BUSY", zh: "系统正忙", en: "busy" } }
            : { status: 201, body: { withdrawal } };
        },
      },
    });
    await page.getByLabel("提取金额").fill("99999999");
    await page.getByRole("button", { name: "下一步" }).click();
    expect(await seen(page.getByText("金额超过账户余额"))).toBe(true);
    await page.getByLabel("提取金额").fill("1500");
    await page.getByRole("button", { name: "下一步" }).click();
    await picture(page, "me-withdraw-confirm-360");
    await page.getByRole("button", { name: "确认提取" }).click();
    expect(await seen(page.getByText("2029年10月7日"))).toBe(true);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBe(keys[1]);
    expect(await sideways(page)).toBe(0);
    await picture(page, "me-withdraw-barred-360");
    await context.close();
  });

  it("signs in again when the session ended, and finds the form as it was", async () => {
    const { page, context } = await open("/me/withdrawals", {
      answers: { ...mine, "POST /api/v1/me/withdrawals": signedOut },
    });
    await page.getByLabel("提取金额").fill("1500");
    await page.getByRole("button", { name: "下一步" }).click();
    await page.getByRole("button", { name: "确认提取" }).click();
    expect(await seen(page.getByText("登录已过期"))).toBe(true);
    expect(await page.getByLabel("提取金额").inputValue()).toBe("1500");
    await context.close();
  });
});

it("shows the messages of the development channel", async () => {
  const items = [
    {
      id: "1",
      recipient: "138****0012",
      text: "【海南省住房公积金管理局】验证码 204811，5 分钟内有效。",
      sentAt: "2026-11-23T01:59:00Z",
    },
  ];
  const { page, context } = await open("/dev/messages", {
    answers: { "GET /api/v1/development/messages": { body: { items } } },
  });
  expect(await seen(page.getByText("204811"))).toBe(true);
  await picture(page, "messages-360");
  await context.close();
});

it("keeps the first load of the verify page small", async () => {
  const { page, context } = await visit(browser, site, { recorded });
  const loading: Promise<{ path: string; bytes: number }>[] = [];
  const weigh = async (response: Response) => {
    const body = await response.body();
    const path = new URL(response.url()).pathname;
    return { path, bytes: path.endsWith(".woff2") ? body.length : gzipSync(body, { level: 9 }).length };
  };
  page.on("response", (response) => {
    if (response.url().startsWith(site.url) && !response.url().includes("/api/")) loading.push(weigh(response));
  });
  await page.goto(`${site.url}/verify`, { waitUntil: "networkidle" });
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  page.removeAllListeners("response");
  const loads = await Promise.all(loading);
  const sum = (test: (path: string) => boolean) =>
    loads.filter(({ path }) => test(path)).reduce((total, { bytes }) => total + bytes, 0);
  const fonts = sum((path) => path.endsWith(".woff2") && !path.includes("/rest/"));
  // This machine may have no Chinese font; those who have one never load the last resort.
  const rest = sum((path) => !path.includes("/fonts/rest") && !path.endsWith(".woff2"));
  if (process.env.SCREENSHOTS) console.log({ fonts, rest, loads });
  expect(rest).toBeLessThan(95_000);
  expect(fonts).toBeLessThan(190_000);
  await context.close();
});
