import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App, Domain } from "../../service/src/app.ts";
import { replyRoutes } from "../../service/src/certificates/replies-routes.ts";
import type { CertificateContext } from "../../service/src/certificates/routes.ts";
import { buildTestApp, ownOrigin } from "../app/harness.ts";
import { signedIn } from "../helpers/sessions.ts";
import { openDesk } from "./reply-world.ts";
import { start, submitRevocation } from "./world.ts";

const { world, pool, issued } = openDesk();
let app: App;
const cookies: Record<string, string> = {};

beforeAll(async () => {
  const { random } = world().certificates;
  ({ app } = await buildTestApp(pool(), [replyRoutes as unknown as Domain], {
    context: { now: () => world().clock.now, random, submitRevocation } as Partial<CertificateContext>,
  }));
  for (const [id, roles] of [
    ["pers_1", []],
    ["staff_clerk", ["clerk"]],
    ["staff_checker", ["checker"]],
    ["staff_both", ["clerk", "checker"]],
    ["staff_auditor", ["auditor"]],
  ] as const)
    cookies[id] = await signedIn(pool(), id, start, roles);
});
afterAll(() => app.close());

describe("the replies over HTTP", () => {
  const post = (url: string, who: string, payload: object = {}, key = randomBytes(16).toString("hex")) =>
    app.inject({
      method: "POST",
      url: `/api/v1/desk/certificates/${url}`,
      payload,
      headers: { ...ownOrigin, "idempotency-key": key, cookie: cookies[who]! },
    });
  const slip = {
    result: "granted",
    statedOn: "2026-11-22",
    loan: { amount: "500000", termMonths: 360, from: "2026-12", to: "2056-11", method: "01", monthly: "2001.70" },
  };

  it("a clerk registers once for a key, and everybody who may read sees it", async () => {
    const id = await issued();
    const key = randomBytes(16).toString("hex");
    const first = await post(`${id}/reply`, "staff_clerk", slip, key);
    const second = await post(`${id}/reply`, "staff_clerk", slip, key);
    expect([first.statusCode, second.statusCode, second.body === first.body]).toEqual([201, 201, true]);
    expect(first.json()).toMatchObject({
      state: "granted",
      stateName: "回执准予贷款",
      freeze: null,
      replies: [{ step: "granted", waiting: false, loan: { ...slip.loan, amount: "500000.00" } }],
    });
    const settled = await post(`${id}/reply/settle`, "staff_clerk", { settledOn: "2026-11-22" });
    expect([settled.statusCode, settled.json().state]).toEqual([201, "settled"]);
    const read = await app.inject({
      url: `/api/v1/desk/certificates/${id}/reply`,
      headers: { cookie: cookies.staff_auditor! },
    });
    expect(read.json().replies).toHaveLength(2);
  });

  it("what waits is confirmed or rejected by whoever may, and never by the same officer", async () => {
    const id = await issued();
    const lost = await post(`${id}/reply/cancel`, "staff_both", { reason: "lost", note: "登报声明遗失" });
    const { replies: all } = lost.json() as { replies: { id: string; waiting: boolean }[] };
    expect([lost.statusCode, all[0]!.waiting]).toEqual([201, true]);
    const list = await app.inject({ url: "/api/v1/desk/replies", headers: { cookie: cookies.staff_checker! } });
    const { waiting } = list.json() as { waiting: { certificateId: string; reply: { id: string } }[] };
    expect(waiting.filter((one) => one.certificateId === id).map((one) => one.reply.id)).toEqual([all[0]!.id]);
    const at = `${id}/reply/${all[0]!.id}`;
    expect((await post(`${at}/confirm`, "staff_both")).json().code).toBe("FOUR_EYES_NEEDED");
    expect((await post(`${at}/confirm`, "staff_clerk")).json().code).toBe("NOT_ALLOWED");
    expect((await post(`${at}/reject`, "staff_clerk", { note: "找到了" })).json().state).toBe("issued");
    const then = await app.inject({ url: "/api/v1/desk/replies", headers: { cookie: cookies.staff_auditor! } });
    expect(then.body).not.toContain(id);
    const again = (await post(`${id}/reply/cancel`, "staff_clerk", { reason: "returned", note: "退回" })).json();
    const confirmed = await post(`${id}/reply/${again.replies[1].id}/confirm`, "staff_checker");
    expect([confirmed.statusCode, confirmed.json().state]).toEqual([200, "cancelled"]);
    expect((await post(`${id}/reply/annul`, "staff_clerk", { note: "更正" })).json()).toMatchObject({
      code: "REPLY_NOT_POSSIBLE",
      detail: expect.stringContaining("已作废") as unknown,
    });
  });

  it("refuses what is not a slip, and whoever may not", async () => {
    const id = await issued();
    const code = async (url: string, who: string, body: object) => (await post(url, who, body)).json().code as string;
    for (const wrong of [
      {},
      { result: "granted", statedOn: "2026-11-22" },
      { ...slip, statedOn: "2026-02-30" },
      { ...slip, loan: { ...slip.loan, amount: "0" } },
      { ...slip, loan: { ...slip.loan, amount: "-5" } },
      { ...slip, loan: { ...slip.loan, to: "2026-11" } },
      { ...slip, loan: { ...slip.loan, method: "09" } },
      { ...slip, note: "a\u0000" },
      { result: "refused", statedOn: "2026-11-22", loan: slip.loan },
    ])
      expect(await code(`${id}/reply`, "staff_clerk", wrong)).toBe("INVALID_REQUEST");
    expect(await code(`${id}/reply`, "staff_checker", slip)).toBe("NOT_ALLOWED");
    expect(await code(`${id}/reply`, "pers_1", slip)).toBe("NOT_ALLOWED");
    expect(await code(`${id}/reply/settle`, "staff_clerk", { settledOn: "2026-11-22" })).toBe("REPLY_NOT_POSSIBLE");
    expect(await code(`cert_${"0".repeat(24)}/reply`, "staff_clerk", slip)).toBe("CERTIFICATE_NOT_FOUND");
    expect(await code(`${id}/reply/reply_${"0".repeat(24)}/confirm`, "staff_checker", {})).toBe("REPLY_NOT_FOUND");
  });
});
