// Two centres for real: each with a database, a log and a witness of its own; what they say to each other goes through here.
import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Pool } from "../../service/src/db.ts";
import { consistencyOf, logProgress, noteAt, proofOf, sequence } from "../../service/src/log/log.ts";
import type { Log } from "../../service/src/log/log.ts";
import { newestCheckpoint } from "../../service/src/log/store.ts";
import { witnessedNote } from "../../service/src/log/witness-store.ts";
import { addCheckpoint, collectCosignature } from "../../service/src/log/witness.ts";
import type { AskWitness, Witness } from "../../service/src/log/witness.ts";
import { cosignatureLine, cosignatureMessage, cosignedAt, readCheckpoint } from "../../service/src/proof/checkpoint.ts";
import { sign } from "node:crypto";
import { freshDatabase } from "../helpers/database.ts";
import { failingOnce } from "../helpers/faults.ts";
import { append, digest, digests, ed25519, later, makeLog, sound, start, stoppedBecause } from "./world.ts";

const clock = { now: start };
let origin: string;
let centres = 46_010;
let pool: Pool;
let witnessPool: Pool;
let log: Log;
let witness: Witness;
let key: ReturnType<typeof ed25519>;

beforeAll(async () => {
  ({ pool: witnessPool } = await freshDatabase({ max: 4 }));
});
beforeEach(async () => {
  ({ pool } = await freshDatabase({ max: 4 }));
  clock.now = start;
  // One witness for all tests, which are a centre each.
  log = await makeLog(pool, `C${++centres}`, clock);
  origin = `cunzheng/${log.centre}/1`;
  key = ed25519();
  witness = {
    pool: witnessPool,
    centre: "C14010",
    ...key,
    now: () => clock.now,
    logKeys: async (asked) => (asked === origin ? [log.publicKey] : []),
  };
});

const ask: AskWitness = async (body) => addCheckpoint(witness, body);
const show = async () => witnessedNote(witness.pool, origin);
const collect = (from: Log = log, by: AskWitness = ask) =>
  collectCosignature(from, { centre: "C14010", keys: [key.publicKey] }, by, show);

async function grow(of: Log, ...names: (number | string)[]): Promise<void> {
  await append(of.pool, names.map(digest));
  await sequence(of);
}

/** Another log with the same name and key: what a centre would show to somebody else. */
async function twin(...names: (number | string)[]): Promise<Log> {
  const other = await freshDatabase({ max: 4 });
  const fork: Log = { ...log, pool: other.pool };
  await other.pool.query("insert into log_epoch (epoch) values (1)");
  await grow(fork, ...names);
  return fork;
}

const alarms = async () =>
  (
    await witnessPool.query(
      "select kind, given_size::int as size, settled_at is not null as settled from witness_alarm where origin = $1 order by id",
      [origin],
    )
  ).rows as unknown[];
const noteOf = async (of: Log) => noteAt(of, of.pool, (await newestCheckpoint(of.pool, 1))!);

describe("growth", () => {
  it("that only adds leaves is cosigned, step by step, and once for each size", async () => {
    for (const [step, names] of [[1], [2, 3], [4, 5, 6]].entries()) {
      await grow(log, ...names);
      expect(await collect()).toBe([1, 3, 6][step]);
      expect(await collect()).toBeUndefined();
      later(clock, 2_000);
    }
    const note = readCheckpoint(await noteOf(log));
    expect(await cosignedAt(note, "cunzheng/C14010/witness", key.publicKey)).toBe(start.getTime() / 1000 + 4);
    expect((await logProgress(pool, 1)).witnesses).toEqual([
      { centre: "C14010", size: 6, at: new Date(start.getTime() + 4_000) },
    ]);
    expect(await alarms()).toEqual([]);
    await sound(log);
  });

  it("makes a receipt prefer the checkpoint that enough witnesses cosigned", async () => {
    const [leaf] = await append(pool, digests(0, 1));
    await sequence(log);
    await grow(log, 1);
    expect((await proofOf(log, pool, leaf!, 1))!.checkpoint.size).toBe(2);
    await collect();
    await grow(log, 2);
    const proof = (await proofOf(log, pool, leaf!, 1))!;
    expect(proof.checkpoint.size).toBe(2);
    expect(proof.note).toContain("— cunzheng/C14010/witness ");
    // With a quorum that nobody reached, the newest is as good as any.
    expect((await proofOf(log, pool, leaf!, 2))!.checkpoint.size).toBe(3);
  });

  it("asked for again by the log gives a fresh cosignature of the same checkpoint", async () => {
    await grow(log, 1);
    await collect();
    later(clock, 60_000);
    const body = `old 1\n\n${await noteOf(log)}`;
    const again = await addCheckpoint(witness, body);
    expect(again.status).toBe(200);
    const line = readCheckpoint(`${await noteOf(log)}${again.body}`);
    expect(line.signatures.filter(({ name }) => name === "cunzheng/C14010/witness")).toHaveLength(2);
    expect(await alarms()).toEqual([]);
  });
});

describe("a fork", () => {
  it("of the same size is refused, and both notes are kept, once however often they come", async () => {
    await grow(log, 1, 2);
    await collect();
    const fork = await twin(1, "another");
    for (let time = 0; time < 3; time++)
      expect(await addCheckpoint(witness, `old 2\n\n${await noteOf(fork)}`)).toMatchObject({ status: 422 });
    expect(await alarms()).toEqual([{ kind: "fork", size: 2, settled: false }]);
    const { rows } = await witnessPool.query<{ known_note: string; given_note: string }>(
      "select * from witness_alarm where origin = $1",
      [origin],
    );
    expect([rows[0]!.known_note.split("\n")[2], rows[0]!.given_note.split("\n")[2]]).toEqual([
      (await noteOf(log)).split("\n")[2],
      (await noteOf(fork)).split("\n")[2],
    ]);
    // Also when it comes with an old size that does not fit.
    expect(await addCheckpoint(witness, `old 1\n\n${await noteOf(fork)}`)).toMatchObject({ status: 409, body: "2\n" });
    for (const sql of [
      "delete from witness_alarm",
      "update witness_alarm set given_note = ''",
      "truncate witness_alarm",
    ])
      await expect(witnessPool.query(sql)).rejects.toMatchObject({ code: "CZ306" });
  });

  it("of a larger size is refused and never cosigned", async () => {
    await grow(log, 1, 2);
    await collect();
    const fork = await twin(1, "another", 3, 4);
    await expect(collect(fork)).resolves.toBeUndefined();
    expect(await alarms()).toEqual([{ kind: "unproven", size: 4, settled: false }]);
    expect(await witnessedNote(witnessPool, origin)).toContain("\n2\n");
    expect(await stoppedBecause(fork)).toMatch(/a history that ours does not extend at 2 leaves/);
  });

  it("is not charged to a log whose true note somebody else sends with a wrong proof", async () => {
    await grow(log, 1, 2);
    await collect();
    await grow(log, 3);
    const wrong = `old 2\n${digest("no proof").toString("base64")}\n\n${await noteOf(log)}`;
    for (let time = 0; time < 3; time++) expect(await addCheckpoint(witness, wrong)).toMatchObject({ status: 422 });
    expect(await alarms()).toEqual([{ kind: "unproven", size: 3, settled: false }]);
    expect(await collect()).toBe(3);
    expect(await alarms()).toEqual([{ kind: "unproven", size: 3, settled: true }]);
    expect(await stoppedBecause(log)).toBeNull();
  });

  it("cannot be written past the witness's memory, whoever is connected", async () => {
    await grow(log, 1, 2);
    await collect();
    for (const sql of [
      "update witnessed_log set size = 1",
      "update witnessed_log set root = sha256('x')",
      "delete from witnessed_log",
    ])
      await expect(witnessPool.query(sql)).rejects.toMatchObject({ code: "CZ304" });
  });
});

describe("a request to a witness", () => {
  beforeEach(async () => {
    await grow(log, 1, 2, 3);
    await collect();
  });

  it("for a log that nobody knows, or without the log's own signature, changes nothing", async () => {
    const note = await noteOf(log);
    witness.logKeys = async () => [];
    expect(await addCheckpoint(witness, `old 3\n\n${note}`)).toMatchObject({ status: 404 });
    witness.logKeys = async () => [ed25519().publicKey];
    expect(await addCheckpoint(witness, `old 3\n\n${note}`)).toMatchObject({ status: 403 });
  });

  it("with a checkpoint from long ago is answered with where the witness stands", async () => {
    const old = await noteOf(log);
    await grow(log, 4);
    await collect();
    expect(await addCheckpoint(witness, `old 3\n\n${old}`)).toEqual({ status: 409, body: "4\n", size: 4 });
    expect(await addCheckpoint(witness, `old 0\n\n${old}`)).toMatchObject({ status: 409 });
    expect(await addCheckpoint(witness, `old 4\n\n${old}`)).toMatchObject({ status: 400 });
    expect(await alarms()).toEqual([]);
  });

  it("is malformed when any part of it is", async () => {
    const note = await noteOf(log);
    for (const body of [
      "",
      "old 3",
      `old -1\n\n${note}`,
      `old 03\n\n${note}`,
      `old 3\n???\n\n${note}`,
      `old 3\n${"AAAA\n".repeat(64)}\n${note}`,
      `old 3\n\n${origin}\n3\n`,
      "old 3\n\nexample.org/log\n3\nAAAA\n\n",
    ])
      expect(await addCheckpoint(witness, body), body).toMatchObject({ status: 400 });
  });

  it("twenty times at once is answered by one line of history", async () => {
    await grow(log, 4);
    const body = `old 3\n${(await consistencyOf(pool, 1, 3, 4))
      .map((hash) => `${Buffer.from(hash).toString("base64")}\n`)
      .join("")}\n${await noteOf(log)}`;
    const answers = await Promise.all(Array.from({ length: 20 }, () => addCheckpoint(witness, body)));
    expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(19);
  });
});

describe("collecting", () => {
  it("goes on from where the witness stands when its answer was lost", async () => {
    await grow(log, 1, 2);
    const lost: AskWitness = async (body) => {
      await ask(body);
      throw new Error("the answer was lost");
    };
    await expect(collect(log, lost)).rejects.toThrow("the answer was lost");
    expect((await logProgress(pool, 1)).witnesses).toEqual([]);
    expect(await collect()).toBe(2);
    // Lost again, and more leaves before the next try.
    await grow(log, 3);
    await expect(collect(log, lost)).rejects.toThrow(/cut|lost|cosignature|signature line|checkpoint/);
    await grow(log, 4);
    expect(await collect()).toBe(4);
    await sound(log);
  });

  it.each([false, true])("goes on when its own database failed to keep the cosignature (done: %s)", async (done) => {
    await grow(log, 1, 2);
    const broken = failingOnce(pool, /insert into log_cosignature/, done);
    await expect(collect({ ...log, pool: broken.pool })).rejects.toThrow(
      /cut|lost|cosignature|signature line|checkpoint/,
    );
    expect(await collect()).toBe(done ? undefined : 2);
    expect((await logProgress(pool, 1)).witnesses).toMatchObject([{ centre: "C14010", size: 2 }]);
  });

  it.each([false, true])("goes on when the witness's commit failed (done: %s)", async (done) => {
    await grow(log, 1, 2);
    const broken = failingOnce(witnessPool, /^commit$/, done);
    const whole = witness;
    witness = { ...whole, pool: broken.pool };
    await expect(collect()).rejects.toThrow(/cut|lost|cosignature|signature line|checkpoint/);
    witness = whole;
    expect(await collect()).toBe(2);
    expect(await alarms()).toEqual([]);
  });

  it("is content when another replica has shown the witness more meanwhile", async () => {
    await grow(log, 1);
    await collect();
    await grow(log, 2);
    const overtaken: AskWitness = async (body) => {
      await grow(log, 3);
      await collect();
      return ask(body);
    };
    expect(await collect(log, overtaken)).toBeUndefined();
    expect(await stoppedBecause(log)).toBeNull();
    expect((await logProgress(pool, 1)).witnesses).toMatchObject([{ size: 3 }]);
  });

  it("keeps the one good line of an answer and nothing else that came with it", async () => {
    await grow(log, 1);
    const chatty: AskWitness = async (body) => {
      const answer = await ask(body);
      const junk = cosignatureLine("cunzheng/C63010/witness", key.publicKey, 1, new Uint8Array(64));
      return { ...answer, body: `${junk}\n${answer.body}${junk}\n`.repeat(5) };
    };
    expect(await collect(log, chatty)).toBe(1);
    expect(readCheckpoint(await noteOf(log)).signatures.map(({ name }) => name)).toEqual([
      origin,
      "cunzheng/C14010/witness",
    ]);
  });

  it("keeps no line by another key, over another text, or with a time far from now", async () => {
    await grow(log, 1);
    const line = (time: number, by = key, text?: string) => {
      const { body } = readCheckpoint(current);
      const signature = sign(null, cosignatureMessage(text ?? body, time), by.privateKey);
      return `${cosignatureLine("cunzheng/C14010/witness", by.publicKey, time, signature)}\n`;
    };
    const current = await noteOf(log);
    const now = clock.now.getTime() / 1000;
    for (const body of [
      line(now, ed25519()),
      line(now, key, `${origin}\n2\nAAAA\n`),
      line(now + 3_600),
      line(now - 3_600),
      "",
      "200 OK\n",
    ])
      await expect(collect(log, async () => ({ status: 200, body }))).rejects.toThrow(
        /cut|lost|cosignature|signature line|checkpoint/,
      );
    expect((await logProgress(pool, 1)).witnesses).toEqual([]);
    expect(await collect(log, async () => ({ status: 200, body: line(now + 5) }))).toBe(1);
  });

  it("hands on what a witness answered otherwise", async () => {
    await grow(log, 1);
    await expect(collect(log, async () => ({ status: 500, body: "down" }))).rejects.toThrow(
      /C14010 answered 500: down/,
    );
    await expect(collect(log, async () => ({ status: 409, body: "many\n" }))).rejects.toThrow(/answered 409/);
    expect(await stoppedBecause(log)).toBeNull();
  });
});

describe("a log restored from an older state", () => {
  it("stops when the witness shows that it has cosigned more", async () => {
    await grow(log, 1, 2, 3);
    await collect();
    const restored = await twin(1, 2);
    expect(await collect(restored)).toBeUndefined();
    expect(await stoppedBecause(restored)).toMatch(/C14010 has cosigned 3 leaves, ours 2/);
    await append(restored.pool, [digest("x")]);
    expect(await sequence(restored)).toBe(0);
  });

  it("stops when it has grown again to another history of the size that the witness knows", async () => {
    await grow(log, 1, 2, 3);
    await collect();
    const restored = await twin(1, 2, "another");
    expect(await collect(restored)).toBeUndefined();
    expect(await stoppedBecause(restored)).toMatch(/a history that ours does not extend at 3 leaves/);
    expect(await alarms()).toEqual([{ kind: "fork", size: 3, settled: false }]);
  });

  it("does not stop for a witness that only claims to know more", async () => {
    await grow(log, 1);
    await collect();
    await grow(log, 2);
    const liar: AskWitness = async () => ({ status: 409, body: "999\n" });
    await expect(collect(log, liar)).rejects.toThrow(/does not show it/);
    await expect(collect(log, async () => ({ status: 422, body: "no" }))).rejects.toThrow(/does not show it/);
    expect(await stoppedBecause(log)).toBeNull();
  });
});

describe("the registry's word", () => {
  it("decides which key a log may sign with: after a change of keys the new one is good", async () => {
    await grow(log, 1);
    await collect();
    const next = ed25519();
    const renewed: Log = { ...log, ...next };
    await grow(renewed, 2);
    await expect(collect(renewed)).rejects.toThrow(/answered 403/);
    witness.logKeys = async () => [log.publicKey, next.publicKey];
    expect(await collect(renewed)).toBe(2);
  });
});
