// The mirror: how this centre reads the chain. Events of our contracts become rows; what is so now is a view over them.
//
// A step reads one range of blocks after the cursor and writes its events and the new cursor in one transaction: nothing
// is missed, and nothing comes twice. If the cursor's block is not the chain's any more, the step instead goes back to the
// newest block that is, and what stood above it is deleted: re-organised, or forgotten by a chain that lost its last blocks.
//
// The registry's address and its first block are the only things configured. Every other contract counts from the block in which
// the registry names it, and goes on counting when a newer one takes its name.
import type { Pool, Transaction } from "../db.ts";
import { transaction } from "../db.ts";
import { invariant } from "../errors.ts";
import { startLoop, withLeadership } from "../jobs.ts";
import type { JobLog, Loop } from "../jobs.ts";
import { RpcError, fromData, fromQuantity, interfaces, quantity, readBlock, resultOf, toData } from "./client.ts";
import type { Block, ChainClient, ContractName } from "./client.ts";
import { readLog, toEvent } from "./events.ts";
import type { ChainEvent, Log } from "./events.ts";
import * as store from "./mirror-store.ts";
import type { Cursor } from "./mirror-store.ts";
import { resetWritesAbove } from "./outbox-store.ts";
import { fromWord } from "./word.ts";

export * from "./views.ts";

export interface MirrorOptions {
  pool: Pool;
  client: ChainClient;
  chainId: number;
  /** address of the registry, 0x and hex */
  registry: string;
  /** the block that created the registry */
  startBlock: number;
  /** how many blocks to stay behind the head: 0 where blocks are final at once (QBFT) */
  confirmations: number;
  now: () => Date;
  /** most blocks in one request for logs; fewer are asked when the node refuses */
  rangeBlocks?: number;
  log?: JobLog;
  /**
   * Called in the transaction that undoes blocks, after their events are deleted: `block` is the last one that still stands.
   * Whoever derived something from events above it sets that back here.
   */
  onReorganised?: (tx: Transaction, block: bigint) => Promise<void>;
}

export interface Mirror {
  /** Reads one range, or undoes what is not so any more. "again" when there is more to read. */
  step(): Promise<"again" | number | void>;
}

export function createMirror(options: MirrorOptions): Mirror {
  const { pool, client, log } = options;
  const registry = options.registry.toLowerCase();
  const maxRange = BigInt(options.rangeBlocks ?? 2_000);
  let range = maxRange;

  async function step(): Promise<"again" | number | void> {
    const cursor = await ourCursor();
    const [headAnswer, lastAnswer] = await client.batch([
      { method: "eth_blockNumber", params: [] },
      blockCall(cursor.number < 0n ? 0n : cursor.number),
    ]);
    const head = fromQuantity(resultOf(headAnswer!));
    if (cursor.hash && !isBlock(readBlock(resultOf(lastAnswer!)), cursor.hash)) {
      await undo(cursor);
      return "again";
    }
    const target = head - BigInt(options.confirmations);
    if (target <= cursor.number) {
      await store.noteHead(pool, head, options.now());
      return;
    }
    const to = cursor.number + range < target ? cursor.number + range : target;
    const read = await readRange(cursor, to);
    if (!read) return 100; // the chain changed under us: let it settle, then look again
    await write(cursor, read, head, to === target);
    return to === target ? undefined : "again";
  }

  async function ourCursor(): Promise<Cursor> {
    const { chainId, startBlock } = options;
    let cursor = await store.findCursor(pool);
    if (!cursor) {
      await store.insertCursor(pool, { chainId, registry: fromData(registry, 20), startBlock });
      cursor = await store.findCursor(pool);
    }
    invariant(cursor, "the mirror has a cursor");
    invariant(
      cursor.chainId === BigInt(chainId) && toData(cursor.registry) === registry,
      "this database mirrors another chain or another registry",
    );
    invariant(cursor.startBlock === BigInt(startBlock), "this database mirrors the chain from another block on");
    return cursor;
  }

  /** The events from the cursor to a block, or undefined when the chain changed while we read. */
  async function readRange(
    cursor: Cursor,
    to: bigint,
  ): Promise<{ last: Block; blocks: Block[]; events: ChainEvent[] } | undefined> {
    const from = cursor.number + 1n;
    const known = new Map<string, { name: ContractName; since: bigint }>([
      [registry, { name: "CentreRegistry", since: cursor.startBlock }],
    ]);
    for (const { name, address, since } of await store.listNamedContracts(pool))
      addContract(known, name, toData(address), since);

    let logs = await readLogs([...known.keys()], from, to);
    const added = logs.flatMap((log) => namedIn(log, registry)).filter(({ address }) => !known.has(address));
    for (const { name, address, since } of added) addContract(known, name, address, since);
    const fresh = added.map(({ address }) => address).filter((address) => known.has(address));
    if (fresh.length > 0) logs = logs.concat(await readLogs([...new Set(fresh)], from, to));

    const ours = logs.filter((log) => log.blockNumber >= (known.get(log.address)?.since ?? to + 1n));
    ours.sort((a, b) => Number(a.blockNumber - b.blockNumber) || a.logIndex - b.logIndex);
    const numbers = [...new Set([...ours.map((log) => log.blockNumber), to])];
    // Headers after logs: a log whose block is not the chain's now, or a cursor that is not, shows a change in between.
    const before = cursor.hash ? [cursor.number] : [];
    const answers = await client.batch([...numbers, ...before].map(blockCall));
    const headers = answers.map((answer) => readBlock(resultOf(answer)));
    const byNumber = new Map(headers.map((header) => [header?.number, header]));
    const last = byNumber.get(to);
    if (!last || (cursor.hash && !isBlock(byNumber.get(cursor.number) ?? null, cursor.hash))) return undefined;
    if (!ours.every((log) => isBlock(byNumber.get(log.blockNumber) ?? null, log.blockHash))) return undefined;
    const withEvents = new Set(ours.map((log) => log.blockNumber));
    return {
      last,
      blocks: headers.filter((header): header is Block => header !== null && withEvents.has(header.number)),
      events: ours.map((log) => toEvent(log, known.get(log.address)!.name)),
    };
  }

  async function readLogs(address: string[], from: bigint, to: bigint): Promise<Log[]> {
    try {
      const logs = await client.call("eth_getLogs", [{ address, fromBlock: quantity(from), toBlock: quantity(to) }]);
      if (range < maxRange) range = range * 2n > maxRange ? maxRange : range * 2n;
      return (logs as unknown[]).map(readLog);
    } catch (error) {
      // Nodes limit how much one request may read, each in its own words: the next step asks for half.
      if (error instanceof RpcError && range > 1n) range /= 2n;
      throw error;
    }
  }

  async function write(
    cursor: Cursor,
    { last, blocks, events }: { last: Block; blocks: Block[]; events: ChainEvent[] },
    head: bigint,
    atHead: boolean,
  ): Promise<void> {
    await transaction(pool, async (tx) => {
      if (!(await isStill(tx, cursor))) return;
      await store.insertEvents(tx, blocks, events);
      await store.moveCursor(tx, last);
      await store.noteHead(tx, head, atHead ? options.now() : null);
      if (events.length > 0) await store.notifyEvents(tx, last.number);
    });
  }

  /** Goes back to the newest block with events that is still the chain's, or to the beginning. */
  async function undo(cursor: Cursor): Promise<void> {
    const ancestor = await newestCommonBlock(cursor.number + 1n);
    const lastStanding = ancestor?.number ?? cursor.startBlock - 1n;
    await transaction(pool, async (tx) => {
      if (!(await isStill(tx, cursor))) return;
      const blocks = await store.deleteBlocksAbove(tx, lastStanding);
      await store.moveCursor(tx, ancestor);
      await resetWritesAbove(tx, lastStanding);
      await options.onReorganised?.(tx, lastStanding);
      await store.notifyEvents(tx, lastStanding);
      log?.warn({ lastStanding, blocks }, "the chain was re-organised: its last blocks are undone and read again");
    });
  }

  async function newestCommonBlock(below: bigint): Promise<Block | null> {
    for (;;) {
      const mine = await store.listBlocksBelow(pool, below, 100);
      if (mine.length === 0) return null;
      const theirs = (await client.batch(mine.map(({ number }) => blockCall(number)))).map((answer) =>
        readBlock(resultOf(answer)),
      );
      const common = theirs.find((block, i) => isBlock(block, mine[i]!.hash));
      if (common) return common;
      below = mine.at(-1)!.number;
    }
  }

  return { step };
}

const blockCall = (number: bigint) => ({ method: "eth_getBlockByNumber", params: [quantity(number), false] });
const isBlock = (block: Block | null, hash: Buffer) => block !== null && block.hash.equals(hash);

/** Another replica may have moved the cursor since we read it: then what we read is not written. */
async function isStill(tx: Transaction, cursor: Cursor): Promise<boolean> {
  const now = await store.lockCursor(tx);
  return (
    now?.number === cursor.number && (now.hash === null ? cursor.hash === null : cursor.hash?.equals(now.hash) === true)
  );
}

function addContract(
  known: Map<string, { name: ContractName; since: bigint }>,
  name: string,
  address: string,
  since: bigint,
): void {
  // A name that this version has no ABI for is for a later one, which then reads from the beginning.
  if (name in interfaces && !known.has(address)) known.set(address, { name: name as ContractName, since });
}

const contractSet = interfaces.CentreRegistry.getEvent("ContractSet")!;

function namedIn(log: Log, registry: string): { name: string; address: string; since: bigint }[] {
  if (log.address !== registry || log.topics[0] !== contractSet.topicHash) return [];
  const { args } = toEvent(log, "CentreRegistry");
  const name = fromWord(String(args.name));
  return name === undefined ? [] : [{ name, address: String(args.account), since: log.blockNumber }];
}

/** Keeps reading until stopped. Every replica may run it; one of them leads. */
export function startMirror(options: MirrorOptions & { intervalMs?: number }): Loop {
  const mirror = createMirror(options);
  return startLoop({
    name: "mirror the chain",
    intervalMs: options.intervalMs ?? 500,
    ...(options.log ? { log: options.log } : {}),
    step: async () => {
      const turn = await withLeadership(options.pool, "chain.mirror", () => mirror.step());
      return turn.led ? turn.result : undefined;
    },
  });
}
