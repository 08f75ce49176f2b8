import { describe, expect, it } from "vitest";
import type { DocumentView, Edit } from "../protocol/messages.gen";
import { addClass, refusal, renameClass } from "./class_edits";
import { applyAll, EditError, EMPTY_DOCUMENT } from "./document";

const IMAGE = { width: 100, height: 80 };
const edited = (document: DocumentView, edits: ReadonlyArray<Edit>) => applyAll(document, edits, IMAGE);
const named = ({ classes, objects, current }: DocumentView) => [
  classes.map(({ name }) => name),
  objects.map(({ label }) => label),
  current,
];

function pair(): DocumentView {
  let document = edited(EMPTY_DOCUMENT, [
    { kind: "add_object", object: 1 },
    { kind: "add_object", object: 2 },
  ]);
  document = edited(document, addClass(document, "cat", [1]));
  return edited(document, addClass(document, "dog", [2]));
}

describe("classes made on the page", () => {
  it("go to the chosen objects, are chosen for new ones, and differ in colour", () => {
    const document = pair();
    expect(named(document)).toEqual([["cat", "dog"], ["cat", "dog"], "dog"]);
    expect(new Set(document.classes.map(({ color }) => color)).size).toBe(2);
  });

  it("take their objects along to another name, and keep place, colour and key", () => {
    const document = pair();
    const renamed = edited(document, renameClass(document, "cat", "lion"));
    expect(named(renamed)).toEqual([["lion", "dog"], ["lion", "dog"], "dog"]);
    expect(renamed.classes[0]).toEqual({ ...document.classes[0], name: "lion" });
    expect(named(edited(renamed, renameClass(renamed, "dog", "wolf")))[2]).toBe("wolf");
  });

  it.each(["dog"])("are not called what another is called: %s", (name) => {
    const document = pair();
    expect(() => edited(document, renameClass(document, "cat", name))).toThrow(EditError);
    expect(() => edited(document, addClass(document, name, []))).toThrow(EditError);
  });
});

describe("a name for a class", () => {
  it.each([
    [null, "dog", 'there is already a class "dog"'],
    ["cat", "dog", 'there is already a class "dog"'],
    ["cat", "cat", ""],
    ["cat", "cow", ""],
    [null, "", ""],
  ])("is refused in plain words when another class has it: %j to %j", (old, name, wanted) => {
    expect(refusal(pair(), old, name)).toBe(wanted);
  });

  it("is refused by the document in the same words", () => {
    const document = pair();
    const twice = renameClass(document, "cat", "dog");
    expect(() => edited(document, twice)).toThrow('there is already a class "dog"');
  });
});
