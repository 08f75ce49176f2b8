/** One view of a set of pictures: the one on the stage, the strip of all, and what finds objects in the others. */

import { computed, effect } from "@preact/signals-core";
import { setActionOf, setHelpRows } from "../input/set_keymap";
import type { VideoAction } from "../input/video_keymap";
import type { DrawnMask } from "../render/masks";
import type { Refind } from "../state/refind";
import { findingOf, SetUi } from "../state/set_ui";
import { performVideo, type VideoContext } from "../state/video_actions";
import type { VideoSession } from "../state/video_session";
import { stageShape, VideoSheet } from "../state/video_sheet";
import { Viewer } from "../state/viewer";
import { h } from "./dom";
import { contextOf, createEasel, createZoomReadout, describe, type Easel, listen, paint } from "./easel";
import { createFinding } from "./finding";
import { createHelp } from "./help";
import { createLooks } from "./looks";
import { createNotices, createSaved } from "./notices";
import { createObjectList } from "./objects";
import { setListParts } from "./set_objects";
import { createStatus, moodOf } from "./status";
import { Strip } from "./strip";
import { createToolbar } from "./toolbar";

/** Show a session in `el`, at most `height` CSS pixels high; returns what takes it away without a trace. */
export function mountSetView(
  session: VideoSession,
  refind: Refind,
  el: HTMLElement,
  height: unknown,
): () => void {
  const gone = new AbortController();
  const { signal } = gone;
  const ui = new SetUi();
  const viewer = new Viewer(session, ui, signal);
  const sheet = new VideoSheet(session, ui, (frame) => viewer.goTo(frame), signal);
  const easel = createEasel(sheet, ui, "Picture set", height, signal);
  const { root, stage, isMac } = easel;
  root.classList.add("sam2nb-set");
  const mood = moodOf(sheet);
  const status = createStatus(sheet, mood, signal);
  const context: VideoContext = { ...contextOf(easel), video: session, ui, viewer, askFrame: () => {} };
  const run = (action: VideoAction) => performVideo(action, context);
  const side = h(
    "div",
    { class: "sam2nb-side" },
    h("div", { class: "sam2nb-side-scroll" }, createObjectList(sheet, ui, setListParts(session, ui), signal)),
  );
  root.append(
    createToolbar(sheet, ui, isMac, run, signal, [createSaved(session, signal)]),
    createNotices(session, ui, signal),
    h(
      "div",
      { class: "sam2nb-body" },
      h("div", { class: "sam2nb-frame" }, stage, status.bar, createLooks(easel), status.banner),
      side,
      createHelp(ui, setHelpRows(isMac), signal),
    ),
    createFinding(session, refind, ui, run, signal),
    new Strip({ session, ui, viewer, signal }).node,
    h("div", { class: "sam2nb-foot" }, status.line, createZoomReadout(ui, signal)),
  );
  work(easel, sheet, session, ui, viewer, run);
  describe(easel, mood);
  describeSet(root, session, ui, signal);
  el.append(root);
  const detach = session.attach();
  return () => {
    gone.abort();
    detach();
    root.remove();
  };
}

/** Pointer, keys and layers of the stage. */
function work(
  easel: Easel,
  sheet: VideoSheet,
  session: VideoSession,
  ui: SetUi,
  viewer: Viewer,
  run: (action: VideoAction) => void,
): void {
  listen<VideoAction>(
    easel,
    () => false,
    (press) => setActionOf(press, easel.isMac, ui.cursor.peek() !== null),
    run,
  );
  paint(easel, {
    bitmap: sheet.bitmap,
    masks: () => drawnMasks(session, ui),
    watched: [session.masks.arrived, session.lanes.all, ui.shown, ui.confidence],
    showAt: (width) => viewer.showAt(width),
    frame: computed(() => stageShape(session.info.value)),
  });
}

function drawnMasks(session: VideoSession, ui: SetUi): ReadonlyArray<DrawnMask> {
  const { objects, selected } = session.document.peek();
  const picture = ui.shown.peek();
  return objects.flatMap((object) => {
    const shape = session.masks.shape(picture, object.id);
    if (!object.visible || shape === null) return [];
    const isShown = object.frames.some(({ frame }) => frame === picture);
    const { state, isStale } = findingOf(session.lanes, object.id, picture, isShown, ui.confidence.peek());
    if (state === "absent") return [];
    return [{ id: object.id, shape, color: object.color, isSelected: object.id === selected, isStale }];
  });
}

/** What tests can read off the root. */
function describeSet(root: HTMLElement, session: VideoSession, ui: SetUi, signal: AbortSignal): void {
  const stop = effect(() => {
    root.dataset.frame = String(ui.frame.value);
    root.dataset.shown = String(ui.shown.value);
    root.dataset.track = session.jobs.value.find(({ kind }) => kind === "track")?.state ?? "";
    root.classList.toggle("sam2nb-late", ui.frame.value !== ui.shown.value);
  });
  signal.addEventListener("abort", stop);
}
