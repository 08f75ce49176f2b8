/** Everything there is: the button that looks for it, and while it is on, what picks among the masks that were found. */

import { effect, type Signal, signal as state } from "@preact/signals-core";
import { toImage } from "../geometry/viewport";
import type { HelpRows, Press } from "../input/keymap";
import type { DrawnMask } from "../render/masks";
import { type Filters, Picking, proposalsOf, within } from "../state/proposals";
import type { Session } from "../state/session";
import type { Ui } from "../state/ui";
import { type PickState, pickTool } from "../tools/pick";
import type { InputEvent } from "../tools/tool";
import { h, setHidden, setText } from "./dom";
import { icon } from "./icons";
import { setDisabled } from "./toolbar";

export type PickAction = {
  readonly type: "pick-wider" | "pick-all" | "pick-none" | "keep" | "keep-merged" | "everything";
};

const PICKS: ReadonlySet<string> = new Set([
  ...["pick-wider", "pick-all", "pick-none", "keep", "keep-merged", "everything"],
]);

export function isPick(action: { readonly type: string }): action is PickAction {
  return PICKS.has(action.type);
}

/** What the help says of picking. */
export const PICK_HELP: HelpRows = [
  [
    "Everything",
    [
      ["Y", "segment everything, and pick; Y or Escape ends it"],
      ["Click, drag", "pick one, all in a box"],
      ["W", "the next larger mask under the pointer"],
      ["A, Escape", "pick all, none"],
      ["Enter, J", "keep as objects, as one object"],
    ],
  ],
];

const KEYS: ReadonlyMap<string, PickAction["type"]> = new Map([
  ["w", "pick-wider"],
  ["a", "pick-all"],
  ["Enter", "keep"],
  ["j", "keep-merged"],
]);
const COLORS = 7; // of the palette, without grey

export interface Everything {
  readonly button: HTMLElement;
  readonly panel: HTMLElement;
  /** Lies over the stage: the box that is being dragged. */
  readonly over: HTMLElement;
  readonly picking: Picking;
  /** Whether input is for picking. */
  readonly takes: (event: InputEvent) => boolean;
  readonly actionOf: (press: Press) => PickAction | null;
  readonly run: (action: PickAction) => void;
  readonly masks: () => ReadonlyArray<DrawnMask>;
}

export function createEverything(session: Session, ui: Ui, signal: AbortSignal): Everything {
  const picking = new Picking(() => {
    const info = session.info.value;
    return info === null ? 0 : info.width * info.height;
  });
  const tool: Signal<PickState> = state(pickTool.initial);
  const run = (action: PickAction) => perform(action, session, picking);
  const button = h(
    "button",
    {
      ...{ type: "button", class: "sam2nb-button", "data-action": "everything", "aria-pressed": "false" },
      ...{ "aria-label": "Everything", title: "Segment everything, and pick (Y)" },
    },
    icon("everything"),
  );
  button.addEventListener("click", () => run({ type: "everything" }), { signal });
  const over = h("div", { class: "sam2nb-pick-box", hidden: true });
  let looked = -1;
  let isPanning = false;
  const stops = [
    effect(() => {
      const { run: number } = session.everything.value;
      button.setAttribute("aria-pressed", String(picking.isOn.value));
      if (!picking.isOn.value || number === looked) return;
      looked = number;
      session.askEverything("look", (data, bytes) => {
        const { state: now, iou, stability } = data.everything;
        picking.take(proposalsOf(data, bytes), { iou, stability, area: 0 });
        if (now === "none") session.askEverything("start", () => {});
      });
    }),
    effect(() => {
      const now = tool.value;
      over.hidden = now.name !== "boxing";
      if (now.name !== "boxing") return;
      over.style.left = `${Math.min(now.from.x, now.to.x)}px`;
      over.style.top = `${Math.min(now.from.y, now.to.y)}px`;
      over.style.width = `${Math.abs(now.to.x - now.from.x)}px`;
      over.style.height = `${Math.abs(now.to.y - now.from.y)}px`;
    }),
    effect(() => {
      ui.isPicking.value = picking.isOn.value;
      if (picking.isOn.value) ui.foreseen.value = null;
    }),
  ];
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });
  const takes = (event: InputEvent) => {
    if (!picking.isOn.peek() || session.connection.peek() === "lost") return false;
    if (event.type === "down") isPanning = event.button === "middle" || event.held.shift || event.held.space;
    if (isPanning) return false;
    const step = pickTool.on(tool.peek(), event);
    tool.value = step.state;
    const place = (at: { x: number; y: number }) => toImage(ui.viewport.peek(), at);
    for (const command of step.commands) {
      if (command.type === "hover") picking.hover(command.at === null ? null : place(command.at));
      else if (command.type === "toggle") picking.toggle();
      else {
        const found = within(picking.shown.peek(), place(command.from), place(command.to));
        picking.add(found.map(({ number }) => number));
      }
    }
    return true;
  };
  return {
    ...{ button, over, picking, takes, run },
    panel: createPanel(session, picking, run, signal),
    actionOf: (press) => actionOf(press, picking),
    masks: () => drawn(picking),
  };
}

function actionOf(press: Press, picking: Picking): PickAction | null {
  if (press.ctrl || press.meta || press.alt) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (key === "y") return { type: "everything" };
  if (!picking.isOn.peek()) return null;
  if (key === "Escape")
    return picking.picked.peek().size > 0 ? { type: "pick-none" } : { type: "everything" };
  const type = KEYS.get(key);
  return type === undefined ? null : { type };
}

function perform({ type }: PickAction, session: Session, picking: Picking): void {
  switch (type) {
    case "everything": {
      picking.isOn.value = !picking.isOn.value;
      return;
    }
    case "pick-wider":
      return picking.wider();
    case "pick-all":
      return picking.add(picking.shown.value.map(({ number }) => number));
    case "pick-none":
      picking.picked.value = new Set();
      return;
    default: {
      const { chosen } = picking;
      if (chosen.length === 0) return;
      session.keepProposals(chosen, type === "keep-merged" && chosen.length > 1, () => {
        picking.picked.value = new Set();
      });
    }
  }
}

function drawn(picking: Picking): ReadonlyArray<DrawnMask> {
  const [picked, hovered] = [picking.picked.peek(), picking.hovered.peek()];
  return picking.shown.peek().map(({ number, shape }) => ({
    id: -1 - number, // no object's
    shape,
    color: number % COLORS,
    isSelected: picked.has(number) || number === hovered,
    isOffered: !picked.has(number) && number !== hovered,
  }));
}

function createPanel(
  session: Session,
  picking: Picking,
  run: (action: PickAction) => void,
  signal: AbortSignal,
): HTMLElement {
  const words = h("p", { class: "sam2nb-hint", role: "status" });
  const bar = h("progress", { class: "sam2nb-progress", "aria-label": "Segmenting everything", max: 1 });
  const stop = plain("Stop", "stop-everything", signal, () => session.askEverything("stop", () => {}));
  const again = plain("Look again", "restart-everything", signal, () =>
    session.askEverything("start", () => {}),
  );
  const sliders = h(
    "div",
    { class: "sam2nb-filters" },
    slider("Fit", "iou", 1, picking, signal),
    slider("Steady", "stability", 1, picking, signal),
    slider("Size", "area", 0.1, picking, signal),
  );
  const hands = createHands(picking, run, signal);
  const node = h(
    "section",
    { class: "sam2nb-section sam2nb-everything", hidden: true },
    ...[h("h3", { class: "sam2nb-title" }, "Everything"), bar, words, sliders, hands],
    h("div", { class: "sam2nb-hand" }, stop, again),
  );
  const end = effect(() => {
    const { state: now, done, total } = session.everything.value;
    const isRunning = now === "running";
    setHidden(node, !picking.isOn.value);
    bar.hidden = !isRunning;
    bar.value = total === 0 ? 0 : done / total;
    setText(words, wordsOf(session, picking));
    for (const part of [sliders, hands]) setHidden(part, now !== "done");
    setHidden(stop, !isRunning);
    setHidden(again, isRunning || now === "none");
  });
  signal.addEventListener("abort", end);
  return node;
}

function wordsOf(session: Session, picking: Picking): string {
  const { state: now, done, total, text } = session.everything.value;
  if (now === "running") return `Looking: ${total === 0 ? 0 : Math.round((100 * done) / total)} %`;
  if (now !== "done") return text;
  const [shown, count] = [picking.shown.value.length, picking.chosen.length];
  if (shown === 0) return "No mask passes the filters.";
  const hint = count === 0 ? " Click to pick, drag for several, W for the next larger." : "";
  return `${shown} masks, ${count} picked.${hint}`;
}

/** What is done with the picked masks. */
function createHands(picking: Picking, run: (action: PickAction) => void, signal: AbortSignal): HTMLElement {
  const keep = plain("Keep", "keep", signal, () => run({ type: "keep" }));
  const merge = plain("As one", "keep-merged", signal, () => run({ type: "keep-merged" }));
  const all = plain("All", "pick-all", signal, () => run({ type: "pick-all" }));
  const none = plain("None", "pick-none", signal, () => run({ type: "pick-none" }));
  keep.title = "Keep the picked masks as objects (Enter)";
  merge.title = "Keep the picked masks as one object (J)";
  all.title = "Pick all that are shown (A)";
  keep.classList.add("sam2nb-primary");
  const stop = effect(() => {
    const count = picking.chosen.length;
    for (const one of [keep, none]) setDisabled(one, count === 0);
    setDisabled(merge, count < 2);
    setText(keep, count === 0 ? "Keep" : `Keep ${count}`);
  });
  signal.addEventListener("abort", stop);
  return h("div", { class: "sam2nb-hand" }, keep, merge, all, none);
}

function plain(text: string, action: string, signal: AbortSignal, act: () => void): HTMLButtonElement {
  const made = h("button", { type: "button", class: "sam2nb-button", "data-action": action }, text);
  const press = () => {
    if (made.getAttribute("aria-disabled") !== "true") act();
  };
  made.addEventListener("click", press, { signal });
  return made;
}

function slider(
  text: string,
  key: keyof Filters,
  most: number,
  picking: Picking,
  signal: AbortSignal,
): HTMLElement {
  const value = h("output", {});
  const input = h("input", {
    ...{ type: "range", class: "sam2nb-slider", "data-filter": key, min: 0, max: 100, "aria-label": text },
  });
  input.addEventListener(
    "input",
    () => (picking.filters.value = { ...picking.filters.value, [key]: (input.valueAsNumber / 100) * most }),
    { signal },
  );
  const stop = effect(() => {
    const now = picking.filters.value[key];
    input.value = String(Math.round((now / most) * 100));
    setText(value, key === "area" ? `${(now * 100).toFixed(1)} %` : now.toFixed(2));
  });
  signal.addEventListener("abort", stop);
  return h("label", { class: "sam2nb-edge" }, h("span", {}, text), input, value);
}
