import { describe, expect, it } from "vitest";
import { finishDrawn, issueCertificates } from "../../service/src/certificates/certificate.ts";
import { registerReply } from "../../service/src/certificates/replies.ts";
import { confirmRevocation, proposeRevocation, standingOf } from "../../service/src/certificates/standing.ts";
import { byIds } from "../../service/src/certificates/store.ts";
import { findWrite } from "../../service/src/chain/outbox.ts";
import { transaction } from "../../service/src/db.ts";
import { lend, loanWish } from "./loan-world.ts";
import { codeOf, elsewhere, loan, openDesk, steps } from "./reply-world.ts";
import { start, submitRevocation } from "./world.ts";

const { world, pool, person, next, freeze, issued, register, decide, take, state, asked } = openDesk();

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
        transaction(pool(), async (tx) => {
          await registerReply(
            { now: () => start, random: world().certificates.random, submitRevocation },
            tx,
            id,
            steps[name],
            "staff_clerk",
          );
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
      replies: [{ step: "granted", loan, statedOn: "2026-11-22", note: "传真件", registeredBy: "staff_clerk" }],
    });
    expect(view.replies[0]).toMatchObject({ needsConfirmation: false, decision: null });
    expect(await codeOf(register(id, { ...steps.settled, statedOn: "2026-11-23" }))).toBe("REPLY_DAY_IN_FUTURE");
    expect(await codeOf(register(id, { ...steps.settled, statedOn: "2026-11-21" }))).toBe("REPLY_BEFORE_CERTIFICATE");
    next();
    const other = await issued();
    for (const step of ["granted", "refused"] as const)
      expect(await codeOf(register(other, { ...steps[step], statedOn: "2026-11-21" }))).toBe(
        "REPLY_BEFORE_CERTIFICATE",
      );
  });

  it("are told apart by the last day and by how the certificate ended", async () => {
    const id = await issued();
    expect(await state(id)).toBe("issued");
    world().clock.now = new Date(start.getTime() + 31 * 86_400_000);
    expect(await state(id)).toBe("expired");
    // The loan may have been granted in time, and the slip be late.
    expect((await register(id, steps.granted)).state).toBe("granted");
    world().clock.now = start;
    next();
    const [first, second] = [await issued(), await issued()];
    expect([await state(first), await state(second)]).toEqual(["superseded", "issued"]);
    expect(await codeOf(register(first, steps.granted))).toBe("REPLY_NOT_POSSIBLE");
  });

  it("belong to this kind only, and to certificates that are there", async () => {
    const [deposit] = await issueCertificates(world().certificates, [
      { ...loanWish(person()), kind: "deposit", details: undefined },
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
    const [row] = await byIds(pool(), [id]);
    expect(standingOf(row!, start)).toMatchObject({ standing: "revoked", reason: 4 });
    expect(row!.revocation).toMatchObject({ proposedBy: "staff_clerk", confirmedBy: "staff_checker" });
    expect((await findWrite(pool(), `revoke/${row!.statusIndex}`))?.state).toBe("queued");
    expect(await asked()).toBe("issued");
  });

  it("stays what it was when the step is rejected or taken back", async () => {
    const id = await issued();
    const { replies: first } = await register(id, steps.lost);
    expect((await decide(id, first[0]!.id, false)).state).toBe("issued");
    const { replies: second } = await register(id, steps.lost);
    expect((await decide(id, second[1]!.id, false, "staff_clerk")).state).toBe("issued");
    expect((await byIds(pool(), [id]))[0]!.revocation).toBeNull();
  });

  it("waits for nobody's other proposal: two ways of ending do not cross", async () => {
    const id = await issued();
    const { replies: all } = await register(id, steps.lost);
    await proposeRevocation(pool(), {
      certificateId: id,
      reason: 1,
      note: "有误",
      proposedBy: "staff_x",
      now: start,
    });
    expect(await codeOf(decide(id, all[0]!.id))).toBe("REVOCATION_EXISTS");
    await confirmRevocation(pool(), submitRevocation, { certificateId: id, confirmedBy: "staff_y", now: start });
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
    const [row] = await issueCertificates(world().certificates, [loanWish(person())]);
    expect([row!.supersedes, await state(id)]).toEqual([id, "settled"]);
    expect(JSON.parse(row!.record)).toMatchObject({ fields: { loansTaken: 1, loansAmountYuan: "500000.00" } });
    await lend(pool(), person(), { settledOn: "2020-01-01" });
    expect(await asked({ details: elsewhere })).toBe("LOANS_USED_TWICE");
  });

  it("and on one certificate only: whoever has a loan is granted no other", async () => {
    const [a, b] = [await issued(), await issued({ details: elsewhere })];
    const both = await Promise.all([codeOf(register(a, steps.granted)), codeOf(register(b, steps.granted))]);
    expect(both.toSorted()).toEqual(["GRANTED_ON_ANOTHER", "done"]);
    const [granted, other] = both[0] === "done" ? [a, b] : [b, a];
    await take(granted, steps.annulled);
    await take(other, steps.granted);
    expect(await codeOf(register(granted, steps.granted))).toBe("GRANTED_ON_ANOTHER");
    await take(other, steps.settled);
    expect(await codeOf(register(granted, steps.granted))).toBe("done");
  });

  it("and of two slips that wait the second is not confirmed", async () => {
    await freeze("until_reply");
    const ids = [await issued(), await issued({ details: elsewhere })];
    const waiting = [];
    for (const id of ids) waiting.push((await register(id, steps.granted)).replies[0]!.id);
    await decide(ids[0]!, waiting[0]!);
    expect(await codeOf(decide(ids[1]!, waiting[1]!))).toBe("GRANTED_ON_ANOTHER");
    expect((await decide(ids[1]!, waiting[1]!, false)).state).toBe("issued");
    await freeze("none");
  });

  it("and a refused certificate ends with the next one for its centre: then its slip is annulled no more", async () => {
    const id = await issued();
    await take(id, steps.refused);
    const newer = await issued();
    const rows = await byIds(pool(), [id, newer]);
    expect(new Map(rows.map((row) => [row.id, standingOf(row, start).standing]))).toEqual(
      new Map([
        [id, "superseded"],
        [newer, "valid"],
      ]),
    );
    expect(await codeOf(register(id, steps.annulled))).toBe("REPLY_SUPERSEDED");
    expect([await state(id), await state(newer)]).toEqual(["refused", "issued"]);
  });

  it("and a slip that comes at the same moment as another wish is not overtaken", async () => {
    const id = await issued();
    const [slip, wish] = await Promise.all([codeOf(register(id, steps.granted)), asked({ details: elsewhere })]);
    expect(slip).toBe("done");
    const { rows } = await pool().query(
      `select c.drawn_at from certificate c where c.depositor_id = $1 and c.id <> $2`,
      [`dep_${person()}`, id],
    );
    // Either the slip was first, and forbids; or the certificate was, and was right when it was drawn.
    expect([wish, rows.length]).toEqual(rows.length === 0 ? ["FIRST_LOAN_UNSETTLED", 0] : ["issued", 1]);
    expect(await asked({ details: elsewhere })).toBe("FIRST_LOAN_UNSETTLED");
  });

  it("and belongs to no certificate whose successor is drawn and not issued yet", async () => {
    const id = await issued();
    let stopped = false;
    const certificates = {
      ...world().certificates,
      onStep: (step: string) => {
        if (step !== "drawn" || stopped) return;
        stopped = true;
        throw new Error("killed");
      },
    };
    await expect(issueCertificates(certificates, [loanWish(person())])).rejects.toThrow("killed");
    expect(await state(id)).toBe("superseded");
    expect(await codeOf(register(id, steps.granted))).toBe("REPLY_NOT_POSSIBLE");
    await finishDrawn(world().certificates, -1);
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
