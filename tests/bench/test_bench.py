"""The bench runs, measures in turns, and compares like with like."""

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.bench import __main__ as bench
from sam2_notebook.bench.contenders import PHOTO, Contender


def contender(name: str, log: list[str], *, videos: bool = True) -> Contender:
    """One that only writes down what it was asked."""

    def track(objects: int, frames: int) -> Iterator[object]:
        for frame in range(frames):
            log.append(f"{name} {objects} {frame}")
            yield frame

    def told(deed: str) -> None:
        log.append(f"{name} {deed}")

    return Contender(
        name=name,
        encode=lambda: told("encode"),
        click=lambda: np.zeros((1, 1), np.bool_),
        grid=lambda first: told(f"grid {first}"),
        track=track if videos else None,
    )


def test_calls_take_turns_and_the_first_round_does_not_count() -> None:
    log, ticks = [], iter(range(1000))
    calls = [contender(name, log).encode for name in "ab"]
    assert bench.medians(calls, 2, lambda: float(next(ticks))) == [1000.0, 1000.0]
    assert log == ["a encode", "b encode"] * 3


def test_frames_count_from_full_memory_on_and_pictures_only_is_no_failure() -> None:
    log, ticks = [], iter(range(1000))
    contenders = [contender("a", log), contender("b", log, videos=False), contender("c", log)]
    assert bench.video([c.track for c in contenders], 4, 2, lambda: float(next(ticks))) == [1000.0, None, 1000.0]
    assert log == [f"{name} 4 {frame}" for frame in range(bench.FULL + 2) for name in "ac"]


def test_a_grid_is_asked_whole_and_in_turns() -> None:
    log, ticks = [], iter(range(1000))
    prompts = 2 * bench.GRID_PART
    assert bench.grid([contender(name, log) for name in "ab"], prompts, lambda: float(next(ticks))) == [2.0, 2.0]
    assert log == [f"{name} grid {first}" for first in (0, 0, bench.GRID_PART) for name in "ab"]


def test_pictures_lie_ready_for_those_whose_memory_is_measured(monkeypatch) -> None:
    seen = []

    def measured(who: str, deed: str, threads: int, inputs: Path) -> float:
        seen.append((who, deed, np.load(inputs / "photo.npy").shape, len(np.load(inputs / "clip.npy"))))
        return 1.0

    monkeypatch.setattr(bench, "peak_mib", measured)
    assert bench.peaks(["ours", None], "image", 1) == [1.0, None]
    assert seen == [("ours", "image", (PHOTO.height, PHOTO.width, 3), 1)]


def test_the_embedded_model_is_measured_without_the_peer(monkeypatch, capsys) -> None:
    monkeypatch.setattr(bench, "random_tiny", lambda: None)  # the embedded model thrice is quick
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "click", "--repeats", "1", "--no-peer", "--threads", "1"])
    bench.main()
    table = capsys.readouterr().out
    assert "| | embedded, fp32 | tiny, fp32 | tiny, fp32 |" in table
    assert "| click to one full-size mask, ms |" in table
    assert "1 threads, wall clock" in table
    assert "medians of 1 calls" in table
    assert "load at the end" in table


def test_an_unknown_part_is_refused(monkeypatch, capsys) -> None:
    monkeypatch.setattr(sys, "argv", ["bench", "--only", "encode,dance"])
    with pytest.raises(SystemExit):
        bench.parse()
    assert "--only takes encode, click, grid, video, memory; got dance" in capsys.readouterr().err
