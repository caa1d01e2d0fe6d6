// GB 18030 for the files that we write: Node decodes it and does not encode it. The table is built by decoding.

let table: Map<string, Uint8Array> | undefined;

function twoByteTable(): Map<string, Uint8Array> {
  const decoder = new TextDecoder("gb18030");
  const built = new Map<string, Uint8Array>();
  for (let lead = 0x81; lead <= 0xfe; lead++) {
    for (let trail = 0x40; trail <= 0xfe; trail++) {
      if (trail === 0x7f) continue;
      const bytes = Uint8Array.of(lead, trail);
      const character = decoder.decode(bytes);
      if ([...character].length === 1 && character !== "\ufffd" && !built.has(character)) built.set(character, bytes);
    }
  }
  return built;
}

/**
 * The text in GB 18030. Characters outside the basic plane (𠮷) have four bytes by formula; of the basic plane those are
 * found that have one or two bytes, and those with four by trying the block that decodes to them.
 */
export function encodeGb18030(text: string): Buffer {
  table ??= twoByteTable();
  // Four bytes are the most that a character needs, and one UTF-16 unit is the least that it has.
  const encoded = Buffer.allocUnsafe(text.length * 4);
  let length = 0;
  for (const character of text) {
    const point = character.codePointAt(0)!;
    if (point < 0x80) encoded[length++] = point;
    else {
      const bytes = table.get(character) ?? fourBytes(character, point);
      encoded.set(bytes, length);
      length += bytes.length;
    }
  }
  return encoded.subarray(0, length);
}

function bytesOf(linear: number): Uint8Array {
  return Uint8Array.of(
    0x81 + Math.floor(linear / 12_600),
    0x30 + (Math.floor(linear / 1_260) % 10),
    0x81 + (Math.floor(linear / 10) % 126),
    0x30 + (linear % 10),
  );
}

function fourBytes(character: string, point: number): Uint8Array {
  if (point >= 0x10000) return bytesOf(189_000 + point - 0x10000);
  // The four-byte code of a basic character rises with its code point, so it is found by halving.
  const decoder = new TextDecoder("gb18030");
  let low = 0;
  let high = 39_419;
  while (low <= high) {
    const middle = (low + high) >> 1;
    const bytes = bytesOf(middle);
    const found = decoder.decode(bytes);
    if (found === character) return bytes;
    if (found.codePointAt(0)! < point) low = middle + 1;
    else high = middle - 1;
  }
  throw new RangeError(`no GB 18030 code for U+${point.toString(16)}`);
}
