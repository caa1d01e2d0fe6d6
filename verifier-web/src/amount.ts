// Amounts that people type: yuan with at most two decimals, compared in whole fen.

export function fenOf(yuan: string): bigint | undefined {
  const match = /^(\d{1,12})(?:\.(\d{1,2}))?$/.exec(yuan);
  return match ? BigInt(match[1]! + (match[2] ?? "").padEnd(2, "0")) : undefined;
}

/** What is wrong with a typed amount; undefined when nothing is. */
export function amountError(typed: string, balance: string | undefined): "form" | "too-large" | undefined {
  const fen = fenOf(typed);
  if (fen === undefined || fen === 0n) return "form";
  const most = balance === undefined ? undefined : fenOf(balance);
  return most !== undefined && fen > most ? "too-large" : undefined;
}

/** The amount as the interface takes it: two decimals. */
export function yuanOf(fen: bigint): string {
  const text = String(fen).padStart(3, "0");
  return `${text.slice(0, -2)}.${text.slice(-2)}`;
}
