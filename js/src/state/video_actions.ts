/** What keys and buttons do in the video widget; what they share with pictures is in `actions.ts`. */

import type { VideoAction } from "../input/video_keymap";
import { type Context, perform } from "./actions";
import { selectedObject } from "./document";
import { type Lane, nextGap } from "./lanes";
import { findVideoObject, promptedFrames } from "./video_document";
import { isUnderWay, type VideoSession } from "./video_session";
import { SPEEDS, type VideoUi } from "./video_ui";
import type { Viewer } from "./viewer";

export interface VideoContext extends Context {
  readonly video: VideoSession;
  readonly ui: VideoUi;
  readonly viewer: Viewer;
  /** Put the keyboard into the field of the frame's number. */
  readonly askFrame: () => void;
}

export function performVideo(action: VideoAction, context: VideoContext): void {
  const { video, ui, viewer } = context;
  switch (action.type) {
    case "play":
      return viewer.play();
    case "place":
      return ui.cursor.value === null ? viewer.play() : perform(action, context);
    case "step":
      return viewer.step(action.by);
    case "end":
      return viewer.goTo(action.isLast ? viewer.last : viewer.first);
    case "prompt-next":
    case "prompt-previous":
      return hop(context, action.type === "prompt-next" ? 1 : -1);
    case "gap-next":
    case "gap-previous":
      return hopToGap(context, action.type === "gap-next" ? 1 : -1);
    case "bound": {
      const now = ui.frame.value;
      const { first, last } = ui.range.value ?? viewer;
      const range = action.isLast ? { first, last: now } : { first: now, last };
      ui.range.value = range.first < range.last ? range : null;
      return;
    }
    case "go-to":
      return context.askFrame();
    case "cross": {
      const { stage } = ui.viewport.value;
      ui.cursor.value = ui.cursor.value === null ? { x: stage.width / 2, y: stage.height / 2 } : null;
      return;
    }
    case "faster":
    case "slower":
      ui.speed.value = nextSpeed(ui.speed.value, action.type === "faster" ? 1 : -1);
      return;
    case "memory":
      ui.isMemoryOpen.value = !ui.isMemoryOpen.value;
      return;
    case "export":
      ui.isExportOpen.value = !ui.isExportOpen.value;
      return;
    case "lock":
      return toggleLock(context);
    case "track":
      return track(context, action.direction);
    case "pick": {
      const selected = selectedObject(context.session.document.value);
      const offered = context.session.masks.value.get(selected?.id ?? -1)?.logits?.count ?? 0;
      if (action.index < offered) return perform({ type: "candidate", index: action.index }, context);
      const object = video.document.value.objects[action.index];
      if (object !== undefined) context.session.edit([{ kind: "select_object", object: object.id }]);
      return;
    }
    case "escape":
      return backOut(context);
    default:
      return perform(action, context);
  }
}

/** Follow what the view says: all objects or the selected one, in the chosen range, from this frame or from the first. */
export function track({ video, ui }: VideoContext, direction: "forward" | "backward" | "both"): void {
  const { selected, objects } = video.document.value;
  if (!video.isOpen.value || video.jobs.value.some((job) => job.kind === "track" && isUnderWay(job))) return;
  if (objects.every(({ frames }) => frames.length === 0)) {
    video.notice.value = "Nothing to look for yet: click an object first.";
    return;
  }
  const range = ui.range.value;
  ui.isPlaying.value = false;
  video.start({
    type: "track",
    direction,
    objects: ui.onlySelected.value && selected !== null ? [selected] : null,
    start: null,
    first: range?.first ?? null,
    last: range?.last ?? null,
  });
}

export function nextSpeed(speed: number, by: 1 | -1): number {
  return SPEEDS[SPEEDS.indexOf(speed) + by] ?? speed;
}

function hop({ video, ui, viewer }: VideoContext, by: 1 | -1): void {
  const frames = promptedFrames(video.document.value);
  const now = ui.frame.value;
  const next = by === 1 ? frames.find((frame) => frame > now) : frames.findLast((frame) => frame < now);
  if (next !== undefined) viewer.goTo(next);
}

function hopToGap({ video, ui, viewer }: VideoContext, by: 1 | -1): void {
  const { selected, objects } = video.document.value;
  const chosen = ui.onlySelected.value ? objects.filter(({ id }) => id === selected) : objects;
  const lanes = chosen
    .filter(({ frames }) => frames.length > 0)
    .map(({ id }) => video.lanes.all.value.get(id))
    .filter((lane): lane is Lane => lane !== undefined);
  const next = nextGap(lanes, ui.frame.value, by, viewer.last + 1, viewer.first);
  if (next !== null) viewer.goTo(next);
}

function toggleLock({ video, ui }: VideoContext): void {
  const object = findVideoObject(video.document.value, video.document.value.selected);
  if (object === undefined) return;
  video.edit(ui.shown.peek(), [{ kind: "lock_object", object: object.id, locked: !object.locked }]);
}

/** Escape takes back the nearest thing: a menu, a draft, the cross, playing, tracking; then the focus. */
function backOut(context: VideoContext): void {
  const { video, ui, isDrafting } = context;
  const running = video.jobs.value.find((job) => job.kind === "track" && isUnderWay(job));
  if (ui.isExportOpen.value && !ui.isHelpOpen.value) ui.isExportOpen.value = false;
  else if (ui.isHelpOpen.value || isDrafting() || ui.cursor.value !== null)
    perform({ type: "escape" }, context);
  else if (ui.isPlaying.value) ui.isPlaying.value = false;
  else if (running !== undefined) video.cancel(running.id);
  else perform({ type: "escape" }, context);
}
