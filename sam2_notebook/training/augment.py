"""From photos with masks to training samples: crops, colours, and cut-outs pasted from other photos."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch.utils.data import IterableDataset, get_worker_info

from sam2_notebook.training.sources import BoolMask, ByteImage, Photo

MIN_TARGET_PIXELS = 10


@dataclass(frozen=True)
class Sample:
    """A square picture (side, side, 3) and soft masks at stride 4 (objects, side/4, side/4), both uint8."""

    pixels: ByteImage
    targets: npt.NDArray[np.uint8]


class Samples(IterableDataset[tuple[torch.Tensor, torch.Tensor]]):
    """An endless stream of samples, drawn from pools of photos by weight.

    Each worker process draws its own; `pasted` is the pool cut-outs come from, taken for `paste_rate` of the samples.
    """

    def __init__(
        self,
        pools: Sequence[tuple[float, Sequence[Photo]]],
        *,
        side: int,
        objects: int,
        pasted: Sequence[Photo],
        paste_rate: float = 0.35,
        seed: int = 0,
    ) -> None:
        super().__init__()
        self.pools = [(weight, photos) for weight, photos in pools if len(photos)]
        self.side, self.objects = side, objects
        self.pasted, self.paste_rate, self.seed = pasted, paste_rate, seed

    def __iter__(self) -> Iterator[tuple[torch.Tensor, torch.Tensor]]:
        info = get_worker_info()
        cv2.setNumThreads(1)
        rng = np.random.default_rng((self.seed, 0 if info is None else info.id))
        weights = np.array([weight for weight, _ in self.pools])
        while True:
            photos = self.pools[int(rng.choice(len(self.pools), p=weights / weights.sum()))][1]
            sample = self.draw(rng, photos[int(rng.integers(len(photos)))])
            if sample is not None:
                yield torch.from_numpy(sample.pixels).permute(2, 0, 1), torch.from_numpy(sample.targets)

    def draw(self, rng: np.random.Generator, photo: Photo) -> Sample | None:
        """One random view of a photo, or None when the crop holds nothing large enough."""
        weight = np.sqrt(photo.areas)
        count = min(self.objects, len(weight))
        chosen = rng.choice(len(weight), size=count, replace=False, p=weight / weight.sum())
        masks = [photo.mask(int(i)) for i in chosen]
        pixels = photo.pixels
        if self.pasted and rng.random() < self.paste_rate:
            pixels, masks = paste(rng, pixels, masks, self.pasted)
        if rng.random() < 0.2:
            pixels, masks = rotate(rng, pixels, masks)
        pixels, targets = crop(rng, pixels, masks, self.side)
        targets = [t for t in targets if int(t.sum()) >= MIN_TARGET_PIXELS * 255]
        if not targets:
            return None
        order = rng.permutation(len(targets))
        picked = [targets[int(order[i % len(targets)])] for i in range(self.objects)]
        return Sample(recolor(rng, pixels), np.stack(picked))


def crop(
    rng: np.random.Generator, pixels: ByteImage, masks: list[BoolMask], side: int
) -> tuple[ByteImage, list[npt.NDArray[np.uint8]]]:
    """A random crop, stretched to a square as every picture is; half of the time the whole photo."""
    height, width = pixels.shape[:2]
    if rng.random() < 0.4:
        w, h = width, height
    else:
        share, aspect = np.sqrt(rng.uniform(0.15, 1.0)), np.exp(rng.normal(0, 0.2))
        w = int(np.clip(width * share * aspect, min(48, width), width))
        h = int(np.clip(height * share / aspect, min(48, height), height))
    x, y = int(rng.integers(width - w + 1)), int(rng.integers(height - h + 1))
    flip_x, flip_y = rng.random() < 0.5, rng.random() < 0.1

    def cut(image: npt.NDArray[np.uint8], to: int) -> npt.NDArray[np.uint8]:
        part = image[y : y + h, x : x + w]
        how = cv2.INTER_AREA if min(w, h) > to else cv2.INTER_LINEAR
        out = cv2.resize(part, (to, to), interpolation=how)
        out = out[:, ::-1] if flip_x else out
        return np.asarray(out[::-1] if flip_y else out, dtype=np.uint8)

    targets = [cut(m.astype(np.uint8) * 255, side // 4) for m in masks]
    return np.ascontiguousarray(cut(pixels, side)), [np.ascontiguousarray(t) for t in targets]


def rotate(rng: np.random.Generator, pixels: ByteImage, masks: list[BoolMask]) -> tuple[ByteImage, list[BoolMask]]:
    """Turn a photo by a small angle about its middle; the corners mirror."""
    height, width = pixels.shape[:2]
    matrix = cv2.getRotationMatrix2D((width / 2, height / 2), rng.normal(0, 14), 1.1)
    turned = cv2.warpAffine(pixels, matrix, (width, height), borderMode=cv2.BORDER_REFLECT)
    return np.asarray(turned, dtype=np.uint8), [
        cv2.warpAffine(m.astype(np.uint8), matrix, (width, height), borderMode=cv2.BORDER_REFLECT) > 0 for m in masks
    ]


def paste(
    rng: np.random.Generator, pixels: ByteImage, masks: list[BoolMask], pool: Sequence[Photo]
) -> tuple[ByteImage, list[BoolMask]]:
    """Paste one to three cut-outs from other photos over this one; what they cover leaves the masks below."""
    pixels, masks = pixels.copy(), list(masks)
    height, width = pixels.shape[:2]
    for _ in range(int(rng.integers(1, 4))):
        found = cutout(rng, pool[int(rng.integers(len(pool)))])
        if found is None:
            continue
        colors, alpha = found
        scale = min(height, width) * rng.uniform(0.15, 0.8) / max(alpha.shape)
        w, h = (max(8, round(s * scale)) for s in (alpha.shape[1], alpha.shape[0]))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        colors, alpha = cv2.resize(colors, (w, h), interpolation=how), cv2.resize(alpha, (w, h), interpolation=how)
        if rng.random() < 0.5:
            colors, alpha = colors[:, ::-1], alpha[:, ::-1]
        x, y = int(rng.integers(-w // 3, width - w // 2)), int(rng.integers(-h // 3, height - h // 2))
        x0, y0, x1, y1 = max(x, 0), max(y, 0), min(x + w, width), min(y + h, height)
        if x1 - x0 < 4 or y1 - y0 < 4:
            continue
        inside = (slice(y0 - y, y1 - y), slice(x0 - x, x1 - x))
        place = (slice(y0, y1), slice(x0, x1))
        weight = cv2.GaussianBlur(alpha, (0, 0), 0.8)[inside][..., None].astype(np.float32) / 255
        pixels[place] = (pixels[place] * (1 - weight) + colors[inside] * weight).astype(np.uint8)
        solid = np.zeros((height, width), bool)
        solid[place] = alpha[inside] > 127
        masks = [m & ~solid for m in masks] + [solid]
    return pixels, masks


def cutout(rng: np.random.Generator, photo: Photo) -> tuple[ByteImage, npt.NDArray[np.uint8]] | None:
    """An instance's pixels and alpha within its box; None when the photo has none of at least 1 % of its area."""
    large = np.flatnonzero(photo.areas > 0.01 * photo.pixels.shape[0] * photo.pixels.shape[1])
    if not large.size:
        return None
    mask = photo.mask(int(rng.choice(large)))
    ys, xs = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    part = (slice(ys[0], ys[-1] + 1), slice(xs[0], xs[-1] + 1))
    return photo.pixels[part], mask[part].astype(np.uint8) * 255


def recolor(rng: np.random.Generator, pixels: ByteImage) -> ByteImage:
    """Jitter brightness, contrast, colour and sharpness a little."""
    x = pixels.astype(np.float32)
    if rng.random() < 0.8:
        x = (x - 128) * rng.uniform(0.6, 1.4) + 128 + rng.uniform(-35, 35)
        x = x + rng.normal(0, 9, 3).astype(np.float32)
    if rng.random() < 0.5:
        grey = x.mean(axis=2, keepdims=True)
        x = grey + (x - grey) * rng.uniform(0.0, 1.7)
    if rng.random() < 0.1:
        x = x[..., rng.permutation(3)]
    if rng.random() < 0.15:
        x = cv2.GaussianBlur(x, (0, 0), rng.uniform(0.3, 1.5))
    if rng.random() < 0.25:
        x = x + rng.normal(0, rng.uniform(1, 9), (*x.shape[:2], 1)).astype(np.float32)
    return np.clip(x, 0, 255).astype(np.uint8)
