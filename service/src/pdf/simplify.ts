// Outlines drawn with fewer points. A Song glyph of the fonts we ship has some ninety points, most of them in curves that
// came from another kind of outline and follow it far more closely than paper shows. Here each contour is drawn again on a
// coarser grid, by the cheapest chain of lines and quadratic curves that stays within a tolerance of what it was. Used when
// the font files are made (scripts/fonts.ts), and for the digits when they are loaded, never when a certificate is drawn.
//
// Nodes of the new contour are points of the old one. What joins two nodes is a line, one curve or two; the shortest path
// around the contour, counted in bytes, is the new contour. The point format is that of ISO/IEC 14496-22 (`glyf`).

import { invariant } from "../errors.ts";

/** A point of a contour in font units: on the curve, or the control point of a quadratic curve. */
export interface Point {
  readonly x: number;
  readonly y: number;
  readonly on: boolean;
}

export interface Simplification {
  /** how far the new outline may lie from the old, in units of the old font */
  readonly tolerance: number;
  /** units of the old font that become one of the new */
  readonly grid: number;
}

interface Vector {
  readonly x: number;
  readonly y: number;
}

/** A point of the old contour that the new one may pass through. */
interface Node extends Vector {
  /** where it stands in the flattened contour */
  readonly at: number;
  /** direction in which the contour leaves and arrives, of length one; null where it does not move */
  readonly leaves: Vector;
  readonly arrives: Vector;
  /** a line leads to the next node */
  readonly straight: boolean;
  /** the same place on the new grid, in old units */
  readonly snapped: Vector;
}

/** Pieces that a curve is cut into to be compared. */
const STEPS = 6;
/** Nodes that one line or curve may leave out. */
const LONGEST_SPAN = 10;
/** Where control points are tried on the tangents, as fractions of the way to where the tangents meet. */
const FRACTIONS = [0.4, 0.55, 0.7, 0.85];

/** Draws a simple glyph again. The result is in units of the new grid. An empty outline stays empty. */
export function simplifyOutline(outline: Uint8Array, how: Simplification): Uint8Array {
  if (outline.length === 0) return outline;
  const contours = readOutline(outline)
    .map((contour) => simplifyContour(contour, how))
    .filter((contour) => contour.length > 2);
  return writeOutline(contours);
}

/** The contours of a simple glyph. */
export function readOutline(outline: Uint8Array): Point[][] {
  const view = new DataView(outline.buffer, outline.byteOffset, outline.length);
  const count = view.getInt16(0);
  invariant(count >= 0, "a composite glyph has no points of its own");
  const ends = Array.from({ length: count }, (_, i) => view.getUint16(10 + 2 * i));
  const total = (ends.at(-1) ?? -1) + 1;
  let at = 10 + 2 * count;
  at += 2 + view.getUint16(at);
  const flags: number[] = [];
  while (flags.length < total) {
    const flag = outline[at++]!;
    flags.push(flag);
    if (flag & REPEAT) for (let more = outline[at++]!; more > 0; more--) flags.push(flag);
  }
  const coordinates = (short: number, same: number): number[] => {
    let value = 0;
    return flags.map((flag) => {
      if (flag & short) value += flag & same ? outline[at++]! : -outline[at++]!;
      else if (!(flag & same)) {
        value += view.getInt16(at);
        at += 2;
      }
      return value;
    });
  };
  const xs = coordinates(SHORT_X, SAME_X);
  const ys = coordinates(SHORT_Y, SAME_Y);
  const points = flags.map((flag, i): Point => ({ x: xs[i]!, y: ys[i]!, on: (flag & ON) !== 0 }));
  return ends.map((end, i) => points.slice(i === 0 ? 0 : ends[i - 1]! + 1, end + 1));
}

const ON = 1;
const SHORT_X = 2;
const SHORT_Y = 4;
const REPEAT = 8;
const SAME_X = 16;
const SAME_Y = 32;

/** A simple glyph in as few bytes as the format knows. */
export function writeOutline(contours: readonly (readonly Point[])[]): Uint8Array {
  const points = contours.flat();
  if (points.length === 0) return new Uint8Array();
  const xs: number[] = [];
  const ys: number[] = [];
  const flags = points.map((point, i) => {
    const last = points[i - 1] ?? { x: 0, y: 0 };
    const moves = writeDelta(xs, point.x - last.x, SHORT_X, SAME_X) | writeDelta(ys, point.y - last.y, SHORT_Y, SAME_Y);
    return moves | (point.on ? ON : 0);
  });
  let end = -1;
  const words = [
    contours.length,
    ...(["min", "max"] as const).flatMap((bound) => [
      Math[bound](...points.map(({ x }) => x)),
      Math[bound](...points.map(({ y }) => y)),
    ]),
    ...contours.map((contour) => (end += contour.length)),
    0, // no instructions
  ];
  return Uint8Array.from([
    ...words.flatMap((word) => [(word >> 8) & 255, word & 255]),
    ...repeated(flags),
    ...xs,
    ...ys,
  ]);
}

/** Writes one coordinate relative to the point before and returns its part of the flag. */
function writeDelta(out: number[], delta: number, short: number, same: number): number {
  if (delta === 0) return same;
  if (Math.abs(delta) < 256) {
    out.push(Math.abs(delta));
    return delta > 0 ? short | same : short;
  }
  out.push((delta >> 8) & 255, delta & 255);
  return 0;
}

/** Flags of which three or more in a row are alike are written once, with a count. */
function repeated(flags: readonly number[]): number[] {
  const out: number[] = [];
  for (let start = 0, end = 0; start < flags.length; start = end) {
    const flag = flags[start]!;
    while (end < flags.length && flags[end] === flag && end - start < 256) end++;
    if (end - start > 2) out.push(flag | REPEAT, end - start - 1);
    else for (let i = start; i < end; i++) out.push(flag);
  }
  return out;
}

function simplifyContour(contour: readonly Point[], how: Simplification): Point[] {
  const { path, nodes } = flatten(contour, how.grid);
  if (nodes.length < 2) return [];
  const first = sharpest(nodes);
  const turned = [...nodes.slice(first), ...nodes.slice(0, first), nodes[first]!];
  const best: { cost: number; from: number; points: readonly Vector[] }[] = [{ cost: 0, from: -1, points: [] }];
  for (let to = 1; to < turned.length; to++) {
    let chosen: (typeof best)[number] | undefined;
    let failures = 0;
    // Where shorter ways fail, longer ones do: a corner stands between.
    for (let from = to - 1; from >= Math.max(0, to - LONGEST_SPAN) && failures < 2; from--) {
      const points = join(path, turned[from]!, turned[to]!, how);
      if (!points) {
        failures++;
        continue;
      }
      const cost = best[from]!.cost + costOf([turned[from]!.snapped, ...points, turned[to]!.snapped], how.grid);
      if (!chosen || cost < chosen.cost) chosen = { cost, from, points };
    }
    invariant(chosen, "neighbouring points can always be joined");
    best.push(chosen);
  }
  const points: Point[] = [];
  for (let to = turned.length - 1; to > 0; to = best[to]!.from) {
    points.unshift({ ...turned[to]!.snapped, on: true });
    points.unshift(...best[to]!.points.map((point) => ({ ...point, on: false })));
  }
  return withoutImplied(points.map(({ x, y, on }) => ({ x: x / how.grid, y: y / how.grid, on })));
}

/** The contour as a closed line of many short pieces, and the points that lie on it. */
function flatten(contour: readonly Point[], grid: number): { path: Vector[]; nodes: Node[] } {
  const explicit: Point[] = [];
  for (const [i, point] of contour.entries()) {
    const next = contour[(i + 1) % contour.length]!;
    explicit.push(point);
    if (!point.on && !next.on) explicit.push({ ...middle(point, next), on: true });
  }
  const start = explicit.findIndex(({ on }) => on);
  const cycle = [...explicit.slice(start), ...explicit.slice(0, start)];
  const path: Vector[] = [];
  const found: { at: number; point: Point; before: Point; after: Point }[] = [];
  for (const [i, point] of cycle.entries()) {
    const before = cycle[(i + cycle.length - 1) % cycle.length]!;
    const after = cycle[(i + 1) % cycle.length]!;
    if (point.on) {
      found.push({ at: path.length, point, before, after });
      path.push(point);
      // A long straight piece without points of its own would seem near to whatever passes by its ends.
      if (after.on) for (let step = 1; step < STEPS; step++) path.push(between(point, after, step / STEPS));
    } else for (let step = 1; step < STEPS; step++) path.push(onCurve(before, point, after, step / STEPS));
  }
  const nodes = found.map(({ at, point, before, after }): Node => ({
    x: point.x,
    y: point.y,
    at,
    leaves: direction(point, after),
    arrives: direction(before, point),
    straight: after.on,
    snapped: { x: Math.round(point.x / grid) * grid, y: Math.round(point.y / grid) * grid },
  }));
  return { path, nodes };
}

/** The control points of the cheapest way from one node to another that stays near the old contour; undefined if none does. */
function join(
  path: readonly Vector[],
  from: Node,
  to: Node,
  { tolerance, grid }: Simplification,
): Vector[] | undefined {
  const length = (to.at - from.at + path.length) % path.length || path.length;
  const old: Vector[] = [];
  for (let i = 0; i <= length; i++) old.push(path[(from.at + i) % path.length]!);
  const [a, b] = [from.snapped, to.snapped];
  if (staysNear(old, [a, b], tolerance)) return [];
  const onGrid = ({ x, y }: Vector): Vector => ({ x: Math.round(x / grid) * grid, y: Math.round(y / grid) * grid });
  const near = (controls: Vector[]): Vector[] | undefined =>
    staysNear(old, curveThrough(a, controls, b), tolerance) ? controls : undefined;

  // A single old line or curve stays one when nothing else is near enough: the grid alone may move it that far.
  const single = length === STEPS;
  if (single && from.straight) return [];
  const half = old[old.length >> 1]!;
  const through = near([onGrid({ x: 2 * half.x - (a.x + b.x) / 2, y: 2 * half.y - (a.y + b.y) / 2 })]);
  if (through) return through;
  const meeting = meet(from, to);
  if (meeting) {
    const one = near([onGrid(meeting)]);
    if (one) return one;
    for (const first of FRACTIONS) {
      for (const second of FRACTIONS) {
        const two = near([onGrid(between(from, meeting, first)), onGrid(between(to, meeting, second))]);
        if (two) return two;
      }
    }
  }
  return single ? [onGrid({ x: 2 * half.x - (a.x + b.x) / 2, y: 2 * half.y - (a.y + b.y) / 2 })] : undefined;
}

/** Where the tangents of two nodes meet, ahead of the first and behind the second. */
function meet(from: Node, to: Node): Vector | undefined {
  const [p, q] = [from.leaves, to.arrives];
  const cross = p.x * q.y - p.y * q.x;
  if (Math.abs(cross) < 0.02) return undefined;
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const ahead = (dx * q.y - dy * q.x) / cross;
  const behind = (p.x * dy - p.y * dx) / cross;
  return ahead > 0 && behind > 0 ? { x: from.x + p.x * ahead, y: from.y + p.y * ahead } : undefined;
}

/** Points along the quadratic curves that these control points stand for, with implied points halfway between them. */
function curveThrough(start: Vector, controls: readonly Vector[], end: Vector): Vector[] {
  const out = [start];
  let from = start;
  for (const [i, control] of controls.entries()) {
    const next = controls[i + 1];
    const to = next ? middle(control, next) : end;
    for (let step = 1; step <= STEPS; step++) out.push(onCurve(from, control, to, step / STEPS));
    from = to;
  }
  return out;
}

function staysNear(old: readonly Vector[], fresh: readonly Vector[], tolerance: number): boolean {
  const most = tolerance * tolerance;
  return old.every((point) => isNear(point, fresh, most)) && fresh.every((point) => isNear(point, old, most));
}

function isNear({ x, y }: Vector, line: readonly Vector[], most: number): boolean {
  for (let i = 1; i < line.length; i++) {
    const a = line[i - 1]!;
    const b = line[i]!;
    const [dx, dy] = [b.x - a.x, b.y - a.y];
    const length = dx * dx + dy * dy;
    const along = length === 0 ? 0 : Math.max(0, Math.min(1, ((x - a.x) * dx + (y - a.y) * dy) / length));
    const [ex, ey] = [a.x + along * dx - x, a.y + along * dy - y];
    if (ex * ex + ey * ey <= most) return true;
  }
  return false;
}

/** About how many bytes the points after the first take in a compressed font. */
function costOf(points: readonly Vector[], grid: number): number {
  const size = (delta: number): number => (delta === 0 ? 0 : Math.abs(delta) < 256 * grid ? 0.85 : 1.7);
  let cost = 0;
  for (let i = 1; i < points.length; i++) {
    cost += 0.45 + size(points[i]!.x - points[i - 1]!.x) + size(points[i]!.y - points[i - 1]!.y);
  }
  return cost;
}

/** A point on the curve halfway between two control points need not be written; nor one where the contour stands still. */
function withoutImplied(points: readonly Point[]): Point[] {
  const moving = points.filter((point, i) => {
    const before = points[(i + points.length - 1) % points.length]!;
    return !(point.on && before.on && point.x === before.x && point.y === before.y);
  });
  return moving.filter((point, i) => {
    const before = moving[(i + moving.length - 1) % moving.length]!;
    const after = moving[(i + 1) % moving.length]!;
    if (!point.on || before.on || after.on) return true;
    const implied = middle(before, after);
    return Math.abs(implied.x - point.x) > 0.5 || Math.abs(implied.y - point.y) > 0.5;
  });
}

/** The node at which the contour turns most: the new contour begins there, so it must be one of its points. */
function sharpest(nodes: readonly Node[]): number {
  const turning = nodes.map(({ arrives, leaves }) => arrives.x * leaves.x + arrives.y * leaves.y);
  return turning.indexOf(Math.min(...turning));
}

function onCurve(a: Vector, control: Vector, b: Vector, t: number): Vector {
  const [u, v, w] = [(1 - t) * (1 - t), 2 * t * (1 - t), t * t];
  return { x: u * a.x + v * control.x + w * b.x, y: u * a.y + v * control.y + w * b.y };
}

function direction(from: Vector, to: Vector): Vector {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  return length === 0 ? { x: 0, y: 0 } : { x: (to.x - from.x) / length, y: (to.y - from.y) / length };
}

function between(from: Vector, to: Vector, fraction: number): Vector {
  return { x: from.x + (to.x - from.x) * fraction, y: from.y + (to.y - from.y) * fraction };
}

function middle(a: Vector, b: Vector): Vector {
  return between(a, b, 0.5);
}
