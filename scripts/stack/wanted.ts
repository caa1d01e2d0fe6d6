// What a centre of the demonstration is given: its entry in the registry, and the settings of its service.
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import type { DevelopmentAuthority } from "./authority.ts";
import type { DemonstrationCentre } from "./centres.ts";
import type { CentreWanted, Deployment } from "./deploy.ts";
import type { AuthorityKeys, PublicKeys } from "./keys.ts";

/** Number of the embedded chain. */
export const chainId = 20260;

/** The centre as the registry is to hold it, with the keys of which it is told. */
export function wantedCentre(
  centre: DemonstrationCentre,
  { authority }: { authority: AuthorityKeys },
  keys: PublicKeys,
  serviceUrl: string,
): CentreWanted {
  const from = Math.floor(keys.madeAt.getTime() / 1000);
  return {
    ...centre,
    serviceUrl,
    accounts: keys.accounts,
    keys: [
      { kind: "log", value: keys.log, from },
      { kind: "witness", value: keys.witness, from },
      { kind: "member", value: keys.member, from },
      { kind: "qr", value: keys.qr, from },
      { kind: "seal", value: keys.sealFingerprint, from },
      {
        kind: "timestamp",
        value: authority.timeStampFingerprint,
        from: Math.floor(authority.madeAt.getTime() / 1000),
      },
    ],
  };
}

/** The environment of a centre's service; nothing of ours is passed on but what is named here. */
export function serviceEnvironment(
  centre: DemonstrationCentre,
  at: { url: string; port: number; keysDir: string },
  deployment: Deployment,
  reach: { databaseUrl: string; chainUrl: string; authority: DevelopmentAuthority },
): Record<string, string | undefined> {
  return {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    TMPDIR: process.env.TMPDIR,
    LANG: "C.UTF-8",
    // Compiled code is kept from start to start: it saves each service nearly half of its own.
    NODE_COMPILE_CACHE: fileURLToPath(new URL("../../cache/compiled", import.meta.url)),
    NODE_ENV: "development",
    CENTRE_CODE: centre.code,
    CENTRE_NAME: centre.name,
    CREDIT_CODE: centre.creditCode,
    PUBLIC_URL: at.url,
    HOST: "localhost",
    PORT: String(at.port),
    DATABASE_URL: reach.databaseUrl,
    CHAIN_URL: reach.chainUrl,
    CHAIN_ID: String(chainId),
    REGISTRY_ADDRESS: deployment.registry,
    CHAIN_START_BLOCK: String(deployment.startBlock),
    KEYS_DIR: at.keysDir,
    TAG_KEY_FILE: path.join(path.dirname(at.keysDir), "consortium", "tag.key"),
    TSA_URL: reach.authority.timeStampUrl,
    REVOCATION_URLS: reach.authority.listUrls.join(","),
    REVOCATION_ROOTS_FILE: path.join(path.dirname(at.keysDir), "consortium", "root.pem"),
    SMS_PROVIDER: "development",
    WEB_ROOT: fileURLToPath(new URL("../../dist/web", import.meta.url)),
    LOG_LEVEL: process.env.LOG_LEVEL,
  };
}
