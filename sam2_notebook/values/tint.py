"""A mask laid over a picture: tinted inside, its edge in full colour. Pure numpy."""

import numpy as np
import numpy.typing as npt

from sam2_notebook.values.masks import BoolMask, boundary, bounding_box

OPACITY = 0.45


def usual_line(size_hw: tuple[int, ...]) -> int:
    """How wide an edge is that is well seen on a picture of this height and width, in pixels."""
    return max(1, round(min(size_hw[:2]) / 400))


def lay_over(pixels: npt.NDArray[np.uint8], mask: BoolMask, color: tuple[int, int, int], line_px: int) -> None:
    """Change RGB pixels (height, width, 3) in place; `color` is red, green, blue from 0 to 255.

    >>> pixels = np.zeros((4, 4, 3), np.uint8)
    >>> lay_over(pixels, np.eye(4, dtype=bool), (86, 180, 233), 1)
    >>> pixels[0, 0].tolist(), pixels[0, 1].tolist()
    ([86, 180, 233], [0, 0, 0])
    """
    box = bounding_box(mask)
    if box is None:
        return
    x0, y0, x1, y1 = (int(edge) for edge in box.as_tuple())
    part, inside = pixels[y0 : y1 + 1, x0 : x1 + 1], mask[y0 : y1 + 1, x0 : x1 + 1]
    edge = boundary(inside, line_px)  # what lies beyond the box is not in the mask
    shades = np.arange(256) * (1 - OPACITY)
    for channel, value in enumerate(color):
        tinted = (shades + value * OPACITY).astype(np.uint8)  # of every value that a pixel can have
        plane = part[..., channel]
        np.copyto(plane, tinted[plane], where=inside)
        np.copyto(plane, np.uint8(value), where=edge)
