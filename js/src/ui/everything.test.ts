import { expect, test } from "vitest";
import { countWords } from "./everything";

test.each([
  [0, 0, 0, "No mask passes the filters."],
  [1, 0, 1, "1 mask, 1 picked."],
  [7, 2, 3, "7 masks, 2 kept, 3 picked."],
])("of %i masks, %i kept and %i picked, it says: %s", (shown, kept, picked, wanted) => {
  expect(countWords(shown, kept, picked)).toBe(wanted);
});
