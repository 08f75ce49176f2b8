"""One picture from anywhere, as a frozen value: upright 8-bit RGB."""

import hashlib
import io
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import BinaryIO, Protocol, cast, runtime_checkable

import numpy as np
from PIL import Image as PillowImage

from ..errors import MediaError
from .arrays import pixels_of_array
from .decode import pixels_of_picture, upright_hw
from .failures import decoding
from .files import Limits, check_size, choose_frame, open_picture, read_stream
from .paths import is_folder, local_path, path_errors

MAX_PIXELS = 120_000_000
MAX_BYTES = 512 * 1024 * 1024
_DIGEST_BYTES = 16


@runtime_checkable
class ArrayLike(Protocol):
    """Anything numpy can turn into an array, such as a torch tensor on the CPU."""

    def __array__(self) -> np.ndarray: ...


ImageSource = (
    str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO | PillowImage.Image | np.ndarray | ArrayLike
)


@dataclass(frozen=True, eq=False, repr=False)
class Image:
    """A picture: `pixels` is (H, W, 3) uint8 RGB, upright, contiguous and read-only; `name` is for messages.

    >>> image = Image(np.zeros((2, 3, 3), np.uint8), "black")
    >>> image.size_hw, image.pixels.flags.writeable
    ((2, 3), False)
    """

    pixels: np.ndarray
    name: str = "array"

    def __post_init__(self) -> None:
        pixels = self.pixels
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or 0 in pixels.shape:
            raise MediaError(
                f"{self.name}: pixels are {pixels.dtype} of shape {pixels.shape}. "
                "Wanted uint8 (H, W, 3); read_image makes that."
            )
        if pixels.flags.writeable or not pixels.flags.c_contiguous:
            pixels = pixels.copy(order="C")
            pixels.flags.writeable = False
            object.__setattr__(self, "pixels", pixels)

    @property
    def size_hw(self) -> tuple[int, int]:
        """Height and width in pixels."""
        return self.pixels.shape[0], self.pixels.shape[1]

    @cached_property
    def digest(self) -> str:
        """Key of the content, equal for equal pixels whatever their name: 32 hex digits, computed once."""
        content = hashlib.blake2b(repr(self.pixels.shape).encode(), digest_size=_DIGEST_BYTES)
        content.update(self.pixels.data)
        return content.hexdigest()

    def __repr__(self) -> str:
        height, width = self.size_hw
        return f"Image({self.name!r}, {width} x {height})"


def read_image(
    source: ImageSource | Image, *, frame: int | None = None, max_pixels: int = MAX_PIXELS, max_bytes: int = MAX_BYTES
) -> Image:
    """Read one picture from a path, bytes, a binary file object, a Pillow image or an array.

    Files are JPEG, PNG, WebP, BMP, TIFF, GIF or AVIF, told by their bytes. EXIF orientation is applied, alpha is laid
    over white; `levels` states how 16-bit and float values become 8-bit, `arrays` which shapes are pictures. Animations
    and multi-page files need `frame` (from 0; a Pillow image is moved to it). A picture over `max_pixels`, or whose
    decoded buffer is over `max_bytes`, is refused before it is decoded. All refusals are `MediaError`.

    >>> read_image(np.zeros((2, 3), np.uint8))
    Image('array', 3 x 2)
    """
    if isinstance(source, Image):
        return source
    limits = Limits(max_pixels=max_pixels, max_bytes=max_bytes)
    if isinstance(source, PillowImage.Image):
        return _from_picture(source, limits, frame)
    if isinstance(source, str | os.PathLike):
        return _from_path(os.fspath(source), limits, frame)
    if isinstance(source, bytes | bytearray | memoryview):
        return _from_stream(io.BytesIO(source), "bytes", "the bytes given", limits, frame)
    if hasattr(source, "read"):
        file = cast(io.IOBase, source)
        name = getattr(source, "name", None)
        label = os.path.basename(name) if isinstance(name, str) and name else "file object"
        return _from_stream(io.BytesIO(read_stream(file, label, max_bytes)), label, label, limits, frame)
    if isinstance(source, ArrayLike):
        return _from_array(source, limits, frame)
    raise MediaError(
        f"a {type(source).__name__} is no picture. Wanted a path, bytes, a binary file object, a Pillow image or "
        "an array (for a list of numbers: numpy.array(...))."
    )


def picture_size_hw(path: str | os.PathLike[str]) -> tuple[int, int]:
    """Height and width of a picture file as `read_image` gives it, mostly from its header alone; MediaError as there.

    What is damaged behind the header is not noticed.
    """
    text, label = local_path(os.fspath(path))
    with path_errors(label):
        if is_folder(text, label):
            raise IsADirectoryError
        with open(text, "rb") as stream:
            picture = open_picture(stream, label, Limits(max_pixels=MAX_PIXELS, max_bytes=MAX_BYTES), None)
            with decoding(label):
                return upright_hw(picture)


def _image(pixels: np.ndarray, name: str) -> Image:
    pixels.flags.writeable = False  # we made it, nobody else holds it: no copy needed
    return Image(pixels, name)


def _from_path(path: str | bytes, limits: Limits, frame: int | None) -> Image:
    text, label = local_path(path)
    with path_errors(label):
        if is_folder(text, label):
            raise IsADirectoryError
        with open(text, "rb") as stream:
            return _from_stream(stream, Path(text).name, label, limits, frame)


def _from_stream(stream: BinaryIO, name: str, label: str, limits: Limits, frame: int | None) -> Image:
    picture = open_picture(stream, label, limits, frame)
    with decoding(label):
        return _image(pixels_of_picture(picture, label), name)


def _from_picture(picture: PillowImage.Image, limits: Limits, frame: int | None) -> Image:
    filename = getattr(picture, "filename", "")
    name = os.path.basename(os.fsdecode(filename)) if filename else "Pillow image"
    with decoding(name):
        if not (picture.width and picture.height):
            raise MediaError(f"{name}: it has no pixels ({picture.width} x {picture.height}). Check how it was cut.")
        choose_frame(picture, name, frame)
        check_size(picture, name, limits)
        return _image(pixels_of_picture(picture, name), name)


def _from_array(source: np.ndarray | ArrayLike, limits: Limits, frame: int | None) -> Image:
    name = "array"
    if frame is not None:
        raise MediaError(
            f"{name}: frame={frame!r} was given, but an array is one picture. Pass array[{frame!r}] instead."
        )
    try:
        array = np.asarray(source)
    except (RuntimeError, TypeError, ValueError) as error:
        raise MediaError(
            f"{name}: a {type(source).__name__} cannot be turned into a numpy array ({str(error)[:200]}). "
            "Wanted plain numbers on the CPU; for a torch tensor pass tensor.detach().cpu().numpy()."
        ) from error
    if array.ndim >= 2:
        limits.check(array.shape[1], array.shape[0], name)
    return _image(pixels_of_array(array, name), name)
