// The settings of seals above level B-B: the time-stamping authority, revocation lists, and when to renew. config.ts reads them
// with the others.
import { X509Certificate } from "node:crypto";
import type { SettingName } from "./settings.ts";

/** How far seals are raised above B-B, and with whose help. */
export interface SealLevels {
  target: "B-B" | "B-T" | "B-LT" | "B-LTA";
  authority: { url: string; policy: string | undefined } | undefined;
  timeoutMs: number;
  renewBeforeDays: number;
  /** by hash and kind of key, such as `sha256/ec` */
  algorithmEnds: ReadonlyMap<string, Date>;
  revocationUrls: string[];
  /** DER */
  roots: Uint8Array[];
}

/** How config.ts reads one setting; each complains about what is wrong and goes on. */
export interface Reader {
  text: (name: SettingName) => string;
  matching: (name: SettingName, pattern: RegExp, why: string) => string;
  whole: (name: SettingName, min: number, max: number) => number;
  oneOf: <const T extends string>(name: SettingName, values: readonly T[]) => T;
  url: (name: SettingName, protocols: readonly string[]) => string;
  readable: (name: SettingName, file: string) => Buffer | undefined;
  complain: (name: SettingName, why: string) => void;
  production: boolean;
}

/** Reads the settings of levels above B-B; what is wrong is complained about. */
export function readSealLevels(reader: Reader): SealLevels {
  const { text, matching, whole, oneOf, url, complain } = reader;
  const address = url("TSA_URL", ["http:", "https:"]);
  const policy = matching("TSA_POLICY", /^[0-2](\.\d{1,9})+$/, "must be a dotted object identifier") || undefined;
  const target = text("SEAL_LEVEL") ? oneOf("SEAL_LEVEL", ["B-B", "B-T", "B-LT", "B-LTA"]) : address ? "B-LTA" : "B-B";
  if (target !== "B-B" && !address) complain("TSA_URL", `is missing, and SEAL_LEVEL is ${target}`);
  return {
    target,
    authority: address ? { url: address, policy } : undefined,
    timeoutMs: whole("TSA_TIMEOUT_MS", 100, 60_000),
    renewBeforeDays: whole("SEAL_RENEW_DAYS", 1, 3650),
    algorithmEnds: algorithmEnds(reader),
    revocationUrls: listOf(text("REVOCATION_URLS")).filter((one) => {
      const isAddress = URL.canParse(one) && /^https?:$/.test(new URL(one).protocol);
      if (!isAddress) complain("REVOCATION_URLS", "must be addresses that begin with http:// or https://");
      return isAddress;
    }),
    roots: roots(reader),
  };
}

function algorithmEnds({ text, complain }: Reader): Map<string, Date> {
  const ends = new Map<string, Date>();
  for (const one of listOf(text("ALGORITHM_ENDS"))) {
    const [, algorithm, day] = /^(sha(?:256|384|512)\/(?:ec|rsa))=(\d{4}-\d\d-\d\d)$/.exec(one) ?? [];
    const end = new Date(`${day}T00:00:00+08:00`);
    if (!algorithm || Number.isNaN(end.getTime())) complain("ALGORITHM_ENDS", "must be like its example");
    else ends.set(algorithm, end);
  }
  return ends;
}

function roots({ text, readable, complain, production }: Reader): Uint8Array[] {
  const file = text("REVOCATION_ROOTS_FILE");
  const pem = file ? readable("REVOCATION_ROOTS_FILE", file)?.toString("latin1") : undefined;
  if (pem === undefined) return [];
  try {
    const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
    const certificates = blocks.map((block) => new X509Certificate(block));
    if (certificates.length === 0) complain("REVOCATION_ROOTS_FILE", "holds no certificate in PEM");
    if (production && certificates.some(({ subject }) => subject.includes("DEVELOPMENT")))
      complain("REVOCATION_ROOTS_FILE", "holds a development root");
    return certificates.map(({ raw }) => raw);
  } catch {
    complain("REVOCATION_ROOTS_FILE", "holds something that is no certificate in PEM");
    return [];
  }
}

function listOf(value: string): string[] {
  return value
    .split(",")
    .map((part) => part.trim())
    .filter(Boolean);
}
