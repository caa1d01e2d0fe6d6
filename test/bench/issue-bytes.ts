// How large a sealed certificate is: the whole file as a person gets it, and what is kept of it beside the template that all of
// a kind share. Bytes are the same on every machine but for the seal's reserve, so these figures need neither probe nor scaling.
import { certificateKinds } from "../../service/src/certificates/kinds/all.ts";
import { loadFonts } from "../../service/src/pdf/fonts.ts";
import { compileTemplate } from "../../service/src/pdf/template.ts";
import { makeKeys, makeRecords, openCertificates, sealProfile } from "./certificates.ts";
import type { BenchCertificates } from "./certificates.ts";
import type { Figure, FigureContext, OpenFigure } from "./figure.ts";
import { drawAndSeal } from "./seal-p256.ts";
import { openUsualWay } from "./usual-pdf.ts";

const baseline = ["pdf-lib + signpdf 的文件", "the file of pdf-lib and signpdf"] as const;

/** @param more bytes that count beside what is kept of the largest certificate */
async function open(
  { quick }: FigureContext,
  more: (bench: BenchCertificates) => number,
  notes: (largest: number) => Promise<readonly string[]>,
): Promise<OpenFigure> {
  const bench = await openCertificates(makeKeys());
  const records = makeRecords(quick ? 100 : 1000);
  const usual = openUsualWay(bench);
  const largest = Math.max(...records.map((record) => drawAndSeal(bench, record).suffix.length));
  const seen = await notes(largest);
  return {
    value: async () => largest + more(bench),
    baseline: async () => (await usual(records[0]!)).length,
    notes: () => seen,
  };
}

/** Bytes of each kind's template that takes one page: with what is kept of a certificate they make the file. */
async function templateSizes(): Promise<string[]> {
  const fonts = await loadFonts();
  return certificateKinds
    .filter(({ template }) => !template.table)
    .map(({ code, template }) => `${code} ${compileTemplate(template, fonts, sealProfile).prefix.length}`);
}

export const issueBytes: Figure = {
  name: "issue.bytes",
  what: ["缴存证明文件大小（B-B，一千份中最大）", "a deposit certificate's file at B-B, the largest of a thousand"],
  unit: "bytes",
  better: "lower",
  baseline,
  budget: { value: 40_000, asked: "a one-page kind at most 40 kB at B-B" },
  probes: [],
  open: (context) =>
    open(
      context,
      ({ template }) => template.prefix.length,
      async (largest) => [
        `templates of the kinds with one page: ${(await templateSizes()).join(", ")}; with ${largest} bytes of a certificate's own`,
      ],
    ),
};

export const issueStored: Figure = {
  name: "issue.stored",
  what: [
    "每份缴存证明保存的字节（B-B，一千份中最大）",
    "what is kept of a deposit certificate at B-B, the largest of a thousand",
  ],
  unit: "bytes",
  better: "lower",
  baseline,
  budget: { value: 18_000, asked: "at most 18 kB stored" },
  probes: [],
  open: (context) =>
    open(
      context,
      () => 0,
      async () => [],
    ),
};
