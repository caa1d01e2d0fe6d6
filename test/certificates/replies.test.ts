import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { App, Domain } from "../../service/src/app.ts";
import { finishDrawn, issueCertificates, issueEach } from "../../service/src/certificates/certificate.ts";
import { replyRoutes } from "../../service/src/certificates/replies-routes.ts";
import { replyFaults } from "../../service/src/certificates/replies-store.ts";
import { decideReply, registerReply, replyView } from "../../service/src/certificates/replies.ts";
import type { Registration, Replies } from "../../service/src/certificates/replies.ts";
import type { CertificateContext } from "../../service/src/certificates/routes.ts";
import { confirmRevocation, proposeRevocation, standingOf } from "../../service/src/certificates/standing.ts";
import { byIds } from "../../service/src/certificates/store.ts";
import { findWrite } from "../../service/src/chain/outbox.ts";
import { transaction } from "../../service/src/db.ts";
import { applyForWithdrawal } from "../../service/src/withdrawals/withdrawal.ts";
import type { Withdrawals } from "../../service/src/withdrawals/withdrawal.ts";
import { buildTestApp, ownOrigin } from "../app/harness.ts";
import { signedIn } from "../helpers/sessions.ts";
import { accountNumber } from "../withdrawals/world.ts";
import { importLoanRegister, lend, loanWish, makeLendingWorld, setParameter } from "./loan-world.ts";
import { allSound, start, submitRevocation } from "./world.ts";
import type { CentreWorld } from "./world.ts";

let world: CentreWorld;
let replies: Replies;
let app: App;
const cookies: Record<string, string> = {};
let person = 0;

beforeAll(async () => {
  world = await makeLendingWorld(60);
  const { pool, random } = world.certificates;
  await importLoanRegister(pool);
  replies = { now: () => world.clock.now, random, submitRevocation };
  ({ app } = await buildTestApp(pool, [replyRoutes as unknown as Domain], {
    context: { now: () => world.clock.now, random, submitRevocation } as Partial<CertificateContext>,
  }));
  for (const [id, roles] of [
    ["pers_1", []],
    ["staff_clerk", ["clerk"]],
    ["staff_checker", ["checker"]],
    ["staff_both", ["clerk", "checker"]],
    ["staff_auditor", ["auditor"]],
  ] as const)
    cookies[id] = await signedIn(pool, id, start, roles);
});
beforeEach(() => {
  world.clock.now = start;
  person++;
});
afterAll(async () => {
  await allSound(world);
  expect(await replyFaults(world.certificates.pool)).toEqual([]);
  await app.close();
});

const elsewhere = { addressee: "西宁市住房公积金管理中心", addresseeCode: "C63010", city: "西宁市" };
const loan = {
  amountFen: 50_000_000n,
  termMonths: 360,
  fromMonth: "2026-12",
  toMonth: "2056-11",
  method: "01",
  monthlyFen: 200_170n,
} as const;
const steps = {
  granted: { step: "granted", loan, statedOn: "2026-11-20", note: "" },
  refused: { step: "refused", statedOn: "2026-11-20", note: "" },
  settled: { step: "settled", statedOn: "2026-11-20", note: "" },
  lost: { step: "cancelled", reason: "lost", note: "本人声明遗失" },
  annulled: { step: "annulled", note: "登记有误" },
} as const satisfies Record<string, Registration>;

let modeDays = 0;
/** Parameters are dated rows: each setting begins a day later than the one before, all of them in the past. */
async function freeze(mode: "none" | "until_reply" | "until_settled") {
  const validFrom = new Date(Date.UTC(2020, 0, 1 + ++modeDays)).toISOString().slice(0, 10);
  await setParameter(world.certificates.pool, { code: "loan_elsewhere.freeze", value: { mode }, validFrom });
}
async function issued(changes: Parameters<typeof loanWish>[1] = {}): Promise<string> {
  const [row] = await issueCertificates(world.certificates, [loanWish(person, changes)]);
  return row!.id;
}
const poolOf = () => world.certificates.pool;
const register = (id: string, registration: Registration, clerk = "staff_clerk") =>
  transaction(poolOf(), (tx) => registerReply(replies, tx, id, registration, clerk));
const decide = (id: string, replyId: string, confirmed = true, officer = "staff_checker") =>
  transaction(poolOf(), (tx) => decideReply(replies, tx, id, { replyId, confirmed, note: "", officer }));
/** Registers and, where it waits, lets another officer confirm. */
async function take(id: string, registration: Registration) {
  const view = await register(id, registration);
  const newest = view.replies.at(-1)!;
  return newest.needsConfirmation ? decide(id, newest.id) : view;
}
const state = async (id: string) => (await replyView(poolOf(), id, world.clock.now)).state;
const isFrozen = async () =>
  (await poolOf().query("select frozen from depositor where id = $1", [`dep_${person}`])).rows[0].frozen as boolean;
const codeOf = (work: Promise<unknown>) =>
  work.then(
    () => "done",
    (error: Error & { code?: string }) => error.code,
  );
const asked = async (changes: Parameters<typeof loanWish>[1] = {}) => {
  const [one] = await issueEach(world.certificates, [loanWish(person, changes)]);
  return one instanceof Error ? one.message : "issued";
};
/** What a withdrawal of this person is refused with; no blacklist is asked before the account's state is looked at. */
const withdrawal = () =>
  codeOf(
    applyForWithdrawal({ pool: poolOf(), now: replies.now, random: replies.random } as Withdrawals, {
      personId: `pers_${person}`,
      accountNumber: accountNumber(person),
      kind: "rent",
      amountFen: 999_999_999n,
      requestedBy: `pers_${person}`,
      requestKey: randomBytes(16).toString("hex"),
    }),
  );

describe("the steps of a certificate", () => {
  it.each([
    [[], { granted: true, refused: true, lost: true, settled: false, annulled: false }],
    [["granted"], { granted: false, refused: false, lost: false, settled: true, annulled: true }],
    [["refused"], { granted: false, refused: false, lost: false, settled: false, annulled: true }],
    [["lost"], { granted: false, refused: false, lost: false, settled: false, annulled: false }],
    [["granted", "settled"], { granted: false, refused: false, lost: false, settled: false, annulled: false }],
    [["refused", "annulled"], { granted: true, refused: true, lost: true, settled: false, annulled: false }],
    [["granted", "annulled"], { granted: true, refused: true, lost: true, settled: false, annulled: false }],
  ] as const)("after %j", async (before, expected) => {
    const id = await issued();
    for (const step of before) await take(id, steps[step]);
    const found: Record<string, boolean> = {};
    for (const name of Object.keys(steps) as (keyof typeof steps)[]) {
      // Tried and taken back, so that the next one meets the same state.
      const code = await codeOf(
        transaction(poolOf(), async (tx) => {
          await registerReply(replies, tx, id, steps[name], "staff_clerk");
          throw Object.assign(new Error("rolled back"), { code: "possible" });
        }),
      );
      expect(["possible", "REPLY_NOT_POSSIBLE"]).toContain(code);
      found[name] = code === "possible";
    }
    expect(found).toEqual(expected);
  });

  it("are kept as they were registered, with what the slip says", async () => {
    const id = await issued();
    const view = await register(id, { ...steps.granted, note: "传真件" });
    expect(view).toMatchObject({
      state: "granted",
      freeze: null,
      replies: [{ step: "granted", loan, statedOn: "2026-11-20", note: "传真件", registeredBy: "staff_clerk" }],
    });
    expect(view.replies[0]).toMatchObject({ needsConfirmation: false, decision: null });
    expect(await codeOf(register(id, { ...steps.settled, statedOn: "2026-11-23" }))).toBe("REPLY_DAY_IN_FUTURE");
  });

  it("are told apart by the last day and by how the certificate ended", async () => {
    const id = await issued();
    expect(await state(id)).toBe("issued");
    world.clock.now = new Date(start.getTime() + 31 * 86_400_000);
    expect(await state(id)).toBe("expired");
    // The loan may have been granted in time, and the slip be late.
    expect((await register(id, steps.granted)).state).toBe("granted");
    world.clock.now = start;
    person++;
    const [first, second] = [await issued(), await issued()];
    expect([await state(first), await state(second)]).toEqual(["superseded", "issued"]);
    expect(await codeOf(register(first, steps.granted))).toBe("REPLY_NOT_POSSIBLE");
  });

  it("belong to this kind only, and to certificates that are there", async () => {
    const [deposit] = await issueCertificates(world.certificates, [
      { ...loanWish(person), kind: "deposit", details: undefined },
    ]);
    expect(await codeOf(register(deposit!.id, steps.granted))).toBe("CERTIFICATE_WITHOUT_REPLY");
    expect(await codeOf(register(`cert_${"0".repeat(24)}`, steps.granted))).toBe("CERTIFICATE_NOT_FOUND");
  });
});

describe("a cancelled certificate", () => {
  it("is revoked, here and on the chain, when another officer confirms", async () => {
    const id = await issued();
    const waiting = await register(id, steps.lost);
    const [reply] = waiting.replies;
    expect([waiting.state, reply!.needsConfirmation]).toEqual(["issued", true]);
    expect(await codeOf(register(id, steps.granted))).toBe("REPLY_PENDING");
    expect(await codeOf(decide(id, reply!.id, true, "staff_clerk"))).toBe("FOUR_EYES_NEEDED");
    expect((await decide(id, reply!.id)).state).toBe("cancelled");
    expect((await decide(id, reply!.id)).replies).toHaveLength(1);
    expect(await codeOf(decide(id, reply!.id, false))).toBe("REPLY_NOT_FOUND");
    const [row] = await byIds(poolOf(), [id]);
    expect(standingOf(row!, start)).toMatchObject({ standing: "revoked", reason: 4 });
    expect(row!.revocation).toMatchObject({ proposedBy: "staff_clerk", confirmedBy: "staff_checker" });
    expect((await findWrite(poolOf(), `revoke/${row!.statusIndex}`))?.state).toBe("queued");
    expect(await asked()).toBe("issued");
  });

  it("stays what it was when the step is rejected or taken back", async () => {
    const id = await issued();
    const { replies: first } = await register(id, steps.lost);
    expect((await decide(id, first[0]!.id, false)).state).toBe("issued");
    const { replies: second } = await register(id, steps.lost);
    expect((await decide(id, second[1]!.id, false, "staff_clerk")).state).toBe("issued");
    expect((await byIds(poolOf(), [id]))[0]!.revocation).toBeNull();
  });

  it("waits for nobody's other proposal: two ways of ending do not cross", async () => {
    const id = await issued();
    const { replies: all } = await register(id, steps.lost);
    await proposeRevocation(poolOf(), {
      certificateId: id,
      reason: 1,
      note: "有误",
      proposedBy: "staff_x",
      now: start,
    });
    expect(await codeOf(decide(id, all[0]!.id))).toBe("REVOCATION_EXISTS");
    await confirmRevocation(poolOf(), submitRevocation, { certificateId: id, confirmedBy: "staff_y", now: start });
    expect(await state(id)).toBe("revoked");
    expect(await codeOf(decide(id, all[0]!.id))).toBe("REPLY_NOT_POSSIBLE");
    expect((await decide(id, all[0]!.id, false)).state).toBe("revoked");
  });
});

describe("loans elsewhere count as used", () => {
  it("from the slip that grants one, until it is settled and after", async () => {
    const id = await issued();
    await take(id, steps.granted);
    expect(await asked({ details: elsewhere })).toBe("FIRST_LOAN_UNSETTLED");
    await take(id, steps.settled);
    const [row] = await issueCertificates(world.certificates, [loanWish(person)]);
    expect(row!.supersedes).toBeNull();
    expect(JSON.parse(row!.record)).toMatchObject({ fields: { loansTaken: 1, loansAmountYuan: "500000.00" } });
    await lend(poolOf(), person, { settledOn: "2020-01-01" });
    expect(await asked({ details: elsewhere })).toBe("LOANS_USED_TWICE");
  });

  it("and a slip that comes at the same moment as another wish is not overtaken", async () => {
    const id = await issued();
    const [slip, wish] = await Promise.all([codeOf(register(id, steps.granted)), asked({ details: elsewhere })]);
    expect(slip).toBe("done");
    const { rows } = await poolOf().query(
      `select c.drawn_at from certificate c where c.depositor_id = $1 and c.id <> $2`,
      [`dep_${person}`, id],
    );
    // Either the slip was first, and forbids; or the certificate was, and was right when it was drawn.
    expect([wish, rows.length]).toEqual(rows.length === 0 ? ["FIRST_LOAN_UNSETTLED", 0] : ["issued", 1]);
    expect(await asked({ details: elsewhere })).toBe("FIRST_LOAN_UNSETTLED");
  });

  it("and belongs to no certificate whose successor is drawn and not issued yet", async () => {
    const id = await issued();
    let stopped = false;
    const certificates = {
      ...world.certificates,
      onStep: (step: string) => {
        if (step !== "drawn" || stopped) return;
        stopped = true;
        throw new Error("killed");
      },
    };
    await expect(issueCertificates(certificates, [loanWish(person)])).rejects.toThrow("killed");
    expect(await state(id)).toBe("superseded");
    expect(await codeOf(register(id, steps.granted))).toBe("REPLY_NOT_POSSIBLE");
    await finishDrawn(world.certificates, -1);
    expect(await state(id)).toBe("superseded");
  });

  it("not when the slip refuses, or was registered by mistake; and nothing is issued while a slip waits", async () => {
    await freeze("until_reply");
    const id = await issued();
    const { replies: all } = await register(id, steps.granted);
    expect(await asked({ details: elsewhere })).toBe("LOAN_ELSEWHERE_DECISION_PENDING");
    await decide(id, all[0]!.id);
    expect(await asked({ details: elsewhere })).toBe("FIRST_LOAN_UNSETTLED");
    await take(id, steps.annulled);
    expect(await asked({ details: elsewhere })).toBe("issued");
    await take(id, steps.refused);
    expect(await asked()).toBe("issued");
    await freeze("none");
  });
});

describe("the freeze of the account", () => {
  it("does not come where the centre has not set it", async () => {
    await issued();
    expect([await isFrozen(), await withdrawal()]).toEqual([false, "BALANCE_TOO_LOW"]);
  });

  it.each([
    ["until_reply", "granted", false],
    ["until_reply", "refused", false],
    ["until_reply", "lost", false],
    ["until_settled", "granted", true],
    ["until_settled", "refused", false],
    ["until_settled", "lost", false],
  ] as const)("%s: after %s frozen is %s", async (mode, step, frozen) => {
    await freeze(mode);
    const id = await issued();
    expect([await isFrozen(), await withdrawal()]).toEqual([true, "ACCOUNT_NOT_OPEN_FOR_WITHDRAWAL"]);
    const view = await register(id, steps[step]);
    const newest = view.replies.at(-1)!;
    // What ends a freeze waits for another officer, and the account stays frozen meanwhile.
    expect([newest.needsConfirmation, await isFrozen()]).toEqual([!frozen, true]);
    const then = newest.needsConfirmation ? await decide(id, newest.id) : view;
    expect([await isFrozen(), then.freeze === null]).toEqual([frozen, !frozen]);
    expect(await withdrawal()).toBe(frozen ? "ACCOUNT_NOT_OPEN_FOR_WITHDRAWAL" : "BALANCE_TOO_LOW");
    await freeze("none");
  });

  it("until_settled ends with the settlement, and comes back with an annulled refusal", async () => {
    await freeze("until_settled");
    const id = await issued();
    await take(id, steps.refused);
    expect(await isFrozen()).toBe(false);
    await take(id, steps.annulled);
    expect(await isFrozen()).toBe(true);
    await take(id, steps.granted);
    expect(await isFrozen()).toBe(true);
    const { replies: all } = await register(id, steps.settled);
    expect([all.at(-1)!.needsConfirmation, await isFrozen()]).toEqual([true, true]);
    await decide(id, all.at(-1)!.id);
    expect([await isFrozen(), await state(id)]).toEqual([false, "settled"]);
    await freeze("none");
  });

  it("by several certificates ends with the last one; one that replaces another takes over; a revocation ends it", async () => {
    await freeze("until_settled");
    const beside = await issued({ details: elsewhere });
    const first = await issued();
    const second = await issued();
    expect(await state(first)).toBe("superseded");
    await take(second, steps.refused);
    expect(await isFrozen()).toBe(true);
    await proposeRevocation(poolOf(), { certificateId: beside, reason: 1, note: "有误", proposedBy: "a", now: start });
    await confirmRevocation(poolOf(), submitRevocation, { certificateId: beside, confirmedBy: "b", now: start });
    expect([await isFrozen(), await state(beside)]).toEqual([false, "revoked"]);
    await freeze("none");
  });

  it("never ends one that was there for another cause", async () => {
    await poolOf().query("update depositor set frozen = true where id = $1", [`dep_${person}`]);
    await freeze("until_reply");
    const id = await issued();
    await take(id, steps.refused);
    expect(await isFrozen()).toBe(true);
    await freeze("none");
  });

  it("holds from the drawing on: a wish that is refused freezes nothing", async () => {
    await freeze("until_reply");
    await poolOf().query("update person set name = $2 where id = $1", [`pers_${person}`, "\u{E000}某"]);
    expect(await asked()).toBe("CHARACTER_WITHOUT_GLYPH");
    expect(await isFrozen()).toBe(false);
    await freeze("none");
  });
});

describe("the database", () => {
  const insertReply = (id: string, step: string, more = "") =>
    poolOf().query(
      `insert into loan_elsewhere_reply (id, certificate_id, step, ${more ? "reason, " : ""}stated_on, note, needs_confirmation, registered_by, registered_at)
       values ($1, $2, $3, ${more ? `'${more}', null` : "'2026-11-20'"}, '', false, 'staff_clerk', now())`,
      [`reply_${randomBytes(12).toString("hex")}`, id, step],
    );

  it("refuses steps that do not follow, changes, and a second pair of eyes that is the first", async () => {
    await freeze("until_settled");
    const id = await issued();
    expect(await codeOf(insertReply(id, "settled"))).toBe("CZ514");
    // What it says of itself does not count: this ends a freeze, so it waits.
    await insertReply(id, "refused");
    expect(await codeOf(insertReply(id, "refused"))).toBe("CZ513");
    const [reply] = (await replyView(poolOf(), id, start)).replies;
    expect([reply!.needsConfirmation, await isFrozen()]).toEqual([true, true]);
    const decision = (by: string) =>
      poolOf().query("insert into loan_elsewhere_reply_decision values ($1, true, '', $2, now())", [reply!.id, by]);
    expect(await codeOf(decision("staff_clerk"))).toBe("CZ516");
    await decision("staff_checker");
    expect(await isFrozen()).toBe(false);
    for (const change of [
      "update loan_elsewhere_reply set note = 'x'",
      "delete from loan_elsewhere_reply",
      "truncate loan_elsewhere_reply cascade",
      "update loan_elsewhere_reply_decision set note = 'x'",
      "delete from loan_elsewhere_reply_decision",
    ])
      expect(await codeOf(poolOf().query(change))).toBe("CZ501");
    for (const change of [
      "delete from depositor_freeze",
      "update depositor_freeze set ended_at = null, ended_by = null",
      "truncate depositor_freeze",
    ])
      expect(await codeOf(poolOf().query(change))).toBe("CZ512");
    await freeze("none");
  });

  it("cancels nothing that is not revoked, and decides on nothing that counts already", async () => {
    const id = await issued();
    await insertReply(id, "cancelled", "lost");
    const decision = async () => {
      const [reply] = (await replyView(poolOf(), id, start)).replies;
      return poolOf().query("insert into loan_elsewhere_reply_decision values ($1, true, '', 'staff_checker', now())", [
        reply!.id,
      ]);
    };
    expect(await codeOf(decision())).toBe("CZ514");
    person++;
    const other = await issued();
    const { replies: all } = await register(other, steps.granted);
    expect(
      await codeOf(
        poolOf().query("insert into loan_elsewhere_reply_decision values ($1, false, '', 'x', now())", [all[0]!.id]),
      ),
    ).toBe("CZ515");
  });

  it("lets one of two officers at once register", async () => {
    const id = await issued();
    const both = await Promise.all([codeOf(register(id, steps.granted)), codeOf(register(id, steps.refused, "other"))]);
    expect(both.toSorted()).toEqual(["REPLY_NOT_POSSIBLE", "done"]);
  });
});

describe("over HTTP", () => {
  const post = (url: string, who: string, payload: object = {}, key = randomBytes(16).toString("hex")) =>
    app.inject({
      method: "POST",
      url: `/api/v1/desk/certificates/${url}`,
      payload,
      headers: { ...ownOrigin, "idempotency-key": key, cookie: cookies[who]! },
    });
  const slip = {
    result: "granted",
    statedOn: "2026-11-20",
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
    const settled = await post(`${id}/reply/settle`, "staff_clerk", { settledOn: "2026-11-21" });
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
      { result: "granted", statedOn: "2026-11-20" },
      { ...slip, statedOn: "2026-02-30" },
      { ...slip, loan: { ...slip.loan, amount: "0" } },
      { ...slip, loan: { ...slip.loan, amount: "-5" } },
      { ...slip, loan: { ...slip.loan, to: "2026-11" } },
      { ...slip, loan: { ...slip.loan, method: "09" } },
      { ...slip, note: "a\u0000" },
      { result: "refused", statedOn: "2026-11-20", loan: slip.loan },
    ])
      expect(await code(`${id}/reply`, "staff_clerk", wrong)).toBe("INVALID_REQUEST");
    expect(await code(`${id}/reply`, "staff_checker", slip)).toBe("NOT_ALLOWED");
    expect(await code(`${id}/reply`, "pers_1", slip)).toBe("NOT_ALLOWED");
    expect(await code(`${id}/reply/settle`, "staff_clerk", { settledOn: "2026-11-21" })).toBe("REPLY_NOT_POSSIBLE");
    expect(await code(`cert_${"0".repeat(24)}/reply`, "staff_clerk", slip)).toBe("CERTIFICATE_NOT_FOUND");
    expect(await code(`${id}/reply/reply_${"0".repeat(24)}/confirm`, "staff_checker", {})).toBe("REPLY_NOT_FOUND");
  });
});
