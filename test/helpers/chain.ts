// A fresh chain for a test file: an anvil of its own with the contracts deployed and two centres or more admitted.
// Takes a third of a second on an idle machine; between tests, reset() takes a few milliseconds.
import { createHash, generateKeyPairSync } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { afterAll } from "vitest";
import { startChain } from "../../scripts/stack/chain.ts";
import type { EmbeddedChain } from "../../scripts/stack/chain.ts";
import { ensureContracts } from "../../scripts/stack/deploy.ts";
import type { CentreWanted, Deployment } from "../../scripts/stack/deploy.ts";
import { createChainClient, toData } from "../../service/src/chain/client.ts";
import type { ChainClient } from "../../service/src/chain/client.ts";
import { createSigner } from "../../service/src/chain/transaction.ts";
import type { Signer } from "../../service/src/chain/transaction.ts";

export const testChainId = 20260;

export interface TestCentre {
  code: string;
  /** the senders; the keys follow from the code, the same in every run */
  anchorer: Signer;
  statusWriter: Signer;
  lister: Signer;
  guardian: Signer;
  /** private keys of the four accounts, hex */
  accountKeys: { anchor: string; status: string; listing: string; guardian: string };
  /** PKCS8 PEM */
  logKey: string;
  witnessKey: string;
  memberKey: string;
  qrKey: string;
  /** the registered public keys */
  registered: CentreWanted;
}

export interface TestChain {
  url: string;
  chainId: number;
  contracts: Deployment;
  client: ChainClient;
  /** owner of the registry */
  deployer: Signer;
  deployerKey: string;
  centres: TestCentre[];
  chain: EmbeddedChain;
  /** back to the state just after the deployment, in a few milliseconds: for a beforeEach */
  reset(): Promise<void>;
}

export interface FreshChainOptions {
  /** C46010 and C14010 if not given */
  codes?: string[];
  /** where a centre's service answers; http://127.0.0.1:1 if not given, where nobody does */
  serviceUrl?: (code: string) => string;
}

const running: { chain: EmbeddedChain; dir: string }[] = [];

// Registered when the test file imports this helper: vitest drops an afterAll that comes from within a hook or a test.
afterAll(async () => {
  for (const { chain, dir } of running) {
    await chain.stop();
    fs.rmSync(dir, { recursive: true, force: true });
  }
});

/** Starts an anvil of its own with everything deployed; it is stopped and its folder removed after the test file. */
export async function freshChain(options: FreshChainOptions = {}): Promise<TestChain> {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), "cunzheng-chain-"));
  const chain = await startChain({ dir, chainId: testChainId, keepDumping: false });
  running.push({ chain, dir });
  const deployerKey = testKey("deployer");
  const centres = (options.codes ?? ["C46010", "C14010"]).map((code) =>
    testCentre(code, options.serviceUrl?.(code) ?? "http://127.0.0.1:1"),
  );
  const contracts = await ensureContracts({
    url: chain.url,
    deployerKey,
    centres: centres.map((centre) => centre.registered),
  });
  const client = createChainClient({ url: chain.url });
  let snapshot = await client.call("evm_snapshot", []);
  return {
    url: chain.url,
    chainId: testChainId,
    contracts,
    client,
    async reset() {
      await client.call("anvil_dropAllTransactions", []);
      await client.call("evm_revert", [snapshot]);
      snapshot = await client.call("evm_snapshot", []); // a snapshot serves once
      await client.call("evm_setAutomine", [true]);
    },
    deployer: createSigner(deployerKey),
    deployerKey,
    centres,
    chain,
  };
}

/** A secp256k1 key that follows from a name: for tests only. */
export function testKey(name: string): string {
  return createHash("sha256").update(`cunzheng test key ${name}`).digest("hex");
}

/** A centre with all its keys; the dated ones count from 2018-09-01 on. */
export function testCentre(code: string, serviceUrl: string): TestCentre {
  const accountKeys = {
    anchor: testKey(`${code} anchor`),
    status: testKey(`${code} status`),
    listing: testKey(`${code} listing`),
    guardian: testKey(`${code} guardian`),
  };
  const [anchorer, statusWriter, lister, guardian] = Object.values(accountKeys).map(createSigner) as [
    Signer,
    Signer,
    Signer,
    Signer,
  ];
  const [log, witness, member] = [ed25519(), ed25519(), ed25519()];
  const qr = p256();
  const from = 1_535_731_200;
  return {
    code,
    anchorer,
    statusWriter,
    lister,
    guardian,
    accountKeys,
    logKey: log.pem,
    witnessKey: witness.pem,
    memberKey: member.pem,
    qrKey: qr.pem,
    registered: {
      code,
      name: `测试中心${code}`,
      creditCode: `1${code.slice(1)}000000000000`.slice(0, 18),
      serviceUrl,
      accounts: {
        anchorer: toData(anchorer.account),
        statusWriter: toData(statusWriter.account),
        lister: toData(lister.account),
        guardian: toData(guardian.account),
      },
      keys: [
        { kind: "log", value: log.publicKey, from },
        { kind: "witness", value: witness.publicKey, from },
        { kind: "member", value: member.publicKey, from },
        { kind: "qr", value: qr.publicKey, from },
        { kind: "seal", value: createHash("sha256").update(`seal certificate of ${code}`).digest(), from },
      ],
    },
  };
}

function ed25519(): { pem: string; publicKey: Buffer } {
  const pair = generateKeyPairSync("ed25519");
  return {
    pem: pair.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    publicKey: Buffer.from(pair.publicKey.export({ format: "jwk" }).x!, "base64url"),
  };
}

function p256(): { pem: string; publicKey: Buffer } {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const { x, y } = pair.publicKey.export({ format: "jwk" });
  return {
    pem: pair.privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    publicKey: Buffer.concat([Buffer.from([4]), Buffer.from(x!, "base64url"), Buffer.from(y!, "base64url")]),
  };
}
