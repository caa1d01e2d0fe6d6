// The centres of the demonstration consortium. Names and codes are theirs; the credit codes are made up, with valid check
// characters: no real institution has an organisation code that begins with XX00.

export interface DemonstrationCentre {
  /** number of the centre: C and the first five digits of its region */
  code: string;
  name: string;
  /** unified social credit code (GB 32100), synthetic */
  creditCode: string;
}

export const demonstrationCentres: readonly DemonstrationCentre[] = [
  { code: "C46010", name: "海南省住房公积金管理局", creditCode: creditCode("12460000XX000001") },
  { code: "C14010", name: "太原市住房公积金管理中心", creditCode: creditCode("12140100XX000002") },
  { code: "C63010", name: "西宁住房公积金管理中心", creditCode: creditCode("12630100XX000003") },
  { code: "C37170", name: "菏泽市住房公积金管理中心", creditCode: creditCode("12371700XX000004") },
];

/** Fewer than three centres cannot run the consortium: two others must cosign a log, and two others evaluate a check. */
export const fewestCentres = 3;

/** Completes sixteen characters with the check characters of the organisation code (GB 11714) and of the whole (GB 32100). */
export function creditCode(beginning: string): string {
  const body = beginning.slice(8);
  const organisation = 11 - (weighted(body, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ", [3, 7, 9, 10, 5, 8, 4, 2]) % 11);
  const seventeen = beginning + (organisation === 10 ? "X" : String(organisation % 11));
  // GB 32100 leaves out I, O, S, V and Z; the weights are the powers of 3 modulo 31.
  const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY";
  const powers = Array.from({ length: 17 }, (_, i) => 3 ** i % 31);
  return seventeen + alphabet[(31 - (weighted(seventeen, alphabet, powers) % 31)) % 31]!;
}

function weighted(text: string, alphabet: string, weights: readonly number[]): number {
  return [...text].reduce((sum, character, i) => sum + alphabet.indexOf(character) * weights[i]!, 0);
}
