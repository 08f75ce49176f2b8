/** The timeline's drawing: ruler, filmstrip, what the model recalled, and a lane for each object. */

import { pitch, stripFrames, type Track, tickStep, xOf } from "../geometry/timeline";
import type { MemoryView, VideoObjectView } from "../protocol/messages.gen";
import type { Ink } from "../state/inks";
import { binned, type Columns, HIDDEN, type Lane, runsOf, STALE_HIDDEN, UNKNOWN } from "../state/lanes";
import { cssColor } from "./masks";

export const RULER = 18;
export const LANE = 24;
export const ARCS = 34;

export interface Inks {
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly brand: string;
  readonly surface: string;
}

type Context = CanvasRenderingContext2D;

const LABEL_EVERY = 76;
const PAD = 4;

export function paintRuler(context: Context, track: Track, inks: Inks): void {
  const step = tickStep(track, LABEL_EVERY);
  context.font = "10px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.fillStyle = inks.faint;
  context.strokeStyle = inks.line;
  context.lineWidth = 1;
  context.beginPath();
  const part = step % 5 === 0 ? step / 5 : step % 2 === 0 ? step / 2 : step;
  for (let frame = Math.ceil(track.first / part) * part; frame <= track.last; frame += part) {
    const x = Math.round(xOf(track, frame)) + 0.5;
    const isMain = frame % step === 0;
    context.moveTo(x, isMain ? 10 : 14);
    context.lineTo(x, RULER);
    const label = String(frame);
    const half = context.measureText(label).width / 2;
    const at = Math.min(Math.max(x - half, track.left), track.left + track.width - 2 * half);
    if (isMain) context.fillText(label, at, 6);
  }
  context.stroke();
}

/** Pictures side by side; what has not come yet is an empty place. */
export function paintStrip(
  context: Context,
  track: Track,
  place: { readonly y: number; readonly wide: number; readonly high: number },
  pictureOf: (frame: number) => ImageBitmap | null,
  inks: Inks,
): void {
  context.save();
  context.beginPath();
  context.rect(track.left, place.y, track.width, place.high);
  context.clip();
  context.imageSmoothingQuality = "high";
  for (const { frame, x } of stripFrames(track, place.wide)) {
    const picture = pictureOf(frame);
    if (picture !== null) context.drawImage(picture, x, place.y, place.wide - 1, place.high);
    else {
      context.fillStyle = inks.line;
      context.globalAlpha = 0.5;
      context.fillRect(x, place.y, place.wide - 1, place.high);
      context.globalAlpha = 1;
    }
  }
  context.restore();
}

/** The frames an object was found with: arcs from prompted (square) and recent (disc) frames, ticks for pointers. */
export function paintArcs(
  context: Context,
  track: Track,
  y: number,
  frame: number,
  memory: MemoryView,
  ink: Ink,
): void {
  const base = y + ARCS - 6;
  const here = xOf(track, frame);
  context.save();
  context.beginPath();
  context.rect(track.left, y, track.width, ARCS);
  context.clip();
  context.strokeStyle = cssColor(ink);
  context.fillStyle = cssColor(ink);
  for (const far of memory.pointers) {
    const x = xOf(track, far);
    context.lineWidth = 1;
    context.beginPath();
    context.moveTo(x, base - 3);
    context.lineTo(x, base + 5);
    context.stroke();
  }
  for (const [frames, isPrompted] of [
    [memory.recent, false],
    [memory.prompted, true],
  ] as const)
    for (const far of frames) {
      const x = xOf(track, far);
      const high = Math.min(ARCS - 10, 8 + Math.abs(here - x) / 6);
      context.lineWidth = isPrompted ? 2 : 1.25;
      context.setLineDash(isPrompted ? [] : [3, 2]);
      context.beginPath();
      context.moveTo(x, base);
      context.quadraticCurveTo((x + here) / 2, base - 2 * high, here, base);
      context.stroke();
      context.setLineDash([]);
      context.beginPath();
      if (isPrompted) context.rect(x - 4, base - 4, 8, 8);
      else context.arc(x, base, 3, 0, 2 * Math.PI);
      context.fill();
    }
  context.restore();
}

export interface LaneLook {
  readonly object: VideoObjectView;
  readonly ink: Ink;
  readonly lane: Lane | undefined;
  readonly isSelected: boolean;
  readonly y: number;
}

/** An object's name beside its lane. */
export function paintLabel(context: Context, left: number, look: LaneLook, inks: Inks): void {
  const { object, ink, isSelected, y } = look;
  if (isSelected) {
    context.fillStyle = inks.brand;
    context.globalAlpha = 0.16;
    context.fillRect(0, y, left - 4, LANE);
    context.globalAlpha = 1;
  }
  context.fillStyle = cssColor(ink);
  context.beginPath();
  context.roundRect(6, y + LANE / 2 - 5, 10, 10, 3);
  context.fill();
  context.fillStyle = object.visible ? inks.text : inks.faint;
  context.font = `${isSelected ? "600 " : ""}11px system-ui, sans-serif`;
  context.textBaseline = "middle";
  const room = left - 30;
  const name = object.name === "" ? `object ${object.id}` : object.name;
  context.fillText(fitted(context, name, room), 21, y + LANE / 2 + 0.5);
}

function fitted(context: Context, text: string, room: number): string {
  if (context.measureText(text).width <= room) return text;
  let shown = [...text];
  while (shown.length > 1 && context.measureText(`${shown.join("")}…`).width > room)
    shown = shown.slice(0, -1);
  return `${shown.join("")}…`;
}

const bins = new WeakMap<Lane, { readonly key: string; readonly columns: Columns }>();

function columnsOf(lane: Lane, track: Track, columns: number): Columns {
  const key = `${track.first} ${track.last} ${columns}`;
  const known = bins.get(lane);
  if (known?.key === key) return known.columns;
  const made = binned(lane, track.first, track.last + 1, columns);
  bins.set(lane, { key, columns: made });
  return made;
}

/**
 * A lane. Present: a filled bar with the curve of the scores; hidden: a thin hollow bar; stale: hatched instead of
 * filled; not known: a dotted line. Prompts are dots, given masks squares.
 */
export function paintLane(context: Context, track: Track, look: LaneLook, inks: Inks): void {
  const { object, lane, y } = look;
  const middle = y + LANE / 2;
  context.strokeStyle = inks.faint;
  context.globalAlpha = 0.6;
  context.lineWidth = 1;
  context.setLineDash([1, 4]);
  context.beginPath();
  context.moveTo(track.left, Math.round(middle) + 0.5);
  context.lineTo(track.left + track.width, Math.round(middle) + 0.5);
  context.stroke();
  context.setLineDash([]);
  context.globalAlpha = object.visible ? 1 : 0.45;
  if (lane !== undefined) paintStretches(context, track, look, lane, inks);
  paintDots(context, track, look, inks);
  context.globalAlpha = 1;
}

function paintStretches(context: Context, track: Track, look: LaneLook, lane: Lane, inks: Inks): void {
  const columns = Math.min(Math.max(1, Math.floor(track.width)), track.last - track.first + 1);
  const { states, scores } = columnsOf(lane, track, columns);
  const wide = track.width / columns;
  const [top, high] = [look.y + PAD, LANE - 2 * PAD];
  const color = cssColor(look.ink);
  for (const [from, to, state] of runsOf(states)) {
    if (state === UNKNOWN) continue;
    const [x, width] = [track.left + from * wide, Math.max(1, (to - from) * wide)];
    const isThin = state === HIDDEN || state === STALE_HIDDEN;
    const [boxTop, boxHigh] = isThin ? [top + high / 2 - 3, 6] : [top, high];
    context.fillStyle = inks.surface;
    context.fillRect(x, boxTop, width, boxHigh);
    if (state >= 3) hatch(context, x, boxTop, width, boxHigh, color);
    else if (!isThin) {
      context.fillStyle = cssColor(look.ink, 0.38);
      context.fillRect(x, boxTop, width, boxHigh);
    }
    context.strokeStyle = color;
    context.lineWidth = 1;
    if (width > 2) context.strokeRect(x + 0.5, boxTop + 0.5, width - 1, boxHigh - 1);
    if (!isThin) paintScores(context, x, wide, scores.subarray(from, to), top, high, color);
  }
}

function hatch(context: Context, x: number, y: number, width: number, high: number, color: string): void {
  context.save();
  context.beginPath();
  context.rect(x, y, width, high);
  context.clip();
  context.strokeStyle = color;
  context.lineWidth = 1.25;
  context.beginPath();
  for (let at = Math.floor((x - high) / 5) * 5; at < x + width; at += 5) {
    context.moveTo(at, y + high);
    context.lineTo(at + high, y);
  }
  context.stroke();
  context.restore();
}

function paintScores(
  context: Context,
  x: number,
  wide: number,
  scores: Uint8Array,
  top: number,
  high: number,
  color: string,
): void {
  context.strokeStyle = color;
  context.lineWidth = 1.75;
  context.lineJoin = "round";
  context.beginPath();
  let isOn = false;
  scores.forEach((score, i) => {
    if (score === 255) {
      isOn = false;
      return;
    }
    const [at, y] = [x + (i + 0.5) * wide, top + high - 1 - (score / 254) * (high - 2)];
    if (isOn) context.lineTo(at, y);
    else context.moveTo(at, y);
    isOn = true;
  });
  context.stroke();
}

function paintDots(context: Context, track: Track, { object, ink, y }: LaneLook, inks: Inks): void {
  const radius = pitch(track) < 3 ? 4 : 5;
  for (const { frame, mask } of object.frames) {
    if (frame < track.first || frame > track.last) continue;
    const x = xOf(track, frame);
    context.beginPath();
    if (mask) context.rect(x - radius, y + LANE / 2 - radius, 2 * radius, 2 * radius);
    else context.arc(x, y + LANE / 2, radius, 0, 2 * Math.PI);
    context.fillStyle = cssColor(ink);
    context.fill();
    context.lineWidth = 3.5;
    context.strokeStyle = inks.text;
    context.stroke();
    context.lineWidth = 1.75;
    context.strokeStyle = inks.surface;
    context.stroke();
  }
}
