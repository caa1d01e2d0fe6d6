// The chain's auditor: asks the node itself, and believes nothing that the mirror says of it. Event by event the mirror is
// compared with the node's logs, block by block with its headers; then what this centre rests on is asked of the contracts:
// the roots of its checkpoints, its revocations, every listing. It changes nothing.
//
// Everything goes in bounded ranges and pages, so a chain of years is audited in little memory. A node that does not answer
// is a finding of its own kind: nothing was found wrong, and nothing was found right either.
import { isDeepStrictEqual } from "node:util";
import type { Queryable } from "../db.ts";
import { invariant } from "../errors.ts";
import type { Finding } from "../finding.ts";
import * as store from "./audit-store.ts";
import type { AnchoredRow, MirroredEvent } from "./audit-store.ts";
import {
  ChainUnreachable,
  RpcError,
  fromData,
  fromQuantity,
  interfaces,
  quantity,
  readBlock,
  resultOf,
  toData,
} from "./client.ts";
import type { Block, ChainClient, ContractName } from "./client.ts";
import { readLog, toEvent } from "./events.ts";
import type { ChainEvent, Log } from "./events.ts";
import { findCursor } from "./mirror-store.ts";
import type { Cursor } from "./mirror-store.ts";
import { fromWord, toWord } from "./word.ts";

/** The check of the one finding that says nothing against anybody. */
export const couldNotBeAsked = "chain.could_not_be_asked";

export interface ChainAuditOptions {
  client: ChainClient;
  /** code of this centre */
  centre: string;
  /** address of the registry as configured; without it the mirror's own is taken */
  registry?: string;
  /** most blocks in one request for logs; fewer are asked when the node refuses */
  rangeBlocks?: number;
  /** called after each range: how many blocks are compared, of how many */
  progress?: (done: bigint, all: bigint) => void;
}

/** Of each check this many findings are told one by one; of the rest only how many. */
const mostOfACheck = 100;
/** Calls in one request to the node. */
const callsAtOnce = 100;
/** IBlacklist.State */
const listingStates = ["none", "listed", "suspended", "lifted"] as const;

class Findings {
  readonly #told: Finding[] = [];
  readonly #counts = new Map<string, number>();

  add(check: string, subject: string, detail: string): void {
    const count = (this.#counts.get(check) ?? 0) + 1;
    this.#counts.set(check, count);
    if (count <= mostOfACheck) this.#told.push({ check, subject, detail });
  }

  all(): Finding[] {
    const more = [...this.#counts].filter(([, count]) => count > mostOfACheck);
    const rest = more.map(([check, count]) => ({
      check,
      subject: "more",
      detail: `and ${count - mostOfACheck} more of this kind`,
    }));
    return [...this.#told, ...rest];
  }
}

/**
 * Compares everything that this database says of the chain with what the node says. Run it in one repeatable read transaction.
 * What was found before the node went away is kept, with one finding `chain.could_not_be_asked` after it.
 */
export async function auditChain(db: Queryable, options: ChainAuditOptions): Promise<Finding[]> {
  const findings = new Findings();
  try {
    await auditAll(db, options, findings);
  } catch (error) {
    if (!(error instanceof ChainUnreachable) && !(error instanceof RpcError)) throw error;
    findings.add(couldNotBeAsked, "node", `${error.message}: what it would have said is not known`);
  }
  return findings.all();
}

async function auditAll(db: Queryable, options: ChainAuditOptions, findings: Findings): Promise<void> {
  const { client, centre } = options;
  const cursor = await findCursor(db);
  if (!cursor) return findings.add("chain.mirror_began", "mirror", "has never read the chain");
  const registry = toData(cursor.registry);
  if (options.registry !== undefined && options.registry.toLowerCase() !== registry)
    findings.add(
      "chain.registry",
      registry,
      `the mirror reads another registry than ${options.registry.toLowerCase()}`,
    );

  const answers = await client.batch([
    { method: "eth_chainId", params: [] },
    { method: "eth_blockNumber", params: [] },
  ]);
  const [chainId, head] = answers.map((answer) => fromQuantity(resultOf(answer))) as [bigint, bigint];
  if (chainId !== cursor.chainId)
    return findings.add("chain.id", String(chainId), `the mirror is of chain ${cursor.chainId}`);
  if (head < cursor.number)
    findings.add("chain.head", `block ${head}`, `the chain ends here, the mirror has read up to ${cursor.number}`);
  const end = head < cursor.number ? head : cursor.number;

  const readTo = await compareRanges(db, options, cursor, end, findings);
  for (const number of await store.eventBlocksOutside(db, cursor.startBlock, readTo))
    findings.add("chain.event_extra", `block ${number}`, "the mirror has events of a block that it cannot have read");
  for (const row of await store.anchoredOutside(db, cursor.startBlock, readTo))
    findings.add(
      "chain.checkpoint",
      placeOf(row),
      `is called anchored in block ${row.blockNumber}, which was not read`,
    );

  if (end < cursor.startBlock) return;
  const at = quantity(end);
  await compareLatest(db, client, { centre, at }, findings);
  await compareRevocations(db, client, { centre, at, end }, findings);
  await compareListings(db, client, at, findings);
}

// ------------------------------------------------------------------------------------------------------------ events

/** Compares range after range up to block `end`. Returns the last block compared. */
async function compareRanges(
  db: Queryable,
  options: ChainAuditOptions,
  cursor: Cursor,
  end: bigint,
  findings: Findings,
): Promise<bigint> {
  const { client, centre } = options;
  const all = end - cursor.startBlock + 1n;
  // The contracts are learned from the node's own logs, as the mirror once did: a forged row adds none.
  const known = new Map<string, { name: ContractName; since: bigint }>([
    [toData(cursor.registry), { name: "CentreRegistry", since: cursor.startBlock }],
  ]);
  let range = BigInt(options.rangeBlocks ?? 1_000);
  for (let from = cursor.startBlock; from <= end;) {
    const to = from + range - 1n < end ? from + range - 1n : end;
    let logs;
    try {
      logs = await readOurLogs(client, known, toData(cursor.registry), from, to);
    } catch (error) {
      // Nodes limit how much one request may read, each in its own words.
      if (!(error instanceof RpcError) || range === 1n) throw error;
      range /= 2n;
      continue;
    }
    const mirrored = await store.eventsBetween(db, from, to);
    const numbers = new Set([...logs.map((log) => log.blockNumber), ...mirrored.map((event) => event.blockNumber)]);
    if (to === end && end === cursor.number) numbers.add(end);
    const headers = await readHeaders(client, [...numbers]);
    if (to === end && end === cursor.number && cursor.hash && !headers.get(end)?.hash.equals(cursor.hash))
      findings.add("chain.block_hash", `block ${end}`, "the mirror stands on another block than the chain has there");

    const events = logs.map((log) => ({ ...toEvent(log, known.get(log.address)!.name), blockHash: log.blockHash }));
    compareEvents(events, mirrored, findings);
    compareBlocks(mirrored, headers, findings);
    await compareAnchors(db, { centre, from, to, events }, findings);
    options.progress?.(to - cursor.startBlock + 1n, all);
    from = to + 1n;
  }
  return end;
}

async function readOurLogs(
  client: ChainClient,
  known: Map<string, { name: ContractName; since: bigint }>,
  registry: string,
  from: bigint,
  to: bigint,
): Promise<Log[]> {
  const read = async (address: string[]) => {
    const logs = await client.call("eth_getLogs", [{ address, fromBlock: quantity(from), toBlock: quantity(to) }]);
    return (logs as unknown[]).map(readLog);
  };
  let logs = await read([...known.keys()]);
  const fresh: string[] = [];
  for (const log of logs) {
    if (log.address !== registry) continue;
    const { name, args } = toEvent(log, "CentreRegistry");
    if (name !== "ContractSet") continue;
    const [contract, address] = [fromWord(String(args.name)), String(args.account)];
    if (contract === undefined || !(contract in interfaces) || known.has(address)) continue;
    known.set(address, { name: contract as ContractName, since: log.blockNumber });
    fresh.push(address);
  }
  if (fresh.length > 0) logs = logs.concat(await read(fresh));
  return logs
    .filter((log) => log.blockNumber >= known.get(log.address)!.since)
    .sort((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex);
}

async function readHeaders(client: ChainClient, numbers: readonly bigint[]): Promise<Map<bigint, Block>> {
  const found = new Map<bigint, Block>();
  for (const some of chunks(numbers)) {
    const calls = some.map((number) => ({ method: "eth_getBlockByNumber", params: [quantity(number), false] }));
    for (const answer of await client.batch(calls)) {
      const block = readBlock(resultOf(answer));
      if (block) found.set(block.number, block);
    }
  }
  return found;
}

type NodeEvent = ChainEvent & { blockHash: Buffer };

/** Walks both lists, which stand in the same order, and tells what only one of them has and what differs. */
function compareEvents(theirs: readonly NodeEvent[], ours: readonly MirroredEvent[], findings: Findings): void {
  const places = new Map(ours.map((event) => [eventPlace(event), event]));
  for (const event of theirs) {
    const place = eventPlace(event);
    const mine = places.get(place);
    places.delete(place);
    if (!mine) {
      findings.add("chain.event_missing", place, `the chain has ${event.name} here, the mirror has nothing`);
      continue;
    }
    if (!mine.blockHash.equals(event.blockHash))
      findings.add("chain.block_hash", place, "the mirror has this event in another block than the chain");
    const differs = differences(event, mine);
    if (differs.length > 0)
      findings.add(
        "chain.event_differs",
        place,
        `the mirror's ${mine.name} differs from the chain's in ${differs.join(", ")}`,
      );
  }
  for (const [place, event] of places)
    findings.add("chain.event_extra", place, `the mirror has ${event.name} here, the chain has nothing`);
}

function differences(theirs: NodeEvent, mine: MirroredEvent): string[] {
  const differs: string[] = [];
  if (!mine.transactionHash.equals(theirs.transactionHash)) differs.push("transaction");
  if (!mine.address.equals(theirs.address) || mine.contract !== theirs.contract) differs.push("contract");
  if (mine.name !== theirs.name) differs.push("name");
  if (mine.centre !== theirs.centre) differs.push("centre");
  if (!isDeepStrictEqual(mine.args, theirs.args)) differs.push("arguments");
  return differs;
}

/** Times of blocks are evidence for when a certificate existed, so they are compared too. */
function compareBlocks(ours: readonly MirroredEvent[], headers: Map<bigint, Block>, findings: Findings): void {
  const seen = new Set<bigint>();
  for (const { blockNumber, blockTime } of ours) {
    if (seen.has(blockNumber)) continue;
    seen.add(blockNumber);
    const time = headers.get(blockNumber)?.time;
    if (time !== undefined && time !== blockTime)
      findings.add("chain.block_time", `block ${blockNumber}`, `the mirror says ${blockTime}, the chain ${time}`);
  }
}

// ------------------------------------------------------------------------------------------------------- checkpoints

/** Checkpoints that this centre calls anchored in these blocks, and what the chain has of its log there. */
async function compareAnchors(
  db: Queryable,
  { centre, from, to, events }: { centre: string; from: bigint; to: bigint; events: readonly NodeEvent[] },
  findings: Findings,
): Promise<void> {
  const anchors = events.filter((event) => event.name === "CheckpointAnchored" && event.centre === centre);
  const byTransaction = new Map(anchors.map((event) => [anchorKey(event), event]));
  const judged = new Set<string>();
  for (const row of await store.anchoredBetween(db, from, to)) {
    judged.add(`${row.epoch}/${row.size}`);
    const event = byTransaction.get(`${row.transactionHash}/${row.epoch}/${row.size}`);
    if (!event) findings.add("chain.checkpoint", placeOf(row), "is called anchored, and the chain has no such anchor");
    else if (event.args.root !== toData(row.root))
      findings.add("chain.checkpoint_root", placeOf(row), "has another root on the chain");
    else if (toData(event.address) !== row.contract || toData(event.blockHash) !== row.blockHash)
      findings.add("chain.checkpoint", placeOf(row), "stands in another contract or another block on the chain");
  }
  const places = anchors
    .map(({ args }) => ({ epoch: String(args.epoch), size: String(args.size), root: args.root }))
    .filter(({ epoch, size }) => !judged.has(`${epoch}/${size}`));
  const roots = await store.rootsAt(db, places);
  for (const { epoch, size, root } of places) {
    const mine = roots.get(`${epoch}/${size}`);
    const subject = `checkpoint ${epoch}/${size}`;
    if (!mine) findings.add("chain.checkpoint_unknown", subject, "is on the chain and not here");
    else if (toData(mine) !== root) findings.add("chain.checkpoint_root", subject, "has another root on the chain");
  }
}

/** What the contract itself keeps: its latest checkpoint of each of this centre's logs. */
async function compareLatest(
  db: Queryable,
  client: ChainClient,
  { centre, at }: { centre: string; at: string },
  findings: Findings,
): Promise<void> {
  const largest = await store.largestAnchored(db);
  const calls = largest.map(({ epoch, contract }) => ({ contract, args: [toWord(centre), epoch] }));
  for (const [i, [size, root]] of (await ask(client, "CheckpointAnchor", "latest", calls, at)).entries()) {
    const { epoch, size: mine } = largest[i]!;
    // What the mirror read a moment ago may not be called anchored yet; it is a checkpoint of ours all the same.
    const place = `${epoch}/${String(size)}`;
    const known = (await store.rootsAt(db, [{ epoch: String(epoch), size: String(size) }])).get(place);
    if ((size as bigint) < mine || !known)
      findings.add(
        "chain.checkpoint_latest",
        `checkpoint ${epoch}/${mine}`,
        `the contract's latest is ${String(size)}`,
      );
    else if (String(root).toLowerCase() !== toData(known))
      findings.add("chain.checkpoint_root", `checkpoint ${place}`, "has another root in the contract");
  }
}

// -------------------------------------------------------------------------------------------- revocations, listings

async function compareRevocations(
  db: Queryable,
  client: ChainClient,
  { centre, at, end }: { centre: string; at: string; end: bigint },
  findings: Findings,
): Promise<void> {
  for (let after = -1n; ;) {
    const page = await store.sentRevocations(db, centre, { after, to: end, limit: callsAtOnce });
    const calls = page.map(({ contract, index }) => ({ contract: toData(contract), args: [toWord(centre), index] }));
    const states = await ask(client, "CertificateStatus", "isRevoked", calls, at);
    page.forEach(({ certificate, reinstated }, i) => {
      const revoked = states[i]![0] as boolean;
      if (revoked === reinstated)
        findings.add(
          "chain.revocation",
          certificate,
          revoked
            ? "is revoked on the chain, though the guardian took it back"
            : "is revoked here and not on the chain",
        );
    });
    if (page.length < callsAtOnce) return;
    after = page.at(-1)!.index;
  }
}

async function compareListings(db: Queryable, client: ChainClient, at: string, findings: Findings): Promise<void> {
  for (let after = { blockNumber: -1n, logIndex: -1 }; ;) {
    const page = await store.mirroredListings(db, after, callsAtOnce);
    const calls = page.map(({ contract, id }) => ({ contract: toData(contract), args: [toData(id)] }));
    const listings = await ask(client, "Blacklist", "listing", calls, at);
    page.forEach((mine, i) => {
      const [word, commitment, state] = listings[i]!;
      const [id, theirs] = [mine.id.toString("hex"), listingStates[Number(state)] ?? "none"];
      if (theirs !== mine.state)
        findings.add("chain.listing_state", id, `is ${mine.state} in the mirror and ${theirs} on the chain`);
      else if (word !== toWord(mine.centre) || !fromData(commitment, 32).equals(mine.commitment))
        findings.add("chain.listing", id, "has another centre or another commitment on the chain");
    });
    if (page.length < callsAtOnce) return;
    after = page.at(-1)!;
  }
}

// ------------------------------------------------------------------------------------------------------------- asking

/** Calls one view with several arguments as of a block; the values come in the order of the calls. */
async function ask(
  client: ChainClient,
  contract: ContractName,
  method: string,
  calls: readonly { contract: string; args: unknown[] }[],
  at: string,
): Promise<unknown[][]> {
  const abi = interfaces[contract];
  const values: unknown[][] = [];
  for (const some of chunks(calls)) {
    const answers = await client.batch(
      some.map(({ contract: to, args }) => ({
        method: "eth_call",
        params: [{ to, data: abi.encodeFunctionData(method, args) }, at],
      })),
    );
    for (const answer of answers) {
      const data = toData(fromData(resultOf(answer)));
      // A place without a contract answers nothing at all: to be told, not to be thrown as a wrong encoding.
      if (data === "0x") throw new ChainUnreachable(`the chain node has no ${contract} at its address`);
      values.push(abi.decodeFunctionResult(method, data).toArray());
    }
  }
  invariant(values.length === calls.length, "every call of the chain's auditor has its answer");
  return values;
}

function* chunks<T>(all: readonly T[]): Generator<T[]> {
  for (let i = 0; i < all.length; i += callsAtOnce) yield all.slice(i, i + callsAtOnce);
}

const eventPlace = (event: { blockNumber: bigint; logIndex: number }) =>
  `block ${event.blockNumber} log ${event.logIndex}`;
const placeOf = ({ epoch, size }: Pick<AnchoredRow, "epoch" | "size">) => `checkpoint ${epoch}/${size}`;
const anchorKey = ({ transactionHash, args }: NodeEvent) =>
  `${toData(transactionHash)}/${String(args.epoch)}/${String(args.size)}`;
