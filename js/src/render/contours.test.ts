import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Patch } from "../protocol/rle";
import { type Rings, trace } from "./contours";

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
