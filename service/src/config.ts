// The settings of one centre's service, read once at start from environment variables. Everything that is wrong is said
// at once: naming the variable, what is wrong with it and an example. Secrets come from files and are never part of a message.
import { X509Certificate } from "node:crypto";
import fs from "node:fs";
import path from "node:path";
import { readSealLevels } from "./config-levels.ts";
import type { SealLevels } from "./config-levels.ts";
import { certificatesOfPem, sealKeyFromPem, sealKeyFromPkcs12 } from "./sealing/keys.ts";
import type { Pkcs11Key } from "./sealing/pkcs11.ts";
import { inlineSecrets, settings } from "./settings.ts";
import type { Setting, SettingName } from "./settings.ts";

export { describeConfig } from "./settings.ts";

export type Environment = "production" | "development" | "test";
export type SmsProvider = "development" | "gateway" | "none";
/** Whose X-Forwarded-For is believed: nobody's, that of a number of hops, or that of listed addresses. */
export type TrustProxy = false | number | string[];

/** Where the seal key is: PEM files, the PKCS#12 file of a certification authority, or a device behind PKCS#11. */
export type SealFiles =
  | { kind: "pem"; keyFile: string; chainFile: string }
  | { kind: "pkcs12"; file: string; password: string }
  | ({ kind: "pkcs11"; chainFile: string } & Pkcs11Key);

/** Key files of the centre, absolute paths. What they hold is read by the domain that uses them. */
export interface KeyFiles {
  dir: string;
  log: string;
  witness: string;
  member: string;
  qr: string;
  anchor: string;
  status: string;
  listing: string;
  /** the cold key: normally not here */
  guardian: string;
  seal: SealFiles;
  /** the centre's secret for the tags of the blacklist, when it has one */
  tag: string | undefined;
}

export interface Config {
  environment: Environment;
  centre: { code: string; name: string; creditCode: string };
  /** the address under which people reach the service: an origin, without a trailing slash */
  publicUrl: string;
  /** true when publicUrl is https: cookies are Secure then, and HSTS is sent */
  secure: boolean;
  host: string;
  port: number;
  database: { url: string; poolSize: number };
  chain: { url: string; chainId: number; registry: string; confirmations: number; startBlock: number };
  keys: KeyFiles;
  sealLevels: SealLevels;
  logIntervalMs: number;
  sms: { provider: SmsProvider; gatewayUrl: string | undefined; gatewayToken: string | undefined };
  /** 证照类型代码 of the deposit certificate: 18 characters of the department and 3 digits */
  certificateTypeCode: string;
  trustProxy: TrustProxy;
  /** folder of the built web app, absolute */
  webRoot: string;
  /** bytes of a request body */
  bodyLimit: number;
  /** requests a minute for each session or address */
  rateLimit: number;
  logLevel: "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";
  /** shown on every page while keys, roots or providers are for development; empty in production */
  developmentLabel: string;
  /** who may read /metrics; without it they are served in development only */
  metricsToken: string | undefined;
}

export interface ConfigProblem {
  variable: string;
  /** what is wrong, without the value of a secret */
  why: string;
  example: string;
}

/** All that is wrong with the settings, at once. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  readonly problems: readonly ConfigProblem[];
  constructor(problems: readonly ConfigProblem[]) {
    const lines = problems.map(
      ({ variable, why, example }) => `  ${variable}: ${why}. Example: ${variable}=${example}`,
    );
    super(`the service cannot start: ${problems.length} setting(s) to correct\n${lines.join("\n")}`);
    this.problems = problems;
  }
}

/**
 * Reads and checks all settings. Pure but for reading the files that they name.
 * @param env normally process.env; @param workingFolder against which relative paths are read
 * @throws ConfigError naming everything that is wrong
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>, workingFolder = process.cwd()): Config {
  const problems: ConfigProblem[] = [];
  const setting = (name: SettingName) => settings.find((candidate) => candidate.name === name) as Setting;
  const complain = (variable: SettingName, why: string, suffix = "") =>
    void problems.push({ variable: variable + suffix, why, example: setting(variable).example });
  const absolute = (file: string) => path.resolve(workingFolder, file);

  /** The text of a setting, or "" when it is absent (and complained about, if it is required). */
  function text(name: SettingName): string {
    const { fallback, optional, secret } = setting(name);
    let value = env[name]?.trim() ?? "";
    const file = secret ? (env[`${name}_FILE`]?.trim() ?? "") : "";
    if (value && secret && !inlineSecrets.includes(name)) {
      complain(name, "is a secret and is read from a file only", "_FILE");
      value = "";
    }
    if (file) {
      if (value) complain(name, `is given twice, here and in ${name}`, "_FILE");
      const content = readable(name, file, "_FILE");
      value = content?.toString("utf8").trim() ?? "";
      if (content && !value) complain(name, "names an empty file", "_FILE");
      if (!value) return "";
    }
    if (!value && fallback === undefined && !optional) complain(name, "is missing");
    return value || (fallback ?? "");
  }

  function readable(name: SettingName, file: string, suffix = ""): Buffer | undefined {
    try {
      return fs.readFileSync(absolute(file));
    } catch (error) {
      complain(name, `the file ${absolute(file)} cannot be read (${(error as NodeJS.ErrnoException).code})`, suffix);
      return undefined;
    }
  }

  function matching(name: SettingName, pattern: RegExp, why: string): string {
    const value = text(name);
    if (value && !pattern.test(value)) complain(name, why);
    return value;
  }

  function whole(name: SettingName, min: number, max: number): number {
    const value = text(name);
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
    if (value && !(number >= min && number <= max)) complain(name, `must be a whole number from ${min} to ${max}`);
    return number;
  }

  function oneOf<const T extends string>(name: SettingName, values: readonly T[]): T {
    const value = text(name);
    if (!values.includes(value as T)) complain(name, `must be one of ${values.join(", ")}`);
    return value as T;
  }

  function url(name: SettingName, protocols: readonly string[], originOnly = false): string {
    const value = text(name);
    if (!value) return value;
    const parsed = URL.canParse(value) ? new URL(value) : undefined;
    // The value may carry a password: it is not repeated.
    if (!parsed || !protocols.includes(parsed.protocol)) {
      complain(name, `must be an address that begins with ${protocols.map((p) => `${p}//`).join(" or ")}`);
      return value;
    }
    if (!originOnly) return value;
    if (parsed.pathname !== "/" || parsed.search || parsed.hash || parsed.username || parsed.password)
      complain(name, "must be scheme, host and port only, without a path, query or password");
    return parsed.origin;
  }

  const environment = oneOf("NODE_ENV", ["production", "development", "test"]);
  const production = environment === "production";
  const creditCode = text("CREDIT_CODE");
  if (creditCode && !isCreditCode(creditCode))
    complain("CREDIT_CODE", "is not a unified social credit code with a correct check character (GB 32100)");
  const certificateTypeCode = text("CERTIFICATE_TYPE_CODE");
  if (!/^.{18}\d{3}$/.test(certificateTypeCode) || !isCreditCode(certificateTypeCode.slice(0, 18)))
    complain("CERTIFICATE_TYPE_CODE", "must be a unified social credit code (GB 32100) followed by 3 digits");
  const publicUrl = url("PUBLIC_URL", ["https:", "http:"], true);
  const secure = publicUrl.startsWith("https://");
  if (production && publicUrl.startsWith("http://")) complain("PUBLIC_URL", "must be https in production");

  const provider = oneOf("SMS_PROVIDER", ["development", "gateway", "none"]);
  if (production && provider === "development")
    complain("SMS_PROVIDER", "the development channel shows messages to everyone and is refused in production");
  const gatewayUrl = url("SMS_GATEWAY_URL", ["https:", "http:"]) || undefined;
  const gatewayToken = text("SMS_GATEWAY_TOKEN") || undefined;
  if (provider === "gateway" && !gatewayUrl) complain("SMS_GATEWAY_URL", "is missing, and SMS_PROVIDER is gateway");

  const keys = keyFiles();
  if (production) for (const reason of developmentKeys(keys)) complain(reason.variable, reason.why);

  const config: Config = {
    environment,
    centre: {
      code: matching("CENTRE_CODE", /^C\d{5}$/, "must be C and 5 digits"),
      name: text("CENTRE_NAME"),
      creditCode,
    },
    publicUrl,
    secure,
    host: text("HOST"),
    port: whole("PORT", 0, 65_535),
    database: { url: url("DATABASE_URL", ["postgres:", "postgresql:"]), poolSize: whole("DATABASE_POOL", 2, 500) },
    chain: {
      url: url("CHAIN_URL", ["http:", "https:"]),
      chainId: whole("CHAIN_ID", 1, Number.MAX_SAFE_INTEGER),
      registry: matching(
        "REGISTRY_ADDRESS",
        /^0x[0-9a-fA-F]{40}$/,
        "must be 0x and 40 hexadecimal digits",
      ).toLowerCase(),
      confirmations: whole("CHAIN_CONFIRMATIONS", 0, 1000),
      startBlock: whole("CHAIN_START_BLOCK", 0, Number.MAX_SAFE_INTEGER),
    },
    keys,
    sealLevels: readSealLevels({ text, matching, whole, oneOf, url, readable, complain, production }),
    logIntervalMs: whole("LOG_INTERVAL_MS", 50, 3_600_000),
    sms: { provider, gatewayUrl, gatewayToken },
    certificateTypeCode,
    trustProxy: trustProxy(),
    webRoot: absolute(text("WEB_ROOT")),
    bodyLimit: whole("BODY_LIMIT", 1024, 64 * 1024 * 1024),
    rateLimit: whole("RATE_LIMIT", 1, 1_000_000),
    logLevel: oneOf("LOG_LEVEL", ["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
    developmentLabel: production ? "" : text("DEVELOPMENT_LABEL") || "演示环境 · 非真实数据",
    metricsToken: text("METRICS_TOKEN") || undefined,
  };
  if (problems.length > 0) throw new ConfigError(problems);
  return config;

  function keyFiles(): KeyFiles {
    const folder = text("KEYS_DIR");
    const dir = absolute(folder || ".");
    const inDir = (name: string) => path.join(dir, name);
    if (folder && !fs.existsSync(dir)) complain("KEYS_DIR", `the folder ${dir} does not exist`);
    else if (folder) {
      const names = ["log.pem", "witness.pem", "member.pem", "qr.pem", "anchor.key", "status.key", "listing.key"];
      const absent = names.filter((name) => !canRead(inDir(name)));
      if (absent.length > 0)
        complain("KEYS_DIR", `the folder ${dir} lacks ${absent.join(", ")} (or they cannot be read)`);
    }
    const tag = text("TAG_KEY_FILE");
    if (tag) readable("TAG_KEY_FILE", tag);
    return {
      dir,
      log: inDir("log.pem"),
      witness: inDir("witness.pem"),
      member: inDir("member.pem"),
      qr: inDir("qr.pem"),
      anchor: inDir("anchor.key"),
      status: inDir("status.key"),
      listing: inDir("listing.key"),
      guardian: inDir("guardian.key"),
      seal: sealFiles(folder ? dir : undefined),
      tag: tag ? absolute(tag) : undefined,
    };
  }

  function sealFiles(dir: string | undefined): SealFiles {
    const keyFile = text("SEAL_KEY_FILE") || (dir ? path.join(dir, "seal.pem") : "");
    const password = text("SEAL_PASSWORD");
    const isContainer = /\.(p12|pfx)$/i.test(keyFile);
    const chainFile = text("SEAL_CHAIN_FILE") || (dir ? path.join(dir, "seal-chain.pem") : "");
    if (text("SEAL_PKCS11_MODULE")) return deviceFiles(chainFile, password);
    if (!keyFile) return { kind: "pem", keyFile, chainFile };
    if (isContainer && !password) complain("SEAL_PASSWORD", "is missing, and the seal key is a PKCS#12 file", "_FILE");
    const files: SealFiles = isContainer
      ? { kind: "pkcs12", file: absolute(keyFile), password }
      : { kind: "pem", keyFile: absolute(keyFile), chainFile: absolute(chainFile) };
    const bothThere =
      readable("SEAL_KEY_FILE", keyFile) && (isContainer ? password : readable("SEAL_CHAIN_FILE", chainFile));
    if (bothThere && !openSeal(files))
      complain(
        "SEAL_KEY_FILE",
        isContainer
          ? "cannot be opened with this password, or holds no key with its certificate"
          : "and its certificates do not belong together, or are not PEM",
      );
    return files;
  }

  /** A key on a device is not tried here: that would sign in at the device before the other settings are known to be right. */
  function deviceFiles(chainFile: string, pin: string): SealFiles {
    const [module, token, key] = [text("SEAL_PKCS11_MODULE"), text("SEAL_PKCS11_TOKEN"), text("SEAL_PKCS11_KEY")];
    if (text("SEAL_KEY_FILE")) complain("SEAL_KEY_FILE", "is set beside SEAL_PKCS11_MODULE: name one seal key");
    if (!token) complain("SEAL_PKCS11_TOKEN", "is missing, and the seal key is on a device");
    if (!key) complain("SEAL_PKCS11_KEY", "is missing, and the seal key is on a device");
    if (!pin) complain("SEAL_PASSWORD", "is missing, and the seal key is on a device", "_FILE");
    readable("SEAL_PKCS11_MODULE", module);
    const files: SealFiles = {
      kind: "pkcs11",
      module: absolute(module),
      token,
      key,
      pin,
      chainFile: absolute(chainFile),
    };
    if (readable("SEAL_CHAIN_FILE", chainFile) && !openSeal(files))
      complain("SEAL_CHAIN_FILE", "holds no certificates in PEM");
    return files;
  }

  function trustProxy(): TrustProxy {
    const value = text("TRUST_PROXY");
    if (value === "none") return false;
    if (/^\d{1,2}$/.test(value)) return Number(value);
    const addresses = value.split(",").map((part) => part.trim());
    // "All" would let anybody choose the address that limits and traces see.
    if (!addresses.every((part) => /^[0-9a-fA-F.:]+(\/\d{1,3})?$/.test(part) && /[.:]/.test(part)))
      complain("TRUST_PROXY", "must be none, a number of hops, or addresses and networks with commas between them");
    return addresses;
  }
}

function canRead(file: string): boolean {
  try {
    fs.accessSync(file, fs.constants.R_OK);
    return true;
  } catch {
    return false; // absent or forbidden: the caller names it
  }
}

/** The certificates of the seal key, its own first; undefined when key, certificates and password do not fit together. */
function openSeal(seal: SealFiles): X509Certificate[] | undefined {
  try {
    if (seal.kind === "pkcs11") {
      const certificates = certificatesOfPem(fs.readFileSync(seal.chainFile, "utf8"));
      return certificates.length > 0 ? certificates : undefined;
    }
    const { chain } =
      seal.kind === "pkcs12"
        ? sealKeyFromPkcs12(fs.readFileSync(seal.file), seal.password)
        : sealKeyFromPem(fs.readFileSync(seal.keyFile, "utf8"), fs.readFileSync(seal.chainFile, "utf8"));
    return chain.map((der) => new X509Certificate(der));
  } catch {
    return undefined; // the cause may quote what the file holds: the caller says only that it does not open
  }
}

/** Why these keys must not be used in production, all reasons. */
function developmentKeys(keys: KeyFiles): { variable: SettingName; why: string }[] {
  const reasons: { variable: SettingName; why: string }[] = [];
  const marked = (file: string) => {
    for (let folder = path.dirname(file); ; folder = path.dirname(folder)) {
      if (fs.existsSync(path.join(folder, "DEVELOPMENT-KEYS"))) return folder;
      if (folder === path.dirname(folder)) return undefined;
    }
  };
  const check = (variable: SettingName, file: string) => {
    const folder = marked(file);
    if (folder) reasons.push({ variable, why: `lies under ${folder}, which is marked as DEVELOPMENT-KEYS` });
  };
  check("KEYS_DIR", keys.log);
  const { seal } = keys;
  const sealFile = seal.kind === "pkcs12" ? seal.file : seal.kind === "pem" ? seal.keyFile : seal.chainFile;
  if (path.dirname(sealFile) !== keys.dir) check("SEAL_KEY_FILE", sealFile);
  if (keys.tag && path.dirname(keys.tag) !== keys.dir) check("TAG_KEY_FILE", keys.tag);
  const names = openSeal(keys.seal)?.flatMap((certificate) => [certificate.subject, certificate.issuer]) ?? [];
  if (names.some((name) => name?.toUpperCase().includes("DEVELOPMENT")))
    reasons.push({ variable: "SEAL_CHAIN_FILE", why: "the seal certificate comes from a development root" });
  return reasons;
}

const creditCodeAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
const creditCodeWeights = [1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28];

/** GB 32100-2015: 18 characters of an alphabet of 31, the last of which checks the others. */
export function isCreditCode(code: string): boolean {
  const values = [...code].map((char) => creditCodeAlphabet.indexOf(char));
  if (values.length !== 18 || values.includes(-1)) return false;
  const sum = creditCodeWeights.reduce((total, weight, i) => total + weight * (values[i] ?? 0), 0);
  return (31 - (sum % 31)) % 31 === values[17];
}
