// The freeze that a certificate for a loan elsewhere may bring, and what the database refuses whoever is connected.
import { randomBytes } from "node:crypto";
import { describe, expect, it } from "vitest";
import { replyView } from "../../service/src/certificates/replies.ts";
import { confirmRevocation, proposeRevocation } from "../../service/src/certificates/standing.ts";
import { codeOf, elsewhere, openDesk, steps } from "./reply-world.ts";
import { start, submitRevocation } from "./world.ts";

const { pool, person, next, freeze, issued, register, decide, take, state, isFrozen, asked, withdrawal } = openDesk();

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
    await proposeRevocation(pool(), { certificateId: beside, reason: 1, note: "有误", proposedBy: "a", now: start });
    await confirmRevocation(pool(), submitRevocation, { certificateId: beside, confirmedBy: "b", now: start });
    expect([await isFrozen(), await state(beside)]).toEqual([false, "revoked"]);
    await freeze("none");
  });

  it("never ends one that was there for another cause", async () => {
    await pool().query("update depositor set frozen = true where id = $1", [`dep_${person()}`]);
    await freeze("until_reply");
    const id = await issued();
    await take(id, steps.refused);
    expect(await isFrozen()).toBe(true);
    await freeze("none");
  });

  it("holds from the drawing on: a wish that is refused freezes nothing", async () => {
    await freeze("until_reply");
    await pool().query("update person set name = $2 where id = $1", [`pers_${person()}`, "\u{E000}某"]);
    expect(await asked()).toBe("CHARACTER_WITHOUT_GLYPH");
    expect(await isFrozen()).toBe(false);
    await freeze("none");
  });
});

describe("the database", () => {
  const insertReply = (id: string, step: string, more = "") =>
    pool().query(
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
    const [reply] = (await replyView(pool(), id, start)).replies;
    expect([reply!.needsConfirmation, await isFrozen()]).toEqual([true, true]);
    const decision = (by: string) =>
      pool().query("insert into loan_elsewhere_reply_decision values ($1, true, '', $2, now())", [reply!.id, by]);
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
      expect(await codeOf(pool().query(change))).toBe("CZ501");
    for (const change of [
      "delete from depositor_freeze",
      "update depositor_freeze set ended_at = null, ended_by = null",
      "truncate depositor_freeze",
    ])
      expect(await codeOf(pool().query(change))).toBe("CZ512");
    await freeze("none");
  });

  it("cancels nothing that is not revoked, and decides on nothing that counts already", async () => {
    const id = await issued();
    await insertReply(id, "cancelled", "lost");
    const decision = async () => {
      const [reply] = (await replyView(pool(), id, start)).replies;
      return pool().query("insert into loan_elsewhere_reply_decision values ($1, true, '', 'staff_checker', now())", [
        reply!.id,
      ]);
    };
    expect(await codeOf(decision())).toBe("CZ514");
    next();
    const other = await issued();
    const { replies: all } = await register(other, steps.granted);
    expect(
      await codeOf(
        pool().query("insert into loan_elsewhere_reply_decision values ($1, false, '', 'x', now())", [all[0]!.id]),
      ),
    ).toBe("CZ515");
  });

  it("lets one of two officers at once register", async () => {
    const id = await issued();
    const both = await Promise.all([codeOf(register(id, steps.granted)), codeOf(register(id, steps.refused, "other"))]);
    expect(both.toSorted()).toEqual(["REPLY_NOT_POSSIBLE", "done"]);
  });
});
