// The life of a certificate, step by step, and what a crash leaves behind each of them:
//
//   drawn   one transaction: a consistent reading of the ledger, number, status index, salted record.
//           A crash before its commit leaves nothing; after it, a drawn certificate that nobody has seen: `finishDrawn`
//           or the same request again seals it.
//   sealed  in memory: the file is assembled and signed. A crash leaves nothing.
//   issued  a second transaction: file and leaf together; the first stored wins. ONLY NOW is anything released.
//   then the log takes the leaf in, closes over it, and the chain anchors the checkpoint (service/src/log).
import type { KeyObject } from "node:crypto";
import type { Pool } from "../db.ts";
import { transaction } from "../db.ts";
import { DomainError, invariant } from "../errors.ts";
import type { RandomBytes } from "../ids.ts";
import { appendLeaves } from "../log/log.ts";
import type { Drawing, Template } from "../pdf/template.ts";
import { toHex } from "../proof/bytes.ts";
import { canonicalText } from "../proof/canonical.ts";
import type { CanonicalValue } from "../proof/canonical.ts";
import { leafDigest } from "../proof/leaf.ts";
import type { CertificateLeaf } from "../proof/leaf.ts";
import type { Sealer } from "../sealing/seal.ts";
import type { DepositFields } from "./kinds/deposit.ts";
import type { CertificateKind } from "./kinds/kind.ts";
import { drawRecords, faceOf, qrDigits, requestDigest } from "./record.ts";
import type { CertificateRecordJson } from "./record.ts";
import "./refusals.ts";
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
  /** by which readers find its public key (FORMAT.md §4) */
  qrKeyId: Uint8Array;
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

/**
 * Draws, seals and issues certificates, and answers when they are durable. The same wish again answers with the same
 * certificate; the same key with another content is refused.
 * @throws CERTIFICATE_KIND_UNKNOWN, DEPOSITOR_NOT_FOUND, ACCOUNT_CLOSED, IDEMPOTENCY_KEY_REUSED, CHARACTER_WITHOUT_GLYPH
 */
export async function issueCertificates(
  certificates: Certificates,
  wishes: readonly Wish[],
): Promise<CertificateView[]> {
  const { rows, drawings } = await draw(certificates, wishes);
  await certificates.onStep?.("drawn");
  const unissued = rows.filter((certificate) => certificate.issuedAt === null);
  if (unissued.length > 0) await sealAndIssue(certificates, unissued, drawings);
  const issued = new Map(
    (
      await store.byIds(
        certificates.pool,
        rows.map((row) => row.id),
      )
    ).map((row) => [row.id, row]),
  );
  return rows.map((row) => issued.get(row.id)!);
}

/** Drawings by certificate id, so that what was drawn a moment ago is not drawn again for its seal. */
type Drawings = ReadonlyMap<string, Drawing>;

/**
 * Draws what is not drawn yet; rows come in the order of the wishes. The form is filled before the transaction commits: a
 * name that no font can write, or a text that does not fit, leaves nothing behind.
 */
async function draw(
  certificates: Certificates,
  wishes: readonly Wish[],
): Promise<{ rows: CertificateView[]; drawings: Drawings }> {
  const digests = wishes.map(requestDigest);
  return transaction(
    certificates.pool,
    async (tx) => {
      const known = new Map((await store.byRequests(tx, wishes)).map((row) => [wishKey(row), row]));
      const fresh = wishes.filter((wish) => !known.has(wishKey(wish)));
      const drawings = new Map<string, Drawing>();
      if (fresh.length > 0) {
        const drawn = await drawRecords(certificates, tx, fresh);
        for (const row of drawn) drawings.set(row.id, fillForm(certificates, row));
        await store.insertDrawn(tx, drawn);
        for (const row of await store.byRequests(tx, fresh)) known.set(wishKey(row), row);
      }
      const rows = wishes.map((wish, i) => {
        const row = known.get(wishKey(wish));
        invariant(row, "a wish that was inserted is there");
        if (!digests[i]!.equals(row.requestDigest)) throw new DomainError("IDEMPOTENCY_KEY_REUSED");
        return row;
      });
      return { rows, drawings };
    },
    // Read committed: each statement sees what is committed, so a wish that another replica has just drawn is found. The
    // facts come from one statement, and so from one snapshot of the ledger.
    { isolation: "read committed" },
  );
}

const wishKey = (wish: { requestedBy: string; requestKey: string }): string =>
  `${wish.requestedBy}\n${wish.requestKey}`;

/** Seals drawn certificates in memory and stores those that are still unissued, with their leaves, in one transaction. */
async function sealAndIssue(
  certificates: Certificates,
  drawn: readonly CertificateView[],
  drawings: Drawings = new Map(),
): Promise<void> {
  const sealed = drawn.map((row) => seal(certificates, row, drawings.get(row.id) ?? fillForm(certificates, row)));
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

function compiledKind(certificates: Certificates, code: string): CompiledKind {
  const compiled = certificates.kinds.get(code);
  invariant(compiled, `kind ${code} is drawn but not known`);
  return compiled;
}

/** Fills the kind's form with the record's facts and its QR code. @throws CHARACTER_WITHOUT_GLYPH, TEXT_DOES_NOT_FIT */
function fillForm(
  certificates: Certificates,
  row: Pick<DrawnRow, "kind" | "record" | "recordDigest" | "drawnAt">,
): Drawing {
  const { kind, template } = compiledKind(certificates, row.kind);
  const record = JSON.parse(row.record) as CertificateRecordJson;
  return template.draw(
    kind.values(faceOf(record)),
    { url: `${certificates.publicUrl}/v#`, digits: qrDigits(certificates, kind, record, row.recordDigest) },
    row.drawnAt,
    row.recordDigest.subarray(0, 16),
  );
}

function seal(certificates: Certificates, row: CertificateView, drawing: Drawing) {
  const record = JSON.parse(row.record) as CertificateRecordJson;
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
  return { certificateId: row.id, templateId: compiledKind(certificates, row.kind).template.id, leaf, ...sealed };
}

/**
 * Finishes what a crash left drawn: seals and issues certificates that were drawn more than `olderThanMs` ago, each by
 * itself, so that one that cannot be sealed holds up no other.
 * @returns how many it finished
 * @throws AggregateError with the causes of those that it could not finish, after all were tried
 */
export async function finishDrawn(certificates: Certificates, olderThanMs: number, limit = 200): Promise<number> {
  const before = new Date(certificates.now().getTime() - olderThanMs);
  const left = await store.unissued(certificates.pool, before, limit);
  const failures: unknown[] = [];
  for (const row of left) {
    try {
      await sealAndIssue(certificates, [row]);
    } catch (error) {
      failures.push(new Error(`certificate ${row.id}`, { cause: error }));
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "some drawn certificates could not be finished");
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
