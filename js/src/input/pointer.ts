/** Pointer and wheel events of the stage as tool input; two fingers zoom and move the picture. */

import type { Vec } from "../geometry/viewport";
import type { Button, Held, InputEvent } from "../tools/tool";

export interface PointerSink {
  readonly on: (event: InputEvent) => void;
  /** Where a pointer rests that presses nothing; null when there is none. */
  readonly hover: (at: Vec | null) => void;
  readonly zoom: (factor: number, at: Vec) => boolean;
  readonly pan: (by: Vec) => void;
  readonly isSpaceHeld: () => boolean;
  /** Whether the wheel may zoom without Ctrl: the widget has the focus. */
  readonly hasFocus: () => boolean;
  readonly focus: () => void;
}

const BUTTONS: Readonly<Record<number, Button>> = { 0: "primary", 1: "middle", 2: "secondary" };
const WHEEL_ZOOM = 0.0015;
const LINE_PX = 16;

/** Listen on the stage until `signal` is aborted. */
export function listenPointer(
  stage: HTMLElement,
  sink: PointerSink,
  isMac: boolean,
  signal: AbortSignal,
): void {
  const fingers = new Map<number, Vec>();
  let leader: number | null = null;

  const place = (event: MouseEvent) => placeOn(stage, event);
  const held = (event: MouseEvent): Held => ({
    shift: event.shiftKey,
    alt: event.altKey,
    space: sink.isSpaceHeld(),
    fresh: false,
    batch: isMac ? event.metaKey : event.ctrlKey,
  });
  const interrupt = () => {
    if (leader !== null) sink.on({ type: "interrupt" });
    leader = null;
  };

  const down = (event: PointerEvent) => {
    event.preventDefault(); // no text selection, no autoscroll
    sink.focus();
    stage.setPointerCapture(event.pointerId);
    const at = place(event);
    const isTouch = event.pointerType === "touch";
    if (isTouch) fingers.set(event.pointerId, at);
    if (fingers.size > 1) return interrupt();
    if (leader !== null) return;
    // On a Mac, Ctrl and the only button are the right button.
    const button = isMac && event.ctrlKey ? "secondary" : BUTTONS[event.button];
    if (button === undefined) return;
    leader = event.pointerId;
    sink.hover(null);
    sink.on({ type: "down", at, button, held: held(event), isTouch });
  };
  const move = (event: PointerEvent) => {
    const at = place(event);
    const before = fingers.get(event.pointerId);
    if (before !== undefined && fingers.size === 2) {
      const other = [...fingers].find(([id]) => id !== event.pointerId)?.[1] ?? before;
      fingers.set(event.pointerId, at);
      return pinch(sink, before, at, other);
    }
    if (before !== undefined) fingers.set(event.pointerId, at);
    if (leader !== null && leader !== event.pointerId) return;
    if (leader === null && event.pointerType !== "touch") sink.hover(at);
    for (const part of leader === null ? [event] : partsOf(event))
      sink.on({ type: "move", at: place(part), held: held(event) });
  };
  const up = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (leader !== event.pointerId) return;
    leader = null;
    sink.on({ type: "up", at: place(event), held: held(event) });
  };
  const lost = (event: PointerEvent) => {
    fingers.delete(event.pointerId);
    if (leader === event.pointerId) interrupt();
  };
  stage.addEventListener("pointerdown", down, { signal });
  stage.addEventListener(
    "pointerleave",
    (event) => {
      sink.hover(null);
      if (event.pointerType !== "touch" && leader === null) sink.on({ type: "leave" });
    },
    { signal },
  );
  stage.addEventListener("pointermove", move, { signal });
  stage.addEventListener("pointerup", up, { signal });
  stage.addEventListener("pointercancel", lost, { signal });
  stage.addEventListener("lostpointercapture", lost, { signal });
  signal.addEventListener("abort", interrupt);
  listenWheel(stage, sink, signal);
}

/** A hand that draws fast makes several moves between two frames; all are part of its line. */
function partsOf(event: PointerEvent): ReadonlyArray<PointerEvent> {
  const parts = event.getCoalescedEvents?.() ?? [];
  return parts.length > 1 ? parts : [event];
}

/** One of two fingers has moved. */
function pinch(sink: PointerSink, before: Vec, at: Vec, other: Vec): void {
  const apart = Math.hypot(before.x - other.x, before.y - other.y);
  sink.pan({ x: (at.x - before.x) / 2, y: (at.y - before.y) / 2 });
  if (apart > 0)
    sink.zoom(Math.hypot(at.x - other.x, at.y - other.y) / apart, {
      x: (at.x + other.x) / 2,
      y: (at.y + other.y) / 2,
    });
}

/** The wheel zooms with Ctrl or Cmd, or in a focused widget; otherwise the notebook scrolls. */
function listenWheel(stage: HTMLElement, sink: PointerSink, signal: AbortSignal): void {
  const wheel = (event: WheelEvent) => {
    if (!(event.ctrlKey || event.metaKey || sink.hasFocus())) return;
    const delta = event.deltaY * (event.deltaMode === WheelEvent.DOM_DELTA_LINE ? LINE_PX : 1);
    const speed = event.ctrlKey && Math.abs(delta) < 20 ? 6 : 1; // a trackpad's pinch comes as a small wheel
    const isUsed = sink.zoom(Math.exp(-delta * speed * WHEEL_ZOOM), placeOn(stage, event));
    if (!isUsed && !event.ctrlKey && !event.metaKey) return; // at the end of the zoom the notebook scrolls on
    event.preventDefault();
    event.stopPropagation();
  };
  stage.addEventListener("wheel", wheel, { signal, passive: false });
}

/** Where an event is on the stage. */
function placeOn(stage: HTMLElement, event: MouseEvent): Vec {
  const frame = stage.getBoundingClientRect();
  return { x: event.clientX - frame.left, y: event.clientY - frame.top };
}
