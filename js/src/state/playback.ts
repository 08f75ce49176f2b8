/** The clock of a playing video: which frame is due, and what to fetch before it is. Pure. */

export interface Clock {
  /** Where the clock is, in frames. */
  readonly position: number;
  /** The frame on the stage. */
  readonly shown: number;
  /** Every so many frames one is shown. */
  readonly stride: number;
  /** For how long nothing new could be shown, and for how long all went well, in seconds. */
  readonly stalled: number;
  readonly smooth: number;
}

const MOST_STRIDE = 8;
const MOST_PER_SECOND = 60;
const STALL_S = 0.3;
const SMOOTH_S = 3;
const AHEAD = 24;

export function startClock(frame: number, rate: number): Clock {
  return { position: frame, shown: frame, stride: leastStride(rate), stalled: 0, smooth: 0 };
}

/** Frames beyond what a screen can show are never asked for. */
function leastStride(rate: number): number {
  return Math.max(1, Math.ceil(rate / MOST_PER_SECOND - 0.01));
}

/**
 * The clock after `elapsed` seconds at `rate` frames per second. It shows the newest frame that is due and ready, waits
 * when none is, and leaves out more frames, up to `mostStride`, when it has had to wait for long.
 */
export function tickClock(
  clock: Clock,
  elapsed: number,
  rate: number,
  last: number,
  isReady: (frame: number) => boolean,
  mostStride = MOST_STRIDE,
): Clock {
  const target = Math.min(clock.position + elapsed * rate, last);
  const due = Math.floor(target);
  if (due <= clock.shown) return { ...clock, position: target, smooth: clock.smooth + elapsed };
  for (let frame = due; frame > clock.shown; frame--) {
    if (!isReady(frame)) continue;
    const smooth = clock.smooth + elapsed;
    const isEasier = smooth > SMOOTH_S && clock.stride > leastStride(rate);
    return {
      position: Math.min(target, frame + clock.stride),
      shown: frame,
      stride: isEasier ? clock.stride - 1 : clock.stride,
      stalled: 0,
      smooth: isEasier ? 0 : smooth,
    };
  }
  const stalled = clock.stalled + elapsed;
  const isHarder = stalled > STALL_S && clock.stride < mostStride;
  return {
    position: Math.min(target, clock.shown + clock.stride),
    shown: clock.shown,
    stride: isHarder ? clock.stride + 1 : clock.stride,
    stalled: isHarder ? 0 : stalled,
    smooth: 0,
  };
}

/** The frames that playing needs next, the last one of the video included. */
export function framesAhead({ shown, stride }: Clock, last: number): ReadonlyArray<number> {
  const frames: number[] = [];
  for (let i = 1; i <= AHEAD; i++) {
    const frame = Math.min(shown + i * stride, last);
    if (frame > (frames.at(-1) ?? shown)) frames.push(frame);
  }
  return frames;
}

/** A time as people write it: minutes, seconds, hundredths. */
export function timeCode(seconds: number): string {
  const hundredths = Math.round(Math.max(0, seconds) * 100);
  const [minutes, rest] = [Math.floor(hundredths / 6000), hundredths % 6000];
  return `${minutes}:${String(Math.floor(rest / 100)).padStart(2, "0")}.${String(rest % 100).padStart(2, "0")}`;
}

/** A while from now as people say it. */
export function inWords(seconds: number): string {
  if (seconds < 1) return "less than a second";
  if (seconds < 90) return `${Math.round(seconds)} s`;
  if (seconds < 5400) return `${Math.round(seconds / 60)} min`;
  return `${(seconds / 3600).toFixed(1)} h`;
}
