// A centre that issues the kinds with tables of rows, with loans as the register has them.
import { createHash, randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, expect } from "vitest";
import { issueEach, keepTemplates } from "../../../service/src/certificates/certificate.ts";
import type { Certificates } from "../../../service/src/certificates/certificate.ts";
import type { CertificateKind, CertificateRecord } from "../../../service/src/certificates/kinds/kind.ts";
import { faceOf } from "../../../service/src/certificates/record.ts";
import { fileAtLevel } from "../../../service/src/certificates/level-file.ts";
import { transaction } from "../../../service/src/db.ts";
import type { Pool } from "../../../service/src/db.ts";
import { DomainError } from "../../../service/src/errors.ts";
import { setParameters } from "../../../service/src/parameters/parameter.ts";
import { compileTemplate } from "../../../service/src/pdf/template.ts";
import { loadFonts } from "../../../service/src/pdf/fonts.ts";
import { figuresOfKinds } from "../../../service/src/proof/figures.ts";
import { missing, run } from "../../helpers/tools.ts";
import { authority, PROFILE, QR, SIGNED_AT } from "../../pdf/sample.ts";
import { makeCentre, wish } from "../world.ts";
import type { CentreWorld } from "../world.ts";

const folder = mkdtempSync(path.join(os.tmpdir(), "cunzheng-rows-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

// oxlint-disable-next-line typescript/no-explicit-any -- a kind of any fields
type AnyKind = CertificateKind<any>;

/** A centre with depositors 1 to `persons` that issues one kind. */
export async function makeKindCentre(kind: AnyKind, persons: number): Promise<CentreWorld> {
  const world = await makeCentre(persons);
  const template = await compileTemplate(kind.template, await loadFonts(), PROFILE);
  const certificates: Certificates = { ...world.certificates, kinds: new Map([[kind.code, { kind, template }]]) };
  await keepTemplates(certificates);
  return { ...world, certificates };
}

/** Asks for a certificate: its face and file, or the code of the refusal. */
export async function ask<Fields>(
  { certificates }: CentreWorld,
  kind: CertificateKind<Fields>,
  subjectId: string,
  details?: unknown,
): Promise<{ face: CertificateRecord<Fields>; ledgerEntry: string; personId: string | null; pdf: Buffer } | string> {
  const [row] = await issueEach(certificates, [
    {
      ...wish(1, { kind: kind.code, subjectId, purpose: kind.purpose, requestKey: randomBytes(16).toString("hex") }),
      ...(details === undefined ? {} : { details }),
    },
  ]);
  if (row instanceof DomainError) return row.code;
  const record = JSON.parse(row!.record);
  const pdf = (await fileAtLevel(certificates.pool, row!.id))!.file;
  return { face: faceOf<Fields>(record), ledgerEntry: record.ledgerEntry, personId: row!.personId, pdf };
}

/** What was issued. @throws when it was refused */
export async function issued<Fields>(...args: Parameters<typeof ask<Fields>>) {
  const answer = await ask<Fields>(...args);
  if (typeof answer === "string") throw new Error(answer);
  return answer;
}

export const setDueDay = (pool: Pool, value: { day: number | "disbursement"; firstAfterMonths: number }) =>
  transaction(pool, (tx) =>
    setParameters(tx, [{ code: "loan.due_day", validFrom: "2020-01-01", value, source: "测试" }]),
  );

export interface TestLoan {
  id: string;
  person: number;
  amountFen: bigint;
  balanceFen: bigint;
  disbursedOn: string;
  termMonths: number;
  rateE7: number;
  state: string;
  settledOn: string | null;
  method: string | null;
  day: number | null;
}

/** A loan of the register, of the depositor with this number, or of somebody unknown for 0. */
export async function addLoan(pool: Pool, changes: Partial<TestLoan> & { id: string }): Promise<void> {
  const loan: TestLoan = {
    person: 1,
    amountFen: 30_000_000n,
    balanceFen: 20_000_000n,
    disbursedOn: "2020-06-01",
    termMonths: 240,
    rateE7: 260_000,
    state: "2",
    settledOn: null,
    method: "01",
    day: 15,
    ...changes,
  };
  await pool.query(
    `insert into loan (id, account_number, contract_number, borrower_name, borrower_document_number, amount_fen, disbursed_on,
       balance_fen, term_months, rate_e7, settled_on, state, repayment_method, repayment_day)
     select $1, 'DK-' || $1, 'HT1', coalesce((select name from person where id = $2), '异乡人'),
       coalesce((select document_number from person where id = $2), '000101199001010018'), $3, $4, $5, $6, $7, $8, $9, $10, $11`,
    [
      loan.id,
      `pers_${loan.person}`,
      loan.amountFen,
      loan.disbursedOn,
      loan.balanceFen,
      loan.termMonths,
      loan.rateE7,
      loan.settledOn,
      loan.state,
      loan.method,
      loan.day,
    ],
  );
}

/** A certificate of a record that no centre drew, to look at its pages. */
export async function drawn<Fields>(kind: CertificateKind<Fields>, fields: Fields): Promise<Buffer> {
  const template = await compileTemplate(kind.template, await loadFonts(), PROFILE);
  const face: CertificateRecord<Fields> = {
    number: "1.2.156.3005.2.11100000000013338W999.11460000XXXXXXXXXX.20261121000000001.001.K",
    issuedOn: "2026-11-21",
    validUntil: "2026-12-21",
    purpose: kind.purpose,
    fields,
  };
  const id = createHash("sha256").update(kind.code).digest().subarray(0, 16);
  const drawing = template.draw(kind.values(face), QR, SIGNED_AT, id, kind.tables?.(face));
  return Buffer.concat([template.prefix, authority().sealer.seal(drawing).suffix]);
}

export const canLook = !missing("pdfsig", "qpdf", "pdftotext");

/** The words of a file by page, after pdfsig and qpdf have accepted it. */
export function pagesOf(pdf: Uint8Array): string[] {
  const at = path.join(folder, `${randomBytes(6).toString("hex")}.pdf`);
  writeFileSync(at, pdf);
  expect(run("pdfsig", ["-nocert", at])).toContain("Signature is Valid.");
  expect(run("pdfsig", ["-nocert", at])).toContain("Total document signed");
  expect(run("qpdf", ["--check", at])).toContain("No syntax or stream encoding errors");
  return run("pdftotext", ["-layout", at, "-"]).split("\f").slice(0, -1);
}

/** The figures for the QR code are as many as FORMAT.md has, and each is in its unit. */
export function expectFigures(code: string, figures: readonly (number | null)[]): void {
  const expected = figuresOfKinds[code]!;
  expect(figures).toHaveLength(expected.length);
  for (const [i, { unit }] of expected.entries()) {
    const figure = figures[i];
    if (unit === "day") expect(String(figure)).toMatch(/^\d{4}(0[1-9]|1[0-2])([0-2]\d|3[01])$/);
    else if (unit === "month") expect(String(figure)).toMatch(/^\d{4}(0[1-9]|1[0-2])$/);
    else expect(Number.isSafeInteger(figure) && figure! >= 0).toBe(true);
  }
}
