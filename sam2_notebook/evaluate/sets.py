"""Sets of pictures of the same things: elsewhere, larger or smaller, in other light, beside others, sometimes gone."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from sam2_notebook.evaluate.data import CLIP_SIZE
from sam2_notebook.training.scenes import Motion, SceneFrame, Sprite, make_scene, make_sprite
from sam2_notebook.values.geometry import Size

SHOWN, PICTURES = 3, 7
SMALLEST = 0.008  # of a picture: what is hidden more than that is no fair question


@dataclass(frozen=True, kw_only=True)
class LabelledSet:
    """Pictures (n, height, width, 3) and masks (n, objects, height, width): what of each is visible, if any.

    The first `SHOWN` pictures have all objects.
    """

    pixels: npt.NDArray[np.uint8]
    masks: npt.NDArray[np.bool_]
    name: str


def picture_set(seed: int, size: Size = CLIP_SIZE, things: int = 2, strangers: int = 3) -> LabelledSet:
    """One set; the same seed and sizes give the same pictures.

    >>> some = picture_set(3, Size(height=48, width=64))
    >>> some.pixels.shape, some.masks.shape, bool(some.masks[:3].any(axis=(2, 3)).all())
    ((7, 48, 64, 3), (7, 2, 48, 64), True)
    """
    rng = np.random.default_rng((seed, 11))
    sprites = [make_sprite(rng) for _ in range(things + strangers)]
    angles = rng.uniform(0, 2 * np.pi, len(sprites))
    pixels, masks = [], []
    for number in range(PICTURES):
        there = np.concatenate((rng.random(things) < (1 if number < SHOWN else 0.7), rng.random(strangers) < 0.6))
        while True:
            frame, order = _picture(rng, size, sprites, angles, np.flatnonzero(there))
            found = np.zeros((things, size.height, size.width), np.bool_)
            for mask, index in zip(frame.masks, order, strict=True):
                if index < things:
                    found[index] = mask
            if (found.mean(axis=(1, 2)) >= SMALLEST)[there[:things]].all():
                break
        pixels.append(_lit(rng, frame.pixels))
        masks.append(found)
    return LabelledSet(pixels=np.stack(pixels), masks=np.stack(masks), name=f"set {seed}")


def made_sets(count: int) -> Iterator[LabelledSet]:
    """Always the same sets."""
    return (picture_set(seed) for seed in range(count))


def _picture(
    rng: np.random.Generator,
    size: Size,
    sprites: list[Sprite],
    angles: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.int64],
) -> tuple[SceneFrame, list[int]]:
    """Some of the sprites before a background of their own, and their order from far to near."""
    order = rng.permutation(chosen).tolist()
    short = min(size.height, size.width)
    motions = tuple(
        Motion(
            start=(float(rng.uniform(0.1, 0.9) * size.width), float(rng.uniform(0.1, 0.9) * size.height)),
            velocity=(0, 0),
            wobble=(0, 0),
            period=1,
            side=float(short * np.exp(rng.uniform(np.log(0.28), np.log(0.7)))),
            growth=0,
            angle=float(angles[index] + rng.uniform(-0.5, 0.5)),
            spin=0,
        )
        for index in order
    )
    scene = make_scene(int(rng.integers(2**31)), size, things=1)
    scene = replace(scene, sprites=tuple(sprites[i] for i in order), motions=motions, blur=min(scene.blur, 1.0))
    return scene.render(), order


def _lit(rng: np.random.Generator, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Other light: brighter or darker, warmer or colder, harder or softer."""
    gain = rng.uniform(0.7, 1.2) * rng.uniform(0.92, 1.08, 3)
    lit = 255 * (pixels / 255) ** rng.uniform(0.8, 1.25) * gain
    return np.clip(lit, 0, 255).astype(np.uint8)
