import { expect, test } from "vitest";
import { noteFrom } from "./attributes";

const TAKEN = new Set(["size"]);

test.each([
  ["maker: Käse & Söhne", { name: "maker", value: "Käse & Söhne" }],
  [" worn :yes ", { name: "worn", value: true }],
  ["length: 3.5", { name: "length", value: 3.5 }],
  ["at: 12:30", { name: "at", value: "12:30" }],
  ["  ", null],
])("%j is understood as a note", (text, wanted) => {
  expect(noteFrom(text, TAKEN)).toEqual(wanted);
});

test.each(["colour", "colour:", ": red"])("%j is told what is wanted", (text) => {
  expect(noteFrom(text, TAKEN)).toMatch(/a name, a colon and a value/);
});

test("a name that is noted already is pointed to", () => {
  expect(noteFrom("size: 4", TAKEN)).toBe("“size” is noted already: change it there.");
});
