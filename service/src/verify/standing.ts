// FORMAT.md §10.7: is the certificate revoked, superseded or expired?
import { agree } from "./agreement.ts";
import type { Agreement, Answer } from "./agreement.ts";
import type { Revocation, StandingAnswer } from "./chain.ts";
import type { Code } from "./messages.ts";
import { isoTime } from "./trust.ts";
import { CheckFailed, CheckUnknown } from "./verdict.ts";
import type { Detail } from "./verdict.ts";

/** Seconds after which what a centre knows of the chain is too old to say that nothing was revoked. */
export const chainTooOld = 24 * 3600;

/** Reasons of CertificateStatus, by number. */
const revocationCodes: readonly Code[] = [
  "revoked",
  "revoked-error",
  "revoked-fraud",
  "superseded",
  "revoked-by-holder",
  "revoked-key",
  "revoked",
];

/** What centres with a fresh view of the chain say alike, and the newest block of which any centre knows (seconds). */
export function agreeOnStanding(
  answers: readonly Answer<StandingAnswer>[],
  now: number,
): { standing: Agreement<StandingAnswer>; newest: number | undefined } {
  // Stale answers are left out before they are counted: three sleeping nodes must not outvote two that saw a revocation.
  const fresh = answers.filter(({ value }) => now - value.headTime <= chainTooOld);
  const newest = answers.length === 0 ? undefined : Math.max(...answers.map(({ value }) => value.headTime));
  return { standing: agree(fresh, ({ revoked }) => String(revoked)), newest };
}

export interface StandingQuestion {
  standing: Agreement<StandingAnswer>;
  newest: number | undefined;
  /** asked for only when it is revoked */
  revocation: Agreement<Revocation> | undefined;
  /** last day of validity, YYYY-MM-DD in Asia/Shanghai */
  validUntil: string;
  now: Date;
  /** seconds: what the trust lists stand on, for when the chain cannot be read */
  asOf: number;
}

/** Step standing. @throws CheckFailed when it is no longer valid; CheckUnknown when that cannot be read */
export function checkStanding({ standing, newest, revocation, validUntil, now, asOf }: StandingQuestion): Detail {
  const agreed = standing.kind === "agreed" ? standing : undefined;
  if (agreed?.value.revoked) {
    // That it is revoked is agreed; about reason and time there may be nothing but silence.
    const known = revocation?.kind === "agreed" ? revocation.value : undefined;
    const code = revocationCodes[known?.reason ?? 0] ?? "revoked";
    throw new CheckFailed(code, { time: known ? isoTime(known.at) : "-", centres: agreed.by.join(" ") });
  }
  // A day ends at midnight in Beijing. Expiry needs nobody's answer.
  if (isoTime(now.getTime() / 1000).slice(0, 10) > validUntil) throw new CheckFailed("expired", { validUntil });
  const stale = newest !== undefined && now.getTime() / 1000 - newest > chainTooOld;
  if (stale) throw new CheckUnknown("chain-stale", { time: isoTime(newest) });
  if (standing.kind === "too-few") throw new CheckUnknown("standing-unreadable", { asOf: isoTime(asOf) });
  if (standing.kind === "disputed") {
    const centres = standing.variants.map(({ centre }) => centre).join(" ");
    throw new CheckUnknown("standing-disputed", { asOf: isoTime(asOf), centres });
  }
  const { value, by, against } = standing;
  return { time: isoTime(value.headTime), validUntil, centres: by.join(" "), against: against.join(" ") };
}
