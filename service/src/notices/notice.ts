// Messages to persons. One is written in the transaction that has something to say, and delivered afterwards, at least
// once: the gateway gets the message's id and drops repeats. Its text is kept only as long as it has to be sent.
import type { SmsProvider } from "../config.ts";
import type { Pool, Transaction } from "../db.ts";
import { newId } from "../ids.ts";
import type { RandomBytes } from "../ids.ts";
import { scrub } from "../logging.ts";
import type { SmsChannel } from "./channel.ts";
import { claimNotices, expireNotices, insertNotice, settleNotice } from "./store.ts";

export interface NoticeContext {
  provider: SmsProvider;
  now: () => Date;
  random: RandomBytes;
}

export interface Message {
  /** what it is for, for example "sign_in_code" */
  purpose: string;
  personId: string | null;
  /** phone number; null when nobody is to get it: the row is written all the same, so that nobody can tell by the time */
  recipient: string | null;
  text: string;
  /** seconds after which it is of no use and not sent any more */
  validSeconds: number;
}

/** Where messages wait longest before they are given up. */
const maxAttempts = 5;
/** A sender that holds a message longer than this has crashed: another one takes it. */
const leaseMs = 30_000;

/**
 * Puts a message into the outbox, in the caller's transaction. A second call writes a second message.
 * @returns its id
 */
export async function sendNotice(tx: Transaction, message: Message, context: NoticeContext): Promise<string> {
  const now = context.now();
  const id = newId("ntc", context.random);
  // Nobody to send to, or nothing to send with: what stays is that there was something to say.
  const channel = context.provider === "gateway" ? "sms" : context.provider;
  const withheld = message.recipient === null || channel === "none";
  await insertNotice(tx, {
    id,
    channel,
    purpose: message.purpose,
    personId: message.personId,
    recipient: withheld ? null : message.recipient,
    recipientMasked: message.recipient === null ? null : maskPhone(message.recipient),
    text: withheld ? null : message.text,
    state: withheld ? "withheld" : "waiting",
    now,
    expiresAt: new Date(now.getTime() + message.validSeconds * 1000),
  });
  return id;
}

/**
 * One step of the sender: forgets what has expired, then sends what is due.
 * What a crash leaves: between claim and answer the message is due again after half a minute, and is sent twice at worst.
 * @returns how many were delivered
 */
export async function deliverNotices(pool: Pool, channel: SmsChannel, now: () => Date): Promise<number> {
  await expireNotices(pool, now());
  let delivered = 0;
  for (const notice of await claimNotices(pool, now(), { limit: 50, leaseMs })) {
    try {
      await channel.send({ id: notice.id, to: notice.recipient, text: notice.text });
      await settleNotice(pool, notice.id, { state: "delivered", now: now(), keepText: channel.keepsText });
      delivered++;
    } catch (error) {
      const lastError = scrub(error instanceof Error ? error.message : String(error)).slice(0, 200);
      const pauseMs = 2000 * 2 ** notice.attempts;
      if (notice.attempts >= maxAttempts)
        await settleNotice(pool, notice.id, { state: "failed", now: now(), lastError });
      else
        await settleNotice(pool, notice.id, {
          state: "waiting",
          now: now(),
          lastError,
          nextAt: new Date(now().getTime() + pauseMs),
        });
    }
  }
  return delivered;
}

/** 13812345678 → 138****5678; shorter ones keep the last two. */
export function maskPhone(phone: string): string {
  return phone.length >= 11 ? `${phone.slice(0, 3)}****${phone.slice(-4)}` : `****${phone.slice(-2)}`;
}
