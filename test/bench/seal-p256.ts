// Certificates that one core draws and seals in memory: the face filled in, the signed QR summary, the PDF, its P-256 seal.
// Counted by processor time, which is the same as the clock's on an idle machine and does not suffer from neighbours.
import { faceOf, qrDigits } from "../../service/src/certificates/record.ts";
import { depositKind } from "../../service/src/certificates/kinds/deposit.ts";
import type { Sealed } from "../../service/src/sealing/seal.ts";
import { makeKeys, makeRecords, now, openCertificates, publicUrl } from "./certificates.ts";
import type { BenchCertificates, PreparedRecord } from "./certificates.ts";
import { processorMilliseconds } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { openUsualWay } from "./usual-pdf.ts";

/** Draws and seals one certificate as service/src/certificates/certificate.ts does, without the database around it. */
export function drawAndSeal(bench: BenchCertificates, { record, recordDigest }: PreparedRecord): Sealed {
  const { certificates, template } = bench;
  const drawing = template.draw(
    depositKind.values(faceOf(record)),
    { url: `${publicUrl}/v#`, digits: qrDigits(certificates, depositKind, record, recordDigest) },
    now,
    recordDigest.subarray(0, 16),
  );
  return certificates.sealer.seal(drawing);
}

export const sealP256: Figure = {
  name: "seal.p256",
  what: [
    "单核内存中制证并用印（按处理器时间）",
    "certificates drawn and sealed in memory, one core by processor time, P-256",
  ],
  unit: "certificates/s",
  better: "higher",
  baseline: [
    "pdf-lib + fontkit + qrcode + signpdf（P-256）",
    "pdf-lib, fontkit, qrcode and signpdf with a P-256 signer",
  ],
  budget: {
    asked: "at most 4 times the raw time of its two P-256 signatures, and 300 times as fast as pdf-lib",
    beside: ({ baseline, probes }) => Math.max(300 * baseline, 1e6 / (4 * 2 * probes.p256!)),
  },
  probes: ["p256"],
  async open({ quick }) {
    const bench = await openCertificates(makeKeys());
    const records = makeRecords(1000);
    const count = quick ? 500 : 5000;
    const usual = openUsualWay(bench);
    let bytes = 0;
    let usualBytes = 0;
    let next = 0;
    return {
      async value() {
        const elapsed = await processorMilliseconds(() => {
          for (let i = 0; i < count; i++) bytes = drawAndSeal(bench, records[i % records.length]!).suffix.length;
        });
        return (1000 * count) / elapsed;
      },
      async baseline() {
        const each = quick ? 2 : 6;
        const elapsed = await processorMilliseconds(async () => {
          for (let i = 0; i < each; i++) usualBytes = (await usual(records[next++ % records.length]!)).length;
        });
        return (1000 * each) / elapsed;
      },
      notes: () => [
        `a file of ${bench.template.prefix.length + bytes} bytes, of which ${bytes} are kept; the baseline's ${usualBytes} bytes`,
      ],
    };
  },
};
