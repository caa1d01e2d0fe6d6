// What must pass, and what happens to files.
import { p256 } from "../verify/keys.ts";
import { ecSigner, makeCertificate } from "../verify/maker.ts";
import * as w from "../verify/world.ts";
import { add, edit, latin1, replaced, eachList, keyOf, bad } from "./case.ts";

// What must pass
add(
  "file",
  "genuine",
  ["genuine", "standing", "valid"],
  "A good certificate, anchored and witnessed.",
  "A verifier that is too strict.",
);
add(
  "file",
  "genuine-signed-just-in-time",
  ["genuine", "trust", "key-trusted"],
  "The key was distrusted after the certificate existed: it stays valid.",
  "Judging by today's trust instead of trust at the time of existence.",
  {},
  (world) =>
    eachList(world, (list) => {
      keyOf(list, "seal").distrustedSince = w.anchoredAt + 60;
    }),
);
add(
  "file",
  "genuine-named-intermediate",
  ["genuine", "seal", "seal-good"],
  "A second certificate may be carried when signing-certificate-v2 names it.",
  "Demanding exactly one certificate.",
  { cms: { others: [makeCertificate(ecSigner(p256("intermediate")), { name: "intermediate" })] } },
);
add(
  "file",
  "genuine-one-proxy-away",
  ["genuine", "anchor", "anchored-on-chain"],
  "Two of three centres answer: that is enough.",
  "Needing all centres.",
  {},
  (world) => {
    delete world.recorded.chain[w.urlOf("C37170")];
    delete world.recorded.trustLists[w.urlOf("C63010")];
  },
);
add(
  "file",
  "genuine-one-proxy-lies",
  ["genuine", "anchor", "anchored-on-chain-one-differs"],
  "One of four centres reads another root: the others outvote it and it is named.",
  "Believing the last answer, or failing for one liar.",
  {},
  (world) => {
    world.recorded.chain[w.urlOf("C37170")]!.anchors[0]!.root = "ab".repeat(32);
  },
);

// Changes to the file
add(
  "file",
  "byte-changed-in-text",
  bad("seal", "content-changed"),
  "One letter of the page changed.",
  "Checking the signature over the attributes and not the digest in them.",
  {},
  ({ pdf }) => ({ file: replaced(pdf, "deposit", "depcsit") }),
);
add("file", "cut", bad("file", "file-cut"), "The last bytes are missing.", "Hashing what is there.", {}, ({ pdf }) => ({
  file: pdf.subarray(0, pdf.length - 40),
}));
add(
  "file",
  "appended-bytes",
  bad("file", "content-appended"),
  "One space after the end.",
  "Not comparing the ByteRange with the length of the file.",
  {},
  ({ pdf }) => ({ file: Buffer.concat([pdf, Buffer.from(" ")]) }),
);
add(
  "file",
  "appended-revision",
  bad("file", "content-appended"),
  "An incremental update draws another page over the sealed one.",
  "Reporting the old revision as valid while readers show the new one.",
  {},
  ({ pdf }) => {
    const text = latin1(pdf);
    const object = "4 0 obj\n<</Length 8>>stream\nBT ET Q \nendstream\nendobj\n";
    const xref = text.length + object.length;
    const update = `${object}xref\n4 1\n${String(text.length).padStart(10, "0")} 00000 n \ntrailer\n<</Size 8/Root 1 0 R/Prev ${text.lastIndexOf("xref\n0")}>>\nstartxref\n${xref}\n%%EOF\n`;
    return { file: Buffer.from(text + update, "latin1") };
  },
);
add(
  "file",
  "padding-not-zero",
  bad("file", "padding-not-zero"),
  "A byte is hidden behind the CMS.",
  "Not looking at the padding, which no signature covers.",
  {
    pdf: {
      padding: (zeros) =>
        edit(zeros, (copy) => {
          copy[copy.length - 1] = 1;
        }),
    },
  },
);
add(
  "file",
  "capital-digits",
  bad("file", "contents-wrong"),
  "The CMS in capital hexadecimal digits.",
  "Two spellings of one file.",
  {},
  ({ pdf }) => {
    const at = latin1(pdf).indexOf("/Contents<");
    return {
      file: edit(pdf, (copy) =>
        copy.write(copy.toString("latin1", at + 10, at + 200).toUpperCase(), at + 10, "latin1"),
      ),
    };
  },
);
add(
  "file",
  "two-byte-ranges",
  bad("file", "several-seals"),
  "A second /ByteRange in the page's text.",
  "Taking the first or the last that a search finds.",
  { pdf: { text: "/ByteRange[0 1 2 3]" } },
);
add(
  "file",
  "escaped-byte-range",
  bad("file", "pdf-malformed"),
  "A second signature dictionary spells its key /Byte#52ange.",
  "Searching for text where PDF readers decode names.",
  { pdf: { objects: ["8 0 obj\n<</Type/S#69g/Byte#52ange[0 1 2 3]/Contents<00>>>\nendobj\n"] } },
);
add(
  "file",
  "byte-range-five-numbers",
  bad("file", "byte-range-wrong"),
  "A ByteRange of three ranges leaves a second hole.",
  "Reading only the first four numbers.",
  { pdf: { byteRange: (open, close, rest) => `/ByteRange[0 ${open} ${close} ${rest} ${close} 0]` } },
);
add(
  "file",
  "byte-range-not-from-zero",
  bad("file", "byte-range-wrong"),
  "The first byte is not covered.",
  "Not demanding that the range begins at 0.",
  { pdf: { byteRange: (open, close, rest) => `/ByteRange[1 ${open - 1} ${close} ${rest}]` } },
);
add(
  "file",
  "byte-range-wider-hole",
  bad("file", "byte-range-wrong"),
  "The hole begins before /Contents.",
  "Not demanding that the hole is exactly the value of /Contents.",
  { pdf: { byteRange: (open, close, rest) => `/ByteRange[0 ${open - 9} ${close} ${rest}]` } },
);
add(
  "file",
  "hidden-object",
  bad("file", "pdf-malformed"),
  "An object that the cross-reference table does not name.",
  "Letting repairing readers show what strict ones do not.",
  {},
  ({ pdf }) => {
    const text = latin1(pdf);
    const at = text.lastIndexOf("5 0 obj");
    return {
      file: Buffer.from(
        `${text.slice(0, at)}9 0 obj\n<<>>\nendobj\n${text.slice(at)}`.replace(
          /\/ByteRange\[0 (\d+) (\d+) (\d+)\]/,
          (_, a: string, b: string, c: string) => `/ByteRange[0 ${Number(a) + 20} ${Number(b) + 20} ${c}]`,
        ),
        "latin1",
      ),
    };
  },
);
add("file", "two-fields", bad("file", "seal-field-wrong"), "The form has two fields.", "Looking only at the first.", {
  pdf: { fields: "6 0 R 8 0 R", objects: ["8 0 obj\n<</FT/Tx/T(a)>>\nendobj\n"] },
});
add(
  "file",
  "no-seal",
  bad("file", "no-seal"),
  "A PDF without a signature.",
  "Reporting an error where a verdict is due.",
  { pdf: { byteRange: () => "" } },
);
add("file", "not-a-pdf", bad("file", "not-a-pdf"), "Some text.", "Throwing.", {}, () => ({
  file: Buffer.from("deposit certificate\n"),
}));
add(
  "file",
  "sub-filter-pkcs7",
  bad("file", "seal-kind-not-allowed"),
  "adbe.pkcs7.detached is another kind of signature.",
  "Not reading SubFilter.",
  { pdf: { subFilter: "adbe.pkcs7.detached" } },
);
