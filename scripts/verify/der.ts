// DER (X.690 §8 and §10): whether bytes are the one encoding of what they say. asn1js reads any BER, so this is asked first.

/** Length of the DER value at the start of the bytes, header included; null when its header is not DER. */
export function derLength(bytes: Uint8Array): number | null {
  const first = bytes[1];
  if (bytes[0] === undefined || first === undefined || (bytes[0] & 0x1f) === 0x1f) return null;
  if (first < 0x80) return 2 + first;
  const count = first & 0x7f;
  if (count === 0 || count > 4 || bytes.length < 2 + count) return null;
  const length = bytes.subarray(2, 2 + count).reduce((sum, byte) => sum * 256 + byte, 0);
  return length < 0x80 || bytes[2] === 0 ? null : 2 + count + length;
}

const depthLimit = 40;
const constructedTags = new Set([16, 17]);

/**
 * Whether the bytes are exactly one DER value, and all values in it are DER: shortest lengths, no indefinite ones, universal
 * types in their form, sets in order. An OCTET STRING or BIT STRING is looked at from outside only.
 */
export function isDer(bytes: Uint8Array, depth = 0): boolean {
  const length = derLength(bytes);
  if (length === null || length !== bytes.length || depth > depthLimit) return false;
  const tag = bytes[0]!;
  const header = bytes[1]! < 0x80 ? 2 : 2 + (bytes[1]! & 0x7f);
  const content = bytes.subarray(header);
  const constructed = (tag & 0x20) !== 0;
  const universal = (tag & 0xc0) === 0;
  if (universal && constructed !== constructedTags.has(tag & 0x1f)) return false;
  if (!constructed) return !universal || isDerPrimitive(tag & 0x1f, content);
  const parts = derParts(content);
  if (parts === null || !parts.every((part) => isDer(part, depth + 1))) return false;
  if (tag !== 0x31) return true;
  return parts.every((part, index) => index === 0 || Buffer.compare(parts[index - 1]!, part) <= 0);
}

/** The content of one DER value, without its header. */
export const derContent = (value: Uint8Array): Uint8Array =>
  value.subarray(value[1]! < 0x80 ? 2 : 2 + (value[1]! & 0x7f));

/** One DER value of this tag around these parts. */
export function derValue(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const digits = content.length.toString(16);
  const length = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, "hex");
  const header = content.length < 0x80 ? [tag, content.length] : [tag, 0x80 + length.length, ...length];
  return Buffer.concat([Buffer.from(header), content]);
}

/** The values that follow one another in the content of a constructed value; null when they do not end with it. */
export function derParts(content: Uint8Array): Uint8Array[] | null {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < content.length;) {
    const length = derLength(content.subarray(at));
    if (length === null || at + length > content.length) return null;
    parts.push(content.subarray(at, at + length));
    at += length;
  }
  return parts;
}

function isDerPrimitive(tag: number, content: Uint8Array): boolean {
  const [first, second] = content;
  switch (tag) {
    case 1: // BOOLEAN
      return content.length === 1 && (first === 0 || first === 0xff);
    case 2: // INTEGER
    case 10: // ENUMERATED
      if (first === undefined) return false;
      return second === undefined || !((first === 0 && second < 0x80) || (first === 0xff && second >= 0x80));
    case 3: {
      // BIT STRING: the unused bits are zero
      if (first === undefined || first > 7 || (content.length === 1 && first !== 0)) return false;
      return (content.at(-1)! & ((1 << first) - 1)) === 0 || content.length === 1;
    }
    case 5: // NULL
      return content.length === 0;
    case 6: // OBJECT IDENTIFIER: no part begins with a zero digit, and the last one ends
      return (
        content.length > 0 &&
        content.at(-1)! < 0x80 &&
        content.every((byte, index) => byte !== 0x80 || (index > 0 && content[index - 1]! >= 0x80))
      );
    case 23: // UTCTime
      return /^\d{12}Z$/.test(Buffer.from(content).toString("latin1"));
    case 24: // GeneralizedTime
      return /^\d{14}(\.\d*[1-9])?Z$/.test(Buffer.from(content).toString("latin1"));
    default:
      return true;
  }
}
