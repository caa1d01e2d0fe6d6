// A file that was raised to B-T, B-LT or B-LTA (FORMAT.md §9): its level, and its time-stamps, each over what it should be over.
import { type Hash, createHash } from "node:crypto";
import type { Addition } from "./additions.ts";
import { hex } from "./bytes.ts";
import type { Seal } from "./cms.ts";
import { type HashName, type TimeStamp, checkTimeStamp } from "./time-stamp.ts";

export const levels = ["B-B", "B-T", "B-LT", "B-LTA"] as const;
export type Level = (typeof levels)[number];

/** A good time-stamp of a file. Who made it is not yet judged. */
export interface Token {
  kind: "signature" | "document";
  /** seconds since 1970 */
  time: number;
  /** the authority's common name, for a person to read; nothing rests on it */
  authority: string;
  /** SHA-256 of the authority's certificate, hex, as the trust list has it */
  certificate: string;
}

/** The level up to which a file has what each level asks beside the one above. */
export function levelOf({ timeStamp }: Pick<Seal, "timeStamp">, additions: readonly Addition[]): Level {
  if (!timeStamp) return "B-B";
  const withStore = additions.filter((addition) => addition.hasStore);
  if (withStore.length === 0) return "B-T";
  return withStore.some((addition) => addition.timeStamp) ? "B-LTA" : "B-LT";
}

/** Checks all time-stamps of a file: on the seal's signature value, and on the file up to the end of their additions. @throws Refused */
export function checkTokens(bytes: Uint8Array, seal: Seal, additions: readonly Addition[]): Token[] {
  const tokens: Token[] = [];
  if (seal.timeStamp) {
    const stamp = checkTimeStamp(seal.timeStamp, (hash) => createHash(hash).update(seal.signature).digest());
    tokens.push(token("signature", stamp));
  }
  const prefixes = new Map<HashName, { hash: Hash; at: number }>();
  for (const { timeStamp: stamp } of additions) {
    if (!stamp) continue;
    // Each covers the file from its first byte: the hash goes on from the time-stamp before, or many small additions to a large
    // file would take a reader's day.
    const digestOf = (name: HashName): Buffer => {
      const prefix = prefixes.get(name) ?? { hash: createHash(name), at: 0 };
      prefix.hash.update(bytes.subarray(prefix.at, stamp.start));
      prefix.at = stamp.start;
      prefixes.set(name, prefix);
      return prefix.hash.copy().update(bytes.subarray(stamp.end, stamp.covers)).digest();
    };
    tokens.push(token("document", checkTimeStamp(stamp.token, digestOf)));
  }
  return tokens;
}

const token = (kind: Token["kind"], { time, authority }: TimeStamp): Token => ({
  kind,
  time,
  authority: authority.subject,
  certificate: hex(authority.digest),
});
