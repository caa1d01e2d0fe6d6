// Certificates are issued at B-B at once and raised afterwards, whatever the time-stamping authority does meanwhile.
import { createHash, randomBytes } from "node:crypto";
import { Writable } from "node:stream";
import { beforeAll, describe, expect, it } from "vitest";
import { auditCertificates } from "../../service/src/certificates/audit.ts";
import { issueCertificates } from "../../service/src/certificates/certificate.ts";
import { fileAtLevel } from "../../service/src/certificates/level-file.ts";
import { levelOf } from "../../service/src/certificates/levels-store.ts";
import {
  bringForward,
  LEVELS,
  measureAuthority,
  raiseDue,
  reserveAsRemembered,
} from "../../service/src/certificates/levels.ts";
import type { Levels } from "../../service/src/certificates/levels.ts";
import { openRaising } from "../../service/src/certificates/raising.ts";
import { createLogger } from "../../service/src/logging.ts";
import { createMetrics } from "../../service/src/metrics.ts";
import { createAuthority, fetchRevocationList } from "../../service/src/sealing/authority.ts";
import { createDevelopmentTimeStampAuthority } from "../../service/src/sealing/development-authority.ts";
import { readSealedFile } from "../../service/src/verify/pdf.ts";
import { testConfig } from "../app/harness.ts";
import { failingOnce } from "../helpers/faults.ts";
import { der, makeAuthorities, startTestAuthority } from "../sealing/tsa.ts";
import type { Mood, TestAuthority } from "../sealing/tsa.ts";
import { allSound, makeCentre, wish } from "./world.ts";
import type { CentreWorld } from "./world.ts";

const DAY = 86_400_000;
const MINUTE = 60_000;

interface World extends CentreWorld {
  tsa: TestAuthority;
  levels: Levels;
  authorities: ReturnType<typeof makeAuthorities>;
  failures: { code: unknown; params: unknown; count: number }[];
  raised: Record<string, number>;
  issue(count: number, options?: { reserve?: boolean }): Promise<string[]>;
}

async function makeWorld(options: { years?: number } = {}): Promise<World> {
  const world = await makeCentre(20);
  const now = () => world.clock.now;
  const authorities = makeAuthorities(now, "P-256", options.years);
  const tsa = await startTestAuthority(authorities, now);
  const failures: World["failures"] = [];
  const raised: Record<string, number> = {};
  const certificates = { ...world.certificates, sealer: authorities.sealer };
  const levels: Levels = {
    pool: certificates.pool,
    now,
    authority: createAuthority({
      url: tsa.url,
      timeoutMs: 500,
      development: true,
      random: (length) => randomBytes(length),
    }),
    target: "B-LTA",
    sealer: authorities.sealer,
    evidence: {
      certificates: [der(authorities.root)],
      listUrls: tsa.listUrls,
      fetchList: (url) => fetchRevocationList(url, 500),
      listMaxAgeMs: DAY,
    },
    renewBeforeMs: 90 * DAY,
    algorithmEnds: new Map(),
    parallel: 4,
    batch: 50,
    onRaised: (level, count) => void (raised[level] = (raised[level] ?? 0) + count),
    onFailed: (error, count) => {
      const { code, params } = error as { code?: unknown; params?: unknown };
      failures.push({ code, params, count });
    },
  };
  await reserveAsRemembered(levels);
  let next = 0;
  return {
    ...world,
    certificates,
    tsa,
    levels,
    authorities,
    failures,
    raised,
    async issue(count) {
      const wishes = Array.from({ length: count }, () => wish((next++ % 20) + 1));
      return (await issueCertificates(certificates, wishes)).map(({ id }) => id);
    },
  };
}

/** Raises until nothing is due. */
async function raiseAll({ levels }: World): Promise<void> {
  while ((await raiseDue(levels)) === "again");
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest("hex");

describe("an authority that answers", () => {
  let world: World;
  beforeAll(async () => void (world = await makeWorld()));

  it("raises what was issued to B-LTA, and each level is the same bytes each time", async () => {
    const { certificates, levels } = world;
    const ids = await world.issue(12);
    const before = await Promise.all(ids.map((id) => fileAtLevel(certificates.pool, id)));
    expect(before.map((one) => one!.level)).toEqual(ids.map(() => "B-B"));
    expect(await fileAtLevel(certificates.pool, ids[0]!, "B-T")).toBeUndefined();
    await raiseAll(world);
    expect(world.raised).toEqual({ "B-T": 12, "B-LT": 12, "B-LTA": 12 });
    for (const [i, id] of ids.entries()) {
      expect(await levelOf(levels.pool, id)).toBe("B-LTA");
      const files = await Promise.all(LEVELS.map(async (level) => (await fileAtLevel(levels.pool, id, level))!.file));
      expect(files[0]!.equals(before[i]!.file)).toBe(true);
      expect(files[1]!.length).toBe(files[0]!.length);
      expect(files[2]!.subarray(0, files[1]!.length).equals(files[1]!)).toBe(true);
      expect(files[3]!.subarray(0, files[2]!.length).equals(files[2]!)).toBe(true);
      for (const [j, level] of LEVELS.entries()) {
        await readSealedFile(files[j]!);
        expect(sha256((await fileAtLevel(levels.pool, id, level))!.file)).toBe(sha256(files[j]!));
      }
    }
    await raiseAll(world);
    expect(world.raised["B-LTA"]).toBe(12);
    await allSound({ ...world, certificates });
  });

  it("is asked for its lists once for all files, and its certificates are kept once", async () => {
    expect(world.tsa.asked.lists).toBe(2);
    const { rows } = await world.levels.pool.query<{ kind: string; count: number }>(
      "select kind, count(*)::integer as count from seal_evidence group by kind order by kind",
    );
    expect(rows).toEqual([
      { kind: "certificate", count: 4 },
      { kind: "crl", count: 2 },
    ]);
  });

  it("leaves little to keep for each certificate", async () => {
    const { rows } = await world.levels.pool.query<{ base: number; added: number }>(
      `select max(octet_length(i.suffix) + length(i.leaf))::integer as base, max(l.added)::integer as added
       from certificate_issue i join (select certificate_id, sum(octet_length(packed)) as added from certificate_level
         group by certificate_id) l using (certificate_id)`,
    );
    expect(rows[0]!.added).toBeLessThan(4_500);
    expect(rows[0]!.base + rows[0]!.added).toBeLessThan(18 * 1024);
  });

  it("is measured once, and new files reserve what its tokens take", async () => {
    const { levels, certificates } = world;
    const [early] = await world.issue(1);
    await measureAuthority(levels);
    const [late] = await world.issue(1);
    const length = async (id: string) => (await fileAtLevel(certificates.pool, id))!.file.length;
    expect((await length(late!)) - (await length(early!))).toBeLessThan(-8_000);
    await raiseAll(world);
    expect(await levelOf(levels.pool, late!)).toBe("B-LTA");
  });

  it("is told by another replica's stored step that it came second", async () => {
    const [id] = await world.issue(1);
    const both = await Promise.all([raiseDue(world.levels), raiseDue(world.levels)]);
    expect(both).toEqual([undefined, undefined]);
    const { rows } = await world.levels.pool.query("select step from certificate_level where certificate_id = $1", [
      id,
    ]);
    expect(rows).toHaveLength(3);
    await allSound(world);
  });

  it("builds on no bytes but those that are stored, when another replica stored its token meanwhile", async () => {
    const { levels } = world;
    const [id] = await world.issue(1);
    let asked = 0;
    const authority: Levels["authority"] = {
      url: levels.authority.url,
      async ask(digest) {
        // Between the token on the seal and the one on the document the other one is faster.
        if (++asked === 2) await raiseDue({ ...levels, target: "B-T" });
        return levels.authority.ask(digest);
      },
    };
    await raiseDue({ ...levels, authority });
    expect(asked).toBe(2);
    expect(await levelOf(levels.pool, id!)).toBe("B-T");
    await bringForward(levels);
    await raiseAll(world);
    expect(await levelOf(levels.pool, id!)).toBe("B-LTA");
    await allSound(world);
  });

  it("raises nothing twice when its step was stored and the answer got lost, or not stored at all", async () => {
    for (const done of [false, true]) {
      const [id] = await world.issue(1);
      const { pool } = failingOnce(world.levels.pool, /^commit$/, done);
      await expect(raiseDue({ ...world.levels, pool })).rejects.toThrow(
        done ? "the answer was lost" : "the connection was cut",
      );
      await raiseAll(world);
      expect(await levelOf(world.levels.pool, id!)).toBe("B-LTA");
    }
    await allSound(world);
  });

  it("stops at the level that is set, and goes on when the setting is raised", async () => {
    const [id] = await world.issue(1);
    const levels: Levels = { ...world.levels, target: "B-T" };
    await raiseDue(levels);
    expect(await levelOf(levels.pool, id!)).toBe("B-T");
    await raiseAll(world);
    expect(await levelOf(levels.pool, id!)).toBe("B-T");
    await bringForward(world.levels);
    await raiseAll(world);
    expect(await levelOf(levels.pool, id!)).toBe("B-LTA");
  });
});

describe("an authority that fails", () => {
  const moods: [Mood | "killed", code: string][] = [
    ["killed", "AUTHORITY_UNREACHABLE"],
    ["silent", "AUTHORITY_UNREACHABLE"],
    ["500", "AUTHORITY_UNREACHABLE"],
    ["1 MB", "AUTHORITY_UNREACHABLE"],
    ["garbage", "TIME_STAMP_INVALID"],
    ["another digest", "TIME_STAMP_INVALID"],
    ["another nonce", "TIME_STAMP_INVALID"],
  ];
  let world: World;
  beforeAll(async () => void (world = await makeWorld()));

  it.each(moods)("holds up no certificate: %s", async (mood, code) => {
    const { tsa, levels } = world;
    if (mood === "killed") await tsa.kill();
    else tsa.mood = mood;
    const ids = await world.issue(6);
    const asked = tsa.asked.stamps;
    await expect(raiseDue(levels)).rejects.toMatchObject({ code });
    // Those that were under way side by side, and no more.
    expect(tsa.asked.stamps - asked).toBeLessThanOrEqual(levels.parallel);
    for (const id of ids) expect((await fileAtLevel(levels.pool, id))!.level).toBe("B-B");
    if (mood === "killed") await tsa.revive();
    tsa.mood = "good";
    await raiseAll(world);
    for (const id of ids) expect((await fileAtLevel(levels.pool, id))!.level).toBe("B-LTA");
    await allSound(world);
  });

  it("between the levels leaves the one that was reached", async () => {
    const { tsa, levels } = world;
    const [id] = await world.issue(1);
    const authority: Levels["authority"] = {
      url: tsa.url,
      async ask(digest) {
        const token = await levels.authority.ask(digest);
        await tsa.kill();
        return token;
      },
    };
    // Its lists are still there: fetched within the day.
    await expect(raiseDue({ ...levels, authority })).rejects.toMatchObject({ code: "AUTHORITY_UNREACHABLE" });
    expect(await levelOf(levels.pool, id!)).toBe("B-LT");
    const reached = (await fileAtLevel(levels.pool, id!))!.file;
    await tsa.revive();
    await raiseAll(world);
    const file = (await fileAtLevel(levels.pool, id!))!;
    expect(file.level).toBe("B-LTA");
    expect(file.file.subarray(0, reached.length).equals(reached)).toBe(true);
  });

  it("with an answer of 60 kB is named with both sizes, and later files have the room", async () => {
    const { tsa, levels, clock, failures } = world;
    const ids = await world.issue(3);
    tsa.mood = "60 kB";
    await raiseAll(world);
    expect(failures).toEqual([
      { code: "TIME_STAMP_TOO_LARGE", params: { needed: expect.any(Number), room: expect.any(Number) }, count: 3 },
    ]);
    const { needed, room } = failures[0]!.params as { needed: number; room: number };
    expect(needed).toBeGreaterThan(55_000);
    expect(room).toBeLessThan(12_000);
    const [later] = await world.issue(1);
    await raiseDue(levels);
    expect(await levelOf(levels.pool, later!)).toBe("B-LTA");
    for (const id of ids) expect((await fileAtLevel(levels.pool, id))!.level).toBe("B-B");
    // They are not stuck: set right, the authority stamps them.
    tsa.mood = "good";
    clock.now = new Date(clock.now.getTime() + MINUTE);
    await raiseAll(world);
    for (const id of ids) expect(await levelOf(levels.pool, id)).toBe("B-LTA");
    await allSound(world);
  });
});

describe("revocation lists", () => {
  it("that cannot be had leave files at B-T, and B-LT comes when they can", async () => {
    const world = await makeWorld();
    const { levels, failures, clock } = world;
    const [id] = await world.issue(1);
    const none = { ...levels.evidence, listUrls: [levels.evidence.listUrls[0]!] };
    await raiseDue({ ...levels, evidence: none });
    expect(failures).toMatchObject([{ code: "EVIDENCE_MISSING", params: { why: "EVIDENCE_INCOMPLETE" } }]);
    const rootless = { ...levels.evidence, certificates: [] };
    clock.now = new Date(clock.now.getTime() + MINUTE);
    await raiseDue({ ...levels, evidence: rootless });
    expect(failures[1]).toMatchObject({ code: "EVIDENCE_MISSING" });
    expect(await levelOf(levels.pool, id!)).toBe("B-T");
    await raiseAll(world);
    expect(await levelOf(levels.pool, id!)).toBe("B-T");
    // It would be tried again in two minutes; a start with other settings does not wait.
    await bringForward(levels);
    await raiseAll(world);
    expect(await levelOf(levels.pool, id!)).toBe("B-LTA");
  });

  it("are fetched again when they are old; one that has not ended does while the new one cannot be had", async () => {
    const world = await makeWorld();
    const { levels, tsa, clock } = world;
    await world.issue(1);
    await raiseAll(world);
    expect(tsa.asked.lists).toBe(2);
    clock.now = new Date(clock.now.getTime() + DAY / 2);
    await world.issue(1);
    await raiseAll(world);
    expect(tsa.asked.lists).toBe(2);
    clock.now = new Date(clock.now.getTime() + DAY);
    await world.issue(1);
    await raiseAll(world);
    expect(tsa.asked.lists).toBe(4);
    clock.now = new Date(clock.now.getTime() + 2 * DAY);
    const [id] = await world.issue(1);
    const fetchList: Levels["evidence"]["fetchList"] = () => fetchRevocationList("http://127.0.0.1:1/none", 100);
    await raiseDue({ ...levels, evidence: { ...levels.evidence, fetchList } });
    expect(await levelOf(levels.pool, id!)).toBe("B-LTA");
    // A month later they have ended.
    clock.now = new Date(clock.now.getTime() + 31 * DAY);
    const [late] = await world.issue(1);
    await raiseDue({ ...levels, evidence: { ...levels.evidence, fetchList } });
    expect(await levelOf(levels.pool, late!)).toBe("B-T");
  });
});

describe("raising as a part of the service", () => {
  it("counts what it does, says the sizes of what was too large, and in production takes no development authority", async () => {
    const world = await makeWorld();
    const { levels, tsa, authorities } = world;
    const open = (environment: "test" | "production") => {
      const lines: string[] = [];
      const metrics = createMetrics({ centreCode: "C46010" });
      const sealLevels = {
        ...testConfig().sealLevels,
        target: "B-LTA" as const,
        authority: { url: tsa.url, policy: undefined },
        revocationUrls: tsa.listUrls,
        roots: [der(authorities.root)],
      };
      const raising = openRaising({
        config: testConfig({ environment, sealLevels }),
        pool: levels.pool,
        sealer: authorities.sealer,
        log: createLogger(
          { level: "info", centreCode: "C46010" },
          new Writable({
            write(chunk: Buffer, _encoding, done) {
              lines.push(chunk.toString());
              done();
            },
          }),
        ),
        metrics,
        now: levels.now,
        random: (length) => randomBytes(length),
      });
      return { raising: raising!, lines, figures: () => metrics.registry.metrics() };
    };
    const { signal } = new AbortController();
    const production = open("production");
    await expect(production.raising.step(signal)).rejects.toMatchObject({ code: "TIME_STAMP_INVALID" });
    expect(await production.figures()).toMatch(/time_stamp_seconds_count\{.*outcome="TIME_STAMP_INVALID"\} 1/);

    const { raising, lines, figures } = open("test");
    await raising.reserve();
    await raising.step(signal);
    const [large] = await world.issue(1);
    tsa.mood = "60 kB";
    await raising.step(signal);
    tsa.mood = "good";
    await world.issue(2);
    await raising.step(signal);
    const text = await figures();
    expect(text).toMatch(/seals_raised_total\{level="B-LTA",.*\} 2/);
    expect(text).toMatch(/seals_not_raised_total\{code="TIME_STAMP_TOO_LARGE",.*\} 1/);
    expect(text).toMatch(/seals_waiting\{.*\} 2/);
    const line = JSON.parse(lines.find((one) => one.includes(large!))!) as { details: Record<string, number> };
    expect(line.details.needed).toBeGreaterThan(55_000);
    expect(line.details.room).toBeGreaterThan(1_000);
  });

  it("is nothing without an authority: no room is reserved", () => {
    const config = testConfig();
    expect(openRaising({ config } as Parameters<typeof openRaising>[0])).toBeUndefined();
  });
});

describe("a document time-stamp", () => {
  it("is renewed before its authority's certificate ends, by one that lasts longer", async () => {
    const world = await makeWorld({ years: 1 });
    const { levels, tsa, clock, authorities, failures } = world;
    const [id] = await world.issue(1);
    await raiseAll(world);
    const first = (await fileAtLevel(levels.pool, id!))!.file;
    clock.now = new Date(clock.now.getTime() + 270 * DAY);
    await raiseAll(world);
    expect((await fileAtLevel(levels.pool, id!))!.file.equals(first)).toBe(true);

    clock.now = new Date(clock.now.getTime() + 10 * DAY);
    await raiseAll(world);
    expect(failures).toMatchObject([{ code: "RENEWAL_TOO_SHORT" }]);
    expect((await fileAtLevel(levels.pool, id!))!.file.equals(first)).toBe(true);

    tsa.use(createDevelopmentTimeStampAuthority(authorities.root, { now: levels.now }));
    clock.now = new Date(clock.now.getTime() + DAY);
    await raiseAll(world);
    const renewed = (await fileAtLevel(levels.pool, id!))!;
    expect(renewed.level).toBe("B-LTA");
    expect(renewed.steps).toHaveLength(5);
    expect(renewed.file.subarray(0, first.length).equals(first)).toBe(true);
    await readSealedFile(renewed.file);
    await raiseAll(world);
    expect((await fileAtLevel(levels.pool, id!))!.steps).toHaveLength(5);
    await allSound(world);
  });

  it("is renewed before its algorithm ends, when the authority has another", async () => {
    const world = await makeWorld();
    const { levels, tsa, clock, authorities } = world;
    const [id] = await world.issue(1);
    await raiseAll(world);
    const algorithmEnds = new Map([["sha256/ec", new Date(clock.now.getTime() + 60 * DAY)]]);
    const now: Levels = { ...levels, algorithmEnds };
    tsa.use(createDevelopmentTimeStampAuthority(authorities.root, { now: levels.now, algorithm: "RSA-3072" }));
    await bringForward(now);
    await raiseDue(now);
    expect((await fileAtLevel(levels.pool, id!))!.steps).toHaveLength(5);
    await bringForward(now);
    await raiseDue(now);
    expect((await fileAtLevel(levels.pool, id!))!.steps).toHaveLength(5);
    await allSound(world);
  });
});

describe("the auditor", () => {
  it("finds levels that were changed behind our back", async () => {
    const world = await makeWorld();
    const ids = await world.issue(3);
    await raiseAll(world);
    const { pool } = world.levels;
    await pool.query("alter table certificate_level disable trigger certificate_level_append_only");
    const change = (sql: string, id: string) => pool.query(`update certificate_level set ${sql}`, [id]);
    await change(
      "packed = set_byte(packed, 300, get_byte(packed, 300) # 1) where certificate_id = $1 and step = 1",
      ids[0]!,
    );
    await change("file_digest = sha256('x') where certificate_id = $1 and step = 2", ids[1]!);
    await change("step = 7 where certificate_id = $1 and step = 3", ids[2]!);
    const found = await auditCertificates(pool, world.clock.now);
    expect(found.map(({ check, subject }) => [subject, check]).toSorted()).toEqual(
      [
        [ids[0], "certificate.level_digest"],
        [ids[1], "certificate.level_digest"],
        [ids[2], "certificate.levels_in_order"],
      ].toSorted(),
    );
  });
});
