// Brings the contracts and the registry to the wanted state, for a demonstration and for tests: one deployer owns the
// registry. In a consortium the members' vote is the owner, and each of these calls is a proposal.
import {
  createChainClient,
  fromQuantity,
  describeRevert,
  interfaces,
  quantity,
  resultOf,
  revertData,
  toData,
} from "../../service/src/chain/client.ts";
import type { ChainClient, Contracts, RpcAnswer } from "../../service/src/chain/client.ts";
import { ownerCalls, toCentre } from "../../service/src/chain/registry.ts";
import type { Accounts, RegistryCentre } from "../../service/src/chain/registry.ts";
import { createSigner, createdAddress } from "../../service/src/chain/transaction.ts";
import type { Signer } from "../../service/src/chain/transaction.ts";
import { toWord } from "../../service/src/chain/word.ts";
import bytecode from "./bytecode.json" with { type: "json" };

export interface CentreWanted {
  code: string;
  name: string;
  creditCode: string;
  serviceUrl: string;
  accounts: Accounts;
  keys: KeyWanted[];
}

export interface KeyWanted {
  /** "log", "witness", "member", "qr", "seal", … */
  kind: string;
  value: Uint8Array;
  /** seconds since 1970 */
  from: number;
  /** seconds since 1970; open if not given */
  until?: number;
}

export interface Deployment extends Contracts {
  /** the block that created the registry: the first that can hold an event of ours */
  startBlock: number;
  /** how many transactions this call sent */
  sent: number;
}

export interface DeployOptions {
  url: string;
  /** secp256k1 key of the deployer, hex; its first four transactions create the contracts */
  deployerKey: string;
  centres: CentreWanted[];
  /** for all, in milliseconds; 60 seconds if not given */
  timeoutMs?: number;
}

const contractNames = ["CheckpointAnchor", "CertificateStatus", "Blacklist"] as const;

/**
 * Deploys what is missing, names the contracts in the registry, admits centres, sets their addresses and accounts and adds
 * their keys. What is there already is left alone: a second call sends nothing. Addresses follow from the deployer's
 * first nonces, so a chain that lost its last blocks, or all of them, gets the same contracts at the same addresses.
 * It takes nothing away: a centre or key that is no longer wanted stays until the owner ends it.
 * @throws when the deployer's account was used for something else, or a call is refused
 */
export async function ensureContracts(options: DeployOptions): Promise<Deployment> {
  const client = createChainClient({ url: options.url });
  const signer = createSigner(options.deployerKey);
  const deadline = Date.now() + (options.timeoutMs ?? 60_000);
  const chainId = Number(fromQuantity(await client.call("eth_chainId", [])));
  const sender = { client, signer, chainId, deadline };

  const [registry, checkpointAnchor, certificateStatus, blacklist] = [0n, 1n, 2n, 3n].map((nonce) =>
    createdAddress(signer.account, nonce),
  ) as [string, string, string, string];
  const contracts: Contracts = { registry, checkpointAnchor, certificateStatus, blacklist };

  const creations = await missingCreations(client, signer, contracts);
  await sendAll(sender, creations);
  const calls = await missingCalls(client, contracts, options.centres);
  await sendAll(
    sender,
    calls.map((data) => ({ to: registry, data })),
  );
  return { ...contracts, startBlock: await creationBlock(client, registry), sent: creations.length + calls.length };
}

interface Sending {
  to: string | null;
  data: string | Uint8Array;
}

async function missingCreations(client: ChainClient, signer: Signer, contracts: Contracts): Promise<Sending[]> {
  const used = fromQuantity(await client.call("eth_getTransactionCount", [toData(signer.account), "latest"]));
  const codes = await client.batch(
    [contracts.registry, contracts.checkpointAnchor, contracts.certificateStatus, contracts.blacklist].map(
      (address) => ({ method: "eth_getCode", params: [address, "latest"] }),
    ),
  );
  const registryWord = contracts.registry.slice(2).padStart(64, "0");
  const creation = [
    bytecode.CentreRegistry + toData(signer.account).slice(2).padStart(64, "0"),
    ...contractNames.map((name) => bytecode[name] + registryWord),
  ];
  return creation.flatMap((data, nonce) => {
    const exists = resultOf(codes[nonce]!) !== "0x";
    if (exists) return [];
    if (BigInt(nonce) < used)
      throw new Error("the deployer's account was used for something else: it cannot create the contracts any more");
    return [{ to: null, data }];
  });
}

/** What the registry must still be told, in an order in which each call finds what it needs. */
async function missingCalls(client: ChainClient, contracts: Contracts, wanted: CentreWanted[]): Promise<Buffer[]> {
  const abi = interfaces.CentreRegistry;
  const asked: { method: string; args: unknown[] }[] = [
    ...contractNames.map((name) => ({ method: "contractOf", args: [toWord(name)] })),
    ...wanted.map(({ code }) => ({ method: "centre", args: [toWord(code)] })),
    ...wanted.flatMap(({ code, keys }) =>
      keys.map(({ kind, value }) => ({ method: "key", args: [toWord(code), toWord(kind), toData(value)] })),
    ),
  ];
  const answers = await client.batch(
    asked.map(({ method, args }) => ({
      method: "eth_call",
      params: [{ to: contracts.registry, data: abi.encodeFunctionData(method, args) }, "latest"],
    })),
  );
  // A look-up of something unknown reverts with a named error; any other error is a failure of ours.
  const known = answers.map((answer, i) => knownValue(answer, asked[i]!.method));

  const addresses = [contracts.checkpointAnchor, contracts.certificateStatus, contracts.blacklist];
  const calls = contractNames.flatMap((name, i) =>
    known[i] === undefined || (known[i] as string).toLowerCase() !== addresses[i]
      ? [ownerCalls.setContract(name, addresses[i]!)]
      : [],
  );
  let key = contractNames.length + wanted.length;
  for (const [i, centre] of wanted.entries()) {
    const found = known[contractNames.length + i];
    calls.push(...centreCalls(centre, found === undefined ? undefined : toCentre(found)));
    for (const { kind, value, from, until } of centre.keys)
      if (known[key++] === undefined) calls.push(ownerCalls.addKey(centre.code, kind, value, from, until ?? 0));
  }
  return calls;
}

function centreCalls(wanted: CentreWanted, found: RegistryCentre | undefined): Buffer[] {
  const { code, name, creditCode, serviceUrl } = wanted;
  if (!found) return [ownerCalls.admit(code, name, creditCode, serviceUrl, wanted.accounts)];
  if (found.removedAt !== 0) throw new Error(`centre ${code} was removed from the registry: it cannot come back`);
  if (found.name !== name || found.creditCode !== creditCode)
    throw new Error(`the registry knows centre ${code} under another name or credit code`);
  const accounts = lowerCase(wanted.accounts);
  const calls: Buffer[] = [];
  if (found.serviceUrl !== serviceUrl) calls.push(ownerCalls.setServiceUrl(code, serviceUrl));
  if (JSON.stringify(found.accounts) !== JSON.stringify(accounts)) calls.push(ownerCalls.setAccounts(code, accounts));
  return calls;
}

function lowerCase(accounts: Accounts): Accounts {
  return {
    anchorer: accounts.anchorer.toLowerCase(),
    statusWriter: accounts.statusWriter.toLowerCase(),
    lister: accounts.lister.toLowerCase(),
    guardian: accounts.guardian.toLowerCase(),
  };
}

function knownValue(answer: RpcAnswer, method: string): unknown {
  if ("error" in answer) {
    const reason = describeRevert(revertData(answer.error));
    if (reason && /^Unknown(Contract|Centre|Key)\(/.test(reason)) return undefined;
    throw answer.error;
  }
  return interfaces.CentreRegistry.decodeFunctionResult(method, answer.result as string)[0];
}

interface Sender {
  client: ChainClient;
  signer: Signer;
  chainId: number;
  deadline: number;
}

/** Sends all with their nonces in one request, waits until all are in blocks. @throws when one is refused or reverted */
async function sendAll({ client, signer, chainId, deadline }: Sender, sendings: Sending[]): Promise<void> {
  if (sendings.length === 0) return;
  const first = fromQuantity(await client.call("eth_getTransactionCount", [toData(signer.account), "latest"]));
  const signed = sendings.map(({ to, data }, i) =>
    signer.sign({
      chainId,
      nonce: first + BigInt(i),
      to: to === null ? null : Buffer.from(to.slice(2), "hex"),
      data: typeof data === "string" ? Buffer.from(data.slice(2), "hex") : data,
      gasLimit: to === null ? 8_000_000n : 1_000_000n,
    }),
  );
  const sent = await client.batch(
    signed.map(({ bytes }) => ({ method: "eth_sendRawTransaction", params: [toData(bytes)] })),
  );
  for (const answer of sent) resultOf(answer);
  for (let open = signed; open.length > 0;) {
    const receipts = await client.batch(
      open.map(({ hash }) => ({ method: "eth_getTransactionReceipt", params: [toData(hash)] })),
    );
    for (const [i, answer] of receipts.entries()) {
      const receipt = resultOf(answer) as { status?: unknown; blockNumber?: unknown } | null;
      if (receipt && receipt.status !== quantity(1)) {
        const sending = sendings[signed.indexOf(open[i]!)]!;
        throw new Error(`a transaction of the deployment reverted: ${await whyReverted(client, signer, sending)}`);
      }
    }
    open = open.filter((_, i) => resultOf(receipts[i]!) === null);
    if (open.length > 0 && Date.now() > deadline) throw new Error("the chain did not take the deployment in time");
    if (open.length > 0) await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

async function whyReverted(client: ChainClient, signer: Signer, { to, data }: Sending): Promise<string> {
  const [answer] = await client.batch([
    {
      method: "eth_call",
      params: [{ from: toData(signer.account), to, data: typeof data === "string" ? data : toData(data) }, "latest"],
    },
  ]);
  if (!answer || !("error" in answer)) return "no reason found";
  return describeRevert(revertData(answer.error)) ?? answer.error.message;
}

/** The registry's first event is that of its first owner. */
async function creationBlock(client: ChainClient, registry: string): Promise<number> {
  const topic = interfaces.CentreRegistry.getEvent("OwnershipTransferred")!.topicHash;
  const logs = (await client.call("eth_getLogs", [
    { address: registry, fromBlock: "0x0", toBlock: "latest", topics: [topic] },
  ])) as { blockNumber?: unknown }[];
  return Number(fromQuantity(logs[0]?.blockNumber));
}
