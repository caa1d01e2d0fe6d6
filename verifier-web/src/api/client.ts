// The one way in which pages ask the centre's service.
import { Problem, problemOf } from "./problem.ts";

/** What the person intends to do once, however often the request has to be sent. */
export interface Intention {
  readonly key: string;
}

/** A new action. Keep it while the same action is retried; make another when the person starts anew. */
export function newIntention(): Intention {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return { key: Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("") };
}

interface AskOptions {
  intention?: Intention;
  signal?: AbortSignal;
  timeoutMs?: number;
}

const pausesMs = [600, 1800];

let onExpired: () => void = () => undefined;

/** Who is told when the service says that nobody is signed in any more. */
export function whenExpired(told: () => void): void {
  onExpired = told;
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function send(method: string, path: string, body: unknown, options: AskOptions): Promise<Response> {
  const headers: Record<string, string> = { accept: "application/json" };
  if (body !== undefined) headers["content-type"] = "application/json";
  if (options.intention) headers["idempotency-key"] = options.intention.key;
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 20_000);
  try {
    return await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: "same-origin",
      signal: options.signal ? AbortSignal.any([options.signal, timeout]) : timeout,
    });
  } catch (cause) {
    if (options.signal?.aborted) throw new Problem("cancelled", 0, {}, { cause });
    if (timeout.aborted) throw new Problem("slow", 0, {}, { cause });
    throw new Problem(navigator.onLine ? "unreachable" : "offline", 0, {}, { cause });
  }
}

/**
 * Sends a request and reads its JSON answer. A read, and an action with an intention, is sent again after growing
 * pauses when no answer came or the service was busy: the same key makes sure that it happens once.
 * @throws Problem
 */
async function ask<T>(method: string, path: string, body: unknown, options: AskOptions = {}): Promise<T> {
  const repeatable = method === "GET" || options.intention !== undefined;
  for (let attempt = 0; ; attempt++) {
    try {
      const response = await send(method, path, body, options);
      if (response.ok) return response.status === 204 ? (undefined as T) : await readJson<T>(response);
      const problem = await problemOf(response);
      if (problem.code === "NOT_SIGNED_IN") onExpired();
      throw problem;
    } catch (error) {
      const wait = pausesMs[attempt];
      const passing = error instanceof Problem && ["unreachable", "slow", "BUSY"].includes(error.code);
      if (!repeatable || !passing || wait === undefined) throw error;
      await pause(wait);
    }
  }
}

async function readJson<T>(response: Response): Promise<T> {
  const text = await response.text();
  if (text === "") return undefined as T;
  try {
    return JSON.parse(text) as T;
  } catch (cause) {
    throw new Problem("failed", response.status, {}, { cause });
  }
}

export const api = {
  get: <T>(path: string, options?: AskOptions) => ask<T>("GET", path, undefined, options),
  post: <T>(path: string, body: unknown = {}, options?: AskOptions) => ask<T>("POST", path, body, options),
};
