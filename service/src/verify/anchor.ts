// FORMAT.md §10.5: who besides the issuer knows this checkpoint, and since when.
import { fromHex, toHex } from "../proof/bytes.ts";
import { cosignedAt, witnessName } from "../proof/checkpoint.ts";
import type { SignedCheckpoint } from "../proof/checkpoint.ts";
import { trustedAt } from "../proof/trust-list.ts";
import type { Agreement } from "./agreement.ts";
import type { Anchored } from "./chain.ts";
import { isoTime, keysOf } from "./trust.ts";
import type { AgreedTrust, Existence } from "./trust.ts";
import { CheckFailed, CheckUnknown } from "./verdict.ts";
import type { Detail } from "./verdict.ts";
import type { Code } from "./messages.ts";

/** Seconds by which a witness's clock may be ahead of ours. */
const clockTolerance = 300;

/**
 * The times at which witnesses other than the issuer cosigned, ascending, one for each centre. A key that is distrusted from any
 * time on counts for nothing: whoever holds it can write an earlier time.
 * @param now seconds since 1970
 */
export async function witnessTimes(
  checkpoint: SignedCheckpoint,
  trust: AgreedTrust,
  issuer: string,
  now: number,
): Promise<number[]> {
  const names = new Set(checkpoint.signatures.map(({ name }) => name));
  const times: number[] = [];
  for (const centre of trust.centres.values()) {
    const name = witnessName(centre.code);
    if (centre.code === issuer || centre.removed || !names.has(name)) continue;
    let earliest = Infinity;
    for (const key of keysOf(centre, "witness")) {
      if (key.distrustedSince !== 0) continue;
      const time = await cosignedAt(checkpoint, name, fromHex(key.value));
      if (time !== undefined && time <= now + clockTolerance && trustedAt(key, time))
        earliest = Math.min(earliest, time);
    }
    if (earliest !== Infinity) times.push(earliest);
  }
  return times.sort((a, b) => a - b);
}

/**
 * When the certificate existed: the earlier of the anchoring block's time and the time by which as many witnesses as the quorum
 * asks for had cosigned. Not the earliest witness: then one dishonest member could make a seal older than the theft of its key.
 * @param now seconds since 1970
 */
export function existenceOf(
  checkpoint: SignedCheckpoint,
  onChain: Agreement<Anchored | undefined>,
  times: readonly number[],
  quorum: number,
  now: number,
): Existence {
  const shown: number[] = [];
  if (onChain.kind === "agreed" && onChain.value && sameRoot(checkpoint, onChain.value)) shown.push(onChain.value.time);
  const byQuorum = times[quorum - 1];
  if (byQuorum !== undefined) shown.push(byQuorum);
  return shown.length > 0 ? { time: Math.min(...shown), shown: true } : { time: now, shown: false };
}

function sameRoot(checkpoint: SignedCheckpoint, anchored: Anchored): boolean {
  return anchored.roots.length === 1 && anchored.roots[0] === toHex(checkpoint.root);
}

/** Step anchor. @throws CheckFailed when the chain holds another root; CheckUnknown when neither chain nor witnesses show it */
export function checkAnchor(
  checkpoint: SignedCheckpoint,
  onChain: Agreement<Anchored | undefined>,
  times: readonly number[],
  quorum: number,
): { code: Code; detail: Detail } {
  const enough = times.length >= quorum;
  const count: Detail = { cosignatures: times.length, quorum };
  if (onChain.kind === "agreed") {
    const { value, by, against } = onChain;
    const who = { centres: by.join(" "), against: against.join(" ") };
    if (value) {
      const detail: Detail = { ...count, ...who, block: value.block, time: isoTime(value.time) };
      if (!sameRoot(checkpoint, value)) throw new CheckFailed("root-not-on-chain", detail);
      return { code: against.length > 0 ? "anchored-on-chain-one-differs" : "anchored-on-chain", detail };
    }
    if (!enough) throw new CheckUnknown("not-anchored-yet", { ...count, ...who });
  }
  if (enough) return { code: "anchored-by-witnesses", detail: { ...count, time: isoTime(times[quorum - 1]!) } };
  if (onChain.kind === "disputed")
    throw new CheckUnknown("chain-disputed", {
      ...count,
      centres: onChain.variants.map(({ centre }) => centre).join(" "),
    });
  throw new CheckUnknown("chain-unreachable", count);
}
