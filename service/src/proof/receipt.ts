// FORMAT.md §7: what a certificate's holder keeps to prove it without asking us again.
import { FormatError, fromHex, isCount, membersOf, textOf } from "./bytes.ts";
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

const address = /^0x[0-9a-f]{40}$/;
const hash = /^0x[0-9a-f]{64}$/;

/** Longest inclusion proof of a tree of fewer than 2^53 leaves. */
const longestProof = 53;

/** Reads a receipt from untrusted JSON; checks form only. */
export function readReceipt(value: unknown): Receipt {
  const members = ["format", "leaf", "index", "proof", "checkpoint", "anchor"];
  const receipt = membersOf(value, members, "receipt") as unknown as Receipt;
  if (receipt.format !== receiptFormat) throw new FormatError("not a receipt of this format");
  readCertificateLeaf(receipt.leaf);
  const { index, proof, checkpoint, anchor } = receipt;
  if (index !== null && !isCount(index)) throw new FormatError("index");
  if (!Array.isArray(proof) || proof.length > longestProof) throw new FormatError("proof");
  for (const step of proof) fromHex(step, 32);
  if (checkpoint !== null && typeof checkpoint !== "string") throw new FormatError("checkpoint");
  if ((index === null) !== (checkpoint === null)) throw new FormatError("index and checkpoint come together");
  if (index === null && proof.length > 0) throw new FormatError("a proof needs its checkpoint");
  if (anchor !== null) {
    if (checkpoint === null) throw new FormatError("an anchor needs its checkpoint");
    membersOf(anchor, ["chainId", "contract", "transaction", "block", "blockHash"], "anchor");
    if (!isCount(anchor.chainId) || !isCount(anchor.block)) throw new FormatError("anchor");
    textOf(anchor.contract, address, "anchor");
    textOf(anchor.transaction, hash, "anchor");
    textOf(anchor.blockHash, hash, "anchor");
  }
  return receipt;
}
