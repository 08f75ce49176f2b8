/** One view of a picture: puts the parts together in one element, and takes them apart again. */

import { effect, untracked } from "@preact/signals-core";
import { toImage, type Vec } from "../geometry/viewport";
import { classAt } from "../input/class_keys";
import { type Action, actionOf, type HelpRows, helpRows, type Press } from "../input/keymap";
import { type DrawnMask, pathOf } from "../render/masks";
import { perform } from "../state/actions";
import { selectedObject } from "../state/document";
import { inkOf } from "../state/inks";
import { shapeOf } from "../state/masks";
import type { Session } from "../state/session";
import { Ui } from "../state/ui";
import { dryUp } from "../state/wet";
import { createCandidates } from "./candidates";
import { type ClassEditor, createClassEditor } from "./class_editor";
import { createClasses } from "./classes";
import { Craft } from "./craft";
import { h } from "./dom";
import {
  contextOf,
  createEasel,
  createZoomReadout,
  describe,
  type Easel,
  listen,
  type Motif,
  paint,
} from "./easel";
import {
  createEverything,
  type Everything,
  isPick,
  PICK_HELP,
  type PickAction,
  sweepWords,
} from "./everything";
import { foresee } from "./foresight";
import { createHelp } from "./help";
import { createLooks } from "./looks";
import { createEdge, createHand } from "./mask_settings";
import { createObjectList, type ListParts } from "./objects";
import { pictureListParts } from "./picture_objects";
import { createReadout } from "./readout";
import { createStatus, moodOf } from "./status";
import { createToolbar } from "./toolbar";
import { createTools } from "./tools";

/** What a view has beyond that of a single picture, and which keys it knows. */
export interface Extras<A extends { readonly type: string }> {
  readonly actionOf: (press: Press) => A | null;
  readonly run: (action: A) => void;
  readonly helpRows: HelpRows;
  /** Above the toolbar, in it, over the picture, at the end of the side, below the picture, and in the foot. */
  readonly above?: ReadonlyArray<Node>;
  readonly tools?: ReadonlyArray<Node>;
  readonly over?: ReadonlyArray<Node>;
  readonly side?: ReadonlyArray<Node>;
  readonly below?: ReadonlyArray<Node>;
  readonly foot?: ReadonlyArray<Node>;
  /** Makes the parts of the list of objects another way. */
  readonly parts?: (parts: ListParts) => ListParts;
  /** Adds and renames classes, where they are the picture's own. */
  readonly classEditor?: ClassEditor;
}

/** Makes what a view has of its own; `perform` does what a picture's keys and buttons do. */
export type Extend<A extends { readonly type: string }> = (
  easel: Easel,
  perform: (action: Action) => void,
) => Extras<A>;

/**
 * Show a session in `el`, at most `height` CSS pixels high where the parts stand side by side; returns what takes it
 * away without a trace.
 */
export function mountView(session: Session, el: HTMLElement, height: unknown): () => void {
  return composeView<Action>(session, el, height, [new Ui(), "Image"], ({ isMac, ui }, run) => ({
    classEditor: createClassEditor(session, ui),
    actionOf: (press) => actionOf(press, isMac),
    run,
    helpRows: helpRows(isMac),
  }));
}

/** As `mountView`, with more around the picture. */
export function composeView<A extends { readonly type: string }>(
  session: Session,
  el: HTMLElement,
  height: unknown,
  [ui, what]: readonly [Ui, string],
  extend: Extend<A>,
): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  const isInside = (at: Vec) => isOnMask(session, ui, at);
  const easel = createEasel(session, ui, what, height, signal, isInside, new Craft());
  const { root, stage, isMac } = easel;
  const mood = moodOf(session);
  const status = createStatus(session, mood, signal, () => sweepWords(session));
  const context = contextOf(easel);
  const run = (action: Action) => {
    if (action.type === "tool") everything.picking.isOn.value = false; // another tool in hand
    perform(action, context);
  };
  const { above = [], tools = [], over = [], side = [], below = [], foot = [], ...keys } = extend(easel, run);
  const everything = createEverything(session, ui, signal);
  const motif = motifOf(session, ui, everything);
  const readout = createReadout(easel, motif);
  const parts = pictureListParts(session);
  const objects = createObjectList(session, ui, keys.parts?.(parts) ?? parts, signal);
  const toolRow = createTools(session, ui, easel.runner, run, signal);
  const seen = [stage, readout.over, everything.over, status.bar, createLooks(easel), status.banner];
  root.append(
    ...above,
    createToolbar(session, ui, isMac, run, signal, [everything.button, ...tools], toolRow),
    h(
      "div",
      { class: "sam2nb-body" },
      h("div", { class: "sam2nb-frame" }, ...seen),
      createSide(easel, session, everything.panel, run, [objects, ...side], keys.classEditor),
      createHelp(ui, [...keys.helpRows, ...PICK_HELP], signal),
      ...over,
    ),
    ...below,
    h("div", { class: "sam2nb-foot" }, status.line, readout.words, ...foot, createZoomReadout(ui, signal)),
  );
  hear(easel, session, everything, run, keys);
  paint(easel, motif);
  foresee(easel, session, mood);
  signal.addEventListener("abort", dryUp(session, ui));
  layDown(easel);
  describe(easel, mood);
  el.append(root);
  const detach = session.attach();
  return () => {
    gone.abort();
    detach();
    root.remove();
  };
}

type Place = Extract<Action, { type: "place" }>;

/** Keys and pointer: picking takes what it wants first. */
function hear<A extends { readonly type: string }>(
  easel: Easel,
  session: Session,
  everything: Everything,
  run: (action: Action) => void,
  keys: Pick<Extras<A>, "actionOf" | "run">,
): void {
  listen<A | Action | PickAction>(
    easel,
    everything.takes,
    (press) => {
      const pick = everything.actionOf(press);
      if (pick !== null) return pick;
      const index = classAt(press, session.document.peek().classes);
      const action = index === null ? keys.actionOf(press) : { type: "class" as const, index };
      return action !== null && everything.rests(action) ? { type: "at-rest" as const } : action;
    },
    (action) => {
      if (isPick(action as Action | PickAction)) everything.run(action as PickAction);
      else if (action.type === "place" && everything.place((action as Place).isNegative)) return;
      else if (action.type === "class") run(action as Action);
      else keys.run(action as A);
    },
  );
}

/** The picture with its objects, or while the user picks with all there is. */
function motifOf(session: Session, ui: Ui, everything: Everything): Motif {
  const { isOn, shown, picked, hovered, kept } = everything.picking;
  return {
    bitmap: session.bitmap,
    copies: session.copies,
    masks: () => (isOn.peek() ? everything.masks() : drawnMasks(session, ui)),
    watched: [session.masks, isOn, shown, picked, hovered, kept],
    showAt: (width) => session.showPictureAt(width),
  };
}

/** What is beside the picture: classes, what the model offers, and `more`. */
function createSide(
  { ui, runner, signal }: Easel,
  session: Session,
  everything: HTMLElement,
  run: (action: Action) => void,
  more: ReadonlyArray<Node>,
  editor: ClassEditor | undefined,
): HTMLElement {
  const settings = [createEdge(session, ui, signal), createHand(session, signal)];
  const parts = [
    everything,
    createClasses(session, ui, (index) => run({ type: "class", index }), signal, editor),
    createCandidates(session, ui, runner.tool, signal, settings),
    ...more,
  ];
  return h("div", { class: "sam2nb-side" }, h("div", { class: "sam2nb-side-scroll" }, ...parts));
}

function drawnMasks(session: Session, ui: Ui): ReadonlyArray<DrawnMask> {
  const { objects, selected } = session.document.peek();
  const image = session.info.peek();
  if (image === null) return [];
  return objects.flatMap((object) => {
    if (!object.visible) return [];
    const isSelected = object.id === selected;
    const previewed = isSelected ? (ui.previewed.peek() ?? undefined) : undefined;
    const mask = session.masks.peek().get(object.id);
    // A choice that the next click has ended stays in sight until that click is answered.
    const kept = session.isStale(object.id) ? (mask?.exact?.shape ?? null) : null;
    const threshold = isSelected ? (ui.threshold.peek() ?? undefined) : undefined;
    const shape = kept ?? shapeOf(object, mask, image, previewed, threshold);
    if (shape === null) return [];
    const color = inkOf(object, session.document.peek(), ui.byClass.peek());
    return [{ id: object.id, shape, color, isSelected, isStale: object.proposed }];
  });
}

/** Whether a place on the stage lies in the mask of the selected object. */
function isOnMask(session: Session, ui: Ui, at: Vec): boolean {
  const object = selectedObject(session.document.peek());
  const image = session.info.peek();
  if (object === undefined || image === null) return false;
  const shape = shapeOf(object, session.masks.peek().get(object.id), image);
  const place = toImage(ui.viewport.peek(), at);
  return shape !== null && probe?.isPointInPath(pathOf(shape), place.x, place.y, "evenodd") === true;
}

const probe = typeof document === "undefined" ? null : document.createElement("canvas").getContext("2d");

/** What a tool was about to make is gone, with all that it draws, when picking begins. */
function layDown({ ui, runner, signal }: Easel): void {
  const stop = effect(() => {
    if (ui.isPicking.value) untracked(() => runner.on({ type: "interrupt" }));
  });
  signal.addEventListener("abort", stop);
}
