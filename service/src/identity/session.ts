// A session: who is signed in, known by a random token in a cookie. We keep only the token's digest.
import { createHash } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import type { AppContext } from "../app.ts";
import type { Queryable, Transaction } from "../db.ts";
import type { App } from "../http.ts";
import type { RandomBytes } from "../ids.ts";
import type { Actor } from "./access.ts";
import { deleteSession, findSession, insertSession, touchSession } from "./store.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** who sends the request; null when nobody is signed in or the route takes requests from anywhere */
    actor: Actor | null;
    session: Session | null;
  }
}

export interface Session {
  /** what logs and limits may know of the session: a part of the token's digest */
  key: string;
  tokenHash: Buffer;
  actor: Actor;
  /** when it ends if nothing is done from now on, and when it ends in any case */
  idleEndsAt: Date;
  endsAt: Date;
}

/** A session that is not used for this long has ended. */
export const idleMs = 30 * 60_000;
/** A session ends this long after signing in, however much it is used. */
export const absoluteMs = 12 * 3_600_000;
/** Use is written down at most this often: reading a page is not a write for each picture on it. */
const touchMs = 60_000;

/** What a session's cookie depends on. */
export interface CookieSettings {
  secure: boolean;
  centre: { code: string };
}

/**
 * `__Host-` makes the browser refuse a cookie that another host of the domain, or plain http, tries to set. The centre's code
 * keeps apart centres that share a host name on several ports, as in a demonstration: cookies do not know ports.
 */
export function cookieName({ secure, centre }: CookieSettings): string {
  return `${secure ? "__Host-" : ""}session-${centre.code}`;
}

/**
 * Finds out for every request of the interface who sends it. Static files and machine routes cost no look-up.
 */
export function registerSessions(app: App, { config, pool, now }: Pick<AppContext, "config" | "pool" | "now">): void {
  const name = cookieName(config);
  app.decorateRequest("actor", null);
  app.decorateRequest("session", null);
  app.addHook("onRequest", async (request) => {
    if (!request.url.startsWith("/api/v1/") || request.routeOptions.config.anyOrigin) return;
    const token = readToken(request.cookies[name]);
    if (!token) return;
    const session = await currentSession(pool, digestOf(token), now());
    request.session = session ?? null;
    request.actor = session?.actor ?? null;
  });
}

/** The living session with this digest. Its use now is written down. */
export async function currentSession(db: Queryable, tokenHash: Buffer, now: Date): Promise<Session | undefined> {
  const row = await findSession(db, tokenHash);
  if (!row) return undefined;
  const ended = now >= row.endsAt || now.getTime() - row.seenAt.getTime() >= idleMs;
  if (ended) return undefined;
  if (now.getTime() - row.seenAt.getTime() >= touchMs) await touchSession(db, tokenHash, now);
  const idleEnd = Math.min(now.getTime() + idleMs, row.endsAt.getTime());
  return {
    key: tokenHash.toString("hex", 0, 8),
    tokenHash,
    actor: row.actor,
    idleEndsAt: new Date(idleEnd),
    endsAt: row.endsAt,
  };
}

/**
 * Begins a session and ends the one that the browser came with: a token that somebody planted there before signing in
 * is worth nothing afterwards (session fixation).
 * @returns the token for the cookie; it exists nowhere else
 */
export async function beginSession(
  tx: Transaction,
  actor: Actor,
  options: { now: Date; random: RandomBytes; before: Session | null },
): Promise<string> {
  if (options.before) await deleteSession(tx, options.before.tokenHash);
  const token = Buffer.from(options.random(32));
  const endsAt = new Date(options.now.getTime() + absoluteMs);
  await insertSession(tx, { tokenHash: digestOf(token), actor, now: options.now, endsAt });
  return token.toString("base64url");
}

/** HttpOnly keeps it from scripts, SameSite=Strict from other sites. It lasts as long as the browser or the session. */
export function setSessionCookie(reply: FastifyReply, token: string, settings: CookieSettings): void {
  reply.setCookie(cookieName(settings), token, {
    path: "/",
    httpOnly: true,
    sameSite: "strict",
    secure: settings.secure,
    maxAge: absoluteMs / 1000,
  });
}

export function clearSessionCookie(reply: FastifyReply, settings: CookieSettings): void {
  const { secure } = settings;
  reply.clearCookie(cookieName(settings), { path: "/", httpOnly: true, sameSite: "strict", secure });
}

/** Ends the session of a request; without one nothing happens. */
export async function endSession(db: Queryable, request: FastifyRequest): Promise<void> {
  if (request.session) await deleteSession(db, request.session.tokenHash);
}

function readToken(value: string | undefined): Buffer | undefined {
  return value !== undefined && /^[A-Za-z0-9_-]{43}$/.test(value) ? Buffer.from(value, "base64url") : undefined;
}

function digestOf(token: Buffer): Buffer {
  return createHash("sha256").update(token).digest();
}
