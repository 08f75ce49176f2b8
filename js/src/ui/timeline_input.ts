/** What pointer and wheel do on the timeline. */

import { frameAt, xOf } from "../geometry/timeline";
import type { VideoSession } from "../state/video_session";
import type { VideoUi } from "../state/video_ui";
import type { Viewer } from "../state/viewer";
import type { Timeline } from "./timeline";

interface Parts {
  readonly session: VideoSession;
  readonly ui: VideoUi;
  readonly viewer: Viewer;
  readonly signal: AbortSignal;
}

const SNAP = 7;
// A hand that presses moves by so much, in CSS pixels: a frame chosen by the press stays until it means to go on.
const TREMOR = 4;
const WHEEL_ZOOM = 0.0025;

export function listenTimeline(timeline: Timeline, parts: Parts): void {
  const { ui, viewer, signal } = parts;
  let drag: {
    readonly from: number;
    readonly x: number;
    readonly isRange: boolean;
    isMoved: boolean;
  } | null = null;
  const { node } = timeline;
  const placeOf = (event: MouseEvent) => event.clientX - node.getBoundingClientRect().left;

  const down = (event: PointerEvent) => {
    if (event.button !== 0) return;
    const x = placeOf(event);
    if (x < timeline.track.left) return choose(timeline, parts, event);
    node.setPointerCapture(event.pointerId);
    const frame = frameAt(timeline.track, x);
    drag = { from: frame, x, isRange: event.shiftKey, isMoved: false };
    if (event.shiftKey) ui.range.value = null;
    else viewer.goTo(promptNear(timeline, parts, event, x) ?? frame);
  };
  const move = (event: PointerEvent) => {
    if (drag === null) return;
    const x = placeOf(event);
    drag.isMoved ||= Math.abs(x - drag.x) >= TREMOR;
    if (!drag.isMoved) return;
    const frame = frameAt(timeline.track, x);
    if (!drag.isRange) {
      if (frame !== ui.frame.peek()) viewer.goTo(frame);
      return;
    }
    const [first, last] = [Math.min(drag.from, frame), Math.max(drag.from, frame)];
    ui.range.value = first < last ? { first, last } : null;
  };
  const end = () => {
    drag = null;
  };
  const wheel = (event: WheelEvent) => {
    const isZoom = event.ctrlKey || event.metaKey;
    const along = event.shiftKey && event.deltaX === 0 ? event.deltaY : event.deltaX;
    if (isZoom) timeline.zoom(Math.exp(-event.deltaY * WHEEL_ZOOM), placeOf(event));
    else if (along === 0 || !timeline.pan(along)) return;
    event.preventDefault();
    event.stopPropagation();
  };
  node.addEventListener("pointerdown", down, { signal });
  node.addEventListener("pointermove", move, { signal });
  node.addEventListener("pointerup", end, { signal });
  node.addEventListener("lostpointercapture", end, { signal });
  node.addEventListener("wheel", wheel, { signal, passive: false });
  node.addEventListener("dblclick", () => (ui.window.value = null), { signal });
}

/** A press beside a lane chooses its object. */
function choose(timeline: Timeline, { session, ui }: Parts, event: PointerEvent): void {
  const id = laneAt(timeline, event)?.id;
  if (id !== undefined && id !== session.document.peek().selected)
    session.edit(ui.shown.peek(), [{ kind: "select_object", object: id }]);
}

/** The frame of a prompt's dot under the pointer; its object is chosen as well. */
function promptNear(timeline: Timeline, parts: Parts, event: PointerEvent, x: number): number | null {
  const object = laneAt(timeline, event);
  if (object === undefined) return null;
  let [best, least]: [number | null, number] = [null, SNAP];
  for (const { frame } of object.frames) {
    const far = Math.abs(xOf(timeline.track, frame) - x);
    if (far < least) [best, least] = [frame, far];
  }
  if (best !== null) choose(timeline, parts, event);
  return best;
}

function laneAt(timeline: Timeline, event: PointerEvent): ReturnType<Timeline["objectAt"]> {
  const place = timeline.lanes.getBoundingClientRect();
  if (event.clientY < place.top || event.clientY > place.bottom) return undefined;
  return timeline.objectAt(event.clientY - place.top + timeline.lanes.scrollTop);
}
