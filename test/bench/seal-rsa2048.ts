// Certificates that one core draws and seals in memory with an RSA-2048 seal, beside the raw time of their two signatures: one
// by RSA for the seal, one by P-256 for the QR code.
import { makeKeys, makeRecords, openCertificates } from "./certificates.ts";
import { processorMilliseconds } from "./figure.ts";
import type { Figure } from "./figure.ts";
import { drawAndSeal } from "./seal-p256.ts";
import { probe } from "./probes.ts";

export const sealRsa2048: Figure = {
  name: "seal.rsa2048",
  what: [
    "单核内存中制证并用 RSA-2048 印（按处理器时间）",
    "certificates drawn and sealed in memory, one core by processor time, RSA-2048",
  ],
  unit: "certificates/s",
  better: "higher",
  baseline: ["两次签名本身", "their two raw signatures alone"],
  budget: { asked: "at most 1.8 times the raw time of its two signatures", beside: ({ baseline }) => baseline / 1.8 },
  probes: ["p256", "rsa2048"],
  async open({ quick, folder, databaseUrl }) {
    const bench = await openCertificates(makeKeys("RSA-2048"));
    const records = makeRecords(200);
    const count = quick ? 100 : 1000;
    return {
      async value() {
        const elapsed = await processorMilliseconds(() => {
          for (let i = 0; i < count; i++) drawAndSeal(bench, records[i % records.length]!);
        });
        return (1000 * count) / elapsed;
      },
      async baseline() {
        const context = { folder, databaseUrl };
        return 1e6 / ((await probe("p256", context)) + (await probe("rsa2048", context)));
      },
    };
  },
};
