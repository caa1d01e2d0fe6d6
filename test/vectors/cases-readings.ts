// The readings of FORMAT.md §11 that two careful readers took differently: additions, tokens, answers, and codes of every kind.
import { bodyOf, withObjects, withStore } from "../verify/additions-maker.ts";
import { octets, oid, seq, set, sha256 } from "../verify/maker.ts";
import type { Bytes } from "../verify/maker.ts";
import { makeAuthority } from "../verify/tokens.ts";
import * as w from "../verify/world.ts";
import type { WorldOptions } from "../verify/world.ts";
import { add, bad, unsure } from "./case.ts";
import type { Expectation } from "./case.ts";
import { authority, genuine, listed, stamped, stored } from "./cases-levels.ts";

const file = (
  id: string,
  expected: Expectation,
  teaches: string,
  catches: string,
  options: WorldOptions,
  raise: (file: Buffer) => Bytes = (whole) => whole,
) =>
  add("file", id, expected, teaches, catches, options, (world) => {
    listed(world);
    return { file: Uint8Array.from(raise(world.pdf)) };
  });

// Additions
const adbe = "/ADBE<</BaseVersion/1.7/ExtensionLevel 3>>";
const esic = "/ESIC<</BaseVersion/1.7/ExtensionLevel 1>>";
const extended: WorldOptions = {
  ...stamped(),
  pdf: {
    room: 3000,
    bodies: ([catalogue, ...rest]) => [catalogue!.replace(/>>$/, `/Extensions<<${adbe}>>>>`), ...rest],
  },
};
const storedBehind = (change: (catalogue: string) => string) => (whole: Buffer) =>
  withStore(whole, [authority.certificate], { catalogue: change });
file(
  "level-store-joins-extensions",
  genuine,
  "The base has /Extensions of its own; with the store /ESIC joins them.",
  "Allowing /Extensions only where there were none.",
  extended,
  storedBehind((usual) => usual.replace(adbe, adbe + esic)),
);
file(
  "addition-extension-changed",
  bad("file", "content-appended"),
  "/ESIC joins, and the extension that was there gets another level.",
  "Looking only at the names of the extensions.",
  extended,
  storedBehind((usual) => usual.replace(adbe, adbe.replace("3", "8") + esic)),
);
file(
  "addition-extension-replaced",
  bad("file", "content-appended"),
  "/ESIC takes the place of the extension that was there.",
  "Not asking what is gone.",
  extended,
  storedBehind((usual) => usual.replace(adbe, esic)),
);
file(
  "addition-carriage-return",
  bad("file", "file-cut"),
  "The last addition ends with a carriage return and no line feed: no line end of this format.",
  "Trimming white space.",
  stamped(),
  (whole) => withStore(whole, [authority.certificate], { end: "\r" }),
);
file(
  "level-carriage-return-line-feed",
  genuine,
  "Carriage return and line feed are one line end.",
  "Allowing one byte only.",
  stamped(),
  (whole) => withStore(whole, [authority.certificate], { end: "\r\n" }),
);
file(
  "level-spaces-before-addition",
  genuine,
  "White space between the base and the addition.",
  "Wanting the first object at once.",
  stamped(),
  (whole) => withObjects(whole, [[1, bodyOf(whole, 1).replace(/>>$/, "/DSS<</Type/DSS>>>>")]], { lead: " \n\n" }),
);
file(
  "addition-fills-void-in-trailer",
  bad("file", "content-appended"),
  "The sealed trailer names a document information that is not there; the addition's stream takes its number.",
  "Looking for what is missing only in objects.",
  { ...stamped(), pdf: { room: 3000, trailer: "/Info 8 0 R" } },
  stored,
);

// Tokens
const unreadable = seq(octets(Buffer.from("no certificate")));
const filler = (count: number) => Array.from({ length: count }, (_, i) => makeAuthority(`filler ${i}`).certificate);
const many = (count: number): WorldOptions => ({
  ...stamped({ carried: [...filler(count - 1), authority.certificate] }),
  pdf: { room: 8000 },
});
file(
  "time-stamp-unreadable-certificate",
  genuine,
  "The token carries something beside the authority's certificate that is no certificate.",
  "Reading certificates that nothing hangs on.",
  stamped({ carried: [unreadable, authority.certificate] }),
);
file(
  "time-stamp-eight-certificates",
  genuine,
  "The token carries eight certificates, the authority's last.",
  "Reading only the first.",
  many(8),
);
file(
  "time-stamp-nine-certificates",
  bad("seal", "time-stamp-wrong"),
  "One certificate more than eight.",
  "Work without a limit.",
  many(9),
);
const strangersSerial = seq(seq(seq(octets(Buffer.from("a stranger")))), octets(Buffer.of(1, 2, 3)));
file(
  "time-stamp-rogue-issuer-serial",
  genuine,
  "Behind the hash in the token's attribute stands an IssuerSerial of somebody else: the hash alone names.",
  "Comparing what the hash makes needless, or breaking over it.",
  stamped({
    attributes: ([type, digest]) => [
      type!,
      digest!,
      seq(
        oid("1.2.840.113549.1.9.16.2.47"),
        set(seq(seq(seq(octets(sha256(authority.certificate)), strangersSerial)))),
      ),
    ],
  }),
);

// The issuer's answer
const beside = (id: string, expected: Expectation, teaches: string, members: Record<string, unknown>) =>
  add("file", id, expected, teaches, "Reading answers of another form as if they were this page's.", {}, (world) => {
    world.recorded.beside = { [w.urlOf(w.issuer)]: members };
  });
beside("receipt-with-level", genuine, "Beside the receipt stands the level of the issuer's file.", { level: "B-LTA" });
const outage = unsure("receipt", "issuer-unreachable");
beside("receipt-with-unknown-level", outage, "Beside the receipt stands a level that does not exist.", { level: "B-X" });
beside("receipt-with-further-member", outage, "Beside receipt and level stands a third member.", {
  level: "B-B",
  standing: "valid",
});

// Codes
const day = 2026_11_21;
/** Figures of each kind that has no case of its own elsewhere, in the order of FORMAT.md §4. */
const figures: Record<string, (number | null)[]> = {
  "loan-elsewhere": [12_345_678, 850_000, 204_000, 2023_12, 2026_11, 1],
  "unit-deposit": [128, 7, 26_112_000, 2026_10, 1, 26_112_000],
  "deposit-detail": [10_000_000, 2_448_000, 102_322, 12_345_678, 14, 2025_12, 2026_11],
  "loan-settled": [50_000_000, 240, 2006_11_22, day],
  "loan-repayments": [31_234_567, 36, 5_400_000, 2_345_678, 0, 2026_11_15],
  "loan-schedule": [31_234_567, 204, 215_300, 9_876_543, 2026_12_15, 2043_11_15],
};
const code = (id: string, expected: Expectation, kind: string, list: (number | null)[], teaches: string, catches: string) =>
  add("qr", id, expected, teaches, catches, { summary: { kind, figures: list } });
for (const [kind, list] of Object.entries(figures))
  code(`qr-${kind}`, genuine, kind, list, `A code of the kind ${kind}.`, "Knowing one kind only.");
code(
  "qr-unknown-kind",
  genuine,
  "of-tomorrow",
  [1, null, 2026_13],
  "A kind that this version of the format does not name: its figures are shown without names.",
  "Refusing what a later version may bring, or taking its figures for those of another kind.",
);
const malformed = bad("qr", "qr-malformed");
code(
  "qr-too-few-figures",
  malformed,
  "deposit",
  [12_345_678, 850_000, 102_000, 102_000, 36],
  "A figure is missing: those behind it would be shown under wrong names.",
  "Naming figures without counting them.",
);
code(
  "qr-month-thirteen",
  malformed,
  "deposit",
  [12_345_678, 850_000, 102_000, 102_000, 36, 2026_13],
  "A month that no year has.",
  "Showing months without looking at them.",
);
code(
  "qr-day-not-in-calendar",
  malformed,
  "loan-settled",
  [50_000_000, 240, 2006_11_22, 2026_02_29],
  "A day that the year does not have.",
  "Showing days without looking at them.",
);
