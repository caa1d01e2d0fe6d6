// The verify page in a real browser: what people see for each verdict, and what never leaves the browser.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Browser, Page } from "playwright-core";
import { largestFile } from "../../service/src/verify/pdf.ts";
import { issuer, makeNote, makeWorld, urlOf } from "../verify/world.ts";
import type { World } from "../verify/world.ts";
import { faint, nameless, seen, sideways } from "./probes.ts";
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

const world = makeWorld();

/** The same world after something happened in it. */
function after(change: (world: World) => void): World {
  const copy = makeWorld();
  change(copy);
  return copy;
}

const revoked = after(({ recorded, leaf }) => {
  for (const state of Object.values(recorded.chain))
    state.revocations.push({
      centre: issuer,
      index: leaf.statusIndex,
      reason: 3,
      at: Date.parse("2026-11-22T16:00:00+08:00") / 1000,
      block: 4800,
    });
});
const unclosed = after(({ recorded, receipt }) => {
  const early = { ...receipt, index: null, proof: [], checkpoint: null, anchor: null };
  for (const key of Object.keys(recorded.receipts[urlOf(issuer)]!)) recorded.receipts[urlOf(issuer)]![key] = early;
});
const issuerAway = after(({ recorded }) => {
  delete recorded.receipts[urlOf(issuer)];
});

async function open(path: string, options: VisitOptions) {
  const found = await visit(browser, site, options);
  await found.page.goto(`${site.url}${path}`);
  return found;
}

const fragmentOf = (qr: string) => qr.slice(qr.indexOf("#"));

describe("the five headlines", () => {
  it.each([
    ["genuine", "真实有效", world, world.pdf],
    ["no-longer-valid", "真件已失效", revoked, revoked.pdf],
    ["not-anchored", "尚未上链", unclosed, unclosed.pdf],
    ["standing-unknown", "状态未知", issuerAway, issuerAway.pdf],
    ["not-genuine", "不是真件", world, changed(world.pdf)],
  ] as const)("%s is shown as %s", async (name, headline, { recorded }, file) => {
    const { page, context, complaints } = await open("/verify", { recorded });
    await present(page, file);
    const heading = page.locator("article h2").first();
    await heading.waitFor();
    expect(await heading.textContent()).toBe(headline);
    // Those who listen are told as well, and the focus stands on the answer.
    expect(await page.locator('[aria-live="assertive"]').textContent()).toContain(headline);
    expect(await page.evaluate(() => document.activeElement?.textContent)).toBe(headline);
    expect(await sideways(page)).toBe(0);
    await picture(page, `verify-${name}-360`);
    await page.setViewportSize({ width: 1280, height: 900 });
    await picture(page, `verify-${name}-1280`);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("asks again by itself while a certificate is not anchored, and says when it is", async () => {
    const { recorded, receipt } = unclosed;
    const early = { ...receipt, index: null, proof: [], checkpoint: null, anchor: null };
    const receipts = { ...recorded.receipts[urlOf(issuer)] };
    for (const key of Object.keys(receipts)) receipts[key] = early;
    const live = { ...recorded, receipts: { [urlOf(issuer)]: receipts } };
    const { page, context } = await open("/verify", { recorded: live });
    await present(page, unclosed.pdf);
    await page.getByText("自动再查").waitFor();
    for (const key of Object.keys(receipts)) receipts[key] = receipt;
    expect(await seen(page.locator("article h2", { hasText: "真实有效" }))).toBe(true);
    await context.close();
  });
});

describe("a QR code", () => {
  it("is read from the fragment, which is cleared at once, and every signed figure is shown for comparison", async () => {
    const { page, context, complaints, requests } = await open(`/v${fragmentOf(world.qr)}`, {
      recorded: world.recorded,
    });
    await page.locator("article h2", { hasText: "真实有效" }).waitFor();
    expect(page.url()).toBe(`${site.url}/v`);
    expect(await page.evaluate(() => history.length)).toBeLessThanOrEqual(2);
    const text = await page.locator(".compare").innerText();
    for (const line of [
      "林**",
      "000***********0012",
      "¥123,456.78",
      "¥8,500.00",
      "¥1,020.00",
      "36 个月",
      "2026年12月21日",
    ])
      expect(text).toContain(line);
    expect(text).toContain("中心没有此项数据");
    await picture(page, "verify-qr-360");
    await page.setViewportSize({ width: 1280, height: 900 });
    await picture(page, "verify-qr-1280");
    // Whatever is asked, the digits of the code are in no address and no body.
    const digits = fragmentOf(world.qr).slice(1, 60);
    for (const request of requests.slice(1)) expect(request.url() + (request.postData() ?? "")).not.toContain(digits);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("warns when a line of the paper differs", async () => {
    const { page, context } = await open(`/v${fragmentOf(world.qr)}`, { recorded: world.recorded });
    const lines = page.locator(".compare .lines li");
    await lines.first().waitFor();
    await lines.nth(2).locator(".different").click();
    // The code is good, this paper is not: nobody may still see a green card.
    expect(await seen(page.locator("article h2", { hasText: "不是真件" }))).toBe(true);
    await lines.nth(2).locator(".same").click();
    expect(await seen(page.locator("article h2", { hasText: "真实有效" }))).toBe(true);
    await lines.nth(2).locator(".different").click();
    await picture(page, "verify-qr-differs-360");
    await context.close();
  });

  it("that is forged is not genuine and shows no figures", async () => {
    const forged = makeWorld({ qrKey: (await import("../verify/keys.ts")).p256("somebody") });
    const { page, context } = await open(`/v${fragmentOf(forged.qr)}`, { recorded: forged.recorded });
    await page.locator("article h2", { hasText: "不是真件" }).waitFor();
    expect(await page.locator(".compare").count()).toBe(0);
    await context.close();
  });

  it("is found in a photo of the paper", async () => {
    const QRCode = (await import("qrcode")).default;
    const png = await QRCode.toBuffer(world.qr, { scale: 4, margin: 4 });
    const { page, context, complaints } = await open("/verify", { recorded: world.recorded });
    await present(page, png, "photo.png", "image/png");
    await page.locator("article h2", { hasText: "真实有效" }).waitFor({ timeout: 30_000 });
    expect(complaints).toEqual([]);
    await context.close();
  });
});

describe("what is presented", () => {
  it("is never uploaded: no request carries the file", async () => {
    const { page, context, requests } = await open("/verify", { recorded: world.recorded });
    await present(page, world.pdf);
    await page.locator("article h2").first().waitFor();
    const part = world.pdf.subarray(400, 460).toString("latin1");
    for (const request of requests) {
      const body = request.postDataBuffer();
      expect(body?.length ?? 0).toBeLessThan(2000);
      expect(body?.toString("latin1") ?? "").not.toContain(part);
    }
    // Only the digest leaves, and only to centres.
    expect(requests.some((request) => request.url().endsWith(world.sealedDigest))).toBe(true);
    await context.close();
  });

  it.each([
    ["no-pdf", Buffer.from("hello"), "不是 PDF", "This is not a PDF", "is not a PDF"],
    ["empty", Buffer.alloc(0), "文件是空的", "The file is empty", "is empty"],
    ["cut", world.pdf.subarray(0, -500), "文件不完整", "The file is cut short", "is incomplete"],
    [
      "scan",
      Buffer.from("%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF\n"),
      "没有电子印章",
      "The file has no seal",
      "no centre's seal",
    ],
  ] as const)("is not genuine when it is %s, and gets its own words", async (name, bytes, zh, en, enMeaning) => {
    const { page, context, complaints, requests } = await open("/verify", { recorded: world.recorded });
    await present(page, bytes, `${name}.pdf`);
    await expectMishap(page, name, [zh, en, enMeaning]);
    expect(requests.filter((request) => request.url().includes(".example"))).toEqual([]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it.each([25, 50])("of %i MB is not genuine, at once and without being read", async (megabytes) => {
    const { page, context, complaints } = await open("/verify", {
      recorded: world.recorded,
      // Even a page that knows no centre can say so.
      answers: { "GET /api/v1/consortium": { status: 503, body: { code: "BUSY", zh: "忙", en: "busy" } } },
    });
    await page.evaluate(() => {
      for (const name of ["arrayBuffer", "text", "stream", "slice"] as const)
        Blob.prototype[name] = () => {
          throw new Error(`the file was read with ${name}`);
        };
    });
    const milliseconds = await choose(page, megabytes * 1024 * 1024);
    expect(milliseconds).toBeLessThan(5_000);
    await expectMishap(page, `${megabytes}mb`, ["文件过大", "The file is too large", `${megabytes}.0 MB`]);
    expect(complaints).toEqual([]);
    await context.close();
  });

  it("at the verifier's own limit is read", async () => {
    const { page, context } = await open("/verify", { recorded: world.recorded });
    await choose(page, largestFile);
    expect(await seen(page.locator(".reason", { hasText: "这不是 PDF 文件" }))).toBe(true);
    await context.close();
  });

  it("can be dropped anywhere on the page", async () => {
    const { page, context } = await open("/verify", { recorded: world.recorded });
    await page.getByText("选择 PDF 文件").waitFor();
    await page.evaluate(
      (bytes) => {
        const transfer = new DataTransfer();
        transfer.items.add(new File([new Uint8Array(bytes)], "certificate.pdf", { type: "application/pdf" }));
        document
          .querySelector("footer")!
          .dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
      },
      [...world.pdf],
    );
    expect(await seen(page.locator("article h2", { hasText: "真实有效" }))).toBe(true);
    await context.close();
  });
});

describe("everybody can use it", () => {
  it("with the keyboard alone", async () => {
    const { page, context } = await open("/verify", { recorded: world.recorded });
    await page.getByText("选择 PDF 文件").waitFor();
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => document.activeElement?.className)).toBe("skip");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("main");
    await page.keyboard.press("Tab");
    expect(await page.evaluate(() => (document.activeElement as HTMLInputElement).type)).toBe("file");
    await present(page, world.pdf);
    await page.locator("article h2").first().waitFor();
    await page.keyboard.press("Tab"); // from the verdict to the first step
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-expanded"))).toBe("false");
    await page.keyboard.press("Enter");
    expect(await page.evaluate(() => document.activeElement?.getAttribute("aria-expanded"))).toBe("true");
    await page.getByText("文件完整，印章覆盖全部内容。").waitFor();
    await context.close();
  });

  it("in English, in large type and in the dark, as they last chose", async () => {
    const { page, context } = await open("/verify", { recorded: world.recorded });
    await page.getByRole("button", { name: "切换为英文" }).click();
    await page.getByRole("heading", { name: "Verify a certificate" }).waitFor();
    await page.getByRole("button", { name: "Large type" }).click();
    await page.getByRole("button", { name: /Appearance/ }).click();
    await page.getByRole("button", { name: /Appearance/ }).click();
    await page.reload();
    await present(page, world.pdf);
    await page.locator("article h2", { hasText: "Genuine" }).waitFor();
    const root = await page.evaluate(() => ({
      ...document.documentElement.dataset,
      lang: document.documentElement.lang,
    }));
    expect(root).toMatchObject({ theme: "dark", type: "large", lang: "en" });
    expect(await sideways(page)).toBe(0);
    await picture(page, "verify-genuine-en-large-dark-360");
    await context.close();
  });

  it.each([false, true])(
    "with names for all controls, one main heading and enough contrast (dark: %s)",
    async (dark) => {
      const { page, context } = await open("/verify", { recorded: revoked.recorded, dark });
      await picture(page, `verify-start-360${dark ? "-dark" : ""}`);
      expect(await nameless(page)).toEqual([]);
      expect(await page.locator("h1").count()).toBe(1);
      expect(await faint(page)).toEqual([]);
      await present(page, revoked.pdf);
      await page.locator("article h2").first().waitFor();
      expect(await nameless(page)).toEqual([]);
      expect(await faint(page)).toEqual([]);
      await picture(page, `verify-revoked-360${dark ? "-dark" : ""}`);
      await context.close();
    },
  );
});

describe("a number alone", () => {
  const list = Object.values(world.recorded.trustLists)[0]!;
  const serial = world.leaf.serial;
  it.each([
    ["valid", "编号有效"],
    ["revoked", "编号已失效"],
  ] as const)("that is %s shows its standing and nothing personal", async (standing, headline) => {
    const body = {
      serial,
      kind: "deposit",
      kindName: "住房公积金缴存证明",
      centre: issuer,
      issuedOn: "2026-11-21",
      validUntil: "2026-12-21",
      state: "anchored",
      standing,
      reason: standing === "revoked" ? 1 : null,
      since: standing === "revoked" ? "2026-11-22T08:00:00.000Z" : null,
    };
    const { page, context } = await open("/verify", {
      recorded: world.recorded,
      answers: {
        "GET /api/v1/trust-list": { body: list },
        [`GET /api/v1/certificates/standing/${serial}`]: { body },
      },
    });
    await page.getByRole("button", { name: "只有证照编号" }).click();
    await page.getByRole("textbox", { name: "证照编号" }).fill(serial);
    await page.getByRole("button", { name: "查询" }).click();
    await page.locator("article h2", { hasText: headline }).waitFor();
    expect(await sideways(page)).toBe(0);
    await picture(page, `verify-serial-${standing}-360`);
    await context.close();
  });
});

it("says honestly that it cannot begin while the list of centres is out of reach", async () => {
  const { page, context } = await open("/verify", {
    recorded: world.recorded,
    answers: { "GET /api/v1/consortium": { status: 503, body: { code: "BUSY", zh: "忙", en: "busy" } } },
  });
  await present(page, world.pdf);
  expect(await seen(page.locator('[role="alert"]', { hasText: "连接不上中心" }))).toBe(true);
  // What is no certificate at all is told all the same.
  await present(page, Buffer.from("hello"));
  expect(await seen(page.locator("article h2", { hasText: "不是真件" }))).toBe(true);
  expect(await seen(page.locator(".meaning", { hasText: "不是 PDF" }))).toBe(true);
  await context.close();
});

it("uses the checkpoint's cosignatures when the chain is away", async () => {
  const cosigned = after(({ recorded, receipt, size, root }) => {
    receipt.checkpoint = makeNote(size, root);
    for (const url of Object.keys(recorded.chain)) delete recorded.chain[url];
  });
  const { page, context } = await open("/verify", { recorded: cosigned.recorded });
  await present(page, cosigned.pdf);
  // The log stands by its witnesses; what was revoked since nobody can say without the chain.
  expect(await seen(page.locator("article h2", { hasText: "状态未知" }))).toBe(true);
  await context.close();
});

/** Chooses a file of this many zeros inside the page: the driver takes no large one. Returns the milliseconds to the verdict. */
function choose(page: Page, length: number): Promise<number> {
  return page.locator('input[accept*=".pdf"]').evaluate(async (input, length) => {
    const transfer = new DataTransfer();
    transfer.items.add(new File([new Uint8Array(length)], "large.pdf", { type: "application/pdf" }));
    const started = performance.now();
    (input as HTMLInputElement).files = transfer.files;
    input.dispatchEvent(new Event("change"));
    while (!document.querySelector("article h2")) await new Promise((resolve) => requestAnimationFrame(resolve));
    return performance.now() - started;
  }, length);
}

/** The red headline with its seven steps, of which the first failed, in both languages; pictures of phone and desk. */
async function expectMishap(page: Page, name: string, [zh, en, enMeaning]: [string, string, string]): Promise<void> {
  const heading = page.locator("article h2").first();
  await heading.waitFor();
  expect(await heading.textContent()).toBe("不是真件");
  expect(await page.locator(".steps li").count()).toBe(7);
  expect(await page.locator(".steps li").first().getAttribute("class")).toContain("failed");
  expect(await page.locator(".steps li.waiting").count()).toBe(6);
  expect(await page.locator(".reason").first().innerText()).toContain(zh);
  expect(await sideways(page)).toBe(0);
  expect(await faint(page)).toEqual([]);
  await picture(page, `verify-${name}-360`);
  await page.setViewportSize({ width: 1280, height: 900 });
  await picture(page, `verify-${name}-1280`);
  await page.getByRole("button", { name: "切换为英文" }).click();
  expect(await heading.textContent()).toBe("Not genuine");
  expect(await page.locator(".reason").first().innerText()).toContain(en);
  expect(await page.locator(".meaning").innerText()).toContain(enMeaning);
  await picture(page, `verify-${name}-1280-en`);
}

function changed(pdf: Buffer): Buffer {
  const copy = Buffer.from(pdf);
  const at = copy.indexOf("deposit certificate");
  copy[at] = "D".charCodeAt(0);
  return copy;
}
