// The interface as a program of a person or of staff uses it: signing in, asking, and asking again when no answer came.
import { createHash, randomBytes } from "node:crypto";
import { demonstrationPersons } from "../../scripts/demo/import.ts";
import { demonstrationPassword } from "../../scripts/stack/staff.ts";
import type { DemonstrationPerson } from "../../scripts/demo/persons.ts";

/** A refusal, with its stable code. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string) {
    super(`${status} ${code}`);
    this.status = status;
    this.code = code;
  }
}

export interface CertificateAnswer {
  id: string;
  serial: string;
  state: "drawn" | "issued" | "anchored";
  standing: string;
}

/** Somebody who is signed in at one centre. */
export interface Client {
  get<T>(path: string): Promise<T>;
  post<T>(path: string, body?: unknown, idempotencyKey?: string): Promise<T>;
  bytes(path: string): Promise<Buffer>;
}

interface Sent {
  method: string;
  body?: unknown;
  headers?: Record<string, string>;
}

/** How long a service may say that it is busy. It does so before it has done anything, so the same may be sent again. */
const busyWithinMs = 30_000;

async function send(origin: string, path: string, { method, body, headers }: Sent): Promise<Response> {
  const deadline = performance.now() + busyWithinMs;
  for (;;) {
    const response = await fetch(origin + path, {
      method,
      headers: { origin, ...(body === undefined ? {} : { "content-type": "application/json" }), ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(30_000),
    });
    if (response.ok) return response;
    const { code = "without a code" } = (await response.json().catch(() => ({}))) as { code?: string };
    if (code !== "BUSY" || performance.now() > deadline) throw new Refused(response.status, code);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function clientWith(origin: string, cookie: string): Client {
  return {
    get: async <T>(path: string) =>
      (await send(origin, path, { method: "GET", headers: { cookie } })).json() as Promise<T>,
    async post<T>(path: string, body: unknown = {}, key?: string) {
      const headers = { cookie, ...(key ? { "idempotency-key": key } : {}) };
      return (await send(origin, path, { method: "POST", body, headers })).json() as Promise<T>;
    },
    bytes: async (path) =>
      Buffer.from(await (await send(origin, path, { method: "GET", headers: { cookie } })).arrayBuffer()),
  };
}

const cookieOf = (response: Response) =>
  response.headers
    .getSetCookie()
    .map((line) => line.split(";")[0]!)
    .join("; ");

/** Signs a member of staff in. */
export async function staffClient(origin: string, name: "clerk" | "checker"): Promise<Client> {
  const body = { name, password: demonstrationPassword };
  return clientWith(origin, cookieOf(await send(origin, "/api/v1/sign-in/staff", { method: "POST", body })));
}

/** Signs a person in, with the code from the messages of the development channel. */
export async function personClient(origin: string, person: DemonstrationPerson): Promise<Client> {
  const since = Date.now();
  const asked = await send(origin, "/api/v1/sign-in/person/code", {
    method: "POST",
    body: { documentNumber: person.idNumber },
  });
  const { challenge } = (await asked.json()) as { challenge: string };
  const code = await codeFor(origin, person, since);
  const signedIn = await send(origin, "/api/v1/sign-in/person", { method: "POST", body: { challenge, code } });
  return clientWith(origin, cookieOf(signedIn));
}

/** The code in the message that was sent to this person after `since`. */
async function codeFor(origin: string, person: DemonstrationPerson, since: number): Promise<string> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    const answer = await send(origin, "/api/v1/development/messages", { method: "GET" });
    const { items } = (await answer.json()) as { items: { recipient: string; text: string; sentAt: string }[] };
    const message = items.find(
      ({ recipient, sentAt }) => recipient.endsWith(person.phone.slice(-4)) && Date.parse(sentAt) >= since,
    );
    const code = /\d{6}/.exec(message?.text ?? "")?.[0];
    if (code) return code;
    if (performance.now() > deadline) throw new Error("no message with a code came within 30 s");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** The demonstration person of a role at a centre. */
export function personOf(centreCode: string, role: DemonstrationPerson["role"] = "regular"): DemonstrationPerson {
  return demonstrationPersons(centreCode).find((person) => person.role === role)!;
}

export const newKey = (): string => randomBytes(16).toString("hex");
export const sha256 = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** Asks for a deposit certificate. */
export async function askForCertificate(
  client: Client,
  person: DemonstrationPerson,
  key = newKey(),
): Promise<CertificateAnswer> {
  const body = { kind: "deposit", grzh: person.accountNumber };
  return (await client.post<{ certificate: CertificateAnswer }>("/api/v1/me/certificates", body, key)).certificate;
}

/** Whether the same request may be sent again: no answer came, or one that says that nothing was decided. */
export function mayBeRepeated(error: unknown): boolean {
  if (error instanceof Refused) return error.status >= 500 || error.code === "IDEMPOTENCY_IN_PROGRESS";
  return error instanceof TypeError || (error as Error).name === "TimeoutError";
}

/** Does `work` again while no answer comes; after `withinMs` the last reason is thrown. */
export async function untilAnswered<T>(work: () => Promise<T>, withinMs = 60_000): Promise<T> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!mayBeRepeated(error) || performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
