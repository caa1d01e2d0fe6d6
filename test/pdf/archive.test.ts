// What makes a certificate fit for archives and for those who hear it read, checked with poppler's eyes. That the files are
// PDF/A-2a was checked with veraPDF (org.verapdf:validation-model 1.28.2) when the form was made.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { colourProfile, metadata } from "../../service/src/pdf/archive.ts";
import { missing, run } from "../helpers/tools.ts";
import { authority, CENTRE, depositTemplate, draw, file } from "./sample.ts";

const folder = mkdtempSync(path.join(tmpdir(), "cunzheng-archive-"));
afterAll(() => rmSync(folder, { recursive: true }));
const location = path.join(folder, "deposit.pdf");
const template = await depositTemplate();
writeFileSync(location, file(template, authority().sealer, draw(template)));

describe("a certificate in an archive", () => {
  it.skipIf(missing("pdfinfo"))("says the same in its information and its metadata", () => {
    const information = run("pdfinfo", [location]);
    const xmp = run("pdfinfo", ["-meta", location]);
    expect(information).toMatch(/Title: +个人住房公积金缴存证明\n/);
    expect(information).toMatch(new RegExp(`Author: +${CENTRE}\\n`));
    for (const said of ["个人住房公积金缴存证明", CENTRE, 'pdf:Producer="Cunzheng"', 'pdfaid:part="2"'])
      expect(xmp).toContain(said);
  });

  it.skipIf(missing("pdfinfo"))("is read aloud from the heading to the notes, each label with its value", () => {
    expect(run("pdfinfo", [location])).toMatch(/Tagged: +yes/);
    const heard = run("pdfinfo", ["-struct-text", location]).replace(/[\s"]+|\(block\)/g, "");
    const order = ["H1个人住房公积金缴存证明", "姓　　名符海棠", "个人账号460100012345678", "特此证明", "扫码核验"];
    const places = order.map((words) => heard.indexOf(words.replace(/\s/g, "")));
    expect(places).not.toContain(-1);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(run("pdfinfo", ["-struct", location])).toMatch(/Figure[\s\S]*Form/);
  });

  it.skipIf(missing("qpdf"))("is a file without fault for qpdf", () => {
    expect(run("qpdf", ["--check", location])).toContain("No syntax or stream encoding errors");
  });
});

describe("what PDF/A asks for", () => {
  it("is a colour profile whose parts lie where its table says", () => {
    const profile = colourProfile();
    expect(profile.readUInt32BE(0)).toBe(profile.length);
    expect(profile.toString("latin1", 12, 24)).toBe("mntrRGB XYZ ");
    expect(profile.toString("latin1", 36, 40)).toBe("acsp");
    const tags = Array.from({ length: profile.readUInt32BE(128) }, (_, i) => 132 + 12 * i);
    expect(tags.map((at) => profile.toString("latin1", at, at + 4)).join()).toBe(
      "desc,cprt,wtpt,rXYZ,gXYZ,bXYZ,rTRC,gTRC,bTRC",
    );
    for (const at of tags) {
      expect(profile.readUInt32BE(at + 4) % 4).toBe(0);
      expect(profile.readUInt32BE(at + 4) + profile.readUInt32BE(at + 8)).toBeLessThanOrEqual(profile.length);
    }
  });

  it("is metadata in which a name cannot break the markup", () => {
    const text = metadata({ title: "证明", author: "A & B <中心>" }).toString("utf8");
    expect(text).toContain("A &amp; B &lt;中心>");
  });
});
