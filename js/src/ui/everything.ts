/** Everything there is: the button that looks for it, and while it is on, what picks among the masks that were found. */

import { effect, type Signal, signal as state } from "@preact/signals-core";
import { toImage, type Vec } from "../geometry/viewport";
import type { HelpRows, Press } from "../input/keymap";
import type { ObjectView } from "../protocol/messages.gen";
import type { DrawnMask } from "../render/masks";
import { isDrawn } from "../state/document";
import { inkOf } from "../state/inks";
import type { Shape } from "../state/masks";
import { type Filters, outlineOf, Picking, proposalsOf, within } from "../state/proposals";
import type { Session } from "../state/session";
import type { Ui } from "../state/ui";
import { type PickState, pickTool } from "../tools/pick";
import type { InputEvent } from "../tools/tool";
import { h, setHidden, setText } from "./dom";
import { icon } from "./icons";
import { setDisabled } from "./toolbar";

export type PickAction = {
  readonly type:
    | ("pick-wider" | "pick-all" | "pick-none" | "unpick")
    | ("keep" | "keep-merged" | "everything" | "at-rest");
};

const PICKS: ReadonlySet<string> = new Set([
  ...["pick-wider", "pick-all", "pick-none", "unpick", "keep", "keep-merged", "everything", "at-rest"],
]);

/** What changes an object that is not in sight, or how clicks mark one, rests while one picks. */
const AT_REST: ReadonlySet<string> = new Set([
  ...["remove-object", "clear", "candidate", "split", "refine", "new-object", "merge"],
  ...["box", "grab", "polarity", "auto", "foresee", "raise", "lower"],
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
      ["Click, drag", "pick one, all in a box (right button: take back)"],
      ["W", "the next larger mask under the pointer"],
      ["A, Escape", "pick all, none"],
      ["Delete", "take back what was picked last"],
      ["Enter, J", "keep as objects, as one object"],
    ],
  ],
];

const KEYS: ReadonlyMap<string, PickAction["type"]> = new Map([
  ["w", "pick-wider"],
  ["a", "pick-all"],
  ["Enter", "keep"],
  ["j", "keep-merged"],
  ["Delete", "unpick"],
  ["Backspace", "unpick"],
  ["c", "pick-none"],
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
  /** A click at the keyboard's cursor; false when that is not for picking. */
  readonly place: (isAway: boolean) => boolean;
  readonly actionOf: (press: Press) => PickAction | null;
  /** Whether an action of the picture's waits until picking is over. */
  readonly rests: (action: { readonly type: string }) => boolean;
  readonly run: (action: PickAction) => void;
  readonly masks: () => ReadonlyArray<DrawnMask>;
}

export function createEverything(session: Session, ui: Ui, signal: AbortSignal): Everything {
  const picking = createPicking(session);
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
    effect(() => {
      const { sent, kept, isOn } = picking;
      if (!isOn.value || [...sent.value].every((number) => kept.value.has(number))) picking.land();
    }),
  ];
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });
  const { takes, place } = handOf(picking, tool, session, ui);
  return {
    ...{ button, over, picking, takes, place, run },
    panel: createPanel(session, picking, run, signal),
    actionOf: (press) => actionOf(press, picking),
    rests: ({ type }) => picking.isOn.peek() && AT_REST.has(type),
    masks: () => drawn(picking, session, ui),
  };
}

/** Feeds what is for picking to its tool. */
function handOf(
  picking: Picking,
  tool: Signal<PickState>,
  session: Session,
  ui: Ui,
): Pick<Everything, "takes" | "place"> {
  let isPanning = false;
  const takes = (event: InputEvent) => {
    if (!picking.isOn.peek() || session.connection.peek() === "lost") return false;
    if (event.type === "down") isPanning = event.button === "middle" || event.held.shift || event.held.space;
    if (isPanning) return false;
    const step = pickTool.on(tool.peek(), event);
    tool.value = step.state;
    const toPicture = (at: Vec) => toImage(ui.viewport.peek(), at);
    for (const command of step.commands) {
      if (command.type === "hover") picking.hover(command.at === null ? null : toPicture(command.at));
      else if (command.type === "toggle") picking.toggle(command.isAway);
      else {
        const found = within(picking.free.peek(), toPicture(command.from), toPicture(command.to));
        const numbers = found.map(({ number }) => number);
        if (command.isAway) picking.drop(numbers);
        else picking.add(numbers);
      }
    }
    return true;
  };
  const place = (isAway: boolean) => {
    const at = ui.cursor.peek();
    if (!picking.isOn.peek() || at === null) return picking.isOn.peek();
    const held = { shift: false, alt: isAway, space: false, fresh: false, batch: false };
    takes({ type: "down", at, held, button: "primary", isTouch: false });
    return takes({ type: "up", at, held });
  };
  return { takes, place };
}

function createPicking(session: Session): Picking {
  const pixels = () => {
    const info = session.info.value;
    return info === null ? 0 : info.width * info.height;
  };
  return new Picking(pixels, () => madeOf(session).map(([, shape]) => shape));
}

/** The objects whose masks nobody has changed since they were set, and what they look like. */
function madeOf(session: Session): ReadonlyArray<readonly [ObjectView, Shape]> {
  const masks = session.masks.value;
  return session.document.value.objects.flatMap((object) => {
    const shape = isDrawn(object) ? masks.get(object.id)?.exact?.shape : undefined;
    return shape === undefined ? [] : [[object, shape] as const];
  });
}

function actionOf(press: Press, picking: Picking): PickAction | null {
  if (press.ctrl || press.meta || press.alt) return null;
  const key = press.key.length === 1 ? press.key.toLowerCase() : press.key;
  if (key === "y") return { type: "everything" };
  if (!picking.isOn.peek()) return null;
  if (key === "Escape")
    return picking.picked.peek().size > 0 ? { type: "pick-none" } : { type: "everything" };
  const isOther = press.shift && (key === "Delete" || key === "Backspace"); // a labeler's
  const type = isOther ? undefined : KEYS.get(key);
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
      return picking.add(picking.free.value.map(({ number }) => number));
    case "pick-none":
      picking.picked.value = new Set();
      return;
    case "unpick":
      return picking.dropLast();
    case "at-rest":
      return;
    default:
      return keep(session, picking, type === "keep-merged");
  }
}

function keep(session: Session, picking: Picking, isMerged: boolean): void {
  const { chosen } = picking;
  if (chosen.length === 0) return;
  const isOne = isMerged && chosen.length > 1;
  picking.send();
  session.keepProposals(chosen, isOne, (isKept) => {
    if (!isKept) picking.giveBack();
    else if (isOne) picking.land(); // none of them is an object of its own
  });
}

/** What can be picked is pale, what is picked has a bold outline, what is kept looks as objects do. */
function drawn(picking: Picking, session: Session, ui: Ui): ReadonlyArray<DrawnMask> {
  const [picked, hovered, kept] = [picking.picked.peek(), picking.hovered.peek(), picking.kept.peek()];
  const document = session.document.peek();
  const owners = new Map(madeOf(session).map(([object, shape]) => [outlineOf(shape), object]));
  return picking.shown.peek().map(({ number, shape }) => {
    const owner = kept.has(number) ? owners.get(outlineOf(shape)) : undefined;
    if (owner !== undefined)
      return { id: owner.id, shape, color: inkOf(owner, document, ui.byClass.peek()), isSelected: false };
    const isLit = picked.has(number) || number === hovered;
    const color = number % COLORS;
    return { id: -1 - number, shape, color, isSelected: isLit, isOffered: !isLit }; // the id of no object
  });
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
  if (now === "none") return "Looking…";
  if (now === "running") return `Looking: ${total === 0 ? 0 : Math.round((100 * done) / total)} %`;
  if (now !== "done") return text;
  const [shown, count] = [picking.shown.value.length, picking.chosen.length];
  if (picking.sent.value.size > 0) return "Keeping…";
  const kept = picking.shown.value.filter(({ number }) => picking.kept.value.has(number)).length;
  return countWords(shown, kept, count);
}

/** How many masks are shown, and of them kept and picked. */
export function countWords(shown: number, kept: number, picked: number): string {
  if (shown === 0) return "No mask passes the filters.";
  const masks = shown === 1 ? "1 mask" : `${shown} masks`;
  const hint = picked === 0 ? " Click to pick, drag for several, W for the next larger." : "";
  return `${masks}, ${kept > 0 ? `${kept} kept, ` : ""}${picked} picked.${hint}`;
}

/** What the status line says while all there is is looked for. */
export function sweepWords(session: Session): string | null {
  return session.everything.value.state === "running" ? "Looking for all there is in the picture…" : null;
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
