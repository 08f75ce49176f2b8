/** One view: puts the parts together in one element, and takes them apart again. */

import { computed, effect, type ReadonlySignal } from "@preact/signals-core";
import {
  boxToStage,
  createViewport,
  pan,
  pixelsToStage,
  resize,
  stageToPixels,
  zoomAt,
} from "../geometry/viewport";
import { listenKeyboard } from "../input/keyboard";
import type { Action } from "../input/keymap";
import { listenPointer } from "../input/pointer";
import { type DrawnMask, paintMasks } from "../render/masks";
import { paintPicture } from "../render/picture";
import { paintBox, paintCrosshair, paintPoint, paintPrompts } from "../render/prompts";
import { type Layer, type Paint, Stage } from "../render/stage";
import { type Context, perform } from "../state/actions";
import { nextId, selectedObject } from "../state/document";
import { shapeOf } from "../state/masks";
import type { Session } from "../state/session";
import { Ui } from "../state/ui";
import { draftBox } from "../tools/prompt";
import { Runner } from "../tools/runner";
import type { Command, InputEvent, ToolView } from "../tools/tool";
import { createCandidates } from "./candidates";
import { h } from "./dom";
import { createHelp } from "./help";
import { createObjectList } from "./objects";
import { createStatus, type Mood, moodOf } from "./status";
import { createToolbar } from "./toolbar";

interface Parts {
  readonly root: HTMLElement;
  readonly stage: HTMLElement;
  readonly session: Session;
  readonly ui: Ui;
  readonly runner: Runner;
  readonly signal: AbortSignal;
}

/**
 * Show a session in `el`, at most `height` CSS pixels high where the parts stand side by side; returns what takes it
 * away without a trace.
 */
export function mountView(session: Session, el: HTMLElement, height: unknown): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  const ui = new Ui();
  const runner = new Runner(
    () => toolView(session, ui),
    (command) => commit(command, session, ui),
  );
  const stage = h("div", {
    class: "sam2nb-stage",
    role: "application",
    "aria-label": "Picture. Click to mark the object; press the question mark for all keys.",
  });
  const root = h("div", {
    class: "sam2nb",
    tabindex: 0,
    role: "group",
    "aria-label": "Image segmenter",
    "data-lm-suppress-shortcuts": "true",
    "data-jp-suppress-context-menu": "",
  });
  if (typeof height === "number") root.style.setProperty("--sam2nb-height", `${height}px`);
  const parts = { root, stage, session, ui, runner, signal };
  const mood = moodOf(session);
  const status = createStatus(session, mood, signal);
  const run = createActions(parts);
  root.append(
    createToolbar(session, ui, isMac, run, signal),
    h(
      "div",
      { class: "sam2nb-body" },
      h("div", { class: "sam2nb-frame" }, stage, status.bar, status.banner),
      h(
        "div",
        { class: "sam2nb-side" },
        h(
          "div",
          { class: "sam2nb-side-scroll" },
          createCandidates(session, ui, signal),
          createObjectList(session, signal),
        ),
      ),
      createHelp(ui, isMac, signal),
    ),
    h("div", { class: "sam2nb-foot" }, status.line, createZoomReadout(ui, signal)),
  );
  listen(parts, run, isMac);
  paint(parts);
  describe(parts, mood);
  el.append(root);
  const detach = session.attach();
  return () => {
    gone.abort();
    detach();
    root.remove();
  };
}

function toolView(session: Session, ui: Ui): ToolView {
  const document = session.document.value;
  return {
    viewport: ui.viewport.value,
    target: selectedObject(document) ?? null,
    nextId: nextId(document),
    label: ui.isNegative.value ? 0 : 1,
  };
}

function commit(command: Command, session: Session, ui: Ui): void {
  if (command.type === "pan") ui.viewport.value = pan(ui.viewport.value, command.by);
  else session.edit(command.edits, command.open);
}

function createActions({ root, session, ui, runner }: Parts): (action: Action) => void {
  const context: Context = {
    session,
    ui,
    input: (event) => runner.on(event),
    isDrafting: () => runner.prompt.value.name !== "idle",
    leave: () => {
      const { activeElement } = document;
      if (activeElement instanceof HTMLElement && root.contains(activeElement)) activeElement.blur();
    },
  };
  return (action) => perform(action, context);
}

function listen(
  { root, stage, session, ui, runner, signal }: Parts,
  run: (action: Action) => void,
  isMac: boolean,
): void {
  let isSpaceHeld = false;
  let isSpaceUsed = false;
  const on = (event: InputEvent) => {
    if (event.type !== "cancel") ui.cursor.value = null;
    if (event.type === "down") isSpaceUsed = true;
    if (session.connection.value !== "lost" || event.type !== "down" || event.held.shift) runner.on(event);
  };
  const zoom = (factor: number, at: { x: number; y: number }) => {
    const before = ui.viewport.value;
    ui.viewport.value = zoomAt(before, factor, at);
    return ui.viewport.value.scale !== before.scale;
  };
  listenPointer(
    stage,
    {
      on,
      zoom,
      pan: (by) => commit({ type: "pan", by }, session, ui),
      isSpaceHeld: () => isSpaceHeld,
      hasFocus: () => root.contains(document.activeElement),
      focus: () => root.focus({ preventScroll: true }),
    },
    isMac,
    signal,
  );
  const space = (isHeld: boolean) => {
    const isPress = isSpaceHeld && !isHeld && !isSpaceUsed;
    isSpaceHeld = isHeld;
    if (isHeld) isSpaceUsed = false;
    return isPress;
  };
  listenKeyboard(root, { run, space, endBatch: () => session.close() }, isMac, signal);
}

/** Repaint each layer when what it shows has changed, and only then. */
function paint({ stage: node, session, ui, runner, signal }: Parts): void {
  const stage = new Stage(node, painters(session, ui, runner), () => ui.viewport.peek());
  const repaint = (layer: Layer, ...reads: ReadonlyArray<ReadonlySignal<unknown>>) =>
    effect(() => {
      for (const read of reads) read.value;
      stage.invalidate(layer);
    });
  const { viewport, cursor, previewed, masksHidden, outlineOnly, opacity } = ui;
  const isShownElsewhere = computed(() => JSON.stringify(hiddenByDraft(runner)));
  const stops = [
    repaint("picture", viewport, session.bitmap),
    repaint("masks", viewport, session.document, session.masks, previewed, masksHidden, outlineOnly, opacity),
    repaint("prompts", viewport, session.document, isShownElsewhere),
    repaint("draft", viewport, runner.prompt, cursor),
    effect(() => {
      const image = session.info.value;
      const now = ui.viewport.peek();
      if (image === null) return;
      if (image.width !== now.image.width || image.height !== now.image.height)
        ui.viewport.value = createViewport(
          { width: image.width, height: image.height },
          now.stage,
          now.ratio,
        );
      node.style.setProperty("--sam2nb-aspect", `${image.width} / ${image.height}`);
    }),
    effect(() => {
      const { image, scale, ratio, stage } = ui.viewport.value;
      if (session.info.value !== null && stage.width > 0) session.showPictureAt(image.width * scale * ratio);
    }),
  ];
  stage.observe((size, ratio) => {
    ui.viewport.value = resize(ui.viewport.peek(), size, ratio);
  }, signal);
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });
}

function painters(session: Session, ui: Ui, runner: Runner): Readonly<Record<Layer, Paint>> {
  return {
    picture: (context, view) => paintPicture(context, view, session.bitmap.peek()),
    masks: (context, view) => {
      if (ui.masksHidden.peek()) return;
      const look = { opacity: ui.opacity.peek(), outlineOnly: ui.outlineOnly.peek() };
      paintMasks(context, view, drawnMasks(session, ui), look);
    },
    prompts: (context, view) => {
      const object = selectedObject(session.document.peek());
      if (object !== undefined) paintPrompts(context, view, object, hiddenByDraft(runner));
    },
    draft: (context, view) => {
      const state = runner.prompt.peek();
      const tool = toolView(session, ui);
      const box = draftBox(state, tool);
      if (box !== null) paintBox(context, boxToStage(view, box), tool.target?.color ?? 0, [6, 4]);
      const moved = state.name === "moving" ? tool.target?.points[state.index] : undefined;
      if (state.name === "moving" && moved !== undefined)
        paintPoint(context, pixelsToStage(view, stageToPixels(view, state.to)), moved.label, 8);
      if (state.name === "pressing" && state.grip === null) paintPoint(context, state.from, state.label);
      const cursor = ui.cursor.peek();
      if (cursor !== null) paintCrosshair(context, view, cursor);
    },
  };
}

/** What the draft shows in another place than the document has it. */
function hiddenByDraft(runner: Runner): { readonly point: number | null; readonly box: boolean } {
  const state = runner.prompt.value;
  return {
    point: state.name === "moving" ? state.index : null,
    box: state.name === "resizing" || state.name === "boxing",
  };
}

function drawnMasks(session: Session, ui: Ui): ReadonlyArray<DrawnMask> {
  const { objects, selected } = session.document.peek();
  const image = session.info.peek();
  if (image === null) return [];
  return objects.flatMap((object) => {
    if (!object.visible) return [];
    const isSelected = object.id === selected;
    const previewed = isSelected ? (ui.previewed.peek() ?? undefined) : undefined;
    const shape = shapeOf(object, session.masks.peek().get(object.id), image, previewed);
    return shape === null ? [] : [{ shape, color: object.color, isSelected }];
  });
}

function createZoomReadout(ui: Ui, signal: AbortSignal): HTMLElement {
  const node = h("span", { class: "sam2nb-zoom" });
  const stop = effect(() => {
    const { scale, ratio } = ui.viewport.value;
    node.textContent = `${Math.round(scale * ratio * 100)} %`;
  });
  signal.addEventListener("abort", stop);
  return node;
}

/** What tests and style sheets can read off the elements. */
function describe({ root, stage, session, ui, runner, signal }: Parts, mood: ReadonlySignal<Mood>): void {
  const stops = [
    effect(() => {
      root.dataset.status = mood.value;
      root.dataset.rev = String(session.rev.value);
      root.dataset.results = String(session.results.value);
    }),
    effect(() => {
      const { scale, offset } = ui.viewport.value;
      stage.dataset.scale = String(scale);
      stage.dataset.offsetX = String(offset.x);
      stage.dataset.offsetY = String(offset.y);
    }),
    effect(() => {
      runner.prompt.value;
      runner.pan.value;
      stage.style.cursor = runner.cursor;
    }),
  ];
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });
}
