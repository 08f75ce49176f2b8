import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  boxBetween,
  createViewport,
  fitPicture,
  fromPixels,
  isOnPicture,
  oneToOne,
  pan,
  pixelsToStage,
  resize,
  stageToPixels,
  toImage,
  toPixels,
  toStage,
  type Viewport,
  zoomAt,
} from "./viewport";

const length = fc.integer({ min: 1, max: 5000 });
const extent = fc.record({ width: length, height: length });
const part = fc.double({ min: 0, max: 1, noNaN: true });
const views = fc
  .record({
    image: extent,
    stage: extent,
    ratio: fc.constantFrom(1, 1.5, 2),
    zoom: fc.double({ min: 0.2, max: 50, noNaN: true }),
    x: part,
    y: part,
  })
  .map(({ image, stage, ratio, zoom, x, y }) =>
    zoomAt(createViewport(image, stage, ratio), zoom, { x: x * stage.width, y: y * stage.height }),
  );

const small = createViewport({ width: 200, height: 100 }, { width: 400, height: 300 }, 1);

function pixelOf(view: Viewport, x: number, y: number) {
  return { x: x * (view.image.width - 1), y: y * (view.image.height - 1) };
}

describe("frames", () => {
  test("a pixel drawn on the stage and clicked again is the same pixel", () => {
    fc.assert(
      fc.property(views, part, part, (view, x, y) => {
        const pixel = pixelOf(view, x, y);
        const back = stageToPixels(view, pixelsToStage(view, pixel));
        expect(back.x).toBeCloseTo(pixel.x, 6);
        expect(back.y).toBeCloseTo(pixel.y, 6);
      }),
    );
  });

  test("stage to image and back is where it began", () => {
    fc.assert(
      fc.property(views, part, part, (view, x, y) => {
        const at = { x: x * view.stage.width, y: y * view.stage.height };
        const back = toStage(view, toImage(view, at));
        expect(back.x).toBeCloseTo(at.x, 6);
        expect(back.y).toBeCloseTo(at.y, 6);
      }),
    );
  });

  test("every place on the stage is a pixel of the picture", () => {
    fc.assert(
      fc.property(views, fc.double({ min: -9999, max: 9999, noNaN: true }), part, (view, x, y) => {
        const pixel = stageToPixels(view, { x, y: y * view.stage.height });
        expect(pixel.x).toBeGreaterThanOrEqual(0);
        expect(pixel.x).toBeLessThanOrEqual(view.image.width - 1);
        expect(pixel.y).toBeGreaterThanOrEqual(0);
        expect(pixel.y).toBeLessThanOrEqual(view.image.height - 1);
      }),
    );
  });

  test.each([
    ["the middle of the first pixel", 0.5, 0],
    ["the left edge", 0, 0],
    ["the middle of the last pixel", 199.5, 199],
    ["the right edge", 200, 199],
    ["the border of two pixels", 10, 9.5],
  ])("%s, %d in the image, is %d in pixels", (_, image, pixel) => {
    expect(toPixels({ x: image, y: 50 }, small.image).x).toBe(pixel);
  });

  test("prompts are drawn in the middle of their pixel", () => {
    expect(fromPixels({ x: 3, y: 4 })).toEqual({ x: 3.5, y: 4.5 });
  });

  test("a box is the same whichever corner it began at", () => {
    const [a, b] = [
      { x: 20, y: 80 },
      { x: 101, y: 201 },
    ];
    expect(boxBetween(small, a, b)).toEqual([9.5, 14.5, 50, 75]);
    expect(boxBetween(small, b, a)).toEqual(boxBetween(small, a, b));
  });

  test("the bars beside a fitted picture are not on it", () => {
    expect(isOnPicture(small, { x: 200, y: 49 })).toBe(false);
    expect(isOnPicture(small, { x: 200, y: 51 })).toBe(true);
  });
});

describe("zoom", () => {
  test("a fitted picture is whole and centred", () => {
    expect([small.scale, small.offset]).toEqual([2, { x: 0, y: 50 }]);
  });

  test("keeps what is under the pointer there, while the picture fills the stage", () => {
    const at = { x: 130, y: 170 };
    const zoomed = zoomAt(zoomAt(small, 4, at), 1.5, at);
    expect(toImage(zoomed, at).x).toBeCloseTo(toImage(small, at).x, 9);
    expect(toImage(zoomed, at).y).toBeCloseTo(toImage(small, at).y, 9);
  });

  test("never leaves a gap where the picture is larger than the stage, and centres it where it is smaller", () => {
    fc.assert(
      fc.property(views, fc.double({ min: -9999, max: 9999, noNaN: true }), part, (view, x, y) => {
        const moved = pan(view, { x, y: y * 1000 });
        for (const [offset, size, room] of [
          [moved.offset.x, view.image.width * view.scale, view.stage.width],
          [moved.offset.y, view.image.height * view.scale, view.stage.height],
        ] as const) {
          if (size <= room) expect(offset).toBeCloseTo((room - size) / 2, 6);
          else {
            expect(offset).toBeLessThanOrEqual(0);
            expect(offset).toBeGreaterThanOrEqual(room - size - 1e-6);
          }
        }
      }),
    );
  });

  test("goes no further than 64 and no smaller than the whole picture or its pixels", () => {
    expect(zoomAt(small, 1e9, { x: 0, y: 0 }).scale).toBe(64);
    expect(zoomAt(small, 1e-9, { x: 0, y: 0 }).scale).toBe(1);
    const large = createViewport({ width: 4000, height: 2000 }, { width: 400, height: 300 }, 2);
    expect(zoomAt(large, 1e-9, { x: 0, y: 0 }).scale).toBe(0.1);
  });

  test("actual pixels are device pixels", () => {
    expect(oneToOne({ ...small, ratio: 2 }).scale).toBe(0.5);
  });
});

describe("a stage of another size", () => {
  test("shows a fitted picture fitted", () => {
    expect(resize(small, { width: 100, height: 100 }, 1)).toMatchObject({
      scale: 0.5,
      offset: { x: 0, y: 25 },
    });
  });

  test("keeps the zoom and the centre of another", () => {
    const zoomed = zoomAt(small, 5, { x: 200, y: 150 });
    const resized = resize(zoomed, { width: 500, height: 320 }, 1);
    expect(resized.scale).toBe(zoomed.scale);
    const [before, after] = [toImage(zoomed, { x: 200, y: 150 }), toImage(resized, { x: 250, y: 160 })];
    expect(after.x).toBeCloseTo(before.x, 9);
    expect(after.y).toBeCloseTo(before.y, 9);
  });

  test("that was hidden before shows the whole picture", () => {
    const hidden = createViewport({ width: 200, height: 100 }, { width: 0, height: 0 }, 1);
    expect(resize(hidden, { width: 400, height: 300 }, 1)).toEqual(small);
    expect(fitPicture(hidden).scale).toBe(1);
  });
});
