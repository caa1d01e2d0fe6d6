// What PDF/A-2 (ISO 19005-2) asks of every file beside what is drawn: a colour profile that says what our RGB numbers mean,
// and metadata as XMP that agrees with the document's information.

/** Level A: tagged, with a language, all text as Unicode. */
const CONFORMANCE = { part: 2, level: "A" } as const;
export const PRODUCER = "Cunzheng";

/** What is said about a document: its title, and who issued it. */
export interface About {
  readonly title: string;
  readonly author: string;
}

/** The XMP packet in UTF-8. */
export function metadata({ title, author }: About): Buffer {
  const text =
    `<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta xmlns:x="adobe:ns:meta/">` +
    `<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description rdf:about="" ` +
    `xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:pdf="http://ns.adobe.com/pdf/1.3/" ` +
    `xmlns:pdfaid="http://www.aiim.org/pdfa/ns/id/" pdfaid:part="${CONFORMANCE.part}" ` +
    `pdfaid:conformance="${CONFORMANCE.level}" pdf:Producer="${PRODUCER}">` +
    `<dc:title><rdf:Alt><rdf:li xml:lang="x-default">${escaped(title)}</rdf:li></rdf:Alt></dc:title>` +
    `<dc:creator><rdf:Seq><rdf:li>${escaped(author)}</rdf:li></rdf:Seq></dc:creator>` +
    `</rdf:Description></rdf:RDF></x:xmpmeta><?xpacket end="r"?>`;
  return Buffer.from(text, "utf8");
}

function escaped(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
}

type Xyz = readonly [number, number, number];
/** The white of the profile connection space (ICC.1:2001 §A.1), and the primaries of sRGB (IEC 61966-2-1) adapted to it. */
const WHITE: Xyz = [0.9642, 1, 0.8249];
const RED: Xyz = [0.43607, 0.22249, 0.01392];
const GREEN: Xyz = [0.38515, 0.71687, 0.09708];
const BLUE: Xyz = [0.14307, 0.06061, 0.7141];
/** Points of the tone curve, between which readers interpolate. */
const CURVE_POINTS = 64;
const HEADER_LENGTH = 128;

/** A minimal ICC profile of sRGB, version 2: three primaries, one tone curve. */
export function colourProfile(): Buffer {
  const parts: [names: readonly string[], data: Buffer][] = [
    [["desc"], description("sRGB")],
    [["cprt"], Buffer.concat([tagHead("text"), Buffer.from("Public domain\0", "latin1")])],
    [["wtpt"], xyz(WHITE)],
    [["rXYZ"], xyz(RED)],
    [["gXYZ"], xyz(GREEN)],
    [["bXYZ"], xyz(BLUE)],
    [["rTRC", "gTRC", "bTRC"], toneCurve()],
  ];
  const count = parts.reduce((sum, [names]) => sum + names.length, 0);
  const entries: Buffer[] = [];
  let at = HEADER_LENGTH + 4 + 12 * count;
  for (const [names, data] of parts) {
    for (const name of names) entries.push(Buffer.concat([Buffer.from(name, "latin1"), u32(at), u32(data.length)]));
    at += padded(data).length;
  }
  const header = Buffer.alloc(HEADER_LENGTH);
  header.writeUInt32BE(at, 0);
  header.writeUInt32BE(0x02100000, 8);
  header.write("mntrRGB XYZ ", 12, "latin1");
  header.writeUInt16BE(2026, 24);
  header.writeUInt16BE(1, 26);
  header.writeUInt16BE(1, 28);
  header.write("acsp", 36, "latin1");
  xyz(WHITE).copy(header, 68, 8);
  return Buffer.concat([header, u32(count), ...entries, ...parts.map(([, data]) => padded(data))]);
}

function toneCurve(): Buffer {
  const curve = Buffer.alloc(2 * CURVE_POINTS);
  for (let i = 0; i < CURVE_POINTS; i++) {
    const value = i / (CURVE_POINTS - 1);
    const linear = value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
    curve.writeUInt16BE(Math.round(65_535 * linear), 2 * i);
  }
  return Buffer.concat([tagHead("curv"), u32(CURVE_POINTS), curve]);
}

/** A text description (§6.5.17): in ASCII, without the Unicode and Macintosh forms, whose room stays. */
function description(text: string): Buffer {
  const ascii = Buffer.from(`${text}\0`, "latin1");
  return Buffer.concat([tagHead("desc"), u32(ascii.length), ascii, Buffer.alloc(4 + 4 + 2 + 1 + 67)]);
}

function xyz(values: Xyz): Buffer {
  return Buffer.concat([tagHead("XYZ "), ...values.map((value) => u32(Math.round(value * 65_536)))]);
}

function tagHead(type: string): Buffer {
  return Buffer.concat([Buffer.from(type, "latin1"), Buffer.alloc(4)]);
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function padded(data: Buffer): Buffer {
  return Buffer.concat([data, Buffer.alloc(-data.length & 3)]);
}
