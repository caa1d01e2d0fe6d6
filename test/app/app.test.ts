import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { createPool } from "../../service/src/db.ts";
import type { Domain } from "../../service/src/app.ts";
import { DomainError } from "../../service/src/errors.ts";
import { Type } from "../../service/src/http.ts";
import { freshDatabase } from "../helpers/database.ts";
import { paths } from "../../verifier-web/src/paths.ts";
import { buildTestApp, origin, ownOrigin } from "./harness.ts";

const echo: Domain = async (app) => {
  app.get(
    "/api/v1/echo/:id",
    { schema: { response: { 200: Type.Object({ id: Type.String() }) } } },
    async ({ params }) => ({
      id: (params as { id: string }).id,
    }),
  );
  app.post("/api/v1/echo", { schema: { body: Type.Object({ amount: Type.Integer() }) } }, async ({ body }) => body);
  app.put("/api/v1/echo", async () => ({ done: true }));
  app.get("/api/v1/trust-list", async () => ({ centres: [] }));
  app.post("/api/v1/chain", async () => ({ result: "0x" }));
  app.get("/api/v1/few", { config: { rateLimit: { max: 2, timeWindow: 60_000 } } }, async () => ({ ok: true }));
  app.post("/log/witness/add-checkpoint", { config: { anyOrigin: true } }, async () => ({ ok: true }));
  app.get("/api/v1/bug", async () => {
    throw new Error("a bug about 110101199003071234");
  });
  app.get("/api/v1/refused", async () => {
    throw new DomainError("NOT_ALLOWED");
  });
};

describe("the app", async () => {
  const { pool } = await freshDatabase();
  const { app } = await buildTestApp(pool, [echo], {
    context: {
      connectOrigins: () => ["https://ty.example.cn", "https://evil.example; script-src *", "https://x.cn/path"],
    },
  });
  afterAll(() => app.close());

  it("sends a strict content security policy that names the other centres, and nothing that is not an origin", async () => {
    const { headers } = await app.inject("/api");
    expect(String(headers["content-security-policy"]).split(";")).toEqual([
      "default-src 'self'",
      "connect-src 'self' https://ty.example.cn",
      "script-src 'self' 'wasm-unsafe-eval'",
      "style-src 'self'",
      "img-src 'self' data: blob:",
      "object-src 'none'",
      "frame-ancestors 'none'",
      "base-uri 'none'",
      "form-action 'self'",
    ]);
    expect(headers["referrer-policy"]).toBe("no-referrer");
    expect(headers["permissions-policy"]).toContain("camera=(self)");
    expect(headers["x-content-type-options"]).toBe("nosniff");
    expect(headers["strict-transport-security"]).toBeUndefined();
  });

  it("asks for https for ever only where it is served by https", async () => {
    const https = await buildTestApp(pool, [], { config: { publicUrl: "https://gjj.example.cn", secure: true } });
    const { headers } = await https.app.inject("/healthz");
    expect(headers["strict-transport-security"]).toBe("max-age=31536000; includeSubDomains");
    await https.app.close();
  });

  it("carries the same headers on a problem", async () => {
    const { headers, statusCode } = await app.inject("/api/v1/nothing");
    expect(statusCode).toBe(404);
    expect(headers["content-security-policy"]).toContain("default-src 'self'");
    expect(headers["content-type"]).toContain("application/problem+json");
  });

  it("takes what changes something only from its own pages, or from a program that authorises itself", async () => {
    const send = (headers: Record<string, string>) =>
      app.inject({ method: "POST", url: "/api/v1/echo", headers, payload: { amount: 1 } });
    expect((await send(ownOrigin)).statusCode).toBe(200);
    expect((await send({ authorization: "Bearer x" })).statusCode).toBe(200);
    for (const headers of [
      {},
      { origin: "https://evil.example" },
      { origin: "null" },
      { origin: "https://evil.example", authorization: "x" },
    ]) {
      const answer = await send(headers as Record<string, string>);
      expect([answer.statusCode, answer.json().code]).toEqual([403, "ORIGIN_REFUSED"]);
    }
    const machine = await app.inject({ method: "POST", url: "/log/witness/add-checkpoint" });
    expect(machine.statusCode).toBe(200);
  });

  it("lets any page read what is public, without credentials, and nothing else", async () => {
    const open = await app.inject({ url: "/api/v1/trust-list", headers: { origin: "https://ty.example.cn" } });
    expect(open.headers["access-control-allow-origin"]).toBe("*");
    expect(open.headers["access-control-allow-credentials"]).toBeUndefined();
    const preflight = await app.inject({
      method: "OPTIONS",
      url: "/api/v1/chain",
      headers: { origin: "https://ty.example.cn", "access-control-request-method": "POST" },
    });
    expect([preflight.statusCode, preflight.headers["access-control-allow-methods"]]).toEqual([204, "POST, OPTIONS"]);
    const chain = await app.inject({
      method: "POST",
      url: "/api/v1/chain",
      headers: { origin: "https://ty.example.cn" },
      payload: {},
    });
    expect([chain.statusCode, chain.headers["access-control-allow-origin"]]).toEqual([200, "*"]);
    for (const url of ["/api/v1/echo/1", "/api/v1/session", "/api/v1/nothing", "/"]) {
      const closed = await app.inject({ url, headers: { origin: "https://ty.example.cn" } });
      expect([url, closed.headers["access-control-allow-origin"]]).toEqual([url, undefined]);
    }
    const witness = await app.inject({
      method: "POST",
      url: "/log/witness/add-checkpoint",
      headers: { origin: "https://e.cn" },
    });
    expect(witness.headers["access-control-allow-origin"]).toBeUndefined();
  });

  it("says which methods an address takes", async () => {
    const answer = await app.inject({ method: "DELETE", url: "/api/v1/echo", headers: ownOrigin });
    expect([answer.statusCode, answer.json().code, answer.headers["allow"]]).toEqual([
      405,
      "METHOD_NOT_ALLOWED",
      "POST, PUT",
    ]);
  });

  it("takes JSON only, of a bounded size and of the form of the schema", async () => {
    const post = async (payload: string | Buffer, type = "application/json") => {
      const answer = await app.inject({
        method: "POST",
        url: "/api/v1/echo",
        headers: { ...ownOrigin, "content-type": type },
        payload,
      });
      return [answer.statusCode, answer.json().code] as unknown[];
    };
    expect(await post("amount=1", "application/x-www-form-urlencoded")).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
    expect(await post('{"amount":1}', "text/plain")).toEqual([415, "UNSUPPORTED_MEDIA_TYPE"]);
    expect(await post('{"amount":1')).toEqual([400, "INVALID_REQUEST"]);
    expect(await post("")).toEqual([400, "INVALID_REQUEST"]);
    expect(await post('{"amount":"1"}')).toEqual([400, "INVALID_REQUEST"]);
    expect(await post('{"__proto__":{"x":1},"amount":1}')).toEqual([400, "INVALID_REQUEST"]);
    expect(await post(JSON.stringify({ amount: 1, pad: "x".repeat(70_000) }))).toEqual([413, "TOO_LARGE"]);
  });

  it("slows down who asks too often, and says for how long", async () => {
    const ask = () => app.inject({ url: "/api/v1/few", remoteAddress: "198.51.100.7" });
    expect([(await ask()).statusCode, (await ask()).statusCode]).toEqual([200, 200]);
    const third = await ask();
    expect([third.statusCode, third.json().code]).toEqual([429, "TOO_MANY_REQUESTS"]);
    expect(Number(third.headers["retry-after"])).toBeGreaterThan(0);
    const other = await app.inject({ url: "/api/v1/few", remoteAddress: "198.51.100.8" });
    expect(other.statusCode).toBe(200);
  });

  it("tells nothing of a bug but the request's number", async () => {
    const answer = await app.inject("/api/v1/bug");
    const problem = answer.json();
    expect([answer.statusCode, problem.code]).toEqual([500, "INTERNAL"]);
    expect(problem.instance).toMatch(/^urn:request:[0-9a-f-]{36}$/);
    expect(answer.body).not.toContain("110101");
  });

  it("describes itself as OpenAPI 3.1 and as a page that needs no script", async () => {
    const api = (await app.inject("/api/openapi.json")).json();
    expect(api.openapi).toBe("3.1.0");
    expect(Object.keys(api.paths)).toContain("/api/v1/echo/{id}");
    expect(Object.keys(api.paths)).toContain("/api/v1/centre");
    expect(Object.keys(api.components.schemas)).toContain("Problem");
    const page = await app.inject("/api");
    expect(page.headers["content-type"]).toContain("text/html");
    expect(page.body).toContain('id="NOT_ALLOWED"');
    expect(page.body).not.toMatch(/<script|style=|\son[a-z]+=/);
    expect((await app.inject("/api/style.css")).headers["content-type"]).toContain("text/css");
  });

  it("is alive, ready and measured", async () => {
    expect((await app.inject("/healthz")).json()).toEqual({ status: "ok" });
    const ready = await app.inject("/readyz");
    expect([ready.statusCode, ready.json().status]).toEqual([200, "ready"]);
    const metrics = await app.inject("/metrics");
    expect(metrics.body).toMatch(/cunzheng_http_request_seconds_count\{[^}]*route="\/api\/v1\/echo\/:id"/);
    expect(metrics.body).toContain('cunzheng_database_connections{state="open"');
  });

  it("shows its figures in production only to who has the token", async () => {
    const closed = await buildTestApp(pool, [], { config: { environment: "production" } });
    expect((await closed.app.inject("/metrics")).statusCode).toBe(404);
    const guarded = await buildTestApp(pool, [], { config: { environment: "production", metricsToken: "t0ken" } });
    expect((await guarded.app.inject("/metrics")).statusCode).toBe(401);
    const asked = await guarded.app.inject({ url: "/metrics", headers: { authorization: "Bearer t0ken" } });
    expect(asked.statusCode).toBe(200);
    await Promise.all([closed.app.close(), guarded.app.close()]);
  });

  it("is not ready, and busy rather than broken, while Postgres is away", async () => {
    const away = createPool({ url: "postgres://nobody@127.0.0.1:1/none" });
    const harness = await buildTestApp(away, [
      async (own, { pool: db }) => {
        own.get("/api/v1/rows", async () => (await db.query("select 1")).rows);
      },
    ]);
    const busy = await harness.app.inject("/api/v1/rows");
    expect([busy.statusCode, busy.json().code, busy.headers["retry-after"]]).toEqual([503, "BUSY", "5"]);
    expect((await harness.app.inject("/healthz")).statusCode).toBe(200);
    const ready = await harness.app.inject("/readyz");
    expect(ready.statusCode).toBe(503);
    expect(ready.json().checks).toContainEqual({ name: "database", ok: false, reason: "failed" });
    await harness.app.close();
    await away.end();
  });

  it("asks the checks that others add before it calls itself ready", async () => {
    const harness = await buildTestApp(pool, [], {
      context: { readiness: [{ name: "mirror", check: async () => "90 s behind" }] },
    });
    const ready = await harness.app.inject("/readyz");
    expect(ready.json().checks).toContainEqual({ name: "mirror", ok: false, reason: "90 s behind" });
    await harness.app.close();
  });
});

describe("the built web app", async () => {
  const { pool } = await freshDatabase();
  const webRoot = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-web-"));
  fs.mkdirSync(path.join(webRoot, "assets"));
  fs.writeFileSync(path.join(webRoot, "index.html"), "<!doctype html><title>存证</title>");
  fs.writeFileSync(path.join(webRoot, "pages.json"), JSON.stringify(Object.keys(paths)));
  fs.writeFileSync(path.join(webRoot, "assets", "index-Dk3f9aQ1.js"), "export {}");
  const { app } = await buildTestApp(pool, [echo], { config: { webRoot } });
  afterAll(async () => {
    await app.close();
    fs.rmSync(webRoot, { recursive: true });
  });
  const page = (url: string, accept = "text/html,*/*") => app.inject({ url, headers: { accept } });

  it("gives every page address the same index.html, always fresh", async () => {
    for (const url of [...Object.keys(paths), "/v?x=1", "/me/", "/desk/checks/?from=mail"]) {
      const answer = await page(url);
      expect([url, answer.statusCode, answer.headers["cache-control"]]).toEqual([url, 200, "no-cache"]);
      expect(answer.body).toContain("存证");
    }
  });

  it("gives a page to whoever takes anything, and not to whoever takes JSON alone", async () => {
    expect((await page("/me", "*/*")).statusCode).toBe(200);
    expect((await page("/me", "application/json")).json()).toMatchObject({ code: "NOT_FOUND" });
  });

  it("gives any other address that a person opens the same page with 404, and no browser keeps that", async () => {
    for (const url of [
      "/nowhere",
      "/me/certificates/cert_1",
      "/old.html",
      "/%E8%AF%81%E6%98%8E",
      "/verify2",
      "/V",
      "//",
    ]) {
      const answer = await page(url);
      expect([url, answer.statusCode, answer.headers["cache-control"]]).toEqual([
        url,
        url === "//" ? 200 : 404,
        url === "//" ? "no-cache" : "no-store",
      ]);
      expect(answer.headers["content-type"]).toBe("text/html; charset=utf-8");
      expect(answer.headers["content-security-policy"]).toContain("default-src");
      expect(answer.body).toContain("存证");
    }
    const again = await app.inject({
      url: "/nowhere",
      headers: { accept: "text/html", "if-none-match": String((await page("/")).headers.etag) },
    });
    expect(again.statusCode).toBe(404);
    expect((await app.inject({ method: "HEAD", url: "/nowhere", headers: { accept: "text/html" } })).statusCode).toBe(
      404,
    );
    // A program is told in its own form.
    expect((await page("/nowhere", "*/*")).json()).toMatchObject({ code: "NOT_FOUND", status: 404 });
  });

  it("keeps files with hashed names for ever", async () => {
    const answer = await page("/assets/index-Dk3f9aQ1.js");
    expect([answer.statusCode, answer.headers["cache-control"]]).toEqual([200, "public, max-age=31536000, immutable"]);
    expect(answer.headers["content-type"]).toContain("javascript");
  });

  it("never gives a page for an address of the interface, a missing file or a program", async () => {
    for (const url of [
      "/api/v1/nothing",
      "/api/nothing",
      "/log/1/nothing",
      "/assets/absent.js",
      "/../package.json",
      "/%2e%2e/package.json",
    ])
      expect([url, (await page(url)).statusCode]).toEqual([url, 404]);
    expect((await page("/v", "application/json")).statusCode).toBe(404);
    expect((await app.inject({ method: "POST", url: "/v", headers: { origin } })).statusCode).toBe(404);
  });
});
