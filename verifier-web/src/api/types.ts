// What the service answers, as far as the pages read it. Money is a text in yuan, dates are ISO 8601.

export interface Consortium {
  label: string | null;
  self: string;
  chainId: number;
  centres: { code: string; name: string; url: string }[];
}

export type Role = "clerk" | "checker" | "administrator" | "auditor";

export type Actor =
  { kind: "person"; personId: string; name: string } | { kind: "staff"; staffId: string; name: string; roles: Role[] };

export interface Session {
  actor: Actor | null;
}

export interface Account {
  grzh: string;
  unitName: string;
  state: string;
  stateName: string;
  balance: string;
  base: string;
  unitAmount: string;
  personAmount: string;
  /** percent */
  unitRatio: string;
  personRatio: string;
  paidTo: string | null;
  monthsInARow: number | null;
  monthsInARowIsLeast: boolean;
  openedOn: string;
  asOfEntry: string;
  /** the newest 24 entries, oldest first */
  history: AccountEntry[];
}

/** One entry of the ledger: a deposit, a withdrawal, interest. */
export interface AccountEntry {
  at: string;
  /** YYYY-MM */
  month: string;
  kind: string;
  /** negative when money left */
  amount: string;
  balance: string;
}

export type CertificateState = "drawn" | "issued" | "logged" | "anchored";
export type Standing = "valid" | "revoked" | "superseded" | "expired";

export interface Certificate {
  id: string;
  serial: string;
  kind: string;
  kindName: string;
  issuedAt: string;
  validUntil: string;
  state: CertificateState;
  standing: Standing;
  reason: number | null;
  since: string | null;
  /** masked */
  holder: { name: string; documentNumber: string };
  revocation: { reason: number; proposedBy: string; confirmed: boolean } | null;
}

/** What a kind asks for, as the parts of JSON Schema that forms of this page know. */
export interface DetailSchema {
  type?: string;
  pattern?: string;
  format?: string;
  enum?: (string | number)[];
  anyOf?: { const?: string | number }[];
  minLength?: number;
  maxLength?: number;
  minimum?: number;
  maximum?: number;
  title?: string;
  description?: string;
}

export interface CertificateKind {
  code: string;
  title: { zh: string; en: string };
  subject: "depositor" | "loan" | "unit";
  purpose: string;
  details: { properties?: Record<string, DetailSchema>; required?: string[] } | null;
}

export interface Loan {
  dkzh: string;
  amount: string;
  disbursedOn: string;
  settledOn: string | null;
}

/** How high a seal is raised: PAdES. A newer service may know more. */
export type SealLevel = "B-B" | "B-T" | "B-LT" | "B-LTA";

export type BulkState = "proposed" | "running" | "done" | "cancelled";

export interface BulkIssue {
  id: string;
  kind: string;
  title: { zh: string; en: string };
  /** null: all depositors of the centre */
  unit: { dwzh: string; name: string } | null;
  purpose: string;
  state: BulkState;
  total: number;
  issued: number;
  refused: number;
  perSecond: number | null;
  endsAt: string | null;
  requestedBy: string;
  requestedAt: string;
  proposedBy: string;
  confirmedBy: string | null;
  confirmedAt: string | null;
  cancelledBy: string | null;
  cancelledAt: string | null;
  endedAt: string | null;
  /** names of the officers by their ids */
  officers?: Record<string, string>;
}

export interface BulkPace {
  at: string;
  seconds: number;
  done: number;
}

export interface BulkRefusal {
  grzh: string;
  /** masked */
  name: string;
  code: string;
  zh: string;
  en: string;
  at: string;
}

export interface StandingAnswer {
  serial: string;
  kind: string;
  kindName?: string;
  centre: string;
  issuedOn: string;
  validUntil: string;
  /** the day that is asked about; an older service knows today only */
  on?: string;
  standing: Standing | "not-yet-issued";
  reason: number | null;
  since: string | null;
  sinceOnChain?: string | null;
  state: CertificateState;
}

export type WithdrawalState = "paid" | "barred" | "held" | "refused";

/** What stops a person: who listed, by which rule, from when until when. */
export interface Bar {
  centreName: string;
  ruleName: string;
  ruleNameEn?: string;
  conduct?: string;
  from: string;
  until: string;
}

export interface Withdrawal {
  id: string;
  businessNumber: string;
  kind: string;
  amount: string;
  state: WithdrawalState;
  stateName: string;
  appliedAt: string;
  explanation: Bar[];
  unknownBecause: string[];
  note: string | null;
}

export interface FoundPerson {
  id: string;
  name: string;
  /** masked */
  documentNumber: string;
  accounts: Account[];
}

export interface Rule {
  code: string;
  zh: string;
  en: string;
  years: number;
  bars: string;
  source: string;
}

export type CaseState = "open" | "listing" | "listed" | "lifting" | "lifted";

export interface BlacklistCase {
  id: string;
  /** masked, like the number */
  personName: string;
  documentNumber: string;
  rule: string;
  ruleName: string;
  conduct: string;
  legalBasis: string;
  evidenceDigest: string;
  startsOn: string;
  endsOn: string;
  state: CaseState;
  openedBy: string;
  openedAt: string;
  confirmedBy: string | null;
  liftProposedBy: string | null;
  listingId: string | null;
}

export interface BlacklistCheck {
  id: string;
  result: "clear" | "flagged" | "barred" | "unknown";
  bars: Bar[];
  flags: Bar[];
  unknownBecause: string[];
  mirrorAgeSeconds: number | null;
  traceLeaf: string;
}

export interface CheckLine {
  id: string;
  businessNumber: string;
  purpose: string;
  result: BlacklistCheck["result"];
  actor: string;
  at: string;
}

export interface Overview {
  certificatesByDay: { day: string; count: number }[];
  log: { size: number; pending: number; anchoredSize: number; stoppedBecause: string | null };
  witnesses: { centre: string; name: string; size: number; at: string }[];
  chain: { head: number | null; ageSeconds: number | null; waiting: number; failed: number };
  listings: { active: number };
  work: { barred: number; held: number; casesToConfirm: number };
}

/** One page of a list; `next` is the cursor of the page after it. */
export interface Page<T> {
  items: T[];
  next: string | null;
}

export interface DevelopmentMessage {
  id: string;
  recipient: string;
  text: string;
  sentAt: string;
}
