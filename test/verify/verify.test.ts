import { createHash, createPrivateKey, generateKeyPairSync, sign } from "node:crypto";
import { fromBER } from "asn1js";
import * as pkijs from "pkijs";
import { describe, expect, it } from "vitest";
import { toHex } from "../../service/src/proof/bytes.ts";
import { readSealedFile } from "../../service/src/verify/pdf.ts";
import { verifySeal } from "../../service/src/verify/cms.ts";
import { verifyFile, verifyQr } from "../../service/src/verify/verify.ts";
import { sealKeyFromPem } from "../../service/src/sealing/keys.ts";
import { createSealer } from "../../service/src/sealing/seal.ts";
import { authority, depositTemplate, draw } from "../pdf/sample.ts";
import { makeCertificate, nothing, oid, seq } from "./maker.ts";
import type { Signer } from "./maker.ts";
import { replay } from "./replay.ts";
import { issuer, makeWorld, urlOf } from "./world.ts";

/** Does pkijs find the signature good? Chains are not its business here: the trust list names the certificate. */
async function goodForPkijs(cms: Uint8Array, covered: Uint8Array): Promise<boolean> {
  const { result } = fromBER(Uint8Array.from(cms).buffer);
  const signedData = new pkijs.SignedData({ schema: new pkijs.ContentInfo({ schema: result }).content });
  return signedData.verify({ signer: 0, data: Uint8Array.from(covered).buffer, checkChain: false });
}

function coveredBytes(pdf: Uint8Array): Uint8Array {
  const text = Buffer.from(pdf).toString("latin1");
  const [, a, b] = /\/ByteRange\[0 (\d+) (\d+)/.exec(text)!.map(Number);
  return Buffer.concat([pdf.subarray(0, a), pdf.subarray(b)]);
}

function rsaSigner(bits: number, exponent = 65537): Signer {
  const { publicKey, privateKey } = generateKeyPairSync("rsa", { modulusLength: bits, publicExponent: exponent });
  return {
    algorithm: seq(oid("1.2.840.113549.1.1.1"), nothing),
    spki: publicKey.export({ format: "der", type: "spki" }),
    sign: (message) => sign("sha256", message, privateKey),
  };
}

describe("files that must pass", () => {
  it("pass here and with pkijs", async () => {
    const { pdf, recorded } = makeWorld();
    const { cms } = await readSealedFile(pdf);
    expect(await goodForPkijs(cms, coveredBytes(pdf))).toBe(true);
    const verdict = await verifyFile(pdf, replay(recorded), new Date(recorded.now));
    expect(verdict.steps.map(({ outcome }) => outcome)).toEqual(Array.from({ length: 7 }, () => "passed"));
    expect(verdict.certificate).toMatchObject({
      centre: issuer,
      centreName: "海南省住房公积金管理局",
      statusIndex: 118,
    });
  });

  it("pass when sealed with RSA", async () => {
    const signer = rsaSigner(2048);
    const { pdf } = makeWorld({ signer });
    const { cms, sealedDigest } = await readSealedFile(pdf);
    expect(await goodForPkijs(cms, coveredBytes(pdf))).toBe(true);
    expect((await verifySeal(cms, sealedDigest)).certificate.publicKey.kind).toBe("rsa");
  });

  it.each(["P-256", "RSA-2048"] as const)(
    "pass when the service's own sealer made them, with %s",
    async (algorithm) => {
      const template = await depositTemplate();
      const { seal } = authority(algorithm);
      // Without intermediates: those that are carried must be named in signing-certificate-v2.
      const key = sealKeyFromPem(seal.keyPem, seal.certificatePem);
      const sealed = createSealer({ ...key, chain: key.chain.slice(0, 1) }).seal(draw(template));
      const pdf = Buffer.concat([template.prefix, sealed.suffix]);
      const file = await readSealedFile(pdf);
      const found = await verifySeal(file.cms, file.sealedDigest);
      expect(toHex(file.sealedDigest)).toBe(toHex(sealed.sealedDigest));
      expect(found).toMatchObject({ signer: toHex(sealed.signer), signatureDigest: toHex(sealed.signatureDigest) });
      expect(await goodForPkijs(file.cms, coveredBytes(pdf))).toBe(true);
    },
  );
});

describe("keys that must not pass", () => {
  it.each([
    ["1024 bits", rsaSigner(1024)],
    ["exponent 3", rsaSigner(2048, 3)],
  ])("RSA with %s", async (_, signer) => {
    const { pdf, recorded } = makeWorld({ signer });
    const verdict = await verifyFile(pdf, replay(recorded), new Date(recorded.now));
    expect(verdict.headline).toBe("not-genuine");
    expect(verdict.steps[1]).toMatchObject({ step: "seal", code: "key-not-allowed" });
  });

  it("P-384", async () => {
    const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-384" });
    const signer: Signer = {
      algorithm: seq(oid("1.2.840.10045.4.3.2")),
      spki: publicKey.export({ format: "der", type: "spki" }),
      sign: (message) => sign("sha256", message, createPrivateKey(privateKey.export({ format: "pem", type: "pkcs8" }))),
    };
    const { pdf, recorded } = makeWorld({ signer });
    const { steps } = await verifyFile(pdf, replay(recorded), new Date(recorded.now));
    expect(steps[1]).toMatchObject({ code: "key-not-allowed" });
  });
});

describe("whom the verifier asks", () => {
  it("nobody, before a seal is good", async () => {
    const { pdf, recorded } = makeWorld();
    const asked: string[] = [];
    const changed = Buffer.from(pdf.toString("latin1").replace("deposit", "depcsit"), "latin1");
    await verifyFile(changed, replay(recorded, asked), new Date(recorded.now));
    await verifyQr("https://evil.example/v#12345", replay(recorded, asked), new Date(recorded.now));
    expect(asked).toEqual([]);
  });

  it("centres of its own list and of the trust list, and the issuer alone for the receipt", async () => {
    const { qr, token, recorded } = makeWorld();
    const asked: string[] = [];
    const sources = replay(recorded, asked);
    const tokens: string[] = [];
    const receiptByToken: typeof sources.receiptByToken = async (url, text) => {
      tokens.push(`${url} ${text}`);
      return sources.receiptByToken(url, text);
    };
    const verdict = await verifyQr(qr, { ...sources, receiptByToken }, new Date(recorded.now));
    expect(verdict.headline).toBe("genuine");
    expect(tokens).toEqual([`${urlOf(issuer)} ${token}`]);
    expect(asked.every((url) => recorded.trustLists[url])).toBe(true);
  });
});

describe("a verdict", () => {
  it("is the same for the same file, answers and time", async () => {
    const { pdf, recorded } = makeWorld();
    const verdicts = [1, 2].map(async () => verifyFile(pdf, replay(recorded), new Date(recorded.now)));
    expect(await verdicts[0]).toEqual(await verdicts[1]);
  });

  it("refuses 50 MB at once", async () => {
    const { recorded } = makeWorld();
    const huge = new Uint8Array(50_000_000);
    huge.set(Buffer.from("%PDF-1.7\n"));
    const verdict = await verifyFile(huge, replay(recorded), new Date(recorded.now));
    expect(verdict.steps[0]).toMatchObject({ outcome: "failed", code: "file-too-large" });
  });

  it("comes in bounded time for 20 MB of the worst", async () => {
    const { recorded } = makeWorld();
    for (const filler of ["/", "[", "(", "/ByteRang", "%PDF-1.7\n1 0 obj\n<<"]) {
      const file = Buffer.alloc(20_000_000, filler);
      file.write("%PDF-1.7\n/ByteRange[0 1000 2000 19998000]", 0);
      const start = performance.now();
      const verdict = await verifyFile(file, replay(recorded), new Date(recorded.now));
      expect(verdict.headline).toBe("not-genuine");
      expect(performance.now() - start).toBeLessThan(5000);
    }
  });

  it.each([undefined, null, "text", 5, {}])("is given even for %s", async (nonsense) => {
    const { recorded } = makeWorld();
    for (const verify of [verifyFile, verifyQr] as ((x: never, s: never, n: Date) => Promise<{ headline: string }>)[]) {
      const verdict = await verify(nonsense as never, replay(recorded) as never, new Date(recorded.now));
      expect(verdict.headline).not.toBe("genuine");
    }
  });

  it("is given by a platform that lacks an algorithm, as unknown", async () => {
    const { pdf, recorded } = makeWorld();
    const { subtle } = crypto;
    const importKey = subtle.importKey.bind(subtle) as (...all: unknown[]) => Promise<CryptoKey>;
    Object.defineProperty(subtle, "importKey", {
      configurable: true,
      value: async (...all: unknown[]) => {
        if ((all[2] as { name: string }).name === "Ed25519") throw new DOMException("no", "NotSupportedError");
        return importKey(...all);
      },
    });
    const verdict = await verifyFile(pdf, replay(recorded), new Date(recorded.now));
    Reflect.deleteProperty(subtle, "importKey");
    expect(verdict.headline).toBe("standing-unknown");
    expect(verdict.steps.map(({ code }) => code)).toContain("verifier-broken");
  });

  it("names the signer by the certificate's digest, not by its name", async () => {
    const { pdf, leaf } = makeWorld();
    const { cms, sealedDigest } = await readSealedFile(pdf);
    expect((await verifySeal(cms, sealedDigest)).signer).toBe(leaf.signer);
    const copy = createHash("sha256")
      .update(makeCertificate(rsaSigner(2048)))
      .digest("hex");
    expect(copy).not.toBe(leaf.signer);
  });
});
