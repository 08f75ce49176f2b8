"""Short videos with exact masks: generated scenes, and cut-outs of real photos moving over other photos.

A clip is a `Scene` in time seen by a moving camera. Things turn, grow, bend, pass behind one another, leave and return.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt

from sam2_notebook.training.augment import cutout
from sam2_notebook.training.scenes import Motion, Scene, Sprite, make_motion, make_scene
from sam2_notebook.training.sources import BoolMask, ByteImage, Photo
from sam2_notebook.values.geometry import Size

SPRITE_SIDE = 160
MARGIN = 1.2  # the scene is that much larger than what the camera sees


@dataclass(frozen=True, kw_only=True)
class Clip:
    """Frames (frames, height, width, 3), and masks of objects (frames, objects, height, width): what is visible.

    The first `fixed` objects belong to the background, which only the camera moves.
    """

    pixels: ByteImage
    masks: npt.NDArray[np.bool_]
    name: str = ""
    fixed: int = 0


def scene_clip(seed: int, size: Size, frames: int) -> Clip:
    """A clip of generated things; the same seed, size and length give the same clip.

    >>> clip = scene_clip(3, Size(height=48, width=64), frames=4)
    >>> clip.pixels.shape, clip.masks.shape[::2]
    ((4, 48, 64, 3), (4, 48))
    """
    rng = np.random.default_rng((seed, 1))
    scene = make_scene(seed, _larger(size))
    motions = _choreography(rng, scene.motions, scene.size, frames)
    scene = replace(scene, motions=motions, blur=min(scene.blur, 1.0))
    none = np.zeros((0, scene.size.height, scene.size.width), np.bool_)
    return _film(rng, scene, none, size, frames, f"scene {seed}")


def pasted_clip(rng: np.random.Generator, photos: Sequence[Photo], size: Size, frames: int) -> Clip:
    """A clip of cut-outs of some photos that move over another one, whose own objects are followed too."""
    base = photos[int(rng.integers(len(photos)))]
    whole = _larger(size)
    background = cv2.resize(base.pixels, (whole.width, whole.height), interpolation=cv2.INTER_AREA)
    visible = np.flatnonzero(base.areas > 0.005 * base.pixels.shape[0] * base.pixels.shape[1])
    chosen = rng.permutation(visible)[:4]
    fixed = np.zeros((len(chosen), whole.height, whole.width), np.bool_)
    for i, index in enumerate(chosen):
        mask = base.mask(int(index)).astype(np.uint8)
        fixed[i] = cv2.resize(mask, (whole.width, whole.height), interpolation=cv2.INTER_NEAREST) > 0
    sprites = [s for _ in range(int(rng.integers(1, 5))) if (s := _sprite(rng, photos)) is not None]
    motions = _choreography(rng, [make_motion(rng, whole) for _ in sprites], whole, frames)
    scene = Scene(
        size=whole,
        background=np.asarray(background, dtype=np.uint8),
        sprites=tuple(sprites),
        motions=motions,
        noise=float(rng.uniform(0, 4)),
        blur=float(max(0.0, rng.normal(0, 0.4))),
    )
    return _film(rng, scene, fixed, size, frames, "cut-outs")


def _larger(size: Size) -> Size:
    return Size(height=round(size.height * MARGIN), width=round(size.width * MARGIN))


def _sprite(rng: np.random.Generator, photos: Sequence[Photo]) -> Sprite | None:
    """A real thing, padded to a square."""
    found = cutout(rng, photos[int(rng.integers(len(photos)))])
    if found is None:
        return None
    colors, alpha = found
    scale = min(1.0, SPRITE_SIDE / max(alpha.shape))
    width, height = max(4, round(alpha.shape[1] * scale)), max(4, round(alpha.shape[0] * scale))
    colors = cv2.resize(colors, (width, height), interpolation=cv2.INTER_AREA)
    alpha = cv2.GaussianBlur(cv2.resize(alpha, (width, height), interpolation=cv2.INTER_AREA), (0, 0), 0.7)
    side = max(width, height) + 4
    rgba = np.zeros((side, side, 4), np.uint8)
    y, x = (side - height) // 2, (side - width) // 2
    rgba[y : y + height, x : x + width] = np.dstack((colors, alpha))
    return Sprite(rgba=np.ascontiguousarray(rgba[:, ::-1]) if rng.random() < 0.5 else rgba, parts=())


def _choreography(rng: np.random.Generator, motions: Sequence[Motion], size: Size, frames: int) -> tuple[Motion, ...]:
    """Courses that happen within the clip's seconds: most roam, some leave and return, the nearest may sweep across."""
    seconds = frames * float(rng.uniform(0.05, 0.3))
    turned = [_course(rng, motion, size, seconds) for motion in motions]
    if len(turned) > 1 and rng.random() < 0.4:
        turned[-1] = _sweep(rng, turned[-1], size, seconds)
    # time runs from 0 to 1 over a clip
    return tuple(
        replace(m, velocity=(m.velocity[0] * seconds, m.velocity[1] * seconds), period=m.period / seconds)
        for m in turned
    )


def _course(rng: np.random.Generator, motion: Motion, size: Size, seconds: float) -> Motion:
    motion = replace(motion, bend=float(rng.uniform(0, 0.12)) if rng.random() < 0.5 else 0.0)
    if rng.random() < 0.25:  # out of the picture and back: the wobble carries it over the nearest edge
        near_left = motion.start[0] < size.width / 2
        start = (size.width * (0.15 if near_left else 0.85), motion.start[1])
        swing = (0.15 * size.width + 0.7 * motion.side) * (-1 if near_left else 1)
        return replace(motion, start=start, velocity=(0.0, 0.0), wobble=(swing, 0.0), period=2 * seconds)
    return motion


def _sweep(rng: np.random.Generator, motion: Motion, size: Size, seconds: float) -> Motion:
    """From one side to the other, in front of everything."""
    rightward = rng.random() < 0.5
    distance = size.width * float(rng.uniform(0.7, 1.3)) / seconds
    return replace(
        motion,
        start=(size.width * (-0.05 if rightward else 1.05), float(rng.uniform(0.25, 0.75)) * size.height),
        velocity=(distance if rightward else -distance, float(rng.normal(0, 0.1)) * size.height / seconds),
        wobble=(0.0, 0.0),
        side=float(np.clip(motion.side, 0.25 * size.height, 0.6 * size.height)),
    )


def _film(
    rng: np.random.Generator, scene: Scene, fixed: npt.NDArray[np.bool_], size: Size, frames: int, name: str
) -> Clip:
    """See a scene through a camera that drifts, turns and zooms a little; `fixed` are objects of the background."""
    camera = _camera(rng, scene.size, size, frames)
    pixels = np.empty((frames, size.height, size.width, 3), np.uint8)
    rows: list[list[BoolMask]] = []
    for frame in range(frames):
        shot = scene.render(frame / max(frames - 1, 1))
        covered = np.any(shot.masks, axis=0) if shot.masks else np.zeros(fixed.shape[1:], np.bool_)
        matrix = camera[frame]
        to = (size.width, size.height)
        pixels[frame] = cv2.warpAffine(shot.pixels, matrix, to, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REFLECT)
        rows.append(
            [
                cv2.warpAffine(m.view(np.uint8), matrix, to, flags=cv2.INTER_NEAREST) > 0
                for m in (*(fixed & ~covered), *shot.masks, *shot.part_masks)
            ]
        )
    masks = np.array(rows, dtype=np.bool_).reshape(frames, -1, size.height, size.width)
    return Clip(pixels=pixels, masks=masks, name=name, fixed=len(fixed))


def _camera(rng: np.random.Generator, scene: Size, size: Size, frames: int) -> list[npt.NDArray[np.float64]]:
    """A 2x3 matrix from scene pixels to the picture's for every frame; a third of the cameras stand still."""
    moving = 0.0 if rng.random() < 0.33 else 1.0
    spare = np.array([scene.width - size.width, scene.height - size.height])
    pan = rng.uniform(-1, 1, (2, 2)) * moving * spare / 2
    zoom, turn = rng.uniform(-0.08, 0.12, 2) * moving, rng.uniform(-5, 5, 2) * moving
    matrices = []
    for frame in range(frames):
        done = frame / max(frames - 1, 1)
        matrix = cv2.getRotationMatrix2D(
            (scene.width / 2, scene.height / 2),
            float(turn[0] + (turn[1] - turn[0]) * done),
            float(1 + zoom[0] + (zoom[1] - zoom[0]) * done),
        )
        matrix[:, 2] += pan[0] + (pan[1] - pan[0]) * done - spare / 2
        matrices.append(matrix)
    return matrices
