// FORMAT.md §8: what the chain says, asked of one centre by JSON-RPC and read strictly. Selectors and topics are the first
// bytes of Keccak-256 over the signatures beside them; a test recomputes them.
import { FormatError, fromHex, textOf, toHex, utf8 } from "../proof/bytes.ts";
import type { AgreedTrust } from "./trust.ts";
import type { RpcCall, Sources } from "./sources.ts";

/** CheckpointAnchored(bytes32,uint256,uint256,bytes32) */
export const checkpointAnchoredTopic = "0xcb4c72a8af8bfbc25b646322bc4bafcbde8cd6715f360f7d17e559d6313f513d";
/** Revoked(bytes32,uint64,uint8,uint64) */
export const revokedTopic = "0x4b4ebfce859196a838a16abf436a58fee71d1e0efb0cd93a214637e19715c7d9";
/** isRevoked(bytes32,uint64) */
export const isRevokedSelector = "0x214deedd";

export interface AnchorQuestion {
  centre: string;
  epoch: number;
  size: number;
  /** where the receipt says that the anchor stands; looked up first */
  block: number | undefined;
}

export interface Anchored {
  /** hex; several only if the contract is broken */
  roots: string[];
  block: number;
  /** seconds since 1970 */
  time: number;
}

export interface StandingAnswer {
  revoked: boolean;
  /** time of the newest block that this centre knows, seconds */
  headTime: number;
}

export interface Revocation {
  reason: number;
  /** seconds since 1970 */
  at: number;
}

const word = /^0x[0-9a-f]{64}$/;
const quantity = /^0x(?:0|[1-9a-f][0-9a-f]{0,12})$/;
const mostLogs = 64;

function numberWord(value: number): string {
  return `0x${value.toString(16).padStart(64, "0")}`;
}

/** A centre on the chain: its code in ASCII, zero-padded to the right. */
export function centreWord(code: string): string {
  return `0x${toHex(utf8(code)).padEnd(64, "0")}`;
}

function hexQuantity(value: number): string {
  return `0x${value.toString(16)}`;
}

function readQuantity(value: unknown): number {
  const number = Number.parseInt(textOf(value, quantity, "quantity"), 16);
  if (!Number.isSafeInteger(number)) throw new FormatError("quantity");
  return number;
}

interface Log {
  data: string;
  block: number;
  index: number;
}

/** Logs of this contract with exactly these topics. An answer that holds others is no answer. */
function readLogs(value: unknown, contract: string, topics: readonly string[], words: number): Log[] {
  if (!Array.isArray(value) || value.length > mostLogs) throw new FormatError("logs");
  return value.map((item: unknown) => {
    const log = item as Record<string, unknown> | null;
    if (typeof log !== "object" || log === null) throw new FormatError("log");
    if (textOf(log.address, /^0x[0-9a-fA-F]{40}$/, "log").toLowerCase() !== contract) throw new FormatError("log");
    const found = log.topics;
    if (!Array.isArray(found) || found.length !== topics.length || !topics.every((topic, i) => found[i] === topic))
      throw new FormatError("log");
    if (log.removed === true) throw new FormatError("log was undone");
    const data = textOf(log.data, /^0x[0-9a-f]*$/, "log").slice(2);
    if (data.length !== 64 * words) throw new FormatError("log");
    return { data, block: readQuantity(log.blockNumber), index: readQuantity(log.logIndex) };
  });
}

function readBlockTime(value: unknown): number {
  if (typeof value !== "object" || value === null) throw new FormatError("block");
  return readQuantity((value as Record<string, unknown>).timestamp);
}

function blockCall(block: number | "latest"): RpcCall {
  return { method: "eth_getBlockByNumber", params: [block === "latest" ? block : hexQuantity(block), false] };
}

function logsCall(address: string, topics: readonly string[], block: number | undefined): RpcCall {
  const range =
    block === undefined
      ? { fromBlock: "0x0", toBlock: "latest" }
      : { fromBlock: hexQuantity(block), toBlock: hexQuantity(block) };
  return { method: "eth_getLogs", params: [{ address, topics, ...range }] };
}

/** Which root the chain holds for a log at a size, as one centre reads it; undefined when it holds none. */
export async function readAnchor(
  sources: Sources,
  url: string,
  trust: AgreedTrust,
  question: AnchorQuestion,
): Promise<Anchored | undefined> {
  const contract = trust.contracts.checkpointAnchor;
  const { centre, epoch, size, block } = question;
  const topics = [checkpointAnchoredTopic, centreWord(centre), numberWord(epoch), numberWord(size)];
  const search = async (place: number | undefined) => {
    const [logs] = await sources.chain(url, [logsCall(contract, topics, place)]);
    return readLogs(logs, contract, topics, 1);
  };
  let logs = block === undefined ? [] : await search(block);
  // The receipt's block is a hint: after a re-organisation the anchor stands elsewhere.
  if (logs.length === 0) logs = await search(undefined);
  const [first] = logs.sort((a, b) => a.block - b.block);
  if (!first) return undefined;
  const [found] = await sources.chain(url, [blockCall(first.block)]);
  const roots = [...new Set(logs.map(({ data }) => data))].sort();
  return { roots, block: first.block, time: readBlockTime(found) };
}

/** Whether a certificate is revoked, as one centre reads it. */
export async function readStanding(
  sources: Sources,
  url: string,
  trust: AgreedTrust,
  centre: string,
  statusIndex: number,
): Promise<StandingAnswer> {
  const data = isRevokedSelector + centreWord(centre).slice(2) + numberWord(statusIndex).slice(2);
  const [answer, head] = await sources.chain(url, [
    { method: "eth_call", params: [{ to: trust.contracts.certificateStatus, data }, "latest"] },
    blockCall("latest"),
  ]);
  const flag = fromHex(textOf(answer, word, "isRevoked").slice(2));
  if (flag.subarray(0, 31).some((byte) => byte !== 0) || flag[31]! > 1) throw new FormatError("isRevoked");
  return { revoked: flag[31] === 1, headTime: readBlockTime(head) };
}

/** Reason and time of the last revocation, as one centre reads them. @throws FormatError when there is none */
export async function readRevocation(
  sources: Sources,
  url: string,
  trust: AgreedTrust,
  centre: string,
  statusIndex: number,
): Promise<Revocation> {
  const contract = trust.contracts.certificateStatus;
  const topics = [revokedTopic, centreWord(centre), numberWord(statusIndex)];
  const [answer] = await sources.chain(url, [logsCall(contract, topics, undefined)]);
  const logs = readLogs(answer, contract, topics, 2).sort((a, b) => a.block - b.block || a.index - b.index);
  const last = logs[logs.length - 1];
  if (!last) throw new FormatError("no revocation");
  const reason = Number(BigInt(`0x${last.data.slice(0, 64)}`));
  const at = Number(BigInt(`0x${last.data.slice(64)}`));
  if (reason > 255 || !Number.isSafeInteger(at)) throw new FormatError("revocation");
  return { reason, at };
}
