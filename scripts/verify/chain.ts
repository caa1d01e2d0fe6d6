// What centres read from the chain (FORMAT.md §8): anchored roots and revocations, each asked of several centres.
import { Interface, encodeBytes32String } from "ethers";
import { isObject } from "./bytes.ts";
import { type Answer, type Common, type Vote, vote } from "./trust-list.ts";
import { Outage, type Transport, callChain } from "./transport.ts";

/** The parts of the contracts that a verifier reads, as §8 writes them. */
export const abi = new Interface([
  "event CheckpointAnchored(bytes32 indexed centre, uint256 indexed epoch, uint256 indexed size, bytes32 root)",
  "function isRevoked(bytes32 centre, uint64 index) view returns (bool)",
  "event Revoked(bytes32 indexed centre, uint64 indexed index, uint8 reason, uint64 at)",
]);

/** A node whose newest block is older than this, in seconds, does not count about standing. */
const freshSeconds = 24 * 3600;
/** More centres than this are not asked: an honest majority of seven is enough, and centres are many. */
const askedAtMost = 7;

export interface Anchored {
  /** hex */
  root: string;
  /** time of the block, seconds */
  time: number;
}

export interface Standing {
  revoked: boolean;
  /** 1 to 6, 0 when not revoked */
  reason: number;
  /** seconds, 0 when not revoked */
  at: number;
}

/** Centres to ask, and what the trust list says of the chain. */
export interface Chain {
  transport: Transport;
  askable: readonly { code: string; url: string }[];
  common: Common;
}

/** A code in ASCII, padded with zeros on the right. */
export const centreBytes = (code: string): string => encodeBytes32String(code);

/** Asks several centres at once. One that fails to answer is left out; a bug of ours is not an outage. */
async function askAll<T>(chain: Chain, question: (url: string) => Promise<T>): Promise<Answer<T>[]> {
  const asked = await Promise.all(
    chain.askable.slice(0, askedAtMost).map(async ({ code, url }) => {
      try {
        return [{ from: code, value: await question(url) }];
      } catch (error) {
        if (error instanceof Outage) return [];
        throw error;
      }
    }),
  );
  return asked.flat();
}

/** The root that the chain holds for a centre's log at a size, agreed on null when it holds none. */
export async function readAnchored(
  chain: Chain,
  place: { centre: string; epoch: number; size: number },
  firstLookAt: number | null,
): Promise<Vote<Anchored | null>> {
  const topics = abi.encodeFilterTopics("CheckpointAnchored", [centreBytes(place.centre), place.epoch, place.size]);
  const address = chain.common.checkpointAnchor;
  const answers = await askAll(chain, async (url) => {
    const near = firstLookAt === null ? [] : await lookNear(chain, url, address, topics, firstLookAt);
    const logs = near.length > 0 ? near : await readLogs(chain, url, address, topics, null);
    const [first, ...more] = logs.map((log) => ({
      ...log,
      root: dataOf("CheckpointAnchored", log).getValue("root") as string,
    }));
    if (!first) return null;
    // The contract holds one root at a size. A node that shows two has not read it.
    if (more.some((log) => log.root !== first.root)) throw new Outage("two roots at one size");
    const block = await readBlock(chain, url, first.block);
    return { root: first.root.slice(2), time: block.time };
  });
  return vote(answers);
}

/** A first look where the receipt says. A node may refuse a block that it does not have; then all blocks are searched. */
async function lookNear(...question: [Chain, string, string, readonly (string | string[] | null)[], number]) {
  try {
    return await readLogs(...question);
  } catch (error) {
    if (error instanceof Outage) return [];
    throw error;
  }
}

/** Whether a certificate is revoked. `stale` counts centres that were left out because their chain stands still. */
export async function readStanding(
  chain: Chain,
  certificate: { centre: string; statusIndex: number },
  now: number,
): Promise<{ standing: Vote<Standing>; stale: number }> {
  const args = [centreBytes(certificate.centre), certificate.statusIndex];
  const topics = abi.encodeFilterTopics("Revoked", args);
  const address = chain.common.certificateStatus;
  const answers = await askAll(chain, async (url) => {
    const head = await readBlock(chain, url, "latest");
    if (head.time < now - freshSeconds) return { stale: true as const };
    const data = abi.encodeFunctionData("isRevoked", args);
    const result = await callChain(chain.transport, url, "eth_call", [{ to: address, data }, "latest"]);
    const revoked = decodeBool(result);
    if (!revoked) return { stale: false as const, revoked, reason: 0, at: 0 };
    // A revocation may have been undone and made again: the last event speaks of the one that stands.
    const log = (await readLogs(chain, url, address, topics, null)).at(-1);
    const event = log && dataOf("Revoked", log);
    return {
      stale: false as const,
      revoked,
      reason: Number(event?.getValue("reason") ?? 6),
      at: Number(event?.getValue("at") ?? 0),
    };
  });
  const fresh = answers.flatMap(({ from, value }) =>
    value.stale ? [] : [{ from, value: { revoked: value.revoked, reason: value.reason, at: value.at } }],
  );
  const revoked = vote(fresh.map(({ from, value }) => ({ from, value: value.revoked })));
  const stale = answers.length - fresh.length;
  if (revoked.state !== "agreed") {
    return {
      stale,
      standing: revoked.state === "disputed" ? { state: "disputed", said: fresh.map((one) => one.value) } : revoked,
    };
  }
  // That it is revoked needs agreement; the reason is then the one that most of them name.
  const particulars = vote(fresh.filter(({ value }) => value.revoked === revoked.value));
  const value =
    particulars.state === "agreed"
      ? particulars.value
      : { revoked: revoked.value, reason: revoked.value ? 6 : 0, at: 0 };
  return { stale, standing: { state: "agreed", value, others: revoked.others } };
}

interface Log {
  topics: string[];
  data: string;
  block: number;
}

function dataOf(event: string, log: Log) {
  try {
    return abi.decodeEventLog(event, log.data, log.topics);
  } catch (cause) {
    throw new Outage("the event has another form", { cause });
  }
}

function decodeBool(result: unknown): boolean {
  // Other words than 0 and 1 are no bool, though decoders take them.
  if (typeof result !== "string" || !/^0x0{63}[01]$/.test(result)) throw new Outage("no bool");
  return abi.decodeFunctionResult("isRevoked", result)[0] as boolean;
}

/** Logs of one contract with these topics, oldest first, in one block or (null) in all. */
async function readLogs(
  chain: Chain,
  url: string,
  address: string,
  topics: readonly (string | string[] | null)[],
  block: number | null,
): Promise<Log[]> {
  const range =
    block === null ? { fromBlock: "0x0", toBlock: "latest" } : { fromBlock: quantity(block), toBlock: quantity(block) };
  const result = await callChain(chain.transport, url, "eth_getLogs", [{ address, topics, ...range }]);
  if (!Array.isArray(result)) throw new Outage("no list of logs");
  return result.map((log: unknown) => {
    if (!isObject(log) || !Array.isArray(log.topics) || typeof log.data !== "string" || log.removed === true) {
      throw new Outage("no log");
    }
    const found = log.topics.map((topic) => String(topic).toLowerCase());
    const asked = found.length === topics.length && found.every((topic, index) => topic === topics[index]);
    // A node that answers with the logs of others has not understood the question.
    if (!asked || String(log.address).toLowerCase() !== address) throw new Outage("a log that was not asked for");
    return { topics: found, data: log.data, block: fromQuantity(log.blockNumber) };
  });
}

async function readBlock(chain: Chain, url: string, block: number | "latest"): Promise<{ time: number }> {
  const tag = block === "latest" ? block : quantity(block);
  const result = await callChain(chain.transport, url, "eth_getBlockByNumber", [tag, false]);
  if (!isObject(result)) throw new Outage("no block");
  if (block !== "latest" && fromQuantity(result.number) !== block) throw new Outage("another block");
  return { time: fromQuantity(result.timestamp) };
}

const quantity = (value: number): string => `0x${value.toString(16)}`;

function fromQuantity(value: unknown): number {
  const number = typeof value === "string" && /^0x[0-9a-f]{1,14}$/i.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw new Outage("no quantity");
  return number;
}
