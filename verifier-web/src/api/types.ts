// What the service answers, as far as the pages read it. Money is a text in yuan, dates are ISO 8601.

export interface Consortium {
  label: string | null;
  self: string;
  chainId: number;
  centres: { code: string; name: string; url: string }[];
}

export type Actor =
  { kind: "person"; name: string } | { kind: "staff"; name?: string; displayName: string; roles: string[] };

export interface Session {
  actor: Actor | null;
  centre: { code: string; name: string };
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
  unitRatio: string | number;
  personRatio: string | number;
  paidTo: string | null;
  monthsInARow: number;
  openedOn: string;
  asOfEntry?: string;
  history?: MonthOfAccount[];
}

export interface MonthOfAccount {
  /** YYYY-MM */
  month: string;
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
  maskedName?: string;
}

export interface StandingAnswer {
  serial: string;
  kind: string;
  centre: string;
  issuedOn: string;
  validUntil: string;
  standing: Standing;
  reason?: number | string;
  since?: string;
  state: CertificateState;
}

export type WithdrawalState = "paid" | "barred" | "held" | "refused";

/** A rule that bars, at the centre that listed. */
export interface Bar {
  centre: string;
  centreName: string;
  rule: string;
  conduct: string;
  from: string;
  until: string | null;
}

export interface Withdrawal {
  id: string;
  businessNumber: string;
  state: WithdrawalState;
  stateName: string;
  amount: string;
  explanation: Explained | null;
  bars?: Bar[];
  reason?: string;
  maskedName?: string;
  createdAt?: string;
}

/** A sentence of the service: one text, or one in each language. */
export type Explained = string | { zh: string; en: string };

export interface FoundPerson {
  id: string;
  name: string;
  documentNumber: string;
  accounts: { grzh: string; unitName?: string; stateName?: string; balance?: string }[];
}

export interface BlacklistCase {
  id: string;
  caseNumber?: string;
  state: string;
  stateName?: string;
  conduct: string;
  conductName?: string;
  legalBasis: string;
  maskedName?: string;
  maskedNumber?: string;
  decidedOn: string;
  endsOn?: string | null;
  openedBy?: string;
  listingId?: string | null;
}

export interface BlacklistCheck {
  id: string;
  result: "clear" | "barred" | "unknown";
  bars: Bar[];
  mirrorAgeSeconds: number;
  traceLeaf: string;
}

export interface Overview {
  certificatesToday: number;
  certificatesByDay: { day: string; count: number }[];
  log: { size: number; checkpointSize: number; anchoredSize: number; lagSeconds: number };
  chain: { head: number; ageSeconds: number; queued: number; failed: number };
  listings: { active: number };
  witnesses: { centre: string; name: string; size: number; at: string | null }[];
}

export interface DevelopmentMessage {
  id: string;
  channel: string;
  recipient: string;
  text: string;
  at: string;
}
