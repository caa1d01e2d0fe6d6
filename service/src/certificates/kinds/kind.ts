// What every kind of certificate has to say about itself. A kind knows its form and its wording; it does not know how a
// certificate is numbered, sealed or logged.

import type { TemplateDescription } from "../../pdf/description.ts";

/** An amount in yuan as a record holds it: decimal, two places, `"12345.67"`. */
export type Yuan = string;
/** A day in Beijing, `"2026-11-21"`. */
export type Day = string;
/** A month, `"2026-10"`. */
export type Month = string;

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

export interface CertificateKind<Fields> {
  /** stable name of the kind in records, leaves and interfaces */
  readonly code: string;
  readonly title: { readonly zh: string; readonly en: string };
  /** days of validity unless the centre's parameters say otherwise */
  readonly validityDays: number;
  readonly template: TemplateDescription;
  /** The texts that the form places, by name. A fact without data is 未知. */
  values(record: CertificateRecord<Fields>): Record<string, string>;
  /**
   * The key figures that the QR code repeats for comparison with the paper, in the order of FORMAT.md §4: whole fen, months,
   * or a month as YYYYMM; null where the fact is unknown.
   */
  qrSummary(record: CertificateRecord<Fields>): (number | null)[];
}
