// Time-stamps: what raises a file to B-T, B-LT and B-LTA, and tokens that are wrong.
import { p256 } from "../verify/keys.ts";
import { streamOf, withStamp, withStore } from "../verify/additions-maker.ts";
import { der, ecSigner, ecdsaDer, makeCertificate, oid, seq, set, sha256 } from "../verify/maker.ts";
import type { Bytes } from "../verify/maker.ts";
import { makeAuthority, makeToken, nullParameters, purpose, timeStamping, tokenAttribute } from "../verify/tokens.ts";
import type { TokenOptions } from "../verify/tokens.ts";
import * as w from "../verify/world.ts";
import type { World, WorldOptions } from "../verify/world.ts";
import { add, away, bad, eachList, keyOf, setReceipt, unsure } from "./case.ts";
import type { Build, Expectation } from "./case.ts";

export const authority = makeAuthority("C46010");
const stranger = makeAuthority("stranger");
export const genuine: Expectation = ["genuine", "standing", "valid"];
const certificates = [makeCertificate(ecSigner(p256("root")), { name: "root" }), authority.certificate];

/** When the authority says that the seal existed: five seconds before the witnesses, a minute after the seal. */
export const stampedAt = w.seconds("2026-11-21T09:30:05+08:00");
const later = "20261122013005Z";

/** The issuing centre lists the authority from the first. */
export function listed(world: World): void {
  eachList(world, (list) => {
    const issuer = list.centres.find(({ code }) => code === w.issuer)!;
    issuer.keys.push(w.dated("timestamp", sha256(authority.certificate)));
  });
}

/** Options of a world whose file is B-T. */
export const stamped = (options: Partial<TokenOptions> = {}, over?: Bytes): WorldOptions => ({
  pdf: { room: 3000 },
  cms: { unsigned: (signature) => tokenAttribute(makeToken(over ?? signature, { authority, ...options })) },
});
export const archive = (file: Bytes, options: Partial<TokenOptions> = {}) =>
  withStamp(file, (covered) => makeToken(covered, { authority, ...options }));
export const stored = (file: Bytes) => withStore(file, certificates);
/** B-LTA. */
export const archived = (file: Bytes) => archive(stored(file));
/** What a second renewal puts into the store: the certificate that the first time-stamp needs. */
export const renewed = (file: Bytes) => archive(withStore(file, [stranger.certificate]), { genTime: later });

const level = (id: string, teaches: string, raise: (file: Bytes) => Bytes = (file) => file, options = stamped()) =>
  add("file", id, genuine, teaches, "Refusing what follows the seal, or what is not signed by it.", options, (world) => {
    listed(world);
    return { file: Uint8Array.from(raise(world.pdf)) };
  });

level("level-b-t", "B-T: a time-stamp on the signature value.");
level("level-b-lt", "B-LT: a store of certificates follows.", stored);
level("level-b-lta", "B-LTA: a document time-stamp over all of it follows.", archived);
level("level-b-lta-twice", "Later a second store and time-stamp follow.", (file) => renewed(archived(file)));
level("level-b-b-with-document-time-stamp", "A document time-stamp alone: allowed, though no level of PAdES.", archive, {});
level(
  "level-store-with-all-keys",
  "A store with revocation lists, answers and validation data, in objects of their own.",
  (file) =>
    withStore(file, certificates, {
      zero: true,
      catalogue: (usual) => usual.replace(/>>$/, "/Extensions<</ESIC<</BaseVersion/1.7/ExtensionLevel 1>>>>>>"),
      store: () =>
        `<</Type/DSS/Certs 12 0 R/CRLs[8 0 R]/OCSPs[13 0 R]/VRI<</${"AB".repeat(20)} 11 0 R>>>>`,
      more: (next) => [
        [next, "<</Type/VRI/Cert 12 0 R/CRL[]/OCSP[13 0 R]/TU(D:20261121093005Z)/TS 14 0 R>>"],
        [next + 1, "[8 0 R 9 0 R]"],
        [next + 2, streamOf(seq(der(0x0a, Buffer.of(0))))],
        [next + 3, streamOf(seq(oid("1.2.3")))],
      ],
    }),
);
level(
  "time-stamp-other-spelling",
  "Another authority's habits: NULL parameters, SHA-512 of the value, RFC 2634's attribute, a fraction of a second, a nonce.",
  undefined,
  stamped({
    parameters: nullParameters,
    imprintHash: "sha512",
    namedBySha1: true,
    genTime: "20261121013005.25Z",
    optional: [seq(der(2, Buffer.of(1))), der(1, Buffer.of(0xff)), der(2, Buffer.of(0x11, 0x22))],
    carried: [certificates[0]!, authority.certificate],
    attributes: (usual) => [
      ...usual,
      seq(oid("1.2.840.113549.1.9.5"), set(der(0x17, Buffer.from("261121013005Z")))),
      seq(oid("1.2.840.113549.1.9.52"), set(seq(seq(oid("2.16.840.1.101.3.4.2.1"))))),
    ],
  }),
);
add(
  "file",
  "time-stamp-unknown-authority",
  genuine,
  "A token of an authority that the centre does not use proves nothing and does no harm.",
  "Failing for it.",
  stamped({ authority: stranger }),
  listed,
);

// Time of existence
const distrusted = (world: World, from = w.witnessedAt - 2) => {
  listed(world);
  eachList(world, (list) => {
    keyOf(list, "seal").distrustedSince = from;
  });
};
add(
  "file",
  "time-stamp-before-distrust",
  ["genuine", "trust", "key-trusted"],
  "The key was distrusted after the time-stamp, and before witnesses and block saw the log.",
  "Not counting the token.",
  stamped(),
  (world) => distrusted(world),
);
add(
  "file",
  "document-time-stamp-before-distrust",
  ["genuine", "trust", "key-trusted"],
  "A document time-stamp shows the time of existence too.",
  "Counting only the token in the seal.",
  {},
  (world) => {
    distrusted(world);
    return { file: archive(world.pdf) };
  },
);
add(
  "file",
  "time-stamp-after-distrust",
  bad("trust", "key-distrusted"),
  "The time-stamp is one second too late.",
  "Believing the seal because a token is there.",
  stamped(),
  (world) => distrusted(world, stampedAt),
);
add(
  "file",
  "time-stamp-unknown-authority-before-distrust",
  bad("trust", "key-distrusted"),
  "A token of an authority that the centre does not use moves nothing.",
  "Believing anybody's time.",
  stamped({ authority: stranger }),
  (world) => distrusted(world),
);
add(
  "file",
  "time-stamp-authority-distrusted",
  bad("trust", "key-distrusted"),
  "The authority was distrusted when it wrote the time.",
  "Asking only whether the authority is listed.",
  stamped(),
  (world) => {
    distrusted(world);
    eachList(world, (list) => {
      keyOf(list, "timestamp").distrustedSince = stampedAt;
    });
  },
);
add(
  "file",
  "time-stamp-authority-distrusted-later",
  bad("trust", "key-distrusted"),
  "The authority was distrusted after it wrote the time: whoever stole its key can write any earlier time.",
  "Asking only whether the authority was trusted at the time that it wrote.",
  stamped(),
  (world) => {
    distrusted(world);
    eachList(world, (list) => {
      keyOf(list, "timestamp").distrustedSince = stampedAt + 1;
    });
  },
);
add(
  "file",
  "time-stamp-of-another-centres-authority",
  bad("trust", "key-distrusted"),
  "The authority is another centre's, not the issuer's.",
  "Looking for the authority in the whole list.",
  stamped(),
  (world) => {
    distrusted(world);
    eachList(world, (list) => {
      const keys = list.centres.find(({ code }) => code === w.issuer)!.keys;
      list.centres.find(({ code }) => code === "C14010")!.keys.push(keys.pop()!);
    });
  },
);
add(
  "file",
  "time-stamp-unlogged",
  bad("receipt", "receipt-none"),
  "A time-stamp rescues no file that the log does not have.",
  "Taking a time-stamp for the log.",
  stamped(),
  (world) => {
    listed(world);
    world.recorded.receipts[w.urlOf(w.issuer)] = {};
  },
);
add(
  "file",
  "time-stamp-unanchored",
  unsure("trust", "existence-unknown"),
  "While nobody shows the log, the time-stamp does not count and the distrusted key is unknown.",
  "Counting the token before inclusion and anchor passed.",
  stamped(),
  (world) => {
    distrusted(world);
    away(world);
    setReceipt(world, { ...world.receipt, checkpoint: w.makeNote(world.size, world.root, { witnesses: [] }) });
  },
);

// Tokens that are wrong
const wrong = (id: string, options: WorldOptions, teaches: string, catches: string, expected = bad("seal", "time-stamp-wrong")) =>
  add("file", id, expected, teaches, catches, options, listed);
wrong(
  "time-stamp-over-another-value",
  stamped({}, Buffer.from("another signature")),
  "The token is over another signature value.",
  "Not comparing the imprint.",
);
wrong(
  "time-stamp-signature-wrong",
  stamped({ signature: () => ecdsaDer(Buffer.alloc(64, 9)) }),
  "The token's signature is wrong.",
  "Reading the time of a token that nobody signed.",
);
wrong(
  "time-stamp-unknown-authority-signature-wrong",
  stamped({ authority: stranger, signature: () => ecdsaDer(Buffer.alloc(64, 9)) }),
  "A broken token of a stranger is broken all the same.",
  "Skipping tokens of unknown authorities.",
);
const odd = (extensions: Buffer[], more = {}) => makeAuthority("C46010", { extensions, ...more });
wrong(
  "time-stamp-purpose-not-critical",
  stamped({ authority: odd([purpose(false, timeStamping)]) }),
  "The purpose in the authority's certificate is not critical.",
  "Not asking what the certificate is for.",
);
wrong(
  "time-stamp-purpose-and-another",
  stamped({ authority: odd([purpose(true, timeStamping, "1.3.6.1.5.5.7.3.36")]) }),
  "The certificate is for more than time-stamps: a seal's key could write times.",
  "Looking for the purpose in the list.",
);
wrong(
  "time-stamp-authority-expired",
  stamped({ authority: odd([purpose(true, timeStamping)], { notAfter: "2026-11-21T01:30:04" }) }),
  "The authority's certificate ran out a second before.",
  "Not asking when the certificate was valid.",
);
wrong(
  "time-stamp-certificate-not-named",
  stamped({ named: stranger.certificate }),
  "The token's attribute names another certificate.",
  "Taking whichever certificate's key fits.",
);
wrong(
  "time-stamp-other-attribute",
  stamped({ attributes: (usual) => [...usual, seq(oid("1.2.3.4"), set(der(4, Buffer.of(1))))] }),
  "The token has a signed attribute of another kind.",
  "Letting tokens say more than a time.",
);
wrong(
  "time-stamp-unsigned-attribute",
  stamped({ unsigned: seq(oid("1.2.3.4"), set(der(4, Buffer.of(1)))) }),
  "The token has an unsigned attribute.",
  "Bytes that may change unnoticed.",
);
wrong(
  "time-stamp-twice",
  {
    pdf: { room: 4000 },
    cms: {
      unsigned: (signature) => {
        const token = makeToken(signature, { authority });
        return tokenAttribute(token, token);
      },
    },
  },
  "A second token in the attribute.",
  "Reading the first of several.",
  bad("seal", "seal-not-der"),
);
wrong(
  "time-stamp-and-unsigned-attribute",
  {
    pdf: { room: 3000 },
    cms: {
      unsigned: (signature) =>
        Buffer.concat([
          seq(oid("1.2.3.4"), set(der(4, Buffer.of(1)))),
          tokenAttribute(makeToken(signature, { authority })),
        ]),
    },
  },
  "Beside the time-stamp another unsigned attribute.",
  "Allowing all unsigned attributes since one is allowed.",
  bad("seal", "seal-malformed"),
);

const raised = (id: string, expected: Expectation, teaches: string, catches: string, build: Build) =>
  add("file", id, expected, teaches, catches, stamped(), (world) => {
    listed(world);
    return build(world);
  });
raised(
  "document-time-stamp-over-another-digest",
  bad("seal", "time-stamp-wrong"),
  "The document time-stamp is over other bytes.",
  "Checking only the token in the seal.",
  ({ pdf }) => ({
    file: withStamp(stored(pdf), (covered) => makeToken(covered, { authority }), { over: () => Buffer.from("other bytes") }),
  }),
);
raised(
  "document-time-stamp-store-changed",
  bad("seal", "time-stamp-wrong"),
  "A byte of the store changed under the document time-stamp.",
  "Not hashing the additions.",
  ({ pdf }) => {
    const file = archived(pdf);
    file[file.indexOf(certificates[0]!) + 100]! ^= 1;
    return { file };
  },
);
