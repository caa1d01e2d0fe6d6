// FORMAT.md §9 (3), (6), (7) and §10.5: the tokens of a file, the level that they and the store make, and the time that they show.
import { concat } from "../proof/bytes.ts";
import { trustedAt } from "../proof/trust-list.ts";
import type { Additions } from "./additions.ts";
import type { Seal } from "./cms.ts";
import { verifyToken } from "./token.ts";
import type { Token } from "./token.ts";
import { isoTime, keysOf } from "./trust.ts";
import type { Existence, NamedKey } from "./trust.ts";
import type { Level, TimeStamp } from "./verdict.ts";

export interface FileToken extends Token {
  over: TimeStamp["over"];
}

/** Checks every token of a file: the seal's first, then those of the document in their order. @throws CheckFailed */
export async function verifyTokens(bytes: Uint8Array, file: Additions, seal: Seal): Promise<FileToken[]> {
  const out: FileToken[] = [];
  if (seal.token) out.push({ over: "seal", ...(await verifyToken(seal.token, () => seal.signature)) });
  for (const { token, range } of file.documentTimeStamps) {
    const covered = () => concat(bytes.subarray(0, range.open), bytes.subarray(range.close, range.end));
    out.push({ over: "document", ...(await verifyToken(token, covered)) });
  }
  return out;
}

export function levelOf({ stored, archived }: Additions, { token }: Seal): Level {
  if (!token) return "B-B";
  if (archived) return "B-LTA";
  return stored ? "B-LT" : "B-T";
}

/** Is the token's authority one that the issuing centre uses, trusted at the time that it wrote? */
function trusted({ authority, time }: Token, owner: NamedKey | undefined): boolean {
  const key = owner && keysOf(owner.centre, "timestamp").find(({ value }) => value === authority);
  // One that was ever distrusted counts for nothing, as a witness's: whoever stole it can write any time.
  return key !== undefined && key.distrustedSince === 0 && trustedAt(key, time);
}

/** The tokens as the verdict tells them. */
export function tellTokens(tokens: readonly FileToken[], owner?: NamedKey): TimeStamp[] {
  return tokens.map((token) => {
    const { authority, over, time } = token;
    return { time: isoTime(time), authority, over, trusted: trusted(token, owner) };
  });
}

/**
 * The time of existence with the tokens that count; asked only when steps inclusion and anchor passed, so that a token rescues no
 * unlogged file.
 */
export function earlierByTokens(existence: Existence, tokens: readonly FileToken[], owner: NamedKey): Existence {
  const times = tokens.filter((token) => trusted(token, owner)).map(({ time }) => time);
  return { time: Math.min(existence.time, ...times), shown: existence.shown || times.length > 0 };
}
