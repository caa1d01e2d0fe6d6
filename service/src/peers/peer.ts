// The other centres of the consortium, as the registry names them, and requests to them that they can trust.
//
// A request between members carries a token signed with the sender's `member` key (EdDSA JWS): who asks whom, for which
// method, path and body, valid for a minute and accepted once.
import { createHash } from "node:crypto";
import type { KeyObject } from "node:crypto";
import { SignJWT, decodeJwt, importJWK, jwtVerify } from "jose";
import type { Pool } from "../db.ts";
import { DomainError, refusals } from "../errors.ts";
import type { RandomBytes } from "../ids.ts";
import { fromHex, toHex } from "../proof/bytes.ts";
import { trustedAt } from "../proof/trust-list.ts";
import type { TrustList, TrustedCentre } from "../proof/trust-list.ts";
import { acceptOnce } from "./store.ts";

export const peerRefusals = refusals({
  MEMBER_NOT_RECOGNISED: {
    status: 401,
    zh: "请求的签名不能确认是联合体成员所发。请核对成员密钥与系统时间。",
    en: "The request's signature is not that of a member of the consortium. Check the member key and the clock.",
  },
});

export interface Peers {
  pool: Pool;
  /** code of this centre */
  centre: string;
  /** Ed25519 */
  memberKey: KeyObject;
  /** what the registry says now, from the mirror */
  trustList: () => Promise<TrustList>;
  now: () => Date;
  random: RandomBytes;
}

const lifetimeSeconds = 60;
const scheme = "Cunzheng-Member ";

/** The other centres that are members now. */
export async function otherCentres(peers: Pick<Peers, "centre" | "trustList">): Promise<TrustedCentre[]> {
  const { centres } = await peers.trustList();
  return centres.filter((centre) => centre.code !== peers.centre && !centre.removed);
}

/** The keys of one kind that are trusted at this moment. */
export function keysOf(centre: TrustedCentre, kind: string, now: Date): Uint8Array[] {
  const time = Math.floor(now.getTime() / 1000);
  return centre.keys.filter((key) => key.kind === kind && trustedAt(key, time)).map((key) => fromHex(key.value));
}

/** Sends a signed request to another centre. @throws an outage with its cause; the answer's status is the caller's to judge */
export async function askPeer(
  peers: Peers,
  peer: TrustedCentre,
  request: { method: "GET" | "POST"; path: string; body?: string; timeoutMs?: number },
): Promise<Response> {
  const token = await new SignJWT({
    htm: request.method,
    htu: request.path,
    body: digestOf(request.body),
    jti: toHex(peers.random(16)),
  })
    .setProtectedHeader({ alg: "EdDSA" })
    .setIssuer(peers.centre)
    .setAudience(peer.code)
    .setIssuedAt(Math.floor(peers.now().getTime() / 1000))
    .setExpirationTime(Math.floor(peers.now().getTime() / 1000) + lifetimeSeconds)
    .sign(peers.memberKey);
  return fetch(`${peer.serviceUrl}${request.path}`, {
    method: request.method,
    headers: {
      Authorization: scheme + token,
      ...(request.body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    ...(request.body === undefined ? {} : { body: request.body }),
    signal: AbortSignal.timeout(request.timeoutMs ?? 5_000),
    redirect: "error",
  });
}

/** The text of an answer of at most so many bytes. @throws when there is more: no other centre fills our memory */
export async function textOf(response: Response, largest: number): Promise<string> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of (response.body ?? []) as AsyncIterable<Uint8Array>) {
    length += part.length;
    if (length > largest) throw new Error(`an answer of more than ${largest} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

/**
 * Who sent this request: the code of the member whose key signed it. The same request a second time is refused.
 * @throws MEMBER_NOT_RECOGNISED whatever is wrong with it
 */
export async function memberOf(
  peers: Peers,
  request: { authorization: string | undefined; method: string; path: string; body?: string },
): Promise<string> {
  const token = request.authorization?.startsWith(scheme) ? request.authorization.slice(scheme.length) : undefined;
  if (!token || token.length > 4096) throw new DomainError("MEMBER_NOT_RECOGNISED");
  const claims = await verified(peers, token);
  const lasts = claims.exp - claims.iat;
  if (typeof claims.jti !== "string" || !(lasts > 0 && lasts <= lifetimeSeconds))
    throw new DomainError("MEMBER_NOT_RECOGNISED");
  if (claims.htm !== request.method || claims.htu !== request.path || claims.body !== digestOf(request.body))
    throw new DomainError("MEMBER_NOT_RECOGNISED");
  if (!(await acceptOnce(peers.pool, claims.iss, claims.jti, new Date(claims.exp * 1000), peers.now())))
    throw new DomainError("MEMBER_NOT_RECOGNISED");
  return claims.iss;
}

interface Claims {
  iss: string;
  jti: string;
  iat: number;
  exp: number;
  htm: string;
  htu: string;
  body: string;
}

async function verified(peers: Peers, token: string): Promise<Claims> {
  let issuer: string | undefined;
  try {
    issuer = decodeJwt(token).iss;
  } catch (cause) {
    throw new DomainError("MEMBER_NOT_RECOGNISED", {}, { cause });
  }
  const centre = (await otherCentres(peers)).find((candidate) => candidate.code === issuer);
  const failures: unknown[] = [];
  for (const key of centre ? keysOf(centre, "member", peers.now()) : []) {
    try {
      const jwk = await importJWK({ kty: "OKP", crv: "Ed25519", x: Buffer.from(key).toString("base64url") }, "EdDSA");
      const { payload } = await jwtVerify(token, jwk, {
        algorithms: ["EdDSA"],
        issuer: centre!.code,
        audience: peers.centre,
        maxTokenAge: lifetimeSeconds,
        clockTolerance: 10,
        currentDate: peers.now(),
        requiredClaims: ["jti", "exp", "iat", "htm", "htu", "body"],
      });
      return payload as unknown as Claims;
    } catch (error) {
      failures.push(error);
    }
  }
  throw new DomainError("MEMBER_NOT_RECOGNISED", {}, { cause: new AggregateError(failures) });
}

function digestOf(body: string | undefined): string {
  return createHash("sha256")
    .update(body ?? "")
    .digest("base64url");
}
