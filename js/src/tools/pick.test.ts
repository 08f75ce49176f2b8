import { expect, test } from "vitest";
import { type PickState, pickTool } from "./pick";
import type { InputEvent } from "./tool";

const held = { shift: false, alt: false, space: false, fresh: false, batch: false };
const at = (x: number, y: number) => ({ x, y });
const down = (x: number, y: number): InputEvent => ({
  ...{ type: "down", at: at(x, y), button: "primary", held, isTouch: false },
});
const move = (x: number, y: number): InputEvent => ({ type: "move", at: at(x, y), held });
const up = (x: number, y: number): InputEvent => ({ type: "up", at: at(x, y), held });

function played(...events: ReadonlyArray<InputEvent>) {
  let state: PickState = pickTool.initial;
  const commands = events.flatMap((event) => {
    const step = pickTool.on(state, event);
    state = step.state;
    return step.commands;
  });
  return { state, commands };
}

test.each([
  ["a press and release picks", [down(5, 5), up(5, 5)], ["hover", "toggle"]],
  ["a trembling hand still picks", [down(5, 5), move(7, 6), up(7, 6)], ["hover", "toggle"]],
  ["a drag picks a box", [down(5, 5), move(50, 40), up(60, 50)], ["hover", "box"]],
  ["Escape ends a drag", [down(5, 5), move(50, 40), { type: "cancel" }, up(60, 50)], ["hover"]],
  ["a second finger ends a press", [down(5, 5), { type: "interrupt" }, up(5, 5)], ["hover"]],
  ["moving looks", [move(1, 1), move(2, 2)], ["hover", "hover"]],
  ["leaving looks at nothing", [move(1, 1), { type: "leave" }], ["hover", "hover"]],
] as ReadonlyArray<[string, InputEvent[], string[]]>)("%s", (_, events, wanted) => {
  const { state, commands } = played(...events);
  expect(commands.map(({ type }) => type)).toEqual(wanted);
  expect(state.name).toBe("idle");
});

test.each([
  ["the right button", { button: "secondary" }],
  ["Alt", { held: { ...held, alt: true } }],
])("%s takes back, by a press and by a box", (_, more) => {
  const press: InputEvent = { ...down(5, 5), ...more } as InputEvent;
  const { commands } = played(press, up(5, 5), press, move(50, 40), up(60, 50));
  expect(commands.filter(({ type }) => type !== "hover")).toEqual([
    { type: "toggle", isAway: true },
    { type: "box", from: at(5, 5), to: at(60, 50), isAway: true },
  ]);
});

test("the box reaches from the press to the release", () => {
  const { commands } = played(down(60, 50), move(20, 20), up(10, 5));
  expect(commands.at(-1)).toEqual({ type: "box", from: at(60, 50), to: at(10, 5), isAway: false });
});
