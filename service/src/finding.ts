// What an auditor finds: something that should not be.
export interface Finding {
  /** which check found it, stable */
  check: string;
  /** id of the row: never personal data */
  subject: string;
  /** what was found */
  detail: string;
}
