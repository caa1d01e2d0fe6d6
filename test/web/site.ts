// The built pages behind a small server, a browser, and centres that answer from a recording. Only for the pages' own tests:
// the end-to-end tests run the real service.
import { createHash } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import type { AddressInfo } from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { execFileSync } from "node:child_process";
import chromiumPackage from "@sparticuz/chromium";
import { chromium } from "playwright-core";
import type { Browser, BrowserContext, Page, Request, Route } from "playwright-core";
import { buildWhatChanged } from "../../scripts/build.ts";
import { replay } from "../verify/replay.ts";
import type { Recorded } from "../verify/replay.ts";

const root = path.join(import.meta.dirname, "../../dist/web");

const types: Record<string, string> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".css": "text/css",
  ".svg": "image/svg+xml",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
};

/** What the service sends, but for the other centres' addresses. */
const policy = [
  "default-src 'self'",
  "connect-src 'self' https://*.example",
  "script-src 'self' 'wasm-unsafe-eval'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "form-action 'self'",
].join("; ");

export interface Answer {
  status?: number;
  body?: unknown;
}
/** Answers of the own centre's interface, by method and path; a function sees the body that was sent. */
export type Answers = Record<string, Answer | ((body: unknown, headers: Record<string, string>) => Answer)>;

export interface Site {
  url: string;
  close(): Promise<void>;
}

/** Builds the pages, if they changed, and serves them; every path that is no file is the app's. */
export async function startSite(): Promise<Site> {
  await buildWhatChanged(["web"]);
  // Read once: somebody may build again while the tests run.
  const files = new Map<string, Buffer>(
    fs
      .readdirSync(root, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => [`/${path.relative(root, file)}`, fs.readFileSync(file)] as const),
  );
  const server = http.createServer((request, response) => {
    const name = new URL(request.url ?? "/", "http://x").pathname;
    const shown = files.has(name) ? name : "/index.html";
    response.setHeader("content-security-policy", policy);
    response.setHeader("content-type", types[path.extname(shown)] ?? "application/octet-stream");
    response.end(files.get(shown));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => new Promise((resolve) => server.close(() => resolve())),
  };
}

/** Chromium out of its npm package; a machine without libnss3 gets it from there, too. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = await chromiumPackage.executablePath();
  return chromium.launch({
    executablePath,
    args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
    env: { ...process.env, LD_LIBRARY_PATH: libraries() } as Record<string, string>,
  });
}

/** Where the libraries that come with the browser's package lie; unpacked once for a machine. */
function libraries(): string {
  const archive = fileURLToPath(new URL("../bin/al2023.tar.br", import.meta.resolve("@sparticuz/chromium")));
  const bytes = fs.readFileSync(archive);
  const target = path.join(
    os.tmpdir(),
    `cunzheng-browser-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}`,
  );
  if (!fs.existsSync(target)) {
    const making = fs.mkdtempSync(`${target}-`);
    execFileSync("tar", ["-x", "-C", making], { input: brotliDecompressSync(bytes) });
    try {
      fs.renameSync(making, target);
    } catch (error) {
      // Another test file was faster; its copy is as good.
      if (!fs.existsSync(target)) throw error;
      fs.rmSync(making, { recursive: true });
    }
  }
  return [path.join(target, "lib"), process.env.LD_LIBRARY_PATH].filter(Boolean).join(":");
}

export interface Visit {
  page: Page;
  context: BrowserContext;
  /** every request that left the page */
  requests: Request[];
  /** what the console said in anger, and what the content security policy stopped */
  complaints: string[];
}

export interface VisitOptions {
  recorded?: Recorded;
  answers?: Answers;
  width?: number;
  height?: number;
  dark?: boolean;
}

/** A fresh browser profile, with the clock at the recording's time. */
export async function visit(browser: Browser, site: Site, options: VisitOptions = {}): Promise<Visit> {
  const { recorded, width = 360, height = 740 } = options;
  const context = await browser.newContext({
    viewport: { width, height },
    colorScheme: options.dark ? "dark" : "light",
    reducedMotion: "reduce",
    locale: "zh-CN",
    timezoneId: "Asia/Shanghai",
    acceptDownloads: true,
  });
  const page = await context.newPage();
  if (recorded) await page.clock.setFixedTime(recorded.now);
  const requests: Request[] = [];
  const complaints: string[] = [];
  page.on("request", (request) => requests.push(request));
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("console", (message) => {
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource"))
      complaints.push(message.text());
  });
  const answers: Answers = {
    "GET /api/v1/consortium": { body: consortium(recorded) },
    "GET /api/v1/session": { body: { actor: null, idleEndsAt: null, endsAt: null } },
    ...options.answers,
  };
  await context.route(`${site.url}/api/**`, (route) => answerOwn(route, answers));
  if (recorded) await context.route("https://*.example/**", (route) => answerCentre(route, recorded));
  return { page, context, requests, complaints };
}

function consortium(recorded: Recorded | undefined) {
  const names: Record<string, string> = {
    C46010: "海南省住房公积金管理局",
    C14010: "太原市住房公积金管理中心",
    C63010: "西宁住房公积金管理中心",
  };
  return {
    label: "开发环境",
    self: "C46010",
    chainId: 4601,
    centres: (recorded?.centres ?? []).map(({ code, url }) => ({ code, name: names[code] ?? code, url })),
  };
}

async function answerOwn(route: Route, answers: Answers): Promise<void> {
  const request = route.request();
  const found = answers[`${request.method()} ${new URL(request.url()).pathname}`];
  if (!found) {
    const body = { code: "NOT_FOUND", status: 404, zh: "没有找到您要的内容。", en: "Nothing was found here." };
    return route.fulfill({ status: 404, contentType: "application/problem+json", body: JSON.stringify(body) });
  }
  const answer =
    typeof found === "function"
      ? found(request.postData() ? request.postDataJSON() : undefined, await request.allHeaders())
      : found;
  const { status = 200, body } = answer;
  return route.fulfill({
    status,
    contentType: status < 400 ? "application/json" : "application/problem+json",
    body: body === undefined ? "" : JSON.stringify(body),
  });
}

/** Another centre's service, as far as a verifier asks it. A centre that the recording does not hold is away. */
async function answerCentre(route: Route, recorded: Recorded): Promise<void> {
  const request = route.request();
  const { origin, pathname } = new URL(request.url());
  const sources = replay(recorded);
  const headers = { "access-control-allow-origin": "*", "access-control-allow-headers": "content-type" };
  if (request.method() === "OPTIONS") return route.fulfill({ status: 204, headers });
  const json = (body: unknown, status = 200) =>
    route.fulfill({ status, headers, contentType: "application/json", body: JSON.stringify(body) });
  try {
    if (pathname === "/api/v1/trust-list") return await json(await sources.trustList(origin));
    const receipt = /^\/api\/v1\/receipts\/by-(?:seal|token)\/([0-9a-f]+)$/.exec(pathname);
    if (receipt) {
      const found = await sources.receiptBySeal(origin, receipt[1]!);
      return found === null ? await json({ code: "RECEIPT_NOT_FOUND" }, 404) : await json({ receipt: found });
    }
    type Call = { id: number; method: string; params: unknown[] };
    const asked = request.postDataJSON() as Call | Call[];
    const calls = Array.isArray(asked) ? asked : [asked];
    const results = await sources.chain(origin, calls);
    const answers = calls.map(({ id }, i) => ({ jsonrpc: "2.0", id, result: results[i] }));
    return await json(Array.isArray(asked) ? answers : answers[0]);
  } catch (error) {
    if ((error as Error).message !== "away") throw error;
    return route.abort("connectionrefused");
  }
}

/** Chooses a file in the page as a person would. */
export async function present(page: Page, bytes: Uint8Array, name = "certificate.pdf", type = "application/pdf") {
  const input = type.startsWith("image/") ? 'input[accept="image/*"]' : 'input[accept*=".pdf"]';
  await page.setInputFiles(input, { name, mimeType: type, buffer: Buffer.from(bytes) });
}

/** Keeps a picture of the page where SCREENSHOTS points to; without it nothing happens. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.SCREENSHOTS;
  if (!folder) return;
  await page.evaluate(() => document.fonts.ready.then(() => undefined));
  await page.screenshot({ path: path.join(folder, `${name}.png`), fullPage: true });
}
