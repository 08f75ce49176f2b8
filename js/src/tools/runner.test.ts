import { beforeEach, describe, expect, test } from "vitest";
import { createViewport } from "../geometry/viewport";
import { Runner } from "./runner";
import type { Button, Command, Held, InputEvent } from "./tool";

const viewport = createViewport({ width: 200, height: 100 }, { width: 400, height: 200 }, 1);
const none: Held = { shift: false, alt: false, space: false, fresh: false, batch: false };
let commands: Command[];
let runner: Runner;

beforeEach(() => {
  commands = [];
  runner = new Runner(
    () => ({ viewport, target: null, nextId: 1, labelAt: () => 1, brush: 24, keeps: true }),
    (command) => commands.push(command),
  );
});

function drag(button: Button, held: Partial<Held>, last: InputEvent["type"] = "up"): void {
  const h = { ...none, ...held };
  runner.on({ type: "down", at: { x: 10, y: 10 }, button, held: h, isTouch: false });
  runner.on({ type: "move", at: { x: 30, y: 15 }, held: none });
  if (last === "up") runner.on({ type: "up", at: { x: 30, y: 15 }, held: none });
  else runner.on({ type: "interrupt" });
}

describe("a drag", () => {
  test.each([
    ["the middle button", "middle", {}],
    ["Shift", "primary", { shift: true }],
    ["Space", "primary", { space: true }],
  ] as const)("with %s moves the picture and makes no prompt", (_, button, held) => {
    drag(button, held);
    expect(commands).toEqual([{ type: "pan", by: { x: 20, y: 5 } }]);
  });

  test("belongs to the tool that it began with, whatever is let go meanwhile", () => {
    drag("primary", { shift: true });
    drag("primary", {});
    expect(commands.map(({ type }) => type)).toEqual(["pan", "edit"]);
  });

  test("that is interrupted leaves the next one to the prompts again", () => {
    drag("middle", {}, "interrupt");
    expect(runner.pan.value).toEqual({ name: "idle" });
    drag("primary", {});
    expect(commands.at(-1)).toMatchObject({ type: "edit" });
  });
});

test("the cursor says what a press would do", () => {
  expect(runner.cursor).toBe("crosshair");
  runner.on({ type: "down", at: { x: 10, y: 10 }, button: "middle", held: none, isTouch: false });
  expect(runner.cursor).toBe("grabbing");
});
