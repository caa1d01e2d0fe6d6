// Steps 3 to 7 of FORMAT.md §10, for a file and for a code alike: receipt, inclusion, anchor, trust, standing.
import { beijingDay, hex, recordDigest } from "./bytes.ts";
import { type Anchored, type Chain, readAnchored, readStanding } from "./chain.ts";
import { rootFromProof } from "./merkle.ts";
import { type Checkpoint, cosignedAt, isSignedByLog, readCheckpoint } from "./note.ts";
import { type Outcome, type Step, failed, notReached, passed, unknown } from "./outcome.ts";
import type { Leaf, Receipt } from "./receipt.ts";
import type { Transport } from "./transport.ts";
import { type Centre, type Key, type Trust, type Vote, isTrusted, keysOf } from "./trust-list.ts";
import type { Token } from "./raised.ts";
import type { Facts } from "./verifier.ts";

/** What is judged: a file's seal or a code, and the centre that has its key. */
export interface Subject {
  issuer: Centre;
  key: Key;
  /** the seal's certificate; a code has none */
  certificate: { notBefore: Date; notAfter: Date } | null;
  /** good time-stamps of the file, whoever made them; a code has none */
  tokens: readonly Token[];
  /** whether the leaf is this file's or code's */
  isOf: (leaf: Leaf) => boolean;
  /** a code's own signed summary, from which standing is read even without a receipt */
  summary: { statusIndex: number; validUntil: string } | null;
}

export interface Case {
  trust: Trust;
  transport: Transport;
  /** time of judging, seconds */
  now: number;
  subject: Subject;
  answer: Receipt | "none" | "unreachable";
}

export interface Proven {
  steps: Step[];
  facts: Facts;
}

/** Goes through the steps in order. Asks the chain; never throws for what others sent. */
export async function judge(given: Case): Promise<Proven> {
  const { trust, now, subject, answer } = given;
  const receiptStep = receiptOutcome(subject, answer);
  const receipt = receiptStep.outcome === "passed" ? (answer as Receipt) : null;
  const common = trust.common.state === "agreed" ? trust.common.value : null;
  const chain: Chain | null = common && { transport: given.transport, askable: trust.askable(), common };

  const log = receipt ? checkLog(subject.issuer, receipt) : { outcome: notReached };
  const checkpoint = log.checkpoint ?? null;
  const chainSays: Vote<Anchored | null> =
    chain && checkpoint
      ? await readAnchored(chain, { ...checkpoint.origin, size: checkpoint.size }, receipt!.anchorBlock)
      : { state: "unreachable" };
  const witnessed =
    checkpoint && common ? quorumTime(trust, subject.issuer, checkpoint, common.witnessQuorum, now) : null;
  const anchored = anchorOutcome(receipt, checkpoint, chainSays, witnessed, common !== null);

  // The earlier of the anchoring block's time and the quorum's: never what the file says of itself.
  const loggedBy = earliest([anchoredTime(chainSays, checkpoint), witnessed]);
  const inclusion = log.keys ? logKeyOutcome(log.keys, loggedBy ?? now, loggedBy !== null) : log.outcome;

  // A time-stamp says when, not that the centre issued it: it counts once the log and its anchor are good (§10, step 6).
  const proven = inclusion.outcome === "passed" && anchored.outcome === "passed";
  const timeStamps = subject.tokens.map((token) => ({ ...token, trusted: isTrustedToken(subject.issuer, token) }));
  const counted = proven ? timeStamps.filter((one) => one.trusted).map((one) => one.time) : [];
  const existedBy = earliest([loggedBy, ...counted]);
  const at = existedBy ?? now;

  const summary = subject.summary ?? receipt?.leaf ?? null;
  const standing = summary ? await standingStep(chain, subject.issuer.code, summary, now) : { outcome: notReached };
  const steps: Step[] = [
    { step: "receipt", ...receiptStep },
    { step: "inclusion", ...inclusion },
    { step: "anchor", ...anchored },
    { step: "trust", ...keyOutcome(subject, at, existedBy !== null, dissent(trust, subject.issuer)) },
    { step: "standing", ...standing.outcome },
  ];
  const leaf = receipt?.leaf;
  return {
    steps,
    facts: {
      centre: { code: subject.issuer.code, name: subject.issuer.name },
      ...(leaf && {
        serial: leaf.serial,
        issuedAt: leaf.issuedAt,
        validUntil: leaf.validUntil,
        recordDigest: leaf.recordDigest,
      }),
      ...(existedBy !== null && { existedBy }),
      ...(standing.revokedAt && { revokedAt: standing.revokedAt }),
      ...(timeStamps.length > 0 && { timeStamps }),
    },
  };
}

function earliest(times: readonly (number | null)[]): number | null {
  const known = times.filter((time) => time !== null);
  return known.length > 0 ? Math.min(...known) : null;
}

/** §10 step 6: whether the authority is a `timestamp` key of the issuing centre, trusted at the token's time and never distrusted. */
const isTrustedToken = (issuer: Centre, { time, certificate }: Token): boolean =>
  keysOf(issuer, "timestamp").some(
    (key) => key.value === certificate && key.distrustedSince === 0 && isTrusted(key, time),
  );

function receiptOutcome(subject: Subject, answer: Case["answer"]): Outcome {
  if (answer === "unreachable") return unknown("issuer-unreachable");
  if (answer === "none") return failed("receipt-none");
  return subject.isOf(answer.leaf) ? passed("receipt-good") : failed("receipt-of-another");
}

/** The checkpoint when leaf, index and proof lead to it, and the log keys of the issuer that signed it; else the outcome. */
function checkLog(issuer: Centre, receipt: Receipt): { outcome: Outcome; checkpoint?: Checkpoint; keys?: Key[] } {
  if (!receipt.place) return { outcome: unknown("not-in-log-yet") };
  const { index, proof, checkpoint: text } = receipt.place;
  const checkpoint = readCheckpoint(text);
  if (!checkpoint) return { outcome: failed("checkpoint-malformed") };
  // Epochs are named in the registry (§5): there is no log of an epoch to come.
  if (checkpoint.origin.centre !== issuer.code || checkpoint.origin.epoch > issuer.logEpoch) {
    return { outcome: failed("checkpoint-of-another-log") };
  }
  const root = rootFromProof(recordDigest(receipt.leaf), index, checkpoint.size, proof);
  if (!root?.equals(checkpoint.root)) return { outcome: failed("proof-wrong") };
  const keys = keysOf(issuer, "log").filter((key) => isSignedByLog(checkpoint, key.value));
  if (keys.length === 0) return { outcome: failed("log-signature-missing") };
  return { outcome: passed("in-log"), checkpoint, keys };
}

function logKeyOutcome(keys: readonly Key[], at: number, known: boolean): Outcome {
  if (keys.some((key) => isTrusted(key, at))) return passed("in-log");
  return known ? failed("log-key-not-trusted") : unknown("log-key-not-trusted");
}

/**
 * The time by which enough centres had cosigned, in seconds, or null. A centre counts once, at its earliest; the quorum-th
 * earliest decides, so that one dishonest witness moves nothing.
 */
function quorumTime(trust: Trust, issuer: Centre, checkpoint: Checkpoint, quorum: number, now: number): number | null {
  const times = trust.codes.flatMap((code) => {
    const centre = code === issuer.code ? null : trust.agreed(code);
    if (!centre || centre.removed) return [];
    const good = keysOf(centre, "witness").flatMap((key) =>
      key.distrustedSince !== 0
        ? []
        : cosignedAt(checkpoint, code, key.value).filter((time) => time <= now && isTrusted(key, time)),
    );
    return good.length > 0 ? [Math.min(...good)] : [];
  });
  return times.sort((a, b) => a - b)[quorum - 1] ?? null;
}

function anchorOutcome(
  receipt: Receipt | null,
  checkpoint: Checkpoint | null,
  chainSays: Vote<Anchored | null>,
  witnessed: number | null,
  trustAgreed: boolean,
): Outcome {
  if (receipt && !receipt.place) return unknown("not-in-log-yet");
  if (!checkpoint) return notReached;
  if (!trustAgreed) return unknown("trust-list-disputed");
  const root = hex(checkpoint.root);
  if (chainSays.state === "agreed") {
    const others = chainSays.others.join(", ") || undefined;
    if (chainSays.value && chainSays.value.root !== root) return failed("root-not-on-chain", others);
    if (chainSays.value) return passed(others ? "anchored-on-chain-one-differs" : "anchored-on-chain", others);
    return witnessed !== null ? passed("cosigned", others) : unknown("not-anchored-yet", others);
  }
  if (chainSays.state === "disputed") {
    // Someone reads another root. Cosignatures do not settle whether there is a fork on the chain.
    const fork = chainSays.said.some((said) => said !== null && said.root !== root);
    return witnessed !== null && !fork ? passed("cosigned") : unknown("chain-disputed");
  }
  return witnessed !== null ? passed("cosigned") : unknown("chain-unreachable");
}

const anchoredTime = (says: Vote<Anchored | null>, checkpoint: Checkpoint | null): number | null =>
  says.state === "agreed" && says.value && checkpoint && says.value.root === hex(checkpoint.root)
    ? says.value.time
    : null;

/** §10 step 6. @param known whether `at` is the time of existence, or only the time of judging */
function keyOutcome(subject: Subject, at: number, known: boolean, others: string | undefined): Outcome {
  const no = known ? failed : unknown;
  const { key, certificate } = subject;
  if (!isTrusted(key, at)) {
    return no(key.distrustedSince !== 0 && at >= key.distrustedSince ? "key-distrusted" : "key-not-in-period");
  }
  if (certificate && (at * 1000 < certificate.notBefore.getTime() || at * 1000 > certificate.notAfter.getTime())) {
    return no("certificate-not-in-period");
  }
  return passed("key-trusted", others);
}

/** Centres whose trust list says otherwise than the others about the issuer or the chain. */
function dissent(trust: Trust, issuer: Centre): string | undefined {
  const votes = [trust.common, trust.centre(issuer.code)];
  const others = votes.flatMap((vote) => (vote.state === "agreed" ? vote.others : []));
  return [...new Set(others)].join(", ") || undefined;
}

const revokedCodes: Readonly<Record<number, string>> = {
  1: "revoked-error",
  2: "revoked-fraud",
  3: "superseded",
  4: "cancelled",
  5: "revoked-key-compromise",
};

/** §10 step 7. That it is expired needs no chain; that it is not revoked does. */
async function standingStep(
  chain: Chain | null,
  centre: string,
  { statusIndex, validUntil }: { statusIndex: number; validUntil: string },
  now: number,
): Promise<{ outcome: Outcome; revokedAt?: number }> {
  const { standing, stale } = chain
    ? await readStanding(chain, { centre, statusIndex }, now)
    : { standing: { state: "unreachable" as const }, stale: 0 };
  const others = standing.state === "agreed" ? standing.others.join(", ") || undefined : undefined;
  if (standing.state === "agreed" && standing.value.revoked) {
    const code = revokedCodes[standing.value.reason] ?? "revoked-other";
    return { outcome: failed(code, others), revokedAt: standing.value.at };
  }
  if (beijingDay(now) > validUntil) return { outcome: failed("expired") };
  if (standing.state === "disputed") return { outcome: unknown("standing-disputed") };
  if (standing.state === "unreachable") {
    return { outcome: unknown(!chain ? "trust-list-disputed" : stale > 0 ? "chain-stale" : "standing-unreadable") };
  }
  return { outcome: passed("valid", others) };
}
