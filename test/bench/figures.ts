// All figures, in the order of the table. A new one is added here and nowhere else; figure.ts says how to write one.
import type { Figure } from "./figure.ts";
import { gasCertificate } from "./gas-certificate.ts";
import { importRows } from "./import-rows.ts";
import { issueBulk } from "./issue-bulk.ts";
import { issueBytes, issueStored } from "./issue-bytes.ts";
import { issueMillion } from "./issue-million.ts";
import { issueSingle } from "./issue-single.ts";
import { sealP256 } from "./seal-p256.ts";
import { sealRsa2048 } from "./seal-rsa2048.ts";
import { verifyNode } from "./verify-node.ts";

export const figures: readonly Figure[] = [
  sealP256,
  sealRsa2048,
  issueBulk,
  issueSingle,
  issueMillion,
  issueBytes,
  issueStored,
  gasCertificate,
  importRows,
  verifyNode,
];
