// What a forger does with a genuine file: seal it anew with another key, or, with the centre's own stolen keys, invent the
// receipt that the log never gave.
import { createHash, createPrivateKey, createPublicKey, sign } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { fromHex, toHex, utf8 } from "../../service/src/proof/bytes.ts";
import { checkpointBody, logKeyId, noteOf, originOf, signatureLine } from "../../service/src/proof/checkpoint.ts";
import { leafDigest } from "../../service/src/proof/leaf.ts";
import { receiptFormat } from "../../service/src/proof/receipt.ts";
import type { Receipt } from "../../service/src/proof/receipt.ts";
import { inclusionProof, leafHash, nodeHash, rootOf } from "../../service/src/proof/tree.ts";
import type { HashReader } from "../../service/src/proof/tree.ts";
import { SignedData } from "../../service/src/sealing/cms.ts";
import { createDevelopmentRoot, createDevelopmentSeal } from "../../service/src/sealing/development-authority.ts";
import { sealKeyFromPem } from "../../service/src/sealing/keys.ts";
import type { SealKey } from "../../service/src/sealing/keys.ts";

export interface Forged {
  pdf: Buffer;
  sealedDigest: string;
  signatureDigest: string;
  /** SHA-256 of the certificate that sealed it */
  signer: string;
}

/** A seal that calls itself the centre's and is nobody's. */
export function foreignSeal(centreName: string, now: () => Date): SealKey {
  const made = createDevelopmentSeal(createDevelopmentRoot({ now }), centreName, { now });
  return sealKeyFromPem(made.keyPem, made.certificatePem);
}

/** The centre's own seal key, as a thief has it. */
export function stolenSeal(keysDir: string): SealKey {
  const text = (name: string) => fs.readFileSync(path.join(keysDir, name), "utf8");
  return sealKeyFromPem(text("seal.pem"), text("seal-chain.pem"));
}

const sha256 = (...parts: Uint8Array[]) =>
  parts.reduce((hash, part) => hash.update(part), createHash("sha256")).digest();

/** The same file with another identifier in its trailer, so that its bytes are new, and sealed with this key. */
export function sealAnew(genuine: Buffer, { key, chain }: SealKey): Forged {
  const pdf = Buffer.from(genuine);
  const text = pdf.toString("latin1");
  const range = /\/ByteRange ?\[0 (\d+) (\d+) \d+ *\]/.exec(text)!;
  const [before, after] = [Number(range[1]), Number(range[2])];
  const identifier = /\/ID ?\[ ?<([0-9a-fA-F]{8,})/.exec(text)!;
  const at = identifier.index + identifier[0].length - 1;
  pdf[at] = pdf[at] === "0".charCodeAt(0) ? "1".charCodeAt(0) : "0".charCodeAt(0);
  const covered = sha256(pdf.subarray(0, before), pdf.subarray(after));
  const cms = new SignedData("ec", chain);
  const signature = sign("sha256", cms.toBeSigned(covered), key);
  pdf.fill("0", before + 1, after - 1, "latin1");
  cms.writeDigits(pdf, before + 1, covered, signature);
  return {
    pdf,
    sealedDigest: toHex(covered),
    signatureDigest: toHex(sha256(signature)),
    signer: toHex(sha256(chain[0]!)),
  };
}

/**
 * A receipt that fits the forged file in everything that the issuer alone can make: a leaf, a tree of the size of the
 * genuine checkpoint in which the leaf stands, and a checkpoint signed with the log's stolen key. Only the root is not the
 * one that the others know.
 */
export function inventReceipt(genuine: Receipt, forged: Forged, keysDir: string): { receipt: Receipt; root: string } {
  const leaf = {
    ...genuine.leaf,
    sealedDigest: forged.sealedDigest,
    signatureDigest: forged.signatureDigest,
    signer: forged.signer,
  };
  const [origin, sizeText] = genuine.checkpoint!.split("\n") as [string, string];
  const size = Number(sizeText);
  const index = genuine.index!;
  const hashes = Array.from({ length: size }, (_, i) =>
    leafHash(i === index ? leafDigest(leaf) : sha256(utf8(`${i}`))),
  );
  const read: HashReader = (level, i) =>
    level === 0 ? hashes[i]! : nodeHash(read(level - 1, 2 * i), read(level - 1, 2 * i + 1));
  const root = rootOf(size, read);
  const privateKey = createPrivateKey(fs.readFileSync(path.join(keysDir, "log.pem")));
  const publicKey = fromHex(
    createPublicKey(privateKey).export({ type: "spki", format: "der" }).subarray(-32).toString("hex"),
  );
  const [, centre, epoch] = origin.split("/");
  if (originOf(centre!, Number(epoch)) !== origin) throw new Error(`not the origin of a log: ${origin}`);
  const body = checkpointBody({ origin, size, root });
  const line = signatureLine(origin, logKeyId(origin, publicKey), sign(null, utf8(body), privateKey));
  // The witnesses' lines are copied: they were honest, about another root.
  const cosigned = genuine.checkpoint!.split("\n\n")[1]!.split("\n").filter(Boolean).slice(1);
  const checkpoint = noteOf(body, [line, ...cosigned]);
  return {
    receipt: {
      format: receiptFormat,
      leaf,
      index,
      proof: inclusionProof(index, size, read).map(toHex),
      checkpoint,
      anchor: genuine.anchor,
    },
    root: toHex(root),
  };
}
