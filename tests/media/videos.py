"""Small videos made on the spot, in the varieties that real files come in, and a plain decoder to compare with."""

import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

SIZE_HW = (48, 80)
FRAMES = 30


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to code a test video. `times_ms` are presentation times; none means 25 frames per second."""

    ending: str = "mp4"
    codec: str = "libx264"
    pixels: str = "yuv420p"
    gop: int = 12
    b_frames: int = 0
    options: dict[str, str] = field(default_factory=dict)
    container: str | None = None
    container_options: dict[str, str] = field(default_factory=dict)
    times_ms: Sequence[int] = ()
    size_hw: tuple[int, int] = SIZE_HW
    frames: int = FRAMES

    def name(self) -> str:
        """A name for test ids."""
        return f"{self.codec}-{self.pixels}-g{self.gop}-b{self.b_frames}.{self.ending}"


def picture(index: int, size_hw: tuple[int, int] = SIZE_HW) -> np.ndarray:
    """Frame number `index` of the test video: two ramps and a checkerboard, all moving."""
    height, width = size_hw
    y, x = np.mgrid[0:height, 0:width]
    checks = ((x // 8 + y // 8 + index // 2) % 2) * 255
    return np.stack(((x * 2 + index * 5) % 256, (y * 3 + index * 3) % 256, checks), axis=-1).astype(np.uint8)


def write(path: Path, recipe: Recipe) -> Path:
    """Code a test video as the recipe says.

    In a thread of its own: SVT-AV1, run by root, gives the thread that opens it real-time priority for good, and all
    that the thread starts afterwards inherits it. A test process with that starves every browser on the machine.
    """
    with ThreadPoolExecutor(1, "coder") as coder:
        return coder.submit(_code, path, recipe).result()


def _code(path: Path, recipe: Recipe) -> Path:
    quiet = {"libx265": {"x265-params": "log-level=none"}}.get(recipe.codec, {})
    with av.open(str(path), "w", format=recipe.container, options=recipe.container_options) as container:
        stream = container.add_stream(recipe.codec, rate=25, options=quiet | recipe.options)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = recipe.size_hw
        stream.pix_fmt = recipe.pixels
        if "crf" not in recipe.options:
            stream.bit_rate = 4_000_000
        stream.codec_context.gop_size = recipe.gop
        stream.codec_context.max_b_frames = recipe.b_frames
        if recipe.times_ms:
            stream.codec_context.time_base = Fraction(1, 1000)
        for index in range(recipe.frames):
            frame = av.VideoFrame.from_ndarray(picture(index, recipe.size_hw), format="rgb24")
            if recipe.times_ms:
                frame.pts, frame.time_base = recipe.times_ms[index], Fraction(1, 1000)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def plainly_decoded(path: Path, container: str | None = None) -> list[np.ndarray]:
    """Every frame in order, by PyAV alone: what random access has to equal."""
    with av.open(str(path), format=container) as file:
        return [frame.to_ndarray(format="rgb24") for frame in file.decode(video=0)]


def with_display_matrix(data: bytes, a: int, b: int, c: int, d: int) -> bytes:
    """An MP4 whose track header asks players to show (x, y) at (a x + c y, b x + d y)."""
    place = data.index(b"tkhd") + 4 + 40
    matrix = [a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30]
    return data[:place] + struct.pack(">9i", *matrix) + data[place + 36 :]


def write_sound(path: Path) -> Path:
    """A file with a sine in it and no picture."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=44100)
        for _ in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
            frame.sample_rate = 44100
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path
