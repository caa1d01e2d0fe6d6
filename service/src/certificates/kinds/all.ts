// The kinds of certificates that this program knows, in the order in which pages show them.
import { depositKind } from "./deposit.ts";
import { depositDetailKind } from "./deposit-detail.ts";
import type { CertificateKind } from "./kind.ts";
import { loanElsewhereKind } from "./loan-elsewhere.ts";
import { loanRepaymentsKind } from "./loan-repayments.ts";
import { loanScheduleKind } from "./loan-schedule.ts";
import { loanSettledKind } from "./loan-settled.ts";
import { unitDepositKind } from "./unit-deposit.ts";

export const certificateKinds: readonly CertificateKind[] = [
  depositKind,
  depositDetailKind,
  loanElsewhereKind,
  loanSettledKind,
  loanRepaymentsKind,
  loanScheduleKind,
  unitDepositKind,
];
