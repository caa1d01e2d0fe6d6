import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App, Domain } from "../../service/src/app.ts";
import { blacklistRoutes } from "../../service/src/blacklist/routes.ts";
import { audit } from "../../service/src/ledger/ledger.ts";
import { auditWithdrawals } from "../../service/src/withdrawals/audit.ts";
import { withdrawalRoutes } from "../../service/src/withdrawals/routes.ts";
import type { WithdrawalContext } from "../../service/src/withdrawals/routes.ts";
import { buildTestApp, ownOrigin } from "../app/harness.ts";
import { atHead, blacklistOf, idNumber, start } from "../blacklist/world.ts";
import { freshDatabase } from "../helpers/database.ts";
import { member, trustListOf } from "../helpers/members.ts";
import { signedIn } from "../helpers/sessions.ts";
import { accountNumber, openDepositors } from "./world.ts";

const { pool } = await freshDatabase({ max: 6 });
const cookies: Record<string, string> = {};
let app: App;

beforeAll(async () => {
  const own = member("C46010");
  const blacklist = blacklistOf(own, pool, trustListOf([own]), { now: start });
  ({ app } = await buildTestApp(pool, [withdrawalRoutes, blacklistRoutes] as unknown as Domain[], {
    context: {
      now: () => start,
      blacklist,
      withdrawals: { pool, blacklist, now: () => start, random: (length: number) => randomBytes(length) },
      centreName: (code: string) => `中心${code}`,
    } as Partial<WithdrawalContext>,
  }));
  await atHead(pool, start);
  await openDepositors(pool, [1, 2, 3], 100_000n);
  for (const [id, roles] of [
    ["pers_1", []],
    ["pers_2", []],
    ["staff_clerk", ["clerk"]],
    ["staff_checker", ["checker"]],
    ["staff_auditor", ["auditor"]],
  ] as const)
    cookies[id] = await signedIn(pool, id, start, roles);
});
afterAll(() => app.close());

const get = async (url: string, who: string) =>
  (await app.inject({ url: `/api/v1/${url}`, headers: { cookie: cookies[who]! } })).json();
const post = (url: string, who: string, payload: object = {}, key = randomBytes(16).toString("hex")) =>
  app.inject({
    method: "POST",
    url: `/api/v1/${url}`,
    payload,
    headers: { ...ownOrigin, "idempotency-key": key, cookie: cookies[who]! },
  });
const code = async (answer: Promise<{ json: () => { code: string } }>) => (await answer).json().code;
const rent = (n: number, amount = "300.00") => ({ reason: "rent", amount, grzh: accountNumber(n) });

describe("withdrawing", () => {
  it("is paid once for a key, and shown to the person and to nobody else", async () => {
    const key = randomBytes(16).toString("hex");
    const answers = await Promise.all([1, 2, 3].map(() => post("me/withdrawals", "pers_1", rent(1), key)));
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201]);
    expect(new Set(answers.map(({ body }) => body)).size).toBe(1);
    expect(answers[0]!.json().withdrawal).toMatchObject({
      state: "paid",
      amount: "300.00",
      explanation: [],
      unknownBecause: [],
    });
    expect(await get("me/withdrawals", "pers_1")).toMatchObject({ withdrawals: [{ state: "paid" }] });
    expect(await get("me/withdrawals", "pers_2")).toEqual({ withdrawals: [] });
    expect(await code(post("me/withdrawals", "pers_1", rent(1, "300.01"), key))).toBe("IDEMPOTENCY_KEY_REUSED");
  });

  it("takes an amount that is one, from an account that is the person's", async () => {
    for (const amount of ["0", "0.00", "-1", "1.001", "1e3", "", "100000000000000"])
      expect(["INVALID_REQUEST", "WITHDRAWAL_AMOUNT_INVALID"]).toContain(
        await code(post("me/withdrawals", "pers_1", rent(1, amount))),
      );
    expect(await code(post("me/withdrawals", "pers_1", rent(2)))).toBe("DEPOSITOR_NOT_FOUND");
    expect(await code(post("me/withdrawals", "pers_1", rent(1, "1000.00")))).toBe("BALANCE_TOO_LOW");
    expect(await code(post("me/withdrawals", "staff_clerk", rent(1)))).toBe("NOT_ALLOWED");
    expect(await code(post("desk/withdrawals", "staff_checker", { personId: "pers_2", ...rent(2) }))).toBe(
      "NOT_ALLOWED",
    );
  });
});

describe("from a case to a refusal", () => {
  it("goes through the hands of several people, each doing their own part", async () => {
    const opened = await post("desk/blacklist/cases", "staff_clerk", {
      documentNumber: idNumber(2),
      name: "测试2",
      rule: "ART41_WITHDRAWAL",
      conduct: "以虚假租赁合同骗提",
      legalBasis: "条例第四十一条",
      evidenceDigest: "ab".repeat(32),
      startsOn: "2026-11-01",
    });
    expect(opened.statusCode).toBe(201);
    const { id } = opened.json() as { id: string };
    const path = `desk/blacklist/cases/${id}`;
    expect(await code(post(`${path}/confirm`, "staff_clerk"))).toBe("NOT_ALLOWED");
    expect((await post(`${path}/confirm`, "staff_checker")).statusCode).toBe(200);
    const { cases } = (await get("desk/blacklist/cases", "staff_auditor")) as { cases: Record<string, string>[] };
    expect(cases).toMatchObject([
      { id, state: "listing", personName: "测**", endsOn: "2029-10-31", openedBy: "staff_clerk" },
    ]);
    expect(JSON.stringify(cases)).not.toContain(idNumber(2));

    const body = { documentNumber: idNumber(2), businessNumber: "DK-1", purpose: "loan" };
    const { check } = (await post("desk/blacklist/checks", "staff_clerk", body)).json() as { check: object };
    expect(check).toMatchObject({
      result: "barred",
      bars: [{ centre: "C46010", centreName: "中心C46010", rule: "ART41_WITHDRAWAL", until: "2029-10-31" }],
      traceLeaf: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown,
    });
    expect(await code(post("desk/blacklist/checks", "staff_auditor", body))).toBe("NOT_ALLOWED");

    const { withdrawal } = (await post("me/withdrawals", "pers_2", rent(2))).json() as { withdrawal: { id: string } };
    expect(withdrawal).toMatchObject({
      state: "barred",
      explanation: [{ centreName: "中心C46010", until: "2029-10-31" }],
    });
    const refuse = `desk/withdrawals/${withdrawal.id}/refuse`;
    expect(await code(post(refuse, "pers_2", { note: "x" }))).toBe("NOT_ALLOWED");
    expect((await post(refuse, "staff_clerk", { note: "受限期间" })).json()).toMatchObject({
      withdrawal: { state: "refused", note: "受限期间" },
    });
    expect(await get("desk/withdrawals?state=barred", "staff_auditor")).toEqual({ withdrawals: [] });

    expect((await post(`${path}/lift`, "staff_clerk", { reason: 2 })).statusCode).toBe(200);
    expect((await post(`${path}/lift/confirm`, "staff_checker")).statusCode).toBe(200);
    expect((await post("me/withdrawals", "pers_2", rent(2))).json()).toMatchObject({ withdrawal: { state: "paid" } });
    expect(await audit(pool)).toEqual([]);
    expect(await auditWithdrawals(pool)).toEqual([]);
  });

  it("answers what cannot be with a refusal, never with a failure", async () => {
    const body = {
      documentNumber: idNumber(3),
      name: "测试3",
      rule: "ART41_WITHDRAWAL",
      conduct: "x",
      legalBasis: "x",
      evidenceDigest: "ab".repeat(32),
      startsOn: "2026-11-01",
    };
    const open = (changes: object) => code(post("desk/blacklist/cases", "staff_clerk", { ...body, ...changes }));
    expect(await open({ startsOn: "2026-99-99" })).toBe("CASE_TERM_INVALID");
    expect(await open({ rule: "NONE" })).toBe("RULE_UNKNOWN");
    expect(await open({ documentNumber: "1234" })).toBe("DOCUMENT_NUMBER_INVALID");
    expect(await open({ evidenceDigest: "x" })).toBe("INVALID_REQUEST");
    expect(await open({ conduct: "a\u0000" })).toBe("INVALID_REQUEST");
    for (const blank of ["", "   ", "　", " 条例"])
      for (const what of ["legalBasis", "conduct", "name"])
        expect([what, blank, await open({ [what]: blank })]).toEqual([what, blank, "INVALID_REQUEST"]);
    const check = { documentNumber: body.documentNumber, businessNumber: " ", purpose: "提取核验" };
    expect(await code(post("desk/blacklist/checks", "staff_clerk", check))).toBe("INVALID_REQUEST");
    expect(await code(post(`desk/blacklist/cases/case_${"0".repeat(24)}/confirm`, "staff_checker"))).toBe(
      "CASE_NOT_FOUND",
    );
    expect(await code(post(`desk/withdrawals/wd_${"0".repeat(24)}/refuse`, "staff_clerk", { note: "x" }))).toBe(
      "WITHDRAWAL_NOT_FOUND",
    );
  });
});
