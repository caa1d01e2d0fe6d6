// The verifier's sources over HTTP, for Node and for a browser: fetch and nothing else. Every request has an end and every
// answer a limit, because whoever answers may be hostile.
import type { KnownCentre, RpcCall, Sources } from "./sources.ts";
import type { Level } from "./verdict.ts";

export interface HttpSourcesOptions {
  /** milliseconds until a request is given up */
  timeoutMs?: number;
  fetch?: typeof fetch;
}

const defaultTimeoutMs = 5000;
/** Bytes of an answer. A trust list of a thousand centres has about one megabyte. */
const mostBytes = 4 * 1024 * 1024;
/** With this code in a problem document (RFC 9457) the issuer says that there is no such receipt. */
const noReceipt = "RECEIPT_NOT_FOUND";
const levels: readonly Level[] = ["B-B", "B-T", "B-LT", "B-LTA"];

/**
 * Sources that ask the services of centres.
 * @param centres centres to begin with; at least two
 */
export function httpSources(centres: readonly KnownCentre[], options: HttpSourcesOptions = {}): Sources {
  const { timeoutMs = defaultTimeoutMs, fetch: ask = globalThis.fetch.bind(globalThis) } = options;

  const request = async (
    centreUrl: string,
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: unknown }> => {
    const url = new URL(path, centreUrl);
    if (url.protocol !== "https:" && url.protocol !== "http:") throw new Error("only http and https are asked");
    const response = await ask(url, {
      method: body === undefined ? "GET" : "POST",
      headers: body === undefined ? { accept: "application/json" } : { "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(timeoutMs),
      // A redirect would lead to an address that the trust list does not name.
      redirect: "error",
      credentials: "omit",
      referrerPolicy: "no-referrer",
      cache: "no-store",
    });
    return { status: response.status, json: JSON.parse(await readLimited(response)) as unknown };
  };

  const answerOf = async (centreUrl: string, path: string, body?: unknown): Promise<unknown> => {
    const { status, json } = await request(centreUrl, path, body);
    if (status !== 200) throw new Error(`answer ${status}`);
    return json;
  };

  const receipt = async (centreUrl: string, path: string): Promise<unknown> => {
    const { status, json } = await request(centreUrl, path);
    // A 404 alone may come from a proxy or a service that is being replaced: only the centre's own word condemns.
    if (status === 404 && memberOf(json, "code") === noReceipt) return null;
    if (status !== 200) throw new Error(`answer ${status}`);
    return receiptInAnswer(json);
  };

  return {
    centres,
    trustList: async (centreUrl) => answerOf(centreUrl, "/api/v1/trust-list"),
    receiptBySeal: async (centreUrl, sealedDigest) => receipt(centreUrl, `/api/v1/receipts/by-seal/${sealedDigest}`),
    receiptByToken: async (centreUrl, token) => receipt(centreUrl, `/api/v1/receipts/by-token/${token}`),
    // One request a call: there are two at most, and no proxy has to know batches.
    chain: async (centreUrl, calls) =>
      Promise.all(
        calls.map(async (call, id) => resultOf(await answerOf(centreUrl, "/api/v1/chain", rpcRequest(call, id)), id)),
      ),
  };
}

/**
 * The receipt in an answer of FORMAT.md §7. Its own form is checked where it is read.
 * @throws Error when the answer has another form, which a proxy or a later version may have given it: an outage
 */
export function receiptInAnswer(answer: unknown): unknown {
  const found = memberOf(answer, "receipt");
  if (found === undefined || found === null) throw new Error("answer without a receipt");
  const others = Object.keys(answer as object).filter((name) => name !== "receipt");
  const good = others.every((name) => name === "level" && levels.some((level) => level === memberOf(answer, name)));
  if (!good) throw new Error("answer with other members than a receipt and a level");
  return found;
}

function rpcRequest({ method, params }: RpcCall, id: number) {
  return { jsonrpc: "2.0", id, method, params };
}

function resultOf(answer: unknown, id: number): unknown {
  const result = memberOf(answer, "result");
  if (memberOf(answer, "id") !== id || result === undefined) throw new Error("the chain refused a call");
  return result;
}

function memberOf(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? (value as Record<string, unknown>)[name]
    : undefined;
}

async function readLimited(response: Response): Promise<string> {
  const reader = response.body?.getReader();
  if (!reader) return "";
  const decoder = new TextDecoder("utf-8", { fatal: true });
  let text = "";
  let length = 0;
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    length += value.length;
    if (length > mostBytes) {
      await reader.cancel();
      throw new Error("answer too long");
    }
    text += decoder.decode(value, { stream: true });
  }
}
