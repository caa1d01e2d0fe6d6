// What can go wrong between the page and a centre, as one typed error that already knows its sentence.
import { settings } from "../settings.ts";
import { shell as zh } from "../messages/zh-CN/shell.ts";
import { shell as en } from "../messages/en/shell.ts";

/** How a centre answers a refusal (RFC 9457 with our members). */
export interface ProblemBody {
  status?: number;
  code?: string;
  zh?: string;
  en?: string;
  title?: string;
  detail?: string;
}

/** A refusal of the service, or (codes in lower case) a failure on the way to it. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly code: string;
  readonly status: number;
  readonly #zh: string | undefined;
  readonly #en: string | undefined;

  constructor(code: string, status: number, sentences: { zh?: string; en?: string } = {}, options?: ErrorOptions) {
    super(code, options);
    this.code = code;
    this.status = status;
    this.#zh = sentences.zh;
    this.#en = sentences.en;
  }

  /** What to tell the person, in the chosen language. */
  get sentence(): string {
    const english = settings.language === "en";
    const own = english ? this.#en : this.#zh;
    if (own) return own;
    const table: Record<string, string> = (english ? en : zh).problems;
    return table[this.code] ?? table["failed"]!;
  }
}

/** Reads a refusal from an answer that is not 2xx. */
export async function problemOf(response: Response): Promise<Problem> {
  const text = await response.text().catch(() => "");
  let body: ProblemBody = {};
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null) body = value;
  } catch {
    body = {}; // a proxy's own page, for example: the status has to do
  }
  const code = typeof body.code === "string" ? body.code : response.status === 503 ? "BUSY" : "failed";
  return new Problem(code, response.status, body);
}

/** Any thrown thing as a problem; what is not one is a bug and is heard of. */
export function asProblem(error: unknown): Problem {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem("failed", 0, {}, { cause: error });
}
