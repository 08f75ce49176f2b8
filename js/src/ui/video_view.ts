/** One view of a video: puts the parts together in one element, and takes them apart again. */

import { computed, effect, type ReadonlySignal } from "@preact/signals-core";
import { classAt } from "../input/class_keys";
import { type VideoAction, videoActionOf, videoHelpRows } from "../input/video_keymap";
import type { ObjectView } from "../protocol/messages.gen";
import type { DrawnMask } from "../render/masks";
import { inkOf } from "../state/inks";
import { STALE_PRESENT } from "../state/lanes";
import { preview, type Shape, shownCandidate } from "../state/masks";
import { performVideo, type VideoContext } from "../state/video_actions";
import type { VideoSession } from "../state/video_session";
import { VideoSheet } from "../state/video_sheet";
import { VideoUi } from "../state/video_ui";
import { Viewer } from "../state/viewer";
import type { InputEvent } from "../tools/tool";
import { createCandidates } from "./candidates";
import { createClassEditor } from "./class_editor";
import { createClasses } from "./classes";
import { h, setText } from "./dom";
import { contextOf, createEasel, createZoomReadout, describe, type Easel, listen, paint } from "./easel";
import { createExport } from "./export";
import { createHelp } from "./help";
import { icon } from "./icons";
import { createLooks } from "./looks";
import { createMemory } from "./memory";
import { createNotices, createSaved } from "./notices";
import { createObjectList } from "./objects";
import { createStatus, moodOf } from "./status";
import { Timeline } from "./timeline";
import { createToolbar } from "./toolbar";
import { createTracking } from "./tracking";
import { createTransport } from "./transport";
import { videoListParts } from "./video_objects";

/** Show a session in `el`, at most `height` CSS pixels high; returns what takes it away without a trace. */
export function mountVideoView(session: VideoSession, el: HTMLElement, height: unknown): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  const ui = new VideoUi();
  const viewer = new Viewer(session, ui, signal);
  const sheet = new VideoSheet(session, ui, (frame) => viewer.goTo(frame), signal);
  const easel = createEasel(sheet, ui, "Video", height, signal);
  const { root, isMac } = easel;
  root.classList.add("sam2nb-video");
  const mood = moodOf(sheet);
  const status = createStatus(sheet, mood, signal);
  const run = (action: VideoAction) => performVideo(action, context);
  const transport = createTransport(session, ui, viewer, run, signal);
  const context: VideoContext = {
    ...contextOf(easel),
    ...{ video: session, ui, viewer, askFrame: transport.askFrame },
  };
  const timeline = new Timeline({ session, ui, viewer, signal });
  const controls = h(
    "div",
    { class: "sam2nb-controls" },
    transport.node,
    createTracking(session, ui, run, signal),
  );
  const body = createBody(easel, sheet, session, ui, viewer, run, [status.bar, status.banner]);
  root.append(
    createToolbar(sheet, ui, isMac, run, signal, [
      createSaved(session, signal),
      exportButton(ui, run, signal),
    ]),
    createNotices(session, ui, signal),
    h("div", { class: "sam2nb-video-parts" }, body, controls, timeline.node),
    h("div", { class: "sam2nb-foot" }, status.line, createZoomReadout(ui, signal)),
  );
  work(easel, sheet, session, ui, viewer, run);
  describe(easel, mood);
  describeVideo(root, session, ui, signal);
  el.append(root);
  const detach = session.attach();
  return () => {
    gone.abort();
    detach();
    root.remove();
  };
}

/** The stage with what lies over it, and the panels beside it. */
function createBody(
  easel: Easel,
  sheet: VideoSheet,
  session: VideoSession,
  ui: VideoUi,
  viewer: Viewer,
  run: (action: VideoAction) => void,
  over: ReadonlyArray<HTMLElement>,
): HTMLElement {
  const { stage, isMac, signal } = easel;
  return h(
    "div",
    { class: "sam2nb-body" },
    h("div", { class: "sam2nb-frame" }, stage, stageNote(session, ui, signal), ...over, createLooks(easel)),
    h(
      "div",
      { class: "sam2nb-side" },
      h(
        "div",
        { class: "sam2nb-side-scroll" },
        createClasses(
          sheet,
          ui,
          (index) => run({ type: "class", index }),
          signal,
          createClassEditor(sheet, ui),
        ),
        createCandidates(sheet, ui, easel.runner.tool, signal),
        createObjectList(sheet, ui, videoListParts(session, ui), signal),
        createMemory(session, ui, viewer, signal),
      ),
    ),
    createExport(session, ui, signal),
    createHelp(ui, videoHelpRows(isMac), signal),
  );
}

/** Pointer, keys and layers of the stage. */
function work(
  easel: Easel,
  sheet: VideoSheet,
  session: VideoSession,
  ui: VideoUi,
  viewer: Viewer,
  run: (action: VideoAction) => void,
): void {
  const swallows = ({ type }: InputEvent) => {
    if (type !== "down") return false;
    const wasPlaying = ui.isPlaying.peek();
    ui.isPlaying.value = false; // a press on a playing video stops it, and marks nothing
    return wasPlaying;
  };
  listen<VideoAction>(
    easel,
    swallows,
    (press) => {
      const own = videoActionOf(press, easel.isMac, ui.cursor.peek() !== null);
      const index = classAt(press, session.document.peek().classes);
      // a class's own letter gives way to a key of the widget, Shift and a digit do not
      return index !== null && (own === null || press.shift) ? { type: "class", index } : own;
    },
    run,
  );
  paint(easel, {
    bitmap: sheet.bitmap,
    masks: () => drawnMasks(sheet, session, ui),
    watched: [drawnNow(session, ui), sheet.masks],
    showAt: (width) => viewer.showAt(width),
  });
}

/** Changes when the masks of the shown frame do: what tracking finds in other frames repaints nothing. */
function drawnNow(session: VideoSession, ui: VideoUi): ReadonlySignal<string> {
  return computed(() => {
    session.masks.arrived.value;
    session.lanes.all.value;
    const frame = ui.shown.value;
    const drawn = session.document.value.objects.map(
      ({ id }) => `${id} ${session.masks.stamp(frame, id)} ${session.lanes.stateAt(id, frame)}`,
    );
    return `${frame}: ${drawn.join()}`;
  });
}

function drawnMasks(sheet: VideoSheet, session: VideoSession, ui: VideoUi): ReadonlyArray<DrawnMask> {
  const { objects, selected } = sheet.document.peek();
  const frame = ui.shown.peek();
  return objects.flatMap((object) => {
    if (!object.visible) return [];
    const shape = offered(object, sheet, session, ui) ?? session.masks.shape(frame, object.id);
    if (shape === null) return [];
    const isStale = session.lanes.stateAt(object.id, frame) >= STALE_PRESENT;
    const color = inkOf(object, sheet.document.peek(), ui.byClass.peek());
    return [{ id: object.id, shape, color, isSelected: object.id === selected, isStale }];
  });
}

/** The candidate that is looked at, or that was chosen a moment ago: the page can draw it itself. */
function offered(object: ObjectView, sheet: VideoSheet, session: VideoSession, ui: VideoUi): Shape | null {
  const [mask, info] = [sheet.masks.peek().get(object.id), sheet.info.peek()];
  if (mask === undefined || mask.logits === null || info === null) return null;
  const isSelected = object.id === sheet.document.peek().selected;
  const previewed = isSelected ? ui.previewed.peek() : null;
  const isKnown = previewed === null && !session.isBehind(ui.shown.peek(), object.id);
  return isKnown ? null : preview(mask.logits, previewed ?? shownCandidate(object, mask), info);
}

/** Words on the stage: a frame that cannot be shown, or a picture that is not yet that of the frame asked for. */
function stageNote(session: VideoSession, ui: VideoUi, signal: AbortSignal): HTMLElement {
  const node = h("div", { class: "sam2nb-stage-note", role: "status", hidden: true });
  const stop = effect(() => {
    const words = session.frames.missing.value.get(ui.shown.value);
    node.hidden = words === undefined;
    if (words !== undefined) setText(node, `Frame ${ui.shown.value} cannot be shown: ${words}`);
  });
  signal.addEventListener("abort", stop);
  return node;
}

function exportButton(ui: VideoUi, run: (action: VideoAction) => void, signal: AbortSignal): HTMLElement {
  const node = h(
    "button",
    {
      ...{ type: "button", class: "sam2nb-button", "data-action": "export", "aria-pressed": "false" },
      ...{ "aria-label": "Export", title: "Export (E)" },
    },
    icon("export"),
    h("span", {}, "Export"),
  );
  node.addEventListener("click", () => run({ type: "export" }), { signal });
  const stop = effect(() => node.setAttribute("aria-pressed", String(ui.isExportOpen.value)));
  signal.addEventListener("abort", stop);
  return node;
}

/** What tests can read off the root. */
function describeVideo(root: HTMLElement, session: VideoSession, ui: VideoUi, signal: AbortSignal): void {
  const stop = effect(() => {
    root.dataset.frame = String(ui.frame.value);
    root.dataset.shown = String(ui.shown.value);
    session.frames.arrived.value;
    root.dataset.detail = String(session.frames.widthOf(ui.shown.value));
    const job = session.jobs.value.find(({ kind }) => kind === "track");
    root.dataset.track = job?.state ?? "";
    root.dataset.exported = session.jobs.value.find(({ kind }) => kind === "export")?.state ?? "";
    root.classList.toggle("sam2nb-late", ui.frame.value !== ui.shown.value);
  });
  signal.addEventListener("abort", stop);
}
