import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readOutline, simplifyOutline, writeOutline } from "../../service/src/pdf/simplify.ts";
import type { Point } from "../../service/src/pdf/simplify.ts";

const on = (x: number, y: number): Point => ({ x, y, on: true });
const off = (x: number, y: number): Point => ({ x, y, on: false });
const redraw = (contour: Point[], tolerance = 6, grid = 5): Point[][] =>
  readOutline(simplifyOutline(writeOutline([contour]), { tolerance, grid }));

describe("an outline", () => {
  it("is read as it was written", () => {
    const point = fc.record({
      x: fc.integer({ min: -1200, max: 3000 }),
      y: fc.integer({ min: -1200, max: 3000 }),
      on: fc.boolean(),
    });
    const contours = fc.array(fc.array(point, { minLength: 1, maxLength: 300 }), { minLength: 1, maxLength: 6 });
    fc.assert(
      fc.property(contours, (written) => {
        expect(readOutline(writeOutline(written))).toEqual(written);
      }),
    );
  });

  it("of nothing stays nothing", () => {
    expect(simplifyOutline(new Uint8Array(), { tolerance: 6, grid: 5 })).toHaveLength(0);
  });
});

describe("a simplified outline", () => {
  it("keeps a rectangle, on the new grid", () => {
    const [contour] = redraw([on(100, 0), on(131, 0), on(131, 701), on(100, 701)]);
    expect(contour!.map(({ x, y }) => `${x},${y}`).sort()).toEqual(["20,0", "20,140", "26,0", "26,140"]);
    expect(contour!.every((point) => point.on)).toBe(true);
  });

  it("leaves out points on a straight edge and corners too small to see", () => {
    const [contour] = redraw([on(0, 0), on(250, 1), on(500, 0), on(500, 497), off(500, 500), on(497, 500), on(0, 500)]);
    expect(contour).toHaveLength(4);
  });

  it("follows a circle within its tolerance, with fewer points", () => {
    // Eight quadratic curves, as fonts draw a circle.
    const circle = Array.from({ length: 16 }, (_, i): Point => {
      const angle = (Math.PI * i) / 8;
      const radius = i % 2 === 0 ? 400 : 400 / Math.cos(Math.PI / 8);
      return { x: Math.round(radius * Math.cos(angle)), y: Math.round(radius * Math.sin(angle)), on: i % 2 === 0 };
    });
    const [contour] = redraw(circle, 8, 5);
    expect(contour!.length).toBeLessThan(16);
    // Every point that the curve passes, the ones halfway between control points too, lies on the old circle.
    for (const [i, point] of contour!.entries()) {
      const next = contour![(i + 1) % contour!.length]!;
      const passed = point.on ? point : { x: (point.x + next.x) / 2, y: (point.y + next.y) / 2 };
      const counts = point.on || !next.on;
      expect(counts ? Math.abs(Math.hypot(5 * passed.x, 5 * passed.y) - 400) : 0).toBeLessThan(9);
    }
  });
});
