"""Results as pictures: masks in the palette's colours, boxes, words, and many results on one sheet."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import accumulate
from typing import cast

import numpy as np
import numpy.typing as npt
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont

from sam2_notebook.errors import PromptError
from sam2_notebook.media import Image, read_image, resize_area
from sam2_notebook.media.images import ImageSource
from sam2_notebook.predict.prompts import check_mask_of
from sam2_notebook.protocol.palette import color_of
from sam2_notebook.values.geometry import Size
from sam2_notebook.values.masks import BoolMask, Rle
from sam2_notebook.values.plain import whole_number, whole_numbers
from sam2_notebook.values.tint import lay_over, usual_line

Pixels = npt.NDArray[np.uint8]


def draw_masks(
    picture: ImageSource | Image,
    masks: Iterable[Rle | BoolMask] | Mapping[int, Rle | BoolMask],
    colors: Sequence[int] | None = None,
    line_px: int | None = None,
) -> Pixels:
    """A copy of a picture with masks laid over, larger ones first: RGB, uint8 (height, width, 3).

    A mask is a bool (height, width) of the picture or run lengths. `colors` are places in the palette, one a mask;
    without them masks are coloured in turn, and those of a mapping by their object, as in the widgets:
    `draw_masks(photo, widget.masks)`. `line_px` is how wide an edge is. PromptError for a mask of another size.

    >>> draw_masks(np.zeros((4, 4, 3), np.uint8), [np.eye(4, dtype=bool)])[0, 0].tolist()
    [86, 180, 233]
    """
    canvas = read_image(picture).pixels.copy()
    size = Size(height=canvas.shape[0], width=canvas.shape[1])
    if isinstance(masks, Mapping):
        by_object = cast("Mapping[int, Rle | BoolMask]", masks)
        colors = [key - 1 for key in by_object] if colors is None else colors
        masks = by_object.values()
    runs = [_runs(mask, size) for mask in masks]
    colors = range(len(runs)) if colors is None else colors
    places = whole_numbers(colors, "colors are places in the palette, whole numbers, one a mask")
    if len(places) != len(runs):
        raise PromptError(f"one colour a mask is wanted: got {len(places)} colours for {len(runs)} masks")
    line = usual_line(canvas.shape) if line_px is None else whole_number(line_px, "line_px", 1)
    for row in sorted(range(len(runs)), key=lambda r: -runs[r].area):
        lay_over(canvas, runs[row].to_mask(), color_of(places[row]).rgb, line)
    return canvas


def _runs(mask: Rle | BoolMask, size: Size) -> Rle:
    if isinstance(mask, Rle):
        if mask.size != size:
            raise PromptError(
                f"the mask is {mask.size.width} x {mask.size.height}, the picture {size.width} x {size.height}; "
                "draw it on the picture it was made for"
            )
        return mask
    pixels = np.asarray(mask)
    check_mask_of(pixels, size)
    return Rle.from_mask(pixels)


def labelled(
    pixels: Pixels,
    boxes: npt.NDArray[np.floating],
    words: Sequence[str],
    colors: Sequence[int],
    line_px: int | None = None,
) -> Pixels:
    """A copy of RGB pixels with boxes (n, 4) xyxy drawn and named."""
    picture = PillowImage.fromarray(pixels)
    pen = ImageDraw.Draw(picture)
    line = line_px or usual_line(pixels.shape)
    font = ImageFont.load_default(max(9, round(min(pixels.shape[:2]) / 40)))
    for box, text, index in zip(boxes.tolist(), words, colors, strict=True):
        color = color_of(index).rgb
        x0, y0, x1, y1 = box
        pen.rectangle((x0, y0, max(x0, x1), max(y0, y1)), outline=color, width=line)
        if text:
            left, _, right, bottom = pen.textbbox((0, 0), text, font=font)
            at = (x0, max(0.0, y0 - (bottom + 2)))
            pen.rectangle((at[0], at[1], at[0] + right - left + 4, at[1] + bottom + 2), fill=color)
            pen.text((at[0] + 2, at[1]), text, fill=(0, 0, 0), font=font)
    return np.asarray(picture)


def sheet(pictures: Sequence[Pixels], titles: Sequence[str], columns: int = 5, side: int = 200) -> Pixels:
    """Small copies of pictures side by side, each with its title below; a row is as high as its highest picture.

    >>> sheet([np.zeros((50, 90, 3), np.uint8)], ["one"], columns=2, side=60).shape
    (53, 120, 3)
    """
    strip = 18
    small = [_fitted(pixels, side - 4) for pixels in pictures]
    rows = [slice(start, start + columns) for start in range(0, len(small), columns)]
    heights = [max(len(pixels) for pixels in small[row]) + 4 + strip for row in rows]
    canvas = PillowImage.new("RGB", (columns * side, sum(heights)), (255, 255, 255))
    pen = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(11)
    for row, top, height in zip(rows, accumulate([0, *heights]), heights, strict=False):
        for column, (pixels, title) in enumerate(zip(small[row], titles[row], strict=True)):
            canvas.paste(PillowImage.fromarray(pixels), (column * side + 2, top + 2))
            pen.text((column * side + 3, top + height - strip), title[: side // 6], fill=(0, 0, 0), font=font)
    return np.asarray(canvas)


def _fitted(pixels: Pixels, most: int) -> Pixels:
    """A copy of at most so many pixels each way."""
    scale = min(1.0, most / max(pixels.shape[:2]))
    return resize_area(pixels, (max(1, round(pixels.shape[0] * scale)), max(1, round(pixels.shape[1] * scale))))
