// What a certificate states: the salted record that is drawn from the ledger, the face that shows it, and the signed summary
// in its QR code.
import { createHash, sign } from "node:crypto";
import type { Transaction } from "../db.ts";
import { DomainError, invariant } from "../errors.ts";
import { newId } from "../ids.ts";
import { dayInChina } from "../collection/month.ts";
import { depositorFacts } from "../collection/snapshot.ts";
import { parameterHistory } from "../parameters/parameter.ts";
import { toHex } from "../proof/bytes.ts";
import { canonicalText } from "../proof/canonical.ts";
import type { CanonicalValue } from "../proof/canonical.ts";
import { standingToken } from "../proof/leaf.ts";
import { longestQrMessage, maskName, maskNumber, prepareQr, serialRoot, toDigits } from "../proof/qr-summary.ts";
import type { Certificates, Wish } from "./certificate.ts";
import type { DepositFields } from "./kinds/deposit.ts";
import { depositFieldsOf } from "./kinds/deposit-facts.ts";
import type { CertificateKind, CertificateRecord } from "./kinds/kind.ts";
import { serialOf } from "./serial.ts";
import * as store from "./store.ts";
import type { DrawnRow } from "./store.ts";

/** The record as FORMAT.md §3 has it. */
export interface CertificateRecordJson {
  version: 1;
  kind: string;
  centre: string;
  serial: string;
  statusIndex: number;
  issuedAt: string;
  validUntil: string;
  purpose: string;
  ledgerEntry: string;
  fields: DepositFields;
  salt: string;
}

/**
 * Reads the ledger and makes the records of fresh wishes, numbered and salted, in the order of the wishes.
 * @throws DEPOSITOR_NOT_FOUND, ACCOUNT_CLOSED, CERTIFICATE_KIND_UNKNOWN
 */
export async function drawRecords(
  certificates: Certificates,
  tx: Transaction,
  wishes: readonly Wish[],
): Promise<DrawnRow[]> {
  const now = certificates.now();
  const issuedOn = dayInChina(now);
  const facts = new Map(
    (await depositorFacts(tx, { depositorIds: wishes.map((wish) => wish.depositorId) })).map((fact) => [
      fact.depositorId,
      fact,
    ]),
  );
  const indexes = await store.takeStatusIndexes(tx, wishes.length);
  const days = await validityDays(certificates, tx, wishes, issuedOn);
  return wishes.map((wish, i): DrawnRow => {
    const fact = facts.get(wish.depositorId);
    if (!fact) throw new DomainError("DEPOSITOR_NOT_FOUND");
    if (["03", "04", "05"].includes(fact.state)) throw new DomainError("ACCOUNT_CLOSED");
    const statusIndex = indexes[i]!;
    const validUntil = dayAfter(issuedOn, days.get(wish.kind)!);
    const serial = serialOf({
      typeCode: certificates.typeCode,
      issuer: certificates.centre.creditCode,
      flow: issuedOn.slice(2).replaceAll("-", "") + String(statusIndex).padStart(8, "0"),
      version: "001",
    });
    const record: CertificateRecordJson = {
      version: 1,
      kind: wish.kind,
      centre: certificates.centre.code,
      serial,
      statusIndex,
      issuedAt: instantInChina(now),
      validUntil,
      purpose: wish.purpose,
      ledgerEntry: String(fact.entryNumber),
      fields: depositFieldsOf(fact, issuedOn),
      salt: toHex(certificates.random(32)),
    };
    const text = canonicalText(record as unknown as CanonicalValue);
    const recordDigest = createHash("sha256").update(text).digest();
    return {
      id: newId("cert", certificates.random),
      kind: wish.kind,
      serial,
      statusIndex,
      personId: fact.personId,
      depositorId: wish.depositorId,
      requestedBy: wish.requestedBy,
      requestKey: wish.requestKey,
      requestDigest: requestDigest(wish),
      record: text,
      recordDigest,
      standingToken: standingToken(recordDigest),
      ledgerEntry: fact.entryNumber,
      drawnAt: now,
      validUntil,
    };
  });
}

/** Days of validity for each kind that is asked for: the centre's parameter, or the kind's own where it has set none. */
async function validityDays(
  certificates: Certificates,
  tx: Transaction,
  wishes: readonly Wish[],
  today: string,
): Promise<Map<string, number>> {
  const rows = await parameterHistory(tx, "certificate.validity_days");
  const set = rows.findLast((row) => row.validFrom <= today)?.value;
  return new Map(
    [...new Set(wishes.map((wish) => wish.kind))].map((code) => {
      const compiled = certificates.kinds.get(code);
      if (!compiled) throw new DomainError("CERTIFICATE_KIND_UNKNOWN");
      return [code, set?.[code] ?? set?.default ?? compiled.kind.validityDays];
    }),
  );
}

/** What a wish says, without who says it: the same key may not stand for two. */
export function requestDigest(wish: Wish): Buffer {
  return createHash("sha256")
    .update(canonicalText({ kind: wish.kind, depositorId: wish.depositorId, purpose: wish.purpose }))
    .digest();
}

/** What the face of a certificate shows of its record. */
export function faceOf(record: CertificateRecordJson): CertificateRecord<DepositFields> {
  return {
    number: record.serial,
    issuedOn: record.issuedAt.slice(0, 10),
    validUntil: record.validUntil,
    purpose: record.purpose,
    fields: record.fields,
  };
}

/** The signed summary (FORMAT.md §4) as the digits that follow the address in the QR code. */
export function qrDigits(
  certificates: Certificates,
  kind: CertificateKind<DepositFields>,
  record: CertificateRecordJson,
  recordDigest: Uint8Array,
): string {
  const face = faceOf(record);
  const { signed, finish } = prepareQr(
    {
      centre: record.centre,
      kind: record.kind,
      serial: record.serial.slice(serialRoot.length),
      statusIndex: record.statusIndex,
      maskedName: maskName(record.fields.name),
      maskedNumber: maskNumber(record.fields.documentNumber),
      figures: kind.qrSummary(face),
      issuedDay: dayNumber(face.issuedOn),
      validUntilDay: dayNumber(record.validUntil),
      recordDigest,
    },
    certificates.qrKeyId,
  );
  const message = finish(rawSignature(sign("sha256", signed, certificates.qrKey)));
  invariant(message.length <= longestQrMessage, `a QR message of ${message.length} bytes does not fit its code`);
  return toDigits(message);
}

/**
 * r ‖ s of a P-256 signature in DER. Node converts it too, when asked for ieee-p1363, and takes three times as long for the
 * whole signature.
 */
function rawSignature(der: Uint8Array): Uint8Array {
  const raw = new Uint8Array(64);
  let at = 2; // behind the header of the SEQUENCE, whose length is below 128
  for (const end of [32, 64]) {
    const value = der.subarray(at + 2, at + 2 + der[at + 1]!);
    const digits = value[0] === 0 ? value.subarray(1) : value;
    raw.set(digits, end - digits.length);
    at += 2 + value.length;
  }
  return raw;
}

function dayNumber(day: string): number {
  return Date.parse(`${day}T00:00:00Z`) / 86_400_000;
}

function dayAfter(day: string, days: number): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + days * 86_400_000).toISOString().slice(0, 10);
}

/** `2026-11-22T10:00:00+08:00` */
export function instantInChina(instant: Date): string {
  return `${new Date(instant.getTime() + 8 * 3_600_000).toISOString().slice(0, 19)}+08:00`;
}
