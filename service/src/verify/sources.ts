// Whom the verifier asks. The page and the service bring their own functions; http-sources.ts has those that use fetch.

/** A centre that may be asked from the start. Comes with the program, never from a file or a QR. */
export interface KnownCentre {
  code: string;
  /** address of its service, http(s), without a trailing slash */
  url: string;
}

export interface RpcCall {
  method: string;
  params: readonly unknown[];
}

/**
 * Each function must settle in bounded time. Whatever it throws is an outage and makes steps unknown. Answers are untrusted JSON
 * and are read strictly here. Addresses are those of `centres` and of the trust list, no others.
 */
export interface Sources {
  readonly centres: readonly KnownCentre[];
  /** GET /api/v1/trust-list */
  trustList(centreUrl: string): Promise<unknown>;
  /** The receipt for a sealed digest (hex); null when the centre says that it has none. */
  receiptBySeal(centreUrl: string, sealedDigest: string): Promise<unknown>;
  /** The receipt for a standing token (hex); null when the centre says that it has none. */
  receiptByToken(centreUrl: string, token: string): Promise<unknown>;
  /** Results of JSON-RPC calls in their order; throws when one of them has an error. */
  chain(centreUrl: string, calls: readonly RpcCall[]): Promise<readonly unknown[]>;
}
