// The three ways in which work can end badly, kept apart (see the style guide in README.md, "Errors"):
// a refusal is a normal answer with a stable code; a bug stops the work; an outage keeps its cause and is retried.

/** How one refusal is answered over HTTP and what it tells the person. `{name}` is filled from the error's params. */
export interface Refusal {
  /** HTTP status */
  status: number;
  /** one sentence in Chinese that tells the person what to do */
  zh: string;
  /** the same in English */
  en: string;
}

const registered = new Map<string, Refusal>();

/** Registers a domain's refusals. A code belongs to one domain: registering it again with another text is a bug. */
export function refusals<T extends Record<string, Refusal>>(table: T): T {
  for (const [code, refusal] of Object.entries(table)) {
    invariant(/^[A-Z][A-Z0-9_]*$/.test(code), `refusal code ${code} is not in capitals`);
    invariant(!registered.has(code), `refusal ${code} is registered twice`);
    registered.set(code, refusal);
  }
  return table;
}

/** The refusal behind a code. @throws when nobody registered it */
export function refusalOf(code: string): Refusal {
  const refusal = registered.get(code);
  invariant(refusal, `refusal ${code} is not registered`);
  return refusal;
}

/** All refusals, for the documentation and the tests. */
export function allRefusals(): ReadonlyMap<string, Refusal> {
  return registered;
}

/**
 * A refusal: the request was understood and is not granted. Params fill the sentences and must never hold personal data.
 */
export class DomainError extends Error {
  override readonly name = "DomainError";
  readonly code: string;
  readonly params: Readonly<Record<string, string | number>>;
  constructor(code: string, params: Record<string, string | number> = {}, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.params = params;
  }
}

/** Fills `{name}` in a refusal's sentence. */
export function fill(sentence: string, params: Readonly<Record<string, string | number>>): string {
  return sentence.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}

/** A bug, if it does not hold. The client learns only that we failed; the log learns everything. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${message}`);
}

export const generalRefusals = refusals({
  INVALID_REQUEST: {
    status: 400,
    zh: "请求内容有误：{where} {why}。请更正后重试。",
    en: "The request is not valid: {where} {why}. Correct it and try again.",
  },
  NOT_FOUND: {
    status: 404,
    zh: "没有找到您要的内容。请核对地址或编号。",
    en: "Nothing was found here. Check the address or the number.",
  },
  NOT_ALLOWED: {
    status: 403,
    zh: "您的身份不能办理此项业务。请使用有权限的账户登录。",
    en: "Your role does not allow this. Sign in with an account that may do it.",
  },
  NOT_SIGNED_IN: { status: 401, zh: "请先登录。", en: "Please sign in first." },
  TOO_MANY_REQUESTS: {
    status: 429,
    zh: "操作过于频繁，请在 {seconds} 秒后再试。",
    en: "Too many requests. Try again in {seconds} seconds.",
  },
  TOO_LARGE: {
    status: 413,
    zh: "提交的内容过大。请减小后重试。",
    en: "What you sent is too large. Make it smaller and try again.",
  },
  BUSY: {
    status: 503,
    zh: "系统正忙，您的请求没有被办理。请稍后用同一请求重试。",
    en: "The service is busy and has not carried out your request. Send the same request again in a moment.",
  },
  IDEMPOTENCY_KEY_MISSING: {
    status: 400,
    zh: "缺少 Idempotency-Key 请求头。请为每次办理生成一个新的唯一值。",
    en: "The Idempotency-Key header is missing. Make a new unique value for each action.",
  },
  IDEMPOTENCY_KEY_REUSED: {
    status: 409,
    zh: "同一 Idempotency-Key 已用于另一项内容不同的请求。请换用新的值。",
    en: "This Idempotency-Key was used for a different request. Use a new value.",
  },
});
