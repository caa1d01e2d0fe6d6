// What every kind of certificate has to say about itself. A kind knows whom it is about, what it reads, its rules, its form and
// its wording; it does not know how a certificate is numbered, sealed or logged.

import type { TSchema } from "typebox";
import type { Transaction } from "../../db.ts";
import type { DomainError } from "../../errors.ts";
import type { TemplateDescription } from "../../pdf/description.ts";

/** An amount in yuan as a record holds it: decimal, two places, `"12345.67"`. */
export type Yuan = string;
/** A day in Beijing, `"2026-11-21"`. */
export type Day = string;
/** A month, `"2026-10"`. */
export type Month = string;

/** What a certificate is about: a depositor's account, a loan or a unit's account. */
export type Subject = "depositor" | "loan" | "unit";

/** The part of a certificate's record that its face shows. Plain JSON, because it is hashed as canonical JSON. */
export interface CertificateRecord<Fields> {
  /** 证照标识 with its check character */
  readonly number: string;
  readonly issuedOn: Day;
  /** the last day on which it is valid */
  readonly validUntil: Day;
  /** what it may be used for, as the person named it */
  readonly purpose: string;
  readonly fields: Fields;
}

/** One thing that somebody wants a certificate of. */
export interface Asked {
  /** id of the depositor, loan or unit */
  readonly subjectId: string;
  /** what the kind wants to know beside it, checked against the kind's `details` */
  readonly details: unknown;
}

/** What a kind read of one subject in the drawing transaction. */
export interface Reading<Fields> {
  /** whose certificate it is; null for a unit's, and for a borrower without a record here */
  readonly personId: string | null;
  /** number of the newest ledger entry that the figures rest on; 0 when they rest on registers only */
  readonly ledgerEntry: bigint;
  readonly fields: Fields;
  /** the certificate that this one takes the place of, found by the kind's own rule */
  readonly supersedes?: string;
}

export interface ReadingContext {
  /** the day of the reading in Asia/Shanghai */
  readonly today: Day;
  readonly now: Date;
  readonly centreCode: string;
}

export interface CertificateKind<Fields = unknown> {
  /** stable name of the kind in records, leaves and interfaces */
  readonly code: string;
  readonly title: { readonly zh: string; readonly en: string };
  readonly subject: Subject;
  /** what it is for when nobody says */
  readonly purpose: string;
  /** days of validity unless the centre's parameters say otherwise */
  readonly validityDays: number;
  /** what a wish must tell beside its subject; nothing if not given */
  readonly details?: TSchema;
  readonly template: TemplateDescription;
  /**
   * Reads what the certificates state, set-based and in one snapshot, in the order asked. Where the kind's rules forbid a
   * certificate the answer is the refusal, so that one of many stops no other.
   */
  read(tx: Transaction, asked: readonly Asked[], context: ReadingContext): Promise<(Reading<Fields> | DomainError)[]>;
  /**
   * Further certificates that newly issued ones end as superseded, beside the one that each of them names: each with the id
   * of the newer one. None if not given.
   */
  alsoEnds?(tx: Transaction, newerIds: readonly string[]): Promise<{ id: string; newer: string }[]>;
  /** The texts that the form places, by name. A fact without data is 未知. */
  values(record: CertificateRecord<Fields>): Record<string, string>;
  /** The rows of the form's tables, by name; none if not given. */
  tables?(record: CertificateRecord<Fields>): Record<string, string[][]>;
  /** Who is masked in lists and in the QR code: name, and document number or credit code. */
  holder(fields: Fields): { name: string; number: string };
  /**
   * The key figures that the QR code repeats for comparison with the paper, in the order of FORMAT.md §4: whole fen, counts,
   * a month as YYYYMM or a day as YYYYMMDD; null where the fact is unknown.
   */
  qrSummary(record: CertificateRecord<Fields>): (number | null)[];
}
