// The fingerprint of an evidence file: computed here, because the file itself goes nowhere.

/** SHA-256 of a file's bytes, lower-case hex. */
export async function fingerprintOf(file: Blob): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", await file.arrayBuffer()));
  return Array.from(digest, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** The last day of a period of whole years that begins on `startsOn` (YYYY-MM-DD): the day before its anniversary. */
export function lastDay(startsOn: string, years: number): string {
  const [year, month, date] = startsOn.split("-").map(Number) as [number, number, number];
  return new Date(Date.UTC(year + years, month - 1, date - 1)).toISOString().slice(0, 10);
}
