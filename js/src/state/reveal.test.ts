import { expect, test } from "vitest";
import type { Edit } from "../protocol/messages.gen";
import { apply, EMPTY_DOCUMENT } from "./document";
import { revealing } from "./reveal";

const IMAGE = { width: 100, height: 100 };
const TWO = [1, 2].reduce(
  (document, object) => apply(document, { kind: "add_object", object }, IMAGE),
  EMPTY_DOCUMENT,
);
const HIDDEN = apply(TWO, { kind: "show_object", object: 2, visible: false }, IMAGE);
const SHOW: Edit = { kind: "show_object", object: 2, visible: true };
const click = (object: number): Edit => ({ kind: "add_point", object, x: 3, y: 4, label: 1 });
const PAINT: Edit = { kind: "paint_mask", object: 2, path: "1,1", width: 8, label: 1 };

test.each<[string, ReadonlyArray<Edit>, ReadonlyArray<Edit>]>([
  ["a click into a hidden object shows it", [click(2)], [SHOW, click(2)]],
  ["so does paint, once for all strokes", [PAINT, PAINT], [SHOW, PAINT, PAINT]],
  ["a click into one that is seen is only that", [click(1)], [click(1)]],
  [
    "choosing a hidden one leaves it hidden",
    [{ kind: "select_object", object: 2 }],
    [{ kind: "select_object", object: 2 }],
  ],
  [
    "an object that is made now is seen anyway",
    [{ kind: "add_object", object: 3 }, click(3)],
    [{ kind: "add_object", object: 3 }, click(3)],
  ],
])("%s", (_, edits, wanted) => {
  expect(revealing(edits, HIDDEN)).toEqual(wanted);
});
