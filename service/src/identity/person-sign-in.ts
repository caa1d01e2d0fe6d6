// A person signs in: with the number of a document, then with the code sent to the phone that the centre knows.
//
// Whoever asks learns nothing about whether the person exists: the same steps, the same rows, the same answer. A code
// lives five minutes, for five tries, for one use, and only together with the challenge that the asking browser holds.
import { createHash, createHmac, timingSafeEqual } from "node:crypto";
import { transaction } from "../db.ts";
import type { Pool } from "../db.ts";
import { DomainError } from "../errors.ts";
import type { RandomBytes } from "../ids.ts";
import { sendNotice } from "../notices/notice.ts";
import type { NoticeContext } from "../notices/notice.ts";
import type { PersonActor } from "./access.ts";
import { beginSession } from "./session.ts";
import type { Session } from "./session.ts";
import { codesSince, insertCode, pepper, recordSignIn, takeTry, useCode } from "./store.ts";
import type { PersonDirectory } from "./person-directory.ts";

/** Seconds for which a code can be used. */
export const codeSeconds = 300;
/** How many codes are sent for one document within so many milliseconds. */
export type CodeLimits = readonly { codes: number; withinMs: number }[];
export const strictCodeLimits: CodeLimits = [
  { codes: 2, withinMs: 60_000 },
  { codes: 6, withinMs: 3_600_000 },
  { codes: 15, withinMs: 86_400_000 },
];

export interface PersonSignInContext extends NoticeContext {
  pool: Pool;
  persons: PersonDirectory;
  codeLimits: CodeLimits;
  /** stands in the message, so that people know who sends it */
  centreName: string;
}

/**
 * Sends a code, if somebody with this document has left a phone number; answers the same if not. A second call sends
 * another code and makes the first one useless.
 * @returns the challenge with which the code has to be handed in: 43 characters, secret to the asking browser
 * @throws DomainError SIGN_IN_CODES_EXHAUSTED, known person or not
 */
export async function askForCode(
  document: { type: string; number: string },
  context: PersonSignInContext,
): Promise<{ challenge: string; expiresInSeconds: number }> {
  const { pool, now, random } = context;
  const challenge = Buffer.from(random(32));
  const code = sixDigits(random);
  const number = canonicalDocumentNumber(document.number);
  await transaction(pool, async (tx) => {
    const at = now();
    const subject = createHmac("sha256", await pepper(tx))
      .update(JSON.stringify(["document", document.type, number]))
      .digest();
    refuseTooMany(await codesSince(tx, subject, new Date(at.getTime() - 86_400_000)), at, context.codeLimits);
    const person = await context.persons.byDocument(tx, document.type, number);
    const reachable = person && person.phone !== null ? person : undefined;
    await insertCode(tx, {
      challengeHash: sha256(challenge),
      subject,
      personId: reachable?.id ?? null,
      codeHash: codeHash(challenge, code),
      now: at,
      expiresAt: new Date(at.getTime() + codeSeconds * 1000),
    });
    await sendNotice(
      tx,
      {
        purpose: "sign_in_code",
        personId: reachable?.id ?? null,
        recipient: reachable?.phone ?? null,
        text: `【${context.centreName}】登录验证码 ${code}，5 分钟内有效。请勿转告他人，工作人员不会向您索取。`,
        validSeconds: codeSeconds,
      },
      context,
    );
  });
  return { challenge: challenge.toString("base64url"), expiresInSeconds: codeSeconds };
}

/**
 * Takes the code and begins a session.
 * @param before the session with which the browser came; it ends
 * @returns the session's token for the cookie
 * @throws DomainError SIGN_IN_CODE_WRONG, whatever it is that is wrong
 */
export async function signInPerson(
  answer: { challenge: string; code: string },
  before: Session | null,
  { pool, now, random }: PersonSignInContext,
): Promise<{ token: string; actor: PersonActor }> {
  const challenge = Buffer.from(answer.challenge, "base64url");
  // The outcome is returned, not thrown: a try that failed must be committed.
  const outcome = await transaction(pool, async (tx) => {
    const at = now();
    const found = await takeTry(tx, sha256(challenge), at);
    const right = timingSafeEqual(found?.codeHash ?? Buffer.alloc(32), codeHash(challenge, answer.code));
    if (!found) return undefined;
    if (!right || found.personId === null) {
      if (found.personId !== null) await recordSignIn(tx, { kind: "person", personId: found.personId }, "refused", at);
      return undefined;
    }
    await useCode(tx, sha256(challenge), at);
    const actor: PersonActor = { kind: "person", personId: found.personId };
    const token = await beginSession(tx, actor, { now: at, random, before });
    await recordSignIn(tx, actor, "signed_in", at);
    return { token, actor };
  });
  if (!outcome) throw new DomainError("SIGN_IN_CODE_WRONG");
  return outcome;
}

/** Capitals, half-width, without blanks: the form in which the register keeps numbers. */
export function canonicalDocumentNumber(number: string): string {
  return number.normalize("NFKC").replace(/\s+/g, "").toUpperCase();
}

function refuseTooMany(sent: readonly Date[], now: Date, limits: CodeLimits): void {
  for (const { codes, withinMs } of limits) {
    const recent = sent.filter((at) => now.getTime() - at.getTime() < withinMs);
    const oldest = recent.at(-codes);
    if (oldest) {
      const seconds = Math.max(1, Math.ceil((oldest.getTime() + withinMs - now.getTime()) / 1000));
      throw new DomainError("SIGN_IN_CODES_EXHAUSTED", { seconds });
    }
  }
}

/** Six digits, all equally likely: what would make some likelier is drawn again. */
export function sixDigits(random: RandomBytes): string {
  for (;;) {
    const value = Buffer.from(random(4)).readUInt32BE();
    if (value < 4_294_000_000) return String(value % 1_000_000).padStart(6, "0");
  }
}

/** Under the challenge, which is not stored: a copy of the table does not give the six digits. */
function codeHash(challenge: Buffer, code: string): Buffer {
  return createHmac("sha256", challenge).update(code).digest();
}

function sha256(bytes: Buffer): Buffer {
  return createHash("sha256").update(bytes).digest();
}
