"""`python -m sam2_notebook.bench`: encoding, clicks, a grid, videos and memory, next to transformers in the same run.

Times are medians of interleaved calls, so that a busy machine disturbs both alike; ratios are what to quote. On a very
busy one, `--threads 1 --clock cpu` counts the processor's time instead. The peer has the same weights, random ones in
the true sizes of SAM 2.1 tiny, and must give the same mask.
"""

import argparse
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import torch

from sam2_notebook.bench.contenders import (
    GRID_PART,
    PHOTO,
    Contender,
    Track,
    clip,
    ours,
    photo,
    random_tiny,
    transformers,
)

PARTS = ("encode", "click", "grid", "video", "memory")
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


def video(tracks: Sequence[Track | None], objects: int, frames: int, clock: Callable[[], float]) -> list[float | None]:
    """Median milliseconds per frame once memory is full, frame by frame in turns."""
    walks = [track(objects, FULL + frames) if track else None for track in tracks]
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


def grid(contenders: Sequence[Contender], prompts: int, clock: Callable[[], float]) -> list[float | None]:
    """Seconds for all prompts of a grid, batch by batch in turns; nothing is extrapolated."""
    spent = [0.0 for _ in contenders]
    for start in range(-GRID_PART, prompts, GRID_PART):  # the first batch warms up
        for number, contender in enumerate(contenders):
            began = clock()
            contender.grid(max(start, 0))
            if start >= 0:
                spent[number] += clock() - began
    return list(spent)


def peak_mib(who: str, deed: str, threads: int, inputs: Path) -> float:
    """Peak resident memory of a process of its own that does one thing; photo and clip lie ready in a folder."""
    command = [sys.executable, "-m", "sam2_notebook.bench", "--alone", who, deed, str(inputs)]
    answer = subprocess.run([*command, "--threads", str(threads)], check=True, capture_output=True, text=True)
    return float(answer.stdout.split()[-1])


def peaks(who: Sequence[str | None], deed: str, threads: int) -> list[float | None]:
    """The peaks of several contenders. The pictures are made here: making them takes more memory than seeing them."""
    with tempfile.TemporaryDirectory() as folder:
        np.save(Path(folder, "photo.npy"), photo())
        np.save(Path(folder, "clip.npy"), clip(FULL + 2 if deed == "video" else 1))
        return [None if w is None else peak_mib(w, deed, threads, Path(folder)) for w in who]


def alone(who: str, deed: str, folder: str) -> None:
    """What `peak_mib` has its process do: load, work, and say how much memory that took at most."""
    pixels = np.load(Path(folder, "photo.npy"))
    frames = np.load(Path(folder, "clip.npy"))
    if who == "peer":
        one = transformers(None, pixels, frames)  # its own random weights: ours would count against it
    else:
        one = ours(who, None if who == "embedded" else random_tiny(), "auto", pixels, frames)
    one.click()
    if deed == "video" and one.track is not None:
        for _ in one.track(1, len(frames)):
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
        yield f"grid of {arguments.prompts} clicks decoded, s", grid(contenders, arguments.prompts, clock)
    if "video" in parts:
        for objects, pooled in ((1, False), (1, True), (4, False), (4, True)):
            words = "1 object" if objects == 1 else f"{objects} objects"
            words += ", our memory pooled" if pooled else ""
            tracks = [(c.track_pooled if pooled else None) or c.track for c in contenders]
            yield f"video, {words}, full memory, ms/frame", video(tracks, objects, arguments.frames, clock)
    if "memory" in parts:
        who = ["embedded", "ours", None, "peer"][: len(contenders)]
        for deed, words in DEEDS.items():
            found = peaks(who, deed, arguments.threads)
            if deed == "video" and contenders[0].track is None:
                found[0] = None
            yield f"peak memory, {words}, MiB", found


def parse() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m sam2_notebook.bench", description="Speed and memory, as a table.")
    parser.add_argument("--only", type=lambda text: text.split(","), default=list(PARTS), help=",".join(PARTS))
    parser.add_argument("--repeats", type=int, default=5, help="calls whose median is taken (default 5)")
    parser.add_argument("--frames", type=int, default=3, help="frames with full memory to time (default 3)")
    parser.add_argument("--prompts", type=int, default=32 * 32, help="clicks of the grid (default 32 x 32)")
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--clock", choices=("wall", "cpu"), default="wall")
    parser.add_argument("--no-peer", action="store_true", help="leave out transformers")
    parser.add_argument("--alone", nargs=3, metavar=("WHO", "DEED", "FOLDER"), help=argparse.SUPPRESS)
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
    out(f"torch {torch.__version__}, {_cpu()}, load {os.getloadavg()[0]:.1f}; medians of {arguments.repeats} calls in ")
    out(f"turns ({3 * arguments.repeats} clicks, {arguments.frames} frames); (x) = how often better than the peer\n\n")
    out(f"| | {' | '.join(c.name for c in contenders)} |\n|---|{'---|' * len(contenders)}\n")
    for title, values in measured(arguments, contenders):
        peer = None if arguments.no_peer else values[-1]
        out(f"| {title} | {' | '.join(_cell(value, peer) for value in values)} |\n")
        sys.stdout.flush()
    out(f"\nload at the end {os.getloadavg()[0]:.1f}\n")


def _cpu() -> str:
    """What the processor calls itself."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.is_file() else []
    named = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return f"{len(named)} x {named[0]}" if named else platform.processor() or platform.machine()


def _cell(value: float | None, peer: float | None) -> str:
    if value is None:
        return "-"
    shown = f"{value:.1f}" if value < 100 else f"{value:.0f}"
    return shown if peer is None or value == peer else f"{shown} ({peer / value:.2f}x)"


if __name__ == "__main__":
    main()
