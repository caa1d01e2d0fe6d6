// Asking the outside world: a time-stamping authority over HTTP (RFC 3161 §3.4) and revocation lists. Both may be down, slow,
// wrong or endless; whatever they do ends in a refusal with a code, within the time and size given here.

import { DomainError } from "../errors.ts";
import type { RandomBytes } from "../ids.ts";
import { isDevelopmentCertificate } from "./development-authority.ts";
import "./refusals.ts";
import { checkedAnswer, timeStampRequest } from "./time-stamp.ts";
import type { TimeStampToken } from "./time-stamp.ts";
import { readRevocationList } from "./x509.ts";
import type { RevocationList } from "./x509.ts";

/** An answer of a time-stamping authority beyond this is none. */
const LARGEST_ANSWER = 64 * 1024;
/** Lists grow with every revoked certificate; one beyond this would swell every file that holds it. */
const LARGEST_LIST = 512 * 1024;

export interface TimeStampAuthority {
  readonly url: string;
  /**
   * A token on a SHA-256 digest, checked as FORMAT.md §9.6 asks. Every call asks anew.
   * @throws AUTHORITY_UNREACHABLE, TIME_STAMP_REFUSED, TIME_STAMP_INVALID
   */
  ask(digest: Uint8Array): Promise<TimeStampToken>;
}

export interface AuthorityOptions {
  url: string;
  timeoutMs: number;
  /** dotted object identifier; tokens under another policy are refused */
  policy?: string;
  /** whether a development authority may answer; in production it may not */
  development: boolean;
  random: RandomBytes;
}

export function createAuthority(options: AuthorityOptions): TimeStampAuthority {
  const { url, timeoutMs, policy, random } = options;
  return {
    url,
    async ask(digest) {
      const nonce = random(16);
      const request = timeStampRequest(digest, nonce, policy);
      const answer = await exchange(url, LARGEST_ANSWER, {
        method: "POST",
        headers: { "content-type": "application/timestamp-query", accept: "application/timestamp-reply" },
        body: Uint8Array.from(request),
        signal: AbortSignal.timeout(timeoutMs),
      });
      const token = checkedAnswer(answer, { digest, nonce, ...(policy === undefined ? {} : { policy }) });
      if (!options.development && isDevelopmentCertificate(token.signer.der))
        throw new DomainError("TIME_STAMP_INVALID", { why: "it is by a development authority" });
      return token;
    },
  };
}

/** @throws AUTHORITY_UNREACHABLE, REVOCATION_LIST_INVALID */
export async function fetchRevocationList(url: string, timeoutMs: number): Promise<RevocationList> {
  const answer = await exchange(url, LARGEST_LIST, { signal: AbortSignal.timeout(timeoutMs) });
  try {
    return readRevocationList(answer);
  } catch (cause) {
    throw new DomainError("REVOCATION_LIST_INVALID", { why: "it is not a list in DER" }, { cause });
  }
}

async function exchange(url: string, limit: number, init: RequestInit): Promise<Buffer> {
  const { host } = new URL(url);
  let why = "";
  try {
    const response = await fetch(url, { ...init, redirect: "error" });
    if (response.status === 200) {
      const body = await bytesOf(response, limit);
      if (body) return body;
      why = `its answer is longer than ${limit} bytes`;
    } else {
      why = `it answered ${response.status}`;
      await response.body?.cancel();
    }
  } catch (cause) {
    const timedOut = (cause as Error).name === "TimeoutError";
    throw new DomainError(
      "AUTHORITY_UNREACHABLE",
      { host, why: timedOut ? "no answer in time" : "no connection" },
      { cause },
    );
  }
  throw new DomainError("AUTHORITY_UNREACHABLE", { host, why });
}

/** The body, unless it is longer than that: then the rest is not even read. */
async function bytesOf(response: Response, limit: number): Promise<Buffer | undefined> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > limit) return undefined; // leaving the loop cancels the body
    parts.push(part);
  }
  return Buffer.concat(parts);
}
