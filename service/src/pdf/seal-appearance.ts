// The picture of the round red seal: ring, five-pointed star, the centre's name along the arc and the seal's words below,
// as an official seal has them. Drawn around its own centre, so that it can be placed anywhere.

import { number } from "./bytes.ts";

/** Control points at this fraction of the radius make four Bézier curves a circle (to 0.03 %). */
const CIRCLE = 0.5522847498;
/** seal red, #c2202f */
const SEAL_RED = "0.761 0.125 0.184";
/** The name spans at most this arc, open towards the words below. */
const LARGEST_ARC = (215 * Math.PI) / 180;

/**
 * Content stream of the seal.
 * @param radius points, to the outer edge of the ring
 * @param text hexadecimal codes of a character, drawn by the font under `fontName`
 */
export function sealAppearance(
  centre: string,
  words: string,
  radius: number,
  fontName: string,
  codeOf: (character: string) => string,
): string {
  const ring = radius * 0.055;
  const parts = [`${SEAL_RED} RG ${SEAL_RED} rg ${number(ring)} w`, circle(radius - ring / 2), star(radius * 0.3)];
  const letters = [...centre];
  // Narrow upright letters, as seal engravers set them on an arc.
  const narrow = 0.86;
  const size = Math.min(radius * 0.25, (LARGEST_ARC * radius * 0.66) / (letters.length * narrow * 1.1));
  const baseline = radius - ring - size * 1.12;
  const step = Math.min(LARGEST_ARC / Math.max(1, letters.length - 1), (size * 1.5) / baseline);
  parts.push(`2 Tr ${number(size * 0.028)} w`);
  for (const [index, letter] of letters.entries()) {
    const angle = Math.PI / 2 - (index - (letters.length - 1) / 2) * step;
    const turn = angle - Math.PI / 2;
    const [cos, sin] = [Math.cos(turn), Math.sin(turn)];
    const x = baseline * Math.cos(angle) - (cos * narrow * size) / 2;
    const y = baseline * Math.sin(angle) - (sin * narrow * size) / 2;
    const matrix = [narrow * cos, narrow * sin, -sin, cos].map((value) => value.toFixed(4)).join(" ");
    parts.push(`BT /${fontName} ${number(size)} Tf ${matrix} ${number(x)} ${number(y)} Tm <${codeOf(letter)}> Tj ET`);
  }
  const wordSize = radius * 0.19;
  const wordLetters = [...words];
  const width = wordLetters.length * wordSize * 1.08;
  parts.push(
    `BT /${fontName} ${number(wordSize)} Tf ${number(wordSize * 0.08)} Tc ${number(-width / 2)} ${number(-radius * 0.64)} Td ` +
      `<${wordLetters.map(codeOf).join("")}> Tj ET`,
  );
  return parts.join("\n");
}

function circle(radius: number): string {
  const r = number(radius);
  const k = number(radius * CIRCLE);
  return `${r} 0 m ${r} ${k} ${k} ${r} 0 ${r} c -${k} ${r} -${r} ${k} -${r} 0 c -${r} -${k} -${k} -${r} 0 -${r} c ${k} -${r} ${r} -${k} ${r} 0 c s`;
}

/** A five-pointed star with a point upwards; inner corners where the lines of a pentagram cross. */
function star(radius: number): string {
  const inner = radius * 0.381966;
  const corners = Array.from({ length: 10 }, (_, i) => {
    const angle = Math.PI / 2 + (i * Math.PI) / 5;
    const distance = i % 2 === 0 ? radius : inner;
    return `${number(distance * Math.cos(angle))} ${number(distance * Math.sin(angle))} ${i === 0 ? "m" : "l"}`;
  });
  return `${corners.join(" ")} f`;
}
