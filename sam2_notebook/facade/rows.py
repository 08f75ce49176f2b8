"""The rows of a result as masks and as boxes, in torch on any device or in numpy."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TypeAlias, TypeVar

import numpy as np
import numpy.typing as npt
import torch

from sam2_notebook.errors import ModelError
from sam2_notebook.facade.devices import usable_device
from sam2_notebook.facade.outlines import outlines
from sam2_notebook.labels.polygons import one_ring
from sam2_notebook.values.masks import BoolMask, Rle

Numbers: TypeAlias = torch.Tensor | npt.NDArray[np.generic]
Index: TypeAlias = int | slice | Sequence[int] | Sequence[bool] | npt.NDArray[np.generic] | torch.Tensor
Owner = TypeVar("Owner", bound="Placed")


@dataclass(frozen=True)
class Placement:
    """Where numbers lie: on a device of torch, of another dtype if one is given, or in numpy."""

    device: str = "cpu"
    dtype: torch.dtype | None = None
    numpy: bool = False

    def of(self, tensor: torch.Tensor) -> Numbers:
        """A tensor of the CPU, there."""
        placed = tensor.to(self.device, self.dtype)
        return placed.cpu().numpy() if self.numpy else placed


@dataclass(frozen=True, eq=False, kw_only=True)
class Placed:
    """What can be asked to give its numbers elsewhere; each of these verbs returns a copy."""

    placement: Placement = Placement()

    def cpu(self: Owner) -> Owner:
        """Tensors on the CPU."""
        return self.to("cpu")

    def cuda(self: Owner, device: int = 0) -> Owner:
        """Tensors on a GPU."""
        return self.to(device)

    def to(self: Owner, *where: str | int | torch.device | torch.dtype) -> Owner:
        """Tensors on a device, of a dtype, or both, as `torch.Tensor.to` takes them."""
        device, dtype = self.placement.device, self.placement.dtype
        for one in where:
            if isinstance(one, torch.dtype):
                dtype = one
            else:
                device = usable_device(one)
                if device is None:
                    raise ModelError(f"to() takes a device, a dtype or both; got {one!r}")
        return replace(self, placement=Placement(device, dtype))

    def numpy(self: Owner) -> Owner:
        """Arrays instead of tensors."""
        return replace(self, placement=Placement("cpu", self.placement.dtype, numpy=True))


def rows_of(index: Index, count: int) -> list[int]:
    """Row numbers that an index means, none if it is empty; IndexError outside.

    >>> rows_of(-1, 3), rows_of(slice(1, None), 3), rows_of([True, False, True], 3), rows_of([], 3)
    ([2], [1, 2], [0, 2], [])
    """
    rows = np.arange(count)
    if isinstance(index, int | slice):
        return np.atleast_1d(rows[index]).tolist()
    chosen = index.detach().cpu().numpy() if isinstance(index, torch.Tensor) else np.asarray(index)
    return np.atleast_1d(rows[chosen]).tolist() if chosen.size else []  # NumPy takes an empty list for one of floats


@dataclass(frozen=True, eq=False, kw_only=True)
class Masks(Placed):
    """The masks of a result, kept as run lengths; `masks[0]` and a loop give `Masks` of one mask."""

    rles: tuple[Rle, ...]
    orig_shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.rles)

    def __getitem__(self, index: Index) -> "Masks":
        return replace(self, rles=tuple(self.rles[row] for row in rows_of(index, len(self))))

    def __iter__(self) -> Iterator["Masks"]:
        return (self[row] for row in range(len(self)))

    def __array__(self, dtype: npt.DTypeLike | None = None, copy: bool | None = None) -> npt.NDArray[np.generic]:
        return self._stacked().astype(dtype or np.bool_, copy=False)

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many, height, width."""
        return (len(self), *self.orig_shape)

    @property
    def data(self) -> Numbers:
        """Bool masks (n, height, width)."""
        return self.placement.of(torch.from_numpy(self._stacked()))

    @property
    def arrays(self) -> list[BoolMask]:
        """One bool array (height, width) per mask, wherever the tensors are."""
        return [rle.to_mask() for rle in self.rles]

    @cached_property
    def xy(self) -> list[npt.NDArray[np.float32]]:
        """One polygon (k, 2) per mask in image pixels; parts are bridged, holes left out, an empty mask has none."""
        return [one_ring(outlines(rle.to_mask())).astype(np.float32) for rle in self.rles]

    @property
    def xyn(self) -> list[npt.NDArray[np.float32]]:
        """The polygons over the picture's width and height, 0..1; the corners of pixels, not their centres, count."""
        height, width = self.orig_shape
        scale = np.array([width, height], np.float32)
        return [np.clip((ring + 0.5) / scale, 0, 1).astype(np.float32) for ring in self.xy]

    def _stacked(self) -> npt.NDArray[np.bool_]:
        stacked = np.empty(self.shape, np.bool_)
        for row, rle in enumerate(self.rles):
            stacked[row] = rle.to_mask()
        return stacked


@dataclass(frozen=True, eq=False, kw_only=True)
class Boxes(Placed):
    """The boxes of a result; `boxes[0]` and a loop give `Boxes` of one box.

    `corners` (n, 4), `scores`, `classes` and `ids` (n,) are tensors on the CPU.
    """

    corners: torch.Tensor
    scores: torch.Tensor
    classes: torch.Tensor
    ids: torch.Tensor | None
    orig_shape: tuple[int, int]

    def __len__(self) -> int:
        return len(self.corners)

    def __getitem__(self, index: Index) -> "Boxes":
        rows = rows_of(index, len(self))
        ids = None if self.ids is None else self.ids[rows]
        return replace(self, corners=self.corners[rows], scores=self.scores[rows], classes=self.classes[rows], ids=ids)

    def __iter__(self) -> Iterator["Boxes"]:
        return (self[row] for row in range(len(self)))

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of `data`."""
        return (len(self), 6 if self.ids is None else 7)

    @property
    def xyxy(self) -> Numbers:
        """Corners (n, 4) in image pixels."""
        return self.placement.of(self.corners)

    @property
    def conf(self) -> Numbers:
        """Scores (n,)."""
        return self.placement.of(self.scores)

    @property
    def cls(self) -> Numbers:
        """Classes (n,)."""
        return self.placement.of(self.classes)

    @property
    def id(self) -> Numbers | None:
        """Ids (n,) that last from frame to frame, or None."""
        return None if self.ids is None else self.placement.of(self.ids)

    @property
    def is_track(self) -> bool:
        """Whether the objects have ids that last from frame to frame."""
        return self.ids is not None

    @property
    def data(self) -> Numbers:
        """Corners, id if there is one, score and class in one (n, 6 or 7)."""
        ids = [] if self.ids is None else [self.ids[:, None].float()]
        return self.placement.of(torch.cat((self.corners, *ids, self.scores[:, None], self.classes[:, None]), dim=1))

    @property
    def xywh(self) -> Numbers:
        """Centre x, centre y, width, height in image pixels."""
        return self.placement.of(self._centred)

    @property
    def xyxyn(self) -> Numbers:
        """Corners over the picture's width and height."""
        return self.placement.of(self.corners / self._scale)

    @property
    def xywhn(self) -> Numbers:
        """Centres and sizes over the picture's width and height."""
        return self.placement.of(self._centred / self._scale)

    @property
    def _centred(self) -> torch.Tensor:
        low, high = self.corners[:, :2], self.corners[:, 2:]
        return torch.cat(((low + high) / 2, high - low), dim=1)

    @property
    def _scale(self) -> torch.Tensor:
        height, width = self.orig_shape
        return torch.tensor([width, height, width, height], dtype=torch.float32)
