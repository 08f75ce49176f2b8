import { describe, expect, test } from "vitest";
import { fromHex, golden } from "../../dev/golden";
import { decodeRle, type Patch } from "./rle";

interface Golden {
  readonly masks: ReadonlyArray<{ name: string; height: number; width: number; rows: string[]; hex: string }>;
  readonly broken: ReadonlyArray<{ name: string; height: number; width: number; hex: string }>;
}

const { masks, broken } = golden<Golden>("rle");

function rows(patch: Patch, height: number, width: number): string[] {
  return Array.from({ length: height }, (_, y) =>
    Array.from({ length: width }, (_, x) => {
      const [i, j] = [x - patch.x, y - patch.y];
      const isInside = i >= 0 && j >= 0 && i < patch.width && j < patch.height;
      return isInside && patch.data[j * patch.width + i] === 1 ? "#" : ".";
    }).join(""),
  );
}

describe("a mask that Python coded", () => {
  test.each(masks)("$name is the same mask here", ({ height, width, hex, rows: wanted }) => {
    expect(rows(decodeRle(fromHex(hex), height, width), height, width)).toEqual(wanted);
  });

  test.each(broken)("$name is refused", ({ height, width, hex }) => {
    expect(() => decodeRle(fromHex(hex), height, width)).toThrow(RangeError);
  });

  test("bytes after the last run are refused", () => {
    expect(() => decodeRle(fromHex("00000101000100"), 1, 1)).toThrow(RangeError);
  });
});
