import { randomBytes } from "node:crypto";
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { checkPerson } from "../../service/src/blacklist/check.ts";
import { transaction } from "../../service/src/db.ts";
import { openLog, sequence } from "../../service/src/log/log.ts";
import { failingOnce } from "../helpers/faults.ts";
import { ed25519, sound } from "../log/world.ts";
import { readFeeds } from "../../service/src/blacklist/feed.ts";
import { atHead, check, event, idNumber, listPerson, makeWorld, start } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});
beforeEach(async () => {
  world.clock.now = start;
  await atHead(world.taiyuan.pool, start);
});

/** Listed at Hainan, on the chain and read at Taiyuan. */
async function listed(n: number, changes = {}) {
  const listing = await listPerson(world.hainan, n, changes);
  await event(world.taiyuan.pool, "Listed", listing);
  await event(world.hainan.pool, "Listed", listing);
  await readFeeds(world.taiyuan);
  return listing;
}

describe("a check", () => {
  it("bars everywhere under Article 41, and under a local rule only at home: elsewhere it is a flag", async () => {
    await listed(1);
    await listed(2, { rule: "LOCAL_ATTEMPT" });
    expect((await check(world.hainan, 1)).result).toBe("barred");
    expect((await check(world.taiyuan, 1)).result).toBe("barred");
    expect((await check(world.hainan, 2)).result).toBe("barred");
    expect(await check(world.taiyuan, 2)).toMatchObject({
      result: "flagged",
      bars: [],
      flags: [{ rule: "LOCAL_ATTEMPT" }],
    });
    expect(await check(world.taiyuan, 3)).toMatchObject({ result: "clear", bars: [], flags: [], unknownBecause: [] });
  });

  it("goes by our own table of rules, not by what a listing claims of itself", async () => {
    const local = await listed(4, { rule: "LOCAL_ATTEMPT" });
    const claim = (rule: string) =>
      world.taiyuan.pool.query(
        `with changed as (select listing_id, replace(replace(terms, '"bars":"here"', '"bars":"everywhere"'), 'LOCAL_ATTEMPT', $2) as terms
           from blacklist_opening where listing_id = $1)
         update blacklist_opening o set terms = c.terms, commitment = sha256(o.salt || o.tag || convert_to(c.terms, 'UTF8'))
         from changed c where c.listing_id = o.listing_id returning o.commitment`,
        [local.id, rule],
      );
    const onChainNow = async () =>
      world.taiyuan.pool.query(
        `update chain_event set args = args || jsonb_build_object('commitment',
           '0x' || (select encode(commitment, 'hex') from blacklist_opening where listing_id = $1))
         where name = 'Listed' and args ->> 'id' = '0x' || encode($1::bytea, 'hex')`,
        [local.id],
      );
    await claim("LOCAL_ATTEMPT");
    await onChainNow();
    expect(await check(world.taiyuan, 4)).toMatchObject({ result: "flagged", bars: [] });
    await claim("RULE_OF_2030");
    await world.taiyuan.pool.query(
      `update blacklist_opening set terms = replace(terms, 'LOCAL_ATTEMPT', 'RULE_OF_2030'),
         commitment = sha256(salt || tag || convert_to(replace(terms, 'LOCAL_ATTEMPT', 'RULE_OF_2030'), 'UTF8')) where listing_id = $1`,
      [local.id],
    );
    await onChainNow();
    expect(await check(world.taiyuan, 4)).toMatchObject({ result: "unknown", unknownBecause: ["RULE_UNKNOWN_C46010"] });
  });

  it("does not bar while a listing is suspended, and does again when it is resumed", async () => {
    const listing = await listed(5);
    await event(world.taiyuan.pool, "Suspended", listing);
    expect(await check(world.taiyuan, 5)).toMatchObject({ result: "flagged", bars: [] });
    await event(world.taiyuan.pool, "Resumed", listing);
    expect((await check(world.taiyuan, 5)).result).toBe("barred");
  });

  it("finds a person under every spelling of one number", async () => {
    const born = idNumber(6);
    await listed(6);
    const ask = (number: string) =>
      transaction(world.taiyuan.pool, (tx) =>
        checkPerson(world.taiyuan, tx, {
          document: { type: "01", number },
          businessNumber: "TQ-S",
          purpose: "withdrawal.rent",
          actor: "staff_1",
        }),
      );
    for (const spelling of [born, born.toLowerCase(), ` ${born} `, born.slice(0, 6) + born.slice(8, 17)])
      expect((await ask(spelling)).result, spelling).toBe("barred");
    await expect(ask(`${born.slice(0, 17)}${born.endsWith("0") ? "1" : "0"}`)).rejects.toMatchObject({
      code: "DOCUMENT_NUMBER_INVALID",
    });
  });

  it("is unknown when the mirror is old or has never stood at the head; a bar that is known stays a bar", async () => {
    await listed(7);
    world.clock.now = new Date(start.getTime() + 600_000);
    expect((await check(world.taiyuan, 8)).result).toBe("clear");
    world.clock.now = new Date(start.getTime() + 601_000);
    expect(await check(world.taiyuan, 8)).toMatchObject({
      result: "unknown",
      unknownBecause: ["MIRROR_TOO_OLD"],
      mirrorAgeSeconds: 601,
    });
    expect((await check(world.taiyuan, 7)).result).toBe("barred");
    await world.taiyuan.pool.query("update chain_cursor set at_head_at = null");
    expect(await check(world.taiyuan, 8)).toMatchObject({ result: "unknown", mirrorAgeSeconds: null });
  });

  it("of our own listing binds before the chain has it", async () => {
    await listPerson(world.hainan, 9);
    expect((await check(world.hainan, 9)).result).toBe("barred");
    await readFeeds(world.taiyuan);
    expect(await check(world.taiyuan, 9)).toMatchObject({
      result: "unknown",
      unknownBecause: ["LISTING_NOT_ON_CHAIN"],
    });
  });

  it("is unknown when a listing stands on the chain whose opening nobody has given us", async () => {
    const listing = { centre: "C46010", id: randomBytes(32), commitment: randomBytes(32) };
    await event(world.taiyuan.pool, "Listed", listing);
    expect(await check(world.taiyuan, 10)).toMatchObject({
      result: "unknown",
      unknownBecause: ["OPENING_MISSING_C46010"],
    });
    await event(world.taiyuan.pool, "Lifted", listing);
    expect((await check(world.taiyuan, 10)).result).toBe("clear");
  });

  it.each([
    ["the trace", /insert into trace/],
    ["the leaf", /insert into log_leaf/],
    ["the record of the check", /insert into blacklist_check/],
  ])("gives no answer when %s cannot be written", async (_, pattern) => {
    const counts = async () =>
      (await world.taiyuan.pool.query("select (select count(*) from trace), (select count(*) from blacklist_check)"))
        .rows;
    const before = await counts();
    const broken = failingOnce(world.taiyuan.pool, pattern, false);
    await expect(check({ ...world.taiyuan, pool: broken.pool }, 1)).rejects.toThrow("cut");
    expect(await counts()).toEqual(before);
  });

  it("leaves a trace that names the business and never the person, and a leaf in the log", async () => {
    const answer = await check(world.taiyuan, 1);
    const { rows } = await world.taiyuan.pool.query<{ record: string }>("select record from trace where id = $1", [
      answer.traceId,
    ]);
    expect(JSON.parse(rows[0]!.record)).toMatchObject({
      kind: "blacklist-check",
      actor: "staff_clerk",
      facts: { purpose: "withdrawal.rent", result: "barred", listings: [expect.stringMatching(/^[0-9a-f]{64}$/)] },
    });
    expect(rows[0]!.record).not.toContain(idNumber(1));
    const log = { pool: world.taiyuan.pool, centre: "C14010", epoch: 1, ...ed25519(), now: () => start };
    await openLog(log);
    await sequence(log);
    await sound(log);
    for (const sql of ["update blacklist_check set result = 'clear'", "delete from blacklist_check"])
      await expect(world.taiyuan.pool.query(sql)).rejects.toMatchObject({ code: "CZ902" });
  });

  it("needs one connection of the pool: as many at once as there are connections do not wait for each other", async () => {
    const results = await Promise.all(Array.from({ length: 18 }, () => check(world.taiyuan, 3)));
    expect(new Set(results.map(({ result }) => result))).toEqual(new Set(["clear"]));
  });
});
