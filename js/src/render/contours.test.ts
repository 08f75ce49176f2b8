import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Patch } from "../protocol/rle";
import { coarsen, type Rings, trace } from "./contours";

function patch(...rows: string[]): Patch {
  const data = Uint8Array.from(rows.join(""), (c) => (c === "#" ? 1 : 0));
  return { x: 0, y: 0, width: rows[0]?.length ?? 0, height: rows.length, data };
}

/** Fill rings even-odd at pixel centres: a ray to the left crosses vertical sides. */
function filled(rings: Rings, width: number, height: number): number[] {
  return Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [(i % width) + 0.5, Math.floor(i / width) + 0.5];
    let crossings = 0;
    for (const ring of rings) {
      for (let k = 0; k < ring.length; k += 2) {
        const [x0 = 0, y0 = 0] = [ring[k], ring[k + 1]];
        const [x1 = 0, y1 = 0] = [ring[(k + 2) % ring.length], ring[(k + 3) % ring.length]];
        if (x0 === x1 && x0 < x && Math.min(y0, y1) < y && y < Math.max(y0, y1)) crossings++;
      }
    }
    return crossings % 2;
  });
}

describe("outlines", () => {
  test("a rectangle is four corners", () => {
    expect(trace(patch("....", ".##.", ".##.")).map((ring) => [...ring])).toEqual([[1, 1, 3, 1, 3, 3, 1, 3]]);
  });

  test("a hole is a ring of its own", () => {
    expect(trace(patch("###", "#.#", "###"))).toHaveLength(2);
  });

  test("pixels that touch at a corner are rings of their own", () => {
    expect(trace(patch("#.", ".#"))).toHaveLength(2);
  });

  test("nothing has no outline", () => {
    expect(trace(patch("..", ".."))).toEqual([]);
  });

  test("filled, they are the mask again, whatever the mask", () => {
    const masks = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
      .chain(([width, height]) =>
        fc.record({
          width: fc.constant(width),
          height: fc.constant(height),
          bits: fc.array(fc.constantFrom(0, 1), { minLength: width * height, maxLength: width * height }),
        }),
      );
    fc.assert(
      fc.property(masks, ({ width, height, bits }) => {
        const rings = trace({ x: 0, y: 0, width, height, data: Uint8Array.from(bits) });
        expect(filled(rings, width, height)).toEqual(bits);
      }),
      { numRuns: 300 },
    );
  });
});

/** How far a place is from the nearest point of an outline. */
function distance(x: number, y: number, outline: ArrayLike<number>): number {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < outline.length; i += 2) {
    const [x0 = 0, y0 = 0] = [outline[i], outline[i + 1]];
    const [x1 = 0, y1 = 0] = [outline[(i + 2) % outline.length], outline[(i + 3) % outline.length]];
    const [dx, dy] = [x1 - x0, y1 - y0];
    const share = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
    const along = Math.min(Math.max(share, 0), 1);
    least = Math.min(least, Math.hypot(x - x0 - along * dx, y - y0 - along * dy));
  }
  return least;
}

function disc(radius: number): Rings {
  const side = 2 * radius + 3;
  const data = Uint8Array.from({ length: side * side }, (_, i) =>
    Math.hypot((i % side) - radius - 1, Math.floor(i / side) - radius - 1) < radius ? 1 : 0,
  );
  return trace({ x: 0, y: 0, width: side, height: side, data });
}

describe("outlines seen from afar", () => {
  test("a slope of stairs is two points", () => {
    const rows = Array.from({ length: 40 }, (_, y) => "#".repeat(y + 1).padEnd(41, "."));
    const [outline] = coarsen(trace(patch(...rows)), 0.3);
    expect((outline?.length ?? 0) / 2).toBeLessThan(9);
  });

  test("a disc has far fewer points, and none of its corners is further away than said", () => {
    const [ring] = disc(60);
    for (const tolerance of [0.45, 0.9, 1.8, 3.6]) {
      const [outline] = coarsen(disc(60), tolerance);
      expect(outline?.length).toBeLessThan((ring?.length ?? 0) / 3);
      for (let i = 0; i < (ring?.length ?? 0); i += 2)
        expect(distance(ring?.[i] ?? 0, ring?.[i + 1] ?? 0, outline ?? [])).toBeLessThanOrEqual(
          tolerance + 0.5,
        );
    }
  });

  test("a speck and a line stay in sight", () => {
    for (const rings of [trace(patch("#")), trace(patch("#####"))]) {
      const [outline] = coarsen(rings, 4);
      expect(outline?.length).toBeGreaterThanOrEqual(4);
    }
  });
});
