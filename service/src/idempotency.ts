// Requests that move money or issue something may be sent twice: after a lost answer, by a double click, by a retry. The
// Idempotency-Key makes them happen once.
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { transaction } from "./db.ts";
import type { Pool, Transaction } from "./db.ts";
import { DomainError, invariant, refusals } from "./errors.ts";

export const idempotencyRefusals = refusals({
  IDEMPOTENCY_KEY_INVALID: {
    status: 400,
    zh: "Idempotency-Key 应为 16 至 128 个可见字符的随机值。",
    en: "Idempotency-Key must be a random value of 16 to 128 visible characters.",
  },
  IDEMPOTENCY_IN_PROGRESS: {
    status: 409,
    zh: "同一请求正在办理中。请稍后用同一 Idempotency-Key 重试。",
    en: "The same request is being carried out. Send it again with the same Idempotency-Key in a moment.",
  },
});

export interface Answer {
  /** 200 to 499: a refusal may be an answer too, when the work has written something down that must stay */
  status: number;
  /** JSON */
  body: unknown;
}

/** How long a second request waits for the first one that is still running. */
const waitForFirstMs = 5_000;

/**
 * Does `work` once for each actor and Idempotency-Key, however often the request is sent. Key and work are one
 * transaction: either both happened or neither.
 * - the same key and the same request: the stored answer, `work` is not run;
 * - the same key and another request (route, address or body): refused with IDEMPOTENCY_KEY_REUSED;
 * - two at once: the second waits for the first and gets its answer, or after 5 s IDEMPOTENCY_IN_PROGRESS;
 * - `work` throws, or we crash before COMMIT: nothing is kept, and the same request runs it again.
 * `work` does nothing outside the database (db.ts `transaction` may run it again). Answers are kept for two days,
 * readable only with the key; they hold ids and states rather than personal data all the same.
 * @param actorId person, staff or institution: the same key of another actor is another key
 */
export async function idempotent(
  pool: Pool,
  request: FastifyRequest,
  actorId: string,
  work: (tx: Transaction) => Promise<Answer>,
  now: () => Date,
): Promise<Answer & { repeated: boolean }> {
  const key = idempotencyKey(request);
  const id = createHash("sha256")
    .update(JSON.stringify([actorId, key]))
    .digest();
  const digest = createHmac("sha256", key)
    .update(JSON.stringify([request.method, request.routeOptions.url, request.url, request.body ?? null]))
    .digest();
  return transaction(pool, async (tx) => {
    // The first one holds this row until it commits; who comes meanwhile waits here, and not for ever.
    await tx.query(`set local lock_timeout = ${waitForFirstMs}`);
    const inserted = await tx
      .query(
        "insert into idempotency (id, request_digest, created_at) values ($1, $2, $3) on conflict (id) do nothing",
        [id, digest, now()],
      )
      .catch((error: Error & { code?: string }) => {
        throw error.code === "55P03" ? new DomainError("IDEMPOTENCY_IN_PROGRESS") : error;
      });
    await tx.query("set local lock_timeout to default");
    if (inserted.rowCount === 0) {
      const { rows } = await tx.query<{ request_digest: Buffer; status: number; answer: Buffer }>(
        "select request_digest, status, answer from idempotency where id = $1",
        [id],
      );
      const stored = rows[0];
      if (!stored) throw new DomainError("IDEMPOTENCY_IN_PROGRESS"); // swept between the two statements
      if (!stored.request_digest.equals(digest)) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
      return { status: stored.status, body: openAnswer(key, id, stored.answer), repeated: true };
    }
    const answer = await work(tx);
    await tx.query("update idempotency set status = $2, answer = $3 where id = $1", [
      id,
      answer.status,
      sealAnswer(key, id, answer.body),
    ]);
    return { ...answer, repeated: false };
  });
}

/** Sends an answer of `idempotent`; one that is repeated says so in a header. */
export function sendAnswer(reply: FastifyReply, answer: Answer & { repeated: boolean }): FastifyReply {
  if (answer.repeated) reply.header("idempotency-replayed", "true");
  return reply.code(answer.status).send(answer.body);
}

/** Forgets answers older than two days. @returns how many */
export async function sweepIdempotency(pool: Pool, now: Date): Promise<number> {
  const { rowCount } = await pool.query("delete from idempotency where created_at < $1", [
    new Date(now.getTime() - 2 * 86_400_000),
  ]);
  return rowCount ?? 0;
}

/** The Idempotency-Key of a request, for a domain that keeps it with what it made. @throws when missing or malformed */
export function idempotencyKey(request: FastifyRequest): string {
  const key = request.headers["idempotency-key"];
  if (key === undefined || key === "") throw new DomainError("IDEMPOTENCY_KEY_MISSING");
  if (typeof key !== "string" || !/^[\x21-\x7e]{16,128}$/.test(key)) throw new DomainError("IDEMPOTENCY_KEY_INVALID");
  return key;
}

// The answer is for whoever holds the key: a copy of the table shows nothing. The id is bound as associated data.
function answerKey(key: string, id: Buffer): Buffer {
  return Buffer.from(hkdfSync("sha256", key, id, "cunzheng idempotency answer", 32));
}

function sealAnswer(key: string, id: Buffer, body: unknown): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv("aes-256-gcm", answerKey(key, id), nonce).setAAD(id);
  const sealed = Buffer.concat([cipher.update(JSON.stringify(body ?? null), "utf8"), cipher.final()]);
  return Buffer.concat([nonce, cipher.getAuthTag(), sealed]);
}

function openAnswer(key: string, id: Buffer, sealed: Buffer): unknown {
  invariant(sealed.length > 28, "stored answer is too short");
  const decipher = createDecipheriv("aes-256-gcm", answerKey(key, id), sealed.subarray(0, 12)).setAAD(id);
  decipher.setAuthTag(sealed.subarray(12, 28));
  return JSON.parse(Buffer.concat([decipher.update(sealed.subarray(28)), decipher.final()]).toString("utf8"));
}
