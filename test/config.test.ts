import { execFileSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { ConfigError, describeConfig, isCreditCode, readConfig } from "../service/src/config.ts";

const root = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-config-"));
afterAll(() => fs.rmSync(root, { recursive: true }));

/** A folder of key files; the seal is a real P-256 key with a certificate of that subject. */
function keysFolder(name: string, subject: string): string {
  const dir = path.join(root, name);
  fs.mkdirSync(dir);
  for (const file of [
    "log.pem",
    "witness.pem",
    "member.pem",
    "qr.pem",
    "anchor.key",
    "status.key",
    "listing.key",
    "tag.key",
  ])
    fs.writeFileSync(path.join(dir, file), "key");
  const inDir = (file: string) => path.join(dir, file);
  execFileSync(
    "openssl",
    [
      "req",
      "-x509",
      "-newkey",
      "ec",
      "-pkeyopt",
      "ec_paramgen_curve:P-256",
      "-nodes",
      "-days",
      "2",
      "-subj",
      subject,
      "-keyout",
      inDir("seal.pem"),
      "-out",
      inDir("seal-chain.pem"),
    ],
    { stdio: "ignore" },
  );
  return dir;
}

const keys = keysFolder("keys", "/CN=Seal of C46010");
const good = {
  NODE_ENV: "production",
  CENTRE_CODE: "C46010",
  CENTRE_NAME: "海南省住房公积金管理局",
  CREDIT_CODE: "12460000000000000C",
  PUBLIC_URL: "https://gjj.example.cn",
  DATABASE_URL: "postgres://cunzheng:s3cret@db.internal/cunzheng",
  CHAIN_URL: "http://127.0.0.1:8545",
  REGISTRY_ADDRESS: "0x5FbDB2315678afecb367f032d93F642f64180aa3",
  KEYS_DIR: keys,
  TAG_KEY_FILE: path.join(keys, "tag.key"),
};

function problemsOf(env: Record<string, string | undefined>): ConfigError {
  try {
    readConfig(env, root);
  } catch (error) {
    if (error instanceof ConfigError) return error;
    throw error;
  }
  throw new Error("the settings were accepted");
}
const variables = (env: Record<string, string | undefined>) => problemsOf(env).problems.map(({ variable }) => variable);

describe("the settings", () => {
  it("are read, with what is not given falling back", () => {
    const config = readConfig({ ...good, PUBLIC_URL: "https://gjj.example.cn/" }, root);
    expect(config).toMatchObject({
      environment: "production",
      centre: { code: "C46010", creditCode: "12460000000000000C" },
      publicUrl: "https://gjj.example.cn",
      secure: true,
      chain: { confirmations: 0, registry: "0x5fbdb2315678afecb367f032d93f642f64180aa3" },
      logIntervalMs: 2000,
      sms: { provider: "none" },
      certificateTypeCode: "11100000000013338W999",
      trustProxy: false,
      webRoot: path.join(root, "dist/web"),
      developmentLabel: "",
    });
    expect(config.keys.seal).toEqual({
      kind: "pem",
      keyFile: path.join(keys, "seal.pem"),
      chainFile: path.join(keys, "seal-chain.pem"),
    });
  });

  it("are production unless they say otherwise", () => {
    expect(readConfig({ ...good, NODE_ENV: undefined }, root).environment).toBe("production");
  });

  it("say all that is wrong at once, each with the variable and an example", () => {
    const error = problemsOf({
      ...good,
      CENTRE_CODE: "46010",
      CREDIT_CODE: "12460000000000000D",
      PUBLIC_URL: "https://gjj.example.cn/path",
      PORT: "99999",
      REGISTRY_ADDRESS: "0x12",
      CHAIN_URL: undefined,
      CERTIFICATE_TYPE_CODE: "11100000000013338W01",
      TRUST_PROXY: "true",
      SMS_PROVIDER: "gateway",
      LOG_LEVEL: "loud",
      BODY_LIMIT: "1e9",
    });
    expect(error.problems.map(({ variable }) => variable).sort()).toEqual([
      "BODY_LIMIT",
      "CENTRE_CODE",
      "CERTIFICATE_TYPE_CODE",
      "CHAIN_URL",
      "CREDIT_CODE",
      "LOG_LEVEL",
      "PORT",
      "PUBLIC_URL",
      "REGISTRY_ADDRESS",
      "SMS_GATEWAY_URL",
      "TRUST_PROXY",
    ]);
    for (const { variable, why, example } of error.problems) {
      expect(error.message).toContain(`${variable}: ${why}. Example: ${variable}=${example}`);
      expect(example).not.toBe("");
    }
  });

  it("name everything that is missing when nothing is given", () => {
    expect(variables({})).toEqual(
      expect.arrayContaining([
        "CENTRE_CODE",
        "CENTRE_NAME",
        "CREDIT_CODE",
        "PUBLIC_URL",
        "DATABASE_URL",
        "CHAIN_URL",
        "REGISTRY_ADDRESS",
        "KEYS_DIR",
        "TAG_KEY_FILE",
        "TAG_KEY_FILE",
      ]),
    );
  });

  it("never show a secret", () => {
    const file = path.join(root, "database-url");
    fs.writeFileSync(file, "mysql://cunzheng:s3cret@db/x\n");
    for (const env of [
      { ...good, DATABASE_URL: "mysql://u:s3cret@db/x" },
      { ...good, DATABASE_URL: undefined, DATABASE_URL_FILE: file },
      { ...good, SMS_GATEWAY_TOKEN: "s3cret" },
      { ...good, SEAL_PASSWORD: "s3cret" },
    ])
      expect(problemsOf(env).message).not.toContain("s3cret");
  });

  it("read secrets from files, and only there what must not stand in the environment", () => {
    const file = path.join(root, "url");
    fs.writeFileSync(file, `${good.DATABASE_URL}\n`);
    expect(readConfig({ ...good, DATABASE_URL: undefined, DATABASE_URL_FILE: file }, root).database.url).toBe(
      good.DATABASE_URL,
    );
    expect(variables({ ...good, DATABASE_URL_FILE: file })).toEqual(["DATABASE_URL_FILE"]);
    expect(variables({ ...good, METRICS_TOKEN: "x" })).toEqual(["METRICS_TOKEN_FILE"]);
    expect(variables({ ...good, METRICS_TOKEN_FILE: path.join(root, "absent") })).toEqual(["METRICS_TOKEN_FILE"]);
  });

  it("open the seal key: PEM or PKCS#12 with its password", () => {
    const p12 = path.join(root, "seal.p12");
    execFileSync(
      "openssl",
      [
        "pkcs12",
        "-export",
        "-inkey",
        path.join(keys, "seal.pem"),
        "-in",
        path.join(keys, "seal-chain.pem"),
        "-out",
        p12,
        "-passout",
        "pass:geheim",
      ],
      { stdio: "ignore" },
    );
    const password = path.join(root, "password");
    fs.writeFileSync(password, "geheim\n");
    const config = readConfig({ ...good, SEAL_KEY_FILE: p12, SEAL_PASSWORD_FILE: password }, root);
    expect(config.keys.seal).toEqual({ kind: "pkcs12", file: p12, password: "geheim" });
    fs.writeFileSync(password, "wrong");
    expect(variables({ ...good, SEAL_KEY_FILE: p12, SEAL_PASSWORD_FILE: password })).toEqual(["SEAL_KEY_FILE"]);
    expect(variables({ ...good, SEAL_KEY_FILE: p12 })).toEqual(["SEAL_PASSWORD_FILE"]);
    expect(variables({ ...good, SEAL_KEY_FILE: path.join(keys, "log.pem") })).toEqual(["SEAL_KEY_FILE"]);
  });

  it("name the key files that are missing", () => {
    const dir = path.join(root, "few");
    fs.mkdirSync(dir);
    fs.writeFileSync(path.join(dir, "log.pem"), "key");
    const error = problemsOf({ ...good, KEYS_DIR: dir });
    expect(error.message).toContain("lacks witness.pem, member.pem, qr.pem, anchor.key, status.key, listing.key");
    expect(variables({ ...good, KEYS_DIR: path.join(root, "absent") })).toContain("KEYS_DIR");
  });

  it("make a table that shows every setting", () => {
    const table = describeConfig();
    for (const name of [...Object.keys(good), "SEAL_PASSWORD_FILE", "TRUST_PROXY", "DEVELOPMENT_LABEL"])
      expect(table).toContain(`\`${name}\``);
    expect(
      table
        .split("\n")
        .filter((line) => line.startsWith("| "))
        .every((line) => line.split("|").length === 6),
    ).toBe(true);
  });
});

describe("the settings of seals above B-B", () => {
  const tsa = { ...good, TSA_URL: "http://tsa.example.cn/tsa" };

  it("stay at B-B without an authority, and go to B-LTA with one", () => {
    expect(readConfig(good, root).sealLevels).toMatchObject({ target: "B-B", authority: undefined, timeoutMs: 5000 });
    expect(readConfig(tsa, root).sealLevels).toMatchObject({
      target: "B-LTA",
      authority: { url: "http://tsa.example.cn/tsa", policy: undefined },
      renewBeforeDays: 90,
    });
    expect(readConfig({ ...tsa, SEAL_LEVEL: "B-T" }, root).sealLevels.target).toBe("B-T");
    expect(variables({ ...good, SEAL_LEVEL: "B-T" })).toEqual(["TSA_URL"]);
    expect(variables({ ...tsa, SEAL_LEVEL: "B-X" })).toEqual(["SEAL_LEVEL"]);
  });

  it("read addresses, ends of algorithms and roots", () => {
    const { sealLevels } = readConfig(
      {
        ...tsa,
        REVOCATION_URLS: "http://ca.example.cn/a.crl, https://ca.example.cn/b.crl",
        ALGORITHM_ENDS: "sha256/rsa=2031-01-01",
        REVOCATION_ROOTS_FILE: path.join(keys, "seal-chain.pem"),
      },
      root,
    );
    expect(sealLevels.revocationUrls).toEqual(["http://ca.example.cn/a.crl", "https://ca.example.cn/b.crl"]);
    expect(sealLevels.algorithmEnds.get("sha256/rsa")).toEqual(new Date("2030-12-31T16:00:00Z"));
    expect(sealLevels.roots).toHaveLength(1);
    for (const [name, value] of [
      ["REVOCATION_URLS", "ftp://ca.example.cn/a.crl"],
      ["ALGORITHM_ENDS", "md5/rsa=2031-01-01"],
      ["REVOCATION_ROOTS_FILE", path.join(keys, "log.pem")],
      ["TSA_POLICY", "policy"],
      ["TSA_TIMEOUT_MS", "1"],
    ] as const)
      expect(variables({ ...tsa, [name]: value })).toEqual([name]);
  });

  it("refuse a development root in production", () => {
    const dir = keysFolder("development-root", "/CN=DEVELOPMENT ROOT");
    const env = { ...tsa, REVOCATION_ROOTS_FILE: path.join(dir, "seal-chain.pem") };
    expect(variables(env)).toEqual(["REVOCATION_ROOTS_FILE"]);
    expect(readConfig({ ...env, NODE_ENV: "development" }, root).sealLevels.roots).toHaveLength(1);
  });
});

describe("a production start", () => {
  it("refuses everything made for development, with all reasons at once", () => {
    const development = keysFolder("development", "/O=DEVELOPMENT ROOT/CN=Seal of C46010");
    fs.writeFileSync(path.join(development, "DEVELOPMENT-KEYS"), "");
    const env = {
      ...good,
      PUBLIC_URL: "http://gjj.example.cn",
      SMS_PROVIDER: "development",
      KEYS_DIR: development,
      TAG_KEY_FILE: path.join(development, "tag.key"),
    };
    expect(variables(env).sort()).toEqual(["KEYS_DIR", "PUBLIC_URL", "SEAL_CHAIN_FILE", "SMS_PROVIDER"]);
    const config = readConfig({ ...env, NODE_ENV: "development" }, root);
    expect(config.developmentLabel).not.toBe("");
  });

  it("finds the mark of development keys in any folder above", () => {
    const above = path.join(root, "marked");
    fs.mkdirSync(above);
    fs.renameSync(keysFolder("moved", "/CN=Seal"), path.join(above, "C46010"));
    fs.writeFileSync(path.join(above, "DEVELOPMENT-KEYS"), "");
    expect(variables({ ...good, KEYS_DIR: path.join(above, "C46010") })).toEqual(["KEYS_DIR"]);
  });
});

describe("a unified social credit code", () => {
  it("is checked by its last character (GB 32100)", () => {
    for (const code of ["11100000000013338W", "11110000000021135M", "11430000006122244L"]) {
      expect(isCreditCode(code)).toBe(true);
      for (let i = 0; i < 18; i++) {
        const other = code[i] === "1" ? "2" : "1";
        expect(isCreditCode(code.slice(0, i) + other + code.slice(i + 1))).toBe(false);
      }
    }
    for (const code of ["", "11100000000013338", "11100000000013338I", "1110000000001333８W"])
      expect(isCreditCode(code)).toBe(false);
  });
});
