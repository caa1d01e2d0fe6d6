// The table of all settings: what each is, what it falls back to, and an example. config.ts reads and checks them.

export interface Setting {
  name: string;
  /** what it is, for the table in the README */
  about: string;
  example: string;
  /** used when the variable is absent or empty; a setting without one is required unless `optional` */
  fallback?: string;
  optional?: true;
  /** also read from the file that NAME_FILE names */
  secret?: true;
}

/** All settings, in the order of the README. */
export const settings = [
  {
    name: "NODE_ENV",
    about: "production, development or test. Production refuses everything made for development",
    example: "production",
    fallback: "production",
  },
  { name: "CENTRE_CODE", about: "the centre's code: C and 5 digits", example: "C46010" },
  {
    name: "CENTRE_NAME",
    about: "the centre's full name as it stands on certificates",
    example: "海南省住房公积金管理局",
  },
  { name: "CREDIT_CODE", about: "the centre's unified social credit code (GB 32100)", example: "12460000000000000C" },
  {
    name: "PUBLIC_URL",
    about: "address under which people reach the service, without a path; https in production",
    example: "https://gjj.example.cn",
  },
  { name: "HOST", about: "address to listen on", example: "0.0.0.0", fallback: "127.0.0.1" },
  { name: "PORT", about: "port to listen on; 0 takes a free one", example: "8080", fallback: "8080" },
  {
    name: "DATABASE_URL",
    about: "the centre's Postgres; it commits synchronously",
    example: "postgres://cunzheng@db.internal/cunzheng",
    secret: true,
  },
  { name: "DATABASE_POOL", about: "connections to Postgres held by one replica", example: "10", fallback: "10" },
  { name: "CHAIN_URL", about: "JSON-RPC of the centre's own chain node", example: "http://127.0.0.1:8545" },
  { name: "CHAIN_ID", about: "number of the chain", example: "4601", fallback: "31337" },
  {
    name: "REGISTRY_ADDRESS",
    about: "address of the CentreRegistry contract, from which all others are found",
    example: "0x5fbdb2315678afecb367f032d93f642f64180aa3",
  },
  {
    name: "CHAIN_CONFIRMATIONS",
    about: "blocks on top before an event counts; 0 on a chain with immediate finality",
    example: "0",
    fallback: "0",
  },
  {
    name: "CHAIN_START_BLOCK",
    about: "block in which the registry was deployed: the mirror reads from there",
    example: "0",
    fallback: "0",
  },
  {
    name: "KEYS_DIR",
    about:
      "folder of the key files log.pem, witness.pem, member.pem, qr.pem, seal.pem, seal-chain.pem, anchor.key, status.key, listing.key",
    example: "/etc/cunzheng/keys",
  },
  {
    name: "SEAL_KEY_FILE",
    about: "the seal key elsewhere: PEM, or PKCS#12 (.p12, .pfx) with its certificates",
    example: "/etc/cunzheng/seal.p12",
    optional: true,
  },
  {
    name: "SEAL_CHAIN_FILE",
    about: "certificates of a seal key in PEM",
    example: "/etc/cunzheng/seal-chain.pem",
    optional: true,
  },
  {
    name: "SEAL_PASSWORD",
    about: "password of the PKCS#12 file, or PIN of the token; only as SEAL_PASSWORD_FILE",
    example: "/run/secrets/seal-password",
    optional: true,
    secret: true,
  },
  {
    name: "SEAL_PKCS11_MODULE",
    about: "library of the device that holds the seal key (PKCS#11); its certificates are in SEAL_CHAIN_FILE",
    example: "/usr/lib/softhsm/libsofthsm2.so",
    optional: true,
  },
  { name: "SEAL_PKCS11_TOKEN", about: "label of the device's token", example: "cunzheng", optional: true },
  { name: "SEAL_PKCS11_KEY", about: "label of the private key on the token", example: "seal", optional: true },
  {
    name: "TSA_URL",
    about: "time-stamping authority (RFC 3161 over HTTP). Without one, seals stay at level B-B",
    example: "http://tsa.example.cn/tsa",
    optional: true,
  },
  {
    name: "TSA_POLICY",
    about: "policy under which the authority must stamp, a dotted object identifier; its own if not given",
    example: "1.2.156.3.1",
    optional: true,
  },
  {
    name: "TSA_TIMEOUT_MS",
    about: "how long the authority and the revocation lists are waited for, in milliseconds",
    example: "5000",
    fallback: "5000",
  },
  {
    name: "SEAL_LEVEL",
    about: "how far seals are raised after issuing: B-B, B-T, B-LT or B-LTA. With TSA_URL B-LTA, without it B-B",
    example: "B-LTA",
    optional: true,
  },
  {
    name: "SEAL_RENEW_DAYS",
    about: "a document time-stamp is renewed this many days before its authority's certificate or its algorithm ends",
    example: "90",
    fallback: "90",
  },
  {
    name: "ALGORITHM_ENDS",
    about: "day by which no file may rest on a time-stamp of that hash and kind of key, with commas between them",
    example: "sha256/rsa=2031-01-01,sha256/ec=2036-01-01",
    optional: true,
  },
  {
    name: "REVOCATION_URLS",
    about:
      "addresses of the revocation lists of all issuers of the seal's and the authority's certificates, with commas between them; those that the certificates name, if not given",
    example: "http://ca.example.cn/root.crl,http://ca.example.cn/ca1.crl",
    optional: true,
  },
  {
    name: "REVOCATION_ROOTS_FILE",
    about: "certificates of the roots and of issuers that no file carries, in PEM; needed for B-LT",
    example: "/etc/cunzheng/roots.pem",
    optional: true,
  },
  {
    name: "LOG_INTERVAL_MS",
    about: "the log is closed at a new size this often, in milliseconds",
    example: "2000",
    fallback: "2000",
  },
  {
    name: "SMS_PROVIDER",
    about: "gateway (SMS_GATEWAY_URL), development (messages are shown on a page) or none",
    example: "gateway",
    fallback: "none",
  },
  {
    name: "SMS_GATEWAY_URL",
    about: "address to which a message is posted as JSON {id, to, text}",
    example: "https://sms.internal/send",
    optional: true,
  },
  {
    name: "SMS_GATEWAY_TOKEN",
    about: "bearer token of the gateway; only as SMS_GATEWAY_TOKEN_FILE",
    example: "/run/secrets/sms-token",
    optional: true,
    secret: true,
  },
  {
    name: "TAG_KEY_FILE",
    about: "the centre's secret for the tags of the blacklist",
    example: "/etc/cunzheng/keys/tag.key",
  },
  {
    name: "CERTIFICATE_TYPE_CODE",
    about: "证照类型代码: 18 characters of the department that set the standard and 3 digits",
    example: "11100000000013338W011",
    fallback: "11100000000013338W999",
  },
  {
    name: "TRUST_PROXY",
    about: "proxies in front whose X-Forwarded-For is believed: none, a number of hops, or addresses and networks",
    example: "10.0.0.0/8",
    fallback: "none",
  },
  { name: "WEB_ROOT", about: "folder of the built web app", example: "dist/web", fallback: "dist/web" },
  { name: "BODY_LIMIT", about: "largest request body in bytes", example: "1048576", fallback: "1048576" },
  {
    name: "RATE_LIMIT",
    about: "requests a minute for each session, or for each address without one",
    example: "600",
    fallback: "600",
  },
  { name: "LOG_LEVEL", about: "fatal, error, warn, info, debug, trace or silent", example: "info", fallback: "info" },
  {
    name: "DEVELOPMENT_LABEL",
    about: "shown on every page outside production",
    example: "演示环境 · 非真实数据",
    optional: true,
  },
  {
    name: "METRICS_TOKEN",
    about: "bearer token for /metrics; only as METRICS_TOKEN_FILE. Without it production serves no metrics",
    example: "/run/secrets/metrics-token",
    optional: true,
    secret: true,
  },
] as const satisfies readonly Setting[];

export type SettingName = (typeof settings)[number]["name"];

/** Secrets that may stand in the environment itself; the others only in a file. */
export const inlineSecrets: readonly SettingName[] = ["DATABASE_URL"];

/** The settings as a Markdown table, for the README. */
export function describeConfig(): string {
  const rows = (settings as readonly Setting[]).map((setting) => {
    const fallback = setting.fallback ?? (setting.optional ? "(none)" : "**required**");
    const onlyFile = setting.secret && !(inlineSecrets as readonly string[]).includes(setting.name);
    const name = `\`${setting.name}${onlyFile ? "_FILE" : ""}\`${setting.secret && !onlyFile ? ` or \`${setting.name}_FILE\`` : ""}`;
    return `| ${name} | ${setting.about} | ${fallback === "**required**" || fallback === "(none)" ? fallback : `\`${fallback}\``} | \`${setting.example}\` |`;
  });
  return ["| Setting | What it is | When absent | Example |", "|---|---|---|---|", ...rows, ""].join("\n");
}
