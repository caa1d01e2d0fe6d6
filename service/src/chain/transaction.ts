// Signing a transaction. Signatures are deterministic (RFC 6979): the same content gives the same bytes again.
import { SigningKey, Transaction, computeAddress, getCreateAddress, keccak256 } from "ethers";
import { fromData, toData } from "./client.ts";

/** An account that sends: its secp256k1 key never leaves this object. */
export interface Signer {
  /** 20 bytes */
  account: Buffer;
  /** @returns the serialised transaction and its hash */
  sign(transaction: UnsignedTransaction): { bytes: Buffer; hash: Buffer };
}

export interface UnsignedTransaction {
  chainId: number;
  nonce: bigint;
  /** 20 bytes, or null to create a contract */
  to: Uint8Array | null;
  data: Uint8Array;
  gasLimit: bigint;
}

/** @param privateKey 32 bytes, or their hex with or without 0x */
export function createSigner(privateKey: Uint8Array | string): Signer {
  const hex =
    typeof privateKey === "string" ? privateKey.trim().replace(/^0x/, "") : Buffer.from(privateKey).toString("hex");
  const key = new SigningKey(`0x${hex}`);
  return {
    account: fromData(computeAddress(key.publicKey), 20),
    sign({ chainId, nonce, to, data, gasLimit }) {
      // The oldest kind of transaction, which every node takes, at the price of zero that our chains ask. A chain with
      // prices would need a replacement at a higher price when one is stuck; ours needs only the same bytes again.
      const transaction = Transaction.from({
        type: 0,
        chainId,
        nonce: Number(nonce),
        gasPrice: 0,
        gasLimit,
        to: to && toData(to),
        data: toData(data),
      });
      transaction.signature = key.sign(transaction.unsignedHash);
      const bytes = fromData(transaction.serialized);
      return { bytes, hash: fromData(keccak256(bytes), 32) };
    },
  };
}

/** The least gas limit with which a node takes a call with this data (EIP-2028 and the floor of EIP-7623). */
export function intrinsicGas(data: Uint8Array): bigint {
  let zeros = 0;
  for (const byte of data) if (byte === 0) zeros++;
  const others = data.length - zeros;
  return BigInt(21_000 + Math.max(4 * zeros + 16 * others, 10 * zeros + 40 * others));
}

/** Address of the contract that an account creates with this nonce. */
export function createdAddress(account: Uint8Array, nonce: bigint): string {
  return getCreateAddress({ from: toData(account), nonce }).toLowerCase();
}
