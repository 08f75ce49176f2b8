/** Where frames lie along a timeline, and the part of the video it shows. Pure. */

/** Frames from `first` to `last`, both included. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** Frames `first` to `last`, both included, over `width` CSS pixels from `left` on. */
export interface Track {
  readonly first: number;
  readonly last: number;
  readonly left: number;
  readonly width: number;
}

const LEAST_FRAMES = 8;

const clamp = (value: number, low: number, high: number): number => Math.min(Math.max(value, low), high);

/** CSS pixels of a frame. */
export function pitch({ first, last, width }: Track): number {
  return width / (last - first + 1);
}

/** The middle of a frame. */
export function xOf(track: Track, frame: number): number {
  return track.left + (frame - track.first + 0.5) * pitch(track);
}

/** The frame at a place, or the nearest one that the track shows. */
export function frameAt(track: Track, x: number): number {
  return clamp(track.first + Math.floor((x - track.left) / pitch(track)), track.first, track.last);
}

/** The window after zooming by a factor, with the frame under `x` kept in its place; null when it holds all frames. */
export function zoomWindow(track: Track, factor: number, x: number, frames: number): Range | null {
  const count = track.last - track.first + 1;
  const wanted = clamp(Math.round(count / factor), Math.min(LEAST_FRAMES, frames), frames);
  if (wanted >= frames) return null;
  const share = clamp((x - track.left) / track.width, 0, 1);
  return moved({ first: Math.round(track.first + share * (count - wanted)), last: 0 }, wanted, frames);
}

/** The window moved by so many frames, as far as there are any. */
export function panWindow(window: Range, by: number, frames: number): Range {
  return moved({ first: window.first + Math.round(by), last: 0 }, window.last - window.first + 1, frames);
}

/** The window moved just so far that it holds a frame. */
export function windowAround(window: Range, frame: number, frames: number): Range {
  if (frame < window.first || frame > window.last) {
    const count = window.last - window.first + 1;
    return moved({ first: frame < window.first ? frame : frame - count + 1, last: 0 }, count, frames);
  }
  return window;
}

function moved({ first }: Range, count: number, frames: number): Range {
  const from = clamp(first, 0, frames - count);
  return { first: from, last: from + count - 1 };
}

const STEPS = [1, 2, 5] as const;

/** How many frames lie between two labelled ticks that are to be at least `apart` CSS pixels apart: 1, 2, 5, 10… */
export function tickStep(track: Track, apart: number): number {
  const least = apart / pitch(track);
  for (let decade = 1; ; decade *= 10)
    for (const step of STEPS) if (step * decade >= least) return step * decade;
}

/** The frames of a filmstrip whose pictures are `wide` CSS pixels: one for each place, from its middle. */
export function stripFrames(
  track: Track,
  wide: number,
): ReadonlyArray<{ readonly frame: number; readonly x: number }> {
  const count = Math.max(1, Math.ceil(track.width / wide));
  return Array.from({ length: count }, (_, i) => {
    const x = track.left + i * wide;
    return { frame: frameAt(track, Math.min(x + wide / 2, track.left + track.width - 1)), x };
  });
}
