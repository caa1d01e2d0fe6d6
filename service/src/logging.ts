// The service's own log: JSON lines without personal data. Nothing that a client sent is written down as it came: no
// addresses with values, no bodies, no headers. What could still carry a person's data, the text of an error, is scrubbed.
import { pino } from "pino";
import type { DestinationStream, Logger } from "pino";

export type { Logger } from "pino";

/** Fields whose value never reaches the log, wherever they stand. Compared without case, "_" and "-". */
const personal = new Set(
  [
    "name",
    "displayName",
    "personName",
    "xingming",
    "documentNumber",
    "idNumber",
    "zjhm",
    "phone",
    "recipient",
    "sjhm",
    "address",
    "email",
    "accountNumber",
    "password",
    "secret",
    "token",
    "challenge",
    "answer",
    "cookie",
    "setCookie",
    "authorization",
    "idempotencyKey",
    "body",
    "query",
    "params",
    "headers",
    "url",
    "text",
    "detail",
    "where",
  ].map(plain),
);

function plain(key: string): string {
  return key.toLowerCase().replace(/[_-]/g, "");
}

/**
 * Takes out of a text what could be personal: runs of seven and more digits (ID numbers, phones, accounts, also written
 * with blanks or hyphens), Chinese characters (names, addresses; our own messages are English), e-mail addresses and the
 * passwords in connection addresses.
 */
export function scrub(text: string): string {
  return text
    .replace(/\b([a-z][a-z0-9+.-]*:\/\/)[^/\s@]*@/gi, "$1***@")
    .replace(/[^\s@"'<>]+@[^\s@"'<>]+\.[a-z]{2,}/gi, "***@***")
    .replace(/(?<!0x[0-9a-fA-F]*)(?!\d{4}-\d\d-\d\dT)\d(?:[ -]?[\dXx]){6,}/g, "#######")
    .replace(/\p{Script=Han}+/gu, "□");
}

interface LoggedError {
  type: string;
  message?: string;
  code?: string | number;
  constraint?: string;
  table?: string;
  stack?: string;
  cause?: unknown;
}

/**
 * An error as the log may show it. A message that quotes what was sent (malformed JSON, values that Postgres refused)
 * is left out: the code and the place say enough.
 */
export function loggableError(error: unknown, depth = 0): LoggedError | string {
  if (!(error instanceof Error)) return scrub(String(error)).slice(0, 500);
  const { code, constraint, table } = error as Error & { code?: string | number; constraint?: string; table?: string };
  const quotesInput = error instanceof SyntaxError || /^(22|23)[0-9A-Z]{3}$/.test(String(code));
  const frames = (error.stack ?? "").split("\n").filter((line) => /^\s+at /.test(line));
  return {
    type: error.name,
    ...(quotesInput ? {} : { message: scrub(error.message).slice(0, 2000) }),
    ...(code === undefined ? {} : { code }),
    ...(constraint ? { constraint } : {}),
    ...(table ? { table } : {}),
    stack: frames.slice(0, 15).join("\n"),
    ...(error.cause === undefined || depth > 4 ? {} : { cause: loggableError(error.cause, depth + 1) }),
  };
}

function clean(value: unknown, depth = 0): unknown {
  if (typeof value === "string") return scrub(value);
  if (typeof value === "bigint") return value.toString();
  if (value instanceof Error) return loggableError(value);
  if (value instanceof Date) return value.toISOString();
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value !== "object" || value === null) return value;
  if (depth > 5) return "…";
  if (Array.isArray(value)) return value.slice(0, 50).map((item) => clean(item, depth + 1));
  const out: Record<string, unknown> = {};
  for (const [key, member] of Object.entries(value)) {
    out[key] = personal.has(plain(key)) ? "[redacted]" : clean(member, depth + 1);
  }
  return out;
}

/**
 * A logger of JSON lines. Every object and every message passes through the cleaning above, whoever logs.
 * @param destination where lines go: standard output, or a stream of a test
 */
export function createLogger(options: { level: string; centreCode: string }, destination?: DestinationStream): Logger {
  return pino(
    {
      level: options.level,
      base: { centre: options.centreCode },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: {
        level: (label) => ({ level: label }),
        log: (object) => clean(object) as Record<string, unknown>,
      },
      // Fastify hands over whole requests and replies; only these parts of them are for the log.
      serializers: {
        err: (error: unknown) => error,
        req: () => undefined,
        res: (reply: { statusCode?: number }) => ({ statusCode: reply?.statusCode }),
      },
      hooks: {
        logMethod(args, method) {
          method.apply(this, args.map((arg) => (typeof arg === "string" ? scrub(arg) : arg)) as typeof args);
        },
      },
    },
    destination ?? pino.destination({ dest: 1, sync: false }),
  );
}
