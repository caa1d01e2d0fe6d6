// People in front of real pages: what they type and press, and what their browser asked, said and refused meanwhile.
import type { Browser, BrowserContext, Page } from "playwright-core";
import { demonstrationPassword } from "../../scripts/stack/staff.ts";
import type { DemonstrationPerson } from "../../scripts/demo/persons.ts";

export { startBrowser } from "../web/site.ts";

export interface Visitor {
  page: Page;
  context: BrowserContext;
  /** addresses of all requests, without fragments: those are never sent */
  addresses: string[];
  /** what the console said in anger, and what the content security policy stopped */
  complaints: string[];
}

/** Somebody with a fresh browser profile of their own. */
export async function newVisitor(browser: Browser): Promise<Visitor> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 },
    reducedMotion: "reduce",
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    acceptDownloads: true,
  });
  context.setDefaultTimeout(60_000);
  const addresses: string[] = [];
  const complaints: string[] = [];
  context.on("request", (request) => addresses.push(request.url().split("#")[0]!));
  context.on("weberror", (error) => complaints.push(String(error.error())));
  context.on("console", (message) => {
    if (message.type() === "error") complaints.push(`${message.text()} (${message.location().url})`);
  });
  return { page: await context.newPage(), context, addresses, complaints };
}

/** Signs a person in on the page that asks for it; the code is read on the page of the messages. */
export async function signInPerson({ page, context }: Visitor, origin: string, person: DemonstrationPerson) {
  await page.getByLabel("身份证号码").fill(person.idNumber);
  await page.getByRole("button", { name: "获取验证码" }).click();
  await page.getByLabel("短信验证码").waitFor();
  const phone = await context.newPage();
  await phone.goto(`${origin}/dev/messages`);
  const message = phone.locator("li", { hasText: person.phone.slice(-4) }).first();
  const code = /\d{6}/.exec(await message.locator(".text").innerText())![0];
  await phone.close();
  await page.getByLabel("短信验证码").fill(code);
  await page.getByRole("button", { name: "登录", exact: true }).click();
}

/** Signs a member of staff in on the page that asks for it. */
export async function signInStaff({ page }: Visitor, name: "clerk" | "checker"): Promise<void> {
  await page.getByLabel("工号或用户名").fill(name);
  await page.getByLabel("密码").fill(demonstrationPassword);
  await page.getByRole("button", { name: "登录", exact: true }).click();
}

/** Drops a file on the page, as from a folder. */
export async function dropFile(page: Page, bytes: Uint8Array, name = "certificate.pdf"): Promise<void> {
  await page.getByText("选择 PDF 文件").waitFor();
  const carried = { name, base64: Buffer.from(bytes).toString("base64") };
  await page.evaluate((file) => {
    const content = Uint8Array.from(atob(file.base64), (character) => character.charCodeAt(0));
    const transfer = new DataTransfer();
    transfer.items.add(new File([content], file.name, { type: "application/pdf" }));
    document.querySelector("main")!.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
  }, carried);
}

/** The headline of the verdict, once it is this one; the page asks again by itself while something is under way. */
export async function headline(page: Page, text: string): Promise<void> {
  await page.locator("article h2", { hasText: text }).first().waitFor({ timeout: 150_000 });
}
