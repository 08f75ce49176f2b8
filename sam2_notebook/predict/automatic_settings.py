"""All that may be chosen when a whole picture is segmented."""

from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from sam2_notebook.errors import PromptError

Grid = npt.NDArray[np.float64]


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
        for name in ("predicted_iou", "stability", "nms_iou", "crop_nms_iou", "crop_overlap"):
            value = getattr(self, name)
            if value is not None and not 0 <= value <= 1:
                raise PromptError(f"{name} is a share from 0 to 1; got {value!r}")
        counts = {"points_per_side": 1, "points_per_batch": 1, "crop_layers": 0, "crop_point_divisor": 1}
        for name, least in {**counts, "min_region_area": 0, "most_masks": 1}.items():
            value = getattr(self, name)
            if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < least):
                raise PromptError(f"{name} is a whole number of at least {least}; got {value!r}")
        if self.crop_layers > 5:
            raise PromptError(f"crop_layers = {self.crop_layers} means {4**self.crop_layers} crops; wanted at most 5")
        offset = self.stability_offset
        if offset is not None and not (np.isfinite(offset) and offset >= 0):
            raise PromptError(f"stability_offset is a number of logits, at least 0; got {self.stability_offset!r}")
        if not np.isfinite(self.mask_threshold):
            raise PromptError(f"mask_threshold is a logit; got {self.mask_threshold!r}")
        if self.point_grids is not None:
            object.__setattr__(self, "point_grids", tuple(_checked(grid) for grid in self.point_grids))
            if len(self.point_grids) != self.crop_layers + 1:
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


def _checked(grid: npt.ArrayLike) -> Grid:
    try:
        array = np.array(grid, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise PromptError(f"a point grid is an array (n, 2) of xy in 0..1; got {grid!r:.80}") from error
    if array.ndim != 2 or array.shape[1:] != (2,) or not len(array) or not ((array >= 0) & (array <= 1)).all():
        raise PromptError(f"a point grid is an array (n, 2) of xy in 0..1; got {array.shape}, {array.ravel()[:4]}")
    array.flags.writeable = False
    return array
