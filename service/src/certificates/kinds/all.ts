// The kinds of certificates that this program knows, in the order in which pages show them.
import { depositKind } from "./deposit.ts";
import type { CertificateKind } from "./kind.ts";
import { loanElsewhereKind } from "./loan-elsewhere.ts";
import { unitDepositKind } from "./unit-deposit.ts";

export const certificateKinds: readonly CertificateKind[] = [depositKind, loanElsewhereKind, unitDepositKind];
