import { describe, expect, test } from "vitest";
import { fromHex, golden } from "../../dev/golden";
import { decodeLogits } from "../protocol/codecs";
import { decodeRle, type Patch } from "../protocol/rle";
import { maskFromLogits, sampleLogits } from "./logits";

interface Case {
  readonly name: string;
  readonly shape: [number, number, number];
  readonly logits: number[];
  readonly hex: string;
  readonly scale: number;
  readonly picture: { height: number; width: number };
  readonly masks: string[];
  readonly tolerance: number;
}

const { cases } = golden<{ cases: Case[] }>("logits");

function decoded({ shape, hex, scale }: Case) {
  return decodeLogits({ what: "logits8", shape, scale, object: 1 }, fromHex(hex));
}

function isSet({ x, y, width, height, data }: Patch, column: number, row: number): boolean {
  const [across, down] = [column - x, row - y];
  return across >= 0 && down >= 0 && across < width && down < height && data[down * width + across] === 1;
}

describe("logits that Python sent", () => {
  test.each(cases)("$name come as what they were, to half a step", (wanted) => {
    const { data, count, height, width, scale } = decoded(wanted);
    expect([count, height, width]).toEqual(wanted.shape);
    data.forEach((value, i) => {
      const logit = wanted.logits[i] ?? Number.NaN;
      const clipped = Math.max(-127 / scale, Math.min(127 / scale, logit));
      // A small logit is rounded away from 0, so that its sign survives.
      expect(Math.abs(value / scale - clipped)).toBeLessThanOrEqual(1.001 / scale);
      expect(Math.sign(value)).toBe(Math.sign(logit) + 0);
    });
  });

  test.each(cases)("$name give the masks that torch's bilinear resizing gives", (wanted) => {
    const { height, width } = wanted.picture;
    wanted.masks.forEach((hex, candidate) => {
      const torch = decodeRle(fromHex(hex), height, width);
      const ours = maskFromLogits(decoded(wanted), candidate, height, width);
      let wrong = 0;
      for (let y = 0; y < height; y++)
        for (let x = 0; x < width; x++) if (isSet(ours, x, y) !== isSet(torch, x, y)) wrong++;
      expect(wrong / (height * width)).toBeLessThanOrEqual(wanted.tolerance);
    });
  });
});

describe("sampling", () => {
  const ramp = { data: Int8Array.from([0, 30, 60, 90]), count: 1, height: 2, width: 2, scale: 10 };

  test("at the logits' own size changes nothing", () => {
    expect([...sampleLogits(ramp, 0, 2, 2)]).toEqual([0, 3, 6, 9]);
  });

  test("puts half-pixel centres where torch puts them", () => {
    // torch.nn.functional.interpolate(x, (2, 4), mode="bilinear") of [[0, 3], [6, 9]]
    expect([...sampleLogits(ramp, 0, 2, 4)]).toEqual([0, 0.75, 2.25, 3, 6, 6.75, 8.25, 9]);
  });

  test("takes the candidate that is asked for", () => {
    const two = { data: Int8Array.from([10, -20]), count: 2, height: 1, width: 1, scale: 10 };
    expect([...sampleLogits(two, 1, 1, 2)]).toEqual([-2, -2]);
  });

  test("a logit of exactly 0 is not part of the mask", () => {
    const edge = { data: Int8Array.from([0, 1]), count: 1, height: 1, width: 2, scale: 1 };
    const mask = maskFromLogits(edge, 0, 1, 2);
    expect([0, 1].map((x) => isSet(mask, x, 0))).toEqual([false, true]);
  });

  test.each([-6, -1.5, 0, 2.25, 8])(
    "a mask cut at %d is where the sampled logits are above it",
    (threshold) => {
      const [logits] = cases.map(decoded);
      if (logits === undefined) throw new Error("no golden logits");
      const [height, width] = [61, 83];
      for (let candidate = 0; candidate < logits.count; candidate++) {
        const mask = maskFromLogits(logits, candidate, height, width, threshold);
        const sampled = sampleLogits(logits, candidate, height, width);
        let wrong = 0;
        sampled.forEach((value, i) => {
          const isUnsure = Math.abs(value - threshold) < 1e-4;
          if (!isUnsure && isSet(mask, i % width, Math.floor(i / width)) !== value > threshold) wrong++;
        });
        expect(wrong).toBe(0);
      }
    },
  );

  test("a mask with nothing in it is empty", () => {
    const none = { data: Int8Array.from([-5]), count: 1, height: 1, width: 1, scale: 1 };
    expect(maskFromLogits(none, 0, 40, 30).data).toHaveLength(0);
  });
});

describe("broken logits", () => {
  test.each([
    ["too few bytes", [1, 2, 2], 3, 1],
    ["two dimensions", [2, 2], 4, 1],
    ["no bytes", [0, 0, 0], 0, 1],
    ["no scale", [1, 2, 2], 4, 0],
  ] as const)("of %s are refused", (_, shape, length, scale) => {
    const bytes = new Uint8Array(length);
    expect(() => decodeLogits({ what: "logits8", shape, scale, object: 1 }, bytes)).toThrow(RangeError);
  });
});
