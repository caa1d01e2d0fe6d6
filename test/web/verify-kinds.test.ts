// The signed figures of every kind as the verify page names and writes them, and the kinds' names.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser } from "playwright-core";
import { certificateKinds } from "../../service/src/certificates/kinds/all.ts";
import { figuresOfKinds } from "../../service/src/proof/figures.ts";
import { names as en } from "../../verifier-web/src/messages/en/names.ts";
import { names as zh } from "../../verifier-web/src/messages/zh-CN/names.ts";
import { makeWorld } from "../verify/world.ts";
import { seen, sideways } from "./probes.ts";
import { picture, startBrowser, startSite, visit } from "./site.ts";
import type { Site } from "./site.ts";

let site: Site;
let browser: Browser;
beforeAll(async () => {
  [site, browser] = await Promise.all([startSite(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await site?.close();
});

it("every kind has its figures named and is called as it calls itself", () => {
  expect(Object.keys(figuresOfKinds).sort()).toEqual(certificateKinds.map(({ code }) => code).sort());
  expect(zh.kinds).toEqual(Object.fromEntries(certificateKinds.map(({ code, title }) => [code, title.zh])));
  expect(en.kinds).toEqual(Object.fromEntries(certificateKinds.map(({ code, title }) => [code, title.en])));
});

/** One value of each unit, as a code carries it and as the page writes it. */
const values = {
  fen: [123_456_789, "¥1,234,567.89", "¥1,234,567.89"],
  count: [1_234, "1,234", "1,234"],
  months: [360, "360 个月", "360 months"],
  month: [202610, "2026年10月", "2026-10"],
  day: [20260305, "2026年3月5日", "2026-03-05"],
} as const;

describe.each(certificateKinds.map((kind) => [kind.code, kind] as const))("the code of %s", (code, kind) => {
  it("shows each figure under its name and in its unit", async () => {
    const table = figuresOfKinds[code]!;
    const figures = table.map(({ unit }) => values[unit][0]);
    const { qr, recorded } = makeWorld({ summary: { kind: code, figures } });
    const { page, context, complaints } = await visit(browser, site, { recorded });
    await page.goto(`${site.url}/verify${qr.slice(qr.indexOf("#"))}`);
    await seen(page.locator("article h2", { hasText: "真实有效" }));
    const lines = async () => {
      const all = page.locator(".compare .lines li");
      const [labels, texts] = [
        await all.locator(".label").allInnerTexts(),
        await all.locator(".value").allInnerTexts(),
      ];
      return labels.map((label, i) => [label, texts[i]]);
    };
    const inChinese = await lines();
    expect(inChinese.slice(2, 2 + table.length)).toEqual(table.map((one) => [one.zh, values[one.unit][1]]));
    expect(inChinese.slice(0, 2).map(([label]) => label)).toEqual(
      kind.subject === "unit" ? ["单位名称", "统一社会信用代码或单位账号"] : ["姓名", "证件号码"],
    );
    expect(inChinese).toContainEqual(["证明种类", kind.title.zh]);
    expect(await sideways(page)).toBe(0);
    await picture(page, `verify-kind-${code}-360`);
    await page.getByRole("button", { name: "切换为英文" }).click();
    await seen(page.locator("article h2", { hasText: "Genuine" }));
    const inEnglish = await lines();
    expect(inEnglish.slice(2, 2 + table.length)).toEqual(table.map((one) => [one.en, values[one.unit][2]]));
    expect(inEnglish).toContainEqual(["Kind", kind.title.en]);
    expect(complaints).toEqual([]);
    await context.close();
  });
});

// Of the second every object has something under its name.
it.each(["of-tomorrow", "constructor"])(
  "figures of a kind that this page does not know have no name: %s",
  async (kind) => {
    const { qr, recorded } = makeWorld({ summary: { kind, figures: [5, null] } });
    const { page, context } = await visit(browser, site, { recorded });
    await page.goto(`${site.url}/verify${qr.slice(qr.indexOf("#"))}`);
    await seen(page.locator("article h2", { hasText: "真实有效" }));
    const texts = await page.locator(".compare .value").allInnerTexts();
    expect(texts.slice(2, 5)).toEqual(["5", "中心没有此项数据", kind]);
    await context.close();
  },
);
