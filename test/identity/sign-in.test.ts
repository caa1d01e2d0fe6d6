// Signing in over HTTP, against a real database.
import { createHash } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { identityRoutes } from "../../service/src/identity/routes.ts";
import { ensureStaff, lockMs } from "../../service/src/identity/staff-sign-in.ts";
import { sixDigits } from "../../service/src/identity/person-sign-in.ts";
import { sweepIdentity } from "../../service/src/identity/store.ts";
import { requireAction, requireActor, requireRole } from "../../service/src/identity/access.ts";
import type { Domain } from "../../service/src/app.ts";
import { noticeRoutes } from "../../service/src/notices/routes.ts";
import { freshDatabase } from "../helpers/database.ts";
import { buildTestApp, ownOrigin } from "../app/harness.ts";

// Synthetic: no real number begins with 00.
const known = "000101199001010015";
const unknown = "000101199001010023";
const password = "correct horse battery";

const guarded: Domain = async (app) => {
  app.get("/api/v1/own", { preHandler: requireActor("person") }, async ({ actor }) => ({ actor }));
  app.get("/api/v1/check", { preHandler: requireRole("checker") }, async () => ({ ok: true }));
  app.get("/api/v1/issue", { preHandler: requireAction("certificate.issue") }, async () => ({ ok: true }));
};

describe("signing in", async () => {
  const { pool } = await freshDatabase({ max: 20 });
  const { app, clock, logged, context } = await buildTestApp(pool, [identityRoutes, noticeRoutes, guarded]);
  afterAll(() => app.close());
  beforeAll(async () => {
    await pool.query(
      "insert into person (id, name, document_type, document_number, phone) values ('pers_1', '张测试', '01', $1, '13800000001')",
      [known],
    );
    await ensureStaff(
      pool,
      [
        { name: "li", displayName: "李经办", roles: ["clerk"], password },
        { name: "wang", displayName: "王复核", roles: ["checker", "auditor"], password },
      ],
      context,
    );
  });

  const later = (ms: number) => (clock.now = new Date(clock.now.getTime() + ms));
  const post = (url: string, payload: object, cookie?: string) =>
    app.inject({ method: "POST", url, payload, headers: { ...ownOrigin, ...(cookie ? { cookie } : {}) } });
  const get = (url: string, cookie?: string) => app.inject({ url, headers: cookie ? { cookie } : {} });
  const ask = (documentNumber: string) => post("/api/v1/sign-in/person/code", { documentNumber });
  const hand = (challenge: string, code: string, cookie?: string) =>
    post("/api/v1/sign-in/person", { challenge, code }, cookie);
  const staff = (name: string, given = password, cookie?: string) =>
    post("/api/v1/sign-in/staff", { name, password: given }, cookie);
  const cookieOf = (answer: { headers: Record<string, unknown> }) =>
    String(answer.headers["set-cookie"]).split(";")[0]!;
  async function sentCode(): Promise<string> {
    const { items } = (await get("/api/v1/development/messages")).json() as { items: { text: string }[] };
    return /\d{6}/.exec(items[0]!.text)![0];
  }
  const wrong = (code: string) => (code === "000000" ? "000001" : "000000");

  describe("a person", () => {
    it("gets a code by SMS, hands it in once, and is signed in", async () => {
      later(3_600_000);
      const asked = await ask(known);
      expect(asked.statusCode).toBe(202);
      const { challenge } = asked.json();
      const code = await sentCode();
      const answer = await hand(challenge, code);
      expect([answer.statusCode, answer.json().actor]).toEqual([
        200,
        { kind: "person", personId: "pers_1", name: "张测试" },
      ]);
      const header = String(answer.headers["set-cookie"]);
      expect(header).toMatch(/^session-C46010=[\w-]{43};/);
      expect(header).toContain("HttpOnly");
      expect(header).toContain("SameSite=Strict");
      const cookie = cookieOf(answer);
      expect((await get("/api/v1/session", cookie)).json().actor.personId).toBe("pers_1");
      expect((await get("/api/v1/own", cookie)).statusCode).toBe(200);
      expect((await hand(challenge, code)).json().code).toBe("SIGN_IN_CODE_WRONG");
    });

    it("keeps neither token, code nor challenge", async () => {
      later(3_600_000);
      const { challenge } = (await ask(known)).json();
      const code = await sentCode();
      const token = cookieOf(await hand(challenge, code)).split("=")[1]!;
      const { rows } = await pool.query("select token_hash from session");
      const digest = createHash("sha256").update(Buffer.from(token, "base64url")).digest();
      expect(rows.some((row: { token_hash: Buffer }) => row.token_hash.equals(digest))).toBe(true);
      const { rows: dump } = await pool.query<{ row: string }>(
        "select s::text as row from sign_in_code s union all select s::text from session s",
      );
      const text = dump.map(({ row }) => row).join("\n");
      const hex = (base64url: string) => Buffer.from(base64url, "base64url").toString("hex");
      for (const secret of [hex(challenge), hex(token), challenge, token, known, `,${code},`])
        expect(text).not.toContain(secret);
    });

    it("cannot be told from somebody unknown: same answer, same rows, same limits", async () => {
      later(3_600_000);
      const [a, b] = [await ask(known), await ask(unknown)];
      expect([a.statusCode, Object.keys(a.json())]).toEqual([b.statusCode, Object.keys(b.json())]);
      expect(a.body.length).toBe(b.body.length);
      const strip = (headers: object) => Object.keys(headers).filter((name) => !name.startsWith("x-ratelimit"));
      expect(strip(a.headers)).toEqual(strip(b.headers));
      const counts = async () =>
        (
          await pool.query(
            "select (select count(*) from sign_in_code) as codes, (select count(*) from notice) as notices",
          )
        ).rows[0] as { codes: bigint; notices: bigint };
      const before = await counts();
      await ask(known);
      const between = await counts();
      await ask(unknown);
      const after = await counts();
      expect([between.codes - before.codes, between.notices - before.notices]).toEqual([1n, 1n]);
      expect([after.codes - between.codes, after.notices - between.notices]).toEqual([1n, 1n]);
      for (const { challenge } of [a.json(), b.json()]) {
        const refused = await hand(challenge, "000000");
        expect([refused.statusCode, refused.json().code]).toEqual([401, "SIGN_IN_CODE_WRONG"]);
      }
    });

    it("has five tries, also when they come side by side, and the right code is no use afterwards", async () => {
      later(3_600_000);
      const { challenge } = (await ask(known)).json();
      const code = await sentCode();
      const tries = await Promise.all(Array.from({ length: 12 }, () => hand(challenge, wrong(code))));
      expect(new Set(tries.map((t) => t.statusCode))).toEqual(new Set([401]));
      const { rows } = await pool.query("select max(tries) as tries from sign_in_code");
      expect(rows[0].tries).toBe(5);
      expect((await hand(challenge, code)).statusCode).toBe(401);
    });

    it("still gets in with the fifth try", async () => {
      later(3_600_000);
      const { challenge } = (await ask(known)).json();
      const code = await sentCode();
      for (let i = 0; i < 4; i++) expect((await hand(challenge, wrong(code))).statusCode).toBe(401);
      expect((await hand(challenge, code)).statusCode).toBe(200);
    });

    it("opens one session with one code, when it is handed in twice at once", async () => {
      later(3_600_000);
      const { challenge } = (await ask(known)).json();
      const code = await sentCode();
      const both = await Promise.all([hand(challenge, code), hand(challenge, code)]);
      expect(both.map((answer) => answer.statusCode).sort()).toEqual([200, 401]);
    });

    it("cannot use a code after five minutes, nor an older one after a newer was sent, nor another browser's", async () => {
      later(3_600_000);
      const first = (await ask(known)).json().challenge;
      const firstCode = await sentCode();
      later(1000);
      const second = (await ask(known)).json().challenge;
      const secondCode = await sentCode();
      expect((await hand(first, firstCode)).statusCode).toBe(401);
      expect((await hand(first, secondCode)).statusCode).toBe(401);
      later(300_000);
      expect((await hand(second, secondCode)).statusCode).toBe(401);
    });

    it("writes the number as they like: blanks, small x, full width", async () => {
      later(3_600_000);
      await pool.query(
        "insert into person (id, name, document_type, document_number, phone) values ('pers_x', '李测试', '01', '00010119900101004X', '13800000002')",
      );
      const { challenge } = (await ask("000101 19900101 ００４ｘ")).json();
      expect((await hand(challenge, await sentCode())).json().actor.personId).toBe("pers_x");
    });
  });

  describe("a person's messages are limited", async () => {
    const strict = await buildTestApp(pool, [identityRoutes], {
      config: { sms: { provider: "none", gatewayUrl: undefined, gatewayToken: undefined } },
    });
    afterAll(() => strict.app.close());
    const askStrict = (documentNumber: string) =>
      strict.app.inject({
        method: "POST",
        url: "/api/v1/sign-in/person/code",
        payload: { documentNumber },
        headers: ownOrigin,
      });

    it("to two a minute and six an hour for a document, known or not, also when asked side by side", async () => {
      strict.clock.now = new Date("2027-01-01T00:00:00Z");
      for (const number of [known, unknown]) {
        const answers = await Promise.all(Array.from({ length: 6 }, () => askStrict(number)));
        expect(answers.map((answer) => answer.statusCode).sort()).toEqual([202, 202, 429, 429, 429, 429]);
        const refused = answers.find((answer) => answer.statusCode === 429)!;
        expect([refused.json().code, refused.headers["retry-after"]]).toEqual(["SIGN_IN_CODES_EXHAUSTED", "60"]);
      }
      for (let i = 0; i < 2; i++) {
        strict.clock.now = new Date(strict.clock.now.getTime() + 60_000);
        expect([(await askStrict(known)).statusCode, (await askStrict(known)).statusCode]).toEqual([202, 202]);
      }
      strict.clock.now = new Date(strict.clock.now.getTime() + 60_000);
      const seventh = await askStrict(known);
      expect([seventh.statusCode, Number(seventh.headers["retry-after"]) > 3000]).toEqual([429, true]);
    });

    it("and by address", async () => {
      const few = await buildTestApp(pool, [identityRoutes], { config: { rateLimit: 400 } });
      const statuses: number[] = [];
      for (let i = 0; i < 22; i++) {
        const answer = await few.app.inject({
          method: "POST",
          url: "/api/v1/sign-in/person",
          payload: { challenge: "A".repeat(43), code: "123456" },
          headers: ownOrigin,
          remoteAddress: "198.51.100.9",
        });
        statuses.push(answer.statusCode);
      }
      expect([statuses.filter((s) => s === 401).length, statuses.at(-1)]).toEqual([20, 429]);
      await few.app.close();
    });
  });

  describe("staff", () => {
    it("sign in with name and password and have the roles of today", async () => {
      const cookie = cookieOf(await staff(" Wang "));
      expect((await get("/api/v1/session", cookie)).json().actor).toMatchObject({
        kind: "staff",
        name: "王复核",
        roles: ["checker", "auditor"],
      });
      expect((await get("/api/v1/check", cookie)).statusCode).toBe(200);
      expect((await get("/api/v1/issue", cookie)).json().code).toBe("NOT_ALLOWED");
      expect((await get("/api/v1/own", cookie)).json().code).toBe("NOT_ALLOWED");
      expect((await get("/api/v1/check")).json().code).toBe("NOT_SIGNED_IN");
      await pool.query("update staff set roles = '{auditor}' where name = 'wang'");
      expect((await get("/api/v1/check", cookie)).json().code).toBe("NOT_ALLOWED");
      await pool.query("update staff set active = false where name = 'wang'");
      expect((await get("/api/v1/check", cookie)).json().code).toBe("NOT_SIGNED_IN");
      expect((await staff("wang")).json().code).toBe("SIGN_IN_WRONG");
      await pool.query("update staff set active = true, roles = '{checker,auditor}' where name = 'wang'");
    });

    it("are locked for a growing time after five failures, known or not, and the lock does not tell which", async () => {
      expect([4, 5, 6, 7, 10, 50].map(lockMs)).toEqual([0, 30_000, 60_000, 120_000, 900_000, 900_000]);
      for (const name of ["li", "nobody"]) {
        later(86_400_001);
        for (let i = 0; i < 5; i++) expect((await staff(name, "wrong wrong")).json().code).toBe("SIGN_IN_WRONG");
        const locked = await staff(name);
        expect([locked.statusCode, locked.json().code, locked.headers["retry-after"]]).toEqual([
          429,
          "SIGN_IN_LOCKED",
          "30",
        ]);
        later(30_000);
        expect((await staff(name, "wrong wrong")).json().code).toBe("SIGN_IN_WRONG");
        expect((await staff(name)).headers["retry-after"]).toBe("60");
      }
      later(900_000);
      expect((await staff("li")).statusCode).toBe(200);
      expect((await staff("li", "wrong wrong")).json().code).toBe("SIGN_IN_WRONG");
      expect((await staff("li")).statusCode).toBe(200);
    });

    it("gain nothing by trying side by side", async () => {
      later(86_400_001);
      const answers = await Promise.all(Array.from({ length: 9 }, () => staff("li", "wrong wrong")));
      const codes = answers.map((answer) => answer.json().code as string).sort();
      expect(codes).toEqual([
        ...Array.from({ length: 4 }, () => "SIGN_IN_LOCKED"),
        ...Array.from({ length: 5 }, () => "SIGN_IN_WRONG"),
      ]);
      later(86_400_001);
    });

    it("leave a record for the auditor", async () => {
      const { rows } = await pool.query(
        "select distinct outcome from sign_in_event e join staff on staff.id = e.staff_id where staff.name = 'li' order by 1",
      );
      expect(rows.map((row: { outcome: string }) => row.outcome)).toEqual(["locked", "refused", "signed_in"]);
    });

    it("are made sure of without change when nothing changed", async () => {
      const before = (await pool.query("select id, password_hash, changed_at from staff where name = 'li'")).rows;
      await ensureStaff(pool, [{ name: "li", displayName: "李经办", roles: ["clerk"], password }], context);
      expect((await pool.query("select id, password_hash, changed_at from staff where name = 'li'")).rows).toEqual(
        before,
      );
      await ensureStaff(
        pool,
        [{ name: "li", displayName: "李经办", roles: ["clerk"], password: `${password}!` }],
        context,
      );
      expect((await staff("li", `${password}!`)).statusCode).toBe(200);
      expect((await staff("li")).statusCode).toBe(401);
    });
  });

  describe("a session", () => {
    it("ends after half an hour without use, and after twelve hours in any case", async () => {
      let cookie = cookieOf(await staff("wang"));
      later(29 * 60_000);
      expect((await get("/api/v1/session", cookie)).json().actor).not.toBeNull();
      later(30 * 60_000);
      expect((await get("/api/v1/session", cookie)).json().actor).toBeNull();
      cookie = cookieOf(await staff("wang"));
      for (let i = 0; i < 35; i++) {
        later(20 * 60_000);
        expect((await get("/api/v1/session", cookie)).json().actor).not.toBeNull();
      }
      later(20 * 60_000);
      expect((await get("/api/v1/session", cookie)).json().actor).toBeNull();
    });

    it("is new at every sign-in: a planted token is worth nothing, the one before is dead", async () => {
      const planted = `session-C46010=${"A".repeat(43)}`;
      const first = cookieOf(await staff("wang", password, planted));
      expect(first).not.toBe(planted);
      expect((await get("/api/v1/session", planted)).json().actor).toBeNull();
      const second = cookieOf(await staff("wang", password, first));
      expect(second).not.toBe(first);
      expect((await get("/api/v1/session", first)).json().actor).toBeNull();
      expect((await get("/api/v1/session", second)).json().actor).not.toBeNull();
    });

    it("ends at sign-out, from its own pages only; a second sign-out changes nothing", async () => {
      const cookie = cookieOf(await staff("wang"));
      const foreign = await app.inject({
        method: "POST",
        url: "/api/v1/sign-out",
        headers: { cookie, origin: "https://evil.example" },
      });
      expect(foreign.json().code).toBe("ORIGIN_REFUSED");
      const answer = await app.inject({ method: "POST", url: "/api/v1/sign-out", headers: { cookie, ...ownOrigin } });
      expect([answer.statusCode, String(answer.headers["set-cookie"])]).toEqual([
        204,
        expect.stringContaining("session-C46010=;"),
      ]);
      expect((await get("/api/v1/session", cookie)).json().actor).toBeNull();
      const again = await app.inject({ method: "POST", url: "/api/v1/sign-out", headers: { cookie, ...ownOrigin } });
      expect(again.statusCode).toBe(204);
    });

    it("carries the __Host- prefix and Secure on https", async () => {
      const https = "https://gjj.example.cn";
      const secure = await buildTestApp(pool, [identityRoutes], { config: { publicUrl: https, secure: true } });
      secure.clock.now = clock.now;
      const answer = await secure.app.inject({
        method: "POST",
        url: "/api/v1/sign-in/staff",
        payload: { name: "wang", password },
        headers: { origin: https },
      });
      const header = String(answer.headers["set-cookie"]);
      expect(header).toMatch(/^__Host-session-C46010=[\w-]{43}; .*Path=\/; HttpOnly; Secure; SameSite=Strict$/);
      expect(header).not.toContain("Domain");
      await secure.app.close();
    });

    it("is swept when it has ended, as codes and failures are", async () => {
      later(2 * 86_400_000);
      await sweepIdentity(pool, clock.now);
      const { rows } = await pool.query(
        "select (select count(*) from session) as s, (select count(*) from sign_in_failure) as f",
      );
      expect(rows[0]).toEqual({ s: 0n, f: 0n });
    });
  });

  it("draws six digits without leaning", () => {
    expect(sixDigits(() => Buffer.from([0, 0, 0, 7]))).toBe("000007");
    const values = [Buffer.from([255, 255, 255, 255]), Buffer.from([0, 0, 0, 1])];
    expect(sixDigits(() => values.shift()!)).toBe("000001");
  });

  it("leaves nobody's number, name or phone in the log", () => {
    for (const secret of [known, unknown, "张测试", "13800000001", password]) expect(logged()).not.toContain(secret);
  });
});
