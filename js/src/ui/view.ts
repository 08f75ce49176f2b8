/** One view of a picture: puts the parts together in one element, and takes them apart again. */

import { effect } from "@preact/signals-core";
import { toImage, type Vec } from "../geometry/viewport";
import { classAt } from "../input/class_keys";
import { type Action, actionOf, helpRows } from "../input/keymap";
import { type DrawnMask, pathOf } from "../render/masks";
import { perform } from "../state/actions";
import { findObject, selectedObject } from "../state/document";
import { inkOf } from "../state/inks";
import { shapeOf } from "../state/masks";
import type { Session } from "../state/session";
import { Ui } from "../state/ui";
import { createCandidates } from "./candidates";
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
import { createEverything, type Everything, isPick, PICK_HELP, type PickAction } from "./everything";
import { foresee } from "./foresight";
import { createHelp } from "./help";
import { createLooks } from "./looks";
import { createEdge, createHand } from "./mask_settings";
import { createObjectList } from "./objects";
import { pictureListParts } from "./picture_objects";
import { createReadout } from "./readout";
import { createStatus, moodOf } from "./status";
import { createToolbar } from "./toolbar";
import { createTools } from "./tools";

/**
 * Show a session in `el`, at most `height` CSS pixels high where the parts stand side by side; returns what takes it
 * away without a trace.
 */
export function mountView(session: Session, el: HTMLElement, height: unknown): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  const ui = new Ui();
  const easel = createEasel(
    session,
    ui,
    "Image",
    height,
    signal,
    (at) => isOnMask(session, ui, at),
    new Craft(),
  );
  const { root, stage, isMac } = easel;
  const mood = moodOf(session);
  const status = createStatus(session, mood, signal);
  const context = contextOf(easel);
  const run = (action: Action) => perform(action, context);
  const everything = createEverything(session, ui, signal);
  const motif = motifOf(session, ui, everything);
  const readout = createReadout(easel, motif);
  root.append(
    createToolbar(
      session,
      ui,
      isMac,
      run,
      signal,
      [everything.button],
      createTools(session, ui, easel.runner, run, signal),
    ),
    h(
      "div",
      { class: "sam2nb-body" },
      h(
        "div",
        { class: "sam2nb-frame" },
        ...[stage, readout.over, everything.over, status.bar, createLooks(easel), status.banner],
      ),
      createSide(session, ui, everything.panel, run, signal),
      createHelp(ui, [...helpRows(isMac), ...PICK_HELP], signal),
    ),
    h("div", { class: "sam2nb-foot" }, status.line, readout.words, createZoomReadout(ui, signal)),
  );
  hear(easel, session, everything, run);
  paint(easel, motif);
  foresee(easel, session, mood);
  dryUp(session, ui, signal);
  describe(easel, mood);
  el.append(root);
  const detach = session.attach();
  return () => {
    gone.abort();
    detach();
    root.remove();
  };
}

/** Keys and pointer: picking takes what it wants first. */
function hear(easel: Easel, session: Session, everything: Everything, run: (action: Action) => void): void {
  listen<Action | PickAction>(
    easel,
    everything.takes,
    (press) => {
      const pick = everything.actionOf(press);
      if (pick !== null) return pick;
      const index = classAt(press, session.document.peek().classes);
      return index === null ? actionOf(press, easel.isMac) : { type: "class", index };
    },
    (action) => (isPick(action) ? everything.run(action) : run(action)),
  );
}

/** The picture with its objects, or while the user picks with all there is. */
function motifOf(session: Session, ui: Ui, everything: Everything): Motif {
  const { isOn, shown, picked, hovered } = everything.picking;
  return {
    bitmap: session.bitmap,
    masks: () => (isOn.peek() ? everything.masks() : drawnMasks(session, ui)),
    watched: [session.masks, isOn, shown, picked, hovered],
    showAt: (width) => session.showPictureAt(width),
  };
}

/** What is beside the picture: classes, what the model offers, the objects. */
function createSide(
  session: Session,
  ui: Ui,
  everything: HTMLElement,
  run: (action: Action) => void,
  signal: AbortSignal,
): HTMLElement {
  const settings = [createEdge(session, ui, signal), createHand(session, signal)];
  const parts = [
    everything,
    createClasses(session, ui, (index) => run({ type: "class", index }), signal),
    createCandidates(session, ui, signal, settings),
    createObjectList(session, ui, pictureListParts(session), signal),
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
    return [{ id: object.id, shape, color, isSelected }];
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

/** Paint is wet until the kernel's mask has it. */
function dryUp(session: Session, ui: Ui, signal: AbortSignal): void {
  const stop = effect(() => {
    session.masks.value;
    session.isSettled.value;
    const wet = ui.wet.peek();
    const left = wet.filter(
      ({ object }) => findObject(session.document.value, object) !== undefined && session.isStale(object),
    );
    if (left.length < wet.length) ui.wet.value = left;
  });
  signal.addEventListener("abort", stop);
}
