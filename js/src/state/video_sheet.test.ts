import { describe, expect, test } from "vitest";
import type { VideoInfo } from "../protocol/messages.gen";
import { stageShape } from "./video_sheet";

const infoOf = (...sizes: ReadonlyArray<readonly [number, number]>): VideoInfo => ({
  width: 2000,
  height: 600,
  name: "set",
  key: "key",
  frames: 3,
  oldest: 0,
  fps: 1,
  complete: true,
  live: false,
  note: "",
  sizes,
});

describe("the shape of the stage", () => {
  test.each([
    ["that of a video is its own", infoOf(), [2000, 600]],
    [
      "one panorama does not flatten it for all pictures",
      infoOf([800, 600], [2000, 60], [640, 480]),
      [640, 480],
    ],
    ["of two pictures the taller shape counts", infoOf([2000, 60], [800, 600]), [800, 600]],
    ["a set of panoramas has a flat one", infoOf([2000, 60], [800, 600], [3000, 100]), [3000, 100]],
  ])("%s", (_, info, [width, height]) => {
    expect(stageShape(info)).toMatchObject({ width, height });
  });

  test("nothing is known before the video is", () => {
    expect(stageShape(null)).toBeNull();
  });
});
