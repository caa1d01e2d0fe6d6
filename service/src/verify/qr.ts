// FORMAT.md §4: takes a QR's text apart and checks its signature. The address in it is never asked.
import { FormatError, equal, fromHex, toHex } from "../proof/bytes.ts";
import { figuresOfKinds } from "../proof/figures.ts";
import { fromDigits, qrKeyId, readQr, verifyQr } from "../proof/qr-summary.ts";
import type { QrSummary, SignedQrSummary } from "../proof/qr-summary.ts";
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
    const qr = readQr(fromDigits(match[1]!));
    if (!areFiguresOf(qr.summary)) throw new FormatError("figures of another kind");
    return qr;
  } catch (error) {
    if (error instanceof FormatError) throw new CheckFailed("qr-malformed", { what: error.message });
    throw error;
  }
}

/** FORMAT.md §11: as many figures as the kind has, each month and day in the calendar. Of a kind that is not known any are. */
function areFiguresOf({ kind, figures }: QrSummary): boolean {
  if (!Object.hasOwn(figuresOfKinds, kind)) return true;
  const known = figuresOfKinds[kind]!;
  return (
    figures.length === known.length &&
    known.every(({ unit }, i) => {
      const figure = figures[i]!;
      if (figure === null || (unit !== "month" && unit !== "day")) return true;
      return isCalendarDay(unit === "month" ? 100 * figure + 1 : figure);
    })
  );
}

/** @param day YYYYMMDD as a number */
function isCalendarDay(day: number): boolean {
  if (day < 1000_01_01 || day > 9999_12_31) return false;
  const text = String(day).replace(/(....)(..)(..)/, "$1-$2-$3");
  const time = Date.parse(`${text}T00:00:00Z`);
  return Number.isFinite(time) && new Date(time).toISOString().startsWith(text);
}

/** Which of the centre's keys signed. @throws CheckFailed when none did, CheckUnknown when the lists differ over it */
export async function checkQrSignature(qr: SignedQrSummary, trust: AgreedTrust): Promise<NamedKey> {
  const centre = centreOf(trust, qr.summary.centre);
  const key = keysOf(centre, "qr").find(({ value }) => equal(qrKeyId(fromHex(value)), qr.keyId));
  if (!key) throw new CheckFailed("qr-key-not-listed", { centre: centre.code, key: toHex(qr.keyId) });
  if (!(await verifyQr(qr, fromHex(key.value)))) throw new CheckFailed("qr-signature-wrong", { centre: centre.code });
  return { centre, key };
}
