import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { App, Domain } from "../../service/src/app.ts";
import { certificateRoutes } from "../../service/src/certificates/routes.ts";
import type { CertificateContext } from "../../service/src/certificates/routes.ts";
import { enqueueWrite } from "../../service/src/chain/outbox.ts";
import { encodeRevoke } from "../../service/src/chain/certificate-status.ts";
import { sequence } from "../../service/src/log/log.ts";
import { buildTestApp, ownOrigin } from "../app/harness.ts";
import { signedIn } from "../helpers/sessions.ts";
import { idNumber } from "../blacklist/world.ts";
import { accountNumber } from "../withdrawals/world.ts";
import { allSound, makeCentre, start } from "./world.ts";
import type { CentreWorld } from "./world.ts";

let world: CentreWorld;
let app: App;
const cookies: Record<string, string> = {};

beforeAll(async () => {
  world = await makeCentre(3);
  const { certificates, log } = world;
  const { pool, random } = certificates;
  const harness = await buildTestApp(pool, [certificateRoutes as unknown as Domain], {
    context: {
      now: () => world.clock.now,
      certificates,
      logEpoch: 1,
      traces: { centre: "C46010", now: () => start, random },
      receipts: { centre: "C46010", chainId: 20260, consortium: async () => ({ witnessQuorum: 2 }) },
      submitRevocation: (tx, index, reason) =>
        enqueueWrite(tx, {
          lane: "status",
          key: `revoke/${index}`,
          to: `0x${"03".repeat(20)}`,
          data: encodeRevoke([BigInt(index)], reason),
        }),
    } as Partial<CertificateContext>,
  });
  ({ app } = harness);
  for (const [id, roles] of [
    ["pers_1", []],
    ["pers_2", []],
    ["staff_clerk", ["clerk"]],
    ["staff_checker", ["checker"]],
    ["staff_auditor", ["auditor"]],
  ] as const)
    cookies[id] = await signedIn(pool, id, start, roles);
  expect(log.epoch).toBe(1);
});
afterAll(() => app.close());

const get = (url: string, who?: string) => app.inject({ url, headers: who ? { cookie: cookies[who]! } : {} });
const post = (url: string, who: string | undefined, payload: object, key = randomBytes(16).toString("hex")) =>
  app.inject({
    method: "POST",
    url,
    payload,
    headers: { ...ownOrigin, "idempotency-key": key, ...(who ? { cookie: cookies[who]! } : {}) },
  });
const own = { kind: "deposit", grzh: accountNumber(1) };
async function issued(): Promise<{ id: string; serial: string }> {
  const answer = await post("/api/v1/me/certificates", "pers_1", own);
  expect(answer.statusCode).toBe(201);
  return answer.json().certificate as { id: string; serial: string };
}
const traces = async () =>
  (await world.certificates.pool.query("select kind, actor, person_id from trace order by created_at, id")).rows;

describe("asking for a certificate", () => {
  it("gives the person a file that is theirs, the same bytes each time", async () => {
    const { id, serial } = await issued();
    const [a, b] = [
      await get(`/api/v1/certificates/${id}/file`, "pers_1"),
      await get(`/api/v1/certificates/${id}/file`, "pers_1"),
    ];
    expect([a.statusCode, a.headers["content-type"]]).toEqual([200, "application/pdf"]);
    expect(a.rawPayload.equals(b.rawPayload)).toBe(true);
    expect(a.headers["content-disposition"]).toContain(serial);
    expect(a.headers["cache-control"]).toBe("private, no-store");
    const list = (await get("/api/v1/me/certificates", "pers_1")).json() as { certificates: { id: string }[] };
    expect(list.certificates.map((one) => one.id)).toEqual([id]);
    expect(await traces()).toEqual([]);
  });

  it("with the same key is answered alike, and with another wish refused", async () => {
    const key = randomBytes(16).toString("hex");
    const [a, b] = [
      await post("/api/v1/me/certificates", "pers_1", own, key),
      await post("/api/v1/me/certificates", "pers_1", own, key),
    ];
    expect(a.json()).toEqual(b.json());
    const other = await post("/api/v1/me/certificates", "pers_1", { ...own, purpose: "其他" }, key);
    expect([other.statusCode, other.json().code]).toEqual([409, "IDEMPOTENCY_KEY_REUSED"]);
  });

  it("for another person's account, without signing in or in a form that is not ours is refused", async () => {
    const code = async (who: string | undefined, body: object) =>
      (await post("/api/v1/me/certificates", who, body)).json().code as string;
    expect(await code("pers_1", { ...own, grzh: accountNumber(2) })).toBe("DEPOSITOR_NOT_FOUND");
    expect(await code(undefined, own)).toBe("NOT_SIGNED_IN");
    expect(await code("staff_clerk", own)).toBe("NOT_ALLOWED");
    expect(await code("pers_1", { ...own, kind: "loan" })).toBe("INVALID_REQUEST");
    expect(await code("pers_1", { ...own, purpose: "a\u0000b" })).toBe("INVALID_REQUEST");
    const desk = { ...own, personId: "pers_2" };
    expect((await post("/api/v1/desk/certificates", "pers_1", desk)).json().code).toBe("NOT_ALLOWED");
    expect((await post("/api/v1/desk/certificates", "staff_clerk", desk)).json().code).toBe("DEPOSITOR_NOT_FOUND");
    expect(
      (await post("/api/v1/desk/certificates", "staff_clerk", { ...desk, grzh: accountNumber(2) })).statusCode,
    ).toBe(201);
  });
});

describe("somebody else's certificate", () => {
  it("does not exist: it cannot be told from one that was never drawn", async () => {
    const { id } = await issued();
    const shape = (answer: { statusCode: number; body: string }) => [
      answer.statusCode,
      { ...(JSON.parse(answer.body) as object), instance: "" },
    ];
    for (const part of ["", "/file", "/receipt"]) {
      const theirs = shape(await get(`/api/v1/certificates/${id}${part}`, "pers_2"));
      expect(theirs).toEqual(shape(await get(`/api/v1/certificates/cert_${"0".repeat(24)}${part}`, "pers_2")));
      expect(theirs[0]).toBe(404);
      expect((await get(`/api/v1/certificates/${id}${part}`)).statusCode).toBe(401);
    }
  });

  it("is open to an officer, whose look at the file leaves a trace or shows nothing", async () => {
    const { id } = await issued();
    const before = (await traces()).length;
    expect((await get(`/api/v1/certificates/${id}`, "staff_auditor")).json().certificate.holder).toEqual({
      name: "测**",
      documentNumber: expect.stringMatching(/^000\*+.{4}$/) as unknown,
    });
    expect((await get(`/api/v1/certificates/${id}/file`, "staff_auditor")).statusCode).toBe(200);
    expect((await traces()).slice(before)).toEqual([
      { kind: "certificate-file", actor: "staff_auditor", person_id: "pers_1" },
    ]);
    await world.certificates.pool.query("alter table trace rename to trace_away");
    expect((await get(`/api/v1/certificates/${id}/file`, "staff_auditor")).statusCode).toBe(500);
    expect((await get(`/api/v1/certificates/${id}/file`, "pers_1")).statusCode).toBe(200);
    await world.certificates.pool.query("alter table trace_away rename to trace");
  });
});

describe("whoever holds a file or a code", () => {
  it("gets its receipt, which names nobody", async () => {
    const { id } = await issued();
    await sequence(world.log);
    const { receipt } = (await get(`/api/v1/certificates/${id}/receipt`, "pers_1")).json() as {
      receipt: { leaf: { sealedDigest: string } };
    };
    const { rows } = await world.certificates.pool.query<{ standing_token: Buffer }>(
      "select standing_token from certificate where id = $1",
      [id],
    );
    const bySeal = await get(`/api/v1/receipts/by-seal/${receipt.leaf.sealedDigest}`);
    const byToken = await get(`/api/v1/receipts/by-token/${rows[0]!.standing_token.toString("hex")}`);
    expect(bySeal.json()).toEqual({ receipt, level: "B-B" });
    expect(byToken.json()).toEqual({ receipt, level: "B-B" });
    expect(bySeal.headers["cache-control"]).toBe("no-store");
    for (const personal of ["测试1", idNumber(1), accountNumber(1)]) expect(bySeal.body).not.toContain(personal);
    await allSound(world);
  });

  it("of another file is told, with a code of its own, that there is no receipt", async () => {
    for (const path of [`by-seal/${"0".repeat(64)}`, `by-token/${"0".repeat(32)}`]) {
      const answer = await get(`/api/v1/receipts/${path}`);
      expect([answer.statusCode, answer.json().code]).toEqual([404, "RECEIPT_NOT_FOUND"]);
    }
    for (const path of ["by-seal/x", `by-seal/${"A".repeat(64)}`, `by-token/${"0".repeat(31)}`])
      expect((await get(`/api/v1/receipts/${path}`)).json().code).toBe("INVALID_REQUEST");
  });

  it("or only a number learns the standing and nothing personal", async () => {
    const { serial } = await issued();
    const answer = await get(`/api/v1/certificates/standing/${serial}`);
    expect(answer.json()).toEqual({
      serial,
      kind: "deposit",
      kindName: "个人住房公积金缴存证明",
      centre: "C46010",
      issuedOn: "2026-11-22",
      validUntil: "2026-12-22",
      state: "issued",
      on: "2026-11-22",
      standing: "valid",
      reason: null,
      since: null,
      sinceOnChain: null,
    });
    const slip = serial.replace(".001.", ".002.");
    expect((await get(`/api/v1/certificates/standing/${slip}`)).json().code).toBe("SERIAL_INVALID");
  });

  it("may ask for an earlier day, and for no later one", async () => {
    const { serial } = await issued();
    const on = async (day: string) => (await get(`/api/v1/certificates/standing/${serial}?on=${day}`)).json() as object;
    expect(await on("2026-11-21")).toMatchObject({ on: "2026-11-21", standing: "not-yet-issued" });
    expect(await on("2026-11-22")).toMatchObject({ on: "2026-11-22", standing: "valid" });
    for (const day of ["2026-11-23", "2026-02-30", "yesterday", ""])
      expect(await on(day)).toMatchObject({ code: "INVALID_REQUEST" });
  });
});

describe("the desk", () => {
  it("lists certificates masked, page by page, and takes no cursor but its own", async () => {
    const first = (await get("/api/v1/desk/certificates?limit=2", "staff_clerk")).json() as {
      items: { id: string }[];
      next: string;
    };
    const second = (await get(`/api/v1/desk/certificates?limit=2&cursor=${first.next}`, "staff_clerk")).json() as {
      items: { id: string }[];
    };
    expect(new Set([...first.items, ...second.items].map(({ id }) => id)).size).toBe(4);
    expect(JSON.stringify(first)).not.toContain("测试");
    const cursor = (key: unknown) => Buffer.from(JSON.stringify(key)).toString("base64url");
    for (const bad of [cursor(["x", "y"]), cursor([1, 2]), cursor({}), "abc"])
      expect((await get(`/api/v1/desk/certificates?cursor=${bad}`, "staff_clerk")).json().code).toBe("INVALID_REQUEST");
    expect((await get("/api/v1/desk/certificates", "pers_1")).statusCode).toBe(403);
  });

  it("revokes with two officers", async () => {
    const { id, serial } = await issued();
    const revoke = (who: string, path = "", body: object = { reason: 1, note: "录入错误" }) =>
      post(`/api/v1/desk/certificates/${id}/revoke${path}`, who, body);
    expect((await revoke("staff_checker")).json().code).toBe("NOT_ALLOWED");
    expect((await revoke("staff_clerk", "", { reason: 9, note: "x" })).json().code).toBe("INVALID_REQUEST");
    expect((await revoke("staff_clerk")).statusCode).toBe(200);
    expect((await revoke("staff_clerk", "/confirm", {})).json().code).toBe("NOT_ALLOWED");
    expect((await get(`/api/v1/certificates/standing/${serial}`)).json().standing).toBe("valid");
    expect((await revoke("staff_checker", "/confirm", {})).json().certificate.standing).toBe("revoked");
    expect((await get(`/api/v1/certificates/standing/${serial}`)).json()).toMatchObject({
      standing: "revoked",
      reason: 1,
    });
  });
});
