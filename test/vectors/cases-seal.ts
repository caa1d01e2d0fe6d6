// What can be wrong with a seal.
import { toHex } from "../../service/src/proof/bytes.ts";
import { mirrored, p256 } from "../verify/keys.ts";
import { der, ecdsaDer, ecSigner, makeCertificate, oid, seq, set } from "../verify/maker.ts";
import * as w from "../verify/world.ts";
import { add, bad } from "./case.ts";

// The seal
add(
  "file",
  "foreign-seal",
  bad("trust", "signer-not-listed"),
  "A stranger sealed it, with the centre's name in his certificate.",
  "Trusting names, or any certificate that is self-consistent.",
  { signer: ecSigner(p256("a stranger")) },
);
add(
  "file",
  "indefinite-length",
  bad("file", "seal-not-der"),
  "BER: the outermost length is indefinite.",
  "A reader that takes BER.",
  { encoded: (cms) => Buffer.concat([Buffer.of(0x30, 0x80), cms.subarray(4), Buffer.of(0, 0)]) },
);
add(
  "file",
  "long-length",
  bad("seal", "seal-not-der"),
  "BER: a length in more bytes than it needs.",
  "A reader that takes BER.",
  { cms: { algorithm: Buffer.concat([Buffer.of(0x30, 0x81, 0x0a), oid("1.2.840.10045.4.3.2")]) } },
);
add(
  "file",
  "sha1-digest",
  bad("seal", "algorithm-not-allowed"),
  "SignerInfo names SHA-1.",
  "Taking whatever hash the seal names.",
  { cms: { digestAlgorithm: seq(oid("1.3.14.3.2.26")) } },
);
add(
  "file",
  "signing-time",
  bad("seal", "seal-malformed"),
  "A signed attribute that PAdES B-B here does not have.",
  "Skipping attributes one does not know.",
  {
    cms: {
      attributes: (usual) => [...usual, seq(oid("1.2.840.113549.1.9.5"), set(der(0x17, Buffer.from("261121013000Z"))))],
    },
  },
);
add(
  "file",
  "attributes-unordered",
  bad("seal", "seal-not-der"),
  "Signed attributes not in DER order.",
  "Sorting before verifying.",
  { cms: { order: (sorted) => sorted.toReversed() } },
);
add(
  "file",
  "unsigned-attribute",
  bad("seal", "seal-malformed"),
  "An unsigned attribute, which anybody can add.",
  "Ignoring what no signature covers.",
  { cms: { unsigned: seq(oid("1.2.3.4"), set(der(0x04, Buffer.from("hello")))) } },
);
add(
  "file",
  "unnamed-certificate",
  bad("seal", "certificate-not-named"),
  "A certificate that signing-certificate-v2 does not name.",
  "Kilobytes that can change in a file that passes.",
  { cms: { unnamed: true, others: [makeCertificate(ecSigner(p256("stowaway")))] } },
);
add(
  "file",
  "certificate-swapped",
  bad("seal", "certificate-not-the-signers"),
  "signing-certificate-v2 names another certificate with the same key.",
  "Not comparing the hash.",
  { cms: { certificateHash: Buffer.alloc(32, 9) } },
);
add("file", "two-signers", bad("seal", "several-signers"), "Two SignerInfos.", "Verifying one of them.", {
  cms: { twoSigners: true },
});
add(
  "file",
  "mirrored-signature",
  bad("receipt", "receipt-of-another"),
  "The other value (r, n - s) that ECDSA accepts for the same file.",
  "Not comparing signatureDigest: the file has other bytes than the issued one.",
  {},
  (world) => {
    const other = w.makeWorld({ cms: { signature: (good) => mirroredDer(good) } });
    return { file: other.pdf, recorded: world.recorded };
  },
);
add(
  "file",
  "zero-signature",
  bad("seal", "signature-wrong"),
  "r = s = 0.",
  "Handing values out of range to a careless library.",
  { cms: { signature: () => ecdsaDer(Buffer.alloc(64)) } },
);

function mirroredDer(signature: Uint8Array): Uint8Array {
  const [r, s] = [...integersOf(signature)];
  return ecdsaDer(mirrored(Buffer.concat([r!, s!])));
}

/** The two integers of an ECDSA signature, 32 bytes each. */
function* integersOf(signature: Uint8Array): Generator<Buffer> {
  for (let at = 2; at < signature.length; at += 2 + signature[at + 1]!) {
    const digits = toHex(signature.subarray(at + 2, at + 2 + signature[at + 1]!)).replace(/^00/, "");
    yield Buffer.from(digits.padStart(64, "0"), "hex");
  }
}
