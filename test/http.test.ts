import * as fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import type { Domain } from "../service/src/app.ts";
import { DomainError } from "../service/src/errors.ts";
import { decodeCursor, encodeCursor, isOutage, pageOf, preferredLanguage, Type } from "../service/src/http.ts";
import { identityRoutes } from "../service/src/identity/routes.ts";
import { noticeRoutes } from "../service/src/notices/routes.ts";
import { buildTestApp, ownOrigin } from "./app/harness.ts";
import { freshDatabase } from "./helpers/database.ts";

const idNumber = "000101199001010015";
const name = "欧阳测试";
const phone = "13800000001";

describe("a problem", async () => {
  const { pool } = await freshDatabase();
  const rules: Domain = async (app) => {
    const Body = Type.Object(
      {
        documentNumber: Type.String({ pattern: "^[0-9]{17}[0-9X]$" }),
        months: Type.Integer({ minimum: 1 }),
        kind: Type.Optional(Type.Union([Type.Literal("deposit"), Type.Literal("loan")])),
        map: Type.Optional(Type.Record(Type.String(), Type.Integer())),
      },
      { additionalProperties: false },
    );
    app.post("/api/v1/rules", { schema: { body: Body } }, async () => ({ ok: true }));
    const Query = Type.Object({
      limit: Type.Optional(Type.Integer({ maximum: 100, default: 20 })),
      day: Type.Optional(Type.String({ format: "date" })),
    });
    app.get("/api/v1/list", { schema: { querystring: Query } }, async ({ query }) => query);
    app.get("/api/v1/late", async () => {
      throw new DomainError("TOO_MANY_REQUESTS", { seconds: 7 });
    });
  };
  const { app } = await buildTestApp(pool, [rules]);
  afterAll(() => app.close());
  const post = async (payload: unknown) =>
    (
      await app.inject({
        method: "POST",
        url: "/api/v1/rules",
        headers: { ...ownOrigin, "content-type": "application/json" },
        payload: JSON.stringify(payload),
      })
    ).json();

  it("has the members of RFC 9457, a stable code and both languages", async () => {
    const chinese = await app.inject("/api/v1/nothing");
    expect(chinese.json()).toEqual({
      type: "/api#NOT_FOUND",
      title: "没有找到",
      status: 404,
      detail: "没有找到您要的内容。请核对地址或编号。",
      code: "NOT_FOUND",
      zh: "没有找到您要的内容。请核对地址或编号。",
      en: "Nothing was found here. Check the address or the number.",
      instance: expect.stringMatching(/^urn:request:/),
    });
    expect(chinese.headers["content-language"]).toBe("zh-CN");
    const english = await app.inject({ url: "/api/v1/nothing", headers: { "accept-language": "en-GB,en;q=0.9" } });
    expect(english.json()).toMatchObject({ title: "Not found", detail: english.json().en });
  });

  it("speaks the language that the client prefers of the two, Chinese otherwise", () => {
    expect(
      [undefined, "", "fr", "en", "zh-CN,en;q=0.8", "en;q=0.5,zh;q=0.9", "fr,en;q=0.2", "en;q=0", "*"].map(
        preferredLanguage,
      ),
    ).toEqual(["zh", "zh", "zh", "en", "zh", "zh", "en", "zh", "zh"]);
  });

  it("names the field and the rule, never the value", async () => {
    const said = async (payload: unknown) => (await post(payload)).en as string;
    expect(await said({ months: 1 })).toContain("body/documentNumber is missing");
    expect(await said({ documentNumber: `${idNumber}9`, months: 1 })).toContain(
      "body/documentNumber does not have the required form",
    );
    expect(await said({ documentNumber: idNumber, months: "12" })).toContain("body/months has the wrong type");
    expect(await said({ documentNumber: idNumber, months: 0 })).toContain("body/months is too small");
    expect(await said({ documentNumber: idNumber, months: 1, kind: name })).toContain(
      "body/kind is none of the allowed",
    );
    expect(await said({ documentNumber: idNumber, months: 1, [name]: 1 })).toContain(
      "body has a member that is not expected",
    );
    expect(await said({ documentNumber: idNumber, months: 1, map: { [phone]: "x" } })).not.toContain(phone);
    for (const payload of [
      { documentNumber: `${idNumber}9` },
      { [idNumber]: name },
      { documentNumber: name, months: phone },
      [name],
      name,
      null,
    ])
      expect(JSON.stringify(await post(payload))).not.toMatch(new RegExp(`${idNumber}|${name}|${phone}`));
  });

  it("reads the parts of an address as what the schema says, and fills in what is absent", async () => {
    expect((await app.inject("/api/v1/list?limit=5")).json()).toEqual({ limit: 5 });
    expect((await app.inject("/api/v1/list")).json()).toEqual({ limit: 20 });
    expect((await app.inject("/api/v1/list?limit=500")).json().code).toBe("INVALID_REQUEST");
    expect((await app.inject("/api/v1/list?day=2026-02-30")).json().code).toBe("INVALID_REQUEST");
  });

  it("says when to come back", async () => {
    const answer = await app.inject("/api/v1/late");
    expect([answer.statusCode, answer.headers["retry-after"]]).toEqual([429, "7"]);
  });

  it("calls an outage an outage, also behind other errors", () => {
    const coded = (code: string) => Object.assign(new Error("x"), { code });
    for (const code of ["ECONNREFUSED", "57P01", "53300", "08006", "40001", "SERVER_ERROR"])
      expect(isOutage(coded(code))).toBe(true);
    expect(isOutage(new Error("y", { cause: coded("57P01") }))).toBe(true);
    expect(isOutage(new Error("timeout exceeded when trying to connect"))).toBe(true);
    for (const code of ["23505", "42601", "CALL_EXCEPTION", "ERR_X"]) expect(isOutage(coded(code))).toBe(false);
  });
});

function refusedWith(work: () => unknown): string | undefined {
  try {
    work();
    return undefined;
  } catch (error) {
    return (error as { code?: string }).code ?? "no code";
  }
}

describe("pages", () => {
  it("carry a cursor that comes back as it went, and refuse what is not one", () => {
    expect(decodeCursor(encodeCursor(["2026-11-22T00:00:00Z", "cert_1", 3]), ["string", "string", "number"])).toEqual([
      "2026-11-22T00:00:00Z",
      "cert_1",
      3,
    ]);
    expect(decodeCursor(undefined, ["string"])).toBeUndefined();
    for (const cursor of ["x", encodeCursor([1]), encodeCursor(["a", "b"]), Buffer.from("{}").toString("base64url")])
      expect(() => decodeCursor(cursor, ["string"])).toThrow(expect.objectContaining({ code: "INVALID_REQUEST" }));
    fc.assert(
      fc.property(fc.string(), (text) => {
        const code = refusedWith(() => decodeCursor(text, ["string"]));
        return code === undefined || code === "INVALID_REQUEST";
      }),
    );
  });

  it("show as many as asked for and say whether there are more", () => {
    const page = (rows: number[]) =>
      pageOf(
        rows,
        2,
        (n) => n * 10,
        (n) => [n],
      );
    expect(page([1, 2, 3])).toEqual({ items: [10, 20], next: encodeCursor([2]) });
    expect(page([1, 2])).toEqual({ items: [10, 20], next: null });
    expect(page([])).toEqual({ items: [], next: null });
  });
});

describe("whatever is sent", async () => {
  const { pool } = await freshDatabase();
  const planted: Domain = async (app) => {
    app.post("/api/v1/planted", { schema: { body: Type.Object({ name: Type.String() }) } }, async ({ body, log }) => {
      log.info({ person: body, nested: { documentNumber: idNumber, list: [phone] } }, `about ${body.name} ${phone}`);
      throw new Error(`bug with ${body.name} ${idNumber}`, { cause: new Error(`invalid input syntax: "${phone}"`) });
    });
    app.get("/api/v1/sql", async () => (await pool.query("select $1::integer", [`${name} ${phone}`])).rows);
    app.get("/api/v1/param/:id", async () => {
      throw new Error("bug");
    });
  };
  const { app, logged } = await buildTestApp(pool, [identityRoutes, noticeRoutes, planted]);
  afterAll(() => app.close());

  it("no number, name or phone reaches the log: body, query, path, headers, malformed JSON, validation, SQL", async () => {
    const q = encodeURIComponent(name);
    const json = { ...ownOrigin, "content-type": "application/json" };
    const headers = {
      ...json,
      "user-agent": `${idNumber} ${phone}`,
      cookie: `session=${idNumber}; name=${q}`,
      "x-name": phone,
      referer: `http://x/?n=${q}`,
      authorization: `Bearer ${idNumber}`,
      "idempotency-key": idNumber,
    };
    const bodies = [
      JSON.stringify({ name, idNumber, phone }),
      `{"name":"${name}", ${idNumber}`,
      JSON.stringify({ name: [name, idNumber] }),
      JSON.stringify({ documentNumber: idNumber }),
      idNumber,
    ];
    for (const url of [
      "/api/v1/planted",
      "/api/v1/sign-in/person/code",
      "/api/v1/sign-in/staff",
      `/api/v1/nothing/${idNumber}`,
    ])
      for (const payload of bodies)
        await app.inject({ method: "POST", url: `${url}?id=${idNumber}&name=${q}&phone=${phone}`, headers, payload });
    for (const url of [
      "/api/v1/sql",
      `/api/v1/param/${idNumber}`,
      `/api/v1/param/${q}?phone=${phone}`,
      `/${q}/${phone}`,
      `/api/v1/session?${idNumber}`,
    ])
      await app.inject({ url, headers });
    const log = logged();
    expect(log.split("\n").length).toBeGreaterThan(25);
    for (const secret of [idNumber, name, q, phone, idNumber.slice(0, 14)]) expect(log).not.toContain(secret);
    expect(log).toContain('"route":"/api/v1/param/:id"');
    expect(log).toContain('"code":"22P02"');
  });

  it("no garbage over any route gives a 5xx or anything but a problem", async () => {
    const clean = await buildTestApp(pool, [identityRoutes, noticeRoutes]);
    const api = (await clean.app.inject("/api/openapi.json")).json() as { paths: Record<string, object> };
    const urls = [...Object.keys(api.paths), "/", "/api", "/healthz", "/metrics", "/log/x", "/api/v1/trust-list"];
    const junk = fc.oneof(
      fc.json(),
      fc.string(),
      fc.constantFrom(
        "null",
        "[]",
        "{}",
        '{"__proto__":1}',
        '{"a":'.repeat(500),
        "\u0000",
        '{"challenge":null,"code":{}}',
        `{"documentNumber":"\\u0000","documentType":"99"}`,
        '{"name":"\\u0000","password":"\\ud800"}',
      ),
    );
    const text = fc.string({ maxLength: 60 });
    const hostile = ["\\u0000", "\\ud800", "' or 1=1 --", "00010119900101001X\\u0000", "x".repeat(30)];
    for (const url of Object.keys(api.paths))
      for (const value of hostile)
        for (const payload of [
          `{"documentNumber":"${value}"}`,
          `{"name":"${value}","password":"${value}"}`,
          `{"challenge":"${"A".repeat(43)}","code":"000000","documentType":"99"}`,
        ]) {
          const answer = await clean.app.inject({
            method: "POST",
            url,
            headers: { ...ownOrigin, "content-type": "application/json" },
            payload,
          });
          expect(answer.statusCode, `${url} ${payload}`).toBeLessThan(500);
        }
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(...urls),
        fc.constantFrom("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD"),
        junk,
        text,
        fc.constantFrom("application/json", "text/plain", "application/json; charset=x", "multipart/form-data", ""),
        fc.constantFrom(ownOrigin.origin, "https://evil.example", ""),
        async (url, method, payload, noise, type, origin) => {
          const header = noise.replace(/[^\x20-\x7e]/g, "");
          const answer = await clean.app.inject({
            method: method as "GET",
            url: `${url.replace(/\{\w+\}/g, encodeURIComponent(noise))}?${encodeURIComponent(noise)}=${encodeURIComponent(payload.slice(0, 50).toWellFormed())}`,
            headers: {
              cookie: `session-C46010=${header}`,
              "accept-language": header,
              "idempotency-key": header,
              ...(type ? { "content-type": type } : {}),
              ...(origin ? { origin } : {}),
            },
            ...(method === "GET" || method === "HEAD" ? {} : { payload }),
          });
          expect(answer.statusCode, `${method} ${url} ${payload}`).toBeLessThan(500);
          const code = answer.statusCode < 400 || method === "HEAD" ? "NONE" : answer.json().code;
          expect(code).toMatch(/^[A-Z_]+$/);
        },
      ),
      { numRuns: 500 },
    );
    await clean.app.close();
  });
});
