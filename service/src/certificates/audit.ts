// The certificates' auditor: every stored certificate still holds together, from its record to its leaf in the log and the
// bytes of its file. It changes nothing.
import { createHash } from "node:crypto";
import type { Queryable } from "../db.ts";
import type { Finding } from "../finding.ts";
import { toHex } from "../proof/bytes.ts";
import { canonicalDigest } from "../proof/canonical.ts";
import type { CanonicalValue } from "../proof/canonical.ts";
import { leafDigest, readCertificateLeaf, standingToken } from "../proof/leaf.ts";
import { levelFaults } from "./level-file.ts";
import { replyFaults } from "./replies-store.ts";
import { readSerial } from "./serial.ts";
import * as store from "./store.ts";
import type { AuditRow } from "./store.ts";

const pageSize = 500;

/** Revocations here, in the outbox and on the chain as the mirror has it say the same. @param centre code of this centre */
export function auditRevocations(db: Queryable, centre: string): Promise<Finding[]> {
  return store.revocationFaults(db, centre);
}

/** Reply slips, freezes and certificates for a loan elsewhere say the same. */
export function auditReplies(db: Queryable): Promise<Finding[]> {
  return replyFaults(db);
}

/** @param drawnBefore certificates drawn before this moment must be issued by now */
export async function auditCertificates(db: Queryable, drawnBefore: Date): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (let after = ""; ;) {
    const rows = await store.forAudit(db, after, pageSize);
    for (const row of rows)
      for (const [check, detail] of faults(row, drawnBefore)) findings.push({ check, subject: row.id, detail });
    const files = new Map(rows.flatMap(({ id, file }) => (file ? [[id, file] as const] : [])));
    for (const { id, check, detail } of await levelFaults(db, files)) findings.push({ check, subject: id, detail });
    if (rows.length < pageSize) return findings;
    after = rows.at(-1)!.id;
  }
}

function* faults(row: AuditRow, drawnBefore: Date): Generator<[check: string, detail: string]> {
  const digest = canonicalDigest(JSON.parse(row.record) as CanonicalValue);
  if (!row.recordDigest.equals(digest)) yield ["certificate.record_digest", "the record is not what its digest says"];
  if (!row.standingToken.equals(standingToken(digest)))
    yield ["certificate.token", "the standing token is of another record"];
  if (!readSerial(row.serial)) yield ["certificate.serial", "the number's check character does not fit"];
  if (row.leaf === null) {
    if (row.drawnAt < drawnBefore) yield ["certificate.issued", "was drawn and is not issued yet"];
    return;
  }
  const leaf = readCertificateLeaf(JSON.parse(row.leaf));
  if (!row.logDigest?.equals(leafDigest(leaf))) yield ["certificate.leaf_logged", "its leaf in the log is another one"];
  const said = [leaf.recordDigest, leaf.serial, leaf.statusIndex, leaf.sealedDigest, leaf.signatureDigest, leaf.signer];
  const stored = [digest, row.serial, row.statusIndex, row.sealedDigest, row.signatureDigest, row.signer];
  if (said.some((value, i) => String(value) !== text(stored[i])))
    yield ["certificate.leaf_content", "its leaf does not name it"];
  if (row.file === null || coveredDigest(row.file) !== leaf.sealedDigest)
    yield ["certificate.file_digest", "the stored file is not the one that was sealed"];
}

function text(value: unknown): string {
  return value instanceof Uint8Array ? toHex(value) : String(value);
}

/** SHA-256 over what the seal covers: everything but the signature's own digits. */
function coveredDigest(file: Buffer): string | undefined {
  const range = /\/ByteRange ?\[0 (\d+) (\d+) (\d+) *\]/.exec(file.toString("latin1"));
  if (!range) return undefined;
  const [before, after, length] = range.slice(1).map(Number) as [number, number, number];
  if (after + length !== file.length) return undefined;
  return createHash("sha256").update(file.subarray(0, before)).update(file.subarray(after)).digest("hex");
}
