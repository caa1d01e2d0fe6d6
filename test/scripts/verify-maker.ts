// Makes sealed files for the tests of the second verifier: certificates by the openssl program, CMS by pkijs, and a PDF of a few
// objects. It knows nothing of how centres seal.
import { execFileSync } from "node:child_process";
import { createHash, createPrivateKey, sign } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import * as asn1js from "asn1js";
import * as pkijs from "pkijs";

export interface Identity {
  /** PEM */
  key: string;
  certificate: Buffer;
}

const good = [
  "keyUsage=critical,digitalSignature",
  "basicConstraints=critical,CA:FALSE",
  "extendedKeyUsage=1.3.6.1.5.5.7.3.36",
];

/** A key and its self-signed certificate. @param algorithm as `openssl req -newkey` takes it, options after it */
export function makeIdentity(algorithm: readonly string[], extensions: readonly string[] = good): Identity {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-verify-"));
  try {
    const [key, certificate] = [path.join(dir, "key.pem"), path.join(dir, "certificate.der")];
    // An own configuration, because the system's adds extensions.
    const config = path.join(dir, "openssl.cnf");
    fs.writeFileSync(config, "[req]\ndistinguished_name=name\nprompt=no\n[name]\nC=CN\nO=test centre\nCN=test seal\n");
    const command = ["req", "-x509", "-config", config, "-nodes", "-sha256", "-days", "365", "-newkey", ...algorithm];
    const added = extensions.flatMap((extension) => ["-addext", extension]);
    execFileSync("openssl", [...command, ...added, "-keyout", key, "-outform", "DER", "-out", certificate], {
      stdio: "pipe",
    });
    return { key: fs.readFileSync(key, "utf8"), certificate: fs.readFileSync(certificate) };
  } finally {
    fs.rmSync(dir, { recursive: true, force: true });
  }
}

const sha256 = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const arrayBuffer = (bytes: Uint8Array) => new Uint8Array(bytes).buffer;

/** What may be made differently. */
export interface Changes {
  certificates?: Buffer[];
  named?: Buffer[];
  moreAttributes?: pkijs.Attribute[];
  /** DER of unsigned attributes, made for the signature value */
  unsigned?: (signature: Buffer) => Buffer[];
  signatureOid?: string;
  /** parameters NULL beside SHA-256 in digestAlgorithms, which nothing signs */
  digestNull?: boolean;
}

/** DER of the CMS over these bytes. */
export function makeCms({ key, certificate }: Identity, covered: Uint8Array, changes: Changes = {}): Buffer {
  const parsed = pkijs.Certificate.fromBER(arrayBuffer(certificate));
  const isRsa = parsed.subjectPublicKeyInfo.algorithm.algorithmId === "1.2.840.113549.1.1.1";
  const named = (changes.named ?? [certificate]).map(
    (one) => new asn1js.Sequence({ value: [new asn1js.OctetString({ valueHex: arrayBuffer(sha256(one)) })] }),
  );
  const attributes = [
    new pkijs.Attribute({
      type: "1.2.840.113549.1.9.3",
      values: [new asn1js.ObjectIdentifier({ value: "1.2.840.113549.1.7.1" })],
    }),
    new pkijs.Attribute({
      type: "1.2.840.113549.1.9.4",
      values: [new asn1js.OctetString({ valueHex: arrayBuffer(sha256(covered)) })],
    }),
    new pkijs.Attribute({
      type: "1.2.840.113549.1.9.16.2.47",
      values: [new asn1js.Sequence({ value: [new asn1js.Sequence({ value: named })] })],
    }),
    ...(changes.moreAttributes ?? []),
  ];
  const encoded = attributes.map((one) => Buffer.from(one.toSchema().toBER())).sort(Buffer.compare);
  const inOrder = encoded.map((bytes) => new pkijs.Attribute({ schema: asn1js.fromBER(arrayBuffer(bytes)).result }));
  const set = new asn1js.Set({ value: inOrder.map((one) => one.toSchema()) });
  const signature = sign("sha256", Buffer.from(set.toBER()), createPrivateKey(key));
  const digest = (withNull = false) =>
    new pkijs.AlgorithmIdentifier({
      algorithmId: "2.16.840.1.101.3.4.2.1",
      ...(withNull ? { algorithmParams: new asn1js.Null() } : {}),
    });
  const signedData = new pkijs.SignedData({
    version: 1,
    digestAlgorithms: [digest(changes.digestNull)],
    encapContentInfo: new pkijs.EncapsulatedContentInfo({ eContentType: "1.2.840.113549.1.7.1" }),
    certificates: (changes.certificates ?? [certificate]).map((one) => pkijs.Certificate.fromBER(arrayBuffer(one))),
    signerInfos: [
      new pkijs.SignerInfo({
        version: 1,
        sid: new pkijs.IssuerAndSerialNumber({ issuer: parsed.issuer, serialNumber: parsed.serialNumber }),
        digestAlgorithm: digest(),
        signedAttrs: new pkijs.SignedAndUnsignedAttributes({ type: 0, attributes: inOrder }),
        signatureAlgorithm: isRsa
          ? new pkijs.AlgorithmIdentifier({
              algorithmId: changes.signatureOid ?? "1.2.840.113549.1.1.1",
              algorithmParams: new asn1js.Null(),
            })
          : new pkijs.AlgorithmIdentifier({ algorithmId: changes.signatureOid ?? "1.2.840.10045.4.3.2" }),
        signature: new asn1js.OctetString({ valueHex: arrayBuffer(signature) }),
        ...(changes.unsigned && {
          unsignedAttrs: new pkijs.SignedAndUnsignedAttributes({
            type: 1,
            attributes: changes
              .unsigned(signature)
              .map((der) => new pkijs.Attribute({ schema: asn1js.fromBER(arrayBuffer(der)).result })),
          }),
        }),
      }),
    ],
  });
  const outer = new pkijs.ContentInfo({ contentType: "1.2.840.113549.1.7.2", content: signedData.toSchema(true) });
  return Buffer.from(outer.toSchema().toBER());
}

/** Texts of a PDF that a test may put in place of the good ones. */
export interface Page {
  catalog?: string;
  field?: string;
  page?: string;
  /** more objects, numbered from 8 */
  more?: string[];
  trailer?: string;
  afterTable?: string;
}

const reserved = 8192;

/** A PDF of one page and one seal field, sealed by `cms` over the covered bytes. */
export function makeSealedPdf(cms: (covered: Buffer) => Buffer, page: Page = {}): Buffer {
  const stream = page.page ?? "BT /F 12 Tf 72 720 Td (deposit) Tj ET";
  const hole = "0".repeat(reserved);
  const objects = [
    page.catalog ?? "<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/SigFlags 3>>>>",
    "<</Type/Pages/Kids[3 0 R]/Count 1>>",
    "<</Type/Page/Parent 2 0 R/MediaBox[0 0 595 842]/Contents 4 0 R/Resources<</Font<</F 5 0 R>>>>/Annots[6 0 R]>>",
    `<</Length ${stream.length}>>stream\n${stream}\nendstream`,
    "<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    page.field ?? "<</Type/Annot/Subtype/Widget/FT/Sig/T(Seal)/F 132/P 3 0 R/Rect[0 0 0 0]/V 7 0 R>>",
    `<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/ETSI.CAdES.detached/ByteRange [0 0000000 0000000 0000000]/Contents<${hole}>>>`,
    ...(page.more ?? []),
  ];
  let text = "%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n";
  const places = objects.map((object, index) => {
    const at = text.length;
    text += `${index + 1} 0 obj\n${object}\nendobj\n`;
    return at;
  });
  const table = text.length;
  const rows = places.map((at) => `${String(at).padStart(10, "0")} 00000 n \n`).join("");
  const trailer = page.trailer ?? `<</Size ${objects.length + 1}/Root 1 0 R>>`;
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${rows}${page.afterTable ?? ""}trailer\n${trailer}\nstartxref\n${table}\n%%EOF\n`;

  const start = text.indexOf(`<${hole}>`);
  const end = start + reserved + 2;
  const range = `[0 ${start} ${end} ${text.length - end}`.padEnd("[0 0000000 0000000 0000000".length, " ");
  text = text.replace("[0 0000000 0000000 0000000", range);
  const bytes = Buffer.from(text, "latin1");
  const seal = cms(Buffer.concat([bytes.subarray(0, start), bytes.subarray(end)])).toString("hex");
  return Buffer.concat([
    bytes.subarray(0, start + 1),
    Buffer.from(seal.padEnd(reserved, "0")),
    bytes.subarray(end - 1),
  ]);
}
