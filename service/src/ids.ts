// Ids that say what they name, and whose random part says nothing.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** `length` random bytes from the platform's generator; an argument wherever it is used, so that tests can repeat. */
export type RandomBytes = (length: number) => Uint8Array;

/**
 * Random bytes from a stock that `refill` fills: asking the generator for 32 bytes costs as much as asking for thousands. What
 * was given out is wiped from the stock.
 */
export function stockedRandom(refill: RandomBytes, stockSize = 4096): RandomBytes {
  let stock = new Uint8Array(0);
  let used = 0;
  return (length) => {
    if (length > stockSize / 2) return refill(length);
    if (used + length > stock.length) {
      stock = Uint8Array.from(refill(stockSize));
      used = 0;
    }
    const taken = stock.slice(used, used + length);
    stock.fill(0, used, used + length);
    used += length;
    return taken;
  };
}

/** A new id such as `cert_5k3…`: 24 random characters, 120 bits. */
export function newId(prefix: string, random: RandomBytes): string {
  let out = `${prefix}_`;
  for (const byte of random(24)) out += alphabet[byte & 31];
  return out;
}
