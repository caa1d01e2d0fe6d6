// FORMAT.md §10.3: does the issuer's receipt speak of what was presented?
import { FormatError, toHex } from "../proof/bytes.ts";
import type { CertificateLeaf } from "../proof/leaf.ts";
import { serialRoot } from "../proof/qr-summary.ts";
import type { QrSummary } from "../proof/qr-summary.ts";
import { readReceipt } from "../proof/receipt.ts";
import type { Receipt } from "../proof/receipt.ts";
import { CheckFailed, CheckUnknown } from "./verdict.ts";

/** What a sealed file says about itself. Digests in hex. */
export interface Presented {
  sealedDigest: string;
  signatureDigest: string;
  signer: string;
}

/**
 * Asks for a receipt and reads it.
 * @throws CheckFailed when the issuer says that it has none; CheckUnknown when it does not answer, or in another form
 */
export async function fetchReceipt(ask: () => Promise<unknown>, centre: string): Promise<Receipt> {
  const answer = await ask().catch((error: unknown) => {
    throw new CheckUnknown("issuer-unreachable", { centre, why: reasonOf(error) });
  });
  if (answer === null) throw new CheckFailed("receipt-none", { centre });
  try {
    return readReceipt(answer);
  } catch (error) {
    // Another form may be a later version, or a stranger who answers in the issuer's place: no statement either way.
    if (error instanceof FormatError) throw new CheckUnknown("receipt-malformed", { centre });
    throw error;
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.name : "unknown";
}

/** @throws CheckFailed when the leaf is another certificate's */
export function checkReceiptOfFile(leaf: CertificateLeaf, presented: Presented, centre: string): void {
  const members = ["sealedDigest", "signatureDigest", "signer"] as const;
  for (const member of members)
    if (leaf[member] !== presented[member]) throw new CheckFailed("receipt-of-another", { member });
  if (leaf.centre !== centre) throw new CheckFailed("receipt-of-another", { member: "centre" });
}

/** @throws CheckFailed when the leaf is another certificate's */
export function checkReceiptOfQr(leaf: CertificateLeaf, summary: QrSummary): void {
  const expected: Partial<CertificateLeaf> = {
    centre: summary.centre,
    serial: serialRoot + summary.serial,
    statusIndex: summary.statusIndex,
    recordDigest: toHex(summary.recordDigest),
    validUntil: dayText(summary.validUntilDay),
  };
  for (const [member, value] of Object.entries(expected))
    if (leaf[member as keyof CertificateLeaf] !== value) throw new CheckFailed("receipt-of-another", { member });
  if (leaf.issuedAt.slice(0, 10) !== dayText(summary.issuedDay))
    throw new CheckFailed("receipt-of-another", { member: "issuedAt" });
}

/** Days since 1970-01-01 as YYYY-MM-DD. */
export function dayText(days: number): string {
  return new Date(days * 86_400_000).toISOString().slice(0, 10);
}
