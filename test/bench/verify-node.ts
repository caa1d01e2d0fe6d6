// The full strict verification of a certificate that our own issuing code made: file, seal, trust, receipt with a proof of twenty
// steps, anchor with witnesses, standing. The centres' answers are at hand, so that no network is measured.
import { spawnSync } from "node:child_process";
import { createHash, webcrypto, X509Certificate } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import * as pkijs from "pkijs";
import { toHex } from "../../service/src/proof/bytes.ts";
import { leafDigest } from "../../service/src/proof/leaf.ts";
import type { CertificateLeaf } from "../../service/src/proof/leaf.ts";
import { receiptFormat } from "../../service/src/proof/receipt.ts";
import type { Receipt } from "../../service/src/proof/receipt.ts";
import { leafHash, nodeHash } from "../../service/src/proof/tree.ts";
import { verifyFile } from "../../service/src/verify/verify.ts";
import { replay } from "../verify/replay.ts";
import type { Recorded } from "../verify/replay.ts";
import {
  anchorBlock,
  anchoredAt,
  codes,
  issuer,
  judgedAt,
  makeNote,
  seconds,
  trustList,
  urlOf,
} from "../verify/world.ts";
import { makeKeys, makeRecords, openCertificates } from "./certificates.ts";
import { median, milliseconds } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { drawAndSeal } from "./seal-p256.ts";

const steps = 20;

export const verifyNode: Figure = {
  name: "verify.node",
  what: [
    "完整核验一份证明（含 20 步存在证明）",
    "full strict verification of a certificate, a proof of 20 steps included",
  ],
  unit: "ms",
  better: "lower",
  baseline: ["pkijs 4，仅 CMS 与证书链", "pkijs 4, CMS and chain only"],
  probes: ["p256"],
  async open({ quick, folder }) {
    const { pdf, root, recorded } = await makeCase();
    const sources = replay(recorded);
    const now = new Date(recorded.now);
    const verdict = await verifyFile(pdf, sources, now);
    if (verdict.headline !== "genuine") throw new Error(`not genuine: ${JSON.stringify(verdict.steps)}`);
    const pdfsig = timePdfsig(path.join(folder, "verify.pdf"), pdf);
    const usual = openPkijs(root);
    const warmMedian = async (count: number, work: () => Promise<unknown>) => {
      const times: number[] = [];
      for (let i = 0; i < count; i++) times.push(await milliseconds(work));
      return median(times);
    };
    return {
      value: () => warmMedian(quick ? 100 : 500, () => verifyFile(pdf, sources, now)),
      baseline: () => warmMedian(quick ? 20 : 100, () => usual(pdf)),
      notes: () => [
        pdfsig === undefined
          ? "pdfsig is not installed"
          : `pdfsig, the whole process, seal only: ${pdfsig.toFixed(1)} ms`,
        `a file of ${pdf.length} bytes`,
      ],
    };
  },
};

/** A certificate from the real path, its place in a log of 2^20 leaves, and what the centres would say about it. */
async function makeCase(): Promise<{ pdf: Buffer; root: X509Certificate; recorded: Recorded }> {
  const keys = makeKeys();
  const bench = await openCertificates(keys);
  const [prepared] = makeRecords(1);
  const { record, recordDigest } = prepared!;
  const sealed = drawAndSeal(bench, prepared!);
  const leaf: CertificateLeaf = {
    version: 1,
    kind: "certificate",
    centre: record.centre,
    serial: record.serial,
    statusIndex: record.statusIndex,
    issuedAt: record.issuedAt,
    validUntil: record.validUntil,
    recordDigest: toHex(recordDigest),
    sealedDigest: toHex(sealed.sealedDigest),
    signatureDigest: toHex(sealed.signatureDigest),
    signer: toHex(sealed.signer),
    salt: "c3".repeat(32),
  };

  // A proof is the hashes beside the leaf's way up; which ones they are makes no difference to whoever checks them.
  const index = 777_777;
  const size = 2 ** steps;
  const proof = Array.from({ length: steps }, (_, level) => createHash("sha256").update(`beside ${level}`).digest());
  const rootHash = proof.reduce<Uint8Array>(
    (hash, beside, level) => ((index >> level) & 1 ? nodeHash(beside, hash) : nodeHash(hash, beside)),
    leafHash(leafDigest(leaf)),
  );
  const receipt: Receipt = {
    format: receiptFormat,
    leaf,
    index,
    proof: proof.map(toHex),
    checkpoint: makeNote(size, rootHash),
    anchor: {
      chainId: 4601,
      contract: trustList().contracts.checkpointAnchor,
      transaction: `0x${"1".repeat(64)}`,
      block: anchorBlock,
      blockHash: `0x${"2".repeat(64)}`,
    },
  };

  const list = trustList();
  for (const key of list.centres.find(({ code }) => code === issuer)!.keys)
    if (key.kind === "seal") key.value = toHex(sealed.signer);
  const urls = codes.map(urlOf);
  const chain = {
    headTime: seconds("2026-11-23T09:59:30+08:00"),
    anchors: [{ centre: issuer, epoch: 1, size, root: toHex(rootHash), block: anchorBlock, time: anchoredAt }],
    revocations: [],
  };
  const recorded: Recorded = {
    now: judgedAt,
    centres: codes.slice(0, 3).map((code) => ({ code, url: urlOf(code) })),
    trustLists: Object.fromEntries(urls.map((url) => [url, list])),
    receipts: { [urlOf(issuer)]: { [leaf.sealedDigest]: receipt } },
    chain: Object.fromEntries(urls.map((url) => [url, chain])),
  };
  const [, rootPem] = keys.sealCertificatesPem.match(/-----BEGIN[^-]+-----[^-]+-----END[^-]+-----/g)!;
  return {
    pdf: Buffer.concat([bench.template.prefix, sealed.suffix]),
    root: new X509Certificate(rootPem!),
    recorded,
  };
}

/** What is commonly done with pkijs: find the ByteRange, check the CMS over the covered bytes, and its chain to a root. */
function openPkijs(root: X509Certificate): (pdf: Buffer) => Promise<void> {
  pkijs.setEngine(
    "node",
    new pkijs.CryptoEngine({ name: "node", crypto: webcrypto as Crypto, subtle: webcrypto.subtle as SubtleCrypto }),
  );
  const trusted = pkijs.Certificate.fromBER(Uint8Array.from(root.raw));
  return async (pdf) => {
    const match = /\/ByteRange ?\[0 (\d+) (\d+) (\d+)/.exec(pdf.toString("latin1"))!;
    const [open, close] = match.slice(1).map(Number) as [number, number];
    const cms = Buffer.from(pdf.toString("latin1", open + 1, close - 1), "hex");
    const covered = Buffer.concat([pdf.subarray(0, open), pdf.subarray(close)]);
    const { content } = pkijs.ContentInfo.fromBER(cms);
    const answer = await new pkijs.SignedData({ schema: content }).verify({
      signer: 0,
      data: Uint8Array.from(covered).buffer,
      trustedCerts: [trusted],
      checkChain: true,
      checkDate: new Date(judgedAt),
    });
    if (!answer) throw new Error("pkijs does not accept the seal");
  };
}

/** Milliseconds of a whole pdfsig process, median of five; undefined when it is not installed. */
function timePdfsig(file: string, pdf: Buffer): number | undefined {
  fs.writeFileSync(file, pdf);
  const times = Array.from({ length: 5 }, () => {
    const started = performance.now();
    const { error } = spawnSync("pdfsig", [file], { stdio: "ignore" });
    return error ? undefined : performance.now() - started;
  });
  fs.rmSync(file);
  return times.includes(undefined) ? undefined : median(times as number[]);
}
