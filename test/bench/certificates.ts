// What issues certificates in the benchmarks, put together as a centre does it, and records of persons who do not exist.
import { qrKeyId } from "../../service/src/proof/qr-summary.ts";
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, randomBytes } from "node:crypto";
import type { KeyObject } from "node:crypto";
import type { Certificates } from "../../service/src/certificates/certificate.ts";
import { depositKind } from "../../service/src/certificates/kinds/deposit.ts";
import type { DepositFields } from "../../service/src/certificates/kinds/deposit.ts";
import type { CertificateRecordJson } from "../../service/src/certificates/record.ts";
import { serialOf } from "../../service/src/certificates/serial.ts";
import { stockedRandom } from "../../service/src/ids.ts";
import type { Pool } from "../../service/src/db.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { compileTemplate } from "../../service/src/pdf/template.ts";
import type { SealProfile, Template } from "../../service/src/pdf/template.ts";
import { canonicalDigest } from "../../service/src/proof/canonical.ts";
import type { CanonicalValue } from "../../service/src/proof/canonical.ts";
import { createDevelopmentRoot, createDevelopmentSeal } from "../../service/src/sealing/development-authority.ts";
import type { SealAlgorithm } from "../../service/src/sealing/development-authority.ts";
import { sealKeyFromPem } from "../../service/src/sealing/keys.ts";
import type { SealKey } from "../../service/src/sealing/keys.ts";
import { createSealer } from "../../service/src/sealing/seal.ts";
import { accountNumberOf, syntheticCreditCode, syntheticIdNumber } from "../../scripts/demo/persons.ts";
import { seededRandom } from "../../scripts/demo/random.ts";

export const centre = { code: "C46010", name: "海南省住房公积金管理局", creditCode: "11460000MB1234567A" };
export const publicUrl = "https://gjj.hainan.example.cn";
/** The moment of every certificate: results must not depend on the day of the run. */
export const now = new Date("2026-11-21T01:30:00Z");
const typeCode = "11100000000013338W999";

export const sealProfile: SealProfile = {
  centre: centre.name,
  words: "业务专用章",
  verificationPage: `${publicUrl}/v`,
  development: true,
};

/** The keys of a benchmark centre as PEM, so that worker threads can share them. */
export interface BenchKeys {
  sealKeyPem: string;
  sealCertificatesPem: string;
  qrKeyPem: string;
}

/** Fresh keys; the seal's certificate is good at the moment of the certificates. */
export function makeKeys(algorithm: SealAlgorithm = "P-256"): BenchKeys {
  const root = createDevelopmentRoot({ now: () => now });
  const seal = createDevelopmentSeal(root, centre.name, { now: () => now, algorithm });
  const qr = generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey;
  return {
    sealKeyPem: seal.keyPem,
    sealCertificatesPem: `${seal.certificatePem}\n${root.certificatePem}`,
    qrKeyPem: qr.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

export interface BenchCertificates {
  certificates: Certificates;
  template: Template;
  sealKey: SealKey;
}

/** @param pool where certificates are kept; figures without a database pass none and never ask for it */
export async function openCertificates(keys: BenchKeys, pool?: Pool): Promise<BenchCertificates> {
  const template = compileTemplate(depositKind.template, await loadFonts(), sealProfile);
  const sealKey = sealKeyFromPem(keys.sealKeyPem, keys.sealCertificatesPem);
  const qrKey = createPrivateKey(keys.qrKeyPem);
  const certificates: Certificates = {
    pool: pool as Pool,
    centre,
    typeCode,
    publicUrl,
    kinds: new Map([[depositKind.code, { kind: depositKind, template }]]),
    sealer: createSealer(sealKey),
    qrKey,
    qrKeyId: qrKeyId(pointOf(qrKey)),
    now: () => now,
    random: stockedRandom((length) => randomBytes(length)),
    submitRevocation: () => Promise.reject(new Error("no benchmark replaces a certificate")),
  };
  return { certificates, template, sealKey };
}

/** The 65 bytes of a P-256 key's public point. */
function pointOf(key: KeyObject): Uint8Array {
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(-65);
}

const surnames = [..."王李张刘陈杨黄赵周吴徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹符云"];
// Most are in the font that all certificates share, some are not: as in a real centre.
const given = [..."伟芳娜敏静强磊军洋勇艳杰涛明超兰霞平刚辉红玉梅琳博文宇浩晨欣怡佳雪峰志远海波䶮㛃翀祎"];
const trades = ["热带农业", "港航物流", "信息技术", "建筑工程", "医药", "文化旅游", "装备制造", "新能源"];
const purposes = ["办理个人住房商业贷款", "办理异地个人住房贷款", "申请公共租赁住房", "办理积分落户"];

export interface PreparedRecord {
  record: CertificateRecordJson<DepositFields>;
  recordDigest: Uint8Array;
}

/** Records as the ledger would give them, the same for the same count; their names need from none to four glyphs of their own. */
export function makeRecords(count: number): PreparedRecord[] {
  const random = seededRandom(20_261_121);
  const yuan = (low: number, high: number) => `${random.between(low, high)}.${random.between(10, 99)}`;
  return Array.from({ length: count }, (_, i) => {
    const born = `${random.between(1968, 2001)}${random.between(10, 12)}${random.between(10, 28)}`;
    const record: PreparedRecord["record"] = {
      version: 1,
      kind: depositKind.code,
      centre: centre.code,
      serial: serialOf({
        typeCode,
        issuer: centre.creditCode,
        flow: `261121${String(i).padStart(8, "0")}`,
        version: "001",
      }),
      statusIndex: i,
      issuedAt: "2026-11-21T09:30:00+08:00",
      validUntil: "2026-12-21",
      purpose: random.pick(purposes),
      ledgerEntry: String(1_000_000 + i),
      fields: {
        name: random.pick(surnames) + random.pick(given) + (random.chance(60) ? random.pick(given) : ""),
        documentType: "01",
        documentNumber: syntheticIdNumber(1, born, i % 1000),
        accountNumber: accountNumberOf(centre.code, i + 1),
        unitName: `海口演示${random.pick(trades)}有限公司第${1 + (i % 60)}分部`,
        unitNumber: syntheticCreditCode(i).slice(0, 13),
        openedOn: `${random.between(2005, 2023)}-07-01`,
        accountStatus: "01",
        baseYuan: yuan(3000, 35_000),
        unitRatioPercent: "12",
        personRatioPercent: "12",
        monthlyYuan: yuan(720, 8400),
        monthlyUnitYuan: yuan(360, 4200),
        monthlyPersonYuan: yuan(360, 4200),
        paidTo: "2026-10",
        monthsInARow: random.between(6, 240),
        balanceYuan: yuan(1000, 900_000),
        asOf: "2026-11-21",
        loans: random.chance(30) ? { taken: 1, unsettled: 1, owedYuan: yuan(10_000, 900_000) } : null,
      },
      salt: createHash("sha256").update(`salt ${i}`).digest("hex"),
    };
    return { record, recordDigest: canonicalDigest(record as unknown as CanonicalValue) };
  });
}
