// Verdicts for people: the headline, each step with its reason, and what the certificate says. Chinese first, then English.
import { showFigures } from "./figures.ts";
import { headlines, reason, stepNames } from "./reasons.ts";
import type { Verdict } from "./verifier.ts";

const marks = { passed: "✓", failed: "✗", unknown: "?" } as const;

/** A Shanghai time for people. @param seconds since 1970 */
export const beijingTime = (seconds: number): string =>
  `${new Date((seconds + 8 * 3600) * 1000).toISOString().slice(0, 19).replace("T", " ")} +08:00`;

/** The full report on one file or code. */
export function report(subject: string, verdict: Verdict): string {
  const { mark, zh, en } = headlines[verdict.headline];
  const lines = [`${mark} ${zh} — ${en}`, `  ${printable(subject)}`, ""];
  for (const step of verdict.steps) {
    const { zh: name, en: nameEn } = stepNames[step.step];
    const why = reason(step.code);
    lines.push(`  ${marks[step.outcome]} ${name} ${nameEn}: ${why.zh} — ${why.en} [${step.code}]`);
    if (step.note)
      lines.push(`      ${step.outcome === "passed" ? "另说 said otherwise: " : ""}${printable(step.note)}`);
  }
  const facts = factLines(verdict);
  if (facts.length > 0) lines.push("", ...facts.map((line) => `  ${line}`));
  return `${lines.join("\n")}\n`;
}

/** One line for one of several. */
export function line(subject: string, verdict: Verdict): string {
  const { mark, zh, en } = headlines[verdict.headline];
  const order = ["failed", "unknown"] as const;
  const decisive = order.map((outcome) => verdict.steps.find((step) => step.outcome === outcome)).find(Boolean);
  return `${mark} ${zh} ${en}${decisive ? ` [${decisive.step}: ${decisive.code}]` : ""}  ${printable(subject)}\n`;
}

const trustWords = {
  true: { zh: "可信", en: "trusted" },
  false: {
    zh: "当时不是该中心信任的时间戳机构，不作依据",
    en: "not trusted: no authority of this centre then, proves nothing",
  },
  null: { zh: "是否可信未知", en: "not known whether trusted" },
} as const;

/** What the certificate says. Of a forgery only who sealed it: its other words are nobody's. */
function factLines({ headline, facts, steps }: Verdict): string[] {
  const lines: string[] = [];
  const add = (name: string, value: string | undefined) => value && lines.push(`${name}: ${printable(value)}`);
  const { signer, code } = facts;
  const stamps = () => {
    add("级别 level", facts.level);
    for (const { kind, time, authority, certificate, trusted } of facts.timeStamps ?? []) {
      const { zh, en } = trustWords[String(trusted) as keyof typeof trustWords];
      const name = kind === "signature" ? "签名时间戳 time-stamp on the seal" : "文档时间戳 time-stamp on the file";
      add(name, `${beijingTime(time)}, ${authority} (${certificate}), ${zh} ${en}`);
    }
  };
  // The name in a certificate is whatever its maker wrote, until the trust list knows the certificate.
  const known = steps.some((step) => step.step === "trust" && step.outcome === "passed");
  add(
    known ? "签章人 sealed by" : "自称签章人，未证实 claims to be, not confirmed",
    signer && `${signer.subject} (${signer.certificate})`,
  );
  if (headline === "not-genuine") {
    stamps();
    return lines;
  }
  add("签发中心 issuer", facts.centre && `${facts.centre.name} (${facts.centre.code})`);
  add("证照标识 serial", facts.serial);
  add("签发 issued", facts.issuedAt);
  add("有效期至 valid until", facts.validUntil);
  add("存在证明不晚于 existed by", facts.existedBy === undefined ? undefined : beijingTime(facts.existedBy));
  add("撤销 revoked", facts.revokedAt === undefined ? undefined : beijingTime(facts.revokedAt));
  stamps();
  if (!code) return lines;
  add("种类 kind", code.kind);
  add("姓名 name", code.maskedName);
  add("证件号码 document", code.maskedDocument);
  for (const [name, value] of showFigures(code.kind, code.figures)) add(name, value);
  return lines;
}

/** Text that others wrote, without characters that steer a terminal. */
const printable = (text: string): string => text.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\u{fffd}");
