"""Picture sheets: what was found and what was wanted, side by side, best cases first."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

from sam2_notebook.evaluate.run import TrackCase, best_median_worst
from sam2_notebook.metrics import ObjectScore, Subject, deepest_click
from sam2_notebook.training.sources import Photo
from sam2_notebook.values.masks import boundary, bounding_box

ByteImage = npt.NDArray[np.uint8]
BoolMask = npt.NDArray[np.bool_]
TILE = 240
GOT, WANTED, SAID = (255, 90, 0), (0, 200, 255), (255, 255, 255)


def picture_sheet(
    path: Path, subject: Subject, objects: Sequence[tuple[Photo, int]], scores: Sequence[ObjectScore]
) -> None:
    """Rows of best, middle and worst objects: one click, then a box; the answer orange, the truth's outline blue."""
    chosen = best_median_worst([s.box + s.clicks[0] for s in scores])
    rows = []
    for i in chosen:
        photo, instance = objects[i]
        wanted = photo.mask(instance)
        box, click = bounding_box(wanted), deepest_click(wanted)
        if box is None or click is None:
            continue
        clicked = subject.segment(photo.pixels, (click,), None).mask
        boxed = subject.segment(photo.pixels, (), box).mask
        place = [(click.x, click.y)]
        rows.append(
            [
                _tile(photo.pixels, clicked, wanted, f"1 click {scores[i].clicks[0]:.2f}", points=place),
                _tile(photo.pixels, boxed, wanted, f"box {scores[i].box:.2f}", box=box.as_tuple()),
            ]
        )
    _save(path, rows)


class ClipSheet:
    """Rows of best, middle and worst objects: some of their frames; the answer orange, the truth's outline blue.

    Of what is added only small pictures are held.
    """

    def __init__(self, columns: int = 6) -> None:
        self._columns = columns
        self._rows: list[tuple[float, list[Image.Image]]] = []

    def add(self, case: TrackCase) -> None:
        """One object, followed through its clip."""
        shown = np.unique(np.linspace(0, len(case.frames) - 1, self._columns).round().astype(int))
        overlap = float(np.mean(case.score.j))
        words = f"J {overlap:.2f} F {np.mean(case.score.f):.2f} "
        tiles = [_tile(case.frames[f], case.got[f], case.wanted[f], (words if f == 0 else "") + f"#{f}") for f in shown]
        self._rows.append((overlap, tiles))

    def save(self, path: Path) -> None:
        """Write what was added as one picture."""
        _save(path, [self._rows[i][1] for i in best_median_worst([overlap for overlap, _ in self._rows])])


def _tile(
    pixels: ByteImage,
    got: BoolMask,
    wanted: BoolMask,
    words: str,
    points: Sequence[tuple[float, float]] = (),
    box: tuple[float, float, float, float] | None = None,
) -> Image.Image:
    painted = pixels.astype(np.float32)
    painted[got] = 0.5 * painted[got] + 0.5 * np.array(GOT, np.float32)
    scale = TILE / max(pixels.shape[:2])
    painted[boundary(wanted, max(1, round(1.5 / scale)))] = WANTED
    picture = Image.fromarray(painted.astype(np.uint8))
    draw = ImageDraw.Draw(picture)
    reach = 5 / scale
    for x, y in points:
        draw.ellipse((x - reach, y - reach, x + reach, y + reach), fill=SAID, outline=(0, 0, 0))
    if box is not None:
        draw.rectangle(box, outline=SAID, width=max(1, round(1.5 / scale)))
    picture.thumbnail((TILE, TILE))
    tile = Image.new("RGB", (TILE, TILE + 14), (20, 20, 20))
    tile.paste(picture, (0, 14))
    ImageDraw.Draw(tile).text((3, 1), words, fill=(255, 255, 255))
    return tile


def _save(path: Path, rows: Sequence[Sequence[Image.Image]]) -> None:
    if not rows:
        return
    width = max(len(row) for row in rows)
    sheet = Image.new("RGB", (width * TILE, len(rows) * (TILE + 14)), (20, 20, 20))
    for y, row in enumerate(rows):
        for x, tile in enumerate(row):
            sheet.paste(tile, (x * TILE, y * (TILE + 14)))
    path.parent.mkdir(parents=True, exist_ok=True)
    sheet.save(path)
