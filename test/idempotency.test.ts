// A request that may be sent twice: carried out once, whatever breaks, and answered the same for ever after.
import { afterAll, describe, expect, it } from "vitest";
import type { Domain } from "../service/src/app.ts";
import { DomainError } from "../service/src/errors.ts";
import { idempotent, sendAnswer, sweepIdempotency, Type } from "../service/src/http.ts";
import { buildTestApp, ownOrigin } from "./app/harness.ts";
import { freshDatabase } from "./helpers/database.ts";

const name = "欧阳测试";

describe("a request with an Idempotency-Key", async () => {
  const { pool } = await freshDatabase({ max: 20 });
  await pool.query("create table done (id text primary key, amount integer not null)");
  let crash: "before" | "after" | undefined;
  const work: Domain = async (app, context) => {
    const Body = Type.Object({ amount: Type.Integer(), who: Type.Optional(Type.String()) });
    app.post("/api/v1/move", { schema: { body: Body } }, async (request, reply) => {
      const actor = String(request.headers["x-actor"] ?? "staff_1");
      const answer = await idempotent(
        context.pool,
        request,
        actor,
        async (tx) => {
          if (crash === "before") throw new Error("crash before the work");
          const id = `m_${crypto.randomUUID()}`;
          await tx.query("insert into done (id, amount) values ($1, $2)", [id, request.body.amount]);
          await tx.query("select pg_sleep(0.05)");
          if (crash === "after") throw new Error("crash after the work, before COMMIT");
          if (request.body.amount < 0) throw new DomainError("NOT_ALLOWED");
          return { status: 201, body: { id, note: request.body.who ?? null } };
        },
        context.now,
      );
      return sendAnswer(reply, answer);
    });
  };
  const { app, clock } = await buildTestApp(pool, [work]);
  afterAll(() => app.close());
  const send = (key: string | undefined, payload: object, headers: Record<string, string> = {}) =>
    app.inject({
      method: "POST",
      url: "/api/v1/move",
      payload,
      headers: { ...ownOrigin, ...headers, ...(key ? { "idempotency-key": key } : {}) },
    });
  const newKey = () => crypto.randomUUID();
  const count = async () => Number((await pool.query("select count(*) from done")).rows[0].count);

  it("is carried out once, and answered the same for ever after", async () => {
    const key = newKey();
    const first = await send(key, { amount: 5 });
    const before = await count();
    const second = await send(key, { amount: 5 });
    expect([first.statusCode, second.statusCode, second.body]).toEqual([201, 201, first.body]);
    expect([first.headers["idempotency-replayed"], second.headers["idempotency-replayed"]]).toEqual([
      undefined,
      "true",
    ]);
    expect(await count()).toBe(before);
  });

  it("is refused when the same key comes with another body, and is another request for another actor", async () => {
    const key = newKey();
    await send(key, { amount: 5 });
    const other = await send(key, { amount: 6 });
    expect([other.statusCode, other.json().code]).toEqual([409, "IDEMPOTENCY_KEY_REUSED"]);
    expect((await send(key, { amount: 6 }, { "x-actor": "staff_2" })).statusCode).toBe(201);
  });

  it("needs a key that nobody guesses", async () => {
    expect((await send(undefined, { amount: 1 })).json().code).toBe("IDEMPOTENCY_KEY_MISSING");
    expect((await send("short", { amount: 1 })).json().code).toBe("IDEMPOTENCY_KEY_INVALID");
  });

  it("is carried out once when it is sent many times at once", async () => {
    const key = newKey();
    const before = await count();
    const answers = await Promise.all(Array.from({ length: 8 }, () => send(key, { amount: 7 })));
    expect(new Set(answers.map((answer) => `${answer.statusCode} ${answer.body}`)).size).toBe(1);
    expect(await count()).toBe(before + 1);
  });

  it("is carried out by the next one after a crash: failed and not done, failed when all but done", async () => {
    for (const moment of ["before", "after"] as const) {
      const key = newKey();
      const before = await count();
      crash = moment;
      expect((await send(key, { amount: 8 })).statusCode).toBe(500);
      expect(await count()).toBe(before);
      crash = undefined;
      expect((await send(key, { amount: 8 })).statusCode).toBe(201);
      expect(await count()).toBe(before + 1);
    }
  });

  it("that was done although its answer was lost gets the answer", async () => {
    const key = newKey();
    const before = await count();
    await send(key, { amount: 9 }); // the client never sees this
    const again = await send(key, { amount: 9 });
    expect([again.statusCode, again.headers["idempotency-replayed"], await count()]).toEqual([201, "true", before + 1]);
  });

  it("does not hold a refusal against the key", async () => {
    const key = newKey();
    expect((await send(key, { amount: -1 })).statusCode).toBe(403);
    const { rows } = await pool.query("select count(*) from idempotency where answer is null");
    expect(rows[0].count).toBe(0n);
    expect((await send(key, { amount: -2 })).statusCode).toBe(403);
  });

  it("is told that the first is still running, when that takes too long", async () => {
    const key = newKey();
    const blocker = await pool.connect();
    await blocker.query("begin");
    await blocker.query("lock table done in access exclusive mode");
    const first = send(key, { amount: 1 });
    // The first one holds the key's row as soon as it waits for the table.
    for (let waiting = 0; waiting === 0;)
      waiting = Number(
        (await pool.query("select count(*) from pg_locks where not granted and relation = 'done'::regclass")).rows[0]
          .count,
      );
    const second = await send(key, { amount: 1 });
    expect([second.statusCode, second.json().code]).toEqual([409, "IDEMPOTENCY_IN_PROGRESS"]);
    await blocker.query("rollback");
    blocker.release();
    expect((await first).statusCode).toBe(201);
  });

  it("leaves nothing readable in the table, and nothing at all after two days", async () => {
    const key = newKey();
    await send(key, { amount: 5, who: name });
    const { rows } = await pool.query<{ answer: Buffer }>("select answer from idempotency");
    expect(rows.some(({ answer }) => answer.includes(Buffer.from(name)) || answer.includes(Buffer.from(key)))).toBe(
      false,
    );
    expect(await sweepIdempotency(pool, new Date(clock.now.getTime() + 86_400_000))).toBe(0);
    expect(await sweepIdempotency(pool, new Date(clock.now.getTime() + 3 * 86_400_000))).toBe(rows.length);
  });
});
