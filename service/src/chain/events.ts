// From the node's logs to rows: what an event of our contracts says, in JSON.
import type { Interface, ParamType, Result } from "ethers";
import { fromData, fromQuantity, interfaces } from "./client.ts";
import type { ContractName } from "./client.ts";
import { toCentreCode } from "./word.ts";

/** A log as the node gives it. */
export interface Log {
  address: string;
  topics: string[];
  data: string;
  blockNumber: bigint;
  blockHash: Buffer;
  transactionHash: Buffer;
  logIndex: number;
}

/** An event of ours: whole numbers are decimal texts, bytes and addresses 0x and lower-case hex. */
export interface ChainEvent {
  blockNumber: bigint;
  logIndex: number;
  transactionHash: Buffer;
  address: Buffer;
  contract: ContractName;
  name: string;
  /** the centre it is about, when it names one whose code is well-formed */
  centre: string | null;
  args: { [name: string]: Argument };
}
export type Argument = string | boolean | { [name: string]: Argument };

/** @throws ChainUnreachable when the node's answer is not a log */
export function readLog(value: unknown): Log {
  const log = value as Record<string, unknown>;
  const topics = Array.isArray(log.topics) ? log.topics : [];
  return {
    address: String(log.address).toLowerCase(),
    topics: topics.map((topic) => `0x${fromData(topic, 32).toString("hex")}`),
    data: `0x${fromData(log.data).toString("hex")}`,
    blockNumber: fromQuantity(log.blockNumber),
    blockHash: fromData(log.blockHash, 32),
    transactionHash: fromData(log.transactionHash, 32),
    logIndex: Number(fromQuantity(log.logIndex)),
  };
}

/**
 * What a log says. A log that our ABI cannot read becomes an event named "Unknown" with its bytes: a newer contract, or
 * a text that is not UTF-8, must not stop the mirror.
 */
export function toEvent(log: Log, contract: ContractName): ChainEvent {
  const { blockNumber, logIndex, transactionHash } = log;
  const place = { blockNumber, logIndex, transactionHash, address: fromData(log.address, 20), contract };
  const parsed = parse(interfaces[contract], log);
  if (!parsed)
    return { ...place, name: "Unknown", centre: null, args: { topics: log.topics.join(","), data: log.data } };
  const centre = typeof parsed.args.centre === "string" ? (toCentreCode(parsed.args.centre) ?? null) : null;
  return { ...place, ...parsed, centre };
}

function parse(abi: Interface, log: Log): { name: string; args: { [name: string]: Argument } } | undefined {
  const fragment = log.topics[0] === undefined ? null : abi.getEvent(log.topics[0]);
  if (!fragment) return undefined;
  try {
    const values = abi.decodeEventLog(fragment, log.data, log.topics);
    return { name: fragment.name, args: toObject(fragment.inputs, values) };
  } catch (error) {
    if (isAbiError(error)) return undefined;
    throw error;
  }
}

/** ethers throws errors with a code for bytes that do not fit the ABI, wrapped once or more for a bad value in them. */
function isAbiError(error: unknown): boolean {
  const { code, error: wrapped } = error as { code?: unknown; error?: unknown };
  return typeof code === "string" || (wrapped !== undefined && isAbiError(wrapped));
}

function toObject(inputs: readonly ParamType[], values: Result): { [name: string]: Argument } {
  return Object.fromEntries(inputs.map((input, i) => [input.name, toArgument(input, values[i])]));
}

function toArgument(input: ParamType, value: unknown): Argument {
  if (input.components) return toObject(input.components, value as Result);
  if (typeof value === "boolean") return value;
  if (typeof value === "bigint") return value.toString();
  if (input.type === "string") return String(value).replaceAll("\u0000", "\ufffd"); // jsonb has no NUL
  return String(value).toLowerCase();
}
