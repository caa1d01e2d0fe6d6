// FORMAT.md §10.4: the leaf is in the log whose checkpoint the issuer's log signed.
import { FormatError, fromHex } from "../proof/bytes.ts";
import { originOf, readCheckpoint, signedByLog } from "../proof/checkpoint.ts";
import type { SignedCheckpoint } from "../proof/checkpoint.ts";
import { leafDigest } from "../proof/leaf.ts";
import type { Receipt } from "../proof/receipt.ts";
import { leafHash, verifyInclusion } from "../proof/tree.ts";
import { trustedAt } from "../proof/trust-list.ts";
import type { TrustedCentre } from "../proof/trust-list.ts";
import { isoTime, keysOf } from "./trust.ts";
import type { Existence } from "./trust.ts";
import { CheckFailed, CheckUnknown } from "./verdict.ts";
import type { Detail } from "./verdict.ts";

export interface LoggedCheckpoint extends SignedCheckpoint {
  epoch: number;
}

/**
 * The receipt's checkpoint, of a log of this centre.
 * @throws CheckFailed when it is malformed or another log's; CheckUnknown while the log has not taken the leaf in
 */
export function checkpointOf(receipt: Receipt): LoggedCheckpoint {
  if (receipt.checkpoint === null) throw new CheckUnknown("not-in-log-yet");
  let checkpoint: SignedCheckpoint;
  try {
    checkpoint = readCheckpoint(receipt.checkpoint);
  } catch (error) {
    if (error instanceof FormatError) throw new CheckFailed("checkpoint-malformed", { what: error.message });
    throw error;
  }
  const epoch = Number(checkpoint.origin.split("/")[2]);
  if (checkpoint.origin !== originOf(receipt.leaf.centre, epoch))
    throw new CheckFailed("checkpoint-of-another-log", { origin: checkpoint.origin });
  return { ...checkpoint, epoch };
}

/** Step inclusion. @throws CheckFailed, CheckUnknown */
export async function checkInclusion(
  receipt: Receipt,
  checkpoint: LoggedCheckpoint,
  centre: TrustedCentre,
  existence: Existence,
): Promise<Detail> {
  const hash = leafHash(leafDigest(receipt.leaf));
  const proof = receipt.proof.map((step) => fromHex(step, 32));
  if (!verifyInclusion(hash, receipt.index ?? -1, checkpoint.size, proof, checkpoint.root))
    throw new CheckFailed("proof-wrong", { index: receipt.index ?? -1, size: checkpoint.size });
  // The registry names epochs before their logs begin; a list read a moment ago may not have the newest.
  if (checkpoint.epoch > centre.logEpoch) throw new CheckUnknown("log-epoch-unknown", { epoch: checkpoint.epoch });

  const detail = { index: receipt.index ?? -1, size: checkpoint.size, origin: checkpoint.origin };
  let signed = false;
  for (const key of keysOf(centre, "log")) {
    if (!(await signedByLog(checkpoint, fromHex(key.value)))) continue;
    if (trustedAt(key, existence.time)) return detail;
    signed = true;
  }
  if (!signed) throw new CheckFailed("log-signature-missing", detail);
  if (!existence.shown) throw new CheckUnknown("existence-unknown", { ...detail, time: isoTime(existence.time) });
  throw new CheckFailed("log-key-not-trusted", { ...detail, time: isoTime(existence.time) });
}
