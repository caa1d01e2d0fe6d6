// A small consortium for tests: four centres with real keys, a real tree, real notes, and a certificate that it issued.
import { canonicalDigest } from "../../service/src/proof/canonical.ts";
import { concat, toHex, utf8 } from "../../service/src/proof/bytes.ts";
import {
  checkpointBody,
  cosignatureLine,
  cosignatureMessage,
  logKeyId,
  noteOf,
  originOf,
  signatureLine,
  witnessName,
} from "../../service/src/proof/checkpoint.ts";
import { leafDigest, standingToken } from "../../service/src/proof/leaf.ts";
import type { CertificateLeaf } from "../../service/src/proof/leaf.ts";
import { prepareQr, qrKeyId, serialRoot, toDigits } from "../../service/src/proof/qr-summary.ts";
import type { QrSummary } from "../../service/src/proof/qr-summary.ts";
import { receiptFormat } from "../../service/src/proof/receipt.ts";
import type { Receipt } from "../../service/src/proof/receipt.ts";
import { inclusionProof, leafHash, nodeHash, rootOf } from "../../service/src/proof/tree.ts";
import type { HashReader } from "../../service/src/proof/tree.ts";
import type { TrustList, TrustedCentre } from "../../service/src/proof/trust-list.ts";
import { ed25519, p256 } from "./keys.ts";
import type { P256Key } from "./keys.ts";
import { ecSigner, makeCertificate, makeCms, makePdf, sha256 } from "./maker.ts";
import type { CertificateOptions, CmsOptions, PdfOptions, Signer } from "./maker.ts";
import type { ChainState, Recorded } from "./replay.ts";

export const issuer = "C46010";
export const codes = ["C46010", "C14010", "C63010", "C37170"] as const;
const names: Record<string, string> = {
  C46010: "海南省住房公积金管理局",
  C14010: "太原市住房公积金管理中心",
  C63010: "西宁住房公积金管理中心",
  C37170: "菏泽市住房公积金管理中心",
};

export const seconds = (text: string) => Date.parse(text) / 1000;
export const issuedAt = "2026-11-21T09:30:00+08:00";
export const anchoredAt = seconds("2026-11-21T09:30:20+08:00");
export const witnessedAt = seconds("2026-11-21T09:30:10+08:00");
export const judgedAt = "2026-11-23T10:00:00+08:00";
export const keysFrom = seconds("2026-01-01T00:00:00+08:00");
export const validUntil = "2026-12-21";
export const anchorBlock = 4711;

export const urlOf = (code: string) => `https://${code.toLowerCase()}.example`;
export const logKey = (code: string) => ed25519(`log ${code}`);
export const witnessKey = (code: string) => ed25519(`witness ${code}`);
export const qrKey = (code: string) => p256(`qr ${code}`);
export const sealKey = (code: string) => p256(`seal ${code}`);

export function dated(kind: string, value: Uint8Array) {
  return { kind, value: toHex(value), from: keysFrom, until: 0, distrustedSince: 0 };
}

function trustedCentre(code: string): TrustedCentre {
  return {
    code,
    name: names[code]!,
    creditCode: `1200000000000${code.slice(1)}`,
    serviceUrl: urlOf(code),
    logEpoch: 1,
    removed: false,
    keys: [
      dated("seal", sha256(makeCertificate(ecSigner(sealKey(code))))),
      dated("qr", qrKey(code).point),
      dated("log", logKey(code).publicKey),
      dated("witness", witnessKey(code).publicKey),
    ],
  };
}

export function trustList(): TrustList {
  const address = (digit: string) => `0x${digit.repeat(40)}`;
  return {
    chainId: 4601,
    registry: address("a"),
    contracts: { checkpointAnchor: address("b"), certificateStatus: address("c"), blacklist: address("d") },
    block: 5000,
    blockTime: seconds("2026-11-23T09:59:00+08:00"),
    witnessQuorum: 2,
    centres: codes.map(trustedCentre),
  };
}

/** Hashes of a tree over these leaf hashes, for `rootOf` and the proofs. */
export function readerOf(hashes: readonly Uint8Array[]): HashReader {
  const read: HashReader = (level, index) =>
    level === 0 ? hashes[index]! : nodeHash(read(level - 1, 2 * index), read(level - 1, 2 * index + 1));
  return read;
}

export interface NoteOptions {
  code?: string;
  epoch?: number;
  /** signs the note; undefined leaves the log's line out */
  log?: string | undefined;
  witnesses?: readonly string[];
  time?: number;
}

export function makeNote(size: number, root: Uint8Array, options: NoteOptions = {}): string {
  const { code = issuer, epoch = 1, witnesses = ["C14010", "C63010"], time = witnessedAt } = options;
  const origin = originOf(code, epoch);
  const body = checkpointBody({ origin, size, root });
  const lines: string[] = [];
  const log = "log" in options ? options.log : code;
  if (log !== undefined) {
    const key = logKey(log);
    lines.push(signatureLine(origin, logKeyId(origin, key.publicKey), key.sign(utf8(body))));
  }
  for (const witness of witnesses) {
    const key = witnessKey(witness);
    const signature = key.sign(cosignatureMessage(body, time));
    lines.push(cosignatureLine(witnessName(witness), key.publicKey, time, signature));
  }
  return noteOf(body, lines);
}

export interface WorldOptions {
  signer?: Signer;
  certificate?: CertificateOptions;
  certificateDer?: Uint8Array;
  cms?: Partial<CmsOptions>;
  pdf?: PdfOptions;
  /** changes the CMS after it is made */
  encoded?: (cms: Buffer) => Uint8Array;
  leaf?: Partial<CertificateLeaf>;
  note?: NoteOptions;
  qrKey?: P256Key;
  summary?: Partial<QrSummary>;
}

export interface World {
  pdf: Buffer;
  qr: string;
  leaf: CertificateLeaf;
  receipt: Receipt;
  sealedDigest: string;
  token: string;
  size: number;
  root: Uint8Array;
  recorded: Recorded;
}

export const statusIndex = 118;
const serial = "1165.11460000MB1234567A.2026112100000118.001.M";
const treeSize = 13;
const place = 5;

/** A certificate, its log and what the centres would answer. Everything in it is good unless an option breaks it. */
export function makeWorld(options: WorldOptions = {}): World {
  const signer = options.signer ?? ecSigner(sealKey(issuer));
  const certificate = options.certificateDer ?? makeCertificate(signer, options.certificate);
  let digest: Buffer = Buffer.alloc(0);
  let signature: Uint8Array = Buffer.alloc(0);
  const remember: Signer = { ...signer, sign: (message) => (signature = signer.sign(message)) };
  const pdf = makePdf((covered) => {
    digest = covered;
    const cms = makeCms(covered, { signer: remember, certificate, ...options.cms });
    if (options.cms?.signature) signature = options.cms.signature(signature);
    return options.encoded?.(cms) ?? cms;
  }, options.pdf);

  const recordDigest = canonicalDigest({
    version: 1,
    kind: "deposit",
    serial: serialRoot + serial,
    salt: "5a".repeat(32),
  });
  const leaf: CertificateLeaf = {
    version: 1,
    kind: "certificate",
    centre: issuer,
    serial: serialRoot + serial,
    statusIndex,
    issuedAt,
    validUntil,
    recordDigest: toHex(recordDigest),
    sealedDigest: toHex(digest),
    signatureDigest: toHex(sha256(signature)),
    signer: toHex(sha256(certificate)),
    salt: "c3".repeat(32),
    ...options.leaf,
  };
  const hashes = Array.from({ length: treeSize }, (_, i) =>
    leafHash(i === place ? leafDigest(leaf) : sha256(utf8(`another leaf ${i}`))),
  );
  const read = readerOf(hashes);
  const root = rootOf(treeSize, read);
  const receipt: Receipt = {
    format: receiptFormat,
    leaf,
    index: place,
    proof: inclusionProof(place, treeSize, read).map(toHex),
    checkpoint: makeNote(treeSize, root, options.note),
    anchor: {
      chainId: 4601,
      contract: trustList().contracts.checkpointAnchor,
      transaction: `0x${"1".repeat(64)}`,
      block: anchorBlock,
      blockHash: `0x${"2".repeat(64)}`,
    },
  };

  const summary: QrSummary = {
    centre: issuer,
    kind: "deposit",
    serial,
    statusIndex,
    maskedName: "林**",
    maskedNumber: "000***********0012",
    figures: [12_345_678, 850_000, 102_000, 102_000, 36, null],
    issuedDay: seconds("2026-11-21T00:00:00Z") / 86_400,
    validUntilDay: seconds(`${validUntil}T00:00:00Z`) / 86_400,
    recordDigest,
    ...options.summary,
  };
  const key = options.qrKey ?? qrKey(issuer);
  const { signed, finish } = prepareQr(summary, qrKeyId(key.point));
  const qr = `${urlOf(issuer)}/v#${toDigits(finish(key.sign(signed)))}`;
  const token = toHex(standingToken(recordDigest));

  const chain: ChainState = {
    headTime: seconds("2026-11-23T09:59:30+08:00"),
    anchors: [{ centre: issuer, epoch: 1, size: treeSize, root: toHex(root), block: anchorBlock, time: anchoredAt }],
    revocations: [],
  };
  const urls = codes.map(urlOf);
  const recorded: Recorded = {
    now: judgedAt,
    centres: codes.slice(0, 3).map((code) => ({ code, url: urlOf(code) })),
    trustLists: Object.fromEntries(urls.map((url) => [url, trustList()])),
    receipts: { [urlOf(issuer)]: { [toHex(digest)]: receipt, [token]: receipt } },
    chain: Object.fromEntries(urls.map((url) => [url, structuredClone(chain)])),
  };
  return { pdf, qr, leaf, receipt, sealedDigest: toHex(digest), token, size: treeSize, root, recorded };
}

/** The same digits with one bit of the message changed. */
export function flipped(message: Uint8Array, bit: number): Uint8Array {
  const out = concat(message);
  out[bit >> 3]! ^= 1 << (bit & 7);
  return out;
}
