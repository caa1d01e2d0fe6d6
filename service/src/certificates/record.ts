// What a certificate states: the salted record that is drawn from the ledger, the face that shows it, and the signed summary
// in its QR code.
import { createHash, sign } from "node:crypto";
import type { Transaction } from "../db.ts";
import { DomainError, invariant } from "../errors.ts";
import { newId } from "../ids.ts";
import { dayInChina } from "../collection/month.ts";
import { parameterHistory } from "../parameters/parameter.ts";
import { toHex } from "../proof/bytes.ts";
import { canonicalText } from "../proof/canonical.ts";
import type { CanonicalValue } from "../proof/canonical.ts";
import { standingToken } from "../proof/leaf.ts";
import { longestQrMessage, maskName, maskNumber, prepareQr, serialRoot, toDigits } from "../proof/qr-summary.ts";
import type { Certificates, CompiledKind, Wish } from "./certificate.ts";
import type { CertificateKind, CertificateRecord, Reading, ReadingContext } from "./kinds/kind.ts";
import { serialOf } from "./serial.ts";
import * as store from "./store.ts";
import type { DrawnRow } from "./store.ts";
import { unreplaceable } from "./supersession.ts";

/** The record as FORMAT.md §3 has it. */
export interface CertificateRecordJson<Fields = unknown> {
  version: 1;
  kind: string;
  centre: string;
  serial: string;
  statusIndex: number;
  issuedAt: string;
  validUntil: string;
  purpose: string;
  ledgerEntry: string;
  /** as the kind has them */
  fields: Fields;
  salt: string;
}

/**
 * Reads registers and ledger and makes the records of fresh wishes, numbered and salted, in the order of the wishes. A wish
 * that its kind's rules forbid is answered with the refusal.
 * @param digests `requestDigest` of each wish
 * @throws CERTIFICATE_KIND_UNKNOWN
 */
export async function drawRecords(
  certificates: Certificates,
  tx: Transaction,
  wishes: readonly Wish[],
  digests: ReadonlyMap<Wish, Uint8Array>,
): Promise<(Drawn | DomainError)[]> {
  const now = certificates.now();
  const issuedOn = dayInChina(now);
  const readings = await read(certificates, tx, wishes, { today: issuedOn, now, centreCode: certificates.centre.code });
  const granted = readings.filter((reading) => !(reading instanceof DomainError)).length;
  const indexes = await store.takeStatusIndexes(tx, granted);
  const days = await validityDays(certificates, tx, wishes, issuedOn);
  let next = 0;
  return wishes.map((wish, i) => {
    const reading = readings[i]!;
    if (reading instanceof DomainError) return reading;
    const statusIndex = indexes[next++]!;
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
      ledgerEntry: String(reading.ledgerEntry),
      fields: reading.fields,
      salt: toHex(certificates.random(32)),
    };
    const text = canonicalText(record as unknown as CanonicalValue);
    const recordDigest = createHash("sha256").update(text).digest();
    const { subject } = kindOf(certificates, wish.kind).kind;
    const row: DrawnRow = {
      id: newId("cert", certificates.random),
      kind: wish.kind,
      serial,
      statusIndex,
      personId: reading.personId,
      depositorId: subject === "depositor" ? wish.subjectId : null,
      loanId: subject === "loan" ? wish.subjectId : null,
      unitId: subject === "unit" ? wish.subjectId : null,
      requestedBy: wish.requestedBy,
      requestKey: wish.requestKey,
      requestDigest: digests.get(wish)!,
      details: wish.details === undefined ? null : canonicalText(wish.details as CanonicalValue),
      supersedes: wish.supersedes ?? reading.supersedes ?? null,
      record: text,
      recordDigest,
      standingToken: Buffer.from(standingToken(recordDigest)),
      ledgerEntry: reading.ledgerEntry,
      drawnAt: now,
      validUntil,
    };
    return { row, record };
  });
}

/** A drawn certificate with its record as it was before it became text. */
export interface Drawn {
  row: DrawnRow;
  record: CertificateRecordJson;
}

/** Lets each kind read all that is asked of it, in one go; the answers come in the order of the wishes. */
async function read(
  certificates: Certificates,
  tx: Transaction,
  wishes: readonly Wish[],
  context: ReadingContext,
): Promise<(Reading<unknown> | DomainError)[]> {
  const readings = new Map<Wish, Reading<unknown> | DomainError>();
  for (const [wish, refusal] of await unreplaceable(tx, wishes)) readings.set(wish, refusal);
  for (const code of new Set(wishes.map((wish) => wish.kind))) {
    const ofKind = wishes.filter((wish) => wish.kind === code && !readings.has(wish));
    const asked = ofKind.map(({ subjectId, details }) => ({ subjectId, details }));
    const answers = await kindOf(certificates, code).kind.read(tx, asked, context);
    invariant(answers.length === ofKind.length, `kind ${code} answers what it is asked`);
    for (const [i, wish] of ofKind.entries()) readings.set(wish, oneSuperseded(wish, answers[i]!));
  }
  return wishes.map((wish) => readings.get(wish)!);
}

/** One certificate ends one: what the person names and what the kind's rule finds must be the same. */
function oneSuperseded<R>(wish: Wish, reading: Reading<R> | DomainError): Reading<R> | DomainError {
  if (reading instanceof DomainError || wish.supersedes === undefined || reading.supersedes === undefined)
    return reading;
  return wish.supersedes === reading.supersedes ? reading : new DomainError("CERTIFICATE_NOT_REPLACEABLE");
}

/** The kind behind a code. @throws CERTIFICATE_KIND_UNKNOWN */
export function kindOf(certificates: Certificates, code: string): CompiledKind {
  const compiled = certificates.kinds.get(code);
  if (!compiled) throw new DomainError("CERTIFICATE_KIND_UNKNOWN");
  return compiled;
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
    [...new Set(wishes.map((wish) => wish.kind))].map((code) => [
      code,
      set?.[code] ?? set?.default ?? kindOf(certificates, code).kind.validityDays,
    ]),
  );
}

/** What a wish says, without who says it: the same key may not stand for two. */
export function requestDigest(certificates: Certificates, wish: Wish): Buffer {
  const { subject } = kindOf(certificates, wish.kind).kind;
  const said: Record<string, CanonicalValue> = {
    kind: wish.kind,
    [`${subject}Id`]: wish.subjectId,
    purpose: wish.purpose,
  };
  if (wish.details !== undefined) said.details = wish.details as CanonicalValue;
  if (wish.supersedes !== undefined) said.supersedes = wish.supersedes;
  return createHash("sha256").update(canonicalText(said)).digest();
}

/** What the face of a certificate shows of its record. */
export function faceOf<Fields>(record: CertificateRecordJson<Fields>): CertificateRecord<Fields> {
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
  kind: CertificateKind,
  record: CertificateRecordJson,
  recordDigest: Uint8Array,
): string {
  const face = faceOf(record);
  const holder = kind.holder(record.fields);
  const { signed, finish } = prepareQr(
    {
      centre: record.centre,
      kind: record.kind,
      serial: record.serial.slice(serialRoot.length),
      statusIndex: record.statusIndex,
      maskedName: maskName(holder.name),
      maskedNumber: maskNumber(holder.number),
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
