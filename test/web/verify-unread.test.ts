// What could not be read, or holds nothing that a centre issued: the page still comes to a headline, with words on what to do.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { makeWorld } from "../verify/world.ts";
import { faint, seen, sideways } from "./probes.ts";
import { picture, present, startBrowser, startSite, visit } from "./site.ts";
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

const { recorded, pdf } = makeWorld();

async function open(options: VisitOptions = {}) {
  const found = await visit(browser, site, { recorded, ...options });
  await found.page.goto(`${site.url}/verify`);
  await found.page.getByText("选择 PDF 文件").waitFor();
  return found;
}

async function png(text?: string): Promise<Buffer> {
  const QRCode = (await import("qrcode")).default;
  if (text !== undefined) return QRCode.toBuffer(text, { scale: 4, margin: 4 });
  // One white pixel: a picture that opens and shows nothing.
  return Buffer.from(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8/x8AAwMCAO+ip1sAAAAASUVORK5CYII=",
    "base64",
  );
}

interface Told {
  headline: readonly [zh: string, en: string];
  state: "unknown" | "failed";
  reason: string;
  meaning: string;
  next: string;
}

const unknown = ["状态未知", "Status unknown"] as const;

/** Headline, first step and words, in both languages and at both widths. */
async function expectTold(page: Page, name: string, steps: number, told: Told): Promise<void> {
  const heading = page.locator("article h2").first();
  await heading.waitFor({ timeout: 30_000 });
  expect(await heading.textContent()).toBe(told.headline[0]);
  expect(await page.locator(".steps li").count()).toBe(steps);
  expect(await page.locator(".steps li").first().getAttribute("class")).toContain(told.state);
  expect(await page.locator(".steps li.waiting").count()).toBe(steps - 1);
  expect(await page.locator(".reason").first().innerText()).toContain(told.reason);
  expect(await page.locator(".meaning").innerText()).toContain(told.meaning);
  expect(await page.locator(".next").innerText()).toContain(told.next);
  expect(await page.locator(".problem").count()).toBe(0);
  // To look again at the same would find the same; another try begins with another file.
  expect(await page.getByRole("button", { name: "立即再查" }).count()).toBe(0);
  for (const width of [360, 1280]) {
    await page.setViewportSize({ width, height: 900 });
    expect(await sideways(page)).toBe(0);
    expect(await faint(page)).toEqual([]);
    await picture(page, `verify-${name}-${width}`);
  }
  await page.getByRole("button", { name: "切换为英文" }).click();
  expect(await heading.textContent()).toBe(told.headline[1]);
  await picture(page, `verify-${name}-1280-en`);
  await page.getByRole("button", { name: "Verify another" }).click();
  expect(await seen(page.getByText("Choose a PDF file"))).toBe(true);
}

/** From now on the browser reads no file: as when it was moved, or its stick was pulled out, after it was chosen. */
function pullTheStick(page: Page): Promise<void> {
  return page.evaluate(() => {
    Blob.prototype.arrayBuffer = () => Promise.reject(new DOMException("gone", "NotReadableError"));
  });
}

describe("what the browser cannot read", () => {
  it("is unknown when it is a file, and nobody is asked about it", async () => {
    // Not even a page that knows no centre has to be told otherwise.
    const busy = { status: 503, body: { code: "BUSY", zh: "忙", en: "busy" } };
    const { page, context, complaints, requests } = await open({ answers: { "GET /api/v1/consortium": busy } });
    await pullTheStick(page);
    await present(page, pdf);
    await expectTold(page, "unreadable", 7, {
      headline: unknown,
      state: "unknown",
      reason: "没有读到这个文件",
      meaning: "这不表示证明是假的",
      next: "存到本机",
    });
    expect(requests.filter((request) => request.url().includes(".example"))).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("is unknown when it is a picture", async () => {
    const { page, context } = await open();
    await pullTheStick(page);
    await present(page, await png(), "photo.png", "image/png");
    await expectTold(page, "unreadable-picture", 6, {
      headline: unknown,
      state: "unknown",
      reason: "没有读到这个文件",
      meaning: "这不表示证明是假的",
      next: "存到本机",
    });
    await context.close();
  });
});

describe("a picture", () => {
  it("without a code is unknown, and says how to take a better one", async () => {
    const { page, context, complaints } = await open();
    await present(page, await png(), "photo.png", "image/png");
    await expectTold(page, "no-code", 6, {
      headline: unknown,
      state: "unknown",
      reason: "没有找到能读出的二维码",
      meaning: "没有读到二维码",
      next: "正对二维码再拍一张",
    });
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("that is none, or does not open, is unknown", async () => {
    const { page, context } = await open();
    await present(page, Buffer.from("no picture at all"), "photo.png", "image/png");
    await page.locator("article h2", { hasText: unknown[0] }).waitFor({ timeout: 30_000 });
    expect(await page.locator(".next").innerText()).toMatch(/重新拍摄|再拍一张/);
    await context.close();
  });

  it("with a code of another kind is not genuine; its address is neither asked nor shown", async () => {
    const { page, context, complaints, requests } = await open();
    await present(page, await png("https://forged.example/pay?to=me"), "photo.png", "image/png");
    await expectTold(page, "foreign-code", 6, {
      headline: ["不是真件", "Not genuine"],
      state: "failed",
      reason: "不是公积金中心的证明二维码",
      meaning: "不能证明任何事情",
      next: "请勿打开其中的网址",
    });
    expect(requests.filter((request) => request.url().includes("forged.example"))).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});
