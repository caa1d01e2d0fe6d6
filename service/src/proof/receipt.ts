// FORMAT.md §7: what a certificate's holder keeps to prove it without asking us again.
import { FormatError, fromHex } from "./bytes.ts";
import { readCertificateLeaf } from "./leaf.ts";
import type { CertificateLeaf } from "./leaf.ts";

export const receiptFormat = "cunzheng-receipt/1";

/** Where a checkpoint stands on the chain. A place to look, never an authority: the verifier reads the chain itself. */
export interface AnchorReference {
  chainId: number;
  /** address of the CheckpointAnchor contract, lower case */
  contract: string;
  transaction: string;
  block: number;
  blockHash: string;
}

export interface Receipt {
  format: typeof receiptFormat;
  leaf: CertificateLeaf;
  /** place of the leaf in its centre's log; null while the log has not taken it in */
  index: number | null;
  /** inclusion proof in the checkpoint's tree, from the leaf upward; hex */
  proof: string[];
  /** signed note with the log's and the witnesses' lines; null while there is none */
  checkpoint: string | null;
  anchor: AnchorReference | null;
}

const hash = /^0x[0-9a-f]{64}$/;

/** Reads a receipt from untrusted JSON; checks form only. */
export function readReceipt(value: unknown): Receipt {
  if (typeof value !== "object" || value === null) throw new FormatError("a receipt is an object");
  const receipt = value as Receipt;
  if (Object.keys(receipt).sort().join(",") !== "anchor,checkpoint,format,index,leaf,proof")
    throw new FormatError("a receipt has other members");
  if (receipt.format !== receiptFormat) throw new FormatError("not a receipt of this format");
  readCertificateLeaf(receipt.leaf);
  const { index, proof, checkpoint, anchor } = receipt;
  if (index !== null && !(Number.isSafeInteger(index) && index >= 0)) throw new FormatError("index");
  if (!Array.isArray(proof) || proof.length > 53) throw new FormatError("proof");
  for (const step of proof) fromHex(step, 32);
  if (checkpoint !== null && typeof checkpoint !== "string") throw new FormatError("checkpoint");
  if ((index === null) !== (checkpoint === null)) throw new FormatError("index and checkpoint come together");
  if (anchor !== null) {
    if (
      typeof anchor !== "object" ||
      Object.keys(anchor).sort().join(",") !== "block,blockHash,chainId,contract,transaction"
    )
      throw new FormatError("anchor");
    if (!Number.isSafeInteger(anchor.chainId) || !Number.isSafeInteger(anchor.block)) throw new FormatError("anchor");
    if (!/^0x[0-9a-f]{40}$/.test(anchor.contract) || !hash.test(anchor.transaction) || !hash.test(anchor.blockHash))
      throw new FormatError("anchor");
    if (checkpoint === null) throw new FormatError("an anchor needs its checkpoint");
  }
  return receipt;
}
