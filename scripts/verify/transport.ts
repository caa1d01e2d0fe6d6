// Asking centres over HTTP (FORMAT.md §7 and §8): short answers, no redirects, and whatever is not an answer is an outage.
import { isObject } from "./bytes.ts";
import { levels } from "./raised.ts";
import { type Receipt, readReceipt } from "./receipt.ts";

export interface Reply {
  status: number;
  contentType: string;
  body: string;
}

/** Sends one request. Rejects when there is no answer. The recorded answers of the vectors are another transport. */
export type Transport = (method: "GET" | "POST", url: string, body?: string) => Promise<Reply>;

/** The other side did not answer, or not in the form of FORMAT.md. The two are the same to a verifier. */
export class Outage extends Error {
  override readonly name = "Outage";
}

const timeoutMs = 15_000;
const replyLimitBytes = 8 * 1024 * 1024;

/** The network. A redirect is an outage: it would lead to an address that no trust list names. */
export const overHttp: Transport = async (method, url, body) => {
  const reply = await fetch(url, {
    method,
    redirect: "error",
    signal: AbortSignal.timeout(timeoutMs),
    headers: {
      accept: "application/json, application/problem+json",
      ...(body ? { "content-type": "application/json" } : {}),
    },
    ...(body ? { body } : {}),
  });
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of reply.body ?? []) {
    size += part.length;
    if (size > replyLimitBytes) throw new Outage("the answer is too long");
    parts.push(part);
  }
  const contentType = (reply.headers.get("content-type") ?? "").split(";")[0]!.trim().toLowerCase();
  return { status: reply.status, contentType, body: Buffer.concat(parts).toString("utf8") };
};

function parseJson(reply: Reply): unknown {
  try {
    return JSON.parse(reply.body);
  } catch (cause) {
    throw new Outage("the answer is not JSON", { cause });
  }
}

/** Turns whatever went wrong in asking into an outage. Bugs of ours, which are TypeErrors of Node, look the same as fetch's. */
async function ask(transport: Transport, method: "GET" | "POST", url: string, body?: string): Promise<Reply> {
  try {
    return await transport(method, url, body);
  } catch (cause) {
    throw cause instanceof Outage ? cause : new Outage(`no answer from ${new URL(url).origin}`, { cause });
  }
}

/** A document by GET. @throws Outage for anything but a 200 with JSON */
export async function getJson(transport: Transport, url: string): Promise<unknown> {
  const reply = await ask(transport, "GET", url);
  if (reply.status !== 200) throw new Outage(`status ${reply.status}`);
  return parseJson(reply);
}

/** The issuer's receipt, or null when it says itself that it has none. @throws Outage */
export async function fetchReceipt(transport: Transport, serviceUrl: string, path: string): Promise<Receipt | null> {
  const reply = await ask(transport, "GET", `${serviceUrl}/api/v1/receipts/${path}`);
  const value = parseJson(reply);
  if (!isObject(value)) throw new Outage("no object");
  if (reply.status === 404 && reply.contentType === "application/problem+json" && value.code === "RECEIPT_NOT_FOUND") {
    return null;
  }
  const { level = "B-B" } = value;
  const good =
    Object.keys(value).every((key) => key === "receipt" || key === "level") && levels.some((one) => one === level);
  if (reply.status !== 200 || !good) throw new Outage(`status ${reply.status}`);
  const receipt = readReceipt(value.receipt);
  if (!receipt) throw new Outage("the receipt has another form");
  return receipt;
}

/** One JSON-RPC call through a centre. @throws Outage for an error, too */
export async function callChain(
  transport: Transport,
  serviceUrl: string,
  method: "eth_call" | "eth_getLogs" | "eth_getBlockByNumber" | "eth_blockNumber",
  params: readonly unknown[],
): Promise<unknown> {
  const request = JSON.stringify({ jsonrpc: "2.0", id: 1, method, params });
  const reply = await ask(transport, "POST", `${serviceUrl}/api/v1/chain`, request);
  const value = parseJson(reply);
  if (reply.status !== 200 || !isObject(value) || value.id !== 1 || value.error || value.result === undefined) {
    throw new Outage(`${method}: status ${reply.status}`);
  }
  return value.result;
}
