// What follows the seal and may not: every attack on what is seen, and every departure from the form of additions.
import { bodyOf, sizeOf, streamOf, tableOf, withObjects, withStamp, withStore } from "../verify/additions-maker.ts";
import type { StampOptions, StoreOptions } from "../verify/additions-maker.ts";
import { makeToken } from "../verify/tokens.ts";
import { octets, seq } from "../verify/maker.ts";
import type { Bytes } from "../verify/maker.ts";
import { add, bad, latin1, replaced } from "./case.ts";
import type { Code } from "../../service/src/verify/messages.ts";
import { archived, authority, listed, stamped, stored } from "./cases-levels.ts";

function behind(id: string, code: Code, teaches: string, catches: string, build: (file: Buffer) => Bytes): void {
  add("file", id, bad("file", code), teaches, catches, stamped(), (world) => {
    listed(world);
    return { file: Uint8Array.from(build(world.pdf)) };
  });
}
const token = (covered: Bytes) => makeToken(covered, { authority });
const stampedWith = (file: Bytes, options: StampOptions) => withStamp(file, token, options);
const storedWith = (file: Bytes, options: StoreOptions) => withStore(file, [authority.certificate], options);
const archivedBehind = (file: Bytes, lead: string) => stampedWith(stored(file), { lead });
const picture = "BT /F 12 Tf 72 720 Td (another amount) Tj ET";
const changedBody = (file: Bytes, number: number, from: string | RegExp, to: string) =>
  withObjects(file, [[number, bodyOf(file, number).replace(from, to)]]);

// What is seen
behind(
  "addition-other-contents",
  "content-appended",
  "The page gets other contents.",
  "Allowing the page because a time-stamp may join its annotations.",
  (file) =>
    withObjects(file, [
      [8, streamOf(Buffer.from(picture))],
      [3, bodyOf(file, 3).replace("/Contents 4 0 R", "/Contents 8 0 R")],
    ]),
);
behind(
  "addition-content-as-certificate",
  "content-appended",
  "The store names the page's content stream as a certificate, and the addition replaces it by DER.",
  "Allowing every object that a store names.",
  (file) => withObjects(file, [
    [4, streamOf(authority.certificate)],
    [8, "<</Type/DSS/Certs[4 0 R]>>"],
    [1, bodyOf(file, 1).replace(/>>$/, "/DSS 8 0 R>>")],
  ]),
);
behind(
  "addition-font-as-store",
  "store-wrong",
  "The store takes the number of the page's font.",
  "Allowing every object that looks like a store.",
  (file) => withObjects(file, [
    [5, "<</Type/DSS/Certs[]>>"],
    [1, bodyOf(file, 1).replace(/>>$/, "/DSS 5 0 R>>")],
  ]),
);
behind(
  "addition-appearance",
  "content-appended",
  "The seal's field gets a picture.",
  "Allowing fields to change.",
  (file) =>
    withObjects(file, [
      [8, streamOf(Buffer.from(picture), "/Type/XObject/Subtype/Form/BBox[0 0 595 842]")],
      [6, bodyOf(file, 6).replace(/\/Rect.*$/, "/Rect[0 0 595 842]/AP<</N 8 0 R>>/V 7 0 R>>")],
    ]),
);
behind(
  "document-time-stamp-appearance",
  "document-time-stamp-wrong",
  "The document time-stamp's field has a picture of its own.",
  "Looking at the time-stamp and not at its widget.",
  (file) =>
    stampedWith(file, {
      field: (usual) => usual.replace(">>", "/AP<</N 10 0 R>>>>"),
      more: (next) => [[next, streamOf(Buffer.from(picture), "/Type/XObject/Subtype/Form/BBox[0 0 595 842]")]],
    }),
);
behind(
  "document-time-stamp-rectangle",
  "document-time-stamp-wrong",
  "The document time-stamp's field has an area: readers draw a picture of their own there.",
  "Not looking at the rectangle.",
  (file) => stampedWith(file, { field: (usual) => usual.replace("/Rect[0 0 0 0]", "/Rect[0 0 595 842]") }),
);
behind(
  "addition-fields-order",
  "content-appended",
  "The new field stands before the seal's.",
  "Comparing fields as a set.",
  (file) => stampedWith(file, { catalogue: (usual) => usual.replace("[6 0 R 8 0 R]", "[8 0 R 6 0 R]") }),
);
behind(
  "addition-second-page",
  "content-appended",
  "A second page.",
  "Looking only at the first page.",
  (file) =>
    withObjects(file, [
      [2, "<</Type/Pages/Kids[3 0 R 8 0 R]/Count 2>>"],
      [8, bodyOf(file, 3).replace("/Annots[6 0 R]", "")],
    ]),
);
behind(
  "addition-hides-annotation",
  "content-appended",
  "The seal's own annotation is gone from the page.",
  "Looking only for what was added.",
  (file) => stampedWith(file, { page: (usual) => usual.replace("[6 0 R 8 0 R]", "[8 0 R]") }),
);
behind(
  "addition-other-pages",
  "content-appended",
  "The catalogue names another tree of pages.",
  "Allowing the catalogue because the store stands there.",
  (file) =>
    storedWith(file, {
      catalogue: (usual) => usual.replace("/Pages 2 0 R", "/Pages 10 0 R"),
      more: (next) => [[next, "<</Type/Pages/Kids[3 0 R]/Count 1>>"]],
    }),
);
behind(
  "addition-open-action",
  "content-appended",
  "The catalogue gets a script that runs on opening.",
  "Allowing the catalogue because the store stands there.",
  (file) =>
    storedWith(file, { catalogue: (usual) => usual.replace(/>>$/, "/OpenAction<</S/JavaScript/JS(app.alert\\(1\\))>>>>") }),
);
behind(
  "addition-link",
  "content-appended",
  "A link joins the page's annotations.",
  "Allowing whatever joins the annotations.",
  (file) =>
    withObjects(file, [
      [3, bodyOf(file, 3).replace("[6 0 R]", "[6 0 R 8 0 R]")],
      [8, "<</Type/Annot/Subtype/Link/Rect[0 0 595 842]/A<</S/URI/URI(https://evil.example/)>>>>"],
    ]),
);
behind(
  "addition-second-annotation",
  "content-appended",
  "With the time-stamp's field another annotation joins the page.",
  "Looking only at the last one that joined.",
  (file) =>
    stampedWith(file, {
      page: (usual) => usual.replace("[6 0 R 8 0 R]", "[6 0 R 10 0 R 8 0 R]"),
      more: (next) => [[next, "<</Type/Annot/Subtype/Square/Rect[0 0 595 842]/IC[1 1 1]>>"]],
    }),
);
behind(
  "addition-inherited",
  "content-appended",
  "The form gets a default appearance.",
  "Comparing only /Fields in the form.",
  (file) => changedBody(file, 1, "/SigFlags 3", "/SigFlags 3/NeedAppearances true"),
);
behind(
  "addition-extension",
  "content-appended",
  "Extensions of another name.",
  "Allowing everything below /Extensions.",
  (file) => storedWith(file, { catalogue: (usual) => usual.replace(/>>$/, "/Extensions<</EVIL<</BaseVersion/1.7>>>>>>") }),
);
behind(
  "addition-object-of-nobody",
  "content-appended",
  "Beside the store an object that nothing names.",
  "Following references from the catalogue and not looking at the rest.",
  (file) => storedWith(file, { more: (next) => [[next, "<</Type/Whatever>>"]] }),
);
behind(
  "addition-second-seal",
  "document-time-stamp-wrong",
  "The new field's value is another seal.",
  "Taking any signature for a time-stamp.",
  (file) => stampedWith(file, { dictionary: (usual) => usual.replace("/DocTimeStamp", "/Sig") }),
);

add(
  "file",
  "addition-fills-void",
  bad("file", "content-appended"),
  "The sealed page names a content stream that is not there; the store brings it, as DER with a picture inside.",
  "Comparing what is there and not what is missing.",
  { ...stamped(), pdf: { room: 3000, bodies: (usual) => usual.map((b) => b.replace("/Contents 4 0 R", "/Contents[4 0 R 8 0 R]")) } },
  (world) => {
    listed(world);
    return { file: Uint8Array.from(withStore(world.pdf, [seq(octets(Buffer.from(`\n${picture}\n`)))])) };
  },
);

// The form of additions
const tail = "behind the last addition";
behind("addition-bytes-after", "content-appended", `A space ${tail}.`, "Trimming.", (file) =>
  Buffer.concat([archived(file), Buffer.from(" ")]),
);
behind("addition-comment-after", "content-appended", `A comment ${tail}.`, "Skipping comments.", (file) =>
  Buffer.concat([archived(file), Buffer.from("% hello\n")]),
);
behind(
  "addition-gap",
  "content-appended",
  "Bytes between two additions that belong to none.",
  "Jumping from table to table by /Prev.",
  (file) => archivedBehind(file, "hello\n"),
);
behind(
  "addition-object-hidden",
  "content-appended",
  "An object of the addition that the table does not name.",
  "Reading only what the table names.",
  (file) => archivedBehind(file, "4 0 obj\n<</Length 2>>stream\nq \nendstream\nendobj\n"),
);
behind(
  "addition-overlap",
  "content-appended",
  "The table of the second addition names an object where the first has it.",
  "Following the table without asking where objects end.",
  (file) => {
    const first = stored(file);
    const place = String(latin1(first).lastIndexOf("10 0 obj")).padStart(10, "0");
    return withObjects(first, [[1, bodyOf(first, 1)]], { table: (usual) => `${usual}10 1\n${place} 00000 n \n` });
  },
);
behind("addition-entry-elsewhere", "content-appended", "The table names the store one byte off.", "Searching nearby.", (file) =>
  storedWith(file, { table: (usual) => usual.replace(/(\d{9})(\d)( 00000 n \n)$/, (_, a: string, b: string, c: string) => `${a}${(Number(b) + 1) % 10}${c}`) }),
);
behind("addition-free-entry", "content-appended", "The table frees an object of the base.", "Ignoring free entries.", (file) =>
  storedWith(file, { table: (usual) => usual.replace("\n8 2", "\n6 1\n0000000000 00001 f \n8 2") }),
);
behind("addition-prev-wrong", "content-appended", "/Prev names another place.", "Not reading /Prev.", (file) =>
  storedWith(file, { prev: tableOf(file) + 1 }),
);
behind("addition-prev-skips", "content-appended", "/Prev of the second addition skips the first.", "Not comparing /Prev.", (file) => {
  const first = stored(file);
  return stampedWith(first, { prev: tableOf(file) });
});
behind("addition-size-wrong", "content-appended", "/Size is too large.", "Not reading /Size.", (file) =>
  storedWith(file, { size: sizeOf(file) + 9 }),
);
behind("addition-root-other", "content-appended", "The trailer names another catalogue.", "Not reading /Root.", (file) =>
  withObjects(file, [[8, bodyOf(file, 1)]], { root: "8 0 R" }),
);
behind("addition-encrypt", "content-appended", "The trailer has /Encrypt.", "Not looking for other keys.", (file) =>
  storedWith(file, { trailer: "/Encrypt<</Filter/Standard>>" }),
);
behind("addition-numbers-with-gap", "content-appended", "An object's number leaves some out.", "Allowing any number.", (file) =>
  withObjects(file, [
    [12, "<</Type/DSS>>"],
    [1, bodyOf(file, 1).replace(/>>$/, "/DSS 12 0 R>>")],
  ]),
);
behind("addition-generation", "content-appended", "An object of generation 1.", "Not reading generations.", (file) => {
  const good = changedBody(file, 1, />>$/, "/DSS<</Type/DSS>>>>");
  return replaced(good.subarray(0), "\n1 0 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/SigFlags 3>>/DSS", "\n1 1 obj\n<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[6 0 R]/SigFlags 3>>/DSS");
});
behind("addition-without-line-end", "file-cut", "The last byte is missing: the line end of the addition.", "Trimming.", (file) =>
  storedWith(file, { end: "" }),
);
behind("addition-empty", "content-appended", "An addition without objects.", "Allowing what does nothing.", (file) =>
  withObjects(file, [], { zero: true }),
);
behind("addition-cut", "file-cut", "The file breaks off in the store.", "Verifying what is there.", (file) => {
  const whole = stored(file);
  return whole.subarray(0, file.length + 300);
});
behind("additions-too-many", "content-appended", "One addition more than thirty-two.", "Work without a limit.", (file) => {
  let out: Buffer = file;
  for (let i = 0; i < 33; i++) out = changedBody(out, 1, "nothing", "");
  return out;
});

// The store
behind("store-not-der", "store-wrong", "A stream of the store is no DER.", "Not looking at what is stored.", (file) =>
  withStore(file, [Buffer.from(picture)]),
);
behind("store-der-and-more", "store-wrong", "Behind the DER in a stream stands more.", "Reading the first value only.", (file) =>
  withStore(file, [Buffer.concat([authority.certificate, Buffer.from(picture)])]),
);
behind("store-stream-filter", "store-wrong", "A stream of the store has a filter.", "Ignoring unknown keys.", (file) =>
  storedWith(file, { entries: "/Filter/FlateDecode" }),
);
behind("store-other-key", "store-wrong", "The store has /Filter.", "Ignoring unknown keys.", (file) =>
  storedWith(file, { store: (_, usual) => usual.replace(">>", "/Filter/FlateDecode>>") }),
);
behind("store-names-page", "store-wrong", "The store names the page as a certificate.", "Not asking what is named.", (file) =>
  storedWith(file, { store: ([first]) => `<</Type/DSS/Certs[${first} 0 R 3 0 R]>>` }),
);
behind("store-names-nothing", "store-wrong", "The store names an object that is not there.", "Not following.", (file) =>
  storedWith(file, { store: ([first]) => `<</Type/DSS/Certs[${first} 0 R 99 0 R]>>` }),
);
behind("store-forgets", "store-wrong", "The later store leaves out what the first named.", "Looking at each alone.", (file) =>
  withStore(stored(file), [authority.certificate], { store: ([first]) => `<</Type/DSS/Certs[${first} 0 R]>>` }),
);
behind("store-stream-replaced", "content-appended", "A later addition replaces a certificate of the store.", "Allowing all objects of additions to change.", (file) => {
  const first = stored(file);
  return withObjects(first, [[8, streamOf(authority.certificate)]]);
});

// The document time-stamp
behind("document-time-stamp-wider-hole", "document-time-stamp-wrong", "It leaves out more than its /Contents.", "Not comparing the hole.", (file) =>
  stampedWith(file, { range: (open, close, rest) => `${open - 9} ${close} ${rest}` }),
);
behind("document-time-stamp-not-to-end", "document-time-stamp-wrong", "It does not reach the end of its addition.", "Not comparing the end.", (file) =>
  stampedWith(file, { range: (open, close, rest) => `${open} ${close} ${rest - 7}` }),
);
behind("document-time-stamp-beyond", "document-time-stamp-wrong", "It claims bytes that the next addition brings.", "Comparing with the end of the file.", (file) =>
  withStore(stampedWith(file, { range: (open, close, rest) => `${open} ${close} ${rest + 1}` }), []),
);
behind("document-time-stamp-padding", "padding-not-zero", "A byte is hidden behind the token.", "Not looking at the padding.", (file) =>
  stampedWith(file, { padding: (digits) => digits.replace(/00$/, "01") }),
);
behind("document-time-stamp-capitals", "contents-wrong", "The token in capital digits.", "Two spellings of one file.", (file) =>
  stampedWith(file, { padding: (digits) => digits.toUpperCase() }),
);
behind("document-time-stamp-same-name", "document-time-stamp-wrong", "Its field has the seal's name: readers merge the two.", "Not comparing names.", (file) =>
  stampedWith(file, { name: "Seal" }),
);
behind("document-time-stamp-name-again", "document-time-stamp-wrong", "Two time-stamps of one name.", "Comparing with the seal's name only.", (file) =>
  stampedWith(stampedWith(file, { name: "Stamp" }), { name: "Stamp" }),
);
behind("document-time-stamp-sub-filter", "document-time-stamp-wrong", "Another SubFilter.", "Not reading it.", (file) =>
  stampedWith(file, { dictionary: (usual) => usual.replace("ETSI.RFC3161", "ETSI.CAdES.detached") }),
);
behind("document-time-stamp-not-in-form", "content-appended", "Its field is in no form.", "Taking any /DocTimeStamp that stands in the file.", (file) =>
  stampedWith(file, { catalogue: () => bodyOf(file, 1), page: () => bodyOf(file, 3) }),
);
behind("document-time-stamp-earlier-changed", "content-appended", "A second addition replaces the first time-stamp's dictionary.", "Allowing time-stamps to be replaced.", (file) => {
  const first = stampedWith(file, {});
  return withObjects(first, [[9, bodyOf(first, 9)]]);
});
behind("addition-byte-range-text", "content-appended", "Behind the end stands another /ByteRange.", "Searching the whole file for the last one.", (file) =>
  Buffer.concat([file, Buffer.from("/ByteRange[0 1 2 3]\n")]),
);
