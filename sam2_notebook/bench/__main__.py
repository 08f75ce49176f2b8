"""`python -m sam2_notebook.bench`: encoding, clicks, a grid, videos and memory, next to transformers in the same run.

Times are medians of interleaved calls, so that a busy machine disturbs both alike; ratios are what to quote. On a very
busy one, `--threads 1 --clock cpu` counts the processor's time instead. The peer has the same weights, random ones in
the true sizes of SAM 2.1 tiny, and must give the same mask.
"""

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import torch

from sam2_notebook.bench.contenders import GRID_PART, PHOTO, Contender, ours, photo, random_tiny, transformers

PARTS = ("encode", "click", "grid", "video", "memory")
GRID = 32 * 32
FULL = 7  # the frame from which on a frame recalls seven maps
DEEDS = {"image": "one photo encoded, one click", "video": "one object through a clip"}

Row = tuple[str, list[float | None]]


def medians(calls: Sequence[Callable[[], object]], repeats: int, clock: Callable[[], float]) -> list[float | None]:
    """Median milliseconds of each call, taken in turns after one warm-up."""
    times: list[list[float]] = [[] for _ in calls]
    for turn in range(repeats + 1):
        for call, kept in zip(calls, times, strict=True):
            began = clock()
            call()
            if turn:
                kept.append(1000 * (clock() - began))
    return [statistics.median(kept) for kept in times]


def video(contenders: Sequence[Contender], objects: int, frames: int, clock: Callable[[], float]) -> list[float | None]:
    """Median milliseconds per frame once memory is full, frame by frame in turns."""
    walks: list[Iterator[object] | None] = [c.track(objects, FULL + frames) if c.track else None for c in contenders]
    times: list[list[float]] = [[] for _ in walks]
    for frame in range(FULL + frames):
        for walk, kept in zip(walks, times, strict=True):
            if walk is None:
                continue
            began = clock()
            assert next(walk, None) is not None
            if frame >= FULL:
                kept.append(1000 * (clock() - began))
    return [statistics.median(kept) if kept else None for kept in times]


def peak_mib(who: str, deed: str, threads: int) -> float:
    """Peak resident memory of a process of its own that does one thing."""
    command = [sys.executable, "-m", "sam2_notebook.bench", "--alone", who, deed, "--threads", str(threads)]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)
    return float(answer.stdout.split()[-1])


def alone(who: str, deed: str) -> None:
    """What `peak_mib` has its process do: load, work, and say how much memory that took at most."""
    pixels = photo()
    if who == "peer":
        one = transformers(None, pixels)  # its own random weights: ours would count against it
    else:
        one = ours(who, None if who == "embedded" else random_tiny(), "auto", pixels)
    one.click()
    if deed == "video" and one.track is not None:
        for _ in one.track(1, FULL + 2):
            pass
    sys.stdout.write(f"{_peak_kib() / 1024:.0f}\n")


def _peak_kib() -> int:
    """Linux lets a child inherit its parent's peak in `getrusage`, but not in /proc."""
    status = Path("/proc/self/status")
    lines = status.read_text().splitlines() if status.is_file() else []
    found = [int(line.split()[1]) for line in lines if line.startswith("VmHWM")]
    return found[0] if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def measured(arguments: argparse.Namespace, contenders: Sequence[Contender]) -> Iterator[Row]:
    """The rows of the table, as they are measured; the peer comes last."""
    clock = time.process_time if arguments.clock == "cpu" else time.perf_counter
    parts, repeats = arguments.only, arguments.repeats
    if "encode" in parts:
        yield "encode a photo, ms", medians([c.encode for c in contenders], repeats, clock)
    if "click" in parts:
        yield "click to one full-size mask, ms", medians([c.click for c in contenders], 3 * repeats, clock)
    if "grid" in parts:
        each = medians([c.grid for c in contenders], repeats, clock)
        yield "32 x 32 grid decoded, s (from some)", [ms and ms * GRID / GRID_PART / 1000 for ms in each]
    if "video" in parts:
        for objects in (1, 4):
            counted = "1 object" if objects == 1 else f"{objects} objects"
            yield f"video, {counted}, full memory, ms/frame", video(contenders, objects, arguments.frames, clock)
    if "memory" in parts:
        who = ["embedded", "ours", None, "peer"][: len(contenders)]
        for deed, words in DEEDS.items():
            found = [None if w is None else peak_mib(w, deed, arguments.threads) for w in who]
            if deed == "video" and contenders[0].track is None:
                found[0] = None
            yield f"peak memory, {words}, MiB", found


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sam2_notebook.bench", description="Speed and memory, as a table.")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help=",".join(PARTS))
    parser.add_argument("--repeats", type=int, default=5, help="calls whose median is taken (default 5)")
    parser.add_argument("--frames", type=int, default=3, help="frames with full memory to time (default 3)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--no-peer", action="store_true", help="leave out transformers")
    parser.add_argument("--alone", nargs=2, metavar=("WHO", "DEED"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    unknown = [part for part in arguments.only if part not in PARTS]
    if unknown:
        parser.error(f"--only takes {', '.join(PARTS)}; got {', '.join(unknown)}")
    return arguments


def main() -> None:
    """Print a Markdown table."""
    arguments, out = parse(), sys.stdout.write
    torch.set_num_threads(arguments.threads)
    if arguments.alone:
        alone(*arguments.alone)
        return
    pixels, model = photo(), random_tiny()
    contenders = [ours("embedded", None, "auto", pixels), ours("tiny", model, "auto", pixels)]
    contenders.append(ours("tiny", model, "fp32", pixels))
    if not arguments.no_peer:
        contenders.append(transformers(model, pixels))
        agreed = float((contenders[-1].click() == contenders[-2].click()).mean())
        out(f"our fp32 mask and the peer's agree in {100 * agreed:.3f} % of the pixels; ")
    out(f"photo {PHOTO.width} x {PHOTO.height}, {arguments.threads} threads, {arguments.clock} clock, ")
    out(f"torch {torch.__version__}, load {os.getloadavg()[0]:.1f}; (x) = how often better than the peer\n\n")
    out(f"| | {' | '.join(c.name for c in contenders)} |\n|---|{'---|' * len(contenders)}\n")
    for title, values in measured(arguments, contenders):
        peer = None if arguments.no_peer else values[-1]
        out(f"| {title} | {' | '.join(_cell(value, peer) for value in values)} |\n")
        sys.stdout.flush()


def _cell(value: float | None, peer: float | None) -> str:
    if value is None:
        return "-"
    shown = f"{value:.1f}" if value < 100 else f"{value:.0f}"
    return shown if peer is None or value == peer else f"{shown} ({peer / value:.2f}x)"


if __name__ == "__main__":
    main()
