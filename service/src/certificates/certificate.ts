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
import { leafDigestOfText, leafText } from "../proof/leaf.ts";
import type { CertificateLeaf } from "../proof/leaf.ts";
import type { Sealer } from "../sealing/seal.ts";
import type { CertificateKind } from "./kinds/kind.ts";
import { drawRecords, faceOf, kindOf, qrDigits, requestDigest } from "./record.ts";
import type { CertificateRecordJson, Drawn } from "./record.ts";
import "./refusals.ts";
import type { SubmitRevocation } from "./standing.ts";
import * as store from "./store.ts";
import type { CertificateView, DrawnRow } from "./store.ts";
import { supersede } from "./supersession.ts";

/** A kind with its form compiled for this centre. */
export interface CompiledKind {
  kind: CertificateKind;
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
  /** tells the chain that a certificate was superseded */
  submitRevocation: SubmitRevocation;
  /** called between the steps; the kill tests stop the process here */
  onStep?: (step: "drawn" | "sealed" | "issuing" | "issued") => void | Promise<void>;
}

/** What somebody asks for. The same requester and key again is the same wish. */
export interface Wish {
  kind: string;
  /** id of the depositor, loan or unit that the kind is about */
  subjectId: string;
  /** what the kind wants to know beside it */
  details?: unknown;
  /** what the certificate is for, as the person says it */
  purpose: string;
  /** an earlier certificate of the same kind and subject whose place this one takes */
  supersedes?: string;
  requestedBy: string;
  requestKey: string;
}

/**
 * Draws, seals and issues certificates, all or none, and answers when they are durable. The same wish again answers with
 * the same certificate; the same key with another content is refused.
 * @throws CERTIFICATE_KIND_UNKNOWN, IDEMPOTENCY_KEY_REUSED, CERTIFICATE_NOT_REPLACEABLE, CHARACTER_WITHOUT_GLYPH,
 *   TEXT_DOES_NOT_FIT and what the kinds refuse, such as DEPOSITOR_NOT_FOUND and ACCOUNT_CLOSED
 */
export async function issueCertificates(
  certificates: Certificates,
  wishes: readonly Wish[],
): Promise<CertificateView[]> {
  const outcomes = await issue(certificates, wishes, (refusal) => {
    throw refusal;
  });
  return outcomes as CertificateView[];
}

/** As `issueCertificates`, but a wish that is refused stops no other: its answer is the refusal. */
export function issueEach(
  certificates: Certificates,
  wishes: readonly Wish[],
): Promise<(CertificateView | DomainError)[]> {
  return issue(certificates, wishes, (refusal) => refusal);
}

/** A certificate on its way, with what was made of it a moment ago and need not be made again. */
interface Underway {
  row: CertificateView;
  record?: CertificateRecordJson;
  drawing?: Drawing;
}

async function issue(
  certificates: Certificates,
  wishes: readonly Wish[],
  onRefusal: (refusal: DomainError) => DomainError,
): Promise<(CertificateView | DomainError)[]> {
  const outcomes = await draw(certificates, wishes, onRefusal);
  await certificates.onStep?.("drawn");
  // By id: the same wish may have come twice.
  const unissued = new Map(
    outcomes
      .filter(isUnderway)
      .filter(({ row }) => row.issuedAt === null)
      .map((one) => [one.row.id, one]),
  );
  const issued =
    unissued.size > 0 ? await sealAndIssue(certificates, [...unissued.values()]) : new Map<string, CertificateView>();
  return outcomes.map((one) => (one instanceof DomainError ? one : (issued.get(one.row.id) ?? one.row)));
}

/**
 * Draws what is not drawn yet; the answers come in the order of the wishes. The form is filled before the transaction
 * commits: a name that no font can write, or a text that does not fit, leaves nothing behind.
 */
async function draw(
  certificates: Certificates,
  wishes: readonly Wish[],
  onRefusal: (refusal: DomainError) => DomainError,
): Promise<(Underway | DomainError)[]> {
  const digests = new Map(wishes.map((wish) => [wish, requestDigest(certificates, wish)]));
  return transaction(
    certificates.pool,
    async (tx) => {
      const outcomes = new Map<string, Underway | DomainError>();
      for (const row of await store.byRequests(tx, wishes)) outcomes.set(wishKey(row), { row });
      const fresh = wishes.filter((wish) => !outcomes.has(wishKey(wish)));
      if (fresh.length > 0) {
        const answers = (await drawRecords(certificates, tx, fresh, digests)).map((drawn) =>
          fillInForm(certificates, drawn),
        );
        const drawn = answers.filter(isUnderway);
        const inserted = await store.insertDrawn(
          tx,
          drawn.map(({ row }) => row),
        );
        for (const [i, answer] of answers.entries()) {
          if (answer instanceof DomainError) outcomes.set(wishKey(fresh[i]!), onRefusal(answer));
          else if (inserted.has(answer.row.id)) outcomes.set(wishKey(fresh[i]!), answer);
        }
        // Another replica, or another wish of this call, was first with the same key.
        const lost = fresh.filter((wish) => !outcomes.has(wishKey(wish)));
        if (lost.length > 0) for (const row of await store.byRequests(tx, lost)) outcomes.set(wishKey(row), { row });
      }
      return wishes.map((wish) => {
        const outcome = outcomes.get(wishKey(wish));
        invariant(outcome, "a wish that was inserted is there");
        if (outcome instanceof DomainError || digests.get(wish)!.equals(outcome.row.requestDigest)) return outcome;
        return onRefusal(new DomainError("IDEMPOTENCY_KEY_REUSED"));
      });
    },
    // Read committed: each statement sees what is committed, so a wish that another replica has just drawn is found. The
    // facts come from one statement, and so from one snapshot of the ledger.
    { isolation: "read committed" },
  );
}

const wishKey = (wish: { requestedBy: string; requestKey: string }): string =>
  `${wish.requestedBy}\n${wish.requestKey}`;

const isUnderway = (one: Underway | DomainError): one is Underway => !(one instanceof DomainError);

/** Fills the form of what was just drawn, or answers why it cannot be filled. */
function fillInForm(certificates: Certificates, drawn: Drawn | DomainError): Underway | DomainError {
  if (drawn instanceof DomainError) return drawn;
  try {
    const { row, record } = drawn;
    return { row: store.freshView(row), record, drawing: fillForm(certificates, row, record) };
  } catch (error) {
    if (error instanceof DomainError) return error;
    throw error;
  }
}

/**
 * Seals drawn certificates in memory and stores those that are still unissued, with their leaves, in one transaction.
 * @returns the issued certificates by id
 */
async function sealAndIssue(
  certificates: Certificates,
  drawn: readonly Underway[],
): Promise<Map<string, CertificateView>> {
  const sealed = drawn.map((one) => seal(certificates, one));
  await certificates.onStep?.("sealed");
  const issued = await transaction(certificates.pool, async (tx) => {
    // The first stored wins: a replica that sealed the same certificate a moment ago has released its bytes already.
    const open = await store.lockUnissued(
      tx,
      sealed.map(({ row }) => row.id),
    );
    const mine = sealed.filter(({ row }) => open.has(row.id));
    const leafIds = await appendLeaves(
      tx,
      mine.map(({ leaf }) => leafDigestOfText(leaf)),
    );
    const issuedAt = certificates.now();
    const views = new Map<string, CertificateView>();
    const issues = mine.map(({ row, leaf, templateId, file }, i) => {
      const leafId = leafIds[i]!;
      views.set(row.id, { ...row, issuedAt, leafId, leaf });
      return { certificateId: row.id, templateId, ...file, leaf, leafId, issuedAt };
    });
    if (issues.length > 0) await store.insertIssues(tx, issues);
    await supersede(certificates, tx, [...views.values()], issuedAt);
    await certificates.onStep?.("issuing");
    const others = sealed.filter(({ row }) => !views.has(row.id)).map(({ row }) => row.id);
    if (others.length > 0) for (const row of await store.byIds(tx, others)) views.set(row.id, row);
    return views;
  });
  await certificates.onStep?.("issued");
  return issued;
}

/** Fills the kind's form with the record's facts and its QR code. @throws CHARACTER_WITHOUT_GLYPH, TEXT_DOES_NOT_FIT */
function fillForm(
  certificates: Certificates,
  row: Pick<DrawnRow, "kind" | "recordDigest" | "drawnAt">,
  record: CertificateRecordJson,
): Drawing {
  const { kind, template } = kindOf(certificates, row.kind);
  const face = faceOf(record);
  return template.draw(
    kind.values(face),
    { url: `${certificates.publicUrl}/v#`, digits: qrDigits(certificates, kind, record, row.recordDigest) },
    row.drawnAt,
    row.recordDigest.subarray(0, 16),
    kind.tables?.(face),
  );
}

function seal(certificates: Certificates, one: Underway) {
  const { row } = one;
  const record = one.record ?? (JSON.parse(row.record) as CertificateRecordJson);
  const file = certificates.sealer.seal(one.drawing ?? fillForm(certificates, row, record));
  const leaf: CertificateLeaf = {
    version: 1,
    kind: "certificate",
    centre: record.centre,
    serial: record.serial,
    statusIndex: record.statusIndex,
    issuedAt: record.issuedAt,
    validUntil: record.validUntil,
    recordDigest: toHex(row.recordDigest),
    sealedDigest: toHex(file.sealedDigest),
    signatureDigest: toHex(file.signatureDigest),
    signer: toHex(file.signer),
    salt: toHex(certificates.random(32)),
  };
  return { row, leaf: leafText(leaf), file, templateId: kindOf(certificates, row.kind).template.id };
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
      await sealAndIssue(certificates, [{ row }]);
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
