// What can be wrong with a QR.
import { createHash } from "node:crypto";
import { fromDigits, prepareQr, readQr, toDigits } from "../../service/src/proof/qr-summary.ts";
import { p256, p256FromScalar } from "../verify/keys.ts";
import * as w from "../verify/world.ts";
import { add, eachList, keyOf, revoke, bad } from "./case.ts";

// QR
add("qr", "qr-genuine", ["genuine", "qr", "qr-signed"], "A good code.", "A verifier that is too strict.");
add(
  "qr",
  "qr-altered",
  bad("qr", "qr-signature-wrong"),
  "A balance changed by one fen.",
  "Showing figures before checking the signature.",
  {},
  ({ qr }) => {
    const read = readQr(fromDigits(qr.split("#")[1]!));
    const [balance, ...rest] = read.summary.figures;
    const { finish } = prepareQr({ ...read.summary, figures: [balance! + 1, ...rest] }, read.keyId);
    return { qr: `https://heyan.example/v#${toDigits(finish(read.signature))}` };
  },
);
add(
  "qr",
  "qr-unlisted-centre",
  bad("qr", "centre-not-listed"),
  "A well-signed code of a centre that nobody knows.",
  "Trusting the key that comes along, or the address in the code.",
  { summary: { centre: "C99999" } },
);
add(
  "qr",
  "qr-signed-with-log-key",
  bad("qr", "qr-key-not-listed"),
  "Signed with a key whose bytes are the log's private key: a key has one purpose.",
  "Searching all keys of the centre.",
  { qrKey: p256FromScalar(createHash("sha256").update(`Ed25519 log ${w.issuer}`).digest()) },
);
add(
  "qr",
  "qr-key-listed-as-other-kind",
  bad("qr", "qr-key-not-listed"),
  "The point is listed for the centre, as a key of kind `bank`.",
  "Searching all keys of the centre.",
  { qrKey: p256("bank") },
  (world) =>
    eachList(world, (list) => {
      list.centres[0]!.keys.push(w.dated("bank", p256("bank").point));
    }),
);
add(
  "qr",
  "qr-of-another-record",
  bad("receipt", "receipt-of-another"),
  "The receipt has another last day than the code.",
  "Comparing only the record's digest.",
  { leaf: { validUntil: "2027-12-21" } },
);
add("qr", "qr-cut", bad("qr", "qr-malformed"), "The last digits are missing.", "Throwing.", {}, ({ qr }) => ({
  qr: qr.slice(0, -5),
}));
add(
  "qr",
  "qr-evil-address",
  ["genuine", "standing", "valid"],
  "A good code in front of another address: the address is not asked.",
  "Asking the address in the code.",
  {},
  ({ qr }) => ({ qr: qr.replace(/^[^#]*/, "https://evil.example/v") }),
);
add(
  "qr",
  "qr-no-longer-valid",
  ["no-longer-valid", "standing", "superseded"],
  "Superseded, found by the index in the code while the issuer is away.",
  "Needing the issuer to learn of a revocation.",
  {},
  (world) => {
    revoke(world, 3);
    world.recorded.receipts = {};
  },
);
add(
  "qr",
  "qr-key-retired-later",
  ["genuine", "trust", "key-trusted"],
  "The code's key was retired after the certificate existed.",
  "Judging by today's keys.",
  {},
  (world) =>
    eachList(world, (list) => {
      keyOf(list, "qr").until = w.anchoredAt + 60;
    }),
);
add(
  "qr",
  "qr-spelled-otherwise",
  bad("qr", "qr-malformed"),
  "CBOR with a number in more bytes than it needs.",
  "A reader that takes any CBOR.",
  {},
  ({ qr }) => {
    const [address, digits] = qr.split("#") as [string, string];
    const message = Buffer.from(fromDigits(digits));
    // The outer array's header 0x84 becomes 0x98 0x04: the same value in another spelling.
    return { qr: `${address}#${toDigits(Buffer.concat([Buffer.of(0x98, 0x04), message.subarray(1)]))}` };
  },
);
