"""Pictures for people: what the page shows below the masks, and stills of a session as a page would draw it."""

import io
from collections.abc import Mapping, Sequence
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageColor as PillowColor
from PIL import ImageDraw

from sam2_notebook.media import Image, encode_jpeg, encode_png, resize_area
from sam2_notebook.protocol.palette import color_of
from sam2_notebook.values.classes import LabelClass
from sam2_notebook.values.document import ObjectState
from sam2_notebook.values.masks import BoolMask
from sam2_notebook.values.tint import lay_over, usual_line
from sam2_notebook.widgets.session import SessionState
from sam2_notebook.widgets.views import Masks

Pixels = npt.NDArray[np.uint8]
PagePicture: TypeAlias = tuple[bytes, Literal["jpeg", "png"], tuple[int, int]]

PAGE_PIXELS = 4_000_000
PAGE_QUALITY = 90
EXACT_PIXELS = 256 * 256
STILL_SIDE = 2000
STILL_BYTES = 300_000
POSITIVE, NEGATIVE = (26, 152, 80), (215, 48, 31)
SMALLEST_SIDE = 64
# A palette of colours that are in the picture, chosen from this many pixels: choosing takes longer than all the rest.
SAMPLE_SIDE = 192
LEAST_BYTES_PER_PIXEL = 0.33  # of a photo; begin there when looking for a size that fits
NEAREST, MEDIANCUT, DITHERED = (
    PillowImage.Resampling.NEAREST,
    PillowImage.Quantize.MEDIANCUT,
    PillowImage.Dither.FLOYDSTEINBERG,
)


def page_picture(image: Image, width: int) -> PagePicture:
    """The picture at most `width` pixels wide and 4 megapixels large: bytes, `jpeg` or `png`, height and width.

    Small pictures, whose pixels people zoom in on, travel without loss.
    """
    height_px, width_px = image.size_hw
    scale = min(1.0, width / width_px, (PAGE_PIXELS / (height_px * width_px)) ** 0.5)
    size_hw = (max(1, round(height_px * scale)), max(1, round(width_px * scale)))
    pixels = image.pixels if scale == 1.0 else resize_area(image.pixels, size_hw)
    if scale == 1.0 and height_px * width_px <= EXACT_PIXELS:
        return encode_png(pixels), "png", size_hw
    return encode_jpeg(pixels, PAGE_QUALITY), "jpeg", size_hw


class Still(PillowImage.Image):
    """A Pillow image that a notebook shows as a PNG of at most 300 kB; saved, it is whole."""

    @classmethod
    def of(cls, picture: PillowImage.Image) -> "Still":
        """The picture as a still."""
        drawn = cls()
        drawn.__setstate__(picture.__getstate__())
        return drawn

    def _repr_png_(self) -> bytes:
        return small_png(self, STILL_BYTES)

    def _repr_jpeg_(self) -> None:
        return None


def still(image: Image, state: SessionState, max_side: int = STILL_SIDE) -> Still:
    """The picture with its masks, clicks and boxes, at most `max_side` pixels wide and high."""
    return Still.of(draw(image, state, max_side))


def draw(image: Image, state: SessionState, max_side: int) -> PillowImage.Image:
    """As `still`, a plain Pillow image."""
    return draw_objects(image.pixels, state.document.objects, Masks(state), max_side, state.document.classes)


def draw_objects(
    pixels: Pixels,
    objects: Sequence[ObjectState],
    masks: Mapping[int, BoolMask],
    max_side: int,
    classes: Sequence[LabelClass] = (),
) -> PillowImage.Image:
    """Pixels with the visible objects' masks, clicks and boxes, at most `max_side` wide and high.

    An object of one of the `classes` has the colour of that, others have their own.
    """
    of_class = {known.name: PillowColor.getrgb(known.color)[:3] for known in classes}
    height_px, width_px = pixels.shape[:2]
    scale = min(1.0, max_side / max(height_px, width_px))
    size_hw = (max(1, round(height_px * scale)), max(1, round(width_px * scale)))
    pixels = (pixels if scale == 1.0 else resize_area(pixels, size_hw)).copy()
    visible = [o for o in objects if o.visible]
    line = usual_line(size_hw)
    for item in visible:
        mask = masks.get(item.id)  # decoded by this, one at a time
        if mask is not None:
            _paint_mask(pixels, mask, of_class.get(item.label, color_of(item.color).rgb), line)
    picture = PillowImage.fromarray(pixels)
    for item in visible:
        _paint_prompts(ImageDraw.Draw(picture), item, of_class.get(item.label, color_of(item.color).rgb), scale, line)
    return picture


def small_png(picture: PillowImage.Image, limit_bytes: int, side: int = STILL_SIDE) -> bytes:
    """The picture as a PNG of at most so many bytes: in fewer colours, and smaller until it fits."""
    likely = (limit_bytes / LEAST_BYTES_PER_PIXEL / (picture.width * picture.height)) ** 0.5
    side = min(side, int(max(picture.size) * min(1.0, likely)))
    while True:
        small = picture.convert("RGB")
        small.thumbnail((side, side), PillowImage.Resampling.BOX, reducing_gap=3.0)
        buffer = io.BytesIO()
        sample = small.resize((min(small.width, SAMPLE_SIDE), min(small.height, SAMPLE_SIDE)), NEAREST)
        small.quantize(palette=sample.quantize(256, MEDIANCUT), dither=DITHERED).save(buffer, "PNG", optimize=True)
        data = buffer.getvalue()
        if len(data) <= limit_bytes or side <= SMALLEST_SIDE:
            return data
        side = max(SMALLEST_SIDE, int(side * min(0.9, 0.97 * (limit_bytes / len(data)) ** 0.5)))


def _paint_mask(pixels: Pixels, mask: BoolMask, color: tuple[int, int, int], line: int) -> None:
    if mask.shape != pixels.shape[:2]:
        mask = resize_area(mask.astype(np.uint8) * 255, pixels.shape[:2]) > 127
    lay_over(pixels, mask, color, line)


def _paint_prompts(
    pen: ImageDraw.ImageDraw, item: ObjectState, color: tuple[int, int, int], scale: float, line: int
) -> None:
    if item.prompts.box is not None and not item.kept:
        x0, y0, x1, y1 = ((edge + 0.5) * scale - 0.5 for edge in item.prompts.box.as_tuple())
        pen.rectangle((x0 - 1, y0 - 1, x1 + 1, y1 + 1), outline=(0, 0, 0), width=line + 2)
        pen.rectangle((x0, y0, x1, y1), outline=color, width=line)
    for stroke in () if item.kept else item.prompts.strokes:
        path = [tuple(place) for place in (stroke.points_px + 0.5) * scale - 0.5]
        fill = POSITIVE if stroke.label == 1 else NEGATIVE
        closed = path if stroke.width else [*path, path[0]]
        pen.line(closed, fill=(255, 255, 255), width=3 * line + 2, joint="curve")
        pen.line(closed, fill=fill, width=2 * line, joint="curve")
    radius, arm = 3 * line + 2, 1.5 * line + 1
    for point in () if item.kept else item.prompts.points:
        x, y = (point.x + 0.5) * scale - 0.5, (point.y + 0.5) * scale - 0.5
        fill = POSITIVE if point.label == 1 else NEGATIVE
        pen.ellipse((x - radius, y - radius, x + radius, y + radius), fill=fill, outline=(255, 255, 255), width=line)
        pen.line((x - arm, y, x + arm, y), fill=(255, 255, 255), width=line)
        if point.label == 1:
            pen.line((x, y - arm, x, y + arm), fill=(255, 255, 255), width=line)
