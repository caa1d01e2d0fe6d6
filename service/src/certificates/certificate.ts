// The life of a certificate, step by step, and what a crash leaves behind each of them:
//
//   drawn   one transaction: a consistent reading of the ledger, number, status index, salted record.
//           A crash before its commit leaves nothing; after it, a drawn certificate that nobody has seen: `finishDrawn`
//           or the same request again seals it.
//   sealed  in memory: the file is assembled and signed. A crash leaves nothing.
//   issued  a second transaction: file and leaf together; the first stored wins. ONLY NOW is anything released.
//   then the log takes the leaf in, closes over it, and the chain anchors the checkpoint (service/src/log).
import { createHash, sign } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Pool, Transaction } from "../db.ts";
import { transaction } from "../db.ts";
import { DomainError, invariant } from "../errors.ts";
import type { RandomBytes } from "../ids.ts";
import { newId } from "../ids.ts";
import { depositorFacts } from "../collection/snapshot.ts";
import { dayInChina } from "../collection/month.ts";
import { parameterHistory } from "../parameters/parameter.ts";
import { appendLeaves } from "../log/log.ts";
import { toHex } from "../proof/bytes.ts";
import { canonicalDigest, canonicalText } from "../proof/canonical.ts";
import type { CanonicalValue } from "../proof/canonical.ts";
import { leafDigest, standingToken } from "../proof/leaf.ts";
import type { CertificateLeaf } from "../proof/leaf.ts";
import {
  longestQrMessage,
  maskName,
  maskNumber,
  prepareQr,
  qrKeyId,
  serialRoot,
  toDigits,
} from "../proof/qr-summary.ts";
import type { Template } from "../pdf/template.ts";
import type { Sealer } from "../sealing/seal.ts";
import type { CertificateKind, CertificateRecord } from "./kinds/kind.ts";
import type { DepositFields } from "./kinds/deposit.ts";
import { depositFieldsOf } from "./kinds/deposit-facts.ts";
import "./refusals.ts";
import { serialOf } from "./serial.ts";
import * as store from "./store.ts";
import type { CertificateView, DrawnRow } from "./store.ts";

/** A kind with its form compiled for this centre. */
export interface CompiledKind {
  kind: CertificateKind<DepositFields>;
  template: Template;
}

export interface Certificates {
  pool: Pool;
  centre: { code: string; creditCode: string };
  /** 18 characters of the department and three digits of the kind of licence */
  typeCode: string;
  /** address that the QR code opens, without a trailing slash */
  publicUrl: string;
  kinds: ReadonlyMap<string, CompiledKind>;
  sealer: Sealer;
  /** P-256, signs QR summaries */
  qrKey: KeyObject;
  /** its 65-byte point */
  qrPublicKey: Uint8Array;
  now: () => Date;
  random: RandomBytes;
  /** called between the steps; the kill tests stop the process here */
  onStep?: (step: "drawn" | "sealed" | "issuing" | "issued") => void | Promise<void>;
}

/** What somebody asks for. The same requester and key again is the same wish. */
export interface Wish {
  kind: string;
  depositorId: string;
  /** what the certificate is for, as the person says it */
  purpose: string;
  requestedBy: string;
  requestKey: string;
}

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
 * Draws, seals and issues certificates, and answers when they are durable. The same wish again answers with the same
 * certificate; the same key with another content is refused.
 * @throws CERTIFICATE_KIND_UNKNOWN, DEPOSITOR_NOT_FOUND, ACCOUNT_CLOSED, IDEMPOTENCY_KEY_REUSED, CHARACTER_WITHOUT_GLYPH
 */
export async function issueCertificates(
  certificates: Certificates,
  wishes: readonly Wish[],
): Promise<CertificateView[]> {
  const drawn = await draw(certificates, wishes);
  await certificates.onStep?.("drawn");
  const unissued = drawn.filter((certificate) => certificate.issuedAt === null);
  if (unissued.length > 0) await sealAndIssue(certificates, unissued);
  const issued = new Map(
    (
      await store.byIds(
        certificates.pool,
        drawn.map((row) => row.id),
      )
    ).map((row) => [row.id, row]),
  );
  return drawn.map((row) => issued.get(row.id)!);
}

/** Draws what is not drawn yet; answers in the order of the wishes. */
async function draw(certificates: Certificates, wishes: readonly Wish[]): Promise<CertificateView[]> {
  const digests = wishes.map(requestDigest);
  return transaction(
    certificates.pool,
    async (tx) => {
      const known = new Map((await store.byRequests(tx, wishes)).map((row) => [wishKey(row), row]));
      const fresh = wishes.filter((wish) => !known.has(wishKey(wish)));
      if (fresh.length > 0) {
        await store.insertDrawn(tx, await records(certificates, tx, fresh));
        for (const row of await store.byRequests(tx, fresh)) known.set(wishKey(row), row);
      }
      return wishes.map((wish, i) => {
        const row = known.get(wishKey(wish));
        invariant(row, "a wish that was inserted is there");
        if (!digests[i]!.equals(row.requestDigest)) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
        return row;
      });
    },
    // Read committed: each statement sees what is committed, so a wish that another replica has just drawn is found. The
    // facts come from one statement, and so from one snapshot of the ledger.
    { isolation: "read committed" },
  );
}

const wishKey = (wish: { requestedBy: string; requestKey: string }): string =>
  `${wish.requestedBy}\n${wish.requestKey}`;

function requestDigest(wish: Wish): Buffer {
  return createHash("sha256")
    .update(canonicalText({ kind: wish.kind, depositorId: wish.depositorId, purpose: wish.purpose }))
    .digest();
}

async function records(certificates: Certificates, tx: Transaction, wishes: readonly Wish[]): Promise<DrawnRow[]> {
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

/** Seals drawn certificates in memory and stores those that are still unissued, with their leaves, in one transaction. */
async function sealAndIssue(certificates: Certificates, drawn: readonly CertificateView[]): Promise<void> {
  const sealed = drawn.map((row) => seal(certificates, row));
  await certificates.onStep?.("sealed");
  await transaction(certificates.pool, async (tx) => {
    // The first stored wins: a replica that sealed the same certificate a moment ago has released its bytes already.
    const open = await store.lockUnissued(
      tx,
      sealed.map((file) => file.certificateId),
    );
    const mine = sealed.filter((file) => open.has(file.certificateId));
    if (mine.length === 0) return;
    const leafIds = await appendLeaves(
      tx,
      mine.map((file) => leafDigest(file.leaf)),
    );
    const issuedAt = certificates.now();
    await store.insertIssues(
      tx,
      mine.map((file, i) => ({
        ...file,
        leaf: canonicalText(file.leaf as unknown as CanonicalValue),
        leafId: leafIds[i]!,
        issuedAt,
      })),
    );
    await certificates.onStep?.("issuing");
  });
  await certificates.onStep?.("issued");
}

function seal(certificates: Certificates, row: CertificateView) {
  const compiled = certificates.kinds.get(row.kind);
  invariant(compiled, `kind ${row.kind} is drawn but not known`);
  const record = JSON.parse(row.record) as CertificateRecordJson;
  const face = faceOf(record);
  const drawing = compiled.template.draw(
    compiled.kind.values(face),
    { url: `${certificates.publicUrl}/v#`, digits: qrDigits(certificates, compiled, record, row.recordDigest) },
    row.drawnAt,
    row.recordDigest.subarray(0, 16),
  );
  const sealed = certificates.sealer.seal(drawing);
  const leaf: CertificateLeaf = {
    version: 1,
    kind: "certificate",
    centre: record.centre,
    serial: record.serial,
    statusIndex: record.statusIndex,
    issuedAt: record.issuedAt,
    validUntil: record.validUntil,
    recordDigest: toHex(row.recordDigest),
    sealedDigest: toHex(sealed.sealedDigest),
    signatureDigest: toHex(sealed.signatureDigest),
    signer: toHex(sealed.signer),
    salt: toHex(certificates.random(32)),
  };
  return { certificateId: row.id, templateId: compiled.template.id, leaf, ...sealed };
}

/** What the face of a certificate shows of its record. */
function faceOf(record: CertificateRecordJson): CertificateRecord<DepositFields> {
  return {
    number: record.serial,
    issuedOn: record.issuedAt.slice(0, 10),
    validUntil: record.validUntil,
    purpose: record.purpose,
    fields: record.fields,
  };
}

/** The signed summary (FORMAT.md §4) as the digits that follow the address in the QR code. */
function qrDigits(
  certificates: Certificates,
  compiled: CompiledKind,
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
      figures: compiled.kind.qrSummary(face),
      issuedDay: dayNumber(face.issuedOn),
      validUntilDay: dayNumber(record.validUntil),
      recordDigest,
    },
    qrKeyId(certificates.qrPublicKey),
  );
  const message = finish(sign("sha256", signed, { key: certificates.qrKey, dsaEncoding: "ieee-p1363" }));
  invariant(message.length <= longestQrMessage, `a QR message of ${message.length} bytes does not fit its code`);
  return toDigits(message);
}

/**
 * Finishes what a crash left drawn: seals and issues certificates that were drawn more than `olderThanMs` ago.
 * @returns how many it finished
 */
export async function finishDrawn(certificates: Certificates, olderThanMs: number, limit = 200): Promise<number> {
  const before = new Date(certificates.now().getTime() - olderThanMs);
  const left = await store.unissued(certificates.pool, before, limit);
  if (left.length > 0) await sealAndIssue(certificates, left);
  return left.length;
}

/** Keeps the fixed part of every kind's form, so that files can be put together for as long as they exist. */
export async function keepTemplates(certificates: Certificates): Promise<void> {
  for (const { kind, template } of certificates.kinds.values())
    await store.insertTemplate(certificates.pool, {
      id: template.id,
      kind: kind.code,
      prefix: template.prefix,
      at: certificates.now(),
    });
}

/** Does a stored certificate still hold together: record, digest and leaf? The auditor asks this of every one. */
export function recordIntact(row: { record: string; recordDigest: Uint8Array; leaf: string | null }): boolean {
  const digest = toHex(canonicalDigest(JSON.parse(row.record) as CanonicalValue));
  if (digest !== toHex(row.recordDigest)) return false;
  return row.leaf === null || (JSON.parse(row.leaf) as CertificateLeaf).recordDigest === digest;
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
