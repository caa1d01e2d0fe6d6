import http from "node:http";
import type { AddressInfo } from "node:net";
import { randomBytes, sign } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { commitmentOf, confirmLift, proposeLift } from "../../service/src/blacklist/case.ts";
import { endOpenings, feedPageSize, readFeeds } from "../../service/src/blacklist/feed.ts";
import { tagOf } from "../../service/src/blacklist/tag.ts";
import { canonicalText } from "../../service/src/proof/canonical.ts";
import { failingOnce } from "../helpers/faults.ts";
import { member } from "../helpers/members.ts";
import { atHead, check, event, idNumber, listPerson, makeWorld, openingOf, start, tagSecret } from "./world.ts";
import type { World } from "./world.ts";

let world: World;
beforeAll(async () => {
  world = await makeWorld();
});

// The third member: what it answers is each test's own.
let page: unknown;
const third = http.createServer((_request, response) => response.end(JSON.stringify(page)));
beforeAll(async () => {
  await new Promise<void>((resolve) => third.listen(0, "127.0.0.1", resolve));
  world.list.centres[2]!.serviceUrl = `http://127.0.0.1:${(third.address() as AddressInfo).port}`;
});
afterAll(() => third.close());

const cursor = async (centre: string) =>
  Number(
    (
      await world.taiyuan.pool.query<{ sequence: bigint }>(
        "select sequence from blacklist_feed_cursor where centre = $1",
        [centre],
      )
    ).rows[0]?.sequence ?? 0,
  );
const invalid = { errors: [{ code: "FEED_ITEM_INVALID" }] };

describe("the feed of another centre", () => {
  it("is taken over with tag, salt and terms as they are committed to on the chain", async () => {
    const listed = await listPerson(world.hainan, 1);
    await event(world.taiyuan.pool, "Listed", listed);
    expect(await check(world.taiyuan, 1)).toMatchObject({
      result: "unknown",
      unknownBecause: ["OPENING_MISSING_C46010"],
    });
    await readFeeds(world.taiyuan);
    expect(await openingOf(world.taiyuan.pool, listed.id, "C46010")).toEqual(
      await openingOf(world.hainan.pool, listed.id, "C46010"),
    );
    expect(await check(world.taiyuan, 1)).toMatchObject({
      result: "barred",
      bars: [{ centre: "C46010", rule: "ART41_WITHDRAWAL", endsOn: "2029-10-31" }],
    });
    expect(await check(world.taiyuan, 2)).toMatchObject({ result: "clear", unknownBecause: [] });
  });

  it.each([false, true])("is read on from where it was when its keeping broke (done: %s)", async (done) => {
    const listed = await listPerson(world.hainan, done ? 65 : 3);
    await event(world.taiyuan.pool, "Listed", listed);
    const before = await cursor("C46010");
    const broken = failingOnce(world.taiyuan.pool, /^commit$/, done);
    await expect(readFeeds({ ...world.taiyuan, pool: broken.pool })).rejects.toMatchObject({
      errors: [expect.any(Error)],
    });
    expect(await cursor("C46010")).toBe(done ? before + 1 : before);
    await readFeeds(world.taiyuan);
    expect(await cursor("C46010")).toBe(before + 1);
    expect((await check(world.taiyuan, 3)).result).toBe("barred");
  });

  it("is read page by page, in order and without a gap", async () => {
    const items = feedPageSize + 3;
    for (let n = 0; n < items; n++)
      await world.hainan.pool.query(
        `insert into blacklist_feed_item (sequence, item, listing_id, created_at)
         select sequence + 1, jsonb_build_object('version', 1, 'centre', 'C46010', 'sequence', sequence + 1, 'ended', encode($1::bytea, 'hex'))::text,
           $1, now() from blacklist_feed_item order by sequence desc limit 1`,
        [randomBytes(32)],
      );
    const before = await cursor("C46010");
    expect(await readFeeds(world.taiyuan)).toBe("again");
    expect(await cursor("C46010")).toBe(before + feedPageSize);
    expect(await readFeeds(world.taiyuan)).toBeUndefined();
    expect(await cursor("C46010")).toBe(before + items);
  });

  it("is shown to members who sign their request, and to nobody else", async () => {
    const url = `${world.list.centres[0]!.serviceUrl}/api/v1/members/blacklist/feed?after=0`;
    const answer = await fetch(url);
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ code: "MEMBER_NOT_RECOGNISED" });
    const stranger = member("C99999");
    await expect(
      readFeeds({
        ...world.taiyuan,
        peers: { ...world.taiyuan.peers, centre: "C99999", memberKey: stranger.memberKey },
      }),
    ).rejects.toMatchObject({
      errors: expect.arrayContaining([
        expect.objectContaining({ message: "C46010 answered 401 for its feed" }),
      ]) as unknown,
    });
  });

  it("verifies also after the listing centre has changed its member key", async () => {
    const next = member("C46010");
    const [key] = world.list.centres[0]!.keys;
    const now = Math.floor(start.getTime() / 1000);
    world.list.centres[0]!.keys = [
      { ...key!, until: now },
      { ...key!, value: next.publicKey, from: now },
    ];
    Object.assign(world.hainan, { memberKey: next.memberKey });
    await world.taiyuan.pool.query("delete from blacklist_feed_cursor");
    while ((await readFeeds(world.taiyuan)) === "again");
    expect(await cursor("C46010")).toBeGreaterThan(feedPageSize);
  });
});

describe("a feed that is not as it should be", () => {
  const rogue = () => world.members[2];
  const item = (sequence: number, changes: object = {}) => {
    const salt = randomBytes(32);
    const tag = Buffer.from(tagOf({ version: 1, secret: tagSecret }, { type: "01", number: idNumber(50) }));
    const terms = canonicalText({
      version: 1,
      centre: "C63010",
      rule: "ART41_LOAN",
      conduct: "x",
      bars: "everywhere",
      startsOn: "2026-01-01",
      endsOn: "2030-12-31",
    });
    return {
      version: 1,
      centre: "C63010",
      sequence,
      listingId: randomBytes(32).toString("hex"),
      keyVersion: 1,
      tag: tag.toString("hex"),
      salt: salt.toString("hex"),
      terms,
      ...changes,
    };
  };
  const signed = (content: object, key = rogue().memberKey) => {
    const text = JSON.stringify(content);
    const signature = sign(null, Buffer.from(`cunzheng blacklist feed\n${text}`), key).toString("hex");
    return { sequence: (content as { sequence: number }).sequence, item: text, signature };
  };
  const serve = (...items: unknown[]) => (page = { centre: "C63010", items });
  const listing = (content: ReturnType<typeof item>) => ({
    centre: "C63010",
    id: Buffer.from(content.listingId, "hex"),
    commitment: commitmentOf(Buffer.from(content.salt, "hex"), Buffer.from(content.tag, "hex"), content.terms),
  });

  beforeEach(async () => {
    world.list.centres[2]!.removed = false;
    await world.taiyuan.pool.query("delete from blacklist_feed_cursor where centre = 'C63010'");
    serve();
  });

  it("is not taken over, in any of its parts, and does not keep the other feeds back", async () => {
    const terms = (changes: object) => canonicalText({ ...(JSON.parse(item(1).terms) as object), ...changes } as never);
    const good = signed(item(1));
    const { rows: before } = await world.taiyuan.pool.query(
      "select count(*) from blacklist_opening where centre = 'C63010'",
    );
    const listed = await listPerson(world.hainan, 51);
    for (const items of [
      [{ ...good, item: good.item.replace("C63010", "C63011") }],
      [{ ...good, item: `${good.item} ` }],
      [signed(item(1), world.members[0].memberKey)],
      [{ ...good, signature: "00".repeat(64) }],
      [{ ...good, signature: undefined }],
      [signed(item(2))],
      [good, signed(item(3))],
      [{ ...good, sequence: "1" }],
      [{ ...signed(item(2)), sequence: 1 }],
      [signed(item(1, { centre: "C46010" }))],
      [signed(item(1, { tag: "00" }))],
      [signed(item(1, { keyVersion: "1" }))],
      [signed(item(1, { terms: terms({ centre: "C46010" }) }))],
      [signed(item(1, { terms: terms({ endsOn: "2026-99-99" }) }))],
      [signed(item(1, { terms: terms({ startsOn: null }) }))],
      [signed(item(1, { terms: terms({ bars: "nowhere" }) }))],
      [signed(item(1, { terms: terms({ more: 1 }) }))],
      [signed(item(1, { terms: `${item(1).terms} ` }))],
      [signed(item(1, { terms: null }))],
      [null],
      ["text"],
      [signed(Object.assign([], { sequence: 1 }))],
    ]) {
      serve(...items);
      await expect(readFeeds(world.taiyuan), JSON.stringify(items).slice(0, 200)).rejects.toMatchObject(invalid);
    }
    for (const other of [null, [], {}, { centre: "C46010", items: [] }, { centre: "C63010", items: {} }]) {
      page = other;
      await expect(readFeeds(world.taiyuan)).rejects.toMatchObject(invalid);
    }
    expect(await cursor("C63010")).toBe(0);
    expect(
      (await world.taiyuan.pool.query("select count(*) from blacklist_opening where centre = 'C63010'")).rows,
    ).toEqual(before);
    expect(await openingOf(world.taiyuan.pool, listed.id, "C46010")).toBeTruthy();
  });

  it("says something else than the chain: checks are unknown, for everybody", async () => {
    const content = item(1);
    serve(signed(content));
    await readFeeds(world.taiyuan);
    // Committed to another tag: the person whom it is really about cannot be found by ours.
    await event(world.taiyuan.pool, "Listed", { ...listing(content), commitment: randomBytes(32) });
    expect(await check(world.taiyuan, 50)).toMatchObject({
      result: "unknown",
      unknownBecause: ["OPENING_DISAGREES_WITH_CHAIN", "OPENING_MISSING_C63010"],
    });
    expect(await check(world.taiyuan, 52)).toMatchObject({
      result: "unknown",
      unknownBecause: ["OPENING_MISSING_C63010"],
    });
    await event(world.taiyuan.pool, "Lifted", listing(content));
    expect((await check(world.taiyuan, 52)).result).toBe("clear");
  });

  it("speaks of a listing before the chain has it: that person is unknown", async () => {
    const content = item(1);
    serve(signed(content));
    await readFeeds(world.taiyuan);
    expect(await check(world.taiyuan, 50)).toMatchObject({
      result: "unknown",
      unknownBecause: ["LISTING_NOT_ON_CHAIN"],
    });
    await event(world.taiyuan.pool, "Listed", listing(content));
    expect((await check(world.taiyuan, 50)).result).toBe("barred");
    await event(world.taiyuan.pool, "Lifted", listing(content));
    await endOpenings(world.taiyuan);
  });

  it("has tags of another key: they cannot be compared, so checks are unknown", async () => {
    const content = item(1, { keyVersion: 2 });
    serve(signed(content));
    await readFeeds(world.taiyuan);
    await event(world.taiyuan.pool, "Listed", listing(content));
    expect(await check(world.taiyuan, 52)).toMatchObject({
      result: "unknown",
      unknownBecause: ["OPENING_MISSING_C63010"],
    });
    await event(world.taiyuan.pool, "Lifted", listing(content));
  });

  it("claims another centre's listing, as ended or as its own: that listing bars all the same", async () => {
    const before = await world.hainan.pool.query<{ sequence: bigint }>(
      "select max(sequence) as sequence from blacklist_feed_item",
    );
    const listed = await listPerson(world.hainan, 53);
    const second = await listPerson(world.hainan, 54);
    // The rogue has seen the ids on the chain and is read first.
    world.list.centres[0]!.removed = true;
    serve(
      signed({ version: 1, centre: "C63010", sequence: 1, ended: listed.id.toString("hex") }),
      signed(item(2, { listingId: second.id.toString("hex") })),
    );
    await readFeeds(world.taiyuan);
    world.list.centres[0]!.removed = false;
    serve();
    for (const one of [listed, second]) await event(world.taiyuan.pool, "Listed", one);
    expect((await check(world.taiyuan, 53)).unknownBecause).toContain("OPENING_MISSING_C46010");
    await readFeeds(world.taiyuan);
    expect(await cursor("C46010")).toBe(Number(before.rows[0]!.sequence) + 2);
    expect((await check(world.taiyuan, 53)).result).toBe("barred");
    expect((await check(world.taiyuan, 54)).result).toBe("barred");
  });
});

describe("a listing that has ended", () => {
  beforeAll(() => {
    world.list.centres[2]!.removed = true;
  });

  it("by lifting is gone from the tables of all centres and from the feed", async () => {
    const listed = await listPerson(world.hainan, 60);
    await event(world.taiyuan.pool, "Listed", listed);
    await readFeeds(world.taiyuan);
    expect((await check(world.taiyuan, 60)).result).toBe("barred");
    await proposeLift(world.hainan, listed.caseId, 2, "staff_a");
    await confirmLift(world.hainan, listed.caseId, "staff_b");
    // The other centre goes by the chain.
    await endOpenings(world.taiyuan);
    expect(await endOpenings(world.taiyuan)).toBe(0);
    await event(world.taiyuan.pool, "Lifted", listed);
    expect((await check(world.taiyuan, 60)).result).toBe("clear");
    expect(await endOpenings(world.taiyuan)).toBe(1);
    expect(await endOpenings(world.taiyuan)).toBe(0);
    expect(await openingOf(world.taiyuan.pool, listed.id, "C46010")).toMatchObject({
      tag: null,
      salt: null,
      terms: null,
    });
    expect((await check(world.taiyuan, 60)).result).toBe("clear");
  });

  it("by its term ends at 24:00 in Asia/Shanghai, everywhere, though the chain knows no end", async () => {
    const listed = await listPerson(world.hainan, 61, { startsOn: "2023-11-25" });
    await event(world.taiyuan.pool, "Listed", listed);
    await readFeeds(world.taiyuan);
    const at = async (time: string) => {
      world.clock.now = new Date(time);
      for (const { pool } of [world.hainan, world.taiyuan]) await atHead(pool, world.clock.now);
      return [(await check(world.hainan, 61)).result, (await check(world.taiyuan, 61)).result];
    };
    expect(await at("2026-11-24T15:59:59Z")).toEqual(["barred", "barred"]);
    expect(await endOpenings(world.taiyuan)).toBe(0);
    expect(await at("2026-11-24T16:00:00Z")).toEqual(["clear", "clear"]);
    for (const centre of [world.hainan, world.taiyuan]) {
      expect(await endOpenings(centre)).toBe(1);
      expect(await openingOf(centre.pool, listed.id, "C46010")).toMatchObject({ tag: null, salt: null, terms: null });
    }
    expect(await at("2026-11-24T16:00:01Z")).toEqual(["clear", "clear"]);
    const { rows } = await world.hainan.pool.query<{ item: string }>(
      "select item from blacklist_feed_item where listing_id = $1",
      [listed.id],
    );
    expect(rows[0]!.item).not.toContain("tag");
    world.clock.now = start;
  });

  it("before it was ever read is remembered by its id, so that it is not missing", async () => {
    const listed = await listPerson(world.hainan, 62);
    await proposeLift(world.hainan, listed.caseId, 4, "staff_a");
    await confirmLift(world.hainan, listed.caseId, "staff_b");
    await event(world.taiyuan.pool, "Listed", listed);
    expect((await check(world.taiyuan, 63)).unknownBecause).toEqual(["OPENING_MISSING_C46010"]);
    await readFeeds(world.taiyuan);
    expect((await check(world.taiyuan, 62)).result).toBe("clear");
  });
});
