import { createHash } from "node:crypto";
import { beforeAll, describe, expect, it } from "vitest";
import { confirmCase, confirmLift, lastDay, openCase, proposeLift } from "../../service/src/blacklist/case.ts";
import type { Terms } from "../../service/src/blacklist/case.ts";
import { tagOf } from "../../service/src/blacklist/tag.ts";
import { refusalOf } from "../../service/src/errors.ts";
import { findWrite } from "../../service/src/chain/outbox.ts";
import { failingOnce } from "../helpers/faults.ts";
import { check, event, idNumber, listPerson, makeWorld, newCase, openingOf, tagSecret } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});

const counts = async () =>
  (
    await world.hainan.pool.query(
      `select (select count(*)::int from blacklist_opening) as openings, (select count(*)::int from blacklist_feed_item) as items,
         (select count(*)::int from chain_write) as writes`,
    )
  ).rows[0] as { openings: number; items: number; writes: number };

describe("a case", () => {
  it("lists nobody before another officer has confirmed it", async () => {
    const before = await counts();
    const id = await openCase(world.hainan, newCase(1));
    expect(await counts()).toEqual(before);
    expect((await check(world.hainan, 1)).result).toBe("clear");
    await expect(confirmCase(world.hainan, id, "staff_clerk")).rejects.toMatchObject({ code: "CASE_FOUR_EYES_NEEDED" });
    await confirmCase(world.hainan, id, "staff_checker");
    expect(await counts()).toEqual({
      openings: before.openings + 1,
      items: before.items + 1,
      writes: before.writes + 1,
    });
    expect((await check(world.hainan, 1)).result).toBe("barred");
    // Again by the same officer: nothing more.
    await confirmCase(world.hainan, id, "staff_checker");
    expect((await counts()).items).toBe(before.items + 1);
    await expect(confirmCase(world.hainan, id, "staff_other")).rejects.toMatchObject({ code: "CASE_CONFIRMED" });
    await expect(confirmCase(world.hainan, "case_0000000000000000", "staff_other")).rejects.toMatchObject({
      code: "CASE_NOT_FOUND",
    });
  });

  it("names somebody of the register as the register does, or is refused", async () => {
    const { pool } = world.hainan;
    await pool.query(
      `insert into person (id, name, document_type, document_number)
       values ('pers_known', '买买提·艾力', '01', $1), ('pers_abroad', 'Anna Berg', '02', 'P-1234567')`,
      [idNumber(41)],
    );
    const countOf = async () => (await pool.query("select count(*)::int as n from blacklist_case")).rows[0].n as number;
    const before = await countOf();
    const open = (n: number, personName: string, document = { type: "01", number: idNumber(n) }) =>
      openCase(world.hainan, newCase(n, { personName, document }));
    for (const name of ["测试人", "买买提", "艾力·买买提"])
      await expect(open(41, name)).rejects.toMatchObject({ code: "CASE_NAME_DIFFERS", params: {} });
    await expect(open(41, "Anna Berg", { type: "02", number: "P-1234567" })).resolves.toMatch(/^case_/);
    await expect(open(41, "安娜", { type: "02", number: "p-1234567" })).rejects.toMatchObject({
      code: "CASE_NAME_DIFFERS",
    });
    expect(await countOf()).toBe(before + 1);
    // The refusal says in both languages what to do, and not whose number it is.
    const { zh, en } = refusalOf("CASE_NAME_DIFFERS");
    expect(zh).toContain("请核对");
    expect(en).toContain("Check number and name");
    // Another dot or another space is the keyboard's, not another name; and who is in no register here is named freely.
    await open(41, "买买提•艾力 ");
    await open(42, "谁也不是");
    expect(await countOf()).toBe(before + 3);
  });

  it("is confirmed once when two officers do it at the same moment", async () => {
    const id = await openCase(world.hainan, newCase(2));
    const before = await counts();
    const results = await Promise.allSettled(["staff_a", "staff_b"].map((by) => confirmCase(world.hainan, id, by)));
    expect(results.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect((await counts()).writes).toBe(before.writes + 1);
  });

  it("commits to salt, tag and terms, and the chain is told nothing else", async () => {
    const { id, commitment } = await listPerson(world.hainan, 3);
    const opening = (await openingOf(world.hainan.pool, id, "C46010"))!;
    const tag = tagOf({ version: 1, secret: tagSecret }, { type: "01", number: idNumber(3) });
    expect(Buffer.from(tag).equals(opening.tag!)).toBe(true);
    const computed = createHash("sha256").update(opening.salt!).update(opening.tag!).update(opening.terms!).digest();
    expect(computed.equals(commitment)).toBe(true);
    expect(JSON.parse(opening.terms!) as Terms).toEqual({
      version: 1,
      centre: "C46010",
      rule: "ART41_WITHDRAWAL",
      conduct: "以虚假租赁合同骗提",
      bars: "everywhere",
      startsOn: "2026-11-01",
      endsOn: "2029-10-31",
    });
    const written = (await findWrite(world.hainan.pool, `list/${id.toString("hex")}`))!;
    expect(written.data.toString("hex").slice(8)).toBe(id.toString("hex") + commitment.toString("hex"));
    const { rows } = await world.hainan.pool.query<{ item: string }>(
      "select item from blacklist_feed_item where listing_id = $1",
      [id],
    );
    expect(JSON.parse(rows[0]!.item)).toMatchObject({
      salt: opening.salt!.toString("hex"),
      tag: opening.tag!.toString("hex"),
    });
    expect(rows[0]!.item).not.toContain(idNumber(3));
  });

  it.each([
    ["the feed", /insert into blacklist_feed_item/, 4],
    ["the outbox", /insert into chain_write/, 14],
    ["the commit", /^commit$/, 24],
  ])("whose confirmation breaks at %s is open as before, and is confirmed whole later", async (name, pattern, n) => {
    const id = await openCase(world.hainan, newCase(n));
    const before = await counts();
    const broken = failingOnce(world.hainan.pool, pattern, false);
    await expect(confirmCase({ ...world.hainan, pool: broken.pool }, id, "staff_x")).rejects.toThrow("cut");
    expect(await counts()).toEqual(before);
    const lost = failingOnce(world.hainan.pool, /^commit$/, true);
    await expect(confirmCase({ ...world.hainan, pool: lost.pool }, id, "staff_x")).rejects.toThrow("lost");
    await confirmCase(world.hainan, id, "staff_x");
    expect(await counts()).toEqual({
      openings: before.openings + 1,
      items: before.items + 1,
      writes: before.writes + 1,
    });
    expect(name).toBeTruthy();
  });

  it("is refused with a rule, number or first day that cannot be", async () => {
    for (const [changes, code] of [
      [{ rule: "NONE" }, "RULE_UNKNOWN"],
      [{ document: { type: "01", number: "000101198501010010" } }, "DOCUMENT_NUMBER_INVALID"],
      [{ startsOn: "2026-02-30" }, "CASE_TERM_INVALID"],
      [{ startsOn: "2026-99-99" }, "CASE_TERM_INVALID"],
      [{ startsOn: "2026-11-23" }, "CASE_TERM_INVALID"],
      [{ startsOn: "2023-11-21" }, "CASE_TERM_INVALID"],
    ] as const)
      await expect(openCase(world.hainan, newCase(5, changes)), code).rejects.toMatchObject({ code });
    await openCase(world.hainan, newCase(5, { startsOn: "2023-11-23" }));
  });

  it("is not listed any more when its term ended while it waited", async () => {
    const id = await openCase(world.hainan, newCase(6, { startsOn: "2023-11-24" }));
    const before = world.clock.now;
    world.clock.now = new Date("2026-11-24T16:00:00Z");
    await expect(confirmCase(world.hainan, id, "staff_checker")).rejects.toMatchObject({ code: "CASE_TERM_INVALID" });
    world.clock.now = before;
  });

  it("keeps what it says and who decided, whoever is connected", async () => {
    await listPerson(world.hainan, 7);
    for (const sql of [
      "update blacklist_case set conduct = 'another' where listing_id is not null",
      "update blacklist_case set ends_on = ends_on + 1",
      "update blacklist_case set confirmed_by = 'staff_z' where listing_id is not null",
      "delete from blacklist_case",
      "truncate blacklist_case",
    ])
      await expect(world.hainan.pool.query(sql), sql).rejects.toMatchObject({ code: "CZ901" });
    await expect(
      world.hainan.pool.query(
        "update blacklist_case set confirmed_by = opened_by, confirmed_at = now(), listing_id = 'x' where confirmed_by is null",
      ),
    ).rejects.toMatchObject({ constraint: "blacklist_case_four_eyes" });
  });
});

describe("lifting", () => {
  it("frees the person here at once, by two officers, and tells the chain", async () => {
    const { caseId, id } = await listPerson(world.hainan, 10);
    await expect(confirmLift(world.hainan, caseId, "staff_b")).rejects.toMatchObject({
      code: "CASE_LIFT_NOT_PROPOSED",
    });
    await proposeLift(world.hainan, caseId, 2, "staff_a");
    expect((await check(world.hainan, 10)).result).toBe("barred");
    await expect(confirmLift(world.hainan, caseId, "staff_a")).rejects.toMatchObject({ code: "CASE_FOUR_EYES_NEEDED" });
    await confirmLift(world.hainan, caseId, "staff_b");
    await confirmLift(world.hainan, caseId, "staff_c");
    expect((await check(world.hainan, 10)).result).toBe("clear");
    expect(await findWrite(world.hainan.pool, `lift/${id.toString("hex")}`)).toMatchObject({ state: "queued" });
    expect(await openingOf(world.hainan.pool, id, "C46010")).toMatchObject({ tag: null, salt: null, terms: null });
    const { rows } = await world.hainan.pool.query<{ item: string }>(
      "select item from blacklist_feed_item where listing_id = $1",
      [id],
    );
    expect(Object.keys(JSON.parse(rows[0]!.item) as object).sort()).toEqual(["centre", "ended", "sequence", "version"]);
    // The chain still has it: that alone makes nothing unknown.
    await event(world.hainan.pool, "Listed", { centre: "C46010", id, commitment: Buffer.alloc(32, 1) });
    expect((await check(world.hainan, 10)).result).toBe("clear");
  });

  it("is told where the case is that exists already", async () => {
    const id = await openCase(world.hainan, newCase(12));
    await expect(openCase(world.hainan, newCase(12))).rejects.toMatchObject({ code: "CASE_EXISTS" });
    await confirmCase(world.hainan, id, "staff_checker");
    await proposeLift(world.hainan, id, 4, "staff_a");
    await confirmLift(world.hainan, id, "staff_b");
    expect(await openCase(world.hainan, newCase(12))).not.toBe(id);
  });

  it("is for what is listed", async () => {
    const id = await openCase(world.hainan, newCase(11));
    await expect(proposeLift(world.hainan, id, 2, "staff_a")).rejects.toMatchObject({ code: "CASE_NOT_LISTED" });
  });
});

describe("a term of whole years", () => {
  it.each([
    ["2026-11-22", 3, "2029-11-21"],
    ["2024-02-29", 3, "2027-02-28"],
    ["2024-03-01", 1, "2025-02-28"],
    ["2027-03-01", 1, "2028-02-29"],
    ["2026-01-01", 5, "2030-12-31"],
  ])("from %s for %i years has the last day %s", (from, years, last) => expect(lastDay(from, years)).toBe(last));
});
