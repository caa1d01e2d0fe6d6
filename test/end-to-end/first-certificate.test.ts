// The way of the first certificate, as the person and the bank walk it: nothing here is known to the test but what stands on
// a page, in the file, or in the printed picture.
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { personOf } from "../helpers/api.ts";
import { dropFile, headline, newVisitor, signInPerson, startBrowser } from "../helpers/browser.ts";
import type { Visitor } from "../helpers/browser.ts";
import { startTestStack } from "../helpers/stack.ts";
import type { TestStack } from "../helpers/stack.ts";
import { missing } from "../helpers/tools.ts";
import { readCodes, render } from "../pdf/sample.ts";

const limit = 300_000;
const centre = "C46010";
const person = personOf(centre);
const folder = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-first-"));

let stack: TestStack;
let browser: Browser;
const visitors: Visitor[] = [];

beforeAll(async () => {
  // With the log of a real centre: closed each two seconds, so that the bank may come before the chain has it.
  const settings = () => ({ LOG_INTERVAL_MS: "2000", LOG_LEVEL: "info" });
  [stack, browser] = await Promise.all([startTestStack({ settings }), startBrowser()]);
}, limit);
afterAll(async () => {
  await browser?.close();
  await stack?.stop();
  fs.rmSync(folder, { recursive: true });
}, limit);

async function visitor(): Promise<Visitor> {
  const made = await newVisitor(browser);
  visitors.push(made);
  return made;
}

describe("the first certificate", () => {
  let pdf: Buffer;
  let balance: string;

  it(
    "is had by the person in one visit",
    async () => {
      const visiting = await visitor();
      const { page } = visiting;
      const origin = stack.url(centre);
      await page.goto(`${origin}/me`);
      await signInPerson(visiting, origin, person);
      await page.getByRole("heading", { name: `您好，${person.name}` }).waitFor();
      balance = /¥[\d,]+\.\d\d/.exec(
        await page
          .getByText(/¥[\d,]+\.\d\d/)
          .first()
          .innerText(),
      )![0];
      await page.getByRole("link", { name: "证明", exact: true }).click();
      await page.getByRole("button", { name: "立即办理" }).click();
      const made = page.locator("section[aria-labelledby=made-title]");
      await made.getByText("证明已经办好").waitFor();
      const [download] = await Promise.all([
        page.waitForEvent("download"),
        made.getByRole("link", { name: "下载 PDF" }).click(),
      ]);
      const file = path.join(folder, "downloaded.pdf");
      await download.saveAs(file);
      pdf = fs.readFileSync(file);
      expect(pdf.subarray(0, 5).toString()).toBe("%PDF-");
      // The page itself says when the chain has it.
      await page.locator("table .badge", { hasText: "已上链" }).waitFor({ timeout: 120_000 });
    },
    limit,
  );

  it.skipIf(missing("pdftoppm"))(
    "is genuine to the bank that scans its picture, and the fragment is cleared",
    async () => {
      const codes = await readCodes(render(folder, "printed", pdf, 150));
      expect(codes).toHaveLength(1);
      expect(codes[0]).toMatch(new RegExp(`^${stack.url(centre)}/v#[0-9]+$`));
      const { page } = await visitor();
      await page.goto(codes[0]!);
      await headline(page, "真实有效");
      expect(page.url()).toBe(`${stack.url(centre)}/v`);
      expect(await page.evaluate(() => location.hash)).toBe("");
      const shown = await page.locator("article").innerText();
      expect(shown).toContain("6 项全部通过");
      // Figures for comparison with the paper, the name and number only masked.
      expect(shown).toContain(balance);
      expect(shown).toContain("陈**");
      expect(shown).not.toContain(person.name);
      expect(shown).not.toContain(person.idNumber);
      await page.getByRole("button", { name: /日志已上链/ }).click();
      await page.getByText("日志已上链，由中心").waitFor();
    },
    limit,
  );

  it(
    "is genuine to the bank that drops the file, in Chinese and in English",
    async () => {
      const { page } = await visitor();
      await page.goto(`${stack.url("C14010")}/verify`);
      await dropFile(page, pdf);
      await headline(page, "真实有效");
      expect(await page.locator("article").innerText()).toContain("7 项全部通过");
      await page.getByRole("button", { name: "切换为英文" }).click();
      await headline(page, "Genuine");
      expect(await page.evaluate(() => document.documentElement.lang)).toBe("en");
      expect(await page.locator("article").innerText()).not.toContain("真实有效");
    },
    limit,
  );

  it("left nothing personal in any address or log, and nothing for a console to complain about", () => {
    const personal = [person.idNumber, person.name, person.phone, person.accountNumber, balance.slice(1)];
    const addresses = visitors.flatMap((one) => one.addresses);
    expect(addresses.length).toBeGreaterThan(30);
    const logs = fs
      .readdirSync(path.join(stack.dataDir, "logs"))
      .map((name) => fs.readFileSync(path.join(stack.dataDir, "logs", name), "utf8"));
    expect(logs.join("").length).toBeGreaterThan(1000);
    for (const word of personal) {
      expect(addresses.filter((address) => decodeURIComponent(address).includes(word))).toEqual([]);
      expect(logs.filter((log) => log.includes(word))).toEqual([]);
    }
    expect(visitors.flatMap((one) => one.complaints)).toEqual([]);
  });
});
