"""Mutated videos end as frames or a `MediaError`, never otherwise, and never slowly."""

import os
import time
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from sam2_notebook.errors import MediaError
from sam2_notebook.media import open_video

from .videos import Recipe, write

ASKED_FOR = os.environ.get("SAM2_NOTEBOOK_MUTATIONS")
MUTATIONS = int(ASKED_FOR or 240)
SLOWEST_S = 5.0
SMALL = {"size_hw": (32, 48), "frames": 12, "gop": 5}
SEEDS = (
    Recipe(**SMALL, b_frames=2),
    Recipe(**SMALL, container_options={"movflags": "frag_keyframe+empty_moov"}),
    # x265 writes past its buffers when it looks ahead in pictures of 32 x 48: the heap is broken long before it shows.
    Recipe(size_hw=(64, 96), frames=12, gop=5, ending="mkv", codec="libx265"),
    Recipe(**SMALL, ending="webm", codec="libvpx-vp9", options={"cpu-used": "8", "deadline": "realtime"}),
    Recipe(**SMALL, ending="avi", codec="mpeg4", b_frames=2),
    Recipe(**SMALL, ending="ts"),
    Recipe(**SMALL, ending="flv"),
    Recipe(**SMALL, ending="gif", codec="gif", pixels="rgb8"),
)


@cache
def seeds(folder: Path) -> tuple[bytes, ...]:
    return tuple(write(folder / f"seed{i}.{r.ending}", r).read_bytes() for i, r in enumerate(SEEDS))


def mutated(data: bytes, rng: np.random.Generator) -> bytes:
    """The bytes with stretches set, cut, doubled, swapped or missing; headers are hit more often."""
    changed = bytearray(data)
    for _ in range(int(rng.integers(1, 7))):
        if len(changed) < 8:
            break
        end = min(len(changed), 700) if rng.random() < 0.5 else len(changed)
        start, length = int(rng.integers(0, end)), int(rng.choice([1, 2, 4, 16, 188]))
        match rng.choice(["set", "extreme", "cut", "double", "truncate"], p=[0.35, 0.25, 0.15, 0.15, 0.1]):
            case "set":
                changed[start : start + length] = rng.bytes(length)
            case "extreme":
                changed[start : start + length] = bytes([int(rng.choice([0, 127, 128, 255]))]) * length
            case "cut":
                del changed[start : start + length]
            case "double":
                changed[start:start] = changed[start : start + length]
            case _:
                del changed[start + 1 :]
    return bytes(changed)


@pytest.mark.filterwarnings("ignore")  # Pillow's remarks on what it repairs
def test_a_mutated_video_is_frames_or_a_media_error(tmp_path: Path) -> None:
    rng = np.random.default_rng(None if ASKED_FOR else 0)
    readable = 0
    for number in range(MUTATIONS):
        data = mutated(seeds(tmp_path)[number % len(SEEDS)], rng)
        started, refused = time.process_time(), None
        try:
            with open_video(data, cache_bytes=0) as video:
                for index in {0, len(video) // 2, len(video) - 1}:
                    assert video.frame(index).shape == (video.size.height, video.size.width, 3)
                readable += 1
        except MediaError as error:
            refused = str(error)
        assert refused is None or "bytes" in refused
        assert time.process_time() - started < SLOWEST_S, number
    assert readable > MUTATIONS // 10
