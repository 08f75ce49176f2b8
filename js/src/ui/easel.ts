/** The picture of a view: its layers, and what pointer and keys do on it. Pictures and videos have the same one. */

import { computed, effect, type ReadonlySignal, signal as stateOf } from "@preact/signals-core";
import {
  type Box,
  boxToStage,
  createViewport,
  type Extent,
  pan,
  pixelsToStage,
  resize,
  stageToPixels,
  toStage,
  type Vec,
  type Viewport,
  zoomAt,
} from "../geometry/viewport";
import { type KeySink, listenKeyboard } from "../input/keyboard";
import { listenPointer } from "../input/pointer";
import { cssColor, type DrawnMask, paintForeseen, paintMasks } from "../render/masks";
import { fitting, paintPicture } from "../render/picture";
import { paintBox, paintCrosshair, paintPoint, paintPrompts } from "../render/prompts";
import { everywhere, type Layer, type Painter, Stage } from "../render/stage";
import type { Context } from "../state/actions";
import { findObject, hasPrompts, nextColor, nextId, selectedObject } from "../state/document";
import { inkOf } from "../state/inks";
import { bounds, type Shape } from "../state/masks";
import { revealing } from "../state/reveal";
import type { Sheet } from "../state/sheet";
import type { Ui } from "../state/ui";
import { draftBox } from "../tools/prompt";
import { Runner } from "../tools/runner";
import type { Command, InputEvent, ToolView } from "../tools/tool";
import type { Craft } from "./craft";
import { h } from "./dom";
import type { Mood } from "./status";

// After so long without a change the picture is drawn once more, as well as it can be.
const REST_MS = 150;

/** What lies under the prompts. */
export interface Motif {
  readonly bitmap: ReadonlySignal<ImageBitmap | null>;
  /** The same in several widths, narrow ones first, where there are any. */
  readonly copies?: ReadonlySignal<ReadonlyArray<ImageBitmap>>;
  readonly masks: () => ReadonlyArray<DrawnMask>;
  /** What the masks depend on, besides document and view. */
  readonly watched: ReadonlyArray<ReadonlySignal<unknown>>;
  /** The picture is shown so wide, in device pixels. */
  readonly showAt: (width: number) => void;
  /** What the stage's shape is made for; the picture itself when left out. */
  readonly frame?: ReadonlySignal<Extent | null>;
}

export interface Easel {
  /** Whether a place on the stage lies in the mask of the object that prompts go to. */
  readonly isInside: (at: Vec) => boolean;
  readonly craft: Craft | null;
  readonly root: HTMLElement;
  readonly stage: HTMLElement;
  readonly sheet: Sheet;
  readonly ui: Ui;
  readonly runner: Runner;
  readonly isMac: boolean;
  readonly signal: AbortSignal;
}

/** The root and the stage of a view, for pictures called `what`; `height` is what the model's trait says. */
export function createEasel(
  sheet: Sheet,
  ui: Ui,
  what: string,
  height: unknown,
  signal: AbortSignal,
  isInside: Easel["isInside"] = () => false,
  craft: Craft | null = null,
): Easel {
  const runner = new Runner(
    () => toolView(sheet, ui, isInside),
    (command) => commit(command, sheet, ui),
    craft,
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
    "aria-label": what === "Labeler" ? what : `${what} segmenter`,
    "data-lm-suppress-shortcuts": "true",
    "data-jp-suppress-context-menu": "",
  });
  if (typeof height === "number") root.style.setProperty("--sam2nb-height", `${height}px`);
  const isMac = /Mac|iPhone|iPad/.test(navigator.userAgent);
  return { root, stage, sheet, ui, runner, isMac, signal, isInside, craft };
}

/** What the actions of keys and buttons work on. */
export function contextOf({ root, sheet, ui, runner }: Easel): Context {
  return {
    session: sheet,
    ui,
    input: (event) => runner.on(event),
    isDrafting: () => runner.isDrafting.value,
    take: (tool) => runner.take(tool),
    tool: () => runner.tool.value,
    leave: () => {
      const { activeElement } = document;
      if (activeElement instanceof HTMLElement && root.contains(activeElement)) activeElement.blur();
    },
  };
}

function toolView(sheet: Sheet, ui: Ui, isInside: Easel["isInside"]): ToolView {
  const document = sheet.document.value;
  return {
    viewport: ui.viewport.value,
    target: selectedObject(document) ?? null,
    nextId: nextId(document),
    labelAt: (at) => (ui.isNegative.value || (ui.isAuto.value && isInside(at)) ? 0 : 1),
    brush: ui.brush.value,
    keeps: ui.keeps.value,
  };
}

/** Do what a tool asks for; paint that is not refused is wet until a mask has it. */
export function commit(command: Command, sheet: Sheet, ui: Ui): void {
  if (command.type === "pan") ui.viewport.value = pan(ui.viewport.value, command.by);
  else if (sheet.edit(revealing(command.edits, sheet.document.peek()), command.open)) {
    const wet = command.edits.filter((edit) => edit.kind === "paint_mask");
    if (wet.length > 0) ui.wet.value = [...ui.wet.value, ...wet];
  }
}

/** Keys and pointer do what they should; an event that `swallows` takes is not for the tools. */
export function listen<A extends { readonly type: string }>(
  { root, stage, sheet, ui, runner, isMac, signal }: Easel,
  swallows: (event: InputEvent) => boolean,
  actionOf: KeySink<A>["actionOf"],
  run: KeySink<A>["run"],
): void {
  let isSpaceHeld = false;
  let isSpaceUsed = false;
  const on = (event: InputEvent) => {
    if (event.type !== "cancel" && event.type !== "leave") ui.cursor.value = null;
    if (event.type === "down") isSpaceUsed = true;
    if (swallows(event)) return;
    if (sheet.connection.value !== "lost" || event.type !== "down" || event.held.shift) runner.on(event);
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
      hover: (at) => (ui.pointer.value = at),
      zoom,
      pan: (by) => commit({ type: "pan", by }, sheet, ui),
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
  const sink = { actionOf, run, space, endBatch: () => sheet.close() };
  listenKeyboard<A>(root, sink, isMac, signal);
}

/** Repaint each layer when what it shows has changed, and only then. */
export function paint(easel: Easel, motif: Motif): void {
  const { stage: node, sheet, ui, runner, signal, craft } = easel;
  const copies = motif.copies ?? motif.bitmap;
  const isResting = rest([ui.viewport, copies], signal);
  const stage = new Stage(node, painters(easel, motif, isResting), () => ui.viewport.peek());
  const repaint = (layer: Layer, ...reads: ReadonlyArray<ReadonlySignal<unknown>>) =>
    effect(() => {
      for (const read of reads) read.value;
      stage.invalidate(layer);
    });
  const { viewport, cursor, previewed, masksHidden, look, opacity, byClass } = ui;
  const isShownElsewhere = computed(() => JSON.stringify(hiddenByDraft(runner)));
  const looks = [previewed, masksHidden, look, opacity, byClass, ui.threshold, ui.wet];
  const drafts = [runner.prompt, ...(craft?.watched ?? []), runner.tool, cursor, ui.brush, ui.foreseen];
  const stops = [
    repaint("picture", viewport, copies, isResting),
    repaint("masks", viewport, sheet.document, ...motif.watched, ...looks),
    repaint("prompts", viewport, sheet.document, isShownElsewhere, byClass, ui.isPicking),
    repaint("draft", viewport, ...drafts),
    effect(() => {
      const image = sheet.info.value;
      const now = ui.viewport.peek();
      if (image === null) return;
      if (image.width !== now.image.width || image.height !== now.image.height)
        ui.viewport.value = createViewport(
          { width: image.width, height: image.height },
          now.stage,
          now.ratio,
        );
      const frame = motif.frame?.value ?? image;
      node.style.setProperty("--sam2nb-aspect", `${frame.width} / ${frame.height}`);
    }),
    effect(() => {
      const { image, scale, ratio, stage } = ui.viewport.value;
      if (sheet.info.value !== null && stage.width > 0) motif.showAt(image.width * scale * ratio);
    }),
  ];
  stage.observe((size, ratio) => {
    ui.viewport.value = resize(ui.viewport.peek(), size, ratio);
  }, signal);
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });
}

/** Whether none of these has changed for a while. */
function rest(reads: ReadonlyArray<ReadonlySignal<unknown>>, abort: AbortSignal): ReadonlySignal<boolean> {
  const isResting = stateOf(true);
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = effect(() => {
    for (const read of reads) read.value;
    clearTimeout(timer);
    isResting.value = false;
    timer = setTimeout(() => (isResting.value = true), REST_MS);
  });
  abort.addEventListener("abort", () => {
    stop();
    clearTimeout(timer);
  });
  return isResting;
}

function painters(
  easel: Easel,
  motif: Motif,
  isResting: ReadonlySignal<boolean>,
): Readonly<Record<Layer, Painter>> {
  const { sheet, ui, runner, craft } = easel;
  return {
    picture: {
      bounds: (view) => (motif.bitmap.peek() === null ? null : everywhere(view)),
      paint: (context, view) => {
        const bitmap = fitting(motif.copies?.peek() ?? [], view) ?? motif.bitmap.peek();
        paintPicture(context, view, bitmap, isResting.peek() ? "medium" : "low");
      },
    },
    masks: {
      bounds: (view) => {
        const isEmpty = motif.masks().length + ui.wet.peek().length === 0;
        return ui.masksHidden.peek() || isEmpty ? null : everywhere(view);
      },
      paint: (context, view) => {
        const shown = ui.look.peek();
        const look = { opacity: shown === "solid" ? 1 : ui.opacity.peek(), outlineOnly: shown === "outline" };
        context.save();
        paintMasks(context, view, motif.masks(), look);
        context.restore();
        for (const stroke of ui.wet.peek()) {
          const object = findObject(sheet.document.peek(), stroke.object);
          const ink = object === undefined ? 0 : inkOf(object, sheet.document.peek(), ui.byClass.peek());
          craft?.paintWet(context, view, stroke, cssColor(ink, look.opacity));
        }
      },
    },
    prompts: {
      bounds: (view) => {
        const object = selectedObject(sheet.document.peek());
        if (ui.isPicking.peek()) return null;
        return object === undefined || object.kept || !hasPrompts(object) ? null : everywhere(view);
      },
      paint: (context, view) => {
        const object = selectedObject(sheet.document.peek());
        if (object === undefined) return;
        const ink = inkOf(object, sheet.document.peek(), ui.byClass.peek());
        paintPrompts(context, view, object, hiddenByDraft(runner), ink);
      },
    },
    draft: draftPainter(easel),
  };
}

// A mask that is foreseen has an outline of this width, in CSS pixels.
const MARGIN = 3;

function draftPainter({ sheet, ui, runner, isInside, craft }: Easel): Painter {
  return {
    bounds: (view) => {
      const isPressed = runner.prompt.peek().name !== "idle";
      if (isPressed || ui.cursor.peek() !== null) return everywhere(view);
      const drawn = craft?.draftBounds(view, runner.tool.peek(), ui.brush.peek()) ?? null;
      const foreseen = ui.foreseen.peek();
      return union(drawn, foreseen === null ? null : shapeOnStage(foreseen, view));
    },
    paint: (context, view) => {
      const state = runner.prompt.peek();
      const tool = toolView(sheet, ui, isInside);
      const document = sheet.document.peek();
      const next = { color: nextColor(document), label: document.current };
      const color = inkOf(tool.target ?? next, document, ui.byClass.peek());
      const foreseen = ui.foreseen.peek();
      if (foreseen !== null) paintForeseen(context, view, foreseen, color);
      const look = { tool: runner.tool.peek(), brush: tool.brush, keeps: tool.keeps, color };
      craft?.paintDraft(context, view, look);
      const box = draftBox(state, tool);
      if (box !== null) paintBox(context, boxToStage(view, box), color, [6, 4]);
      const moved = state.name === "moving" ? tool.target?.points[state.index] : undefined;
      if (state.name === "moving" && moved !== undefined)
        paintPoint(context, pixelsToStage(view, stageToPixels(view, state.to)), moved.label, 8);
      if (state.name === "pressing" && state.grip === null) paintPoint(context, state.from, state.label);
      const cursor = ui.cursor.peek();
      if (cursor !== null) paintCrosshair(context, view, cursor);
    },
  };
}

/** Where a shape and its outline are on the stage. */
function shapeOnStage(shape: Shape, view: Viewport): Box | null {
  const box = bounds([shape]);
  if (box === null) return null;
  const from = toStage(view, { x: box[0], y: box[1] });
  const to = toStage(view, { x: box[2], y: box[3] });
  return [from.x - MARGIN, from.y - MARGIN, to.x + MARGIN, to.y + MARGIN];
}

function union(one: Box | null, other: Box | null): Box | null {
  if (one === null || other === null) return one ?? other;
  const [left, top] = [Math.min(one[0], other[0]), Math.min(one[1], other[1])];
  return [left, top, Math.max(one[2], other[2]), Math.max(one[3], other[3])];
}

/** What the draft shows in another place than the document has it. */
function hiddenByDraft(runner: Runner): { readonly point: number | null; readonly box: boolean } {
  const state = runner.prompt.value;
  return {
    point: state.name === "moving" ? state.index : null,
    box: state.name === "resizing" || state.name === "boxing",
  };
}

export function createZoomReadout(ui: Ui, signal: AbortSignal): HTMLElement {
  const node = h("span", { class: "sam2nb-zoom" });
  const stop = effect(() => {
    const { scale, ratio } = ui.viewport.value;
    node.textContent = `${Math.round(scale * ratio * 100)} %`;
  });
  signal.addEventListener("abort", stop);
  return node;
}

/** What tests and style sheets can read off the elements. */
export function describe(easel: Easel, mood: ReadonlySignal<Mood>): void {
  const { root, stage, sheet, ui, runner, signal } = easel;
  const stops = [
    effect(() => {
      root.dataset.status = mood.value;
      root.dataset.rev = String(sheet.rev.value);
      root.dataset.results = String(sheet.results.value);
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
      runner.tool.value;
      stage.style.cursor = ui.isPicking.value ? "pointer" : runner.cursor;
    }),
  ];
  signal.addEventListener("abort", () => {
    for (const stop of stops) stop();
  });
}
