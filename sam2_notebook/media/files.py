"""Files and bytes into Pillow pictures: the allow-list, the size limits and the choice of a frame."""

import io
from dataclasses import dataclass
from typing import BinaryIO

from PIL import Image as PillowImage
from PIL import features
from PIL.AvifImagePlugin import AvifImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.ImageFile import ImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from ..errors import MediaError
from ..values.plain import whole
from .decode import decoded_bytes
from .failures import decoding
from .formats import HEAD_BYTES, READABLE, PictureFormat, announced_size_wh, picture_format, what_it_is

_TIFF_SUBFILE_TYPE, _TIFF_TILE_WIDTH, _TIFF_TILE_LENGTH, _TIFF_SUB_IFDS, _DNG_VERSION = 254, 322, 323, 330, 50706
_REDUCED_COPY = 1


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How large a picture may be, in pixels and in bytes of the decoder's buffer; judged before it is decoded."""

    max_pixels: int
    max_bytes: int

    def check(self, width: int, height: int, label: str, *, size_bytes: int = 0) -> None:
        """Refuse a picture over either limit with a `MediaError`."""
        if width * height > self.max_pixels:
            raise MediaError(
                f"{label}: it announces {width} x {height} pixels = {width * height / 1e6:,.1f} megapixels; "
                f"the limit is {self.max_pixels / 1e6:,.1f}. Shrink it first, or pass max_pixels= if you trust it."
            )
        if size_bytes > self.max_bytes:
            raise MediaError(
                f"{label}: {width} x {height} pixels need {size_bytes / 1e6:,.1f} MB decoded; the limit is "
                f"{self.max_bytes / 1e6:,.1f} MB. Shrink it first, or pass max_bytes= if you trust it."
            )


class _CheckedTiffFile(TiffImageFile):
    """TIFF without Pillow's warning above 89 megapixels: `Limits` has judged the size before."""

    def load_prepare(self) -> None:
        if self._im is None:
            self.im = PillowImage.core.new(self.mode, self._tile_size)
        super().load_prepare()


# The plug-ins are called by name. `PIL.Image.open` would try others too, and warn by a process-wide limit that is not
# ours to change. JPEG is read by the plain plug-in: the further pictures of an MPO are depth maps and second eyes.
_PLUGINS: dict[PictureFormat, type[ImageFile]] = {
    "JPEG": JpegImageFile,
    "PNG": PngImageFile,
    "WebP": WebPImageFile,
    "BMP": BmpImageFile,
    "TIFF": _CheckedTiffFile,
    "GIF": GifImageFile,
    "AVIF": AvifImageFile,
}
_OPTIONAL_CODECS: dict[PictureFormat, str] = {"WebP": "webp", "AVIF": "avif"}


def open_picture(stream: BinaryIO, label: str, limits: Limits, frame: int | None) -> PillowImage.Image:
    """Identify a seekable stream, judge its size from the header and choose the frame; no pixel is decoded yet."""
    head = stream.read(HEAD_BYTES)
    if not head:
        raise MediaError(f"{label}: the file is empty (0 bytes). Copy or download it again.")
    kind = picture_format(head)
    if kind is None:
        what, todo = what_it_is(head)
        raise MediaError(f"{label}: it is {what}. Wanted {READABLE}. {todo}.")
    codec = _OPTIONAL_CODECS.get(kind)
    if codec is not None and not features.check(codec):
        raise MediaError(
            f"{label}: this build of Pillow cannot read {kind}. Upgrade Pillow, or save it as PNG or JPEG."
        )
    announced = announced_size_wh(kind, head)
    if announced is not None:
        limits.check(*announced, label)
    with decoding(label):
        stream.seek(0)
        picture = _PLUGINS[kind](stream, "")
        if isinstance(picture, TiffImageFile):
            _check_tiff(picture, label, limits)
        check_size(picture, label, limits)
        choose_frame(picture, label, frame)
        check_size(picture, label, limits)
    return picture


def check_size(picture: PillowImage.Image, label: str, limits: Limits) -> None:
    """Refuse a picture whose header, or whose chosen frame, is over the limits."""
    limits.check(picture.width, picture.height, label, size_bytes=decoded_bytes(picture))


def choose_frame(picture: PillowImage.Image, label: str, frame: int | None) -> None:
    """Move an animation or a multi-page file to `frame` (from 0); refuse to choose one silently."""
    if frame is None and picture.tell() > 0:
        return  # a Pillow image which its owner has moved: that frame is meant
    frames = 1 if picture.format == "MPO" and frame is None else getattr(picture, "n_frames", 1)
    if frame is None:
        if frames > 1:
            raise MediaError(
                f"{label}: it holds {frames} frames or pages, and one picture was asked for. "
                f"Choose one with frame=0 to frame={frames - 1}."
            )
        return
    number = whole(frame)
    if number is None or not 0 <= number < frames:
        raise MediaError(f"{label}: there is no frame {frame!r}. Wanted a whole number from 0 to {frames - 1}.")
    picture.seek(number)


def _check_tiff(picture: TiffImageFile, label: str, limits: Limits) -> None:
    tags = picture.tag_v2
    thumbnail_first = int(tags.get(_TIFF_SUBFILE_TYPE, 0)) & _REDUCED_COPY and _TIFF_SUB_IFDS in tags
    if _DNG_VERSION in tags or thumbnail_first:
        raise MediaError(
            f"{label}: it is a camera raw file; its first picture is only a thumbnail. "
            "Develop it to JPEG, PNG or TIFF first."
        )
    # a tile may be far larger than the picture that it covers, and it is decoded whole
    limits.check(int(tags.get(_TIFF_TILE_WIDTH, 0)), int(tags.get(_TIFF_TILE_LENGTH, 0)), f"{label} (one tile of it)")


def read_stream(file: io.IOBase, label: str, max_bytes: int) -> bytes:
    """Read a binary file object whole, from its start where it can seek, and no more than `max_bytes`."""
    try:
        if file.seekable():
            file.seek(0)
        data = file.read(max_bytes + 1)  # type: ignore[attr-defined]
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise MediaError(f"{label}: it cannot be read ({error}). Wanted a binary file object that is open.") from error
    if not isinstance(data, bytes):
        raise MediaError(
            f"{label}: reading it gives {type(data).__name__}, wanted bytes. "
            "Open the file in binary mode: open(path, 'rb')."
        )
    if len(data) > max_bytes:
        raise MediaError(f"{label}: it is longer than {max_bytes / 1e6:,.1f} MB. Pass max_bytes= if you trust it.")
    return data
