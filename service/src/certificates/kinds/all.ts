// The kinds of certificates that this program knows, in the order in which pages show them.
import { depositKind } from "./deposit.ts";
import type { CertificateKind } from "./kind.ts";

export const certificateKinds: readonly CertificateKind[] = [depositKind];
