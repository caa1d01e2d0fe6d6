// Random ids with a readable prefix: they say nothing about what they name.

/** Makes ids such as `pers_0f3a…` (20 hex digits) from a source of random bytes. */
export function idMaker(randomBytes: (size: number) => Uint8Array): (prefix: string) => string {
  return (prefix) => prefix + Buffer.from(randomBytes(10)).toString("hex");
}
