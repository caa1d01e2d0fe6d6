// Bytes, digests and texts: the few conversions that every part of the verifier needs.
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

export const sha256 = (...parts: (Uint8Array | string)[]): Buffer => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest();
};

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
export const isHex = (value: unknown, bytes: number): value is string =>
  typeof value === "string" && value.length === 2 * bytes && /^[0-9a-f]*$/.test(value);

/** Base64 of RFC 4648 §4 in its one spelling, or null: Node's own reader takes nearly anything. */
export function fromBase64(text: string): Buffer | null {
  const bytes = Buffer.from(text, "base64");
  return bytes.toString("base64") === text ? bytes : null;
}

/** §1: the digest of a record, SHA-256 over its RFC 8785 form. */
export function recordDigest(value: unknown): Buffer {
  const text = canonicalize(value);
  if (typeof text !== "string") throw new TypeError("a record is JSON");
  return sha256(Buffer.from(text, "utf8"));
}

/** An RFC 3339 day that exists in the calendar. */
export function isDay(value: unknown): value is string {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\d$/.test(value)) return false;
  const time = Date.parse(`${value}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(value);
}

/** `YYYY-MM-DDThh:mm:ss+08:00` of a day and an hour that exist. */
export function isBeijingTime(value: unknown): value is string {
  if (typeof value !== "string") return false;
  const match = /^(\d{4}-\d\d-\d\d)T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\+08:00$/.exec(value);
  return match !== null && isDay(match[1]);
}

/** The calendar day in Asia/Shanghai, which has had no summer time since 1991. @param seconds since 1970 */
export const beijingDay = (seconds: number): string => new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 10);

export const isWhole = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
export const hasExactly = (value: Record<string, unknown>, members: readonly string[]): boolean =>
  Object.keys(value).length === members.length && members.every((member) => Object.hasOwn(value, member));
