"""Figures for a report: a contact sheet and histograms, made without pyplot, so that nothing appears by itself."""

import math
from collections.abc import Sequence
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import LabelError, MediaError
from sam2_notebook.labels.cutouts import Cutout
from sam2_notebook.labels.schema import Dataset, LabelClass, LabeledImage
from sam2_notebook.labels.survey import Survey
from sam2_notebook.media import read_image, resize_area

if TYPE_CHECKING:
    from sam2_notebook.labels.report_figure import ReportFigure

MAX_TILES = 200
_TILE_INCHES = 1.8
_TILE_PX = 240


def contact_sheet(
    dataset: Dataset, *, columns: int = 6, most: int = 30, names: Sequence[str] | None = None
) -> "ReportFigure":
    """Small pictures with their masks laid over, at most `most` of them (200), or those named.

    A picture whose file is missing or unreadable is grey and says so.

    >>> from sam2_notebook.values.geometry import Size
    >>> image = LabeledImage(name="1.png", size=Size(height=4, width=6))
    >>> len(contact_sheet(Dataset(classes=(), images=[image])).axes)
    1
    """
    if columns < 1 or not 1 <= most <= MAX_TILES:
        raise LabelError(
            f"a contact sheet has one column at least, and 1 to {MAX_TILES} pictures; got {columns}, {most}"
        )
    wanted = None if names is None else set(names)
    images = list(islice((i for i in dataset if wanted is None or i.name in wanted), most))
    colors = {label.name: _rgb(label) for label in dataset.classes}
    rows = max(1, math.ceil(len(images) / columns))
    wide = min(columns, max(1, len(images)))
    figure = _figure(wide * _TILE_INCHES, rows * _TILE_INCHES)
    for number, image in enumerate(images, start=1):
        axes = figure.add_subplot(rows, wide, number)
        axes.set_axis_off()
        tile, note = _tile(image, colors)
        axes.imshow(tile)
        axes.set_title(_shown(f"{image.name}{note}"), fontsize=6, parse_math=False)
    return figure


def class_histogram(survey: Survey, classes: Sequence[LabelClass] = ()) -> "ReportFigure":
    """How many annotations each class has, in the classes' colours."""
    colors = {label.name: label.color for label in classes}
    names = list(survey.per_class)
    figure = _figure(6, 1 + 0.3 * max(1, len(names)))
    axes = figure.add_subplot()
    bars = axes.barh(
        range(len(names)), [survey.per_class[n] for n in names], color=[colors.get(n, "C0") for n in names]
    )
    axes.set_yticks(range(len(names)), [_shown(name) for name in names], parse_math=False)
    axes.bar_label(bars, fmt="{:,.0f}", padding=3)
    axes.invert_yaxis()
    axes.set_xlabel("annotations")
    return figure


def size_histogram(survey: Survey) -> "ReportFigure":
    """How large the annotations are: the square root of their area in pixels, on a logarithmic axis, by class."""
    sides = {name: np.sqrt(areas[areas > 0]) for name, areas in survey.areas_px.items() if (areas > 0).any()}
    figure = _figure(6, 3.5)
    axes = figure.add_subplot()
    if sides:
        longest = max(float(values.max()) for values in sides.values())
        bins = np.geomspace(1, max(longest, 2), 30)
        axes.hist(list(sides.values()), bins=bins, stacked=True, label=[_shown(name) for name in sides])  # pyright: ignore[reportArgumentType]
        axes.set_xscale("log")
        legend = axes.legend(fontsize=8)
        for text in legend.get_texts():
            text.set_parse_math(False)
    axes.set_xlabel("side of a square of the same area, pixels")
    axes.set_ylabel("annotations")
    return figure


def _figure(width: float, height: float) -> "ReportFigure":
    from sam2_notebook.labels.report_figure import ReportFigure

    return ReportFigure(figsize=(width, height), layout="constrained")


def _tile(image: LabeledImage, colors: dict[str, npt.NDArray[np.float64]]) -> tuple[npt.NDArray[np.uint8], str]:
    """A small picture with its masks, and what is wrong with it."""
    size = (image.size.height, image.size.width)
    pixels, note = np.full((*size, 3), 190, np.uint8), ""
    try:
        if image.path is None:
            note = " (no file)"
        else:
            pixels = read_image(image.path).pixels
    except MediaError:
        note = " (unreadable)"
    if pixels.shape[:2] != size:
        note = " (other size than its labels)"
    else:
        pixels = _painted(pixels, image, colors)
    shrink = min(1.0, _TILE_PX / max(pixels.shape[:2]))
    small = (max(1, round(pixels.shape[0] * shrink)), max(1, round(pixels.shape[1] * shrink)))
    return resize_area(pixels, small), note


def _painted(
    pixels: npt.NDArray[np.uint8], image: LabeledImage, colors: dict[str, npt.NDArray[np.float64]]
) -> npt.NDArray[np.uint8]:
    painted = pixels.copy()
    for annotation in image.annotations:
        cutout = Cutout.of(annotation.mask) if annotation.mask is not None else None
        if cutout is not None:
            part = painted[cutout.y0 : cutout.y1 + 1, cutout.x0 : cutout.x1 + 1]
            part[cutout.pixels] = (part[cutout.pixels] * 0.5 + colors[annotation.label] * 0.5).astype(np.uint8)
    return painted


def _rgb(label: LabelClass) -> npt.NDArray[np.float64]:
    return np.frombuffer(bytes.fromhex(label.color[1:]), np.uint8).astype(np.float64)


def _shown(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:18]}…{text[-20:]}"
