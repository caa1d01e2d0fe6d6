// What every route shares: the shape of an error (RFC 9457), pages, and (from idempotency.ts) requests that may be sent twice.
import { Type } from "@fastify/type-provider-typebox";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import type {
  FastifyBaseLogger,
  FastifyError,
  FastifyInstance,
  FastifyReply,
  FastifyRequest,
  FastifySchemaCompiler,
  RawReplyDefaultExpression,
  RawRequestDefaultExpression,
  RawServerDefault,
} from "fastify";
import type { Static, TSchema } from "typebox";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";
import { DomainError, fill, refusalOf, refusals } from "./errors.ts";

export { Type } from "@fastify/type-provider-typebox";
export type { Static, TSchema } from "typebox";
export { idempotencyKey, idempotent, sendAnswer, sweepIdempotency } from "./idempotency.ts";
export type { Answer } from "./idempotency.ts";

/** One line that somebody typed: not blank, not beginning with a blank, without control characters. */
export const Line = (maxLength: number, options: { minLength?: number; description?: string } = {}) =>
  Type.String({ minLength: 1, maxLength, pattern: "^[^\\p{C}\\s][^\\p{C}]*$", ...options });

/** The app as routes see it: schemas written in TypeBox give the handlers their types. */
export type App = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export const httpRefusals = refusals({
  METHOD_NOT_ALLOWED: {
    status: 405,
    zh: "此地址不支持该请求方法。可用的方法：{allowed}。",
    en: "This address does not take that method. It takes: {allowed}.",
  },
  UNSUPPORTED_MEDIA_TYPE: {
    status: 415,
    zh: "不支持此内容格式。请以 application/json 提交。",
    en: "This content type is not supported. Send application/json.",
  },
  ORIGIN_REFUSED: {
    status: 403,
    zh: "请求来自其他网站，未予办理。请在本平台页面上操作。",
    en: "The request came from another site and was not carried out. Use this platform's own pages.",
  },
  INTERNAL: {
    status: 500,
    zh: "系统出错，您的请求没有办成。请稍后重试；如仍失败，请提供请求编号 {request}。",
    en: "We failed, and your request was not carried out. Try again later; if it fails again, tell us the request {request}.",
  },
});

// ---------------------------------------------------------------------------------------------------------- problems

export const Problem = Type.Object(
  {
    type: Type.String({ description: "address of the explanation; its fragment is the code" }),
    title: Type.String(),
    status: Type.Integer(),
    detail: Type.String({ description: "what happened and what to do, in the language asked for" }),
    code: Type.String({ description: "stable; programs decide by this" }),
    zh: Type.String(),
    en: Type.String(),
    instance: Type.String({ description: "the request's number, to be told to the help desk" }),
  },
  { $id: "Problem", description: "RFC 9457 problem details" },
);
export type Problem = Static<typeof Problem>;

const titles: Record<number, [zh: string, en: string]> = {
  400: ["请求有误", "Bad request"],
  401: ["尚未登录", "Not signed in"],
  403: ["无权办理", "Not allowed"],
  404: ["没有找到", "Not found"],
  405: ["方法不支持", "Method not allowed"],
  409: ["内容冲突", "Conflict"],
  410: ["已失效", "Gone"],
  413: ["内容过大", "Too large"],
  415: ["格式不支持", "Unsupported media type"],
  422: ["不能办理", "Cannot be carried out"],
  429: ["操作过于频繁", "Too many requests"],
  500: ["系统出错", "Internal error"],
  503: ["系统正忙", "Busy"],
};

/** Chinese unless the client prefers English: the first of the two that Accept-Language names by weight. */
export function preferredLanguage(header: string | undefined): "zh" | "en" {
  let best: { language: "zh" | "en"; weight: number } = { language: "zh", weight: 0 };
  for (const part of (header ?? "").slice(0, 200).split(",")) {
    const [tag = "", ...parameters] = part.trim().toLowerCase().split(";");
    const language = /^zh\b/.test(tag) ? "zh" : /^en\b/.test(tag) ? "en" : undefined;
    const q = parameters.map((p) => /^\s*q=([01](?:\.\d{0,3})?)\s*$/.exec(p)?.[1]).find(Boolean);
    const weight = q === undefined ? 1 : Number(q);
    if (language && weight > best.weight) best = { language, weight };
  }
  return best.language;
}

/** The problem that a refusal is answered with. Params fill the sentences and hold no personal data. */
export function problemOf(error: DomainError, request: { id: string; acceptLanguage?: string | undefined }): Problem {
  const refusal = refusalOf(error.code);
  const language = preferredLanguage(request.acceptLanguage);
  const [zhTitle, enTitle] = titles[refusal.status] ?? titles[refusal.status >= 500 ? 500 : 400]!;
  const zh = fill(refusal.zh, error.params);
  const en = fill(refusal.en, error.params);
  return {
    type: `/api#${error.code}`,
    title: language === "zh" ? zhTitle : enTitle,
    status: refusal.status,
    detail: language === "zh" ? zh : en,
    code: error.code,
    zh,
    en,
    instance: `urn:request:${request.id}`,
  };
}

/** Errors of Fastify itself that are the client's doing. */
const fastifyRefusals: Record<string, (error: FastifyError) => DomainError> = {
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () => new DomainError("UNSUPPORTED_MEDIA_TYPE"),
  FST_ERR_CTP_BODY_TOO_LARGE: () => new DomainError("TOO_LARGE"),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => invalid("body", "is empty", "内容为空"),
  FST_ERR_CTP_INVALID_JSON_BODY: () => invalid("body", "is not JSON", "不是有效的 JSON"),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => invalid("content-length", "does not match the body", "与内容长度不符"),
  FST_ERR_BAD_URL: () => invalid("url", "is malformed", "格式有误"),
  FST_ERR_ASYNC_CONSTRAINT: () => invalid("url", "is malformed", "格式有误"),
};

function invalid(where: string, why: string, zhWhy = why): DomainError {
  // The sentences take the same params, so both languages stand in one text where they differ.
  return new DomainError("INVALID_REQUEST", { where, why: zhWhy === why ? why : `${why} (${zhWhy})` });
}

/**
 * The compiler of all schemas: TypeBox's own. Bodies must have exactly the types of the schema; the parts of an address
 * are texts and are converted. Absent members get their defaults.
 */
export const validatorCompiler: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const check = Compile(schema);
  return (value: unknown) => {
    const converted = Value.Default(schema, httpPart === "body" ? value : Value.Convert(schema, value));
    if (check.Check(converted)) return { value: converted };
    return { error: check.Errors(converted) as never };
  };
};

/** Which field is wrong and which rule it breaks; never the value that was sent. */
function invalidField(error: FastifyError): DomainError {
  // "boolean" points at a surplus member, whose name the client chose: the rule that follows it says as much without it.
  const found = error.validation ?? [];
  const first = found.find(({ keyword }) => keyword !== "boolean") ?? found[0];
  const part = error.validationContext ?? "request";
  const missing = (first?.params as { requiredProperties?: string[] } | undefined)?.requiredProperties?.[0];
  const where = `${part}${first?.instancePath ?? ""}${missing ? `/${missing}` : ""}`;
  const [en, zh] = validationRules[first?.keyword ?? ""] ?? ["does not have the required form", "格式不符合要求"];
  // The path into a map holds keys of the client's own making.
  return invalid(/^[A-Za-z0-9_/.-]{1,120}$/.test(where) && !/\d{7}/.test(where) ? where : part, en, zh);
}

const validationRules: Record<string, [en: string, zh: string]> = {
  required: ["is missing", "缺失"],
  type: ["has the wrong type", "类型不对"],
  additionalProperties: ["has a member that is not expected", "含有多余的字段"],
  pattern: ["does not have the required form", "格式不符合要求"],
  format: ["does not have the required form", "格式不符合要求"],
  minLength: ["is too short", "过短"],
  maxLength: ["is too long", "过长"],
  minimum: ["is too small", "过小"],
  maximum: ["is too large", "过大"],
  minItems: ["has too few items", "项数过少"],
  maxItems: ["has too many items", "项数过多"],
  enum: ["is none of the allowed values", "不是允许的值"],
  const: ["is none of the allowed values", "不是允许的值"],
  anyOf: ["is none of the allowed forms", "不是允许的形式"],
};

/** Postgres: connection lost, shutting down, out of resources, statement or lock time-out, conflicts after all retries. */
const busySqlStates = /^(08|53|57|58)[0-9A-Z]{3}$|^(40001|40P01|55P03)$/;
const busyCodes = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "EPIPE",
  "ETIMEDOUT",
  "ENOTFOUND",
  "EAI_AGAIN",
  // ethers, when the chain node does not answer
  "SERVER_ERROR",
  "NETWORK_ERROR",
  "TIMEOUT",
  // fetch, when another service or the chain node does not answer
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_HEADERS_TIMEOUT",
  "UND_ERR_SOCKET",
]);
/** Errors that say by their name that somebody else did not answer. */
const busyNames = new Set(["ChainUnreachable", "TimeoutError"]);

/** Is this an outage of something that we depend on, so that the same request may succeed a moment later? */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = String((error as { code?: unknown }).code ?? "");
  if (busyCodes.has(code) || busySqlStates.test(code) || busyNames.has(error.name)) return true;
  if (error instanceof AggregateError && error.errors.some(isOutage)) return true;
  // pg gives these no code: the pool's time-out and a connection that broke under a query.
  if (/^(timeout exceeded when trying to connect|Connection terminated)/.test(error.message)) return true;
  return error.cause !== undefined && isOutage(error.cause);
}

/** The refusal with which an error is answered; undefined for a bug, of which the client learns nothing. */
export function refusalFor(error: unknown): DomainError | undefined {
  if (error instanceof DomainError) return error;
  const fastifyError = error as FastifyError;
  if (fastifyError?.validation) return invalidField(fastifyError);
  const known = fastifyRefusals[fastifyError?.code];
  if (known) return known(fastifyError);
  // A text that Postgres cannot hold (a NUL, half a character) is the client's, whichever column it was meant for.
  if (fastifyError?.code === "22021" || fastifyError?.code === "22P05")
    return invalid("request", "holds a character that is not allowed", "含有不允许的字符");
  if (isOutage(error)) return new DomainError("BUSY", {}, { cause: error });
  if (error instanceof Error && fastifyError.statusCode && fastifyError.statusCode < 500)
    return invalid("request", "is malformed", "格式有误");
  return undefined;
}

/** Answers an error as a problem and writes bugs and outages to the log, with their cause. */
export function sendProblem(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const refusal = refusalFor(error);
  if (!refusal) request.log.error({ err: error }, "request failed");
  else if (refusal.code === "BUSY") request.log.warn({ err: error }, "request put off by an outage");
  const answered = refusal ?? new DomainError("INTERNAL", { request: request.id });
  const problem = problemOf(answered, { id: request.id, acceptLanguage: request.headers["accept-language"] });
  if (problem.status === 503) reply.header("retry-after", "5");
  const { seconds } = answered.params;
  if (problem.status === 429 && seconds !== undefined) reply.header("retry-after", String(seconds));
  return reply
    .code(problem.status)
    .header("cache-control", "no-store")
    .header("content-language", preferredLanguage(request.headers["accept-language"]) === "zh" ? "zh-CN" : "en")
    .type("application/problem+json")
    .send(JSON.stringify(problem));
}

/** Responses for a route's schema: the answer and the problem that stands for all refusals. */
export function answers<T extends TSchema>(schema: T, status = 200): Record<string, TSchema> {
  return { [status]: schema, "4xx": Type.Ref("Problem"), "5xx": Type.Ref("Problem") };
}

// ------------------------------------------------------------------------------------------------------------- pages

/** Query of a list: how many, and from where on. */
export const PageQuery = Type.Object({
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
  cursor: Type.Optional(Type.String({ maxLength: 400, pattern: "^[A-Za-z0-9_-]+$" })),
});
export type PageQuery = Static<typeof PageQuery>;

/** A page of items; `next` is the cursor of the following one, null on the last. */
export function Page<T extends TSchema>(item: T) {
  return Type.Object({ items: Type.Array(item), next: Type.Union([Type.String(), Type.Null()]) });
}

/** The sort key of the last item as an opaque cursor. Keys hold ids and times, no personal data. */
export function encodeCursor(key: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(key)).toString("base64url");
}

/**
 * The sort key in a cursor; undefined without one.
 * @param types of the parts, for example ["string", "string"] for a time and an id
 * @throws DomainError INVALID_REQUEST when it is not one of ours
 */
export function decodeCursor(
  cursor: string | undefined,
  types: readonly ("string" | "number")[],
): (string | number)[] | undefined {
  if (cursor === undefined) return undefined;
  try {
    const key: unknown = JSON.parse(Buffer.from(cursor, "base64url").toString("utf8"));
    if (Array.isArray(key) && key.length === types.length && key.every((part, i) => typeof part === types[i]))
      return key;
  } catch (error) {
    throw new DomainError(
      "INVALID_REQUEST",
      { where: "query/cursor", why: "is not a cursor (不是有效的游标)" },
      { cause: error },
    );
  }
  throw new DomainError("INVALID_REQUEST", { where: "query/cursor", why: "is not a cursor (不是有效的游标)" });
}

/**
 * A page out of `limit + 1` rows that the store was asked for: the surplus row only says that there are more.
 */
export function pageOf<Row, Item>(
  rows: readonly Row[],
  limit: number,
  item: (row: Row) => Item,
  key: (row: Row) => readonly (string | number)[],
): { items: Item[]; next: string | null } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return { items: shown.map(item), next: rows.length > limit && last !== undefined ? encodeCursor(key(last)) : null };
}
