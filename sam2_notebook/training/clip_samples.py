"""From clips to training samples: some of their objects, mirrored, recoloured, backward, at the model's sizes."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import IterableDataset, get_worker_info

from sam2_notebook.training.augment import recolor
from sam2_notebook.training.clips import Clip, pasted_clip, scene_clip
from sam2_notebook.training.sources import Photo
from sam2_notebook.values.geometry import Size

SMALLEST = 0.004  # of the picture, where an object is first seen
FIRST_SEED = 2_000_000
BUFFER = 24

# draws one clip of a size and a number of frames
ClipSource = Callable[[np.random.Generator, Size, int], Clip]


def generated_clips(rng: np.random.Generator, size: Size, frames: int) -> Clip:
    """A clip source of generated scenes; evaluation's seeds are smaller than these."""
    return scene_clip(int(rng.integers(FIRST_SEED, 2**31)), size, frames)


@dataclass(frozen=True)
class PastedClips:
    """A clip source of cut-outs moving over photos."""

    photos: Sequence[Photo]

    def __call__(self, rng: np.random.Generator, size: Size, frames: int) -> Clip:
        """Draw one."""
        return pasted_clip(rng, self.photos, size, frames)


class ClipSamples(IterableDataset[tuple[torch.Tensor, torch.Tensor]]):
    """An endless stream of pixels (frames, 3, side, side) and soft masks (frames, objects, side/4, side/4), uint8.

    Clips are drawn from sources by weight. Every object can be seen in the first frame, not always in later ones.
    Making a clip is slow, so each is used about `reuse` times: other objects, mirrored, recoloured, or backward.
    """

    def __init__(
        self,
        sources: Sequence[tuple[float, ClipSource]],
        *,
        side: int,
        frames: int,
        objects: int,
        reuse: int = 3,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.sources = tuple(sources)
        self.side, self.frames, self.objects, self.reuse, self.seed = side, frames, objects, reuse, seed

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        info = get_worker_info()
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.seed, 0 if info is None else info.id))
        kept: list[Clip] = []
        while True:
            if not kept or rng.random() < 1 / self.reuse:
                kept = [*kept[-BUFFER + 1 :], self._make(rng)]
                clip = kept[-1]
            else:
                clip = kept[int(rng.integers(len(kept)))]
            sample = self.draw(rng, clip)
            if sample is not None:
                yield torch.from_numpy(sample[0]).permute(0, 3, 1, 2), torch.from_numpy(sample[1])

    def draw(self, rng: np.random.Generator, clip: Clip) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]] | None:
        """One view of a clip, or None when nothing can be seen in its first frame."""
        pixels, masks = clip.pixels, clip.masks
        if rng.random() < 0.5:
            pixels, masks = pixels[::-1], masks[::-1]
        areas = masks.mean(axis=(2, 3))  # (frames, objects)
        fits = np.flatnonzero(areas[0] >= SMALLEST)
        if not fits.size:
            return None
        # those that vanish for a while are rare and teach most
        weight = np.where((areas[:, fits] == 0).any(axis=0), 3.0, 1.0)
        count = min(self.objects, len(fits))
        chosen = fits[rng.choice(len(fits), size=count, replace=False, p=weight / weight.sum())]
        masks = masks[:, chosen[np.arange(self.objects) % count]]
        pixels, masks = _mirrored(rng, pixels, masks)
        if rng.random() < 0.6:
            colors = int(rng.integers(2**31))
            pixels = np.stack([recolor(np.random.default_rng(colors), frame) for frame in pixels])
        small = self.side // 4
        targets = np.empty((*masks.shape[:2], small, small), np.uint8)
        for index in np.ndindex(*masks.shape[:2]):
            full = masks[index].astype(np.uint8) * 255
            targets[index] = cv2.resize(full, (small, small), interpolation=cv2.INTER_AREA)
        return np.ascontiguousarray(pixels), targets

    def _make(self, rng: np.random.Generator) -> Clip:
        weights = np.array([weight for weight, _ in self.sources])
        source = self.sources[int(rng.choice(len(weights), p=weights / weights.sum()))][1]
        return source(rng, Size(height=self.side, width=self.side), self.frames)


def _mirrored(
    rng: np.random.Generator, pixels: npt.NDArray[np.uint8], masks: npt.NDArray[np.bool_]
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.bool_]]:
    if rng.random() < 0.5:
        pixels, masks = pixels[:, :, ::-1], masks[..., ::-1]
    if rng.random() < 0.1:
        pixels, masks = pixels[:, ::-1], masks[..., ::-1, :]
    return pixels, masks
