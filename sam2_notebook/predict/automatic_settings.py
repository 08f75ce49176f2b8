"""All that may be chosen when a whole picture is segmented."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import cast

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError
from sam2_notebook.values.plain import number, plain, whole_number, yes_or_no

Grid = npt.NDArray[np.float64]
SHARES = ("predicted_iou", "stability", "nms_iou", "crop_nms_iou", "crop_overlap")
# The counts, and the least that each may be.
LEAST: Mapping[str, int] = {
    "points_per_side": 1, "points_per_batch": 1, "crop_layers": 0, "crop_point_divisor": 1, "min_region_area": 0,
    "most_masks": 1,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True, eq=False)
class AutomaticSettings:
    """How `AutomaticMasker` looks for masks; the defaults are the original's.

    *Where*: `points_per_side` clicks each way, or `point_grids`, one array (n, 2) of xy in 0..1 per layer of crops;
    `points_per_batch` prompts at once (None: 4 on a CPU, 64 elsewhere). `crop_layers` more rounds look at the picture
    through 2, 4, ... windows each way, which overlap by `crop_overlap` of the short side, with `crop_point_divisor`
    times fewer clicks each way.

    *What is kept*: masks of a predicted IoU above `predicted_iou` (0..1) whose area changes by less than 1 -
    `stability` when the threshold moves by `stability_offset` logits either way around `mask_threshold`. None takes
    0.8, 0.95 and 1 logit; for the small networks of this package, whose estimates are timid and whose logits are soft,
    0.35, 0.6 and 0.25. Of boxes that overlap by more than `nms_iou` the best is kept, of those of several crops
    (`crop_nms_iou`) the one of the smallest crop.

    *Then*: holes and specks below `min_region_area` image pixels are mended; with `refine` every kept mask is asked for
    once more, from its click and its own logits; at most `most_masks`, the best, are given.
    """

    points_per_side: int = 32
    point_grids: tuple[npt.ArrayLike, ...] | None = None
    points_per_batch: int | None = None
    predicted_iou: float | None = None
    stability: float | None = None
    stability_offset: float | None = None
    mask_threshold: float = 0.0
    nms_iou: float = 0.7
    crop_layers: int = 0
    crop_overlap: float = 512 / 1500
    crop_point_divisor: int = 1
    crop_nms_iou: float = 0.7
    min_region_area: int = 0
    refine: bool = False
    most_masks: int | None = None

    def __post_init__(self) -> None:
        for setting in fields(self):
            value = getattr(self, setting.name)
            if value is not None or setting.default is not None:
                object.__setattr__(self, setting.name, _checked(setting.name, value))
        if self.crop_layers > 5:
            raise PromptError(f"crop_layers = {self.crop_layers} means {4**self.crop_layers} crops; wanted at most 5")
        if self.point_grids is not None and len(self.point_grids) != self.crop_layers + 1:
            raise PromptError(
                f"crop_layers = {self.crop_layers} needs {self.crop_layers + 1} point_grids, one for the whole "
                f"picture and one per layer; got {len(self.point_grids)}"
            )

    def grid(self, layer: int) -> Grid:
        """The clicks (n, 2) of a layer of crops, xy in 0..1 of the crop; layer 0 is the whole picture."""
        if self.point_grids is not None:
            return np.asarray(self.point_grids[layer])
        return point_grid(max(1, self.points_per_side // self.crop_point_divisor**layer))

    def __repr__(self) -> str:
        changed = [f.name for f in fields(self) if getattr(self, f.name) is not f.default]
        return f"AutomaticSettings({', '.join(f'{name}={getattr(self, name)!r}' for name in changed)})"


def point_grid(side: int) -> Grid:
    """`side` x `side` places at the centres of equal cells, (n, 2) xy in 0..1.

    >>> point_grid(2).tolist()
    [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]]
    """
    at = (np.arange(side) + 0.5) / side
    x, y = np.meshgrid(at, at)
    return np.stack((x.ravel(), y.ravel()), axis=1)


def _checked(name: str, value: object) -> object:
    """The value of a setting, as its field says it is."""
    if name in SHARES:
        return number(value, f"{name} is a share from 0 to 1", 0, 1)
    if name in LEAST:
        return whole_number(value, name, LEAST[name])
    if name == "stability_offset":
        return number(value, "stability_offset is a number of logits, at least 0", 0)
    if name == "mask_threshold":
        return number(value, "mask_threshold is a logit")
    if name == "refine":
        return yes_or_no(value, "refine")
    if not isinstance(plain(value), Iterable) or isinstance(value, str):
        raise PromptError(f"point_grids are arrays (n, 2) of xy in 0..1, one per layer of crops; got {value!r:.80}")
    return tuple(_checked_grid(grid) for grid in cast("Iterable[object]", value))


def _checked_grid(grid: object) -> Grid:
    try:
        array = np.array(grid, dtype=np.float64)
    except (OverflowError, RuntimeError, TypeError, ValueError) as error:
        raise PromptError(f"a point grid is an array (n, 2) of xy in 0..1; got {grid!r:.80}") from error
    if array.ndim != 2 or array.shape[1:] != (2,) or not len(array) or not ((array >= 0) & (array <= 1)).all():
        raise PromptError(f"a point grid is an array (n, 2) of xy in 0..1; got {array.shape}, {array.ravel()[:4]}")
    array.flags.writeable = False
    return array
