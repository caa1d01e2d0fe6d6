// FORMAT.md §4: takes a QR's text apart and checks its signature. The address in it is never asked.
import { FormatError, equal, fromHex, toHex } from "../proof/bytes.ts";
import { fromDigits, qrKeyId, readQr, verifyQr } from "../proof/qr-summary.ts";
import type { SignedQrSummary } from "../proof/qr-summary.ts";
import { centreOf, keysOf } from "./trust.ts";
import type { AgreedTrust, NamedKey } from "./trust.ts";
import { CheckFailed } from "./verdict.ts";

const longestText = 2000;

/** Reads the text of a code, or the digits alone. @throws CheckFailed */
export function readQrText(text: string): SignedQrSummary {
  const match =
    typeof text === "string" && text.length <= longestText && /^(?:https?:\/\/[^\s#]+\/v#)?([0-9]+)$/.exec(text.trim());
  if (!match) throw new CheckFailed("qr-not-ours");
  try {
    return readQr(fromDigits(match[1]!));
  } catch (error) {
    if (error instanceof FormatError) throw new CheckFailed("qr-malformed", { what: error.message });
    throw error;
  }
}

/** Which of the centre's keys signed. @throws CheckFailed when none did, CheckUnknown when the lists differ over it */
export async function checkQrSignature(qr: SignedQrSummary, trust: AgreedTrust): Promise<NamedKey> {
  const centre = centreOf(trust, qr.summary.centre);
  const key = keysOf(centre, "qr").find(({ value }) => equal(qrKeyId(fromHex(value)), qr.keyId));
  if (!key) throw new CheckFailed("qr-key-not-listed", { centre: centre.code, key: toHex(qr.keyId) });
  if (!(await verifyQr(qr, fromHex(key.value)))) throw new CheckFailed("qr-signature-wrong", { centre: centre.code });
  return { centre, key };
}
