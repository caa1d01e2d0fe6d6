// Ids that say what they name, and whose random part says nothing.
const alphabet = "0123456789abcdefghjkmnpqrstvwxyz";

/** `length` random bytes from the platform's generator; an argument wherever it is used, so that tests can repeat. */
export type RandomBytes = (length: number) => Uint8Array;

/** A new id such as `cert_5k3…`: 24 random characters, 120 bits. */
export function newId(prefix: string, random: RandomBytes): string {
  let out = `${prefix}_`;
  for (const byte of random(24)) out += alphabet[byte & 31];
  return out;
}
